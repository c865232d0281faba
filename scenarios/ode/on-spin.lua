-- SPDX-License-Identifier: GPL-2.0-or-later
-- Four vCPUs on one CPU; two of them spin with WFE, the others sleep and are
-- woken.  Whenever kvm_vcpu_on_spin() asks runnable() of a vCPU whose queue
-- is active, that vCPU must be stopped or wait (patch check-on-spin).
--
-- 4.14 asks only of vCPUs that were preempted while RUNNING, so the queue is
-- active in small windows alone; it never fails.

return scenario {
	name	= "on-spin",
	about	= "context 2: whom directed yield asks about",
	claims	= { "M15", "M17" },
	vm	= { vcpus = 4, spis = { { name = "disk", target = 2 },
					{ name = "net", target = 3 } } },
	host	= { cpus = 1, slice = us(30) },
	guest	= {
		function(cpu) for i = 1, 20 do cpu:compute(us(3)) cpu:wfe() end end,
		function(cpu) for i = 1, 20 do cpu:compute(us(3)) cpu:wfe() end end,
		function(cpu) loop(function() cpu:wfi() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	actors	= {
		device { name = "disk", at = uniform(us(5), us(60)), times = 8,
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "net", at = uniform(us(5), us(60)), times = 8,
			 run = function(vm) vm.spi.net:pulse() end },
	},
	expect	= {
		["v4.14"]		 = { missed = "never" },
		["v4.14+check-on-spin"]	 = { failed = "never" },
		["v4.14+ode"]		 = { missed = "never" },
	},
}
