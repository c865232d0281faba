# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Explores all scenarios under one memory model, after tests/lib/cli.sh.

# under MEMORY [SCENARIO...]: each goes as its file expects; those that are named
# have more than a million states.
under() {
	local memory=$1 file name want
	shift
	for file in scenarios/ode/*.lua scenarios/gallery/*.lua; do
		name=$(basename "$file" .lua)
		want=0
		[[ " $* " != *" $name "* ]] || want=4
		exits $want "$name, $memory" explored --quiet \
			--memory "$memory" --max-states 1000000 "$file"
	done
}
