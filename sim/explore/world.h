/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can happen next: the moves of a flat state.
 *
 *	0             state_size                    a multiple of 8
 *	| program     | vCPU flags, budget | memory (../relaxed) |
 *
 * There is no time: whoever may step may be next, an armed timer may fire at
 * any moment, a delay may be over at once.  There is no scheduler either:
 * each thread has a CPU.  What a real host does is one of these orders.
 *
 *	KW_STEP		an actor executes its node (way: which value it
 *			reads; choice: CHOICE, TIME_LESS)
 *	KW_FLOW		a store of the actor's CPU drains (choice: which)
 *	KW_BEGIN	a pending handler begins
 *	KW_FIRE		an armed handler's timer expires: it pends
 *	KW_FORCE	a host interrupt that pends takes a thread out of its
 *			guest
 *	KW_SWITCH	an involuntary preemption, while the budget lasts
 *
 * States are canonical: registers that nobody will read again are 0 (see
 * live.h), and so is everything of an actor that is not running.
 *
 * What the oracle must know of the past is one byte a vCPU.  SPEC and waits
 * are functions of the rest of the state, kept here because they are asked
 * for more often than they change; the others are what sim/run/watch.c
 * keeps of an open wait.
 */
#ifndef KW_WORLD_H
#define KW_WORLD_H

#include "../machine/machine.h"
#include "../weak/weak.h"

enum {				/* a vCPU's byte */
	KW_V_SPEC	= 1 << 0,	/* SPEC(v) holds */
	KW_V_WAITS	= 3 << 1,	/* enum kw_waits */
	KW_V_ACTIVE	= 1 << 3,	/* a wait is open */
	KW_V_LEFT	= 1 << 4,	/* the predicate's verdict ended it */
	KW_V_OK		= 1 << 5,	/* ... and SPEC held since */
	KW_V_SIGNAL	= 1 << 6,	/* it ended because of a signal */
	KW_V_SLEPT	= 1 << 7,	/* it has slept, if that is counted */
};

enum kw_move_type {
	KW_STEP, KW_FLOW, KW_BEGIN, KW_FIRE, KW_FORCE, KW_SWITCH,
};

struct kw_move {
	uint8_t type;		/* enum kw_move_type */
	uint8_t way;
	uint16_t actor, choice;
	bool slow;		/* only an actor that never ends does it: it
				   may as well not */
};
#define KW_MAX_MOVES 1024

/* What a move showed. */
struct kw_seen_by_move {
	bool failed;		/* message: FAIL's, KW_FAIL_NULL, ... */
	bool raced;		/* an access, with one that might as well
				   have been first */
	bool exposed;		/* SPEC holds in an open wait */
	uint16_t broken;	/* bit i: invariant i did not hold */
	int16_t spurious;	/* vCPU that entered its guest for nothing,
				   or -1 */
	int16_t row;		/* vCPU woken so often for nothing, or -1 */
	int16_t woken;		/* vCPU that was woken while it waited, was
				   forced out of its guest or entered it for
				   nothing; or -1 */
	bool progress;		/* a vCPU entered its guest for something, or
				   a guest takes an interrupt */
	uint16_t message;
	bool sticky;		/* it went round a loop, or was no step */
	uint64_t dirty;		/* bit i: grain i may have changed */
	uint64_t read;		/* ... oracle or invariants looked at it;
				   where somebody asks (kw_world.local) */
};

struct kw_world_opts {
	enum kw_weak_model memory;
	uint32_t check;		/* bit i: invariant i of the program */
	bool fold;		/* steps that nobody can see the moment of
				   join the one before */
	bool settle;		/* weak memory: what makes no difference it does
				   in one way, see relaxed.h */
	bool persist;		/* moves that others can wait for are made
				   alone, see persist.c */
	bool symmetry;		/* states that differ only in who is who are
				   one, see symmetry.h */
	unsigned preemptions;	/* involuntary switches at most, 0 .. 255 */
	unsigned row;		/* wake-ups of a vCPU for nothing, spurious or
				   futile, without one for something between:
				   counted up to so many, 0 .. 255 */
	bool per_kick;		/* ... since the last call that was to wake
				   it instead, whatever came of that */
	bool *marks;		/* [mark]: set when it is executed; or NULL */
};

/*
 * An actor, where it stands, is about to take the lock `to` while it holds
 * the lock `from`.  KW_IN_IRQ as from: in a hard interrupt; as to: it takes
 * from, or goes on holding it, with interrupts on.
 */
struct kw_order {
	uint16_t from, to;		/* addresses, or KW_IN_IRQ */
	uint16_t actor, node;
};
#define KW_IN_IRQ	0
#define KW_MAX_ORDERS	8		/* that an actor shows at once */

struct kw_world;

/* Called for each machine step that a move consists of, when rendered. */
typedef void (*kw_world_observer)(void *arg, const uint8_t *before,
				  const uint8_t *after, unsigned actor,
				  const struct kw_done *done);

/* Read only once it is made, but for what folding learns (guard.h). */
struct kw_world *kw_world_new(const struct kw_program *p,
			      const struct kw_world_opts *opts);
void kw_world_free(struct kw_world *w);
uint32_t kw_world_size(const struct kw_world *w);
/* log2 of the words of a grain: a state is at most 64 grains. */
unsigned kw_world_grain_shift(const struct kw_world *w);
const struct kw_object *kw_world_vcpu(const struct kw_world *w, unsigned v);
/* So many states at most are one; UINT64_MAX: more than that. */
uint64_t kw_world_symmetry(const struct kw_world *w);
/* The vCPU whose thread actor a is, or -1. */
int kw_world_vcpu_of(const struct kw_world *w, unsigned a);

/*
 * A search begins, perhaps once more: what was learnt counts from now on.
 * The size of a state may be another.
 */
void kw_world_begin(const struct kw_world *w);
void kw_world_start(const struct kw_world *w, uint8_t *s);
/* The same, step by step, as far as steps are folded. */
void kw_world_watch_start(const struct kw_world *w, uint8_t *s,
			  kw_world_observer observe, void *arg);
/* Every move that state s allows, in a fixed order; how many. */
unsigned kw_world_moves(const struct kw_world *w, uint8_t *s,
			struct kw_move moves[KW_MAX_MOVES]);
/*
 * Notes, of actors whose blocks are in these grains, which locks they are
 * about to take while they hold which.  What an actor holds changes with its
 * own block only: so whoever asks for each new state, and the move that led
 * to it, has asked for all.
 */
void kw_world_note_orders(const struct kw_world *w, const uint8_t *s,
			  uint64_t dirty);
/* The same in parts: of one actor each, and what memory may do. */
unsigned kw_world_nr_parts(const struct kw_world *w);
unsigned kw_world_some_moves(const struct kw_world *w, uint8_t *s,
			     unsigned part,
			     struct kw_move moves[KW_MAX_MOVES]);
/* Does a, which stands at that node, perhaps not go on for very long? */
bool kw_world_is_slow(const struct kw_world *w, unsigned a, unsigned node);
/* Does a's next access race with one that another stands at? */
bool kw_world_races(const struct kw_world *w, const uint8_t *s, unsigned a);
/* The guarded address that an actor whose block it is accesses next, or 0. */
unsigned kw_world_access(const struct kw_world *w,
			 const struct kw_actor_state *st);
/* Do two accesses to one address, at those nodes, race if both are next? */
bool kw_world_conflict(const struct kw_world *w, unsigned node, unsigned with);
/* Does it; what it showed is in *seen. */
void kw_world_apply(const struct kw_world *w, uint8_t *s,
		    const struct kw_move *m, struct kw_seen_by_move *seen);
/* The same, step by step. */
void kw_world_watch(const struct kw_world *w, uint8_t *s,
		    const struct kw_move *m, struct kw_seen_by_move *seen,
		    kw_world_observer observe, void *arg);

/*
 * The same world for another thread, or for moves that may turn out not to
 * count: what folding sees there is the fork's own until it joins.
 */
struct kw_world *kw_world_fork(const struct kw_world *w);
void kw_world_unfork(struct kw_world *f);
void kw_world_join(const struct kw_world *w, const struct kw_world *f);
void kw_world_forget(const struct kw_world *f);
/* What folding knows (learnt: what this fork has learnt), to be kept. */
void *kw_world_knowledge(const struct kw_world *w, bool learnt, size_t *size);
/* The same of who touches what, where memory is weak. */
void *kw_world_accesses(const struct kw_world *w, bool learnt, size_t *size);
/* Which locks this fork has seen taken in which order, to be kept. */
const struct kw_order *kw_world_orders(const struct kw_world *w,
				       unsigned *nr);
void kw_world_add_order(const struct kw_world *w, const struct kw_order *o);
/* A cycle of them, see orders.h; NULL: none that is new. */
GArray *kw_world_order_cycle(const struct kw_world *w);
/* What actor a shows of them in state s; how many. */
unsigned kw_world_shows_orders(const struct kw_world *w, const uint8_t *s,
			       unsigned a,
			       struct kw_order of[KW_MAX_ORDERS]);
/* Of the program and the options that decide what moves there are. */
uint64_t kw_world_digest(const struct kw_world *w);
/* See kw_world_opts.per_kick. */
bool kw_world_is_per_kick(const struct kw_world *w);
/* Which reductions are in use?  Not all that were asked for need be. */
bool kw_world_folds(const struct kw_world *w);
bool kw_world_settles(const struct kw_world *w);
bool kw_world_persists(const struct kw_world *w);

/*
 * Folding took something for granted (see guard.h) that a move has shown to
 * be wrong: what was done since the world was made, or since this was last
 * true, must be done again.  Says so once.
 */
bool kw_world_was_wrong(const struct kw_world *w);
/* Was a read bounded in how stale it may be, or a store in how late? */
bool kw_world_was_bounded(const struct kw_world *w);
/* Is memory weak, so that walks show what it begins with (walk.c)? */
bool kw_world_is_weak(const struct kw_world *w);
/* The actor whose KW_FLOW moves are those of a's CPU. */
unsigned kw_world_flows_as(const struct kw_world *w, unsigned a);
/*
 * What a state may not stay in for ever, by slots: below the number of vCPUs
 * vCPU v sleeps although SPEC holds; from there on an invariant and one of
 * the objects that it speaks of.
 */
struct kw_slot {
	int vcpu;		/* oversleeps; or -1 */
	uint16_t invariant;	/* number */
	uint16_t object;	/* number */
	bool lasts;		/* asked about in states; else seen by moves */
	bool alone;		/* guests and timers are not counted on */
};
unsigned kw_world_nr_slots(const struct kw_world *w);
const struct kw_slot *kw_world_slot(const struct kw_world *w, unsigned slot);
/* Is it so in state s? */
bool kw_world_ails(const struct kw_world *w, uint8_t *s, unsigned slot);
/* The first slot from that on that lasts and is so, or KW_NO_SLOT. */
unsigned kw_world_next_ail(const struct kw_world *w, uint8_t *s,
			   unsigned slot);
#define KW_NO_SLOT UINT_MAX
/* A vCPU that may oversleep. */
struct kw_sleeper {
	uint32_t flags, run;		/* addresses: its byte (see above), and
					   its thread's; no thread: flags */
};
static inline bool kw_oversleeps(const struct kw_sleeper *x, const uint8_t *s)
{
	const unsigned exposed = KW_V_ACTIVE | KW_V_SPEC;

	_Static_assert((KW_ASLEEP & (KW_V_ACTIVE | KW_V_SPEC)) !=
		       (KW_V_ACTIVE | KW_V_SPEC), "a byte is no thread's");
	return ((s[x->flags] & exposed) == exposed) & (s[x->run] == KW_ASLEEP);
}
/* What to ask most states first, whose answer is no. */
struct kw_ailing {
	struct kw_sleeper *sleepers;	/* [nr], a vCPU each */
	unsigned nr;
	bool others;			/* other slots last, too */
};
const struct kw_ailing *kw_world_ailing(const struct kw_world *w);
/* False: kw_world_next_ail() finds none. */
static inline bool kw_may_ail(const struct kw_ailing *x, const uint8_t *s)
{
	bool may = x->others;
	unsigned i;

	for (i = 0; i < x->nr; i++)
		may |= kw_oversleeps(&x->sleepers[i], s);
	return may;
}
/* May move m be counted on to end it? */
bool kw_world_counts(const struct kw_world *w, unsigned slot,
		     const struct kw_move *m);
/* Actor + 1 that waits for a lock or a condition, or 0. */
unsigned kw_world_blocked(const struct kw_world *w, uint8_t *s,
			  unsigned *addr);

#endif
