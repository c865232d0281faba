#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever follows NULL fails, in a run and in an exploration, and says where.
. tests/lib/cli.sh
patch=$TMPDIR/null.lua

# follows NAME STATEMENT: e is NULL, for nobody waits when the device comes
follows() {
	cat >"$patch" <<-L
		function K.kvm_vcpu_wake_up(vcpu)
			local e = list_first(vcpu.wq.list)
			if e ~= NULL then
				try_to_wake_up(e.task)
				list_del(vcpu.wq.list, e)
				return true
			end
			$2
			return false
		end
	L
	exits 1 "$1: run" "$KVMWAKE" run --runs 20 --db "$TMPDIR/a.db" \
		--kernel "v4.14+$patch" --as v4.14 $pulse
	says 'failed: never expected' "$TMPDIR/out" "$1: a run fails"
	for memory in sc arm64; do
		exits 1 "$1: $memory" explored --memory $memory --no-check \
			--kernel "v4.14+$patch" --as v4.14 $pulse
		tr '\n' ' ' <"$TMPDIR/out" >"$TMPDIR/line"
		says "a NULL reference is followed: .*null.lua:8" \
			"$TMPDIR/line" "$1: $memory: it says where"
	done
}

pulse=$TMPDIR/pulse.lua
cat >"$pulse" <<'L'
return scenario {
	name = "pulse", about = "an interrupt comes before WFI, or later",
	vm = { vcpus = 1, spis = { { name = "disk" } } },
	guest = { function(cpu) cpu:compute(us(20)) cpu:wfi() end },
	actors = { thread { name = "vhost", at = us(5),
		run = function(vm) vm.spi.disk:pulse() end } },
	expect = { ["v4.14"] = { missed = "any", futile = "any",
				 spurious = "never" } },
}
L
follows load 'load(e.cpu)'
follows try_to_wake_up 'try_to_wake_up(e.task)'
follows spin_lock 'spin_lock(e.ap_list_lock)'
follows spin_is_locked 'spin_is_locked(e.ap_list_lock)'
follows raise 'raise(e.ipi)'
follows await 'await(e.pause, true)'
finish
