-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: kvm_main.lua:[0-9]+: irq has no field cpu.* \(called from [^ ]*bad/kick-irq.lua:10\)
return scenario {
	name	= "kick-irq",
	about	= "broken",
	vm	= { vcpus = 1, spis = { { name = "nic" } } },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			K.kvm_vcpu_kick(vm.spi.nic.ref)
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
