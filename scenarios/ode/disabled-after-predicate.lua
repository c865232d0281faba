-- SPDX-License-Identifier: GPL-2.0-or-later
-- As disabled-before-wake, but vCPU 0 disables the interrupt at any moment.
--
-- Between the predicate's true and the flush the same race is there with
-- kvm_vgic_vcpu_pending_irq(): sometimes spurious in v4.14 as well.

return scenario {
	name	= "disabled-after-predicate",
	about	= "an interrupt is disabled somewhere between wake-up and flush",
	claims	= { "M11", "M12" },
	vm	= { vcpus = 2, flags = { "pulsed" },
		    spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:compute(us(100))
			cpu:spin_until("pulsed")
			cpu:compute(uniform(ns(0), us(10)))
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
		["v4.14"]	= { missed = "never", spurious = "any" },
		["v4.14+ode-3"]	= { missed = "never", spurious = "sometimes" },
		["v4.14+ode"]	= { missed = "never", spurious = "sometimes" },
	},
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "peer", run = function(vm)
				vm.spi.disk:pulse()
				vm.peer:disable_irq("disk")
			end },
		},
		expect	= { ["v4.14"] = { spurious = "sometimes" } },
	},
}
