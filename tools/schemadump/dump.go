package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// address is the one under which tfplugindocs looks for a provider named clerk.
const address = "registry.terraform.io/hashicorp/clerk"

// dump asks the server for everything that it offers, and fails for kinds of things that this program cannot write yet rather
// than to leave them out of the documentation.
func dump(ctx context.Context, server tfprotov6.ProviderServer) (*tfjson.ProviderSchemas, error) {
	response, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	for _, d := range append(response.Diagnostics, identities.Diagnostics...) {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	if len(response.Functions)+len(response.ActionSchemas)+len(response.StateStoreSchemas) > 0 {
		return nil, errors.New("the provider has functions, actions or state stores; teach this program to write them")
	}

	provider := &tfjson.ProviderSchema{}
	if provider.ConfigSchema, err = convertSchema(response.Provider); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	for _, kind := range []struct {
		from map[string]*tfprotov6.Schema
		to   *map[string]*tfjson.Schema
	}{
		{response.ResourceSchemas, &provider.ResourceSchemas},
		{response.DataSourceSchemas, &provider.DataSourceSchemas},
		{response.EphemeralResourceSchemas, &provider.EphemeralResourceSchemas},
		{response.ListResourceSchemas, &provider.ListResourceSchemas},
	} {
		*kind.to = map[string]*tfjson.Schema{}
		for name, schema := range kind.from {
			if (*kind.to)[name], err = convertSchema(schema); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	provider.ResourceIdentitySchemas = map[string]*tfjson.IdentitySchema{}
	for name, schema := range identities.IdentitySchemas {
		if provider.ResourceIdentitySchemas[name], err = convertIdentity(schema); err != nil {
			return nil, fmt.Errorf("identity of %s: %w", name, err)
		}
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{address: provider},
	}, nil
}

func convertSchema(schema *tfprotov6.Schema) (*tfjson.Schema, error) {
	block, err := convertBlock(schema.Block)
	return &tfjson.Schema{Version: uint64(schema.Version), Block: block}, err
}

func convertBlock(block *tfprotov6.SchemaBlock) (*tfjson.SchemaBlock, error) {
	attributes, err := convertAttributes(block.Attributes)
	if err != nil {
		return nil, err
	}
	converted := &tfjson.SchemaBlock{
		Attributes:      attributes,
		NestedBlocks:    map[string]*tfjson.SchemaBlockType{},
		Description:     block.Description,
		DescriptionKind: descriptionKind(block.DescriptionKind),
		Deprecated:      block.Deprecated,
	}
	for _, nested := range block.BlockTypes {
		inner, err := convertBlock(nested.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", nested.TypeName, err)
		}
		mode, ok := blockModes[nested.Nesting]
		if !ok {
			return nil, fmt.Errorf("%s: unknown nesting %v", nested.TypeName, nested.Nesting)
		}
		converted.NestedBlocks[nested.TypeName] = &tfjson.SchemaBlockType{
			NestingMode: mode,
			Block:       inner,
			MinItems:    uint64(nested.MinItems),
			MaxItems:    uint64(nested.MaxItems),
		}
	}
	return converted, nil
}

var blockModes = map[tfprotov6.SchemaNestedBlockNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaNestedBlockNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaNestedBlockNestingModeGroup:  tfjson.SchemaNestingModeGroup,
	tfprotov6.SchemaNestedBlockNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaNestedBlockNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaNestedBlockNestingModeMap:    tfjson.SchemaNestingModeMap,
}

var objectModes = map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
}

func convertAttributes(attributes []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
	converted := map[string]*tfjson.SchemaAttribute{}
	for _, attribute := range attributes {
		a := &tfjson.SchemaAttribute{
			Description:     attribute.Description,
			DescriptionKind: descriptionKind(attribute.DescriptionKind),
			Deprecated:      attribute.Deprecated,
			Required:        attribute.Required,
			Optional:        attribute.Optional,
			Computed:        attribute.Computed,
			Sensitive:       attribute.Sensitive,
			WriteOnly:       attribute.WriteOnly,
		}
		var err error
		if attribute.NestedType == nil {
			a.AttributeType, err = convertType(attribute.Type)
		} else {
			a.AttributeNestedType, err = convertNestedType(attribute.NestedType)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute.Name, err)
		}
		converted[attribute.Name] = a
	}
	return converted, nil
}

func convertNestedType(object *tfprotov6.SchemaObject) (*tfjson.SchemaNestedAttributeType, error) {
	mode, ok := objectModes[object.Nesting]
	if !ok {
		return nil, fmt.Errorf("unknown nesting %v", object.Nesting)
	}
	attributes, err := convertAttributes(object.Attributes)
	return &tfjson.SchemaNestedAttributeType{NestingMode: mode, Attributes: attributes}, err
}

func convertIdentity(schema *tfprotov6.ResourceIdentitySchema) (*tfjson.IdentitySchema, error) {
	converted := &tfjson.IdentitySchema{
		Version:    uint64(schema.Version),
		Attributes: map[string]*tfjson.IdentityAttribute{},
	}
	for _, attribute := range schema.IdentityAttributes {
		identityType, err := convertType(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute.Name, err)
		}
		converted.Attributes[attribute.Name] = &tfjson.IdentityAttribute{
			IdentityType:      identityType,
			Description:       attribute.Description,
			RequiredForImport: attribute.RequiredForImport,
			OptionalForImport: attribute.OptionalForImport,
		}
	}
	return converted, nil
}

// convertType goes through JSON, which both libraries write and read in the same form.
func convertType(from tftypes.Type) (cty.Type, error) {
	encoded, err := json.Marshal(from)
	if err != nil {
		return cty.NilType, err
	}
	var to cty.Type
	err = json.Unmarshal(encoded, &to)
	return to, err
}

func descriptionKind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
