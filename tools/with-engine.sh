#!/bin/sh
# Runs a command with Terraform or OpenTofu at hand, and with everything that the tests and the demo need to use it offline.
#
#   tools/with-engine.sh auto|terraform|tofu COMMAND [ARGUMENT...]
#
# auto is terraform on PATH, else tofu on PATH, else OpenTofu built from tools/opentofu. terraform has no source that Go may
# build by itself (a licence of its own, no module), so asking for it where it is not installed is an error, exit status 3.
#
# The command gets
#   ENGINE_PATH, ENGINE_NAME   the program (absolute path), and terraform or tofu
#   TF_ACC, TF_ACC_TERRAFORM_PATH, TF_ACC_PROVIDER_HOST, TF_ACC_PROVIDER_NAMESPACE
#                              the same for terraform-plugin-testing
#   TF_CLI_CONFIG_FILE         a CLI configuration with a filesystem mirror alone; TF_ACC_CLI_CONFIG_FILE is the same for
#                              internal/acctest, which takes no other TF_ variable along
#   CLERK_MIRROR               that mirror; it has hashicorp/time and hashicorp/random (not with
#                              OTHER_PROVIDERS=no, which saves building them), and this provider, if `make build` has
#                              built it, in a version that changes with each build
#   CLERK_SECRET_KEY_WAS_SET   "yes" when there was a key in the environment, which the command does not get
# It changes .tools/ alone.
set -eu

want=${1:?usage: tools/with-engine.sh auto|terraform|tofu COMMAND...}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
state=$root/.tools
: "${VERSION:=0.1.0}"

# The user's own settings must reach neither tests nor demo: a key would turn a test on the simulator into one on Clerk.
export CLERK_SECRET_KEY_WAS_SET="${CLERK_SECRET_KEY:+yes}"
unset CLERK_SECRET_KEY CLERK_API_URL
unset TF_CLI_CONFIG_FILE TF_CLI_ARGS TF_WORKSPACE TF_DATA_DIR TF_PLUGIN_CACHE_DIR TF_REATTACH_PROVIDERS
export CHECKPOINT_DISABLE=1

# name_of PROGRAM: terraform or tofu, whatever the program is called. Nothing if it is neither or does not run.
name_of() {
	case $("$1" version 2>/dev/null | head -n 1) in
	Terraform\ v*) echo terraform ;;
	OpenTofu\ v*) echo tofu ;;
	esac
}

# on_path NAME: the absolute path of the engine of that name on PATH, if it runs and is what it says.
on_path() {
	found=$(command -v "$1" 2>/dev/null) || return 1
	case $found in
	/*) ;;
	*) found=$(cd "$(dirname "$found")" && pwd)/$1 ;;
	esac
	[ "$(name_of "$found")" = "$1" ] && echo "$found"
}

case $want in
auto) ENGINE_PATH=$(on_path terraform || on_path tofu || "$root/tools/build.sh" opentofu) ;;
terraform)
	ENGINE_PATH=$(on_path terraform) || {
		echo "terraform is not on PATH (it cannot be built here: install it, or use ENGINE=tofu)" >&2
		exit 3
	}
	;;
tofu) ENGINE_PATH=$(on_path tofu || "$root/tools/build.sh" opentofu) ;;
*)
	echo "ENGINE is \"$want\"; it can be auto, terraform or tofu" >&2
	exit 2
	;;
esac
ENGINE_NAME=$(name_of "$ENGINE_PATH")
case $ENGINE_NAME in
terraform) TF_ACC_PROVIDER_HOST=registry.terraform.io ;;
tofu) TF_ACC_PROVIDER_HOST=registry.opentofu.org ;;
*)
	echo "$ENGINE_PATH does not run" >&2
	exit 3
	;;
esac

# mirror NAMESPACE NAME VERSION BINARY: puts a provider into the mirror, for both engines. Each file is written beside its
# place and moved there, because several of these scripts run at once.
platform=$(go env GOOS)_$(go env GOARCH)
mirror() {
	for host in registry.terraform.io registry.opentofu.org; do
		binary=$state/mirror/$host/$1/$2/$3/$platform/terraform-provider-$2_v$3
		if [ ! -e "$binary" ] || [ "$4" -nt "$binary" ]; then
			mkdir -p "$(dirname "$binary")"
			cp "$4" "$state/provider-$2.$$"
			mv -f "$state/provider-$2.$$" "$binary"
		fi
	done
}

# Some examples use these two besides ours. Their versions: what the module is tagged with; hashicorp/random has no tag that
# Go accepts, its commit is the one of 3.6.0.
mkdir -p "$state"
if [ "${OTHER_PROVIDERS:-yes}" = yes ]; then
	mirror hashicorp time "$(sed -n 's/.*terraform-provider-time v\([0-9.]*\).*/\1/p' "$root/tools/terraform-provider-time/go.mod")" \
		"$("$root/tools/build.sh" terraform-provider-time)"
	mirror hashicorp random 3.6.0 "$("$root/tools/build.sh" terraform-provider-random)"
fi
if [ -x "$state/provider/terraform-provider-clerk" ]; then
	VERSION="$VERSION" "$root/tools/mirror.sh" "$state/provider/terraform-provider-clerk" "$state/mirror" >/dev/null
fi
cat >"$state/cli.tfrc.$$" <<END
provider_installation {
  filesystem_mirror {
    path = "$state/mirror"
  }
}
END
mv -f "$state/cli.tfrc.$$" "$state/cli.tfrc"

export ENGINE_PATH ENGINE_NAME
export TF_ACC=1 TF_ACC_TERRAFORM_PATH="$ENGINE_PATH" TF_ACC_PROVIDER_HOST TF_ACC_PROVIDER_NAMESPACE=terraform-provider-clerk
export TF_CLI_CONFIG_FILE="$state/cli.tfrc" TF_ACC_CLI_CONFIG_FILE="$state/cli.tfrc" CLERK_MIRROR="$state/mirror"
exec "$@"
