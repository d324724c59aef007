#!/bin/sh
# The demo, for `make demo`, which builds what it needs and sets
#   ENGINE_PATH          terraform or tofu
#   SIMULATOR_BIN        the Clerk simulator
#   TF_CLI_CONFIG_FILE   where the engine finds the provider during the demo
#   CLERK_SECRET_KEY_WAS_SET   "yes" if there is a key for a real instance in the environment, which is not used here
# It writes only to a temporary directory.
set -eu

: "${ENGINE_PATH:?run this with: make demo}" "${SIMULATOR_BIN:?run this with: make demo}"
engine=$(basename "$ENGINE_PATH")
examples=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$examples/../.." && pwd)
work=$(mktemp -d)
simulator=

stop() {
	[ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
	rm -rf "$work"
}
# Without a trap for PIPE, the shell would die of `make demo | head` and leave the simulator running.
trap stop EXIT
trap 'exit 130' INT TERM HUP PIPE

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
	bold='' dim='' plain=''
fi

step=0
title() {
	step=$((step + 1))
	printf '\n%s%s. %s%s\n' "$bold" "$step" "$1" "$plain"
}
indent() { sed 's/^/   /'; }

fail() {
	printf '\nThe demo failed: %s\n' "$1" >&2
	[ ! -s "$work/log" ] || cat "$work/log" >&2
	exit 1
}

# run DIRECTORY COMMAND...: the engine, with everything it says in $work/log. The line that is shown is what a user would type.
run() {
	directory=$1
	shift
	printf '   %s$ %s %s%s\n' "$dim" "$engine" "$*" "$plain"
	command=$1
	shift
	case $command in
	apply | destroy) set -- -auto-approve "$@" ;;
	esac
	case $command in
	output) set -- "$command" -no-color "$@" ;;
	*) set -- "$command" -input=false -no-color "$@" ;;
	esac
	"$ENGINE_PATH" -chdir="$directory" "$@" >"$work/log" 2>&1 || fail "$engine $command"
}

# show_plan: the part of a plan that matters.
show_plan() {
	sed -n -e '/^No changes/p' -e '/^  # /,/^Plan: /p' -e '/^Warning: /,/^Note: /p' "$work/log" |
		grep -v -e '^$' -e '^─' -e '^Note: ' -e '^  with ' -e '^  on ' -e '^  [0-9]*: ' | indent
}

# said TEXT: whether the engine said so in the last run.
said() { grep -q "$1" "$work/log" || fail "expected \"$1\""; }

value() { "$ENGINE_PATH" -chdir="$work/demo" output -no-color -raw "$1"; }

printf '%sAn OAuth application in Clerk, with %s%s\n' "$bold" "$("$ENGINE_PATH" version 2>/dev/null | head -n 1)" "$plain"
printf 'Against a simulated Clerk on this machine: no account, no network.\n'

"$SIMULATOR_BIN" -ready-file "$work/simulator.env" >/dev/null &
simulator=$!
waited=0
while [ ! -e "$work/simulator.env" ]; do
	kill -0 "$simulator" 2>/dev/null && [ $waited -lt 50 ] || fail "the simulator does not start"
	waited=$((waited + 1))
	sleep 0.2 2>/dev/null || sleep 1
done
. "$work/simulator.env"
mkdir "$work/demo" "$work/find"
cp "$examples/main.tf" "$work/demo/"
cp "$examples/find/main.tf" "$work/find/"

title 'The configuration (examples/demo/main.tf)'
sed -n '/^resource /,/^}/p' "$examples/main.tf" | indent

title 'Create it'
run "$work/demo" init
run "$work/demo" apply
said 'Apply complete! Resources: 1 added, 0 changed, 0 destroyed'
client_id=$(value client_id)
first=$(value client_secret_fingerprint)
printf '   client_id      %s\n' "$client_id"
printf '   client_secret  (in the state; not shown; fingerprint %s)\n' "$first"

title 'Plan again: nothing to do'
run "$work/demo" plan
said 'No changes'
show_plan

title 'Rename it: the plan shows the name, and nothing that others depend on'
run "$work/demo" plan -var=name=Dashboard
said 'Plan: 0 to add, 1 to change, 0 to destroy'
show_plan
run "$work/demo" apply -var=name=Dashboard
[ "$(value client_secret_fingerprint)" = "$first" ] || fail 'the rename changed the secret'

title 'Rotate the secret: the plan warns what that means'
run "$work/demo" plan -var=name=Dashboard -var=secret_rotation=second
said 'will be rotated'
show_plan
run "$work/demo" apply -var=name=Dashboard -var=secret_rotation=second
second=$(value client_secret_fingerprint)
[ "$(value client_id)" = "$client_id" ] || fail 'the rotation changed the client_id'
[ "$second" != "$first" ] || fail 'the secret is the old one'
printf '   client_id      %s  (the same)\n' "$client_id"
printf '   client_secret  a new one: fingerprint %s, was %s\n' "$second" "$first"

title 'Find it from another configuration, by data source (examples/demo/find/main.tf)'
run "$work/find" init
run "$work/find" apply
"$ENGINE_PATH" -chdir="$work/find" output -no-color | indent
said "$client_id"

title 'Destroy it'
run "$work/demo" destroy -var=name=Dashboard -var=secret_rotation=second
said 'Destroy complete! Resources: 1 destroyed'
printf '   gone\n'

printf '\n%sNow with your own Clerk instance%s\n' "$bold" "$plain"
if [ "${CLERK_SECRET_KEY_WAS_SET:-}" = yes ]; then
	printf 'CLERK_SECRET_KEY is set, but the demo did not use it. To do the same in that instance:\n\n'
else
	printf 'Take the secret key of a development instance from the Clerk dashboard (API keys). Then:\n\n'
	# shellcheck disable=SC2016
	printf '   export CLERK_SECRET_KEY=sk_test_...\n'
fi
# What was built for the demo is not on PATH.
command -v "$engine" >/dev/null 2>&1 || engine=$ENGINE_PATH
cat <<E2
   make -C $root install
   export TF_CLI_CONFIG_FILE=$root/.install/cli.tfrc
   mkdir -p ~/try-clerk && cp $examples/main.tf ~/try-clerk/ && cd ~/try-clerk
   $engine init && $engine apply
   $engine destroy

For a new client secret, change the default of secret_rotation in main.tf and apply again.

Next: $root/docs/guides/getting-started.md
E2
