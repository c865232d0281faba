-- SPDX-License-Identifier: GPL-2.0-or-later
-- A write to the priority mask is one instruction: an exit comes before it or
-- after it, and never between its looks at the list registers, which the exit
-- empties and the next entry fills in another order.

return scenario {
	name	= "pmr",
	about	= "an exit while the guest writes its priority mask",
	vm	= { vcpus = 1, pmr = true, spis = {
			{ name = "slow", priority = 3 },
			{ name = "fast", priority = 0 } } },
	guest	= {
		function(cpu)
			cpu:set_pmr(2)
			cpu:set_pending("slow")
			cpu:set_pmr(1)
			cpu:wfi()
		end,
	},
	actors	= {
		thread { name = "vhost", at = us(1), run = function(vm)
			vm.spi.fast:pulse()
			K.kvm_vcpu_kick(vm.vcpu[0])
		end },
	},
	duration = ms(1),
	expect	= { ["v4.14"] = { missed = "never" } },
}
