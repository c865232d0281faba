/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which nodes belong to which path.
 *
 * Calls have no cycles, so a path's callees are finished before it is.
 */
#include "paths.h"

static struct kw_path_graph *find_path(struct kw_paths *s, unsigned entry);

unsigned kw_nr_next(const struct kw_node *n)
{
	if (kw_is_call(n))
		return 0;
	if (n->flags & KW_NODE_MANY)
		return n->next[1];
	switch ((enum kw_outcomes)kw_op_outcomes[n->op]) {
	case KW_ONE:
		return 1;
	case KW_TWO:
		return 2;
	case KW_MANY:
	case KW_NONE:
		break;
	}
	return 0;
}

static void push(GArray *stack, bool *seen, unsigned node)
{
	uint16_t n = (uint16_t)node;

	if (seen[node])
		return;
	seen[node] = true;
	g_array_append_val(stack, n);
}

static void push_after(struct kw_paths *s, GArray *stack, bool *seen,
		       const struct kw_node *n, unsigned entry)
{
	const struct kw_path_graph *e = find_path(s, entry);
	unsigned k;

	for (k = 0; k < e->returns->len; k++)
		push(stack, seen, kw_after(s, n, e, k));
}

static void push_next(struct kw_paths *s, GArray *stack, bool *seen,
		      const struct kw_node *n)
{
	unsigned k;

	if (n->op == KW_OP_CALL)
		push_after(s, stack, seen, n, n->next[0]);
	for (k = 0; n->op == KW_OP_CALL_TRAP && k < s->traps->len; k++)
		push_after(s, stack, seen, n,
			   g_array_index(s->traps, uint16_t, k));
	for (k = 0; k < kw_nr_next(n); k++)
		push(stack, seen, kw_next(s->p, n, k));
}

static struct kw_path_graph *find_path(struct kw_paths *s, unsigned entry)
{
	struct kw_path_graph *e = s->at[entry];
	GArray *stack;
	bool *seen;

	if (e)
		return e;
	e = g_new0(struct kw_path_graph, 1);
	e->entry = (uint16_t)entry;
	e->nodes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	e->returns = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	s->at[entry] = e;
	g_ptr_array_add(s->paths, e);
	stack = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	seen = g_new0(bool, s->p->nr_nodes);
	push(stack, seen, entry);
	while (stack->len) {
		uint16_t n = g_array_index(stack, uint16_t, stack->len - 1);

		g_array_set_size(stack, stack->len - 1);
		g_array_append_val(e->nodes, n);
		if (s->p->nodes[n].op == KW_OP_RETURN)
			g_array_append_val(e->returns, n);
		push_next(s, stack, seen, &s->p->nodes[n]);
	}
	g_array_free(stack, TRUE);
	g_free(seen);
	return e;
}

static void find_traps(struct kw_paths *s)
{
	bool *seen = g_new0(bool, s->p->nr_nodes);
	unsigned n;

	for (n = 0; n < s->p->nr_nodes; n++)
		if (s->p->nodes[n].op == KW_OP_GUEST_EXIT &&
		    s->p->nodes[n].next[1])
			push(s->traps, seen, s->p->nodes[n].next[1]);
	g_free(seen);
}

static void path_free(gpointer data)
{
	struct kw_path_graph *e = data;

	g_array_free(e->nodes, TRUE);
	g_array_free(e->returns, TRUE);
	g_free(e);
}

struct kw_paths *kw_paths_new(const struct kw_program *p)
{
	struct kw_paths *s = g_new0(struct kw_paths, 1);
	unsigned i;

	s->p = p;
	s->paths = g_ptr_array_new_with_free_func(path_free);
	s->at = g_new0(struct kw_path_graph *, p->nr_nodes);
	s->traps = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	find_traps(s);
	for (i = 0; i < p->nr_actors; i++)
		find_path(s, p->actors[i].entry);
	for (i = 0; i < p->nr_nodes; i++)
		if (p->nodes[i].op == KW_OP_CALL)
			find_path(s, p->nodes[i].next[0]);
	for (i = 0; i < s->traps->len; i++)
		find_path(s, g_array_index(s->traps, uint16_t, i));
	return s;
}

void kw_paths_free(struct kw_paths *s)
{
	if (!s)
		return;
	g_array_free(s->traps, TRUE);
	g_ptr_array_free(s->paths, TRUE);
	g_free(s->at);
	g_free(s);
}
