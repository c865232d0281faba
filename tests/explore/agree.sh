#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shipped scenarios, explored: verdicts that are known, a number of states
# that is pinned, and that breadth and depth first, whole states, and every
# private step as a move of its own all come to the same verdict.

. tests/lib/cli.sh

# field KEY: of the last exploration in $TMPDIR/out
field() {
	grep '"exploration"' "$TMPDIR/out" | tail -n 1 |
		sed "s/.*\"$1\":\(\"[^\"]*\"\|\[[^]]*\]\|[^,}]*\).*/\1/"
}

explore() {
	explored --json "$@" >"$TMPDIR/out" 2>"$TMPDIR/err"
}

exits 0 'v4.14 misses the overflow, as expected' \
	explored "$scenario" --kernel v4.14
says 'violated: missed; as expected' "$TMPDIR/out" 'it says so'
says 'why: vcpu0 sleeps' "$TMPDIR/out" 'and why'
says 'replay: kvmwake replay explore/' "$TMPDIR/out" 'and how to see it again'
exits 0 'ode-3 is proved' \
	explored "$scenario" --kernel v4.14+ode-3
says 'proved; as expected' "$TMPDIR/out" 'it says so, too'
exits 1 'v4.14 differs from what ode-3 promises' \
	explored "$scenario" --kernel v4.14 --as v4.14+ode-3
exits 4 'a bound is said aloud' \
	explored "$scenario" --kernel v4.14+ode-3 --max-states 100
says 'bounded' "$TMPDIR/out" 'in words'
says ' arm64 .* bounded; not known$' "$TMPDIR/out" 'and under which model'
says '^bounded: .* --max-states; --memory sc has fewer states$' "$TMPDIR/out" \
	'and what to do'
exits 2 'no such memory model' \
	explored "$scenario" --memory pram
exits 2 'one order' explored "$scenario" --bfs --dfs

# These numbers change with the kernel's paths, the prelude and the folding,
# and with nothing else: an explorer that loses a state loses it here.
explore "$scenario" --kernel v4.14+ode-3
[ "$(field states)/$(field transitions)/$(field ends)" = 1388/1536/2 ]
ok $? 'states, transitions and ends of ode-3'
[ "$(field memory)" = '"arm64"' ]
ok $? '... under arm64, unless told otherwise'
explore "$scenario" --kernel v4.14+ode-3 --memory sc
[ "$(field states)/$(field transitions)/$(field ends)" = 1288/1436/2 ]
ok $? '... under sc'
explore "$scenario" --kernel v4.14+ode-3 --memory sc --no-reduction
[ "$(field states)/$(field transitions)/$(field ends)" = 7974/12181/2 ]
ok $? '... and without folding'

# Small enough without folding, and not of one kind.
for s in pmu-overflow-in-wfi line-while-waiting line-consumed-request \
	distributor-off power-on-while-waiting gicv4-doorbell; do
	for k in v4.14 v4.14+ode-3; do
		want=
		for o in --bfs --dfs --exact --no-folding --no-persistent \
			--no-reduction; do
			explore "scenarios/ode/$s.lua" --kernel $k \
				--memory sc $o
			have=$(field verdict)$(field found)
			[ -n "$have" ] && [ "$have" = "${want:=$have}" ]
			ok $? "$s, $k: $o agrees"
			# Depth first makes each move in a copy: a word that
			# breadth first overlooks would be a state less.
			[ "$(field complete)$o" = true--bfs ] &&
				bfs=$(field states)/$(field transitions)
			[ "$(field complete)$o" != true--dfs ] ||
				[ "$(field states)/$(field transitions)" = \
				  "$bfs" ]
			ok $? "$s, $k: as many states"
		done
	done
done

# The same where memory is weak.
for s in pmu-overflow-in-wfi line-while-waiting power-on-while-waiting; do
	for m in tso arm64; do
		want=
		for o in --bfs --dfs --no-folding --no-settling \
			--no-persistent; do
			explore "scenarios/ode/$s.lua" --kernel v4.14 \
				--memory $m --max-states 300000 $o
			have=$(field verdict)$(field found)
			[ -n "$have" ] && [ "$have" = "${want:=$have}" ]
			ok $? "$s, $m: $o agrees"
		done
	done
done

# However many threads: the same bytes, but for the memory that they take.
tests/bench/wakers 2 3 >"$TMPDIR/wakers.lua"
for o in "--memory sc --no-reduction" "--memory sc --exact" "--memory tso" \
	"--memory arm64"; do
	want=
	for j in 1 2 3; do
		explore "$TMPDIR/wakers.lua" --kernel v4.14 --jobs $j $o \
			--max-states 30000
		have=$(sed 's/"bytes_max":[0-9]*//' "$TMPDIR/out")
		[ -n "$have" ] && [ "$have" = "${want:=$have}" ]
		ok $? "$j threads, $o"
	done
done
finish
