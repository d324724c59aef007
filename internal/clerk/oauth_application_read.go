package clerk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"
)

// Orders of a list. Clerk's document contradicts itself on the default, so every request
// names an order.
const (
	OrderByNewest = "-created_at"
	OrderByOldest = "+created_at"
)

const (
	routeApplications = "/oauth_applications"
	routeApplication  = "/oauth_applications/{id}"
	routeRotateSecret = "/oauth_applications/{id}/rotate_secret" //nolint:gosec // a path
	routeLogo         = "/oauth_applications/{id}/logo"
)

const (
	// pageSize is how many applications are asked for at once: the most that Clerk gives.
	pageSize = 500
	// maxPages is how many pages of a list are read at most. Clerk may give smaller ones.
	maxPages = 1000
)

func (c *Client) getApplication(ctx context.Context, id string) (OAuthApplication, error) {
	return send(c, singleContext(ctx), request{
		method: http.MethodGet, route: routeApplication, id: id,
	}, func(a answer) (OAuthApplication, error) {
		decoded, err := decodeApplicationOf(id, a.body)
		return decoded.app, cmp.Or(err, problemsError(decoded.app.Problems))
	})
}

// UnreadableApplicationError is an application of a list with a field that is missing or
// has an unexpected type. Other applications of the list are not affected.
type UnreadableApplicationError struct {
	Application OAuthApplication // what could not be read of it is zero, even the ID
	Problem     string           // scrubbed
}

func (e *UnreadableApplicationError) Error() string {
	what := "an application without a readable id"
	if e.Application.ID != "" {
		what = "application " + e.Application.ID
	}
	return what + " cannot be read: " + e.Problem
}

// listKey is what distinguishes one list of the API from another. The zero value is the
// list of all applications, oldest first: new applications come in at its end and move
// nothing, so it is the list that reads share.
type listKey struct {
	nameQuery string
	orderBy   string
}

// listItem is an application, or what could be read of it.
type listItem struct {
	OAuthApplication

	key        string                      // to know it again: the ID, or a hash of its text
	unreadable *UnreadableApplicationError // nil if all was read
}

// listing is one passage through the pages of a list. Its items are only appended to. The
// mutex of sharedReads guards it.
type listing struct {
	key      listKey
	began    time.Time
	writes   int                 // sharedReads.writes when it began
	turn     *semaphore.Weighted // held while a page is read
	items    []listItem
	seen     map[string]bool // keys of items
	offset   int             // of the next page
	pages    int             // that have ended
	failed   error           // of the latest page
	complete bool            // there is no next page
	gets     int             // GETs that reads have made meanwhile
}

func newListing(key listKey, writes int) *listing {
	return &listing{
		key: key, began: time.Now(), writes: writes,
		turn: semaphore.NewWeighted(1), seen: make(map[string]bool),
	}
}

// add takes in the page at l.offset, and finds where the next page begins. A deletion
// between two pages moves the rest forward, and hides an application that steps over the
// boundary. So pages overlap by one: if a page has an item that was seen, nothing was
// missed. Otherwise the listing steps back. A page may be shorter than asked for, and the
// total may be wrong: the listing goes on as long as a page has something new.
func (l *listing) add(p page) {
	isSeen := func(item listItem) bool { return l.seen[item.key] }
	if l.offset > 0 && !slices.ContainsFunc(p.items, isSeen) {
		l.offset = max(0, l.offset-pageSize/2)
		return
	}
	known := len(l.items)
	for _, item := range p.items {
		if !isSeen(item) {
			l.seen[item.key] = true
			l.items = append(l.items, item)
		}
	}
	end := l.offset + len(p.items)
	l.complete = end == p.total || len(l.items) == known
	l.offset = max(0, end-1)
}

// page is a page of a list.
type page struct {
	items []listItem
	total int // how many match in all
}

func (c *Client) getPage(ctx context.Context, list listKey, offset int) (page, error) {
	values := url.Values{
		"limit":    {strconv.Itoa(pageSize)},
		"offset":   {strconv.Itoa(offset)},
		"order_by": {cmp.Or(list.orderBy, OrderByOldest)},
	}
	if list.nameQuery != "" {
		values.Set("name_query", list.nameQuery)
	}
	return send(c, singleContext(ctx), request{
		method: http.MethodGet, route: routeApplications, query: values,
	}, c.decodePage)
}

func (c *Client) decodePage(a answer) (page, error) {
	f, err := newFieldReader(a.body)
	if err != nil {
		return page{}, err
	}
	data := need[[]json.RawMessage](f, "data")
	result := page{total: need[int](f, "total_count")}
	if err := problemsError(f.problems); err != nil {
		return page{}, err
	}
	result.items = make([]listItem, 0, len(data))
	for _, raw := range data {
		decoded, err := decodeApplication(raw)
		item := listItem{OAuthApplication: decoded.app, key: decoded.app.ID}
		if !ValidID(item.key) {
			item.ID, item.key = "", fmt.Sprintf("%x", sha256.Sum256(raw))
		}
		if err = cmp.Or(err, problemsError(decoded.app.Problems)); err != nil {
			problem := c.scrubber.clean(err.Error())
			item.unreadable = &UnreadableApplicationError{item.OAuthApplication, problem}
		}
		result.items = append(result.items, item)
	}
	return result, nil
}
