/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how SPEC is written, and whether an invariant holds: the oracle's
 * paths as expressions over the variables that they load.
 *
 *	now	bit 0: SPEC holds; bits 1, 2: what the vCPU waits for
 *
 * Invariant: an expression names only variables that vary; what a path
 * loads besides is known, and decided here.
 */
#include <string.h>
#include "model.h"

struct eval {
	struct kw_export *x;
	unsigned v;		/* vCPU whose SPEC it is, or as many as there
				   are: nobody's */
	size_t size;
	bool *been;		/* [node], of an invariant: on the way here */
	bool failed;		/* of one: it is no expression */
};

static char *node_text(struct eval *e, const struct kw_actor_state *st);

/* c ? a : b */
static char *choose(const char *c, char *a, char *b)
{
	char *s;

	if (!strcmp(a, b))
		s = g_strdup(a);
	else if (!strcmp(a, "1") && !strcmp(b, "0"))
		s = g_strdup(c);
	else if (!strcmp(a, "0") && !strcmp(b, "1"))
		s = g_strdup_printf("!(%s)", c);
	else if (!strcmp(a, "1"))
		s = g_strdup_printf("(%s || %s)", c, b);
	else if (!strcmp(b, "0"))
		s = g_strdup_printf("(%s && %s)", c, a);
	else if (!strcmp(a, "0"))
		s = g_strdup_printf("(!(%s) && %s)", c, b);
	else
		s = g_strdup_printf("(%s -> %s : %s)", c, a, b);
	g_free(a);
	g_free(b);
	return s;
}

/* Where the path goes when it loads value. */
static char *after_load(struct eval *e, const struct kw_actor_state *st,
			unsigned value)
{
	const struct kw_program *p = e->x->p;
	const struct kw_node *n = &p->nodes[st->pc];
	struct kw_actor_state *to = g_memdup2(st, e->size);
	char *text;

	if (n->op == KW_OP_LOAD_REF) {
		to->regs[n->dst] = (uint16_t)value;
		to->pc = n->next[0];
	} else if (n->op == KW_OP_LOAD_FLAG) {
		to->pc = n->next[value != 0];
	} else if (n->op == KW_OP_LOAD_MASK) {
		to->pc = n->next[(value & n->val) != 0];
	} else {
		to->pc = kw_next(p, n, value - n->val);
	}
	text = node_text(e, to);
	g_free(to);
	return text;
}

static bool can_load(const struct kw_node *n, unsigned value)
{
	return n->op != KW_OP_LOAD ||
	       (value >= n->val && value - n->val < n->next[1]);
}

/* Values that lead to the same text are one case. */
static char *load_text(struct eval *e, const struct kw_actor_state *st)
{
	const struct kw_node *n = &e->x->p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + (unsigned)n->off, i, value;
	struct kw_var *v = kw_export_var(e->x, addr,
					 n->op == KW_OP_LOAD_REF ? 2 : 1);
	GString *c = g_string_new(NULL);
	char *text = NULL, *one;

	e->x->reads[(size_t)e->v * e->x->size + addr] = true;
	for (i = v->values->len; i-- > 0;) {
		value = g_array_index(v->values, uint16_t, i);
		if (!can_load(n, value))
			continue;
		one = after_load(e, st, value);
		if (!text) {
			text = one;
			continue;
		}
		g_string_truncate(c, 0);
		kw_export_name(e->x, addr, c);
		if (value || v->values->len > 2)
			g_string_append_printf(c, " == %u",
					       kw_export_code(v, value));
		if (!value && v->values->len == 2)
			text = choose(c->str, text, one);
		else
			text = choose(c->str, one, text);
	}
	g_string_free(c, TRUE);
	return text ? text : g_strdup("0");
}

static char *step_text(struct eval *e, const struct kw_actor_state *st)
{
	const struct kw_program *p = e->x->p;
	const struct kw_node *n = &p->nodes[st->pc];
	struct kw_actor_state *to;
	struct kw_done done;
	uint8_t *s;
	char *text;

	if (n->op == KW_OP_RETURN && !st->regs[n->dst])
		return g_strdup_printf("%u", n->val);
	if (n->op <= KW_OP_LOAD_REF)
		return load_text(e, st);
	if (n->op < KW_OP_LEA || n->op > KW_OP_JUMP) {
		e->failed = true;
		if (!e->been)
			kw_export_refuse(e->x, "the oracle does %s",
					 kw_op_names[n->op]);
		return g_strdup("0");
	}
	/* Registers only: the machine knows. */
	s = g_malloc0(p->state_size);
	to = kw_actor(p, s, p->nr_actors - 1);
	memcpy(to, st, e->size);
	kw_step_inline(p, s, p->nr_actors - 1, 0, NULL, &done);
	text = node_text(e, to);
	g_free(s);
	return text;
}

static char *node_text(struct eval *e, const struct kw_actor_state *st)
{
	unsigned pc = st->pc;
	char *text;

	if (!e->been)
		return step_text(e, st);
	/* Twice: it loops, or is a path that is called twice. */
	if (e->failed || e->been[pc]) {
		e->failed = true;
		return g_strdup("0");
	}
	e->been[pc] = true;
	text = step_text(e, st);
	e->been[pc] = false;
	return text;
}

/* Oracle path entry of the object at arg. */
static char *path_text(struct eval *e, uint16_t entry, uint16_t arg)
{
	const struct kw_program *p = e->x->p;
	struct kw_actor_state *st = g_malloc0(e->size);
	char *text;

	st->pc = entry;
	st->regs[p->oracle.arg_reg] = arg;
	text = node_text(e, st);
	g_free(st);
	return text;
}

/* Is irq routed to the vCPU at addr? */
static char *target_text(struct eval *e, uint16_t irq, uint16_t addr)
{
	unsigned at = irq + (unsigned)e->x->p->oracle.target_off;
	struct kw_var *v = kw_export_var(e->x, at, 2);
	GString *s = g_string_new(NULL);

	e->x->reads[(size_t)e->v * e->x->size + at] = true;
	if (!kw_export_has(v, addr)) {
		g_string_append(s, "0");
	} else if (!kw_export_varies(v)) {
		g_string_append(s, "1");
	} else {
		kw_export_name(e->x, at, s);
		g_string_append_printf(s, " == %u", kw_export_code(v, addr));
	}
	return g_string_free(s, FALSE);
}

/* Something is there to wake it for. */
static char *pending_text(struct eval *e, uint16_t addr)
{
	const struct kw_program *p = e->x->p;
	char *text = p->oracle.pending ?
		path_text(e, p->oracle.pending, addr) : g_strdup("0");
	unsigned i;

	for (i = 0; p->oracle.deliverable && i < p->nr_objects; i++) {
		const struct kw_object *o = &p->objects[i];
		char *to, *is, *both;

		if (o->kind != p->oracle.irq_kind)
			continue;
		to = target_text(e, o->addr, addr);
		is = path_text(e, p->oracle.deliverable, o->addr);
		both = strcmp(to, "1") ? choose(to, is, g_strdup("0")) : is;
		if (!strcmp(to, "0")) {
			g_free(both);
			both = g_strdup("0");
		}
		g_free(to);
		text = !strcmp(text, "0") ? (g_free(text), both) :
		       !strcmp(both, "0") ? (g_free(both), text) :
					    choose(text, g_strdup("1"), both);
	}
	return text;
}

void kw_export_oracle(struct kw_export *x)
{
	const struct kw_program *p = x->p;
	struct eval e = {
		.x = x, .size = sizeof(struct kw_actor_state) +
				2u * p->actors[p->nr_actors - 1].nr_regs,
	};
	char *waits, *pending;

	for (e.v = 0; e.v < x->nr_vcpus; e.v++) {
		uint16_t addr = kw_world_vcpu(x->w, e.v)->addr;

		if (!x->now[e.v])
			x->now[e.v] = g_string_new(NULL);
		waits = path_text(&e, p->oracle.waits, addr);
		pending = pending_text(&e, addr);
		g_string_printf(x->now[e.v],
				"#define WAITS_%u (%s)\n"
				"#define PENDING_%u (%s)\n"
				"#define NOW_%u (WAITS_%u == 0 -> 1 : "
				"(WAITS_%u == 1 && PENDING_%u -> 3 : "
				"2 * WAITS_%u))\n", e.v, waits, e.v, pending,
				e.v, e.v, e.v, e.v, e.v);
		g_free(waits);
		g_free(pending);
	}
}

char *kw_export_invariant(struct kw_export *x, unsigned i, uint16_t arg)
{
	const struct kw_program *p = x->p;
	struct eval e = {
		.x = x, .v = x->nr_vcpus,
		.size = sizeof(struct kw_actor_state) +
			2u * p->actors[p->nr_actors - 1].nr_regs,
		.been = g_new0(bool, p->nr_nodes),
	};
	char *text = path_text(&e, p->invariants[i].entry, arg);

	if (e.failed)
		g_clear_pointer(&text, g_free);
	g_free(e.been);
	return text;
}
