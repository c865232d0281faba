-- SPDX-License-Identifier: GPL-2.0-or-later
-- An SPI comes at any moment around WFI: kvm_vcpu_kick() wakes who sleeps,
-- sends an IPI to who is in the guest, and leaves the rest to the request.
--
-- Never missed, never spurious, in 4.14 and with each proposal.

return scenario {
	name	= "kick-wakes",
	about	= "an interrupt comes at any moment around WFI",
	claims	= { "M3", "M9", "M22" },
	vm	= { vcpus = 1, spis = { { name = "disk" } } },
	guest	= { function(cpu) cpu:compute(us(5)) cpu:wfi() end },
	actors	= {
		device { name = "disk", at = uniform(us(6), us(18)),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    late = "never", failed = "never" },
		["v4.14+ode-1"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-2"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "never" },
		["v4.14+ode-4"]	= { missed = "never", spurious = "never" },
		["v4.14+ode"]	= { missed = "never", spurious = "never" },
	},
	-- Injected by a thread, when the guest is about to execute WFI, or later.
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk" } }, flags = { "go" } },
		guest	= {
			function(cpu) cpu:set("go") cpu:wfi() end,
		},
		actors	= {
			thread { name = "vhost", run = function(vm)
				await(vm.flag.go.value, true)
				vm.spi.disk:pulse()
			end },
		},
	},
}
