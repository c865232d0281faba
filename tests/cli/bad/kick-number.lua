-- SPDX-License-Identifier: GPL-2.0-or-later
-- says: kvm_main.lua:[0-9]+: attempt to index a number value.* \(called from [^ ]*bad/kick-number.lua:10\)
return scenario {
	name	= "kick-number",
	about	= "broken",
	vm	= { vcpus = 1, spis = { { name = "nic" } } },
	guest	= function(cpu) cpu:wfi() end,
	actors	= {
		thread { name = "t", run = function(vm)
			K.kvm_vcpu_kick(3)
		end },
	},
	expect	= { ["v4.14"] = { missed = "never" } },
}
