#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario goes as it expects, under every kernel that it names.

set -u
cd "$(dirname "$0")/../.." || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

"${KVMWAKE:-${BUILD:-build}/kvmwake}" run --lua lua --quiet \
	--db "$scratch/db" scenarios/ode/*.lua scenarios/gallery/*.lua
