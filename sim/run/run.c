/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what happens next: takes the earliest event, lets its owner step
 * until somebody else's event is due, and hands each effect to the file that
 * knows it.
 *
 * Invariant: whoever steps has no step pending in the queue; when he stops,
 * he has one, or waits for something that will give him one.
 */
#include "engine.h"

/* A vCPU that steps so often without sleep or guest is in a storm. */
#define STORM_STEPS 1000000
/* Hardware that steps so often at one moment never ends. */
#define HW_STEPS 100000

void kw_counts_add(struct kw_counts *sum, const struct kw_counts *c)
{
	const uint64_t *from = (const uint64_t *)c;
	uint64_t *to = (uint64_t *)sum;
	unsigned i;

	for (i = 0; i < sizeof(*c) / sizeof(*from); i++)
		to[i] += from[i];
}

static uint64_t from_sequence(struct kw_runner *r, const struct kw_dist *d,
			      unsigned number)
{
	uint32_t *i = &r->sequence[number];

	if (*i == d->nr) {
		if (!d->b)
			return KW_NEVER_NS;
		*i = 0;
	}
	return r->p->values[d->first + (*i)++];
}

uint64_t kw_draw(struct kw_runner *r, unsigned actor, enum kw_purpose why,
		 unsigned dist)
{
	const struct kw_dist *d = &r->p->dists[dist];
	uint64_t ns;

	switch ((enum kw_dist_kind)d->kind) {
	case KW_CONSTANT:
		return d->a;
	case KW_UNIFORM:
		return kw_scale(kw_draw_u32(r, actor, why), d->a, d->b);
	case KW_EXPONENTIAL:
		ns = kw_exponential(kw_draw_u32(r, actor, why), d->a);
		return d->b && ns > d->b ? d->b : ns;
	case KW_EMPIRICAL:
		return r->p->values[d->first +
				    kw_scale(kw_draw_u32(r, actor, why), 0,
					     d->nr - 1)];
	case KW_SEQUENCE:
		return from_sequence(r, d, dist);
	}
	return 0;
}

static uint64_t op_cost(struct kw_runner *r, unsigned actor, unsigned op)
{
	unsigned cost = kw_op_cost[op];
	uint32_t min = r->p->host.op_ns[cost].min;
	uint32_t max = r->p->host.op_ns[cost].max;

	if (min == max)
		return min;
	return kw_scale(kw_draw_u32(r, actor, KW_HOST_COST), min, max);
}

static void digest(struct kw_runner *r, uint64_t ns, unsigned a, unsigned pc,
		   unsigned outcome)
{
	uint64_t x = ns ^ (uint64_t)a << 52 ^ (uint64_t)pc << 36 ^
		     (uint64_t)outcome << 28;

	r->digest = (r->digest ^ x) * UINT64_C(0x9e3779b97f4a7c15);
	r->digest ^= r->digest >> 29;
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
	if (e->addr < r->p->objects_size)
		e->after = r->s[e->addr];
	e->outcome = done->outcome;
	r->opts.observe(r->opts.observe_arg, e, r->s);
}

/* Whoever waits for the byte at addr (0: for anything) looks again. */
static void retry_blocked(struct kw_runner *r, unsigned addr)
{
	struct kw_extra *x;
	unsigned a;

	for (a = 0; a < r->p->nr_actors && r->nr_blocked; a++) {
		x = &r->extra[a];
		if (!x->blocked || (addr && x->blocked_on != addr))
			continue;
		x->blocked = false;
		r->nr_blocked--;
		if (r->p->actors[a].type == KW_HW)
			kw_queue_set(&r->queue, a, r->clock.now);
		else if (kw_top(r, x->cpu) == a)
			kw_resume(r, x->cpu);
	}
}

static void block(struct kw_runner *r, unsigned a, unsigned addr)
{
	if (!r->extra[a].blocked)
		r->nr_blocked++;
	r->extra[a].blocked = true;
	r->extra[a].blocked_on = (uint16_t)addr;
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

	if (!n->val)
		return r->clock.t[r->p->actors[a].time_base + n->dst];
	ns = kw_draw(r, a, KW_WORKLOAD, n->val);
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
		retry_blocked(r, 0);
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
	if (ns != KW_NEVER_NS)
		kw_queue_set(&r->queue, a, r->clock.now + ns);
	kw_leave_cpu(r, c);
}

static void burn(struct kw_runner *r, unsigned c, unsigned a, uint64_t ns)
{
	if (ns == KW_NEVER_NS)
		r->extra[a].left = KW_NEVER_NS;
	else
		kw_queue_set(&r->queue, kw_cpu_slot(r, c),
			     r->clock.now + ns);
}

static void path_ended(struct kw_runner *r, unsigned c, unsigned a)
{
	kw_handler_ended(r, a);
	if (r->p->actors[a].type == KW_THREAD)
		kw_leave_cpu(r, c);
	else
		kw_resume(r, c);
	kw_check_waiting(r);
	retry_blocked(r, 0);
	kw_try_resched(r, c);
}

static void delay(struct kw_runner *r, unsigned c, unsigned a, unsigned dist)
{
	unsigned type = r->p->actors[a].type;
	bool host = type == KW_HARDIRQ || type == KW_PREEMPT;
	uint64_t ns = kw_draw(r, a, host ? KW_HOST_COST : KW_WORKLOAD, dist);

	if (type == KW_THREAD)
		thread_delays(r, c, a, ns);
	else
		burn(r, c, a, ns);
}

/*
 * The effect of a's step on CPU c.  Returns true when a may simply go on;
 * else what CPU c does next has been put into the queue, if anything.
 */
static bool cpu_effect(struct kw_runner *r, unsigned c, unsigned a,
		       const struct kw_node *n, const struct kw_done *done)
{
	unsigned t = r->cpus[c].thread, type = r->p->actors[a].type;
	bool guest = type == KW_GUEST || type == KW_VIRQ;

	switch ((enum kw_effect)done->effect) {
	case KW_EFF_BLOCKED:
		block(r, a, done->addr);
		return false;
	case KW_EFF_SLEEP:
		r->extra[t].busy = 0;
		kw_watch_sleep(r, a);
		kw_leave_cpu(r, c);
		kw_check_waiting(r);
		return false;
	case KW_EFF_YIELD:
		if (!r->nr_ready)
			return true;
		kw_yield(r, c);
		return false;
	case KW_EFF_ENTER:
		r->extra[t].busy = 0;
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
		delay(r, c, a, done->val);
		return false;
	case KW_EFF_BURN:
		burn(r, c, a, kw_draw(r, a, guest ? KW_WORKLOAD : KW_HOST_COST,
				      done->val));
		return false;
	case KW_EFF_END:
		path_ended(r, c, a);
		return false;
	case KW_EFF_FAIL:
		common_effect(r, a, n, done);
		return false;
	default:
		common_effect(r, a, n, done);
		return kw_top(r, c) == a && !r->queue.pos[kw_cpu_slot(r, c)];
	}
}

static bool hw_effect(struct kw_runner *r, unsigned a, const struct kw_node *n,
		      const struct kw_done *done)
{
	uint64_t ns;

	switch ((enum kw_effect)done->effect) {
	case KW_EFF_BLOCKED:
		block(r, a, done->addr);
		return false;
	case KW_EFF_DELAY:
	case KW_EFF_BURN:
		ns = kw_draw(r, a, KW_WORKLOAD, done->val);
		if (ns != KW_NEVER_NS)
			kw_queue_set(&r->queue, a, r->clock.now + ns);
		return false;
	case KW_EFF_END:
		kw_handler_ended(r, a);
		kw_check_waiting(r);
		retry_blocked(r, 0);
		return false;
	case KW_EFF_FAIL:
		common_effect(r, a, n, done);
		return false;
	default:
		common_effect(r, a, n, done);
		return true;
	}
}

/* What follows every step, before its effect. */
static inline void account(struct kw_runner *r, unsigned a, unsigned pc,
			   const struct kw_node *n, const struct kw_done *done)
{
	digest(r, r->clock.now, a, pc, done->outcome);
	r->counts.steps++;
	if (__builtin_expect(n->flags & (KW_NODE_ARCH | KW_NODE_ARCH_ALL), 0))
		kw_watch_arch(r, done->addr, n->flags & KW_NODE_ARCH_ALL);
	if (__builtin_expect(r->nr_blocked && done->effect != KW_EFF_BLOCKED,
			     0))
		retry_blocked(r, done->addr);
}

static inline void step(struct kw_runner *r, unsigned a, int cpu,
			const struct kw_node *n, struct kw_done *done)
{
	struct kw_actor_state *st = kw_actor(r->p, r->s, a);
	unsigned pc = st->pc, choice = 0;
	struct kw_event e;

	if (n->op == KW_OP_CHOICE)
		choice = (unsigned)kw_scale(kw_draw_u32(r, a, KW_WORKLOAD), 0,
					    n->next[1] - 1u);
	done->outcome = 0;
	if (r->opts.observe)
		observe(r, a, cpu, st, &e);
	kw_step_inline(r->p, r->s, a, choice, &r->clock, done);
	if (r->opts.observe)
		observed(r, &e, done);
	account(r, a, pc, n, done);
}

static void run_cpu(struct kw_runner *r, unsigned c)
{
	unsigned a = kw_top(r, c), slot = kw_cpu_slot(r, c);
	struct kw_queue *q = &r->queue;
	const struct kw_node *n;
	struct kw_done done;

	if (a == KW_NOBODY)
		return;
	while (!r->stop) {
		n = &r->p->nodes[kw_actor(r->p, r->s, a)->pc];
		step(r, a, (int)c, n, &done);
		r->clock.now += op_cost(r, a, n->op);
		if (done.effect != KW_EFF_NONE &&
		    !cpu_effect(r, c, a, n, &done))
			return;
		if (q->n && q->heap[0].time <= r->clock.now) {
			kw_queue_set(q, slot, r->clock.now);
			return;
		}
		if (__builtin_expect(++r->extra[a].busy == STORM_STEPS, 0) &&
		    r->vcpu_of[a] >= 0) {
			r->counts.storm++;
			r->stop = true;
		}
		if (r->clock.now > r->opts.duration_ns)
			r->stop = true;
	}
}

static void run_hw(struct kw_runner *r, unsigned a)
{
	const struct kw_node *n;
	struct kw_done done;
	unsigned i;

	for (i = 0; i < HW_STEPS && !r->stop; i++) {
		n = &r->p->nodes[kw_actor(r->p, r->s, a)->pc];
		step(r, a, -1, n, &done);
		if (done.effect != KW_EFF_NONE && !hw_effect(r, a, n, &done))
			return;
	}
	if (!r->stop)
		kw_fail(r, "hardware steps without end at one moment");
}

static void actor_event(struct kw_runner *r, unsigned a)
{
	switch ((enum kw_actor_type)r->p->actors[a].type) {
	case KW_HW:
		if (kw_actor(r->p, r->s, a)->run == KW_READY)
			run_hw(r, a);
		else
			kw_handler_event(r, a);
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

static void reset(struct kw_runner *r, uint64_t nr)
{
	const struct kw_program *p = r->p;
	unsigned a, c;

	memcpy(r->s, r->start, p->state_size);
	memcpy(r->clock.t, p->time_init, p->nr_times * sizeof(uint64_t));
	memset(r->rng, 0, p->nr_actors * sizeof(r->rng[0]));
	memset(r->extra, 0, p->nr_actors * sizeof(r->extra[0]));
	memset(r->sequence, 0, p->nr_dists * sizeof(r->sequence[0]));
	memset(r->queue.pos, 0, (p->nr_actors + 2 * p->host.nr_cpus) *
					sizeof(r->queue.pos[0]));
	r->queue.n = r->queue.order = 0;
	r->key.run = nr;
	r->clock.now = 0;
	r->digest = p->digest;
	r->ready_head = r->nr_ready = r->nr_waiting = r->nr_blocked = 0;
	r->nr_episodes = 0;
	r->counts = (struct kw_counts){ 0 };
	r->failure = NULL;
	r->stop = false;
	memset(r->idle, 0, sizeof(r->idle));
	for (c = 0; c < p->host.nr_cpus; c++) {
		r->cpus[c] = (struct kw_cpu){ KW_NOBODY, KW_NOBODY, false, 0 };
		r->idle[c / 64] |= UINT64_C(1) << c % 64;
	}
	kw_watch_reset(r);
	for (a = 0; a < p->nr_actors; a++)
		if (p->actors[a].autostart && p->actors[a].type == KW_THREAD)
			kw_make_ready(r, a);
		else if (p->actors[a].autostart && p->actors[a].type == KW_HW)
			kw_queue_set(&r->queue, a, 0);
}

/* Nothing can happen any more: does somebody wait for what never comes? */
static void check_deadlock(struct kw_runner *r)
{
	if (r->nr_blocked)
		kw_fail(r, "deadlock: a lock or a condition is waited for "
			   "that nobody will give");
}

void kw_runner_run(struct kw_runner *r, uint64_t nr, struct kw_result *res)
{
	unsigned actors = r->p->nr_actors, cpus = r->p->host.nr_cpus, slot;
	struct kw_queue *q = &r->queue;
	bool quiescent = false;

	reset(r, nr);
	while (!r->stop) {
		if (!q->n) {
			quiescent = true;
			check_deadlock(r);
			break;
		}
		if (q->heap[0].time > r->opts.duration_ns) {
			r->clock.now = r->opts.duration_ns;
			break;
		}
		slot = q->heap[0].slot;
		r->clock.now = q->heap[0].time;
		kw_queue_remove(q, slot);
		if (slot < actors)
			actor_event(r, slot);
		else if (slot < actors + cpus)
			run_cpu(r, slot - actors);
		else
			kw_slice_end(r, slot - actors - cpus);
	}
	kw_watch_finish(r, quiescent);
	r->counts.end_ns = r->clock.now;
	*res = (struct kw_result){
		.run = nr, .digest = r->digest, .counts = r->counts,
		.episodes = r->episodes, .nr_episodes = r->nr_episodes,
		.failure = r->failure, .failure_ns = r->failure_ns,
	};
}

const struct kw_hist *kw_runner_latency(const struct kw_runner *r)
{
	return &r->latency;
}

const uint64_t *kw_runner_marks(const struct kw_runner *r)
{
	return r->marks;
}
