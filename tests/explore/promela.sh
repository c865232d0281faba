#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The model for Spin: what is asked for, what is refused, and that the text is
# the same each time.  What it means is for test_spin.c and test_agree.c.

. tests/lib/cli.sh

model() {
	"$KVMWAKE" export --promela "$@"
}

exits 0 'a model' model "$scenario" --kernel v4.14
says 'active proctype actor_vcpu0()' "$TMPDIR/out" 'with a process an actor'
model "$scenario" --kernel v4.14 --out "$TMPDIR/model.pml"
cmp -s "$TMPDIR/model.pml" "$TMPDIR/out"
ok $? '--out: the same bytes'
says '^/\* pmu-overflow-in-wfi under v4.14, memory sc, ' "$TMPDIR/out" \
	'and the memory model'
exits 0 'what is explored' model scenarios/gallery/pulse-at-entry.lua \
	--kernel v4.14
says 'active proctype actor_vhost' "$TMPDIR/out" 'has the actors of explore{}'
exits 2 'another memory' model "$scenario" --kernel v4.14 --memory arm64
exits 2 'one kernel' model "$scenario" --kernel v4.14 --kernel v4.14+ode
says 'one --kernel' "$TMPDIR/err" 'it says so'
exits 2 'one scenario' model --kernel v4.14
exits 2 'budget' model "$scenario" --kernel v4.14 --preemptions 256

# An oracle that would not be asked again when what it reads changes.
sed 's/arch(flag())/flag()/' tests/bench/wakers.lua >"$TMPDIR/stale.lua"
exits 2 'refused' model "$TMPDIR/stale.lua" --kernel v4.14
says 'stale.lua:1: not exported: the oracle reads vcpu0.pending, which is not' \
	"$TMPDIR/err" 'it says why'

tests/bench/wakers 1 2 >"$TMPDIR/wakers.lua"
exits 0 'of any size' model "$TMPDIR/wakers.lua" --kernel v4.14
exits 2 'numbers' tests/bench/wakers one two

if command -v spin >/dev/null && command -v gcc >/dev/null; then
	model "$TMPDIR/wakers.lua" --kernel v4.14 --out "$TMPDIR/model.pml"
	cd "$TMPDIR" || exit
	spin -a -o2 -o3 model.pml >/dev/null &&
		gcc -w -DSAFETY -DNOREDUCE -o pan pan.c &&
		./pan -E >pan.out
	grep -q '^ *3002 states, stored' pan.out
	ok $? 'Spin sees the states of 1 vCPU and 2 wakers'
	grep -q 'errors: 0' pan.out
	ok $? '... and nothing wrong'
	# Off the queue, but not awake.
	sed '/try_to_wake_up/d' wakers.lua >no-wake.lua
	model no-wake.lua --kernel v4.14 --out model.pml
	spin -a -o2 -o3 model.pml >/dev/null &&
		gcc -w -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -E >pan.out
	grep -q 'assertion violated *not_missed' pan.out
	ok $? 'who is not woken is missed'
fi
finish
