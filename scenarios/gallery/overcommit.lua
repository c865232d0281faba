-- SPDX-License-Identifier: GPL-2.0-or-later
-- Six vCPUs on two CPUs, with halt polling: preempted vCPUs, vCPUs that are
-- woken and have to queue for a CPU.

return scenario {
	name	 = "overcommit",
	about	 = "more vCPUs than CPUs",
	vm	 = { vcpus = 6, sgis = 1, halt_poll = us(500), spis = { count = 6 } },
	host	 = { cpus = 2, slice = us(200) },
	guest	 = function(cpu)
		loop(function()
			cpu:compute(uniform(us(10), us(200)))
			cpu:sgi(0)
			cpu:wfi()
		end)
	end,
	actors	 = {
		device { name = "a", at = exponential(us(40)), times = "forever",
			 run = function(vm) vm.spi.spi1:pulse() end },
		device { name = "b", at = exponential(us(40)), times = "forever",
			 run = function(vm) vm.spi.spi2:pulse() end },
		device { name = "c", at = exponential(us(80)), times = "forever",
			 run = function(vm) vm.spi.spi3:pulse() end },
		device { name = "d", at = exponential(us(80)), times = "forever",
			 run = function(vm) vm.spi.spi4:pulse() end },
		device { name = "e", at = exponential(us(80)), times = "forever",
			 run = function(vm) vm.spi.spi5:pulse() end },
	},
	deadline = ms(5),
	duration = ms(10),
	runs	 = 100,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    failed = "never" },
	},
	-- One that is preempted once, at any moment, while it is woken and kicked.
	explore	 = {
		preemptions = 1,
		vm	= { vcpus = 1, halt_poll = us(500), spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= { spurious = "sometimes" },
		},
	},
}
