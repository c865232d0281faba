/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides in which state a vCPU's thread is.
 *
 *	             kvm_entry
 *	   +--------------------------------------------+
 *	   v                                            |
 *	GUEST --- kvm_exit ---> HOST -- userspace_exit -|-> USER
 *	   |                     | ^                    |    | kvm_entry
 *	   | kvm_exit of a WFx   | | switched in        |<---+
 *	   v                     v |                    |
 *	 POLL <-----------+   OFF, PAUSED               |
 *	   |  ^           |   (switched out, S: OFF     |
 *	   |  | switched  |    after PSCI CPU_OFF)      |
 *	   v  |     in    |                             |
 *	BLOCKED           +--- predicate, polling ------+
 *	(switched out, S)
 *
 *	any --- switched out, not S ---> PREEMPTED --- switched in ---> back
 *	any --- events lost ---> UNKNOWN --- the thread's next event ---> ...
 *
 * Each arrow is taken on its event whatever the state was: a missing event
 * shows as an arrow from another state, and the span that begins there is
 * marked as inferred.
 *
 * Invariants: asleep is true from switching out asleep to switching in; a
 * sleep (sleep.c) is open in POLL, BLOCKED, OFF and PAUSED.
 */
#include "follow_inside.h"

void kw_state_set(struct kw_follow *f, struct kw_followed *v,
		  enum kw_vcpu_state state, bool inferred)
{
	struct kw_vcpu_span span = {
		.vcpu = &v->t, .state = v->t.state, .from = v->t.since,
		.to = f->now, .inferred = v->inferred,
	};

	if (v->t.state == state)
		return;
	v->t.state = state;
	if (!v->known)
		return;
	kw_tell(f, span, &span);
	v->t.since = f->now;
	v->inferred = inferred;
}

void kw_state_entry(struct kw_follow *f, struct kw_followed *v)
{
	bool odd = v->t.state == KW_VCPU_GUEST || v->asleep;

	if (v->open)
		kw_sleep_end(f, v, KW_END_ENTRY);
	v->asleep = v->off = v->suspend = v->cpu_on = false;
	v->overflow.line = 0;
	v->overflow_kicked = false;
	kw_state_set(f, v, KW_VCPU_GUEST, odd);
}

void kw_state_exit(struct kw_follow *f, struct kw_followed *v, bool wfx,
		   unsigned exit_class)
{
	bool odd = v->t.state != KW_VCPU_GUEST &&
		   v->t.state != KW_VCPU_UNKNOWN;

	if (v->open)	/* its kvm_entry is missing */
		kw_sleep_end(f, v, KW_END_OTHER);
	v->asleep = v->off = v->suspend = v->cpu_on = false;
	v->exit = f->now;
	v->exit_class = exit_class;
	if (wfx)
		kw_sleep_begin(v, KW_SLEEP_WFI);
	kw_state_set(f, v, wfx ? KW_VCPU_POLL : KW_VCPU_HOST, odd);
}

void kw_state_user(struct kw_follow *f, struct kw_followed *v, bool restart)
{
	if (v->open) {
		v->s.user = f->now;
		v->s.restart = restart;
		kw_sleep_end(f, v, KW_END_USER);
	}
	v->asleep = false;
	kw_state_set(f, v, KW_VCPU_USER, false);
}

/* What a thread that goes to sleep in this state sleeps for. */
static enum kw_sleep_kind kind_of(const struct kw_follow *f,
				  const struct kw_followed *v)
{
	if (v->off)
		return KW_SLEEP_OFF;
	if (v->suspend)
		return KW_SLEEP_SUSPEND;
	if (v->t.state == KW_VCPU_USER)
		return KW_SLEEP_USER;
	if (v->t.state == KW_VCPU_HOST &&
	    f->totals.by_id[KW_TRACE_KVM_USERSPACE])
		return KW_SLEEP_PAUSED;
	return KW_SLEEP_UNKNOWN;
}

static enum kw_vcpu_state state_of(const struct kw_followed *v)
{
	switch (v->s.kind) {
	case KW_SLEEP_WFI:
	case KW_SLEEP_SUSPEND:
		return KW_VCPU_BLOCKED;
	case KW_SLEEP_OFF:
		return KW_VCPU_OFF;
	case KW_SLEEP_PAUSED:
		return KW_VCPU_PAUSED;
	case KW_SLEEP_USER:
		return KW_VCPU_USER;
	default:
		return KW_VCPU_UNKNOWN;
	}
}

/* Switched out; task: the letter of prev_state. */
void kw_state_out(struct kw_follow *f, struct kw_followed *v, char task)
{
	const struct kw_wake *w;
	bool odd = v->asleep || v->t.state == KW_VCPU_GUEST;

	if (v->t.state == KW_VCPU_PREEMPTED)	/* its switch-in is missing */
		kw_state_set(f, v, v->under, true);
	if (task != 'S') {
		v->under = v->t.state;
		kw_state_set(f, v, KW_VCPU_PREEMPTED, odd);
		return;
	}
	if (!v->open) {
		kw_sleep_begin(v, kind_of(f, v));
		odd |= v->s.inferred;
	}
	/* a waking that nothing followed yet may be seen before this */
	w = kw_sleep_last_wake(&v->s);
	if (w && !kw_seen(&w->out) &&
	    (kw_seen(&w->in) || kw_seen(&w->verdict)))
		v->s.wakes[w - v->s.wakes].out = f->now;
	if (!kw_seen(&v->s.out))
		v->s.out = f->now;
	v->s.blocked = v->asleep = true;
	kw_state_set(f, v, state_of(v), odd);
}

void kw_state_in(struct kw_follow *f, struct kw_followed *v)
{
	bool woken = v->asleep;
	struct kw_wake *w;

	v->asleep = false;
	if (v->t.state == KW_VCPU_PREEMPTED) {
		kw_state_set(f, v, v->under, false);
		return;
	}
	if (!woken) {	/* its switch-out is missing, or before the begin */
		if (v->t.state == KW_VCPU_GUEST)
			kw_state_set(f, v, KW_VCPU_UNKNOWN, true);
		return;
	}
	if (!v->open)
		kw_sleep_begin(v, KW_SLEEP_UNKNOWN);
	w = kw_sleep_wake(v);
	w->in = f->now;
	if (v->s.kind == KW_SLEEP_USER)
		kw_sleep_end(f, v, KW_END_OTHER);
	else if (v->s.kind == KW_SLEEP_UNKNOWN)
		kw_state_set(f, v, KW_VCPU_UNKNOWN, true);
	else if (v->s.kind == KW_SLEEP_WFI || v->s.kind == KW_SLEEP_SUSPEND)
		kw_state_set(f, v, KW_VCPU_POLL, false);
	else
		kw_state_set(f, v, KW_VCPU_HOST, false);
}

void kw_state_lose(struct kw_follow *f, struct kw_followed *v)
{
	if (v->open)
		kw_sleep_end(f, v, KW_END_LOST);
	v->asleep = v->off = v->suspend = v->cpu_on = false;
	v->overflow.line = 0;
	v->checking = -1;
	v->halt_poll_ns = -1;
	kw_state_set(f, v, KW_VCPU_UNKNOWN, false);
}
