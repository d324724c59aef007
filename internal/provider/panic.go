package provider

import (
	"fmt"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// recoverPanic turns a panic into an error. Every method that Terraform calls
// defers it: a panic that leaves a provider kills it, loses the state of what was
// just made and prints the panic's value, which may be a secret. The diagnostic
// holds the value's type and the stack, which shows addresses and no values.
func recoverPanic(diags *diag.Diagnostics, action string) {
	if value := recover(); value != nil {
		diags.AddError(panicText(action, value))
	}
}

// recoverPanicSaved does the same where the state may be complete already. Then a
// warning it is: an error after a create taints the application, and the next
// apply would destroy it.
func recoverPanicSaved(diags *diag.Diagnostics, action string, saved *bool) {
	if value := recover(); value != nil {
		summary, detail := panicText(action, value)
		if *saved {
			diags.AddWarning(summary, "The application exists and its state is saved.\n\n"+detail)
			return
		}
		diags.AddError(summary, "Whether the application was made is not known. Look for one of its name in the Clerk dashboard before you apply again, and import it if there is one.\n\n"+detail)
	}
}

func panicText(action string, value any) (summary, detail string) {
	return "Unable to " + action,
		fmt.Sprintf("The provider met a condition that it was not written for (a panic with a value of type %T). This is a bug in the provider; please report it with the lines below, which hold no values.\n\n%s", value, debug.Stack())
}
