#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a file of the Trace Event Format against the format's rules.

    tests/lib/trace_events.py FILE      prints what it found; exit 1: a rule
                                        is broken, said on stderr

Every event has the fields that its phase needs; on a track (pid, tid) time
never goes back and every B has its E; every arrow has one s and one f, later
or at the same time, each inside a span of its track; every track has a name.
"""

import collections
import json
import sys

NEEDS = {"M": {"name", "args"}, "B": {"name", "ts"}, "E": {"name", "ts"},
         "i": {"name", "ts", "s"}, "s": {"name", "ts", "id", "cat"},
         "f": {"name", "ts", "id", "cat", "bp"}}


def problems(trace):
    tracks = collections.defaultdict(list)
    last, names, arrows = {}, set(), collections.defaultdict(dict)
    for number, event in enumerate(trace["traceEvents"]):
        where = f"event {number} {event}"
        track = event.get("pid"), event.get("tid")
        phase = event.get("ph")
        if None in track or phase not in NEEDS:
            yield f"{where}: no pid, tid or known ph"
            continue
        missing = NEEDS[phase] - set(event)
        if missing:
            yield f"{where}: lacks {missing}"
            continue
        if phase == "M":
            if event["name"] == "thread_name":
                names.add(track)
            continue
        if track not in names:
            yield f"{where}: its track has no name"
        if event["ts"] < last.get(track, 0):
            yield f"{where}: time goes back"
        last[track] = event["ts"]
        if phase == "B":
            tracks[track].append(event["name"])
        elif phase == "E":
            if not tracks[track]:
                yield f"{where}: nothing to end"
            elif tracks[track].pop() != event["name"]:
                yield f"{where}: not what ends here"
        elif phase in "sf":
            if phase in arrows[event["id"]]:
                yield f"{where}: twice"
            arrows[event["id"]][phase] = event["ts"]
            if not tracks[track]:
                yield f"{where}: in no span"
    for track, spans in tracks.items():
        if spans:
            yield f"track {track}: {spans} never end"
    for number, ends in arrows.items():
        if set(ends) != {"s", "f"} or ends["s"] > ends["f"]:
            yield f"arrow {number}: {ends}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        trace = json.load(file)
    found = list(problems(trace))
    for problem in found[:10]:
        print(problem, file=sys.stderr)
    counts = collections.Counter(e.get("ph") for e in trace["traceEvents"])
    print(" ".join(f"{phase}={counts[phase]}" for phase in sorted(counts)))
    spans = collections.Counter(e["name"] for e in trace["traceEvents"]
                                if e.get("ph") in ("B", "s"))
    for name in sorted(spans):
        print(f"{name}: {spans[name]}")
    return 1 if found else 0


sys.exit(main())
