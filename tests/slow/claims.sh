#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs/claims.md is what `claims` says: its verdicts on the mail's claims under
# sc, letter by letter.

. tests/lib/cli.sh

# The first table of a page, without the cells behind sc.
table() {
	sed -n 's/^\(| [MIT][0-9]* |[^|]*|[^|]*|[^|]*|\).*/\1/p' "$1"
}

"$KVMWAKE" claims --memory sc --markdown >"$TMPDIR/out"
table "$TMPDIR/out" >"$TMPDIR/now"
table docs/claims.md >"$TMPDIR/then"
[ -s "$TMPDIR/now" ]
ok $? 'a table'
diff -u "$TMPDIR/then" "$TMPDIR/now" >"$TMPDIR/diff"
ok $? 'docs/claims.md is what kvmwake claims --markdown prints'
sed 's/^/# /' "$TMPDIR/diff"
finish
