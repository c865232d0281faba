-- SPDX-License-Identifier: GPL-2.0-or-later
-- The line rises while the guest has interrupts masked and computes: the kick
-- takes it out, the request is consumed on the way back, the line stays up.
-- Then the guest executes WFI, and this hardware traps it although a virtual
-- interrupt is pending.
--
-- v4.14: irq_lines is in the predicate, the wait ends at once.  ode-3: the
-- request is gone, nobody will make another: it sleeps with its line up.
-- The proposal trusts that WFI does not trap then; see line-wfi-no-trap.

return scenario {
	name	= "line-consumed-request",
	about	= "WFI with the line up and the request consumed",
	claims	= { "M6", "M7" },
	vm	= { vcpus = 1, irqchip = "user", wfi_traps_pending = true },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(50))
			cpu:wfi()
			cpu:irq_enable()
			cpu:compute(us(1))
		end,
	},
	actors	= {
		thread { name = "vmm", at = us(20),
			 run = function(vm) vm.line[0]:assert() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never" },
		["v4.14+ode-3"]	= { missed = "always" },
		["v4.14+ode"]	= { missed = "always" },
	},
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
	},
}
