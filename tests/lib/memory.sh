# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Explores all scenarios under one memory model, after tests/lib/cli.sh: each
# goes as its file expects, and none has many more than a million states.
# The mail's under each of their kernels, the gallery's under v4.14: they are
# large, and all of that is to fit in two minutes.

# under MEMORY
under() {
	local file

	for file in scenarios/ode/*.lua; do
		exits 0 "$(basename "$file" .lua), $1" explored --quiet \
			--memory "$1" --max-states 1000000 "$file"
	done
	for file in scenarios/gallery/*.lua; do
		exits 0 "$(basename "$file" .lua), v4.14, $1" explored --quiet \
			--memory "$1" --max-states 1000000 --kernel v4.14 "$file"
	done
}
