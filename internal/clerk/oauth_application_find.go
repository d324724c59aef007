package clerk

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrNoMatch tells that no application of the instance is the one that was asked for.
var ErrNoMatch = errors.New("no OAuth application matches")

// AmbiguousNameError tells that several applications have the name that was asked for.
type AmbiguousNameError struct {
	Name string
	IDs  []string
}

func (e *AmbiguousNameError) Error() string {
	return fmt.Sprintf("%d applications are named %q: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// FindOAuthApplicationByClientID finds the application of a client_id, or returns
// ErrNoMatch.
func (c *Client) FindOAuthApplicationByClientID(ctx context.Context, clientID string) (OAuthApplication, error) {
	for app, err := range c.reads.List(ctx, listKey{nameQuery: clientID, orderBy: OrderByNewest}) {
		if err != nil {
			return OAuthApplication{}, err
		}
		if app.ClientID == clientID {
			return app, nil
		}
	}
	return OAuthApplication{}, ErrNoMatch
}

// FindOAuthApplicationByName finds the application of exactly this name, or
// returns ErrNoMatch or an AmbiguousNameError.
func (c *Client) FindOAuthApplicationByName(ctx context.Context, name string) (OAuthApplication, error) {
	var named []OAuthApplication
	for app, err := range c.reads.List(ctx, listKey{nameQuery: name, orderBy: OrderByNewest}) {
		if err != nil {
			return OAuthApplication{}, err
		}
		if app.Name == name {
			named = append(named, app)
		}
	}
	switch {
	case len(named) == 0:
		return OAuthApplication{}, ErrNoMatch
	case len(named) > 1:
		return OAuthApplication{}, &AmbiguousNameError{Name: name, IDs: idsOf(named)}
	}
	return named[0], nil
}

func idsOf(apps []OAuthApplication) []string {
	ids := make([]string, len(apps))
	for i, app := range apps {
		ids[i] = app.ID
	}
	return ids
}
