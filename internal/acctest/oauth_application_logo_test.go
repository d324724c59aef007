package acctest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerktest"
)

// logoFile is a path for a logo, its argument, and a function that writes the file: an image of that
// width.
func logoFile(t *testing.T) (path, argument string, write func(width int) do) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "logo.png")
	return path, fmt.Sprintf("logo_path = %q", path), func(width int) do {
		return func() {
			var content bytes.Buffer
			err := png.Encode(&content, image.NewGray(image.Rect(0, 0, width, 1)))
			if err := errors.Join(err, os.WriteFile(path, content.Bytes(), 0o600)); err != nil {
				t.Error(err)
			}
		}
	}
}

const uploaded = "client_image_url? logo_sha256? updated_at?"

func TestAccOAuthApplication_logo(t *testing.T) {
	f := anywhere(t)
	path, logo, write := logoFile(t)
	sha256 := has("logo_sha256", matches("^[0-9a-f]{64}$"))
	f.test(
		resource.TestStep{
			PreConfig:         write(1),
			Config:            f.web(logo),
			ConfigPlanChecks:  planned(creates, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), sha256, has("client_image_url", matches("^https?://"))},
			PostApplyFunc:     f.sent(`POST {"name":"NAME"}`, "PUT/logo"),
		},
		resource.TestStep{
			PreConfig:         write(2),
			Config:            f.web(logo),
			ConfigPlanChecks:  planned(updates(uploaded), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), sha256},
			PostApplyFunc:     f.sent("PUT/logo"),
		},
		resource.TestStep{ // a file that is missing is no reason for a change
			PreConfig:        func() { _ = os.Remove(path) },
			Config:           f.web(logo),
			ConfigPlanChecks: planned(noChange, f.warned("The file with the logo of .* is missing")),
		},
		resource.TestStep{
			PreConfig:         write(3),
			Config:            f.web(),
			ConfigPlanChecks:  planned(updates("logo_path logo_sha256"), f.warned("logo stays")),
			ConfigStateChecks: []statecheck.StateCheck{has("client_image_url", matches("^https?://"))},
			PostApplyFunc:     f.sent(),
		},
	)
}

// Another resource may write the file in the same run.
func TestAccOAuthApplication_logoLater(t *testing.T) {
	f := anywhere(t)
	_, logo, write := logoFile(t)
	notYet := "The file with the logo of .* does not exist yet"
	f.test(
		resource.TestStep{ // but if nobody does, nothing is created
			Config:           f.web(logo),
			ConfigPlanChecks: planned(f.warned(notYet)),
			ExpectError:      fails("There is no file.*No application was created"),
		},
		resource.TestStep{
			PreConfig:         f.sent(),
			Config:            f.web(logo),
			ConfigPlanChecks:  planned(f.warned(notYet), write(1)),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("logo_sha256", matches("^[0-9a-f]{64}$"))},
			PostApplyFunc:     f.sent(`POST {"name":"NAME"}`, "PUT/logo"),
		},
	)
}

// A logo that Clerk refuses costs neither the application nor its secret.
func TestAccOAuthApplication_logoRefused(t *testing.T) {
	f := simulated(t)
	_, logo, write := logoFile(t)
	refused := clerktest.ClerkError(http.StatusRequestEntityTooLarge, "image_too_large").OnLogo().Once()
	f.test(
		resource.TestStep{
			PreConfig:         func() { write(1)(); f.Inject(refused) },
			Config:            f.web(logo),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("logo_sha256", knownvalue.Null())},
			PostApplyFunc: func() {
				f.sent(`POST {"name":"NAME"}`, "PUT/logo")()
				f.warned("Unable to upload .*logo.*created without the logo")()
			},
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{
			Config:           f.web(logo),
			ConfigPlanChecks: planned(updates(uploaded), f.warned()),
			PostApplyFunc:    f.sent("PUT/logo"),
		},
		resource.TestStep{
			PreConfig:   func() { write(2)(); f.Inject(refused) },
			Config:      f.web(logo, `rotate_secret_trigger = "first"`),
			ExpectError: fails("Unable to upload .*logo"),
		},
		resource.TestStep{ // the rotation is not done again
			PreConfig:         f.sent("POST/rotate_secret", "PUT/logo"),
			Config:            f.web(logo, `rotate_secret_trigger = "first"`),
			ConfigPlanChecks:  planned(updates(uploaded), f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent("PUT/logo"),
		},
	)
}
