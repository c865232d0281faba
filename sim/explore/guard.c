/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which accesses nobody else can see the moment of. */
#include "../machine/step.h"
#include "guard.h"

#define MAX_TOUCHED	12

struct touched {
	unsigned addr[MAX_TOUCHED], nr;
};

static const struct kw_guard unseen = {
	.locks = { KW_UNSEEN }, .owner = KW_UNSEEN, .folded = KW_UNSEEN,
};

static unsigned nr_addresses(const struct kw_program *p)
{
	return p->objects_size + 8;
}

static void forget(const struct kw_program *p, struct kw_guard *of)
{
	unsigned i;

	for (i = 0; i < nr_addresses(p); i++)
		of[i] = unseen;
}

/* Is it asked somewhere in path e whether a lock is taken? */
static bool asks(const struct kw_paths *paths, const struct kw_path_graph *e)
{
	const struct kw_path_graph *to;
	unsigned i, j;

	for (i = 0; i < e->nodes->len; i++) {
		const struct kw_node *n = &paths->p->nodes[
			g_array_index(e->nodes, uint16_t, i)];

		if (n->op == KW_OP_IS_LOCKED)
			return true;
		for (j = 0; kw_is_call(n) &&
			    (to = kw_callee(paths, n, j)); j++)
			if (asks(paths, to))
				return true;
	}
	return false;
}

struct kw_guards *kw_guards_new(const struct kw_program *p,
				const struct kw_paths *paths)
{
	struct kw_guards *g = g_new0(struct kw_guards, 1);
	unsigned i;

	g->p = p;
	/* An invariant asks, too, but between moves: it is no actor's. */
	for (i = 0; i + 1 < p->nr_actors; i++)
		g->asked |= asks(paths, paths->at[p->actors[i].entry]);
	g->known = g_new(struct kw_guard, nr_addresses(p));
	forget(p, g->known);
	g->locks = g_new0(uint16_t, nr_addresses(p));
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
	g_free(g->known);
	g_free(g->locks);
	g_free(g);
}

size_t kw_guards_bytes(const struct kw_guards *g)
{
	return nr_addresses(g->p) * sizeof(*g->known);
}

struct kw_learnt *kw_learnt_new(const struct kw_guards *g)
{
	struct kw_learnt *l = g_new0(struct kw_learnt, 1);

	l->seen = g_new(struct kw_guard, nr_addresses(g->p));
	forget(g->p, l->seen);
	return l;
}

void kw_learnt_free(struct kw_learnt *l)
{
	if (!l)
		return;
	g_free(l->seen);
	g_free(l);
}

void kw_learnt_forget(const struct kw_guards *g, struct kw_learnt *l)
{
	if (l->news)
		forget(g->p, l->seen);
	l->news = false;
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

/* The locks that a holds. */
static void held_by(const struct kw_guards *g, const uint8_t *s, unsigned a,
		    uint16_t *of)
{
	unsigned i, nr = 0;

	memset(of, 0, sizeof(unseen.locks));
	for (i = 0; i < g->nr_locks && nr < KW_GUARDS_MAX; i++)
		if (holds(s, g->locks[i], a))
			of[nr++] = g->locks[i];
}

/* Only those that a holds remain; true when some are gone. */
static bool narrow(const struct kw_guards *g, const uint8_t *s, unsigned a,
		   uint16_t *of)
{
	unsigned i, nr = 0, had;

	if (of[0] == KW_UNSEEN) {
		held_by(g, s, a, of);
		return true;
	}
	for (i = 0; i < KW_GUARDS_MAX && of[i]; i++)
		if (holds(s, of[i], a))
			of[nr++] = of[i];
	for (had = i; nr < KW_GUARDS_MAX; nr++)
		of[nr] = 0;
	return had && !of[had - 1];
}

/* Those of a and of b. */
static void both(uint16_t *a, const uint16_t *b)
{
	unsigned i, k, nr = 0;

	if (b[0] == KW_UNSEEN)
		return;
	if (a[0] == KW_UNSEEN) {
		memcpy(a, b, sizeof(unseen.locks));
		return;
	}
	for (i = 0; i < KW_GUARDS_MAX && a[i]; i++)
		for (k = 0; k < KW_GUARDS_MAX; k++)
			if (a[i] == b[k]) {
				a[nr++] = a[i];
				break;
			}
	for (; nr < KW_GUARDS_MAX; nr++)
		a[nr] = 0;
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

static unsigned as_group(const struct kw_guards *g, unsigned owner)
{
	return owner & KW_GROUP ? owner :
				  (group_of(g, owner - 1) + 1) | KW_GROUP;
}

/* Who owns what both a and b touch; see struct kw_guard. */
static unsigned owner_of(const struct kw_guards *g, unsigned a, unsigned b)
{
	if (a == KW_UNSEEN || a == b)
		return b;
	if (b == KW_UNSEEN)
		return a;
	return a && b && as_group(g, a) == as_group(g, b) ? as_group(g, a) : 0;
}

/* May a fold as the owner, while owner is that, a included? */
static bool owns(const struct kw_guards *g, unsigned a, unsigned owner)
{
	return owner == a + 1 ||
	       (group_of(g, a) == a && owner == ((a + 1) | KW_GROUP));
}

static bool is_right(const struct kw_guards *g, const struct kw_guard *k)
{
	if (k->used && !k->locks[0])
		return false;
	if (k->folded != KW_UNSEEN &&
	    (!k->folded || (k->folded & KW_GROUP) ||
	     !owns(g, k->folded - 1u, k->owner)))
		return false;
	return !k->by_handler || !k->released;
}

static void join(const struct kw_guards *g, struct kw_guard *to,
		 const struct kw_guard *from)
{
	both(to->locks, from->locks);
	to->owner = (uint16_t)owner_of(g, to->owner, from->owner);
	to->folded = (uint16_t)owner_of(g, to->folded, from->folded);
	to->used |= from->used;
	to->by_handler |= from->by_handler;
	to->released |= from->released;
}

void kw_learnt_join(const struct kw_guards *g, struct kw_learnt *to,
		    const struct kw_learnt *from)
{
	unsigned i;

	if (!from->news)
		return;
	for (i = 0; i < nr_addresses(g->p); i++)
		join(g, &to->seen[i], &from->seen[i]);
	to->news = true;
}

static uint16_t rename_owner(const struct kw_renaming *r, unsigned owner)
{
	unsigned a = owner & ~(unsigned)KW_GROUP;

	if (!owner || owner == KW_UNSEEN)
		return (uint16_t)owner;
	return (uint16_t)((r->actor[a - 1] + 1u) | (owner & KW_GROUP));
}

/* What is known of addr is known of what it is called by r; true: is new. */
static bool rename(struct kw_guards *g, const struct kw_renaming *r,
		   unsigned addr)
{
	struct kw_guard k = g->known[addr];
	struct kw_guard *to = &g->known[kw_rename_address(r, addr)], was = *to;
	unsigned i;

	for (i = 0; i < KW_GUARDS_MAX && k.locks[0] != KW_UNSEEN; i++)
		k.locks[i] = (uint16_t)kw_rename_address(r, k.locks[i]);
	k.owner = rename_owner(r, k.owner);
	k.folded = rename_owner(r, k.folded);
	join(g, to, &k);
	return memcmp(&was, to, sizeof(was));
}

static void rename_all(struct kw_guards *g)
{
	bool grew = g->nr_renamings;
	unsigned i, k;

	while (grew)
		for (grew = false, k = 0; k < g->nr_renamings; k++)
			for (i = 0; i < nr_addresses(g->p); i++)
				grew |= rename(g, &g->renamings[k], i);
}

void kw_guards_learn(struct kw_guards *g, struct kw_learnt *l)
{
	unsigned i;

	if (!l->news)
		return;
	for (i = 0; i < nr_addresses(g->p); i++) {
		/* Who took others while it held this one was not asked. */
		g->wrong |= l->seen[i].by_handler && !g->known[i].by_handler;
		join(g, &g->known[i], &l->seen[i]);
	}
	rename_all(g);
	for (i = 0; i < nr_addresses(g->p); i++) {
		if (is_right(g, &g->known[i]))
			continue;
		/* What was folded so will not be again. */
		g->known[i].used = g->known[i].released = false;
		g->known[i].folded = KW_UNSEEN;
		g->wrong = true;
	}
	kw_learnt_forget(g, l);
}

/* a touches addr, not as somebody who could own it or have it guarded. */
static void touch_bare(const struct kw_guards *g, struct kw_learnt *l,
		       unsigned addr)
{
	struct kw_guard *x = &l->seen[addr];

	if (!g->known[addr].locks[0] && !g->known[addr].owner)
		return;
	memset(x->locks, 0, sizeof(x->locks));
	x->owner = 0;
	l->news = true;
}

/* a touches addr: may that be folded, and for what reason? */
static bool touch(const struct kw_guards *g, struct kw_learnt *l,
		  const uint8_t *s, unsigned a, unsigned addr, bool *locked)
{
	const struct kw_guard *k = &g->known[addr];
	struct kw_guard now = *k, *x = &l->seen[addr];
	unsigned owner;

	*locked = false;
	if (!k->locks[0] && !k->owner)
		return false;
	if (now.locks[0]) {
		if (narrow(g, s, a, now.locks)) {
			narrow(g, s, a, x->locks);
			l->news = true;
		}
		*locked = now.locks[0];
	}
	owner = owner_of(g, k->owner, a + 1);
	if (owner != k->owner) {
		x->owner = (uint16_t)owner_of(g, x->owner, a + 1);
		l->news = true;
	}
	return *locked || owns(g, a, owner);
}

/* a folds a step that touches addr. */
static void fold(const struct kw_guards *g, struct kw_learnt *l, unsigned a,
		 unsigned addr, bool locked)
{
	struct kw_guard *x = &l->seen[addr];

	if (locked && !g->known[addr].used) {
		l->news |= !x->used;
		x->used = true;
	} else if (!locked && g->known[addr].folded != a + 1) {
		x->folded = (uint16_t)owner_of(g, x->folded, a + 1);
		l->news = true;
	}
}

bool kw_guards_touch(const struct kw_guards *g, struct kw_learnt *l,
		     const uint8_t *s, unsigned a, bool folds)
{
	const struct kw_actor_state *st = (const void *)
		(s + g->p->actors[a].base);
	bool all, locked[MAX_TOUCHED];
	struct touched t = { .nr = 0 };
	unsigned i;

	all = touches(st, s, &g->p->nodes[st->pc], &t);
	if (!all) {
		for (i = 0; i < t.nr; i++)
			touch_bare(g, l, t.addr[i]);
		return false;
	}
	for (i = 0; i < t.nr; i++)
		all &= touch(g, l, s, a, t.addr[i], &locked[i]);
	for (i = 0; folds && all && i < t.nr; i++)
		fold(g, l, a, t.addr[i], locked[i]);
	return all;
}

/* Does a hold a lock that keeps handlers waiting? */
static bool keeps_handlers(const struct kw_guards *g, const uint8_t *s,
			   unsigned a)
{
	unsigned i;

	for (i = 0; i < g->nr_locks; i++)
		if (g->known[g->locks[i]].by_handler &&
		    holds(s, g->locks[i], a))
			return true;
	return false;
}

void kw_guards_wait(const struct kw_guards *g, struct kw_learnt *l,
		    const uint8_t *s, unsigned a, unsigned addr)
{
	unsigned type = g->p->actors[a].type;
	bool handler = type == KW_HARDIRQ || type == KW_PREEMPT;

	if (g->known[addr].by_handler ||
	    (!handler && !keeps_handlers(g, s, a)))
		return;
	l->seen[addr].by_handler = true;
	l->news = true;
}

bool kw_guards_unlock(const struct kw_guards *g, struct kw_learnt *l,
		      unsigned addr, bool irq_off)
{
	if (g->asked)
		return false;
	if (irq_off)
		return true;
	if (g->known[addr].by_handler || g->known[0].by_handler)
		return false;
	if (!g->known[addr].released) {
		l->seen[addr].released = true;
		l->news = true;
	}
	return true;
}
