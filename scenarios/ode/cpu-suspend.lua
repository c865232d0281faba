-- SPDX-License-Identifier: GPL-2.0-or-later
-- PSCI CPU_SUSPEND waits in kvm_vcpu_block() without kvm_handle_wfx().
--
-- W_i = 1 in both callers of the block path, so v4.14 and ode-2 agree.  If
-- "halted" were set for WFI only, the wait would end before it began.

return scenario {
	name	= "cpu-suspend",
	about	= "the other caller of kvm_vcpu_block()",
	claims	= { "M15", "M16", "MP2" },
	vm	= { vcpus = 1, spis = { { name = "disk" } } },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:cpu_suspend() end },
	actors	= {
		device { name = "disk", at = uniform(us(1), us(60)),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-2"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
		["v4.14+mutant-halted-wfi-only"] = { spurious = "sometimes" },
	},
	-- Injected by a thread.  The interrupt is queued, flushed and taken before
	-- its request is made: the request then ends the next wait.
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
		},
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
