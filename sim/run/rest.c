/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a run may come to rest as it is: nobody waits for a lock or
 * a condition, and what an invariant says of a vCPU that sleeps, sooner or
 * later, holds.
 *
 * Only invariants that load no more than memory are asked, for handlers are
 * the engine's own affair here.
 */
#include "../program/paths.h"
#include "engine.h"

struct walk {
	const struct kw_paths *paths;
	bool *been;
	GArray *todo;			/* uint16_t: nodes */
};

static void push(struct walk *w, unsigned node)
{
	uint16_t n = (uint16_t)node;

	if (w->been[node])
		return;
	w->been[node] = true;
	g_array_append_val(w->todo, n);
}

static void push_next(struct walk *w, const struct kw_node *n)
{
	const struct kw_path_graph *to;
	unsigned i, k;

	for (i = 0; i < kw_nr_next(n); i++)
		push(w, kw_next(w->paths->p, n, i));
	for (k = 0; kw_is_call(n) && (to = kw_callee(w->paths, n, k)); k++) {
		push(w, to->entry);
		for (i = 0; i < to->returns->len; i++)
			push(w, kw_after(w->paths, n, to, i));
	}
}

/* Does the path ask something of handlers? */
static bool asks(const struct kw_paths *paths, unsigned entry)
{
	struct walk w = {
		.paths = paths, .been = g_new0(bool, paths->p->nr_nodes),
		.todo = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
	};
	const struct kw_node *n;
	bool found = false;
	unsigned i;

	push(&w, entry);
	for (i = 0; i < w.todo->len; i++) {
		n = &paths->p->nodes[g_array_index(w.todo, uint16_t, i)];
		found |= n->op == KW_OP_IS_PENDING || n->op == KW_OP_IS_ARMED;
		push_next(&w, n);
	}
	g_array_free(w.todo, TRUE);
	g_free(w.been);
	return found;
}

uint32_t kw_rest_checks(const struct kw_program *p)
{
	struct kw_paths *paths = NULL;
	uint32_t checks = 0;
	unsigned i;

	for (i = 0; i < p->nr_invariants; i++) {
		const struct kw_invariant *v = &p->invariants[i];

		if (v->when != KW_WHEN_ASLEEP ||
		    v->eventually == KW_EVENTUALLY_NOT ||
		    p->nodes[v->entry].op == KW_OP_RETURN)
			continue;
		if (!paths)
			paths = kw_paths_new(p);
		if (!asks(paths, v->entry))
			checks |= 1u << i;
	}
	if (paths)
		kw_paths_free(paths);
	return checks;
}

static void check_deadlock(struct kw_runner *r)
{
	GString *text;
	unsigned a;

	if (!r->nr_blocked)
		return;
	a = r->blocked[0];
	text = g_string_new(r->p->actors[a].name);
	g_string_append(text, " waits for ");
	kw_address_name(r->p, r->extra[a].blocked_on, text);
	g_string_append(text, " for ever");
	kw_fail(r, g_intern_string(text->str));
	g_string_free(text, TRUE);
}

static void check_sleeper(struct kw_runner *r, unsigned v)
{
	const struct kw_object *o = &r->p->objects[r->oracle->vcpu_object[v]];
	char *text;
	unsigned i;

	for (i = 0; i < r->p->nr_invariants; i++) {
		const struct kw_invariant *x = &r->p->invariants[i];

		if (!(r->rest_checks >> i & 1) ||
		    kw_eval(r->p, r->s, x->entry, o->addr))
			continue;
		text = g_strdup_printf("%s does not hold of %s at rest: %s",
				       x->name, o->name, x->about);
		kw_fail(r, g_intern_string(text));
		g_free(text);
	}
}

void kw_rest(struct kw_runner *r)
{
	unsigned v, t;

	check_deadlock(r);
	for (v = 0; r->rest_checks && v < r->oracle->nr_vcpus; v++) {
		t = r->thread_of[v];
		if (t != KW_NOBODY && r->st[t]->run == KW_ASLEEP)
			check_sleeper(r, v);
	}
}
