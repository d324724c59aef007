#!/bin/sh
# Builds a release into dist/ that nobody has signed, and checks it with tools/release-check.sh, as the release workflow does
# before it publishes one.
#
#   SNAPSHOT_TARGETS=all|single VERSION=0.1.0-dev tools/with-engine.sh auto tools/snapshot.sh
#
# It writes dist/ and .tools. single builds for the platform of this machine only; all 14 take ten minutes when nothing is cached.
set -eu

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${ENGINE_PATH:?}" "${SNAPSHOT_TARGETS:=all}"
name=terraform-provider-clerk
platform=$(go env GOOS)_$(go env GOARCH)
goreleaser=$(tools/build.sh goreleaser)

work=$(mktemp -d)
stop() {
	[ ! -d "$work/gnupg" ] || GNUPGHOME=$work/gnupg gpgconf --kill all 2>/dev/null || true
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

config=.goreleaser.yml
targets=$(sed -n 's/^      - \([a-z0-9]*_[a-z0-9]*\)$/\1/p' "$config")
case $SNAPSHOT_TARGETS in
all) ;;
single)
	targets=$platform
	sed "/^      - [a-z0-9]*_[a-z0-9]*\$/{/ $platform\$/!d;}" "$config" >.tools/goreleaser.yml
	config=.tools/goreleaser.yml
	;;
*)
	echo "SNAPSHOT_TARGETS is \"$SNAPSHOT_TARGETS\"; it can be all or single" >&2
	exit 2
	;;
esac

# The release workflow installs syft. Here a stand-in writes the documents, so that they are where syft's would be.
mkdir "$work/bin"
cat >"$work/bin/syft" <<'END'
#!/bin/sh
for argument; do
	case $argument in spdx-json=*) document=${argument#spdx-json=} ;; esac
done
printf '{"spdxVersion":"SPDX-2.3","name":"%s","comment":"of a snapshot: not by syft, and empty"}\n' "$1" >"${document:?}"
END
chmod +x "$work/bin/syft"

# A key for this run alone takes the place of the one in the release workflow, so that signing is tried too.
skip=publish
fingerprint=
if command -v gpg >/dev/null 2>&1 && command -v gpgconf >/dev/null 2>&1; then
	mkdir -m 700 "$work/gnupg"
	export GNUPGHOME="$work/gnupg"
	gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key 'snapshot' rsa3072 sign 1d 2>"$work/gpg.log" || {
		cat "$work/gpg.log" >&2
		exit 1
	}
	fingerprint=$(gpg --batch --with-colons --list-keys snapshot 2>/dev/null | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1)
else
	skip=publish,sign
	echo "gpg is not here: signing is not tried" >&2
fi
PATH="$work/bin:$PATH" GPG_FINGERPRINT=$fingerprint "$goreleaser" release --config "$config" --snapshot --clean --skip="$skip"

# What would be uploaded. goreleaser uploads the manifest from where it is.
cp terraform-registry-manifest.json "dist/${name}_${VERSION}_manifest.json"
mkdir "$work/release"
cp dist/${name}_* "$work/release/" 2>/dev/null || true # directories of builds stay behind
TARGETS=$targets tools/release-check.sh "$work/release" "$VERSION" "$fingerprint"
# A signature by a key that is gone helps nobody.
rm -f dist/*.sig
echo "snapshot $VERSION: in dist/, unsigned"
