#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace.dat files: the same recording as text and as trace-cmd would have
# kept it gives the same scenario; a damaged one gives one error.

set -u
. tests/lib/cli.sh
recording=scenarios/recorded/pp.trace.gz
dat=$TMPDIR/pp.dat

if ! command -v python3 >/dev/null; then
	echo "no python3: trace.dat files cannot be made"
	exit 77
fi
tests/trace/make_dat $recording tests/trace/formats.txt "$dat"
ok $? "a trace.dat file"

# What is said of the file itself differs: its name, its number of lines.
scenario_of() {
	"$KVMWAKE" import "$1" --name pp 2>&1 | grep -vE '^--	(file|events)	'
}
scenario_of $recording >"$TMPDIR/text.lua"
same() {
	scenario_of "$1" | diff - "$TMPDIR/text.lua" >"$TMPDIR/diff"
	ok $? "$2"
	sed 's/^/# /' "$TMPDIR/diff" | head -5
}
same "$dat" "the scenario of the text"
scenario_of - <"$dat" | cmp -s - "$TMPDIR/text.lua"
ok $? "from standard input, a file"

# Version 7 is compressed; only trace-cmd itself writes it.
if command -v trace-cmd >/dev/null &&
   trace-cmd convert -i "$dat" -o "$TMPDIR/v7.dat" >/dev/null 2>&1; then
	same "$TMPDIR/v7.dat" "version 7"
fi

# one FILE REGEX NAME: one line of error, exit 2
one() {
	exits 2 "$3" "$KVMWAKE" import "$1"
	says "$2" "$TMPDIR/err" "$3: it says so"
	[ "$(wc -l <"$TMPDIR/err")" = 1 ] && [ ! -s "$TMPDIR/out" ]
	ok $? "$3: in one line"
}
size=$(wc -c <"$dat")
for part in 12 1000 20000 $((size / 2)) $((size - 1)); do
	head -c "$part" "$dat" >"$TMPDIR/cut.dat"
	one "$TMPDIR/cut.dat" 'cut.dat: the trace.dat file is damaged or cut' \
		"cut after $part bytes"
done
gzip -c "$dat" >"$TMPDIR/pp.dat.gz"
one "$TMPDIR/pp.dat.gz" 'gunzip it first' "compressed by gzip"
"$KVMWAKE" import - <"$TMPDIR/pp.dat.gz" 2>"$TMPDIR/err"
ok $((!$?)) "compressed, from standard input"
# shellcheck disable=SC2002 # it has to be a pipe
cat "$dat" | "$KVMWAKE" import - 2>"$TMPDIR/err" >/dev/null
says 'not from a pipe' "$TMPDIR/err" "not from a pipe"

# Records that are gone: the rest is used, and it is said once.
python3 - "$dat" "$TMPDIR/holes.dat" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-4096 * 3 + 20:-4096 * 3 + 400] = b"\xee" * 380
open(sys.argv[2], "wb").write(data)
END
exits 0 "damaged records" "$KVMWAKE" import "$TMPDIR/holes.dat" \
	--out "$TMPDIR/holes.lua"
says 'damaged' "$TMPDIR/err" "damaged records: it says so"
[ "$(grep -c 'trace.dat' "$TMPDIR/err")" = 1 ]
ok $? "damaged records: once"
finish
