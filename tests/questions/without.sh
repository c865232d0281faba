#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Steps left out by name: what must be missed then, what must not, and how a
# name is read.

. tests/lib/cli.sh
line=scenarios/ode/line-while-waiting.lua

less() {	# less EXIT 'what' [--without ...]
	local code=$1 what=$2
	shift 2
	exits "$code" "$what" explored "$line" --kernel v4.14 --no-check "$@"
}

# The vCPU sleeps, the line rises: who does not kick does not wake.
less 1 'a line without its kick is missed' \
	--without kvm_vcpu_kick@vcpu_interrupt_line
says 'violated: missed; NOT AS' "$TMPDIR/out" 'it says so'
says '^replay: .* --without kvm_vcpu_kick@vcpu_interrupt_line' \
	"$TMPDIR/out" 'and how to see it again'
less 1 '... or without the wake-up in the kick' \
	--without kvm_vcpu_wake_up@kvm_vcpu_kick
less 1 '... or without the term that sees it' \
	--without irq_lines@kvm_arch_vcpu_runnable
less 0 '... not without a term that does not' \
	--without power_off@kvm_arch_vcpu_runnable \
	--without pause@kvm_arch_vcpu_runnable
less 0 'nor when that is the only one left' \
	--only irq_lines@kvm_arch_vcpu_runnable
less 1 'but when another one is' --only pause@kvm_arch_vcpu_runnable
less 0 'nor, with sequential consistency, without any barrier' --memory sc \
	--without smp_mb --without smp_wmb
less 1 '... but with what hardware does' --without smp_mb --without smp_wmb
less 0 'nor without what is not on its paths' \
	--without smp_mb@kvm_psci_vcpu_on
says '^smp_mb@kvm_psci_vcpu_on is on none of its paths: nothing was left out' \
	"$TMPDIR/out" '... which is said'
# Only a barrier that nobody here executes: the others are gone all the same.
exits 1 'only a barrier of somebody else, tso' "$KVMWAKE" explore "$line" \
	--kernel v4.14 --no-check --memory tso --only smp_mb@kvm_psci_vcpu_on
# Without the others more stores are late than there is room for: no proof.
exits 4 'only the one that is needed, tso' "$KVMWAKE" explore "$line" \
	--kernel v4.14 --no-check --memory tso --only smp_mb@set_current_state
says '^line-while-waiting .* bounded; not known$' "$TMPDIR/out" \
	'nothing is missed, as far as the buffers go'
says '^memory bounded: ' "$TMPDIR/out" 'which is said'
less 1 'a term that is true instead' \
	--without irq_lines=true@kvm_arch_vcpu_runnable
says 'spurious' "$TMPDIR/out" '... wakes for nothing'

exits 1 'a vCPU that is off runs, without that term' \
	explored scenarios/ode/irq-to-stopped.lua --kernel v4.14 --memory sc \
	--without power_off@vcpu_may_run
says 'violated: failed' "$TMPDIR/out" 'which its guest notices'

less 2 'a wrong path' --without kvm_vcpu_kick@vgic_queue_irq_unlock
says 'did you mean .*kvm_vcpu_kick@vgic_request_irq' "$TMPDIR/err" \
	'where it is'
less 2 'a wrong name' --without smp_mbb@swq_has_sleeper
says 'did you mean smp_mb@swq_has_sleeper' "$TMPDIR/err" 'the right one'
less 2 'a lock that somebody else releases' \
	--without spin_lock:irq.lock@kvm_vgic_inject_irq
says 'another path releases' "$TMPDIR/err" 'it says why'
less 2 'a value of what has none' --without smp_mb=true@swq_has_sleeper
less 2 'which line?' --without kvm_vcpu_kick@vgic_request_irq:1
less 0 'the right line' --without smp_mb@swq_has_sleeper#1

less 0 'the list' --without list
says '^vcpu.pause@kvm_arch_vcpu_runnable +term +false ' "$TMPDIR/out" \
	'a conjunct that is negated vanishes as false'
says '^kvm.vgic_enabled@kvm_vgic_vcpu_pending_irq +term +true ' \
	"$TMPDIR/out" 'one that is not vanishes as true'
says '^smp_mb@swq_has_sleeper +barrier +nothing ' "$TMPDIR/out" 'a barrier'
says '^kvm_vcpu_kick@vcpu_interrupt_line +kick ' "$TMPDIR/out" 'a kick'
! grep -q 'kvmwake/' "$TMPDIR/out"
ok $? 'what hardware and guests do is no step'
less 0 'the list as JSON' --without list --json
says '"type":"kernel_step".*"step":"smp_mb@swq_has_sleeper"' "$TMPDIR/out" \
	'a line a step'
finish
