-- SPDX-License-Identifier: GPL-2.0-or-later
-- An interrupt wakes a vCPU; before the vCPU looks, GICD_CTLR is switched off,
-- and on again.
--
-- Of all wakers in v4.14 the one that switches it on is the only one whose
-- condition is stored without a lock and without an ordered atomic before the
-- kick: it needs the barrier of 5e0018b3e39e in swq_has_sleeper() ("Serialize
-- wq active checks in kvm_vcpu_wake_up()").

return scenario {
	name	= "distributor-toggled",
	about	= "GICD_CTLR goes off and on while a vCPU is being woken",
	claims	= { "M3" },
	vm	= { vcpus = 2, flags = { "pulsed" },
		    spis = { { name = "disk", target = 1 } } },
	guest	= {
		function(cpu)
			cpu:compute(us(100))
			cpu:spin_until("pulsed")
			cpu:gicd_enable(false)
			cpu:gicd_enable(true)
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
		["v4.14"]	= { missed = "never" },
		["v4.14+ode"]	= { missed = "never" },
	},
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		vm	= { vcpus = 1, spis = { { name = "disk" } } },
		guest	= { function(cpu) cpu:wfi() end },
		actors	= {
			thread { name = "peer", run = function(vm)
				await(vm.vcpu[0].task.on_rq, false)
				vm.spi.disk:pulse()
				vm.peer:gicd_enable(false)
				vm.peer:gicd_enable(true)
			end },
		},
	},
}
