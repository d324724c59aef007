package acctest

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

const (
	secretRemoved = "The client secret of .* will be removed"
	secretCreated = "A client secret of .* will be created"
)

func TestAccOAuthApplication_public(t *testing.T) {
	f := anywhere(t)
	public, confidential := f.web("public = true", "pkce_required = true"), f.web("public = false", "pkce_required = true")
	noSecret := []statecheck.StateCheck{
		has("client_secret", knownvalue.Null()), has("client_secret_encrypted", knownvalue.Null()), has("client_secret_version", knownvalue.Null()),
	}
	f.test(
		resource.TestStep{
			Config:            public,
			ConfigPlanChecks:  planned(creates, f.warned()),
			ConfigStateChecks: noSecret,
			PostApplyFunc:     f.sent(`POST {"name":"NAME","pkce_required":true,"public":true}`),
		},
		resource.TestStep{ // a secret is created in the same apply
			Config:            confidential,
			ConfigPlanChecks:  planned(updates("public"+rotation), f.warned(secretCreated)),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks(), has("client_secret_version", milliseconds)},
			PostApplyFunc:     f.sent(`PATCH {"public":false}`, "POST/rotate_secret"),
		},
		resource.TestStep{
			Config:            public,
			ConfigPlanChecks:  planned(updates("public client_secret client_secret_version updated_at?"), f.warned(secretRemoved)),
			ConfigStateChecks: noSecret,
			PostApplyFunc:     f.sent(`PATCH {"public":true}`),
		},
		resource.TestStep{ // someone else makes it confidential, so it has a secret
			PreConfig:         f.elsewhere(http.MethodPatch, "", `{"public":false}`),
			Config:            public,
			ConfigPlanChecks:  planned(updates("public updated_at?"), f.warned(secretRemoved)),
			ConfigStateChecks: noSecret,
			PostApplyFunc:     f.sent(`PATCH {"public":true}`),
		},
	)
}

// A client that was public for a while has a new secret, which the state does not have.
func TestAccOAuthApplication_madePublicElsewhere(t *testing.T) {
	f := anywhere(t)
	enforced := f.web("public = false", "pkce_required = true")
	left := "secret of .* leaves the state.*public client"
	f.test(
		resource.TestStep{Config: enforced},
		resource.TestStep{
			PreConfig:         f.elsewhere(http.MethodPatch, "", `{"public":true}`),
			Config:            enforced,
			ConfigPlanChecks:  planned(updates("public"+rotation), f.warned(secretCreated, left)),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent(`PATCH {"public":false}`, "POST/rotate_secret"),
		},
		resource.TestStep{ // where public is not configured, the state follows
			PreConfig:         f.elsewhere(http.MethodPatch, "", `{"public":true}`),
			Config:            f.web("pkce_required = true", "deletion_protection = true"),
			ConfigPlanChecks:  planned(updates("deletion_protection"), f.warned(left)),
			ConfigStateChecks: []statecheck.StateCheck{has("public", knownvalue.Bool(true)), has("client_secret", knownvalue.Null())},
			PostApplyFunc:     f.sent(),
		},
		resource.TestStep{
			PreConfig: f.elsewhere(http.MethodPatch, "", `{"public":false}`),
			Config:    f.web("pkce_required = true"),
			ConfigPlanChecks: planned(updates("deletion_protection"+rotation),
				f.warned("in the state may not work", "will be rotated")),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     f.sent("POST/rotate_secret"),
		},
	)
}

func TestAccOAuthApplication_unknownPublic(t *testing.T) {
	f := anywhere(t)
	public := func(value string) string {
		return later(value) + f.web("public = terraform_data.later.output", "pkce_required = true")
	}
	unknown := updates("public? client_secret? client_secret_version? updated_at?")
	f.test(
		resource.TestStep{Config: public("false"), ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()}},
		resource.TestStep{
			Config:            public("true"),
			ConfigPlanChecks:  planned(unknown, f.warned()),
			ConfigStateChecks: []statecheck.StateCheck{has("client_secret", knownvalue.Null())},
			PostApplyFunc:     func() { f.sent(`PATCH {"public":true}`)(); f.warned(secretRemoved)() },
		},
		resource.TestStep{
			Config:            public("false"),
			ConfigPlanChecks:  planned(unknown, f.warned("may be rotated")),
			ConfigStateChecks: []statecheck.StateCheck{f.secretWorks()},
			PostApplyFunc:     func() { f.sent(`PATCH {"public":false}`, "POST/rotate_secret")(); f.warned(secretCreated)() },
		},
	)
}
