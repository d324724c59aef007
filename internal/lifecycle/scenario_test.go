package lifecycle

import (
	"net/http"
	"slices"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A scenario is the life of one OAuth application, step by step. It is the one
// language of this package, for what goes well (scenario_list_test.go), for what the
// provider must refuse (scenario_refusals_test.go), and for faults (fault_…_test.go).
// Three runners run it:
//
//   - scenario_protocol_test.go, in this process over the plugin protocol and in virtual
//     time, under every switch of the simulator that concerns it;
//   - scenario_engine_test.go, with terraform and tofu;
//   - scenario_live_test.go, against Clerk itself.
//
// Each sees plans, requests, messages and states in its own way and hands them to the
// checks in scenario_checks_test.go, so that all of them ask for the same. What no step
// needs to say is checked after each: see [run.checkAfter].
type scenario struct {
	name     string
	given    values             // an application that someone has created in the dashboard before
	provider values             // arguments of the provider block, in every step
	switches clerktest.Switches // it runs under these alone, if it is about them
	steps    []step

	// A scenario of a fault runs under one setting of the simulator. Unknown values and
	// warnings of its plans are checked only if a step has them.
	fault bool
	// With fault: one for each result that a fault can have, for the engines too.
	withEngines bool

	simulatorOnly string // why Clerk itself cannot play its part
}

// A step is one run of Terraform: plan, apply, and a second plan that is empty.
type step struct {
	does string // what the step is about

	// What happens, in this order.
	behind   []act             // outside of Terraform, before the plan
	faults   []clerktest.Fault // what goes wrong, from the plan on
	config   values            // of the resource block; none if nil
	again    bool              // the configuration of the step before
	provider values            // more arguments of the provider block
	adopt    adoptee           // with an import block
	destroy  bool
	reads    []lookup                                        // data sources beside the resource
	between  []act                                           // outside of Terraform, between plan and apply
	through  func(*run, http.RoundTripper) http.RoundTripper // what stands between the provider and Clerk

	// What the plan must be. Warnings are regular expressions, one for each.
	plan    prototest.Action // empty: the plan fails
	changed string           // exactly these attributes, of an update
	unknown string           // exactly these, of an update; of a creation only if not empty
	warns   []string

	// What the apply must do.
	sends     []string // all requests but GETs, in order; one without a body matches every body
	silent    bool     // not even a GET
	warnsLate []string
	fails     string        // regular expression: the only error, of plan or apply
	failsAt   string        // the attribute it stands on
	within    time.Duration // from the interrupt, which there must be, to the end

	// What must be there afterwards.
	state   values // among other attributes
	secret  secretFate
	others  int  // applications at Clerk that are not in the state; a message has named each by its id
	unnamed bool // … or could not
	pending bool // the next plan is not empty; the next step says what it is
	check   func(*run)
}

type values = prototest.Values

// Short names for what the tables are full of.
const (
	noOp      = prototest.NoOp
	create    = prototest.Create
	update    = prototest.Update
	replace   = prototest.Replace
	destroyed = prototest.Delete
)

// A secretFate is what becomes of the secret in the state, encrypted or not.
type secretFate string

const (
	secretKept     secretFate = ""         // as it was: the same one, or none
	secretMade     secretFate = "made"     // another one, and the one that works
	secretWorks    secretFate = "works"    // the one that works, whether another or not
	secretNone     secretFate = "none"     // null, or nothing is in the state
	secretOutdated secretFate = "outdated" // one that works no more
)

// An adoptee names the application of an import block: that of the scenario by one
// of the three ways to name it, or another by a text.
type adoptee struct{ by, text string }

var (
	byID       = adoptee{by: "id"}
	byClientID = adoptee{by: "client_id"}
	byIdentity = adoptee{by: "identity"}
)

func byText(text string) adoptee { return adoptee{by: "text", text: text} }

// A lookup is a data source. What it reads must agree with the resource; it must
// find this many applications if it is the list.
type lookup struct {
	typeName string
	config   values
	finds    int
}

// Values that a runner replaces.
type (
	later    string   // known after apply only, and then this text
	inDir    string   // path of a file in the directory of the scenario
	ref      string   // that attribute of the resource
	otherKey struct{} // secret key of another instance
)

// Matchers in step.state.
type (
	like     string // a text that the regular expression matches
	scopesOf string // a set of scopes, whether or not Clerk has added offline_access
)

// Lines of requests, as in step.sends. Without a body they match every body.
const (
	sendsCreate = "POST /oauth_applications"
	sendsUpdate = "PATCH /oauth_applications/{id}"
	sendsRotate = "POST /oauth_applications/{id}/rotate_secret"
	sendsLogo   = "PUT /oauth_applications/{id}/logo (multipart)"
	sendsDelete = "DELETE /oauth_applications/{id}"
)

func sendsCreateOf(body string) string { return sendsCreate + " " + body }
func sendsUpdateOf(body string) string { return sendsUpdate + " " + body }

func (sc scenario) stepIndex(does string) int {
	return slices.IndexFunc(sc.steps, func(s step) bool { return s.does == does })
}

// hasFailures reports whether a step is meant to fail.
func (sc scenario) hasFailures() bool {
	return slices.ContainsFunc(sc.steps, func(s step) bool { return s.fails != "" })
}

// editsPastAPI reports whether a step has an act that is marked pastAPI.
func (sc scenario) editsPastAPI() bool {
	return slices.ContainsFunc(sc.steps, func(s step) bool {
		return slices.ContainsFunc(slices.Concat(s.behind, s.between), func(a act) bool { return a.pastAPI })
	})
}

// needsIdentity reports whether an engine without resource identities cannot run it.
func (sc scenario) needsIdentity() bool {
	return slices.ContainsFunc(sc.steps, func(s step) bool { return s.adopt == byIdentity })
}

// disturbs reports whether the provider of the step may not serve after it.
func (s step) disturbs() bool { return len(s.faults) > 0 || s.through != nil || s.within > 0 }
