-- SPDX-License-Identifier: GPL-2.0-or-later
-- A counter overflows while its vCPU waits, with the interrupt controller in user
-- space: KVM_RUN would return, if the vCPU woke.
--
-- v4.14 loses it, as with a vgic (4ce98bf0865c, 2026).  With ode-3 the request
-- ends the wait, with pmu-in-runnable the overflow itself.

return scenario {
	name	= "pmu-overflow-user",
	about	= "a PMU overflow in WFI with a userspace irqchip",
	claims	= { "M20" },
	vm	= { vcpus = 1, irqchip = "user", pmu = true },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:wfi() end },
	actors	= {
		device { name = "pmu", at = uniform(us(30), us(60)),
			 run = function(vm) vm.pmu[0]:overflow() end },
	},
	expect	= {
		["v4.14"]	= { missed = "always" },
		["v4.14+pmu-in-runnable"] = { missed = "never",
					      spurious = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
}
