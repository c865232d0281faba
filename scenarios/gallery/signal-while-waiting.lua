-- SPDX-License-Identifier: GPL-2.0-or-later
-- The second wait of this guest ends by a signal only: nothing else comes.

return scenario {
	name	= "signal-while-waiting",
	about	= "a signal for a vCPU that waits and gets no interrupt",
	vm	= { vcpus = 1, spis = { { name = "disk" } } },
	guest	= { function(cpu) cpu:wfi() cpu:wfi() end },
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
		thread { name = "vmm", at = uniform(us(5), us(60)),
			 run = function(vm) vm:signal(0) end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", failed = "never" },
	},
	-- The interrupt may come before the guest waits.
	explore	= { guest = { function(cpu) cpu:wfi() end } },
}
