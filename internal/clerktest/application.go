package clerktest

import (
	"net/http"
	"slices"
	"time"
)

// Application is an OAuth application as the server holds it. Its client secret is only told by [Server.CurrentSecret],
// so that a printed Application shows none.
type Application struct {
	ID, InstanceID        string
	Name                  string
	ClientID              string
	ClientURI             string // "" is null in the API
	ClientImageURL        string // "" is null in the API
	DynamicallyRegistered bool
	ConsentScreenEnabled  bool
	PKCERequired          bool
	Public                bool
	Scopes                string // separated by spaces, as stored and answered
	RedirectURIs          []string

	// DeviceAuthorizationGrantEnabled is only in the API with NewerFieldsServed.
	DeviceAuthorizationGrantEnabled bool

	CreatedAt, UpdatedAt int64 // Unix time in milliseconds

	secrets []issuedSecret // newest last
}

// copy gives an Application that shares no memory with the server.
func (a *Application) copy() Application {
	c := *a
	c.RedirectURIs = slices.Clone(a.RedirectURIs)
	return c
}

// applicationJSON is the wire form of an application. It is the server's own and shared with no client, so that a wrong
// tag on one side cannot hide on the other.
type applicationJSON struct {
	Object                          string   `json:"object"`
	ID                              string   `json:"id"`
	InstanceID                      string   `json:"instance_id"`
	Name                            string   `json:"name"`
	ClientID                        string   `json:"client_id"`
	ClientURI                       *string  `json:"client_uri"`
	ClientImageURL                  *string  `json:"client_image_url"`
	DynamicallyRegistered           bool     `json:"dynamically_registered"`
	ConsentScreenEnabled            bool     `json:"consent_screen_enabled"`
	PKCERequired                    bool     `json:"pkce_required"`
	Public                          bool     `json:"public"`
	DeviceAuthorizationGrantEnabled *bool    `json:"device_authorization_grant_enabled,omitempty"`
	Scopes                          string   `json:"scopes"`
	RedirectURIs                    []string `json:"redirect_uris"`
	CallbackURL                     string   `json:"callback_url"`
	AuthorizeURL                    string   `json:"authorize_url"`
	TokenFetchURL                   string   `json:"token_fetch_url"`
	UserInfoURL                     string   `json:"user_info_url"`
	DiscoveryURL                    string   `json:"discovery_url"`
	TokenIntrospectionURL           string   `json:"token_introspection_url"`
	CreatedAt                       int64    `json:"created_at"`
	UpdatedAt                       int64    `json:"updated_at"`
	ClientSecret                    *string  `json:"client_secret,omitempty"`
}

func (in *instance) encode(a *Application, switches Switches) *applicationJSON {
	encoded := &applicationJSON{
		Object:                "oauth_application",
		ID:                    a.ID,
		InstanceID:            a.InstanceID,
		Name:                  a.Name,
		ClientID:              a.ClientID,
		ClientURI:             nullable(a.ClientURI),
		ClientImageURL:        nullable(a.ClientImageURL),
		DynamicallyRegistered: a.DynamicallyRegistered,
		ConsentScreenEnabled:  a.ConsentScreenEnabled || in.forcesConsent(switches),
		PKCERequired:          a.PKCERequired,
		Public:                a.Public,
		Scopes:                a.Scopes,
		RedirectURIs:          a.RedirectURIs,
		CallbackURL:           callbackURL(a.RedirectURIs, switches.CallbackURLMulti),
		AuthorizeURL:          in.frontendURL + "/oauth/authorize",
		TokenFetchURL:         in.frontendURL + "/oauth/token",
		UserInfoURL:           in.frontendURL + "/oauth/userinfo",
		DiscoveryURL:          in.frontendURL + "/.well-known/openid-configuration",
		TokenIntrospectionURL: in.frontendURL + RouteTokenInfo,
		CreatedAt:             a.CreatedAt,
		UpdatedAt:             a.UpdatedAt,
	}
	if encoded.RedirectURIs == nil {
		encoded.RedirectURIs = []string{}
	}
	if switches.NewerFields == NewerFieldsServed {
		encoded.DeviceAuthorizationGrantEnabled = &a.DeviceAuthorizationGrantEnabled
	}
	return encoded
}

func nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func callbackURL(redirects []string, rule CallbackURLMulti) string {
	switch {
	case len(redirects) == 0:
		return ""
	case len(redirects) == 1 || rule == CallbackURLFirst:
		return redirects[0]
	case rule == CallbackURLLast:
		return redirects[len(redirects)-1]
	default:
		return ""
	}
}

// answerWith answers with an application, without its secret.
func (w *work) answerWith(a *Application) answer {
	return answer{status: http.StatusOK, value: w.instance.encode(a, w.switches)}
}

// answerWithSecret answers with an application and a secret that is shown this once. An empty secret is that of a public
// client.
func (w *work) answerWithSecret(a *Application, secret string) answer {
	encoded := w.instance.encode(a, w.switches)
	if secret != "" || w.switches.PublicClientSecret != PublicSecretAbsent {
		encoded.ClientSecret = &secret
	}
	return answer{status: http.StatusOK, value: encoded}
}

func createApplication(s *Server, w *work) answer {
	form := w.form
	input := parseApplication(form, w, true)
	if problem := form.problem(); problem != nil {
		return *problem
	}
	if problem := input.breaksRules(nil, w); problem != nil {
		return *problem
	}
	now := s.now()
	millis := w.instance.tick(now)
	a := &Application{
		ID: newID("oa_", now), InstanceID: w.instance.id, ClientID: newClientID(),
		ConsentScreenEnabled: true,
		Scopes:               w.newScopes(splitScopes(defaultScopes)),
		CreatedAt:            millis, UpdatedAt: millis,
	}
	input.apply(a, w, true)
	if !a.Public || w.switches.PublicClientSecret == PublicSecretValue {
		a.setSecret(s.issueSecret(), time.Time{})
	}
	w.instance.put(a.ID, a, now, w.switches.ReadLag)
	return w.answerWithSecret(a, a.secret())
}

func getApplication(s *Server, w *work) answer {
	entry, found := w.instance.entries[w.id]
	if !found {
		return errNotFound
	}
	a, visible := entry.seen(s.now())
	if !visible || a == nil {
		return errNotFound
	}
	return w.answerWith(a)
}

func updateApplication(s *Server, w *work) answer {
	form := w.form
	input := parseApplication(form, w, false)
	if problem := form.problem(); problem != nil {
		return *problem
	}
	before, found := w.instance.live(w.id)
	if !found {
		return errNotFound
	}
	if problem := input.breaksRules(before, w); problem != nil {
		return *problem
	}
	if len(form.values) == 0 {
		return w.answerWith(before)
	}
	after := before.copy()
	input.apply(&after, w, false)
	if after.Public && w.switches.PublicClientSecret != PublicSecretValue {
		// The application loses its secret, and does not get the secret back when it turns confidential again.
		after.setSecret("", s.now())
	}
	s.store(w, &after)
	return w.answerWith(&after)
}

func deleteApplication(s *Server, w *work) answer {
	if _, found := w.instance.live(w.id); !found {
		return errNotFound
	}
	w.instance.put(w.id, nil, s.now(), w.switches.ReadLag)
	return answer{status: http.StatusOK, value: map[string]any{"object": "oauth_application", "id": w.id, "deleted": true}}
}

func rotateSecret(s *Server, w *work) answer {
	before, found := w.instance.live(w.id)
	if !found {
		return errNotFound
	}
	after := before.copy()
	secret := ""
	if before.Public {
		switch w.switches.RotatePublic {
		case RotatePublicRefused:
			return errRotatePublic
		case RotatePublicValue:
			secret = s.issueSecret()
		}
	} else {
		secret = s.issueSecret()
	}
	after.setSecret(secret, s.now())
	if w.switches.RotateUpdatedAt == RotateKeepsUpdatedAt {
		w.instance.put(after.ID, &after, s.now(), w.switches.ReadLag)
	} else {
		s.store(w, &after)
	}
	return w.answerWithSecret(&after, secret)
}

// revokeToken accepts every opaque token: the server issues none, and so cannot tell a revoked one from one that never was.
func revokeToken(_ *Server, w *work) answer {
	form := w.form
	token := take[string](form, "token")
	switch {
	case !token.sent || token.null:
		form.fail(missing("token"))
	case token.value == "":
		form.fail(empty("token"))
	}
	if problem := form.problem(); problem != nil {
		return *problem
	}
	if _, found := w.instance.live(w.id); !found {
		return errNotFound
	}
	return answer{status: http.StatusNoContent}
}

// store saves a changed application with a new updated_at.
func (s *Server) store(w *work, a *Application) {
	now := s.now()
	a.UpdatedAt = w.instance.tick(now)
	w.instance.put(a.ID, a, now, w.switches.ReadLag)
}

// issueSecret makes a client secret, and remembers it for leak scans.
func (s *Server) issueSecret() string {
	secret := newClientSecret()
	s.issued = append(s.issued, secret)
	return secret
}
