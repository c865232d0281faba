-- SPDX-License-Identifier: GPL-2.0-or-later
-- A second interrupt comes while the vCPU is on its way to take the first.
--
-- If it comes after the flush its request aborts the entry, and the first one
-- goes back from its list register to the ap_list: both are taken in the end.

return scenario {
	name	= "two-at-once",
	about	= "a second interrupt aborts the entry that brings the first",
	vm	= { vcpus = 1, spis = { { name = "disk" }, { name = "net" } } },
	guest	= function(cpu) loop(function() cpu:wfi() end) end,
	actors	= {
		device { name = "dev", at = us(30), run = function(vm)
			vm.spi.disk:pulse()
			delay(uniform(ns(0), us(12)))
			vm.spi.net:pulse()
		end },
	},
	runs	= 3000,
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", failed = "never" },
	},
	explore	= {
		actors	= {
			thread { name = "vhost", run = function(vm)
				vm.spi.disk:pulse()
				vm.spi.net:pulse()
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= { ["v4.14+ode"] = { spurious = "sometimes" } },
	},
}
