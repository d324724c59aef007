#!/bin/sh
# Checks the files of a release as the Terraform and OpenTofu registries will, and tries one of the zips with an engine.
#
#   TARGETS='linux_amd64 ...' tools/with-engine.sh auto tools/release-check.sh DIRECTORY VERSION [FINGERPRINT]
#
# It changes nothing. DIRECTORY holds the files of the release and nothing else. TARGETS defaults to those of .goreleaser.yml. With a FINGERPRINT
# the signature must be by that key of gpg's key ring; without one there must be no signature.
#
# https://developer.hashicorp.com/terraform/registry/providers/publishing says what the registries want: a zip for each platform,
# a manifest, SHA256SUMS of exactly these, and a detached signature of SHA256SUMS that is not ASCII-armoured.
set -eu

directory=${1:?usage: tools/release-check.sh DIRECTORY VERSION [FINGERPRINT]}
version=${2:?usage: tools/release-check.sh DIRECTORY VERSION [FINGERPRINT]}
fingerprint=${3:-}
directory=$(cd "$directory" && pwd)
cd "$(dirname "$0")/.."
: "${ENGINE_PATH:?}" "${ENGINE_NAME:?}"
: "${TARGETS:=$(sed -n 's/^      - \([a-z0-9]*_[a-z0-9]*\)$/\1/p' .goreleaser.yml)}"
name=terraform-provider-clerk
prefix=${name}_$version
sums=${prefix}_SHA256SUMS
manifest=${prefix}_manifest.json

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "release-check: $*" >&2
	exit 1
}

# The list is exactly the zips and the manifest: a registry refuses, or waits for ever for, a file that it does not know.
for target in $TARGETS; do echo "${prefix}_$target.zip"; done | sort >"$work/zips"
{ cat "$work/zips" && echo "$manifest"; } | sort >"$work/signed"
[ -f "$directory/$sums" ] || fail "$sums is missing"
grep -qEv '^[0-9a-f]{64}  [^ /]+$' "$directory/$sums" && fail "$sums has a line that is not a sum, two spaces and a file name"
sed 's/^[0-9a-f]*  //' "$directory/$sums" | sort >"$work/listed"
diff -u "$work/signed" "$work/listed" >&2 || fail "$sums does not list exactly the zips and the manifest"
if command -v sha256sum >/dev/null 2>&1; then
	(cd "$directory" && sha256sum -c --quiet "$sums") >&2 || fail "a sum is wrong"
else
	(cd "$directory" && shasum -a 256 -c --quiet "$sums") >&2 || fail "a sum is wrong"
fi

# The files are those, the sums, the signature, and an SBOM for each zip.
{
	cat "$work/signed"
	sed 's/$/.sbom.json/' "$work/zips"
	echo "$sums"
	[ -z "$fingerprint" ] || echo "$sums.sig"
} | sort >"$work/expected"
ls -A "$directory" | sort >"$work/files"
diff -u "$work/expected" "$work/files" >&2 || fail "the release has not exactly the files that are expected"
while read -r zip; do
	grep -q '"spdxVersion"' "$directory/$zip.sbom.json" || fail "$zip.sbom.json is not an SPDX document"
done <"$work/zips"

cmp -s terraform-registry-manifest.json "$directory/$manifest" || fail "$manifest is not terraform-registry-manifest.json"
tr -d ' \t\n' <"$directory/$manifest" | grep -q '^{"version":1,"metadata":{"protocol_versions":\["6\.0"\]}}$' || fail "$manifest does not say protocol 6.0"

# In each zip is the program, with the name that the engines look for.
if command -v unzip >/dev/null 2>&1; then
	for target in $TARGETS; do
		program=${name}_v$version
		case $target in windows_*) program=$program.exe ;; esac
		unzip -Z1 "$directory/${prefix}_$target.zip" | sort | tr '\n' ' ' >"$work/content"
		[ "$(cat "$work/content")" = "$(printf '%s\n' CHANGELOG.md LICENSE "$program" | sort | tr '\n' ' ')" ] || fail "${prefix}_$target.zip contains $(cat "$work/content")"
	done
else
	echo "release-check: unzip is not here: only the zip of this platform is opened" >&2
fi

if [ -n "$fingerprint" ]; then
	head -c 5 "$directory/$sums.sig" | grep -q -e '-----' && fail "$sums.sig is ASCII-armoured; the registries want it binary"
	gpg --batch --status-fd 3 --verify "$directory/$sums.sig" "$directory/$sums" 3>"$work/status" 2>"$work/log" || {
		cat "$work/log" >&2
		fail "the signature is wrong"
	}
	# VALIDSIG: the key that signed, seven fields of which the sixth is its algorithm, and last the primary key.
	valid=$(sed -n 's/^\[GNUPG:\] VALIDSIG //p' "$work/status")
	echo "$valid" | tr ' ' '\n' | grep -qix "$fingerprint" || fail "the signature is by another key: $valid"
	case $(echo "$valid" | cut -d' ' -f7) in
	1 | 17) ;;
	*) fail "the key is neither RSA nor DSA, and the Terraform Registry takes no other" ;;
	esac
fi

# Installed from the zip, without dev_overrides. Both registries' names, because each engine asks for its own.
platform=$(go env GOOS)_$(go env GOARCH)
for host in registry.terraform.io registry.opentofu.org; do
	mkdir -p "$work/mirror/$host/terraform-provider-clerk/clerk"
	cp "$directory/${prefix}_$platform.zip" "$work/mirror/$host/terraform-provider-clerk/clerk/"
done
mkdir "$work/configuration"
cat >"$work/cli.tfrc" <<END
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
END
cat >"$work/configuration/main.tf" <<END
terraform {
  required_providers {
    clerk = {
      source  = "terraform-provider-clerk/clerk"
      version = "$version"
    }
  }
}

provider "clerk" {
  secret_key = "sk_test_planning_sends_no_request"
}

resource "clerk_oauth_application" "release" {
  name          = "Release"
  redirect_uris = ["https://app.example.com/callback"]
  scopes        = ["openid", "email"]
}
END
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"
engine() { "$ENGINE_PATH" -chdir="$work/configuration" "$@" -no-color -input=false >"$work/log" 2>&1; }
engine init || { cat "$work/log" >&2; fail "$ENGINE_NAME cannot install the zip"; }
engine plan || { cat "$work/log" >&2; fail "$ENGINE_NAME cannot plan with it"; }
grep -q 'Plan: 1 to add, 0 to change, 0 to destroy' "$work/log" || { cat "$work/log" >&2; fail "an unexpected plan"; }

echo "release $version: $(grep -c . "$work/zips") zips, manifest, sums${fingerprint:+, signature} and SBOMs are what a registry wants; $ENGINE_NAME installed the zip for $platform and planned with it"
