-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: bad/no-vcpu.lua:10: .*kvm_vcpu_kick: argument 1 is nil
return scenario {
	name	= "no-vcpu",
	about	= "broken",
	vm	= { vcpus = 1 },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			K.kvm_vcpu_kick(vm.vcpu[5])
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
