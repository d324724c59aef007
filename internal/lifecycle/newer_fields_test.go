package lifecycle

import (
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestProtocolNewerFields sets the fields that are newer than Clerk's document, on
// every kind of Clerk. They are never sent unless they are configured.
func TestProtocolNewerFields(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		fields clerktest.NewerFields
		served bool
		says   string // of an update that asks for them; "" where it succeeds
	}{
		{"served", clerktest.NewerFieldsServed, true, ""},
		{"dropped", clerktest.NewerFieldsDropped, false, "different value for .*: sent true, Clerk has no value"},
		{"refused", clerktest.NewerFieldsRefused, false, "is not a valid parameter"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := clerktest.New(t, clerktest.WithSwitches(clerktest.Switches{NewerFields: test.fields}))
			p := newProvider(t, server)
			for _, object := range []struct {
				typeName, attribute string
				config              prototest.Values
			}{
				{applicationType, "device_authorization_grant_enabled", prototest.Values{"name": "tv"}},
				{settingsType, "aud_claim_enabled", prototest.Values{}},
				{settingsType, "pkce_required", prototest.Values{}},
			} {
				resource := p.Resource(object.typeName)
				resource.Apply(object.config)
				if state := resource.State(); state.IsNull(object.attribute) == test.served || test.served && state.Bool(object.attribute) {
					t.Errorf("%s is %v at first", object.attribute, state.Get(object.attribute))
				}
				resource.AssertNoChanges(object.config)
				for _, request := range server.Requests() {
					if strings.Contains(string(request.Body), object.attribute) {
						t.Errorf("%s was sent: %s", object.attribute, request.Body)
					}
				}

				ds := resource.TryApply(t.Context(), with(object.config, prototest.Values{object.attribute: true}))
				switch at := ds.At(object.attribute); {
				case test.says == "" && (ds.HasError() || !resource.State().Bool(object.attribute)):
					t.Errorf("%s could not be set: %s", object.attribute, ds)
				case test.says != "" && !regexp.MustCompile("(?s)"+test.says+".*beta feature: Clerk must switch it on").MatchString(at.String()):
					t.Errorf("%s: the error is %s", object.attribute, ds)
				}
				server.ResetRequests()
			}
		})
	}
}
