/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what each event of a recording tells of which vCPU.
 *
 * Invariants: time does not go backwards for the consumer: an event that is
 * older than the one before is taken as simultaneous with it, and counted;
 * each event is handed on exactly once.
 */
#include <string.h>

#include "follow_inside.h"

#define NOT_ONE_ID (-2)
#define REQ_SLEEP 8		/* KVM_REQ_SLEEP, without its flags */

void kw_follow_add(struct kw_follow *f, const struct kw_follow_ops *ops,
		   void *arg)
{
	g_assert(f->nr_to < KW_MAX_CONSUMERS);
	f->to[f->nr_to].ops = ops;
	f->to[f->nr_to++].arg = arg;
}

struct kw_follow *kw_follow_new(void)
{
	struct kw_follow *f = g_new0(struct kw_follow, 1);

	f->threads = g_ptr_array_new();
	f->by_tid = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return f;
}

void kw_follow_free(struct kw_follow *f)
{
	if (!f)
		return;
	g_hash_table_unref(f->by_tid);
	g_ptr_array_free(f->threads, TRUE);
	g_free(f);
}

unsigned kw_follow_nr_vcpus(const struct kw_follow *f)
{
	return f->threads->len;
}

struct kw_thread *kw_follow_vcpu(const struct kw_follow *f, unsigned i)
{
	struct kw_followed *v = f->threads->pdata[i];

	return &v->t;
}

const struct kw_follow_totals *kw_follow_totals(const struct kw_follow *f)
{
	return &f->totals;
}

bool kw_follow_has(const struct kw_follow *f, enum kw_trace_id id)
{
	return f->totals.by_id[id] != 0;
}

static bool is_word(const struct kw_trace_args *a, unsigned i, const char *word)
{
	return a->s[i].len == strlen(word) &&
	       !strncmp(a->s[i].p, word, a->s[i].len);
}

static bool has_word(const struct kw_trace_args *a, unsigned i,
		     const char *word)
{
	return g_strstr_len(a->s[i].p, (gssize)a->s[i].len, word) != NULL;
}

/* Up to 4.19 the class of an interrupt's exit is stale, a trap is 0x2. */
static void on_guest_exit(struct kw_follow *f, struct kw_followed *v,
			  const struct kw_trace_args *a)
{
	bool trap = is_word(a, 0, "TRAP") || is_word(a, 0, "0x2");

	kw_state_exit(f, v, trap && a->n[0] == 1,
		      trap ? (unsigned)a->n[0] & 0xff : 0);
}

static void on_wfx(struct kw_follow *f, struct kw_followed *v,
		   const struct kw_trace_args *a)
{
	if (is_word(a, 0, "e")) {
		kw_sleep_drop(v);
		kw_state_set(f, v, KW_VCPU_HOST, false);
	} else if (!v->open) {	/* kvm_exit is not recorded */
		kw_sleep_begin(v, KW_SLEEP_WFI);
		v->s.exit = f->now;
		kw_state_set(f, v, KW_VCPU_POLL, true);
	}
}

/* PSCI functions of interest; the SMC32 and SMC64 forms of each */
static void on_psci(struct kw_followed *v, uint64_t function)
{
	switch (function & ~UINT64_C(0x40000000)) {
	case 0x84000001:
		v->suspend = true;
		break;
	case 0x84000002:
		v->off = true;
		break;
	case 0x84000003:
		v->cpu_on = true;
		break;
	default:
		break;
	}
}

static void on_sgi(struct kw_follow *f, struct kw_context *c,
		   const struct kw_trace_event *ev,
		   const struct kw_trace_args *a)
{
	if (!is_word(a, 1, "write") ||
	    (!is_word(a, 0, "SYS_ICC_SGI1R_EL1") &&
	     !is_word(a, 0, "ICC_SGI1R_EL1") && !is_word(a, 0, "ICC_SGI1R")))
		return;
	c->sgi = f->now;
	if (!f->totals.by_id[KW_TRACE_QUEUE_IRQ])
		kw_wake_sgi(f, ev);
}

/* Calls are over that cannot last into the guest or out of it. */
static void close_all(struct kw_follow *f, struct kw_context *c)
{
	kw_wake_close(f, c);
	c->bg_timer.line = c->psci_on.line = c->resume.line = 0;
	c->sgi.line = c->line_up.line = c->doorbell.line = 0;
}

/* Events that only a vCPU's own thread has, in a task's context. */
static bool on_own(struct kw_follow *f, const struct kw_trace_event *ev,
		   const struct kw_trace_args *a, struct kw_context *c)
{
	struct kw_followed *v;

	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
		v = kw_followed_make(f, ev);
		close_all(f, c);
		if (v)
			kw_state_entry(f, v);
		return true;
	case KW_TRACE_KVM_EXIT:
		v = kw_followed_make(f, ev);
		close_all(f, c);
		if (v)
			on_guest_exit(f, v, a);
		return true;
	case KW_TRACE_KVM_WAKEUP:
		v = kw_followed_make(f, ev);
		if (v)
			kw_sleep_report(f, v, is_word(a, 0, "wait"),
					(uint64_t)a->n[0]);
		return true;
	case KW_TRACE_KVM_WFX:
		v = kw_followed_make(f, ev);
		if (v)
			on_wfx(f, v, a);
		return true;
	case KW_TRACE_CHECK_BLOCK:
		v = kw_followed_make(f, ev);
		if (v) {
			kw_followed_id(f, v, a->n[0]);
			v->evaluating = f->now;
			v->evaluated = false;
			kw_sleep_check(f, v, a);
		}
		return true;
	default:
		return false;
	}
}

static void on_thread(struct kw_follow *f, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a, struct kw_followed *v)
{
	switch (ev->id) {
	case KW_TRACE_KVM_USERSPACE:
		kw_state_user(f, v, is_word(a, 0, "restart"));
		break;
	case KW_TRACE_KVM_HVC:
		on_psci(v, (uint64_t)a->n[1]);
		break;
	case KW_TRACE_PSCI_CALL:
		on_psci(v, (uint64_t)a->n[1]);
		break;
	case KW_TRACE_POWER_OFF:
		v->off |= a->n[0] == v->t.id;
		break;
	case KW_TRACE_KVM_HALT_POLL:
		kw_followed_id(f, v, a->n[0]);
		v->halt_poll_ns = a->n[1];
		if (v->open && v->s.polled < 0)
			v->s.polled = a->n[2] > 0;
		break;
	case KW_TRACE_RUNNABLE:
		v->checking = (int)a->n[0];
		v->evaluating = f->now;
		break;
	case KW_TRACE_RUNNABLE_RET:
		if (v->checking == v->t.id)
			kw_sleep_runnable(f, v, a->n[0]);
		v->checking = NOT_ONE_ID;
		break;
	case KW_TRACE_CHECK_BLOCK_RET:
		if (!v->open)
			break;
		v->s.check_ret = (int)a->n[0];
		if (!v->evaluated)	/* its line is missing */
			v->s.runnable = -1;
		break;
	default:
		kw_followed_id(f, v, a->n[0]);
		break;
	}
}

/* A line went down: what only the line made pending is not any more. */
static void line_down(struct kw_followed *v, int intid)
{
	unsigned i, n = v->open ? MIN(v->s.nr_due, KW_MAX_DUE) : 0;

	for (i = 0; i < n; i++)
		if (v->s.due[i].intid == intid && v->s.due[i].line)
			v->s.due[i].gone = true;
}

static void on_spi_line(struct kw_follow *f, struct kw_context *c, int intid,
			bool up)
{
	bool probe = f->totals.by_id[KW_TRACE_QUEUE_IRQ] != 0;
	struct kw_followed *v;
	unsigned i;

	if (up) {
		c->line_up = f->now;
		c->line_intid = intid;
	}
	for (i = 0; i < f->threads->len; i++) {
		v = f->threads->pdata[i];
		if (!up)
			line_down(v, intid);
		else if (!probe && f->nr_vms == 1 && v->open && !v->asleep)
			kw_sleep_due(f, v, KW_DUE_LINE, intid);
	}
}

/* Its line went up: a PPI of its own, by its thread or a handler on it */
static void on_line(struct kw_follow *f, const struct kw_trace_event *ev,
		    const struct kw_trace_args *a, struct kw_context *c)
{
	struct kw_followed *v;
	int intid = (int)a->n[1];

	if (intid >= 32) {
		on_spi_line(f, c, intid, a->n[2] != 0);
		return;
	}
	v = kw_followed_find(f, ev->pid);
	if (!v || (v->t.id >= 0 && v->t.id != a->n[0]))
		return;
	if (!kw_trace_in_hardirq(ev))
		kw_followed_id(f, v, a->n[0]);
	if (!a->n[2])
		line_down(v, intid);
	else if (v->open)
		kw_sleep_due(f, v, KW_DUE_LINE, intid);
}

static void on_handler(struct kw_follow *f, const struct kw_trace_event *ev,
		       const struct kw_trace_args *a, struct kw_context *c)
{
	struct kw_followed *v = kw_followed_find(f, ev->pid);

	close_all(f, c);
	if (is_word(a, 0, "vcpu"))
		c->doorbell = f->now;
	if (v && has_word(a, 0, "pmu") && v->t.state == KW_VCPU_GUEST &&
	    !kw_seen(&v->overflow) &&
	    !f->totals.by_id[KW_TRACE_PMU_OVERFLOW]) {
		v->overflow = f->now;
		v->overflow_inferred = true;
	}
}

static void on_overflow(struct kw_follow *f, const struct kw_trace_event *ev,
			struct kw_context *c)
{
	struct kw_followed *v = kw_followed_find(f, ev->pid);

	kw_wake_close(f, c);
	c->overflow = f->now;
	if (!v || v->t.state != KW_VCPU_GUEST)
		return;
	if (!kw_seen(&v->overflow) || v->overflow_inferred)
		v->overflow = f->now;
	v->overflow_inferred = false;
}

static void on_ipi(struct kw_context *c, const struct kw_trace_event *ev,
		   const struct kw_trace_args *a)
{
	if (ev->id == KW_TRACE_IPI_RAISE ? is_word(a, 1, "Rescheduling") :
	    has_word(a, 0, "vgic_") || has_word(a, 0, "kvm_"))
		kw_wake_ipi(c);
}

/* Calls, in whatever context */
static void on_call(struct kw_follow *f, const struct kw_trace_event *ev,
		    const struct kw_trace_args *a, struct kw_context *c)
{
	switch (ev->id) {
	case KW_TRACE_QUEUE_IRQ:
		kw_wake_queue(f, c, ev, a);
		break;
	case KW_TRACE_QUEUE_IRQ_RET:
		kw_wake_queued(f, c, a);
		break;
	case KW_TRACE_VCPU_KICK:
		kw_wake_kick(f, c, ev, a->n[0]);
		break;
	case KW_TRACE_SHOULD_KICK:
		break;
	case KW_TRACE_SHOULD_KICK_RET:
		if (a->n[0])
			kw_wake_ipi(c);
		break;
	case KW_TRACE_IPI_RAISE:
	case KW_TRACE_IPI_SEND_CPU:
		on_ipi(c, ev, a);
		break;
	case KW_TRACE_VCPU_WAKE_UP:
		kw_wake_close(f, c);
		c->wake_up = f->now;
		c->wake_up_id = (int)a->n[0];
		break;
	case KW_TRACE_VCPU_WAKE_UP_RET:
		kw_wake_returns(f, c, ev, a);
		kw_wake_close(f, c);
		break;
	case KW_TRACE_BG_TIMER:
		close_all(f, c);
		c->bg_timer = f->now;
		break;
	case KW_TRACE_PSCI_ON:
		c->psci_on = f->now;
		break;
	case KW_TRACE_ALL_REQUEST:
		kw_wake_close(f, c);
		if ((a->n[0] & 0xff) == REQ_SLEEP)
			c->resume = f->now;
		break;
	case KW_TRACE_PMU_OVERFLOW:
		on_overflow(f, ev, c);
		break;
	case KW_TRACE_KVM_SYS_ACCESS:
		on_sgi(f, c, ev, a);
		break;
	case KW_TRACE_DISPATCH_SGI:
		kw_wake_close(f, c);
		c->sgi = f->now;
		break;
	default:	/* something else: what was open is over */
		kw_wake_close(f, c);
		break;
	}
}

static void on_switch(struct kw_follow *f, const struct kw_trace_event *ev,
		      const struct kw_trace_args *a)
{
	struct kw_followed *v;

	v = kw_followed_named(f, (int)a->n[0], a->s[0].p, a->s[0].len);
	if (v) {
		v->t.cpu = ev->cpu;
		kw_state_out(f, v, *a->s[1].p);
	}
	v = kw_followed_named(f, (int)a->n[2], a->s[2].p, a->s[2].len);
	if (v) {
		v->t.cpu = ev->cpu;
		kw_state_in(f, v);
	}
}

static void on_sched(struct kw_follow *f, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a, struct kw_context *c)
{
	struct kw_followed *v;
	struct kw_wake *w;

	if (ev->id == KW_TRACE_SCHED_SWITCH) {
		on_switch(f, ev, a);
		return;
	}
	v = kw_followed_named(f, (int)a->n[0], a->s[0].p, a->s[0].len);
	if (!v)
		return;
	if (ev->id == KW_TRACE_SCHED_WAKING) {
		kw_wake_waking(f, c, ev, v);
	} else if (v->open && v->s.nr_wakes) {
		w = &v->s.wakes[MIN(v->s.nr_wakes, KW_MAX_WAKES) - 1];
		if (!kw_seen(&w->wakeup) && !kw_seen(&w->in) &&
		    !kw_seen(&w->out))
			w->wakeup = f->now;
	}
}

static void dispatch(struct kw_follow *f, const struct kw_trace_event *ev,
		     const struct kw_trace_args *a)
{
	struct kw_context *c = kw_context_of(f, ev);
	struct kw_followed *v;

	switch (ev->id) {
	case KW_TRACE_SCHED_WAKING:
	case KW_TRACE_SCHED_WAKEUP:
	case KW_TRACE_SCHED_SWITCH:
		on_sched(f, ev, a, c);
		return;
	case KW_TRACE_KVM_IRQ_LINE:
		if (a->n[0] == 1 && a->n[3]) {
			c->line_up = f->now;
			c->line_intid = (int)a->n[2];
		}
		return;
	case KW_TRACE_VGIC_UPDATE:
	case KW_TRACE_TIMER_UPDATE:
		kw_wake_close(f, c);
		if (ev->id == KW_TRACE_VGIC_UPDATE ||
		    !f->totals.by_id[KW_TRACE_VGIC_UPDATE])
			on_line(f, ev, a, c);
		return;
	case KW_TRACE_IRQ_ENTRY:
		on_handler(f, ev, a, c);
		return;
	case KW_TRACE_IRQ_EXIT:
		close_all(f, c);
		return;
	case KW_TRACE_KVM_USERSPACE:
	case KW_TRACE_KVM_HVC:
	case KW_TRACE_PSCI_CALL:
	case KW_TRACE_POWER_OFF:
	case KW_TRACE_KVM_HALT_POLL:
	case KW_TRACE_RUNNABLE:
	case KW_TRACE_RUNNABLE_RET:
	case KW_TRACE_CHECK_BLOCK_RET:
	case KW_TRACE_VCPU_WFI:
	case KW_TRACE_VCPU_HALT:
	case KW_TRACE_VCPU_BLOCK:
		kw_wake_close(f, c);
		v = kw_followed_find(f, ev->pid);
		if (v)
			on_thread(f, ev, a, v);
		return;
	default:
		if (!on_own(f, ev, a, c))
			on_call(f, ev, a, c);
	}
}

/* Of what lies in a sleep not all can be trusted. */
static void doubt(struct kw_follow *f)
{
	struct kw_followed *v;
	unsigned i;

	for (i = 0; i < f->threads->len; i++) {
		v = f->threads->pdata[i];
		v->s.damaged = true;
		v->overflow.line = 0;
	}
}

static void damaged(struct kw_follow *f, const char *message)
{
	doubt(f);
	kw_tell(f, damaged, &f->now, message);
}

static void set_now(struct kw_follow *f, const struct kw_trace_event *ev,
		    uint64_t line)
{
	struct kw_follow_totals *t = &f->totals;

	f->now.line = line;
	f->now.file = f->nr_files - (f->nr_files > 0);
	t->nr_no_flags += !ev->flags_len;
	if (!t->nr_events++)
		t->first_ns = f->now.ns = ev->time_ns;
	if (ev->time_ns < f->now.ns) {
		doubt(f);
		if (!t->nr_backwards++)
			kw_tell(f, damaged, &f->now,
				"this event is older than the one before; "
				"such are taken as simultaneous");
	} else {
		f->now.ns = ev->time_ns;
	}
	t->last_ns = f->now.ns;
}

void kw_follow_event(struct kw_follow *f, const struct kw_trace_event *ev,
		     uint64_t line)
{
	struct kw_trace_args args;
	struct kw_followed *v;
	char text[128];

	args.nr_n = args.nr_s = 0;
	set_now(f, ev, line);
	if (ev->id == KW_TRACE_UNKNOWN) {
		f->totals.nr_unknown++;
	} else if (!kw_trace_decode(ev, &args)) {
		f->totals.nr_misfit++;
		g_snprintf(text, sizeof(text), "%s: the text is not in the "
			   "event's form: \"%.40s\"",
			   kw_trace_id_name(ev->id), ev->args);
		if (!kw_trace_is_probe(ev->id))
			damaged(f, text);
	} else {
		f->totals.by_id[ev->id]++;
		dispatch(f, ev, &args);
	}
	v = kw_followed_find(f, ev->pid);
	if (v)
		v->t.cpu = ev->cpu;
	if (v && !v->known)
		v = NULL;
	kw_tell(f, event, ev, &f->now, v ? &v->t : NULL);
}

void kw_follow_lost(struct kw_follow *f, const struct kw_trace_event *ev,
		    uint64_t line)
{
	char text[80];
	unsigned i;

	f->now.line = line;
	f->totals.nr_lost_places++;
	f->totals.nr_lost += ev->lost;
	kw_followed_forget(f);
	for (i = 0; i < f->threads->len; i++)
		kw_state_lose(f, f->threads->pdata[i]);
	for (i = 0; i < KW_NR_CONTEXTS; i++)
		close_all(f, &f->contexts[i]);
	if (ev->lost)
		g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT
			   " events of CPU %d were lost", ev->lost, ev->cpu);
	else
		g_snprintf(text, sizeof(text), "events of CPU %d were lost",
			   ev->cpu);
	kw_tell(f, damaged, &f->now, text);
}

bool kw_follow_file(struct kw_follow *f, const char *path, GError **err)
{
	struct kw_trace *t = kw_trace_open(path, err);
	struct kw_trace_event ev;
	enum kw_trace_what what;

	if (!t)
		return false;
	f->nr_files++;
	while ((what = kw_trace_next(t, &ev)) != KW_TRACE_END) {
		if (what == KW_TRACE_EVENT) {
			kw_follow_event(f, &ev, kw_trace_line(t));
		} else if (what == KW_TRACE_LOST) {
			kw_follow_lost(f, &ev, kw_trace_line(t));
		} else {
			f->totals.nr_damaged++;
			f->now.line = kw_trace_line(t);
			f->now.file = f->nr_files - 1;
			damaged(f, kw_trace_message(t));
		}
	}
	f->totals.nr_lines += kw_trace_line(t);
	f->totals.entries_written = MAX(f->totals.entries_written,
					kw_trace_written(t));
	kw_trace_close(t);
	return true;
}

void kw_follow_end(struct kw_follow *f)
{
	struct kw_vcpu_span span;
	struct kw_followed *v;
	unsigned i;

	/* what an open queueing will do is not known: it is not over */
	for (i = 0; i < KW_NR_CONTEXTS; i++)
		kw_wake_close_kick(f, &f->contexts[i]);
	for (i = 0; i < f->threads->len; i++) {
		v = f->threads->pdata[i];
		if (v->open)
			kw_sleep_end(f, v, KW_END_OPEN);
		span = (struct kw_vcpu_span){
			.vcpu = &v->t, .state = v->t.state,
			.from = v->t.since, .to = f->now,
			.inferred = v->inferred,
		};
		kw_tell(f, span, &span);
	}
}
