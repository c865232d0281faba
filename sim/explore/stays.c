/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where an actor may stay: round a loop, or below a handler that has
 * to wait.
 */
#include "footprint.h"
#include "inside.h"

/* Depth first through a path: an edge to what is on the stack is a loop's. */
static void find_loops(const struct kw_world *w, unsigned at, uint8_t *color,
		       bool *sticky)
{
	const struct kw_node *n = &w->p->nodes[at];
	const struct kw_path_graph *to;
	unsigned i, k, next;

	color[at] = 1;
	for (k = 0; k < kw_nr_next(n); k++) {
		next = kw_next(w->p, n, k);
		sticky[at] |= color[next] == 1;
		if (!color[next])
			find_loops(w, next, color, sticky);
	}
	for (i = 0; kw_is_call(n) && (to = kw_callee(w->paths, n, i)); i++)
		for (k = 0; k < to->returns->len; k++) {
			next = kw_after(w->paths, n, to, k);
			sticky[at] |= color[next] == 1;
			if (!color[next])
				find_loops(w, next, color, sticky);
		}
	color[at] = 2;
}

static void find_sticky(struct kw_footprint *f)
{
	const struct kw_world *w = f->w;
	uint8_t *color = g_new(uint8_t, w->p->nr_nodes);
	unsigned i;

	f->sticky = g_new0(bool, w->p->nr_nodes);
	for (i = 0; i < w->paths->paths->len; i++) {
		const struct kw_path_graph *e = w->paths->paths->pdata[i];

		memset(color, 0, w->p->nr_nodes);
		find_loops(w, e->entry, color, f->sticky);
	}
	g_free(color);
}

static void find_waits(struct kw_footprint *f)
{
	const struct kw_world *w = f->w;
	unsigned a, i;

	f->waits = g_new0(bool, w->p->nr_actors);
	for (a = 0; a < w->nr_actors; a++) {
		const struct kw_actor *ac = &w->p->actors[a];

		if (ac->type != KW_HARDIRQ && ac->type != KW_PREEMPT)
			continue;
		for (i = 0; i < w->p->nr_nodes; i++)
			f->waits[ac->home] |= f->of[a].index[i] &&
					      w->node[i] & KW_N_WAITS;
	}
}

void kw_footprint_stays(struct kw_footprint *f)
{
	find_sticky(f);
	find_waits(f);
}
