#!/bin/sh
# Runs govulncheck on what the provider calls, for `make vuln`; it writes .tools/vuln.log. The database is on the network; where that cannot be reached the check says that
# it was skipped and ends with status 0, or with 4 if VULN_REQUIRED is set (the workflows set it, so that none passes by accident).
set -eu

cd "$(dirname "$0")/.."
log=.tools/vuln.log
status=0
"$(tools/build.sh govulncheck)" ./... >"$log" 2>&1 || status=$?
# 3 is what govulncheck says of vulnerabilities; anything else is a failure of its own.
if [ "$status" != 0 ] && [ "$status" != 3 ] && grep -q 'fetching vulnerabilities' "$log"; then
	echo "SKIPPED: govulncheck cannot reach its database: $(grep 'fetching vulnerabilities' "$log" | head -n 1)"
	[ -z "${VULN_REQUIRED:-}" ] || exit 4
	exit 0
fi
cat "$log"
exit "$status"
