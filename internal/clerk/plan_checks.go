package clerk

import (
	"context"
	"fmt"
	"slices"
)

// CheckExpectedInstance returns an InstanceError if the key belongs to another instance
// than Config.InstanceID. It asks Clerk once; without Config.InstanceID it sends nothing.
func (c *Client) CheckExpectedInstance(ctx context.Context) error {
	return c.guard.check(ctx, c, request{})
}

// CheckPlannedName returns a DuplicateNameError if Config.PreventDuplicateNames forbids to
// create an application of a name (see SameName). It is for a plan, in which everything may
// still change: applications that this client has read or been told of do not count,
// because their names may be free by the time of the create, which decides. All calls share
// one list. Without Config.PreventDuplicateNames nothing is sent.
func (c *Client) CheckPlannedName(ctx context.Context, name string) error {
	if !c.preventDuplicateNames {
		return nil
	}
	apps, _, err := c.ListOAuthApplications(ctx, ListQuery{})
	if err != nil {
		return fmt.Errorf("the search for an application of this name failed: %w", err)
	}
	ids := idsOf(slices.DeleteFunc(apps, func(app OAuthApplication) bool {
		return !SameName(app.Name, name) || c.local.knows(app.ID)
	}))
	if len(ids) == 0 {
		return nil
	}
	return &DuplicateNameError{Name: name, IDs: ids}
}

// KnowApplication tells the client that an application existed before anything that the
// client will create.
func (c *Client) KnowApplication(id string) { c.local.read(id) }
