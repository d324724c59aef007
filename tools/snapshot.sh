#!/bin/sh
# Makes an unsigned release in dist/ and tries it as a user would: the zips lie in a filesystem mirror, from which the engine
# installs the provider and plans with it.
#
#   SNAPSHOT_TARGETS=all|single VERSION=0.1.0-dev tools/with-engine.sh auto tools/snapshot.sh
#
# single builds for the platform of this machine only; all 13 take ten minutes when nothing is cached.
set -eu

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${ENGINE_PATH:?}" "${SNAPSHOT_TARGETS:=all}"
name=terraform-provider-clerk
platform=$(go env GOOS)_$(go env GOARCH)
goreleaser=$(tools/build.sh goreleaser)

fail() {
	echo "snapshot: $*" >&2
	exit 1
}

config=.goreleaser.yml
targets=$(sed -n 's/^      - \([a-z0-9]*_[a-z0-9]*\)$/\1/p' "$config")
case $SNAPSHOT_TARGETS in
all) ;;
single)
	targets=$platform
	sed "/^      - [a-z0-9]*_[a-z0-9]*\$/{/ $platform\$/!d;}" "$config" >.tools/goreleaser.yml
	config=.tools/goreleaser.yml
	;;
*) fail "SNAPSHOT_TARGETS is \"$SNAPSHOT_TARGETS\"; it can be all or single" ;;
esac
"$goreleaser" release --config "$config" --snapshot --clean --skip=sign,sbom,publish

# What the registries ask for: one zip for each platform, all of them and the manifest in the sums, and sums that are right.
sums=${name}_${VERSION}_SHA256SUMS
manifest=${name}_${VERSION}_manifest.json
cp terraform-registry-manifest.json "dist/$manifest" # goreleaser uploads it from where it is
for target in $targets; do
	zip=${name}_${VERSION}_${target}.zip
	[ -f "dist/$zip" ] || fail "dist/$zip is missing"
	grep -q "  $zip\$" "dist/$sums" || fail "$zip is not in $sums"
done
grep -q "  $manifest\$" "dist/$sums" || fail "$manifest is not in $sums"
listed=$(grep -c . "dist/$sums")
expected=$(($(echo "$targets" | grep -c .) + 1))
[ "$listed" = "$expected" ] || fail "$sums lists $listed files, $expected were expected"
if command -v sha256sum >/dev/null 2>&1; then
	(cd dist && sha256sum -c --quiet "$sums") || fail "the sums are wrong"
else
	(cd dist && shasum -a 256 -c --quiet "$sums") || fail "the sums are wrong"
fi

# Installed from the zip, without dev_overrides. Both registries' names, since each engine asks for its own.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for host in registry.terraform.io registry.opentofu.org; do
	mkdir -p "$work/mirror/$host/terraform-provider-clerk/clerk"
	cp "dist/${name}_${VERSION}_${platform}.zip" "$work/mirror/$host/terraform-provider-clerk/clerk/"
done
cat >"$work/cli.tfrc" <<EOF
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
EOF
cat >"$work/main.tf" <<EOF
terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "$VERSION"
    }
  }
}

provider "clerk" {
  secret_key = "sk_test_planning_sends_no_request"
}

resource "clerk_oauth_application" "snapshot" {
  name          = "Snapshot"
  redirect_uris = ["https://app.example.com/callback"]
  scopes        = ["openid", "email"]
}
EOF
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"
"$ENGINE_PATH" -chdir="$work" init -no-color -input=false >"$work/log" 2>&1 || { cat "$work/log"; fail "$ENGINE_NAME cannot install the zip"; }
"$ENGINE_PATH" -chdir="$work" plan -no-color -input=false >"$work/log" 2>&1 || { cat "$work/log"; fail "$ENGINE_NAME cannot plan with it"; }
grep -q 'Plan: 1 to add, 0 to change, 0 to destroy' "$work/log" || { cat "$work/log"; fail "an unexpected plan"; }
echo "snapshot $VERSION: $(echo "$targets" | grep -c .) zips in dist/, sums and manifest are right, $ENGINE_NAME installed the one for $platform and planned with it"
