#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One mutant for each rule of memory ordering: what it takes away is needed
# under these models, and under no other.
#
#	rule	kernel scenario, what is taken away	violated under
#
# What nobody needs is there as well: violated under none.

. tests/lib/cli.sh

late=v4.14+kick-reads-cpu-late

# rule KERNEL SCENARIO "MEMORIES" [option...]
rule() {
	local kernel=$1 s=$2 where=$3 memory want have
	shift 3
	for memory in sc tso arm64; do
		want=proved
		[[ " $where " != *" $memory "* ]] || want=violated
		"$KVMWAKE" explore --json --memory $memory --kernel "$kernel" \
			"scenarios/ode/$s.lua" "$@" >"$TMPDIR/out"
		have=$(grep '"exploration"' "$TMPDIR/out" |
		       sed 's/.*"verdict":"\([a-z]*\)".*/\1/')
		[ "$have" = $want ]
		ok $? "$kernel, $s $*, $memory: $want"
		[ "$have" = $want ] || echo "# $have"
	done
}

# mb: store and load of two variables, on the waiter's side ...
rule v4.14 line-while-waiting ''
rule v4.14 line-while-waiting 'tso arm64' --without smp_mb@set_current_state
# ... on the waker's, after a store (which has the lock for it since 4.14) ...
rule v4.14+cpu-on-ordered power-on-while-waiting '' \
	--without smp_mb@kvm_psci_vcpu_on
rule v4.14+cpu-on-ordered+swake-up-lockless power-on-while-waiting ''
rule v4.14+cpu-on-ordered+swake-up-lockless power-on-while-waiting \
	'tso arm64' --without smp_mb@kvm_psci_vcpu_on
rule $late pause-while-waiting ''
rule $late+swake-up-lockless pause-while-waiting 'tso arm64'
# ... and after an atomic that orders nothing, which on tso orders all.
rule v4.14+ode-3 line-while-waiting ''
rule v4.14+ode-3 line-while-waiting arm64 --without smp_mb@swq_has_sleeper
# mb: mode and requests, on either side; a cmpxchg that fails orders nothing
rule $late line-consumed-request ''
rule $late line-consumed-request 'tso arm64' --without smp_mb@vcpu_run_once
rule $late pause-while-waiting arm64 \
	--without smp_mb@kvm_vcpu_exiting_guest_mode
# wmb and rmb: what a request is about, before the request
rule $late pause-while-waiting arm64 --without smp_wmb@kvm_make_request
rule $late pause-while-waiting arm64 --without smp_mb@kvm_check_request
# acquire in place of the latter
rule $late+check-acquire pause-while-waiting ''
rule $late+check-acquire+mutant-check-plain pause-while-waiting arm64
# release
rule v4.14+cpu-on-ordered power-on-while-waiting ''
rule v4.14+cpu-on-ordered+mutant-cpu-on-plain power-on-while-waiting arm64
# The address of a kick, read before any barrier.
rule v4.14 line-consumed-request arm64
finish
