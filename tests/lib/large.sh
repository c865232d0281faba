# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The scenarios that have more than 300000 states under some kernel that they
# name: an exploration of them takes seconds.

large='big-vm injection-race irq-balancer pmu-sampling'

is_large() {
	[[ " $large " == *" $(basename "$1" .lua) "* ]]
}
