#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `export --perfetto`: the Trace Event Format's rules hold, what is in the run
# is in the file, and the rules' checker can fail.
. tests/lib/cli.sh
check=tests/lib/trace_events.py
db=$TMPDIR/a.db

if ! command -v python3 >/dev/null; then
	echo "no python3: JSON cannot be checked"
	exit 77
fi

# keeps FILE NAME: the format's rules; what is in it goes to $TMPDIR/out
keeps() {
	python3 $check "$1" >"$TMPDIR/out" 2>"$TMPDIR/err"
	ok $? "$2: the format's rules"
	sed 's/^/# /' "$TMPDIR/err"
}

"$KVMWAKE" run --db "$db" --runs 4 --quiet $scenario >/dev/null
exits 0 "a stored run" "$KVMWAKE" export --perfetto --db "$db" \
	pmu-overflow-in-wfi/v4.14/1/3 --out "$TMPDIR/run.json"
keeps "$TMPDIR/run.json" "a stored run"
says '^missed: vcpu0.pmu: 1$' "$TMPDIR/out" "its missed wake-up"
says '^asleep: ' "$TMPDIR/out" "where the vCPU slept"
says '^wake: [1-9]' "$TMPDIR/out" "the handler's wake-up is an arrow"
"$KVMWAKE" export --perfetto --db "$db" pmu-overflow-in-wfi/v4.14/1/3 |
	cmp -s - "$TMPDIR/run.json"
ok $? "the same bytes again, on standard output"
for s in gallery/overcommit gallery/cpu-hotplug gallery/pmu-sampling; do
	exits 0 "$s" "$KVMWAKE" export --perfetto scenarios/$s.lua \
		--kernel v4.14 --run 1 --out "$TMPDIR/s.json"
	keeps "$TMPDIR/s.json" "$s"
done

# A recording: what the text itself says is there.
pp=scenarios/recorded/pp.trace.gz
exits 0 "a recording" "$KVMWAKE" export --perfetto $pp \
	--out "$TMPDIR/pp.json"
keeps "$TMPDIR/pp.json" "a recording"
for pair in "guest $(zgrep -c ' kvm_entry: ' $pp)" \
	    "wake $(zgrep -c ' sched_switch: .*next_comm=kvm-vcpu' $pp)"; do
	# shellcheck disable=SC2086
	set -- $pair
	says "^$1: $2\$" "$TMPDIR/out" "as many as were recorded: $1 $2"
done
says '^kick: [1-9]' "$TMPDIR/out" "kicks are arrows"
says '^IPI: function call: [1-9]' "$TMPDIR/out" "IPIs are arrows"
exits 0 "a window" "$KVMWAKE" export --perfetto $pp --from 40.55 \
	--to 40.56 --out "$TMPDIR/window.json"
keeps "$TMPDIR/window.json" "a window"
python3 - "$TMPDIR/window.json" <<'END'
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
ts = [e["ts"] for e in events if "ts" in e]
sys.exit(not ts or min(ts) < 40.55e6 or max(ts) > 40.56e6)
END
ok $? "a window: nothing outside"
exits 2 "two recordings" "$KVMWAKE" export --perfetto $pp $pp
exits 2 "no vCPU in it" "$KVMWAKE" export --perfetto README.md

# broken NAME SED-SCRIPT: the checker finds it
broken() {
	sed -E "$2" "$TMPDIR/run.json" >"$TMPDIR/broken.json"
	! cmp -s "$TMPDIR/run.json" "$TMPDIR/broken.json" &&
		! python3 $check "$TMPDIR/broken.json" >/dev/null 2>&1
	ok $? "the checker finds $1"
}
broken "an end that is gone" '0,/"ph":"E"/{/"ph":"E"/d}'
broken "an arrow without its end" '/"ph":"f"/d'
broken "time that goes back" 's/("ph":"E".*"ts":)[0-9.]+/\10.000/'
broken "a field that is gone" 's/,"s":"t"//'
broken "a track without a name" '/thread_name/d'

exits 2 "no format" "$KVMWAKE" export $scenario
says 'one format, please' "$TMPDIR/err" "no format: it says so"
exits 2 "two formats" "$KVMWAKE" export --perfetto --promela $scenario
exits 2 "nothing to export" "$KVMWAKE" export --perfetto
exits 2 "no such run" "$KVMWAKE" export --perfetto --db "$db" \
	pmu-overflow-in-wfi/v4.14/7/3
finish
