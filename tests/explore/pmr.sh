#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No exit comes between the looks that a write to the priority mask takes.
. tests/lib/cli.sh
for memory in sc arm64; do
	exits 0 "$memory" explored --memory $memory --no-check --quiet \
		tests/explore/pmr.lua
done
finish
