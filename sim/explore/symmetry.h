/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States that differ only in who is who.
 *
 * A unit is an actor or an object.  A swap exchanges some units with others
 * of their kind, all of them, and is no difference to the program: its initial
 * state is the same, and so is every path of every actor, with the units that
 * it names exchanged (match.c).  States that swaps make of each other are an
 * orbit; what one of them leads to, all do, but for the names.
 *
 * A class is some elements that any permutation of may be exchanged; each is a
 * block of units, the same in each.  Elements of one class may lie within an
 * element of another: two vCPUs with two wakers each.
 *
 *	vcpu0 waker0 waker2	an element, and in it waker0 and waker2
 *	vcpu1 waker1 waker3	the other, with waker1 and waker3
 *
 * A state is put in order (canon.c) by sorting the elements of each class; one
 * orbit may keep several states in order, where elements are equal by
 * themselves but others refer to them.  That costs states, no more.
 */
#ifndef KW_SYMMETRY_H
#define KW_SYMMETRY_H

#include "guard.h"

struct kw_world;

/* Exchanges units, and with them nodes and return points; an involution. */
struct kw_swap {
	uint16_t *unit;			/* [unit] */
	uint16_t **node, **point;	/* [actor]: [node], [point]; NULL: each
					   is itself */
};

struct kw_element {
	unsigned class, index;
	int parent;			/* element that it lies in, or -1 */
	uint16_t *units;		/* as many as the class says */
	const struct kw_swap *swap;	/* with element 0; NULL: that it is */
};

struct kw_class {
	unsigned first, nr;		/* its elements */
	unsigned nr_units;		/* of each */
};

struct kw_symmetry {
	const struct kw_world *w;
	unsigned nr_units;		/* actors, then objects */
	struct kw_class *classes;	/* the outer ones first */
	unsigned nr_classes;
	struct kw_element *elements;
	unsigned nr_elements;
	struct kw_swap *swaps;		/* they generate the group */
	unsigned nr_swaps;
	int16_t *element;		/* [unit]: the innermost, or -1 */
	uint16_t *orbit;		/* [unit]: the first unit that swaps
					   make it; itself if none moves it */
	uint8_t *common;		/* [unit * nr_units + unit]: elements
					   that both lie in */
	struct kw_renaming *renamings;	/* [swap] */
	struct kw_relaxed_swap *relaxed;	/* [swap]: the same */
	uint8_t **held;			/* [kind]: [halfword], see below */
	uint16_t **naming;		/* [kind]: halfwords that hold no
					   numbers, and UINT16_MAX */
	uint16_t *path_of;		/* [node]: entry */
	uint8_t *return_reg;		/* [entry node]: 0: nobody calls it */
	uint16_t *return_val;		/* [entry node]: one of its outcomes */
};

enum {				/* what a halfword of an object holds */
	KW_HOLDS_NUMBERS, KW_HOLDS_ADDRESS, KW_HOLDS_ACTOR,
};

/* NULL: no two states are one. */
struct kw_symmetry *kw_symmetry_new(const struct kw_world *w);
void kw_symmetry_free(struct kw_symmetry *y);

/* What one of them may load ahead, all that it may be may (footprint.h). */
struct kw_footprint;
void kw_symmetry_share(const struct kw_symmetry *y, struct kw_footprint *f);

/* match.c */
struct kw_matching;
struct kw_matching *kw_matching_new(const struct kw_symmetry *y);
void kw_matching_free(struct kw_matching *m);
/*
 * A swap that exchanges actors a and b and as little else as it finds; how
 * many units it moves, or 0: there is none.
 */
unsigned kw_matching_find(struct kw_matching *m, unsigned a, unsigned b);
/* The swap that was found last. */
void kw_matching_take(struct kw_matching *m, struct kw_swap *swap);
void kw_swap_free(const struct kw_symmetry *y, struct kw_swap *swap);

/* canon.c: one a thread. */
struct kw_canon;

struct kw_canon *kw_canon_new(const struct kw_symmetry *y);
void kw_canon_free(struct kw_canon *c);
/*
 * s becomes its orbit's state in order; true when it was not.  to: [unit],
 * where each has gone; or NULL.
 */
bool kw_canon_order(struct kw_canon *c, uint8_t *s, uint16_t *to);
/*
 * The state, in order, that kw_canon_after() speaks of.  stale: grains
 * (world.h) in which it may differ from the one before it.
 */
void kw_canon_before(struct kw_canon *c, const uint8_t *s, uint64_t stale);
/*
 * The same of s, which differs from that one in no words but the nr that
 * place[0], place[stride] ... are.
 */
struct kw_change;
bool kw_canon_after(struct kw_canon *c, uint8_t *s,
		    const struct kw_change *changes, unsigned nr);
/* The node of actor b that is to it what `node` is to a. */
unsigned kw_canon_node(const struct kw_canon *c, unsigned a, unsigned node,
		       unsigned b);
/* s := what swap makes of it. */
void kw_canon_swap(struct kw_canon *c, unsigned swap, uint8_t *s);

/* What a register that is not 0 holds, in an actor's block. */
struct kw_chain {
	uint64_t points[4];		/* bit r: register r holds a return
					   point; else it holds an address */
};
void kw_chain_of(const struct kw_symmetry *y,
		 const struct kw_actor_state *st, struct kw_chain *chain);

#endif
