package provider

import "github.com/hashicorp/terraform-plugin-go/tfprotov6"

// FrameworkOf is the framework's server within one of NewServer, without fast paths.
func FrameworkOf(s tfprotov6.ProviderServer) tfprotov6.ProviderServer {
	return s.(*server).frameworkServer
}
