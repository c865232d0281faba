-- SPDX-License-Identifier: GPL-2.0-or-later
-- A vCPU that is off waits for power_off to clear; CPU_ON clears it and wakes.
--
-- The waiter tests after prepare_to_swait(), the waker stores before
-- swake_up(): one of them sees the other.  smp_mb() between them adds
-- nothing, for swake_up() takes the queue's lock and so does the waiter.

return scenario {
	name	= "power-on-while-waiting",
	about	= "CPU_ON reaches a vCPU at any moment of its waiting",
	claims	= { "M1", "M2" },
	vm	= { vcpus = 2, off = { 1 } },
	guest	= {
		function(cpu)
			cpu:compute(uniform(ns(0), us(10)))
			cpu:psci_cpu_on(1)
		end,
		function(cpu) end,
	},
	expect	= {
		["v4.14"]		= { missed = "never", failed = "never" },
		["v4.14+no-psci-mb"]	= { missed = "never", failed = "never" },
		["v4.14+ode"]		= { missed = "never", failed = "never" },
	},
	explore	= {
		-- Nothing orders the registers before power_off: see
		-- cpu-on-ordered.
		every	= { arm64 = { failed = "sometimes" } },
		vm	= { vcpus = 1, off = { 0 } },
		guest	= { function(cpu) end },
		actors	= {
			thread { name = "peer",
				 run = function(vm) vm.peer:psci_cpu_on(0) end },
		},
	},
}
