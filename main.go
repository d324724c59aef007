// Command terraform-provider-clerk serves the Terraform and OpenTofu provider
// for Clerk's OAuth applications.
package main

import (
	"flag"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	attach := flag.Bool("debug", false,
		"wait for a debugger and print how Terraform can attach (TF_REATTACH_PROVIDERS)")
	flag.Parse()

	quietLogs()
	if os.Getenv("GOGC") == "" {
		// The provider's memory is small and nearly all garbage: collecting it half
		// as often takes a sixth of a large plan's time away, for some 5 MB.
		debug.SetGCPercent(200)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		// A list of 20,000 applications takes 520 MB instead of 1 GB with this limit, for
		// half as much CPU time again. What needs less than the limit is not affected; a
		// lower SetGCPercent would cost every plan.
		debug.SetMemoryLimit(512 << 20)
	}
	var options []tf6server.ServeOpt
	if *attach {
		// Nobody else stops a provider that waits for a debugger, so SIGTERM ends it.
		options = append(options, tf6server.WithManagedDebug())
	} else {
		// The timeout of a pipeline and a supervisor send SIGTERM to the whole process group. The
		// engine handles the signal: it asks the provider to stop, waits for the operations in
		// progress, saves the state and ends the provider. A provider that dies at the signal loses
		// the application that it is creating. go-plugin ignores SIGINT for the same reason.
		signal.Ignore(syscall.SIGTERM)
	}
	err := tf6server.Serve("registry.terraform.io/terraform-provider-clerk/clerk",
		provider.NewServer(version, nil), options...)
	if err != nil {
		log.Fatal(err)
	}
}

// quietLogs turns off the logs where nobody reads them. Terraform and OpenTofu discard what a
// provider logs unless one of the two variables is set. But the plugin SDK still writes several
// lines of JSON for every step of every call, and the framework's timeouts one for every operation.
// In a plan over a thousand applications, these logs took a third of the provider's time, and as
// much in the CLI that parses them.
func quietLogs() {
	if os.Getenv("TF_LOG") != "" || os.Getenv("TF_LOG_PROVIDER") != "" {
		return
	}
	for _, name := range []string{
		"TF_LOG_PROVIDER_CLERK", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO",
	} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, "off")
		}
	}
}
