#!/bin/sh
# Runs tests with gotestsum, and says which layers ran, what was skipped and why.
#
#   tools/test.sh all|unit|race|acceptance|live [ARGUMENT of go test...]
#
# all, acceptance and live want tools/with-engine.sh around them. It writes .tools/test.events.* and, with COVERPROFILE,
# the statements of internal/clerk and internal/provider that are reached without an engine.
#
# `go test` prints "ok" for a package whose tests were all skipped, and for one that lost its tests to a wrong name. So each
# kind of run names the layers that it must contain, and fails if one of them ran no test. A layer is the beginning of a test's
# name. With arguments of one's own, one test of any layer is enough.
set -eu

what=${1:?usage: tools/test.sh all|unit|race|acceptance|live [ARGUMENT of go test...]}
shift
cd "$(dirname "$0")/.."
gotestsum=$(tools/build.sh gotestsum)
events=$PWD/.tools/test.events
rm -f "$events".*
status=0
trap : INT TERM # an interrupt reaches gotestsum too, which then prints what has been done

# tests FORMAT PACKAGES ARGUMENT...: one run of go test. gotestsum prints failures and skips again at its end.
tests() {
	default=$1 packages=$2
	shift 2
	"$gotestsum" --format "${GOTESTSUM_FORMAT:-$default}" --format-hide-empty-pkg --format-icons text --packages "$packages" \
		--jsonfile-timing-events "$events.$default" -- -count=1 -timeout 30m "$@" || status=$?
}
# No lower-case letter follows the name of a layer: TestAccepted is a unit test.
acceptance='^TestAcc([^a-z]|$)'
unit_tests() { tests pkgname ./... -skip "$acceptance" "$@"; }
acceptance_tests() {
	echo "acceptance tests with $("${TF_ACC_TERRAFORM_PATH:?tools/with-engine.sh sets it}" version | head -n 1), $TF_ACC_TERRAFORM_PATH"
	# They wait for processes to start and to end, so more of them run at once than there are processors.
	tests testname ./internal/acctest -run "$acceptance" \
		-parallel $((2 * $(getconf _NPROCESSORS_ONLN))) "$@"
}

[ "$what" = live ] || unset CLERK_TEST_SECRET_KEY
notes=
contract=
case $what in
all | unit | race | acceptance)
	if [ -z "${CLERK_OPENAPI_SPEC:-}" ]; then
		notes="  contract tests: CLERK_OPENAPI_SPEC names no copy of Clerk's OpenAPI document (Backend API, 2026-05-12)"
	elif [ -r "$CLERK_OPENAPI_SPEC" ]; then
		CLERK_OPENAPI_SPEC=$(cd "$(dirname "$CLERK_OPENAPI_SPEC")" && pwd)/$(basename "$CLERK_OPENAPI_SPEC")
		export CLERK_OPENAPI_SPEC
		contract=contract
	else
		echo "CLERK_OPENAPI_SPEC is $CLERK_OPENAPI_SPEC, which cannot be read" >&2
		exit 2
	fi
	;;
esac
coverage=
if [ -n "${COVERPROFILE:-}" ]; then
	mkdir -p "$(dirname "$COVERPROFILE")"
	coverage="-coverpkg=./internal/clerk/...,./internal/provider/... -coverprofile=$COVERPROFILE"
fi
required="unit protocol properties $contract"
case $what in
all)
	required="$required acceptance"
	# shellcheck disable=SC2086 # none, or two arguments
	unit_tests $coverage "$@"
	acceptance_tests "$@"
	;;
unit)
	# shellcheck disable=SC2086
	unit_tests -short $coverage "$@"
	;;
race)
	# The race detector needs cgo, and cgo needs a C compiler.
	if ! CGO_ENABLED=1 go build -race -o /dev/null ./internal/clerk 2>/dev/null; then
		echo "SKIPPED: the race detector does not work here; it needs a C compiler"
		exit 0
	fi
	export CGO_ENABLED=1
	unit_tests -short -race "$@"
	;;
acceptance)
	required=acceptance
	acceptance_tests "$@"
	;;
live)
	case ${CLERK_TEST_SECRET_KEY:-} in
	sk_test_*) ;;
	*)
		echo "make testlive wants CLERK_TEST_SECRET_KEY, the secret key of a development instance of Clerk (it begins with" >&2
		echo "sk_test_); the tests create, change and delete OAuth applications there." >&2
		exit 2
		;;
	esac
	required=acceptance
	acceptance_tests "$@"
	;;
*)
	echo "tools/test.sh: there are no tests called $what" >&2
	exit 2
	;;
esac

case $what in unit | race) notes="$notes
  acceptance tests: make test and make testacc run them
  nine of ten steps of random lives: make test runs them all" ;; esac
[ "$what" = live ] || notes="$notes
  live tests: make testlive runs them, with a key of a development instance of Clerk"
[ $# = 0 ] || required='' notes="$notes
  what these arguments leave out: $*"
[ -z "$notes" ] || printf '\nnot run, and why:\n%s\n' "$(echo "$notes" | sed '/^$/d')"

# One event to a line, as `go doc cmd/test2json` describes it.
cat "$events".* | awk -v required="$required" -v status="$status" '
function field(name) {
	return match($0, "\"" name "\":\"[^\"]*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : ""
}
function layer(test) {
	if (test ~ /^TestProtocol([^a-z]|$)/) return "protocol"
	if (test ~ /^TestProperties([^a-z]|$)/) return "properties"
	if (test ~ /^TestAcc([^a-z]|$)/) return "acceptance"
	if (test ~ /^TestContract([^a-z]|$)/) return "contract"
	return "unit"
}
/"Test":/ { ran[layer(field("Test")), field("Action")]++ }
END {
	printf "\n%-12s %7s %7s %8s\n", "layer", "passed", "failed", "skipped"
	n = split("unit protocol properties acceptance contract", names, " ")
	for (i = 1; i <= n; i++) {
		passed = ran[names[i], "pass"]; failed = ran[names[i], "fail"]; skipped = ran[names[i], "skip"]
		if (passed + failed + skipped) printf "%-12s %7d %7d %8d\n", names[i], passed, failed, skipped
		if (index(" " required " ", " " names[i] " ") && !(passed + failed))
			bad = bad "FAILED: no " names[i] " test ran, and at least one must\n"
		all += passed + failed
	}
	if (!all) bad = bad "FAILED: no test ran\n"
	if (status) bad = bad "FAILED: go test ended with status " status "\n"
	printf "%s", bad
	exit bad != ""
}'
