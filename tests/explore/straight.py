#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_straight saw, against the arm64 model's reference.

    straight.py REFERENCE FILE

REFERENCE is memory_model.py, FILE has a line of JSON a program: the program
as the reference wants it, and the end states: what each read saw, in the order
of the threads, then x, y, z.  The sets have to be the same.
"""

import importlib.util
import json
import sys


def load(path):
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expected(reference, prog):
    ends = set()
    for regs, mem in reference.outcomes(prog, 3)[0]:
        values = [value for _, value in sorted(regs)]
        ends.add(tuple(values) + tuple(mem))
    return ends


def main():
    reference, wrong, nr = load(sys.argv[1]), 0, 0
    with open(sys.argv[2], encoding="ascii") as file:
        for line in file:
            case = json.loads(line)
            prog = [[tuple(op) for op in ops] for ops in case["program"]]
            seen = {tuple(end) for end in case["ends"]}
            want = expected(reference, prog)
            nr += 1
            if seen != want:
                wrong += 1
                print("missing", want - seen, "too many", seen - want, prog)
    print(f"{nr} programs, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
