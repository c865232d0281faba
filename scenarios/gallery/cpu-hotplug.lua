-- SPDX-License-Identifier: GPL-2.0-or-later
-- vCPU 1 goes off and is turned on again, three times.

return scenario {
	name	= "cpu-hotplug",
	about	= "CPU_OFF and CPU_ON in turn",
	claims	= { "M2", "M18" },
	vm	= { vcpus = 2 },
	guest	= {
		function(cpu)
			for i = 1, 3 do
				cpu:spin_until_off(1)
				cpu:compute(uniform(ns(0), us(10)))
				cpu:psci_cpu_on(1)
			end
		end,
		function(cpu)
			for i = 1, 3 do
				cpu:compute(uniform(ns(0), us(10)))
				cpu:psci_cpu_off()
			end
		end,
	},
	expect	= {
		["v4.14"]		= { missed = "never", failed = "never" },
		["v4.14+no-psci-mb"]	= { missed = "never", failed = "never" },
		["v4.14+ode"]		= { missed = "never", failed = "never" },
	},
	-- Nothing orders the registers before power_off: see cpu-on-ordered.
	explore	= {
		every	= { spurious = "never", arm64 = { failed = "sometimes" } },
	},
}
