/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what happens next: takes the earliest event, lets its owner step
 * until somebody else's event is due, and hands each effect to the file that
 * knows it.
 *
 * Invariant: whoever steps has no step pending in the queue; when he stops,
 * he has one, or waits for something that will give him one.
 */
#include "course.h"

void kw_counts_add(struct kw_counts *sum, const struct kw_counts *c)
{
	const uint64_t *from = (const uint64_t *)c;
	uint64_t *to = (uint64_t *)sum;
	unsigned i;

	for (i = 0; i < sizeof(*c) / sizeof(*from); i++)
		to[i] += from[i];
}

static uint64_t from_sequence(struct kw_runner *r, const struct kw_dist *d)
{
	uint32_t *i = &r->sequence[d - r->p->dists];

	if (*i == d->nr) {
		if (!d->b)
			return KW_NEVER_NS;
		*i = 0;
	}
	return r->p->values[d->first + (*i)++];
}

uint64_t kw_duration(const struct kw_runner *r, const struct kw_dist *d,
		     uint32_t draw)
{
	uint64_t ns;

	if (d->kind == KW_UNIFORM)
		return kw_scale(draw, d->a, d->b);
	if (d->kind == KW_EMPIRICAL)
		return r->p->values[d->first + kw_scale(draw, 0, d->nr - 1)];
	ns = kw_exponential(&r->nats, draw, d->a);
	return d->b ? MIN(ns, d->b) : ns;
}

uint64_t kw_draw_other(struct kw_runner *r, unsigned actor,
		       enum kw_purpose why, const struct kw_dist *d)
{
	if (d->kind == KW_SEQUENCE)
		return from_sequence(r, d);
	return kw_duration(r, d, kw_draw_u32(r, actor, why));
}

static void observe(struct kw_runner *r, unsigned a, int cpu,
		    const struct kw_actor_state *st, struct kw_event *e)
{
	const struct kw_node *n = &r->p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + n->off;

	*e = (struct kw_event){
		.ns = r->clock.now, .actor = (uint16_t)a, .node = st->pc,
		.addr = (uint16_t)addr, .cpu = (int16_t)cpu,
		.before = -1, .after = -1,
	};
	if (addr < r->p->objects_size)
		e->before = r->s[addr];
}

static void observed(struct kw_runner *r, struct kw_event *e,
		     const struct kw_done *done)
{
	if (e->addr < r->p->objects_size && !e->late)
		e->after = r->s[e->addr];
	e->outcome = done->outcome;
	r->opts.observe(r->opts.observe_arg, e, r->s);
}

void kw_retry_blocked(struct kw_runner *r, unsigned addr)
{
	struct kw_extra *x;
	unsigned i = 0, a;

	while (i < r->nr_blocked) {
		a = r->blocked[i];
		x = &r->extra[a];
		if (addr && x->blocked_on != addr) {
			i++;
			continue;
		}
		kw_unblock(r, a);
		if (r->p->actors[a].type == KW_HW)
			kw_due_after(r, a, 0);
		else if (kw_top(r, kw_cpu_of(r, a)) == a)
			kw_resume(r, kw_cpu_of(r, a));
	}
}

static void block(struct kw_runner *r, unsigned a, unsigned addr)
{
	kw_unblock(r, a);
	r->careful = true;
	r->extra[a].blocked = true;
	r->extra[a].blocked_on = (uint16_t)addr;
	r->blocked[r->nr_blocked++] = (uint16_t)a;
}

static void fail(struct kw_runner *r, unsigned message)
{
	if (message == KW_FAIL_NULL)
		kw_fail(r, "a NULL reference is followed");
	else if (message == KW_FAIL_RELOCK)
		kw_fail(r, "a lock is taken twice");
	else
		kw_fail(r, r->p->messages[message]);
}

static uint64_t armed_time(struct kw_runner *r, unsigned a,
			   const struct kw_node *n)
{
	uint64_t ns;
	unsigned i;

	if (!n->val) {
		i = r->p->actors[a].time_base + n->dst;
		if (r->tape)
			kw_tape_at(r, i);
		return r->clock.t[i];
	}
	ns = kw_drawn(r, a, KW_WORKLOAD, n->val);
	return ns == KW_NEVER_NS ? ns : r->clock.now + ns;
}

/* Effects that mean the same on a CPU and in hardware. */
static void common_effect(struct kw_runner *r, unsigned a,
			  const struct kw_node *n, const struct kw_done *done)
{
	switch ((enum kw_effect)done->effect) {
	case KW_EFF_WAKE:
		kw_watch_wake(r, done->actor);
		kw_make_ready(r, done->actor);
		break;
	case KW_EFF_RAISE:
		kw_raised(r, a, done->actor, done->val);
		break;
	case KW_EFF_ARM:
		kw_armed(r, a, done->actor, armed_time(r, a, n));
		break;
	case KW_EFF_CANCEL:
		kw_cancelled(r, done->actor);
		kw_retry_blocked(r, 0);
		break;
	case KW_EFF_MARK:
		kw_watch_mark(r, done->val, done->addr);
		break;
	case KW_EFF_FAIL:
		fail(r, done->val);
		break;
	default:
		break;
	}
}

static void thread_delays(struct kw_runner *r, unsigned c, unsigned a,
			  uint64_t ns)
{
	r->extra[a].delayed = true;
	r->busy[a] = 0;
	if (ns != KW_NEVER_NS)
		kw_due_after(r, a, ns);
	kw_leave_cpu(r, c);
}

bool kw_burn(struct kw_runner *r, unsigned c, unsigned a, uint64_t ns)
{
	bool on;

	if (ns == KW_NEVER_NS) {
		r->extra[a].left = KW_NEVER_NS;
		return false;
	}
	on = r->clock.now + ns < kw_horizon(r);
	if (r->tape)
		kw_tape_burn(r, ns, on);
	if (on) {
		r->clock.now += ns;
		return true;
	}
	kw_queue_set(&r->queue, kw_cpu_slot(r, c), r->clock.now + ns);
	if (r->tape)
		kw_tape_burnt(r, kw_cpu_slot(r, c));
	return false;
}

static void path_ended(struct kw_runner *r, unsigned c, unsigned a)
{
	kw_handler_ended(r, a);
	if (r->p->actors[a].type == KW_THREAD)
		kw_leave_cpu(r, c);
	else
		kw_resume(r, c);
	kw_check_waiting(r);
	kw_retry_blocked(r, 0);
	kw_try_resched(r, c);
}

static bool delay(struct kw_runner *r, unsigned c, unsigned a, unsigned dist)
{
	unsigned type = r->p->actors[a].type;
	bool host = type == KW_HARDIRQ || type == KW_PREEMPT;
	uint64_t ns = kw_drawn(r, a, host ? KW_HOST_COST : KW_WORKLOAD, dist);

	if (type != KW_THREAD)
		return kw_burn(r, c, a, ns);
	thread_delays(r, c, a, ns);
	return false;
}

bool kw_cpu_effect(struct kw_runner *r, unsigned c, unsigned a,
		   const struct kw_node *n, const struct kw_done *done)
{
	switch ((enum kw_effect)done->effect) {
	case KW_EFF_BLOCKED:
		block(r, a, done->addr);
		return false;
	case KW_EFF_LATE:
		kw_queue_set(&r->queue, kw_cpu_slot(r, c),
			     kw_memory_ready(r, a));
		return false;
	case KW_EFF_SLEEP:
		kw_sleeps(r, c, a);
		return false;
	case KW_EFF_YIELD:
		if (!r->nr_ready)
			return true;
		kw_yield(r, c);
		return false;
	case KW_EFF_ENTER:
		r->busy[a] = 0;
		kw_watch_enter(r, a);
		kw_resume(r, c);
		kw_check_waiting(r);
		kw_try_resched(r, c);
		return false;
	case KW_EFF_EXIT:
		kw_resume(r, c);
		return false;
	case KW_EFF_UNMASK:
		if (!r->nr_waiting && !r->cpus[c].need_resched)
			return true;
		kw_resume(r, c);
		kw_check_waiting(r);
		kw_try_resched(r, c);
		return false;
	case KW_EFF_DELAY:
		return delay(r, c, a, done->val);
	case KW_EFF_BURN:
		return kw_burn(r, c, a, kw_drawn(r, a, kw_burns_for(r, a),
					      done->val));
	case KW_EFF_END:
		path_ended(r, c, a);
		return false;
	case KW_EFF_FAIL:
		common_effect(r, a, n, done);
		return false;
	default:
		common_effect(r, a, n, done);
		return kw_top(r, c) == a &&
		       !r->queue.pending[kw_cpu_slot(r, c)];
	}
}

bool kw_hw_effect(struct kw_runner *r, unsigned a, const struct kw_node *n,
		  const struct kw_done *done)
{
	uint64_t ns;

	switch ((enum kw_effect)done->effect) {
	case KW_EFF_BLOCKED:
		block(r, a, done->addr);
		return false;
	case KW_EFF_LATE:
		kw_queue_set(&r->queue, a, kw_memory_ready(r, a));
		return false;
	case KW_EFF_DELAY:
	case KW_EFF_BURN:
		ns = kw_drawn(r, a, KW_WORKLOAD, done->val);
		if (ns != KW_NEVER_NS)
			kw_due_after(r, a, ns);
		return false;
	case KW_EFF_END:
		kw_handler_ended(r, a);
		kw_check_waiting(r);
		kw_retry_blocked(r, 0);
		return false;
	case KW_EFF_FAIL:
		common_effect(r, a, n, done);
		return false;
	default:
		common_effect(r, a, n, done);
		return true;
	}
}

static unsigned choose(struct kw_runner *r, unsigned a,
		       const struct kw_node *n)
{
	unsigned k = (unsigned)kw_scale(kw_draw_u32(r, a, KW_WORKLOAD), 0,
					n->next[1] - 1u);

	if (r->tape)
		kw_tape_chosen(r, a, n->next[1], k);
	return k;
}

static inline void tell_oracle(struct kw_runner *r, const struct kw_node *n,
			       const struct kw_done *done)
{
	if (n->flags & (KW_NODE_ARCH | KW_NODE_ARCH_ALL))
		kw_watch_arch(r, done->addr, n->flags & KW_NODE_ARCH_ALL);
}

unsigned kw_plain_step(struct kw_runner *r, unsigned a, unsigned pc,
		       struct kw_done *done)
{
	const struct kw_node *n = &r->p->nodes[pc];
	unsigned choice = n->op == KW_OP_CHOICE ? choose(r, a, n) : 0, next;

	next = kw_exec(r->p, r->s, r->st[a], n, pc, a, choice, &r->clock,
		       done);
	tell_oracle(r, n, done);
	return next;
}

static inline bool is_time(const struct kw_node *n)
{
	return n->op >= KW_OP_TIME_NOW && n->op <= KW_OP_TIME_STORE;
}

unsigned kw_full_step(struct kw_runner *r, unsigned a, int cpu, unsigned pc,
		      struct kw_done *done)
{
	struct kw_actor_state *st = r->st[a];
	const struct kw_node *n = &r->p->nodes[pc];
	unsigned choice = 0, next;
	struct kw_event e;

	kw_stand(r, a, pc);
	if (r->memory && kw_memory_waits(r, a)) {
		done->effect = KW_EFF_LATE;
		return pc;
	}
	if (n->op == KW_OP_CHOICE)
		choice = choose(r, a, n);
	if (r->opts.observe)
		observe(r, a, cpu, st, &e);
	if (r->memory)
		next = kw_memory_step(r, a, choice,
				      r->opts.observe ? &e : NULL, done);
	else
		next = kw_exec(r->p, r->s, st, n, pc, a, choice, &r->clock,
			       done);
	if (r->tape && is_time(n))
		kw_tape_time(r, a, n, done->outcome);
	kw_stand(r, a, next);
	if (r->opts.observe)
		observed(r, &e, done);
	if (r->nr_blocked && done->effect != KW_EFF_BLOCKED)
		kw_retry_blocked(r, done->addr);
	tell_oracle(r, n, done);
	return next;
}

static void actor_event(struct kw_runner *r, unsigned a)
{
	switch ((enum kw_actor_type)r->p->actors[a].type) {
	case KW_HW:
		if (r->st[a]->run != KW_READY)
			kw_handler_event(r, a);
		if (r->st[a]->run == KW_READY)
			kw_run_hw(r, a);
		break;
	case KW_THREAD:
		if (!r->extra[a].delayed) {
			kw_handler_event(r, a);
			break;
		}
		r->extra[a].delayed = false;
		kw_make_ready(r, a);
		break;
	default:
		kw_handler_event(r, a);
	}
}

static unsigned end_slot(const struct kw_runner *r)
{
	return r->p->nr_actors + 2 * r->p->host.nr_cpus;
}

static void reset(struct kw_runner *r)
{
	const struct kw_program *p = r->p;
	unsigned a, c;

	memcpy(r->s, r->start, r->state_size);
	memcpy(r->clock.t, p->time_init, p->nr_times * sizeof(uint64_t));
	memcpy(r->at, r->at_start, p->nr_actors * sizeof(r->at[0]));
	for (a = 0; a < p->nr_actors; a++)
		for (c = 0; c < KW_NR_PURPOSES; c++)
			r->rng[a][c].next = 0;
	memset(r->extra, 0, p->nr_actors * sizeof(r->extra[0]));
	memset(r->busy, 0, p->nr_actors * sizeof(r->busy[0]));
	memset(r->sequence, 0, p->nr_dists * sizeof(r->sequence[0]));
	kw_queue_reset(&r->queue, r->nr_slots);
	r->clock.now = r->last_ns = 0;
	r->digest = r->first_digest;
	r->ready_head = r->nr_ready = r->nr_waiting = r->nr_blocked = 0;
	r->nr_episodes = 0;
	r->counts = (struct kw_counts){ 0 };
	r->failure = NULL;
	r->stop = r->quiescent = false;
	kw_care(r);
	if (r->memory)
		kw_memory_begin(r);
	kw_queue_set(&r->queue, end_slot(r), r->opts.duration_ns);
	if (r->tape)
		kw_tape_duration(r, end_slot(r));
	memset(r->idle, 0, sizeof(r->idle));
	for (c = 0; c < p->host.nr_cpus; c++) {
		r->cpus[c] = (struct kw_cpu){
			.thread = KW_NOBODY, .top = KW_NOBODY,
			.foreign = KW_NOBODY,
		};
		r->idle[c / 64] |= UINT64_C(1) << c % 64;
	}
	kw_watch_reset(r);
	for (a = 0; a < p->nr_actors; a++)
		if (p->actors[a].autostart && p->actors[a].type == KW_THREAD)
			kw_make_ready(r, a);
		else if (p->actors[a].autostart && p->actors[a].type == KW_HW)
			kw_due_after(r, a, 0);
}

/* The end of the run has come; or nothing else is left, and it is over. */
static void the_end(struct kw_runner *r)
{
	r->stop = true;
	if (!kw_queue_empty(&r->queue))
		return;
	r->quiescent = true;
	r->clock.now = r->last_ns;
	if (r->tape)
		kw_tape_quiescent(r);
	kw_rest(r);
}

void kw_dispatch(struct kw_runner *r, unsigned slot)
{
	unsigned actors = r->p->nr_actors, cpus = r->p->host.nr_cpus;

	if (slot < actors)
		actor_event(r, slot);
	else if (slot < actors + cpus)
		kw_run_cpu(r, slot - actors);
	else if (slot < actors + 2 * cpus)
		kw_slice_end(r, slot - actors - cpus);
	else if (slot == end_slot(r))
		the_end(r);
	else
		kw_memory_event(r, slot - end_slot(r) - 1);
}

/* The earliest event, where somebody is careful. */
static void next_event(struct kw_runner *r)
{
	unsigned slot = kw_next_slot(r);

	if (r->tape)
		kw_tape_take(r, slot);
	kw_dispatch(r, slot);
}

/* Makes the run, step by step. */
static void make(struct kw_runner *r, uint64_t nr, struct kw_result *res)
{
	reset(r);
	while (!r->stop)
		if (r->careful)
			next_event(r);
		else
			kw_turns(r);
	kw_watch_finish(r, r->quiescent);
	r->counts.end_ns = r->clock.now;
	if (r->tape)
		kw_tape_finish(r);
	*res = (struct kw_result){
		.run = nr, .digest = r->digest, .counts = r->counts,
		.episodes = r->episodes, .nr_episodes = r->nr_episodes,
		.failure = r->failure, .failure_ns = r->failure_ns,
	};
}

void kw_runner_run(struct kw_runner *r, uint64_t nr, struct kw_result *res)
{
	r->key.run = nr;
	if (!r->courses) {
		make(r, nr, res);
	} else if (!kw_course_again(r, res)) {
		make(r, nr, res);
		kw_course_made(r, res);
	}
}
