#!/bin/sh
# Tests that tools/release-check.sh takes the snapshot in dist/, and refuses it after each of the changes below.
#
#   TARGETS=linux_amd64 VERSION=0.1.0-dev tools/with-engine.sh auto tools/release-check-test.sh
set -eu

cd "$(dirname "$0")/.."
: "${VERSION:?}" "${ENGINE_PATH:?}" "${TARGETS:?}"
prefix=terraform-provider-clerk_$VERSION
sums=${prefix}_SHA256SUMS
zip=${prefix}_${TARGETS%% *}.zip
work=$(mktemp -d)
stop() {
	[ ! -d "$work/gnupg" ] || GNUPGHOME=$work/gnupg gpgconf --kill all 2>/dev/null || true
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() {
	cat "$work/log" >&2
	echo "release-check-test: $*" >&2
	exit 1
}
fresh() {
	rm -rf "$work/release"
	mkdir "$work/release"
	cp dist/"$zip" dist/"$zip".sbom.json dist/"${prefix}"_manifest.json dist/"$sums" "$work/release/"
}
check() { TARGETS=${TARGETS%% *} tools/release-check.sh "$work/release" "$VERSION" "$@" >"$work/log" 2>&1; }

# refused WHY CHANGE [FINGERPRINT]: the change, in the directory of the release, is refused with these words.
cases=0
refused() {
	fresh
	(cd "$work/release" && eval "$2")
	! check ${3:-} || fail "not refused: $2"
	grep -q -- "$1" "$work/log" || fail "refused for another reason than \"$1\": $2"
	cases=$((cases + 1))
}
# resum FILE...: writes the sums of these files.
resum() { if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi >"$sums"; }
resum_all='resum *.zip *_manifest.json'

fresh
(cd "$work/release" && eval "$resum_all")
check || fail "the snapshot is refused"
refused 'a sum is wrong' "echo >>$zip"
refused 'does not list exactly' 'resum *.zip *_manifest.json *.sbom.json'
refused 'does not list exactly' 'resum *.zip'
refused 'is not a sum' "sed 's/  /  .\\//' $sums >s && mv s $sums"
refused 'not exactly the files' 'touch another'
refused 'not exactly the files' 'rm *.sbom.json'
refused 'not an SPDX document' "echo '{}' >$zip.sbom.json"
refused 'is not terraform-registry-manifest.json' "sed 's/6.0/5.0/' *_manifest.json >m && mv m ${prefix}_manifest.json && $resum_all"
refused 'not exactly the files' "$resum_all" 0123456789
refused 'cannot install\|contains' "echo no archive >$zip && $resum_all"

if command -v gpg >/dev/null 2>&1 && command -v gpgconf >/dev/null 2>&1; then
	mkdir -m 700 "$work/gnupg"
	export GNUPGHOME="$work/gnupg"
	for algorithm in rsa3072 ed25519; do
		gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key "$algorithm" "$algorithm" sign 1d 2>/dev/null
	done
	fingerprint() { gpg --batch --with-colons --list-keys "$1" 2>/dev/null | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1; }
	rsa=$(fingerprint rsa3072)
	ecc=$(fingerprint ed25519)
	sign() { eval "$resum_all" && gpg --batch --quiet --output "$sums.sig" "$@" --detach-sign "$sums"; }
	fresh
	(cd "$work/release" && sign --local-user "$rsa")
	check "$rsa" || fail "a good signature is refused"
	refused 'by another key' "sign --local-user $rsa" "$ecc"
	refused 'neither RSA nor DSA' "sign --local-user $ecc" "$ecc"
	refused 'ASCII-armoured' "sign --local-user $rsa --armor" "$rsa"
	refused 'the signature is wrong' "sign --local-user $rsa; sed '1{h;d;};\$G' $sums >s && mv s $sums" "$rsa"
else
	echo "gpg is not here: signatures are not tried" >&2
fi
echo "release-check refuses each of $cases bad releases, and takes good ones"
