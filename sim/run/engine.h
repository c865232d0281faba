/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the timed engine, shared by the files of run/ only.
 *
 * A CPU, and each hardware actor, is somebody who steps; a slot of the queue
 * is what he, a timer or an interrupt waits for:
 *
 *	slot a			actor a's own: hardware's next step, a
 *				handler's expiry or due time, a thread's
 *				end of delay
 *	slot nr_actors + c	CPU c's next step
 *	slot ... + nr_cpus + c	the end of CPU c's time slice
 *	the next slot		the end of the run; it is always pending
 *	... and then		a buffer's next store that drains, see memory.c
 *
 * Invariants: a CPU without a step pending is idle, or its top context is
 * blocked or computes for ever; a thread is in the ready list, on one CPU,
 * delayed, or asleep, never in two of these; left[a] is what remains of a
 * duration that an interrupt broke off.
 *
 * Files: watch.c (episodes), sched.c (threads and CPUs), irq.c (handlers),
 * run.c (whose turn it is, effects), loop.c (a CPU's turn), memory.c (what
 * is late under a weak memory model), record.c, tape.c and course.c (runs
 * that go as one before them).
 */
#ifndef KW_ENGINE_H
#define KW_ENGINE_H

#include "../machine/machine.h"
#include "../machine/step.h"
#include "../oracle/oracle.h"
#include "queue.h"
#include "record.h"
#include "rng.h"
#include "run.h"

#define KW_NOBODY	0xffff
#define KW_MAX_CPUS	256

enum kw_handler_state { KW_H_NONE, KW_H_ARMED, KW_H_DUE, KW_H_WAITING };

struct kw_cpu {
	uint16_t thread;	/* on it, or KW_NOBODY: idle */
	uint16_t top;		/* who steps: see kw_resume() */
	uint16_t foreign;	/* a handler whose home is elsewhere */
	bool need_resched;
	uint64_t idle_since;
};

/* A node, laid out for the loop: see loop.c. */
struct kw_code {
	const void *label;
	const struct kw_code *next[2];	/* MANY: next[0] is its part of succ */
	uint32_t cost_ns;	/* the least that it costs */
	uint32_t span;		/* + 0 .. span - 1, drawn, unless 0 */
	uint16_t off, val;
	uint8_t reg, dst;
	uint16_t pc;		/* its number */
};

struct kw_watch {		/* one vCPU, see watch.c */
	struct kw_episode ep;
	bool active, ok, signal, woken_since;
	unsigned fruitless;	/* wake-ups in a row for nothing */
};

/* What the engine knows of an actor beside the machine's state. */
struct kw_extra {
	uint64_t left;		/* ns left of a broken-off duration */
	uint64_t armed_at;	/* a handler: its expiry */
	uint16_t cpu;		/* of a thread or a hard interrupt: where it
				   runs or ran last; else see kw_cpu_of() */
	uint16_t blocked_on;	/* address it waits for, when blocked */
	uint8_t handler;	/* enum kw_handler_state */
	bool blocked;
	bool delayed;		/* a thread that sleeps in DELAY */
};

struct kw_runner {
	const struct kw_program *p;
	struct kw_code *code;	/* the nodes as loop.c wants them, ... */
	struct kw_code *hw_code;	/* ... and for hardware */
	struct kw_run_opts opts;
	uint8_t *start, *s;	/* the state at time 0, and now */
	struct kw_actor_state **st;	/* each actor's block in s */
	const struct kw_code **at, **at_start;	/* where each stands: the code
				   of st[a]->pc, at hand for the next turn */
	uint32_t *busy;		/* each actor's steps, about, since it last
				   slept or entered its guest */
	const struct kw_dist *dists;
	uint32_t nr_actors, nr_cpus, nr_slots;
	uint32_t state_size;	/* the program's, and memory.c's */
	struct kw_memory *memory;	/* NULL: sequential consistency */
	uint64_t first_digest;
	uint8_t *type;		/* of each actor */
	struct kw_clock clock;
	struct kw_queue queue;
	struct kw_rng (*rng)[KW_NR_PURPOSES];
	struct kw_rng_key key;
	struct kw_nats nats;
	uint32_t *sequence;	/* next position of each sequence */
	struct kw_extra *extra;
	struct kw_cpu *cpus;
	uint64_t idle[KW_MAX_CPUS / 64];	/* bit c: CPU c is idle */
	uint16_t *ready;	/* ring of threads that wait for a CPU */
	unsigned ready_head, nr_ready;
	uint16_t *waiting;	/* handlers that are due and masked */
	uint16_t *blocked;	/* who waits for a lock or a condition */
	unsigned nr_waiting, nr_blocked;
	uint16_t *guest_of, *virq_of, *preempt_of;	/* by actor */
	int16_t *vcpu_of;	/* [thread]: vCPU index, or -1 */
	uint16_t *thread_of;	/* [vCPU index]: its thread */
	struct kw_oracle *oracle;
	struct kw_watch *watch;
	int mark_verdict, mark_signal;
	uint32_t rest_checks;	/* bit i: invariant i, see rest.c */
	struct kw_episode *episodes;
	unsigned nr_episodes, max_episodes;
	struct kw_counts counts;
	uint64_t *marks, digest;
	struct kw_hist latency;
	const char *failure;
	uint64_t failure_ns;
	uint64_t turn_from;	/* counts.steps when this turn began */
	uint64_t last_ns;	/* when the event before this one was */
	struct kw_courses *courses;	/* NULL: every run is made afresh */
	struct kw_tape *tape;	/* NULL: nobody writes down the course */
	bool stop, quiescent;
	bool watched;		/* somebody observes, or memory is weak */
	bool careful;		/* ... or somebody is blocked, or recorded */
};

/* Draws */
static inline uint32_t kw_draw_u32(struct kw_runner *r, unsigned actor,
				   enum kw_purpose why)
{
	return kw_rng_u32(&r->rng[actor][why], &r->key, actor << 2 | why);
}

/* What is not a sequence lasts so long by this draw. */
uint64_t kw_duration(const struct kw_runner *r, const struct kw_dist *d,
		     uint32_t draw);
/* What kw_draw() leaves: sequences, samples, limits, very long means. */
uint64_t kw_draw_other(struct kw_runner *r, unsigned actor,
		       enum kw_purpose why, const struct kw_dist *d);

/* A duration of dist, in ns; KW_NEVER_NS when a sequence has ended. */
static inline uint64_t kw_draw(struct kw_runner *r, unsigned actor,
			       enum kw_purpose why, unsigned dist)
{
	const struct kw_dist *d = &r->dists[dist];

	if (d->kind == KW_CONSTANT)
		return d->a;
	if (d->kind == KW_UNIFORM)
		return kw_scale(kw_draw_u32(r, actor, why), d->a, d->b);
	if (d->kind == KW_EXPONENTIAL && !d->b)
		return kw_exponential(&r->nats, kw_draw_u32(r, actor, why),
				      d->a);
	return kw_draw_other(r, actor, why, d);
}

static inline void kw_care(struct kw_runner *r)
{
	r->careful = r->watched || r->tape || r->nr_blocked;
}

/* Slot's event is due ns from now: 0, or what was drawn. */
static inline void kw_due_after(struct kw_runner *r, unsigned slot, uint64_t ns)
{
	kw_queue_set(&r->queue, slot, r->clock.now + ns);
	if (r->tape)
		kw_tape_after(r, slot);
}

/* kw_draw(), where a course may be written down. */
static inline uint64_t kw_drawn(struct kw_runner *r, unsigned actor,
				enum kw_purpose why, unsigned dist)
{
	uint64_t ns = kw_draw(r, actor, why, dist);

	if (r->tape)
		kw_tape_drawn(r, actor, why, dist, ns);
	return ns;
}

/* watch.c: one vCPU's waits, from the oracle's and the machine's view */
void kw_watch_reset(struct kw_runner *r);
void kw_watch_arch(struct kw_runner *r, unsigned addr, bool all);
void kw_watch_mark(struct kw_runner *r, unsigned mark, unsigned addr);
void kw_watch_sleep(struct kw_runner *r, unsigned thread);
void kw_watch_wake(struct kw_runner *r, unsigned thread);
void kw_watch_enter(struct kw_runner *r, unsigned thread);
void kw_watch_finish(struct kw_runner *r, bool quiescent);
void kw_fail(struct kw_runner *r, const char *message);
/* For so many in all. */
void kw_room_for_episodes(struct kw_runner *r, unsigned nr);

/* rest.c: nothing can happen any more; may it be so? */
uint32_t kw_rest_checks(const struct kw_program *p);
void kw_rest(struct kw_runner *r);

/* memory.c */
/* Takes its part of slots and state. */
struct kw_memory *kw_memory_new(struct kw_runner *r);
void kw_memory_free(struct kw_memory *m);
/* The state at time 0; then a run begins. */
void kw_memory_start(struct kw_runner *r);
void kw_memory_begin(struct kw_runner *r);
/* Has a's node to wait for memory? */
bool kw_memory_waits(struct kw_runner *r, unsigned a);
/* When it may look again. */
uint64_t kw_memory_ready(const struct kw_runner *r, unsigned a);
/*
 * In place of kw_exec(), where it need not; fills in what e does not show,
 * unless that is NULL.
 */
unsigned kw_memory_step(struct kw_runner *r, unsigned a, unsigned choice,
			struct kw_event *e, struct kw_done *done);
/* The event of its i-th slot. */
void kw_memory_event(struct kw_runner *r, unsigned i);
/* a's CPU goes on in another context: it has seen everything. */
void kw_memory_switch(struct kw_runner *r, unsigned a);
/*
 * Another thread, or a handler of one, takes the CPU from this one, which is
 * not ours to see late: all that it stored is visible at once.
 */
void kw_memory_flush(struct kw_runner *r, unsigned thread);

/* Actor a stands at node pc. */
static inline void kw_stand(struct kw_runner *r, unsigned a, unsigned pc)
{
	r->st[a]->pc = (uint16_t)pc;
	r->at[a] = (r->type[a] == KW_HW ? r->hw_code : r->code) + pc;
}

/* A pending handler begins. */
static inline void kw_start(struct kw_runner *r, unsigned handler)
{
	kw_begin(r->p, r->s, handler);
	kw_stand(r, handler, r->st[handler]->pc);
	if (r->memory)
		kw_memory_switch(r, handler);
}

/* A host interrupt takes a thread out of its guest. */
static inline void kw_leave_guest(struct kw_runner *r, unsigned thread)
{
	kw_force_exit(r->p, r->s, thread);
	if (r->memory)
		kw_memory_switch(r, thread);
}

/* sched.c */
static inline unsigned kw_cpu_slot(const struct kw_runner *r, unsigned c)
{
	return r->nr_actors + c;
}
static inline unsigned kw_slice_slot(const struct kw_runner *r, unsigned c)
{
	return r->nr_actors + r->nr_cpus + c;
}
/* Where a runs: a guest and what nests on it, where their thread does. */
static inline unsigned kw_cpu_of(const struct kw_runner *r, unsigned a)
{
	while (r->type[a] != KW_THREAD && r->type[a] != KW_HARDIRQ)
		a = r->p->actors[a].home;
	return r->extra[a].cpu;
}
/* Who steps on CPU c: the innermost context, or KW_NOBODY. */
unsigned kw_top(const struct kw_runner *r, unsigned c);
/* Is the thread (asleep or not) what CPU extra.cpu has on it now? */
bool kw_on_cpu(const struct kw_runner *r, unsigned thread);
void kw_make_ready(struct kw_runner *r, unsigned thread);
void kw_leave_cpu(struct kw_runner *r, unsigned c);
/* Thread a on CPU c has gone to sleep. */
void kw_sleeps(struct kw_runner *r, unsigned c, unsigned a);
void kw_yield(struct kw_runner *r, unsigned c);
/* Breaks off what c's top does now; it goes on later from there. */
void kw_interrupt(struct kw_runner *r, unsigned c);
/* Lets c's top go on: the rest of its duration first. */
void kw_resume(struct kw_runner *r, unsigned c);
/* a looks again when it next steps. */
void kw_unblock(struct kw_runner *r, unsigned a);
void kw_slice_end(struct kw_runner *r, unsigned c);
void kw_try_resched(struct kw_runner *r, unsigned c);

/* irq.c */
void kw_raised(struct kw_runner *r, unsigned by, unsigned handler,
	       unsigned latency);
void kw_armed(struct kw_runner *r, unsigned by, unsigned handler,
	      uint64_t at);
void kw_cancelled(struct kw_runner *r, unsigned handler);
void kw_handler_event(struct kw_runner *r, unsigned handler);
/* Something was unmasked: begin what waited for it. */
void kw_check_waiting(struct kw_runner *r);
void kw_handler_ended(struct kw_runner *r, unsigned handler);

/* run.c */
/* What a guest computes is its workload, what the host does is its cost. */
static inline enum kw_purpose kw_burns_for(const struct kw_runner *r,
					   unsigned a)
{
	unsigned type = r->type[a];

	return type == KW_GUEST || type == KW_VIRQ ? KW_WORKLOAD :
						     KW_HOST_COST;
}
/* Uses CPU c for ns; true when nothing else is due before that is over. */
bool kw_burn(struct kw_runner *r, unsigned c, unsigned a, uint64_t ns);
/* A step that is not simple; the number of the next node, ... */
unsigned kw_plain_step(struct kw_runner *r, unsigned a, unsigned pc,
		       struct kw_done *done);
/*
 * ... where a stands then.  This one may be observed, somebody may wait for
 * it, and memory may be weak.
 */
unsigned kw_full_step(struct kw_runner *r, unsigned a, int cpu, unsigned pc,
		      struct kw_done *done);
/*
 * The effect of a's step on CPU c.  Returns true when a may simply go on;
 * else what CPU c does next has been put into the queue, if anything.
 */
bool kw_cpu_effect(struct kw_runner *r, unsigned c, unsigned a,
		   const struct kw_node *n, const struct kw_done *done);

/* ... and of hardware a's step. */
bool kw_hw_effect(struct kw_runner *r, unsigned a, const struct kw_node *n,
		  const struct kw_done *done);

void kw_dispatch(struct kw_runner *r, unsigned slot);

/* Whoever waits for the byte at addr (0: for anything) looks again. */
void kw_retry_blocked(struct kw_runner *r, unsigned addr);

/* What the digest learns of a turn beside its time. */
static inline uint64_t kw_turn(unsigned slot, uint64_t steps)
{
	return ((uint64_t)slot << 40) + (steps << 52);
}

static inline uint64_t kw_digest(uint64_t digest, uint64_t turn)
{
	digest ^= turn;
	digest *= UINT64_C(0x9e3779b97f4a7c15);
	return digest ^ digest >> 29;
}

/*
 * Slot's event, the earliest, at ns, is what happens next.  Whose turn it is,
 * and when, goes into the digest: what he does then follows from the state.
 */
static inline void kw_take(struct kw_runner *r, unsigned slot, uint64_t ns)
{
	r->turn_from = r->counts.steps;
	kw_queue_take(&r->queue, slot, ns);
	r->digest = kw_digest(r->digest, ns + kw_turn(slot, r->counts.steps));
}

/* Takes the earliest event: the clock goes there. */
static inline unsigned kw_next_slot(struct kw_runner *r)
{
	unsigned slot;
	uint64_t ns = kw_queue_first(&r->queue, &slot);

	r->last_ns = r->clock.now;
	r->clock.now = ns;
	kw_take(r, slot, ns);
	return slot;
}

/* When somebody else is next. */
static inline uint64_t kw_horizon(const struct kw_runner *r)
{
	unsigned slot;

	return kw_queue_first(&r->queue, &slot);
}

/* loop.c */
/* Turn after turn, as fast as it goes, while nobody is careful. */
void kw_turns(struct kw_runner *r);
/* CPU c's top steps, carefully, until something stops it. */
void kw_run_cpu(struct kw_runner *r, unsigned c);
/* Hardware a steps, carefully, until it waits. */
void kw_run_hw(struct kw_runner *r, unsigned a);
struct kw_code *kw_code_new(const struct kw_program *p, bool hw);
/* Does node go with the one before it? */
bool kw_is_free(const struct kw_program *p, unsigned node);

#endif
