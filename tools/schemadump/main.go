// Command schemadump prints what tfplugindocs reads of `terraform providers schema -json`, without
// Terraform. tfplugindocs makes the documentation from it.
//
// tfplugindocs could ask a CLI itself, but the pages would then depend on the CLI at hand:
// Terraform before 1.14 and every OpenTofu leave list resources out.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// address is where tfplugindocs looks for a provider named clerk.
const address = "registry.terraform.io/hashicorp/clerk"

type object = map[string]any

func main() {
	schemas, err := dump(context.Background(), provider.NewServer("dev", nil)())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(schemas)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemadump:", err)
		os.Exit(1)
	}
}

// dump fails for kinds of objects that it does not know. Otherwise they would be missing from
// the documentation without a word.
func dump(ctx context.Context, server tfprotov6.ProviderServer) (object, error) {
	all, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	identities, identitiesErr := server.GetResourceIdentitySchemas(ctx,
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	if err := errors.Join(err, identitiesErr); err != nil {
		return nil, err
	}
	for _, d := range append(all.Diagnostics, identities.Diagnostics...) {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	if len(all.Functions)+len(all.ActionSchemas)+len(all.StateStoreSchemas) > 0 {
		return nil, errors.New("this program cannot write functions, actions and state stores")
	}
	return object{"format_version": "1.0", "provider_schemas": object{address: object{
		"provider":                   schema(all.Provider),
		"resource_schemas":           each(all.ResourceSchemas, schema),
		"data_source_schemas":        each(all.DataSourceSchemas, schema),
		"ephemeral_resource_schemas": each(all.EphemeralResourceSchemas, schema),
		"list_resource_schemas":      each(all.ListResourceSchemas, schema),
		"resource_identity_schemas":  each(identities.IdentitySchemas, identity),
	}}}, nil
}

func each[T any](from map[string]T, convert func(T) object) object {
	to := object{}
	for name, value := range from {
		to[name] = convert(value)
	}
	return to
}

func schema(s *tfprotov6.Schema) object { return object{"block": block(s.Block)} }

func block(b *tfprotov6.SchemaBlock) object {
	blocks := object{}
	for _, nested := range b.BlockTypes {
		blocks[nested.TypeName] = object{
			"nesting_mode": strings.ToLower(nested.Nesting.String()), "block": block(nested.Block),
		}
	}
	return object{
		"attributes": attributes(b.Attributes), "block_types": blocks,
		"deprecated": b.Deprecated, "description": b.Description,
	}
}

func attributes(all []*tfprotov6.SchemaAttribute) object {
	converted := object{}
	for _, a := range all {
		attribute := object{
			"required": a.Required, "optional": a.Optional, "computed": a.Computed,
			"sensitive": a.Sensitive, "write_only": a.WriteOnly, "deprecated": a.Deprecated,
			"description": a.Description, "type": a.Type,
		}
		if nested := a.NestedType; nested != nil {
			delete(attribute, "type")
			attribute["nested_type"] = object{
				"nesting_mode": strings.ToLower(nested.Nesting.String()),
				"attributes":   attributes(nested.Attributes),
			}
		}
		converted[a.Name] = attribute
	}
	return converted
}

func identity(s *tfprotov6.ResourceIdentitySchema) object {
	all := object{}
	for _, a := range s.IdentityAttributes {
		all[a.Name] = object{
			"type": a.Type, "description": a.Description,
			"required_for_import": a.RequiredForImport, "optional_for_import": a.OptionalForImport,
		}
	}
	return object{"attributes": all}
}
