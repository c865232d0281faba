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
 * A handler that takes a lock which its home may hold must be let in between:
 * such an unlock is folded only where interrupts are off.
 */
#ifndef KW_GUARD_H
#define KW_GUARD_H

#include "../machine/machine.h"

#define KW_GUARDS_MAX 3
#define KW_UNSEEN 0xffff
#define KW_GROUP 0x8000

struct kw_guards {
	const struct kw_program *p;
	uint16_t (*of)[KW_GUARDS_MAX];	/* [address]: locks; the first is 0:
					   none, KW_UNSEEN: not touched */
	bool *used;			/* [address]: something was folded */
	uint16_t *owner;		/* [address]: actor + 1 who alone has
					   touched it, or that and KW_GROUP:
					   thread + 1, it and its guest; 0:
					   others too; KW_UNSEEN */
	bool *owned;			/* ... something was folded so */
	uint16_t *locks;		/* addresses of all locks */
	unsigned nr_locks;
	bool *by_handler;		/* [lock address]: a handler takes it */
	bool *released;			/* ... its unlock was folded with
					   interrupts on */
	bool wrong;			/* begin again */
};

struct kw_guards *kw_guards_new(const struct kw_program *p);
void kw_guards_free(struct kw_guards *g);
/*
 * Actor a touches memory by node n (which is no lock or unlock); is all of
 * it guarded by locks that a holds?  fold: it is going to be folded then.
 */
bool kw_guards_touch(struct kw_guards *g, const uint8_t *s, unsigned a,
		     const struct kw_node *n, bool fold);
/* A handler is about to take the lock at addr. */
void kw_guards_handler(struct kw_guards *g, unsigned addr);
/* May actor a's unlock of addr be folded? */
bool kw_guards_unlock(struct kw_guards *g, unsigned addr, bool irq_off);

#endif
