/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which steps a kernel has in a scenario, and of what kind each is.
 *
 * Invariants: the list is in the order of file, line, path and name, and has
 * no step twice; a lock is one step in its whole path.
 */
#include "build.h"

#include <string.h>

struct listing {
	struct kw_build *b;
	bool *seen;			/* [expression] */
	bool *predicate;		/* [path] */
	struct kw_kernel_step *v;
	unsigned nr, max;
};

static bool is_word(const struct kw_build *b, enum kw_step_kind kind,
		    const char *name)
{
	unsigned i;

	for (i = 0; i < b->nr_words[kind]; i++)
		if (!strcmp(b->words[kind][i], name))
			return true;
	return false;
}

/* Each expression of a path once, whatever the order. */
static void each(struct kw_build *b, bool *seen, const struct kw_expr *root,
		 void (*fn)(void *arg, const struct kw_expr *e), void *arg)
{
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
		fn(arg, e);
	}
}

static bool is_asked(struct kw_build *b, const struct kw_access *a)
{
	return a->op == KW_OP_LOAD_FLAG || a->op == KW_OP_LOAD_MASK ||
	       (a->op == KW_OP_CALL &&
		kw_is_truth(&b->path[a->callee]->outs));
}

/* --- which paths are predicates: those named, and whom they ask -------- */

static void mark_path(struct listing *l, unsigned nr);

static void mark_callee(void *arg, const struct kw_expr *e)
{
	struct listing *l = arg;

	if (e->a.op == KW_OP_CALL && is_asked(l->b, &e->a))
		mark_path(l, e->a.callee);
}

static void mark_path(struct listing *l, unsigned nr)
{
	struct kw_build *b = l->b;
	bool *seen;

	if (l->predicate[nr])
		return;
	l->predicate[nr] = true;
	seen = KW_NEWS(&b->arena, bool, b->nr_exprs + 1);
	each(b, seen, b->path[nr]->root, mark_callee, l);
}

/* --- locks that a path takes and releases itself ----------------------- */

struct balance {
	struct kw_build *b;
	uint32_t field;
	uint8_t *depth;			/* [expression]: 1 + locks held */
};

static bool balanced(struct balance *s, const struct kw_expr *e, uint8_t held,
		     uint8_t at_loop, uint8_t *at_out)
{
	uint8_t out = 0;
	unsigned i;

	for (;;) {
		if (s->depth[e->id])
			return s->depth[e->id] == held + 1;
		s->depth[e->id] = (uint8_t)(held + 1);
		if (e->a.op == KW_OP_LOCK && e->a.field == s->field)
			held++;
		else if (e->a.op == KW_OP_UNLOCK && e->a.field == s->field &&
			 !held--)
			return false;
		if (e->a.op == KW_X_LOOP &&
		    !balanced(s, e->kids[0], held, held, &out))
			return false;
		if (e->a.op == KW_X_LOOP && out)
			held = (uint8_t)(out - 1);
		if (e->nr_kids != 1)
			break;
		e = e->kids[0];
	}
	if (e->a.op == KW_X_AGAIN)
		return held == at_loop;
	if (e->a.op == KW_X_OUT) {
		if (*at_out && *at_out != held + 1)
			return false;
		*at_out = (uint8_t)(held + 1);
		return true;
	}
	for (i = e->a.op == KW_X_LOOP; i < e->nr_kids; i++)
		if (!balanced(s, e->kids[i], held, at_loop, at_out))
			return false;
	return e->nr_kids || e->a.op == KW_OP_FAIL || !held;
}

static int lock_value(struct listing *l, const struct kw_access *a,
		      const char *name)
{
	struct kw_build *b = l->b;
	unsigned i;

	for (i = 0; i < b->nr_paths; i++) {
		struct balance s = { b, a->field, NULL };
		uint8_t out = 0;

		if (b->path[i]->name != name)
			continue;
		s.depth = KW_NEWS(&b->arena, uint8_t, b->nr_exprs + 1);
		if (!balanced(&s, b->path[i]->root, 0, 0, &out))
			return KW_YIELDS_NEVER;
	}
	return KW_YIELDS_NOTHING;
}

/* --- the list ---------------------------------------------------------- */

static int value_of(struct listing *l, const struct kw_access *a,
		    struct kw_kernel_step *s,
		    const struct kw_path_draft *path)
{
	struct kw_build *b = l->b;
	struct kw_terms t;

	if (s->kind == KW_TERM && !kw_terms_of(b, path, &t))
		return KW_YIELDS_UNKNOWN;
	if (s->kind == KW_TERM && t.nr == 1)
		s->kind = KW_OTHER;	/* ask whoever calls this path */
	if (s->kind == KW_TERM)
		return kw_term_neutral(&t, a);
	if (s->kind == KW_LOCKED)
		return lock_value(l, a, path->name);
	if (a->op == KW_OP_CALL) {
		const struct kw_outs *outs = &b->path[a->callee]->outs;

		if (kw_is_truth(outs))
			return 0;
		return outs->nr == 1 && outs->v[0].type == KW_IS_NOTHING ?
			KW_YIELDS_NOTHING : KW_YIELDS_NEVER;
	}
	return kw_op_outcomes[a->op] == KW_TWO ? 0 : KW_YIELDS_NOTHING;
}

static enum kw_step_kind kind_of(const struct listing *l,
				 const struct kw_access *a, const char *what,
				 const struct kw_path_draft *path)
{
	if (a->op == KW_OP_MB || a->op == KW_OP_WMB || a->op == KW_OP_RMB ||
	    a->flags & (KW_NODE_ACQUIRE | KW_NODE_RELEASE))
		return KW_BARRIER;
	if (a->op == KW_OP_LOCK)
		return KW_LOCKED;
	if (is_word(l->b, KW_REQUEST, what))
		return KW_REQUEST;
	if (is_word(l->b, KW_KICK, what))
		return KW_KICK;
	return l->predicate[path->nr] && is_asked(l->b, a) ? KW_TERM :
							     KW_OTHER;
}

struct of_path {
	struct listing *l;
	const struct kw_path_draft *path;
};

static void add_step(void *arg, const struct kw_expr *e)
{
	const struct of_path *of = arg;
	struct listing *l = of->l;
	struct kw_build *b = l->b;
	const struct kw_src *src = &b->p->srcs[e->a.src];
	struct kw_kernel_step s = { .path = src->path, .file = src->file,
				    .line = src->line };

	s.what = kw_step_what(b, &e->a);
	if (!s.what || e->a.op == KW_OP_UNLOCK)
		return;
	s.kind = (uint8_t)kind_of(l, &e->a, s.what, of->path);
	s.value = value_of(l, &e->a, &s, of->path);
	if (s.kind == KW_OTHER && (e->a.op == KW_OP_LOAD_FLAG ||
				   e->a.op == KW_OP_LOAD_MASK))
		return;
	KW_PUSH(&b->arena, l->v, l->nr, l->max, s);
}

static int by_place(const void *x, const void *y)
{
	const struct kw_kernel_step *a = x, *b = y;
	int order = strcmp(a->file, b->file);

	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = strcmp(a->path, b->path);
	return order ? order : strcmp(a->what, b->what);
}

/* The same step: of another set of arguments, or another line of a lock. */
static bool is_same(const struct kw_kernel_step *a,
		    const struct kw_kernel_step *b)
{
	return a->what == b->what && a->path == b->path &&
	       (a->kind == KW_LOCKED ||
		(a->line == b->line && !strcmp(a->file, b->file)));
}

static void keep(struct listing *l, struct kw_scenario *s)
{
	unsigned i, j;

	qsort(l->v, l->nr, sizeof(*l->v), by_place);
	s->steps = g_new0(struct kw_kernel_step, l->nr + 1);
	for (i = 0; i < l->nr; i++) {
		for (j = 0; j < s->nr_steps; j++)
			if (is_same(&s->steps[j], &l->v[i]))
				break;
		if (j == s->nr_steps)
			s->steps[s->nr_steps++] = l->v[i];
		else if (s->steps[j].value != l->v[i].value)
			s->steps[j].value = KW_YIELDS_UNKNOWN;
	}
}

void kw_steps_list(struct kw_build *b)
{
	struct listing l = { .b = b };
	unsigned i;

	l.seen = KW_NEWS(&b->arena, bool, b->nr_exprs + 1);
	l.predicate = KW_NEWS(&b->arena, bool, b->nr_paths + 1);
	for (i = 0; i < b->nr_paths; i++)
		if (is_word(b, KW_TERM, b->path[i]->name))
			mark_path(&l, i);
	for (i = 0; i < b->nr_paths; i++) {
		struct of_path of = { &l, b->path[i] };

		each(b, l.seen, b->path[i]->root, add_step, &of);
	}
	if (l.nr)
		keep(&l, b->scenario);
}
