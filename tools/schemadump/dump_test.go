package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server answers the two calls that a dump makes.
type server struct {
	tfprotov6.ProviderServer

	schema   *tfprotov6.GetProviderSchemaResponse
	identity *tfprotov6.GetResourceIdentitySchemasResponse
}

func (s server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return s.schema, nil
}

func (s server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return s.identity, nil
}

func TestDump(t *testing.T) {
	t.Parallel()
	text := &tfprotov6.SchemaAttribute{Name: "text", Type: tftypes.String, Optional: true, Sensitive: true, Description: "Words."}
	thing := &tfprotov6.Schema{Version: 2, Block: &tfprotov6.SchemaBlock{
		Attributes: []*tfprotov6.SchemaAttribute{
			text,
			{Name: "words", Type: tftypes.Set{ElementType: tftypes.String}, Computed: true, WriteOnly: true},
			{Name: "nested", Required: true, NestedType: &tfprotov6.SchemaObject{
				Nesting:    tfprotov6.SchemaObjectNestingModeList,
				Attributes: []*tfprotov6.SchemaAttribute{text},
			}},
		},
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{
			TypeName: "timeouts", Nesting: tfprotov6.SchemaNestedBlockNestingModeSingle,
			Block: &tfprotov6.SchemaBlock{DescriptionKind: tfprotov6.StringKindMarkdown},
		}},
	}}
	one := map[string]*tfprotov6.Schema{"clerk_thing": thing}

	schemas, err := dump(t.Context(), server{
		schema: &tfprotov6.GetProviderSchemaResponse{
			Provider: thing, ResourceSchemas: one, DataSourceSchemas: one, EphemeralResourceSchemas: one, ListResourceSchemas: one,
		},
		identity: &tfprotov6.GetResourceIdentitySchemasResponse{IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{
			"clerk_thing": {IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{{Name: "id", Type: tftypes.String, RequiredForImport: true}}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(schemas.Schemas[address])
	if err != nil {
		t.Fatal(err)
	}

	// The same in the form of `terraform providers schema -json`.
	const schema = `{"version":2,"block":{"attributes":{` +
		`"nested":{"nested_type":{"attributes":{"text":{"type":"string","description":"Words.","description_kind":"plain","optional":true,"sensitive":true}},"nesting_mode":"list"},"description_kind":"plain","required":true},` +
		`"text":{"type":"string","description":"Words.","description_kind":"plain","optional":true,"sensitive":true},` +
		`"words":{"type":["set","string"],"description_kind":"plain","computed":true,"write_only":true}},` +
		`"block_types":{"timeouts":{"nesting_mode":"single","block":{"description_kind":"markdown"}}},` +
		`"description_kind":"plain"}}`
	const want = `{"provider":` + schema +
		`,"resource_schemas":{"clerk_thing":` + schema +
		`},"data_source_schemas":{"clerk_thing":` + schema +
		`},"ephemeral_resource_schemas":{"clerk_thing":` + schema +
		`},"resource_identity_schemas":{"clerk_thing":{"version":0,"attributes":{"id":{"type":"string","required_for_import":true}}}}` +
		`,"list_resource_schemas":{"clerk_thing":` + schema + `}}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDumpRefusesWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	empty := &tfprotov6.GetResourceIdentitySchemasResponse{}
	for name, schema := range map[string]*tfprotov6.GetProviderSchemaResponse{
		"functions": {Functions: map[string]*tfprotov6.Function{"f": {}}},
		"broken":    {Diagnostics: []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: "broken schema"}}},
	} {
		if _, err := dump(t.Context(), server{schema: schema, identity: empty}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
