#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who is alike is found, and one constant makes an end of it; what is found,
# and how, is what is found without.

. tests/lib/cli.sh

alike=tests/explore/alike.lua
kernel=v4.14+mutant-line-no-kick	# missed, and I2

# field KEY: of the exploration in $TMPDIR/out
field() {
	sed -n "s/.*\"$1\":\(\"[^\"]*\"\|\[[^]]*\]\|[^,}]*\).*/\1/p" \
		"$TMPDIR/out" | head -n 1
}

explore() {
	explored --json --keep-going --memory sc "$@" >"$TMPDIR/out" 2>"$TMPDIR/err"
}

# alike N SCENARIO OPTIONS...: so many states at most are one; the same is
# found, in fewer states, if N is not 1
agrees() {
	local n=$1 s=$2 with found
	shift 2
	explore "$s" "$@"
	[ "$(field symmetry)" = "$n" ]
	ok $? "$s $*: $n are one"
	with=$(field states)
	found=$(field verdict)$(field found)$(field complete)
	explore "$s" "$@" --no-symmetry
	[ "$(field symmetry)" = 1 ] &&
		[ "$(field verdict)$(field found)$(field complete)" = "$found" ]
	ok $? "$s $*: the same without"
	[ "$n" = 1 ] || [ "$with" -lt "$(field states)" ]
	ok $? "$s $*: fewer states"
}

agrees 2 $alike --kernel $kernel
agrees 2 $alike --kernel $kernel --dfs
agrees 2 $alike --kernel $kernel --exact
agrees 2 $alike --kernel $kernel --no-folding --no-check
agrees 2 $alike --kernel $kernel --no-persistent --no-check
sed 's/times = { 1, 1 }/times = { 1, 2 }/' $alike >"$TMPDIR/unlike.lua"
agrees 1 "$TMPDIR/unlike.lua" --kernel $kernel --no-check
explore $alike --kernel $kernel --no-reduction --max-states 1000
[ "$(field symmetry)" = 1 ]
ok $? '--no-reduction is without'

weak=tests/explore/alike-weak.lua
for memory in tso arm64; do
	agrees 2 $alike --kernel $kernel --memory $memory
	for o in --bfs --dfs --no-folding --exact; do
		agrees 2 $weak --memory $memory $o
	done
	agrees 1 "$TMPDIR/unlike.lua" --kernel $kernel --memory $memory \
		--no-check
done

for n in '1 5 120 sc' '2 4 8 sc' '3 3 6 sc' '1 3 6 tso' '1 3 6 arm64' \
	'2 2 2 arm64'; do
	read -r vcpus wakers size memory <<<"$n"
	tests/bench/wakers "$vcpus" "$wakers" >"$TMPDIR/wakers.lua"
	agrees "$size" "$TMPDIR/wakers.lua" --kernel v4.14 --memory "$memory"
	want=
	for j in 1 2 3; do
		explore "$TMPDIR/wakers.lua" --kernel v4.14 --jobs $j \
			--memory "$memory"
		have=$(sed 's/"bytes_max":[0-9]*//' "$TMPDIR/out")
		[ -n "$have" ] && [ "$have" = "${want:=$have}" ]
		ok $? "$n: $j threads"
	done
done
# One that is not as the others are, and has no other of its kind.
tests/bench/wakers 3 3 >"$TMPDIR/wakers.lua"
sed 's/run = waker,/run = i == 1 and function(v) waker(v) waker(v) end or waker,/
	' "$TMPDIR/wakers.lua" >"$TMPDIR/unlike.lua"
agrees 2 "$TMPDIR/unlike.lua" --kernel v4.14

# What was found is told by real names, and can be done again.
for o in --bfs --dfs; do
	exits 1 "$o: missed" explored $alike --kernel $kernel --memory sc $o
	says 'up to 2 states, which differ only in who is who, are one' \
		"$TMPDIR/out" "$o: says so"
	says 'why: vcpu[01] sleeps' "$TMPDIR/out" "$o: and who"
	exits 0 "$o: again" "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
		explore/alike/$kernel/sc/missed
	says 'why: vcpu[01] sleeps' "$TMPDIR/out" "$o: the same"
done
for o in '--memory tso' '--memory arm64' '--memory arm64 --dfs'; do
	# shellcheck disable=SC2086 # two words
	exits 1 "$o: failed" explored $weak $o
	says 'why: both' "$TMPDIR/out" "$o: why"
	memory=${o#--memory }
	exits 0 "$o: again" "$KVMWAKE" replay --db "$TMPDIR/explored.db" \
		"explore/alike/v4.14/${memory% --dfs}/failed"
	says 'why: both' "$TMPDIR/out" "$o: the same"
done
sed 's/-- early/smp_mb()/' $weak >"$TMPDIR/strong.lua"
for memory in tso arm64; do
	explore "$TMPDIR/strong.lua" --memory $memory
	[ "$(field verdict)$(field symmetry)" = '"proved"2' ]
	ok $? "$memory: proved with a barrier"
done
exits 1 'I2' explored $alike --kernel $kernel --memory sc --keep-going
says 'why: I2 does not hold of vcpu[01]' "$TMPDIR/out" 'of one of them'
finish
