package acctest

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// TestAccProvider_refused: a provider block that cannot work says why, before a request is sent.
func TestAccProvider_refused(t *testing.T) {
	f := simulated(t)
	var steps []resource.TestStep
	for _, test := range []struct{ key, address, arguments, says string }{
		{"", f.url, "", `Missing\s+Clerk\s+secret\s+key`},
		{"pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", f.url, "", `publishable\s+key`},
		{"sk_test_...", f.url, "", `placeholder`},
		{`"sk_test_quoted"`, f.url, "", `quotation\s+marks`},
		{"CLERK_SECRET_KEY=sk_test_abc", f.url, "", `after\s+the\s+equals\s+sign`},
		{f.key, "http://clerk.example.com", "", `allow_http`},
		{"sk_live_abcdefghijklmnopqrstuvwxyz", "http://clerk.example.com", "allow_http = true", `does\s+not\s+apply\s+to\s+a\s+production\s+key`},
		{f.key, "ftp://api.clerk.com", "", `api_url`},
		{f.key, f.url, `instance_id = "production"`, `An\s+instance\s+id\s+is\s+ins_`},
		{f.key, f.url, `request_timeout = "5 minutes"`, `request_timeout`},
		{f.key, f.url, `max_retries = 21`, `max_retries`},
		{f.key, f.url, `requests_per_10s = 0`, `requests_per_10s`},
	} {
		other := *f.withAddress(test.address)
		steps = append(steps, resource.TestStep{
			Config:      other.configWith(test.key, test.arguments, application(f.name), lookUp("test", `name = "Portal"`)),
			ExpectError: regexp.MustCompile("(?s)" + test.says),
		})
	}
	f.test(steps...)
	if sent := f.RequestLines(); len(sent) > 0 {
		t.Errorf("requests were sent: %q", sent)
	}
}

// withAddress is the fixture's Clerk at another address: its transport reaches it under any name.
func (f *fixture) withAddress(address string) *fixture {
	return &fixture{Server: f.Server, t: f.t, url: address, key: f.key, transport: f.transport, name: f.name}
}

// TestAccProvider_wrongKey: a key that Clerk refuses is explained once, with the address that was
// asked, and the key of another instance is refused when the first application is planned.
func TestAccProvider_wrongKey(t *testing.T) {
	f := simulated(t)
	otherKey, otherID := f.AddInstance(clerktest.Production)
	guard := fmt.Sprintf("instance_id = %q", f.InstanceID())
	f.test(
		resource.TestStep{
			Config:      f.configWith("sk_test_refused", "", application(f.name)),
			ExpectError: regexp.MustCompile(`(?s)Check\s+the\s+provider's\s+secret_key.*Address:\s+http://127\.0\.0\.1`),
		},
		resource.TestStep{
			Config:      f.configWith(otherKey, guard, application(f.name)),
			ExpectError: regexp.MustCompile(`(?s)belongs\s+to\s+instance\s+` + otherID + `,\s+not\s+to\s+` + f.InstanceID()),
			PlanOnly:    true,
		},
		resource.TestStep{
			PreConfig:     func() { f.sent()() },
			Config:        f.configWith(f.key, guard, application(f.name)),
			PostApplyFunc: f.sent(`POST {"name":"NAME"}`),
		},
		// The state says which instance it was, also without the guard.
		resource.TestStep{
			Config:      f.configWith(otherKey, "", application(f.name)),
			ExpectError: regexp.MustCompile(`(?s)` + otherID + `.*` + f.InstanceID() + `|` + f.InstanceID() + `.*` + otherID),
		},
		resource.TestStep{PreConfig: func() { f.sent()() }, Config: f.configWith(f.key, guard, application(f.name))},
	)
}

// TestAccProvider_unknownKey: a key that another resource makes does not stop the plan of a create.
// Where the state has to be read, the message names the argument.
func TestAccProvider_unknownKey(t *testing.T) {
	f := simulated(t)
	config := func(trigger string) string {
		return fmt.Sprintf(requiredProviders+`
resource "terraform_data" "key" {
  input            = %q
  triggers_replace = %q
}

provider "clerk" {
  api_url    = %q
  secret_key = terraform_data.key.output
}
`, f.key, trigger, f.url) + application(f.name)
	}
	f.test(
		resource.TestStep{Config: config("first")},
		resource.TestStep{Config: config("second"), ExpectError: regexp.MustCompile(`(?s)argument\s+secret_key\s+is\s+known\s+only\s+after`)},
		resource.TestStep{Config: config("first")},
	)
}

// TestAccProvider_allowHTTP reaches a simulator in another container, without TLS.
func TestAccProvider_allowHTTP(t *testing.T) {
	f := simulated(t)
	container := f.withAddress("http://clerk-simulator:4010")
	f.test(resource.TestStep{
		Config:        container.configWith(f.key, "allow_http = true", application(f.name)),
		PostApplyFunc: f.sent(`POST {"name":"NAME"}`),
	})
}

// TestAccProvider_preventDuplicateNames: the plan of a create asks, and its error has the command that
// imports what exists.
func TestAccProvider_preventDuplicateNames(t *testing.T) {
	f := simulated(t)
	id := f.Seed(f.name + " e\u0301") // in another normal form
	guarded := func(name string) string {
		return f.configWith(f.key, "prevent_duplicate_names = true", application(name))
	}
	f.test(
		resource.TestStep{
			Config: guarded(f.name + " \u00e9"), PlanOnly: true,
			ExpectError: regexp.MustCompile(`(?s)exists\s+already.*terraform\s+import\s+` + `clerk_oauth_application\.NAME\s+` + id),
		},
		resource.TestStep{
			PreConfig: func() { f.sent()(); f.Delete(id) },
			Config:    guarded(f.name + " \u00e9"),
		},
	)
}
