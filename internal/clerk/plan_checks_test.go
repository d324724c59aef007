package clerk_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// What a plan asks for a create costs one request in a run, and none where nothing is asked.
func TestPlanChecks(t *testing.T) {
	t.Parallel()
	noDuplicates := func(config *clerk.Config) { config.PreventDuplicateNames = true }
	other := func(config *clerk.Config) { config.InstanceID = "ins_other" }
	for name, test := range map[string]struct {
		options  []func(*clerk.Config)
		prepare  func(f *fixture)
		instance bool // it belongs to another
		ids      int  // of duplicates
		fails    bool // the search
		requests int
	}{
		"nothing is asked":    {},
		"another instance":    {options: []func(*clerk.Config){other}, instance: true, requests: 1},
		"no duplicate":        {options: []func(*clerk.Config){noDuplicates}, requests: 1},
		"two duplicates":      {options: []func(*clerk.Config){noDuplicates}, prepare: seeded("web", " web"), ids: 2, requests: 1},
		"in capitals":         {options: []func(*clerk.Config){noDuplicates}, prepare: seeded("Web"), requests: 1},
		"the list is refused": {options: []func(*clerk.Config){noDuplicates}, prepare: refuseLists, fails: true, requests: 2},
		"the one in the state": {options: []func(*clerk.Config){noDuplicates}, prepare: func(f *fixture) {
			f.client.KnowApplication(f.server.Seed("web"))
		}, requests: 1},
	} {
		run(t, name, func(f *fixture) {
			if test.prepare != nil {
				test.prepare(f)
			}
			for range 2 {
				var instance *clerk.InstanceError
				if err := f.client.CheckExpectedInstance(f.Context()); errors.As(err, &instance) != test.instance {
					f.Errorf("the instance: %v", err)
				}
				var duplicate *clerk.DuplicateNameError
				err := f.client.CheckPlannedName(f.Context(), "web")
				found := errors.As(err, &duplicate)
				if found != (test.ids > 0) || found && len(duplicate.IDs) != test.ids || (err != nil) != (found || test.fails) {
					f.Errorf("the name: %v", err)
				}
			}
			if sent := f.server.RequestLines(); len(sent) != test.requests {
				f.Errorf("sent %q", sent)
			}
		}, test.options...)
	}
}

func seeded(names ...string) func(*fixture) {
	return func(f *fixture) {
		for _, name := range names {
			f.server.Seed(name)
		}
	}
}

func refuseLists(f *fixture) {
	f.server.Inject(clerktest.ClerkError(http.StatusForbidden, "not_allowed_access").OnList())
}
