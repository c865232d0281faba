#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Cycles of two and three threads: whatever is seen, LKMM's axioms allow.  A
# few hundred of them, or each KVMWAKE_CYCLES-th: with 1 it is all, a minute.
. tests/lib/cli.sh
mkdir "$TMPDIR/cycles"
python3 tests/litmus/cycles.py "$TMPDIR/cycles" "${KVMWAKE_CYCLES:-40}" \
	>"$TMPDIR/out"
ok $? "every state that is seen is allowed; reductions lose none"
sed 's/^/# /' "$TMPDIR/out"
grep -q '^sc: .* 0 seen$' "$TMPDIR/out"
ok $? "sc sees no cycle"
awk '/^arm64:/ { exit !(4 * $(NF - 1) >= 3 * $6) }' FS='[ ,]+' "$TMPDIR/out"
ok $? "arm64 sees three quarters of what is allowed"

# The axioms are those that the shapes' verdicts are from.
python3 - <<'P'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "tests/litmus")
from lkmm import Op, Program

def R(var, reg, **more): return Op("R", var, reg=reg, **more)
def W(var, value, **more): return Op("W", var, value=value, **more)
mb, rmb, wmb, gp = Op("mb"), Op("rmb"), Op("wmb"), Op("gp")
lock, unlock = Op("lock"), Op("unlock")
mp, sb = {"1:r0": 1, "1:r1": 0}, {"0:r0": 0, "1:r0": 0}
shapes = [
    (False, mp, [[W("x", 1), wmb, W("y", 1)], [R("y", "r0"), rmb, R("x", "r1")]]),
    (True, mp, [[W("x", 1), wmb, W("y", 1)], [R("y", "r0"), R("x", "r1")]]),
    (False, mp, [[W("x", 1), W("y", 1, release=True)],
                 [R("y", "r0"), R("x", "r1", addr=["r0"])]]),
    (True, mp, [[W("x", 1), W("y", 1, release=True)],
                [R("y", "r0"), R("x", "r1", ctrl=["r0"])]]),
    (False, sb, [[W("x", 1), mb, R("y", "r0")], [W("y", 1), mb, R("x", "r0")]]),
    (True, sb, [[W("x", 1), mb, R("y", "r0")], [W("y", 1), R("x", "r0")]]),
    (False, {"0:r0": 1, "0:r1": 0},
     [[lock, R("x", "r0"), R("y", "r1"), unlock], [W("y", 1), gp, W("x", 1)]]),
    (True, {"0:r0": 1, "0:r1": 0},
     [[lock, R("x", "r0"), R("y", "r1"), unlock], [W("y", 1), wmb, W("x", 1)]]),
    (True, {"[x]": 2, "1:r0": 1},
     [[W("x", 2), wmb, W("y", 1)], [R("y", "r0"), W("x", 1)]]),
    (True, {"1:r0": 1, "1:r1": 0, "3:r0": 1, "3:r1": 0},
     [[W("x", 1)], [R("x", "r0"), rmb, R("y", "r1")],
      [W("y", 1)], [R("y", "r0"), rmb, R("x", "r1")]]),
]
wrong = [i for i, (want, state, threads) in enumerate(shapes)
         if Program(threads).allowed(state) != want]
print("# wrong:", wrong)
sys.exit(bool(wrong))
P
ok $? "the axioms know the textbook shapes"
finish
