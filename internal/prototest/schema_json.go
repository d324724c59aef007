package prototest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// SchemaJSON returns what `terraform providers schema -json` of a recent Terraform prints about a provider, for tools
// such as tfplugindocs that would otherwise need a Terraform binary. The address is the provider's, such as
// registry.terraform.io/hashicorp/random. The format is 1.0 of https://developer.hashicorp.com/terraform/cli/commands/providers/schema.
//
// It fails if the server does, or if its schemas cannot be expressed.
func SchemaJSON(server tfprotov6.ProviderServer, address string) ([]byte, error) {
	ctx := context.Background()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("GetProviderSchema: %w", err)
	}
	if ds := fromProtocol("GetProviderSchema", schemas.Diagnostics); ds.HasError() {
		return nil, errors.New(ds.String())
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("GetResourceIdentitySchemas: %w", err)
	}
	if ds := fromProtocol("GetResourceIdentitySchemas", identities.Diagnostics); ds.HasError() {
		return nil, errors.New(ds.String())
	}

	return json.Marshal(schemasJSON{
		FormatVersion: "1.0",
		Providers: map[string]providerJSON{address: {
			Provider:           describeSchema(schemas.Provider),
			Resources:          describeAll(schemas.ResourceSchemas, describeSchema),
			DataSources:        describeAll(schemas.DataSourceSchemas, describeSchema),
			EphemeralResources: describeAll(schemas.EphemeralResourceSchemas, describeSchema),
			ListResources:      describeAll(schemas.ListResourceSchemas, describeSchema),
			Functions:          describeAll(schemas.Functions, describeFunction),
			Identities:         describeAll(identities.IdentitySchemas, describeIdentity),
			Actions:            describeAll(schemas.ActionSchemas, describeAction),
			StateStores:        describeAll(schemas.StateStoreSchemas, describeSchema),
		}},
	})
}

type schemasJSON struct {
	FormatVersion string                  `json:"format_version"`
	Providers     map[string]providerJSON `json:"provider_schemas"`
}

type providerJSON struct {
	Provider           schemaJSON              `json:"provider"`
	Resources          map[string]schemaJSON   `json:"resource_schemas,omitempty"`
	DataSources        map[string]schemaJSON   `json:"data_source_schemas,omitempty"`
	EphemeralResources map[string]schemaJSON   `json:"ephemeral_resource_schemas,omitempty"`
	ListResources      map[string]schemaJSON   `json:"list_resource_schemas,omitempty"`
	Functions          map[string]functionJSON `json:"functions,omitempty"`
	Identities         map[string]identityJSON `json:"resource_identity_schemas,omitempty"`
	Actions            map[string]actionJSON   `json:"action_schemas,omitempty"`
	StateStores        map[string]schemaJSON   `json:"state_store_schemas,omitempty"`
}

type schemaJSON struct {
	Version int64      `json:"version"`
	Block   *blockJSON `json:"block,omitempty"`
}

type blockJSON struct {
	Attributes         map[string]attributeJSON   `json:"attributes,omitempty"`
	Blocks             map[string]nestedBlockJSON `json:"block_types,omitempty"`
	Description        string                     `json:"description,omitempty"`
	DescriptionKind    string                     `json:"description_kind,omitempty"`
	Deprecated         bool                       `json:"deprecated,omitempty"`
	DeprecationMessage string                     `json:"deprecation_message,omitempty"`
}

type nestedBlockJSON struct {
	Nesting  string     `json:"nesting_mode,omitempty"`
	Block    *blockJSON `json:"block,omitempty"`
	MinItems int64      `json:"min_items,omitempty"`
	MaxItems int64      `json:"max_items,omitempty"`
}

type attributeJSON struct {
	Type               tftypes.Type    `json:"type,omitempty"`
	Nested             *nestedTypeJSON `json:"nested_type,omitempty"`
	Description        string          `json:"description,omitempty"`
	DescriptionKind    string          `json:"description_kind,omitempty"`
	Deprecated         bool            `json:"deprecated,omitempty"`
	DeprecationMessage string          `json:"deprecation_message,omitempty"`
	Required           bool            `json:"required,omitempty"`
	Optional           bool            `json:"optional,omitempty"`
	Computed           bool            `json:"computed,omitempty"`
	Sensitive          bool            `json:"sensitive,omitempty"`
	WriteOnly          bool            `json:"write_only,omitempty"`
}

type nestedTypeJSON struct {
	Attributes map[string]attributeJSON `json:"attributes,omitempty"`
	Nesting    string                   `json:"nesting_mode,omitempty"`
}

type identityJSON struct {
	Version    int64                            `json:"version"`
	Attributes map[string]identityAttributeJSON `json:"attributes,omitempty"`
}

type identityAttributeJSON struct {
	Type              tftypes.Type `json:"type,omitempty"`
	Description       string       `json:"description,omitempty"`
	RequiredForImport bool         `json:"required_for_import,omitempty"`
	OptionalForImport bool         `json:"optional_for_import,omitempty"`
}

type actionJSON struct {
	Block *blockJSON `json:"block,omitempty"`
}

type functionJSON struct {
	Description        string          `json:"description,omitempty"`
	Summary            string          `json:"summary,omitempty"`
	DeprecationMessage string          `json:"deprecation_message,omitempty"`
	ReturnType         tftypes.Type    `json:"return_type"`
	Parameters         []parameterJSON `json:"parameters,omitempty"`
	Variadic           *parameterJSON  `json:"variadic_parameter,omitempty"`
}

type parameterJSON struct {
	Name        string       `json:"name,omitempty"`
	Description string       `json:"description,omitempty"`
	Nullable    bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

func describeAll[Sent, JSON any](sent map[string]Sent, describe func(Sent) JSON) map[string]JSON {
	described := make(map[string]JSON, len(sent))
	for name, each := range sent {
		described[name] = describe(each)
	}
	return described
}

func describeSchema(s *tfprotov6.Schema) schemaJSON {
	if s == nil {
		return schemaJSON{}
	}
	return schemaJSON{Version: s.Version, Block: describeBlock(s.Block)}
}

func describeBlock(b *tfprotov6.SchemaBlock) *blockJSON {
	if b == nil {
		return &blockJSON{}
	}
	described := &blockJSON{
		Attributes:         describeAttributes(b.Attributes),
		Blocks:             map[string]nestedBlockJSON{},
		Description:        b.Description,
		DescriptionKind:    describeKind(b.DescriptionKind),
		Deprecated:         b.Deprecated,
		DeprecationMessage: b.DeprecationMessage,
	}
	for _, nested := range b.BlockTypes {
		described.Blocks[nested.TypeName] = nestedBlockJSON{
			Nesting:  strings.ToLower(nested.Nesting.String()),
			Block:    describeBlock(nested.Block),
			MinItems: nested.MinItems,
			MaxItems: nested.MaxItems,
		}
	}
	return described
}

func describeAttributes(attributes []*tfprotov6.SchemaAttribute) map[string]attributeJSON {
	described := map[string]attributeJSON{}
	for _, a := range attributes {
		attribute := attributeJSON{
			Type:               a.Type,
			Description:        a.Description,
			DescriptionKind:    describeKind(a.DescriptionKind),
			Deprecated:         a.Deprecated,
			DeprecationMessage: a.DeprecationMessage,
			Required:           a.Required,
			Optional:           a.Optional,
			Computed:           a.Computed,
			Sensitive:          a.Sensitive,
			WriteOnly:          a.WriteOnly,
		}
		if a.NestedType != nil {
			attribute.Nested = &nestedTypeJSON{
				Attributes: describeAttributes(a.NestedType.Attributes),
				Nesting:    strings.ToLower(a.NestedType.Nesting.String()),
			}
		}
		described[a.Name] = attribute
	}
	return described
}

func describeIdentity(s *tfprotov6.ResourceIdentitySchema) identityJSON {
	described := identityJSON{Version: s.Version, Attributes: map[string]identityAttributeJSON{}}
	for _, a := range s.IdentityAttributes {
		described.Attributes[a.Name] = identityAttributeJSON{
			Type:              a.Type,
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return described
}

func describeAction(s *tfprotov6.ActionSchema) actionJSON {
	return actionJSON{Block: describeSchema(s.Schema).Block}
}

func describeFunction(f *tfprotov6.Function) functionJSON {
	described := functionJSON{
		Description:        f.Description,
		Summary:            f.Summary,
		DeprecationMessage: f.DeprecationMessage,
		ReturnType:         f.Return.Type,
	}
	for _, p := range f.Parameters {
		described.Parameters = append(described.Parameters, describeParameter(p))
	}
	if f.VariadicParameter != nil {
		described.Variadic = new(describeParameter(f.VariadicParameter))
	}
	return described
}

func describeParameter(p *tfprotov6.FunctionParameter) parameterJSON {
	return parameterJSON{Name: p.Name, Description: p.Description, Nullable: p.AllowNullValue, Type: p.Type}
}

func describeKind(kind tfprotov6.StringKind) string {
	if kind == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
