#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The example in README.md: its scenario is the shipped one's, and its
# commands print its lines, whatever the numbers.
. tests/lib/cli.sh

# Without the numbers, and without what their width decides.
bare() {
	sed -E 's/[0-9.]+(ns|us|ms)?/N/g; s/ +/ /g' "$@" | sort -u
}

awk '/^```$/ { on = 0 } on; /^```lua$/ && !done { on = done = 1 }' README.md |
	bare >"$TMPDIR/lua"
bare $scenario | comm -23 "$TMPDIR/lua" - >"$TMPDIR/only"
[ -s "$TMPDIR/lua" ] && [ ! -s "$TMPDIR/only" ]
ok $? "the scenario"
sed 's/^/# /' "$TMPDIR/only"

awk '/^```/ { inside = !inside; on = inside && $0 == "```"; next } on' \
	README.md >"$TMPDIR/shown"
top=$PWD
cd "$TMPDIR" || exit
ln -s "$top/scenarios" scenarios
while read -r command; do
	# shellcheck disable=SC2086
	"$KVMWAKE" $command
	[ $? -le 1 ]
	ok $? "kvmwake $command" >&2
done < <(sed -n 's/^\$ kvmwake //p' shown) >printed 2>verdicts
cat verdicts
nr=$(wc -l <verdicts)
nr=$((nr + 1))
sed '/^\$ /d; /^  \.\.\.$/d' shown | bare >want
bare printed | comm -23 want - >only
[ -s want ] && [ ! -s only ]
ok $? "the output"
sed 's/^/# /' only
finish
