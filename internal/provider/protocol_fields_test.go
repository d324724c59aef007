package provider_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// A field of Clerk's API is stated in several places: CONTRIBUTING lists them under "Add a field
// of the API". The tests of this file fail if one of them is forgotten, whichever it is.

// onlyTerraform are the attributes of an application that Clerk does not report.
var onlyTerraform = []string{
	"client_secret", "client_secret_version", "client_secret_encrypted", "encrypt_client_secret_to",
	"verify_client_secret",
	"rotate_secret_trigger", "deletion_protection", "logo_path", "logo_sha256", "timeouts",
}

// A value for each attribute that can be configured, and another one. None of the settings is
// Clerk's default, because only differences are sent.
var (
	applicationFirst = values{
		"name": "First", "redirect_uris": []string{"https://a.example.com/cb", "com.example:/cb"},
		"scopes": []string{"openid", "offline_access"}, "consent_screen_enabled": false,
		"pkce_required": true, "public": true, "device_authorization_grant_enabled": true,
	}
	applicationSecond = values{
		"name": "Second", "redirect_uris": []string{"https://b.example.com/cb"},
		"scopes": []string{"profile", "offline_access"}, "consent_screen_enabled": true,
		"pkce_required": false, "public": false, "device_authorization_grant_enabled": false,
	}
	settingsFirst = values{
		"dynamic_oauth_client_registration": true, "default_scopes": []string{"openid", "email"},
		"oauth_jwt_access_tokens":                                        false,
		"client_id_metadata_documents_advertised":                        true,
		"client_id_metadata_documents_only_allow_pre_registered_clients": true,
		"client_id_metadata_documents_block_implicitly_allowed_clients":  true,
		"aud_claim_enabled":                                              true, "pkce_required": true,
	}
)

func TestProtocolFieldsOfApplication(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o, all := &object{kind: application}, attributeNames(schemas().ResourceSchemas[application])
		reported := slices.DeleteFunc(slices.Clone(all), func(name string) bool {
			return slices.Contains(onlyTerraform, name)
		})
		for _, config := range []values{applicationFirst, applicationSecond} {
			tf.checkSent(t, o, config, onlyTerraform)
			answer := tf.ask(t, "/oauth_applications/"+o.str("id"))
			checkAnswer(t, "the resource", answer, o.state, all, onlyTerraform)

			p := tf.process(t.Context())
			one, _ := p.data(application, values{"id": o.str("id")})
			result, _ := p.data(application+"s", values{})
			_, found, _ := p.list(values{}, 10)
			if many, _ := result["oauth_applications"].([]any); len(many) == 1 {
				found = append(found, many[0].(values), one)
			}
			if len(found) != 3 {
				t.Fatalf("found %v", found)
			}
			for i, state := range found {
				what := []string{"the list resource", "clerk_oauth_applications", "clerk_oauth_application"}[i]
				checkAnswer(t, what, answer, state, reported, nil)
			}
			// What is null so far gets a value before the second configuration.
			tf.clerk.Edit(o.str("id"), func(a *clerktest.Application) {
				a.ClientURI, a.ClientImageURL = "https://client.example.com", "https://img.example.com/logo"
			})
		}
	})
}

func TestProtocolFieldsOfSettings(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		tf.checkSent(t, o, settingsFirst, nil)
		answer := tf.ask(t, "/instance/oauth_application_settings")
		all := attributeNames(schemas().ResourceSchemas[settings])
		checkAnswer(t, "the settings", answer, o.state, all, []string{"id"})
	})
}

func attributeNames(schema *tfprotov6.Schema) (names []string) {
	for _, attribute := range schema.Block.Attributes {
		names = append(names, attribute.Name)
	}
	return names
}

// checkSent applies a sample, and fails if a field of the API that can be configured has no
// value in it, or if a configured value was not sent.
func (t *terraform) checkSent(tb testing.TB, o *object, sample values, except []string) {
	tb.Helper()
	for _, attribute := range schemas().ResourceSchemas[o.kind].Block.Attributes {
		configurable := attribute.Optional || attribute.Required
		if configurable == (sample[attribute.Name] == nil) && !slices.Contains(except, attribute.Name) {
			tb.Errorf("%s: give %s a value in the samples of this test", o.kind, attribute.Name)
		}
	}
	t.clerk.ResetRequests()
	if heard := t.run(tb.Context(), o, sample); heard.failed() {
		tb.Fatal(heard)
	}
	sent := values{}
	for _, r := range t.written() {
		maps.Copy(sent, r.JSON)
	}
	if got, want := namesOf(sent), namesOf(sample); !slices.Equal(got, want) {
		tb.Errorf("%v are sent, and %v configured", got, want)
	}
}

// ask returns an object as Clerk answers it.
func (t *terraform) ask(tb testing.TB, route string) (answer values) {
	tb.Helper()
	request := must(http.NewRequestWithContext(tb.Context(), http.MethodGet, t.clerk.URL()+route, nil))
	request.Header.Set("Authorization", "Bearer "+t.clerk.Key())
	response := must(t.transport.RoundTrip(request))
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		tb.Fatal(response.Status, err)
	}
	delete(answer, "object")
	return answer
}

// checkAnswer compares a state with Clerk's answer, in both directions. The attributes that
// Clerk's API does not have are the exception.
func checkAnswer(t *testing.T, what string, answer, state values, attributes, exceptions []string) {
	t.Helper()
	for name, value := range answer {
		if !slices.Contains(attributes, name) {
			t.Errorf("%s has no attribute for %s, which Clerk answers", what, name)
		} else if want := asAttribute(name, value); !reflect.DeepEqual(state[name], want) {
			t.Errorf("%s: %s is %v, and Clerk answers %v", what, name, state[name], want)
		}
	}
	for _, name := range attributes {
		if _, answered := answer[name]; !answered && !slices.Contains(exceptions, name) {
			t.Errorf("%s has the attribute %s, which the simulator's answer lacks", what, name)
		}
	}
}

// asAttribute is a value of Clerk's JSON as the provider's attribute has it.
func asAttribute(name string, value any) any {
	switch value := value.(type) {
	case float64:
		return time.UnixMilli(int64(value)).UTC().Format("2006-01-02T15:04:05.000Z07:00")
	case []any:
		return sorted(value)
	case string:
		if name != "scopes" {
			return value
		}
		var set []any
		for scope := range strings.FieldsSeq(value) {
			set = append(set, scope)
		}
		return sorted(set)
	}
	return value
}
