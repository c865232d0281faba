/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what may happen next and what it makes of the state.
 *
 * Invariants: between two moves every register that is dead is 0, as is the
 * block of an actor that is not running; where steps are folded, nobody who
 * may step stands at a private node with one outcome, endless loops of such
 * nodes excepted.  What a lock guards is folded as well (guard.h), but not
 * always: whether it is depends on what was learnt until then.
 */
#include "inside.h"

/* So many private steps in a row are taken to be endless. */
#define MAX_FOLD 4096

struct moving {
	const struct kw_world *w;
	uint8_t *s, *before;	/* before: where somebody watches */
	struct kw_seen_by_move *seen;
	kw_world_observer observe;
	void *arg;
	bool touched;		/* the guards know of the next step */
	unsigned also;		/* actor + 1 who may step because of it */
};

uint32_t kw_world_size(const struct kw_world *w)
{
	uint32_t more = w->memory ? kw_relaxed_size(w->memory) : 0;

	return (w->size + more + 7) & ~7u;
}

unsigned kw_world_grain_shift(const struct kw_world *w)
{
	unsigned shift = w->grain_shift;

	while (kw_world_size(w) > 64u << shift)
		shift++;
	return shift - 3;
}

const struct kw_object *kw_world_vcpu(const struct kw_world *w, unsigned v)
{
	return &w->p->objects[w->vcpus[v]];
}

int kw_world_vcpu_of(const struct kw_world *w, unsigned a)
{
	return w->vcpu_of[a];
}

/* --- who may ---------------------------------------------------------- */

/* What the CPU interface signals is taken before the next instruction. */
static bool takes_virq(const struct kw_world *w, const uint8_t *s,
		       unsigned guest)
{
	unsigned h = w->virq_of[guest];

	/* const is cast away to find blocks; they are only read. */
	return h != KW_NO_ACTOR && kw_block(w, s, h)->pend &&
	       kw_can_begin(w->p, (uint8_t *)(uintptr_t)s, h);
}

bool kw_world_can_step(const struct kw_world *w, const uint8_t *s, unsigned a)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	unsigned home = w->p->actors[a].home;

	if (st->run != KW_READY || st->nest)
		return false;
	switch ((enum kw_actor_type)w->p->actors[a].type) {
	case KW_GUEST:
		return kw_block(w, s, home)->run == KW_IN_GUEST &&
		       !takes_virq(w, s, a);
	case KW_VIRQ:
		home = w->p->actors[home].home;
		return kw_block(w, s, home)->run == KW_IN_GUEST;
	case KW_THREAD:
	case KW_HARDIRQ:
	case KW_PREEMPT:
	case KW_HW:
		break;
	}
	return true;
}

/* Does a stand at something that it has to wait for? */
static bool must_wait(const struct kw_world *w, const uint8_t *s, unsigned a,
		      unsigned *addr)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];
	unsigned base = st->regs[n->reg], owner, h;

	if (!(w->node[st->pc] & KW_N_WAITS) || (!base && n->reg))
		return false;
	*addr = base + n->off;
	switch (n->op) {
	case KW_OP_LOCK:
		owner = kw_get16(s, *addr);
		return owner && owner != a + 1;
	case KW_OP_AWAIT:
		return kw_mem_load(s, *addr) != n->val;
	default:
		h = kw_get16(s, *addr);
		return h && (kw_block(w, s, h - 1)->pend ||
			     (kw_block(w, s, h - 1)->run != KW_IDLE &&
			      kw_block(w, s, h - 1)->run != KW_ENDED));
	}
}

bool kw_world_is_slow(const struct kw_world *w, unsigned a, unsigned node)
{
	return w->slow[a] && w->slow[a][node];
}

/* --- moves ------------------------------------------------------------ */

static void add(struct kw_list *l, enum kw_move_type type, unsigned a,
		unsigned way, unsigned choice, bool slow)
{
	g_assert(l->nr < KW_MAX_MOVES);
	l->m[l->nr++] = (struct kw_move){
		.type = (uint8_t)type, .way = (uint8_t)way,
		.actor = (uint16_t)a, .choice = (uint16_t)choice,
		.slow = slow,
	};
}

void kw_world_note_wait(const struct kw_world *w, const uint8_t *s,
			unsigned a)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];

	if (w->guards && w->node[st->pc] & KW_N_WAITS)
		kw_guards_wait(w->guards, w->learnt, s, a,
			       n->op == KW_OP_LOCK ?
			       st->regs[n->reg] + (unsigned)n->off : 0);
}

static void add_steps(const struct kw_world *w, uint8_t *s, unsigned a,
		      struct kw_list *l)
{
	unsigned pc = kw_block(w, s, a)->pc, way, ways = 1, k, forks = 1;
	const struct kw_node *n = &w->p->nodes[pc];
	bool slow = kw_world_is_slow(w, a, pc);
	unsigned addr;

	kw_world_note_wait(w, s, a);
	if (must_wait(w, s, a, &addr))
		return;
	if (w->node[pc] & KW_N_FORKS)
		forks = n->op == KW_OP_CHOICE ? n->next[1] : 2;
	if (w->memory)
		ways = kw_relaxed_ways(w->memory, s, a);
	/* Nobody has to read what is not the newest. */
	for (way = 0; way < ways; way++)
		for (k = 0; k < forks; k++)
			add(l, KW_STEP, a, way, k, slow || way);
}

static bool is_forcing(const struct kw_list *l, unsigned thread)
{
	unsigned i;

	for (i = 0; i < l->nr; i++)
		if (l->m[i].type == KW_FORCE && l->m[i].actor == thread)
			return true;
	return false;
}

static void add_handler(const struct kw_world *w, uint8_t *s, unsigned a,
			struct kw_list *l)
{
	const struct kw_actor *ac = &w->p->actors[a];
	const struct kw_actor_state *st = kw_block(w, s, a);
	bool host = ac->type == KW_HARDIRQ || ac->type == KW_PREEMPT;

	if (st->armed)
		add(l, KW_FIRE, a, 0, 0, false);
	if (!st->pend || st->run != KW_IDLE)
		return;
	if (kw_can_begin(w->p, s, a)) {
		add(l, KW_BEGIN, a, 0, 0, false);
	} else if (host && kw_block(w, s, ac->home)->run == KW_IN_GUEST &&
		   !is_forcing(l, ac->home)) {
		add(l, KW_FORCE, ac->home, 0, 0, false);
	}
}

/* May thread a be preempted, if its slice ends now? */
static void add_switch(const struct kw_world *w, const uint8_t *s, unsigned a,
		       struct kw_list *l)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	unsigned hook = w->preempt_of[a];
	const struct kw_actor_state *h;

	if (!s[w->budget_at] || hook == KW_NO_ACTOR)
		return;
	h = kw_block(w, s, hook);
	if (h->run != KW_IDLE || h->pend)
		return;
	if (st->run == KW_IN_GUEST ||
	    (st->run == KW_READY && !st->nest && !st->irq_off &&
	     !st->preempt))
		add(l, KW_SWITCH, a, 0, 0, true);
}

/* Buffered stores that may become visible now. */
void kw_world_flows(const struct kw_world *w, const uint8_t *s,
		    struct kw_list *l)
{
	unsigned cpu, k, nr;

	for (cpu = 0; cpu < kw_relaxed_nr_cpus(w->memory); cpu++) {
		nr = kw_relaxed_nr_buffered(w->memory, s, cpu);
		for (k = 0; k < nr; k++)
			if (kw_relaxed_can_drain(w->memory, s, cpu, k))
				add(l, KW_FLOW,
				    kw_relaxed_thread(w->memory, cpu), 0, k,
				    false);
	}
}

void kw_world_moves_of(const struct kw_world *w, uint8_t *s, unsigned a,
		       bool without_steps, struct kw_list *l)
{
	const struct kw_actor_state *st = kw_block(w, s, a);

	if (!without_steps && kw_world_can_step(w, s, a))
		add_steps(w, s, a, l);
	if (st->armed || st->pend)
		add_handler(w, s, a, l);
	if (w->opts.preemptions && w->p->actors[a].type == KW_THREAD)
		add_switch(w, s, a, l);
}

unsigned kw_world_nr_parts(const struct kw_world *w)
{
	return w->nr_actors + (w->memory != NULL);
}

unsigned kw_world_some_moves(const struct kw_world *w, uint8_t *s,
			     unsigned part, struct kw_move moves[KW_MAX_MOVES])
{
	struct kw_list l = { moves, 0 };

	if (part < w->nr_actors)
		kw_world_moves_of(w, s, part, false, &l);
	else
		kw_world_flows(w, s, &l);
	return l.nr;
}

unsigned kw_world_moves(const struct kw_world *w, uint8_t *s,
			struct kw_move moves[KW_MAX_MOVES])
{
	struct kw_list l = { moves, 0 };
	unsigned a;

	for (a = 0; a < w->nr_actors; a++)
		kw_world_moves_of(w, s, a, false, &l);
	if (w->memory)
		kw_world_flows(w, s, &l);
	return l.nr;
}

/* --- what a move does ------------------------------------------------- */

static inline void forget_register(struct moving *m, unsigned a,
				   struct kw_actor_state *st, unsigned reg)
{
	if (!st->regs[reg])
		return;
	st->regs[reg] = 0;
	m->seen->dirty |= kw_grains(m->w, m->w->p->actors[a].base +
					  sizeof(*st) + 2 * reg, 2);
}

/* Registers that were read or written at node from and are not from to on. */
static void forget(struct moving *m, unsigned a, struct kw_actor_state *st,
		   unsigned from, unsigned to)
{
	const struct kw_world *w = m->w;
	const struct kw_live *l = w->live;
	const uint64_t *had = l->had + (size_t)from * l->words;
	const uint64_t *in = l->in + (size_t)to * l->words;
	unsigned i, bit;
	uint64_t dead;

	for (i = 0; i < l->words; i++)
		for (dead = had[i] & ~in[i]; dead; dead &= dead - 1) {
			bit = 64 * i + (unsigned)__builtin_ctzll(dead);
			if (bit < l->nr_regs)
				forget_register(m, a, st, bit);
			else if (bit == kw_live_exit(l))
				st->exit = 0;
			else
				st->trap = 0;
		}
}

/* Of an actor that begins at its entry, what the entry does not read. */
static void forget_at_entry(const struct kw_world *w, uint8_t *s, unsigned a)
{
	struct kw_actor_state *st = kw_actor(w->p, s, a);
	const uint64_t *in = w->live->in + (size_t)st->pc * w->live->words;
	unsigned i;

	for (i = 0; i < w->p->actors[a].nr_regs; i++)
		if (!(in[i / 64] >> i % 64 & 1))
			st->regs[i] = 0;
}

static void clear_ended(const struct kw_world *w, uint8_t *s, unsigned a)
{
	struct kw_actor_state *st = kw_actor(w->p, s, a);

	st->pc = 0;
	st->exit = 0;
	st->trap = 0;
	memset(st->regs, 0, 2u * w->p->actors[a].nr_regs);
}

/* An exception, or its return: what was read early is read again. */
static void other_context(const struct kw_world *w, uint8_t *s, unsigned a)
{
	if (w->memory)
		kw_relaxed_switch(w->memory, s, a);
}

static void fail(struct moving *m, unsigned message)
{
	m->seen->failed = true;
	m->seen->message = (uint16_t)message;
}

static void observe(struct moving *m, unsigned a, const struct kw_done *done)
{
	if (m->observe)
		m->observe(m->arg, m->before, m->s, a, done);
}

static void execute(struct moving *m, const struct kw_move *move,
		    struct kw_done *done)
{
	const struct kw_world *w = m->w;
	struct kw_actor_state *st = kw_actor(w->p, m->s, move->actor);
	const struct kw_node *n = &w->p->nodes[st->pc];
	bool arch = w->node[st->pc] & KW_N_ARCH;
	unsigned addr = st->regs[n->reg] + n->off;
	unsigned was = arch ? kw_get16(m->s, addr) : 0;

	if (m->observe)
		memcpy(m->before, m->s, kw_world_size(w));
	if (w->guards && !m->touched)
		kw_guards_touch(w->guards, w->learnt, m->s, move->actor,
				false);
	m->touched = false;
	m->seen->dirty |= kw_step_grains(w, m->s, move->actor);
	if (arch)
		m->seen->dirty |= w->flags_grains;
	if (w->memory)
		kw_relaxed_step(w->memory, m->s, move->actor, move->way,
				move->choice, done);
	else
		kw_step_inline(w->p, m->s, move->actor, move->choice, NULL,
			       done);
	if (arch && kw_get16(m->s, addr) != was)
		kw_flags_arch(w, m->s, m->seen);
}

/* Does an invariant fail with this step? */
static void check(struct moving *m, unsigned a, unsigned node,
		  const struct kw_done *done)
{
	const struct kw_world *w = m->w;
	bool entered = done->effect == KW_EFF_ENTER;

	if (w->checks && (entered || (w->node[node] & KW_N_CHECK)))
		kw_slots_check(w, m->s, entered ? w->vcpu_of[a] : -1,
			       m->seen);
}

/* One machine step of an actor; false when it may not simply go on. */
static bool step(struct moving *m, const struct kw_move *move)
{
	const struct kw_world *w = m->w;
	unsigned a = move->actor;
	struct kw_actor_state *st = kw_actor(w->p, m->s, a);
	unsigned from = st->pc;
	struct kw_done done = { 0 };
	bool is_kick = w->p->nodes[from].op == KW_OP_WAKE;

	m->seen->raced |= kw_world_races(w, m->s, a);
	m->seen->sticky |= w->footprint && w->footprint->sticky[from];

	execute(m, move, &done);
	g_assert(done.effect != KW_EFF_BLOCKED);
	observe(m, a, &done);
	if (done.effect == KW_EFF_FAIL)
		fail(m, done.val);
	else if (done.effect == KW_EFF_END)
		clear_ended(w, m->s, a);
	else
		forget(m, a, st, from, st->pc);
	if (done.effect != KW_EFF_NONE) {
		m->seen->dirty |= w->flags_grains;
		if (done.effect == KW_EFF_ENTER ||
		    done.effect == KW_EFF_EXIT || done.effect == KW_EFF_END)
			other_context(w, m->s, a);
		kw_flags_effect(w, m->s, a, &done, m->seen);
	}
	if (w->opts.row && w->opts.per_kick && is_kick) {
		m->seen->dirty |= w->flags_grains;
		kw_flags_kick(w, m->s, done.addr);
	}
	check(m, a, from, &done);
	if (done.effect == KW_EFF_WAKE || done.effect == KW_EFF_EXIT)
		m->also = done.actor + 1;
	return done.effect != KW_EFF_FAIL &&
	       done.effect != KW_EFF_END;
}

/* Could a handler run on a's CPU now, before its next step? */
static bool may_be_interrupted(const struct kw_world *w, const uint8_t *s,
			       unsigned a)
{
	const struct kw_actor *ac = &w->p->actors[a];

	switch ((enum kw_actor_type)ac->type) {
	case KW_THREAD:
		return w->interrupted[a] && !kw_block(w, s, a)->irq_off;
	case KW_GUEST:
	case KW_VIRQ:
		return true;
	case KW_HARDIRQ:
	case KW_PREEMPT:
	case KW_HW:
		break;
	}
	return false;
}

/* Can nobody tell when a's next step is done? */
static bool is_hidden(struct moving *m, unsigned a)
{
	const struct kw_world *w = m->w;
	const struct kw_actor_state *st = kw_block(w, m->s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];

	if (w->memory && !kw_relaxed_ways(w->memory, m->s, a))
		return false;
	if (w->node[st->pc] & KW_N_PRIVATE)
		return !kw_world_is_slow(w, a, st->pc);
	if (w->memory && kw_relaxed_hides(w->memory, m->s, a))
		return !may_be_interrupted(w, m->s, a);
	if (!w->guards || (w->memory &&
			   !kw_relaxed_in_place(w->memory, m->s, a)))
		return false;
	/* A guest may be left for ever while it holds the lock. */
	if (n->op == KW_OP_UNLOCK)
		return w->p->actors[a].type != KW_GUEST &&
		       w->p->actors[a].type != KW_VIRQ &&
		       kw_guards_unlock(w->guards, w->learnt, st->regs[n->reg] +
					(unsigned)n->off, st->irq_off);
	if (!(w->node[st->pc] & KW_N_DATA) || (w->node[st->pc] & KW_N_SEEN) ||
	    !kw_guards_touch(w->guards, w->learnt, m->s, a, true))
		return false;
	m->touched = true;
	return true;
}

/* Hidden steps of a, as far as they go. */
static void fold(struct moving *m, unsigned a)
{
	const struct kw_move on = { .type = KW_STEP, .actor = (uint16_t)a };
	unsigned i;

	for (i = 0; i < MAX_FOLD && kw_world_can_step(m->w, m->s, a); i++)
		if (!is_hidden(m, a) || !step(m, &on))
			return;
}

static void flow(struct moving *m, const struct kw_move *move)
{
	const struct kw_world *w = m->w;

	kw_relaxed_drain(w->memory, m->s,
			 kw_relaxed_cpu(w->memory, move->actor), move->choice);
}

static void begin(struct moving *m, unsigned h)
{
	const struct kw_world *w = m->w;

	m->seen->dirty |= kw_begin_grains(w, h);
	kw_begin(w->p, m->s, h);
	m->seen->progress |= w->p->actors[h].type == KW_VIRQ;
	forget_at_entry(w, m->s, h);
	other_context(w, m->s, h);
}

static void fire(struct moving *m, unsigned h)
{
	m->seen->dirty |= kw_begin_grains(m->w, h);
	kw_fire(m->w->p, m->s, h);
	/* Hardware needs nobody's leave to begin. */
	if (m->w->p->actors[h].type == KW_HW &&
	    kw_can_begin(m->w->p, m->s, h))
		begin(m, h);
}

static void force(struct moving *m, unsigned t)
{
	const struct kw_world *w = m->w;

	m->seen->dirty |= kw_begin_grains(w, t);
	other_context(w, m->s, t);
	kw_force_exit(w->p, m->s, t);
	m->seen->woken = w->vcpu_of[t];
}

static void preempt(struct moving *m, unsigned t)
{
	const struct kw_world *w = m->w;
	unsigned hook = w->preempt_of[t];

	m->seen->dirty |= w->flags_grains | kw_begin_grains(w, hook);
	m->s[w->budget_at]--;
	kw_actor(w->p, m->s, hook)->pend = 1;
	if (kw_block(w, m->s, t)->run == KW_READY)
		begin(m, hook);
	else
		force(m, t);
}

static void apply(struct moving *m, const struct kw_move *move)
{
	const struct kw_world *w = m->w;
	unsigned a = move->actor;

	*m->seen = (struct kw_seen_by_move){ .spurious = -1, .row = -1,
					     .woken = -1 };
	switch ((enum kw_move_type)move->type) {
	case KW_STEP:
		step(m, move);
		break;
	case KW_FLOW:
		flow(m, move);
		break;
	case KW_BEGIN:
		begin(m, a);
		break;
	case KW_FIRE:
		fire(m, a);
		break;
	case KW_FORCE:
		force(m, a);
		break;
	case KW_SWITCH:
		preempt(m, a);
		a = w->preempt_of[a];
		break;
	}
	m->seen->sticky |= move->type != KW_STEP && move->type != KW_FLOW;
	if (w->checks && move->type != KW_STEP)
		kw_slots_check(w, m->s, -1, m->seen);
	if (w->opts.fold && !m->seen->failed)
		fold(m, a);
	if (w->opts.fold && !m->seen->failed && m->also)
		fold(m, m->also - 1);
	if (w->memory) {
		kw_relaxed_tidy(w->memory, m->s);
		m->seen->dirty = ~UINT64_C(0);
	}
	kw_flags_seen(w, m->s, m->seen);
}

void kw_world_apply(const struct kw_world *w, uint8_t *s,
		    const struct kw_move *move, struct kw_seen_by_move *seen)
{
	struct moving m = { .w = w, .s = s, .seen = seen };

	apply(&m, move);
	g_free(m.before);
}

void kw_world_watch(const struct kw_world *w, uint8_t *s,
		    const struct kw_move *move, struct kw_seen_by_move *seen,
		    kw_world_observer see, void *arg)
{
	struct moving m = {
		.w = w, .s = s, .seen = seen, .observe = see, .arg = arg,
		.before = g_malloc(kw_world_size(w)),
	};

	apply(&m, move);
	g_free(m.before);
}

void kw_world_watch_start(const struct kw_world *w, uint8_t *s,
			  kw_world_observer see, void *arg)
{
	const struct kw_program *p = w->p;
	struct kw_seen_by_move seen = { .spurious = -1, .row = -1 };
	struct moving m = {
		.w = w, .s = s, .seen = &seen, .observe = see, .arg = arg,
		.before = g_malloc(kw_world_size(w)),
	};
	unsigned a;

	memset(s, 0, kw_world_size(w));
	memcpy(s, p->init, p->state_size);
	if (w->memory)
		kw_relaxed_start(w->memory, s);
	s[w->budget_at] = (uint8_t)w->opts.preemptions;
	for (a = 0; a < w->nr_actors; a++) {
		if (!p->actors[a].autostart)
			continue;
		kw_begin(p, s, a);
		kw_actor(p, s, p->actors[a].home)->nest = 0;
		forget_at_entry(w, s, a);
	}
	kw_flags_start(w, s);
	for (a = 0; w->opts.fold && a < w->nr_actors; a++)
		fold(&m, a);
	if (w->memory)
		kw_relaxed_tidy(w->memory, s);
	g_free(m.before);
}

void kw_world_start(const struct kw_world *w, uint8_t *s)
{
	kw_world_watch_start(w, s, NULL, NULL);
}

bool kw_world_was_wrong(const struct kw_world *w)
{
	bool wrong = false;

	if (w->guards) {
		kw_guards_learn(w->guards, w->learnt);
		wrong = w->guards->wrong;
		w->guards->wrong = false;
	}
	if (w->memory)
		wrong |= kw_relaxed_was_wrong(w->memory);
	return wrong;
}

bool kw_world_was_bounded(const struct kw_world *w)
{
	return w->memory && kw_relaxed_was_bounded(w->memory);
}

bool kw_world_is_weak(const struct kw_world *w)
{
	return w->memory;
}

unsigned kw_world_flows_as(const struct kw_world *w, unsigned a)
{
	unsigned cpu = w->memory ? kw_relaxed_cpu(w->memory, a) : 0;

	return w->memory && cpu < kw_relaxed_nr_cpus(w->memory) ?
		kw_relaxed_thread(w->memory, cpu) : a;
}

void kw_world_begin(const struct kw_world *w)
{
	if (w->memory)
		kw_relaxed_begin(w->memory);
}

unsigned kw_world_blocked(const struct kw_world *w, uint8_t *s,
			  unsigned *addr)
{
	unsigned a;

	for (a = 0; a < w->nr_actors; a++)
		if (kw_world_can_step(w, s, a) && must_wait(w, s, a, addr))
			return a + 1;
	return 0;
}
