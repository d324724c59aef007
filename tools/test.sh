#!/bin/sh
# Runs tests with gotestsum, and prints what ran, what was skipped and why.
#
#   tools/test.sh all|unit|race|acceptance|live|soak [ARGUMENT of go test...]
#
# all, acceptance, live and soak want tools/with-engine.sh around them. With COVERPROFILE, all and unit write a profile of
# the statements of internal/clerk and internal/provider that unit and protocol tests reach: acceptance tests run the provider as
# a program, which does not count.
#
# `go test` prints "ok" for a package whose tests were all skipped, and for a package that lost its tests to a wrong name or
# filter. So each kind of run names the layers that it must contain, and fails if one of them ran no test. With arguments of
# one's own no layer is required, but a run of no test at all still fails.
set -eu

what=${1:?usage: tools/test.sh all|unit|race|acceptance|live|soak}
shift
cd "$(dirname "$0")/.."
export GOWORK=off

timeout=30m # of one package; it ends what hangs, and must not end what is slow on a busy machine
race=
notes=
note() {
	notes="$notes  $1
"
}

# Layers are told apart by the beginning of a test's name. No lower-case letter may follow it: TestAccepted is a unit test.
end='([^a-z]|$)'
case $what in
all)
	require='unit protocol acceptance'
	select="-skip ^Test(Live|Soak)$end"
	;;
unit | race)
	require='unit protocol'
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
	require=soak
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
case $what in
all | unit)
	note "soak tests: they run with make soak"
	note "the race detector: it runs with make test-race"
	;;
race)
	note "soak tests: they run with make soak"
	note "scenarios under the switches of the simulator: they run with make test and make test-unit"
	# The race detector needs cgo, and cgo needs a C compiler.
	compiler=$(go env CC)
	if [ "$(CGO_ENABLED=1 go env CGO_ENABLED)" != 1 ] || ! command -v "${compiler%% *}" >/dev/null 2>&1; then
		echo "SKIPPED: the race detector needs a C compiler, and there is none"
		exit 0
	fi
	export CGO_ENABLED=1
	race=-race
	;;
esac
coverage=
case $what in
all | unit)
	if [ -n "${COVERPROFILE:-}" ]; then
		rm -f "$COVERPROFILE"
		mkdir -p "$(dirname "$COVERPROFILE")"
		coverage="-coverpkg ./internal/clerk/...,./internal/provider/... -coverprofile $COVERPROFILE"
	fi
	;;
esac

# Clerk's OpenAPI document is not ours to publish, so it is not in the repository.
case $what in
all | unit | race)
	if [ -z "${CLERK_OPENAPI_SPEC:-}" ]; then
		note "contract tests: CLERK_OPENAPI_SPEC names no copy of Clerk's OpenAPI document (Backend API, 2026-05-12)"
	elif [ ! -r "$CLERK_OPENAPI_SPEC" ]; then
		echo "CLERK_OPENAPI_SPEC is $CLERK_OPENAPI_SPEC, which cannot be read" >&2
		exit 2
	else
		CLERK_OPENAPI_SPEC=$(cd "$(dirname "$CLERK_OPENAPI_SPEC")" && pwd)/$(basename "$CLERK_OPENAPI_SPEC")
		export CLERK_OPENAPI_SPEC
		require="$require contract"
	fi
	;;
esac

# Tests spend part of their time in waits: for a second to pass, for an engine to start or to end.
waits=2
case $what in
all | acceptance) waits=4 ;;
esac
parallel="-parallel $((waits * $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)))"

# Failures and skips are printed in full at the end. The output of passing tests is printed with -v alone.
format=pkgname
if [ $# -gt 0 ]; then
	require=
	note "what these arguments leave out: $*"
	case " $* " in *" -v "*) format=standard-verbose ;; esac
fi
if [ -n "${ENGINE_PATH:-}" ]; then
	echo "the engine is $("$ENGINE_PATH" version 2>/dev/null | head -n 1), $ENGINE_PATH"
fi

gotestsum=$(tools/build.sh gotestsum)
events=.tools/test.$$.json
trap 'rm -f "$events"' EXIT
trap : INT TERM # an interrupt reaches gotestsum too, which then prints what has been done
status=0
"$gotestsum" --format "$format" --format-hide-empty-pkg --format-icons text --jsonfile-timing-events "$events" -- \
	-count=1 -timeout "$timeout" $race $coverage $parallel "${select%% *}" "${select#* }" "$@" ./... || status=$?

if [ -n "$notes" ]; then
	printf '\nnot run, and why:\n%s' "$notes"
fi
# One event to a line, its fields in the order of `go doc cmd/test2json`. A package that fails without a failed test (it did
# not build, or its program ended early) counts as one failure.
[ -f "$events" ] || : >"$events"
awk -v require="$require" -v status="$status" '
function field(name,    from) {
	from = index($0, "\"" name "\":\"")
	if (!from) return ""
	from = substr($0, from + length(name) + 4)
	return substr(from, 1, index(from, "\"") - 1)
}
function layer(test) {
	if (test ~ /^TestProtocol([^a-z]|$)/) return "protocol"
	if (test ~ /^TestAcc([^a-z]|$)/) return "acceptance"
	if (test ~ /^TestContract([^a-z]|$)/) return "contract"
	if (test ~ /^TestLive([^a-z]|$)/) return "live"
	if (test ~ /^TestSoak([^a-z]|$)/) return "soak"
	return "unit"
}
function count(kind, action) { counts[kind, action]++; total[action]++; seen[kind] = 1 }
{
	action = field("Action"); package = field("Package"); test = field("Test")
	if (action != "pass" && action != "fail" && action != "skip") next
	if (test != "") {
		count(layer(test), action)
		if (action == "fail") broken[package] = 1
	} else if (action == "fail" && !broken[package]) count("unit", "fail")
}
END {
	printf "\n%-12s %7s %7s %8s\n", "layer", "passed", "failed", "skipped"
	n = split("unit protocol acceptance contract live soak", names, " ")
	for (i = 1; i <= n; i++) if (seen[names[i]])
		printf "%-12s %7d %7d %8d\n", names[i], counts[names[i], "pass"], counts[names[i], "fail"], counts[names[i], "skip"]
	print ""
	bad = status != 0
	n = split(require, names, " ")
	for (i = 1; i <= n; i++) if (counts[names[i], "pass"] + counts[names[i], "fail"] == 0) {
		print "FAILED: no " names[i] " test ran, and at least one must"
		bad = 1
	}
	if (n == 0 && total["pass"] + total["fail"] == 0) {
		print "FAILED: " (total["skip"] ? "every test that these arguments select was skipped" : "these arguments select no test")
		bad = 1
	}
	if (status != 0 && total["fail"] == 0) print "FAILED: go test ended with status " status
	printf "%d passed, %d failed, %d skipped\n", total["pass"], total["fail"], total["skip"]
	exit bad
}' "$events"
