/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what one vCPU did: guest runs, waits, and the latencies of both.
 *
 * A wait begins at the exit of a WFx trap and ends at the next guest entry;
 * whether it was a WFI that slept, polled or passed makes no difference to
 * the guest, and so none to its steps.  A kernel with halt polling, or one
 * whose predicate is true at once, has no sched_switch in a wait.
 *
 *	guest   | exit WFx | wfx | .. | switch out (S) .. waking ... in | entry
 *	<- run >|<----------- wait ------------------------------------->|
 *	         <----- block latency -->              <-wake-><- resume ->
 *
 * Invariants: steps are in the order of time; a wait has exactly one WFI step;
 * timer_from is the first step whose WFI has no expiry yet.
 */
#include "extract.h"

void kw_step_push(struct kw_extract *x, struct kw_vcpu *v, struct kw_step step)
{
	if (x->stopped)
		return;
	step.at_ns = x->now_ns;
	g_array_append_val(v->steps, step);
}

void kw_step_flush_run(struct kw_extract *x, struct kw_vcpu *v)
{
	if (v->where == KW_WHERE_GUEST) {
		v->run_ns += x->now_ns - v->since_ns;
		v->since_ns = x->now_ns;
	}
	if (v->run_ns)
		kw_step_push(x, v, (struct kw_step){ .kind = KW_STEP_RUN,
						     .ns = v->run_ns });
	v->run_ns = 0;
}

static void push_wfi(struct kw_extract *x, struct kw_vcpu *v)
{
	struct kw_step step = { .kind = KW_STEP_WFI, .ns = KW_NO_TIME };

	kw_step_flush_run(x, v);
	kw_step_push(x, v, step);
	v->wait = true;
	v->blocked = v->slept = v->explained = v->signal = false;
	v->out_ns = v->waking_ns = v->in_ns = KW_NO_TIME;
}

/*
 * The timer expired.  Its hrtimer has no tracepoint: in a wait that slept,
 * what a hard interrupt woke, the timer did.
 */
void kw_step_timer(struct kw_extract *x, struct kw_vcpu *v)
{
	uint64_t at = x->now_ns;
	struct kw_step *s;

	if (x->stopped)
		return;
	if (v->wait && v->waking_ns != KW_NO_TIME && v->waking_hardirq)
		at = v->waking_ns;
	v->nr_timer++;
	v->explained = true;
	if (!v->wait)
		v->fired_ns = at;
	for (; v->timer_from < v->steps->len; v->timer_from++) {
		s = &g_array_index(v->steps, struct kw_step, v->timer_from);
		if (s->kind == KW_STEP_WFI && at >= s->at_ns)
			s->ns = at - s->at_ns;
	}
}

/*
 * The PMU overflowed.  Up to two events tell of one overflow: the probe in
 * its handler, and the vgic's line at the next sync.
 */
void kw_step_pmi(struct kw_extract *x, struct kw_vcpu *v)
{
	struct kw_step pmi = { .kind = KW_STEP_PMI }, wfi;
	unsigned n = v->steps->len;
	bool known = v->timer_from >= n;

	if (v->pmi_seen || x->stopped)
		return;
	v->pmi_seen = true;
	if (!v->wait || !n) {
		kw_step_flush_run(x, v);
		kw_step_push(x, v, pmi);
		return;
	}
	/* at the exit of the WFI: as if just before it */
	wfi = g_array_index(v->steps, struct kw_step, n - 1);
	g_array_set_size(v->steps, n - 1);
	kw_step_push(x, v, pmi);
	g_array_append_val(v->steps, wfi);
	if (known)
		v->timer_from = v->steps->len;
}

static void end_wait(struct kw_extract *x, struct kw_vcpu *v)
{
	v->wait = false;
	if (v->signal)
		v->nr_signals++;
	else if (!v->explained && v->waking_ns != KW_NO_TIME)
		kw_arrival_unexplained(x, v);
	if (x->stopped)
		return;
	if (v->blocked)
		v->nr_blocked++;
	else
		v->nr_polled++;
	if (v->blocked && v->in_ns != KW_NO_TIME) {
		if (v->waking_ns != KW_NO_TIME)
			kw_extract_sample(x, v->waking_hardirq ?
					  KW_SAMPLE_TIMER_WAKE :
					  KW_SAMPLE_WAKE,
					  v->in_ns - v->waking_ns);
		if (!v->signal && !v->preempted)
			kw_extract_sample(x, KW_SAMPLE_RESUME,
					  x->now_ns - v->in_ns);
	}
	if (++v->nr_waits >= x->limit)
		kw_extract_stop(x);
}

/* Longer out of the guest than this without a reason: a step of its own. */
#define GAP_NS 1000000u

static void end_exit(struct kw_extract *x, struct kw_vcpu *v)
{
	uint64_t out = x->now_ns - v->since_ns;
	struct kw_step off = { .kind = KW_STEP_OFF, .ns = out };

	if (v->slept || out > GAP_NS) {
		kw_step_flush_run(x, v);
		if (out)
			kw_step_push(x, v, off);
	} else if (!v->preempted) {
		kw_extract_sample(x, KW_SAMPLE_EXIT, out);
	}
}

void kw_vcpu_entry(struct kw_extract *x, struct kw_vcpu *v)
{
	kw_arrival_sgi_end(x, v);
	kw_arrival_flush(x, v->tid);
	if (v->wait)
		end_wait(x, v);
	else if (v->where == KW_WHERE_HOST)
		end_exit(x, v);
	else if (!v->steps->len && x->now_ns)
		kw_step_push(x, v, (struct kw_step){ .kind = KW_STEP_OFF,
						     .ns = x->now_ns });
	v->nr_entries++;
	v->where = KW_WHERE_GUEST;
	v->since_ns = x->now_ns;
	v->slept = false;
	v->pmi_seen = false;
	v->fired_ns = KW_NO_TIME;
}

void kw_vcpu_exit(struct kw_extract *x, struct kw_vcpu *v, bool wfx,
		  unsigned ec)
{
	if (v->where == KW_WHERE_GUEST)
		v->run_ns += x->now_ns - v->since_ns;
	v->where = KW_WHERE_HOST;
	v->since_ns = x->now_ns;
	v->ec = (uint8_t)ec;
	v->slept = v->preempted = false;
	if (wfx)
		push_wfi(x, v);
}

/* The WFx was a WFE: it yields and goes on. */
void kw_vcpu_not_wfi(struct kw_extract *x, struct kw_vcpu *v)
{
	const struct kw_step *s;

	if (!v->wait)
		return;
	v->wait = false;
	if (x->stopped || !v->steps->len)
		return;
	s = &g_array_index(v->steps, struct kw_step, v->steps->len - 1);
	if (s->kind != KW_STEP_WFI)
		return;
	g_array_set_size(v->steps, v->steps->len - 1);
	s = v->steps->len ? s - 1 : NULL;
	if (s && s->kind == KW_STEP_RUN) {	/* the run goes on */
		v->run_ns = s->ns;
		g_array_set_size(v->steps, v->steps->len - 1);
	}
	v->timer_from = MIN(v->timer_from, v->steps->len);
}

/*
 * The wait that the recording begins in.  Where its end has no cause that
 * can be seen it would never end in a simulation, so it is an absence.
 */
static void first_wait(struct kw_extract *x, struct kw_vcpu *v)
{
	struct kw_step off = { .kind = KW_STEP_OFF, .ns = x->now_ns };
	struct kw_step wfi = { .kind = KW_STEP_WFI, .ns = v->fired_ns };
	bool known = kw_arrival_was_early(x, v);

	v->where = KW_WHERE_HOST;
	v->since_ns = x->now_ns;
	if (x->stopped || v->steps->len)
		return;
	if (v->fired_ns != KW_NO_TIME || known) {
		g_array_append_val(v->steps, wfi);	/* at 0 */
		v->timer_from = v->fired_ns != KW_NO_TIME;
		v->nr_waits++;
	} else if (off.ns) {
		kw_step_push(x, v, off);
	}
}

/*
 * kvm_vcpu_wakeup: the block is over.  Without a WFx exit it is one that
 * began before the window, or PSCI CPU_SUSPEND, which waits the same way.
 */
void kw_vcpu_wakeup(struct kw_extract *x, struct kw_vcpu *v, bool waited)
{
	uint64_t began = v->since_ns;
	struct kw_step *s;
	bool slept = v->slept;

	if (v->where == KW_WHERE_UNKNOWN) {
		first_wait(x, v);
	} else if (!v->wait) {
		push_wfi(x, v);
		v->blocked = slept && waited;
		if (!x->stopped) {
			s = &g_array_index(v->steps, struct kw_step,
					   v->steps->len - 1);
			s->at_ns = began;
			if (v->fired_ns != KW_NO_TIME)
				s->ns = v->fired_ns - MIN(v->fired_ns, began);
		}
	}
	v->fired_ns = KW_NO_TIME;
}

void kw_vcpu_switch_out(struct kw_extract *x, struct kw_vcpu *v, bool asleep)
{
	if (!asleep) {
		v->preempted = true;
		return;
	}
	if (!v->wait) {
		v->slept = true;
		return;
	}
	if (v->blocked && v->in_ns != KW_NO_TIME) {
		v->nr_futile++;
	} else if (!v->blocked && !v->preempted) {
		kw_extract_sample(x, KW_SAMPLE_BLOCK, x->now_ns - v->since_ns);
	}
	v->blocked = true;
	v->out_ns = x->now_ns;
	v->waking_ns = v->in_ns = KW_NO_TIME;
}

void kw_vcpu_switch_in(struct kw_extract *x, struct kw_vcpu *v)
{
	if (v->wait && v->blocked && v->in_ns == KW_NO_TIME)
		v->in_ns = x->now_ns;
}
