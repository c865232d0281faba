#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# However an edge-triggered interrupt is made to rise, it is deliverable until
# the guest takes it: nothing is spurious, and without the kick it is missed.
. tests/lib/cli.sh
no_kick="--kernel v4.14+mutant-no-kick --as v4.14"

for how in 'pulse()' 'irqfd()' 'assert()' 'assert() vm.spi.nic:deassert()'; do
	cat >"$TMPDIR/edge.lua" <<-L
		return scenario {
			name = "edge", about = "an edge comes during WFI",
			vm = { vcpus = 1, spis = { { name = "nic" } } },
			guest = { function(cpu) cpu:wfi() end },
			actors = { thread { name = "vhost", at = us(50),
				run = function(vm) vm.spi.nic:$how end } },
			expect = { ["v4.14"] = { missed = "never",
				spurious = "never", futile = "never" } },
			explore = { every = { arm64 = { broken = { "I2" } } } },
		}
	L
	exits 0 "$how: run" "$KVMWAKE" run --runs 50 --db "$TMPDIR/a.db" \
		"$TMPDIR/edge.lua"
	exits 0 "$how: explore" explored "$TMPDIR/edge.lua"
	# shellcheck disable=SC2086
	exits 1 "$how: nobody kicks" explored $no_kick --memory sc \
		"$TMPDIR/edge.lua"
	says 'violated: missed' "$TMPDIR/out" "$how: nobody kicks: missed"
done
finish
