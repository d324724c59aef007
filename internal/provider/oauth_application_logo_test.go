package provider

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/prototest"
)

func TestMissingLogoSaysWhereItWasLookedFor(t *testing.T) {
	t.Parallel()
	directory, err := os.Getwd()
	must(t, err)
	_, err = readLogo("none.png")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), directory) || !strings.Contains(err.Error(), "${path.module}/") {
		t.Errorf("a relative path: %v", err)
	}
	if _, err = readLogo("/none/none.png"); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), directory) {
		t.Errorf("an absolute path: %v", err)
	}
}

// terraform destroy first plans what it would create. A missing logo of an application
// that was never created does not stop it.
func TestProtocolMissingLogoOfAnApplicationThatWasNeverCreated(t *testing.T) {
	t.Parallel()
	app := newProvider(t, clerktest.New(t)).Resource(applicationType)
	plan, ds := app.TryPlan(t.Context(), prototest.Values{"name": "web", "logo_path": "none.png"})
	if ds.HasError() || len(ds.At("logo_path")) != 1 {
		t.Errorf("the plan says: %s", ds)
	}
	if ds := plan.TryApply(t.Context()); !ds.HasError() || app.Exists() {
		t.Errorf("the apply says: %s", ds)
	}
}
