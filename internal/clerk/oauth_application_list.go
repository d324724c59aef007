package clerk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk/sharedreads"
)

// Orders of a list. Clerk's document contradicts itself on the default, so every
// request names one.
const (
	OrderByNewest = "-created_at"
	OrderByOldest = "+created_at"
)

// ListQuery selects applications. The zero value selects all, newest first.
type ListQuery struct {
	NameQuery             string // part of the name, in any case, or exactly a client_id
	OrderBy               string // created_at or name, with + or - in front; default OrderByNewest
	Limit                 int    // how many in all; 0 for all
	Offset                int    // how many of those that match to leave out first
	DynamicallyRegistered *bool  // only those that registered themselves, or only the others
}

// listKey is what tells one list of the API from another. The zero value is the
// list of all applications, oldest first: new ones come in at its end and move
// nothing, so it is the one that reads share.
type listKey struct {
	nameQuery string
	orderBy   string
}

// applicationReader reads applications through shared pages.
type applicationReader = sharedreads.Reader[OAuthApplication, listKey]

func (c *Client) newApplicationReader(off bool) *applicationReader {
	return sharedreads.New(sharedreads.Source[OAuthApplication, listKey]{
		Get: c.getApplication,
		Page: func(ctx context.Context, list listKey, offset, limit int) ([]OAuthApplication, int, error) {
			page, err := c.getPage(ctx, list, offset, limit)
			return page.applications, page.total, err
		},
		ID:    func(app OAuthApplication) string { return app.ID },
		Clone: OAuthApplication.clone,
		Off:   off,
	})
}

// ListOAuthApplications lists applications. Two lists of one query within a
// minute read the pages once, unless this client has written since, and the list
// of all shares its pages with GetOAuthApplication.
//
// Clerk has no filter for DynamicallyRegistered, so that one, and Limit and Offset
// with it, are applied here.
func (c *Client) ListOAuthApplications(ctx context.Context, query ListQuery) ([]OAuthApplication, error) {
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

	apps := []OAuthApplication{}
	skip := query.Offset
	for app, err := range c.reads.List(ctx, list) {
		if err != nil {
			return nil, err
		}
		if query.DynamicallyRegistered != nil && app.DynamicallyRegistered != *query.DynamicallyRegistered {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		apps = append(apps, app)
		if len(apps) == query.Limit {
			break
		}
	}
	if backwards {
		slices.Reverse(apps)
	}
	return apps, nil
}

// listAnew goes through the pages of a list by requests of its own: for a caller
// who must see what has just come into being.
func (c *Client) listAnew(ctx context.Context, list listKey) iter.Seq2[OAuthApplication, error] {
	return func(yield func(OAuthApplication, error) bool) {
		seen := make(map[string]bool)
		for offset := 0; offset < sharedreads.PageSize*sharedreads.MaxPages; offset += sharedreads.PageSize {
			page, err := c.getPage(ctx, list, offset, sharedreads.PageSize)
			if err != nil {
				yield(OAuthApplication{}, err)
				return
			}
			for _, app := range page.applications {
				// One that was made between two pages moves the rest by one.
				if seen[app.ID] {
					continue
				}
				seen[app.ID] = true
				if !yield(app, nil) {
					return
				}
			}
			if len(page.applications) < sharedreads.PageSize {
				return
			}
		}
		yield(OAuthApplication{}, sharedreads.ErrTooManyPages)
	}
}

// page is a page of a list.
type page struct {
	applications []OAuthApplication
	total        int // how many match in all
}

func (c *Client) getPage(ctx context.Context, list listKey, offset, limit int) (page, error) {
	values := url.Values{
		"limit":    {strconv.Itoa(limit)},
		"offset":   {strconv.Itoa(offset)},
		"order_by": {cmp.Or(list.orderBy, OrderByOldest)},
	}
	if list.nameQuery != "" {
		values.Set("name_query", list.nameQuery)
	}

	var result page
	err := c.do(ctx, ctx, request{
		operation: opList, method: http.MethodGet, route: routeApplications, query: values,
		accept: func(a answer) (err error) {
			result, err = decodePage(a.body)
			return err
		},
	})
	return result, err
}

func decodePage(body []byte) (page, error) {
	raw, err := decodeObject(body)
	if err != nil {
		return page{}, err
	}
	f := fieldReader{raw: raw}
	items := need[[]json.RawMessage](&f, "data")
	result := page{total: need[int](&f, "total_count")}
	if len(f.problems) > 0 {
		return page{}, errors.New(f.problems[0])
	}

	result.applications = make([]OAuthApplication, len(items))
	for i, item := range items {
		decoded, err := decodeApplication(item)
		if err == nil {
			err = decoded.complete()
		}
		if err != nil {
			return page{}, fmt.Errorf("item %d (id %q): %w", i, decoded.app.ID, err)
		}
		result.applications[i] = decoded.app
	}
	return result, nil
}
