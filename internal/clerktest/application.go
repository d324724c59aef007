package clerktest

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Application is an OAuth application as the server holds it. Only [Server.CurrentSecret] returns
// its client secret, so that a printed Application shows none.
type Application struct {
	ID, InstanceID, ClientID  string  `json:"-"`
	ClientURI, ClientImageURL *string `json:"-"` // may be null
	DynamicallyRegistered     bool    `json:"-"`
	CreatedAt, UpdatedAt      int64   `json:"-"` // Unix time in milliseconds

	// What a request can set, by the names in the API.

	Name                 string   `json:"name"`
	Scopes               string   `json:"scopes"` // separated by spaces, as stored and answered
	RedirectURIs         []string `json:"redirect_uris"`
	Public               bool     `json:"public"`
	PKCERequired         bool     `json:"pkce_required"`
	ConsentScreenEnabled bool     `json:"consent_screen_enabled"`

	// DeviceAuthorizationGrantEnabled is only in the API if Switches.NewerFields are served.
	DeviceAuthorizationGrantEnabled bool `json:"device_authorization_grant_enabled"`

	// A pointer, which prints as one; nil for an application without a secret. It lags for the
	// introspection endpoint alone.
	secret *lagging[string]
}

// copy returns an Application that shares no memory with the server.
func (a *Application) copy() Application {
	c := *a
	c.RedirectURIs = slices.Clone(a.RedirectURIs)
	return c
}

func (a *Application) currentSecret() string {
	if a.secret == nil {
		return ""
	}
	return a.secret.value
}

// issueSecret gives an application a new client secret, and remembers the secret for leak scans.
func (w *work) issueSecret(a *Application) {
	issued := &lagging[string]{value: randomText(32)}
	if a.secret != nil {
		issued.old, issued.until = a.secret.value, w.now.Add(5*time.Second)
	}
	a.secret = issued
	w.server.issued = append(w.server.issued, issued.value)
}

// encode returns the wire form of an application, without its secret.
func (w *work) encode(a *Application) map[string]any {
	// The simulator serves the frontend API at the same address, so that clients reach these URLs.
	frontend := strings.TrimSuffix(w.server.options.URL, basePath)
	encoded := map[string]any{
		"object":                  "oauth_application",
		"id":                      a.ID,
		"instance_id":             a.InstanceID,
		"name":                    a.Name,
		"client_id":               a.ClientID,
		"client_uri":              a.ClientURI,
		"client_image_url":        a.ClientImageURL,
		"dynamically_registered":  a.DynamicallyRegistered,
		"consent_screen_enabled":  a.ConsentScreenEnabled || w.forcesConsent(),
		"pkce_required":           a.PKCERequired,
		"public":                  a.Public,
		"scopes":                  a.Scopes,
		"redirect_uris":           append([]string{}, a.RedirectURIs...), // never null
		"callback_url":            append(slices.Clip(a.RedirectURIs), "")[0],
		"authorize_url":           frontend + "/oauth/authorize",
		"token_fetch_url":         frontend + "/oauth/token",
		"user_info_url":           frontend + "/oauth/userinfo",
		"discovery_url":           frontend + "/.well-known/openid-configuration",
		"token_introspection_url": frontend + RouteTokenInfo,
		"created_at":              a.CreatedAt,
		"updated_at":              a.UpdatedAt,
	}
	if w.switches.NewerFields == "served" {
		encoded["device_authorization_grant_enabled"] = a.DeviceAuthorizationGrantEnabled
	}
	return encoded
}

// add stores a new application. A seed may have set its times already.
func (w *work) add(a *Application) {
	if !a.Public || w.switches.PublicClientSecret == "value" {
		w.issueSecret(a)
	}
	a.CreatedAt = cmp.Or(a.CreatedAt, w.instance.tick(w.now))
	a.UpdatedAt = cmp.Or(a.UpdatedAt, a.CreatedAt)
	w.put(a.ID, a)
}

// found answers with an application, without its secret.
func (w *work) found(a *Application) Answer { return answerJSON(http.StatusOK, w.encode(a)) }

// issued answers with an application and its secret, which is shown this once.
func (w *work) issued(a *Application) Answer {
	encoded := w.encode(a)
	if a.secret != nil || w.switches.PublicClientSecret != "absent" {
		encoded["client_secret"] = a.currentSecret()
	}
	return answerJSON(http.StatusOK, encoded)
}

// updated saves a changed application with the current time as its updated_at, and answers with it.
func (w *work) updated(a *Application) Answer {
	w.touch(a)
	w.put(a.ID, a)
	return w.found(a)
}

// touch sets updated_at.
func (w *work) touch(a *Application) { a.UpdatedAt = w.instance.tick(w.now) }

// newApplication returns an application with Clerk's defaults, which is not stored yet.
func (w *work) newApplication() *Application {
	return &Application{
		ID: "oa_" + randomText(27), InstanceID: w.instance.id, ClientID: randomText(16),
		ConsentScreenEnabled: true, Scopes: w.storedScopes(nil),
	}
}

func listApplications(w *work) Answer {
	query := w.request.Query
	number := func(name, fallback string, least, most int) int {
		text := cmp.Or(query.Get(name), fallback)
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			w.fail(notAllowed(name, text))
		}
		return n
	}
	limit, offset := number("limit", "10", 1, 500), number("offset", "0", 0, 1<<30)
	// A "+" that was not escaped arrives as a space and is refused.
	order := cmp.Or(query.Get("order_by"), "-created_at")
	column := strings.TrimPrefix(strings.TrimPrefix(order, "-"), "+")
	if column != "created_at" && column != "name" {
		w.fail(notAllowed("order_by", order))
	}
	if len(w.errors) > 0 {
		return Answer{}
	}
	text, found := query.Get("name_query"), []*Application{}
	for _, entry := range w.instance.order {
		a := entry.seen(w.now)
		if a != nil && (a.ClientID == text ||
			strings.Contains(strings.ToLower(a.Name), strings.ToLower(text))) {
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b *Application) int {
		if column == "name" {
			return cmp.Compare(a.Name, b.Name)
		}
		return cmp.Compare(a.CreatedAt, b.CreatedAt)
	})
	if strings.HasPrefix(order, "-") {
		slices.Reverse(found)
	}
	page := []map[string]any{}
	for _, a := range found[min(offset, len(found)):min(offset+limit, len(found))] {
		page = append(page, w.encode(a))
	}
	return answerJSON(http.StatusOK, map[string]any{"data": page, "total_count": len(found)})
}

func createApplication(w *work) Answer {
	a := w.newApplication()
	if !w.edit(a) {
		return Answer{}
	}
	w.add(a)
	return w.issued(a)
}

func getApplication(w *work) Answer { return w.found(w.before) }

func updateApplication(w *work) Answer {
	after := w.before.copy()
	if !w.edit(&after) || len(w.request.JSON) == 0 {
		return w.found(&after)
	}
	if after.Public && w.switches.PublicClientSecret != "value" {
		// The application loses its secret, and does not get it back if it turns confidential again.
		after.secret = nil
	}
	return w.updated(&after)
}

func deleteApplication(w *work) Answer {
	w.put(w.request.ID, nil)
	return answerJSON(http.StatusOK, map[string]any{
		"object": "oauth_application", "id": w.request.ID, "deleted": true,
	})
}

func rotateSecret(w *work) Answer {
	if w.before.Public && w.switches.RotatePublic == "422" {
		return failure(about("public", "form_conditional_param_disallowed", "is not allowed",
			"A public OAuth application has no client secret to rotate."))
	}
	after := w.before.copy()
	if !after.Public || w.switches.RotatePublic == "value" {
		w.issueSecret(&after)
	} else {
		after.secret = nil
	}
	if w.switches.RotateUpdatedAt == "touch" {
		w.touch(&after)
	}
	w.put(after.ID, &after)
	return w.issued(&after)
}

// maxLogo is the largest logo in bytes: "the file size cannot exceed 10MB".
const maxLogo = 10 << 20

var logoTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

func uploadLogo(w *work) Answer {
	upload := http.Request{
		Method: w.request.Method, Header: w.request.Header,
		Body: io.NopCloser(bytes.NewReader(w.request.Body)),
	}
	part, declared, err := upload.FormFile("file")
	if w.request.Body == nil || err == nil && declared.Size > maxLogo { // nil was too large to keep
		return catalogued(http.StatusRequestEntityTooLarge, "image_too_large")
	}
	if err != nil || declared.Size == 0 {
		return catalogued(http.StatusBadRequest, "form_param_missing")
	}
	file, _ := io.ReadAll(part) // it is in memory
	if !slices.Contains(logoTypes, declared.Header.Get("Content-Type")) ||
		!slices.Contains(logoTypes, http.DetectContentType(file)) {
		return catalogued(http.StatusBadRequest, "request_body_invalid")
	}
	after := w.before.copy()
	after.ClientImageURL = new("https://img.clerk.com/" + randomText(40))
	return w.updated(&after)
}
