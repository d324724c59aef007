#!/bin/sh
# Builds one tool from tools/<name>/go.mod into .tools/bin, and prints the path of the binary.
#
#   tools/build.sh golangci-lint
#
# It writes .tools/bin and .tools/stamp. Each tool has a module of its own, so that no tool can move a version that the provider
# is built with. A binary is built again when that module's go.mod or go.sum, this script or the Go version changes. (Their
# contents are compared, not their times: a fresh clone has new times, a restored cache old ones.)
set -eu

name=${1:?usage: tools/build.sh NAME}
root=$(cd "$(dirname "$0")/.." && pwd)
module=$root/tools/$name
if [ ! -f "$module/go.mod" ]; then
	echo "tools/build.sh: there is no tools/$name/go.mod" >&2
	exit 2
fi

binary=$name
ldflags='-s -w'
takes=
case $name in
opentofu)
	# Without the flag it calls itself 1.12.6-dev.
	binary=tofu
	ldflags="$ldflags -X github.com/opentofu/opentofu/version.dev=no"
	takes=', about 4 minutes on two cores'
	;;
goreleaser) takes=', about 3 minutes on two cores' ;;
esac

export GOWORK=off CGO_ENABLED=0
out=$root/.tools/bin/$binary
stamp=$root/.tools/stamp/$name
want=$(
	go env GOVERSION GOOS GOARCH
	cat "$module/go.mod" "$module/go.sum" "$root/tools/build.sh" | cksum
)
if [ -x "$out" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
	echo "$out"
	exit 0
fi

package=$(sed -n 's/^tool //p' "$module/go.mod")
version=$(sed -n "s|^.*[[:space:]]\($(echo "$package" | cut -d/ -f1-3)[^ ]*\) \(v[^ ]*\).*|\2|p" "$module/go.mod" | head -n 1)
echo "building $name $version (once, kept in .tools/bin$takes)" >&2
mkdir -p "$root/.tools/bin" "$root/.tools/stamp"
# Two builds at once must not write into one file, and an interrupted one must leave none that looks finished.
trap 'rm -f "$out.$$" "$out.$$.log"' EXIT
trap 'exit 130' INT TERM
# Hundreds of lines tell of downloads; only a failure makes them worth reading.
go build -C "$module" -mod=readonly -buildvcs=false -trimpath -ldflags "$ldflags" -o "$out.$$" "$package" >"$out.$$.log" 2>&1 || {
	cat "$out.$$.log" >&2
	exit 1
}
mv -f "$out.$$" "$out"
printf '%s\n' "$want" >"$stamp"
echo "$out"
