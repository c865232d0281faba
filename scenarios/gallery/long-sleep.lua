-- SPDX-License-Identifier: GPL-2.0-or-later
-- One vCPU sleeps for as long as another needs for a million steps: a thread
-- that is not awake is in no storm.

return scenario {
	name	= "long-sleep",
	about	= "a vCPU sleeps while another makes millions of steps",
	vm	= { vcpus = 2, spis = { { name = "disk", target = 0 },
					{ name = "net", target = 1 } } },
	guest	= {
		function(cpu) cpu:wfi() cpu:compute(us(10)) end,
		function(cpu) loop(function() cpu:wfi() end) end,
	},
	actors	= {
		device { name = "disk", at = uniform(ms(45), ms(46)),
			 run = function(vm) vm.spi.disk:pulse() end },
		device { name = "net", at = us(10), times = "forever",
			 run = function(vm) vm.spi.net:pulse() end },
	},
	deadline = ms(1),
	duration = ms(50),
	runs	= 4,
	expect	= { ["v4.14"] = { missed = "never", storm = "never",
				    failed = "never" } },
	-- A search does not count the steps of others: the vCPU that sleeps, alone.
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() cpu:compute(us(10)) end },
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		expect	= { ["v4.14"] = { spurious = "never" } },
	},
}
