-- SPDX-License-Identifier: GPL-2.0-or-later
-- KVM_IRQ_LINE on a vCPU that is powered off, and so consumes nothing: after
-- each change of the line the request must be there.
--
-- v4.14: vcpu_interrupt_line() makes it both ways.  ode-1: on assert only,
-- which is why a deassert alone no longer leaves it.

local function line_twice(vm, n)
	local v = vm.vcpu[n]

	vm.line[n]:assert()
	if not test_bit(KVM_REQ_IRQ_PENDING, v.requests) then
		fail("no request after the line rose")
	end
	clear_bit(KVM_REQ_IRQ_PENDING, v.requests)
	vm.line[n]:deassert()
	if not test_bit(KVM_REQ_IRQ_PENDING, v.requests) then
		fail("no request after the line fell")
	end
end

return scenario {
	name	= "line-makes-request",
	about	= "IRQ_PENDING is set whenever irq_lines changes",
	claims	= { "M4" },
	vm	= { vcpus = 2, irqchip = "user", off = { 1 } },
	guest	= {
		function(cpu) cpu:wfi() cpu:compute(us(50)) cpu:psci_cpu_on(1) end,
		function(cpu) end,
	},
	actors	= {
		thread { name = "vmm", at = us(20), run = function(vm)
			vm.line[0]:assert()
			delay(us(20))
			line_twice(vm, 1)
		end },
	},
	expect	= {
		["v4.14"]	= { failed = "never", missed = "never" },
		["v4.14+ode-1"]	= { failed = "always" },
		["v4.14+ode"]	= { failed = "always" },
	},
	explore	= {
		-- Nothing orders the registers before power_off: see
		-- cpu-on-ordered.
		every	= { arm64 = { failed = "sometimes" } },
		vm	= { vcpus = 1, irqchip = "user", off = { 0 } },
		guest	= { function(cpu) end },
		actors	= {
			thread { name = "vmm", run = function(vm)
				line_twice(vm, 0)
				vm.peer:psci_cpu_on(0)
			end },
		},
	},
}
