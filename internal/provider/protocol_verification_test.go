package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

var verified = values{"name": "Portal", "verify_client_secret": true}

func TestProtocolVerifySecretRotatedElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		tf.run(t.Context(), o, verified)
		tf.clerk.Rotate(o.str("id"))
		tf.checkReport(t, o, verified, "")
	})
}

// Only a secret that the endpoint has accepted before can be found to be dead. A refusal that
// decides nothing costs no time.
func TestProtocolVerifyNothingIsKnown(t *testing.T) {
	for name, fault := range map[string]clerktest.Fault{
		"HTML 401":       clerktest.HTML(401),
		"403":            clerktest.ClerkError(403, "forbidden"),
		"404":            clerktest.HTML(404),
		"503":            clerktest.HTML(503),
		"redirect":       clerktest.Redirect(307, "https://elsewhere.example.com/"),
		"no connection":  clerktest.ResetBeforeWork(),
		"no answer":      clerktest.NeverAnswers(),
		"not JSON":       clerktest.Raw(200, "application/json", "yes"),
		"429":            clerktest.TooManyRequests("20"),
		"never accepted": {},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				if name == "never accepted" {
					tf.clerk.Set(clerktest.Switches{TokenInfo: "refuses_everybody"})
				}
				o := &object{kind: application}
				tf.run(t.Context(), o, verified)
				if tf.clerk.Inject(fault.On("POST", clerktest.RouteTokenInfo)); name == "never accepted" {
					tf.clerk.Rotate(o.str("id"))
				}
				began := time.Now()
				made, heard := tf.plan(t.Context(), o, verified)
				took := time.Since(began)
				if len(made.changes) > 0 || strings.Count(string(heard), "WARNING: ") != 1 ||
					!heard.say("could not be verified") || name == "never accepted" && took > 0 {
					t.Errorf("planned %v in %s\n%s", made.changes, took, heard)
				}
			})
		})
	}
}
