#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a scenario's explore{} changes: for explore only, and what of its
# expectations is for one memory model only for that.

. tests/lib/cli.sh

# scenario EXPLORE: one whose run misses nothing, for its pulse is early
write() {
	cat >"$TMPDIR/s.lua" <<-EOF
	local function guest(cpu) cpu:compute(us(50)) cpu:wfi() end
	return scenario {
		name = "s", about = "", vm = { vcpus = 1, pmu = true },
		guest = { guest },
		actors = { device { name = "pmu", at = us(10),
			run = function(vm) vm.pmu[0]:overflow() end } },
		explore = { $1 },
		expect = { ["v4.14"] = { missed = "never" } },
	}
	EOF
}

e() {
	explored --json "$TMPDIR/s.lua" "$@"
}

write ''
exits 1 'never is never, explored too' e
write 'expect = { ["v4.14"] = { missed = "sometimes" } }'
exits 0 'unless explore.expect says otherwise' e
exits 4 '... which a run does not heed: it is vacuous' \
	"$KVMWAKE" run --db "$TMPDIR/db" "$TMPDIR/s.lua"
write 'expect = { ["v4.14"] = { sc = { missed = "sometimes" } } }'
exits 0 'for sc' e --memory sc
exits 1 '... which is not what is explored unless told' e
write 'expect = { ["v4.14"] = { arm64 = { missed = "sometimes" } } }'
exits 0 'for arm64' e
exits 1 '... and not for sc' e --memory sc
write 'guest = { function(cpu) end }'
exits 4 'another guest: nobody waits, so it is vacuous' e
write 'expect = { ["v4.14+ode"] = { missed = "never" } }'
exits 1 'a kernel that is only explored is explored' e
says '"kernel":"v4.14\+ode",.*"as expected"' "$TMPDIR/out" 'and proved'
write 'preemptions = 1'
e >"$TMPDIR/out"
says '"preemptions":1' "$TMPDIR/out" 'preemptions come from the scenario'
e --preemptions 0 >"$TMPDIR/out"
says '"preemptions":0' "$TMPDIR/out" 'or the command line'
finish
