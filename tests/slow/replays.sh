#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each interleaving under a weak memory model that docs/claims.md gives as
# evidence is found, and replays.

. tests/lib/cli.sh

db=$TMPDIR/replays.db

sed -n 's|^ *kvmwake replay explore/||p' docs/claims.md |
	grep -E '/(tso|arm64)/' | sort -u >"$TMPDIR/lines"
[ -s "$TMPDIR/lines" ]
ok $? 'there are some'
while read -r line; do
	id=${line%% *}
	less=${line#"$id"}
	IFS=/ read -r name kernel memory found <<<"$id"
	# shellcheck disable=SC2086 # several words
	"$KVMWAKE" explore --quiet --db "$db" --max-states 1000000 \
		--memory "$memory" --kernel "$kernel" $less \
		"scenarios/ode/$name.lua" >"$TMPDIR/out" 2>&1 </dev/null
	# shellcheck disable=SC2086
	"$KVMWAKE" replay "explore/$id" $less --db "$db" >"$TMPDIR/out" 2>&1 \
		</dev/null
	says '^why: ' "$TMPDIR/out" "$line"
done <"$TMPDIR/lines"
finish
