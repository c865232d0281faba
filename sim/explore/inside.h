/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a world, shared by the files of explore/ that make and move
 * it: setup.c (what is known beforehand), fork.c (what each thread has for
 * itself), world.c (moves), flags.c (what the oracle keeps), path.c (moves in
 * words).
 */
#ifndef KW_EXPLORE_INSIDE_H
#define KW_EXPLORE_INSIDE_H

#include "../machine/step.h"
#include "../oracle/oracle.h"
#include "../program/link.h"
#include "../program/live.h"
#include "../relaxed/relaxed.h"
#include "expand.h"
#include "footprint.h"
#include "guard.h"
#include "orders.h"
#include "symmetry.h"
#include "world.h"

#define KW_NO_ACTOR	0xffff

enum {				/* of a node */
	KW_N_PRIVATE	= 1 << 0,	/* nobody sees it, it sees nobody */
	KW_N_ARCH	= 1 << 1,	/* SPEC may change with it */
	KW_N_FORKS	= 1 << 2,	/* CHOICE, TIME_LESS */
	KW_N_WAITS	= 1 << 3,	/* may have to wait */
	KW_N_DATA	= 1 << 4,	/* touches what a lock may guard */
	KW_N_CHECK	= 1 << 5,	/* an invariant may fail with it ... */
	KW_N_SEEN	= 1 << 6,	/* ... and asks for no lock */
	KW_N_GUARDED	= 1 << 7,	/* accesses what guarded() declares */
};

/* What is asked of nodes and actors most often, close together. */
struct kw_view {
	uint8_t part;			/* bytes in memory that decide all */
	bool takes;			/* see kw_world.takes */
};

struct kw_span {			/* of memory, in one word */
	unsigned addr, len;
};

struct kw_place {
	uint32_t base;
	uint16_t first, last;		/* words of its block */
};

struct kw_world {
	const struct kw_program *p;
	struct kw_world_opts opts;
	struct kw_relaxed *memory;	/* NULL: sequential consistency */
	struct kw_paths *paths;
	struct kw_live *live;
	struct kw_guards *guards;	/* NULL: not folded */
	struct kw_learnt *learnt;	/* the same; a fork's own */
	struct kw_locks *locks;
	struct kw_orders *orders;	/* a fork's own; NULL: no fork */
	bool *takes;			/* [node]: shows which lock is taken
					   while which are held */
	uint32_t size;			/* without what memory keeps */
	uint32_t flags_at, budget_at, rows_at;
	uint8_t *node;			/* [node] */
	uint8_t **slow;			/* [actor][node], or NULL */
	unsigned nr_actors;		/* without the oracle's scratch */
	unsigned nr_vcpus, nr_irqs;
	uint16_t *vcpus, *irqs;		/* object numbers */
	uint16_t *thread_of;		/* [vCPU] */
	int16_t *vcpu_of;		/* [thread], or -1 */
	uint16_t *guest_of, *preempt_of;	/* [thread] */
	uint16_t *virq_of;		/* [guest] */
	bool *guarded;			/* [address], or NULL: nothing is */
	bool *interrupted;		/* [thread]: handlers nest on it */
	int mark_verdict, mark_signal;
	unsigned grain_shift;		/* log2 of a grain's bytes */
	uint8_t *written;		/* [node], see grain.c */
	struct kw_view *views;		/* [node] */
	struct kw_place *places;	/* [actor] */
	uint16_t *block_of;		/* [word]: whose block it is in */
	uint64_t *block_grains, *header_grains;	/* [actor] */
	uint64_t flags_grains;
	struct kw_slot *slots;
	unsigned nr_slots;
	struct kw_ailing ailing;
	bool checks;			/* some invariants are seen by moves */
	struct kw_footprint *footprint;	/* NULL: every move is made */
	struct kw_footprint *ahead;	/* for weak memory, or NULL */
	struct kw_symmetry *symmetry;	/* NULL: no two states are one */
	unsigned nr_units;		/* see persist.c */
	uint16_t *unit;			/* [actor] */
	uint16_t *members, *first_member;	/* actors; [unit] */
	bool quiet;			/* neither memory nor a scheduler does
					   anything by itself */
	bool local;			/* ... and what an actor may do follows
					   from what kw_reads() says */
	uint8_t *quick;			/* [node], see quick.c */
	bool *alone;			/* [actor]: READY and not nested on,
					   it can step */
	bool *folds;			/* [node]: may be folded */
};

struct kw_list {			/* of moves */
	struct kw_move *m;
	unsigned nr;
};

/* world.c */
bool kw_world_can_step(const struct kw_world *w, const uint8_t *s,
		       unsigned a);
/* Is a about to wait for others?  Folding has to know (guard.h). */
void kw_world_note_wait(const struct kw_world *w, const uint8_t *s,
			unsigned a);
/* Adds the moves of actor a, its steps (not: without_steps) first. */
void kw_world_moves_of(const struct kw_world *w, uint8_t *s, unsigned a,
		       bool without_steps, struct kw_list *l);
/* Adds what memory may do by itself. */
void kw_world_flows(const struct kw_world *w, const uint8_t *s,
		    struct kw_list *l);

/* quick.c */
void kw_quick_init(struct kw_world *w);
/*
 * Actor a, which can step, steps: what changes goes to c, what they add to
 * the fingerprint to *adds.  Returns how many words; or -1: the step is none
 * that is done here.
 */
int kw_quick_step(const struct kw_world *w, const uint8_t *s, unsigned a,
		  struct kw_change *c, uint64_t *adds);
#define KW_QUICK_CHANGES 8	/* at most */
#define KW_QUICK_SPANS	 3	/* at most */
/*
 * ... and what that depended on, beside the blocks of a and its homes.
 * Returns how many.
 */
unsigned kw_quick_spans(const struct kw_world *w, const uint8_t *s, unsigned a,
			struct kw_span spans[KW_QUICK_SPANS]);

/* remember.c */
/*
 * Keeps what a does in x->cur, its seat's acting, which depends on what that
 * reads and on spans as well: those are added to it.
 */
void kw_remember(struct kw_expander *x, unsigned a,
		 const struct kw_span *spans, unsigned nr_spans);

/* race.c */
void kw_races_init(struct kw_world *w);

/* persist.c */
void kw_persist_init(struct kw_world *w);
void kw_persist_free(struct kw_world *w);
/* What is known when it is chosen; NULL: every move is made. */
struct kw_choosing *kw_choosing_new(const struct kw_world *w);
void kw_choosing_free(struct kw_choosing *c);
/* Leaves only those of x->children that must be made. */
void kw_persist_choose(struct kw_expander *x);

/* flags.c */
/* Everything anew from state s. */
void kw_flags_start(const struct kw_world *w, uint8_t *s);
/* An architectural field may have changed. */
void kw_flags_arch(const struct kw_world *w, uint8_t *s,
		   struct kw_seen_by_move *seen);
/* What an effect of actor a means for the waits. */
void kw_flags_effect(const struct kw_world *w, uint8_t *s, unsigned a,
		     const struct kw_done *done,
		     struct kw_seen_by_move *seen);
/* Somebody calls try_to_wake_up() for a task. */
void kw_flags_kick(const struct kw_world *w, uint8_t *s, unsigned task);
void kw_flags_seen(const struct kw_world *w, const uint8_t *s,
		   struct kw_seen_by_move *seen);

/* grain.c */
#define KW_BLOCK_SIZE(ac) \
	(sizeof(struct kw_actor_state) + 2u * (ac)->nr_regs)

void kw_grains_init(struct kw_world *w);
/* After kw_quick_init(). */
void kw_views_init(struct kw_world *w);
/* Those that actor a's next step may change, what it forgets excepted. */
uint64_t kw_step_grains(const struct kw_world *w, const uint8_t *s,
			unsigned a);
/* ... and beginning, firing, or leaving the guest. */
uint64_t kw_begin_grains(const struct kw_world *w, unsigned a);

/*
 * Those that a's moves depend on: which there are, what they do and show,
 * without what oracle and invariants look at (struct kw_seen_by_move), and
 * without the span (its len may be 0), on which they depend as well.
 */
uint64_t kw_reads(const struct kw_world *w, const uint8_t *s, unsigned a,
		  struct kw_span *span);
/* ... on which everything that a may ever do depends. */
uint64_t kw_actor_grains(const struct kw_world *w, unsigned a);
/* ... and its step does, where it can step, or evaluates a path. */
uint64_t kw_step_reads(const struct kw_world *w, const uint8_t *s,
		       unsigned a);
/* Of len bytes, no more than two grains have. */
static inline uint64_t kw_grains(const struct kw_world *w, unsigned addr,
				 unsigned len)
{
	return UINT64_C(1) << (addr >> w->grain_shift) |
	       UINT64_C(1) << ((addr + len - 1) >> w->grain_shift);
}
/*
 * An oracle's path, atomically; its scratch actor leaves nothing behind.
 * Adds to *read (or NULL) the grains that it looked at.
 */
unsigned kw_world_eval(const struct kw_world *w, uint8_t *s, uint16_t entry,
		       uint16_t arg, uint64_t *read);

/* invariant.c */
void kw_slots_new(struct kw_world *w);
/* Some invariant may fail now; entered: a thread that enters its guest. */
void kw_slots_check(const struct kw_world *w, uint8_t *s, int entered,
		    struct kw_seen_by_move *seen);

/* As in locks and handlers: an actor's number + 1; not: none, KW_UNLOCKING. */
static inline bool kw_is_actor(const struct kw_world *w, unsigned x)
{
	return x && x <= w->nr_actors;
}

static inline const struct kw_actor_state *
kw_block(const struct kw_world *w, const uint8_t *s, unsigned a)
{
	return (const struct kw_actor_state *)(s + w->p->actors[a].base);
}

#endif
