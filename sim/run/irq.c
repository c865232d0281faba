/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides when a handler begins.
 *
 *	none --arm--> armed --expiry--> due --latency--> [begins]
 *	none --raise--> due                  \--masked--> waiting --> [begins]
 *
 * A handler interrupts the CPU that has its home thread, or had it last.  In
 * a guest the interrupt is an exit first, and the handler begins when the
 * host unmasks.  Hardware and worker threads begin at once.
 */
#include "engine.h"

static void drop_waiting(struct kw_runner *r, unsigned i)
{
	memmove(&r->waiting[i], &r->waiting[i + 1],
		(--r->nr_waiting - i) * sizeof(r->waiting[0]));
}

/* Its slot is what it steps or sleeps by: hardware and threads that run. */
static bool slot_is_busy(const struct kw_runner *r, unsigned h)
{
	return r->p->actors[h].home == h &&
	       r->st[h]->run != KW_IDLE;
}

/* After it has begun, ended or been cancelled: is its timer still on? */
static void settle(struct kw_runner *r, unsigned h)
{
	struct kw_extra *x = &r->extra[h];

	x->handler = KW_H_NONE;
	if (!r->st[h]->armed || slot_is_busy(r, h))
		return;
	x->handler = KW_H_ARMED;
	kw_queue_set(&r->queue, h, MAX(x->armed_at, r->clock.now));
	if (r->tape)
		kw_tape_settle(r, h);
}

static void begin_on(struct kw_runner *r, unsigned h, unsigned c)
{
	unsigned home = r->p->actors[h].home;
	bool idle = r->cpus[c].thread == KW_NOBODY;
	uint64_t ns = 0;

	kw_interrupt(r, c);
	if (r->cpus[c].thread != home) {
		r->cpus[c].foreign = (uint16_t)h;
		r->idle[c / 64] &= ~(UINT64_C(1) << c % 64);
		if (idle)
			ns = kw_drawn(r, h, KW_HOST_COST,
				     r->p->host.idle_shallow_ns);
		else if (r->memory)
			kw_memory_flush(r, r->cpus[c].thread);
	}
	r->counts.interrupts++;
	kw_start(r, h);
	r->extra[h].cpu = (uint16_t)c;
	r->extra[h].left = ns;
	if (r->tape)
		kw_tape_left(r, h);
	kw_resume(r, c);
}

/* Could something interrupt CPU c now?  Takes it out of a guest. */
static bool open_cpu(struct kw_runner *r, unsigned c)
{
	unsigned t = r->cpus[c].thread;
	struct kw_actor_state *st;

	if (r->cpus[c].foreign != KW_NOBODY)
		return false;
	if (t == KW_NOBODY)
		return true;
	st = r->st[t];
	if (st->run == KW_IN_GUEST) {
		kw_interrupt(r, c);
		kw_leave_guest(r, t);
		kw_resume(r, c);
		return false;
	}
	return !st->nest && !st->irq_off;
}

static bool try_begin(struct kw_runner *r, unsigned h)
{
	const struct kw_actor *ac = &r->p->actors[h];
	unsigned c;

	switch ((enum kw_actor_type)ac->type) {
	case KW_HW:
		if (!kw_can_begin(r->p, r->s, h))
			return false;
		kw_start(r, h);
		r->extra[h].handler = KW_H_NONE;
		return true;	/* run.c lets it step at once */
	case KW_THREAD:
		if (!kw_can_begin(r->p, r->s, h))
			return false;
		kw_start(r, h);
		r->extra[h].handler = KW_H_NONE;
		kw_make_ready(r, h);
		return true;
	case KW_VIRQ:
		if (!kw_can_begin(r->p, r->s, h))
			return false;
		c = kw_cpu_of(r, h);
		kw_interrupt(r, c);
		kw_start(r, h);
		settle(r, h);
		kw_resume(r, c);
		return true;
	default:
		c = r->extra[ac->home].cpu;
		if (!open_cpu(r, c) || !kw_can_begin(r->p, r->s, h))
			return false;
		begin_on(r, h, c);
		settle(r, h);
		return true;
	}
}

static void due(struct kw_runner *r, unsigned h)
{
	if (try_begin(r, h))
		return;
	r->extra[h].handler = KW_H_WAITING;
	r->waiting[r->nr_waiting++] = (uint16_t)h;
}

void kw_check_waiting(struct kw_runner *r)
{
	unsigned i = 0, h;

	while (i < r->nr_waiting) {
		h = r->waiting[i];
		if (!try_begin(r, h)) {
			i++;
			continue;
		}
		if (r->p->actors[h].type == KW_HW)
			kw_due_after(r, h, 0);
		for (i = 0; r->waiting[i] != h; i++)
			;
		drop_waiting(r, i);
	}
}

void kw_raised(struct kw_runner *r, unsigned by, unsigned h, unsigned latency)
{
	struct kw_extra *x = &r->extra[h];
	uint64_t ns = 0;

	if (slot_is_busy(r, h)) {
		x->handler = KW_H_WAITING;
		r->waiting[r->nr_waiting++] = (uint16_t)h;
		return;
	}
	if (latency)
		ns = kw_drawn(r, by, KW_HOST_COST, latency);
	else if (r->p->actors[h].type == KW_HARDIRQ)
		ns = kw_drawn(r, by, KW_HOST_COST, r->p->host.irq_ns);
	x->handler = KW_H_DUE;
	kw_due_after(r, h, ns);
}

void kw_armed(struct kw_runner *r, unsigned by, unsigned h, uint64_t at)
{
	struct kw_extra *x = &r->extra[h];

	if (at == KW_NEVER_NS) {
		r->st[h]->armed = 0;
		return;
	}
	if (r->p->actors[h].type != KW_HW)
		at += kw_drawn(r, by, KW_HOST_COST, r->p->host.timer_slack_ns);
	x->armed_at = MAX(at, r->clock.now);
	if (r->tape)
		kw_tape_armed(r, h);
	if (x->handler == KW_H_NONE || x->handler == KW_H_ARMED)
		settle(r, h);
}

void kw_cancelled(struct kw_runner *r, unsigned h)
{
	unsigned i;

	if (r->extra[h].handler == KW_H_WAITING)
		for (i = 0; i < r->nr_waiting; i++)
			if (r->waiting[i] == h) {
				drop_waiting(r, i);
				break;
			}
	if (r->extra[h].handler != KW_H_NONE &&
	    r->extra[h].handler != KW_H_WAITING)
		kw_queue_remove(&r->queue, h);
	settle(r, h);
}

void kw_handler_event(struct kw_runner *r, unsigned h)
{
	if (r->extra[h].handler == KW_H_ARMED)
		kw_fire(r->p, r->s, h);
	due(r, h);
}

void kw_handler_ended(struct kw_runner *r, unsigned h)
{
	const struct kw_actor *ac = &r->p->actors[h];
	unsigned c = r->extra[h].cpu, home;

	if (ac->home == h || ac->type == KW_VIRQ) {
		if (r->extra[h].handler == KW_H_NONE)
			settle(r, h);
		return;
	}
	if (r->cpus[c].foreign == h) {
		home = ac->home;
		if (r->memory)
			kw_memory_flush(r, home);
		r->cpus[c].foreign = KW_NOBODY;
		if (r->cpus[c].thread == KW_NOBODY)
			kw_leave_cpu(r, c);
		else if (r->memory)
			kw_memory_switch(r, r->cpus[c].thread);
		if (kw_on_cpu(r, home) && r->extra[home].cpu != c)
			kw_resume(r, r->extra[home].cpu);
	}
}
