-- SPDX-License-Identifier: GPL-2.0-or-later
-- Ground truth: when must a vCPU not sleep?
--
--	SPEC(v) = !W_u && (!W_i || I*)
--
-- from the architecture's own state (hw_*, see hw.lua) alone.  Nothing here
-- knows an ap_list, a request or a predicate: an interrupt that a kernel has
-- lost is still pending in this file.

-- W_u and W_i: 2 stopped until told otherwise (PSCI CPU_OFF), 1 waiting for
-- interrupts (WFI, PSCI CPU_SUSPEND), 0 wants to run.
local function waits(vcpu)
	if load(vcpu.hw_off) then
		return 2
	end
	if load(vcpu.hw_wfi) then
		return 1
	end
	return 0
end

-- Is this interrupt deliverable to its target?  ARM IHI 0048/0069: the
-- distributor forwards it, it is enabled, pending and not active, and the
-- target's priority mask lets it through.
local function deliverable(irq)
	return load(kvm.hw.hw_dist) and load(irq.hw_enabled)
	       and (load(irq.hw_latch) or load(irq.hw_line))
	       and not load(irq.hw_active)
	       and not K.hw_masked(irq)
end

-- I* without a distributor's interrupt: the CPU's own input lines, asserted
-- by a userspace irqchip; its timer and PMU when no irqchip of the kernel's
-- takes their output; a virtual LPI in the VPT (GICv4).
local function pending(vcpu)
	return any(vcpu.hw_lines) or load(vcpu.hw_vlpi)
end

oracle { deliverable = deliverable, pending = pending, waits = waits }
