-- SPDX-License-Identifier: GPL-2.0-or-later
-- The same with the interrupt controller in user space (4.12 and later): an
-- expired timer makes KVM_RUN return, and the VMM raises the line.

return scenario {
	name	 = "idle-tick-user",
	about	 = "an idle guest's timer with a userspace irqchip",
	vm	 = { vcpus = 1, irqchip = "user", timer = true,
		    flags = { "ticked" } },
	guest	 = function(cpu)
		cpu:set_timer(ms(4))
		loop(function()
			cpu:wfi()
			cpu:spin_until("ticked")
			cpu:clear("ticked")
		end)
	end,
	on_irq	 = function(cpu, irq)
		cpu:set("ticked")
		cpu:set_timer(ms(4))
	end,
	duration = ms(50),
	runs	 = 200,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    failed = "never" },
	},
	explore	 = {
		every	= { spurious = "never" },
	},
}
