package clerk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// ErrNoMatch means that no application of the instance matches.
var ErrNoMatch = errors.New("no OAuth application matches")

// AmbiguousNameError means that several applications have the name that was asked for.
type AmbiguousNameError struct {
	Name string
	IDs  []string
}

func (e *AmbiguousNameError) Error() string {
	return fmt.Sprintf("%d applications are named %q: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// FindOAuthApplicationByClientID finds the application of a client_id, or returns
// ErrNoMatch. It returns an UnreadableApplicationError if no application has the
// client_id and an application that may have it cannot be read.
func (c *Client) FindOAuthApplicationByClientID(ctx context.Context, clientID string) (OAuthApplication, error) {
	found, unreadable, err := c.applicationsLike(ctx, []string{clientID}, c.listShared, func(app OAuthApplication) match {
		return matchText(app.ClientID, app.ClientID == clientID)
	})
	switch {
	case err != nil:
		return OAuthApplication{}, err
	case len(found) > 0: // a client_id is unique
		return found[0], nil
	case len(unreadable) > 0:
		return OAuthApplication{}, unreadable[0]
	}
	return OAuthApplication{}, ErrNoMatch
}

// FindOAuthApplicationByName finds the application of this name (see SameName), or
// returns ErrNoMatch or an AmbiguousNameError. It returns an UnreadableApplicationError
// if no application has the name and an application that may have it cannot be read.
func (c *Client) FindOAuthApplicationByName(ctx context.Context, name string) (OAuthApplication, error) {
	found, unreadable, err := c.applicationsNamed(ctx, name, c.listShared)
	if err != nil {
		return OAuthApplication{}, err
	}
	ids := idsOf(found)
	for _, item := range unreadable {
		if item.Application.Name != "" && item.Application.ID != "" {
			ids = append(ids, item.Application.ID)
		}
	}
	switch {
	case len(ids) > 1:
		return OAuthApplication{}, &AmbiguousNameError{Name: name, IDs: ids}
	case len(found) == 1:
		return found[0], nil
	case len(unreadable) > 0:
		return OAuthApplication{}, unreadable[0]
	}
	return OAuthApplication{}, ErrNoMatch
}

// lister goes through a list: listShared or listAgain.
type lister func(context.Context, listKey) iter.Seq2[OAuthApplication, error]

// applicationsNamed returns the applications of a name. unreadable are those that
// may have the name and can be read neither in the list nor alone.
func (c *Client) applicationsNamed(ctx context.Context, name string, list lister) (named []OAuthApplication, unreadable []*UnreadableApplicationError, err error) {
	return c.applicationsLike(ctx, nameQueries(name), list, func(app OAuthApplication) match {
		return matchText(app.Name, SameName(app.Name, name))
	})
}

// match is what can be said of an application that may be the wanted one.
type match int

const (
	matchNo match = iota
	matchYes
	matchUnknown // the field that decides could not be read
)

func matchText(text string, same bool) match {
	switch {
	case text == "":
		return matchUnknown
	case same:
		return matchYes
	}
	return matchNo
}

// applicationsLike returns the applications that match, out of what the queries
// find. An item of the list that may match and could not be read is asked for by a
// request of its own.
func (c *Client) applicationsLike(ctx context.Context, queries []string, list lister, compare func(OAuthApplication) match) (matching []OAuthApplication, unreadable []*UnreadableApplicationError, err error) {
	seen := make(map[string]bool)
	for _, query := range queries {
		for app, err := range list(ctx, listKey{nameQuery: query, orderBy: OrderByNewest}) {
			item, broken := errors.AsType[*UnreadableApplicationError](err)
			if err != nil && !broken {
				return nil, nil, err
			}
			if broken {
				app = item.Application
			}
			if compare(app) == matchNo || app.ID != "" && seen[app.ID] {
				continue
			}
			seen[app.ID] = true
			if broken {
				app, err = c.readUnreadable(ctx, item)
				if _, still := errors.AsType[*UnreadableApplicationError](err); still {
					unreadable = append(unreadable, item)
					continue
				}
				if err != nil {
					return nil, nil, err
				}
			}
			if compare(app) == matchYes {
				matching = append(matching, app)
			}
		}
	}
	return matching, unreadable, nil
}

// readUnreadable reads an item of a list that could not be read there. It returns
// the item itself as the error when it cannot be read alone either.
func (c *Client) readUnreadable(ctx context.Context, item *UnreadableApplicationError) (OAuthApplication, error) {
	if item.Application.ID == "" {
		return OAuthApplication{}, item
	}
	found, err := c.reads.Fresh(ctx, item.Application.ID)
	// One that is in the list and not found alone may be too young for Clerk's reads.
	if _, unexpected := errors.AsType[*AnswerError](err); unexpected || IsNotFound(err) {
		return OAuthApplication{}, item
	}
	return found.OAuthApplication, err
}

func idsOf(apps []OAuthApplication) []string {
	ids := make([]string, len(apps))
	for i, app := range apps {
		ids[i] = app.ID
	}
	return ids
}
