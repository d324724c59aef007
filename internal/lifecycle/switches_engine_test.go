package lifecycle

import (
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// lifeUnderSwitches has a request of every kind but an upload, and attributes that Clerk
// may write in another way.
var lifeUnderSwitches = scenario{
	name: "life under switches",
	steps: []step{
		creation(with(web, values{
			"redirect_uris": []string{"https://b.example.com/cb", "https://a.example.com/cb"}, "scopes": []string{"profile", "email"},
		}), `{"name":"web","redirect_uris":["https://a.example.com/cb","https://b.example.com/cb"],"scopes":"email profile"}`),
		{
			does: "it is renamed and rotated", config: with(web, values{
				"name": "shop", "redirect_uris": []string{"https://b.example.com/cb", "https://a.example.com/cb"}, "scopes": []string{"profile", "email"},
				"rotate_secret_trigger": "again",
			}),
			plan: update, changed: "name rotate_secret_trigger" + rotationChanges, unknown: rotationUnknown, warns: []string{rotationWarning},
			sends: []string{sendsUpdateOf(`{"name":"shop"}`), sendsRotate}, secret: secretMade,
		},
	},
}

// TestAccSwitches runs it with an engine under every setting of the simulator that
// concerns a request of it. What each setting changes in detail is in
// TestProtocolScenarios.
func TestAccSwitches(t *testing.T) {
	t.Parallel()
	engine := enginetest.Find(t)
	sent := &sentUnderDefault{}
	// Not parallel: the other settings begin when it has been run.
	t.Run("default", func(t *testing.T) { //nolint:paralleltest // see above
		runWithEngine(t, engine, lifeUnderSwitches, clerktest.WithWatch(func(request clerktest.Request) { sent.add(lifeUnderSwitches, request) }))
	})
	for _, setting := range clerktest.AllSwitches()[1:] {
		if sent.concerns(lifeUnderSwitches, setting) {
			sc := lifeUnderSwitches
			sc.switches = setting.Switches
			t.Run(setting.Name, func(t *testing.T) {
				t.Parallel()
				runWithEngine(t, engine, sc)
			})
		}
	}
}
