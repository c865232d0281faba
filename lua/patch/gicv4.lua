-- SPDX-License-Identifier: GPL-2.0-or-later
-- GICv4 as 4.15 has it, on 4.14's run loop, without the hint of c971968071d3
-- ("Use pending_last as a scheduling hint").
--
-- A vPE is resident from flush to sync.  Made non-resident it may leave
-- interrupts behind in its pending table: hardware says so in PendingLast.
-- While its vCPU is blocked, one that arrives rings the doorbell.

struct("vcpu", { pending_last = flag() })

observe("kvm_arch_vcpu_runnable", {
	{ "pending_last", function(vcpu) return load(vcpu.pending_last) end },
})

source("virt/kvm/arm/vgic/vgic-v4.c", "v4.15")

-- vgic_v4_flush_hwstate()
function K.vgic_v4_flush_hwstate(vcpu)
	store(vcpu.vpe_resident, true)
end

-- vgic_v4_sync_hwstate(): not Valid, wait for Dirty to clear, then read.
-- Nobody makes a request for what it finds.
function K.vgic_v4_sync_hwstate(vcpu)
	store(vcpu.vpe_resident, false)
	smp_mb()
	store(vcpu.pending_last, load(vcpu.hw_vlpi))
end

-- vgic_v4_doorbell_handler()
function K.vgic_v4_doorbell_handler(vcpu)
	store(vcpu.pending_last, true)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	K.kvm_vcpu_kick(vcpu)
end

local flush, sync = K.kvm_vgic_flush_hwstate, K.kvm_vgic_sync_hwstate

function K.kvm_vgic_flush_hwstate(vcpu)
	if kvm.has_gicv4 then
		K.vgic_v4_flush_hwstate(vcpu)
	end
	flush(vcpu)
end

function K.kvm_vgic_sync_hwstate(vcpu)
	if kvm.has_gicv4 then
		K.vgic_v4_sync_hwstate(vcpu)
	end
	sync(vcpu)
end

local blocking, unblocking = K.kvm_arch_vcpu_blocking, K.kvm_arch_vcpu_unblocking

-- kvm_vgic_v4_enable_doorbell(), after polling
function K.kvm_arch_vcpu_blocking(vcpu)
	blocking(vcpu)
	if kvm.has_gicv4 then
		K.hw_enable_doorbell(vcpu)
	end
end

function K.kvm_arch_vcpu_unblocking(vcpu)
	unblocking(vcpu)
	if kvm.has_gicv4 then
		store(vcpu.doorbell_on, false)
	end
end

kvm.vcpu_makers[#kvm.vcpu_makers + 1] = function(a, thread, vcpu)
	if kvm.has_gicv4 then
		a("-doorbell", "hardirq", thread, "doorbell",
		  K.vgic_v4_doorbell_handler)
	end
end
