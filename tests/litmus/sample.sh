#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A collection of tests with verdicts of LKMM, where there is one: every test
# is read, or refused by naming a construct; nothing that LKMM forbids is
# seen, data races apart; at least 65 % of what it allows is.
#
# The collection is the folder KVMWAKE_LITMUS (default ../shared/litmus) with
# verdicts.tsv: test, class, ..., lkmm, data_race, columns named in line 1.
. tests/lib/cli.sh
collection=${KVMWAKE_LITMUS:-../shared/litmus}
if [ ! -r "$collection/verdicts.tsv" ]; then
	echo "no $collection/verdicts.tsv: set KVMWAKE_LITMUS"
	exit 77
fi
# KVMWAKE_LITMUS_TABLE=FILE keeps the table by class.
table=${KVMWAKE_LITMUS_TABLE:-$TMPDIR/table}

for model in sc tso arm64; do
	cut -f 1 "$collection/verdicts.tsv" | tail -n +2 |
		sed "s,^,$collection/," | tr '\n' '\0' |
		xargs -0 "$KVMWAKE" litmus --json --memory $model \
		--max-states 5000000 >"$TMPDIR/json"
	python3 tests/litmus/score.py "$collection" $model \
		<"$TMPDIR/json" >"$TMPDIR/score"
	ok $? "$model: sound, nothing lost"
	sed 's/^/# /' "$TMPDIR/score"
	[ $model != arm64 ] || cp "$TMPDIR/score" "$table"
done
awk '/^total/ { exit !($3 * 100 >= 65 * $2) }' "$table"
ok $? "arm64 sees 65 % of what is allowed"
finish
