#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang sees what gcc does not: all of sim/ compiles there, too, without a
# warning.  Skipped where clang is not installed.

set -u
if ! command -v clang >/dev/null; then
	echo "clang is not installed"
	exit 77
fi
flags=$(CC=clang scripts/deps --make | sed -n 's/^DEPS_CFLAGS := //p')
status=0
for f in sim/*/*.c; do
	# shellcheck disable=SC2086 # $flags is several words
	clang -std=gnu11 -O0 -fsyntax-only -Wall -Wextra -Werror -Wshadow \
		-Wstrict-prototypes -Wmissing-prototypes -Isim \
		-DKW_VERSION='"test"' $flags "$f" || status=1
done
exit $status
