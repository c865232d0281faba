-- SPDX-License-Identifier: GPL-2.0-or-later
-- Nothing ever becomes deliverable while the vCPU waits: not a pass.

return scenario {
	name	= "vacuous",
	about	= "a vCPU that waits for nothing",
	vm	= { vcpus = 1, irqchip = "vgic" },
	guest	= function(cpu) cpu:wfi() end,
	duration = ms(1),
	runs	= 10,
	expect	= {
		["v4.14"] = { missed = "never" },
		["v4.14+ode"] = { missed = "always" },
	},
}
