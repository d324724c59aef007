// Schemadump prints the provider's schema as `terraform providers schema -json` would, without Terraform.
//
// tfplugindocs makes the documentation from it. It could ask a CLI itself, but then the pages would depend on the CLI at hand:
// Terraform before 1.14 and every OpenTofu leave list resources out, and documentation that differs from machine to machine
// cannot be held to what is committed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

func main() {
	schemas, err := dump(context.Background(), provider.NewServer("dev")())
	if err == nil {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(schemas)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemadump:", err)
		os.Exit(1)
	}
}
