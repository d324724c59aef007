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
		made, heard := tf.plan(t.Context(), o, verified)
		if strings.Join(made.changes, " ") != "client_secret client_secret_version updated_at" ||
			!heard.say(`"Portal" in the state no longer works`) {
			t.Fatalf("planned %v\n%s", made.changes, heard)
		}
		if heard := tf.run(t.Context(), o, verified); heard.failed() || !tf.hasWorkingSecret(o) {
			t.Errorf("the secret in the state does not work after the rotation:\n%s", heard)
		}
	})
}

// Only a secret that the endpoint has accepted before can be found to be dead.
func TestProtocolVerifyNothingIsKnown(t *testing.T) {
	for name, fault := range map[string]clerktest.Fault{
		"HTML 401":      clerktest.HTML(401),
		"403":           clerktest.ClerkError(403, "forbidden"),
		"404":           clerktest.HTML(404),
		"503":           clerktest.HTML(503),
		"redirect":      clerktest.Redirect(307, "https://elsewhere.example.com/"),
		"no connection": clerktest.ResetBeforeWork(),
		"no answer":     clerktest.NeverAnswers(),
		"not JSON":      clerktest.Raw(200, "application/json", "yes"),
		"429":           clerktest.TooManyRequests("20"),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, tf *terraform) {
				o := &object{kind: application}
				tf.run(t.Context(), o, verified)
				tf.clerk.Inject(fault.On("POST", clerktest.RouteTokenInfo))
				made, heard := tf.plan(t.Context(), o, verified)
				if len(made.changes) > 0 || strings.Count(string(heard), "WARNING: ") != 1 ||
					!heard.say("could not be verified") {
					t.Errorf("planned %v\n%s", made.changes, heard)
				}
			})
		})
	}
}

func TestProtocolVerifyNeverAccepted(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		tf.clerk.Set(clerktest.Switches{TokenInfo: "refuses_everybody"})
		o := &object{kind: application}
		tf.run(t.Context(), o, verified)
		tf.clerk.Rotate(o.str("id"))
		began := time.Now()
		if made, heard := tf.plan(t.Context(), o, verified); len(made.changes) > 0 {
			t.Errorf("planned %v\n%s", made.changes, heard)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the rejection, which decides nothing, cost %s", took)
		}
	})
}
