#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# explore --sample: where nothing is found, one execution from start to end.

. tests/lib/cli.sh

wakes=(--memory sc --kernel v4.14+ode-3 scenarios/ode/kick-wakes.lua)

exits 0 'a proof' explored --sample "${wakes[@]}"
cp "$TMPDIR/out" "$TMPDIR/first"
says '^a sample execution, 81 moves, [0-9]* steps:$' "$TMPDIR/out" 'has one'
says '^ +83 +vcpu0.cpu is 0$' "$TMPDIR/out" 'as columns'
tr '\n' ' ' <"$TMPDIR/first" >"$TMPDIR/out"
says 'why: nobody can do anything more. On the way, something became deliv' \
	"$TMPDIR/out" 'an end after 80 moves, with nothing deliverable, is not it'
says 'replay: kvmwake explore .*kick-wakes.lua --kernel v4.14.ode-3 --sample' \
	"$TMPDIR/out" 'and says how to see it again'
[ "$(sqlite3 "$TMPDIR/explored.db" 'SELECT count(*) FROM counterexamples')" = 0 ]
ok $? 'it is no counterexample'

for o in '--jobs 1' '--jobs 2' --exact; do
	# shellcheck disable=SC2086
	explored --sample $o "${wakes[@]}" >"$TMPDIR/out"
	diff <(sed -n '/^a sample/,$p' "$TMPDIR/first") \
		<(sed -n '/^a sample/,$p' "$TMPDIR/out") >/dev/null
	ok $? "$o: the same"
done

exits 0 'as JSON' explored --sample --json "${wakes[@]}"
[ "$(grep -c '^{"type":"step","property":"sample",' "$TMPDIR/out")" = 84 ]
ok $? 'its steps'
says '^\{"type":"why","property":"sample","moves":81,' "$TMPDIR/out" 'its end'

explored "${wakes[@]}" >"$TMPDIR/out"
! grep -q 'sample' "$TMPDIR/out"
ok $? 'none that was not asked for'
explored --sample --kernel v4.14 "$scenario" >"$TMPDIR/out"
says '^missed, after' "$TMPDIR/out" 'what was found is shown'
! grep -q 'a sample' "$TMPDIR/out"
ok $? '... and no sample beside it'
explored --sample --max-states 1000 "${wakes[@]}" >"$TMPDIR/out" 2>&1
! grep -q 'a sample' "$TMPDIR/out"
ok $? 'nor where not all was seen'
exits 2 'depth first' explored --sample --dfs "${wakes[@]}"

# Each of two threads locks, stores, unlocks and ends.
race=$TMPDIR/race.lua
cp tests/explore/race.lua "$race"
exits 4 'vacuous' explored --sample --no-reduction \
	--memory sc --kernel v4.14 "$race"
says '^a sample execution, 8 moves, 8 steps:$' "$TMPDIR/out" 'each step'
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'On the way, nothing became deliverable' "$TMPDIR/line" 'says that, too'

sed 's/^\t\taccess.second.(\(.*\))$/\t\tloop(function() access[second](\1) end)/
	' tests/explore/race.lua >"$race"
exits 4 'no execution ends' explored --sample --kernel v4.14 "$race"
says '^no sample of race: no execution ends$' "$TMPDIR/err" 'is said'
finish
