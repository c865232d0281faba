#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two kernels, every interleaving of each, and the step at which they part.

. tests/lib/cli.sh
ode=scenarios/ode

compare() {	# compare EXIT OLD NEW SCENARIO
	exits "$1" "$4: $2 and $3" "$KVMWAKE" explore --compare "$2" "$3" \
		--no-check "$ode/$4.lua"
}

# Point 5: the overflow is there when the predicate looks.
compare 0 v4.14 v4.14+ode-3 pmu-overflow-in-wfi
says '^pmu-overflow-in-wfi +arm64 .*violated: missed .*proved +FIXED$' \
	"$TMPDIR/out" 'FIXED'
says '^missed with v4.14: they part where vcpu0 does this,$' "$TMPDIR/out" \
	'whose step it is'
says '^  v4.14: \* false, in kvm_vcpu_check_block ' "$TMPDIR/out" \
	'the old one says no'
says '^  v4.14\+ode-3: vcpu0.requests .* KVM_REQ_UNHALT, in ' \
	"$TMPDIR/out" 'the new one says yes'
says 'pmovsset = 1' "$TMPDIR/out" 'the way to there is shown'

# The same answer where the new kernel is the worse one.
compare 1 v4.14 v4.14+ode-3 vgic-consumed-request
says 'WORSE$' "$TMPDIR/out" 'WORSE'
says '^  v4.14\+ode-3: \* false, in kvm_vcpu_check_block' "$TMPDIR/out" \
	'the new one says no'
# ode-2 stores halted on the way, which is nothing to 4.14.
compare 1 v4.14 v4.14+ode vgic-consumed-request
says '^  v4.14\+ode: \* false, in kvm_vcpu_check_block' "$TMPDIR/out" \
	'what only one of them has is passed over'

# Who does not kick is not found out before everybody is at his end.
compare 1 v4.14 v4.14+mutant-no-kick kick-wakes
says '^  v4.14\+mutant-no-kick: nobody does anything more$' "$TMPDIR/out" \
	'no kick'
says '^  v4.14: .*vcpu0' "$TMPDIR/out" 'a kick'

# Which variables have messages is not the same in both: what only one of them has
# in its buffer drains first.
compare 1 v4.14 v4.14+mutant-no-kick migrated-before-wait
says '^  v4.14: vcpu1.mode = EXITING' "$TMPDIR/out" 'the kick is where they part'
[ "$(grep -cE '^ \.\.\. [0-9]+ steps before$' "$TMPDIR/out")" = 2 ]
ok $? 'of both it is said how many steps are not shown'

# What is done before the first move, and what waits in a buffer, is not the same in
# both: only the kick reads vcpu1's cpu.
for memory in sc arm64; do
	exits 0 "who is kicked, $memory" "$KVMWAKE" explore --memory $memory \
		--compare v4.14 v4.14+kick-on-migration --no-check \
		$ode/migrated-at-prune.lua
	says '^  v4.14: vcpu0.cpu = 0, in kvm_arch_vcpu_put' "$TMPDIR/out" \
		'the one goes on'
	says '^  v4.14\+kick-on-migration: vcpu1.requests .= KVM_REQ_IRQ' \
		"$TMPDIR/out" 'the other requests'
done

compare 0 v4.14 v4.14+ode-4 line-while-waiting
says 'same$' "$TMPDIR/out" 'proposal 4 changes nothing'
! grep -q 'they part' "$TMPDIR/out"
ok $? 'nowhere'
exits 4 'bounded' "$KVMWAKE" explore --compare v4.14 v4.14+ode-3 \
	$ode/kick-wakes.lua --max-states 50
exits 2 'one kernel' "$KVMWAKE" explore --compare v4.14
exits 2 'no such kernel' "$KVMWAKE" explore --compare v4.14 v4.13 \
	$ode/kick-wakes.lua
exits 0 'JSON' "$KVMWAKE" explore --json --no-check --compare v4.14 \
	v4.14+ode-3 $ode/pmu-overflow-in-wfi.lua
python3 - "$TMPDIR/out" <<'PY'
import json, sys
x, = map(json.loads, open(sys.argv[1]))
assert x["type"] == "explored_pair" and x["judgement"] == "FIXED", x
assert x["old"]["found"] == ["missed"] and x["new"]["complete"], x
assert x["property"] == "missed" and x["old_step"].startswith("* false"), x
PY
ok $? 'one object'
finish
