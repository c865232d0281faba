/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how SPEC is written, and whether an invariant holds: the oracle's
 * paths as expressions over the variables that they load.
 *
 *	now	bit 0: SPEC holds; bits 1, 2: what the vCPU waits for
 *
 * Invariants: an expression names only variables that vary; what a path
 * loads besides is known, and decided here.  What it has loaded once it loads
 * again: a path is evaluated in one state.
 */
#include <string.h>
#include "model.h"

#define MAX_NODES 20000		/* of all ways through an invariant */

/* Where the path was since the last variable that it had not loaded. */
struct trail {
	const struct kw_actor_state *st;
	const struct trail *up;
};

struct loaded {
	unsigned addr, value;
};

struct eval {
	struct kw_export *x;
	unsigned v;		/* vCPU whose SPEC it is, or as many as there
				   are: nobody's */
	bool number;		/* paths return more than 0 and 1 */
	size_t size;
	GArray *loaded;		/* struct loaded: on the way here */
	unsigned nr_nodes;
	const char *why_not;	/* of an invariant: it is no expression */
};

static char *node_text(struct eval *e, const struct kw_actor_state *st,
		       const struct trail *up);

/* c ? a : b, each of which is true or false */
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

/* The same of what a path returns: waits are numbers. */
static char *choose_of(const struct eval *e, const char *c, char *a, char *b)
{
	char *s;

	if (!e->number || !strcmp(a, b))
		return choose(c, a, b);
	s = g_strdup_printf("(%s -> %s : %s)", c, a, b);
	g_free(a);
	g_free(b);
	return s;
}

/* Where the path goes when it loads value. */
static char *after_load(struct eval *e, const struct kw_actor_state *st,
			unsigned value, const struct trail *up)
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
	text = node_text(e, to, up);
	g_free(to);
	return text;
}

static bool can_load(const struct kw_node *n, unsigned value)
{
	return n->op != KW_OP_LOAD ||
	       (value >= n->val && value - n->val < n->next[1]);
}

static const struct loaded *find_loaded(const struct eval *e, unsigned addr)
{
	unsigned i;

	for (i = 0; i < e->loaded->len; i++) {
		const struct loaded *l = &g_array_index(e->loaded,
							struct loaded, i);

		if (l->addr == addr)
			return l;
	}
	return NULL;
}

/* The first time on this way. */
static char *after_first_load(struct eval *e, const struct kw_actor_state *st,
			      unsigned addr, unsigned value)
{
	const struct loaded l = { addr, value };
	char *text;

	g_array_append_val(e->loaded, l);
	text = after_load(e, st, value, NULL);
	g_array_set_size(e->loaded, e->loaded->len - 1);
	return text;
}

/* Values that lead to the same text are one case. */
static char *load_text(struct eval *e, const struct kw_actor_state *st,
		       const struct trail *up)
{
	const struct kw_node *n = &e->x->p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + (unsigned)n->off, i, value;
	struct kw_var *v = kw_export_var(e->x, addr,
					 n->op == KW_OP_LOAD_REF ? 2 : 1);
	const struct loaded *known = find_loaded(e, addr);
	GString *c = g_string_new(NULL);
	char *text = NULL, *one;

	e->x->reads[(size_t)e->v * e->x->size + addr] = true;
	if (known && can_load(n, known->value))
		text = after_load(e, st, known->value, up);
	for (i = v->values->len; !known && i-- > 0;) {
		value = g_array_index(v->values, uint16_t, i);
		if (!can_load(n, value))
			continue;
		one = after_first_load(e, st, addr, value);
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
			text = choose_of(e, c->str, text, one);
		else
			text = choose_of(e, c->str, one, text);
	}
	g_string_free(c, TRUE);
	return text ? text : g_strdup("0");
}

/* --- questions, which only invariants ask ------------------------------ */

static char *both(char *a, char *b)
{
	char *s = !strcmp(a, "1") ? g_strdup(b) :
		  !strcmp(a, "0") || !strcmp(b, "1") ? g_strdup(a) :
		  choose(a, g_strdup(b), g_strdup("0"));

	g_free(a);
	g_free(b);
	return s;
}

static char *not(char *a)
{
	bool known = !strcmp(a, "0") || !strcmp(a, "1");
	char *s = known ? g_strdup(*a == '0' ? "1" : "0") :
		  g_strdup_printf("!(%s)", a);

	g_free(a);
	return s;
}

/* Handler h (its number + 1) is armed, or pends or runs. */
static char *handler_text(struct eval *e, unsigned h, bool armed)
{
	unsigned run;

	if (!h)
		return g_strdup("0");
	if (armed)
		return kw_export_is(e->x, KW_EXPORT_AT(e->x, h - 1, armed), 1,
				    1);
	run = KW_EXPORT_AT(e->x, h - 1, run);
	return not(both(both(kw_export_is(e->x, KW_EXPORT_AT(e->x, h - 1,
							     pend), 1, 0),
			     not(kw_export_is(e->x, run, 1, KW_READY))),
			both(not(kw_export_is(e->x, run, 1, KW_ASLEEP)),
			     not(kw_export_is(e->x, run, 1, KW_IN_GUEST)))));
}

/* One handler, whatever happens: a variable that names it does not change. */
static char *of_handler(struct eval *e, unsigned addr, bool armed)
{
	struct kw_var *v = kw_export_var(e->x, addr, 2);

	if (kw_export_varies(v)) {
		e->why_not = "it asks for a handler that is now one, now "
			     "another";
		return g_strdup("0");
	}
	return handler_text(e, g_array_index(v->values, uint16_t, 0), armed);
}

static char *question_text(struct eval *e, const struct kw_actor_state *st)
{
	const struct kw_node *n = &e->x->p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + (unsigned)n->off;
	struct kw_actor_state *to = g_memdup2(st, e->size);
	char *c, *yes, *no;

	/* Is it not so? */
	c = n->op == KW_OP_IS_LOCKED ? kw_export_is(e->x, addr, 2, 0) :
	    not(of_handler(e, addr, n->op == KW_OP_IS_ARMED));
	to->pc = n->next[0];
	no = strcmp(c, "0") ? node_text(e, to, NULL) : NULL;
	to->pc = n->next[1];
	yes = strcmp(c, "1") ? node_text(e, to, NULL) : NULL;
	if (yes && no)
		yes = choose(c, no, yes);
	g_free(c);
	g_free(to);
	return yes ? yes : no;
}

/* --- paths ------------------------------------------------------------- */

static bool is_question(unsigned op)
{
	return op == KW_OP_IS_LOCKED || op == KW_OP_IS_PENDING ||
	       op == KW_OP_IS_ARMED;
}

static char *step_text(struct eval *e, const struct kw_actor_state *st,
		       const struct trail *up)
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
		return load_text(e, st, up);
	if (e->v == e->x->nr_vcpus && is_question(n->op))
		return question_text(e, st);
	if (n->op < KW_OP_LEA || n->op > KW_OP_JUMP) {
		if (e->v < e->x->nr_vcpus)
			kw_export_refuse(e->x, "the oracle does %s",
					 kw_op_names[n->op]);
		e->why_not = "of what it asks";
		return g_strdup("0");
	}
	/* Registers only: the machine knows. */
	s = g_malloc0(p->state_size);
	to = kw_actor(p, s, p->nr_actors - 1);
	memcpy(to, st, e->size);
	kw_step_inline(p, s, p->nr_actors - 1, 0, NULL, &done);
	text = node_text(e, to, up);
	g_free(s);
	return text;
}

static char *node_text(struct eval *e, const struct kw_actor_state *st,
		       const struct trail *up)
{
	const struct trail here = { st, up };

	if (e->v == e->x->nr_vcpus && e->nr_nodes++ > MAX_NODES)
		e->why_not = "it goes too many ways";
	if (e->why_not)
		return g_strdup("0");
	/* Round and round: kw_eval() gives up, too. */
	for (; up; up = up->up)
		if (!memcmp(up->st, st, e->size))
			return g_strdup("0");
	return step_text(e, st, &here);
}

/* Oracle path entry of the object at arg. */
static char *path_text(struct eval *e, uint16_t entry, uint16_t arg)
{
	const struct kw_program *p = e->x->p;
	struct kw_actor_state *st = g_malloc0(e->size);
	char *text;

	st->pc = entry;
	st->regs[p->oracle.arg_reg] = arg;
	text = node_text(e, st, NULL);
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
		.loaded = g_array_new(FALSE, FALSE, sizeof(struct loaded)),
	};
	char *waits, *pending;

	for (e.v = 0; e.v < x->nr_vcpus; e.v++) {
		uint16_t addr = kw_world_vcpu(x->w, e.v)->addr;

		if (!x->now[e.v])
			x->now[e.v] = g_string_new(NULL);
		e.number = true;
		waits = path_text(&e, p->oracle.waits, addr);
		e.number = false;
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
	g_array_free(e.loaded, TRUE);
}

char *kw_export_invariant(struct kw_export *x, unsigned i, uint16_t arg)
{
	const struct kw_program *p = x->p;
	struct eval e = {
		.x = x, .v = x->nr_vcpus,
		.size = sizeof(struct kw_actor_state) +
			2u * p->actors[p->nr_actors - 1].nr_regs,
		.loaded = g_array_new(FALSE, FALSE, sizeof(struct loaded)),
	};
	char *text = path_text(&e, p->invariants[i].entry, arg);

	if (e.why_not)
		kw_export_refuse(x, "%s of %s is no expression over variables:"
				 " %s; leave it out (--check)",
				 p->invariants[i].name,
				 kw_object_at(p, arg)->name, e.why_not);
	g_array_free(e.loaded, TRUE);
	return text;
}
