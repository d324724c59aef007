package clerktest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Environments of an instance, which decide the prefix of its secret key.
const (
	Development = "development"
	Production  = "production"
)

var keyPrefixes = map[string]string{Development: "sk_test_", Production: "sk_live_"}

// instance is the state of one Clerk instance. The server's lock guards it. A write stores a new
// Application and never changes one in place.
type instance struct {
	id, key, environment string

	entries    map[string]*entry
	order      []*entry // by creation
	settings   lagging[Settings]
	lastMillis int64
	admitted   []time.Time // the requests in the rate limit's window
}

// entry is the life of one application: nil before its creation and once deleted.
type entry = lagging[*Application]

// lagging is a value that lags: until a certain time, reads see its old value.
type lagging[T any] struct {
	value, old T
	until      time.Time
}

func (l *lagging[T]) seen(now time.Time) T {
	if now.Before(l.until) {
		return l.old
	}
	return l.value
}

func (l *lagging[T]) put(value T, now time.Time, lag time.Duration) {
	l.old = l.seen(now)
	l.value, l.until = value, now.Add(lag)
}

func newInstance(environment, key string) *instance {
	key = cmp.Or(key, keyPrefixes[environment]+randomText(42))
	in := &instance{
		id:  fmt.Sprintf("ins_%x", sha256.Sum256([]byte(key)))[:31],
		key: key, environment: environment, entries: map[string]*entry{},
	}
	in.settings.value = Settings{OAuthJWTAccessTokens: true}
	return in
}

// randomText returns n letters and digits, at most 52.
func randomText(n int) string { return (rand.Text() + rand.Text())[:n] }

// tick returns the time in milliseconds, and never the same twice: what happened later has a larger
// number, so that orders are certain.
func (in *instance) tick(now time.Time) int64 {
	in.lastMillis = max(in.lastMillis+1, now.UnixMilli())
	return in.lastMillis
}

// applications returns those that are live, in the order of their creation.
func (in *instance) applications() (live []*Application) {
	for _, entry := range in.order {
		if entry.value != nil {
			live = append(live, entry.value)
		}
	}
	return live
}

// put stores a copy of a new or changed application, or a deletion if the application is nil.
func (w *work) put(id string, a *Application) {
	known := w.instance.entries[id]
	if known == nil {
		known = &entry{}
		w.instance.entries[id] = known
		w.instance.order = append(w.instance.order, known)
	}
	if a != nil {
		a = new(a.copy())
	}
	known.put(a, w.now, w.switches.ReadLag)
}

// admit counts a request and returns 0, or how long to wait. Refused requests do not count.
func (in *instance) admit(limit int, now time.Time) time.Duration {
	if limit == 0 {
		return 0
	}
	start := now.Add(-10 * time.Second)
	in.admitted = slices.DeleteFunc(in.admitted, func(at time.Time) bool { return !at.After(start) })
	if len(in.admitted) < limit {
		in.admitted = append(in.admitted, now)
		return 0
	}
	return in.admitted[len(in.admitted)-limit].Sub(start)
}

// Settings are the OAuth application settings of an instance as the server holds them.
type Settings struct {
	DynamicOAuthClientRegistration bool     `json:"dynamic_oauth_client_registration"`
	DefaultScopes                  []string `json:"default_scopes"` // nil: those that Clerk provides
	OAuthJWTAccessTokens           bool     `json:"oauth_jwt_access_tokens"`

	ClientIDMetadataDocumentsAdvertised bool `json:"client_id_metadata_documents_advertised"`

	ClientIDMetadataDocumentsOnlyAllowPreRegistered        bool `json:"client_id_metadata_documents_only_allow_pre_registered_clients"`
	ClientIDMetadataDocumentsBlockImplicitlyAllowedClients bool `json:"client_id_metadata_documents_block_implicitly_allowed_clients"`

	// AudClaimEnabled and PKCERequired are only in the API if Switches.NewerFields are served.
	AudClaimEnabled bool `json:"aud_claim_enabled"`
	PKCERequired    bool `json:"pkce_required"`
}

var newerSettings = []string{"aud_claim_enabled", "pkce_required"}

func (s Settings) copy() Settings {
	s.DefaultScopes = slices.Clone(s.DefaultScopes)
	return s
}

func (w *work) foundSettings(s Settings) Answer {
	fields := map[string]any{}
	_ = json.Unmarshal(encodeJSON(s), &fields) // what was encoded can be decoded
	fields["object"] = "oauth_application_settings"
	if w.switches.NewerFields != "served" {
		for _, name := range newerSettings {
			delete(fields, name)
		}
	}
	return answerJSON(http.StatusOK, fields)
}

// forcesConsent reports whether dynamic client registration enforces every consent screen.
func (w *work) forcesConsent() bool {
	return w.switches.DCRForcesConsent == "on" &&
		w.instance.settings.value.DynamicOAuthClientRegistration
}

func getInstance(w *work) Answer {
	return answerJSON(http.StatusOK, map[string]any{
		"object": "instance", "id": w.instance.id, "environment_type": w.instance.environment,
		"allowed_origins": nil, "workspace_id": "org_" + strings.TrimPrefix(w.instance.id, "ins_"),
	})
}

func getSettings(w *work) Answer { return w.foundSettings(w.instance.settings.seen(w.now)) }

// updateSettings rejects duplicates, unknown scopes and offline_access among the default scopes, as
// Clerk's OpenAPI document says. null and [] both go back to the scopes that Clerk provides and are
// read as null.
func updateSettings(w *work) Answer {
	const parameter = "default_scopes"
	after := w.instance.settings.value.copy()
	w.decode(&after, newerSettings...)
	scopes := after.DefaultScopes
	if slices.Contains(scopes, offlineAccess) {
		w.fail(notAllowed(parameter, offlineAccess))
	}
	if hasDuplicates(scopes) {
		w.fail(about(parameter, "form_param_duplicate", "duplicate values",
			parameter+" contains duplicate values"))
	}
	after.DefaultScopes = w.knownScopes(parameter, scopes)
	if len(w.errors) == 0 {
		w.instance.settings.put(after, w.now, w.switches.ReadLag)
	}
	return w.foundSettings(after)
}
