-- SPDX-License-Identifier: GPL-2.0-or-later
-- An SPI comes while the guest has interrupts masked: it goes into a list
-- register and its request is consumed.  WFI traps (this hardware does), the
-- register is folded back, the interrupt waits on the ap_list.
--
-- v4.14: kvm_vgic_vcpu_pending_irq() finds it.  ode-3: no request, sleeps.

return scenario {
	name	= "vgic-consumed-request",
	about	= "WFI with an interrupt on the ap_list and no request",
	claims	= { "M7", "M8", "MP3" },
	vm	= { vcpus = 1, spis = { { name = "disk" } } },
	guest	= {
		function(cpu)
			cpu:irq_disable()
			cpu:compute(us(50))
			cpu:wfi()
			cpu:irq_enable()
			cpu:compute(us(1))
		end,
	},
	actors	= {
		device { name = "disk", at = us(20),
			 run = function(vm) vm.spi.disk:pulse() end },
	},
	expect	= {
		["v4.14"]	= { missed = "never" },
		["v4.14+ode-3"]	= { missed = "always" },
		["v4.14+ode"]	= { missed = "always" },
	},
	-- Injected by a thread, at any moment.
	explore	= {
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		actors	= {
			thread { name = "vhost",
				 run = function(vm) vm.spi.disk:pulse() end },
		},
	},
}
