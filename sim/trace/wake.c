/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides who woke a vCPU, and what a kick did.
 *
 * Calls nest within an execution context, and what is open there tells why:
 *
 *	vgic_queue_irq (intid, target)
 *	  vcpu_kick (target)
 *	    sched_waking		it slept: an interrupt woke it
 *	    ipi_send_cpu, ipi_raise	it was in the guest: an IPI
 *	  vgic_queue_irq_ret
 *
 *	bg_timer_expire .. vcpu_wake_up .. sched_waking		timer
 *	psci_vcpu_on .. vcpu_wake_up .. sched_waking		PSCI
 *	all_cpus_request (KVM_REQ_SLEEP) .. sched_waking	resume
 *
 * Without those probes there are circumstances: what a hard interrupt wakes
 * and finds its timer's line up was woken by its timer; a vCPU that wrote
 * ICC_SGI1R_EL1 and wakes another sent it an SGI; a task that raised an SPI
 * woke with it.  Such a cause is marked as inferred.  In order of trust: a
 * call that is open, the interrupt that was made pending, circumstances.
 *
 * A recording without flags (perf script) does not tell the contexts apart:
 * there every cause is inferred.
 *
 * Invariants: a kick is told once, when something else happens in its
 * context; a cause is a fact only if an event in the same context named it.
 */
#include <string.h>

#include "follow_inside.h"

#define STALE_NS 50000000u	/* an open call that is older proves little */
#define LATE_NS 5000000u	/* from raising a line to waking, at most */

const char *const kw_wake_cause_names[KW_NR_WAKE_CAUSES] = {
#define X(id, name) [KW_WAKE_##id] = name,
	KW_WAKE_CAUSES(X)
#undef X
};

const char *const kw_kick_effect_names[KW_NR_KICK_EFFECTS] = {
	[KW_KICK_NOTHING] = "nothing",
	[KW_KICK_WOKE] = "woke",
	[KW_KICK_IPI] = "IPI",
};

const char *const kw_kick_caller_names[KW_NR_KICK_CALLERS] = {
	[KW_CALLER_SELF] = "self",
	[KW_CALLER_VCPU] = "vcpu",
	[KW_CALLER_TASK] = "task",
	[KW_CALLER_HARDIRQ] = "hardirq",
};

static enum kw_wake_cause cause_of(int intid)
{
	if (intid < 0)
		return KW_WAKE_KICK;
	if (intid < 16)
		return KW_WAKE_SGI;
	if (intid < 32)
		return KW_WAKE_PPI;
	return intid < 8192 ? KW_WAKE_SPI : KW_WAKE_LPI;
}

void kw_wake_close_kick(struct kw_follow *f, struct kw_context *c)
{
	if (!kw_seen(&c->kick))
		return;
	c->kick.line = 0;
	kw_tell(f, kick, &c->kicked);
}

/* The due of v that the context c is making pending, or NULL. */
static struct kw_due *due_of(struct kw_followed *v, const struct kw_context *c)
{
	unsigned i;

	if (!v || !v->open || !kw_seen(&c->queue))
		return NULL;
	for (i = MIN(v->s.nr_due, KW_MAX_DUE); i--;)
		if (v->s.due[i].at.line == c->queue.line &&
		    v->s.due[i].at.file == c->queue.file)
			return &v->s.due[i];
	return NULL;
}

void kw_wake_close(struct kw_follow *f, struct kw_context *c)
{
	struct kw_due *d = due_of(c->queue_for, c);

	if (d)
		d->over = f->now;
	kw_wake_close_kick(f, c);
	c->queue.line = c->wake_up.line = 0;
	c->overflow.line = 0;
}

void kw_wake_queue(struct kw_follow *f, struct kw_context *c,
		   const struct kw_trace_event *ev,
		   const struct kw_trace_args *a)
{
	bool pending = a->n[1] || a->n[2];
	struct kw_followed *v;
	struct kw_due *d;

	kw_wake_close(f, c);
	c->queue = f->now;
	c->queue_intid = (int)a->n[0];
	c->queue_for = NULL;
	c->queue_listed = a->nr_n > 6 && a->n[6];
	if (!pending || a->n[3] || !a->n[4])
		return;
	v = kw_followed_by_id(f, ev->pid, a->n[5]);
	if (!v)
		return;
	v->queued = f->now;
	c->queue_for = v;
	if (!v->open)
		return;
	d = kw_sleep_due(f, v, KW_DUE_QUEUED, (int)a->n[0]);
	if (!d)
		return;
	d->by_tid = ev->pid;
	d->line = !a->n[2];
	d->listed = c->queue_listed;
}

/* vgic_queue_irq_unlock() returns whether it put it on a list. */
void kw_wake_queued(struct kw_follow *f, struct kw_context *c,
		    const struct kw_trace_args *a)
{
	struct kw_due *d = due_of(c->queue_for, c);

	if (d && a->nr_n && !a->n[0])
		d->gone = true;
	kw_wake_close(f, c);
}

void kw_wake_kick(struct kw_follow *f, struct kw_context *c,
		  const struct kw_trace_event *ev, int64_t id)
{
	struct kw_followed *v = kw_followed_by_id(f, ev->pid, id);
	struct kw_followed *by = kw_followed_find(f, ev->pid);
	struct kw_kick *k = &c->kicked;
	struct kw_due *d = due_of(v, c);

	kw_wake_close_kick(f, c);
	c->kick = f->now;
	*k = (struct kw_kick){
		.at = f->now, .target = v && v->known ? &v->t : NULL,
		.target_id = (int)id, .effect = KW_KICK_NOTHING,
		.intid = kw_seen(&c->queue) ? c->queue_intid :
			 kw_seen(&c->overflow) ? 23 : -1,
	};
	if (by && by == v)
		k->caller = KW_CALLER_SELF;
	else if (kw_trace_in_hardirq(ev))
		k->caller = KW_CALLER_HARDIRQ;
	else
		k->caller = by ? KW_CALLER_VCPU : KW_CALLER_TASK;
	if (d)
		d->kicked = true;
	if (v && by == v && kw_seen(&c->overflow))
		v->overflow_kicked = true;
}

void kw_wake_ipi(struct kw_context *c)
{
	if (kw_seen(&c->kick) && c->kicked.effect == KW_KICK_NOTHING)
		c->kicked.effect = KW_KICK_IPI;
}

static bool fresh(const struct kw_follow *f, const struct kw_mark *m)
{
	return kw_seen(m) && f->now.ns - MIN(m->ns, f->now.ns) < STALE_NS;
}

static bool kick_is_for(const struct kw_context *c,
			const struct kw_followed *v)
{
	if (!kw_seen(&c->kick))
		return false;
	return c->kicked.target ? c->kicked.target == &v->t :
				  c->kicked.target_id == v->t.id;
}

/* A call that is open in the waker's context, and is for v. */
static bool told(struct kw_follow *f, struct kw_context *c,
		 struct kw_followed *v, struct kw_wake *w)
{
	struct kw_due *d;

	if (kw_seen(&c->queue) && c->queue_for == v &&
	    !f->totals.by_id[KW_TRACE_VCPU_KICK]) {
		w->intid = c->queue_intid;	/* it always kicks */
		w->cause = cause_of(w->intid);
		w->origin = c->queue;
		w->listed = c->queue_listed;
		d = due_of(v, c);
		if (d)
			d->woke = d->kicked = true;
	} else if (kick_is_for(c, v)) {
		c->kicked.effect = KW_KICK_WOKE;
		c->kicked.target = v->known ? &v->t : NULL;
		w->intid = c->kicked.intid;
		w->cause = cause_of(w->intid);
		w->origin = kw_seen(&c->queue) ? c->queue : c->kick;
		w->listed = kw_seen(&c->queue) && c->queue_listed;
		d = due_of(v, c);
		if (d)
			d->woke = true;
	} else if (kw_seen(&c->wake_up) && c->wake_up_id == v->t.id) {
		w->origin = c->wake_up;
		w->cause = KW_WAKE_UNKNOWN;
		if (fresh(f, &c->bg_timer)) {
			w->cause = KW_WAKE_TIMER;
			w->origin = c->bg_timer;
		} else if (kw_seen(&c->psci_on)) {
			w->cause = KW_WAKE_PSCI;
			w->origin = c->psci_on;
		} else {
			return false;
		}
	} else if (fresh(f, &c->resume)) {
		w->cause = KW_WAKE_RESUME;
		w->origin = c->resume;
	} else {
		return false;
	}
	return true;
}

/* A hypercall, if kvm_hvc_arm64 is not recorded: only CPU_ON wakes others. */
static bool power_call(const struct kw_follow *f, const struct kw_followed *v)
{
	return !f->totals.by_id[KW_TRACE_KVM_HVC] &&
	       v->t.state == KW_VCPU_HOST &&
	       (v->exit_class == 0x12 || v->exit_class == 0x16 ||
		v->exit_class == 0x17);
}

/* What the waker did just before, as far as tracepoints tell. */
static void guess(struct kw_follow *f, struct kw_context *c,
		  const struct kw_trace_event *ev, struct kw_wake *w)
{
	const struct kw_followed *by = kw_followed_find(f, ev->pid);
	bool probes = f->totals.by_id[KW_TRACE_VCPU_KICK] != 0;

	if (w->hardirq) {
		if (fresh(f, &c->doorbell)) {
			w->cause = KW_WAKE_DOORBELL;
			w->origin = c->doorbell;
		}
		return;	/* a timer's line tells when it runs */
	}
	if (probes)	/* no kick, no kvm_vcpu_wake_up(): a signal, or so */
		return;
	if (by && (by->cpu_on || power_call(f, by))) {
		w->cause = KW_WAKE_PSCI;
		w->origin = c->psci_on;
	} else if (by && kw_seen(&c->sgi)) {
		w->cause = KW_WAKE_SGI;
		w->origin = c->sgi;
	} else if (kw_seen(&c->line_up) &&
		   f->now.ns - c->line_up.ns < LATE_NS) {
		w->cause = cause_of(c->line_intid);
		w->intid = c->line_intid;
		w->origin = c->line_up;
	}
}

void kw_wake_waking(struct kw_follow *f, struct kw_context *c,
		    const struct kw_trace_event *ev, struct kw_followed *v)
{
	const struct kw_followed *by = kw_followed_find(f, ev->pid);
	struct kw_wake *w;
	unsigned i, n = MIN(ev->comm_len, 15u);

	if (!v->open && v->t.state == KW_VCPU_UNKNOWN) {
		/* the recording begins in this sleep */
		kw_sleep_begin(v, KW_SLEEP_UNKNOWN);
		v->asleep = v->s.blocked = true;
	}
	if (!v->open) {
		if (kw_seen(&c->kick) && c->kicked.target == &v->t)
			c->kicked.effect = KW_KICK_WOKE;
		return;
	}
	w = kw_sleep_wake(v);
	if (kw_seen(&w->waking))
		return;		/* on its way already */
	w->waking = f->now;
	/* without flags (perf script): the idle task itself wakes nobody */
	w->hardirq = kw_trace_in_hardirq(ev) || (!ev->pid && !ev->flags_len);
	w->waker_tid = ev->pid;
	w->waker = by && by->known ? &by->t : NULL;
	for (i = 0; i < n; i++)
		w->waker_comm[i] = g_ascii_isprint(ev->comm[i]) ?
				   ev->comm[i] : '?';
	w->in_sync = by && by != v && !w->hardirq &&
		     by->t.state == KW_VCPU_GUEST;
	/* without flags an interrupt's calls are mixed with the task's */
	if (told(f, c, v, w))
		w->inferred = !ev->flags_len;
	else
		guess(f, c, ev, w);
}

/* kvm_vcpu_wake_up() returns to who called it. */
void kw_wake_returns(struct kw_follow *f, struct kw_context *c,
		     const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	struct kw_followed *v = kw_followed_by_id(f, ev->pid, c->wake_up_id);
	struct kw_wake *w;

	if (!kw_seen(&c->wake_up) || !a->nr_s || !v || !v->s.nr_wakes)
		return;
	w = &v->s.wakes[MIN(v->s.nr_wakes, KW_MAX_WAKES) - 1];
	if (!v->open || w->origin.line != c->wake_up.line ||
	    w->origin.file != c->wake_up.file)
		return;
	if (g_str_has_prefix(a->s[0].p, "kvm_bg_timer_expire"))
		w->cause = KW_WAKE_TIMER;
	else if (g_str_has_prefix(a->s[0].p, "kvm_psci_vcpu_on"))
		w->cause = KW_WAKE_PSCI;
	else
		return;
	w->inferred = false;
}

/* A vCPU sent an SGI; to whom is not recorded. */
void kw_wake_sgi(struct kw_follow *f, const struct kw_trace_event *ev)
{
	const struct kw_followed *from = kw_followed_find(f, ev->pid);
	struct kw_followed *v;
	unsigned i;

	for (i = 0; from && i < f->threads->len; i++) {
		v = f->threads->pdata[i];
		if (v != from && v->t.vm == from->t.vm && v->open &&
		    !v->asleep)
			kw_sleep_due(f, v, KW_DUE_SGI, -1);
	}
}

/* The interrupt that made the predicate true without a waking. */
static void conclude_awake(struct kw_sleep *s)
{
	const struct kw_due *d = NULL;
	unsigned i, n = MIN(s->nr_due, KW_MAX_DUE);

	for (i = 0; i < n; i++)
		if (s->due[i].kind != KW_DUE_OVERFLOW)
			d = &s->due[i];
	if (d && d->kind == KW_DUE_SGI) {
		s->cause = KW_WAKE_SGI;
		s->guess = true;
	} else if (d) {
		s->cause = d->intid == 27 || d->intid == 30 ? KW_WAKE_TIMER :
			   cause_of(d->intid);
		s->intid = d->intid;
		s->guess = d->kind != KW_DUE_QUEUED || n > 1;
	} else if (s->restart) {
		s->cause = KW_WAKE_SIGNAL;
		s->guess = s->runnable != 0;
	} else if ((s->nr_checks == 1 && s->runnable == 1) ||
		   (!s->blocked && s->reported == 0 && s->polled == 0)) {
		s->cause = KW_WAKE_NONE;
	}
}

/*
 * What a hard interrupt handler woke it for: its timer's line, which went up
 * in that handler (on its own thread), or was found up when it ran.
 */
static void conclude_hardirq(const struct kw_sleep *s, struct kw_wake *w)
{
	bool self = w->waker == s->vcpu;
	const struct kw_due *d;
	unsigned i, n = MIN(s->nr_due, KW_MAX_DUE);

	for (i = 0; i < n; i++) {
		d = &s->due[i];
		if (d->intid != 27 && d->intid != 30)
			continue;
		if (self ? d->at.ns > w->waking.ns :
		    !kw_seen(&w->in) || d->at.ns < w->in.ns)
			continue;
		w->cause = KW_WAKE_TIMER;
		w->intid = d->intid;
		w->origin = d->at;
	}
}

/* The wakes' causes by what came after them, and the sleep's own. */
void kw_wake_conclude(struct kw_sleep *s)
{
	struct kw_wake *w;
	unsigned i, n = MIN(s->nr_wakes, KW_MAX_WAKES);

	for (i = 0; i < n; i++) {
		w = &s->wakes[i];
		if (w->cause != KW_WAKE_UNKNOWN)
			continue;
		if (w->hardirq && !kw_seen(&w->out)) {
			conclude_hardirq(s, w);
		} else if (!w->hardirq && i + 1 == n && s->restart) {
			w->cause = KW_WAKE_SIGNAL;
			w->inferred = w->runnable != 0;
		}
	}
	w = n ? &s->wakes[n - 1] : NULL;
	if (w && !kw_seen(&w->out) && (s->blocked || kw_seen(&w->waking))) {
		s->cause = w->cause;
		s->guess = w->inferred;
		s->intid = w->intid;
		if (w->cause == KW_WAKE_PSCI && s->kind == KW_SLEEP_UNKNOWN) {
			s->kind = KW_SLEEP_OFF;
			s->inferred = true;
		}
	} else if (!s->blocked) {
		conclude_awake(s);
	}
}
