#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario of the mail and of the gallery goes, in every interleaving, as
# its file expects of an exploration: none is bounded and none is vacuous.  The
# largest are for tests/slow/sc.sh.

set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/large.sh

set --
for file in scenarios/ode/*.lua scenarios/gallery/*.lua; do
	is_large "$file" || set -- "$@" "$file"
done
exec "${KVMWAKE:-${BUILD:-build}/kvmwake}" explore --lua lua --quiet "$@"
