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

// planLogo reads the file when planning, so that a wrong one shows in the plan.
func (m *oauthApplicationModel) planLogo(diags *diag.Diagnostics) plannedLogo {
	switch {
	case m.LogoPath.IsNull():
		return plannedLogo{sha256: types.StringNull()}
	case m.LogoPath.IsUnknown():
		return plannedLogo{wanted: true, sha256: types.StringUnknown()}
	}
	logo, err := readLogo(m.LogoPath.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("logo_path"), "Unable to use logo", sentence(err.Error()))
		return plannedLogo{sha256: types.StringNull()}
	}
	return plannedLogo{wanted: true, sha256: types.StringValue(logo.sha256)}
}

// logoFile is an image that Clerk should take.
type logoFile struct {
	image  []byte
	sha256 string // hexadecimal
}

func readLogo(file string) (logoFile, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return logoFile{}, fmt.Errorf("there is no file %q", file)
	case err != nil:
		return logoFile{}, err
	case !info.Mode().IsRegular():
		return logoFile{}, fmt.Errorf("%q is not a regular file", file)
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
