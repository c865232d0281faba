/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storm (storm.c says what one is), and a way round in it (lasso.c).
 */
#ifndef KW_STORM_H
#define KW_STORM_H

#include "graph.h"

struct kw_storm {
	uint32_t first;		/* its first state */
	int vcpu;		/* that is woken, or goes round */
	bool wakes;		/* the former */
	GArray *moves;		/* struct kw_storm_move, by states; or NULL:
				   there is no storm */
};

struct kw_storm_move {
	uint32_t from;
	struct kw_edge e;
};

/* The storm whose first state is the first of all. */
void kw_storm_find(struct kw_graph *g, struct kw_storm *storm);
/*
 * struct kw_move: from the start to its first state (so many: *loop_at), and
 * round, so that everybody who can move does, and each choice goes every way.
 */
GArray *kw_storm_way(struct kw_graph *g, struct kw_hunt *h,
		     const struct kw_storm *storm, unsigned *loop_at);

#endif
