package clerk

import (
	"cmp"
	"context"
	"slices"
)

// ListQuery selects applications. The zero value selects all, newest first.
type ListQuery struct {
	NameQuery             string // part of the name, in any case, or exactly a client_id
	OrderBy               string // created_at or name, with + or -; default OrderByNewest
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
	list := listKey{query.NameQuery, cmp.Or(query.OrderBy, OrderByNewest)}
	if query.OrderBy == "created_at" || query.OrderBy == "name" {
		list.orderBy = "+" + query.OrderBy // as Clerk understands it
	}
	backwards := list == listKey{orderBy: OrderByNewest} && query.Limit == 0 && query.Offset == 0
	if backwards || list == (listKey{orderBy: OrderByOldest}) {
		list = listKey{}
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
