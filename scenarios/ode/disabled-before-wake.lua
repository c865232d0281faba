-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt wakes vCPU 1, and vCPU 0 disables it at once: before the
-- woken thread can look.
--
-- v4.14: predicate false, sleeps again (futile).  ode-3: the request remains,
-- the wait ends and the guest is entered for nothing (spurious).  Either way
-- one turn for one kick: of little consequence.

return scenario {
	name	= "disabled-before-wake",
	about	= "what a request leaves behind when its interrupt is dropped",
	claims	= { "M10", "M11" },
	vm	= { vcpus = 2, flags = { "pulsed" },
		    spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:compute(us(100))
			cpu:spin_until("pulsed")
			cpu:disable_irq("disk")
		end,
		function(cpu) cpu:wfi() end,
	},
	actors	= {
		device { name = "disk", at = us(200), run = function(vm)
			vm.spi.disk:pulse()
			store(vm.flag.pulsed.value, true)
		end },
	},
	expect	= {
		["v4.14"]	= { missed = "never", spurious = "never",
				    futile = 1 },
		["v4.14+ode-3"]	= { missed = "never", spurious = 1, futile = 0 },
		["v4.14+ode"]	= { missed = "never", spurious = 1, futile = 0 },
	},
	-- In order: asleep, pending, disabled.  Without time the thread that was
	-- woken may look in between, so that v4.14 is spurious as well; see
	-- disabled-after-predicate.
	explore	= {
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "peer", run = function(vm)
				await(vm.vcpu[0].task.on_rq, false)
				vm.spi.disk:pulse()
				vm.peer:disable_irq("disk")
			end },
		},
		expect	= { ["v4.14"] = { spurious = "sometimes" } },
	},
}
