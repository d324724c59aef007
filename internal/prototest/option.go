package prototest

// Option changes how Terraform plays its half.
type Option func(*options)

type options struct {
	terraformVersion string
	oldEngine        bool
	sharedProcess    bool
	deferralAllowed  bool
}

// TerraformVersion sets the version that the provider is told. The default is 1.14.0, or 1.5.7 with [OldEngine].
func TerraformVersion(version string) Option {
	return func(o *options) { o.terraformVersion = version }
}

// OldEngine plays a Terraform from before resource identity (1.12): identities are neither sent nor kept, and import by
// identity and list resources do not exist.
func OldEngine() Option {
	return func(o *options) { o.oldEngine = true }
}

// SharedProcess keeps one configured server for all phases, where Terraform would start the provider anew for each.
// [Provider.NewProcess] replaces it.
func SharedProcess() Option {
	return func(o *options) { o.sharedProcess = true }
}

// DeferralAllowed tells the provider that it may defer changes, as the alpha versions of Terraform do when asked to.
// Without it a deferral fails the test.
func DeferralAllowed() Option {
	return func(o *options) { o.deferralAllowed = true }
}
