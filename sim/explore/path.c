/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides of which steps the way to a witness consists: its moves are done
 * again, and each step that was folded into one becomes a move of its own.
 *
 * What a move folds depends on what a search has learnt; steps do not.
 */
#include "search.h"

struct unfolding {
	GArray *steps;
	bool first;		/* the next step is the move itself */
};

static void see(void *arg, const uint8_t *before, const uint8_t *after,
		unsigned actor, const struct kw_done *done)
{
	struct unfolding *u = arg;
	struct kw_move m = { .type = KW_STEP, .actor = (uint16_t)actor };

	(void)before;
	(void)after;
	(void)done;
	if (!u->first)
		g_array_append_val(u->steps, m);
	u->first = false;
}

GArray *kw_witness_steps(const struct kw_world *w,
			 const struct kw_witness *witness)
{
	struct unfolding u = {
		.steps = g_array_new(FALSE, FALSE, sizeof(struct kw_move)),
	};
	uint8_t *s = g_malloc0(kw_world_size(w));
	struct kw_seen_by_move seen;
	unsigned i;

	kw_world_watch_start(w, s, see, &u);
	for (i = 0; i < witness->nr_moves; i++) {
		g_array_append_val(u.steps, witness->moves[i]);
		u.first = witness->moves[i].type == KW_STEP;
		kw_world_watch(w, s, &witness->moves[i], &seen, see, &u);
	}
	g_free(s);
	return u.steps;
}
