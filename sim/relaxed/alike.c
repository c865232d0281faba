/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which values of a field are read alike: wherever the program loads
 * a field of that class, they lead to the same node.
 *
 * Of two messages that are read alike a CPU needs only the newer one, if it
 * loads the variable once before it has seen everything, and nothing orders
 * a later load after that one: then the two loads differ in nothing that
 * comes after them.  The newer one may become stale without being read late
 * enough; but then it could have been read before, and that is a state of
 * its own.
 */
#include "../program/link.h"
#include "inside.h"

#define NOWHERE	UINT32_MAX

unsigned kw_leads_to(const struct kw_program *p, const struct kw_node *n,
		     unsigned value)
{
	unsigned k = value;

	if (n->op == KW_OP_LOAD)
		k = value - n->val;
	else if (n->op == KW_OP_LOAD_FLAG)
		k = value != 0;
	else if (n->op == KW_OP_LOAD_MASK)
		k = (value & n->val) != 0;
	return k < kw_nr_next(n) ? kw_next(p, n, k) : NOWHERE;
}

/* Of what n tells apart, nothing is alike any more. */
static void refine(const struct kw_program *p, const struct kw_node *n,
		   uint16_t *alike)
{
	uint16_t was[KW_NR_VALUES];
	unsigned to[KW_NR_VALUES], v, u;

	memcpy(was, alike, sizeof(was));
	for (v = 0; v < KW_NR_VALUES; v++) {
		to[v] = kw_leads_to(p, n, v);
		for (u = 0; u < v; u++)
			if (alike[u] == u && was[u] == was[v] &&
			    to[u] == to[v])
				break;
		alike[v] = (uint16_t)u;
	}
}

enum { NOT_LOADED = -1, LOADED = -2 };

/* What the cmpxchg()s of a class expect, if nothing else loads it. */
static int expects(int is, const struct kw_node *n)
{
	int value = n->val & 0xff;

	if (n->op != KW_OP_CMPXCHG)
		return LOADED;
	return is == NOT_LOADED || is == value ? value : LOADED;
}

static bool is_load(const struct kw_node *n)
{
	return n->op <= KW_OP_LOAD_REF || n->op == KW_OP_CMPXCHG;
}

uint16_t *kw_alike_new(const struct kw_relaxed *r)
{
	uint16_t *all = g_new0(uint16_t, KW_NR_CLASSES * KW_NR_VALUES);
	unsigned n, c;
	int expected[KW_NR_CLASSES], class;

	for (c = 0; c < KW_NR_CLASSES; c++)
		expected[c] = NOT_LOADED;
	for (n = 0; n < r->p->nr_nodes; n++) {
		const struct kw_node *node = &r->p->nodes[n];

		class = kw_foresee_class_at(r->foresee, n);
		for (c = 0; is_load(node) && c < KW_NR_CLASSES; c++) {
			if (class >= 0 && (unsigned)class != c)
				continue;
			refine(r->p, node, all + c * KW_NR_VALUES);
			expected[c] = expects(expected[c], node);
		}
	}
	/* A cmpxchg() that fails has not read what it expects. */
	for (c = 0; c < KW_NR_CLASSES; c++)
		if (expected[c] >= 0)
			all[c * KW_NR_VALUES + (unsigned)expected[c]] =
				KW_WEAK_NEVER;
	return all;
}
