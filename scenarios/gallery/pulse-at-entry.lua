-- SPDX-License-Identifier: GPL-2.0-or-later
-- The interrupt comes while the vCPU is on its way into the guest, which then
-- polls until its handler has run.
--
-- Queued after the flush, kicked while the mode is still OUTSIDE: only the
-- request keeps the vCPU out (325f9c649c8a).  Without it the guest polls for
-- ever.

return scenario {
	name	= "pulse-at-entry",
	about	= "an interrupt between flush and guest entry",
	vm	= { vcpus = 1, spis = { { name = "disk" } }, flags = { "taken" } },
	guest	= {
		function(cpu)
			cpu:spin_until("taken")
			cpu:wfi()
		end,
	},
	on_irq	= function(cpu, irq) cpu:set("taken") end,
	actors	= {
		device { name = "disk", at = uniform(us(2), us(10)), run = function(vm)
			vm.spi.disk:pulse()
			await(vm.flag.taken.value, true)
			delay(us(100))
			vm.spi.disk:pulse()
		end },
	},
	runs	= 3000,
	expect	= {
		["v4.14"]	= { missed = "never", failed = "never" },
		["v4.14+ode"]	= { missed = "never", failed = "never" },
	},
	explore	= {
		actors	= {
			thread { name = "vhost", run = function(vm)
				vm.spi.disk:pulse()
				await(vm.flag.taken.value, true)
				vm.spi.disk:pulse()
			end },
		},
		-- kvm_vcpu_kick() reads a stale cpu, and the guest polls for ever: see
		-- kick-reads-cpu-late.
		every	= { arm64 = { failed = "sometimes",
				      broken = { "I2", "I5" } } },
		-- An interrupt may be taken before its request is made.  Under the
		-- proposal the request then ends the next wait.
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= { spurious = "sometimes" },
			["v4.14+kick-reads-cpu-late"] = {
				missed = "never", spurious = "never",
				arm64 = { failed = "never", broken = {} },
			},
		},
	},
}
