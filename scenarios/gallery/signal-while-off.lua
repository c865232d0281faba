-- SPDX-License-Identifier: GPL-2.0-or-later
-- A signal takes a vCPU that is off out of KVM_RUN; when it comes back it must
-- sleep on, until another turns it on.

return scenario {
	name	= "signal-while-off",
	about	= "signals for a vCPU that is powered off",
	vm	= { vcpus = 2, off = { 1 } },
	guest	= {
		function(cpu)
			cpu:compute(us(200))
			cpu:psci_cpu_on(1)
		end,
		function(cpu) end,
	},
	actors	= {
		thread { name = "vmm", at = uniform(us(5), us(250)), times = 2,
			 run = function(vm) vm:signal(1) end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", failed = "never" },
		["v4.14+ode"]	= { missed = "never", failed = "never" },
	},
	explore	= {
		-- Nothing orders the registers before power_off: see
		-- cpu-on-ordered.
		every	= { arm64 = { failed = "sometimes" } },
		vm	= { vcpus = 1, off = { 0 } },
		guest	= { function(cpu) end },
		actors	= {
			thread { name = "vmm",
				 run = function(vm) vm:signal(0) end },
			thread { name = "peer",
				 run = function(vm) vm.peer:psci_cpu_on(0) end },
		},
	},
}
