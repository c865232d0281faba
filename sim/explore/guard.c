/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which accesses nobody else can see the moment of. */
#include "../machine/step.h"
#include "guard.h"

#define MAX_TOUCHED	12

struct touched {
	unsigned addr[MAX_TOUCHED], nr;
};

struct kw_guards *kw_guards_new(const struct kw_program *p)
{
	struct kw_guards *g = g_new0(struct kw_guards, 1);
	unsigned n = p->objects_size + 8, i;

	g->p = p;
	g->of = g_malloc(n * sizeof(g->of[0]));
	memset(g->of, 0xff, n * sizeof(g->of[0]));
	g->used = g_new0(bool, n);
	g->owner = g_malloc(n * sizeof(*g->owner));
	memset(g->owner, 0xff, n * sizeof(*g->owner));
	g->owned = g_new0(bool, n);
	g->by_handler = g_new0(bool, n);
	g->released = g_new0(bool, n);
	g->locks = g_new0(uint16_t, n);
	for (i = 0; i < p->nr_objects; i++) {
		const struct kw_kind *k = &p->kinds[p->objects[i].kind];
		unsigned f;

		for (f = 0; f < k->nr_fields; f++)
			if (k->fields[f].type == KW_LOCK)
				g->locks[g->nr_locks++] = (uint16_t)
					(p->objects[i].addr +
					 k->fields[f].off);
	}
	return g;
}

void kw_guards_free(struct kw_guards *g)
{
	if (!g)
		return;
	g_free(g->of);
	g_free(g->used);
	g_free(g->owner);
	g_free(g->owned);
	g_free(g->by_handler);
	g_free(g->released);
	g_free(g->locks);
	g_free(g);
}

static void add(struct touched *t, unsigned addr)
{
	t->addr[t->nr++] = addr;
}

static void add_link(struct touched *t, unsigned link)
{
	add(t, link);
	add(t, link + 2);
}

/* A list operation writes the list, the entry and its neighbours. */
static void list_touches(const uint8_t *s, unsigned list, unsigned entry,
			 const struct kw_node *n, struct touched *t)
{
	unsigned a, b;

	add_link(t, list);
	add_link(t, entry + n->val);
	a = kw_get16(s, n->op == KW_OP_LIST_DEL ? entry + n->val : list);
	b = kw_get16(s, (n->op == KW_OP_LIST_DEL ? entry + n->val : list) + 2);
	if (a)
		add_link(t, a + n->val);
	if (b)
		add_link(t, b + n->val);
}

/* What n touches; false when it is nothing that a lock can guard. */
static bool touches(const struct kw_actor_state *st, const uint8_t *s,
		    const struct kw_node *n, struct touched *t)
{
	unsigned base = st->regs[n->reg], A = base + n->off;

	if (!base && n->reg)
		return false;
	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		add(t, A);
		return true;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		list_touches(s, A, st->regs[n->dst], n, t);
		return true;
	case KW_OP_AWAIT:
		add(t, A);
		return false;
	case KW_OP_DEACTIVATE:
	case KW_OP_SWITCH:
	case KW_OP_WAKE:
		add(t, A + KW_TASK_STATE);
		add(t, A + KW_TASK_ON_RQ);
		add(t, A + KW_TASK_SIGPENDING);
		return false;
	default:
		return false;
	}
}

static bool holds(const uint8_t *s, unsigned lock, unsigned a)
{
	return kw_get16(s, lock) == a + 1;
}

static void first_touch(struct kw_guards *g, const uint8_t *s, unsigned a,
			uint16_t *of)
{
	unsigned i, nr = 0;

	memset(of, 0, sizeof(g->of[0]));
	for (i = 0; i < g->nr_locks && nr < KW_GUARDS_MAX; i++)
		if (holds(s, g->locks[i], a))
			of[nr++] = g->locks[i];
}

/* Only those that a holds remain. */
static void narrow(const uint8_t *s, unsigned a, uint16_t *of)
{
	unsigned i, nr = 0;

	for (i = 0; i < KW_GUARDS_MAX && of[i]; i++)
		if (holds(s, of[i], a))
			of[nr++] = of[i];
	for (; nr < KW_GUARDS_MAX; nr++)
		of[nr] = 0;
}

/* The thread whose guest, or guest's handler, a is; a itself. */
static unsigned group_of(const struct kw_guards *g, unsigned a)
{
	if (g->p->actors[a].type == KW_VIRQ)
		a = g->p->actors[a].home;
	if (g->p->actors[a].type == KW_GUEST)
		a = g->p->actors[a].home;
	return a;
}

/* Actor a touches addr: does it own it?  may: it is a plain access. */
static bool owns(struct kw_guards *g, unsigned a, unsigned addr, bool may)
{
	unsigned is = g->owner[addr], group = (group_of(g, a) + 1) | KW_GROUP;
	unsigned now = is;

	if (!is)
		return false;
	if (!may)
		now = 0;
	else if (is == KW_UNSEEN)
		now = a + 1;
	else if (is != a + 1 && is != group)
		now = !(is & KW_GROUP) && ((group_of(g, is - 1) + 1) |
					   KW_GROUP) == group ? group : 0;
	/* What a thread folded stays right in its group. */
	if (now != is && g->owned[addr] &&
	    !(now == group && group_of(g, is - 1) == is - 1))
		g->wrong = true;
	g->owner[addr] = (uint16_t)now;
	return now == a + 1 || (now == group && group_of(g, a) == a);
}

/* Actor a touches addr: under the locks that everybody took so far? */
static bool is_locked(struct kw_guards *g, const uint8_t *s, unsigned a,
		      unsigned addr, bool may)
{
	uint16_t *of = g->of[addr];

	if (!of[0])
		return false;
	if (!may)
		memset(of, 0, sizeof(g->of[0]));
	else if (of[0] == KW_UNSEEN)
		first_touch(g, s, a, of);
	else
		narrow(s, a, of);
	if (!of[0])
		g->wrong |= g->used[addr];
	return of[0];
}

bool kw_guards_touch(struct kw_guards *g, const uint8_t *s, unsigned a,
		     const struct kw_node *n, bool fold)
{
	const struct kw_actor_state *st = (const void *)
		(s + g->p->actors[a].base);
	bool all, locked[MAX_TOUCHED], owned[MAX_TOUCHED];
	struct touched t = { .nr = 0 };
	unsigned i;
	bool may = touches(st, s, n, &t);

	for (all = may, i = 0; i < t.nr; i++) {
		locked[i] = is_locked(g, s, a, t.addr[i], may);
		owned[i] = owns(g, a, t.addr[i], may);
		all &= locked[i] || owned[i];
	}
	for (i = 0; fold && all && i < t.nr; i++) {
		g->used[t.addr[i]] |= locked[i];
		g->owned[t.addr[i]] |= !locked[i];
	}
	return all;
}

void kw_guards_handler(struct kw_guards *g, unsigned addr)
{
	if (g->by_handler[addr])
		return;
	g->by_handler[addr] = true;
	g->wrong |= g->released[addr];
}

bool kw_guards_unlock(struct kw_guards *g, unsigned addr, bool irq_off)
{
	if (irq_off)
		return true;
	if (g->by_handler[addr])
		return false;
	g->released[addr] = true;
	return true;
}
