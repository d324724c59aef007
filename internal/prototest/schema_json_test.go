package prototest_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

// TestSchemaJSON compares with testdata/toy_schema.json. Terraform 1.11.4 printed the same for the toy provider, but for
// what it does not know yet: list resources, identities and deprecation messages.
func TestSchemaJSON(t *testing.T) {
	t.Parallel()
	got, err := prototest.SchemaJSON(newCloud().server(), "registry.terraform.io/hashicorp/toy")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/toy_schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var gotTree, wantTree any
	if err := json.Unmarshal(got, &gotTree); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &wantTree); err != nil {
		t.Fatal(err)
	}
	equal(t, gotTree, wantTree)
}
