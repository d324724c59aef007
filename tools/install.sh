#!/bin/sh
# Installs a build of the provider, so that terraform and tofu find it in any directory beside the providers of the registries.
#
#   VERSION=0.1.0-dev tools/install.sh BINARY DIRECTORY
#
# It writes to DIRECTORY alone: a filesystem mirror with this provider, and a CLI configuration that takes this provider from
# there and every other one from its registry. A provider in ~/.terraform.d/plugins would need no variable, but it would hide the
# registry's releases in every shell, for as long as nobody remembers to delete it.
set -eu

binary=${1:?usage: tools/install.sh BINARY DIRECTORY}
directory=${2:?usage: tools/install.sh BINARY DIRECTORY}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
config=$directory/cli.tfrc
version=$("$(dirname "$0")/mirror.sh" "$binary" "$directory/mirror")

cat >"$config.$$" <<END
provider_installation {
  filesystem_mirror {
    path    = "$directory/mirror"
    include = ["registry.terraform.io/terraform-provider-clerk/clerk", "registry.opentofu.org/terraform-provider-clerk/clerk"]
  }
  direct {
    exclude = ["registry.terraform.io/terraform-provider-clerk/clerk", "registry.opentofu.org/terraform-provider-clerk/clerk"]
  }
}
END
mv -f "$config.$$" "$config"

# The user's own settings. The engines read none of these files while TF_CLI_CONFIG_FILE names another one.
own=
if [ -n "${TF_CLI_CONFIG_FILE:-}" ]; then
	[ "$TF_CLI_CONFIG_FILE" = "$config" ] || own=$TF_CLI_CONFIG_FILE
fi
for file in ~/.terraformrc ~/.tofurc ~/.terraform.d/*.tfrc ~/.terraform.d/*.tfrc.json "${XDG_CONFIG_HOME:-${HOME:-}/.config}"/opentofu/tofurc "${XDG_CONFIG_HOME:-${HOME:-}/.config}"/opentofu/*.tfrc*; do
	[ ! -f "$file" ] || own="$own${own:+, }$file"
done

quoted=$config
case $config in *[!A-Za-z0-9_./-]*) quoted="'$(printf %s "$config" | sed "s/'/'\\\\''/g")'" ;; esac
cat <<END
Installed the provider as version $version in $directory.

1. In the shell, or in your shell's profile:

  export TF_CLI_CONFIG_FILE=$quoted

2. In the configuration:

  terraform {
    required_providers {
      clerk = { source = "terraform-provider-clerk/clerk" }
    }
  }

3. In the directory of the configuration: terraform init && terraform apply (or tofu). Other providers come from their registry.

After a rebuild, make install again. A directory keeps the build that its lock file names until: terraform init -upgrade
END
if [ -n "$own" ]; then
	cat <<END

NOTE: you have settings of your own: $own.
The engines ignore them while TF_CLI_CONFIG_FILE names another file, including credentials, mirrors and the plugin cache.
To keep them, do not set the variable. Put the block provider_installation of $config
into your own file; if your file has such a block already, put filesystem_mirror into it, and exclude into its direct.
END
fi
