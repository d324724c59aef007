package clerk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Orders of a list. Clerk's document contradicts itself on the default, so every request
// names an order.
const (
	OrderByNewest = "-created_at"
	OrderByOldest = "+created_at"
)

// ListQuery selects applications. The zero value selects all, newest first.
type ListQuery struct {
	NameQuery             string // part of the name, in any case, or exactly a client_id
	OrderBy               string // created_at or name, with + or -; default OrderByNewest
	Limit                 int    // how many in all; 0 for all
	Offset                int    // how many of those that match to leave out first
	DynamicallyRegistered *bool  // only those that registered themselves, or only the others
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

	unreadable *UnreadableApplicationError // nil if all was read
}

func (i listItem) clone() listItem {
	i.OAuthApplication = i.OAuthApplication.clone()
	return i
}

// key is the id of the application. An item without an id goes by a hash of its text.
func (i listItem) key() string {
	if i.unreadable != nil {
		return i.unreadable.key
	}
	return i.ID
}

// UnreadableApplicationError is an application of a list with a field that is missing or
// has an unexpected type. Other applications of the list are not affected.
type UnreadableApplicationError struct {
	Application OAuthApplication // what could not be read of it is zero, even the ID
	Problem     string           // scrubbed

	key string // by which lists know the item again: the ID, or a hash
}

func (e *UnreadableApplicationError) Error() string {
	what := "an application without a readable id"
	if e.Application.ID != "" {
		what = "application " + e.Application.ID
	}
	return what + " cannot be read: " + e.Problem
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
	list := listKey{nameQuery: query.NameQuery, orderBy: query.OrderBy}
	switch list.orderBy {
	case "":
		list.orderBy = OrderByNewest
	case "created_at", "name": // Clerk implies a +
		list.orderBy = "+" + list.orderBy
	}
	newestFirst := list.orderBy == OrderByNewest
	backwards := list.nameQuery == "" && newestFirst && query.Limit == 0 && query.Offset == 0
	if backwards || list == (listKey{orderBy: OrderByOldest}) {
		list = listKey{}
	}

	apps = []OAuthApplication{}
	skip := query.Offset
	for item, err := range c.reads.list(ctx, list) {
		wanted := query.DynamicallyRegistered
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

// listAgain goes through a list by requests of its own, for a caller who must see what has
// just been created. It ends with the first error.
func (c *Client) listAgain(ctx context.Context, key listKey) iter.Seq2[listItem, error] {
	return func(yield func(listItem, error) bool) {
		l := newListing(key)
		for ; !l.complete && l.pages < maxPages; l.pages++ {
			known := len(l.items)
			page, err := c.getPage(ctx, key, l.offset, pageSize)
			if err != nil {
				yield(listItem{}, err)
				return
			}
			l.add(page)
			for _, item := range l.items[known:] {
				if !yield(item, nil) {
					return
				}
			}
		}
		if !l.complete {
			yield(listItem{}, errTooManyPages)
		}
	}
}

// page is a page of a list.
type page struct {
	items []listItem
	total int // how many match in all
}

func (c *Client) getPage(
	ctx context.Context, list listKey, offset, limit int,
) (page, error) {
	values := url.Values{
		"limit":    {strconv.Itoa(limit)},
		"offset":   {strconv.Itoa(offset)},
		"order_by": {cmp.Or(list.orderBy, OrderByOldest)},
	}
	if list.nameQuery != "" {
		values.Set("name_query", list.nameQuery)
	}

	return send(c, singleContext(ctx), request{
		operation: opList, method: http.MethodGet, route: routeApplications, query: values,
	}, c.decodePage)
}

func (c *Client) decodePage(a answer) (page, error) {
	raw, err := decodeObject(a.body)
	if err != nil {
		return page{}, err
	}
	f := fieldReader{raw: raw}
	items := need[[]json.RawMessage](&f, "data")
	result := page{total: need[int](&f, "total_count")}
	if err := problemsError(f.problems); err != nil {
		return page{}, err
	}

	result.items = make([]listItem, len(items))
	for i, item := range items {
		decoded, err := decodeApplication(item)
		if err == nil {
			err = decoded.complete()
		}
		if err == nil {
			result.items[i].OAuthApplication = decoded.app
			continue
		}
		result.items[i] = c.unreadableItem(item, decoded.app, err)
	}
	return result, nil
}

func (c *Client) unreadableItem(
	raw json.RawMessage, app OAuthApplication, problem error,
) listItem {
	key := app.ID
	if !ValidID(key) {
		app.ID = ""
		key = fmt.Sprintf("%x", sha256.Sum256(raw))
	}
	return listItem{app, &UnreadableApplicationError{
		Application: app, Problem: c.scrubber.clean(problem.Error()), key: key,
	}}
}
