#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The sleep/wake toy in SimPy, as a SimPy user would write it.

A vCPU runs for U(1, 50) us and then sleeps, unless an interrupt is pending,
which it takes at once; a device raises an interrupt after an exponential time
of mean 100 us, again and again; a waker needs U(5, 20) us from the interrupt
until the sleeping vCPU runs.  toy.lua and toy_ns3.cc are the same toy.

    toy_simpy.py [WAKEUPS]

For the SimPy 2 that Debian packages.  Prints key=value: what was done, and
the CPU ns that it took.
"""

import random
import sys
import time


def simpy_toy(wakeups, rng):
    """Processes that hold, passivate and are reactivated."""
    import SimPy
    from SimPy.Simulation import (Process, Simulation, hold, passivate)

    sim = Simulation()
    sim.initialize()
    vm = {"pending": False, "asleep": False, "waking": False}
    done = {"wakeups": 0, "events": 0}

    class Vcpu(Process):
        def run(self):
            while True:
                yield hold, self, rng.uniform(1000, 50000)
                done["events"] += 1
                if not vm["pending"]:
                    vm["asleep"] = True
                    yield passivate, self
                    vm["asleep"] = vm["waking"] = False
                    done["wakeups"] += 1
                    if done["wakeups"] == wakeups:
                        sim.stopSimulation()
                vm["pending"] = False

    class Waker(Process):
        def run(self):
            yield hold, self, rng.uniform(5000, 20000)
            done["events"] += 1
            sim.reactivate(vcpu)

    class Device(Process):
        def run(self):
            while True:
                yield hold, self, rng.expovariate(1 / 100000)
                done["events"] += 1
                vm["pending"] = True
                if vm["asleep"] and not vm["waking"]:
                    vm["waking"] = True
                    waker = Waker(sim=sim)
                    sim.activate(waker, waker.run())

    vcpu, device = Vcpu(sim=sim), Device(sim=sim)
    sim.activate(vcpu, vcpu.run())
    sim.activate(device, device.run())
    sim.simulate(until=float("inf"))
    return SimPy.__version__, done


def main():
    wakeups = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    rng = random.Random(1)
    began = time.process_time_ns()
    try:
        version, done = simpy_toy(wakeups, rng)
    except ImportError:
        print("SimPy 2 (python3-simpy) is not installed", file=sys.stderr)
        return 77
    print(f"version={version}")
    print(f"wakeups={done['wakeups']}")
    print(f"events={done['events']}")
    print("runs=1")
    print(f"cpu_ns={time.process_time_ns() - began}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
