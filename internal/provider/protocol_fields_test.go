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

// onlyTerraform are the attributes that Clerk does not report.
var onlyTerraform = []string{
	"client_secret", "client_secret_version", "client_secret_encrypted", "encrypt_client_secret_to",
	"verify_client_secret", "rotate_secret_trigger", "deletion_protection", "logo_path", "logo_sha256", "timeouts",
}

// A field of Clerk's API is stated in several places: CONTRIBUTING lists them under "Add a field
// of the API". This test fails if one of them is forgotten, whichever it is.
func TestProtocolFields(t *testing.T) {
	for kind, route := range map[string]string{application: clerktest.RouteApplication, settings: clerktest.RouteSettings} {
		inSubtest(t, kind, func(t *testing.T, tf *terraform) {
			o, sent, answer := &object{kind: kind}, values{}, values{}
			tf.clerk.Inject(clerktest.Changed(func(body map[string]any) { answer = maps.Clone(body) }).On("GET", route))
			for _, on := range []bool{true, false} {
				tf.clerk.ResetRequests()
				sample := sampleOf(kind, on)
				if heard := tf.run(t.Context(), o, sample); heard.failed() {
					t.Fatal(heard)
				}
				for _, r := range tf.written() {
					maps.Copy(sent, r.JSON)
				}
				if got, want := namesOf(sent), namesOf(sample); !on && !slices.Equal(got, want) {
					t.Errorf("%v are sent, and %v configured", got, want)
				}
				p := tf.process(t.Context())
				p.read(o)
				checkAnswer(t, "resource", answer, o, o.state)
				if kind == settings {
					continue
				}
				one, _ := p.data(application, values{"id": o.str("id")})
				many, _ := p.data(application+"s", values{})
				_, listed, _ := p.list(values{}, 10)
				list, _ := many["oauth_applications"].([]any)
				if len(list) != 1 || len(listed) != 1 {
					t.Fatalf("found %v and %v", list, listed)
				}
				checkAnswer(t, "data source", answer, o, one)
				checkAnswer(t, "data sources", answer, o, list[0].(map[string]any))
				checkAnswer(t, "list resource", answer, o, listed[0].state)
				// What is null so far gets a value before the second configuration.
				tf.clerk.Edit(o.str("id"), func(a *clerktest.Application) {
					a.ClientURI, a.ClientImageURL = new("https://client.example.com"), new("https://img.example.com/logo")
				})
			}
		})
	}
}

// sampleOf has a value for each argument that is a field of the API.
func sampleOf(kind string, on bool) values {
	sample := values{}
	for _, attribute := range schemas.ResourceSchemas[kind].Block.Attributes {
		switch name := attribute.Name; {
		case !attribute.Optional && !attribute.Required, slices.Contains(onlyTerraform, name):
		case attribute.Type.Is(tftypes.Bool):
			sample[name] = on
		case attribute.Type.Is(tftypes.String):
			sample[name] = fmt.Sprint("Portal ", on)
		case name == "scopes":
			sample[name] = []string{"email", "offline_access"}
		case name == "default_scopes":
			sample[name] = []string{"openid"}
		default:
			sample[name] = []string{"com.example:/cb", fmt.Sprintf("https://%t.example.com/cb", on)}
		}
	}
	return sample
}

// checkAnswer compares what a part of the provider says of an object with Clerk's answer, in both
// directions. The settings' id is that of the instance, which the answer does not have.
func checkAnswer(t *testing.T, part string, answer values, o *object, state values) {
	t.Helper()
	delete(answer, "object")
	var reported []string
	for _, attribute := range schemas.ResourceSchemas[o.kind].Block.Attributes {
		name := attribute.Name
		if !slices.Contains(onlyTerraform, name) && (name != "id" || o.kind == application) {
			reported = append(reported, name)
		}
	}
	if got := namesOf(answer); !slices.Equal(got, reported) {
		t.Errorf("%s: Clerk answers %v, and the attributes are %v", part, got, reported)
	}
	for name, value := range answer {
		switch text, _ := value.(string); {
		case name == "scopes":
			value = slices.Sorted(strings.FieldsSeq(text))
		case strings.HasSuffix(name, "_at"):
			value = time.UnixMilli(int64(value.(float64))).UTC().Format("2006-01-02T15:04:05.000Z07:00")
		}
		if got := state[name]; fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("%s: %s is %v, and Clerk answers %v", part, name, got, value)
		}
	}
}
