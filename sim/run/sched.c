/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which thread is on which CPU: one first-in first-out ready list
 * for the host, time slices while somebody waits in it, and an idle CPU that
 * wakes the more slowly the longer it slept.
 *
 * A thread that is woken goes to its last CPU if that is idle, else to the
 * lowest idle one, else to the end of the list.
 */
#include "engine.h"

bool kw_on_cpu(const struct kw_runner *r, unsigned thread)
{
	return r->cpus[r->extra[thread].cpu].thread == thread;
}

/* The innermost context of the thread on CPU c. */
static inline unsigned context(const struct kw_runner *r, unsigned c)
{
	const struct kw_actor_state *st;
	unsigned a = r->cpus[c].thread;

	if (a == KW_NOBODY)
		return KW_NOBODY;
	st = r->st[a];
	if (st->run == KW_READY && !st->nest)
		return a;		/* as most often */
	if (st->run == KW_IN_GUEST) {
		a = r->guest_of[a];
		if (a == KW_NOBODY)
			return KW_NOBODY;
		st = r->st[a];
	}
	while (st->nest) {
		a = st->nest - 1u;
		if (r->type[a] == KW_HARDIRQ && r->extra[a].cpu != c)
			return KW_NOBODY;	/* it runs elsewhere */
		st = r->st[a];
	}
	return st->run == KW_READY ? a : KW_NOBODY;
}

unsigned kw_top(const struct kw_runner *r, unsigned c)
{
	if (r->cpus[c].foreign != KW_NOBODY)
		return r->cpus[c].foreign;
	return context(r, c);
}

void kw_unblock(struct kw_runner *r, unsigned a)
{
	unsigned i;

	if (!r->extra[a].blocked)
		return;
	r->extra[a].blocked = false;
	for (i = 0; r->blocked[i] != a; i++)
		;
	r->nr_blocked--;
	memmove(&r->blocked[i], &r->blocked[i + 1],
		(r->nr_blocked - i) * sizeof(r->blocked[0]));
	kw_care(r);
}

void kw_interrupt(struct kw_runner *r, unsigned c)
{
	unsigned slot = kw_cpu_slot(r, c), top = kw_top(r, c);
	uint64_t end;

	if (top == KW_NOBODY)
		return;
	kw_unblock(r, top);
	if (!r->queue.pending[slot])
		return;
	end = kw_queue_remove(&r->queue, slot);
	r->extra[top].left = end > r->clock.now ? end - r->clock.now : 0;
	if (r->tape)
		kw_tape_broken_off(r, top, slot);
}

/* Lets top, the innermost context, go on after delay_ns more. */
static inline void go_on(struct kw_runner *r, unsigned c, unsigned top,
		  uint64_t delay_ns)
{
	uint64_t left;

	r->cpus[c].top = (uint16_t)top;
	left = top == KW_NOBODY ? KW_NEVER_NS : r->extra[top].left;
	if (left == KW_NEVER_NS) {
		if (top == KW_NOBODY)
			kw_queue_remove(&r->queue, kw_cpu_slot(r, c));
		if (r->tape)
			kw_tape_drop(r);
		return;
	}
	r->extra[top].left = 0;
	kw_queue_set(&r->queue, kw_cpu_slot(r, c),
		     r->clock.now + left + delay_ns);
	if (r->tape)
		kw_tape_go_on(r, kw_cpu_slot(r, c), top);
}

void kw_resume(struct kw_runner *r, unsigned c)
{
	go_on(r, c, kw_top(r, c), 0);
}

static inline void start_slice(struct kw_runner *r, unsigned c)
{
	if (!r->nr_ready || r->queue.pending[kw_slice_slot(r, c)])
		return;
	kw_queue_set(&r->queue, kw_slice_slot(r, c),
		     r->clock.now + r->p->host.slice_ns);
	if (r->tape)
		kw_tape_slice(r, kw_slice_slot(r, c));
}

/* What of a thread goes on when the handler that nests on it has ended. */
static unsigned beneath(const struct kw_runner *r, unsigned thread,
			unsigned handler)
{
	unsigned a = thread, nest;

	for (;;) {
		nest = r->st[a]->nest;
		if (!nest || nest - 1 == handler)
			return a;
		a = nest - 1;
	}
}

/* Puts a thread on CPU c, which then goes on after delay_ns. */
static inline void put_on(struct kw_runner *r, unsigned c, unsigned thread,
			  uint64_t delay_ns)
{
	unsigned top;

	r->cpus[c].thread = (uint16_t)thread;
	r->cpus[c].need_resched = false;
	r->idle[c / 64] &= ~(UINT64_C(1) << c % 64);
	r->extra[thread].cpu = (uint16_t)c;
	start_slice(r, c);
	if (r->cpus[c].foreign == KW_NOBODY) {
		go_on(r, c, context(r, c), delay_ns);
		return;
	}
	top = beneath(r, thread, r->cpus[c].foreign);
	if (r->extra[top].left != KW_NEVER_NS) {
		r->extra[top].left += delay_ns;
		if (r->tape)
			kw_tape_left_more(r, top);
	} else if (r->tape) {
		kw_tape_drop(r);
	}
}

static unsigned find_idle(const struct kw_runner *r, unsigned last)
{
	unsigned i;

	if (r->idle[last / 64] >> last % 64 & 1)
		return last;
	for (i = 0; i < KW_MAX_CPUS / 64; i++)
		if (r->idle[i])
			return 64 * i + (unsigned)__builtin_ctzll(r->idle[i]);
	return KW_NOBODY;
}

static uint64_t switch_ns(struct kw_runner *r, unsigned thread)
{
	return kw_drawn(r, thread, KW_HOST_COST, r->p->host.switch_ns);
}

static uint64_t idle_exit_ns(struct kw_runner *r, unsigned c,
			     unsigned thread)
{
	const struct kw_host *h = &r->p->host;
	bool deep = r->clock.now - r->cpus[c].idle_since >=
		    h->idle_deep_after_ns;

	if (r->tape)
		kw_tape_was_idle(r, c, deep);
	return kw_drawn(r, thread, KW_HOST_COST,
			deep ? h->idle_deep_ns : h->idle_shallow_ns);
}

void kw_make_ready(struct kw_runner *r, unsigned thread)
{
	unsigned last = r->extra[thread].cpu, c, i;
	uint64_t ns;

	if (r->cpus[last].thread == KW_NOBODY &&
	    r->cpus[last].foreign != KW_NOBODY) {
		put_on(r, last, thread, switch_ns(r, thread));
		return;		/* it goes on when that handler ends */
	}
	c = find_idle(r, last);
	if (c != KW_NOBODY) {
		ns = idle_exit_ns(r, c, thread);
		put_on(r, c, thread, ns + switch_ns(r, thread));
		return;
	}
	i = (r->ready_head + r->nr_ready++) % r->p->nr_actors;
	r->ready[i] = (uint16_t)thread;
	if (r->nr_ready == 1)
		for (c = 0; c < r->p->host.nr_cpus; c++)
			start_slice(r, c);
}

/* The thread on c has gone: the next one, or idle. */
void kw_leave_cpu(struct kw_runner *r, unsigned c)
{
	unsigned next;

	if (r->memory && r->nr_ready && r->cpus[c].thread != KW_NOBODY)
		kw_memory_flush(r, r->cpus[c].thread);
	r->cpus[c].thread = KW_NOBODY;
	r->cpus[c].need_resched = false;
	kw_queue_remove(&r->queue, kw_cpu_slot(r, c));
	kw_queue_remove(&r->queue, kw_slice_slot(r, c));
	if (!r->nr_ready) {
		r->cpus[c].idle_since = r->clock.now;
		if (r->tape)
			kw_tape_idle(r, c);
		r->idle[c / 64] |= UINT64_C(1) << c % 64;
		return;
	}
	next = r->ready[r->ready_head];
	r->ready_head = (r->ready_head + 1) % r->p->nr_actors;
	r->nr_ready--;
	put_on(r, c, next, switch_ns(r, next));
}

void kw_sleeps(struct kw_runner *r, unsigned c, unsigned a)
{
	r->busy[a] = 0;
	kw_watch_sleep(r, a);
	kw_leave_cpu(r, c);
	if (r->nr_waiting)
		kw_check_waiting(r);
}

void kw_yield(struct kw_runner *r, unsigned c)
{
	unsigned thread = r->cpus[c].thread, i;

	if (!r->nr_ready)
		return;
	r->counts.preemptions++;
	i = (r->ready_head + r->nr_ready++) % r->p->nr_actors;
	r->ready[i] = (uint16_t)thread;
	kw_leave_cpu(r, c);
}

void kw_try_resched(struct kw_runner *r, unsigned c)
{
	unsigned t = r->cpus[c].thread, hook;
	struct kw_actor_state *st;

	if (!r->cpus[c].need_resched || t == KW_NOBODY ||
	    r->cpus[c].foreign != KW_NOBODY)
		return;
	st = r->st[t];
	if (!r->nr_ready) {
		r->cpus[c].need_resched = false;
		return;
	}
	if (st->run == KW_IN_GUEST) {
		kw_interrupt(r, c);
		kw_leave_guest(r, t);
		kw_resume(r, c);
		return;
	}
	if (st->run != KW_READY || st->nest || st->irq_off || st->preempt)
		return;
	r->cpus[c].need_resched = false;
	kw_interrupt(r, c);
	hook = r->preempt_of[t];
	if (hook == KW_NOBODY) {
		kw_yield(r, c);
		return;
	}
	kw_start(r, hook);
	kw_resume(r, c);
}

void kw_slice_end(struct kw_runner *r, unsigned c)
{
	if (r->cpus[c].thread == KW_NOBODY || !r->nr_ready)
		return;
	r->cpus[c].need_resched = true;
	kw_try_resched(r, c);
	start_slice(r, c);
}
