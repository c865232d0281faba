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

# What cannot be said in the model, or not in that one.
exits 2 'no such invariant' model "$scenario" --kernel v4.14 --check I99
says 'no invariant of this kernel .*, nor all, nor storm, nor lock-order' \
	"$TMPDIR/err" 'it says what there is'
exits 2 'storms and more' model "$scenario" --kernel v4.14 --check I2,storm
says 'storms are looked for in a model of their own' "$TMPDIR/err" \
	'it says so'
exits 2 'I6' model "$scenario" --kernel v4.14 --spurious-bound 256

if ! command -v spin >/dev/null || ! command -v gcc >/dev/null; then
	finish
fi
kernel=v4.14

# by_spin FILE OPTIONS...: what pan says of it, in words: the properties that
# do not hold, "storm", or "fine"; $TMPDIR/pan.out
by_spin() {
	local safety=-DSAFETY how='-E -c0' file=$1
	shift
	[[ " $* " != *' storm '* ]] || { safety='' how=-a; }
	model "$file" --kernel $kernel "$@" --out "$TMPDIR/model.pml" || return
	# shellcheck disable=SC2086
	(cd "$TMPDIR" && spin -a -o2 -o3 model.pml >/dev/null &&
		gcc -w -O0 -DNOREDUCE -DNOFAIR $safety -o pan pan.c &&
		./pan $how -m200000 -w20 >pan.out)
	sed -n 's/^pan.*assertion violated.*not_\([A-Za-z0-9_]*\).*/\1/p
		s/^pan.*acceptance cycle (.*/storm/p' "$TMPDIR/pan.out" |
		sort -u | tr '\n' ' '
	grep -q 'errors: 0' "$TMPDIR/pan.out" && echo fine
}

# The same by explore, as far as the model asks.
by_us() {
	local file=$1
	shift
	explored --memory sc --keep-going --json --kernel $kernel "$@" "$file" \
		2>/dev/null | sed -n 's/.*"found":\[\([^]]*\)\].*/\1/p' | tr -d '"' |
		tr ',-' '\n_' | grep -v '^$' | sort -u >"$TMPDIR/us"
	tr '\n' ' ' <"$TMPDIR/us"
	[ -s "$TMPDIR/us" ] || echo fine
}

# agree NAME WANT FILE EXPORT-OPTIONS -- EXPLORE-OPTIONS: both say WANT
agree() {
	local name=$1 want=$2 file=$3 ours spins more=()
	shift 3
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		more+=("$1")
		shift
	done
	shift
	spins=$(by_spin "$file" "${more[@]}")
	ours=$(by_us "$file" "$@")
	[ "${spins% }" = "$want" ] && [ "${ours% }" = "$want" ]
	ok $? "$name: $want, by explore and Spin"
	[ "${spins% }" = "${ours% }" ] || echo "# explore: $ours; Spin: $spins"
}

# states NAME: explore --no-reduction, the same options, sees as many
same_states() {
	local name=$1 n
	shift
	n=$(explored --memory sc --keep-going --json --no-reduction \
		--kernel $kernel "$@" 2>/dev/null | sed -n 's/.*"states":\([0-9]*\).*/\1/p')
	grep -q "^ *$n states, stored" "$TMPDIR/pan.out"
	ok $? "$name: the same $n states"
}

variant() {
	sed "$2" "tests/explore/$1.lua" >"$TMPDIR/$1.lua"
}

# What follows from states and moves: the model has no more of them.
agree 'wakers' fine "$TMPDIR/wakers.lua" --
same_states 'wakers' "$TMPDIR/wakers.lua"
grep -q '^ *3002 states, stored' "$TMPDIR/pan.out"
ok $? 'Spin sees the states of 1 vCPU and 2 wakers'
# Off the queue, but not awake.
sed '/try_to_wake_up/d' "$TMPDIR/wakers.lua" >"$TMPDIR/no-wake.lua"
agree 'who is not woken' missed "$TMPDIR/no-wake.lua" --

agree 'invariants' fine tests/explore/holds.lua --
same_states 'invariants' tests/explore/holds.lua
variant holds 's/"locked", "armed"/"late", "armed"/'
agree 'at once, of a list' listed "$TMPDIR/holds.lua" --
same_states 'at once' "$TMPDIR/holds.lua"
variant holds 's/"off", "nobody"/"on", "nobody"/'
agree 'at guest entry' off "$TMPDIR/holds.lua" --
# Where a device acts for ever nothing is over, unless the model may rest.
variant holds 's/"armed", "off", "nobody"/"unarmed", "off", "device"/'
agree 'eventually' timer "$TMPDIR/holds.lua" --check all,eventually --
[ "$(by_spin "$TMPDIR/holds.lua")" = fine ]
ok $? 'which the plain model does not see'
kernel=v4.14+mutant-no-kick
agree 'a guest goes on' 'I2 missed' scenarios/ode/kick-wakes.lua \
	--check all,eventually --
kernel=v4.14

variant race 's/"locked", "locked"/"locked", "reads_once"/'
agree 'a locked store and a marked load' race "$TMPDIR/race.lua" --
same_states 'a race' "$TMPDIR/race.lua"
variant race 's/"locked", "locked"/"once", "reads_once"/'
agree 'both marked' fine "$TMPDIR/race.lua" --

# Over all executions: each order is in one of them.
variant locks 's/"ab", "ab", "nothing"/"ab_first", "ba_then", "nothing"/'
agree 'two orders' lock_order "$TMPDIR/locks.lua" --check all,lock-order --
same_states 'two orders' "$TMPDIR/locks.lua"
variant locks 's/"ab", "ab", "nothing"/"a", "b", "a"/'
agree 'an interrupt' lock_order "$TMPDIR/locks.lua" --check all,lock-order --
variant locks 's/"ab", "ab", "nothing"/"aa2", "a2b", "nothing"/'
agree 'one order' fine "$TMPDIR/locks.lua" --check all,lock-order --

# The states of this one have counts.
bound=(--no-check --spurious-bound 1)
line=scenarios/ode/line-makes-request.lua
agree 'once per kick' I6 $line "${bound[@]}" --per-kick -- \
	"${bound[@]}" --per-kick
same_states 'once per kick' "${bound[@]}" --per-kick $line
bound=(--no-check --spurious-bound 2)
agree 'twice' I6 $line "${bound[@]}" -- "${bound[@]}"
same_states 'twice' "${bound[@]}" $line
agree 'twice per kick' fine $line "${bound[@]}" --per-kick -- \
	"${bound[@]}" --per-kick

# Somebody could end it who always can again, but never for long.
variant storm 's/"kicks", "nobody"/"locks", "nobody"/'
agree 'locks' storm "$TMPDIR/storm.lua" --check storm -- --check storm
variant storm 's/"kicks", "nobody"/"locks", "under_lock"/'
agree 'locks are fair' fine "$TMPDIR/storm.lua" --check storm -- --check storm
variant storm 's/"kicks", "nobody"/"kicks", "seldom"/'
agree 'it may last' storm "$TMPDIR/storm.lua" --check storm -- --check storm
finish
