#!/bin/sh
# Tests what `make install` sets up, with one engine: init, plan and apply beside another provider, with a module and a back end,
# again after a rebuild, and again in a directory whose lock file names a build that is gone.
#
#   tools/with-engine.sh auto|terraform|tofu tools/install-test.sh
#
# It writes to a temporary directory alone. It needs no network: what `direct` would fetch from a registry is taken from the mirror of with-engine.sh.
set -eu

cd "$(dirname "$0")/.."
: "${ENGINE_PATH:?}" "${ENGINE_NAME:?}" "${CLERK_MIRROR:?}"
work=$(mktemp -d)
simulator=
stop() {
	[ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() {
	[ ! -f "$work/log" ] || cat "$work/log" >&2
	echo "install-test, $ENGINE_NAME: $*" >&2
	exit 1
}

# build NAME: a provider that differs from every other NAME's.
build() {
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=0.1.0-$1" -o "$work/$1" .
}

# install NAME [HOME [TF_CLI_CONFIG_FILE]]: the version is in $version, what was printed in $work/log.
install() {
	HOME="$work/${2:-nobody}" XDG_CONFIG_HOME='' TF_CLI_CONFIG_FILE="${3:-}" VERSION=0.1.0-dev \
		tools/install.sh "$work/$1" "$work/install dir" >"$work/log" || fail "install failed"
	version=$(sed -n 's/^Installed the provider as version \(0\.1\.[0-9]*\) .*/\1/p' "$work/log")
	[ -n "$version" ] || fail "no version"
}
says() { grep -q -- "$1" "$work/log" || fail "expected: $1"; }
silent() { ! grep -q -- "$1" "$work/log" || fail "unexpected: $1"; }

# engine DIRECTORY ARGUMENT...: must succeed. refused: must fail.
run() {
	directory=$1
	shift
	(cd "$work/$directory" && TF_CLI_CONFIG_FILE="$work/offline.tfrc" "$ENGINE_PATH" "$@" -no-color -input=false) >"$work/log" 2>&1
}
engine() { run "$@" || fail "$*"; }
refused() { ! run "$@" || fail "$* succeeded"; }
locked() { sed -n '/terraform-provider-clerk\/clerk"/,/^}/s/.*version *= "\([^"]*\)".*/\1/p' "$work/$1/.terraform.lock.hcl"; }

# configuration DIRECTORY: this provider and another one, both in a module too, and a back end.
configuration() {
	mkdir -p "$work/$1/module"
	cat >"$work/$1/main.tf" <<-'END'
		terraform {
		  backend "local" { path = "other.tfstate" }
		  required_providers {
		    clerk  = { source = "terraform-provider-clerk/clerk", version = "~> 0.1" }
		    random = { source = "hashicorp/random" }
		  }
		}
		resource "random_id" "suffix" { byte_length = 4 }
		module "application" {
		  source = "./module"
		  name   = "Install ${random_id.suffix.hex}"
		}
	END
	cat >"$work/$1/module/main.tf" <<-'END'
		terraform {
		  required_providers {
		    clerk = { source = "terraform-provider-clerk/clerk", version = ">= 0.1.0" }
		  }
		}
		variable "name" { type = string }
		resource "clerk_oauth_application" "this" {
		  name          = var.name
		  redirect_uris = ["https://app.example.com/callback"]
		  scopes        = ["openid", "email"]
		}
	END
}

CGO_ENABLED=0 go build -o "$work/clerk-simulator" ./internal/clerktest/clerk-simulator
"$work/clerk-simulator" -ready-file "$work/simulator.env" >/dev/null &
simulator=$!
until [ -f "$work/simulator.env" ]; do
	kill -0 "$simulator" 2>/dev/null || fail "the simulator does not start"
	sleep 0.1 2>/dev/null || sleep 1
done
# shellcheck disable=SC1091 # it is written above
. "$work/simulator.env"

# Settings of one's own are named, and no others.
mkdir -p "$work/nobody" "$work/somebody/.terraform.d"
: >"$work/somebody/.terraformrc"
: >"$work/somebody/.terraform.d/credentials.tfrc.json"
build first
install first somebody
says "NOTE: you have settings of your own: $work/somebody/.terraformrc, $work/somebody/.terraform.d/credentials.tfrc.json"
install first nobody "$work/elsewhere.tfrc"
says "NOTE: you have settings of your own: $work/elsewhere.tfrc"
install first nobody "$work/install dir/cli.tfrc"
silent NOTE
one=$version
# What is printed can be pasted.
says 'export TF_CLI_CONFIG_FILE='
eval "$(sed -n 's/^  export TF_CLI/  export PASTED/p' "$work/log")"
[ "$PASTED_CONFIG_FILE" = "$work/install dir/cli.tfrc" ] || fail "the printed variable is $PASTED_CONFIG_FILE"

# Where a registry would be asked for other providers, there is a mirror.
grep -q '^  direct {$' "$PASTED_CONFIG_FILE" || fail "other providers do not come from their registry"
sed "s#^  direct {#  filesystem_mirror {\\
    path = \"$CLERK_MIRROR\"#" "$PASTED_CONFIG_FILE" >"$work/offline.tfrc"

configuration a
engine a init
[ "$(locked a)" = "$one" ] || fail "locked $(locked a), installed $one"
engine a apply -auto-approve
says 'Resources: 2 added'

# The same build again is the same version.
install first
[ "$version" = "$one" ] || fail "one build became two versions, $one and $version"

# A rebuild: what was initialized works on, init -upgrade takes the new build, and so does a new directory.
build second
install second
two=$version
[ "$two" != "$one" ] || fail "two builds are one version, $one"
engine a plan
says 'No changes'
engine a init
engine a plan
says 'No changes'
[ "$(locked a)" = "$one" ] || fail "init alone changed the version"
engine a init -upgrade
[ "$(locked a)" = "$two" ] || fail "init -upgrade took $(locked a), not $two"
engine a apply -auto-approve
says 'No changes'
configuration b
engine b init
[ "$(locked b)" = "$two" ] || fail "a new directory got $(locked b), not $two"

# The first build again, after the second, is the newest.
install first
three=$version
engine b init -upgrade
[ "$(locked b)" = "$three" ] || fail "init -upgrade took $(locked b), not $three"

# Ten builds later the lock file of a names what is gone.
for name in 1 2 3 4 5 6 7 8 9 10; do
	printf '%s' "$name" >"$work/build$name"
	install "build$name"
done
install first
[ "$(find "$work/install dir/mirror/registry.terraform.io" -type f | wc -l)" -eq 10 ] || fail "more or fewer than ten builds are kept"
refused a init
says "$two is no longer available"
engine a init -upgrade
engine a destroy -auto-approve
says '2 destroyed'
echo "make install: $ENGINE_NAME inits, plans and applies beside another provider, with a module and a back end, and after a rebuild"
