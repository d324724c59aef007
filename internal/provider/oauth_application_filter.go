package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
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

// nameQueryValidators reject the empty string: a variable that was not set would select
// all applications.
var nameQueryValidators = []validator.String{stringvalidator.LengthAtLeast(1)}

var orderByValidators = []validator.String{
	stringvalidator.OneOf("created_at", "+created_at", "-created_at", "name", "+name", "-name"),
}

// query converts the filter for the client.
func (f applicationFilter) query() clerk.ListQuery {
	return clerk.ListQuery{
		NameQuery:             f.NameQuery.ValueString(),
		OrderBy:               f.OrderBy.ValueString(),
		DynamicallyRegistered: f.DynamicallyRegistered.ValueBoolPointer(),
	}
}

// warnOfUnreadable warns of applications that a list leaves out because Clerk's answer
// about them could not be read.
func warnOfUnreadable(diags *diag.Diagnostics, unreadable []*clerk.UnreadableApplicationError) {
	if len(unreadable) == 0 {
		return
	}
	problems := make([]string, len(unreadable))
	for i, item := range unreadable {
		problems[i] = "- " + item.Error()
	}
	diags.AddWarning("The list of OAuth applications is incomplete",
		"These applications are left out, because Clerk's answer about them could not be read:\n\n"+strings.Join(problems, "\n")+
			"\n\nClerk may describe them in a way that this version of the provider does not know. Try a newer version.")
}
