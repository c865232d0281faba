#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Cycles of two and three threads: kvmwake litmus against LKMM's axioms.

    cycles.py FOLDER [EVERY [FIRST]]

Generates every cycle of two threads and of three in which a thread is one
access, or two with an edge between them; those of two threads also with one
more read.  Takes each EVERY-th of them (default 1), from FIRST on, writes them
into FOLDER, and looks at each final state that kvmwake sees under sc, tso and
arm64: lkmm.py has to allow it, and without reductions no other is seen.  Prints
how many of the cycles LKMM allows, and how many are seen.
"""

import collections
import itertools
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from lkmm import Op, Program, litmus  # noqa: E402

KVMWAKE = os.environ.get("KVMWAKE", "build/kvmwake")

# An edge between two accesses of a thread: name, the kinds of the accesses
# that it is for, what it is.
EDGES = [
    ("po", "RR RW WR WW", {}),
    ("mb", "RR RW WR WW", {"fence": "mb"}),
    ("gp", "RR RW WR WW", {"fence": "gp"}),
    ("rscs", "RR RW WR WW", {"reader": {}}),
    ("srcu", "RR RW WR WW", {"fence": "gp", "srcu": True}),
    ("srscs", "RR RW WR WW", {"reader": {"srcu": True}}),
    ("rmb", "RR", {"fence": "rmb"}),
    ("wmb", "WW RW", {"fence": "wmb"}),
    ("acq", "RR RW", {"first": {"acquire": True}}),
    ("rel", "RW WW", {"second": {"release": True}}),
    ("acqrel", "RW", {"first": {"acquire": True},
                      "second": {"release": True}}),
    ("relacq", "WR", {"first": {"release": True},
                      "second": {"acquire": True}}),
    ("addr", "RR RW", {"dep": "addr"}),
    ("data", "RW", {"dep": "data"}),
    ("ctrl", "RR RW", {"dep": "ctrl"}),
    ("xchg", "RW WR", {"atomic": "full"}),
    ("xchgacq", "RR RW", {"atomic": "acquire"}),
    ("xchgrel", "RW WW", {"atomic": "release"}),
]
# Communication: the kinds that it goes from and to.
COMS = {"rf": "WR", "fr": "RW", "co": "WW"}


def edges_for(kinds):
    return [e for e in EDGES if kinds in e[1].split()]


def shapes(threads):
    """(communications, edges); None: a thread of one access, never first."""
    for coms in itertools.product(COMS, repeat=threads):
        # thread t begins where communication t - 1 ends
        kinds = [COMS[coms[t - 1]][1] + COMS[coms[t]][0]
                 for t in range(threads)]
        choices = [edges_for(k) + ([None] if t and k[0] == k[1] else [])
                   for t, k in enumerate(kinds)]
        for edges in itertools.product(*choices):
            if sum(e is not None for e in edges) > 1:
                yield coms, edges


def is_first(coms, edges):
    """Of the rotations of one cycle, one is enough."""
    key = [(c, e[0] if e else "") for c, e in zip(coms, edges)]
    turned = [key[k:] + key[:k] for k in range(len(key)) if edges[k]]
    return key == min(turned)


def generate():
    """(communications, edges, the thread with one more read or None)"""
    for threads in (2, 3):
        for coms, edges in shapes(threads):
            if is_first(coms, edges):
                yield coms, edges, None
                if threads == 2:
                    yield coms, edges, 0


def name_of(coms, edges, extra):
    return "+".join(f"{e[0] if e else 'one'}-{c}"
                    for c, e in zip(coms, edges)) + \
        ("+r" if extra is not None else "")


def make(coms, edges, extra):
    """The threads, and the final state that the cycle is."""
    wanted, nr = collections.defaultdict(int), len(edges)

    def access(t, kind, var, n, **more):
        """Along a communication a write is one newer, a read is no older."""
        if kind == "R":
            wanted[f"{t}:r{n}"] = wanted[f"[{var}]"]
            return Op("R", var, reg=f"r{n}", **more)
        wanted[f"[{var}]"] += 1
        return Op("W", var, value=wanted[f"[{var}]"], **more)

    # x is what thread 0's second access and those that follow it are of
    var, seconds, firsts = -1, [], []
    for t, edge in enumerate(edges):
        how = edge[2] if edge else {}
        if t:
            firsts.append(access(t, COMS[coms[t - 1]][1], "xyz"[var], 0,
                                 **how.get("first", {})))
        if edge:
            var += 1
            more = dict(how.get("second", {}))
            if "dep" in how:
                more[how["dep"]] = ("r0",)
            seconds.append(access(t, COMS[coms[t]][0], "xyz"[var], 1, **more))
        else:
            seconds.append(None)
    firsts.insert(0, access(0, COMS[coms[nr - 1]][1], "xyz"[var], 0,
                            **edges[0][2].get("first", {})))
    threads = [put_together(edge, first, second, t == extra)
               for t, (edge, first, second) in
               enumerate(zip(edges, firsts, seconds))]
    return threads, {k: v for k, v in wanted.items() if v or ":" in k}


def put_together(edge, first, second, extra):
    if edge is None:
        return [first]
    how, ops = edge[2], [first]
    if "atomic" in how:
        ops.append(Op("X", "w", value=7, reg="r2", **{how["atomic"]: True}))
    if "fence" in how:
        ops.append(Op(how["fence"], srcu=how.get("srcu", False)))
    if extra:
        ops.append(Op("R", "w", reg="r3"))
    ops.append(second)
    if "reader" in how:
        return [Op("lock", **how["reader"])] + ops + \
            [Op("unlock", **how["reader"])]
    return ops


def states_of(line):
    item = json.loads(line)
    states = []
    for text in item["states"]:
        pairs = (part.split("=") for part in text.rstrip(";").split("; "))
        states.append({k: int(v) for k, v in pairs})
    return item, states


def run(files, model, *options):
    command = [KVMWAKE, "litmus", "--json", "--memory", model, *options]
    out = []
    for i in range(0, len(files), 500):
        out += subprocess.run(command + files[i:i + 500], check=True,
                              capture_output=True, text=True
                              ).stdout.splitlines()
    return out


def main():
    folder = sys.argv[1]
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    chosen = list(itertools.islice(generate(), first, None, every))
    tests, files = [], []
    for i, cycle in enumerate(chosen):
        tests.append(make(*cycle))
        files.append(os.path.join(folder, f"c{i}.litmus"))
        with open(files[-1], "w", encoding="utf-8") as file:
            file.write(litmus(name_of(*cycle), *tests[-1]))
    programs = [Program(threads) for threads, _ in tests]
    allowed = [p.allowed(t[1]) for p, t in zip(programs, tests)]
    unsound, checked = 0, [{} for _ in tests]
    for model in ("sc", "tso", "arm64"):
        seen = 0
        for i, line in enumerate(run(files, model)):
            item, states = states_of(line)
            seen += item["observation"] != "Never"
            for state in states:
                key = tuple(sorted(state.items()))
                if key not in checked[i]:
                    checked[i][key] = programs[i].allowed(state)
                if not checked[i][key]:
                    unsound += 1
                    print("unsound", model, name_of(*chosen[i]), files[i],
                          state)
        print(f"{model}: {len(tests)} cycles, LKMM allows {sum(allowed)}, "
              f"{seen} seen")
    print(f"{sum(map(len, checked))} states checked, {unsound} unsound")
    lost = 0
    for i, lines in enumerate(zip(run(files, "arm64"),
                                  run(files, "arm64", "--no-reduction"))):
        if states_of(lines[0])[1] != states_of(lines[1])[1]:
            lost += 1
            print("reduction:", name_of(*chosen[i]), files[i])
    print(f"{lost} differ without reduction")
    return 1 if unsound or lost else 0


if __name__ == "__main__":
    sys.exit(main())
