#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each command that docs/claims.md gives as evidence shows what it is said to
# show: something is found.

. tests/lib/cli.sh

sed -n 's/^ *kvmwake \(explore .*\)/\1/p' docs/claims.md | sort -u \
	>"$TMPDIR/lines"
[ -s "$TMPDIR/lines" ]
ok $? 'there are some'
while read -r line; do
	# shellcheck disable=SC2086 # several words
	"$KVMWAKE" $line --max-states 1000000 >"$TMPDIR/out" 2>&1 </dev/null
	says '^why: ' "$TMPDIR/out" "$line"
done <"$TMPDIR/lines"
finish
