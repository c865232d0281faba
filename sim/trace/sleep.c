/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what belongs to one sleep of a vCPU, and what ended it.
 *
 * A WFI's sleep is open from the kvm_exit of a WFx trap to the next guest
 * entry or exit to user space, whether it blocked or not.  It ends, too, when
 * an event shows that its end is missing.  Sleeps of other kinds are open
 * from switching out; that of a thread of which nothing was seen before is of
 * kind UNKNOWN until kvm_vcpu_wakeup or PSCI CPU_ON tells.
 *
 * Invariants: one sleep a vCPU at a time; marks that are seen do not go back
 * in time; nr_true <= nr_checks.
 */
#include <string.h>

#include "follow_inside.h"

const char *const kw_vcpu_state_names[KW_NR_VCPU_STATES] = {
#define X(id, name) [KW_VCPU_##id] = name,
	KW_VCPU_STATES(X)
#undef X
};

const char *const kw_sleep_kind_names[KW_NR_SLEEP_KINDS] = {
#define X(id, name) [KW_SLEEP_##id] = name,
	KW_SLEEP_KINDS(X)
#undef X
};

const char *const kw_latency_names[KW_NR_LATENCIES] = {
	[KW_LATENCY_WAKING] = "waking",
	[KW_LATENCY_RUNNING] = "running",
	[KW_LATENCY_PREDICATE] = "predicate",
	[KW_LATENCY_ENTRY] = "entry",
	[KW_LATENCY_ALL] = "all",
};

const struct kw_wake *kw_sleep_last_wake(const struct kw_sleep *s)
{
	unsigned n = MIN(s->nr_wakes, KW_MAX_WAKES);

	return n ? &s->wakes[n - 1] : NULL;
}

void kw_sleep_begin(struct kw_followed *v, enum kw_sleep_kind kind)
{
	struct kw_sleep *s = &v->s;

	memset(s, 0, sizeof(*s));
	s->vcpu = &v->t;
	s->number = v->nr_sleeps;
	v->nr_sleeps += v->known;
	s->kind = kind;
	s->inferred = kind == KW_SLEEP_PAUSED || kind == KW_SLEEP_UNKNOWN;
	s->begun_before = v->t.state == KW_VCPU_UNKNOWN;
	s->runnable = s->reported = s->polled = -1;
	s->check_ret = KW_NO_RET;
	s->intid = -1;
	s->exit = v->exit;
	if (kind == KW_SLEEP_USER || kind == KW_SLEEP_UNKNOWN)
		s->exit.line = 0;
	if (kind == KW_SLEEP_WFI || kind == KW_SLEEP_SUSPEND) {
		s->queued = v->queued;
		v->queued.line = 0;
	}
	if (kind == KW_SLEEP_WFI && v->halt_poll_ns >= 0)
		s->polled = v->halt_poll_ns > 0;
	v->open = true;
	if (kind != KW_SLEEP_WFI || !kw_seen(&v->overflow))
		return;
	s->due[0] = (struct kw_due){
		.kind = KW_DUE_OVERFLOW, .intid = 23, .at = v->overflow,
		.by_tid = v->t.tid, .kicked = v->overflow_kicked,
		.awake = true, .inferred = v->overflow_inferred,
	};
	s->nr_due = 1;
}

void kw_sleep_drop(struct kw_followed *v)
{
	v->nr_sleeps -= v->open && v->known;
	v->open = false;
}

void kw_sleep_end(struct kw_follow *f, struct kw_followed *v,
		  enum kw_sleep_end how)
{
	struct kw_sleep *s = &v->s;

	s->how = how;
	s->end = f->now;
	v->open = false;
	kw_wake_conclude(s);
	if (v->known)
		kw_tell(f, sleep, s);
}

struct kw_wake *kw_sleep_wake(struct kw_followed *v)
{
	struct kw_sleep *s = &v->s;
	unsigned n = MIN(s->nr_wakes, KW_MAX_WAKES);
	struct kw_wake *w = n ? &s->wakes[n - 1] : NULL;

	if (w && !kw_seen(&w->in) && !kw_seen(&w->out))
		return w;
	w = &s->wakes[MIN(n, KW_MAX_WAKES - 1)];
	s->nr_wakes++;
	memset(w, 0, sizeof(*w));
	w->intid = w->waker_tid = -1;
	w->runnable = -1;
	w->inferred = true;
	return w;
}

struct kw_due *kw_sleep_due(struct kw_follow *f, struct kw_followed *v,
			    enum kw_due_kind kind, int intid)
{
	const struct kw_wake *w = kw_sleep_last_wake(&v->s);
	struct kw_due *d;

	if (!v->open || v->s.nr_due++ >= KW_MAX_DUE)
		return NULL;
	d = &v->s.due[v->s.nr_due - 1];
	*d = (struct kw_due){
		.kind = kind, .intid = intid, .at = f->now, .by_tid = -1,
		.awake = !v->asleep ||
			 (w && !kw_seen(&w->out) && kw_seen(&w->waking)),
	};
	return d;
}

/* check_block: vcpu=, requests= */
void kw_sleep_check(struct kw_follow *f, struct kw_followed *v,
		    const struct kw_trace_args *a)
{
	struct kw_sleep *s = &v->s;

	if (v->asleep)		/* its switch-in is missing */
		kw_state_in(f, v);
	if (!v->open) {
		kw_sleep_begin(v, v->t.state == KW_VCPU_UNKNOWN ?
			       KW_SLEEP_WFI : KW_SLEEP_SUSPEND);
		s->inferred = true;
		kw_state_set(f, v, KW_VCPU_POLL, true);
	}
	if (!kw_seen(&s->check)) {
		s->check = f->now;
		s->requests = a->nr_n > 1 ? (uint64_t)a->n[1] : 0;
	}
}

void kw_sleep_runnable(struct kw_follow *f, struct kw_followed *v,
		       int64_t value)
{
	struct kw_sleep *s = &v->s;
	struct kw_wake *w;
	unsigned i;

	if (!v->open)
		return;
	v->evaluated = true;
	s->nr_checks++;
	s->nr_true += value != 0;
	s->runnable = value != 0;
	if (!kw_seen(&s->check))
		s->check = f->now;
	if (value && !kw_seen(&s->true_))
		s->true_ = f->now;
	if (!value && !kw_seen(&s->false_))
		s->false_ = f->now;
	for (i = 0; !value && i < MIN(s->nr_due, KW_MAX_DUE); i++)
		s->due[i].denied |= kw_seen(&s->due[i].over) &&
				    s->due[i].over.ns <= v->evaluating.ns;
	/* an evaluation that began before the waking says nothing of it */
	w = s->nr_wakes ? &s->wakes[MIN(s->nr_wakes, KW_MAX_WAKES) - 1] : NULL;
	if (w && !kw_seen(&w->verdict) && !kw_seen(&w->out) &&
	    v->evaluating.ns >= w->waking.ns) {
		w->runnable = value != 0;
		w->verdict = f->now;
	}
}

/* kvm_vcpu_wakeup: the block or poll is over, and took so long */
void kw_sleep_report(struct kw_follow *f, struct kw_followed *v, bool waited,
		     uint64_t ns)
{
	struct kw_sleep *s = &v->s;

	if (v->asleep)
		kw_state_in(f, v);
	if (!v->open) {
		kw_sleep_begin(v, v->t.state == KW_VCPU_UNKNOWN ?
			       KW_SLEEP_WFI : KW_SLEEP_SUSPEND);
		s->inferred = true;
		kw_state_set(f, v, KW_VCPU_POLL, true);
	} else if (s->kind != KW_SLEEP_WFI && s->kind != KW_SLEEP_SUSPEND) {
		s->kind = s->begun_before ? KW_SLEEP_WFI : KW_SLEEP_SUSPEND;
		s->inferred = true;
	}
	s->report = f->now;
	s->reported = waited;
	s->reported_ns = ns;
}

bool kw_sleep_latency(const struct kw_sleep *s, enum kw_latency part,
		      uint64_t *ns)
{
	const struct kw_wake *w = kw_sleep_last_wake(s);
	const struct kw_mark *verdict, *from, *to;

	if (!w || kw_seen(&w->out) || s->how != KW_END_ENTRY || s->damaged)
		return false;
	verdict = kw_seen(&w->verdict) ? &w->verdict : &s->report;
	switch (part) {
	case KW_LATENCY_WAKING:
		from = &w->waking, to = &w->wakeup;
		break;
	case KW_LATENCY_RUNNING:
		from = kw_seen(&w->wakeup) ? &w->wakeup : &w->waking;
		to = &w->in;
		break;
	case KW_LATENCY_PREDICATE:
		from = &w->in, to = verdict;
		break;
	case KW_LATENCY_ENTRY:
		from = verdict, to = &s->end;
		break;
	default:
		from = &w->waking, to = &s->end;
		break;
	}
	if (!kw_seen(from) || !kw_seen(to) || to->ns < from->ns)
		return false;
	*ns = to->ns - from->ns;
	return true;
}
