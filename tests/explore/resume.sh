#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A search that is interrupted says 130 and is saved; resumed, it comes to
# what an uninterrupted one does. What is damaged or another's is refused.

. tests/lib/cli.sh

wakers=$TMPDIR/wakers.lua
saved=$TMPDIR/saved
tests/bench/wakers 2 5 >"$wakers"

# All of the wakers' orders, so that it takes a while.
explore=("$KVMWAKE" explore "$wakers" --kernel v4.14 --memory sc --no-symmetry
	 --db "$TMPDIR/explored.db")

# interrupted OPTION...: after a moment; its exit code
interrupted() {
	"${explore[@]}" --save "$saved" "$@" \
		>"$TMPDIR/out" 2>"$TMPDIR/err" &
	local pid=$!
	sleep 0.7
	kill -INT $pid
	wait $pid
}

result() {
	sed 's/"bytes_max":[0-9]*//' "$TMPDIR/out"
}

interrupted --json --jobs 2
[ $? = 130 ]
ok $? 'exit code 130'
says 'saved in' "$TMPDIR/err" 'and it says where'
[ -s "$saved" ]
ok $? 'there it is'
exits 2 'other options are refused' "${explore[@]}" \
	--save "$saved" --resume --no-reduction
exits 2 'another program is refused' "$KVMWAKE" explore "$scenario" \
	--kernel v4.14 --memory sc --save "$saved" --resume
exits 2 'nor is it one of whole states' "${explore[@]}" \
	--save "$saved" --resume --exact
exits 2 'nor depth first' "${explore[@]}" --save "$saved" --resume --dfs
exits 2 'nor what is not there' "${explore[@]}" \
	--save "$TMPDIR/none" --resume

# refused NAME OPTION...: that, with one line that says why
refused() {
	exits 2 "$@" --save "$TMPDIR/damaged" --resume
	[ "$(wc -l <"$TMPDIR/err")" = 1 ]
	ok $? "$1: in one line"
}

# damaged OPTION...: what was saved, in many ways
damaged() {
	local size at
	size=$(stat -c %s "$saved")
	for at in 3 20 100 $((size / 2)) $((size - 4)); do
		cp "$saved" "$TMPDIR/damaged"
		printf '\377\001\376' | dd of="$TMPDIR/damaged" bs=1 \
			seek="$at" conv=notrunc status=none
		refused "damaged at $at" "${explore[@]}" "$@"
	done
	for at in 0 10 30 $((size / 2)) $((size - 1)); do
		head -c "$at" "$saved" >"$TMPDIR/damaged"
		refused "cut at $at" "${explore[@]}" "$@"
	done
}

damaged
# goes_on OPTION...: interrupted again, resumed, it is what it would have been
goes_on() {
	interrupted --json --resume --jobs 1 "$@"
	ok $(($? != 130 && $? != 0)) "resumed, and interrupted again: $*"
	[ ! -e "$saved" ] || "${explore[@]}" \
		--save "$saved" --resume --json "$@" >"$TMPDIR/out"
	have=$(result)
	"${explore[@]}" --json "$@" >"$TMPDIR/out"
	[ "$have" = "$(result)" ]
	ok $? "and comes to the same: $*"
	[ ! -e "$saved" ]
	ok $? 'what is done is not kept'
}

goes_on

# What was found before is found, by the same interleaving.
explore=("$KVMWAKE" explore scenarios/gallery/injection-race.lua
	 --kernel v4.14+mutant-queue-no-recheck --memory sc --no-persistent
	 --keep-going --db "$TMPDIR/explored.db")
for how in --exact --dfs '--dfs --exact'; do
	read -ra options <<<"$how"
	interrupted --json --jobs 2 "${options[@]}"
	[ $? = 130 ] && [ -s "$saved" ]
	ok $? "interrupted, and saved: $how"
	exits 2 "$how: not resumed without" "${explore[@]}" \
		--save "$saved" --resume
	[ "$how" = --dfs ] || damaged "${options[@]}"
	goes_on "${options[@]}"
	says '"found":\["missed","spurious","failed","I3","I5"\]' \
		"$TMPDIR/out" "with all that is found: $how"
done

# There all of the wakers' orders are too many.
explore=("$KVMWAKE" explore "$wakers" --kernel v4.14 --memory sc --no-persistent
	 --db "$TMPDIR/explored.db")
for memory in tso arm64; do
	rm -f "$saved"
	interrupted --json --jobs 2 --memory $memory --max-states 400000
	[ -s "$saved" ]
	ok $? "$memory: interrupted, and saved"
	exits 2 "$memory: another memory model is refused" \
		"${explore[@]}" --save "$saved" --resume
	goes_on --memory $memory --max-states 400000
done
finish
