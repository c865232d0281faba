#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs/claims.md is what `claims` says: its verdicts on the mail's claims under
# sc, letter by letter, and each of its interleavings replays.  What it says of
# other memory models is in tests/slow/replays.sh.

. tests/lib/cli.sh

# The first table of a page, without the cells behind sc.
table() {
	sed -n 's/^\(| [MIT][0-9]* |[^|]*|[^|]*|[^|]*|\).*/\1/p' "$1"
}

"$KVMWAKE" claims --memory sc --markdown --db "$TMPDIR/claims.db" \
	>"$TMPDIR/out"
table "$TMPDIR/out" >"$TMPDIR/now"
table docs/claims.md >"$TMPDIR/then"
[ -s "$TMPDIR/now" ]
ok $? 'a table'
diff -u "$TMPDIR/then" "$TMPDIR/now" >"$TMPDIR/diff"
ok $? 'docs/claims.md is what kvmwake claims --markdown prints'
sed 's/^/# /' "$TMPDIR/diff"

sed -n 's|^ *kvmwake \(replay explore/.*/sc/.*\)|\1|p' docs/claims.md |
	sort -u >"$TMPDIR/lines"
[ -s "$TMPDIR/lines" ]
ok $? 'it has interleavings under sc'
while read -r line; do
	# shellcheck disable=SC2086 # several words
	"$KVMWAKE" $line --db "$TMPDIR/claims.db" >"$TMPDIR/out" 2>&1 </dev/null
	says '^why: ' "$TMPDIR/out" "$line"
done <"$TMPDIR/lines"
finish
