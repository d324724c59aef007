package lifecycle

import (
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/enginetest"
)

// TestAccProtectedReplacement: a replacement is refused, with create_before_destroy after
// the new application was created. The error then explains that. The error of a plain
// destroy does not.
func TestAccProtectedReplacement(t *testing.T) {
	t.Parallel()
	const createFirst = "create_before_destroy"
	for name, lifecycle := range map[string]string{"destroy first": "", "create first": "  lifecycle {\n    create_before_destroy = true\n  }\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, enginetest.Find(t))
			w.Write("main.tf", requiredClerk+"resource \"clerk_oauth_application\" \"web\" {\n  name = \"Web\"\n  deletion_protection = true\n"+lifecycle+"}\n")
			w.init()
			w.apply()
			old := w.application("Web").ID

			refused := enginetest.Unwrap(w.try("destroy", "-auto-approve").Output())
			says(t, refused, "set deletion_protection = false and apply that first", "use a removed block")
			if strings.Contains(refused, createFirst) || strings.Contains(refused, "replaced") {
				t.Errorf("the refused destroy mentions a replacement:\n%s", refused)
			}

			refused = enginetest.Unwrap(w.try("apply", "-auto-approve", "-replace=clerk_oauth_application.web").Output())
			apps := w.clerk.Applications()
			if lifecycle == "" {
				says(t, refused, "No new application was created")
				if len(apps) != 1 || strings.Contains(refused, createFirst) {
					t.Errorf("%d applications:\n%s", len(apps), refused)
				}
				return
			}
			if len(apps) != 2 {
				t.Fatalf("%d applications:\n%s", len(apps), refused)
			}
			for _, app := range apps {
				if app.ID != old {
					says(t, refused, createFirst, "the new application exists already: "+app.ID)
				}
			}
		})
	}
}
