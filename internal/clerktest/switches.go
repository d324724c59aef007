package clerktest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Switches decide where neither Clerk's documentation nor its OpenAPI document says how the API
// behaves, or where they contradict each other. A tag has the switch's name for [Switches.Parse]
// and its values. "" is the first value, the behaviour that is most likely. A client is only right
// if it is right under each alternative too.
type Switches struct {
	// ScopesOrder is the order in which scopes are stored and answered. fixed has the built-in
	// scopes first, offline_access their last.
	ScopesOrder string `switch:"scopes_order=as_sent,alphabetical,fixed"`
	// ForceOfflineAccess decides whether a create without offline_access adds the scope.
	ForceOfflineAccess string `switch:"force_offline_access=on,off"`
	// PatchWithoutOfflineAccess is the result of a PATCH of scopes that does not list
	// offline_access. Clerk documents a rejection, but neither its status nor its code. keep keeps
	// the scope if the application had it.
	PatchWithoutOfflineAccess string `switch:"patch_without_offline_access=422,keep,remove"`
	// UnknownScope is the treatment of a scope that the instance does not have: one of two errors of
	// Clerk's catalogue, or none.
	UnknownScope string `switch:"unknown_scope=form_param_value_invalid,oauth_invalid_scope,drop,accept"`
	// PublicClientSecret is the client_secret in the answer to the creation of a public client.
	// Clerk's OpenAPI document says empty; two users report a real secret.
	PublicClientSecret string `switch:"public_client_secret=value,empty,absent"`
	// RotatePublic is the answer to a rotation of a public client's secret. empty is 200 without a
	// secret.
	RotatePublic string `switch:"rotate_public=empty,value,422"`
	// RotateUpdatedAt decides whether a rotation changes updated_at.
	RotateUpdatedAt string `switch:"rotate_updated_at=touch,keep"`
	// NewerFields decides about the fields that the live API has and Clerk's OpenAPI document of
	// 2026-05-12 lacks: device_authorization_grant_enabled of an application, aud_claim_enabled and
	// pkce_required of the settings. With drop and 422 answers lack them; drop ignores them in
	// requests.
	NewerFields string `switch:"newer_fields=served,drop,422"`
	// RedirectOrder is the order in which redirect URIs are stored and answered.
	RedirectOrder string `switch:"redirect_order=as_sent,sorted,reversed"`
	// DCRForcesConsent decides whether dynamic client registration, while the instance has it on,
	// shows the consent screen of every application and refuses to turn it off.
	DCRForcesConsent string `switch:"dcr_forces_consent=off,on"`
	// TokenInfo is how the introspection endpoint authenticates its clients: as Clerk documents it,
	// with the older error code, not at all on the legacy OAuth provider (422), with the same answer
	// to everybody, or with a rotation noticed 5 s later.
	TokenInfo string `switch:"token_info=authenticates,invalid_client,legacy,authenticates_nobody,refuses_everybody,lags"`
	// ReadLag is how long reads still answer with what was there before a write: a GET after a
	// create is a 404, a GET after a delete a 200. Writes always see the current state.
	ReadLag time.Duration
}

// choice is a switch with a set of values.
type choice struct {
	field  *string
	values []string
}

// choices returns the switches with a set of values, by name.
func (s *Switches) choices() map[string]choice {
	all, fields := map[string]choice{}, reflect.ValueOf(s).Elem()
	for i := range fields.NumField() {
		if field, isText := reflect.TypeAssert[*string](fields.Field(i).Addr()); isText {
			name, values, _ := strings.Cut(fields.Type().Field(i).Tag.Get("switch"), "=")
			all[name] = choice{field, strings.Split(values, ",")}
		}
	}
	return all
}

// completed returns the switches with the first value for "". It panics for a value that a switch
// does not have: that is a mistake in the test.
func (s Switches) completed() Switches {
	for name, c := range s.choices() {
		if *c.field = cmp.Or(*c.field, c.values[0]); !slices.Contains(c.values, *c.field) {
			panic(fmt.Sprintf("clerktest: switch %s has no value %q", name, *c.field))
		}
	}
	return s
}

// Parse sets a switch from "name=value". The error lists what is possible.
func (s *Switches) Parse(text string) error {
	name, value, found := strings.Cut(text, "=")
	all := s.choices()
	c, isName := all[name]
	lag, err := time.ParseDuration(value)
	switch {
	case !found:
		return errors.New("want name=value")
	case name == "read_lag" && (err != nil || lag < 0):
		return fmt.Errorf("switch %s takes a duration such as 500ms, not %q", name, value)
	case name == "read_lag":
		s.ReadLag = lag
	case !isName:
		names := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
		return fmt.Errorf("no switch is named %q; there are %s, read_lag", name, names)
	case !slices.Contains(c.values, value):
		values := strings.Join(c.values, ", ")
		return fmt.Errorf("switch %s takes %s, not %q", name, values, value)
	default:
		*c.field = value
	}
	return nil
}
