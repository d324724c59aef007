package clerk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
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
	if by.ClientID == "" {
		return c.findByName(ctx, by.Name, len(options) > 0)
	}
	found, unreadable, err := c.applicationsLike(ctx, c.reads.list, []string{by.ClientID},
		func(app OAuthApplication) string { return app.ClientID },
		func(clientID string) bool { return clientID == by.ClientID })
	switch {
	case err != nil:
		return OAuthApplication{}, err
	case len(found) > 0: // a client_id is unique
		return found[0], nil
	case len(unreadable) > 0:
		return OAuthApplication{}, unreadable[0]
	}
	if id := c.local.createdAs(by.ClientID); len(options) > 0 && id != "" {
		// Clerk's lists can lag behind writes. A read by id lags less.
		return c.GetOAuthApplication(ctx, id, options...)
	}
	return OAuthApplication{}, ErrNoMatch
}

// findByName finds the application of a name. With ownWrites, what this client itself
// created, renamed or deleted counts for more than Clerk's lists, which can lag behind.
func (c *Client) findByName(
	ctx context.Context, name string, ownWrites bool,
) (OAuthApplication, error) {
	found, unreadable, err := c.applicationsNamed(ctx, c.reads.list, name)
	if err != nil {
		return OAuthApplication{}, err
	}
	ids := idsOf(found)
	for _, item := range unreadable {
		if item.Application.Name != "" && item.Application.ID != "" {
			ids = append(ids, item.Application.ID)
		}
	}
	if ownWrites {
		ids = c.local.withLocalChanges(name, ids)
	}
	switch {
	case len(ids) > 1:
		return OAuthApplication{}, &AmbiguousNameError{Name: name, IDs: ids}
	case len(found) == 0 && len(unreadable) > 0:
		return OAuthApplication{}, unreadable[0]
	case len(ids) == 0:
		return OAuthApplication{}, ErrNoMatch
	}
	isWanted := func(app OAuthApplication) bool { return app.ID == ids[0] }
	if i := slices.IndexFunc(found, isWanted); i >= 0 {
		return found[i], nil
	}
	app, err := c.GetOAuthApplication(ctx, ids[0], ReadYourWrites(time.Time{}))
	// A rename can lag as a create can.
	app, err = c.lookAgain(ctx, ids[0], app, err, func(app OAuthApplication, err error) bool {
		return err == nil && !SameName(app.Name, name)
	})
	if IsNotFound(err) || err == nil && !SameName(app.Name, name) {
		return OAuthApplication{}, ErrNoMatch // someone deleted or renamed it
	}
	return app, err
}

// lister goes through a list: sharedReads.list or sharedReads.listAgain.
type lister func(context.Context, listKey) iter.Seq2[listItem, error]

// applicationsNamed returns the applications of a name. unreadable are those that may
// have the name and can be read neither in the list nor alone.
//
// Clerk looks for the very text, in upper or lower case, within the names that it has.
// Which of the two normal forms those have is not known. One query for the part of the
// name that is the same in both forms was rejected: of a name such as "élan" little is
// left, and "lan" can be in thousands of names.
func (c *Client) applicationsNamed(ctx context.Context, list lister, name string) (
	named []OAuthApplication, unreadable []*UnreadableApplicationError, err error,
) {
	queries := []string{CanonicalName(name)}
	if decomposed := norm.NFD.String(queries[0]); decomposed != queries[0] {
		queries = append(queries, decomposed)
	}
	return c.applicationsLike(ctx, list, queries,
		func(app OAuthApplication) string { return app.Name },
		func(other string) bool { return SameName(other, name) })
}

// applicationsLike returns the applications whose field is the wanted one, out of what the
// queries find. An item of the list that may match (an empty field could not be read) and
// could not be read is read by a request of its own.
func (c *Client) applicationsLike(
	ctx context.Context, list lister, queries []string,
	field func(OAuthApplication) string, isWanted func(string) bool,
) (matching []OAuthApplication, unreadable []*UnreadableApplicationError, err error) {
	seen := make(map[string]bool)
	for _, query := range queries {
		for item, err := range list(ctx, listKey{nameQuery: query, orderBy: orderByNewest}) {
			if err != nil {
				return nil, nil, err
			}
			text := field(item.OAuthApplication)
			if text != "" && !isWanted(text) || item.ID != "" && seen[item.ID] {
				continue
			}
			seen[item.ID] = true
			app := item.OAuthApplication
			if item.unreadable != nil {
				app, err = c.readUnreadable(ctx, item.unreadable)
				if isError[*UnreadableApplicationError](err) {
					unreadable = append(unreadable, item.unreadable)
					continue
				}
				if err != nil {
					return nil, nil, err
				}
			}
			if isWanted(field(app)) {
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
	app, err := c.reads.fresh(ctx, item.Application.ID)
	// An item that is in the list and not found alone may be too young for Clerk's reads.
	if isError[*AnswerError](err) || IsNotFound(err) {
		return OAuthApplication{}, item
	}
	return app, err
}

func idsOf(apps []OAuthApplication) []string {
	ids := make([]string, len(apps))
	for i, app := range apps {
		ids[i] = app.ID
	}
	return ids
}

// localChanges is what this process knows of applications because it read or wrote them
// itself. Clerk's reads can lag behind it.
type localChanges struct {
	mu    sync.Mutex
	known map[string]localApplication // by id
}

type localApplication struct {
	clientID string // if this process created it
	name     string // as CanonicalName, if this process created or renamed it
	deleted  bool
}

// note adds what is known now of an application: a zero field changes nothing.
func (l *localChanges) note(id string, now localApplication) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.known[id]
	l.known[id] = localApplication{
		clientID: cmp.Or(now.clientID, known.clientID),
		name:     cmp.Or(CanonicalName(now.name), known.name),
		deleted:  now.deleted || known.deleted,
	}
}

// knows reports whether this process has read or written the application.
func (l *localChanges) knows(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.known[id]
	return known
}

// changed reports whether this process created or renamed an application that it did not delete.
func (l *localChanges) changed(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[id].name != "" && !l.known[id].deleted
}

// createdAs returns the id of the application with a client_id that this process created
// and did not delete, or "".
func (l *localChanges) createdAs(clientID string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, app := range l.known {
		if app.clientID == clientID && !app.deleted {
			return id
		}
	}
	return ""
}

// withLocalChanges changes a list of the ids of a name (see SameName): without those that
// this process deleted or renamed, and with those that it created.
func (l *localChanges) withLocalChanges(name string, listed []string) []string {
	name = CanonicalName(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := slices.DeleteFunc(listed, func(id string) bool {
		app := l.known[id]
		return app.deleted || app.name != "" && app.name != name
	})
	for id, app := range l.known {
		if app.name == name && !app.deleted && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
