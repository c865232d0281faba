# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's memory model for programs without branches, by its axioms.

A program is a list of threads, a thread a list of operations:

    Op("R", var, reg=...)          READ_ONCE, acquire=True: smp_load_acquire
    Op("W", var, value=...)        WRITE_ONCE, release=True: smp_store_release
    Op("X", var, value=, reg=)     xchg, and acquire, release or full
    Op("mb" | "rmb" | "wmb")       the barriers
    Op("gp" | "lock" | "unlock")   synchronize_rcu(), rcu_read_lock, _unlock;
                                   srcu=True: those of an srcu_struct s

with addr, data and ctrl naming the registers that an operation depends on.  A
candidate execution says for each read which write it reads (rf) and for each
variable in which order its writes are (co).  LKMM allows it when

    coherence   program order and communication agree for each variable
    atomicity   nothing comes between the two halves of a read-modify-write
    hb          is acyclic: preserved program order, reading from another
                thread, and propagation that comes back to its thread
    pb          is acyclic: propagation, a strong fence, then hb
    rb          is irreflexive: as many grace periods as readers, or more,
                order as a strong fence does

(tools/memory-model/Documentation/explanation.txt).  Relations are lists of bit
masks, one a row.
"""

import collections
import itertools

FENCES = ("mb", "rmb", "wmb", "gp", "lock", "unlock")


class Op:
    def __init__(self, kind, var=None, **more):
        self.kind, self.var = kind, var
        self.value = more.pop("value", None)
        self.reg = more.pop("reg", None)
        self.acquire = more.pop("acquire", False)
        self.release = more.pop("release", False)
        self.full = more.pop("full", False)
        self.srcu = more.pop("srcu", False)
        self.deps = {name: tuple(more.pop(name, ()))
                     for name in ("addr", "data", "ctrl")}
        assert not more


Event = collections.namedtuple("Event", "thread kind op")   # kind: R, W, F


def union(*rels):
    return [rows[0] | sum_rest(rows[1:]) for rows in zip(*rels)]


def sum_rest(rows):
    mask = 0
    for row in rows:
        mask |= row
    return mask


def meet(a, b):
    return [x & y for x, y in zip(a, b)]


def seq(*rels):
    left = rels[0]
    for right in rels[1:]:
        out = []
        for row in left:
            mask = 0
            while row:
                low = row & -row
                mask |= right[low.bit_length() - 1]
                row ^= low
            out.append(mask)
        left = out
    return left


def plus(rel):
    rel = list(rel)
    for k in range(len(rel)):
        row, bit = rel[k], 1 << k
        for i, mask in enumerate(rel):
            if mask & bit:
                rel[i] = mask | row
                row = rel[k]
    return rel


def opt(rel):
    return [row | 1 << i for i, row in enumerate(rel)]


def star(rel):
    return opt(plus(rel))


def is_irreflexive(rel):
    return not any(row >> i & 1 for i, row in enumerate(rel))


def is_acyclic(rel):
    return is_irreflexive(plus(rel))


class Program:
    """What does not depend on rf and co."""

    def __init__(self, threads):
        self.threads = threads
        self.events, self.rmw_pairs, loads = [], [], {}
        for t, ops in enumerate(threads):
            for op in ops:
                if op.kind in "RX":
                    loads[t, op.reg] = len(self.events)
                    self.events.append(Event(t, "R", op))
                if op.kind in "WX":
                    if op.kind == "X":
                        self.rmw_pairs.append(len(self.events))
                    self.events.append(Event(t, "W", op))
                if op.kind in FENCES:
                    self.events.append(Event(t, "F", op))
        self.n = len(self.events)
        self.vars = sorted({e.op.var for e in self.events if e.op.var})
        self.writes = {v: self.find(lambda e, v=v: e.kind == "W" and
                                    e.op.var == v) for v in self.vars}
        self.reads = self.find(lambda e: e.kind == "R")
        self.rmw = self.rel((i - 1, i) for i in self.rmw_pairs)
        self.int = self.rel((i, j) for i, j in self.pairs()
                            if self.same_thread(i, j))
        self.ext = [~row & ((1 << self.n) - 1) for row in self.int]
        self.po = self.rel((i, j) for i, j in self.pairs()
                           if self.same_thread(i, j) and i < j)
        self.po_loc = self.rel((i, j) for i, j in self.pairs()
                               if self.po[i] >> j & 1 and
                               self.events[i].op.var and
                               self.events[i].op.var == self.events[j].op.var)
        self.find_dependencies(loads)
        self.find_fences()

    def find(self, test):
        return [i for i, e in enumerate(self.events) if test(e)]

    def pairs(self):
        return itertools.product(range(self.n), repeat=2)

    def same_thread(self, i, j):
        return self.events[i].thread == self.events[j].thread

    def rel(self, pairs):
        rows = [0] * self.n
        for i, j in pairs:
            rows[i] |= 1 << j
        return rows

    def only(self, test):
        return self.rel((i, i) for i in self.find(test))

    def find_dependencies(self, loads):
        dep = {name: [] for name in ("addr", "data", "ctrl")}
        inside = collections.defaultdict(tuple)    # the ifs that are open
        for i, e in enumerate(self.events):
            inside[e.thread] += e.op.deps["ctrl"]
            deps = dict(e.op.deps, ctrl=inside[e.thread])
            for name, regs in deps.items():
                if name == "data" and e.kind != "W":
                    continue
                dep[name] += [(loads[e.thread, r], i) for r in regs
                              if loads[e.thread, r] < i]
        self.addr = self.rel(dep["addr"])
        self.dep = union(self.addr, self.rel(dep["data"]))
        self.rwdep = seq(union(self.dep, self.rel(dep["ctrl"])), self.only(
            lambda e: e.kind == "W"))

    def find_fences(self):
        access = self.only(lambda e: e.kind in "RW")
        read = self.only(lambda e: e.kind == "R")
        write = self.only(lambda e: e.kind == "W")
        po = self.po

        def fence(kind, ends):
            where = self.only(lambda e: e.op.kind == kind)
            return seq(ends, po, where, po, ends)

        full_read = self.only(lambda e: e.kind == "R" and e.op.full)
        full_write = self.only(lambda e: e.kind == "W" and e.op.full)
        self.sync = self.only(lambda e: e.op.kind == "gp")
        self.strong = union(fence("mb", access), seq(access, po, full_read),
                            seq(full_write, po, access),
                            seq(po, self.sync, opt(po)))
        self.wmb = fence("wmb", write)
        self.po_rel = seq(access, po, self.only(
            lambda e: e.kind == "W" and e.op.release))
        acq_po = seq(self.only(lambda e: e.kind == "R" and e.op.acquire), po,
                     access)
        self.fence = union(self.strong, self.po_rel, acq_po, self.wmb,
                           fence("rmb", read))
        opened, rscs = {}, {False: [], True: []}
        for i, e in enumerate(self.events):
            if e.op.kind == "lock":
                opened[e.thread, e.op.srcu] = i
            elif e.op.kind == "unlock":
                rscs[e.op.srcu].append((i, opened[e.thread, e.op.srcu]))
        # RCU's and SRCU's grace periods, and what begins each reader
        self.domains = [(self.only(lambda e, d=d: e.op.kind == "gp" and
                                   e.op.srcu == d), self.rel(pairs))
                        for d, pairs in rscs.items()]

    # --- candidate executions ------------------------------------------

    def candidates(self, wanted):
        """(rf: read to write or None, co: variable to order) of those whose
        final state agrees with wanted, and that are coherent and atomic"""
        per_var = []
        for v in self.vars:
            reads = [r for r in self.reads if self.events[r].op.var == v]
            found = []
            for order in itertools.permutations(self.writes[v]):
                for src in itertools.product([None] + self.writes[v],
                                             repeat=len(reads)):
                    one = (dict(zip(reads, src)), {v: order})
                    if self.agrees(wanted, *one) and self.is_coherent(*one):
                        found.append(one)
            per_var.append(found)
        for parts in itertools.product(*per_var):
            rf, co = {}, {}
            for part in parts:
                rf.update(part[0])
                co.update(part[1])
            yield rf, co

    def communication(self, rf, co):
        rf_rel = self.rel((w, r) for r, w in rf.items() if w is not None)
        co_rel = self.rel((a, b) for order in co.values()
                          for a, b in itertools.combinations(order, 2))
        fr = []
        for r, w in rf.items():
            order = co[self.events[r].op.var]
            newer = order if w is None else order[order.index(w) + 1:]
            fr += [(r, x) for x in newer]
        return rf_rel, co_rel, self.rel(fr)

    def is_coherent(self, rf, co):
        rf_rel, co_rel, fr = self.communication(rf, co)
        if not is_acyclic(union(self.po_loc, rf_rel, co_rel, fr)):
            return False
        between = seq(meet(fr, self.ext), meet(co_rel, self.ext))
        return not any(meet(self.rmw, between))

    def agrees(self, wanted, rf, co):
        """wanted: {"0:r0": 1, ..., "[x]": 2}"""
        def value(write):
            return 0 if write is None else self.events[write].op.value

        for r, w in rf.items():
            e = self.events[r]
            if wanted.get(f"{e.thread}:{e.op.reg}", value(w)) != value(w):
                return False
        last = {v: value(order[-1] if order else None)
                for v, order in co.items()}
        return all(wanted.get(f"[{v}]", x) == x for v, x in last.items())

    def allows(self, rf, co):
        rf_rel, co_rel, fr = self.communication(rf, co)
        rfe, rfi = meet(rf_rel, self.ext), meet(rf_rel, self.int)
        overwrite = union(co_rel, fr)
        read = self.only(lambda e: e.kind == "R")
        access = self.only(lambda e: e.kind in "RW")
        ppo = union(seq(self.addr, read), seq(self.dep, rfi),
                    seq(opt(self.addr), self.rwdep),
                    meet(overwrite, self.int), self.fence)
        cumul = seq(access,
                    union(seq(opt(rfe), union(self.strong, self.po_rel)),
                          self.wmb), access, star(seq(rf_rel, self.rmw)))
        prop = seq(access, opt(meet(overwrite, self.ext)), star(cumul),
                   opt(rfe), access)
        back = [row & ~(1 << i) for i, row in enumerate(meet(prop, self.int))]
        hb = seq(access, union(ppo, rfe, back), access)
        if not is_acyclic(hb):
            return False
        pb = seq(prop, self.strong, star(hb), access)
        return is_acyclic(pb) and self.allows_rcu(prop, hb, pb)

    def allows_rcu(self, prop, hb, pb):
        if not any(self.sync):
            return True
        link = seq(opt(self.po), star(hb), star(pb), prop, self.po)
        order = self.sync
        while True:
            inner = union(link, seq(link, order, link))
            more = union(order, seq(order, link, order),
                         *(r for gp, rscsi in self.domains for r in
                           (seq(gp, inner, rscsi), seq(rscsi, inner, gp))))
            if more == order:
                break
            order = more
        fence = seq(self.po, order, opt(self.po))
        return is_irreflexive(seq(prop, fence, star(hb), star(pb)))

    def allowed(self, wanted):
        """Whether LKMM allows a final state that agrees with wanted."""
        return any(self.allows(rf, co)
                   for rf, co in self.candidates(wanted))


# --- as a litmus test ------------------------------------------------------

def dependent(base, regs):
    return base + "".join(f" + ({r} ^ {r})" for r in regs)


def statement(op):
    if op.kind in FENCES:
        return {"gp": "synchronize_srcu(s);" if op.srcu else
                      "synchronize_rcu();",
                "lock": "idx = srcu_read_lock(s);" if op.srcu else
                        "rcu_read_lock();",
                "unlock": "srcu_read_unlock(s, idx);" if op.srcu else
                          "rcu_read_unlock();",
                }.get(op.kind, f"smp_{op.kind}();")
    address = dependent(op.var, op.deps["addr"])
    value = dependent(str(op.value), op.deps["data"])
    if op.kind == "X":
        suffix = "" if op.full else "_acquire" if op.acquire else \
            "_release" if op.release else "_relaxed"
        return f"{op.reg} = xchg{suffix}({address}, {value});"
    if op.kind == "R":
        if op.acquire:
            return f"{op.reg} = smp_load_acquire({address});"
        return f"{op.reg} = READ_ONCE(*({address}));"
    if op.release:
        return f"smp_store_release({address}, {value});"
    return f"WRITE_ONCE(*({address}), {value});"


def litmus(name, threads, wanted):
    """Its text; exists: wanted, {"0:r0": 1, ...}."""
    program = Program(threads)
    shown = [f"{e.thread}:{e.op.reg}" for e in program.events
             if e.kind == "R"] + program.vars
    text = f"C {name}\n\n{{}}\n"
    params = ", ".join(["int *" + v for v in program.vars] +
                       ["struct srcu_struct *s"])
    for t, ops in enumerate(threads):
        text += f"\nP{t}({params})\n{{\n"
        for op in ops:
            if op.reg:
                text += f"\tint {op.reg};\n"
            elif op.kind == "lock" and op.srcu:
                text += "\tint idx;\n"
        depth = 0
        for op in ops:
            if op.deps["ctrl"]:
                test = " && ".join(f"{r} >= 0" for r in op.deps["ctrl"])
                text += f"\tif ({test}) {{\n"
                depth += 1
            text += f"\t{statement(op)}\n"
        text += "\t}\n" * depth + "}\n"
    text += f"\nlocations [{';'.join(shown)}]\nexists ("
    text += " /\\ ".join(f"{k}={v}" for k, v in wanted.items())
    return text + ")\n"
