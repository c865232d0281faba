#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Broken scenarios: each tests/cli/bad/*.lua says in its second line what the
# message must say; it is one line, file:line: message, and the exit code 2.
. tests/lib/cli.sh
for file in tests/cli/bad/*.lua; do
	name=$(basename "$file" .lua)
	want=$(sed -n 's/^-- says: //p' "$file")
	kernel=$(sed -n 's/^-- kernel: //p' "$file")
	exits 2 "$name" timeout 60 "$KVMWAKE" run --db "$TMPDIR/a.db" \
		${kernel:+--kernel "$kernel"} "$file"
	says "^[^ ]+:[0-9]+: " "$TMPDIR/err" "$name: file:line: message"
	says "$want" "$TMPDIR/err" "$name: says $want"
	[ "$(wc -l <"$TMPDIR/err")" = 1 ]
	ok $? "$name: in one line"
	exits 2 "$name, --json" timeout 60 "$KVMWAKE" run --json \
		--db "$TMPDIR/a.db" ${kernel:+--kernel "$kernel"} "$file"
	says '"type":"error".*"file":".*"line":[0-9]+,"exit":2' "$TMPDIR/out" \
		"$name: the error as JSON"
done
finish
