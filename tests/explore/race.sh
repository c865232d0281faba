#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Accesses to what is declared guarded: a race where one is plain, one writes
# and nothing orders them, and only there; both accesses are named.

. tests/lib/cli.sh

verdict() {
	"$KVMWAKE" explore --json "$@" "$TMPDIR/race.lua" 2>"$TMPDIR/err" |
		sed -n 's/.*"verdict":"\([a-z]*\)".*/\1/p'
}

while read -r first second want; do
	sed "s/\"locked\", \"locked\"/\"$first\", \"$second\"/" \
		tests/explore/race.lua >"$TMPDIR/race.lua"
	for o in --bfs --dfs --no-reduction '--memory tso' '--memory arm64'; do
		# shellcheck disable=SC2086
		[ "$(verdict $o)" = "$want" ]
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
"$KVMWAKE" explore "$TMPDIR/race.lua" 2>&1 | tr '\n' ' ' >"$TMPDIR/out"
says 'why: data race on m.x: [ab] in .*race.lua:[0-9]+\) and [ab] in .*:[0-9]+' \
	"$TMPDIR/out" 'both accesses are named'
finish
