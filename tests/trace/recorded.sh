#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A recording, imported by the tool, simulated, and alike: as many waits as
# were recorded, and wake-ups that take as long.

set -u
. tests/lib/cli.sh
recording=scenarios/recorded/pp.trace.gz
kernel='6.12.117+deb12-arm64 (Debian)'
db=$TMPDIR/recorded.db

exits 0 "import" "$KVMWAKE" import $recording --name recorded-pp \
	--recorded "$kernel"
cmp "$TMPDIR/out" scenarios/recorded/pp.lua
ok $? "the scenario beside the recording"
[ ! -s "$TMPDIR/err" ]
ok $? "nothing to complain about"

gzip -dc $recording | "$KVMWAKE" import - --name recorded-pp \
	--recorded "$kernel" | sed 's/standard input/pp.trace.gz/' |
	cmp - scenarios/recorded/pp.lua
ok $? "the same from a pipe"

exits 2 "no vCPU in it" "$KVMWAKE" import scenarios/recorded/pp.lua
says 'no vCPU' "$TMPDIR/err" "and it says so"

exits 0 "run" "$KVMWAKE" run --lua lua --kernel v4.14 --db "$db" \
	scenarios/recorded/pp.lua

# between LEAST MOST NAME SQL: the result, a number
between() {
	n=$(sqlite3 "$db" "$4")
	[ "$1" -le "${n:-0}" ] && [ "${n:-0}" -le "$2" ]
	ok $? "$3: $n"
}
# recorded: 215 waits, 122 us from sched_waking to guest entry
between 150 240 "waits a run" \
	'SELECT (SELECT passed FROM counters WHERE mark = '\''wait'\'')
		/ (SELECT sum(runs) FROM campaigns)'
between 60000 240000 "median wake-up, ns" 'SELECT p50_ns FROM wake_latency'
finish
