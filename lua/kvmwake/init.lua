-- SPDX-License-Identifier: GPL-2.0-or-later
-- The prelude: what a scenario file can say, and the VM that it gets.

-- The VM.  A scenario's functions get this table as `vm`.
kvm = {
	vcpu = {}, irq = {}, spi = {}, spi_names = {}, sgi = {}, line = {},
	pmu = {}, vlpi = {}, flag = {}, has_flag = {},
	-- Functions (a, thread, vcpu) by which kernels and patches add actors
	-- to each vCPU; a(suffix, type, home, handler, run) makes one.
	vcpu_makers = {},
}

include("kvmwake/timing")
include("kvmwake/check")
include("kvmwake/hw")
include("kvmwake/oracle")
include("kvmwake/observe")
include("kvmwake/guest")
include("kvmwake/actors")
include("kvmwake/vm")
include("kvmwake/scenario")
