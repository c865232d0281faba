/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what becomes of nodes that concern tasks, interrupts and guests.
 */
#include "node.h"

/* --- tasks ------------------------------------------------------------ */

static void deactivate(const struct kw_here *d)
{
	unsigned state = d->A + KW_TASK_STATE, sig = d->A + KW_TASK_SIGPENDING;
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_if_is(&m, state, 1, KW_TASK_RUNNING);
	kw_node_end_at(d, &m, d->n->next[0]);
	kw_node_begin(d, &m);
	kw_export_if_not(&m, state, 1, KW_TASK_RUNNING);
	kw_export_if_not(&m, sig, 1, 0);
	if (!m.never)
		kw_export_set(&m, state, 1, KW_TASK_RUNNING);
	kw_node_end_at(d, &m, d->n->next[0]);
	kw_node_begin(d, &m);
	kw_export_if_not(&m, state, 1, KW_TASK_RUNNING);
	kw_export_if_is(&m, sig, 1, 0);
	if (!m.never)
		kw_export_set(&m, d->A + KW_TASK_ON_RQ, 1, 0);
	kw_node_end_at(d, &m, d->n->next[1]);
}

/* "wait_vcpu0" */
static char *wait_name(struct kw_export *x, unsigned v)
{
	GString *s = g_string_new(NULL);

	kw_export_name(x, x->flags_at + v, s);
	return g_string_free(s, FALSE);
}

/* "slept(wait_vcpu0)"; where rows are counted: "(wait_vcpu0, row_vcpu0)" */
static void of_wait(struct kw_export_move *m, const char *what, unsigned v)
{
	char *f = wait_name(m->x, v);
	GString *row = g_string_new(NULL);

	if (m->x->opts->row) {
		g_string_append(row, ", ");
		kw_export_name(m->x, m->x->rows_at + v, row);
	}
	kw_export_do(m, "%s(%s%s)", what, f, row->str);
	g_string_free(row, TRUE);
	g_free(f);
}

static void switch_out(const struct kw_here *d)
{
	int v = d->x->walkers[d->a].vcpu;
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_if_is(&m, d->A + KW_TASK_ON_RQ, 1, 0);
	if (!m.never)
		kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, run), 1,
			      KW_ASLEEP);
	if (v >= 0)
		of_wait(&m, "slept", (unsigned)v);
	m.to_sleep = true;
	kw_node_end(d, &m);
	kw_node_begin(d, &m);
	kw_export_if_not(&m, d->A + KW_TASK_ON_RQ, 1, 0);
	kw_node_end(d, &m);
}

/* Somebody wanted to wake it; awake: it slept. */
static void kicked(struct kw_export_move *m, unsigned thread, bool awake)
{
	int v = m->x->walkers[thread - 1].vcpu;
	GString *row;
	char *f;

	if (v >= 0 && m->x->opts->row && m->x->opts->per_kick) {
		row = g_string_new(NULL);
		kw_export_name(m->x, m->x->rows_at + (unsigned)v, row);
		kw_export_do(m, "%s = 0", row->str);
		g_string_free(row, TRUE);
	}
	if (v >= 0 && m->x->opts->storm && awake) {
		f = wait_name(m->x, (unsigned)v);
		kw_export_do(m, "woken(%s & %u)", f, KW_V_ACTIVE);
		g_free(f);
	}
}

/* It sleeps, and wakes up: thread is what the task says. */
static void wake(const struct kw_here *d, unsigned thread)
{
	unsigned state = d->A + KW_TASK_STATE, rq = d->A + KW_TASK_ON_RQ;
	unsigned thread_at = d->A + KW_TASK_THREAD, i;
	unsigned run = KW_EXPORT_AT(d->x, thread - 1, run);
	struct kw_export_move m;

	for (i = 0; i < 3; i++) {
		kw_node_begin(d, &m);
		kw_export_if_is(&m, thread_at, 2, thread);
		kw_export_if_not(&m, state, 1, KW_TASK_RUNNING);
		if (i)
			kw_export_if_is(&m, rq, 1, 0);
		else
			kw_export_if_not(&m, rq, 1, 0);
		if (i == 1)
			kw_export_if_is(&m, run, 1, KW_ASLEEP);
		if (i == 2)
			kw_export_if_not(&m, run, 1, KW_ASLEEP);
		if (!m.never) {
			kw_export_set(&m, state, 1, KW_TASK_RUNNING);
			if (i)
				kw_export_set(&m, rq, 1, 1);
			if (i == 1)
				kw_export_set(&m, run, 1, KW_READY);
			kicked(&m, thread, i == 1);
		}
		kw_node_end_at(d, &m, d->n->next[1]);
	}
	kw_node_begin(d, &m);
	kw_export_if_is(&m, thread_at, 2, thread);
	kw_export_if_is(&m, state, 1, KW_TASK_RUNNING);
	kicked(&m, thread, false);
	kw_node_end_at(d, &m, d->n->next[0]);
}

static void wake_each(const struct kw_here *d)
{
	unsigned thread_at = d->A + KW_TASK_THREAD, i, thread;
	struct kw_var *v = kw_export_var(d->x, thread_at, 2);
	struct kw_export_move m;

	for (i = 0; i < v->values->len; i++) {
		thread = g_array_index(v->values, uint16_t, i);
		if (thread) {
			wake(d, thread);
			continue;
		}
		kw_node_begin(d, &m);
		kw_export_if_is(&m, thread_at, 2, 0);
		kw_node_end_at(d, &m, d->n->next[0]);
	}
}

/* --- interrupts and timers -------------------------------------------- */

static void pend(const struct kw_here *d, struct kw_export_move *m, unsigned h)
{
	if (h && !m->never)
		kw_export_set(m, KW_EXPORT_AT(d->x, h - 1, pend), 1,
			      d->n->op == KW_OP_RAISE);
	kw_node_end(d, m);
}

static void arm(const struct kw_here *d, struct kw_export_move *m, unsigned h)
{
	if (h && !m->never)
		kw_export_set(m, KW_EXPORT_AT(d->x, h - 1, armed), 1, 1);
	kw_node_end(d, m);
}

static void not_to_cancel(const struct kw_here *d, struct kw_export_move *m,
			  unsigned h)
{
	if (h) {
		kw_export_if_is(m, KW_EXPORT_AT(d->x, h - 1, armed), 1, 0);
		kw_export_if_is(m, KW_EXPORT_AT(d->x, h - 1, pend), 1, 0);
	}
	kw_node_end_at(d, m, d->n->next[0]);
}

static void armed_to_cancel(const struct kw_here *d, struct kw_export_move *m,
			    unsigned h)
{
	unsigned armed = h ? KW_EXPORT_AT(d->x, h - 1, armed) : 0;

	if (h)
		kw_export_if_is(m, armed, 1, 1);
	else
		m->never = true;
	if (!m->never) {
		kw_export_set(m, armed, 1, 0);
		kw_export_set(m, KW_EXPORT_AT(d->x, h - 1, pend), 1, 0);
	}
	kw_node_end_at(d, m, d->n->next[1]);
}

static void pending_to_cancel(const struct kw_here *d, struct kw_export_move *m,
			      unsigned h)
{
	unsigned pend = h ? KW_EXPORT_AT(d->x, h - 1, pend) : 0;

	if (h) {
		kw_export_if_is(m, KW_EXPORT_AT(d->x, h - 1, armed), 1, 0);
		kw_export_if_is(m, pend, 1, 1);
	} else {
		m->never = true;
	}
	if (!m->never)
		kw_export_set(m, pend, 1, 0);
	kw_node_end_at(d, m, d->n->next[1]);
}

static void mask(const struct kw_here *d)
{
	struct kw_export_move m;

	kw_node_begin(d, &m);
	if (d->n->op == KW_OP_IRQ_OFF || d->n->op == KW_OP_IRQ_ON) {
		m.st->irq_off = d->n->op == KW_OP_IRQ_OFF;
		kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, irq_off), 1,
			      m.st->irq_off);
	} else {
		m.st->preempt = (uint8_t)(m.st->preempt +
			(d->n->op == KW_OP_PREEMPT_OFF ? 1 : -1));
		kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, preempt), 1,
			      m.st->preempt);
	}
	kw_node_end(d, &m);
}

/* --- guests ----------------------------------------------------------- */

static void enter(const struct kw_here *d)
{
	int v = d->x->walkers[d->a].vcpu;
	struct kw_export_move m;

	kw_node_begin(d, &m);
	kw_export_set(&m, KW_EXPORT_AT(d->x, d->a, run), 1, KW_IN_GUEST);
	if (v >= 0) {
		of_wait(&m, "entered", (unsigned)v);
		kw_export_enters(&m, (unsigned)v);
	}
	m.to_guest = true;
	kw_node_end(d, &m);
}

static void exit_reason(const struct kw_here *d)
{
	unsigned addr = KW_EXPORT_AT(d->x, d->a, exit), i, value;
	struct kw_var *v = kw_export_var(d->x, addr, 1);
	struct kw_export_move m;

	for (i = 0; i < v->values->len; i++) {
		value = g_array_index(v->values, uint16_t, i);
		if (value >= d->n->next[1])
			continue;
		kw_node_begin(d, &m);
		kw_export_if_is(&m, addr, 1, value);
		kw_node_end_at(d, &m, kw_next(d->x->p, d->n, value));
	}
}

static void leave(const struct kw_here *d)
{
	const struct kw_program *p = d->x->p;
	unsigned t = p->actors[d->a].home;
	struct kw_export_move m;

	if (p->actors[d->a].type == KW_VIRQ)
		t = p->actors[t].home;
	kw_node_begin(d, &m);
	kw_export_set(&m, KW_EXPORT_AT(d->x, t, exit), 1, d->n->val & 0xff);
	kw_export_set(&m, KW_EXPORT_AT(d->x, t, trap), 2, d->n->next[1]);
	kw_export_set(&m, KW_EXPORT_AT(d->x, t, run), 1, KW_READY);
	kw_node_end(d, &m);
}

static void call_trap(const struct kw_here *d, struct kw_export_move *m,
		      unsigned trap)
{
	m->st->regs[d->n->dst] = d->n->val;
	kw_node_end_at(d, m, trap);
}

static void mark(const struct kw_here *d)
{
	const struct kw_program *p = d->x->p;
	const struct kw_object *o = kw_object_at(p, d->A);
	struct kw_export_move m;
	const char *how = NULL;
	char *f;

	if ((int)d->n->val == d->x->mark_verdict)
		how = "verdict";
	else if ((int)d->n->val == d->x->mark_signal)
		how = "signalled";
	kw_node_begin(d, &m);
	if (how && d->x->nr_vcpus && o && o->kind == p->oracle.vcpu_kind) {
		f = wait_name(d->x, o->index);
		kw_export_do(&m, "%s(%s)", how, f);
		g_free(f);
	}
	kw_node_end(d, &m);
}

static bool of_guest(const struct kw_here *d)
{
	switch ((enum kw_op)d->n->op) {
	case KW_OP_GUEST_ENTER:
		enter(d);
		return true;
	case KW_OP_EXIT_REASON:
		exit_reason(d);
		return true;
	case KW_OP_GUEST_EXIT:
		leave(d);
		return true;
	case KW_OP_CALL_TRAP:
		kw_node_each(d, KW_EXPORT_AT(d->x, d->a, trap), call_trap);
		return true;
	case KW_OP_MARK:
		mark(d);
		return true;
	default:
		return false;
	}
}

bool kw_node_of_task(const struct kw_here *d)
{
	switch ((enum kw_op)d->n->op) {
	case KW_OP_DEACTIVATE:
		deactivate(d);
		return true;
	case KW_OP_SWITCH:
		switch_out(d);
		return true;
	case KW_OP_WAKE:
		wake_each(d);
		return true;
	case KW_OP_IRQ_OFF:
	case KW_OP_IRQ_ON:
	case KW_OP_PREEMPT_OFF:
	case KW_OP_PREEMPT_ON:
		mask(d);
		return true;
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
		kw_node_each(d, d->A, pend);
		return true;
	case KW_OP_ARM:
		kw_node_each(d, d->A, arm);
		return true;
	case KW_OP_CANCEL:
		kw_node_each(d, d->A, not_to_cancel);
		kw_node_each(d, d->A, armed_to_cancel);
		kw_node_each(d, d->A, pending_to_cancel);
		return true;
	default:
		return of_guest(d);
	}
}
