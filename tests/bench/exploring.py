# SPDX-License-Identifier: GPL-2.0-or-later
"""The explorer's part of the benchmarks: against Spin, and its own goals.

Spin gets the model that `kvmwake export --promela` writes, compiled as its
users would: gcc -O3, safety only, a hash table of the right size.  Without
reductions both visit the same states, which is checked; with reductions each
goes about it in its own best way, Spin's being the fastest of VARIANTS.
"""

import json
import os
import resource
import shutil
import subprocess
import time

KERNEL = "v4.14"
SIZES = ((2, 4), (1, 5))            # vCPUs, wakers
FULL = ["-a", "-o2", "-o3"]         # no reduction: see docs/promela.md
VARIANTS = {                        # of Spin's reductions: gcc's flags
    "partial order": [],
    "partial order, hash compact": ["-DHC4"],
    "partial order, collapse": ["-DCOLLAPSE"],
}
LIMIT = 3000000                     # states, in the curves


class Failed(Exception):
    """A contestant did not run, or saw something else."""


def measured(args, cwd, fine=(0,)):
    """(CPU ns, wall ns, stdout) of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic_ns()
    done = subprocess.run(args, cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    wall = time.monotonic_ns() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in fine:
        raise Failed(f"{' '.join(args)}: exit code {done.returncode}\n"
                     f"{done.stderr.strip()}")
    cpu = (after.ru_utime - before.ru_utime +
           after.ru_stime - before.ru_stime)
    return 1e9 * cpu, wall, done.stdout


class Bench:
    """What the measurements share: where things are."""

    def __init__(self, top, build, kvmwake):
        self.top = top
        self.kvmwake = kvmwake
        self.folder = os.path.join(build, "bench")
        os.makedirs(self.folder, exist_ok=True)

    def scenario(self, vcpus, wakers, protocol="wakers"):
        path = os.path.join(self.folder, f"{protocol}-{vcpus}-{wakers}.lua")
        args = ["tests/bench/wakers", str(vcpus), str(wakers)]
        if protocol != "wakers":
            args.append(protocol)
        with open(path, "w", encoding="ascii") as out:
            subprocess.run(args, cwd=self.top, stdout=out, check=True)
        return path

    def explore(self, path, *options):
        """(CPU ns, wall ns, its JSON); under sc, as Spin does"""
        cpu, wall, out = measured(
            [self.kvmwake, "explore", "--json", "--no-check", "--max-memory",
             "8000", "--kernel", KERNEL, "--memory", "sc", *options, path],
            self.top, (0, 4))
        lines = [json.loads(line) for line in out.splitlines()]
        found = [line for line in lines if line["type"] == "exploration"]
        if len(found) != 1 or found[0]["found"]:
            raise Failed(f"explore {path}: not one clean verdict")
        return cpu, wall, found[0]

    def pan(self, path, name, spin_flags, gcc_flags):
        """Compiles the scenario's model; returns pan's folder."""
        folder = f"{path[:-4]}-{name.replace(' ', '-').replace(',', '')}"
        os.makedirs(folder, exist_ok=True)
        for args in ([self.kvmwake, "export", "--promela", path, "--kernel",
                      KERNEL, "--out", os.path.join(folder, "model.pml")],
                     ["spin", *spin_flags, "model.pml"],
                     ["gcc", "-O3", "-w", "-DSAFETY", *gcc_flags, "-o", "pan",
                      "pan.c"]):
            measured(args, folder)
        return folder


def spin(folder):
    """(CPU ns, states) of a compiled model, no error found."""
    cpu, _, out = measured(["./pan", "-E", "-w24", "-m1000000"], folder)
    states = [line.split()[0] for line in out.splitlines()
              if line.endswith(" states, stored")]
    if len(states) != 1 or "errors: 0" not in out:
        raise Failed(f"{folder}: {out.strip()}")
    return cpu, int(states[0])


def find_spin():
    """Is there a Spin?  Says so if not."""
    if shutil.which("spin") and shutil.which("gcc"):
        return True
    print("Spin is not installed (spin, gcc): skipped")
    return False


def same_states(report, bench, rounds, measure, median_ratio):
    """Without reductions, the same states: ns a state, one thread each."""
    vcpus, wakers = SIZES[0]
    path = bench.scenario(vcpus, wakers)
    folder = bench.pan(path, "full", FULL, ["-DNOREDUCE"])
    seen = {}

    def kvmwake():
        cpu, _, out = bench.explore(path, "--no-reduction", "--jobs", "1")
        seen["kvmwake"] = out["states"]
        seen["bytes"] = out["bytes_max"] / out["states"]
        return cpu / out["states"]

    def peer():
        cpu, states = spin(folder)
        seen["Spin"] = states
        return cpu / states

    got = measure({"kvmwake": kvmwake, "Spin": peer}, rounds)
    if seen["kvmwake"] != seen["Spin"]:
        raise Failed(f"kvmwake saw {seen['kvmwake']} states, Spin "
                     f"{seen['Spin']}")
    report.table(f"{vcpus} vCPUs and {wakers} wakers, no reduction, "
                 f"{seen['Spin']} states", got, "ns per state")
    report.goal("times Spin's states a second",
                median_ratio(got["Spin"], got["kvmwake"]), 8, True)
    report.goal("bytes per visited state", seen["bytes"], 20, False)


def own_best(report, bench, rounds, measure, median_ratio):
    """With reductions: ms to the verdict."""
    for vcpus, wakers in SIZES:
        path = bench.scenario(vcpus, wakers)
        contestants = {
            "kvmwake": lambda path=path: bench.explore(path)[0] / 1e6,
        }
        for name, flags in VARIANTS.items():
            folder = bench.pan(path, name, ["-a"], flags)
            contestants[f"Spin, {name}"] = \
                lambda folder=folder: spin(folder)[0] / 1e6
        got = measure(contestants, rounds)
        report.table(f"{vcpus} vCPUs and {wakers} wakers, each tool's best",
                     got, "ms")
        best = [min(ms) for ms in zip(*(got[name] for name in got
                                        if name != "kvmwake"))]
        report.goal(f"times faster to the verdict, {vcpus}+{wakers}",
                    median_ratio(best, got["kvmwake"]), 25, True)


def two_cores(report, bench, rounds, measure, median_ratio):
    """Wall time with one thread and with two; the machine must be idle."""
    path = bench.scenario(*SIZES[0])
    _, _, text = measured([bench.kvmwake, "explore", "--help"], bench.top)
    if "--jobs" not in text:
        print("\n  MISSED explore runs on one core")
        report.missed.append("two cores")
        return
    if os.getloadavg()[0] > 1.5:
        print(f"\nload average {os.getloadavg()[0]:.1f}: others want the "
              "cores, too, and the next table is not to be trusted")
    got = measure({
        f"{jobs} threads": lambda jobs=jobs: bench.explore(
            path, "--no-reduction", "--jobs", str(jobs))[1] / 1e6
        for jobs in (1, 2)}, rounds)
    report.table("The same on two cores, wall time", got, "ms")
    report.goal("times faster on two cores",
                median_ratio(got["1 threads"], got["2 threads"]), 1.7, True)


def curves(report, bench, measure, rounds):
    """Time to the verdict by number of wakers, under each memory model."""
    swait_ms = None
    for protocol in ("swait", "wakers"):
        print(f"\n{protocol}.lua: one vCPU, CPU ms to the verdict (states)")
        print(f"  {'wakers':8}" + "".join(f"{model:>24}" for model in
                                          ("sc", "tso", "arm64")))
        for wakers in range(1, 5):
            path = bench.scenario(1, wakers, protocol)
            row = f"  {wakers:<8}"
            for model in ("sc", "tso", "arm64"):
                got = measure({"": lambda path=path, model=model: bench.explore(
                    path, "--memory", model, "--max-states", str(LIMIT))},
                    rounds)[""]
                ms = sorted(cpu / 1e6 for cpu, _, _ in got)[len(got) // 2]
                out = got[0][2]
                if (protocol, wakers, model) == ("swait", 3, "arm64"):
                    swait_ms = ms if out["complete"] else float("inf")
                cell = f"{ms:.0f} ({out['states']})"
                row += f"{cell if out['complete'] else '>' + cell:>24}"
            print(row, flush=True)
    print(f"  (> bounded: more than {LIMIT} states)")
    report.goal("swait with 3 wakers under arm64, ms", swait_ms, 1000, False)


def run(report, bench, rounds, measure, median_ratio):
    if find_spin():
        same_states(report, bench, rounds, measure, median_ratio)
        own_best(report, bench, rounds, measure, median_ratio)
    two_cores(report, bench, rounds, measure, median_ratio)
    curves(report, bench, measure, min(rounds, 3))
