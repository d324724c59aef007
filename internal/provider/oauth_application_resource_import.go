package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// applicationIDPrefix is how the id of an OAuth application begins; a client_id
// has no such prefix.
const applicationIDPrefix = "oa_"

// ImportState takes an identity, an id, or a client_id, which is what the Clerk
// dashboard shows.
func (r *oauthApplicationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	defer recoverPanic(&resp.Diagnostics, "import OAuth application")

	id := req.ID
	if id == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var identity oauthApplicationIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		if resp.Diagnostics.HasError() {
			return
		}
		id = identity.ID.ValueString()
	}
	id, err := r.resolveID(ctx, id, resp)
	if err != nil {
		r.data.addError(&resp.Diagnostics, "import OAuth application", err, nil)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	if resp.Identity != nil {
		resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)
	}
}

// resolveID returns the application's id for an id or a client_id. It sends no request
// with a text that is neither.
func (r *oauthApplicationResource) resolveID(ctx context.Context, text string, resp *resource.ImportStateResponse) (string, error) {
	switch {
	case text == "":
		return "", errors.New("the import id is empty, most often because a variable was not set")
	case !clerk.ValidID(text):
		return "", fmt.Errorf("%.80q is neither the id of an OAuth application (oa_…) nor a client_id: letters, digits, _ and - only, at most 128", text)
	case strings.HasPrefix(text, applicationIDPrefix):
		return text, nil
	}
	client := r.client(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return "", nil
	}
	app, err := client.FindOAuthApplication(ctx, clerk.By{ClientID: text})
	if errors.Is(err, clerk.ErrNoMatch) {
		return "", fmt.Errorf("no OAuth application of the secret key's instance has the client_id %q. The id of an application begins with oa_", text)
	}
	return app.ID, err
}
