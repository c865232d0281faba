#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The invariants of lua/kernel/v4_14/invariants.lua: each is broken by a fault
# on purpose, and holds without it; I4 and I7 are assertions.  All of that under
# sc, where v4.14 itself breaks none.

. tests/lib/cli.sh

explore() {
	explored --memory sc "$@"
}

# finds NAME KERNEL SCENARIO: that property, and how it is said
finds() {
	explore --keep-going --max-states ${5:-3000} --kernel "$2" \
		--check "${4:-I2,I3,I5,I8,I8-entry}" "scenarios/$3.lua" \
		>"$TMPDIR/out" 2>&1
	grep -q "violated:.*$1" "$TMPDIR/out"
	ok $? "$3, $2: $1"
}

finds I2 v4.14+mutant-no-kick ode/kick-wakes
says '^why: I2 does not hold of vcpu0 while it is in its guest' \
	"$TMPDIR/out" 'of whom, and when'
says 'vcpu0.requests has KVM_REQ_IRQ_PENDING' "$TMPDIR/out" 'what it read'
finds I3 v4.14+./tests/explore/migrate-keeps-vcpu.lua ode/migrated-at-prune \
	I3 40000
finds I5 v4.14+mutant-unconsumed-request ode/pmu-overflow-in-wfi
finds I8 v4.14+mutant-no-bg-timer gallery/idle-tick
finds I8-entry v4.14+./tests/explore/bg-timer-left.lua gallery/idle-tick \
	I8-entry 20000
for mutant in no-wake flag-late; do
	for scenario in signals signal-while-waiting; do
		finds I10 v4.14+mutant-signal-$mutant gallery/$scenario I10 \
			500000
	done
done
says '^why: I10 does not hold of vcpu0 while it sleeps' "$TMPDIR/out" \
	'of whom, and when'
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'vcpu0.task.sigpending is 1' "$TMPDIR/line" 'what it read'
exits 1 'the same in a timed run' "$KVMWAKE" run --db "$TMPDIR/run.db" \
	--kernel v4.14+mutant-signal-no-wake --as v4.14 \
	scenarios/gallery/signal-while-waiting.lua
says 'failed: never expected' "$TMPDIR/out" 'is failed'
exits 0 'which is told' "$KVMWAKE" replay --db "$TMPDIR/run.db" \
	signal-while-waiting/v4.14+mutant-signal-no-wake/1/0
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'I10 does not hold of vcpu0 at rest: a signal wakes' "$TMPDIR/line" 'so'
for m in sc tso arm64; do
	for scenario in signals signal-while-waiting signal-while-off; do
		explored --memory $m --check I10 --kernel v4.14 \
			--max-states 40000 --json \
			"scenarios/gallery/$scenario.lua" >"$TMPDIR/out"
		! grep -q '"I10"' "$TMPDIR/out"
		ok $? "$scenario, v4.14, $m: none"
	done
done
finds failed v4.14+mutant-halt-no-request ode/pause-while-waiting
says 'why: I4: ' "$TMPDIR/out" 'which is I4'
finds failed v4.14+./tests/explore/cpu-on-early.lua ode/power-on-while-waiting
says 'why: I7: ' "$TMPDIR/out" 'which is I7'

exits 0 'v4.14 has none of it' explore --kernel v4.14 \
	scenarios/ode/{kick-wakes,power-on-while-waiting}.lua
exits 1 'an invariant that does not hold is not as expected' \
	explore --kernel v4.14+mutant-unconsumed-request --as v4.14 \
	scenarios/ode/pmu-overflow-in-wfi.lua
exits 2 'no such invariant' explore --check I99 --kernel v4.14 \
	scenarios/ode/kick-wakes.lua
says '--check: "I99" is no invariant of this kernel \(I2, I3' \
	"$TMPDIR/err" 'which there are'

# I6: how often in a row a vCPU is woken for nothing.
row() {
	explore --keep-going --spurious-bound "$1" --kernel v4.14+ode-3 \
		scenarios/ode/dropped-before-wait.lua
}
exits 1 'the request that was left over wakes once' row 1
says 'violated: spurious, I6;' "$TMPDIR/out" 'for nothing'
says '^why: vcpu0 was woken for nothing' "$TMPDIR/out" 'in words'
exits 0 'replayed' "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
	explore/dropped-before-wait/v4.14+ode-3/sc/I6
row 2 >"$TMPDIR/out" 2>&1
says 'violated: spurious;' "$TMPDIR/out" 'and not twice'
for order in --bfs --dfs; do
	explore $order --keep-going --spurious-bound 2 --kernel v4.14 \
		scenarios/ode/line-makes-request.lua >"$TMPDIR/out" 2>&1
	says 'violated: I6;' "$TMPDIR/out" "futile wake-ups count, $order"
done

# Per kick: it is woken so often, but each time somebody asked for it.
per_kick() {
	explore --keep-going --spurious-bound "$1" --per-kick "${@:2}" \
		--kernel v4.14 scenarios/ode/line-makes-request.lua
}
for o in --bfs --dfs --no-reduction --no-folding --no-persistent; do
	per_kick 1 $o >"$TMPDIR/out" 2>&1
	says 'violated: I6;' "$TMPDIR/out" "a kick wakes for nothing, $o"
	per_kick 2 $o >"$TMPDIR/out" 2>&1
	says 'proved;' "$TMPDIR/out" "and not twice, $o"
done
rm -f "$TMPDIR/explored.db"
per_kick 1 >"$TMPDIR/out" 2>&1
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'that often since the last kick' "$TMPDIR/line" 'in words'
exits 0 'replayed' "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
	explore/line-makes-request/v4.14/sc/I6

# What is folded changes nothing.
for k in mutant-no-kick mutant-unconsumed-request; do
	for o in "" --no-reduction; do
		explore --keep-going --kernel v4.14+$k $o --json \
			scenarios/ode/pmu-overflow-in-wfi.lua |
			sed -n 's/.*"found":\(\[[^]]*\]\).*/\1/p' \
			>"$TMPDIR/found$o"
	done
	cmp -s "$TMPDIR/found" "$TMPDIR/found--no-reduction"
	ok $? "$k: the same without folding"
done
finish
