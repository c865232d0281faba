#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which steps are needed: scenarios so small that the answer is known.

. tests/lib/cli.sh
ode=scenarios/ode
gallery=scenarios/gallery

# answer STEP VERDICT [WHERE]: in the table that was printed last
answer() {
	says "^$1 +[a-z]+ +$2 +[0-9-]+  $3" "$TMPDIR/out" "$1: $2 $3"
}

exits 0 'a line, a device' "$KVMWAKE" necessity v4.14 \
	$ode/line-while-waiting.lua $ode/kick-wakes.lua
cp "$TMPDIR/out" "$TMPDIR/two"
# Nobody else would wake the vCPU, and nothing else would let it go.
answer kvm_vcpu_kick@vcpu_interrupt_line needed 'line-while-waiting: missed'
answer kvm_vcpu_kick@vgic_request_irq needed 'kick-wakes: missed'
answer swake_up@kvm_vcpu_wake_up needed
answer vcpu.irq_lines@kvm_arch_vcpu_runnable needed
answer kvm_vgic_vcpu_pending_irq@kvm_arch_vcpu_runnable needed
# 4.14's predicate does not look at requests, and these guests come by.
answer kvm_make_request@vgic_request_irq 'not needed' 'in 1 scenario'
# A kick that reads where its vCPU runs before the request is visible.
answer smp_mb@swq_has_sleeper needed 'line-while-waiting: I2'
answer smp_mb@kvm_check_request 'not needed' 'in 2 scenarios$'
! grep -q 'vcpu.pause@' "$TMPDIR/out"
ok $? 'nobody pauses: the same program, no line'
replay=$(sed -n 's/^ *replay: kvmwake explore \(.*kvm_vcpu_kick@vgic.*\)/\1/p' \
	"$TMPDIR/out")
# shellcheck disable=SC2086
exits 1 'the replay line' explored $replay
says ' arm64 .*violated: missed' "$TMPDIR/out" '... shows it'
exits 4 'a barrier under sc' "$KVMWAKE" necessity v4.14 --memory sc \
	$ode/line-while-waiting.lua --step smp_mb@swq_has_sleeper
answer smp_mb@swq_has_sleeper 'not asked' 'orders nothing under sc'
says '^memory sc: 0 needed, .* 1 not asked' "$TMPDIR/err" 'is not asked about'

exits 0 'the request keeps it out of the guest' \
	"$KVMWAKE" necessity v4.14 --memory sc $gallery/pulse-at-entry.lua \
	--step kvm_make_request --step raise:vcpu.ipi
answer kvm_make_request@vgic_request_irq needed 'pulse-at-entry: deadlock'
answer raise:vcpu.ipi@kvm_vcpu_kick needed 'pulse-at-entry: deadlock'
[ "$(grep -c '^[^ ]*@kvm_vcpu_kick ' "$TMPDIR/out")" = 1 ]
ok $? '--step: no other is asked'

# The request bit is ode-3's predicate.
exits 0 'the request wakes, with ode-3' "$KVMWAKE" necessity v4.14+ode-3 \
	$ode/kick-wakes.lua --step kvm_make_request@vgic_request_irq
answer kvm_make_request@vgic_request_irq needed 'kick-wakes: missed'

exits 0 'what is broken already cannot tell' "$KVMWAKE" necessity v4.14 \
	$ode/line-consumed-request.lua --step raise:vcpu.ipi
answer raise:vcpu.ipi@kvm_vcpu_kick 'not needed' 'in 1 scenario \(I2 anyway\)$'
exits 0 '... repaired, it can' "$KVMWAKE" necessity \
	v4.14+kick-reads-cpu-late $ode/line-consumed-request.lua \
	--step raise:vcpu.ipi
answer raise:vcpu.ipi@kvm_vcpu_kick needed 'line-consumed-request: I2'
exits 0 'what misses already can miss no more' "$KVMWAKE" necessity v4.14 \
	$ode/pmu-overflow-in-wfi.lua --step kvm_vcpu_kick@kvm_pmu_perf_overflow
answer kvm_vcpu_kick@kvm_pmu_perf_overflow 'not needed'
says 'missed with all steps' "$TMPDIR/err" 'it says so'
exits 0 'with its cure it can' "$KVMWAKE" necessity v4.14+ode-3 \
	$ode/pmu-overflow-in-wfi.lua --step kvm_vcpu_kick@kvm_pmu_perf_overflow
answer kvm_vcpu_kick@kvm_pmu_perf_overflow needed

# A plain store, then a look at the queue; the sleeper the other way round:
# each needs its barrier as soon as stores may be late, and none before.
plain=v4.14+tests/questions/plain-line.lua
for memory in tso arm64; do
	exits 0 "a waker without a lock, $memory" "$KVMWAKE" necessity $plain \
		$ode/line-while-waiting.lua --step smp_mb --memory $memory
	answer smp_mb@swq_has_sleeper needed 'line-while-waiting: missed'
	answer smp_mb@set_current_state needed 'line-while-waiting: missed'
	answer smp_mb@vcpu_run_once 'not needed'
done
exits 1 '... and without it, arm64' "$KVMWAKE" explore --memory arm64 \
	$ode/line-while-waiting.lua --kernel $plain --no-check \
	--without smp_mb@swq_has_sleeper
exits 0 '... and sc' "$KVMWAKE" explore $ode/line-while-waiting.lua \
	--memory sc --kernel $plain --as v4.14 --no-check --without smp_mb@swq_has_sleeper
# 4.14's own waker has changed the line by an ordered atomic before.
exits 0 "4.14's waker, tso" "$KVMWAKE" necessity v4.14 --memory tso \
	$ode/line-while-waiting.lua --step smp_mb@swq_has_sleeper
answer smp_mb@swq_has_sleeper 'not needed' 'in 1 scenario'
# The one that switches the distributor on has not.
exits 0 "4.14's other waker, arm64" "$KVMWAKE" necessity v4.14 \
	--memory arm64 $ode/distributor-toggled.lua \
	--step smp_mb@swq_has_sleeper
answer smp_mb@swq_has_sleeper needed 'distributor-toggled: missed'

# Steps are asked about at the same time: told in order, whoever was first.
for jobs in 1 5; do
	"$KVMWAKE" necessity v4.14 $ode/line-while-waiting.lua \
		$ode/kick-wakes.lua --jobs $jobs >"$TMPDIR/out"
	cmp "$TMPDIR/two" "$TMPDIR/out"
	ok $? "the same on $jobs thread(s)"
done

exits 4 'bounded' "$KVMWAKE" necessity v4.14 $ode/kick-wakes.lua \
	--max-states 50
says 'bounded at' "$TMPDIR/err" 'it says so'
exits 2 'no kernel, no scenario' "$KVMWAKE" necessity v4.14
exits 2 'no such step' "$KVMWAKE" necessity v4.14 $ode/kick-wakes.lua \
	--step smp_mb@nowhere
exits 2 'no such memory model' "$KVMWAKE" necessity v4.14 \
	$ode/kick-wakes.lua --memory pram

exits 0 'JSON' "$KVMWAKE" necessity v4.14 $ode/kick-wakes.lua --json
python3 - "$TMPDIR/out" <<'PY'
import json, sys
rows = {r["step"]: r for r in map(json.loads, open(sys.argv[1]))}
kick = rows["kvm_vcpu_kick@vgic_request_irq"]
assert kick["verdict"] == "needed" and "missed" in kick["found"], kick
assert kick["scenario"] == "kick-wakes" and "--without" in kick["replay"]
assert kick["memory"] == "arm64" and kick["anyway"] == [], kick
assert rows["raise:vcpu.ipi@kvm_vcpu_kick"]["states"] > 100
PY
ok $? 'an object a step'
finish
