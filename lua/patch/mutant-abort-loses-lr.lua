-- SPDX-License-Identifier: GPL-2.0-or-later
-- Fault: an aborted entry empties the list registers instead of folding them
-- back (as ae705930fca6, 2015, found for a stale free mask).
-- Caught by: scenarios/gallery/two-at-once.lua (v4.14)

function K.vcpu_abort_entry(vcpu)
	K.check_progress(vcpu, false)
	for i = 1, kvm.nr_lr do
		K.vgic_clear_lr(vcpu.lr[i])
	end
	store(vcpu.used_lrs, 0)
	K.sync_hwstate(vcpu)
end
