#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples in README.md and the guides: their scenarios are the shipped
# ones or run as they stand, and their commands print their lines, whatever
# the numbers.  Those of timed runs are the same everywhere.
. tests/lib/cli.sh

# Without the numbers, and without what their width decides.
bare() {
	sed -E 's/[0-9.]+(ns|us|ms)?/N/g; s/ +/ /g' "$@" | sort -u
}

# blocks LANGUAGE PAGE: the text of its blocks
blocks() {
	awk -v begin="\`\`\`$1" '/^```/ {
			inside = !inside; on = inside && $0 == begin; next
		}
		on' "$2"
}

blocks lua README.md | sed '/^}$/q' | bare >"$TMPDIR/lua"
bare $scenario | comm -23 "$TMPDIR/lua" - >"$TMPDIR/only"
[ -s "$TMPDIR/lua" ] && [ ! -s "$TMPDIR/only" ]
ok $? "the scenario"
sed 's/^/# /' "$TMPDIR/only"

blocks lua docs/scenarios.md | sed '/^}$/q' >"$TMPDIR/two-disks.lua"
blocks lua docs/scenarios.md | sed -n '/^-- mine.lua/,/^end$/p' \
	>"$TMPDIR/mine.lua"
top=$PWD
cd "$TMPDIR" || exit
ln -s "$top/scenarios" scenarios

# prints PAGE FILTER: its commands print its lines, as FILTER leaves them
prints() {
	blocks '' "$top/$1" | grep -v guest.lua >shown
	while read -r command; do
		# shellcheck disable=SC2086
		"$KVMWAKE" $command
		[ $? -le 1 ]
		ok $? "kvmwake $command" >&2
	done < <(sed -n 's/^\$ kvmwake //p' shown) >printed 2>verdicts
	cat verdicts
	sed -n '/^\$ kvmwake/,$p' shown | sed '/^\$ /d; /^\.\.\.$/d; /^  \.\.\.$/d' |
		"$2" >want
	"$2" printed | comm -23 want - >only
	[ -s want ] && [ ! -s only ]
	ok $? "$1: the output"
	sed 's/^/# /' only
}
prints README.md bare
prints docs/scenarios.md sort
prints docs/questions.md bare
finish
