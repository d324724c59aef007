package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestIsClerkApplication(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address, typeName string
		want              bool
	}{
		{"registry.terraform.io/vanillauys/clerk", applicationType, true},
		{"registry.opentofu.org/buildwithdeck/clerk", applicationType, true},
		{"mirror.example.com/acme/clerk", applicationType, true},
		{"clerk", applicationType, true},
		{"registry.terraform.io/vanillauys/clerk", "clerk_domain", false},
		{"registry.terraform.io/clerk/auth0", applicationType, false},
		{"", applicationType, false},
	} {
		req := resource.MoveStateRequest{
			SourceProviderAddress: test.address, SourceTypeName: test.typeName, SourceRawState: &tfprotov6.RawState{JSON: []byte(`{}`)},
		}
		if got := isClerkApplication(req); got != test.want {
			t.Errorf("%s from %q: got %t", test.typeName, test.address, got)
		}
	}
	if isClerkApplication(resource.MoveStateRequest{SourceProviderAddress: "clerk", SourceTypeName: applicationType}) {
		t.Error("a move without a state was taken on")
	}
}
