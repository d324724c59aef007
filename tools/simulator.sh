#!/bin/sh
# Starts the simulator in the background, unless it runs already, and writes its address and key to sim.env.
#
#   tools/simulator.sh start [ARGUMENT of clerk-simulator...]
#   tools/simulator.sh stop
#
# It ends the command once requests are served, so that `make simulator && . ./sim.env` works as one line, any number of times.
set -eu

cd "$(dirname "$0")/.."
command=${1:?usage: tools/simulator.sh start|stop}
shift
pidfile=.tools/simulator.pid
log=.tools/simulator.log

# running: whether the process is there and is the simulator; a number is given to another process after a while.
running() {
	[ -s "$pidfile" ] && pid=$(cat "$pidfile") && kill -0 "$pid" 2>/dev/null || return 1
	! command -v ps >/dev/null 2>&1 || ps -p "$pid" 2>/dev/null | grep -q clerk-sim
}

case $command in
start)
	if running && [ -s sim.env ]; then
		echo "the simulator runs already (process $pid), with what was created in it; make simulator-stop ends it"
	else
		rm -f sim.env
		nohup .tools/bin/clerk-simulator -ready-file sim.env "$@" >"$log" 2>&1 </dev/null &
		pid=$!
		echo "$pid" >"$pidfile"
		waited=0
		while [ ! -s sim.env ]; do
			if ! kill -0 "$pid" 2>/dev/null || [ "$waited" -ge 100 ]; then
				rm -f "$pidfile"
				cat "$log" >&2
				echo "the simulator does not start" >&2
				exit 1
			fi
			waited=$((waited + 1))
			sleep 0.1 2>/dev/null || sleep 1
		done
		echo "the simulator runs in the background (process $pid, log in $log); make simulator-stop ends it"
	fi
	echo "in each shell that is to use it:  . ./sim.env"
	;;
stop)
	if running; then
		kill "$pid"
		echo "the simulator has ended"
	else
		echo "the simulator does not run"
	fi
	rm -f "$pidfile" sim.env
	;;
*)
	echo "usage: tools/simulator.sh start|stop" >&2
	exit 2
	;;
esac
