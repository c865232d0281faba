/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a compiled scenario's accesses may see under tso and arm64.
 *
 * The program's bytes are always the newest value in the global order; the
 * words of sim/weak follow them in a state.  The contexts of one CPU (a
 * thread, its guest, the handlers that nest on them) are one thread to
 * sim/weak: they see each other's stores by program order.
 *
 * Only what is shared and racy has messages.  What else is read and written
 * in place:
 *
 *	alone	touched by one CPU: program order says what it reads
 *	locked	touched under a common lock only: who takes the lock has seen
 *		all that was done under it
 *	device	an architectural field, or touched by a hardware actor: it is
 *		no memory; a load is of this moment, and a store is visible at
 *		once, after what a wmb before it says
 *
 * Nobody declares that.  In a search a variable is taken not to be racy
 * until two CPUs have touched it without a common lock; then the search
 * begins again, with one racy variable more.  Where there is a clock, whatever
 * is no device has messages (whole.c), and what nobody may read any more is
 * forgotten by kw_relaxed_settle() in place of kw_relaxed_tidy().
 *
 * Locks, run queues and handlers are the machine's: they are in place, and
 * order what the kernel's primitives order.
 */
#ifndef KW_RELAXED_H
#define KW_RELAXED_H

#include "../machine/machine.h"
#include "../weak/weak.h"

#define KW_MAX_BUFFERED	12	/* stores of a CPU */
/* Messages that a search keeps beyond the newest of each variable, ... */
#define KW_MAX_OLD	48
/* ... and those that a step may add. */
#define KW_MAX_NEW	32

struct kw_relaxed;

struct kw_relaxed_opts {
	enum kw_weak_model memory;
	uint32_t at;		/* where in a state its bytes begin */
	bool reduce;		/* locked variables are in place; of two
				   messages that are read alike, the older */
	bool preempts;		/* involuntary switches occur */
	struct kw_clock *clock;	/* NULL: a search */
};

struct kw_relaxed *kw_relaxed_new(const struct kw_program *p,
				  const struct kw_relaxed_opts *opts);
void kw_relaxed_free(struct kw_relaxed *r);
/*
 * What actor a may still load, or take as a lock, before its CPU has seen
 * all there is, when it stands at that node: a bit an address.  Without that
 * it may be any field with such a name.
 */
typedef const uint64_t *(*kw_relaxed_ahead)(const void *arg, unsigned a,
					    unsigned node);
void kw_relaxed_look_ahead(struct kw_relaxed *r, kw_relaxed_ahead ahead,
			   const void *arg);
/* Has the CPU seen all there is when it has done n? */
bool kw_relaxed_sees_all(const struct kw_node *n);
/* A search begins, with what was learnt: sizes may be others now. */
void kw_relaxed_begin(struct kw_relaxed *r);
uint32_t kw_relaxed_size(const struct kw_relaxed *r);	/* of its bytes */
void kw_relaxed_start(const struct kw_relaxed *r, uint8_t *s);
/*
 * The same for another thread: what accesses show there is the fork's own
 * until it joins.  A fork ends before a search begins again.
 */
struct kw_relaxed *kw_relaxed_fork(const struct kw_relaxed *r);
void kw_relaxed_unfork(struct kw_relaxed *f);
void kw_relaxed_join(struct kw_relaxed *r, const struct kw_relaxed *f);
void kw_relaxed_forget(struct kw_relaxed *f);
/* What is known (seen: what r has seen since), to be kept. */
void *kw_relaxed_knowledge(struct kw_relaxed *r, bool seen, size_t *size);
/* What r has seen is known now; was something wrong?  Says so once. */
bool kw_relaxed_was_wrong(struct kw_relaxed *r);
/* Some read could have been staler, or some store have waited longer. */
bool kw_relaxed_was_bounded(const struct kw_relaxed *r);

/*
 * In how many ways actor a's node can be executed now; 0: it must wait for
 * memory.  The first way reads the newest value that may be read.
 */
unsigned kw_relaxed_ways(struct kw_relaxed *r, uint8_t *s, unsigned a);
/* Whose buffer it is then that it waits for: a CPU. */
unsigned kw_relaxed_waits_for(const struct kw_relaxed *r, const uint8_t *s,
			      unsigned a);
/*
 * The way of a's node that reads what was the newest at timestamp ts, or the
 * oldest that it may read when that is newer; and what that is.
 */
unsigned kw_relaxed_way_at(const struct kw_relaxed *r, const uint8_t *s,
			   unsigned a, unsigned ts, unsigned *value);
/* As kw_step(). */
void kw_relaxed_step(struct kw_relaxed *r, uint8_t *s, unsigned a,
		     unsigned way, unsigned choice, struct kw_done *done);
/* Is a's node nobody else's business: registers, a store that is buffered? */
bool kw_relaxed_hides(struct kw_relaxed *r, uint8_t *s, unsigned a);
/* Is what a's node touches not racy? */
bool kw_relaxed_in_place(const struct kw_relaxed *r, const uint8_t *s,
			 unsigned a);

/*
 * Who may be called by another's name: [actor], [address / 8], and for each
 * actor its nodes, or NULL where they are the same.
 */
struct kw_relaxed_swap {
	const uint16_t *actor, *granule;
	uint16_t *const *node;
};
/* Could anybody be called otherwise? */
bool kw_relaxed_may_swap(const struct kw_relaxed *r);
/* Does a node touch such a field as the other one does? */
bool kw_relaxed_same_field(const struct kw_relaxed *r, unsigned node,
			   unsigned other);
/* From now on what is known of one is known of all that it may be called. */
void kw_relaxed_swaps(struct kw_relaxed *r, const struct kw_relaxed_swap *of,
		      unsigned nr);
/*
 * A tidy state by other names, tidy again; the program's bytes are the
 * caller's business.
 */
void kw_relaxed_rename(const struct kw_relaxed *r, uint8_t *s,
		       const uint16_t *actor, const uint16_t *granule);

/* How names are made such that they do not depend on who is called how. */
struct kw_relaxed_naming {
	const void *arg;
	/* Is that actor ever called otherwise? */
	bool (*moves)(const void *arg, unsigned actor);
	/* Whose part what is at addr is: a unit, an actor being one; or -1 */
	int (*unit)(const void *arg, unsigned addr);
	/* What an address is to a unit. */
	uint64_t (*name)(const void *arg, unsigned unit, unsigned addr);
};
/* While sizes are as they are now. */
struct kw_relaxed_keys *
kw_relaxed_keys_new(const struct kw_relaxed *r,
		    const struct kw_relaxed_naming *n);
void kw_relaxed_keys_free(struct kw_relaxed_keys *k);
/* Adds to each unit a hash of its part of weak memory. */
void kw_relaxed_hash(const struct kw_relaxed_keys *k, const uint8_t *s,
		     uint64_t *unit);

/* CPUs, by number, and the thread of each; that many: hardware. */
unsigned kw_relaxed_nr_cpus(const struct kw_relaxed *r);
unsigned kw_relaxed_cpu(const struct kw_relaxed *r, unsigned actor);
unsigned kw_relaxed_thread(const struct kw_relaxed *r, unsigned cpu);
unsigned kw_relaxed_nr_buffered(const struct kw_relaxed *r, const uint8_t *s,
				unsigned cpu);
/* Where its k-th is stored, or the lock that it gives back; *value: what. */
unsigned kw_relaxed_buffered(const struct kw_relaxed *r, const uint8_t *s,
			     unsigned cpu, unsigned k, unsigned *value);
bool kw_relaxed_can_drain(const struct kw_relaxed *r, const uint8_t *s,
			  unsigned cpu, unsigned k);
void kw_relaxed_drain(const struct kw_relaxed *r, uint8_t *s, unsigned cpu,
		      unsigned k);
/* a's CPU goes on in another context: an exception, or the return of one. */
void kw_relaxed_switch(const struct kw_relaxed *r, uint8_t *s, unsigned a);
/* Canonical form, after each move. */
void kw_relaxed_tidy(struct kw_relaxed *r, uint8_t *s);

/*
 * Timestamps, where there is a clock: up to settled each variable has one
 * message that nobody need read an older one than; now is the newest one's.
 */
unsigned kw_relaxed_settled(const struct kw_relaxed *r);
unsigned kw_relaxed_now(const struct kw_relaxed *r, const uint8_t *s);
/* Nobody reads what was not the newest after cut any more: see weak.h. */
void kw_relaxed_settle(const struct kw_relaxed *r, uint8_t *s, unsigned cut);

#endif
