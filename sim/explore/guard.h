/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which lock guards which variable, as far as a search has seen.
 *
 * While an actor holds the lock that everybody takes to touch a variable,
 * nobody else can tell when it touches it: such a step may be folded into
 * the one before, and so may the unlock.  A critical section becomes one
 * move.
 *
 * Nobody declares it: a variable is taken to be guarded by the locks that
 * were held at every access so far.  An access without them, to a variable
 * with which something was folded, shows that this was wrong: it is guarded
 * by nothing from then on, and the search begins again.  A search that ends
 * without has seen every access, for up to the first one that breaks the
 * rule all orders that were left out are equal to one that was not (Stoller
 * and Cohen, "Optimistic synchronization-based state-space reduction",
 * TACAS 2003).
 *
 * The same holds for what only one actor touches, and for what a thread and
 * its guest do: while the thread runs, the guest does not (but the guest may
 * be left at any moment, so that its own steps are no such steps).
 *
 * A handler that takes a lock which its home may hold, or which somebody holds
 * who waits for its home, must be let in between: such an unlock is folded only
 * where interrupts are off.  Where an actor's
 * path asks spin_is_locked(), no unlock is: it is to see the lock taken.
 *
 * What is folded depends on what is known, which changes between two levels
 * of a search only; what is seen meanwhile each thread notes for itself.
 * Thus what a level leads to does not depend on the order within it, and
 * whether it was right is a question for its end.
 *
 * Where states that differ only in who is who are one, what is seen of one
 * actor is known of all that could be it.
 */
#ifndef KW_GUARD_H
#define KW_GUARD_H

#include "../machine/machine.h"
#include "../program/paths.h"

#define KW_GUARDS_MAX 3
#define KW_UNSEEN 0xffff
#define KW_GROUP 0x8000

/* Of one address; of the lock there: only the last two. */
struct kw_guard {
	uint16_t locks[KW_GUARDS_MAX];	/* the first is 0: none, KW_UNSEEN:
					   not touched */
	uint16_t owner;		/* actor + 1 who alone has touched it, or that
				   and KW_GROUP: thread + 1, it and its guest;
				   0: others too; KW_UNSEEN */
	uint16_t folded;	/* the same of those who folded as its owner */
	bool used;		/* something was folded under its locks */
	bool by_handler;	/* a handler takes this lock, or one that is
				   held by somebody who takes this one; at
				   address 0: who waits for something else */
	bool released;		/* its unlock was folded, interrupts on */
};

struct kw_guards {
	const struct kw_program *p;
	struct kw_guard *known;		/* [address] */
	uint16_t *locks;		/* addresses of all locks */
	unsigned nr_locks;
	bool asked;			/* an actor asks whether a lock is
					   taken: no unlock is folded */
	bool wrong;			/* begin again */
	const struct kw_renaming *renamings;
	unsigned nr_renamings;
};

/*
 * Who may be called by another's name (symmetry.h): what holds of one holds of
 * the other.
 */
struct kw_renaming {
	uint16_t *actor;		/* [actor] */
	uint16_t *granule;		/* [address / 8] */
};

static inline unsigned kw_rename_address(const struct kw_renaming *r,
					 unsigned addr)
{
	return r->granule[addr / 8] * 8u + addr % 8;
}

/* What one thread has seen since. */
struct kw_learnt {
	struct kw_guard *seen;		/* [address] */
	bool news;			/* something beyond what is known */
};

struct kw_guards *kw_guards_new(const struct kw_program *p,
				const struct kw_paths *paths);
void kw_guards_free(struct kw_guards *g);
/* Of g->known, and of what is learnt. */
size_t kw_guards_bytes(const struct kw_guards *g);
struct kw_learnt *kw_learnt_new(const struct kw_guards *g);
void kw_learnt_free(struct kw_learnt *l);
/* Nothing was seen. */
void kw_learnt_forget(const struct kw_guards *g, struct kw_learnt *l);
/* What from has seen, to has. */
void kw_learnt_join(const struct kw_guards *g, struct kw_learnt *to,
		    const struct kw_learnt *from);
/* It becomes known, and g->wrong what it shows to be. */
void kw_guards_learn(struct kw_guards *g, struct kw_learnt *l);
/*
 * Actor a touches memory by node n (which is no lock or unlock); may that be
 * folded?  fold: it is going to be then.
 */
bool kw_guards_touch(const struct kw_guards *g, struct kw_learnt *l,
		     const uint8_t *s, unsigned a, bool fold);
/* a is about to take the lock at addr; 0: to wait for something else. */
void kw_guards_wait(const struct kw_guards *g, struct kw_learnt *l,
		    const uint8_t *s, unsigned a, unsigned addr);
/* May an unlock of addr be folded? */
bool kw_guards_unlock(const struct kw_guards *g, struct kw_learnt *l,
		      unsigned addr, bool irq_off);

#endif
