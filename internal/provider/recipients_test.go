package provider

import (
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// No diagnostic about an element has a path: the engine would print the line of the
// configuration, which may hold a private key.
func TestRecipientsValidator(t *testing.T) {
	t.Parallel()
	key, _ := age.GenerateX25519Identity()
	recipient := types.StringValue(key.Recipient().String())
	set := func(elements ...attr.Value) types.Set { return types.SetValueMust(types.StringType, elements) }
	for name, test := range map[string]struct {
		value types.Set
		says  string
	}{
		"null":                     {types.SetNull(types.StringType), ""},
		"unknown":                  {types.SetUnknown(types.StringType), ""},
		"a recipient":              {set(recipient), ""},
		"one is not known yet":     {set(recipient, types.StringUnknown()), ""},
		"empty":                    {set(), "encrypt_client_secret_to is empty"},
		"one is null":              {set(recipient, types.StringNull()), "an element is empty"},
		"a private key":            {set(types.StringValue(key.String()), types.StringValue("age1abc")), "this is a private key"},
		"a recipient that is none": {set(types.StringValue("age1abc")), `"age1abc" is not an age recipient`},
	} {
		var resp validator.SetResponse
		recipientsValidator{}.ValidateSet(t.Context(),
			validator.SetRequest{Path: path.Root("encrypt_client_secret_to"), ConfigValue: test.value}, &resp)
		text := diagnosticsText(resp.Diagnostics)
		if !strings.Contains(text, test.says) || (text == "") != (test.says == "") || strings.Contains(text, key.String()) {
			t.Errorf("%s: got %s", name, text)
		}
		for _, d := range resp.Diagnostics {
			if _, ok := d.(diag.DiagnosticWithPath); ok && name != "empty" {
				t.Errorf("%s: the diagnostic has a path", name)
			}
		}
	}
}
