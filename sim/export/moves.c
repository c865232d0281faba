/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what an actor can do at a place, as guards and assignments.
 *
 * These are the moves of explore/world.c.  What two actors do together is
 * written where the one is whose place changes; a thread that is taken out of
 * its guest does not change its place, so that is written there, too.
 */
#include <string.h>
#include "model.h"

static void text_free(gpointer p)
{
	struct kw_export_text *t = p;

	g_free(t->guard);
	g_free(t->body);
	g_free(t);
}

/* --- one move --------------------------------------------------------- */

void kw_export_begin_bare(struct kw_export_moves *l,
			  struct kw_export_move *m)
{
	*m = (struct kw_export_move){
		.x = l->x, .a = l->a, .at = l->at,
		.st = g_memdup2(l->at->block, l->x->walkers[l->a].size),
		.guard = g_string_new(NULL), .body = g_string_new(NULL),
	};
}

void kw_export_if(struct kw_export_move *m, const char *fmt, ...)
{
	va_list ap;

	if (m->guard->len)
		g_string_append(m->guard, " && ");
	va_start(ap, fmt);
	g_string_append_vprintf(m->guard, fmt, ap);
	va_end(ap);
}

void kw_export_do(struct kw_export_move *m, const char *fmt, ...)
{
	va_list ap;

	if (m->body->len)
		g_string_append(m->body, "; ");
	va_start(ap, fmt);
	g_string_append_vprintf(m->body, fmt, ap);
	va_end(ap);
}

void kw_export_if_is(struct kw_export_move *m, unsigned addr, unsigned width,
		     unsigned value)
{
	struct kw_var *v = kw_export_var(m->x, addr, width);
	char *text;

	if (!kw_export_has(v, value)) {
		m->never = true;
		return;
	}
	if (!kw_export_varies(v))
		return;
	text = kw_export_test(m->x, addr, value, true);
	kw_export_if(m, "%s", text);
	g_free(text);
}

void kw_export_if_not(struct kw_export_move *m, unsigned addr, unsigned width,
		      unsigned value)
{
	struct kw_var *v = kw_export_var(m->x, addr, width);
	char *text;

	if (!kw_export_has(v, value))
		return;
	if (!kw_export_varies(v)) {
		m->never = true;
		return;
	}
	text = kw_export_test(m->x, addr, value, false);
	kw_export_if(m, "%s", text);
	g_free(text);
}

void kw_export_if_in(struct kw_export_move *m, unsigned addr, unsigned width,
		     const GArray *values)
{
	struct kw_var *v = kw_export_var(m->x, addr, width);
	GString *s = g_string_new("(");
	unsigned i, value;
	char *text;

	if (!values->len)
		m->never = true;
	for (i = 0; i < values->len && values->len < v->values->len; i++) {
		value = g_array_index(values, uint16_t, i);
		text = kw_export_test(m->x, addr, value, true);
		g_string_append_printf(s, "%s%s", i ? " || " : "", text);
		g_free(text);
	}
	g_string_append_c(s, ')');
	if (s->len > 2)
		kw_export_if(m, "%s", s->str);
	g_string_free(s, TRUE);
}

/* SPEC of these vCPUs is to be looked at again. */
static char *follow_text(const struct kw_export *x, unsigned addr)
{
	GString *s = g_string_new(NULL);
	unsigned v;

	for (v = 0; v < x->nr_vcpus; v++)
		if (x->reads[(size_t)v * x->size + addr])
			g_string_append_printf(s, "; follow_%u()", v);
	return g_string_free(s, FALSE);
}

/* The assignment; where SPEC depends on it, only if it changes something. */
static void assign(struct kw_export_move *m, unsigned addr,
		   const char *differs, const char *assignment)
{
	char *follow = follow_text(m->x, addr);

	if (m->arch == addr && *follow)
		kw_export_do(m, "if :: %s -> %s%s :: else fi", differs,
			     assignment, follow);
	else
		kw_export_do(m, "%s", assignment);
	if (m->arch != addr)
		m->x->plain_stored[addr] = true;
	g_free(follow);
}

void kw_export_set(struct kw_export_move *m, unsigned addr, unsigned width,
		   unsigned value)
{
	struct kw_var *v = kw_export_var(m->x, addr, width);
	GString *name = g_string_new(NULL);
	char *differs, *to;

	kw_export_may_be(m->x, v, value);
	if (kw_export_is_kept(v)) {
		kw_export_name(m->x, addr, name);
		differs = g_strdup_printf("%s != %u", name->str,
					  kw_export_code(v, value));
		to = g_strdup_printf("%s = %u", name->str,
				     kw_export_code(v, value));
		assign(m, addr, differs, to);
		g_free(differs);
		g_free(to);
	}
	g_string_free(name, TRUE);
}

void kw_export_rmw(struct kw_export_move *m, unsigned addr, unsigned keep,
		   unsigned set)
{
	struct kw_var *v = kw_export_var(m->x, addr, 1);
	GString *name = g_string_new(NULL), *to = g_string_new(NULL);
	unsigned i, value;
	char *differs;

	for (i = 0; i < v->values->len; i++) {
		value = g_array_index(v->values, uint16_t, i);
		kw_export_may_be(m->x, v, (value & keep) | set);
	}
	if (kw_export_is_kept(v)) {
		kw_export_name(m->x, addr, name);
		if (keep == 0xff)
			g_string_printf(to, "(%s | %u)", name->str, set);
		else
			g_string_printf(to, "(%s & %u)", name->str, keep);
		differs = g_strdup_printf("%s != %s", name->str, to->str);
		g_string_prepend(to, " = ");
		g_string_prepend(to, name->str);
		assign(m, addr, differs, to->str);
		g_free(differs);
	}
	g_string_free(name, TRUE);
	g_string_free(to, TRUE);
}

/* What is known at the place that m leads to. */
static void arrive(const struct kw_export_move *m, struct kw_place *to)
{
	const GArray *held = m->at->held;
	unsigned i, lock;

	if ((m->to_sleep && !to->may_sleep) ||
	    (m->to_guest && !to->may_be_in_guest))
		m->x->grew = true;
	to->may_sleep |= m->to_sleep;
	to->may_be_in_guest |= m->to_guest;
	for (i = 0; i < held->len; i++) {
		lock = g_array_index(held, uint16_t, i);
		if (lock != m->gives)
			kw_export_may_hold(m->x, to, lock);
	}
	if (m->takes)
		kw_export_may_hold(m->x, to, m->takes);
}

void kw_export_end(struct kw_export_moves *l, struct kw_export_move *m)
{
	struct kw_export_text *t;
	struct kw_place *to;

	if (m->never) {
		g_string_free(m->guard, TRUE);
		g_string_free(m->body, TRUE);
	} else {
		if (m->x->opts->storm && !m->fails)
			kw_export_in_loop(m);
		if (m->x->opts->eventually && !m->fails)
			kw_export_at_rest(m);
		to = kw_export_place(m->x, m->a, m->st);
		arrive(m, to);
		t = g_new0(struct kw_export_text, 1);
		t->guard = g_string_free(m->guard, FALSE);
		t->body = g_string_free(m->body, FALSE);
		t->fails = m->fails;
		t->force = m->force;
		t->to = to->nr;
		g_ptr_array_add(l->all, t);
	}
	g_free(m->st);
}

/* --- who may ---------------------------------------------------------- */

/* What a handler of type needs of its home to begin; see machine.c. */
static void if_can_begin(struct kw_export_move *m, unsigned h)
{
	struct kw_export *x = m->x;
	const struct kw_actor *ac = &x->p->actors[h];
	unsigned home = ac->home, run = KW_EXPORT_AT(x, home, run);
	unsigned off = KW_EXPORT_AT(x, home, irq_off);
	struct kw_export_move asleep;
	struct kw_export_moves l = { .x = x, .a = h, .at = m->at };

	if (ac->type == KW_HW || ac->type == KW_THREAD)
		return;
	kw_export_if_is(m, KW_EXPORT_AT(x, home, nest), 2, 0);
	if (ac->type == KW_VIRQ) {
		kw_export_if_is(m, off, 1, 0);
		kw_export_if_is(m, KW_EXPORT_AT(x, x->p->actors[home].home,
						run), 1, KW_IN_GUEST);
	} else if (ac->type == KW_PREEMPT) {
		kw_export_if_is(m, off, 1, 0);
		kw_export_if_is(m, KW_EXPORT_AT(x, home, preempt), 1, 0);
		kw_export_if_is(m, run, 1, KW_READY);
	} else {
		kw_export_if_not(m, run, 1, KW_IN_GUEST);
		/* !irq_off || run != READY */
		kw_export_begin_bare(&l, &asleep);
		kw_export_if_not(&asleep, run, 1, KW_READY);
		if (asleep.never) {
			kw_export_if_is(m, off, 1, 0);
		} else if (asleep.guard->len &&
			   kw_export_varies(kw_export_var(x, off, 1))) {
			char *on = kw_export_test(x, off, 0, true);

			kw_export_if(m, "(%s || %s)", on, asleep.guard->str);
			g_free(on);
		}
		g_string_free(asleep.guard, TRUE);
		g_string_free(asleep.body, TRUE);
		g_free(asleep.st);
	}
}

/* What the CPU interface signals comes before the guest's instruction. */
static void if_no_virq(struct kw_export_move *m, unsigned h)
{
	struct kw_export *x = m->x;
	unsigned pend = KW_EXPORT_AT(x, h, pend);

	/* Not nested on, and in the guest: those are guards already. */
	if (m->at->block->irq_off)
		return;
	/* A handler that has begun nests on the guest, which does not step. */
	kw_export_if_is(m, pend, 1, 0);
}

static void if_may_step(struct kw_export_move *m)
{
	struct kw_export *x = m->x;
	const struct kw_actor *ac = &x->p->actors[m->a];
	const struct kw_place *at = m->at;
	unsigned home = ac->home;

	if (at->may_sleep || at->may_be_in_guest)
		kw_export_if_is(m, KW_EXPORT_AT(x, m->a, run), 1, KW_READY);
	/* Where it masks interrupts, and runs, nothing begins. */
	if (x->walkers[m->a].nested_on &&
	    (!at->block->irq_off || at->may_sleep || at->may_be_in_guest))
		kw_export_if_is(m, KW_EXPORT_AT(x, m->a, nest), 2, 0);
	if (ac->type == KW_VIRQ)
		home = x->p->actors[home].home;
	if (ac->type == KW_GUEST || ac->type == KW_VIRQ)
		kw_export_if_is(m, KW_EXPORT_AT(x, home, run), 1,
				KW_IN_GUEST);
	if (ac->type == KW_GUEST && x->walkers[m->a].virq != KW_NOBODY)
		if_no_virq(m, x->walkers[m->a].virq);
}

void kw_export_begin(struct kw_export_moves *l, struct kw_export_move *m)
{
	kw_export_begin_bare(l, m);
	if_may_step(m);
}

char *kw_export_may_step(struct kw_export *x, unsigned a,
			 const struct kw_place *at)
{
	struct kw_export_moves l = { .x = x, .a = a, .at = at };
	struct kw_export_move m;
	char *guard;

	kw_export_begin(&l, &m);
	guard = g_string_free(m.guard, m.never);
	g_string_free(m.body, TRUE);
	g_free(m.st);
	if (m.never || *guard)
		return m.never ? NULL : guard;
	g_free(guard);
	return g_strdup("true");
}

/* --- what is no step -------------------------------------------------- */

/* Handler l->a, which pends, begins. */
static void begins(struct kw_export_move *m)
{
	struct kw_export *x = m->x;
	unsigned home = x->p->actors[m->a].home;

	kw_export_set(m, KW_EXPORT_AT(x, m->a, pend), 1, 0);
	kw_export_set(m, KW_EXPORT_AT(x, m->a, run), 1, KW_READY);
	if (home != m->a)
		kw_export_set(m, KW_EXPORT_AT(x, home, nest), 2, m->a + 1);
	kw_export_entry(x, m->a, m->at->block, m->st);
}

static void add_begin(struct kw_export_moves *l)
{
	struct kw_export_move m;

	if (l->x->p->actors[l->a].type == KW_GUEST)
		return;
	kw_export_begin_bare(l, &m);
	m.progress = l->x->p->actors[l->a].type == KW_VIRQ;
	kw_export_if_is(&m, KW_EXPORT_AT(l->x, l->a, pend), 1, 1);
	if_can_begin(&m, l->a);
	if (!m.never)
		begins(&m);
	kw_export_end(l, &m);
}

static void add_fire(struct kw_export_moves *l)
{
	bool idle = l->at->block->run == KW_IDLE;
	struct kw_export_move m;

	kw_export_begin_bare(l, &m);
	m.fire = true;
	kw_export_if_is(&m, KW_EXPORT_AT(l->x, l->a, armed), 1, 1);
	if (!m.never) {
		kw_export_set(&m, KW_EXPORT_AT(l->x, l->a, armed), 1, 0);
		if (l->x->p->actors[l->a].type == KW_HW && idle)
			begins(&m);
		else
			kw_export_set(&m, KW_EXPORT_AT(l->x, l->a, pend), 1,
				      1);
	}
	kw_export_end(l, &m);
}

static bool is_host_handler(const struct kw_export *x, unsigned h,
			    unsigned home)
{
	const struct kw_actor *ac = &x->p->actors[h];

	return (ac->type == KW_HARDIRQ || ac->type == KW_PREEMPT) &&
	       ac->home == home;
}

static void force(struct kw_export_move *m, unsigned thread)
{
	kw_export_set(m, KW_EXPORT_AT(m->x, thread, exit), 1, 0);
	kw_export_set(m, KW_EXPORT_AT(m->x, thread, run), 1, KW_READY);
}

/* Whichever host interrupt pends: it is one move. */
static void add_force(struct kw_export_moves *l)
{
	struct kw_export *x = l->x;
	GString *any = g_string_new("(");
	struct kw_export_move m;
	unsigned h, addr;
	char *text;

	kw_export_begin_bare(l, &m);
	kw_export_if_is(&m, KW_EXPORT_AT(x, l->a, run), 1, KW_IN_GUEST);
	for (h = 0; h < x->nr_actors; h++) {
		addr = KW_EXPORT_AT(x, h, pend);
		if (!is_host_handler(x, h, l->a) ||
		    !kw_export_has(kw_export_var(x, addr, 1), 1))
			continue;
		text = kw_export_test(x, addr, 1, true);
		g_string_append_printf(any, "%s%s", any->len > 1 ? " || " : "",
				       text);
		g_free(text);
	}
	if (any->len == 1)
		m.never = true;
	else
		kw_export_if(&m, "%s)", any->str);
	if (!m.never)
		force(&m, l->a);
	m.to_guest = true;
	m.force = true;
	kw_export_end(l, &m);
	g_string_free(any, TRUE);
}

static void spend(struct kw_export_move *m)
{
	unsigned n;

	for (n = 0; n < m->x->opts->preemptions; n++)
		kw_export_may_be(m->x, kw_export_var(m->x, m->x->budget_at,
						     1), n);
	kw_export_if_not(m, m->x->budget_at, 1, 0);
	kw_export_do(m, "preemptions--");
}

/* The slice of the home of l->a, which runs then, ends. */
static void add_switch(struct kw_export_moves *l)
{
	struct kw_export *x = l->x;
	unsigned home = x->p->actors[l->a].home, i;
	struct kw_export_move m;

	for (i = 0; i < 2; i++) {
		kw_export_begin_bare(l, &m);
		m.slow = true;
		spend(&m);
		kw_export_if_is(&m, KW_EXPORT_AT(x, l->a, pend), 1, 0);
		if (i) {
			kw_export_if_is(&m, KW_EXPORT_AT(x, home, run), 1,
					KW_IN_GUEST);
			kw_export_set(&m, KW_EXPORT_AT(x, l->a, pend), 1, 1);
			force(&m, home);
		} else {
			if_can_begin(&m, l->a);
			begins(&m);
		}
		kw_export_end(l, &m);
	}
}

/* Nothing can happen any more, and a vCPU sleeps under SPEC. */
static void add_missed(struct kw_export_moves *l)
{
	struct kw_export *x = l->x;
	int v = x->walkers[l->a].vcpu;
	GString *name = g_string_new(NULL);
	struct kw_export_move m;

	kw_export_begin_bare(l, &m);
	kw_export_if_is(&m, KW_EXPORT_AT(x, l->a, run), 1, KW_ASLEEP);
	kw_export_name(x, x->flags_at + (unsigned)v, name);
	kw_export_if(&m, "(%s & %u) == %u", name->str,
		     KW_V_ACTIVE | KW_V_SPEC, KW_V_ACTIVE | KW_V_SPEC);
	kw_export_if(&m, "%s", kw_export_over(x, false));
	m.fails = "missed";
	kw_export_end(l, &m);
	g_string_free(name, TRUE);
}

struct kw_export_moves *kw_export_moves(struct kw_export *x, unsigned a,
					const struct kw_place *at)
{
	struct kw_export_moves *l = g_new0(struct kw_export_moves, 1);
	const struct kw_actor *ac = &x->p->actors[a];

	l->x = x;
	l->a = a;
	l->at = at;
	l->all = g_ptr_array_new_with_free_func(text_free);
	if (at->block->run == KW_READY)
		kw_export_node(l);
	if (at->block->run == KW_IDLE)
		add_begin(l);
	add_fire(l);
	if (at->may_be_in_guest)
		add_force(l);
	if (x->opts->preemptions && ac->type == KW_PREEMPT &&
	    at->block->run == KW_IDLE)
		add_switch(l);
	if (at->may_sleep && x->walkers[a].vcpu >= 0)
		add_missed(l);
	return l;
}

void kw_export_moves_free(struct kw_export_moves *l)
{
	g_ptr_array_free(l->all, TRUE);
	g_free(l);
}
