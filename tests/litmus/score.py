#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what kvmwake litmus saw with what LKMM says.

    kvmwake litmus --json FILE... | score.py COLLECTION MODEL

COLLECTION/verdicts.tsv names each test with its class and LKMM's verdict.
Prints what is wrong, then the share of the allowed outcomes that is seen, by
class.  Exits 1 when something forbidden was seen, a race was flagged where
LKMM sees none, a verdict of the sc or tso column is not met, or a test is
missing without a construct being named.
"""

import collections
import csv
import json
import sys


def load(stream):
    seen, refused = {}, {}
    for line in stream:
        item = json.loads(line)
        if item["type"] == "litmus":
            seen[item["file"]] = item
        else:
            refused[item.get("file", "")] = item["message"]
    return seen, refused


def check(row, item, model):
    """What is wrong with one test's verdict, or None."""
    if row["data_race"] == "yes":
        return None
    if item["data_race"]:
        return "a false data race"
    verdict = item["observation"]
    if row["lkmm"] == "Never" and verdict not in ("Never", "Bounded"):
        return "unsound: " + verdict
    column = row.get(model, "-").replace("(implied)", "")
    if column in ("Never", "Sometimes") and verdict != column:
        return f"{model}: {verdict}, expected {column}"
    return None


def main():
    collection, model = sys.argv[1:3]
    seen, refused = load(sys.stdin)
    with open(collection + "/verdicts.tsv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    classes = collections.defaultdict(lambda: [0, 0])
    wrong = nr_refused = 0
    for row in rows:
        path = collection + "/" + row["test"]
        if path in refused:
            nr_refused += 1
            print("refused", refused[path])
            if "not supported" not in refused[path]:
                wrong += 1
            continue
        problem = "lost" if path not in seen else \
            check(row, seen[path], model)
        if problem:
            wrong += 1
            print("wrong", row["test"], problem)
        elif row["lkmm"] == "Sometimes" and row["data_race"] == "no":
            count = classes[row["class"]]
            count[0] += 1
            count[1] += seen[path]["observation"] == "Sometimes"
    for name, count in sorted(classes.items()):
        print(name, *count)
    allowed = sum(count[0] for count in classes.values())
    found = sum(count[1] for count in classes.values())
    print("total", allowed, found)
    print(f"{len(rows)} tests, {nr_refused} refused, {wrong} wrong; "
          f"{100 * found / max(allowed, 1):.1f} % of what is allowed is seen")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
