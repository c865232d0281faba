#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `trace find`: pieces of recordings (all but `moved` real ones), told word
# for word (find.txt; GOLDEN=write makes it anew: read the diff); the same
# pieces with evidence taken away tell it as possible, or not at all; and
# where there are more recordings, exactly what is known to be in them.

set -u
. tests/lib/cli.sh
here=tests/trace
in=$TMPDIR/in
pieces="overflow resume signal late-kick moved"

for p in $pieces; do
	"$KVMWAKE" trace find $here/$p.trace
done >"$TMPDIR/find.txt" 2>&1
if [ "${GOLDEN:-}" = write ]; then
	cp "$TMPDIR/find.txt" $here/find.txt
fi
diff -u $here/find.txt "$TMPDIR/find.txt" >"$TMPDIR/diff"
ok $? "find.txt"
sed 's/^/# /' "$TMPDIR/diff" | head -40

# tells NAME REGEX: of what is in $TMPDIR/in
tells() {
	"$KVMWAKE" trace find - <"$in" >"$TMPDIR/out" 2>"$TMPDIR/err"
	says "$2" "$TMPDIR/out" "$1"
}
# silent NAME: nothing is found in it
silent() {
	"$KVMWAKE" trace find - <"$in" >"$TMPDIR/out" 2>"$TMPDIR/err"
	! grep -qv '^#.* 0 and possibly 0$' "$TMPDIR/out"
	ok $? "$1"
}
sure='overlooked PMU overflow: 1 and possibly 0'
maybe='overlooked PMU overflow: 0 and possibly 1'

grep -v 'pmu_update_state\|pending_\|vcpu_halt\|vcpu_wfi\|runnable' \
	$here/overflow.trace >"$in"
tells "without the predicate" "$sure"
grep -v 'vgic_queue_irq' $here/overflow.trace >"$in"
tells "not known whether enabled" "$maybe"
grep -v 'vcpu_kick' $here/overflow.trace >"$in"
tells "without kicks" "$maybe"
grep -v '[(]kvm_[a-z_+0-9/x<>. -]*[)]\|[(]vgic' $here/overflow.trace >"$in"
tells "without probes" "$maybe"
says 'no probe pmu_overflow' "$TMPDIR/out" "and it says what is missing"
grep -v '[(]kvm_[a-z_+0-9/x<>. -]*[)]\|[(]vgic\|irq_handler' \
	$here/overflow.trace >"$in"
tells "without probes and interrupts" "$maybe"
sed '/IRQ 23/d; /intid=23/d' $here/overflow.trace >"$in"
silent "a counter whose interrupt is off"
sed 's/intid=23\(.*\)enabled=1/intid=23\1enabled=0/' $here/overflow.trace >"$in"
silent "an interrupt that is off in the vgic"
sed '/sched_switch/d; s/ret=0/ret=1/' $here/overflow.trace >"$in"
silent "a wait that did not wait"
head -33 $here/overflow.trace >"$in"
tells "the recording ends in it" "$maybe"
sed 's/^ .*60.580302.*/broken/' $here/overflow.trace >"$in"
tells "a damaged line in it" "$maybe"
sed '23i CPU:2 [LOST 3 EVENTS]' $here/overflow.trace >"$in"
silent "events lost before the exit"

nothing='wake-up for nothing: 1 and possibly 0'
grep -v 'check_block\|runnable' $here/resume.trace >"$in"
tells "resume without the predicate" "$nothing"
grep -v 'all_cpus_request' $here/resume.trace >"$in"
tells "resume that is not told" 'nothing: 0 and possibly 1'

# A recording in which nothing went wrong, with a kind of event taken out,
# with lines taken out, with its begin or its end cut off: nothing is told as
# a fact.
gzip -dc scenarios/recorded/pp.trace.gz >"$TMPDIR/pp"
sure_of() {
	"$KVMWAKE" trace find "$in" 2>/dev/null |
		grep -c '^# .*: [1-9][0-9]* and possibly'
}
sum=0 runs=0
count() {
	sum=$((sum + $(sure_of)))
	runs=$((runs + 1))
}
for kind in $(grep -oE '[0-9]: [a-z_0-9]+: ' "$TMPDIR/pp" |
	sed 's/^[0-9]: //; s/: $//' | sort -u); do
	grep -v ": $kind: " "$TMPDIR/pp" >"$in"
	count
done
for seed in 1 2 3 4 5 6; do
	awk -v seed=$seed 'BEGIN { srand(seed) }
		/^#/ || rand() > seed / 100' "$TMPDIR/pp" >"$in"
	count
	tail -n +$((seed * 1234)) "$TMPDIR/pp" >"$in"
	count
	head -n $((seed * 1239)) "$TMPDIR/pp" >"$in"
	count
done
[ $sum = 0 ]
ok $? "$runs recordings with something taken out: $sum claims"

# Another VMM's names change nothing.
for p in $pieces; do
	sed -e 's/^      kvm-vcpu-\([0-9]\)-/       CPU \1\/KVM-/' \
		-e 's/comm=kvm-vcpu-\([0-9]\)/comm=CPU \1\/KVM/g' \
		$here/$p.trace >"$TMPDIR/$p.trace"
	"$KVMWAKE" trace find "$TMPDIR/$p.trace"
done 2>&1 | grep '^#' >"$TMPDIR/qemu"
grep '^#' $here/find.txt | cmp -s - "$TMPDIR/qemu"
ok $? "CPU 0/KVM is found as kvm-vcpu-0 is"

if [ -z "${KVMWAKE_TRACES:-}" ]; then
	echo "# no KVMWAKE_TRACES: no more recordings"
	exit $failed
fi
# What the recordings' own notes and a look at each line say is in them.
while read -r recording overflows vain; do
	files=$(ls "$KVMWAKE_TRACES/$recording".*trace.gz \
		"$KVMWAKE_TRACES/$recording".trace.gz 2>/dev/null | sort -u)
	[ -n "$files" ] || continue
	# shellcheck disable=SC2086
	"$KVMWAKE" trace find $files >"$TMPDIR/out" 2>&1
	grep -q "PMU overflow: $overflows and possibly 0$" "$TMPDIR/out" &&
		grep -q "nothing: $vain and possibly 0$" "$TMPDIR/out" &&
		grep -q "without a wake-up: 0 and possibly 0$" \
			"$TMPDIR/out" &&
		grep -q "did not see: 0 and possibly 0$" "$TMPDIR/out"
	ok $? "$recording: $overflows overflows, $vain for nothing"
done <<-LIST
	k61-lkvm-mmio/pmu 5 0
	k61-lkvm-mmio/hotplug 0 2
	k61-lkvm-mmio/unbind 0 1
	k61-lkvm-mmio/vmpause 0 2
	k61-lkvm-mmio/idlepoll 0 1
	k61-lkvm-mmio/pp 0 0
	k612-lkvm-mmio/pmu 1 0
	k612-lkvm-mmio/vmpause 0 3
	k612-lkvm-mmio/blk 0 0
	k612-lkvm-icount/pmu 0 0
	k612-lkvm-icount/vmpause 0 6
	k612-lkvm-icount/unbind 0 2
	k612-lkvm-stock/pmu 0 0
	k612-lkvm-stock/mix 0 0
LIST
exit $failed
