#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `trace show`: the columns of `replay` for a recording, letter by letter
# (show.txt; GOLDEN=write makes it anew: read the diff).

set -u
. tests/lib/cli.sh
here=tests/trace

{
	"$KVMWAKE" trace show $here/overflow.trace --vcpu 1 --from 60.58 \
		--to 60.5812
	"$KVMWAKE" trace show $here/small.trace --from 20us --to 140us \
		2>/dev/null
	"$KVMWAKE" trace show $here/resume.trace --json --from 52.2112
} >"$TMPDIR/show.txt"
if [ "${GOLDEN:-}" = write ]; then
	cp "$TMPDIR/show.txt" $here/show.txt
fi
diff -u $here/show.txt "$TMPDIR/show.txt" >"$TMPDIR/diff"
ok $? "show.txt"
sed 's/^/# /' "$TMPDIR/diff" | head -40

expand "$TMPDIR/show.txt" | grep -v '^{' |
	awk 'length($0) > 72 { bad = 1 } END { exit bad }'
ok $? "at most 72 columns"
exits 2 "a bad time" "$KVMWAKE" trace show $here/small.trace --from x
says 'not a time' "$TMPDIR/err" "and it says so"
exits 4 "a window behind it" "$KVMWAKE" trace show $here/small.trace --from 9000s
says 'nothing in it' "$TMPDIR/err" "it says so"
exits 2 "two recordings" "$KVMWAKE" trace show $here/small.trace \
	$here/resume.trace
exit $failed
