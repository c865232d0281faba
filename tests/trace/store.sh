#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `trace store`: a recording in the tables of simulations, beside one.

set -u
. tests/lib/cli.sh
recording=scenarios/recorded/pp.trace.gz
db=$TMPDIR/a.db

# is NAME RESULT SQL
is() {
	got=$(sqlite3 -separator ' ' "$db" "$3")
	[ "$got" = "$2" ]
	ok $? "$1"
	[ "$got" = "$2" ] || echo "# $got, not $2"
}

exits 0 "store" "$KVMWAKE" trace store $recording --db "$db" \
	--name recorded-pp --no-provenance
says '215 waits of 2 vCPUs' "$TMPDIR/out" "what it says"
rows "$db" >"$TMPDIR/first"
exits 0 "again" "$KVMWAKE" trace store $recording --db "$db" \
	--name recorded-pp --no-provenance
rows "$db" | cmp - "$TMPDIR/first"
ok $? "again: nothing new"
"$KVMWAKE" trace store $recording --db "$db" --name recorded-pp --json \
	>"$TMPDIR/json"
says '"type":"trace_stored",.*"waits":215,"vcpus":2,"before":true' \
	"$TMPDIR/json" "as JSON"
# What the text itself has:
is "all waits, one row each" 215 "SELECT count(*) FROM episodes"
is "guest entries" "$(zgrep -c ' kvm_entry: ' $recording)" \
	"SELECT passed FROM counters WHERE mark = 'kvm_entry'"
is "blocked" "$(zgrep -c 'prev_comm=kvm-vcpu.*prev_state=S' $recording)" \
	"SELECT total FROM totals WHERE quantity = 'sleeps'"
is "two sleep to the end" 2 "SELECT count(*) FROM episodes
	WHERE class = 'open' AND deliverable_ns IS NULL"
is "time goes forward" 0 "SELECT count(*) FROM episodes
	WHERE begin_ns > end_ns OR woken_ns > left_ns OR left_ns > end_ns"
is "a latency for each that ended" 213 "SELECT number FROM wake_latency"
is "causes as simulations name them" "vcpu0.sgi1 vcpu1.sgi1" \
	"SELECT group_concat(cause, ' ') FROM (SELECT DISTINCT cause
	 FROM episodes WHERE cause LIKE '%sgi1' ORDER BY 1)"

"$KVMWAKE" run --lua lua --kernel v4.14 --runs 4 --db "$db" --quiet \
	scenarios/recorded/pp.lua
is "beside a simulation" "recorded v4.14 1 4" "SELECT old, new, runs_old,
	runs_new FROM comparison WHERE old = 'recorded'"
is "as long, within a factor of two" 1 "SELECT a.p50_ns < 2 * b.p50_ns
	AND b.p50_ns < 2 * a.p50_ns FROM wake_latency a JOIN wake_latency b
	ON a.scenario = b.scenario AND a.kernel = 'recorded'
		AND b.kernel = 'v4.14'"
exits 0 "an overflow that was slept through" "$KVMWAKE" trace store \
	tests/trace/overflow.trace --db "$db"
is "is late, because of the PMU" "late vcpu1.pmu 1" "SELECT class, cause,
	number FROM missed_by_cause"
exits 2 "it cannot be run again" "$KVMWAKE" replay --db "$db" \
	recorded-pp/recorded/1/0
says 'is a recording' "$TMPDIR/err" "it says so"
exits 2 "no vCPU in it" "$KVMWAKE" trace store README.md --db "$TMPDIR/b.db"
finish
