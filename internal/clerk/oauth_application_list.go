package clerk

import (
	"cmp"
	"context"
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
	orderByNewest = "-created_at"
	orderByOldest = "+created_at"
)

const (
	// pageSize is how many applications are asked for at once: the most that Clerk gives.
	pageSize = 500
	// maxPages is how many pages of a list are read at most. Clerk may give smaller ones.
	maxPages = 1000
)

// ListQuery selects applications. The zero value selects all, newest first.
type ListQuery struct {
	NameQuery             string // part of the name, in any case, or exactly a client_id
	OrderBy               string // created_at or name, with + or -; default orderByNewest
	Limit                 int    // how many in all; 0 for all
	Offset                int    // how many of those that match to leave out first
	DynamicallyRegistered *bool  // only those that registered themselves, or only the others
}

// ListOAuthApplications lists applications. Two lists of one query within a minute read
// the pages once, unless this client has written since. The list of all shares its pages
// with GetOAuthApplication.
//
// Clerk has no filter for DynamicallyRegistered, so that filter, and Limit and Offset with
// it, are applied here.
//
// unreadable are the applications that may match and could not be read. They are left out
// of apps, and Limit and Offset do not count them.
func (c *Client) ListOAuthApplications(ctx context.Context, query ListQuery) (
	apps []OAuthApplication, unreadable []*UnreadableApplicationError, err error,
) {
	list := listKey{query.NameQuery, cmp.Or(query.OrderBy, orderByNewest)}
	if query.OrderBy == "created_at" || query.OrderBy == "name" {
		list.orderBy = "+" + query.OrderBy // as Clerk understands it
	}
	backwards := list == listKey{orderBy: orderByNewest} && query.Limit == 0 && query.Offset == 0
	if backwards {
		list = sharedList
	}

	apps = []OAuthApplication{}
	skip, wanted := query.Offset, query.DynamicallyRegistered
	for item, err := range c.reads.list(ctx, list) {
		switch {
		case err != nil:
			return nil, nil, err
		case item.unreadable != nil:
			// Only true was certainly read: false stands for what could not be, too.
			if wanted == nil || *wanted || !item.DynamicallyRegistered {
				unreadable = append(unreadable, item.unreadable)
			}
		case wanted != nil && item.DynamicallyRegistered != *wanted:
		case skip > 0:
			skip--
		default:
			apps = append(apps, item.OAuthApplication)
		}
		if len(apps) == query.Limit && query.Limit > 0 {
			break
		}
	}
	if backwards {
		slices.Reverse(apps)
	}
	return apps, unreadable, nil
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

// listKey is what distinguishes one list of the API from another.
type listKey struct {
	nameQuery string
	orderBy   string
}

// sharedList is the list that reads share: of all applications, oldest first. New
// applications come in at its end and move nothing.
var sharedList = listKey{orderBy: orderByOldest}

// listItem is an application, or what could be read of it.
type listItem struct {
	OAuthApplication

	key        string                      // to know it again: the ID, or its whole text
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
		"order_by": {list.orderBy},
	}
	if list.nameQuery != "" {
		values.Set("name_query", list.nameQuery)
	}
	return send(c, singleContext(ctx), request{
		method: http.MethodGet, route: routeApplications, query: values,
	}, c.decodePage)
}
