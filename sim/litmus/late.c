/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which loads may be late: satisfied after younger stores of their
 * thread (load buffering; arm64 only).
 *
 * A late load is a bit of the thread's word of late loads; its thread goes on
 * until an instruction has to come after it.  What it is moved behind,
 * instruction by instruction, is what neither LKMM nor arm64 orders after a
 * load: other loads, stores that are no release, relaxed and acquire atomics,
 * branches, smp_wmb() and the beginning of an RCU reader, all of them of
 * other variables and of values and addresses in which the load has no part.
 * Hence an execution with late loads is one of a program that says them
 * later, and no relation of LKMM tells the two programs apart.
 *
 * Plain accesses stay where they are, and so does all of a test that has
 * any: races are asked of neighbours.
 */
#include "search.h"

static uint64_t bit(unsigned reg)
{
	return reg == KW_LIT_NONE ? 0 : UINT64_C(1) << reg;
}

static uint64_t used(const struct kw_litmus *l, unsigned node)
{
	return kw_lit_node(l, node)->regs;
}

static bool has_address(const struct kw_lit_insn *i)
{
	return i->op <= KW_I_LOCK;
}

/* Is it of a kind that nothing older may pass? */
static bool waits(const struct kw_litmus *l, const struct kw_lit_insn *i)
{
	switch (i->op) {
	case KW_I_LOAD:
	case KW_I_SET:
	case KW_I_JUMPZ:
	case KW_I_JUMP:
	case KW_I_WMB:
	case KW_I_RCU_LOCK:
		return false;
	case KW_I_RCU_UNLOCK:
		return l->has_gp;
	case KW_I_STORE:
		return i->flags & KW_WEAK_RELEASE;
	case KW_I_RMW:
		return i->order != KW_WEAK_RMW_RELAXED &&
		       i->order != KW_WEAK_RMW_ACQUIRE;
	default:
		return true;
	}
}

/* Whether i has to come after load, if they are of different variables. */
static bool follows(const struct kw_litmus *l, const struct kw_lit_insn *load,
		    const struct kw_lit_insn *i)
{
	uint64_t reads = 0;

	if (waits(l, i))
		return true;
	if (has_address(i))
		reads |= used(l, i->addr);
	if (i->op == KW_I_STORE || i->op == KW_I_SET || i->op == KW_I_JUMPZ ||
	    i->op == KW_I_RMW)
		reads |= used(l, i->val);
	if (i->op == KW_I_RMW)
		reads |= used(l, i->expected);
	return (reads & bit(load->dst)) ||
	       (bit(i->dst) & (bit(load->dst) | used(l, load->addr)));
}

/* Can a store come before load, from pc on?  Jumps go forward. */
static bool is_overtaken(const struct kw_litmus *l, unsigned t,
			 const struct kw_lit_insn *load, unsigned pc)
{
	for (;; pc++) {
		const struct kw_lit_insn *i = kw_lit_insn(l, t, pc);

		if (follows(l, load, i))
			return false;
		if (i->op == KW_I_STORE || i->op == KW_I_RMW)
			return true;
		if (i->op == KW_I_JUMPZ &&
		    is_overtaken(l, t, load, i->target))
			return true;
		if (i->op == KW_I_JUMP)
			pc = i->target - 1u;
	}
}

void kw_lit_find_late(struct kw_litmus *l)
{
	unsigned t, pc;

	for (t = 0; t < l->nr_threads && !l->has_plain; t++) {
		struct kw_lit_thread *th = &l->threads[t];

		for (pc = 0; pc < th->insns->len; pc++) {
			struct kw_lit_insn *i = kw_lit_insn(l, t, pc);

			if (i->op != KW_I_LOAD ||
			    th->nr_late == KW_LIT_MAX_LATE ||
			    (i->flags & KW_WEAK_ACQUIRE) ||
			    !is_overtaken(l, t, i, pc + 1))
				continue;
			th->late[th->nr_late++] = (uint16_t)pc;
			i->late = (uint16_t)th->nr_late;
			l->has_late = true;
		}
	}
}

static const struct kw_lit_insn *late_insn(const struct kw_lit_search *s,
					   unsigned t, unsigned i)
{
	return kw_lit_insn(s->l, t, s->l->threads[t].late[i]);
}

bool kw_lit_may_be_late(struct kw_lit_search *s, const uint16_t *state,
			unsigned t)
{
	return s->late && kw_lit_at(s, state, t)->op == KW_I_LOAD &&
	       kw_lit_at(s, state, t)->late;
}

void kw_lit_make_late(struct kw_lit_search *s, uint16_t *state, unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);

	state[s->late + t] |= (uint16_t)(1u << (insn->late - 1));
	kw_lit_set_reg(s, state, t, insn->dst, 0, 0);
	state[t]++;
}

bool kw_lit_waits_for_late(struct kw_lit_search *s, uint16_t *state,
			   unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	unsigned late = s->late ? state[s->late + t] : 0;

	for (; late; late &= late - 1) {
		const struct kw_lit_insn *load =
			late_insn(s, t, (unsigned)__builtin_ctz(late));

		if (follows(s->l, load, insn) ||
		    (has_address(insn) &&
		     kw_lit_target(s, state, t, insn) ==
		     kw_lit_target(s, state, t, load)))
			return true;
	}
	return false;
}

uint64_t kw_lit_late_vars(struct kw_lit_search *s, uint16_t *state,
			  unsigned t)
{
	unsigned late = s->late ? state[s->late + t] : 0;
	uint64_t vars = 0;

	for (; late; late &= late - 1)
		vars |= UINT64_C(1) << kw_lit_target(s, state, t,
			late_insn(s, t, (unsigned)__builtin_ctz(late)));
	return vars;
}

uint64_t kw_lit_late_regs(const struct kw_lit_search *s,
			  const uint16_t *state, unsigned t)
{
	unsigned late = s->late ? state[s->late + t] : 0;
	uint64_t regs = 0;

	for (; late; late &= late - 1)
		regs |= used(s->l, late_insn(s, t,
				(unsigned)__builtin_ctz(late))->addr);
	return regs;
}

const struct kw_lit_insn *kw_lit_late_load(const struct kw_lit_search *s,
					   const uint16_t *state, unsigned t,
					   unsigned i)
{
	if (!s->late || !(state[s->late + t] >> i & 1))
		return NULL;
	return late_insn(s, t, i);
}
