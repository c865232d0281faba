/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what counts as what, and which wake-up was for nothing.
 *
 * Invariants: `all` is the sum over the vCPUs, and kicks whose target's thread
 * is not known; a sleep counts when it ended, one that events were lost in or
 * that the recording ended in has no cause.
 */
#include <stdlib.h>
#include <string.h>

#include "stat.h"

#define N(count) (v->counts[KW_COUNT_##count])

const char *const kw_vain_names[KW_NR_VAINS] = {
#define X(id, name) [KW_VAIN_##id] = name,
	KW_VAINS(X)
#undef X
};

const char *const kw_vcpu_count_names[KW_NR_VCPU_COUNTS] = {
#define X(id, name) [KW_COUNT_##id] = name,
	KW_VCPU_COUNTS(X)
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
	if (w->cause == KW_WAKE_RESUME) {
		if (w->inferred) {
			*missing = "events have no flags: an interrupt "
				   "handler may have woken it";
			*possible = true;
		}
		return KW_VAIN_RESUME;
	}
	if (w->cause == KW_WAKE_KICK && !w->inferred && w->in_sync) {
		/* vgic_prune_ap_list(): it has moved an interrupt to it */
		if (s->queued.line)
			return KW_VAIN_LATE_KICK;
		*missing = "which interrupt the kick was for is not recorded, "
			   "and none was queued shortly before this wait";
		*possible = true;
		return KW_VAIN_LATE_KICK;
	}
	if (is_interrupt(w->cause) && !w->inferred) {
		if (w->origin.ns <= s->exit.ns)
			return KW_VAIN_LATE_KICK;
		*possible = true;
		if (w->listed) {
			*missing = "whose list the interrupt was on is not "
				   "seen";
			return KW_VAIN_EARLY_KICK;
		}
		*missing = "the interrupt was queued in this wait; its "
			   "priority and group are not recorded";
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
	if (!s->restart)
		return KW_VAIN_NOT;
	if (s->runnable == 0 && s->check_ret != KW_NO_RET &&
	    s->check_ret != 0)
		return KW_VAIN_SIGNAL;
	if (s->runnable < 0 && w->cause == KW_WAKE_SIGNAL && !s->nr_due) {
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

	N(WAITS)++;
	N(BLOCKED) += s->blocked;
	if (s->reported >= 0) {
		N(REPORT_WAIT) += s->reported == 1;
		N(REPORT_POLL) += s->reported == 0;
		N(REPORTED_WAIT_NS) += s->reported ? s->reported_ns : 0;
		N(POLL_UNKNOWN) += s->polled < 0;
		N(POLL_UNKNOWN_OK) += s->polled < 0 && !s->reported;
		N(POLLED) += s->polled == 1;
		N(POLLED_OK) += s->polled == 1 && !s->reported;
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
	struct kw_vcpu_stat *v = kw_stat_vcpu(stat, s->vcpu);

	v->nr_sleeps[s->kind]++;
	if (s->kind == KW_SLEEP_WFI || s->kind == KW_SLEEP_SUSPEND)
		count_wait(v, s);
}

static void on_span(void *stat, const struct kw_vcpu_span *span)
{
	kw_stat_vcpu(stat, span->vcpu)->state_ns[span->state] +=
		span->to.ns - span->from.ns;
}

static void on_kick(void *stat, const struct kw_kick *k)
{
	struct kw_stat *st = stat;
	struct kw_vcpu_stat *v = k->target ? kw_stat_vcpu(st, k->target) :
					     &st->nobody;

	v->nr_kicks[k->caller][k->effect]++;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/*
 * The first kvm_halt_poll_ns of a vCPU ends in the value before it: the one
 * that its waits up to here began with.
 */
static void count_first_poll(struct kw_vcpu_stat *v, const char *args)
{
	const char *old = strchr(args, '(');

	old = old ? strchr(old, ' ') : NULL;
	if (old && strtoull(old, NULL, 10)) {
		N(POLLED) += N(POLL_UNKNOWN);
		N(POLLED_OK) += N(POLL_UNKNOWN_OK);
	}
	if (old)
		N(POLL_UNKNOWN) = N(POLL_UNKNOWN_OK) = 0;
}

static void count_own(struct kw_vcpu_stat *v, const struct kw_trace_event *ev)
{
	const char *a = ev->args;

	switch (ev->id) {
	case KW_TRACE_KVM_ENTRY:
		N(ENTRIES)++;
		break;
	case KW_TRACE_KVM_EXIT:
		N(EXITS)++;
		N(WFX_EXITS) += (begins(a, "TRAP:") || begins(a, "0x2:")) &&
				   strstr(a, "HSR_EC: 0x0001 ") != NULL;
		break;
	case KW_TRACE_KVM_WFX:
		N(WFI) += begins(a, "guest executed wfi");
		N(WFE) += begins(a, "guest executed wfe");
		break;
	case KW_TRACE_KVM_USERSPACE:
		N(SIGNAL_EXITS) += begins(a, "reason restart");
		break;
	case KW_TRACE_DISPATCH_SGI:
		N(SGIS)++;
		break;
	case KW_TRACE_KVM_SYS_ACCESS:
		N(SGI_TRAPS) += strstr(a, "ICC_SGI1R") != NULL &&
				   strstr(a, " write") != NULL;
		break;
	case KW_TRACE_KVM_HALT_POLL:
		count_first_poll(v, a);
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
	if (vcpu)
		count_own(kw_stat_vcpu(st, vcpu), ev);
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

static void add(uint64_t *to, const uint64_t *from, unsigned n)
{
	while (n--)
		to[n] += from[n];
}

void kw_stat_add(struct kw_vcpu_stat *to, const struct kw_vcpu_stat *v)
{
	unsigned i;

	add(to->counts, v->counts, KW_NR_VCPU_COUNTS);
	add(to->nr_sleeps, v->nr_sleeps, KW_NR_SLEEP_KINDS);
	add(to->nr_causes, v->nr_causes, KW_NR_WAKE_CAUSES);
	add(to->nr_guesses, v->nr_guesses, KW_NR_WAKE_CAUSES);
	add(to->nr_vain, v->nr_vain, KW_NR_VAINS);
	add(to->nr_vain_possible, v->nr_vain_possible, KW_NR_VAINS);
	add(to->nr_kicks[0], v->nr_kicks[0],
	    KW_NR_KICK_CALLERS * KW_NR_KICK_EFFECTS);
	add(to->state_ns, v->state_ns, KW_NR_VCPU_STATES);
	for (i = 0; i < KW_NR_LATENCIES; i++)
		kw_hist_merge(&to->latency[i], &v->latency[i]);
	kw_hist_merge(&to->wait, &v->wait);
}

void kw_stat_all(struct kw_stat *st, struct kw_vcpu_stat *all)
{
	unsigned i;

	*all = st->nobody;
	for (i = 0; i < st->vcpus->len; i++)
		kw_stat_add(all, st->vcpus->pdata[i]);
}

void kw_stat_no_polling(struct kw_stat *st)
{
	struct kw_vcpu_stat *v;
	unsigned i;

	for (i = 0; i < st->vcpus->len; i++) {
		v = st->vcpus->pdata[i];
		N(POLL_UNKNOWN) = N(POLL_UNKNOWN_OK) = 0;
	}
}
