package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// configured is a provider block. Its arguments come before the address and key of the environment.
func configured(arguments ...string) string {
	return "provider \"clerk\" {\n  " + strings.Join(arguments, "\n  ") + "\n}\n"
}

func withKey(key string) string { return configured(fmt.Sprintf("secret_key = %q", key)) }

// TestAccProvider_refused: a provider block that cannot work says why, before a request is sent.
func TestAccProvider_refused(t *testing.T) {
	f := simulated(t)
	var steps []resource.TestStep
	for _, test := range []struct{ arguments, says string }{
		{`secret_key = ""`, `Missing Clerk secret key`},
		{`secret_key = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"`, `publishable key`},
		{`secret_key = "sk_test_..."`, `placeholder`},
		{`secret_key = "\"sk_test_quoted\""`, `quotation marks`},
		{`secret_key = "CLERK_SECRET_KEY=sk_test_abc"`, `after the equals sign`},
		{`api_url = "http://clerk.example.com"`, `allow_http`},
		{
			"api_url = \"http://clerk.example.com\"\n  allow_http = true\n  secret_key = \"sk_live_abcdefghijklmnopqrstuvwxyz\"",
			`does not apply to a production key`,
		},
		{`api_url = "ftp://api.clerk.com"`, `api_url`},
		{`instance_id = "production"`, `An instance id is ins_`},
		{`request_timeout = "5 minutes"`, `request_timeout`},
		{`max_retries = 21`, `max_retries`},
		{`requests_per_10s = 0`, `requests_per_10s`},
	} {
		steps = append(steps, resource.TestStep{
			PreConfig:   f.untouched,
			Config:      configured(test.arguments) + f.web() + lookUp("test", `name = "Portal"`),
			ExpectError: fails(test.says),
		})
	}
	f.test(append(steps, resource.TestStep{PreConfig: f.untouched, Config: f.web()})...)
}

// untouched fails the test if the step sent a request.
func (f *fixture) untouched() {
	f.t.Helper()
	if lines := f.RequestLines(); len(lines) > 0 {
		f.t.Errorf("the provider sent %q", lines)
	}
}

// TestAccProvider_wrongKey: a key that Clerk refuses and one of another instance are explained. They
// cost nothing of what is in the state, which also says which instance it was.
func TestAccProvider_wrongKey(t *testing.T) {
	f := simulated(t)
	otherKey, otherID := f.AddInstance(clerktest.Production)
	guard, other := fmt.Sprintf("instance_id = %q", f.InstanceID()), withKey(otherKey)+f.web()
	bothInstances := fails(otherID + ".*" + f.InstanceID() + "|" + f.InstanceID() + ".*" + otherID)
	refused := withKey("sk_test_notTheKeyOfAnything123") + f.web()
	f.test(
		resource.TestStep{
			Config:      refused,
			ExpectError: fails(`Check the provider's secret_key.*Address: http://127\.0\.0\.1`),
		},
		resource.TestStep{
			Config:      configured(guard, fmt.Sprintf("secret_key = %q", otherKey)) + f.web(),
			ExpectError: fails("belongs to instance " + otherID + ", not to " + f.InstanceID()),
			PlanOnly:    true,
		},
		resource.TestStep{
			PreConfig:     f.sent(),
			Config:        configured(guard) + f.web(),
			PostApplyFunc: f.sent(`POST {"name":"NAME"}`),
		},
		resource.TestStep{Config: refused, PlanOnly: true, ExpectError: fails("CLERK_SECRET_KEY.*clerk_key_invalid")},
		resource.TestStep{Config: other, PlanOnly: true, ExpectError: bothInstances},
		resource.TestStep{Config: other, Destroy: true, ExpectError: bothInstances},
		resource.TestStep{
			PreConfig:         f.sent(),
			Config:            f.web(),
			ConfigPlanChecks:  planned(noChange, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
		},
	)
}

// TestAccProvider_unknownKey: a key that another resource makes does not stop the plan of a create.
// Where the state has to be read, the message names the argument.
func TestAccProvider_unknownKey(t *testing.T) {
	f := simulated(t)
	config := func(trigger string) string {
		return configured("secret_key = terraform_data.key.output") + f.web() + fmt.Sprintf(`
resource "terraform_data" "key" {
  input            = %q
  triggers_replace = %q
}
`, secretKey, trigger)
	}
	f.test(
		resource.TestStep{Config: config("first")},
		resource.TestStep{Config: config("second"), ExpectError: fails(`argument secret_key is known only after`)},
		resource.TestStep{Config: config("first")},
	)
}

// TestAccProvider_allowHTTP reaches a simulator in another container, without TLS.
func TestAccProvider_allowHTTP(t *testing.T) {
	f := simulated(t)
	f.test(resource.TestStep{
		Config:        configured(`api_url = "http://clerk-simulator:4010"`, "allow_http = true") + f.web(),
		PostApplyFunc: f.sent(`POST {"name":"NAME"}`),
	})
}

// TestAccProvider_preventDuplicateNames: the plan of a create asks, and its error has the command that
// imports what exists.
func TestAccProvider_preventDuplicateNames(t *testing.T) {
	f := simulated(t)
	id := f.Seed(f.name + " e\u0301") // in another normal form
	guarded := configured("prevent_duplicate_names = true") + application(f.name+" \u00e9")
	f.test(
		resource.TestStep{
			Config: guarded, PlanOnly: true,
			ExpectError: fails(`exists already.*terraform import clerk_oauth_application\.NAME ` + id),
		},
		resource.TestStep{
			PreConfig: func() { f.sent()(); f.Delete(id) },
			Config:    guarded,
		},
	)
}
