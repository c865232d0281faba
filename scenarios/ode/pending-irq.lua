-- SPDX-License-Identifier: GPL-2.0-or-later
-- What kvm_vgic_vcpu_pending_irq() says of the list of a vCPU that is off, and
-- so changes nothing: an interrupt is queued, disabled, enabled, and routed.
--
-- True while the list holds one that is pending and enabled: of routes, the
-- active state and GICD_CTLR it is not asked here.

local function says(vm, what)
	if K.kvm_vgic_vcpu_pending_irq(vm.vcpu[0]) ~= what then
		fail("kvm_vgic_vcpu_pending_irq() says otherwise")
	end
end

return scenario {
	name	= "pending-irq",
	about	= "the walk of the list, and what is on it",
	claims	= { "M8" },
	vm	= { vcpus = 1, off = { 0 }, spis = { { name = "disk" } } },
	guest	= { function(cpu) end },
	actors	= {
		thread { name = "peer", run = function(vm)
			says(vm, false)
			vm.spi.disk:pulse()
			says(vm, true)
			vm.peer:disable_irq("disk")
			says(vm, false)
			vm.peer:enable_irq("disk")
			says(vm, true)
			vm.peer:clear_pending("disk")
			says(vm, false)
			vm.peer:set_pending("disk")
			says(vm, true)
			vm.peer:psci_cpu_on(0)
		end },
	},
	expect	= {
		["v4.14"]	= { failed = "never", missed = "never" },
		["v4.14+ode"]	= { failed = "never", missed = "never" },
	},
	explore	= {
		-- Nothing orders the registers before power_off: see
		-- cpu-on-ordered.
		every	= { arm64 = { failed = "sometimes" } },
	},
}
