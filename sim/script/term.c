/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a path's answer depends on, when all that it asks can be true
 * or false: the terms of a predicate.
 *
 * A loop is gone through once; at the second beginning of a walk over a list
 * its end is reached.  For an "is there any" that is the case of one entry.
 */
#include "build.h"

#define MAX_WALK	100000u
#define MAX_LOOPS	8

bool kw_is_truth(const struct kw_outs *outs)
{
	unsigned k;

	for (k = 0; k < outs->nr; k++)
		if (outs->v[k].type != KW_IS_BOOL)
			return false;
	return outs->nr > 0;
}

bool kw_asks(struct kw_build *b, const struct kw_expr *e)
{
	if (e->a.op == KW_OP_CALL)
		return kw_is_truth(&b->path[e->a.callee]->outs);
	return e->nr_kids == 2 && e->a.op < KW_NR_OPS;
}

static int find(const struct kw_terms *t, const struct kw_access *a)
{
	unsigned i;

	for (i = 0; i < t->nr; i++)
		if (kw_access_equal(t->var[i], a))
			return (int)i;
	return -1;
}

/* The variables below e, each expression once. */
static bool collect(struct kw_build *b, struct kw_terms *t,
		    const struct kw_expr *root)
{
	bool *seen = KW_NEWS(&b->arena, bool, b->nr_exprs + 1);
	const struct kw_expr **stack = NULL, *e;
	unsigned nr = 0, max = 0, i;

	KW_PUSH(&b->arena, stack, nr, max, root);
	while (nr) {
		e = stack[--nr];
		if (seen[e->id])
			continue;
		seen[e->id] = true;
		for (i = 0; i < e->nr_kids; i++)
			KW_PUSH(&b->arena, stack, nr, max, e->kids[i]);
		if (!kw_asks(b, e) || find(t, &e->a) >= 0)
			continue;
		if (t->nr == KW_MAX_TERMS)
			return false;
		t->var[t->nr++] = &e->a;
	}
	return true;
}

struct walk {
	const struct kw_expr *loop[MAX_LOOPS];
	bool again[MAX_LOOPS];
	unsigned depth;
};

/* What follows e of the beginning or end of loops; NULL: too deep. */
static const struct kw_expr *go_round(struct walk *w, const struct kw_expr *e)
{
	if (e->a.op == KW_X_LOOP) {
		if (w->depth == MAX_LOOPS)
			return NULL;
		w->again[w->depth] = false;
		w->loop[w->depth++] = e;
		return e->kids[0];
	}
	if (e->a.op == KW_X_OUT)
		return w->loop[--w->depth]->kids[1 + e->a.val];
	if (w->again[w->depth - 1])
		return NULL;
	w->again[w->depth - 1] = true;
	return w->loop[w->depth - 1]->kids[0];
}

/* What follows e when its answer is value. */
static const struct kw_expr *fork_at(struct kw_build *b, const struct walk *w,
				     const struct kw_expr *e, int value)
{
	const struct kw_outs *outs;
	unsigned k;

	if (e->a.op == KW_OP_REF_EQ && w->depth && w->again[w->depth - 1])
		value = 1;
	if (value < 0)
		return NULL;
	if (e->a.op != KW_OP_CALL)
		return e->kids[value];
	outs = &b->path[e->a.callee]->outs;
	for (k = 0; k < outs->nr && outs->v[k].i != value; k++)
		;
	return e->kids[k < outs->nr ? k : 0];
}

int kw_truth(struct kw_build *b, const struct kw_path_draft *path,
	     kw_truth_of ask, void *arg)
{
	const struct kw_expr *e = path->root;
	struct walk w = { .depth = 0 };
	unsigned n;

	for (n = 0; e && n < MAX_WALK; n++) {
		if (e->a.op >= KW_NR_OPS)
			e = go_round(&w, e);
		else if (e->a.op == KW_OP_RETURN)
			return (int)path->outs.v[e->a.val].i;
		else if (kw_asks(b, e))
			e = fork_at(b, &w, e, ask(arg, &e->a));
		else
			e = e->nr_kids == 1 ? e->kids[0] : NULL;
	}
	return -1;
}

struct assignment {
	const struct kw_terms *t;
	unsigned bits;
};

static int assigned(void *arg, const struct kw_access *a)
{
	const struct assignment *x = arg;

	return x->bits >> find(x->t, a) & 1;
}

bool kw_terms_of(struct kw_build *b, const struct kw_path_draft *path,
		 struct kw_terms *t)
{
	struct assignment x = { .t = t };
	unsigned bits;

	t->nr = 0;
	if (!kw_is_truth(&path->outs) || !collect(b, t, path->root))
		return false;
	for (bits = 0; bits < 1u << t->nr; bits++) {
		x.bits = bits;
		t->value[bits] = (int8_t)kw_truth(b, path, assigned, &x);
	}
	return true;
}

/* On how many others does the table depend where var i is v? */
static unsigned support(const struct kw_terms *t, unsigned i, unsigned v)
{
	unsigned j, bits, n = 0;

	for (j = 0; j < t->nr; j++)
		for (bits = 0; j != i && bits < 1u << t->nr; bits++)
			if ((bits >> i & 1) == v &&
			    t->value[bits] != t->value[bits ^ 1u << j]) {
				n++;
				break;
			}
	return n;
}

int kw_term_neutral(const struct kw_terms *t, const struct kw_access *var)
{
	int i = find(t, var);
	unsigned n[2], v;

	if (i < 0)
		return KW_YIELDS_UNKNOWN;
	for (v = 0; v < 2; v++)
		n[v] = support(t, (unsigned)i, v);
	if (n[0] == n[1])
		return KW_YIELDS_UNKNOWN;
	return n[1] > n[0];
}
