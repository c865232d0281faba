/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an actor can still touch, from each node on.
 *
 * Places are the bytes of the objects and, behind them, what is no byte: an
 * actor's header (begun, raised, asleep), whether interrupts are on for it,
 * a vCPU's flags (what SPEC and waits are made of), whether invariants hold,
 * and whether a CPU's stores are all visible.  What a register holds is known
 * as far as registers.h says; else it may be any object that has the field.
 * What is raised touches all that its handler does.
 */
#ifndef KW_FOOTPRINT_H
#define KW_FOOTPRINT_H

#include "../program/paths.h"

struct kw_world;

struct kw_touch {		/* of one node */
	GArray *reads, *writes;	/* uint16_t: places; writes are not reads */
	bool all;		/* may be any place */
};

struct kw_prints {		/* of one actor */
	uint16_t *index;	/* [node] + 1, or 0: it is never there */
	unsigned nr;
	struct kw_touch *own;	/* [index] */
	uint64_t *touched, *written;	/* [index * words]: from there on */
	uint64_t *loaded;	/* ... up to where its CPU has seen all there
				   is: loaded, or taken as a lock; NULL with
				   sequential consistency */
};

struct kw_footprint {
	const struct kw_world *w;
	unsigned nr_places, words;
	struct kw_prints *of;	/* [actor] */
	bool *sticky;		/* [node]: a loop of its path goes on there */
	bool *waits;		/* [thread]: a handler of it may have to */
	bool *checked;		/* [address]: an invariant may fail when it is
				   written */
};

struct kw_footprint *kw_footprint_new(const struct kw_world *w);
void kw_footprint_free(struct kw_footprint *f);

/* stays.c: sticky, and waits. */
void kw_footprint_stays(struct kw_footprint *f);

/* Places that are no bytes. */
unsigned kw_place_header(const struct kw_footprint *f, unsigned actor);
unsigned kw_place_irqs(const struct kw_footprint *f, unsigned actor);
unsigned kw_place_checks(const struct kw_footprint *f);
unsigned kw_place_buffer(const struct kw_footprint *f, unsigned thread);

static inline bool kw_place_in(const uint64_t *set, unsigned place)
{
	return set[place / 64] >> place % 64 & 1;
}

#endif
