/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a step that concerns nobody at once makes of the state,
 * without making it: which words change, and to what.
 *
 * Invariant: for what kw_quick_step() answers, it answers what world.c would
 * (tests/explore compares them move by move); all else it leaves to that.
 */
#include "expand.h"
#include "inside.h"

enum {				/* how a node is done here */
	SLOW, OWN, STORE_REF, RETURN, LOCK, DEACTIVATE, SWITCH, WAKE,
	/* of a byte */
	LOAD, LOAD_FLAG, LOAD_MASK, STORE, SET_MASK, CLEAR_MASK,
	/* ... where its value says what follows */
	XCHG, CMPXCHG,
};

static unsigned how(const struct kw_node *n)
{
	switch ((enum kw_op)n->op) {
	case KW_OP_MB:
	case KW_OP_WMB:
	case KW_OP_RMB:
	case KW_OP_JUMP:
	case KW_OP_YIELD:
	case KW_OP_DELAY:
	case KW_OP_BURN:
	case KW_OP_LOAD_REF:
	case KW_OP_LEA:
	case KW_OP_REF_EQ:
	case KW_OP_CALL:
	case KW_OP_IRQ_OFF:
	case KW_OP_IRQ_ON:
	case KW_OP_PREEMPT_OFF:
	case KW_OP_PREEMPT_ON:
		return OWN;
	case KW_OP_LOAD:
		return LOAD;
	case KW_OP_LOAD_FLAG:
		return LOAD_FLAG;
	case KW_OP_LOAD_MASK:
		return LOAD_MASK;
	case KW_OP_STORE:
		return STORE;
	case KW_OP_SET_MASK:
	case KW_OP_TEST_AND_SET:
		return SET_MASK;
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_CLEAR:
		return CLEAR_MASK;
	case KW_OP_XCHG:
		return XCHG;
	case KW_OP_CMPXCHG:
		return CMPXCHG;
	case KW_OP_STORE_REF:
		return STORE_REF;
	case KW_OP_RETURN:
		return RETURN;
	case KW_OP_LOCK:
	case KW_OP_UNLOCK:
		return LOCK;
	case KW_OP_DEACTIVATE:
		return DEACTIVATE;
	case KW_OP_SWITCH:
		return SWITCH;
	case KW_OP_WAKE:
		return WAKE;
	default:
		return SLOW;
	}
}

void kw_quick_init(struct kw_world *w)
{
	unsigned i;

	w->quick = g_new0(uint8_t, w->p->nr_nodes);
	w->folds = g_new0(bool, w->p->nr_nodes);
	w->alone = g_new0(bool, w->p->nr_actors);
	for (i = 0; i < w->p->nr_actors; i++)
		w->alone[i] = w->p->actors[i].type != KW_GUEST &&
			      w->p->actors[i].type != KW_VIRQ;
	if (w->memory || w->live->words != 1)
		return;
	for (i = 0; i < w->p->nr_nodes; i++) {
		w->quick[i] = (w->node[i] & (KW_N_CHECK | KW_N_GUARDED)) ||
			      (w->opts.per_kick &&
			       w->p->nodes[i].op == KW_OP_WAKE) ?
				      SLOW : (uint8_t)how(&w->p->nodes[i]);
		w->folds[i] = w->opts.fold &&
			      (w->node[i] & (KW_N_PRIVATE | KW_N_DATA) ||
			       w->p->nodes[i].op == KW_OP_UNLOCK);
	}
}

/* The words that change so far, and to what. */
struct making {
	const uint8_t *s;
	unsigned nr;
	uint32_t place[KW_QUICK_CHANGES];
	uint64_t word[KW_QUICK_CHANGES];
};

static inline uint64_t *word(struct making *m, unsigned addr)
{
	unsigned place = addr / 8, i;

	for (i = 0; i < m->nr; i++)
		if (m->place[i] == place)
			return &m->word[i];
	m->place[i] = place;
	m->word[i] = kw_word_at(m->s, place);
	m->nr++;
	return &m->word[i];
}

static inline void set(struct making *m, unsigned addr, const void *from,
		       unsigned len)
{
	memcpy((uint8_t *)word(m, addr) + addr % 8, from, len);
}

static inline void set8(struct making *m, unsigned addr, unsigned value)
{
	uint8_t v = (uint8_t)value;

	set(m, addr, &v, 1);
}

static inline void set16(struct making *m, unsigned addr, unsigned value)
{
	uint16_t v = (uint16_t)value;

	set(m, addr, &v, 2);
}

/* Registers that were read or written at node from and are not from to on. */
static void forget(const struct kw_world *w, struct making *m, unsigned base,
		   uint64_t dead)
{
	const struct kw_live *l = w->live;
	unsigned bit, at;

	for (; dead; dead &= dead - 1) {
		bit = (unsigned)__builtin_ctzll(dead);
		at = base + (bit < l->nr_regs ?
				     offsetof(struct kw_actor_state, regs) +
					     2 * bit :
			     bit == kw_live_exit(l) ?
				     offsetof(struct kw_actor_state, exit) :
				     offsetof(struct kw_actor_state, trap));
		if (bit == kw_live_exit(l))
			set8(m, at, 0);
		else if (kw_get16(m->s, at) ||
			 bit == w->p->nodes[kw_get16(m->s, base)].dst)
			set16(m, at, 0);
	}
}

static unsigned many(const struct kw_program *p, const struct kw_node *n,
		     unsigned k)
{
	return p->succ[n->next[0] + k];
}

#define NOT_HERE	UINT_MAX	/* world.c does it */

/* See kw_deactivate(). */
static unsigned deactivate(struct making *m, const struct kw_node *n,
			   unsigned task)
{
	if (m->s[task + KW_TASK_STATE] == KW_TASK_RUNNING)
		return n->next[0];
	if (m->s[task + KW_TASK_SIGPENDING]) {
		set8(m, task + KW_TASK_STATE, KW_TASK_RUNNING);
		return n->next[0];
	}
	set8(m, task + KW_TASK_ON_RQ, 0);
	return n->next[1];
}

/* Loads and stores of bytes; returns the next node. */
static unsigned step_byte(const struct kw_world *w, struct making *m,
			  unsigned pc, unsigned at)
{
	const struct kw_node *n = &w->p->nodes[pc];
	unsigned old = m->s[at], new = old;

	switch (w->quick[pc]) {
	case LOAD:
		return many(w->p, n, old - n->val);
	case LOAD_FLAG:
		return n->next[old != 0];
	case LOAD_MASK:
		return n->next[(old & n->val) != 0];
	case STORE:
	case XCHG:
		new = n->val & 0xff;
		break;
	case SET_MASK:
		new = (old | n->val) & 0xff;
		break;
	case CLEAR_MASK:
		new = old & ~(unsigned)n->val;
		break;
	case CMPXCHG:
		new = old == (n->val & 0xffu) ? n->val >> 8 : old;
		break;
	}
	if (new != old && (w->node[pc] & KW_N_ARCH))
		return NOT_HERE;
	if (new != old)
		set8(m, at, new);
	if (w->quick[pc] >= XCHG)
		return many(w->p, n, old);
	return n->next[kw_op_outcomes[n->op] == KW_TWO && (old & n->val)];
}

#define AT(field)	(base + offsetof(struct kw_actor_state, field))
#define REG(r)		(AT(regs) + 2u * (r))

/* What concerns the actor's own block. */
static unsigned step_own(struct making *m, const struct kw_node *n,
			 unsigned base, unsigned at)
{
	const struct kw_actor_state *st = (const void *)(m->s + base);

	switch (n->op) {
	case KW_OP_LOAD_REF:
		set16(m, REG(n->dst), kw_get16(m->s, at));
		break;
	case KW_OP_LEA:
		set16(m, REG(n->dst), at);
		break;
	case KW_OP_REF_EQ:
		return n->next[at == st->regs[n->dst]];
	case KW_OP_CALL:
		set16(m, REG(n->dst), n->val);
		break;
	case KW_OP_IRQ_OFF:
	case KW_OP_IRQ_ON:
		set8(m, AT(irq_off), n->op == KW_OP_IRQ_OFF);
		break;
	case KW_OP_PREEMPT_OFF:
		set8(m, AT(preempt), st->preempt + 1u);
		break;
	case KW_OP_PREEMPT_ON:
		set8(m, AT(preempt), st->preempt - 1u);
		break;
	default:
		break;
	}
	return n->next[0];
}

static unsigned lock(struct making *m, const struct kw_node *n, unsigned a,
		     unsigned base, unsigned at)
{
	const struct kw_actor_state *st = (const void *)(m->s + base);
	bool locks = n->op == KW_OP_LOCK;

	if (locks && kw_get16(m->s, at))
		return NOT_HERE;
	set16(m, at, locks ? a + 1 : 0);
	if (!n->val)
		set8(m, AT(preempt), st->preempt + (locks ? 1u : ~0u));
	return n->next[0];
}

/* Returns the next node. */
static unsigned step(const struct kw_world *w, struct making *m, unsigned a,
		     const struct kw_actor_state *st)
{
	const struct kw_program *p = w->p;
	const struct kw_node *n = &p->nodes[st->pc];
	unsigned at = (st->regs[n->reg] + (unsigned)n->off) & 0xffff;
	const uint8_t *s = m->s;

	if (!st->regs[n->reg] && n->reg && kw_op_follows(n->op))
		return NOT_HERE;
	if (w->quick[st->pc] >= LOAD)
		return step_byte(w, m, st->pc, at);
	switch (w->quick[st->pc]) {
	case OWN:
		return step_own(m, n, p->actors[a].base, at);
	case STORE_REF:
		if (w->node[st->pc] & KW_N_ARCH)
			return NOT_HERE;
		set16(m, at, st->regs[n->dst]);
		return n->next[0];
	case RETURN:
		return p->succ[p->points[st->regs[n->dst]] + n->val];
	case LOCK:
		return lock(m, n, a, p->actors[a].base, at);
	case DEACTIVATE:
		return deactivate(m, n, at);
	case SWITCH:
		return s[at + KW_TASK_ON_RQ] ? n->next[0] : NOT_HERE;
	case WAKE:
		return kw_get16(s, at + KW_TASK_THREAD) &&
			       s[at + KW_TASK_STATE] != KW_TASK_RUNNING ?
			       NOT_HERE : n->next[0];
	default:
		return NOT_HERE;
	}
}

int kw_quick_step(const struct kw_world *w, const uint8_t *s, unsigned a,
		  struct kw_change *c, uint64_t *adds)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	struct making m;
	unsigned to, i;
	uint64_t was, dead;
	int nr = 0;

	m.s = s;
	m.nr = 0;
	to = step(w, &m, a, st);
	if (to == NOT_HERE || w->folds[to])
		return -1;
	if (w->guards) {
		kw_guards_touch(w->guards, w->learnt, s, a, false);
		kw_world_note_wait(w, s, a);
	}
	set16(&m, w->p->actors[a].base, to);
	dead = w->live->had[st->pc] & ~w->live->in[to];
	if (dead)
		forget(w, &m, w->p->actors[a].base, dead);
	for (i = 0; i < m.nr; i++) {
		was = kw_word_at(s, m.place[i]);
		if (was == m.word[i])
			continue;
		*adds += kw_word_hash(m.place[i], m.word[i]) -
			 kw_word_hash(m.place[i], was);
		c[nr++] = (struct kw_change){ m.place[i], was ^ m.word[i] };
	}
	return nr;
}

unsigned kw_quick_spans(const struct kw_world *w, const uint8_t *s, unsigned a,
			struct kw_span spans[KW_QUICK_SPANS])
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];
	unsigned at = (st->regs[n->reg] + (unsigned)n->off) & 0xffff;
	unsigned how = w->quick[st->pc];

	if (how >= LOAD) {
		spans[0] = (struct kw_span){ at, 1 };
		return 1;
	}
	switch (how) {
	case DEACTIVATE:
		spans[2] = (struct kw_span){ at + KW_TASK_SIGPENDING, 1 };
		spans[1] = (struct kw_span){ at + KW_TASK_STATE, 1 };
		/* fallthrough */
	case SWITCH:
		spans[0] = (struct kw_span){ at + KW_TASK_ON_RQ, 1 };
		return how == SWITCH ? 1 : 3;
	case WAKE:
		spans[0] = (struct kw_span){ at + KW_TASK_THREAD, 2 };
		spans[1] = (struct kw_span){ at + KW_TASK_STATE, 1 };
		return 2;
	case STORE_REF:
	case LOCK:
		spans[0] = (struct kw_span){ at, 2 };
		return 1;
	case OWN:
		spans[0] = (struct kw_span){ at, 2 };
		return n->op == KW_OP_LOAD_REF;
	default:
		return 0;
	}
}
