package provider

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// secretArguments hold a secret, or may hold one by mistake. The engine prints the line
// of the configuration below a diagnostic with the path of an argument, so none of their
// diagnostics has a path.
var secretArguments = []string{
	"secret_key", "api_url", "client_secret", "client_secret_encrypted", "encrypt_client_secret_to",
	"ciphertext", "identity", "plaintext",
}

// A validator of the library gives its diagnostics a path.
func TestSecretArgumentsHaveNoOtherValidators(t *testing.T) {
	t.Parallel()
	for schema, attributes := range schemaAttributes(t) {
		for _, key := range reflect.ValueOf(attributes).MapKeys() {
			name := key.String()
			attribute := reflect.ValueOf(attributes).MapIndex(key).Elem()
			secret := slices.Contains(secretArguments, name)
			if sensitive := attribute.FieldByName("Sensitive"); sensitive.IsValid() && sensitive.Bool() && !secret {
				t.Errorf("%s of %s is sensitive, and not among the arguments that hold a secret", name, schema)
			}
			validators := attribute.FieldByName("Validators")
			for i := 0; secret && i < validators.Len(); i++ {
				if _, ok := reflect.TypeAssert[recipientsValidator](validators.Index(i)); !ok {
					t.Errorf("%s of %s has the validator %s", name, schema, validators.Index(i))
				}
			}
		}
	}
}

// schemaAttributes are the attributes of every schema that has arguments.
func schemaAttributes(t *testing.T) map[string]any {
	t.Helper()
	all := map[string]any{}
	p := &clerkProvider{version: "test"}
	var ofProvider provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &ofProvider)
	all["the provider"] = ofProvider.Schema.Attributes
	for i, create := range p.Resources(t.Context()) {
		var response resource.SchemaResponse
		create().Schema(t.Context(), resource.SchemaRequest{}, &response)
		all[fmt.Sprintf("resource %d", i)] = response.Schema.Attributes
	}
	for i, create := range p.DataSources(t.Context()) {
		var response datasource.SchemaResponse
		create().Schema(t.Context(), datasource.SchemaRequest{}, &response)
		all[fmt.Sprintf("data source %d", i)] = response.Schema.Attributes
	}
	for i, create := range p.EphemeralResources(t.Context()) {
		var response ephemeral.SchemaResponse
		create().Schema(t.Context(), ephemeral.SchemaRequest{}, &response)
		all[fmt.Sprintf("ephemeral resource %d", i)] = response.Schema.Attributes
	}
	return all
}

// No error that Clerk attributes to a parameter stands on a secret argument.
func TestParamsOfSecretArguments(t *testing.T) {
	t.Parallel()
	for _, params := range []requestParams{applicationParams, settingsParams, listParams} {
		for parameter, attribute := range params {
			for _, argument := range secretArguments {
				if attribute.attribute == argument {
					t.Errorf("errors about Clerk's parameter %s stand on %s", parameter, argument)
				}
			}
		}
	}
}

// Every schema passes the framework's own checks.
func TestSchemasAreValid(t *testing.T) {
	t.Parallel()
	p := &clerkProvider{version: "test"}
	var ofProvider provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &ofProvider)
	if diags := ofProvider.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
	for _, create := range p.Resources(t.Context()) {
		var response resource.SchemaResponse
		create().Schema(t.Context(), resource.SchemaRequest{}, &response)
		if diags := response.Schema.ValidateImplementation(t.Context()); diags.HasError() {
			t.Error(diags)
		}
	}
}
