package provider

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestBorrowedContextHoldsNothingAfterTheCall(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	var call context.Context
	_, err := callFramework(ctx, 0, func(borrowed context.Context, _ int) (int, error) {
		call = borrowed
		derived, stop := context.WithCancel(call)
		defer stop()
		if derived.Value(key{}) != "value" || derived.Err() != nil {
			t.Error("the borrowed context is not the call's")
		}
		cancel()
		if derived.Err() == nil {
			t.Error("the end of the call's context does not reach a derived one")
		}
		return 0, nil
	})
	_, limited := call.Deadline()
	if err != nil || limited || call.Value(key{}) != nil || call.Err() == nil {
		t.Errorf("the context lives on after the call: %v", err)
	}
}

// A fast path declines a state that is no application. A state may hold anything.
func TestFastPathsDecline(t *testing.T) {
	t.Parallel()
	typ, p := applicationStateType(), &clerkProvider{}
	null := must(tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, nil)))
	for name, state := range map[string]*tfprotov6.DynamicValue{
		"absent": nil, "null": &null, "empty": {}, "garbage": {MsgPack: []byte("\x81\xa9logo_path\xc0")},
	} {
		_, ok := decodeApplication(t.Context(), state)
		read := p.readUnchanged(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: applicationType, CurrentState: state,
		})
		plan := p.planUnchanged(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: applicationType, PriorState: state, ProposedNewState: &null,
		})
		clean := p.validateClean(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: applicationType, Config: state,
		})
		if ok || read != nil || plan != nil || clean != nil {
			t.Errorf("%s passed for an application", name)
		}
	}
	for _, state := range []string{``, `[]`, `{}`, `{"id":"oa_1","scopes":"email"}`, `{"id":"oa_1","callback_url":""}`} {
		if isStateOfSchema(&tfprotov6.RawState{JSON: []byte(state)}) {
			t.Errorf("%s was handed back", state)
		}
	}
	if !isStateOfSchema(&tfprotov6.RawState{JSON: []byte(`{"id":"oa_1","scopes":["email"],"timeouts":null}`)}) {
		t.Error("a state of this schema was not handed back")
	}
}

// A read that changes what Clerk does not report, or that has something to say, is the framework's.
func TestFastReadsDecline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		private string
		change  func(m *resourceModel)
		want    bool
	}{
		"nothing to do":      {"{}", func(*resourceModel) {}, true},
		"no protection":      {"{}", func(m *resourceModel) { m.DeletionProtection = types.BoolNull() }, false},
		"no version":         {"{}", func(m *resourceModel) { m.ClientSecretVersion = types.Int64Null() }, false},
		"a secret to verify": {"{}", func(m *resourceModel) { m.VerifyClientSecret = types.BoolValue(true) }, false},
		"a secret to forget": {"{}", func(m *resourceModel) { m.Public = types.BoolValue(true) }, false},
		"a missing logo":     {"{}", func(m *resourceModel) { m.LogoPath = types.StringValue("missing") }, false},
		"a pending rotation": {`{"rotation_pending":true}`, func(*resourceModel) {}, false},
		"a changed logo":     {`{"logo_changed":true}`, func(*resourceModel) {}, false},
	} {
		m := applicationWithoutState()
		m.fromAPI(clerk.OAuthApplication{ID: "oa_1", Name: "web"})
		m.ClientSecret, m.ClientSecretVersion = types.StringValue("secret"), types.Int64Value(1)
		test.change(&m)
		raw := must(json.Marshal(map[string][]byte{privateKey: []byte(test.private)}))
		app := clerk.OAuthApplication{ID: "oa_1", Name: "web", Public: m.Public.ValueBool()}
		if got := m.readsUnchanged(app, raw); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A configuration with an error or a warning is left to the framework.
func TestFastValidationDeclines(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]bool{
		`"redirect_uris": ["https://a.example"], "public": true, "pkce_required": true`: true,
		`"name": null`:                    false, // required
		`"id": "oa_1"`:                    false, // only computed
		`"public": true`:                  false, // a warning: without PKCE
		`"scopes": ["a b"]`:               false,
		`"rotate_secret_trigger": ""`:     false,
		`"logo_sha256": "0"`:              false, // not by a validator of its own
		`"timeouts": {"read": "no time"}`: false,
	} {
		typ := applicationStateType()
		raw := must(tfprotov6.RawState{JSON: []byte(`{"name": "web", ` + config + `}`)}.Unmarshal(typ))
		encoded := must(tfprotov6.NewDynamicValue(typ, raw))
		req := &tfprotov6.ValidateResourceConfigRequest{TypeName: applicationType, Config: &encoded}
		p := &clerkProvider{data: &providerData{}}
		if clean := p.validateClean(t.Context(), req) != nil; clean != want {
			t.Errorf("%s: %t", config, clean)
		}
	}
}

func TestRawPrivateState(t *testing.T) {
	t.Parallel()
	for raw, readable := range map[string]bool{
		"": true, "{}": true, `{".framework":"e30="}`: true,
		"[]": false, `{"clerk":"?"}`: false, `{"clerk":"Pw=="}`: false, // no object, base64, JSON inside
	} {
		if got, ok := readRawPrivate([]byte(raw)); ok != readable || got != (privateState{}) {
			t.Errorf("%s: %+v, %t", raw, got, ok)
		}
	}
}
