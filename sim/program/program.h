/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled scenario: plain data that both engines step through.
 *
 * A program has kinds (struct types), objects (their instances), fields,
 * paths compiled to nodes, and actors that walk them.  The state that it
 * describes is one flat array of bytes:
 *
 *	0       8                             objects_size        state_size
 *	| zero  | objects, 8-byte aligned ... | actors, one block each ... |
 *
 * An object's address is its byte offset; address 0 is NULL.  A value takes
 * one byte, a reference (an object's address) two, a lock two (its owner's
 * actor number + 1), a list head or link four (first/last, next/prev: each
 * the address of an object), a handler two (actor number + 1).
 *
 * Time fields (u64 ns) live beside the state, in an array T that the
 * explorer does not have: field k of the object at address b is slot
 * (b >> 3) + k.  Time registers of actor a are the slots from
 * actors[a].time_base on.
 *
 * Who may change what: script/ builds a program, link.c closes it; from then
 * on it is read only and shared by all threads.
 */
#ifndef KW_PROGRAM_H
#define KW_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

#define KW_MAX_NODES	65535
#define KW_MAX_REGS	255
#define KW_NULL		0

enum kw_op {
#define KW_OP(name, cost, outcomes, operands) KW_OP_##name,
#include "ops.def"
#undef KW_OP
	KW_NR_OPS
};

/*
 * Does op access what a register refers to?  Where that is NULL it fails.
 * (LEA and REF_EQ only compute, MARK only names.)
 */
static inline bool kw_op_follows(unsigned op)
{
	switch (op) {
	case KW_OP_LOCK:
	case KW_OP_UNLOCK:
	case KW_OP_DEACTIVATE:
	case KW_OP_SWITCH:
	case KW_OP_WAKE:
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
	case KW_OP_AWAIT:
	case KW_OP_AWAIT_IDLE:
	case KW_OP_IS_LOCKED:
	case KW_OP_IS_PENDING:
	case KW_OP_IS_ARMED:
	case KW_OP_TIME_LOAD:
	case KW_OP_TIME_STORE:
		return true;
	default:
		return op < KW_OP_LEA;
	}
}

/* What an operation is charged to; names as in a scenario's timing.ops. */
enum kw_cost {
	KW_COST_NONE, KW_COST_LOAD, KW_COST_STORE, KW_COST_ATOMIC,
	KW_COST_FENCE, KW_COST_LOCK, KW_COST_UNLOCK, KW_COST_SCHED,
	KW_COST_WAKE, KW_COST_RAISE, KW_COST_TIMER,
	KW_NR_COSTS
};

enum kw_outcomes { KW_ONE, KW_TWO, KW_MANY, KW_NONE };

enum {
	KW_NODE_MANY	 = 1 << 0, /* next[]: an index and a count in succ[] */
	KW_NODE_ARCH	 = 1 << 1, /* changes an architectural field */
	KW_NODE_ARCH_ALL = 1 << 2, /* ... that concerns every interrupt */
	KW_NODE_ONCE	 = 1 << 3, /* READ_ONCE, WRITE_ONCE */
	KW_NODE_ACQUIRE	 = 1 << 4,
	KW_NODE_RELEASE	 = 1 << 5,
};

struct kw_node {
	uint8_t  op;
	uint8_t  flags;
	uint8_t  reg;		/* base register; register 0 is always 0 */
	uint8_t  dst;		/* the other register */
	uint16_t off;		/* A = regs[reg] + off */
	uint16_t val;
	uint16_t next[2];
	uint32_t src;		/* index into srcs[] */
};

/* Where a node comes from: Lua file and line, path, kernel file. */
struct kw_src {
	const char *file;	/* relative to the Lua directory, or as given */
	int line;
	const char *path;	/* "kvm_vcpu_kick", or the actor's name */
	const char *kernel;	/* "virt/kvm/kvm_main.c v4.14", or "" */
};

enum kw_field_type {
	KW_FLAG, KW_COUNT, KW_ENUM, KW_WORD, KW_REF, KW_LOCK, KW_LIST,
	KW_LINK, KW_HANDLER, KW_TIME,
	KW_NR_FIELD_TYPES
};

struct kw_field {
	const char *name;	/* "requests", "wq.lock", "lr[2].state" */
	uint8_t type;		/* enum kw_field_type */
	uint8_t arch;		/* KW_NODE_ARCH flags that stores inherit */
	uint8_t max;		/* largest value (flags, counts, enums) */
	bool guarded;		/* declared to be under a lock */
	uint16_t off;		/* bytes, or the slot number of a time field */
	const char *const *names; /* of enum values or bits; NULL-terminated */
	const char *target;	/* kind that a reference or list holds */
};

struct kw_kind {
	const char *name;	/* "vcpu", "irq", "vm" */
	uint16_t size;		/* bytes, a multiple of 8 */
	unsigned nr_fields;
	struct kw_field *fields;	/* flattened, by offset */
};

struct kw_object {
	const char *name;	/* "vcpu0", "irq33" */
	uint16_t kind, addr, index;	/* index among its kind, from 0 */
};

/*
 * An actor's block in the state.  regs[0] is always 0.
 * run is one of enum kw_run; nest is the handler that runs on top of this
 * actor (actor number + 1, or 0).
 */
struct kw_actor_state {
	uint16_t pc;
	uint8_t run;
	uint8_t irq_off;
	uint8_t preempt;	/* preempt_disable() depth */
	uint8_t pend;		/* a handler: raised and not yet begun */
	uint8_t armed;		/* a handler: its timer runs */
	uint8_t exit;		/* a thread: why its guest exited */
	uint16_t nest;
	uint16_t trap;		/* a thread: entry node of the guest's trap */
	uint16_t regs[];
};

enum kw_run {
	KW_IDLE,	/* a handler that is not running */
	KW_READY,	/* may step (unless something nests on it) */
	KW_ASLEEP,	/* off the run queue */
	KW_IN_GUEST,	/* a thread whose guest runs */
	KW_ENDED,
};

enum kw_actor_type {
	KW_THREAD,	/* a host thread: needs a CPU */
	KW_HARDIRQ,	/* interrupts the CPU of its home thread */
	KW_PREEMPT,	/* what an involuntary switch of its home thread runs */
	KW_GUEST,	/* guest code: runs while its home thread is in guest */
	KW_VIRQ,	/* guest interrupt handler: its home is the guest */
	KW_HW,		/* hardware and the outside world: needs no CPU */
};

struct kw_actor {
	const char *name;	/* "vcpu0", "pmi0", "device" */
	uint8_t type;
	bool autostart;		/* runs from the beginning; else when raised */
	uint16_t home;		/* actor number; itself for threads and HW */
	uint16_t object;	/* address of its vCPU (or other), or 0 */
	uint16_t entry;		/* node */
	uint16_t nr_regs;
	uint16_t nr_times;
	uint32_t base;		/* byte offset of its kw_actor_state */
	uint32_t time_base;	/* first slot of its time registers in T */
	uint16_t nr_args;
	uint8_t arg_reg[6];	/* registers set at every start, and ... */
	uint16_t arg_val[6];	/* ... their values */
};

/* A path as compiled for one set of arguments, for show and messages. */
struct kw_path {
	const char *name;		/* "kvm_vcpu_kick", or the actor's */
	const char *args;		/* "(vcpu, 1)": structs, constants */
	const char *kernel;
	uint16_t entry;			/* node */
	uint16_t nr_outcomes;		/* of its RETURN */
	uint8_t frame, nr_regs;		/* its registers, absolute */
};

/* A duration: what the timed engine draws when a node names it. */
enum kw_dist_kind {
	KW_CONSTANT,		/* a */
	KW_UNIFORM,		/* a .. b, both included */
	KW_EXPONENTIAL,		/* mean a, at most b (0: 64 a) */
	KW_EMPIRICAL,		/* one of values[first .. first + nr), any */
	KW_SEQUENCE,		/* values[first .. first + nr) in turn; at the
				   end: b = 1 begins again, b = 0 never fires */
};

struct kw_dist {
	uint8_t kind;
	uint64_t a, b;			/* ns */
	uint32_t first, nr;		/* in values[] */
};

/* The host that the timed engine runs the threads on; durations are ns. */
struct kw_host {
	unsigned nr_cpus;
	uint64_t slice_ns;		/* time slice */
	uint64_t idle_deep_after_ns;	/* idle longer: the deep idle state */
	uint16_t switch_ns;		/* dist: context switch */
	uint16_t idle_shallow_ns;	/* dist: wake an idle CPU, shallow */
	uint16_t idle_deep_ns;		/* dist: ... from deep idle */
	uint16_t irq_ns;		/* dist: raise to first instruction */
	uint16_t timer_slack_ns;	/* dist: added to every armed expiry */
	struct { uint32_t min, max; } op_ns[KW_NR_COSTS];
	/* Under tso and arm64; the program's digest leaves them out. */
	struct { uint32_t min, max; }
		store_drain_ns,		/* a store waits in its buffer */
		load_window_ns;		/* a load is satisfied so early */
};

/*
 * What must hold beside SPEC, of every object of a kind, and when: always; or
 * when the thread of the object, a vCPU, enters or is in its guest, or sleeps.
 */
enum kw_when {
	KW_WHEN_ALWAYS, KW_WHEN_ENTRY, KW_WHEN_GUEST, KW_WHEN_ASLEEP,
	KW_NR_WHENS
};
/*
 * At every such moment; or it may fail for a while, and is broken where
 * nothing makes it hold again: nothing at all, or nothing but guests, which
 * may stay at any of their instructions for as long as they like, and timers.
 */
enum kw_eventually {
	KW_EVENTUALLY_NOT, KW_EVENTUALLY_ANY, KW_EVENTUALLY_HOST,
	KW_NR_EVENTUALLYS
};

struct kw_invariant {
	const char *name;	/* "I3" */
	const char *about;	/* one sentence */
	uint16_t entry;		/* path (object) -> 0, 1: does it hold? */
	uint16_t kind;
	uint8_t when;		/* enum kw_when */
	uint8_t eventually;	/* enum kw_eventually */
};
extern const char *const kw_when_names[KW_NR_WHENS];
extern const char *const kw_eventually_names[KW_NR_EVENTUALLYS];
#define KW_MAX_INVARIANTS 16

struct kw_program {
	struct kw_node *nodes;		/* node 0 is END */
	unsigned nr_nodes;
	uint16_t *succ;
	unsigned nr_succ;
	uint16_t *points;		/* return points: where in succ */
	unsigned nr_points;
	struct kw_src *srcs;
	unsigned nr_srcs;
	const char **labels;		/* [node]: the declared field at A,
					   "vcpu.mode", or "" */
	struct kw_path *paths;		/* in the order of actors and calls */
	unsigned nr_paths;
	struct kw_kind *kinds;
	unsigned nr_kinds;
	struct kw_object *objects;	/* by address */
	unsigned nr_objects;
	uint16_t *object_at;		/* [addr >> 3]: object number, for any
					   address inside an object */
	struct kw_actor *actors;
	unsigned nr_actors;		/* the last is the oracle's scratch */
	struct kw_dist *dists;		/* dist 0 is "none": 0 ns */
	unsigned nr_dists;
	uint64_t *values;		/* of empirical dists and sequences */
	unsigned nr_values;
	uint64_t *times;		/* constants of TIME_SET */
	unsigned nr_time_values;
	const char **marks;		/* mark names by number */
	unsigned nr_marks;
	const char **messages;		/* of FAIL */
	unsigned nr_messages;
	const char **exits;		/* exit reasons; 0 is "IRQ" */
	unsigned nr_exits;
	struct kw_host host;

	/* oracle paths: entry nodes, 0 where the kernel declares none */
	struct {
		uint16_t deliverable;	/* (irq) -> 0, 1 */
		uint16_t pending;	/* (vcpu) -> 0, 1: without an irq */
		uint16_t waits;		/* (vcpu) -> 0 no, 1 W_i, 2 W_u */
		uint16_t irq_kind, vcpu_kind;	/* kind numbers */
		uint16_t target_off;	/* of the irq field "hw_target" */
		uint8_t arg_reg;	/* register of the one argument */
	} oracle;

	struct kw_invariant *invariants;	/* in order of declaration */
	unsigned nr_invariants;

	uint8_t *init;			/* initial state, state_size bytes */
	uint64_t *time_init;		/* initial T, nr_times slots */
	uint32_t objects_size, state_size, nr_times;
	uint64_t digest;		/* of everything above but srcs */
	GStringChunk *strings;		/* owns every name */
	struct kw_arena *arena;		/* owns every array */
};

static inline struct kw_actor_state *kw_actor(const struct kw_program *p,
					      uint8_t *s, unsigned a)
{
	return (struct kw_actor_state *)(s + p->actors[a].base);
}

/* The node that follows node n when its outcome is k. */
static inline uint16_t kw_next(const struct kw_program *p,
			       const struct kw_node *n, unsigned k)
{
	return n->flags & KW_NODE_MANY ? p->succ[n->next[0] + k] : n->next[k];
}

extern const char *const kw_op_names[KW_NR_OPS];
extern const uint8_t kw_op_cost[KW_NR_OPS];
extern const uint8_t kw_op_outcomes[KW_NR_OPS];
extern const char *const kw_cost_names[KW_NR_COSTS];

/* The object that contains address addr, or NULL. */
const struct kw_object *kw_object_at(const struct kw_program *p, unsigned addr);
/* The field of kind k at byte offset off (time fields excepted), or NULL. */
const struct kw_field *kw_field_at(const struct kw_kind *k, unsigned off);
/*
 * "vcpu0.requests", for messages and replay: the field, also where it is the
 * object's first one.  An object itself is kw_object_at()->name.
 */
void kw_address_name(const struct kw_program *p, unsigned addr, GString *out);

void kw_program_free(struct kw_program *p);

#endif
