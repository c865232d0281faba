-- SPDX-License-Identifier: GPL-2.0-or-later
-- Four vCPUs on one CPU; two of them spin with WFE, the others sleep and are
-- woken.  Whenever kvm_vcpu_on_spin() asks runnable() of a vCPU whose queue
-- is active, that vCPU must be stopped or wait (patch check-on-spin).
--
-- 4.14 asks only of vCPUs that were preempted while RUNNING, and the queue of
-- such a one is active only until finish_swait() has unlinked it.  Stores are
-- made slow here to have preemptions in that window (mark "context 2" counts
-- them); W_i is still 1 then, for the guest has not gone on.

return scenario {
	name	= "on-spin",
	about	= "context 2: whom directed yield asks about",
	claims	= { "M15", "M17" },
	vm	= { vcpus = 4, spis = { { name = "disk", target = 2 },
					{ name = "net", target = 3 } } },
	host	= { cpus = 1, slice = us(20) },
	timing	= { ops = { store = { 100, 1000 } } },
	guest	= {
		function(cpu) loop(function() cpu:compute(us(3)) cpu:wfe() end) end,
		function(cpu) loop(function() cpu:compute(us(3)) cpu:wfe() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	actors	= {
		device { name = "disk", at = uniform(us(5), us(60)), times = "forever",
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "net", at = uniform(us(5), us(60)), times = "forever",
			 run = function(vm) vm.spi.net:pulse() end },
	},
	deadline = ms(2),
	duration = ms(10),
	runs	= 100,
	expect	= {
		["v4.14"]		 = { missed = "never" },
		["v4.14+check-on-spin"]	 = { failed = "never" },
		["v4.14+ode"]		 = { missed = "never" },
	},
	-- A thread makes the interrupt pending for a vCPU that sleeps and, as a
	-- spinner, asks about it once, at any moment of its waking up; in between it
	-- is preempted once.  The tests are loads one after the other, without a
	-- lock: the vCPU may have left its wait between them and runnable()'s, which
	-- then says no of a vCPU that runs.  Proposal 2 says yes, where "halted" is
	-- not read late.
	explore	= {
		preemptions = 1,
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:irq_disable() cpu:wfi() end },
		actors	= {
			thread { name = "spinner", run = function(vm)
				await(vm.vcpu[0].task.on_rq, false)
				vm.spi.disk:pulse()
				K.yield_to_vcpu(NULL, vm.vcpu[0])
			end },
		},
		expect	= {
			["v4.14+check-on-spin"] = { failed = "sometimes" },
			["v4.14+check-on-spin-answer"] = { failed = "sometimes" },
			["v4.14+ode-2+check-on-spin-answer"] = {
				failed = "never",
				arm64 = { failed = "sometimes" },
			},
		},
	},
}
