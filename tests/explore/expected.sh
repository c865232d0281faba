#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every scenario of the mail and of the gallery goes, in every interleaving, as
# its file expects of an exploration: none is bounded and none is vacuous.  The
# large ones under sc here: tests/slow has them under every memory model.

. tests/lib/cli.sh
. tests/lib/memory.sh

# shellcheck disable=SC2046 # files
exits 0 'small ones' explored --quiet $(scenarios SMALL)
[ ! -s "$TMPDIR/out" ]
ok $? '... have nothing to say'
# shellcheck disable=SC2046
exits 0 'large ones, sc' explored --quiet --memory sc --kernel v4.14 \
	$(scenarios LARGE)
[ "$(scenarios LARGE | wc -l)" = "$(echo $large | wc -w)" ]
ok $? 'all of them are there'
finish
