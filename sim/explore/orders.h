/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which locks are taken while which are held, as far as a search has seen.
 *
 * Locks of one kind (the same field of the same kind of object) are one
 * vertex of a graph, a hard interrupt is one more; struct kw_order is an
 * edge.  A cycle is a deadlock that some timing has, whether a scenario
 * reaches it or not: two locks in both orders, or a lock that an interrupt
 * takes as well, while it is held with interrupts on (what lockdep calls an
 * inconsistent lock state), or a lock beyond it is.  Among locks of one kind
 * each is a vertex of its own, so that they may be taken one in another as
 * long as there is an order.
 *
 * An edge is what one actor does, whatever the others do meanwhile: no
 * reduction hides it, for no reduction leaves out a step of an actor for
 * good.
 */
#ifndef KW_ORDERS_H
#define KW_ORDERS_H

#include "world.h"

struct kw_locks;		/* of a program */
struct kw_orders;		/* what one thread has seen */

struct kw_symmetry;

struct kw_locks *kw_locks_new(const struct kw_program *p);
void kw_locks_free(struct kw_locks *l);
/* What one actor shows is shown of all that could be it (symmetry.h). */
void kw_locks_alike(struct kw_locks *l, const struct kw_symmetry *y);
/* Can a node show an edge? */
bool kw_locks_concern(const struct kw_locks *l, const struct kw_node *n);

/* What actor a shows in state s; how many edges. */
unsigned kw_locks_show(const struct kw_locks *l, const uint8_t *s,
		       unsigned a, struct kw_order of[KW_MAX_ORDERS]);

struct kw_orders *kw_orders_new(const struct kw_locks *l);
void kw_orders_free(struct kw_orders *o);
/* What actor a, which stands at such a node of state s, shows. */
void kw_orders_note(struct kw_orders *o, const uint8_t *s, unsigned a);
void kw_orders_add(struct kw_orders *o, const struct kw_order *edge);
void kw_orders_join(struct kw_orders *to, const struct kw_orders *from);
const struct kw_order *kw_orders_all(const struct kw_orders *o, unsigned *nr);
/*
 * A shortest of the cycles that an edge closes which is new since this was
 * last asked; that edge, by names by which it was seen, is its last.  struct
 * kw_order, the caller's; or NULL.
 */
GArray *kw_orders_cycle(struct kw_orders *o);

#endif
