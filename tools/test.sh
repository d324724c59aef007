#!/bin/sh
# Runs tests and says what ran and what did not.
#
#   tools/test.sh all|unit|acceptance|live|soak [ARGUMENT of go test...]
#
# All but unit want tools/with-engine.sh around them. With arguments of one's own no layer is required to run.
set -eu

what=${1:?usage: tools/test.sh all|unit|acceptance|live|soak}
shift
cd "$(dirname "$0")/.."
export GOWORK=off

timeout=30m # of one package; it ends what hangs, and must not end what is slow on a busy machine

# note TEXT: one more line for the list of what was skipped.
notes=
note() {
	notes="$notes-note
$1
"
}

# As in Test itself, no small letter may follow a prefix: TestAccepted is no acceptance test. (testsummary reads names alike.)
end='([^a-z]|$)'
case $what in
all)
	require=unit,protocol,acceptance
	select="-skip ^Test(Live|Soak)$end"
	;;
unit)
	require=unit,protocol
	select="-skip ^Test(Acc|Live|Soak)$end"
	note "acceptance tests: they run with make test and make testacc"
	;;
acceptance)
	require=acceptance
	select="-run ^TestAcc$end"
	;;
live)
	require=live
	select="-run ^TestLive$end"
	case ${CLERK_TEST_SECRET_KEY:-} in
	sk_test_*) ;;
	*)
		echo "make testlive wants CLERK_TEST_SECRET_KEY, the secret key of a development instance of Clerk (it begins with sk_test_);" >&2
		echo "the tests create, change and delete OAuth applications there." >&2
		exit 2
		;;
	esac
	;;
soak)
	require=unit
	timeout=3h
	select="-run ^TestSoak$end"
	;;
*)
	echo "tools/test.sh: there are no tests called $what" >&2
	exit 2
	;;
esac
if [ "$what" != live ]; then
	unset CLERK_TEST_SECRET_KEY
	[ "$what" = acceptance ] || note "live tests: they run with make testlive and a key of a development instance"
fi
case $what in all | unit) note "soak tests: they run with make soak" ;; esac

# Clerk's OpenAPI document is not ours to publish, so it is not in the repository.
if [ "$what" = all ] || [ "$what" = unit ]; then
	if [ -z "${CLERK_OPENAPI_SPEC:-}" ]; then
		note "contract tests: CLERK_OPENAPI_SPEC names no copy of Clerk's OpenAPI document (Backend API, 2026-05-12)"
	elif [ ! -r "$CLERK_OPENAPI_SPEC" ]; then
		echo "CLERK_OPENAPI_SPEC is $CLERK_OPENAPI_SPEC, which cannot be read" >&2
		exit 2
	else
		CLERK_OPENAPI_SPEC=$(cd "$(dirname "$CLERK_OPENAPI_SPEC")" && pwd)/$(basename "$CLERK_OPENAPI_SPEC")
		export CLERK_OPENAPI_SPEC
		require=$require,contract
	fi
fi

# The race detector is cgo, and cgo needs a C compiler.
compiler=$(go env CC)
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "${compiler%% *}" >/dev/null 2>&1; then
	race=-race
else
	race=
	note "the race detector: it needs a C compiler, and there is none"
fi

if [ $# -gt 0 ]; then
	require=
	note "what these arguments leave out: $*"
fi
if [ -n "${ENGINE_PATH:-}" ]; then
	echo "the engine is $("$ENGINE_PATH" version 2>/dev/null | head -n 1), $ENGINE_PATH"
fi

go build -o .tools/bin/testsummary ./tools/testsummary
# One argument to a line; none of them has a newline.
IFS='
'
# shellcheck disable=SC2086 # the splitting is wanted
exec .tools/bin/testsummary -require "$require" $notes -- \
	go test -json -count=1 -timeout "$timeout" $race "${select%% *}" "${select#* }" "$@" ./...
