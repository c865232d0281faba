-- SPDX-License-Identifier: GPL-2.0-or-later
-- The virtual GIC: which vCPU's ap_list an interrupt is on, and how it gets
-- into list registers and back.
--
-- irq->vcpu == v if and only if the interrupt is linked on v's ap_list.
-- Adding is anybody's, under ap_list_lock and irq_lock; unlinking is v's own
-- thread's.  Locking order: ap_list_lock (lower vcpu_id first), irq_lock.

source("virt/kvm/arm/vgic/vgic.c", "v4.14")

-- irq_is_pending()
function K.irq_is_pending(irq)
	return load(irq.pending_latch)
	       or load(irq.level) and load(irq.line_level)
end

-- vgic_target_oracle(): the vCPU that should have this interrupt on its
-- list, or NULL.  With irq_lock.
function K.vgic_target_oracle(irq)
	-- An active interrupt stays where it is until it is deactivated.
	if load(irq.active) then
		local vcpu = load(irq.vcpu)
		if vcpu ~= NULL then
			return vcpu
		end
		return load(irq.target_vcpu)
	end
	-- One that is pending and enabled goes to its target, unless the
	-- distributor is off.
	if load(irq.enabled) and K.irq_is_pending(irq)
	   and load(kvm.arch.vgic_enabled) then
		return load(irq.target_vcpu)
	end
	-- All others are on no list.
	return NULL
end

-- --- injection --------------------------------------------------------

-- The end of an injection: tell the vCPU.
function K.vgic_request_irq(vcpu)
	K.kvm_make_request(KVM_REQ_IRQ_PENDING, vcpu)
	K.kvm_vcpu_kick(vcpu)
end

-- vgic_queue_irq_unlock(): with irq_lock, which it drops.  Whoever the list
-- is whose the interrupt is on already, the kick goes to where the oracle
-- points.
function K.vgic_queue_irq_unlock(irq)
	loop(function()
		local vcpu = K.vgic_target_oracle(irq)

		if vcpu == NULL or load(irq.vcpu) ~= NULL then
			spin_unlock(irq.lock)
			if vcpu ~= NULL then
				K.vgic_request_irq(vcpu)
			end
			return true
		end
		spin_unlock(irq.lock)
		-- Anything may change here: ap_list_lock comes first.
		spin_lock(vcpu.ap_list_lock)
		spin_lock(irq.lock)
		if K.vgic_add_to_list(irq, vcpu) then
			K.vgic_request_irq(vcpu)
			return true
		end
		spin_lock(irq.lock)
	end)
end

-- Still on no list, and still for this vCPU?  Drops both locks.
function K.vgic_add_to_list(irq, vcpu)
	local ok = load(irq.vcpu) == NULL and K.vgic_target_oracle(irq) == vcpu

	if ok then
		list_add_tail(vcpu.ap_list, irq)
		store(irq.vcpu, vcpu)
	end
	spin_unlock(irq.lock)
	spin_unlock(vcpu.ap_list_lock)
	return ok
end

-- vgic_validate_injection(): a level interrupt only when its line changes,
-- an edge only when it rises.  Then the new state.
local function update_input(irq, level)
	if load(irq.level) then
		if load(irq.line_level) == level then
			return false
		end
		store(irq.line_level, level)
		return true
	end
	if level then
		store(irq.pending_latch, true)
	end
	return level
end

-- kvm_vgic_inject_irq()
function K.kvm_vgic_inject_irq(irq, level)
	spin_lock(irq.lock)
	if update_input(irq, level) then
		K.vgic_queue_irq_unlock(irq)
	else
		spin_unlock(irq.lock)
	end
end

-- kvm_vgic_vcpu_pending_irq(): the distributor's switch is read without a
-- lock; the walk ends at the first hit.
function K.kvm_vgic_vcpu_pending_irq(vcpu)
	if not load(kvm.arch.vgic_enabled) then
		return false
	end
	spin_lock(vcpu.ap_list_lock)
	local hit = list_for_each(vcpu.ap_list, function(irq)
		spin_lock(irq.lock)
		local pending = K.irq_is_pending(irq) and load(irq.enabled)
		spin_unlock(irq.lock)
		if pending then
			return true
		end
	end)
	spin_unlock(vcpu.ap_list_lock)
	return hit == true
end

function K.vgic_kick_vcpu(vcpu)
	if K.kvm_vgic_vcpu_pending_irq(vcpu) then
		K.vgic_request_irq(vcpu)
	end
end

-- vgic_kick_vcpus()
function K.vgic_kick_vcpus()
	for n = 0, kvm.nr_vcpus - 1 do
		K.vgic_kick_vcpu(kvm.vcpu[n])
	end
end

-- --- pruning ----------------------------------------------------------

-- Both ap_list_locks, the lower vcpu_id's first.
function K.vgic_lock_two_lists(a, b)
	for n = 0, kvm.nr_vcpus - 1 do
		if a == kvm.vcpu[n] then
			spin_lock(a.ap_list_lock)
			spin_lock(b.ap_list_lock)
			return
		elseif b == kvm.vcpu[n] then
			spin_lock(b.ap_list_lock)
			spin_lock(a.ap_list_lock)
			return
		end
	end
end

-- Moves an interrupt to another vCPU's list, if it still belongs there.
-- 4.14 tells nobody: neither request nor kick (added in 4.17).
function K.vgic_migrate_irq(irq, from, to)
	K.vgic_lock_two_lists(from, to)
	spin_lock(irq.lock)
	if K.vgic_target_oracle(irq) == to then
		list_del(from.ap_list, irq)
		store(irq.vcpu, to)
		list_add_tail(to.ap_list, irq)
	end
	spin_unlock(irq.lock)
	spin_unlock(to.ap_list_lock)
	spin_unlock(from.ap_list_lock)
end

-- One entry of vgic_prune_ap_list(); true when the locks were dropped for a
-- migration, and the walk has to start again.
function K.vgic_prune_irq(vcpu, irq)
	spin_lock(irq.lock)
	if load(irq.vcpu) ~= vcpu then
		fail("BUG_ON(): an interrupt is on a list that is not its vCPU's")
	end
	local target = K.vgic_target_oracle(irq)

	if target == NULL then
		list_del(vcpu.ap_list, irq)
		store(irq.vcpu, NULL)
	end
	spin_unlock(irq.lock)
	if target == NULL or target == vcpu then
		return false
	end
	spin_unlock(vcpu.ap_list_lock)
	K.vgic_migrate_irq(irq, vcpu, target)
	return true
end

-- vgic_prune_ap_list()
function K.vgic_prune_ap_list(vcpu)
	loop(function()
		spin_lock(vcpu.ap_list_lock)
		local dropped = list_for_each(vcpu.ap_list, function(irq)
			if K.vgic_prune_irq(vcpu, irq) then
				return true
			end
		end)
		if not dropped then
			spin_unlock(vcpu.ap_list_lock)
			return true
		end
	end)
end

-- --- list registers ---------------------------------------------------

source("virt/kvm/arm/vgic/vgic-v3.c", "v4.14")

-- vgic_v3_fold_lr_state(), one register.  What the guest did not take is
-- pending again, and nobody is told.
function K.vgic_fold_lr(lr)
	local irq = load(lr.irq)

	if irq == NULL then
		return
	end
	spin_lock(irq.lock)
	store(irq.active, load(lr.active))
	local level = load(irq.level)
	if load(lr.pending) ~= level then
		-- EDGE and pending: latched again.
		-- LEVEL and not pending: acknowledged, soft state is gone.
		store(irq.pending_latch, not level)
	end
	spin_unlock(irq.lock)
	K.vgic_clear_lr(lr)
end

function K.vgic_clear_lr(lr)
	store(lr.irq, NULL)
	store(lr.pending, false)
	store(lr.active, false)
end

function K.vgic_fold_lr_state(vcpu)
	for i = 1, kvm.nr_lr do
		K.vgic_fold_lr(vcpu.lr[i])
	end
	store(vcpu.used_lrs, 0)
	store(vcpu.uie, false)
end

-- irq->hw: the virtual timer's interrupt belongs to a physical one.
local function is_mapped(irq)
	return kvm.has_timer and load(irq.source) == SOURCE_TIMER
end

-- vgic_v3_populate_lr(): a mapped interrupt is never pending and active:
-- while it is active the physical distributor holds what is pending.
function K.vgic_populate_lr(irq, lr)
	store(lr.irq, irq)
	local active = load(irq.active)
	store(lr.active, active)
	if K.irq_is_pending(irq) and not (active and is_mapped(irq)) then
		store(lr.pending, true)
		if not load(irq.level) then
			store(irq.pending_latch, false)
		end
	end
end

source("virt/kvm/arm/vgic/vgic.c", "v4.14")

-- One entry of vgic_flush_lr_state(); true when no register is left.
local function flush_irq(vcpu, irq, which)
	spin_lock(irq.lock)
	local mine = K.vgic_target_oracle(irq) == vcpu
		     and (which == nil or load(irq.active) == which)
	local full = false

	if mine then
		local used = load(vcpu.used_lrs)

		if used == kvm.nr_lr then
			store(vcpu.uie, true)
			full = true
		else
			K.vgic_populate_lr(irq, vcpu.lr[used + 1])
			store(vcpu.used_lrs, used + 1)
		end
	end
	spin_unlock(irq.lock)
	return full
end

function K.vgic_flush_irq(vcpu, irq) return flush_irq(vcpu, irq) end
function K.vgic_flush_irq_if(vcpu, irq, active)
	return flush_irq(vcpu, irq, active)
end

-- vgic_flush_lr_state(): in list order; where there may be more interrupts
-- than registers, the active ones first.  (The kernel sorts by priority
-- then; which of two pending ones waits has no influence on sleeping.)
function K.vgic_flush_lr_state(vcpu)
	if #kvm.irq <= kvm.nr_lr then
		list_for_each(vcpu.ap_list, function(irq)
			K.vgic_flush_irq(vcpu, irq)
		end)
		return
	end
	list_for_each(vcpu.ap_list, function(irq)
		if K.vgic_flush_irq_if(vcpu, irq, true) then
			return true
		end
	end)
	list_for_each(vcpu.ap_list, function(irq)
		if K.vgic_flush_irq_if(vcpu, irq, false) then
			return true
		end
	end)
end

-- kvm_vgic_flush_hwstate(): an addition that the lockless test misses is
-- followed by a request, which aborts the entry.
function K.kvm_vgic_flush_hwstate(vcpu)
	if list_empty(vcpu.ap_list) then
		return
	end
	spin_lock(vcpu.ap_list_lock)
	K.vgic_flush_lr_state(vcpu)
	spin_unlock(vcpu.ap_list_lock)
end

-- kvm_vgic_sync_hwstate(): an empty list means no used registers.
function K.kvm_vgic_sync_hwstate(vcpu)
	if list_empty(vcpu.ap_list) then
		return
	end
	if load(vcpu.used_lrs) ~= 0 then
		K.vgic_fold_lr_state(vcpu)
	end
	K.vgic_prune_ap_list(vcpu)
end
