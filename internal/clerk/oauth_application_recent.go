package clerk

import (
	"context"
	"errors"
	"time"
)

// GetOwnOAuthApplication is GetOAuthApplication that waits for an application which
// this client created or renamed: like GetRecentOAuthApplication, it looks again
// before such an application is not found.
func (c *Client) GetOwnOAuthApplication(ctx context.Context, id string) (OAuthApplication, error) {
	var changed time.Time
	if c.local.changed(id) {
		changed = c.ServerNow()
	}
	return c.GetRecentOAuthApplication(ctx, id, changed)
}

// FindOwnOAuthApplicationByClientID is FindOAuthApplicationByClientID that also finds
// what this client created. Clerk's lists can lag behind writes, so such an application
// is read by its id where a list has not got it.
func (c *Client) FindOwnOAuthApplicationByClientID(ctx context.Context, clientID string) (OAuthApplication, error) {
	app, err := c.FindOAuthApplicationByClientID(ctx, clientID)
	if id := c.local.createdAs(clientID); id != "" && errors.Is(err, ErrNoMatch) {
		return c.GetOwnOAuthApplication(ctx, id)
	}
	return app, err
}

// FindOwnOAuthApplicationByName is FindOAuthApplicationByName that also finds what
// this client created or renamed. Clerk's lists can lag behind writes, so such an
// application is read by its id where a list has not got it.
func (c *Client) FindOwnOAuthApplicationByName(ctx context.Context, name string) (OAuthApplication, error) {
	app, err := c.FindOAuthApplicationByName(ctx, name)
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
	ids := c.local.correct(name, listed)
	switch {
	case len(ids) == 0:
		return OAuthApplication{}, ErrNoMatch
	case len(ids) > 1:
		return OAuthApplication{}, &AmbiguousNameError{Name: name, IDs: ids}
	case err == nil && ids[0] == app.ID:
		return app, nil
	}
	app, err = c.GetOwnOAuthApplication(ctx, ids[0])
	// A rename can lag as a create can.
	for look := 1; err == nil && !SameName(app.Name, name) && look <= recentLooks; look++ {
		if err := sleep(ctx, time.Duration(look)*time.Second); err != nil {
			return OAuthApplication{}, err
		}
		app, err = c.GetOAuthApplicationFresh(ctx, ids[0])
	}
	if IsNotFound(err) || err == nil && !SameName(app.Name, name) {
		err = ErrNoMatch // someone deleted or renamed it
	}
	if err != nil {
		return OAuthApplication{}, err
	}
	return app, nil
}

// changed reports whether this process created or renamed an application.
func (o *localChanges) changed(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.names[id] != ""
}
