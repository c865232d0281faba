/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which lock is taken while which are held, and how a cycle of that
 * is found: explore/orders.h says what is one.
 *
 * It is a cycle of all executions, not of one: the edges are kept beside
 * pan's states, in C, and stay when it goes back.  Each vertex of the two
 * graphs, of kinds of locks and of locks of one kind, has a number of its
 * own.
 */
#include <string.h>
#include "model.h"

struct lock {
	unsigned addr;
	unsigned of, field;	/* kind of object, number of the field */
	unsigned kind;		/* vertex of these, from 1 on */
};

/* That of another lock of the same kind, or a new one. */
static unsigned kind_of(const GArray *locks, const struct lock *l,
			unsigned *nr_kinds)
{
	unsigned i;

	for (i = 0; i < locks->len; i++) {
		const struct lock *is = &g_array_index(locks, struct lock, i);

		if (is->of == l->of && is->field == l->field)
			return is->kind;
	}
	return ++*nr_kinds;
}

static GArray *find_locks(const struct kw_export *x, unsigned *nr_kinds)
{
	const struct kw_program *p = x->p;
	GArray *locks = g_array_new(FALSE, FALSE, sizeof(struct lock));
	unsigned i;
	struct lock l;

	*nr_kinds = 0;
	for (i = 0; i < p->nr_objects; i++) {
		const struct kw_kind *k = &p->kinds[p->objects[i].kind];

		l.of = p->objects[i].kind;
		for (l.field = 0; l.field < k->nr_fields; l.field++) {
			if (k->fields[l.field].type != KW_LOCK)
				continue;
			l.addr = p->objects[i].addr +
				 (unsigned)k->fields[l.field].off;
			l.kind = kind_of(locks, &l, nr_kinds);
			g_array_append_val(locks, l);
		}
	}
	return locks;
}

/* Its number among the locks, or -1: it is declared to be none. */
static int lock_number(const GArray *locks, unsigned addr)
{
	unsigned i;

	for (i = 0; i < locks->len; i++)
		if (g_array_index(locks, struct lock, i).addr == addr)
			return (int)i;
	return -1;
}

void kw_export_put_order(struct kw_export *x, GString *out)
{
	unsigned nr_kinds, nr;
	GArray *locks = find_locks(x, &nr_kinds);

	nr = 1 + nr_kinds + locks->len;
	g_string_append_printf(out,
"/*\n"
" * Vertex 0 is a hard interrupt, %u are kinds of locks, then locks follow.\n"
" * What was seen in one execution is known in all others.\n"
" */\n"
"c_code {\n"
"static int kw_order(int from, int to)\n"
"{\n"
"	static char before[%u][%u];\n"
"	int i, j;\n"
"	for (i = 0; i < %u && !before[from][to]; i++)\n"
"		for (j = 0; (i == from || before[i][from]) && j < %u; j++)\n"
"			if ((i != from || j != to) &&\n"
"			    (j == to || before[to][j]))\n"
"				before[i][j] = 1;\n"
"	before[from][to] = 1;\n"
"	return before[to][from];\n"
"}\n"
"}\n\n", nr_kinds, nr, nr, nr, nr);
	g_array_free(locks, TRUE);
}

struct showing {		/* what somebody shows at a place */
	struct kw_export *x;
	const GArray *locks;
	unsigned nr_kinds;
	GString *all;
};

/* if: "lock == 3", or NULL; locks by number, -1: a hard interrupt. */
static void show(struct showing *s, const char *if_held, int from, int to)
{
	const struct lock *l = (const void *)s->locks->data;
	unsigned f = from < 0 ? 0 : l[from].kind;
	unsigned t = to < 0 ? 0 : l[to].kind;

	if (f == t) {
		f = s->nr_kinds + 1 + (unsigned)from;
		t = s->nr_kinds + 1 + (unsigned)to;
	}
	g_string_append_printf(s->all, "%s%s%sc_expr { (kw_order(%u, %u)) }%s",
			       s->all->len ? " || " : "",
			       if_held ? "(" : "", if_held ? if_held : "", f, t,
			       if_held ? ")" : "");
}

static void show_held(struct showing *s, unsigned a,
		      const struct kw_place *at, int to)
{
	unsigned i, addr;
	int from;

	for (i = 0; i < at->held->len; i++) {
		char *held, *and;

		addr = g_array_index(at->held, uint16_t, i);
		from = lock_number(s->locks, addr);
		if (from < 0 || from == to)
			continue;
		held = kw_export_is(s->x, addr, 2, a + 1);
		and = g_strconcat(held, " && ", NULL);
		show(s, and, from, to);
		g_free(held);
		g_free(and);
	}
}

void kw_export_put_orders_at(struct kw_export *x, unsigned a,
			     const struct kw_place *at, GString *out)
{
	const struct kw_node *n = &x->p->nodes[at->block->pc];
	unsigned addr = at->block->regs[n->reg] + (unsigned)n->off;
	unsigned type = x->p->actors[a].type;
	struct showing s = { .x = x, .all = g_string_new(NULL) };
	GArray *locks = find_locks(x, &s.nr_kinds);
	bool takes = n->op == KW_OP_LOCK;
	int to = takes ? lock_number(locks, addr) : -1;
	char *guard;

	s.locks = locks;
	if (at->block->run == KW_READY &&
	    (takes ? to >= 0 : n->op == KW_OP_IRQ_ON)) {
		show_held(&s, a, at, to);
		if (takes && type == KW_HARDIRQ)
			show(&s, NULL, -1, to);
		else if (takes && type == KW_THREAD && !at->block->irq_off)
			show(&s, NULL, to, -1);
	}
	guard = s.all->len ? kw_export_may_step(x, a, at) : NULL;
	if (guard)
		g_string_append_printf(out, "	:: wrong(%s && (%s), "
				       "lock_order); goto L%u\n", guard,
				       s.all->str, at->nr);
	g_free(guard);
	g_string_free(s.all, TRUE);
	g_array_free(locks, TRUE);
}
