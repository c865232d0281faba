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
	-- What the other does while the first sleeps is to leave its guest and to
	-- come back.
	explore	= {
		vm	= { vcpus = 2, spis = { { name = "disk", target = 0 } } },
		guest	= {
			function(cpu) cpu:wfi() end,
			function(cpu) loop(function() cpu:wfe() end) end,
		},
		actors	= {
			device { name = "disk",
				 run = function(vm) vm.spi.disk:pulse() end },
		},
		expect	= { ["v4.14"] = { spurious = "never" } },
	},
}
