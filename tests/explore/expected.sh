#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario of the mail and of the gallery goes, in every interleaving, as
# its file expects of an exploration: none is bounded and none is vacuous.

set -u
cd "$(dirname "$0")/../.." || exit 2
exec "${KVMWAKE:-${BUILD:-build}/kvmwake}" explore --lua lua --quiet \
	scenarios/ode/*.lua scenarios/gallery/*.lua
