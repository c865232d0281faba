#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Accesses to what is declared guarded: a race where one is plain, one writes
# and nothing orders them, and only there; both accesses are named.

. tests/lib/cli.sh

# What is found: nothing, or a race and nothing else.
verdict() {
	explored --json --memory sc "$@" "$TMPDIR/race.lua" 2>"$TMPDIR/err" |
		sed -n 's/.*"verdict":"\([a-z]*\)".*"found":\(\[[^]]*\]\).*/\1\2/p'
}

while read -r first second want; do
	sed "s/\"locked\", \"locked\"/\"$first\", \"$second\"/" \
		tests/explore/race.lua >"$TMPDIR/race.lua"
	for o in --bfs --dfs --no-reduction '--memory tso' '--memory arm64'; do
		# shellcheck disable=SC2086
		case $want in
		proved) what='proved[]' ;;
		*) what='violated["race"]' ;;
		esac
		[ "$(verdict $o)" = "$what" ]
		ok $? "$first and $second, $o: $want"
	done
done <<'LIST'
locked locked proved
locked plain violated
plain plain violated
once once proved
once plain violated
once reads violated
once reads_once proved
reads reads proved
locked reads_once violated
LIST

sed 's/"locked", "locked"/"locked", "plain"/' tests/explore/race.lua \
	>"$TMPDIR/race.lua"
rm -f "$TMPDIR/explored.db"
explored "$TMPDIR/race.lua" 2>&1 | tr '\n' ' ' >"$TMPDIR/out"
says 'why: data race on m.x: [ab] in .*race.lua:[0-9]+\) and [ab] in .*:[0-9]+' \
	"$TMPDIR/out" 'both accesses are named'
exits 0 'replayed' "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
	explore/race/v4.14/arm64/race
tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
says 'why: data race on m.x' "$TMPDIR/line" 'the same again'

# What is expected of it.
expecting() {
	sed -i "s/expect[^=]*= .*/expect = { [\"v4.14\"] = { $1 } },/" \
		"$TMPDIR/race.lua"
}
exits 1 'race = "never"' explored "$TMPDIR/race.lua"
expecting 'failed = "never"'
exits 1 'nothing said of races: never' explored "$TMPDIR/race.lua"
expecting 'failed = "sometimes"'
exits 1 'a race is no failure' explored "$TMPDIR/race.lua"
expecting 'race = "sometimes"'
explored "$TMPDIR/race.lua" >"$TMPDIR/out" 2>&1
says 'violated: race; as expected' "$TMPDIR/out" 'race = "sometimes"'
expecting 'race = "rarely"'
exits 2 'race = "rarely"' explored "$TMPDIR/race.lua"
finish
