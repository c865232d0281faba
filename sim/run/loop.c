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
 * A step that is free, on registers only and at no cost, goes with the one
 * before it: nobody could tell, and so nobody comes between the two.
 *
 * Invariant: while the loop runs, the clock, the number of steps and the
 * actor's pc are in locals; they are written back before anybody else looks.
 */
#include "engine.h"

/* A vCPU's thread that steps so often without sleep or guest is in a storm. */
#define STORM_STEPS 2000000
/* Hardware that steps so often at one moment never ends. */
#define HW_STEPS 100000

/* The turn of actor a is over, who could go on. */
static inline void count_busy(struct kw_runner *r, unsigned a)
{
	r->busy[a] += (uint32_t)(r->counts.steps - r->turn_from);
	if (__builtin_expect(r->busy[a] < STORM_STEPS, 1))
		return;
	r->busy[a] = 0;
	if (r->vcpu_of[a] >= 0) {
		r->counts.storm++;
		r->stop = true;
	}
}

/* What passes before node n is executed, ns: where that is drawn; ... */
static inline uint64_t drawn_cost(struct kw_runner *r, unsigned a,
				  struct kw_rng *dice,
				  const struct kw_code *n)
{
	uint32_t draw = kw_rng_u16(dice, &r->key, a << 2 | KW_OP_COST);

	return n->cost_ns + (draw * (uint64_t)n->span >> 16);
}

/* ... and in general. */
static inline uint64_t cost(struct kw_runner *r, unsigned a,
			    struct kw_rng *dice, const struct kw_code *n)
{
	return n->span ? drawn_cost(r, a, dice, n) : n->cost_ns;
}

bool kw_is_free(const struct kw_program *p, unsigned node)
{
	unsigned op = p->nodes[node].op;

	return op >= KW_OP_LEA && op <= KW_OP_JUMP &&
	       !p->host.op_ns[kw_op_cost[op]].max;
}

/* Lets the cost of a's next step pass; false when somebody else is first. */
static bool charge(struct kw_runner *r, unsigned c, unsigned a)
{
	unsigned pc = r->st[a]->pc;
	bool on;

	r->clock.now += cost(r, a, &r->rng[a][KW_OP_COST], &r->code[pc]);
	on = r->clock.now < kw_horizon(r) || kw_is_free(r->p, pc);
	if (r->tape)
		kw_tape_cost(r, a, pc, on);
	if (on)
		return true;
	kw_due_after(r, kw_cpu_slot(r, c), 0);
	count_busy(r, a);
	return false;
}

void kw_run_cpu(struct kw_runner *r, unsigned c)
{
	unsigned a = r->cpus[c].top, pc;
	struct kw_actor_state *st;
	struct kw_done done;

	if (a == KW_NOBODY)
		return;
	st = r->st[a];
	do {
		pc = st->pc;
		kw_full_step(r, a, (int)c, pc, &done);
		r->counts.steps++;
		if (done.effect != KW_EFF_NONE &&
		    (!kw_cpu_effect(r, c, a, &r->p->nodes[pc], &done) ||
		     r->stop))
			return;
	} while (charge(r, c, a));
}

/* Does it matter to anybody that CPU c may be interrupted again? */
static inline bool somebody_waits(const struct kw_runner *r, unsigned c)
{
	return r->nr_waiting || r->cpus[c].need_resched;
}

/*
 * Where the code of each operation is.  What may follow it is mostly known
 * to be free, or to have a cost that is drawn: then nothing is left to ask.
 */
enum { ANY, FREE, PAID, NR_NEXT };
struct labels {
	const void *direct[NR_NEXT][KW_NR_OPS], *based[NR_NEXT][KW_NR_OPS];
	const void *slow;
};

/*
 * Who is next, and when.  If it is a CPU, all that its turn begins with is
 * looked up here, while somebody else's turn still goes on: many CPUs take
 * turns in an order that no processor predicts, and to learn where to go
 * only at the end of a turn is what costs most then.
 */
struct ahead {
	uint64_t ns;
	unsigned slot, a;		/* a: KW_NOBODY when it is no CPU */
	struct kw_actor_state *st;
	const struct kw_code *n;
	const void *label;
};

static inline struct ahead look_ahead(const struct kw_runner *r)
{
	struct ahead x = { .a = KW_NOBODY };
	unsigned c;

	x.ns = kw_queue_first(&r->queue, &x.slot);
	c = x.slot - r->nr_actors;
	if (__builtin_expect(c < r->nr_cpus, 1))
		x.a = r->cpus[c].top;
	if (__builtin_expect(x.a != KW_NOBODY, 1)) {
		x.st = r->st[x.a];
		x.n = r->at[x.a];
		x.label = x.n->label;
	}
	return x;
}

/* Goes to node TO, unless somebody else is to go first; ... */
#define GO_any(to) GO(to, cost)
#define GO_paid(to) GO(to, drawn_cost)
#define GO(to, cost)						\
	do {							\
		n = (to);					\
		now += cost(r, a, dice, n);			\
		steps++;					\
		if (__builtin_expect(horizon <= now, 0))	\
			goto turn_over;				\
		goto *n->label;					\
	} while (0)
/* ... or at once, where all that may follow are free. */
#define GO_free(to)						\
	do {							\
		n = (to);					\
		steps++;					\
		goto *n->label;					\
	} while (0)
/* Actor a stands at TO when it is somebody else's turn. */
#define STAND(to)						\
	do {							\
		r->at[a] = (to);				\
		st->pc = r->at[a]->pc;				\
	} while (0)
#define GO_one(then) GO_##then(n->next[0])
#define GO_two(then) GO_##then(n->next[k])
#define GO_many(then) GO_any(code + ((const uint16_t *)n->next[0])[k])
#define GO_back(then) GO_any(code + p->succ[k])

/* Operations that this file has a short way for, beside simple.def's. */
#define ALSO_HERE					\
	KW_SIMPLE(LOCK, one,) KW_SIMPLE(IRQ_ON, one,)	\
	KW_SIMPLE(PREEMPT_ON, one,) KW_SIMPLE(BURN, one,)	\
	KW_SIMPLE(DELAY, one,) KW_SIMPLE(WAKE, two,)	\
	KW_SIMPLE(SWITCH, one,) KW_SIMPLE(EXIT_REASON, many,)

/*
 * Turn after turn, until the run has ended or somebody wants to watch.  A
 * turn is that of CPU c, whose top is a; or that of hardware a, for which no
 * time passes: its code costs 1 a step, and now counts them.  Without a
 * runner, says where the code of each operation is.
 */
static const struct labels *loop(struct kw_runner *r)
{
#define KW_PRIVATE KW_SIMPLE
	static const struct labels labels = {
		.slow = &&slow,
#define KW_SIMPLE(name, how, body)				\
		.direct[ANY][KW_OP_##name] = &&direct_any_##name,	\
		.direct[FREE][KW_OP_##name] = &&direct_free_##name,	\
		.direct[PAID][KW_OP_##name] = &&direct_paid_##name,	\
		.based[ANY][KW_OP_##name] = &&based_any_##name,		\
		.based[FREE][KW_OP_##name] = &&based_free_##name,	\
		.based[PAID][KW_OP_##name] = &&based_paid_##name,
#include "../machine/simple.def"
		ALSO_HERE
#undef KW_SIMPLE
	};
#undef KW_PRIVATE
	const struct kw_program *p;
	const struct kw_code *code, *n;
	struct kw_actor_state *st;
	struct ahead ahead = { 0 };
	struct kw_rng *dice = NULL;
	const void *label;
	uint64_t horizon, now, ns;
	unsigned A, a, c, k, pc, next, steps;
	struct kw_done done;
	bool hw;
	uint8_t *s;

	if (!r)
		return &labels;
	p = r->p;
	s = r->s;

next_turn:
	if (r->stop || r->careful)
		return NULL;
	k = kw_next_slot(r);
turn:
	steps = 0;
	hw = k < r->nr_actors;
	if (hw) {
		if (r->type[k] != KW_HW ||
		    r->st[k]->run != KW_READY) {
			kw_dispatch(r, k);
			goto next_turn;
		}
		a = k;
		c = KW_NOBODY;
		code = r->hw_code;
		horizon = HW_STEPS;
		now = 0;
	} else {
		c = k - r->nr_actors;
		if (c >= r->nr_cpus) {
			kw_dispatch(r, k);
			goto next_turn;
		}
		a = r->cpus[c].top;
		if (a == KW_NOBODY)
			goto next_turn;
		code = r->code;
		ahead = look_ahead(r);
		horizon = ahead.ns;
		now = r->clock.now;
		dice = &r->rng[a][KW_OP_COST];
	}
	st = r->st[a];
	n = r->at[a];
	goto *n->label;

#define SIMPLE(name, how, body, then)				\
direct_##then##_##name:						\
	A = n->off;						\
	body;							\
	GO_##how(then);						\
based_##then##_##name:						\
	A = st->regs[n->reg];					\
	if (__builtin_expect(!A, 0))				\
		goto slow;					\
	A += n->off;						\
	body;							\
	GO_##how(then);
#define PRIVATE(name, how, body, then)				\
direct_##then##_##name:						\
based_##then##_##name:						\
	A = st->regs[n->reg] + n->off;				\
	(void)A;						\
	body;							\
	GO_##how(then);
#define KW_SIMPLE(name, how, body)				\
	SIMPLE(name, how, body, any)				\
	SIMPLE(name, how, body, free)				\
	SIMPLE(name, how, body, paid)
#define KW_PRIVATE(name, how, body)				\
	PRIVATE(name, how, body, any)				\
	PRIVATE(name, how, body, free)				\
	PRIVATE(name, how, body, paid)
/* The labels of what needs no variants. */
#define LABELS(name)						\
direct_any_##name: direct_free_##name: direct_paid_##name:	\
based_any_##name: based_free_##name: based_paid_##name:
#include "../machine/simple.def"
	KW_SIMPLE(LOCK, one,
		  if (!kw_try_lock(s, A, a, st, n->val)) goto slow)
	KW_PRIVATE(IRQ_ON, one,
		   if (!hw && somebody_waits(r, c)) goto slow;
		   st->irq_off = 0)
	KW_PRIVATE(PREEMPT_ON, one,
		   if (!hw && somebody_waits(r, c)) goto slow;
		   st->preempt--)
	KW_PRIVATE(EXIT_REASON, many, k = st->exit)
	KW_SIMPLE(SWITCH, one,
		  if (!s[A + KW_TASK_ON_RQ]) {
			st->run = KW_ASLEEP;
			goto sleeps;
		  })
	KW_SIMPLE(WAKE, two,
		  done.effect = KW_EFF_NONE;
		  k = kw_wake(p, s, A, &done);
		  if (done.effect != KW_EFF_NONE && hw) {
			kw_watch_wake(r, done.actor);
			kw_make_ready(r, done.actor);
		  } else if (done.effect != KW_EFF_NONE) {
			pc = (unsigned)(n - code);
			next = (unsigned)(n->next[k] - code);
			goto effect;
		  })
#undef KW_PRIVATE
#undef KW_SIMPLE

	LABELS(DELAY)
delay:
	if (!hw)
		goto slow;
	ns = kw_draw(r, a, KW_WORKLOAD, n->val);
	STAND(n->next[0]);
	r->counts.steps += steps + 1;
	if (ns != KW_NEVER_NS)
		kw_queue_set(&r->queue, a, r->clock.now + ns);
	goto next_turn;

	LABELS(BURN)
	if (hw)
		goto delay;
	ns = kw_draw(r, a, kw_burns_for(r, a), n->val);
	if (ns < horizon - now) {
		now += ns;
		GO_any(n->next[0]);
	}
	r->clock.now = now;
	r->counts.steps += steps + 1;
	STAND(n->next[0]);
	kw_burn(r, c, a, ns);
	goto next_turn;

sleeps:
	r->clock.now = now;
	r->counts.steps += steps + 1;
	STAND(n->next[0]);
	kw_sleeps(r, c, a);
	goto next_turn;

slow:
	pc = (unsigned)(n - code);
	if (!hw)
		r->clock.now = now;
	next = kw_plain_step(r, a, pc, &done);
	if (done.effect == KW_EFF_NONE)
		GO_any(&code[next]);
effect:
	STAND(&code[next]);
	r->counts.steps += steps + 1;
	steps = -1u;
	if (hw) {
		if (!kw_hw_effect(r, a, &p->nodes[pc], &done) || r->stop)
			goto next_turn;
		GO_any(&code[next]);
	}
	r->clock.now = now;
	if (!kw_cpu_effect(r, c, a, &p->nodes[pc], &done) || r->stop)
		goto next_turn;
	if (r->careful) {
		if (charge(r, c, a))
			kw_run_cpu(r, c);
		goto next_turn;
	}
	ahead = look_ahead(r);
	horizon = ahead.ns;
	now = r->clock.now;
	GO_any(&code[next]);

turn_over:
	if (hw) {
		kw_fail(r, "hardware steps without end at one moment");
		goto next_turn;
	}
	if (__builtin_expect(!n->span && kw_is_free(p, n->pc), 0))
		goto *n->label;
	STAND(n);
	r->counts.steps += steps;
	count_busy(r, a);
	if (__builtin_expect(r->stop, 0)) {
		r->clock.now = now;
		kw_queue_add(&r->queue, kw_cpu_slot(r, c), now);
		goto next_turn;
	}
	kw_take(r, ahead.slot, horizon);
	kw_queue_add(&r->queue, kw_cpu_slot(r, c), now);
	a = ahead.a;
	if (__builtin_expect(a == KW_NOBODY, 0)) {
		r->clock.now = horizon;
		k = ahead.slot;
		goto turn;
	}
	c = ahead.slot - r->nr_actors;
	st = ahead.st;
	n = ahead.n;
	dice = &r->rng[a][KW_OP_COST];
	label = ahead.label;
	now = horizon;
	ahead = look_ahead(r);
	horizon = ahead.ns;
	steps = 0;
	goto *label;
}

void kw_run_hw(struct kw_runner *r, unsigned a)
{
	struct kw_actor_state *st = r->st[a];
	struct kw_done done;
	unsigned i, pc;

	for (i = 0; i < HW_STEPS && !r->stop; i++) {
		pc = st->pc;
		kw_full_step(r, a, -1, pc, &done);
		r->counts.steps++;
		if (done.effect != KW_EFF_NONE &&
		    !kw_hw_effect(r, a, &r->p->nodes[pc], &done))
			return;
	}
	if (!r->stop)
		kw_fail(r, "hardware steps without end at one moment");
}

void kw_turns(struct kw_runner *r)
{
	loop(r);
}

/* Then the oracle looks, so the simple way is not open. */
static bool changes_architecture(const struct kw_node *n)
{
	return n->flags & (KW_NODE_ARCH | KW_NODE_ARCH_ALL);
}

/* Is node free, or its cost drawn? */
static unsigned kind_of(const struct kw_program *p, unsigned node)
{
	unsigned cost = kw_op_cost[p->nodes[node].op];

	if (p->host.op_ns[cost].max != p->host.op_ns[cost].min)
		return PAID;
	return kw_is_free(p, node) ? FREE : ANY;
}

/* ... all that may follow node n? */
static unsigned kind_of_next(const struct kw_program *p,
			     const struct kw_node *n)
{
	unsigned kind;

	switch ((enum kw_outcomes)kw_op_outcomes[n->op]) {
	case KW_ONE:
		return kind_of(p, n->next[0]);
	case KW_TWO:
		kind = kind_of(p, n->next[0]);
		return kind_of(p, n->next[1]) == kind ? kind : ANY;
	default:
		return ANY;
	}
}

struct kw_code *kw_code_new(const struct kw_program *p, bool hw)
{
	struct kw_code *code = g_new0(struct kw_code, p->nr_nodes);
	const struct labels *labels = loop(NULL);
	const struct kw_node *n;
	unsigned i, cost, next;

	for (i = 0; i < p->nr_nodes; i++) {
		n = &p->nodes[i];
		next = hw ? ANY : kind_of_next(p, n);
		cost = kw_op_cost[n->op];
		code[i] = (struct kw_code){
			.label = n->reg ? labels->based[next][n->op] :
					  labels->direct[next][n->op],
			.next = { &code[n->next[0]], &code[n->next[1]] },
			.cost_ns = hw ? 1 : p->host.op_ns[cost].min,
			.off = n->off, .val = n->val,
			.reg = n->reg, .dst = n->dst, .pc = (uint16_t)i,
		};
		if (!hw &&
		    p->host.op_ns[cost].max != p->host.op_ns[cost].min)
			code[i].span = p->host.op_ns[cost].max -
				       p->host.op_ns[cost].min + 1;
		if (n->flags & KW_NODE_MANY)
			code[i].next[0] = (const void *)&p->succ[n->next[0]];
		if (changes_architecture(n) || !code[i].label)
			code[i].label = labels->slow;
	}
	return code;
}
