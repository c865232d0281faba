#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a predicate must say, where the mail says it, too.

. tests/lib/cli.sh
ode=scenarios/ode

synthesize() {
	exits 0 "$1" "$KVMWAKE" synthesize "${@:2}"
}

# Point 5: nothing of the overflow is in 4.14's predicate.  Either cure of the
# mail is found: the state, or the request.
synthesize 'the PMU' $ode/pmu-overflow-in-wfi.lua
says '^missing: +IRQ_PENDING, or pmu_overflow$' "$TMPDIR/out" 'both cures'
says '^ +missed in pmu-overflow-in-wfi$' "$TMPDIR/out" 'the kernel misses it'
says '^own: +!power_off && !pause && \(irq_lines \|\| vgic_pending\)$' \
	"$TMPDIR/out" "the kernel's own, as it is in the mail"
says '^- +false +false +else spurious' "$TMPDIR/out" 'nothing: asleep'
says '^IRQ_PENDING pmu_overflow +true +false +else missed' "$TMPDIR/out" \
	'overflow and request: awake'

# A request that an entry has consumed: now the request is no cure.
synthesize 'the PMU, a line and a device' $ode/pmu-overflow-in-wfi.lua \
	$ode/line-while-waiting.lua $ode/vgic-consumed-request.lua
says '^missing: +pmu_overflow$' "$TMPDIR/out" 'only the state is'
says '^weakest: +irq_lines \|\| vgic_pending \|\| pmu_overflow$' \
	"$TMPDIR/out" "weakest: 4.14's and the overflow"
says '^redundant: +power_off, pause$' "$TMPDIR/out" 'nobody stops here'

synthesize 'with the cure' --kernel v4.14+pmu-in-runnable \
	$ode/pmu-overflow-in-wfi.lua
says 'nothing is missed, spurious or failed' "$TMPDIR/out" 'nothing misses'
! grep -q '^missing:' "$TMPDIR/out"
ok $? 'nothing is missing'

synthesize 'halted is an atom with ode-2' --kernel v4.14+ode-2 \
	$ode/line-while-waiting.lua
says '^own: .*!halted' "$TMPDIR/out" 'and in its predicate'

# Without pending_last there is nothing to see: given up, not "always true".
synthesize 'nothing to see' $ode/gicv4-doorbell.lua \
	$ode/pmu-overflow-in-wfi.lua
says '^gicv4-doorbell: missed: given up' "$TMPDIR/err" 'it says so'
says '^- +false' "$TMPDIR/out" 'asleep when there is nothing to see'

# No predicate saves the interrupt that is migrated to a sleeper.  One that never
# wakes is not the answer.
synthesize 'what is missed anyway' --memory sc $ode/line-while-waiting.lua \
	scenarios/gallery/irq-balancer.lua scenarios/gallery/ipi-ping-pong.lua \
	--max-states 200000
says '^irq-balancer: missed: given up.*; nor is spurious asked' "$TMPDIR/err" \
	'then spurious is not asked either'
says '^vgic_pending +either +true$' "$TMPDIR/out" \
	'asleep with an interrupt pending: not what must be'
says '^irq_lines IRQ_PENDING +true +true +else missed in line-while-waiting' \
	"$TMPDIR/out" 'why: in a scenario that is asked'
says '^irq-balancer: several vCPUs' "$TMPDIR/err" 'what clauses do not see'
says '^ipi-ping-pong: bounded: not asked' "$TMPDIR/err" 'one is too big'
says '^# .*, 2 of 3 scenarios: ' "$TMPDIR/out" '... and not counted'

# The table in place of the predicate is the predicate.
for s in pmu-overflow-in-wfi line-while-waiting kick-wakes; do
	for k in v4.14 v4.14+ode-3 v4.14+ode; do
		explored --json --keep-going --kernel $k $ode/$s.lua |
			grep -c '"verdict":"violated"' >"$TMPDIR/want"
		"$KVMWAKE" synthesize --kernel $k $ode/$s.lua |
			grep -cE '^ +(missed|spurious|failed) in' \
			>"$TMPDIR/have"
		cmp -s "$TMPDIR/want" "$TMPDIR/have"
		ok $? "$s, $k: its own table finds what it finds"
	done
done

exits 4 'bounded' "$KVMWAKE" synthesize $ode/kick-wakes.lua --max-states 50
exits 2 'one kernel' "$KVMWAKE" synthesize --kernel v4.14 --kernel v4.14+ode \
	$ode/kick-wakes.lua
exits 0 'JSON' "$KVMWAKE" synthesize --json $ode/pmu-overflow-in-wfi.lua
python3 - "$TMPDIR/out" <<'PY'
import json, sys
lines = [json.loads(x) for x in open(sys.argv[1])]
end = lines[-1]
assert end["type"] == "synthesis" and end["missing"].endswith("pmu_overflow")
assert end["atoms"][0] == "irq_lines" and end["explorations"] > 3
assert end["given_up"] == end["not_asked"] == [], end
cells = {tuple(x["sees"]): x for x in lines[:-1]}
assert cells[()]["must"] == "false"
assert cells["IRQ_PENDING", "pmu_overflow"]["must"] == "true"
PY
ok $? 'an object a cell, and one for all'
"$KVMWAKE" synthesize --json $ode/gicv4-doorbell.lua \
	$ode/pmu-overflow-in-wfi.lua 2>/dev/null |
	grep -qF '"given_up":["missed in gicv4-doorbell","spurious in gicv4-'
ok $? 'what is given up'
"$KVMWAKE" synthesize --json $ode/pmu-overflow-in-wfi.lua --jobs 2 |
	cmp -s - "$TMPDIR/out"
ok $? 'the same bytes again'
finish
