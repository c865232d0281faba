#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The textbook shapes of scenarios/litmus as scenarios, in time: under no
# memory model does a run end as the litmus test never may, and some that may
# are seen.

. tests/lib/cli.sh

# How many of 1500 runs end so, with this model?
ends() {
	rm -f "$TMPDIR/shape.db"
	"$KVMWAKE" run --db "$TMPDIR/shape.db" --quiet --kernel v4.14 \
		--runs 1500 --memory "$1" "$TMPDIR/shape.lua" >/dev/null 2>&1
	sqlite3 "$TMPDIR/shape.db" "SELECT runs_failed FROM summary
		WHERE memory = '$1' AND runs = 1500"
}

for f in scenarios/litmus/*.litmus; do
	name=$(basename "$f" .litmus)
	awk -f tests/explore/shape.awk "$f" >"$TMPDIR/shape.lua" || continue
	for model in sc tso arm64; do
		seen=$(ends $model)
		echo "$name $model $seen" >>"$TMPDIR/seen"
		grep -q "[* ]$model: Sometimes" "$f" || [ "$seen" = 0 ]
		ok $? "$name under $model: $seen of 1500"
	done
done

for must in 'SB tso' 'SB arm64' 'SB[+]rels[+]acqs tso' 'SB[+]two-locks tso' \
	'R tso' 'MP arm64' 'MP[+]wmb[+]po arm64' 'MP[+]po[+]rmb arm64' \
	'2[+]2W arm64' 'SB[+]cmpxchg-fails tso'; do
	grep -q "^$must [1-9]" "$TMPDIR/seen"
	ok $? "$must is seen"
done
finish
