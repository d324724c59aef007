package provider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// logoPathCheck rejects what is certainly no path of a file.
var logoPathCheck = textCheck{
	title: "Unable to use logo", description: "the path of an image file",
	problem: func(file string) string {
		switch {
		case file == "":
			return "logo_path is an empty string, most often because a variable was not set. Set the " +
				"path of an image file, or null for an application whose logo Terraform does not manage."
		case urlForm.MatchString(file):
			return fmt.Sprintf("logo_path is a URL (%s). The provider uploads files only: download the "+
				"image, and set the path of the file.", quote(withoutPassword(file)))
		}
		return ""
	},
}

var urlForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://|^data:`)

// planLogo returns the hash of the logo that logo_path asks for: null without a path, and unknown
// as long as the file is. It reads the file, so that an unusable one shows in the plan.
//
// A missing file is no error of a plan. It may be written by another resource in the same
// run, and Create and Update read it before they send anything. If it was uploaded and is
// gone by now, the logo stays. changed is privateState.LogoChanged.
//
// With ignore_changes = all, or [logo_sha256], Terraform puts the hash of the state into
// the configuration, where no user can set one: see ValidateConfig. The logo then stays as
// it is. With ignore_changes = [logo_path] Terraform puts the path of the state there,
// which is most often the path of the configuration too, so a provider sees no sign of it.
func (m *resourceModel) planLogo(
	config, state resourceModel, changed bool, diags *diag.Diagnostics,
) types.String {
	switch {
	case isKnownText(config.LogoSHA256) && config.LogoSHA256.Equal(state.LogoSHA256):
		return state.LogoSHA256
	case !isKnownText(m.LogoPath):
		return unknownUnlessNull(m.LogoPath)
	}
	logo, err := readLogo(m.LogoPath.ValueString())
	switch uploaded := m.LogoPath.Equal(state.LogoPath) && !state.LogoSHA256.IsNull(); {
	case err == nil:
		return types.StringValue(logo.sha256)
	case !errors.Is(err, fs.ErrNotExist):
		addLogoError(diags, err, "")
		return types.StringNull()
	case uploaded && changed:
		addLogoError(diags, err, "The plan uploads a new content of this file. Apply the plan where the "+
			"file exists, or plan again.")
		return types.StringNull()
	case uploaded:
		diags.AddAttributeWarning(path.Root("logo_path"),
			"The file with the logo of "+m.named("OAuth application")+" is missing",
			sentence(err.Error())+" The file was uploaded before, and the logo stays as it is. The "+
				"provider cannot tell whether the file has changed.")
		return state.LogoSHA256
	}
	diags.AddAttributeWarning(path.Root("logo_path"),
		"The file with the logo of "+m.named("OAuth application")+" does not exist yet",
		sentence(err.Error())+" If another resource writes it during the apply, nothing is wrong. "+
			"Otherwise the apply fails before it changes anything at Clerk.")
	return types.StringUnknown()
}

// planLogoUpdate plans the logo of an application that exists, given the result of planLogo,
// and reports whether a request is needed. A hash that changes is unknown in the plan: the
// file is read again when the plan is applied, and may have changed by then.
func (m *resourceModel) planLogoUpdate(
	state resourceModel, logo types.String, diags *diag.Diagnostics,
) bool {
	if m.LogoPath.IsNull() && !state.LogoPath.IsNull() {
		diags.AddAttributeWarning(path.Root("logo_path"),
			fmt.Sprintf("The logo of %s stays", m.quotedName()),
			"Clerk offers no way to delete a logo. Without logo_path the current logo stays, and Terraform "+
				"no longer manages it.")
	}
	m.LogoSHA256 = logo
	switch {
	case logo.IsNull():
		return false
	case logo.Equal(state.LogoSHA256):
		if isKnownText(m.LogoPath) && isKnownText(state.LogoPath) {
			// The same content elsewhere: an absolute path differs between machines.
			m.LogoPath = state.LogoPath
		}
		return false
	}
	m.LogoSHA256, m.ClientImageURL = types.StringUnknown(), types.StringUnknown()
	return true
}

func addLogoError(diags *diag.Diagnostics, err error, consequence string) {
	diags.AddAttributeError(path.Root("logo_path"), "Unable to use logo",
		paragraphs(sentence(err.Error()), consequence))
}

// logoFileChanged reports whether the file at logo_path is there and has another content
// than the uploaded one.
func (m *resourceModel) logoFileChanged() bool {
	if !isKnownText(m.LogoPath) || !isKnownText(m.LogoSHA256) {
		return false
	}
	logo, err := readLogo(m.LogoPath.ValueString())
	return err == nil && logo.sha256 != m.LogoSHA256.ValueString()
}

// hasLogoOfFile reports whether the logo is the file at logo_path as it is now, if any.
func (m *resourceModel) hasLogoOfFile() bool {
	if m.LogoPath.IsNull() {
		return m.LogoSHA256.IsNull()
	}
	logo, err := readLogo(m.LogoPath.ValueString())
	return err == nil && logo.sha256 == m.LogoSHA256.ValueString()
}

// A missingLogoError is a path at which there is no file.
type missingLogoError string

func (e missingLogoError) Error() string {
	text := fmt.Sprintf("there is no file %q", string(e))
	if directory, err := os.Getwd(); err == nil && !filepath.IsAbs(string(e)) {
		text += fmt.Sprintf(". A relative path starts at the directory in which the engine runs, %s; in "+
			"a module, write ${path.module}/ in front", directory)
	}
	return text
}

func (e missingLogoError) Is(target error) bool { return target == fs.ErrNotExist }

// logoFile is an image that Clerk should accept.
type logoFile struct {
	image  []byte
	sha256 string // hexadecimal
}

func readLogo(file string) (logoFile, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return logoFile{}, missingLogoError(file)
	case err != nil:
		return logoFile{}, err
	case !info.Mode().IsRegular():
		return logoFile{}, fmt.Errorf("%q is not a regular file", file)
	case info.Size() == 0:
		return logoFile{}, fmt.Errorf("%q is empty", file)
	case info.Size() > clerk.MaxLogoBytes:
		return logoFile{}, fmt.Errorf("%q has %d bytes; Clerk accepts logos of at most %d (10 MB)",
			file, info.Size(), clerk.MaxLogoBytes)
	}
	image, err := os.ReadFile(file)
	if err != nil {
		return logoFile{}, err
	}
	if contentType, ok := clerk.LogoType(image); !ok {
		beginning := bytes.ToLower(image[:min(len(image), 1024)])
		if bytes.Contains(beginning, []byte("<svg")) { // text or XML to net/http
			contentType = "image/svg+xml (SVG)"
		}
		return logoFile{}, fmt.Errorf("%q is of type %s; Clerk accepts JPEG, PNG, GIF and WebP images",
			file, contentType)
	}
	sum := sha256.Sum256(image)
	return logoFile{image: image, sha256: hex.EncodeToString(sum[:])}, nil
}

// readLogo reads the file at logo_path, if its content is not the one that was uploaded. A
// file that cannot be used is an error, with its consequence.
func (c *applicationCall) readLogo(consequence string) (ok bool) {
	if c.plan.LogoPath.IsNull() || c.plan.LogoSHA256.Equal(c.current.LogoSHA256) {
		return true
	}
	var err error
	if c.logo, err = readLogo(c.plan.LogoPath.ValueString()); err != nil {
		addLogoError(c.diags, err, consequence)
	}
	return err == nil
}

// uploadLogo uploads what readLogo has read. An error leaves the current model unchanged.
func (c *applicationCall) uploadLogo(ctx context.Context) error {
	if c.logo.image == nil {
		return nil
	}
	app, err := c.client.UploadOAuthApplicationLogo(ctx, c.current.ID.ValueString(),
		filepath.Base(c.plan.LogoPath.ValueString()), c.logo.image)
	if err != nil {
		return err
	}
	c.current.LogoPath, c.current.LogoSHA256 = c.plan.LogoPath, types.StringValue(c.logo.sha256)
	c.current.fromAnswer(app, c.plan.reportedModel)
	c.notes.LogoChanged = false
	c.notes.save(ctx)
	c.save(ctx)
	c.warnOfProblems(app, "The logo was uploaded")
	return nil
}
