-- SPDX-License-Identifier: GPL-2.0-or-later
-- Signals take the vCPU thread out of KVM_RUN, waiting or not; interrupts
-- come all the same.
--
-- A wait that a signal ends is the signal's.  What was flushed into list
-- registers when it came goes back to the ap_list.

return scenario {
	name	 = "signals",
	about	 = "signals and interrupts on one vCPU",
	vm	 = { vcpus = 1, spis = { { name = "disk" }, { name = "net" } } },
	guest	 = function(cpu)
		loop(function() cpu:compute(uniform(us(1), us(10))) cpu:wfi() end)
	end,
	actors	 = {
		device { name = "disk", at = exponential(us(30)), times = 40,
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "net", at = exponential(us(30)), times = 40,
			 run = function(vm) vm.spi.net:pulse() end },
		thread { name = "vmm", at = exponential(us(20)), times = 40,
			 run = function(vm) vm:signal(0) end },
	},
	runs	 = 200,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    failed = "never" },
	},
	explore	 = {
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= function(cpu) loop(function() cpu:wfi() end) end,
		actors	= {
			device { name = "disk",
				 run = function(vm) vm.spi.disk:pulse() end },
			thread { name = "vmm",
				 run = function(vm) vm:signal(0) end },
		},
		expect	= { ["v4.14"] = { spurious = "never" } },
	},
}
