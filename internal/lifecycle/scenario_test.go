package lifecycle

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"filippo.io/age"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// A scenario is the life of one OAuth application, told step by step. What there is
// to tell is in scenario_list_test.go, what the provider must refuse in
// scenario_refusals_test.go, and where a switch of the simulator changes the course of
// things in scenario_switches_test.go. Three runners tell it:
//
//   - scenario_protocol_test.go, in this process over the plugin protocol, under
//     every switch of the simulator that concerns it;
//   - scenario_acceptance_test.go, with terraform and tofu;
//   - scenario_live_test.go, against Clerk itself.
//
// Each sees plans, requests and states in its own way and hands them to the checks in
// scenario_checks_test.go, so that all of them ask for the same.
type scenario struct {
	name  string
	given values // an application that somebody has made in the dashboard before
	steps []step

	simulatorOnly string // why Clerk itself cannot play its part
	protocolOnly  string // why a CLI cannot
}

// A step is one run of Terraform: plan, apply, and a second plan that is empty.
type step struct {
	does string // what the step is about

	// What happens, in this order.
	behind   []act   // outside of Terraform, before the plan
	config   values  // of the resource block; none if nil
	provider values  // of the provider block, in place of the usual arguments
	adopt    adoptee // with an import block
	destroy  bool
	reads    []lookup // data sources beside the resource
	between  []act    // outside of Terraform, between plan and apply

	// What the plan must be. Warnings are regular expressions, one for each.
	plan    prototest.Action // empty: the plan fails
	changed string           // exactly these attributes, of an update
	unknown string           // exactly these, of an update; of a creation only if not empty
	warns   []string

	// What the apply must do.
	sends     []string // all requests but GETs, in order
	silent    bool     // not even a GET
	warnsLate []string
	fails     string // regular expression: the only error, of plan or apply
	failsAt   string // the attribute it stands on

	// What must be there afterwards.
	state   values // among other attributes
	secret  secretFate
	pending bool // the next plan is not empty; the next step tells what it is
}

type values = prototest.Values

// A secretFate is what a step does to the secret in the state, sealed or not.
type secretFate string

const (
	secretKept     secretFate = ""         // as it was: the same one, or none
	secretMade     secretFate = "made"     // another one, and the one that works
	secretNone     secretFate = "none"     // null
	secretOutdated secretFate = "outdated" // the same one, which works no more
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

// An act is something that happens outside of Terraform.
type act struct {
	simulated bool // Clerk cannot be made to do it
	pastAPI   bool // it changes more of an application than its scopes, without a request
	do        func(*story)
}

// edited changes fields of the application in the dashboard, as Clerk names them.
func edited(fields values) act {
	return act{do: func(s *story) { s.dashboard("PATCH", "/"+s.id, s.resolve(fields)) }}
}

func deleted() act {
	return act{do: func(s *story) { s.dashboard("DELETE", "/"+s.id, nil) }}
}

func rotated() act {
	return act{do: func(s *story) { s.dashboard("POST", "/"+s.id+"/rotate_secret", nil) }}
}

// forcedScopes stores scopes as they are, where Clerk would add offline_access.
func forcedScopes(scopes string) act {
	return act{simulated: true, do: func(s *story) {
		s.simulator.Edit(s.id, func(app *clerktest.Application) { app.Scopes = scopes })
	}}
}

func injected(fault clerktest.Fault) act {
	return act{simulated: true, do: func(s *story) { s.simulator.Inject(fault) }}
}

func customScope(name string) act {
	return act{simulated: true, do: func(s *story) { s.simulator.AddCustomScope(name) }}
}

func customScopeDeleted(name string) act {
	return act{simulated: true, do: func(s *story) { s.simulator.DeleteCustomScope(name) }}
}

func simulated(do func(*story)) act { return act{simulated: true, pastAPI: true, do: do} }

// fileWritten puts a file into the scenario's directory.
func fileWritten(file string, content []byte) act {
	return act{do: func(s *story) {
		if err := os.WriteFile(filepath.Join(s.dir, file), content, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}}
}

func fileRemoved(file string) act {
	return act{do: func(s *story) {
		if err := os.Remove(filepath.Join(s.dir, file)); err != nil {
			s.t.Fatal(err)
		}
	}}
}

// tainted marks the application as to be replaced.
func tainted() act { return act{do: func(s *story) { s.resource.Taint() }} }

func untainted() act { return act{do: func(s *story) { s.resource.Untaint() }} }

// Lines of requests, as step.sends has them.
const (
	sendsRotate = "POST /oauth_applications/{id}/rotate_secret"
	sendsLogo   = "PUT /oauth_applications/{id}/logo (multipart)"
	sendsDelete = "DELETE /oauth_applications/{id}"
)

func sendsCreate(body string) string { return "POST /oauth_applications " + body }
func sendsUpdate(body string) string { return "PATCH /oauth_applications/{id} " + body }

// with is values and more values.
func with(base, more values) values {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

func (told scenario) stepIndex(does string) int {
	return slices.IndexFunc(told.steps, func(s step) bool { return s.does == does })
}

// hasFailures tells whether a step is meant to fail.
func (told scenario) hasFailures() bool {
	return slices.ContainsFunc(told.steps, func(s step) bool { return s.fails != "" })
}

// editsPastAPI reports whether a step has an act that is marked pastAPI.
func (told scenario) editsPastAPI() bool {
	return slices.ContainsFunc(told.steps, func(s step) bool {
		return slices.ContainsFunc(slices.Concat(s.behind, s.between), func(a act) bool { return a.pastAPI })
	})
}

// needsIdentity tells whether an engine without resource identities cannot tell it.
func (told scenario) needsIdentity() bool {
	return slices.ContainsFunc(told.steps, func(s step) bool { return s.adopt == byIdentity })
}

// pngImage makes a small image, another one for each shade.
func pngImage(shade uint8) []byte {
	picture := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range picture.Pix {
		picture.Pix[i] = color.Gray{Y: shade}.Y
	}
	var encoded bytes.Buffer
	_ = png.Encode(&encoded, picture) // to memory
	return encoded.Bytes()
}

// Two who may read a sealed secret.
var alice, bob = newIdentity(), newIdentity()

func newIdentity() *age.X25519Identity {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return identity
}

func sealedTo(identities ...*age.X25519Identity) []string {
	var recipients []string
	for _, identity := range identities {
		recipients = append(recipients, identity.Recipient().String())
	}
	return recipients
}
