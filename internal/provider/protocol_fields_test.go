package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
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
		o := &object{kind: application}
		checkSample(t, application, onlyTerraform, applicationFirst, applicationSecond)
		for _, config := range []values{applicationFirst, applicationSecond} {
			tf.clerk.ResetRequests()
			if heard := tf.run(t.Context(), o, config); heard.failed() {
				t.Fatal(heard)
			}
			checkSent(t, tf.clerk.Requests(), config)
			answer := tf.ask(t, "/oauth_applications/"+o.str("id"))
			all := attributeNames(schemas().ResourceSchemas[application])
			checkAnswer(t, "the resource", answer, o.state, all, onlyTerraform)

			p, _ := tf.process(t.Context())
			reported := slices.DeleteFunc(all, func(name string) bool { return slices.Contains(onlyTerraform, name) })
			one, heard := p.data(application, values{"id": o.str("id")})
			checkAnswer(t, "clerk_oauth_application"+heard.String(), answer, one, reported, nil)
			result, heard := p.data("clerk_oauth_applications", values{})
			list, _ := result["oauth_applications"].([]any)
			if len(list) != 1 {
				t.Fatalf("clerk_oauth_applications lists %v\n%s", list, heard)
			}
			listed, _ := list[0].(values)
			checkAnswer(t, "clerk_oauth_applications", answer, listed, reported, nil)
			_, found, heard := p.list(values{}, 10)
			if len(found) != 1 {
				t.Fatalf("the list resource finds %v\n%s", found, heard)
			}
			checkAnswer(t, "the list resource", answer, found[0], reported, nil)

			// What is null so far gets a value before the second configuration.
			tf.clerk.Edit(o.str("id"), func(a *clerktest.Application) {
				a.ClientURI, a.ClientImageURL = "https://client.example.com", "https://img.example.com/logo"
			})
		}
		checkDocumented(t, "resources/oauth_application.md", schemas().ResourceSchemas[application])
		checkDocumented(t, "data-sources/oauth_application.md", schemas().DataSourceSchemas[application])
	})
}

func TestProtocolFieldsOfSettings(t *testing.T) {
	inBubble(t, func(t *testing.T, tf *terraform) {
		o := &object{kind: settings}
		checkSample(t, settings, nil, settingsFirst)
		if heard := tf.run(t.Context(), o, settingsFirst); heard.failed() {
			t.Fatal(heard)
		}
		checkSent(t, tf.clerk.Requests(), settingsFirst)
		answer, schema := tf.ask(t, "/instance/oauth_application_settings"), schemas().ResourceSchemas[settings]
		checkAnswer(t, "the settings", answer, o.state, attributeNames(schema), []string{"id"})
		checkDocumented(t, "resources/oauth_application_settings.md", schema)
	})
}

func attributeNames(schema *tfprotov6.Schema) (names []string) {
	for _, attribute := range schema.Block.Attributes {
		names = append(names, attribute.Name)
	}
	return names
}

// checkSample fails if a field of the API can be configured and has no value in a sample.
func checkSample(t *testing.T, kind string, except []string, samples ...values) {
	t.Helper()
	for _, attribute := range schemas().ResourceSchemas[kind].Block.Attributes {
		configurable := (attribute.Optional || attribute.Required) && !slices.Contains(except, attribute.Name)
		for _, sample := range samples {
			if _, ok := sample[attribute.Name]; ok != configurable {
				t.Errorf("%s: give %s a value in the samples of this test", kind, attribute.Name)
			}
		}
	}
}

// checkSent fails if a configured value was not sent.
func checkSent(t *testing.T, requests []clerktest.Request, config values) {
	t.Helper()
	for name := range config {
		if !slices.ContainsFunc(requests, func(r clerktest.Request) bool { _, sent := r.JSON[name]; return sent }) {
			t.Errorf("%s is configured, and no request has it", name)
		}
	}
}

// ask returns an object as Clerk answers it.
func (t *terraform) ask(tb testing.TB, route string) values {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, t.clerk.URL()+route, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+t.clerk.Key())
	response, err := t.transport.RoundTrip(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	var answer values
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
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
		slices.SortFunc(value, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return value
	case string:
		if name != "scopes" {
			return value
		}
		var set []any
		for _, scope := range slices.Sorted(strings.FieldsSeq(value)) {
			set = append(set, scope)
		}
		return set
	}
	return value
}

// checkDocumented fails if a page lacks an attribute.
func checkDocumented(t *testing.T, page string, schema *tfprotov6.Schema) {
	t.Helper()
	text := string(must(os.ReadFile("../../docs/" + page)))
	for _, name := range attributeNames(schema) {
		if !strings.Contains(text, "- `"+name+"` (") {
			t.Errorf("docs/%s lacks %s: run make generate", page, name)
		}
	}
}
