-- SPDX-License-Identifier: GPL-2.0-or-later
-- The distributor's registers, as a vCPU's trapped access changes them.

source("virt/kvm/arm/vgic/vgic-mmio.c", "v4.14")

-- vgic_get_irq(): a private interrupt is the accessing vCPU's own.
local function vgic_get_irq(vcpu, intid)
	if intid == "timer" then
		return load(vcpu.vtimer_irq)
	elseif intid == "pmu" then
		return load(vcpu.pmu_irq)
	end
	return intid
end

function K.vgic_mmio_write_senable(vcpu, intid)
	local irq = vgic_get_irq(vcpu, intid)

	spin_lock(irq.lock)
	store(irq.enabled, true)
	K.vgic_queue_irq_unlock(irq)
end

-- A disabled interrupt stays on its list until that is pruned.
function K.vgic_mmio_write_cenable(vcpu, intid)
	local irq = vgic_get_irq(vcpu, intid)

	spin_lock(irq.lock)
	store(irq.enabled, false)
	spin_unlock(irq.lock)
end

function K.vgic_mmio_write_spending(vcpu, intid)
	local irq = vgic_get_irq(vcpu, intid)

	spin_lock(irq.lock)
	store(irq.pending_latch, true)
	K.vgic_queue_irq_unlock(irq)
end

function K.vgic_mmio_write_cpending(vcpu, intid)
	local irq = vgic_get_irq(vcpu, intid)

	spin_lock(irq.lock)
	store(irq.pending_latch, false)
	spin_unlock(irq.lock)
end

function K.vgic_mmio_write_priority(vcpu, intid, priority)
	local irq = vgic_get_irq(vcpu, intid)

	spin_lock(irq.lock)
	store(irq.priority, priority)
	spin_unlock(irq.lock)
end

-- vgic_mmio_write_sactive() and _cactive(): the active state may be in a
-- list register, so the whole VM is stopped for it.
function K.vgic_mmio_write_sactive(vcpu, intid)
	local irq = vgic_get_irq(vcpu, intid)

	mutex_lock(kvm.arch.lock)
	K.kvm_arm_halt_guest()
	spin_lock(irq.lock)
	store(irq.active, true)
	K.vgic_queue_irq_unlock(irq)
	K.kvm_arm_resume_guest()
	mutex_unlock(kvm.arch.lock)
end

function K.vgic_mmio_write_cactive(vcpu, intid)
	local irq = vgic_get_irq(vcpu, intid)

	mutex_lock(kvm.arch.lock)
	K.kvm_arm_halt_guest()
	spin_lock(irq.lock)
	store(irq.active, false)
	spin_unlock(irq.lock)
	K.kvm_arm_resume_guest()
	mutex_unlock(kvm.arch.lock)
end

source("virt/kvm/arm/vgic/vgic-mmio-v3.c", "v4.14")

-- vgic_mmio_write_irouter(): the route only; neither the old nor the new
-- vCPU is told.
function K.vgic_mmio_write_irouter(vcpu, intid, target)
	local irq = vgic_get_irq(vcpu, intid)

	spin_lock(irq.lock)
	store(irq.target_vcpu, target)
	spin_unlock(irq.lock)
end

-- vgic_mmio_write_v3_misc(), GICD_CTLR: interrupts that became pending while
-- the distributor was off are on no list, and are not looked for.
function K.vgic_mmio_write_ctlr(vcpu, on)
	local was = load(kvm.arch.vgic_enabled)

	store(kvm.arch.vgic_enabled, on)
	if on and not was then
		K.vgic_kick_vcpus()
	end
end

-- vgic_v3_dispatch_sgi(), one target
function K.vgic_dispatch_sgi(vcpu, irq)
	spin_lock(irq.lock)
	store(irq.pending_latch, true)
	K.vgic_queue_irq_unlock(irq)
end
