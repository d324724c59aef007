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

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// plannedLogo is what logo_path asks for.
type plannedLogo struct {
	wanted bool
	sha256 types.String // unknown when the path is; null when there is none
}

// logoChangedKey marks, in the private state, that the file at logo_path had another
// content than the uploaded one when the state was refreshed, so that the plan made
// then uploads it. An engine plans once more when it applies a plan; without the mark
// that second plan could not know that an upload was planned, on a machine where the
// file does not exist, and it would change nothing without an error.
const logoChangedKey = "logo_changed"

// planLogo reads the file when planning, so that an unusable file shows in the plan.
//
// A missing file is no error of a plan. It may be written by another resource in the
// same run, and Create and Update read it before they send anything. If it was uploaded
// and is gone by now, the logo stays. changed is what logoChangedKey says.
func (m *resourceModel) planLogo(state resourceModel, changed bool, diags *diag.Diagnostics) plannedLogo {
	switch {
	case m.LogoPath.IsNull():
		return plannedLogo{sha256: types.StringNull()}
	case m.LogoPath.IsUnknown():
		return plannedLogo{wanted: true, sha256: types.StringUnknown()}
	}
	logo, err := readLogo(m.LogoPath.ValueString())
	switch uploaded := m.LogoPath.Equal(state.LogoPath) && !state.LogoSHA256.IsNull(); {
	case err == nil:
		return plannedLogo{wanted: true, sha256: types.StringValue(logo.sha256)}
	case !errors.Is(err, fs.ErrNotExist):
		addLogoError(diags, err, "")
		return plannedLogo{sha256: types.StringNull()}
	case uploaded && changed:
		addLogoError(diags, err, "The plan uploads a new content of this file. Apply the plan where the file exists, or plan again.")
		return plannedLogo{sha256: types.StringNull()}
	case uploaded:
		diags.AddAttributeWarning(path.Root("logo_path"), "The file with the logo of "+m.titleName()+" is missing",
			sentence(err.Error())+" The file was uploaded before, and the logo stays as it is. The provider cannot tell whether the file has changed.")
		return plannedLogo{wanted: true, sha256: state.LogoSHA256}
	}
	diags.AddAttributeWarning(path.Root("logo_path"), "The file with the logo of "+m.titleName()+" does not exist yet",
		sentence(err.Error())+" If another resource writes it during the apply, nothing is wrong. Otherwise the apply fails before it changes anything at Clerk.")
	return plannedLogo{wanted: true, sha256: types.StringUnknown()}
}

func addLogoError(diags *diag.Diagnostics, err error, consequence string) {
	diags.AddAttributeError(path.Root("logo_path"), "Unable to use logo", paragraphs(sentence(err.Error()), consequence))
}

// markChangedLogo sets or clears logoChangedKey.
func (m *resourceModel) markChangedLogo(ctx context.Context, private privateKeys) diag.Diagnostics {
	var mark []byte
	if isKnownText(m.LogoPath) && isKnownText(m.LogoSHA256) {
		if logo, err := readLogo(m.LogoPath.ValueString()); err == nil && logo.sha256 != m.LogoSHA256.ValueString() {
			mark = []byte("true")
		}
	}
	return private.SetKey(ctx, logoChangedKey, mark)
}

// A missingLogoError is a path at which there is no file.
type missingLogoError string

func (e missingLogoError) Error() string {
	text := fmt.Sprintf("there is no file %q", string(e))
	if directory, err := os.Getwd(); err == nil && !filepath.IsAbs(string(e)) {
		text += fmt.Sprintf(". A relative path starts at the directory in which the engine runs, %s; in a module, write ${path.module}/ in front", directory)
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
		return logoFile{}, fmt.Errorf("%q has %d bytes; Clerk accepts logos of at most %d (10 MB)", file, info.Size(), clerk.MaxLogoBytes)
	}
	image, err := os.ReadFile(file)
	if err != nil {
		return logoFile{}, err
	}
	if contentType, ok := clerk.LogoType(image); !ok {
		if isSVG(image) {
			contentType = "image/svg+xml (SVG)"
		}
		return logoFile{}, fmt.Errorf("%q is of type %s; Clerk accepts JPEG, PNG, GIF and WebP images", file, contentType)
	}
	sum := sha256.Sum256(image)
	return logoFile{image: image, sha256: hex.EncodeToString(sum[:])}, nil
}

// isSVG reports whether an image is SVG, which net/http treats as text or XML.
func isSVG(image []byte) bool {
	beginning := bytes.ToLower(image[:min(len(image), 1024)])
	return bytes.Contains(beginning, []byte("<svg"))
}
