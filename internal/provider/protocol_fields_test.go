package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A field of Clerk's API is stated in several places: CONTRIBUTING lists them under "Add a field
// of the API". The tests of this file fail if one of them is forgotten, whichever it is.

// onlyTerraform are the attributes that Clerk does not report.
var onlyTerraform = []string{
	"client_secret", "client_secret_version", "client_secret_encrypted", "encrypt_client_secret_to",
	"verify_client_secret", "rotate_secret_trigger", "deletion_protection", "logo_path",
	"logo_sha256", "timeouts",
}

func TestProtocolFieldsOfApplication(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: application}
		var sent, answer values
		tf.clerk.Inject(clerktest.Changed(func(body map[string]any) { answer = maps.Clone(body) }).OnRead())
		for _, on := range []bool{true, false} {
			sent = tf.checkSent(t, o, on, sent)
			p := tf.process(t.Context())
			p.read(o)
			one, _ := p.data(application, values{"id": o.str("id")})
			many, _ := p.data(application+"s", values{})
			_, found, _ := p.list(values{}, 10)
			list, _ := many["oauth_applications"].([]any)
			if len(found) != 1 || len(list) != 1 {
				t.Fatalf("found %v and %v", found, list)
			}
			for what, state := range map[string]values{
				"the list resource": found[0].state, "the data sources": list[0].(map[string]any),
				"the data source": one, "the resource": o.state,
			} {
				checkAnswer(t, what, answer, state, reported(application))
			}
			// What is null so far gets a value before the second configuration.
			tf.clerk.Edit(o.str("id"), func(a *clerktest.Application) {
				a.ClientURI, a.ClientImageURL = new("https://client.example.com"), new("https://img.example.com/logo")
			})
		}
	})
}

func TestProtocolFieldsOfSettings(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		var sent, answer values
		tf.clerk.Inject(clerktest.Changed(func(body map[string]any) { answer = maps.Clone(body) }).
			On("GET", clerktest.RouteSettings))
		for _, on := range []bool{true, false} {
			sent = tf.checkSent(t, o, on, sent)
			tf.process(t.Context()).read(o)
			checkAnswer(t, "the settings", answer, o.state, reported(settings))
		}
	})
}

// reported are the attributes that Clerk reports. The settings' id is that of the instance.
func reported(kind string) (names []string) {
	for _, attribute := range schemas.ResourceSchemas[kind].Block.Attributes {
		isID := attribute.Name == "id" && kind == settings
		if !isID && !slices.Contains(onlyTerraform, attribute.Name) {
			names = append(names, attribute.Name)
		}
	}
	slices.Sort(names)
	return names
}

// checkSent applies a value for each argument that is a field of the API, and fails if one was
// sent neither now nor before.
func (t *terraform) checkSent(tb testing.TB, o *object, on bool, before values) (sent values) {
	tb.Helper()
	sample := values{}
	for _, attribute := range schemas.ResourceSchemas[o.kind].Block.Attributes {
		switch name := attribute.Name; {
		case !attribute.Optional && !attribute.Required, slices.Contains(onlyTerraform, name):
		case attribute.Type.Is(tftypes.Bool):
			sample[name] = on
		case attribute.Type.Is(tftypes.String):
			sample[name] = fmt.Sprint("Portal ", on)
		case name == "scopes":
			sample[name] = []string{"offline_access", "openid"}
			if !on {
				sample[name] = []string{"email", "offline_access"}
			}
		case name == "default_scopes":
			sample[name] = []string{"openid"}
		default:
			sample[name] = []string{"com.example:/cb", fmt.Sprintf("https://%t.example.com/cb", on)}
		}
	}
	t.clerk.ResetRequests()
	if heard := t.run(tb.Context(), o, sample); heard.failed() {
		tb.Fatal(heard)
	}
	sent = merged(before)
	for _, r := range t.written() {
		maps.Copy(sent, r.JSON)
	}
	if got, want := namesOf(sent), namesOf(sample); !on && !slices.Equal(got, want) {
		tb.Errorf("%v are sent, and %v configured", got, want)
	}
	return sent
}

// checkAnswer compares a state with Clerk's answer, in both directions.
func checkAnswer(tb testing.TB, what string, answer, state values, reported []string) {
	tb.Helper()
	delete(answer, "object")
	if got := namesOf(answer); !slices.Equal(got, reported) {
		tb.Errorf("%s: Clerk answers %v, and the attributes are %v", what, got, reported)
	}
	for name, value := range answer {
		if want := asAttribute(name, value); fmt.Sprint(state[name]) != fmt.Sprint(want) {
			tb.Errorf("%s: %s is %v, and Clerk answers %v", what, name, state[name], want)
		}
	}
}

// asAttribute is a value of Clerk's JSON as the provider's attribute has it.
func asAttribute(name string, value any) any {
	switch value := value.(type) {
	case float64:
		return time.UnixMilli(int64(value)).UTC().Format("2006-01-02T15:04:05.000Z07:00")
	case string:
		if name == "scopes" {
			return slices.Sorted(strings.FieldsSeq(value))
		}
	}
	return value
}
