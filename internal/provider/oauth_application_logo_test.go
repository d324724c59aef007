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
	image, directory := must(os.ReadFile("testdata/logo.png")), t.TempDir()
	file := func(name string, content []byte) types.String {
		path := filepath.Join(directory, name)
		must(0, os.WriteFile(path, content, 0o600))
		return types.StringValue(path)
	}
	same, elsewhere, other := file("same.png", image), file("elsewhere.png", image), file("other.png", append(image, 0))
	missing := types.StringValue(filepath.Join(directory, "missing.png"))
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
