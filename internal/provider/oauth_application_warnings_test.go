package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*resourceModel)
		want   []string // parts of the warnings, in order
	}{
		"nothing":     {func(*resourceModel) {}, nil},
		"white space": {func(m *resourceModel) { m.Name = types.StringValue(" web\t") }, []string{"begins with U+0020 and ends with U+0009"}},
		"override":    {func(m *resourceModel) { m.Name = types.StringValue("web\u202etxt") }, []string{"cannot see: U+202E"}},
		"NUL":         {func(m *resourceModel) { m.Name = types.StringValue("we\x00b") }, []string{"cannot see: U+0000"}},
		"line end":    {func(m *resourceModel) { m.Name = types.StringValue("we\nb") }, []string{"cannot see: U+000A"}},
		"invisible":   {func(m *resourceModel) { m.Name = types.StringValue("\u2800\u3164") }, []string{"No character of the name is visible"}},
		"a comma":     {func(m *resourceModel) { m.Scopes = setOf([]string{"a,b"}) }, []string{`"a,b" as one scope`}},
		"a date":      {func(m *resourceModel) { m.RotateSecretTrigger = types.StringValue("2018") }, []string{"2026-07-01 is 2018"}},
		"a counter":   {func(m *resourceModel) { m.RotateSecretTrigger = types.StringValue("2") }, nil},
		"a password": {
			func(m *resourceModel) { m.RedirectURIs = setOf([]string{"https://u:hidden@a.example/"}) },
			[]string{`"https://u:xxxxx@a.example/" holds user information`},
		},
		"verified and encrypted": {func(m *resourceModel) {
			m.VerifyClientSecret, m.EncryptClientSecretTo = types.BoolValue(true), setOf([]string{"age1a"})
		}, []string{"verify_client_secret has no effect"}},
		"public": {func(m *resourceModel) {
			m.Public, m.EncryptClientSecretTo = types.BoolValue(true), setOf([]string{"age1a"})
			m.Scopes = setOf([]string{"private_metadata"})
		}, []string{"Set pkce_required = true", "nothing is encrypted", "private metadata"}},
		"public with PKCE": {func(m *resourceModel) {
			m.Public, m.PKCERequired = types.BoolValue(true), types.BoolValue(true)
		}, nil},
		"public, of a device": {func(m *resourceModel) {
			m.Public, m.DeviceGrantEnabled = types.BoolValue(true), types.BoolValue(true)
		}, nil},
	} {
		model := applicationWithoutState()
		model.Name = types.StringValue("web")
		test.change(&model)
		var diags diag.Diagnostics
		model.addWarnings(&diags)
		if len(diags) != len(test.want) {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		for i, d := range diags {
			text := d.Summary() + "\n" + d.Detail()
			if d.Severity() != diag.SeverityWarning || !strings.Contains(text, test.want[i]) || strings.Contains(text, "hidden@") {
				t.Errorf("%s: %s", name, text)
			}
			if summary := d.Summary(); !strings.Contains(summary, model.titleName()) {
				t.Errorf("%s: the summary %q does not name the application", name, summary)
			}
		}
	}
}

func TestOtherSpellingOfRedirectURIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent, has string
		want      bool
	}{
		"host":             {"https://App.Example/cb", "https://app.example/cb", true},
		"scheme":           {"HTTPS://app.example/cb", "https://app.example/cb", true},
		"no path":          {"https://app.example", "https://app.example/", true},
		"path":             {"https://app.example/CB", "https://app.example/cb", false},
		"other host":       {"https://app.example/cb", "https://evil.example/cb", false},
		"nothing":          {"https://app.example/cb", "", false},
		"a scheme of apps": {"myapp://CB", "myapp://cb", true},
	} {
		model := reportedModel{RedirectURIs: setOf([]string{test.sent})}
		app := clerk.OAuthApplication{RedirectURIs: []string{test.has}}
		advice := model.otherSpelling(clerk.Mismatch{Name: "redirect_uris"}, app)
		if got := strings.Contains(advice, `as Clerk has them: ["`+test.has+`"]`); got != test.want {
			t.Errorf("%s: %q", name, advice)
		}
		if model.otherSpelling(clerk.Mismatch{Name: "name"}, app) != "" {
			t.Errorf("%s: advice about another field", name)
		}
	}
}
