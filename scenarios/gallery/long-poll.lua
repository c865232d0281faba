-- SPDX-License-Identifier: GPL-2.0-or-later
-- A poll window as a slow host needs it, and interrupts that come late in it:
-- a thread that polls for so long looks hundreds of thousands of times, which
-- is no storm.

return scenario {
	name	= "long-poll",
	about	= "a poll window of 20 ms",
	vm	= { vcpus = 1, halt_poll = ms(20), spis = { { name = "disk" } } },
	guest	= { function(cpu) loop(function() cpu:wfi() end) end },
	actors	= {
		device { name = "disk", at = uniform(ms(8), ms(10)),
			 times = "forever",
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	deadline = ms(1),
	duration = ms(200),
	runs	= 3,
	expect	= { ["v4.14"] = { missed = "never", late = "never",
				    storm = "never", failed = "never" } },
	explore	= {
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		expect	= { ["v4.14"] = { spurious = "never" } },
	},
}
