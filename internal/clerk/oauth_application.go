package clerk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	routeApplications = "/oauth_applications"
	routeApplication  = "/oauth_applications/{id}"
	routeRotateSecret = "/oauth_applications/{id}/rotate_secret" //nolint:gosec // a path, not a credential
	routeLogo         = "/oauth_applications/{id}/logo"

	contentTypeJSON = "application/json"
)

// OAuthApplication is an OAuth application as Clerk serves it
// (schema OAuthApplication of Clerk's OpenAPI document).
type OAuthApplication struct {
	ID         string // oa_…
	InstanceID string // ins_…
	ClientID   string // what OAuth calls the client_id

	Name                 string
	RedirectURIs         []string // exact strings; their order has no meaning
	Scopes               []string // sorted; their order has no meaning
	ConsentScreenEnabled bool
	PKCERequired         bool
	Public               bool // a client without a secret

	DeviceAuthorizationGrantEnabled *bool // RFC 8628; nil where Clerk's answer lacks it

	DynamicallyRegistered bool    // registered itself by RFC 7591
	ClientURI             *string // set by dynamic registration only
	ClientImageURL        *string // where the logo is served
	CallbackURL           string  // deprecated by Clerk in favour of RedirectURIs

	AuthorizeURL          string
	TokenFetchURL         string
	UserInfoURL           string
	DiscoveryURL          string
	TokenIntrospectionURL string

	CreatedAt time.Time // UTC, to the millisecond; zero when the answer had none
	UpdatedAt time.Time
}

// GetOAuthApplication reads one application. It may be answered from a list page
// that this client read less than a minute ago and that no write of its own has
// made stale; GetOAuthApplicationFresh never is. IsNotFound reports whether no
// application has this id.
func (c *Client) GetOAuthApplication(ctx context.Context, id string) (OAuthApplication, error) {
	if err := checkID(id); err != nil {
		return OAuthApplication{}, err
	}
	found, err := c.reads.Read(ctx, id)
	if err == nil {
		c.local.read(id)
	}
	return found.OAuthApplication, err
}

// KnownOAuthApplication returns an application as GetOAuthApplication would, if it
// can without a request and without waiting for one.
func (c *Client) KnownOAuthApplication(id string) (app OAuthApplication, known bool) {
	found, known := c.reads.Known(id)
	if known {
		c.local.read(id)
	}
	return found.OAuthApplication, known
}

// GetOAuthApplicationFresh reads one application by a request of its own.
func (c *Client) GetOAuthApplicationFresh(ctx context.Context, id string) (OAuthApplication, error) {
	if err := checkID(id); err != nil {
		return OAuthApplication{}, err
	}
	found, err := c.reads.Fresh(ctx, id)
	if err == nil {
		c.local.read(id)
	}
	return found.OAuthApplication, err
}

// How often an application that is younger than recentAge is looked for again: after
// one second, two and three, which is longer in all than any lag that was seen of
// Clerk's reads.
const (
	recentAge   = time.Minute
	recentLooks = 3
)

// GetRecentOAuthApplication is GetOAuthApplication for an application that was
// created at the given time. Clerk's reads can lag behind its writes, so an
// application younger than a minute is looked for again before it is not found.
func (c *Client) GetRecentOAuthApplication(ctx context.Context, id string, created time.Time) (OAuthApplication, error) {
	app, err := c.GetOAuthApplication(ctx, id)
	for look := 1; IsNotFound(err) && look <= recentLooks && c.ServerNow().Sub(created) < recentAge; look++ {
		wait := time.Duration(look) * time.Second
		if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < 2*wait {
			break // who gives a read so little time wants an answer, not patience
		}
		if err := sleep(ctx, wait); err != nil {
			return OAuthApplication{}, err
		}
		app, err = c.GetOAuthApplicationFresh(ctx, id)
	}
	return app, err
}

func (c *Client) getApplication(ctx context.Context, id string) (OAuthApplication, error) {
	return send(c, patienceOf(ctx), request{
		operation: opRead, method: http.MethodGet, route: routeApplication, id: id,
	}, applicationOf(id))
}

// UpdateOAuthApplication changes the given fields and leaves the others as they
// are. The answer is returned unchanged: OAuthApplicationFields.NotApplied returns the
// fields that Clerk did not apply.
//
// Scopes are sent with offline_access among them, whether they hold it or not:
// Clerk rejects a change of scopes that lacks one of its built-in scopes.
func (c *Client) UpdateOAuthApplication(ctx context.Context, id string, fields OAuthApplicationFields) (OAuthApplication, error) {
	if fields.Scopes != nil {
		fields.Scopes = new(withOfflineAccess(*fields.Scopes))
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return OAuthApplication{}, err
	}
	defer c.reads.BeginWrite(id)()

	app, err := send(c, patienceOf(ctx), request{
		operation: opUpdate, method: http.MethodPatch, route: routeApplication, id: id,
		body: body, contentType: contentTypeJSON,
	}, applicationOf(id))
	if err == nil && fields.Name != nil {
		c.local.named(id, app.Name)
	}
	return app, err
}

// DeleteOAuthApplication deletes an application, for good. IsNotFound reports whether
// there was none; a repeated delete, whose first answer was lost, ends so too.
func (c *Client) DeleteOAuthApplication(ctx context.Context, id string) error {
	defer c.reads.BeginWrite(id)()

	err := c.do(patienceOf(ctx), request{
		operation: opDelete, method: http.MethodDelete, route: routeApplication, id: id,
	}, checkDeleted)
	if err == nil || IsNotFound(err) {
		c.local.gone(id)
	}
	return err
}

// checkDeleted returns an error unless the answer says that the deletion was done.
func checkDeleted(a answer) error {
	var deleted struct {
		Deleted bool `json:"deleted"`
	}
	if err := json.Unmarshal(a.body, &deleted); err != nil {
		return err
	}
	if !deleted.Deleted {
		return errors.New("it does not say that the application was deleted")
	}
	return nil
}

// applicationOf returns the decoder of an answer that must be the whole application
// of the given id.
func applicationOf(id string) func(answer) (OAuthApplication, error) {
	return func(a answer) (OAuthApplication, error) {
		decoded, err := decodeApplication(a.body)
		if err != nil {
			return OAuthApplication{}, err
		}
		if err := decoded.complete(); err != nil {
			return OAuthApplication{}, err
		}
		if decoded.app.ID != id {
			return OAuthApplication{}, fmt.Errorf("it is about another application (%q)", decoded.app.ID)
		}
		return decoded.app, nil
	}
}
