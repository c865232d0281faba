/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second opinions: Spin's, on the exported model, and a search that knows
 * nothing of the engine but its moves.
 */
#ifndef KW_TEST_SPIN_H
#define KW_TEST_SPIN_H

#include <glib.h>
#include "../../sim/explore/search.h"

/* Properties that the model has. */
#define SPIN_KNOWS (1u << KW_FINDS_MISSED | 1u << KW_FINDS_SPURIOUS | \
		    1u << KW_FINDS_FAILED | 1u << KW_FINDS_DEADLOCK | \
		    1u << KW_FINDS_RACE | 1u << KW_FINDS_ROW | \
		    1u << KW_FINDS_ORDER)

/* What somebody saw of a whole program. */
struct seen {
	uint64_t states, transitions;
	unsigned found;		/* bit p: property p; missed: oversleeps
				   where nothing follows but failures */
	GHashTable *ends;	/* the set of such states, GBytes */
	/* Plainly only: */
	uint64_t nr_ends;	/* states where nothing at all follows */
	GHashTable *keys;	/* the set of their keys, GBytes */
	uint8_t *wrote;		/* [actor * size + address] */
	uint32_t size;
};

void seen_free(struct seen *s);
bool same_set(GHashTable *a, GHashTable *b);

/* Move by move, every state kept; missed: see above. */
void seen_plainly(const struct kw_program *p, const struct kw_world_opts *o,
		  struct seen *s);
/*
 * An end state s without what a reduction may have done already: steps that
 * nobody can tell the moment of, of an actor that was stopped for ever (its
 * guest was left, a handler on top of it never ends).  Left out are where such
 * an actor stands, and whatever it writes.
 */
bool has_stopped(const struct kw_program *p, const uint8_t *s);
GBytes *end_key(const struct kw_program *p, const struct seen *all,
		const uint8_t *s);

/* Is there a Spin, and a compiler for what it writes? */
bool spin_is_there(void);
/*
 * By Spin, what these options ask for.  false, with a word on stderr, when
 * something went wrong; then s is empty.  Whoever calls it works in a folder
 * of its own.
 */
bool seen_by_spin(const struct kw_program *p, const struct kw_world_opts *o,
		  struct seen *s);
/* 1: there is a storm; 0: none; -1: something went wrong, and was said. */
int storm_by_spin(const struct kw_program *p);

#endif
