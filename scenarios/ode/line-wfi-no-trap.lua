-- SPDX-License-Identifier: GPL-2.0-or-later
-- As line-consumed-request, but on hardware where WFI completes without a
-- trap while a virtual interrupt is pending.  A second interrupt then comes
-- while the vCPU really waits.
--
-- With no trap there is no wait that the consumed request could spoil.

return scenario {
	name	= "line-wfi-no-trap",
	about	= "WFI does not trap while the line is up",
	claims	= { "M7" },
	vm	= { vcpus = 1, irqchip = "user", wfi_traps_pending = false },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(50))
			cpu:wfi()
			cpu:irq_enable()
			cpu:wfi()
		end,
	},
	actors	= {
		thread { name = "vmm", at = us(20), run = function(vm)
			vm.line[0]:assert()
			delay(us(200))
			vm.line[0]:assert()
		end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
	},
}
