/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A search that was interrupted, in a file.
 *
 *	magic		16 bytes, with the format's version
 *	identity	program, options and version of kvmwake
 *	what is known (guard.h, relaxed.h), the initial state, counts, what
 *	was learnt since, the table
 *	blocks of this level and of the next one; or the stack, and what was
 *	found
 *	checksum	of all that
 *
 * It is read by the kvmwake that wrote it, on such a machine.
 */
#ifndef KW_SAVED_H
#define KW_SAVED_H

#include <glib.h>
#include "queue.h"
#include "search.h"
#include "visited.h"

#define KW_SAVED_ARRAYS	3

struct kw_saved {
	uint64_t identity;
	uint8_t *start;			/* [size] */
	uint32_t size;
	uint64_t states, transitions, ends;
	uint32_t level, found, again, exposed;
	struct kw_visited *visited;
	struct kw_adder *adder;		/* of its records */
	const struct kw_world *w;	/* has learnt what all have */
	bool depth_first;
	struct kw_block *todo, *made;	/* breadth first */
	GArray *stack[KW_SAVED_ARRAYS];	/* depth first */
	struct kw_search_result *res;	/* ... what was found, and how */
};

#define KW_SAVED_ERROR (g_quark_from_static_string("kw-saved"))

/* The file is written whole, or not at all. */
bool kw_saved_write(struct kw_saved *s, const char *name, GError **err);
/*
 * Only what is known, to s->w: how large a state is may depend on it, and
 * what the first one is.
 */
bool kw_saved_known(const struct kw_saved *s, const char *name, GError **err);
/* identity: what it must be; visited: new; the blocks are the caller's. */
bool kw_saved_read(struct kw_saved *s, const char *name, GError **err);

#endif
