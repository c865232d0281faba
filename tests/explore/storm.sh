#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Storms: found where vCPUs go round for ever and get nothing done, whatever
# the settings; not where somebody who can always move would end it.

. tests/lib/cli.sh

settings=(--bfs --dfs --exact --no-reduction --no-folding
	  '--memory tso' '--memory arm64')
while read -r how who storm; do
	sed "s/\"kicks\", \"nobody\"/\"$how\", \"$who\"/" \
		tests/explore/storm.lua >"$TMPDIR/storm.lua"
	want=
	[ "$storm" = - ] || want='"storm"'
	for o in "${settings[@]}"; do
		# shellcheck disable=SC2086
		explored --keep-going --check storm --json --memory sc $o \
			"$TMPDIR/storm.lua" 2>"$TMPDIR/err" |
			sed -n 's/.*"found":\[\([^]]*\)\].*/\1/p' \
			>"$TMPDIR/found"
		[ "$(cat "$TMPDIR/found")" = "$want" ]
		ok $? "$how, ended by $who, $o: $storm"
	done
done <<'LIST'
kicks nobody storm
kicks once -
kicks seldom storm
kicks under_lock -
locks nobody storm
locks under_lock -
tosses nobody -
dawdles nobody storm
dawdles once -
spins nobody storm
spins once -
spins seldom storm
pesters nobody storm
pesters once -
once nobody -
LIST

sed 's/"kicks", "nobody"/"dawdles", "seldom"/' tests/explore/storm.lua \
	>"$TMPDIR/storm.lua"
for memory in sc arm64; do
	exits 1 "never expected, $memory" explored --memory $memory \
		--check all,storm "$TMPDIR/storm.lua"
	says 'violated: storm; NOT AS EXPECTED' "$TMPDIR/out" 'is storm'
	says ' --- from here on again and again' "$TMPDIR/out" 'where it begins'
	says '^why: this comes again and again: vcpu[01] is' "$TMPDIR/out" why
	exits 0 'replayed' "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
		"explore/storm/v4.14/$memory/storm"
	says ' --- from here on again and again' "$TMPDIR/out" 'the same again'
done
exits 4 'not looked for unless asked' explored "$TMPDIR/storm.lua"

# Of a kernel.
sed 's/cpu:set("go") cpu:wfi()/cpu:set("go") loop(function() cpu:wfi() end)/
	s/cpu:compute(us(5)) cpu:wfi()/loop(function() cpu:wfi() end)/' \
	scenarios/ode/kick-wakes.lua >"$TMPDIR/kick.lua"
exits 0 'v4.14 has none' explored --memory sc --check all,storm \
	--kernel v4.14 \
	"$TMPDIR/kick.lua"
explored --keep-going --memory sc --check storm \
	--kernel v4.14+./tests/explore/always-runnable.lua \
	"$TMPDIR/kick.lua" >"$TMPDIR/out" 2>&1
says 'violated: spurious, storm' "$TMPDIR/out" 'it is always runnable'
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'why: this comes again and again: vcpu0 is woken, forced' \
	"$TMPDIR/line" 'WFI for ever'
finish
