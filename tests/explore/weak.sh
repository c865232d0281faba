#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The textbook shapes of scenarios/litmus as scenarios: under each memory
# model the verdict is the one that the litmus test has, with reductions and
# without.

. tests/lib/cli.sh

verdict() {
	explored --json "$@" "$TMPDIR/shape.lua" 2>"$TMPDIR/err" |
		sed -n 's/.*"verdict":"\([a-z]*\)".*/\1/p'
}

skipped=
for f in scenarios/litmus/*.litmus; do
	name=$(basename "$f" .litmus)
	if ! awk -f tests/explore/shape.awk "$f" >"$TMPDIR/shape.lua"; then
		skipped+=" $name"
		continue
	fi
	for model in sc tso arm64; do
		want=proved
		grep -qE "[* ]$model: Sometimes(;|\$)" "$f" && want=violated
		[ "$(verdict --memory $model)" = $want ]
		ok $? "$name under $model: $want"
		for less in reduction folding settling persistent; do
			[ $model$less = scsettling ] && continue
			[ "$(verdict --memory $model --no-$less)" = $want ]
			ok $? "$name under $model, no $less: $want"
		done
	done
done

# RCU, pointers and atomics on numbers are not what a kernel in Lua has.
[ "$skipped" = " CoRR+atomics MP+assign+deref MP+plain+rel+acq MP+plain-race$(
) MP+po+deref MP+rel+addr-acqs MP+rel+addr-rfi-addr RCU+early-store$(
) RCU+late-store RCU+no-reader RCU SB+incs+mbs SB+incs SB+xchgs-relaxed" ]
ok $? "what cannot be said is known:$skipped"

# Block and wake: each of the two barriers is needed, and seen to be, exactly
# where a store may be seen late.
for without in nothing sleeper waker; do
	sed "s/^\tsmp_mb()\t*-- $without\$//" tests/explore/wake.lua \
		>"$TMPDIR/shape.lua"
	for model in sc tso arm64; do
		want=violated
		[ $without = nothing ] || [ $model = sc ] && want=proved
		for o in --bfs --no-reduction --exact; do
			[ "$(verdict --memory $model $o)" = $want ]
			ok $? "wake without $without, $model $o: $want"
		done
	done
done

# What is old may be read late, unless a barrier is between.
for early in early smp_mb; do
	sed "s/-- early\$/$([ $early = early ] || echo "smp_mb()")/" \
		tests/explore/stale.lua >"$TMPDIR/shape.lua"
	for model in sc tso arm64; do
		want=proved
		[ $early$model = earlyarm64 ] && want=violated
		for o in --bfs --no-reduction; do
			[ "$(verdict --memory $model $o)" = $want ]
			ok $? "stale, $early, $model $o: $want"
		done
	done
done

# An interrupt on the own CPU sees what is before it, whoever raises it and
# wherever interrupts are on again; others may see it late.
while read -r how who barrier violated; do
	sed "s/\"off_raised\", \"stores\", \"nothing\"/\"$how\", \"$who\", \"$barrier\"/" \
		tests/explore/own.lua >"$TMPDIR/shape.lua"
	for model in sc tso arm64; do
		want=proved
		[[ " $violated " != *" $model "* ]] || want=violated
		for o in --bfs --no-reduction --no-folding; do
			[ "$(verdict --memory $model $o)" = $want ]
			ok $? "own, $how, $who, $barrier, $model $o: $want"
		done
	done
done <<'LIST'
off stores nothing arm64
off stores smp_wmb
on_raised stores nothing arm64
on_raised stores smp_wmb
off_raised stores nothing arm64
off_raised stores smp_wmb
off_raised pends nothing tso arm64
on_raised pends nothing tso arm64
other_raised stores nothing
other_raised pends nothing
LIST

# Who waits for an interrupt's end waits for what was stored before it.
for when in later before; do
	sed "s/when = \"later\"/when = \"$when\"/" tests/explore/ended.lua \
		>"$TMPDIR/shape.lua"
	for model in sc tso arm64; do
		want=proved
		[ $when = before ] || [ $model = sc ] || want=violated
		for o in --bfs --no-reduction --no-settling; do
			[ "$(verdict --memory $model $o)" = $want ]
			ok $? "ended, $when, $model $o: $want"
		done
	done
done

# What is late is said to be.
sed "s/^\tsmp_mb()\t*-- waker\$//" tests/explore/wake.lua >"$TMPDIR/shape.lua"
explored --memory arm64 "$TMPDIR/shape.lua" >"$TMPDIR/out" 2>&1
says 'queued is 0 \(stale\)' "$TMPDIR/out" 'a stale read is marked'
says 'queued = 1 \(buffered\)' "$TMPDIR/out" 'a store that waits is marked'
says 'queued = 1 \(visible now\)' "$TMPDIR/out" '... and when it is visible'
explored --memory tso --kernel v4.14 --without smp_mb@set_current_state \
	scenarios/ode/line-while-waiting.lua >"$TMPDIR/out" 2>&1
says 'vcpu0.wq.list gets vcpu0 \(buffered\)' "$TMPDIR/out" 'a list waits, too'
says 'vcpu0.wq.list gets vcpu0 \(visible now\)' "$TMPDIR/out" '... until it is'

# Under sc nothing is, not even what is put behind others on a list.
explored --memory sc --kernel v4.14+mutant-abort-loses-lr --as v4.14 \
	scenarios/gallery/two-at-once.lua >"$TMPDIR/out" 2>&1
says 'vcpu0.ap_list gets net$' "$TMPDIR/out" 'the second on a list'
! grep -qE '\((stale|buffered|visible)' "$TMPDIR/out"
ok $? 'nothing is late under sc'

# What hardware touches is in place.  Who injects is therefore a thread in the
# scenarios that decide the mail's claims; a device is named.
for file in scenarios/ode/*.lua; do
	explored --memory arm64 --json --max-states 1 --kernel v4.14 "$file" \
		2>/dev/null
done >"$TMPDIR/out"
[ "$(grep -c '"in_place"' "$TMPDIR/out")" -gt 20 ] &&
	! grep -v '"in_place":\[\]' "$TMPDIR/out" | grep '"exploration"' >&2
ok $? 'no device runs the kernel in scenarios/ode'
sed 's/thread {\(.*vhost\)/device {\1/' scenarios/ode/cpu-suspend.lua \
	>"$TMPDIR/device.lua"
explored --memory arm64 --kernel v4.14 "$TMPDIR/device.lua" >"$TMPDIR/out" 2>&1
says '^vhost is a device' "$TMPDIR/out" 'one that does is named'
finish
