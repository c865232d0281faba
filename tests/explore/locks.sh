#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The order of locks: a cycle is found where there is one, also where nobody
# waits for ever, and only there; both sites are named.

. tests/lib/cli.sh

# what FIRST SECOND HANDLER: who does what
what() {
	sed "s/\"ab\", \"ab\", \"nothing\"/\"$1\", \"$2\", \"$3\"/" \
		tests/explore/locks.lua >"$TMPDIR/locks.lua"
}

# What is found but deadlocks, which depend on luck.
found() {
	explored --keep-going --json --memory sc "$@" "$TMPDIR/locks.lua" |
		sed -n 's/.*"found":\[\([^]]*\)\].*/\1/p' |
		sed 's/"deadlock",*//'
}

settings=(--bfs --dfs --no-reduction --no-folding --no-persistent '--jobs 1'
	  '--exact' '--memory tso' '--memory arm64')
while read -r first second handler cycle; do
	what "$first" "$second" "$handler"
	want=
	[ "$cycle" = - ] || want='"lock-order"'
	for o in "${settings[@]}"; do
		# shellcheck disable=SC2086
		[ "$(found $o)" = "$want" ]
		ok $? "$first, $second and $handler, $o: $cycle"
	done
done <<'LIST'
ab ab nothing -
ab ba nothing cycle
ab_first ba_then nothing cycle
gated_ab gated_ba nothing cycle
a2b ba nothing cycle
aa2 a2b nothing -
aa2 aa2 nothing -
aa2 a2a nothing cycle
a_off b a -
a b a cycle
a_on_inside b a cycle
a_off ab_off a -
ab_off b a cycle
b_holds_a b a -
b_holds_a b b cycle
LIST

what ab_first ba_then nothing
exits 1 'never expected' explored "$TMPDIR/locks.lua"
tr '\n' ' ' <"$TMPDIR/out" | sed 's/  */ /g' >"$TMPDIR/line"
says 'violated: lock-order; NOT AS EXPECTED' "$TMPDIR/line" 'is lock-order'
says 'why: locks are taken in no order: one takes b.lock while it holds a.lock, in [^;]*locks.lua:[0-9]+\); and two takes a.lock while it holds b.lock, in' \
	"$TMPDIR/line" 'both sites are named'
exits 0 'replayed' "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
	explore/locks/v4.14/arm64/lock-order
tr '\n' ' ' <"$TMPDIR/out" | sed 's/  */ /g' >"$TMPDIR/again"
says 'and two takes a.lock while it holds b.lock, in' "$TMPDIR/again" \
	'the same again'
for memory in sc tso; do
	exits 1 "$memory" explored --memory $memory "$TMPDIR/locks.lua"
	exits 0 "$memory, replayed" "$KVMWAKE" replay \
		--db "$TMPDIR/explored.db" explore/locks/v4.14/$memory/lock-order
done
explored --keep-going --memory sc \
	--kernel v4.14+./tests/explore/lists-second.lua \
	scenarios/ode/kick-wakes.lua >"$TMPDIR/out" 2>&1
says 'violated: lock-order;' "$TMPDIR/out" 'of a kernel, without a deadlock'

# Several cycles, some of them in one level, and edges that close none: what is
# told is the one that the interleaving shows, whoever finds it first.
while read -r one two three four; do
	sed "s/\"ab\", \"ba\", \"cd\", \"dc\"/\"$one\", \"$two\", \"$three\", \"$four\"/" \
		tests/explore/cycles.lua >"$TMPDIR/cycles.lua"
	for o in '--jobs 5' '--jobs 1' --no-persistent --no-reduction --dfs \
		'--memory arm64'; do
		# shellcheck disable=SC2086
		exits 1 "$one $two $three $four, $o" explored --keep-going \
			--memory sc $o "$TMPDIR/cycles.lua"
		sed -n '/^lock-order, after/,/^replay/p' "$TMPDIR/out" \
			>"$TMPDIR/told"
		says '^why: locks are taken in no order' "$TMPDIR/told" \
			'is told'
		case $o in
		'--jobs 5')
			cp "$TMPDIR/told" "$TMPDIR/five" ;;
		'--jobs 1')
			cmp "$TMPDIR/told" "$TMPDIR/five"
			ok $? 'by one thread as by five' ;;
		esac
	done
done <<'LIST'
ab ba cd dc
ab bc ca cb
ab ba cd db
cb ac bca ba
ab bcde ae edcba
LIST

what a b a
exits 1 'an interrupt' explored "$TMPDIR/locks.lua"
tr '\n' ' ' <"$TMPDIR/out" | sed 's/  */ /g' >"$TMPDIR/line"
says 'one takes a.lock with interrupts on, in' "$TMPDIR/line" 'where it is on'
says 'irq takes a.lock in a hard interrupt, in' "$TMPDIR/line" 'who takes it'
sed -i 's/lock_order = "never"/lock_order = "sometimes"/' "$TMPDIR/locks.lua"
exits 0 'expected' explored "$TMPDIR/locks.lua"
finish
