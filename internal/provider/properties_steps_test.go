package provider_test

import (
	"context"
	"fmt"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A repertoire is what can happen to the resources of a kind.
type repertoire struct {
	minimal   values           // the smallest configuration
	arguments map[string][]any // the values that a configuration chooses among
	refused   map[string]any   // values that no configuration may have
	acts      []string         // with the frequency that they have here
	targets   []string         // of faults, with their frequency
}

var repertoires = map[string]repertoire{
	application: {
		minimal: values{"name": "Alpha"},
		arguments: map[string][]any{
			"name":                               {"Alpha", "Beta"},
			"redirect_uris":                      {nil, []string{}, []string{"https://a.example.com/x"}, uris},
			"scopes":                             {nil, emailOnly, []string{"openid"}, offline},
			"consent_screen_enabled":             onOff,
			"pkce_required":                      onOff,
			"public":                             onOff,
			"device_authorization_grant_enabled": onOff,
			"rotate_secret_trigger":              {nil, "one", "two", "three"},
			"deletion_protection":                onOff,
			"encrypt_client_secret_to":           {nil, recipient(0), recipient(1)},
			"verify_client_secret":               onOff,
			"logo_path":                          {nil, "testdata/logo.png"},
			"timeouts":                           {nil, values{"create": "10s", "update": "10s", "read": "10s"}},
		},
		refused: map[string]any{
			"name": " ", "redirect_uris": []string{"not absolute"}, "scopes": []string{"two words"},
			"rotate_secret_trigger": "", "encrypt_client_secret_to": []string{"age1nobody"}, "logo_path": "",
		},
		acts: []string{
			"apply", "apply", "apply", "apply", "apply", "apply", "apply both", "destroy", "replace",
			"refresh", "import", "import", "use another key", "apply a refused value",
			"edit", "make public or confidential", "rotate elsewhere", "delete elsewhere",
			"create another of the name", "forget", "forget",
		},
		targets: []string{
			"create", "create", "create", "rotate", "rotate", "update", "update",
			"delete", "logo", "list", "read", "any", "introspect",
		},
	},
	settings: {
		arguments: map[string][]any{
			"default_scopes":                          {nil, []string{}, []string{"profile"}, []string{"email"}},
			"dynamic_oauth_client_registration":       onOff,
			"oauth_jwt_access_tokens":                 onOff,
			"aud_claim_enabled":                       onOff,
			"pkce_required":                           onOff,
			"client_id_metadata_documents_advertised": onOff,
			"client_id_metadata_documents_only_allow_pre_registered_clients": onOff,
			"client_id_metadata_documents_block_implicitly_allowed_clients":  onOff,
		},
		refused: map[string]any{"default_scopes": offline},
		acts: []string{
			"apply", "apply", "apply", "refresh", "import", "forget", "destroy", "use another key",
			"apply a refused value", "edit",
		},
		targets: []string{"settings", "settings", "any"},
	},
}

var (
	onOff      = []any{nil, true, false}
	uris       = []string{"app:/x", "https://b.example.com/y"}
	emailOnly  = []string{"email", "profile"}
	offline    = []string{"email", "offline_access"}
	identities = []age.Identity{must(age.GenerateX25519Identity()), must(age.GenerateX25519Identity())}
)

func recipient(i int) []string {
	return []string{identities[i].(*age.X25519Identity).Recipient().String()}
}

// A step is one run of Terraform, or something that someone else does.
type step struct {
	act    string
	slot   int
	change values // of the configuration
	choice int
	trouble
}

func (l *life) drawStep(rt *rapid.T) step {
	s := step{
		slot:   rapid.IntRange(0, len(l.slots)-1).Draw(rt, "resource"),
		choice: rapid.IntRange(0, 11).Draw(rt, "choice"),
	}
	kind := l.slots[s.slot].kind
	of := repertoires[kind]
	s.act = rapid.SampledFrom(of.acts).Draw(rt, "act")
	switch s.act {
	case "apply", "apply both", "import", "replace":
		for range rapid.IntRange(0, 3).Draw(rt, "changes") {
			name := rapid.SampledFrom(namesOf(of.arguments)).Draw(rt, "argument")
			s.change = s.change.with(name, rapid.SampledFrom(of.arguments[name]).Draw(rt, name))
		}
		fallthrough
	case "destroy", "refresh":
		s.faults = drawFaults(rt, of.targets...)
		if kind == settings && rapid.IntRange(0, 3).Draw(rt, "odd answers") == 3 {
			odd := drawOddities(rt, append(namesOf(of.arguments), "object", "another_field"))
			s.faults = append(s.faults, fault{faultTargets["settings"](oddly(odd)), "settings", fmt.Sprint(odd)})
		}
		if rapid.IntRange(0, 4).Draw(rt, "interrupted") == 4 {
			ms := rapid.IntRange(1, 1200).Draw(rt, "ms") * rapid.SampledFrom([]int{1, 20}).Draw(rt, "times")
			s.interrupt = time.Duration(ms) * time.Millisecond
		}
	}
	return s
}

// A trouble is what goes wrong in a run.
type trouble struct {
	faults    []fault
	interrupt time.Duration // after the run began; 0 is never
}

// isQuiet reports whether nothing goes wrong.
func (t trouble) isQuiet() bool { return t.faults == nil && t.interrupt == 0 }

// meet begins a run that meets trouble.
func (l *life) meet(t trouble) (context.Context, context.CancelFunc) {
	for _, f := range t.faults {
		l.clerk.Inject(f.Fault)
	}
	ctx, cancel := context.WithCancel(l.rt.Context())
	if t.interrupt > 0 {
		time.AfterFunc(t.interrupt, cancel)
	}
	return ctx, cancel
}

// A fault is one that a step of a life meets. None of them is a lie: no provider can notice
// that a server denies what exists, or refuses what it then does.
type fault struct {
	clerktest.Fault
	at, text string // where: a key of faultTargets, and what it is
}

func (f fault) String() string { return f.text }

var faultTargets = map[string]func(clerktest.Fault) clerktest.Fault{
	"create": clerktest.Fault.OnCreate, "rotate": clerktest.Fault.OnRotate,
	"update": clerktest.Fault.OnUpdate, "delete": clerktest.Fault.OnDelete,
	"logo": clerktest.Fault.OnLogo, "list": clerktest.Fault.OnList, "read": clerktest.Fault.OnRead,
	"settings":   func(f clerktest.Fault) clerktest.Fault { return f.On("", clerktest.RouteSettings) },
	"introspect": func(f clerktest.Fault) clerktest.Fault { return f.On("", clerktest.RouteTokenInfo) },
	"any":        func(f clerktest.Fault) clerktest.Fault { return f },
}

var faultKinds = map[string]clerktest.Fault{
	"reset before the work":    clerktest.ResetBeforeWork(),
	"reset after the work":     clerktest.ResetAfterWork(),
	"cut in its length":        {Delivery: clerktest.DeliverShort},
	"cut between chunks":       {Delivery: clerktest.DeliverCutChunks},
	"cut without a sign":       {Delivery: clerktest.DeliverCutUndeclared},
	"HTML 502":                 clerktest.HTML(502),
	"HTML 504 after the work":  clerktest.HTML(504).AfterWork(),
	"HTML 404":                 clerktest.HTML(404),
	"HTML 200":                 clerktest.HTML(200),
	"HTML 200 after the work":  clerktest.HTML(200).AfterWork(),
	"500 after the work":       clerktest.ClerkError(500, "internal_clerk_error").AfterWork(),
	"408":                      clerktest.HTML(408),
	"empty 200 after the work": clerktest.Raw(200, "application/json", "").AfterWork(),
	"null after the work":      clerktest.Raw(200, "application/json", "null").AfterWork(),
	"redirect":                 clerktest.Redirect(307, "https://elsewhere.example.com/"),
	"403":                      clerktest.ClerkError(403, "not_allowed_access"),
	"429":                      clerktest.TooManyRequests(),
	"429 for 20 s":             clerktest.TooManyRequests("20"),
	"429 for a day":            clerktest.TooManyRequests("86400"),
	"locked":                   clerktest.Locked(),
	"no answer":                clerktest.NeverAnswers(),
}

var timedFaults = map[string]func(time.Duration) clerktest.Fault{
	"slow": clerktest.Slow, "slow answer": clerktest.SlowAnswer,
	"reset, and the work later": clerktest.ResetBeforeWork().Late,
}

// drawFaults draws what the network and Clerk do in a run, most often nothing.
func drawFaults(rt *rapid.T, targets ...string) (faults []fault) {
	for range max(0, rapid.IntRange(-2, 3).Draw(rt, "faults")) {
		at := rapid.SampledFrom(targets).Draw(rt, "at")
		kind := rapid.SampledFrom(append(namesOf(faultKinds), namesOf(timedFaults)...)).Draw(rt, "fault")
		times := rapid.SampledFrom([]int{1, 1, 1, 2, 0}).Draw(rt, "times") // 0: every time
		skip := rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(rt, "skip")      // requests before it
		drawn, wait := faultKinds[kind], time.Duration(0)
		if timed := timedFaults[kind]; timed != nil {
			most := 40_000
			if kind == "reset, and the work later" && at != "create" {
				most = 4500 // no client can notice a rotation that is later than the client waits
			}
			wait = time.Duration(rapid.IntRange(0, most).Draw(rt, "ms")) * time.Millisecond
			drawn = timed(wait)
		}
		text := fmt.Sprintf("%s: %s %s (times %d, after %d)", at, kind, wait, times, skip)
		faults = append(faults, fault{faultTargets[at](drawn.Repeat(times)).Skipping(skip), at, text})
	}
	return faults
}

// drawClerk draws in what Clerk may differ from what its documents say.
func drawClerk(rt *rapid.T) clerktest.Switches {
	s := clerktest.Switches{}
	if rapid.Bool().Draw(rt, "usual Clerk") {
		return s
	}
	draw(rt, &s.ScopesOrder, "alphabetical", "fixed")
	draw(rt, &s.ForceOfflineAccess, "off")
	draw(rt, &s.PatchWithoutOfflineAccess, "keep", "remove")
	draw(rt, &s.PublicClientSecret, "empty", "absent")
	draw(rt, &s.RotatePublic, "value", "422")
	draw(rt, &s.RotateUpdatedAt, "keep")
	draw(rt, &s.RedirectOrder, "sorted", "reversed")
	draw(rt, &s.NewerFields, "drop", "422")
	draw(rt, &s.DCRForcesConsent, "on")
	draw(rt, &s.TokenInfo, "invalid_client", "legacy", "authenticates_nobody", "refuses_everybody", "lags")
	lag := max(0, rapid.IntRange(-3000, 3000).Draw(rt, "read lag in ms"))
	s.ReadLag = time.Duration(lag) * time.Millisecond
	return s
}

// draw draws one of the values, or the zero value.
func draw[T any](rt *rapid.T, into *T, from ...T) {
	*into = rapid.SampledFrom(append(from, *into)).Draw(rt, fmt.Sprintf("%T", *into))
}
