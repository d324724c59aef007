package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const module = "github.com/terraform-provider-clerk/terraform-provider-clerk"

// Address is the source address of this module's provider.
const Address = "terraform-provider-clerk/clerk"

// Build builds a program of this module; pkg is its directory in the module, and "" is the provider.
func Build(ctx context.Context, out, pkg string, flags ...string) error {
	arguments := slices.Concat([]string{"build", "-buildvcs=false", "-o", out}, flags, []string{path.Join(module, pkg)})
	build := exec.CommandContext(ctx, "go", arguments...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return nil
}

// A Provider is a program that an engine finds under a source address.
type Provider struct {
	Address  string // NAMESPACE/TYPE in the registry of either engine, or HOST/NAMESPACE/TYPE
	Version  string // what init installs; "" if init shall not find it
	Binary   string // path of the program
	Override bool   // the engine finds it without init (dev_overrides)
}

// At is the same provider under another address.
func (p Provider) At(address string) Provider {
	p.Address = address
	return p
}

// registries are where an address without a host may be.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// addresses gives the address with every host that it stands for.
func (p Provider) addresses() []string {
	if strings.Count(p.Address, "/") == 2 {
		return []string{p.Address}
	}
	return []string{path.Join(registries[0], p.Address), path.Join(registries[1], p.Address)}
}

// Install puts providers below a directory and writes the CLI configuration with which an engine finds these and no
// others, but for the ones of HashiCorp that tools/with-engine.sh has put into CLERK_MIRROR.
func Install(dir string, providers ...Provider) (config string, err error) {
	mirror, overrides := filepath.Join(dir, "mirror"), filepath.Join(dir, "overrides")
	var installed, overridden strings.Builder
	for _, p := range providers {
		name := "terraform-provider-" + path.Base(p.Address)
		if p.Override {
			directory := filepath.Join(overrides, p.Address)
			err = errors.Join(err, link(p.Binary, filepath.Join(directory, name)))
			fmt.Fprintf(&overridden, "    %q = %q\n", p.Address, directory)
		}
		for _, address := range p.addresses() {
			if p.Version == "" {
				continue
			}
			directory := filepath.Join(mirror, address, p.Version, runtime.GOOS+"_"+runtime.GOARCH)
			err = errors.Join(err, link(p.Binary, filepath.Join(directory, name+"_v"+p.Version)))
			fmt.Fprintf(&installed, "%q, ", address)
		}
	}
	text := "provider_installation {\n"
	if overridden.Len() > 0 {
		text += "  dev_overrides {\n" + overridden.String() + "  }\n"
	}
	if installed.Len() > 0 {
		text += fmt.Sprintf("  filesystem_mirror {\n    path    = %q\n    include = [%s]\n  }\n", mirror, installed.String())
	}
	if others := os.Getenv("CLERK_MIRROR"); others != "" {
		text += fmt.Sprintf("  filesystem_mirror {\n    path    = %q\n    include = [\"%s/hashicorp/*\", \"%s/hashicorp/*\"]\n  }\n",
			others, registries[0], registries[1])
	}
	config = filepath.Join(dir, "cli.tfrc")
	return config, errors.Join(err, os.MkdirAll(dir, 0o750), os.WriteFile(config, []byte(text+"}\n"), 0o600))
}

// link makes a program appear at a second path.
func link(from, to string) error {
	from, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	if _, err = os.Stat(from); err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o750), os.Symlink(from, to))
}
