package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// reportedDescriptions describe attributes of reportedModel where the text of the
// resource describes an argument.
var reportedDescriptions = map[string]string{
	"name":                   "Name that users see on the consent screen. Names need not be unique.",
	"redirect_uris":          "URIs to which Clerk may send users back.",
	"scopes":                 "Scopes that the application may request.",
	"consent_screen_enabled": "Whether users are asked for consent.",
	"pkce_required":          "Whether Proof Key for Code Exchange (RFC 7636) is required.",
	"public":                 "Whether this is a public client: one without a secret.",
}

// reportedApplicationAttributes derives the schema of reportedModel for the data
// sources, one application's and the list's, from the resource's, so that types and
// most descriptions cannot differ. All attributes are computed.
func reportedApplicationAttributes(ctx context.Context) map[string]schema.Attribute {
	var managed resource.SchemaResponse
	(&oauthApplicationResource{}).Schema(ctx, resource.SchemaRequest{}, &managed)

	attributes := make(map[string]schema.Attribute, len(managed.Schema.Attributes))
	for _, field := range fieldsOf[reportedModel]() {
		name := field.name
		attribute := managed.Schema.Attributes[name]
		description, ok := reportedDescriptions[name]
		if !ok {
			description = attribute.GetMarkdownDescription()
		}
		switch typ := attribute.GetType().(type) {
		case basetypes.StringType:
			attributes[name] = schema.StringAttribute{MarkdownDescription: description, Computed: true}
		case basetypes.BoolType:
			attributes[name] = schema.BoolAttribute{MarkdownDescription: description, Computed: true}
		case uriSetType:
			attributes[name] = schema.SetAttribute{MarkdownDescription: description, Computed: true, ElementType: typ.ElemType}
		case basetypes.SetType:
			attributes[name] = schema.SetAttribute{MarkdownDescription: description, Computed: true, ElementType: typ.ElemType}
		default:
			panic(fmt.Sprintf("attribute %s has a type that the data sources do not know: %s", name, typ))
		}
	}
	return attributes
}
