/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's paths as graphs: which nodes belong to the path that begins at
 * an entry, and where a call goes on.
 *
 * The nodes of a path are those that it reaches without entering the paths
 * that it calls; a call is followed by what its callee's RETURNs lead to.
 */
#ifndef KW_PATHS_H
#define KW_PATHS_H

#include "program.h"

struct kw_path_graph {
	uint16_t entry;
	GArray *nodes, *returns;	/* uint16_t */
};

struct kw_paths {
	const struct kw_program *p;
	GPtrArray *paths;		/* struct kw_path_graph */
	struct kw_path_graph **at;	/* [entry node], or NULL */
	GArray *traps;			/* uint16_t: what CALL_TRAP may call */
};

struct kw_paths *kw_paths_new(const struct kw_program *p);
void kw_paths_free(struct kw_paths *s);

static inline bool kw_is_call(const struct kw_node *n)
{
	return n->op == KW_OP_CALL || n->op == KW_OP_CALL_TRAP;
}

/* How many nodes may follow n in its path, calls excepted. */
unsigned kw_nr_next(const struct kw_node *n);

/* The i-th path that the call n may enter, or NULL. */
static inline struct kw_path_graph *kw_callee(const struct kw_paths *s,
					      const struct kw_node *n,
					      unsigned i)
{
	if (n->op == KW_OP_CALL)
		return i ? NULL : s->at[n->next[0]];
	return i < s->traps->len ?
		       s->at[g_array_index(s->traps, uint16_t, i)] : NULL;
}

/* Where the call n goes on after the i-th RETURN of e. */
static inline unsigned kw_after(const struct kw_paths *s,
				const struct kw_node *n,
				const struct kw_path_graph *e, unsigned i)
{
	unsigned r = g_array_index(e->returns, uint16_t, i);

	return s->p->succ[s->p->points[n->val] + s->p->nodes[r].val];
}

#endif
