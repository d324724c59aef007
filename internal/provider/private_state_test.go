package provider

import (
	"context"
	"encoding/json"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// storedPrivate is Terraform's private state in a test.
type storedPrivate map[string][]byte

func (s storedPrivate) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return s[key], nil
}

func (s storedPrivate) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	if value == nil {
		delete(s, key)
	} else {
		s[key] = value
	}
	return nil
}

func (s storedPrivate) is(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for key, value := range s {
		got[key] = string(value)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the private state is %q, want %q", got, want)
	}
}

// What earlier releases wrote under several keys is read once more and then rewritten
// under one. Nothing is lost, and an unchanged state is not written.
func TestPrivateStateOfEarlierReleases(t *testing.T) {
	t.Parallel()
	store := storedPrivate{
		"rotation_pending":            []byte("true"),
		"client_secret_version_floor": []byte("1764489600"),
		"client_secret_accepted":      []byte("1764489601"),
		"client_secret_rejected":      []byte("1764489602"),
		"logo_changed":                []byte("true"),
	}
	want := privateState{
		RotationPending: true, VersionFloor: 1764489600,
		AcceptedVersion: 1764489601, RejectedVersion: 1764489602, LogoChanged: true,
	}
	raw, err := json.Marshal(map[string][]byte(store))
	must(t, err)
	if _, ok := readRawPrivate(t.Context(), raw); ok {
		t.Error("a fast path takes the state of an earlier release, which is then never rewritten")
	}

	var diags diag.Diagnostics
	notes := openPrivate(t.Context(), store, &diags)
	if notes.privateState != want {
		t.Errorf("read %+v, want %+v", notes.privateState, want)
	}
	notes.save(t.Context())
	const written = `{"rotation_pending":true,"client_secret_version_floor":1764489600,` +
		`"client_secret_accepted":1764489601,"client_secret_rejected":1764489602,"logo_changed":true}`
	store.is(t, map[string]string{privateKey: written})

	raw, err = json.Marshal(map[string][]byte(store))
	must(t, err)
	if got, ok := readRawPrivate(t.Context(), raw); !ok || got != want {
		t.Errorf("a fast path reads %+v (%t), want %+v", got, ok, want)
	}
	again := openPrivate(t.Context(), store, &diags)
	if again.privateState != want {
		t.Errorf("read again %+v, want %+v", again.privateState, want)
	}
	again.privateState = privateState{}
	again.save(t.Context())
	store.is(t, nil)
	if len(diags) > 0 {
		t.Error(diags)
	}
}

func TestRawPrivateState(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw  string
		want privateState
		ok   bool
	}{
		"none":             {"", privateState{}, true},
		"empty":            {"{}", privateState{}, true},
		"of the framework": {`{".framework":"e30="}`, privateState{}, true},
		"no object":        {"[]", privateState{}, false},
		"no base64":        {`{"clerk":"?"}`, privateState{}, false},
		"no JSON inside":   {`{"clerk":"Pw=="}`, privateState{}, false},
	} {
		if got, ok := readRawPrivate(t.Context(), []byte(test.raw)); ok != test.ok || got != test.want {
			t.Errorf("%s: %+v, %t", name, got, ok)
		}
	}
}
