-- SPDX-License-Identifier: GPL-2.0-or-later
-- A device of the VMM with a level-triggered line: KVM_IRQ_LINE up from its
-- thread, down when the guest's driver has served it.

return scenario {
	name	 = "level-device",
	about	 = "KVM_IRQ_LINE on an in-kernel vgic",
	vm	 = { vcpus = 1, spis = { { name = "uart", level = true } } },
	guest	 = function(cpu)
		loop(function() cpu:compute(uniform(us(1), us(20))) cpu:wfi() end)
	end,
	actors	 = {
		thread { name = "vmm", at = exponential(us(60)), times = 20,
			 run = function(vm) vm.spi.uart:assert() end },
	},
	runs	 = 200,
	expect	 = {
		["v4.14"]	= { missed = "never", late = "never",
				    failed = "never" },
		["v4.14+ode"]	= { missed = "never", late = "never",
				    failed = "never" },
	},
	explore	 = {
		guest	= function(cpu) loop(function() cpu:wfi() end) end,
		actors	= {
			thread { name = "vmm", times = 2,
				 run = function(vm) vm.spi.uart:assert() end },
		},
		-- kvm_vcpu_kick() reads a stale cpu: see kick-reads-cpu-late.
		every	= { arm64 = { broken = { "I2" } } },
		-- The handler lowers the line under the VMM's lock, which an injection
		-- holds until its request is made: none is left over for a later wait.
		expect	= {
			["v4.14"]	= { spurious = "never" },
			["v4.14+ode"]	= { spurious = "never" },
		},
	},
}
