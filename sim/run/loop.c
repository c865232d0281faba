/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides nothing: executes what the machine says, as fast as it can.
 *
 * Most steps are of the simple kind (machine/simple.def): they concern
 * nobody else.  For those the nodes are laid out anew (struct kw_code), each
 * with the address of the code that executes it, so that a step is a handful
 * of instructions and a jump; operands without a base register have code of
 * their own.  Everything else, and every step that somebody observes or may
 * wait for, goes through kw_exec() and kw_cpu_effect() like in any engine.
 *
 * What a step costs passes before it: whatever it changes, and its effect,
 * happen at one moment, in the order of time of the whole machine.  (The
 * first step of a turn has waited already, or follows an effect at once.)
 *
 * Invariant: while the loop runs, the clock, the number of steps and the
 * actor's pc are in locals; they are written back before anybody else looks.
 */
#include "engine.h"

/* A vCPU that steps so often without sleep or guest is in a storm. */
#define STORM_STEPS 1000000

static void check_storm(struct kw_runner *r, unsigned a)
{
	if (r->vcpu_of[a] >= 0 &&
	    r->counts.steps - r->extra[a].busy_from > STORM_STEPS) {
		r->counts.storm++;
		r->stop = true;
	}
}

/* What passes before node n is executed, ns. */
static inline uint64_t cost(struct kw_runner *r, unsigned a,
			    const struct kw_code *n)
{
	uint32_t draw;

	if (!n->span)
		return n->cost_ns;
	draw = kw_rng_u16(&r->rng[a][KW_OP_COST], &r->key,
			  a << 2 | KW_OP_COST);
	return n->cost_ns + (draw * (uint64_t)n->span >> 16);
}

/* Lets the cost of a's next step pass; false when somebody else is first. */
static bool charge(struct kw_runner *r, unsigned c, unsigned a)
{
	r->clock.now += cost(r, a, &r->code[kw_actor(r->p, r->s, a)->pc]);
	if (r->clock.now < kw_queue_time(&r->queue))
		return true;
	kw_queue_set(&r->queue, kw_cpu_slot(r, c), r->clock.now);
	check_storm(r, a);
	return false;
}

/* The same steps one at a time, for whoever watches. */
static void careful_loop(struct kw_runner *r, unsigned c, unsigned a)
{
	struct kw_actor_state *st = kw_actor(r->p, r->s, a);
	struct kw_done done;
	unsigned pc;

	do {
		pc = st->pc;
		kw_special_step(r, a, (int)c, pc, &done);
		r->counts.steps++;
		if (done.effect != KW_EFF_NONE &&
		    (!kw_cpu_effect(r, c, a, &r->p->nodes[pc], &done) ||
		     r->stop))
			return;
	} while (charge(r, c, a));
}

struct labels {
	const void *direct[KW_NR_OPS], *based[KW_NR_OPS], *slow;
};

/* Goes to node TO, unless somebody else is to go first. */
#define GO(to)							\
	do {							\
		n = (to);					\
		now += cost(r, a, n);				\
		steps++;					\
		if (__builtin_expect(horizon <= now, 0))	\
			goto turn_over;				\
		goto *n->label;					\
	} while (0)
#define GO_one GO(n->next[0])
#define GO_two GO(n->next[k])
#define GO_many GO(code + ((const uint16_t *)n->next[0])[k])
#define GO_back GO(code + p->succ[k])

/* Operations that this file has a short way for, beside simple.def's. */
#define ALSO_HERE					\
	KW_SIMPLE(LOCK, one,) KW_SIMPLE(IRQ_ON, one,)	\
	KW_SIMPLE(PREEMPT_ON, one,) KW_SIMPLE(BURN, one,)

/*
 * CPU c's turn: a is its top.  Without a runner, says where the code of each
 * operation is, and does nothing.
 */
static const struct labels *loop(struct kw_runner *r, unsigned c, unsigned a)
{
#define KW_PRIVATE KW_SIMPLE
	static const struct labels labels = {
		.slow = &&slow,
		.direct = {
#define KW_SIMPLE(name, how, body) [KW_OP_##name] = &&direct_##name,
#include "../machine/simple.def"
			ALSO_HERE
#undef KW_SIMPLE
		},
		.based = {
#define KW_SIMPLE(name, how, body) [KW_OP_##name] = &&based_##name,
#include "../machine/simple.def"
			ALSO_HERE
#undef KW_SIMPLE
		},
	};
#undef KW_PRIVATE
	const struct kw_program *p;
	const struct kw_code *code, *n;
	struct kw_actor_state *st;
	uint64_t horizon, now, ns;
	unsigned A, k, pc, next, steps = 0;
	struct kw_done done;
	uint8_t *s;

	if (!r)
		return &labels;
	p = r->p;
	s = r->s;
	code = r->code;
	st = kw_actor(p, s, a);
	n = &code[st->pc];
	horizon = kw_queue_time(&r->queue);
	now = r->clock.now;
	goto *n->label;

#define KW_SIMPLE(name, how, body)				\
direct_##name:							\
	A = n->off;						\
	body;							\
	GO_##how;						\
based_##name:							\
	A = st->regs[n->reg];					\
	if (__builtin_expect(!A, 0))				\
		goto slow;					\
	A += n->off;						\
	body;							\
	GO_##how;
#define KW_PRIVATE(name, how, body)				\
direct_##name:							\
based_##name:							\
	A = st->regs[n->reg] + n->off;				\
	(void)A;						\
	body;							\
	GO_##how;
#include "../machine/simple.def"
	KW_SIMPLE(LOCK, one,
		  if (!kw_try_lock(s, A, a, st, n->val)) goto slow)
	KW_PRIVATE(IRQ_ON, one,
		   if (r->nr_waiting || r->cpus[c].need_resched) goto slow;
		   st->irq_off = 0)
	KW_PRIVATE(PREEMPT_ON, one,
		   if (r->nr_waiting || r->cpus[c].need_resched) goto slow;
		   st->preempt--)
#undef KW_PRIVATE
#undef KW_SIMPLE

direct_BURN:
based_BURN:
	ns = kw_draw(r, a, kw_burns_for(r, a), n->val);
	if (ns < horizon - now) {
		now += ns;
		GO_one;
	}
	r->clock.now = now;
	r->counts.steps += steps + 1;
	st->pc = (uint16_t)(n->next[0] - code);
	kw_burn(r, c, a, ns);
	return NULL;

slow:
	pc = (unsigned)(n - code);
	r->clock.now = now;
	if (n->special)
		next = kw_special_step(r, a, (int)c, pc, &done);
	else
		next = kw_exec(p, s, st, &p->nodes[pc], pc, a, 0, &r->clock,
			       &done);
	if (done.effect != KW_EFF_NONE) {
		st->pc = (uint16_t)next;
		r->counts.steps += steps + 1;
		steps = -1u;
		if (!kw_cpu_effect(r, c, a, &p->nodes[pc], &done) || r->stop)
			return NULL;
		if (r->careful) {
			if (charge(r, c, a))
				careful_loop(r, c, a);
			return NULL;
		}
		horizon = kw_queue_time(&r->queue);
		now = r->clock.now;
	}
	GO(&code[next]);

turn_over:
	st->pc = (uint16_t)(n - code);
	r->clock.now = now;
	r->counts.steps += steps;
	kw_queue_set(&r->queue, kw_cpu_slot(r, c), now);
	check_storm(r, a);
	return NULL;
}

void kw_run_cpu(struct kw_runner *r, unsigned c)
{
	unsigned a = r->cpus[c].top;

	if (a == KW_NOBODY)
		return;
	if (r->careful)
		careful_loop(r, c, a);
	else
		loop(r, c, a);
}

static bool is_special(const struct kw_node *n)
{
	return n->flags & (KW_NODE_ARCH | KW_NODE_ARCH_ALL) ||
	       n->op == KW_OP_CHOICE || n->op == KW_OP_TIME_NOW;
}

struct kw_code *kw_code_new(const struct kw_program *p)
{
	struct kw_code *code = g_new0(struct kw_code, p->nr_nodes);
	const struct labels *labels = loop(NULL, 0, 0);
	const struct kw_node *n;
	unsigned i, cost;

	for (i = 0; i < p->nr_nodes; i++) {
		n = &p->nodes[i];
		cost = kw_op_cost[n->op];
		code[i] = (struct kw_code){
			.label = n->reg ? labels->based[n->op] :
					  labels->direct[n->op],
			.next = { &code[n->next[0]], &code[n->next[1]] },
			.cost_ns = p->host.op_ns[cost].min,
			.off = n->off, .val = n->val,
			.reg = n->reg, .dst = n->dst,
			.special = is_special(n),
		};
		if (p->host.op_ns[cost].max != p->host.op_ns[cost].min)
			code[i].span = p->host.op_ns[cost].max -
				       p->host.op_ns[cost].min + 1;
		if (n->flags & KW_NODE_MANY)
			code[i].next[0] = (const void *)&p->succ[n->next[0]];
		if (code[i].special || !code[i].label)
			code[i].label = labels->slow;
	}
	return code;
}
