#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Spin's opinion on every generated program and on shipped scenarios that it
# needs longer for: the tests of tests/explore once more, all of them.

echo 1..2
"$BUILD/tests/explore/test_agree" -m slow -p /agree/spin >"$TMPDIR/agree" 2>&1
rc=$?
echo "$([ $rc = 0 ] || echo not )ok 1 - generated programs"
"$BUILD/tests/explore/test_spin" -m slow >"$TMPDIR/spin" 2>&1
rc2=$?
echo "$([ $rc2 = 0 ] || echo not )ok 2 - shipped scenarios"
sed 's/^/# /' "$TMPDIR/agree" "$TMPDIR/spin" | tail -40
[ $rc = 0 ] && [ $rc2 = 0 ]
