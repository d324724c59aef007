// Package enginetest runs a real terraform or tofu with providers that were built here. It needs no network and takes
// nothing from the user's environment. Only tests and tools/scale import it.
//
//	func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }
//
//	func TestAccRename(t *testing.T) {
//		w := enginetest.Find(t).Workspace(t, enginetest.Clerk(t)) // skips the test without an engine
//		w.Env["CLERK_API_URL"], w.Env["CLERK_SECRET_KEY"] = server.URL(), server.Key()
//		w.Write("main.tf", configuration)
//		w.MustRun("init")
//		w.MustRun("apply", "-auto-approve")
//		if change := w.Plan("-var=name=B").Change("clerk_oauth_application.a"); !change.Change.Actions.Update() {
//			t.Errorf("the plan is to %v", change.Change.Actions)
//		}
//	}
//
// [Find] takes the engine that tools/with-engine.sh names, or else the first of terraform on PATH, tofu on PATH, and the
// tofu that tools/build.sh has built. It builds none, because that takes minutes.
//
// Providers are installed from a filesystem mirror of the workspace, each under any number of addresses, so a test can
// move a state from one address to another. [Provider.Override] makes init unnecessary.
//
// A program that is no test uses [All] or [Open], [Build], [Install] and [Engine.Command], which report errors.
package enginetest
