/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what counts as what, and which wake-up was for nothing.
 *
 * Invariants: the sums over the vCPUs are those of `all`, but for kicks whose
 * target's thread is not known; a sleep counts when it ended, one that events
 * were lost in or that the recording ended in has no cause.
 */
#include <string.h>

#include "stat.h"

const char *const kw_vain_names[KW_NR_VAINS] = {
#define X(id, name) [KW_VAIN_##id] = name,
	KW_VAINS(X)
#undef X
};

struct kw_stat *kw_stat_new(void)
{
	struct kw_stat *st = g_new0(struct kw_stat, 1);

	st->vcpus = g_ptr_array_new_with_free_func(g_free);
	return st;
}

void kw_stat_free(struct kw_stat *st)
{
	if (!st)
		return;
	g_ptr_array_free(st->vcpus, TRUE);
	g_free(st);
}

struct kw_vcpu_stat *kw_stat_vcpu(struct kw_stat *st,
				  const struct kw_thread *vcpu)
{
	struct kw_vcpu_stat *v;

	while (st->vcpus->len <= vcpu->index)
		g_ptr_array_add(st->vcpus, g_new0(struct kw_vcpu_stat, 1));
	v = st->vcpus->pdata[vcpu->index];
	v->vcpu = vcpu;
	return v;
}

static bool is_interrupt(enum kw_wake_cause cause)
{
	return cause == KW_WAKE_SGI || cause == KW_WAKE_PPI ||
	       cause == KW_WAKE_SPI || cause == KW_WAKE_LPI ||
	       cause == KW_WAKE_KICK;
}

/* Woken, the predicate was false, and it slept again. */
static enum kw_vain slept_again(const struct kw_sleep *s,
				const struct kw_wake *w, bool *possible,
				const char **missing)
{
	if (w->cause == KW_WAKE_RESUME)
		return KW_VAIN_RESUME;
	if (is_interrupt(w->cause) && !w->inferred) {
		if (w->origin.ns <= s->exit.ns)
			return KW_VAIN_LATE_KICK;
		*missing = "the interrupt was queued in this wait; its "
			   "priority and group are not recorded";
		*possible = true;
		return KW_VAIN_OTHER;
	}
	*possible = true;
	*missing = "nothing in the waker's context tells what it woke for";
	return w->hardirq ? KW_VAIN_OTHER : KW_VAIN_LATE_KICK;
}

enum kw_vain kw_wake_vain(const struct kw_sleep *s, unsigned i,
			  bool *possible, const char **missing)
{
	const struct kw_wake *w = &s->wakes[i];
	bool wfi = s->kind == KW_SLEEP_WFI || s->kind == KW_SLEEP_SUSPEND;

	*possible = false;
	*missing = NULL;
	if (!wfi || s->begun_before || !w->in.line)
		return KW_VAIN_NOT;
	if (s->damaged) {
		*possible = true;
		*missing = "a damaged line lies in this sleep";
	}
	if (w->out.line)
		return slept_again(s, w, possible, missing);
	if (i + 1 != MIN(s->nr_wakes, KW_MAX_WAKES))
		return KW_VAIN_NOT;
	if (s->runnable == 0 && s->check_ret != KW_NO_RET &&
	    s->check_ret != 0)
		return KW_VAIN_SIGNAL;
	if (s->restart && s->runnable < 0 && w->cause == KW_WAKE_SIGNAL &&
	    !s->nr_due) {
		*possible = true;
		*missing = "the predicate's value is not recorded";
		return KW_VAIN_SIGNAL;
	}
	return KW_VAIN_NOT;
}

static void count_wakes(struct kw_vcpu_stat *v, const struct kw_sleep *s)
{
	const char *missing;
	unsigned i, n = MIN(s->nr_wakes, KW_MAX_WAKES);
	enum kw_vain vain;
	bool possible;

	for (i = 0; i < n; i++) {
		vain = kw_wake_vain(s, i, &possible, &missing);
		v->nr_vain[vain] += !possible;
		v->nr_vain_possible[vain] += possible;
	}
}

static void count_wait(struct kw_vcpu_stat *v, const struct kw_sleep *s)
{
	enum kw_latency l;
	uint64_t ns;

	v->nr_waits++;
	v->nr_blocked += s->blocked;
	if (s->reported >= 0) {
		v->nr_report_wait += s->reported == 1;
		v->nr_report_poll += s->reported == 0;
		v->reported_wait_ns += s->reported ? s->reported_ns : 0;
		v->nr_poll_unknown += s->polled < 0;
		v->nr_polled += s->polled == 1;
		v->nr_polled_ok += s->polled == 1 && !s->reported;
	}
	count_wakes(v, s);
	if (s->how == KW_END_LOST || s->how == KW_END_OPEN)
		return;
	if (s->guess)
		v->nr_guesses[s->cause]++;
	else
		v->nr_causes[s->cause]++;
	if (s->how == KW_END_ENTRY && s->exit.line)
		kw_hist_add(&v->wait, s->end.ns - s->exit.ns);
	for (l = 0; l < KW_NR_LATENCIES; l++)
		if (kw_sleep_latency(s, l, &ns))
			kw_hist_add(&v->latency[l], ns);
}

static void on_sleep(void *stat, const struct kw_sleep *s)
{
	struct kw_stat *st = stat;
	struct kw_vcpu_stat *of[2] = { kw_stat_vcpu(st, s->vcpu), &st->all };
	unsigned i;

	for (i = 0; i < 2; i++) {
		of[i]->nr_sleeps[s->kind]++;
		if (s->kind == KW_SLEEP_WFI || s->kind == KW_SLEEP_SUSPEND)
			count_wait(of[i], s);
	}
}

static void on_span(void *stat, const struct kw_vcpu_span *span)
{
	struct kw_stat *st = stat;
	uint64_t ns = span->to.ns - span->from.ns;

	kw_stat_vcpu(st, span->vcpu)->state_ns[span->state] += ns;
	st->all.state_ns[span->state] += ns;
}

static void on_kick(void *stat, const struct kw_kick *k)
{
	struct kw_stat *st = stat;

	if (k->target)
		kw_stat_vcpu(st, k->target)
			->nr_kicks[k->caller][k->effect]++;
	st->all.nr_kicks[k->caller][k->effect]++;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void count_own(struct kw_vcpu_stat *v, const struct kw_trace_event *ev)
{
	const char *a = ev->args;

	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
		v->nr_entries++;
		break;
	case KW_TRACE_KVM_EXIT:
		v->nr_exits++;
		v->nr_wfx_exits += (begins(a, "TRAP:") || begins(a, "0x2:")) &&
				   strstr(a, "HSR_EC: 0x0001 ") != NULL;
		break;
	case KW_TRACE_KVM_WFX:
		v->nr_wfi += begins(a, "guest executed wfi");
		v->nr_wfe += begins(a, "guest executed wfe");
		break;
	case KW_TRACE_KVM_USERSPACE:
		v->nr_signal_exits += begins(a, "reason restart");
		break;
	case KW_TRACE_DISPATCH_SGI:
		v->nr_sgis++;
		break;
	default:
		break;
	}
}

static void on_event(void *stat, const struct kw_trace_event *ev,
		     const struct kw_mark *at, const struct kw_thread *vcpu)
{
	struct kw_stat *st = stat;

	(void)at;
	if (vcpu) {
		count_own(kw_stat_vcpu(st, vcpu), ev);
		count_own(&st->all, ev);
	}
	if (ev->id != KW_TRACE_IPI_RAISE)
		return;
	if (strstr(ev->args, "(Resched"))
		st->nr_ipi_resched++;
	else if (strstr(ev->args, "(Function call"))
		st->nr_ipi_call++;
	else
		st->nr_ipi_other++;
}

const struct kw_follow_ops kw_stat_ops = {
	.event = on_event, .span = on_span, .sleep = on_sleep,
	.kick = on_kick,
};
