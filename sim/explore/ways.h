/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The best ways to states: of those with the fewest moves the ones whose
 * moves change least often from one actor to another, and of these the ones
 * in which the fewest actors take part.
 *
 * Which way to a state is the better one depends on who moves next: a change
 * may be saved, and an actor that takes part already costs nothing.  So each
 * state keeps every way that no other is better than in all respects (the
 * last actor, changes, who takes part), and what is best at last is best of
 * all, unless a state had more than KW_MOST_WAYS of them.  Beyond max_bytes
 * a state keeps one.
 */
#ifndef KW_WAYS_H
#define KW_WAYS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define KW_MOST_WAYS 16

struct kw_way {
	uint64_t actors;	/* bit a: actor a takes part; the last bit is
				   every later one */
	uint32_t from;		/* the way that goes on with: */
	uint16_t move;		/* that one of its state */
	uint16_t last;		/* whose it is */
	uint16_t changes;
	bool dull;		/* nothing shows on it */
	uint32_t next;		/* of the same state; 0: none */
};

struct kw_ways {
	GArray *ways;		/* struct kw_way; the first is none */
	GArray *first;		/* [state]: way */
	uint64_t max_bytes;	/* 0: no limit */
	bool rough;		/* a state keeps one from now on */
};

void kw_ways_init(struct kw_ways *w, uint64_t max_bytes);
void kw_ways_free(struct kw_ways *w);
/* A way to a state; that of the start is from way 0. */
void kw_ways_add(struct kw_ways *w, uint32_t state, const struct kw_way *way);
/* The best; 0: none. */
uint32_t kw_ways_best(const struct kw_ways *w, uint32_t state);
/* Below 0: a is better. */
int kw_way_compare(const struct kw_way *a, const struct kw_way *b);
/* How many moves; their numbers, in order: to be freed. */
uint16_t *kw_way_moves(const struct kw_ways *w, uint32_t way, unsigned *nr);

static inline struct kw_way *kw_way(const struct kw_ways *w, uint32_t i)
{
	return &g_array_index(w->ways, struct kw_way, i);
}

static inline uint32_t kw_ways_of(const struct kw_ways *w, uint32_t state)
{
	return state < w->first->len ?
		       g_array_index(w->first, uint32_t, state) : 0;
}

static inline uint64_t kw_way_bit(unsigned actor)
{
	return UINT64_C(1) << MIN(actor, 63);
}

#endif
