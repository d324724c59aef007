package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

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

// planLogo reads the file when planning, so that a wrong one shows in the plan. One
// that was uploaded and is no longer there is none of that: the logo stays, and a
// destroy, which plans like this first, goes on.
func (m *resourceModel) planLogo(state resourceModel, diags *diag.Diagnostics) plannedLogo {
	switch {
	case m.LogoPath.IsNull():
		return plannedLogo{sha256: types.StringNull()}
	case m.LogoPath.IsUnknown():
		return plannedLogo{wanted: true, sha256: types.StringUnknown()}
	}
	logo, err := readLogo(m.LogoPath.ValueString())
	if errors.Is(err, fs.ErrNotExist) && m.LogoPath.Equal(state.LogoPath) && !state.LogoSHA256.IsNull() {
		diags.AddAttributeWarning(path.Root("logo_path"), "The logo's file is not there",
			sentence(err.Error())+" Whether the logo is still the same as the file cannot be told; it stays as it is.")
		return plannedLogo{wanted: true, sha256: state.LogoSHA256}
	}
	if err != nil {
		diags.AddAttributeError(path.Root("logo_path"), "Unable to use logo", sentence(err.Error()))
		return plannedLogo{sha256: types.StringNull()}
	}
	return plannedLogo{wanted: true, sha256: types.StringValue(logo.sha256)}
}

// missingLogoError is a file, by its path, that is not there.
type missingLogoError string

func (e missingLogoError) Error() string        { return fmt.Sprintf("there is no file %q", string(e)) }
func (e missingLogoError) Is(target error) bool { return target == fs.ErrNotExist }

// logoFile is an image that Clerk should take.
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
		return logoFile{}, fmt.Errorf("%q has %d bytes; Clerk takes logos of at most %d (10 MB)", file, info.Size(), clerk.MaxLogoBytes)
	}
	image, err := os.ReadFile(file)
	if err != nil {
		return logoFile{}, err
	}
	if contentType, ok := clerk.LogoType(image); !ok {
		return logoFile{}, fmt.Errorf("%q is of type %s; Clerk takes JPEG, PNG, GIF and WebP images", file, contentType)
	}
	sum := sha256.Sum256(image)
	return logoFile{image: image, sha256: hex.EncodeToString(sum[:])}, nil
}
