#!/bin/sh
# Runs the simulator in the background, for `make simulator && . ./sim.env`, any number of times.
#
#   tools/simulator.sh start [ARGUMENT of clerk-simulator...]
#   tools/simulator.sh stop
#
# start returns once requests are served. If a simulator of the same build with the same arguments runs, it keeps running;
# any other one is ended first. The key, and with it the id of the instance, is the same each time unless an argument says
# otherwise, so that a Terraform state survives a restart.
# It writes sim.env, and files in .tools.
set -eu

cd "$(dirname "$0")/.."
command=${1:?usage: tools/simulator.sh start|stop}
shift
program=.tools/bin/clerk-simulator
pidfile=.tools/simulator.pid
started=.tools/simulator.started
log=.tools/simulator.log

# running: whether the process is there and is the simulator; a number is given to another process after a while.
running() {
	[ -s "$pidfile" ] && pid=$(cat "$pidfile") && kill -0 "$pid" 2>/dev/null || return 1
	! command -v ps >/dev/null 2>&1 || ps -p "$pid" 2>/dev/null | grep -q clerk-sim
}

# pause: waits a tenth of a second, where sleep can do that.
pause() { sleep 0.1 2>/dev/null || sleep 1; }

# end: ends the running simulator, and waits until it is gone.
end() {
	kill "$pid"
	waited=0
	while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 50 ]; do
		waited=$((waited + 1))
		pause
	done
	rm -f "$pidfile" "$started" sim.env
}

case $command in
start)
	wanted=$(cksum <"$program" && printf '%s\n' "$@")
	if running && [ -s sim.env ] && [ "$(cat "$started" 2>/dev/null)" = "$wanted" ]; then
		echo "The simulator is running already (process $pid), with the applications created in it."
	else
		if running; then
			end
			echo "Ended the running simulator, which was another build or had other arguments. Its applications are gone."
		fi
		rm -f sim.env
		nohup "$program" -key sk_test_simulator -ready-file sim.env "$@" >"$log" 2>&1 </dev/null &
		pid=$!
		echo "$pid" >"$pidfile"
		printf '%s\n' "$wanted" >"$started"
		waited=0
		while [ ! -s sim.env ]; do
			if ! kill -0 "$pid" 2>/dev/null || [ "$waited" -ge 100 ]; then
				rm -f "$pidfile"
				cat "$log" >&2
				echo "The simulator does not start." >&2
				exit 1
			fi
			waited=$((waited + 1))
			pause
		done
		echo "The simulator is running in the background (process $pid, log in $log)."
	fi
	echo "In each shell that is to use it:  . ./sim.env     To end it:  make simulator-stop"
	;;
stop)
	if running; then
		end
		echo "The simulator has ended."
	else
		rm -f "$pidfile" sim.env
		echo "The simulator is not running."
	fi
	;;
*)
	echo "usage: tools/simulator.sh start|stop" >&2
	exit 2
	;;
esac
