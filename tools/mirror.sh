#!/bin/sh
# Puts a build of the provider into a filesystem mirror, for terraform and tofu, and prints the version that it has there.
#
#   VERSION=0.1.0-dev tools/mirror.sh BINARY MIRROR
#
# It writes to MIRROR alone, and deletes all but the ten newest builds there, so that a directory whose lock file names one of
# them still works. `init -upgrade` takes the newest.
#
# A dependency lock file records the checksum of a version, so a version must never have two contents. A build that differs
# from the newest one in the mirror becomes a new version, which ends with the current time: 0.1.20261126143305. Constraints
# such as "~> 0.1" match it; they would match no pre-release such as 0.1.0-dev.20261126143305.
set -eu

binary=${1:?usage: tools/mirror.sh BINARY MIRROR}
mirror=${2:?usage: tools/mirror.sh BINARY MIRROR}
: "${VERSION:=0.1.0}"
keep=10
platform=$(go env GOOS)_$(go env GOARCH)
exe=$(go env GOEXE)
first=$mirror/registry.terraform.io/terraform-provider-clerk/clerk
second=$mirror/registry.opentofu.org/terraform-provider-clerk/clerk

# path VERSION: where the engines look for a version below one of the two directories.
path() { echo "$1/$platform/terraform-provider-clerk_v$1$exe"; }

# versions: what is in the mirror, newest first.
versions() {
	for directory in "$first"/*/; do
		version=$(basename "$directory")
		[ ! -f "$first/$(path "$version")" ] || echo "$version"
	done | sort -t. -k1,1nr -k2,2nr -k3,3nr
}

newest=$(versions | head -n 1)
base=$(echo "$VERSION" | cut -d. -f1,2)
if [ -n "$newest" ] && [ "${newest%.*}" = "$base" ] && cmp -s "$binary" "$first/$(path "$newest")" && [ -f "$second/$(path "$newest")" ]; then
	echo "$newest"
	exit 0
fi

patch=$(date -u +%Y%m%d%H%M%S)
# Later than the newest, even within one second or after the clock was set back.
if [ "${newest%.*}" = "$base" ] && [ "${newest##*.}" -ge "$patch" ]; then patch=$((${newest##*.} + 1)); fi
version=$base.$patch
target=$first/$(path "$version")
link=$second/$(path "$version")
mkdir -p "$(dirname "$target")" "$(dirname "$link")"
cp "$binary" "$target.$$"
mv -f "$target.$$" "$target" # appears whole: another of these may run at the same time
ln -f "$target" "$link" 2>/dev/null || cp "$target" "$link"

# What has a higher version (a checkout of an older branch) would be chosen instead of this build.
seen=0
versions | while read -r old; do
	[ "$seen" != 0 ] || [ "$old" = "$version" ] || { rm -rf "${first:?}/$old" "${second:?}/$old"; continue; }
	seen=$((seen + 1))
	[ "$seen" -le "$keep" ] || rm -rf "${first:?}/$old" "${second:?}/$old"
done
echo "$version"
