package clerk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// ErrNoMatch means that no application of the instance matches.
var ErrNoMatch = errors.New("no OAuth application matches")

// AmbiguousNameError means that several applications have the name that was asked for.
type AmbiguousNameError struct {
	Name string
	IDs  []string
}

func (e *AmbiguousNameError) Error() string {
	ids := strings.Join(e.IDs, ", ")
	return fmt.Sprintf("%d applications are named %q: %s", len(e.IDs), e.Name, ids)
}

// By is what FindOAuthApplication finds an application by: exactly one field is set.
type By struct {
	ClientID string
	Name     string // see SameName
}

// FindOAuthApplication finds the application with a client_id or a name. It returns
// ErrNoMatch if no application matches, and an AmbiguousNameError if several applications
// have the name. It returns an UnreadableApplicationError if no readable application
// matches, and an application that may match cannot be read.
func (c *Client) FindOAuthApplication(
	ctx context.Context, by By, options ...ReadOption,
) (OAuthApplication, error) {
	o := readOptionsOf(options)
	if by.ClientID == "" {
		app, err := c.findByName(ctx, by.Name)
		if o.wait {
			return c.findOwnByName(ctx, by.Name, app, err)
		}
		return app, err
	}
	app, err := c.findByClientID(ctx, by.ClientID)
	if id := c.local.createdAs(by.ClientID); o.wait && id != "" && errors.Is(err, ErrNoMatch) {
		// Clerk's lists can lag behind writes. A read by id lags less.
		return c.GetOAuthApplication(ctx, id, options...)
	}
	return app, err
}

func (c *Client) findByClientID(
	ctx context.Context, clientID string,
) (OAuthApplication, error) {
	found, unreadable, err := c.applicationsLike(ctx, []string{clientID}, c.reads.list,
		func(app OAuthApplication) match {
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

func (c *Client) findByName(ctx context.Context, name string) (OAuthApplication, error) {
	found, unreadable, err := c.applicationsNamed(ctx, name, c.reads.list)
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

// findOwnByName corrects the result of findByName by what this client itself created,
// renamed or deleted: Clerk's lists can lag behind writes.
func (c *Client) findOwnByName(
	ctx context.Context, name string, app OAuthApplication, err error,
) (OAuthApplication, error) {
	var listed []string
	var several *AmbiguousNameError
	switch {
	case errors.As(err, &several):
		listed = several.IDs
	case err == nil:
		listed = []string{app.ID}
	case !errors.Is(err, ErrNoMatch):
		return OAuthApplication{}, err
	}
	ids := c.local.withLocalChanges(name, listed)
	switch {
	case len(ids) == 0:
		return OAuthApplication{}, ErrNoMatch
	case len(ids) > 1:
		return OAuthApplication{}, &AmbiguousNameError{Name: name, IDs: ids}
	case err == nil && ids[0] == app.ID:
		return app, nil
	}
	app, err = c.GetOAuthApplication(ctx, ids[0], ReadYourWrites(time.Time{}))
	// A rename can lag as a create can.
	for look := 1; err == nil && !SameName(app.Name, name) && look <= recentLooks; look++ {
		if err := sleep(ctx, time.Duration(look)*time.Second); err != nil {
			return OAuthApplication{}, err
		}
		app, err = c.known(c.reads.fresh(ctx, ids[0]))
	}
	if IsNotFound(err) || err == nil && !SameName(app.Name, name) {
		err = ErrNoMatch // someone deleted or renamed it
	}
	if err != nil {
		return OAuthApplication{}, err
	}
	return app, nil
}

// SameName reports whether two texts are the same name of an application. Names that
// differ only in their Unicode normal form, or in white space at their ends, look alike
// to everyone: file systems, editors and Clerk itself may change the one and trim the
// other.
func SameName(a, b string) bool {
	return a == b || CanonicalName(a) == CanonicalName(b)
}

// CanonicalName is the form that all texts of one name share.
func CanonicalName(name string) string {
	return strings.TrimSpace(norm.NFC.String(name))
}

// nameQueries are the queries that together find the applications of a name. Clerk looks
// for the very text, in upper or lower case, within the names that it has. Which of the
// two normal forms those have is not known.
//
// One query for the part of the name that is the same in both forms was rejected: of a
// name such as "élan" little is left, and "lan" can be in thousands of names.
func nameQueries(name string) []string {
	composed := CanonicalName(name)
	if decomposed := norm.NFD.String(composed); decomposed != composed {
		return []string{composed, decomposed}
	}
	return []string{composed}
}

// lister goes through a list: sharedReads.list or listAgain.
type lister func(context.Context, listKey) iter.Seq2[listItem, error]

// applicationsNamed returns the applications of a name. unreadable are those that may
// have the name and can be read neither in the list nor alone.
func (c *Client) applicationsNamed(ctx context.Context, name string, list lister) (
	named []OAuthApplication, unreadable []*UnreadableApplicationError, err error,
) {
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

// applicationsLike returns the applications that match, out of what the queries find. An
// item of the list that may match and could not be read is read by a request of its own.
func (c *Client) applicationsLike(
	ctx context.Context, queries []string, list lister, compare func(OAuthApplication) match,
) (matching []OAuthApplication, unreadable []*UnreadableApplicationError, err error) {
	seen := make(map[string]bool)
	for _, query := range queries {
		for item, err := range list(ctx, listKey{nameQuery: query, orderBy: OrderByNewest}) {
			if err != nil {
				return nil, nil, err
			}
			app := item.OAuthApplication
			if compare(app) == matchNo || app.ID != "" && seen[app.ID] {
				continue
			}
			seen[app.ID] = true
			if item.unreadable != nil {
				app, err = c.readUnreadable(ctx, item.unreadable)
				if _, still := errors.AsType[*UnreadableApplicationError](err); still {
					unreadable = append(unreadable, item.unreadable)
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

// readUnreadable reads an item of a list that could not be read there. It returns the
// item itself as the error if it cannot be read alone either.
func (c *Client) readUnreadable(
	ctx context.Context, item *UnreadableApplicationError,
) (OAuthApplication, error) {
	if item.Application.ID == "" {
		return OAuthApplication{}, item
	}
	found, err := c.reads.fresh(ctx, item.Application.ID)
	// An item that is in the list and not found alone may be too young for Clerk's reads.
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
