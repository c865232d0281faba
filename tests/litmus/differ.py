#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random programs: kvmwake litmus against the arm64 model's reference.

    differ.py REFERENCE FOLDER [SEED [NUMBER]]

REFERENCE is memory_model.py, FOLDER is for the programs.  For each program the
sets of final states, all registers and variables, have to be the same.
"""

import importlib.util
import json
import os
import random
import subprocess
import sys

KVMWAKE = os.environ.get("KVMWAKE", "build/kvmwake")
VARIABLES = "xyz"
OPERATIONS = ["R", "R", "Ra", "W", "W", "Wr", "mb", "rmb", "wmb", "X"]
TEXT = {
    "R": "int r{2} = READ_ONCE(*{v});", "W": "WRITE_ONCE(*{v}, {2});",
    "Ra": "int r{2} = smp_load_acquire({v});", "mb": "smp_mb();",
    "Wr": "smp_store_release({v}, {2});", "rmb": "smp_rmb();",
    "X": "int r{3} = xchg({v}, {2});", "wmb": "smp_wmb();",
}
READS = ("R", "Ra", "X")


def load(path):
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def program(rng):
    threads, value = rng.choice([2, 2, 3]), 0
    prog = []
    for _ in range(threads):
        ops, reg = [], 0
        for _ in range(rng.randint(2, 4 if threads == 2 else 3)):
            kind, var = rng.choice(OPERATIONS), rng.randrange(threads)
            op = (kind,) if kind.endswith("mb") else (kind, var)
            if kind in ("W", "Wr", "X"):
                value += 1
                op += (value,)
            if kind in READS:
                op += (reg,)
                reg += 1
            ops.append(op)
        prog.append(ops)
    return prog


def litmus(number, prog):
    shown = list(VARIABLES)
    text = f"C t{number}\n{{}}\n"
    for thread, ops in enumerate(prog):
        text += f"P{thread}(int *x, int *y, int *z)\n{{\n"
        for op in ops:
            var = VARIABLES[op[1]] if len(op) > 1 else ""
            text += "\t" + TEXT[op[0]].format(*op, v=var) + "\n"
            if op[0] in READS:
                shown.append(f"{thread}:r{op[-1]}")
        text += "}\n"
    return text + f"locations [{';'.join(shown)}]\nexists (x=99)\n"


def expected(reference, prog):
    states = set()
    for regs, mem in reference.outcomes(prog, 3)[0]:
        state = [f"{t}:r{r}={value}" for (t, r), value in regs]
        state += [f"[{VARIABLES[i]}]={value}" for i, value in enumerate(mem)]
        states.add(frozenset(state))
    return states


def main():
    reference, folder = load(sys.argv[1]), sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    number = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    rng = random.Random(seed)
    programs = [program(rng) for _ in range(number)]
    files = []
    for i, prog in enumerate(programs):
        files.append(os.path.join(folder, f"t{i}.litmus"))
        with open(files[-1], "w", encoding="utf-8") as file:
            file.write(litmus(i, prog))
    done = subprocess.run([KVMWAKE, "litmus", "--json",
                           "--no-load-buffering"] + files, check=True,
                          capture_output=True, text=True)
    wrong = 0
    for line, prog in zip(done.stdout.splitlines(), programs):
        seen = {frozenset(state.rstrip(";").split("; "))
                for state in json.loads(line)["states"]}
        want = expected(reference, prog)
        if seen != want:
            wrong += 1
            print("missing", want - seen, "too many", seen - want, prog)
    print(f"seed {seed}: {number} programs, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
