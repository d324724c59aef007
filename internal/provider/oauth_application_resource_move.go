package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// MoveState takes over applications from the states of other providers for Clerk,
// vanillauys/clerk and buildwithdeck/clerk, and from this provider under another
// address, such as that of a mirror. Neither the application nor its secret is lost on
// the way.
func (r *oauthApplicationResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveState}}
}

func moveState(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	const action = "move OAuth application from another provider"
	defer recoverPanic(&resp.Diagnostics, action)

	if !isClerkApplication(req) {
		return // Terraform then says that this move is not possible
	}
	moved, err := readPriorState(ctx, req.SourceRawState.JSON)
	switch {
	case errors.Is(err, errNoApplicationState):
		return
	case err != nil:
		addPriorStateError(&resp.Diagnostics, "Unable to "+action, fmt.Errorf("the state of provider %s: %w", req.SourceProviderAddress, err))
		return
	}
	if !moved.ofOther && req.SourcePrivate != nil {
		// It marks a pending rotation. The private state of another provider means
		// nothing here.
		resp.TargetPrivate = req.SourcePrivate
	}
	resp.Diagnostics.Append(saveState(ctx, moved.model, &resp.TargetState, resp.TargetIdentity)...)
}

// isClerkApplication reports whether the state to move is that of a
// clerk_oauth_application of some provider for Clerk. It looks at the type and at the
// last part of the provider's address, on any host and in any namespace: providers
// have forks and mirrors, and OpenTofu before 1.12.4 gives the last part alone.
func isClerkApplication(req resource.MoveStateRequest) bool {
	segments := strings.Split(req.SourceProviderAddress, "/")
	return req.SourceTypeName == applicationType && segments[len(segments)-1] == "clerk" && req.SourceRawState != nil
}
