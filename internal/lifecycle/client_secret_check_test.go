package lifecycle

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/secrettest"
)

// verification is an application with verify_client_secret and a simulator, in virtual time.
type verification struct {
	*testing.T
	server *clerktest.Server
	app    *prototest.Resource
}

func inVerification(t *testing.T, switches clerktest.Switches, test func(v *verification)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := clerktest.NewInMemory(t, clerktest.WithSwitches(switches))
		p := prototest.New(t, factoryWith(server.RoundTripper()), providerConfig(server, nil))
		test(&verification{T: t, server: server, app: p.Resource(applicationType)})
	})
}

var verified = prototest.Values{"name": "web", "verify_client_secret": true}

// asked is the number of requests to the introspection endpoint.
func (v *verification) asked() int {
	return len(slices.DeleteFunc(v.server.Requests(), func(r clerktest.Request) bool { return r.Route != clerktest.RouteTokenInfo }))
}

// works reports whether the secret in the state is the one that Clerk has.
func (v *verification) works() bool {
	state := v.app.State()
	return state.String("client_secret") == v.server.CurrentSecret(state.String("id"))
}

// plan plans the verified configuration and returns the warnings.
func (v *verification) plan() (*prototest.Plan, string) {
	v.Helper()
	plan, ds := v.app.TryPlan(v.Context(), verified)
	if ds.HasError() {
		v.Fatalf("there is no plan: %s", ds)
	}
	return plan, ds.String()
}

func (v *verification) expect(text, expression string) {
	v.Helper()
	if !regexp.MustCompile("(?s)" + expression).MatchString(text) {
		v.Errorf("nothing matches %q in:\n%s", expression, text)
	}
}

// TestProtocolVerifyRotatedElsewhere: a secret that someone rotated in the dashboard is
// rotated again, because the endpoint accepted the secret in the state before.
func TestProtocolVerifyRotatedElsewhere(t *testing.T) {
	t.Parallel()
	for _, info := range []clerktest.TokenInfo{clerktest.TokenInfoAuthenticates, clerktest.TokenInfoInvalidClient, clerktest.TokenInfoLags} {
		t.Run(string(info), func(t *testing.T) {
			t.Parallel()
			inVerification(t, clerktest.Switches{TokenInfo: info}, func(v *verification) {
				v.app.Apply(verified)
				v.app.AssertNoChanges(verified)
				before := v.app.State()
				v.server.Rotate(before.String("id"))
				time.Sleep(time.Minute)

				plan, warnings := v.plan()
				if plan.Action != prototest.Update {
					t.Fatalf("the plan is to %s", plan.Action)
				}
				v.expect(warnings, `The client secret of "web" in the state no longer works`)
				v.expect(warnings, `The client secret of "web" will be rotated.*the secret that works now`)
				plan.Apply()
				if !v.works() || v.app.State().Int("client_secret_version") <= before.Int("client_secret_version") {
					t.Errorf("the state has %s", v.app.StateJSON())
				}
				v.app.AssertNoChanges(verified)
			})
		})
	}
}

// TestProtocolVerifyNothingKnown: only the rejection of a secret that was accepted before
// leads to a plan. Any other failure is one warning.
func TestProtocolVerifyNothingKnown(t *testing.T) {
	t.Parallel()
	onTokenInfo := func(fault clerktest.Fault) clerktest.Fault { return fault.On("POST", clerktest.RouteTokenInfo) }
	for name, test := range map[string]struct {
		info  clerktest.TokenInfo
		fault *clerktest.Fault
	}{
		"legacy":               {info: clerktest.TokenInfoLegacy},
		"refuses everybody":    {info: clerktest.TokenInfoRefusesEverybody},
		"HTML":                 {fault: new(onTokenInfo(clerktest.HTML(502)))},
		"403":                  {fault: new(onTokenInfo(clerktest.ClerkError(403, "forbidden")))},
		"404":                  {fault: new(onTokenInfo(clerktest.ClerkError(404, "resource_not_found")))},
		"429":                  {fault: new(onTokenInfo(clerktest.TooManyRequests()))},
		"500":                  {fault: new(onTokenInfo(clerktest.ClerkError(500, "internal_clerk_error")))},
		"401 without an error": {fault: new(onTokenInfo(clerktest.HTML(401)))},
		"a redirect":           {fault: new(onTokenInfo(clerktest.Redirect(302, "https://elsewhere.example/token_info")))},
		"a lost connection":    {fault: new(onTokenInfo(clerktest.ResetBeforeWork()))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVerification(t, clerktest.Switches{TokenInfo: test.info}, func(v *verification) {
				v.app.Apply(verified)
				v.server.Rotate(v.app.State().String("id"))
				time.Sleep(time.Minute)
				if test.fault != nil {
					v.server.Inject(*test.fault)
				}
				plan, warnings := v.plan()
				if plan.Action != prototest.NoOp {
					t.Errorf("the plan is to %s", plan.Action)
				}
				v.expect(warnings, "Client secrets could not be verified.*Nothing is planned")
				if strings.Count(warnings, "could not be verified") != 1 {
					t.Errorf("the warning does not come once:\n%s", warnings)
				}
			})
		})
	}
}

// TestProtocolVerifyNeverAccepted: an endpoint that has never accepted the secret
// may reject every secret. The provider stores the version of the accepted secret, so
// that the acceptance of an older secret does not count.
func TestProtocolVerifyNeverAccepted(t *testing.T) {
	t.Parallel()
	inVerification(t, clerktest.Switches{}, func(v *verification) {
		v.app.Apply(prototest.Values{"name": "web"})
		v.server.Rotate(v.app.State().String("id"))
		v.app.Apply(verified) // the secret no longer works when it is verified for the first time
		plan, warnings := v.plan()
		if plan.Action != prototest.NoOp {
			t.Errorf("the plan is to %s", plan.Action)
		}
		v.expect(warnings, "rejects the secret, but has never accepted it")
	})
}

// TestProtocolVerifyAcceptsEverybody: an endpoint that does not check the secret
// leads to no plan.
func TestProtocolVerifyAcceptsEverybody(t *testing.T) {
	t.Parallel()
	inVerification(t, clerktest.Switches{TokenInfo: clerktest.TokenInfoAuthenticatesNobody}, func(v *verification) {
		v.app.Apply(verified)
		v.server.Rotate(v.app.State().String("id"))
		if plan, _ := v.plan(); plan.Action != prototest.NoOp {
			t.Errorf("the plan is to %s", plan.Action)
		}
	})
}

// TestProtocolVerifyIsAsked: the endpoint is asked only with the argument, and only about
// a secret in plain text.
func TestProtocolVerifyIsAsked(t *testing.T) {
	t.Parallel()
	key := secrettest.NewKey(t)
	for name, test := range map[string]struct {
		config prototest.Values
		asked  bool
	}{
		"with the argument":    {verified, true},
		"without the argument": {prototest.Values{"name": "web"}, false},
		"false":                {prototest.Values{"name": "web", "verify_client_secret": false}, false},
		"public":               {with(verified, prototest.Values{"public": true, "pkce_required": true}), false},
		"encrypted":            {with(verified, prototest.Values{"encrypt_client_secret_to": []string{key.Recipient}}), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVerification(t, clerktest.Switches{}, func(v *verification) {
				v.app.Apply(test.config)
				after := v.asked()
				v.app.AssertNoChanges(test.config)
				if (after > 0) != test.asked || (v.asked() > after) != test.asked {
					t.Errorf("the endpoint was asked %d times by the apply, %d times in all", after, v.asked())
				}
			})
		})
	}
}

// TestProtocolVerifyWarnsOfEncrypted: a secret that the provider cannot read cannot be
// verified.
func TestProtocolVerifyWarnsOfEncrypted(t *testing.T) {
	t.Parallel()
	inVerification(t, clerktest.Switches{}, func(v *verification) {
		_, ds := v.app.TryPlan(v.Context(), with(verified, prototest.Values{"encrypt_client_secret_to": []string{secrettest.NewKey(t).Recipient}}))
		v.expect(ds.At("verify_client_secret").String(), "cannot be verified")
	})
}

// TestProtocolVerifyRefreshOnly: a rejection that a refresh has stored no longer
// counts when the endpoint accepts the secret again, or cannot be asked.
func TestProtocolVerifyRefreshOnly(t *testing.T) {
	t.Parallel()
	inVerification(t, clerktest.Switches{}, func(v *verification) {
		v.app.Apply(verified)
		rejection := clerktest.Raw(401, "application/json", `{"error":"request_unauthorized"}`).On("POST", clerktest.RouteTokenInfo)
		v.server.Inject(rejection)
		v.expect(v.app.Refresh().String(), "no longer works")
		v.server.ClearFaults()
		if plan, _ := v.plan(); plan.Action != prototest.NoOp {
			t.Errorf("after an acceptance the plan is to %s", plan.Action)
		}
		v.server.Inject(rejection)
		v.app.Refresh()
		v.server.ClearFaults()
		v.server.Inject(clerktest.HTML(503).On("POST", clerktest.RouteTokenInfo))
		if plan, _ := v.plan(); plan.Action != prototest.NoOp {
			t.Errorf("with nothing known the plan is to %s", plan.Action)
		}
	})
}
