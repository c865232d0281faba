/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All states, and all moves between them that have to happen sooner or later
 * (no slow one, and no timer that expires): for questions of what can go on
 * for ever.
 *
 * It holds every move of every state, whatever the others could wait for
 * (persist.c): whether somebody is kept from moving is what it is asked.
 */
#ifndef KW_GRAPH_H
#define KW_GRAPH_H

#include "expand.h"
#include "hunt.h"
#include "numbers.h"

struct kw_edge {
	uint32_t to;
	uint16_t agent;		/* who moves, see kw_agent() */
	uint16_t fork;		/* node at which a choice is made, or 0 */
	uint8_t choice;
	int8_t woken;		/* vCPU, see struct kw_seen_by_move; or -1 */
	bool progress;		/* the same, or it fails */
	bool gone;		/* for who asks */
};

struct kw_graph_node {
	uint64_t first;		/* its edges */
	uint64_t away;		/* bit v: vCPU v sleeps, or is in its guest */
	uint32_t parent;	/* one move nearer to the start ... */
	uint16_t move;		/* ... of all that it has */
};

struct kw_graph {
	const struct kw_world *w;
	struct kw_numbers numbers;
	struct kw_graph_node *nodes;	/* [number], and one more */
	uint64_t max_nodes;
	struct kw_edge *edges;
	uint64_t nr_edges, max_edges;
	unsigned nr_agents;
};

/*
 * False when it is too large (h->opts->max_bytes), or the user is tired.
 * k: whose fork of the world makes the moves.
 */
bool kw_graph_build(struct kw_graph *g, struct kw_hunter *k);
void kw_graph_free(struct kw_graph *g);
/* What an actor does of its own accord, and what its CPU does to it. */
static inline unsigned kw_agent(const struct kw_move *m)
{
	unsigned how = m->type == KW_STEP ? 0 : m->type == KW_FLOW ? 1 :
		       m->type == KW_BEGIN ? 2 : 3;

	return 4u * m->actor + how;
}
/* The move that edge e of state n, which is s, stands for; s follows it. */
void kw_graph_move(struct kw_graph *g, struct kw_expander *x, uint8_t *s,
		   uint32_t n, const struct kw_edge *e, struct kw_move *move);

#endif
