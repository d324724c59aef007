package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What the plan of an application with a logo says, by what has become of the file.
func TestPlannedLogo(t *testing.T) {
	t.Parallel()
	same, elsewhere := types.StringValue("testdata/logo.png"), types.StringValue("../provider/testdata/logo.png")
	missing, other := types.StringValue("missing.png"), types.StringValue(filepath.Join(t.TempDir(), "other.png"))
	image := must(os.ReadFile(same.ValueString()))
	must(0, os.WriteFile(other.ValueString(), append(image, 0), 0o600))
	hash := types.StringValue(must(readLogo(same.ValueString())).sha256)

	for name, test := range map[string]struct {
		before, path types.String
		ignored      bool // logo_sha256 by ignore_changes
		marked       bool // privateState.LogoChanged
		upload       bool
		after        types.String // logo_path in the plan
		said         diag.Severity
	}{
		"same file":          {before: same, path: same, after: same},
		"same content":       {before: same, path: elsewhere, after: same},
		"changed":            {before: same, path: other, upload: true, after: other},
		"changed, ignored":   {before: same, path: other, ignored: true, after: same},
		"gone":               {before: missing, path: missing, after: missing, said: diag.SeverityWarning},
		"gone, ignored":      {before: missing, path: missing, ignored: true, after: missing},
		"gone since planned": {before: missing, path: missing, marked: true, after: missing, said: diag.SeverityError},
		"to be written":      {before: same, path: missing, upload: true, after: missing, said: diag.SeverityWarning},
		"not known":          {before: same, path: types.StringUnknown(), upload: true, after: types.StringUnknown()},
		"removed":            {before: same, path: types.StringNull(), after: types.StringNull(), said: diag.SeverityWarning},
	} {
		var config, state, plan resourceModel
		state.LogoPath, state.LogoSHA256 = test.before, hash
		config.LogoPath, plan.LogoPath = test.path, test.path
		if test.ignored {
			config.LogoSHA256 = hash
		}
		var diags diag.Diagnostics
		uploads := plan.planLogoUpdate(state, plan.planLogo(config, state, test.marked, &diags), &diags)
		if uploads != test.upload || uploads != plan.LogoSHA256.IsUnknown() || !plan.LogoPath.Equal(test.after) {
			t.Errorf("%s: uploads %t, path %s, hash %s", name, uploads, plan.LogoPath, plan.LogoSHA256)
		}
		said := diag.SeverityInvalid
		if len(diags) > 0 {
			said = diags[0].Severity()
		}
		if said != test.said || len(diags) > 1 {
			t.Errorf("%s: %v", name, diags)
		}
	}
}
