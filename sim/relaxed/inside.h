/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of relaxed.h, shared by racy.c and whole.c (which variables have
 * messages: in a search, in a run), relaxed.c (what a node does to them) and
 * state.c (where they are kept).
 */
#ifndef KW_RELAXED_INSIDE_H
#define KW_RELAXED_INSIDE_H

#include "../machine/step.h"
#include "../program/link.h"
#include "foresee.h"
#include "relaxed.h"

/* A lock's owner while its unlock waits in a buffer. */
#define KW_UNLOCKING	0xffff
/* The variable of a buffered unlock: this, and the lock's number. */
#define KW_LOCK_VAR	0x8000

#define KW_MAX_WORDS	14
#define KW_HARDWARE	(UINT64_C(1) << 63)	/* beside CPUs */

/* One variable that a node touches. */
struct kw_word {
	uint16_t addr;
	uint8_t width;		/* bytes */
	bool writes;
};

/* What accesses have shown. */
struct kw_racy {
	/* by address */
	uint64_t *cpus;		/* that have touched it, a bit each */
	uint64_t *guards;	/* locks held at each access so far */
	/* by address * (nr_cpus + 1) + CPU: */
	uint64_t *by, *by_writes;	/* locks held when it touched it,
				   wrote it */
	uint64_t *relied;	/* on these nobody else got in its way */
	uint8_t *width;		/* by address */
	uint8_t *quiet, *wrote;	/* ... when it read or wrote it */
	uint8_t *loud;		/* [node]: it loads where others store */
	uint8_t *full, *stale;	/* a buffer was; a read was bounded */
	void *all;		/* of the above, in that order */
	size_t size;
	bool news;		/* something was added */
};

struct kw_relaxed {
	const struct kw_program *p;
	struct kw_relaxed_opts opts;
	struct kw_weak w;
	unsigned nr_cpus;	/* and one more: all hardware */
	uint16_t *cpu_of;	/* [actor] */
	uint16_t *thread_of;	/* [CPU] */
	bool awaits;		/* somebody may wait for a handler's end */
	bool *arch;		/* [address]: an architectural field */
	bool *whole;		/* [address]: no device's; NULL: a search */
	struct kw_racy known;	/* shared by all forks */
	struct kw_racy seen;	/* since, by this one */
	/* the layout of this search */
	uint16_t *var_of;	/* [address]: variable + 1, or 0 */
	uint16_t *vars;			/* addresses */
	uint16_t *lock_of;	/* [address]: lock number + 1, or 0 */
	uint16_t *locks;	/* addresses */
	unsigned nr_locks;
	uint8_t slot_of[256];	/* [register]: rank among slots + 1, or 0 */
	unsigned nr_slot_regs;
	uint16_t *slot_base;	/* [actor]: its first slot of its CPU */
	struct kw_foresee *foresee;	/* NULL: a run */
	int16_t *class_of, *lock_class;	/* [variable], [lock]; the same */
	uint16_t *alike;		/* by class, see kw_alike_new() */
	uint16_t *var_alike;		/* by variable, for sim/weak */
	kw_relaxed_ahead ahead;		/* NULL: it is not known better */
	const void *ahead_arg;
	struct kw_relaxed_swaps *swaps;	/* NULL: everybody has one name */
};

#define KW_NR_VALUES	256

/* Which node a load of a byte at n leads to. */
unsigned kw_leads_to(const struct kw_program *p, const struct kw_node *n,
		     unsigned value);
/* [class * KW_NR_VALUES + value]: the least that is read alike. */
uint16_t *kw_alike_new(const struct kw_relaxed *r);

/* What a's node touches (tasks' state included). */
unsigned kw_words(const struct kw_relaxed *r, const uint8_t *s, unsigned a,
		  struct kw_word *words);
/* Actor a touches them now. */
void kw_racy_touch(struct kw_relaxed *r, const uint8_t *s, unsigned a,
		   const struct kw_word *words, unsigned nr);
/* Would a's store be overtaken by nothing, so that it need not wait? */
bool kw_relaxed_at_once(const struct kw_relaxed *r, const uint8_t *s,
			unsigned a);
/*
 * Does a, by what its node touches, keep everybody away, by a lock that all
 * others hold who write it, or if it is written itself, who touch it?
 */
bool kw_racy_is_quiet(struct kw_relaxed *r, const uint8_t *s, unsigned a);
/* A node loads a racy variable that others may write. */
void kw_racy_loud(struct kw_relaxed *r, unsigned node);
void kw_racy_init(struct kw_relaxed *r);
/* Nothing was seen yet. */
void kw_racy_new(const struct kw_relaxed *r, struct kw_racy *k);
void kw_racy_free(struct kw_racy *k);
void kw_racy_forget(struct kw_racy *k);
/* What from has seen, to has. */
void kw_racy_join(struct kw_racy *to, const struct kw_racy *from);
/* What r has seen becomes known; true when it shows that r was wrong. */
bool kw_racy_learn(struct kw_relaxed *r);
/* What is known of one is known of all that it may be called. */
void kw_racy_share(struct kw_relaxed *r);
void kw_relaxed_forget_swaps(struct kw_relaxed *r);
/* Is the variable racy, as far as is known? */
bool kw_racy_is(const struct kw_relaxed *r, unsigned addr);
/* All there are, at once. */
void kw_whole_init(struct kw_relaxed *r);

static inline const struct kw_actor_state *
kw_standing(const struct kw_relaxed *r, const uint8_t *s, unsigned a)
{
	return (const struct kw_actor_state *)(s + r->p->actors[a].base);
}

static inline uint16_t *kw_weak_words(const struct kw_relaxed *r,
				      const uint8_t *s)
{
	return (uint16_t *)(uintptr_t)(s + r->opts.at);
}

/* Is it no memory, but a device's register? */
static inline bool kw_is_device(const struct kw_relaxed *r, unsigned addr)
{
	return r->arch[addr] || r->known.cpus[addr] >> 63;
}

#endif
