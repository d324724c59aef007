package provider

import (
	"fmt"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// recoverPanic turns a panic into an error. Every method that Terraform calls
// defers it: a panic that leaves a provider kills it, loses the state of what was
// just created and prints the panic's value, which may be a secret. The diagnostic
// holds the value's type and the stack, which shows addresses and no values.
func recoverPanic(diags *diag.Diagnostics, action string) {
	if value := recover(); value != nil {
		diags.AddError(panicText(action, value))
	}
}

// recoverPanicSaved does the same where the state may be complete already. In that case
// it adds a warning: an error after a create taints the application, and the next apply
// would destroy it.
func recoverPanicSaved(diags *diag.Diagnostics, action string, saved *bool) {
	if value := recover(); value != nil {
		summary, detail := panicText(action, value)
		if *saved {
			diags.AddWarning(summary, "The application exists and its state is saved.\n\n"+detail)
			return
		}
		diags.AddError(summary, "The application may or may not have been created. Before you apply again, look for an application of its name in the Clerk dashboard. If there is one, import it.\n\n"+detail)
	}
}

func panicText(action string, value any) (summary, detail string) {
	return "Unable to " + action,
		fmt.Sprintf("Internal error (panic with a value of type %T). This is a bug in the provider. Please report it with the lines below, which contain no values.\n\n%s", value, debug.Stack())
}
