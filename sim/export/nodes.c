/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a node becomes: machine/step.h once more, as text.
 *
 * Each outcome is a move of its own, with a guard that says what was loaded.
 * Places tell the values of registers, so A is a number here.
 */
#include <string.h>
#include "node.h"

void kw_node_begin(const struct kw_here *d, struct kw_export_move *m)
{
	kw_export_begin(d->l, m);
	m->slow = kw_world_is_slow(d->x->w, d->a, d->st->pc);
	if (d->n->flags & (KW_NODE_ARCH | KW_NODE_ARCH_ALL))
		m->arch = d->A;
}

void kw_node_end_at(const struct kw_here *d, struct kw_export_move *m,
		   unsigned pc)
{
	unsigned also;

	if (m->never) {
		kw_export_end(d->l, m);
		return;
	}
	m->st->pc = (uint16_t)pc;
	also = kw_export_forget(d->x, d->a, m->st, d->st->pc);
	if (also & KW_EXPORT_EXIT)
		kw_export_set(m, KW_EXPORT_AT(d->x, d->a, exit), 1, 0);
	if (also & KW_EXPORT_TRAP)
		kw_export_set(m, KW_EXPORT_AT(d->x, d->a, trap), 2, 0);
	kw_export_end(d->l, m);
}

void kw_node_end(const struct kw_here *d, struct kw_export_move *m)
{
	kw_node_end_at(d, m, d->n->next[0]);
}

void kw_node_fails(const struct kw_here *d, struct kw_export_move *m)
{
	m->fails = "failed";
	kw_export_end(d->l, m);
}

void kw_node_deadlock(const struct kw_here *d, struct kw_export_move *m)
{
	/* At rest somebody who is not waited for could still move. */
	m->never |= m->x->opts->eventually;
	kw_export_if(m, "timeout");
	m->fails = "deadlock";
	kw_export_end(d->l, m);
}

void kw_node_each(const struct kw_here *d, unsigned addr,
		  void (*which)(const struct kw_here *d,
				struct kw_export_move *m, unsigned value))
{
	struct kw_var *v = kw_export_var(d->x, addr, 2);
	struct kw_export_move m;
	unsigned i, value;

	for (i = 0; i < v->values->len; i++) {
		value = g_array_index(v->values, uint16_t, i);
		kw_node_begin(d, &m);
		kw_export_if_is(&m, addr, 2, value);
		which(d, &m, value);
	}
}

/* --- loads ------------------------------------------------------------ */

/* The node that follows when the old value is value. */
static unsigned next_of(const struct kw_here *d, unsigned value)
{
	const struct kw_program *p = d->x->p;
	const struct kw_node *n = d->n;

	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD_FLAG:
		return n->next[value != 0];
	case KW_OP_LOAD_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
		return n->next[(value & n->val) != 0];
	case KW_OP_LOAD:
		return kw_next(p, n, value - n->val);
	default:
		return kw_next(p, n, value);
	}
}

static bool has_outcome(const struct kw_here *d, unsigned value)
{
	const struct kw_node *n = d->n;

	if (n->op == KW_OP_LOAD)
		return value >= n->val && value - n->val < n->next[1];
	if (n->op == KW_OP_XCHG || n->op == KW_OP_CMPXCHG)
		return value < n->next[1];
	return true;
}

static void change(const struct kw_here *d, struct kw_export_move *m,
		   unsigned value)
{
	const struct kw_node *n = d->n;

	switch ((enum kw_op)n->op) {
	case KW_OP_TEST_AND_SET:
		kw_export_rmw(m, d->A, 0xff, n->val & 0xff);
		break;
	case KW_OP_TEST_AND_CLEAR:
		kw_export_rmw(m, d->A, ~(unsigned)n->val & 0xff, 0);
		break;
	case KW_OP_XCHG:
		kw_export_set(m, d->A, 1, n->val & 0xff);
		break;
	case KW_OP_CMPXCHG:
		if (value == (n->val & 0xffu))
			kw_export_set(m, d->A, 1, n->val >> 8);
		break;
	default:
		break;
	}
}

/* Do both values do the same? */
static bool alike(const struct kw_here *d, unsigned x, unsigned y)
{
	unsigned old = d->n->val & 0xff;

	if (d->n->op == KW_OP_CMPXCHG && (x == old) != (y == old))
		return false;
	return next_of(d, x) == next_of(d, y);
}

/* A move for each set of values that lead to the same. */
static void load(const struct kw_here *d)
{
	struct kw_var *v = kw_export_var(d->x, d->A, 1);
	GArray *todo = g_array_new(FALSE, FALSE, 2), *same;
	struct kw_export_move m;
	unsigned i;
	uint16_t first, value;

	for (i = 0; i < v->values->len; i++) {
		value = g_array_index(v->values, uint16_t, i);
		if (has_outcome(d, value))
			g_array_append_val(todo, value);
	}
	same = g_array_new(FALSE, FALSE, 2);
	while (todo->len) {
		first = g_array_index(todo, uint16_t, 0);
		g_array_set_size(same, 0);
		for (i = 0; i < todo->len;) {
			value = g_array_index(todo, uint16_t, i);
			if (!alike(d, first, value)) {
				i++;
				continue;
			}
			g_array_append_val(same, value);
			g_array_remove_index(todo, i);
		}
		kw_node_begin(d, &m);
		kw_export_if_in(&m, d->A, 1, same);
		change(d, &m, first);
		kw_node_end_at(d, &m, next_of(d, first));
	}
	g_array_free(todo, TRUE);
	g_array_free(same, TRUE);
}

static void load_ref(const struct kw_here *d, struct kw_export_move *m,
		     unsigned value)
{
	m->st->regs[d->n->dst] = (uint16_t)value;
	kw_node_end(d, m);
}

/* --- lists ------------------------------------------------------------ */

struct entry {			/* of a list */
	unsigned list, at, link;
	unsigned prev;		/* list_del: which is known by then */
};

/* What is done when the variable has that value. */
typedef void by_value_fn(struct kw_export_move *m, const struct entry *e,
			 unsigned value);

/* "if :: name == 1 -> ... :: ... fi", a case for each value. */
static void by_value(struct kw_export_move *m, unsigned addr,
		     by_value_fn *what, const struct entry *e)
{
	struct kw_var *v = kw_export_var(m->x, addr, 2);
	GString *all = g_string_new(NULL), *body = m->body, *guard = m->guard;
	unsigned i, value;

	for (i = 0; i < v->values->len; i++) {
		value = g_array_index(v->values, uint16_t, i);
		m->body = g_string_new(NULL);
		m->guard = g_string_new(NULL);
		kw_export_if_is(m, addr, 2, value);
		what(m, e, value);
		if (!m->body->len)
			g_string_append(m->body, "skip");
		if (m->guard->len)
			g_string_append_printf(all, "%s :: %s -> %s",
					       all->len ? "" : "if",
					       m->guard->str, m->body->str);
		else
			g_string_assign(all, m->body->str);
		g_string_free(m->body, TRUE);
		g_string_free(m->guard, TRUE);
	}
	m->body = body;
	m->guard = guard;
	if (v->values->len > 1)
		g_string_append(all, " fi");
	if (strcmp(all->str, "skip"))
		kw_export_do(m, "%s", all->str);
	g_string_free(all, TRUE);
}

static void add_first(struct kw_export_move *m, const struct entry *e,
		      unsigned first)
{
	kw_export_set(m, e->at + e->link, 2, first);
	kw_export_set(m, e->at + e->link + 2, 2, 0);
	kw_export_set(m, first ? first + e->link + 2 : e->list + 2, 2, e->at);
	kw_export_set(m, e->list, 2, e->at);
}

static void add_last(struct kw_export_move *m, const struct entry *e,
		     unsigned last)
{
	kw_export_set(m, e->at + e->link, 2, 0);
	kw_export_set(m, e->at + e->link + 2, 2, last);
	kw_export_set(m, last ? last + e->link : e->list, 2, e->at);
	kw_export_set(m, e->list + 2, 2, e->at);
}

static void set_next_of_prev(struct kw_export_move *m, const struct entry *e,
			     unsigned next)
{
	kw_export_set(m, e->prev ? e->prev + e->link : e->list, 2, next);
}

static void set_prev_of_next(struct kw_export_move *m, const struct entry *e,
			     unsigned next)
{
	kw_export_set(m, next ? next + e->link + 2 : e->list + 2, 2, e->prev);
}

static void del(struct kw_export_move *m, const struct entry *e,
		unsigned prev)
{
	struct entry known = *e;

	known.prev = prev;
	by_value(m, e->at + e->link, set_next_of_prev, &known);
	by_value(m, e->at + e->link, set_prev_of_next, &known);
}

static void list_op(const struct kw_here *d)
{
	const struct entry e = {
		.list = d->A, .at = d->st->regs[d->n->dst],
		.link = d->n->val,
	};
	struct kw_export_move m;

	kw_node_begin(d, &m);
	if (d->n->op == KW_OP_LIST_ADD) {
		by_value(&m, e.list, add_first, &e);
	} else if (d->n->op == KW_OP_LIST_ADD_TAIL) {
		by_value(&m, e.list + 2, add_last, &e);
	} else {
		by_value(&m, e.at + e.link + 2, del, &e);
		kw_export_set(&m, e.at + e.link, 2, 0);
		kw_export_set(&m, e.at + e.link + 2, 2, 0);
	}
	kw_node_end(d, &m);
}

/* --- locks and waits -------------------------------------------------- */

/* Its own lock a second time is a failure, another's is waited for. */
static void lock(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_if_is(&m, d->A, 2, 0);
	kw_export_set(&m, d->A, 2, d->a + 1);
	m.st->preempt = (uint8_t)(m.st->preempt + !d->n->val);
	kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, preempt), 1,
		      m.st->preempt);
	m.takes = d->A;
	kw_node_end(d, &m);
	if (kw_export_holds(d->l->at, d->A)) {
		kw_node_begin(d, &m);
		kw_export_if_is(&m, d->A, 2, d->a + 1);
		kw_node_fails(d, &m);
	}
	kw_node_begin(d, &m);
	kw_export_if_not(&m, d->A, 2, 0);
	if (kw_export_holds(d->l->at, d->A))
		kw_export_if_not(&m, d->A, 2, d->a + 1);
	kw_node_deadlock(d, &m);
}

static void unlock(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_set(&m, d->A, 2, 0);
	m.st->preempt = (uint8_t)(m.st->preempt - !d->n->val);
	kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, preempt), 1,
		      m.st->preempt);
	m.gives = d->A;
	kw_node_end(d, &m);
}

static void await(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_if_is(&m, d->A, 1, d->n->val);
	kw_node_end(d, &m);
	kw_node_begin(d, &m);
	kw_export_if_not(&m, d->A, 1, d->n->val);
	kw_node_deadlock(d, &m);
}

/* Only if handler h neither pends nor runs. */
static void if_idle(struct kw_export_move *m, unsigned h)
{
	unsigned run = KW_EXPORT_AT(m->x, h - 1, run);

	kw_export_if_is(m, KW_EXPORT_AT(m->x, h - 1, pend), 1, 0);
	kw_export_if_not(m, run, 1, KW_READY);
	kw_export_if_not(m, run, 1, KW_ASLEEP);
	kw_export_if_not(m, run, 1, KW_IN_GUEST);
}

static void if_not_idle(const struct kw_here *d, struct kw_export_move *m,
			unsigned h)
{
	struct kw_export_move idle;

	if (!h) {
		m->never = true;
		return;
	}
	kw_export_begin_bare(d->l, &idle);
	if_idle(&idle, h);
	if (!idle.never && idle.guard->len)
		kw_export_if(m, "!(%s)", idle.guard->str);
	else if (!idle.never)
		m->never = true;
	g_string_free(idle.guard, TRUE);
	g_string_free(idle.body, TRUE);
	g_free(idle.st);
}

/* Goes on; also where it is only asked. */
static void is_idle(const struct kw_here *d, struct kw_export_move *m,
		    unsigned h)
{
	if (h)
		if_idle(m, h);
	kw_node_end(d, m);
}

static void await_not_idle(const struct kw_here *d, struct kw_export_move *m,
			   unsigned h)
{
	if_not_idle(d, m, h);
	kw_node_deadlock(d, m);
}

/* --- questions -------------------------------------------------------- */

static void is_locked(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_if_is(&m, d->A, 2, 0);
	kw_node_end_at(d, &m, d->n->next[0]);
	kw_node_begin(d, &m);
	kw_export_if_not(&m, d->A, 2, 0);
	kw_node_end_at(d, &m, d->n->next[1]);
}

static void is_pending(const struct kw_here *d, struct kw_export_move *m,
		       unsigned h)
{
	if_not_idle(d, m, h);
	kw_node_end_at(d, m, d->n->next[1]);
}

static void is_armed(const struct kw_here *d, struct kw_export_move *m,
		     unsigned h)
{
	if (h)
		kw_export_if_is(m, KW_EXPORT_AT(d->x, h - 1, armed), 1, 1);
	else
		m->never = true;
	kw_node_end_at(d, m, d->n->next[1]);
}

static void is_not_armed(const struct kw_here *d, struct kw_export_move *m,
			 unsigned h)
{
	if (h)
		kw_export_if_is(m, KW_EXPORT_AT(d->x, h - 1, armed), 1, 0);
	kw_node_end_at(d, m, d->n->next[0]);
}

/* --- the rest --------------------------------------------------------- */

static void ends(const struct kw_here *d)
{
	const struct kw_actor *ac = &d->x->p->actors[d->a];
	struct kw_export_move m;

	kw_node_begin(d, &m);
	m.st->run = ac->autostart ? KW_ENDED : KW_IDLE;
	kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, run), 1, m.st->run);
	if (!ac->autostart && ac->home != d->a)
		kw_export_set(&m, KW_EXPORT_AT(d->x, ac->home, nest), 2, 0);
	kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, exit), 1, 0);
	kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, trap), 2, 0);
	m.st->pc = 0;
	memset(m.st->regs, 0, 2u * ac->nr_regs);
	kw_export_end(d->l, &m);
}

/* Any of nr outcomes, whatever the state. */
static void choose(const struct kw_here *d, unsigned nr)
{
	struct kw_export_move m;
	unsigned k;

	for (k = 0; k < nr; k++) {
		kw_node_begin(d, &m);
		m.way = k;
		m.ways = nr;
		kw_node_end_at(d, &m, kw_next(d->x->p, d->n, k));
	}
}

static void store(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	switch ((enum kw_op)d->n->op) {
	case KW_OP_STORE:
		kw_export_set(&m, d->A, 1, d->n->val & 0xff);
		break;
	case KW_OP_STORE_REF:
		kw_export_set(&m, d->A, 2, d->st->regs[d->n->dst]);
		break;
	case KW_OP_SET_MASK:
		kw_export_rmw(&m, d->A, 0xff, d->n->val & 0xff);
		break;
	default:
		kw_export_rmw(&m, d->A, ~(unsigned)d->n->val & 0xff, 0);
		break;
	}
	kw_node_end(d, &m);
}

/* What changes the actor's registers and nothing else: the machine does it. */
static void private(const struct kw_here *d)
{
	const struct kw_program *p = d->x->p;
	uint8_t *s = g_malloc0(p->state_size);
	struct kw_actor_state *st = kw_actor(p, s, d->a);
	size_t size = d->x->walkers[d->a].size;
	struct kw_export_move m;
	struct kw_done done;

	kw_node_begin(d, &m);
	memcpy(st, d->st, size);
	kw_step_inline(p, s, d->a, 0, NULL, &done);
	memcpy(m.st, st, size);
	kw_node_end_at(d, &m, st->pc);
	g_free(s);
}

static void fail(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_node_fails(d, &m);
}

static bool of_memory(const struct kw_here *d)
{
	switch ((enum kw_op)d->n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		load(d);
		return true;
	case KW_OP_LOAD_REF:
		kw_node_each(d, d->A, load_ref);
		return true;
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
		store(d);
		return true;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		list_op(d);
		return true;
	default:
		return false;
	}
}

static bool of_waiting(const struct kw_here *d)
{
	switch ((enum kw_op)d->n->op) {
	case KW_OP_LOCK:
		lock(d);
		return true;
	case KW_OP_UNLOCK:
		unlock(d);
		return true;
	case KW_OP_AWAIT:
		await(d);
		return true;
	case KW_OP_AWAIT_IDLE:
		kw_node_each(d, d->A, is_idle);
		kw_node_each(d, d->A, await_not_idle);
		return true;
	case KW_OP_IS_LOCKED:
		is_locked(d);
		return true;
	case KW_OP_IS_PENDING:
		kw_node_each(d, d->A, is_idle);
		kw_node_each(d, d->A, is_pending);
		return true;
	case KW_OP_IS_ARMED:
		kw_node_each(d, d->A, is_not_armed);
		kw_node_each(d, d->A, is_armed);
		return true;
	default:
		return false;
	}
}

static void of_actor(const struct kw_here *d)
{
	switch ((enum kw_op)d->n->op) {
	case KW_OP_MB:
	case KW_OP_WMB:
	case KW_OP_RMB:
	case KW_OP_LEA:
	case KW_OP_REF_EQ:
	case KW_OP_CALL:
	case KW_OP_RETURN:
	case KW_OP_JUMP:
	case KW_OP_YIELD:
	case KW_OP_DELAY:
	case KW_OP_BURN:
	case KW_OP_TIME_NOW:
	case KW_OP_TIME_SET:
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
	case KW_OP_TIME_LOAD:
	case KW_OP_TIME_STORE:
		private(d);
		break;
	case KW_OP_CHOICE:
		choose(d, d->n->next[1]);
		break;
	case KW_OP_TIME_LESS:
		choose(d, 2);
		break;
	case KW_OP_FAIL:
		fail(d);
		break;
	case KW_OP_END:
		ends(d);
		break;
	default:
		kw_export_refuse(d->x, "%s is a step that a path of %s has, "
				 "and is not known here",
				 kw_op_names[d->n->op],
				 d->x->p->actors[d->a].name);
	}
}

void kw_export_node(struct kw_export_moves *l)
{
	struct kw_here d = {
		.l = l, .x = l->x, .a = l->a, .st = l->at->block,
		.n = &l->x->p->nodes[l->at->block->pc],
	};
	unsigned base = d.st->regs[d.n->reg];

	d.A = base + d.n->off;
	if (!base && d.n->reg && kw_op_follows(d.n->op))
		fail(&d);
	else if (!of_memory(&d) && !of_waiting(&d) && !kw_node_of_task(&d))
		of_actor(&d);
}
