package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// applicationFilter selects applications, in the data source and in the list
// resource alike.
type applicationFilter struct {
	NameQuery             types.String `tfsdk:"name_query"`
	OrderBy               types.String `tfsdk:"order_by"`
	DynamicallyRegistered types.Bool   `tfsdk:"dynamically_registered"`
}

const (
	nameQueryDescription = "Part of the name, in upper or lower case, or exactly a `client_id`. Default: all applications."
	orderByDescription   = "`created_at` or `name`, with `+` (ascending, the default) or `-` (descending) in front. Default: `-created_at`, the newest first."
)

// nameQueryValidators refuse the empty text: a variable that was not set would
// select all applications.
var nameQueryValidators = []validator.String{stringvalidator.LengthAtLeast(1)}

var orderByValidators = []validator.String{
	stringvalidator.OneOf("created_at", "+created_at", "-created_at", "name", "+name", "-name"),
}

// query is the filter as the client takes it.
func (f applicationFilter) query() clerk.ListQuery {
	return clerk.ListQuery{
		NameQuery:             f.NameQuery.ValueString(),
		OrderBy:               f.OrderBy.ValueString(),
		DynamicallyRegistered: f.DynamicallyRegistered.ValueBoolPointer(),
	}
}
