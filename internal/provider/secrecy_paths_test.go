package provider

import (
	"fmt"
	"go/ast"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// secretArguments are the arguments that hold a secret, or may hold one by mistake. The engine prints
// the line of the configuration below a diagnostic with such a path.
var secretArguments = []string{
	"secret_key", "api_url", "client_secret", "client_secret_encrypted", "encrypt_client_secret_to", "ciphertext", "identity", "plaintext",
}

// dynamicPaths are the functions whose diagnostics have a path that is not written in place, with the reason why the path is
// never that of a secret.
var dynamicPaths = map[string]string{
	"diagnostic.go addError":                              "a path of applicationParams or settingsParams, see TestSecrecyOfParams",
	"oauth_application_data_source.go findApplication":    "id, client_id or name",
	"oauth_application_resource_create.go warnOfCreation": "a path of applicationParams",
	"oauth_application_resource_create.go asWarnings":     "the path of an error",
	"oauth_application_resource_update.go patch":          "a path of applicationParams",
	"oauth_application_settings_resource.go Create":       "a path of settingsParams",
	"oauth_application_settings_resource.go Update":       "a path of settingsParams",
	"recipients_check.go ValidateSet":                     "the set is empty",
	"text_check.go ValidateString":                        "a validator of no secret argument, see TestSecrecyOfValidators",
}

// secretPaths are the diagnostics that may stand on a secret argument, by function.
var secretPaths = map[string]string{
	"oauth_application_rotation.go warn encrypt_client_secret_to":           "the recipients were all parsed, so they are public",
	"oauth_application_concerns.go warnOfConcerns encrypt_client_secret_to": "the same",
}

// TestSecrecyOfPaths checks all code that gives a diagnostic a path.
func TestSecrecyOfPaths(t *testing.T) {
	t.Parallel()
	constructors := []string{
		"AddAttributeError", "AddAttributeWarning", "NewAttributeErrorDiagnostic", "NewAttributeWarningDiagnostic", "WithPath",
	}
	dynamic, allowed := map[string]bool{}, map[string]bool{}
	found := 0
	for _, file := range sourceFiles(t) {
		name, inProvider := strings.CutPrefix(file.name, "internal/provider/")
		file.calls(func(function string, call *ast.CallExpr) {
			_, method := selected(call.Fun)
			if !slices.Contains(constructors, method) {
				return
			}
			found++
			if !inProvider {
				t.Errorf("%s gives a diagnostic a path", file.name)
			}
			argument, ok := rootPath(call.Args[0])
			site := name + " " + function
			switch {
			case !ok && dynamicPaths[site] == "":
				t.Errorf("%s gives a diagnostic a path that is not written in place; if that is necessary, add it to dynamicPaths with the reason", site)
			case !ok:
				dynamic[site] = true
			case slices.Contains(secretArguments, argument) && secretPaths[site+" "+argument] == "":
				t.Errorf("%s gives a diagnostic the path of %s", site, argument)
			case slices.Contains(secretArguments, argument):
				allowed[site+" "+argument] = true
			}
		})
	}
	if found < 20 {
		t.Errorf("%d diagnostics with a path were found", found)
	}
	for site := range dynamicPaths {
		if !dynamic[site] {
			t.Errorf("%s is not needed in dynamicPaths", site)
		}
	}
	for site := range secretPaths {
		if !allowed[site] {
			t.Errorf("%s is not needed in secretPaths", site)
		}
	}
}

// rootPath returns the argument of path.Root("argument"), also if more steps follow.
func rootPath(expression ast.Expr) (string, bool) {
	call, ok := expression.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok && selector.Sel.Name != "Root" {
		return rootPath(selector.X)
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	argument, err := strconv.Unquote(literal.Value)
	return argument, err == nil
}

// TestSecrecyOfParams: no error of Clerk's is about an argument that holds a secret.
func TestSecrecyOfParams(t *testing.T) {
	t.Parallel()
	for _, params := range []*requestParams{applicationParams, settingsParams} {
		if len(params.paths) == 0 {
			t.Fatal("there are no parameters")
		}
		for parameter, attribute := range params.paths {
			for _, argument := range secretArguments {
				if attribute.Equal(path.Root(argument)) {
					t.Errorf("errors about Clerk's parameter %s stand on %s", parameter, argument)
				}
			}
		}
	}
}

// TestSecrecyOfValidators checks all schemas: no validator that could give a diagnostic its path checks an argument that may
// hold a secret, and secretArguments has every sensitive attribute.
func TestSecrecyOfValidators(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for schema, attributes := range schemaAttributes(t) {
		for name, attribute := range attributes {
			value := reflect.Indirect(reflect.ValueOf(attribute))
			secret := slices.Contains(secretArguments, name)
			if sensitive := value.FieldByName("Sensitive"); sensitive.IsValid() && sensitive.Bool() && !secret {
				t.Errorf("%s of %s is sensitive, and not among the arguments that hold a secret", name, schema)
			}
			if !secret {
				continue
			}
			seen[name] = true
			validators := value.FieldByName("Validators")
			for i := range validators.Len() {
				if kind := fmt.Sprintf("%T", validators.Index(i).Interface()); kind != "provider.recipientsValidator" {
					t.Errorf("%s of %s has the validator %s", name, schema, kind)
				}
			}
		}
	}
	for _, name := range secretArguments {
		if !seen[name] {
			t.Errorf("no schema has %s", name)
		}
	}
}

// schemaAttributes are the attributes of every schema that has arguments.
func schemaAttributes(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	add := func(schema string, attributes any) {
		all[schema] = map[string]any{}
		for _, name := range reflect.ValueOf(attributes).MapKeys() {
			all[schema][name.String()] = reflect.ValueOf(attributes).MapIndex(name).Interface()
		}
		if len(all[schema]) == 0 {
			t.Errorf("%s has no attributes", schema)
		}
	}
	p := &clerkProvider{version: "test"}
	var ofProvider provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &ofProvider)
	add("the provider", ofProvider.Schema.Attributes)
	for i, create := range p.Resources(t.Context()) {
		var response resource.SchemaResponse
		create().Schema(t.Context(), resource.SchemaRequest{}, &response)
		add(fmt.Sprintf("resource %d", i), response.Schema.Attributes)
	}
	for i, create := range p.DataSources(t.Context()) {
		var response datasource.SchemaResponse
		create().Schema(t.Context(), datasource.SchemaRequest{}, &response)
		add(fmt.Sprintf("data source %d", i), response.Schema.Attributes)
	}
	for i, create := range p.EphemeralResources(t.Context()) {
		var response ephemeral.SchemaResponse
		create().Schema(t.Context(), ephemeral.SchemaRequest{}, &response)
		add(fmt.Sprintf("ephemeral resource %d", i), response.Schema.Attributes)
	}
	return all
}
