// Command terraform-provider-clerk serves the Terraform and OpenTofu provider
// for Clerk's OAuth applications.
package main

import (
	"flag"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	attach := flag.Bool("debug", false, "wait for a debugger and print how Terraform can attach (TF_REATTACH_PROVIDERS)")
	flag.Parse()

	quietLogs()
	if os.Getenv("GOGC") == "" {
		// The provider's memory is small and nearly all garbage: collecting it half
		// as often takes a sixth of a large plan's time away, for some 5 MB.
		debug.SetGCPercent(200)
	}
	var options []tf6server.ServeOpt
	if *attach {
		options = append(options, tf6server.WithManagedDebug())
	}
	err := tf6server.Serve("registry.terraform.io/terraform-provider-clerk/clerk", provider.NewServer(version), options...)
	if err != nil {
		log.Fatal(err)
	}
}

// quietLogs turns the plugin SDK's own logs off where nobody reads them. Terraform
// and OpenTofu throw away what a provider logs unless one of the two variables is
// set, but the SDK writes it all the same: several lines of JSON for every step of
// every call. In a plan over a thousand applications that was a third of the
// provider's time, and as much in the CLI that parses them.
func quietLogs() {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, "off")
		}
	}
}
