/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the rest of a thread can still do, at each instruction.
 *
 * Jumps go forward, so one pass from the end is enough.
 */
#include "code.h"

/* The variables that an address may be of. */
static uint64_t targets(const struct kw_litmus *l, unsigned node)
{
	const struct kw_lit_node *n = kw_lit_node(l, node);
	int v;

	if (n->op != KW_N_CONST)
		return l->escaped;
	v = kw_lit_variable(n->value, l->vars->len);
	return v < 0 ? 0 : UINT64_C(1) << v;
}

static uint64_t used(const struct kw_litmus *l, unsigned node)
{
	return kw_lit_node(l, node)->regs;
}

static void join(struct kw_lit_insn *insn, const struct kw_lit_insn *next)
{
	insn->reads |= next->reads;
	insn->writes |= next->writes;
	insn->ordered |= next->ordered;
	insn->live |= next->live;
	insn->loads_order |= next->loads_order;
	insn->stores_order |= next->stores_order;
}

static void own_effect(const struct kw_litmus *l, struct kw_lit_insn *i)
{
	switch (i->op) {
	case KW_I_LOAD:
		if (i->flags & KW_WEAK_ACQUIRE)
			i->ordered |= i->reads;
		if (kw_lit_node(l, i->addr)->op != KW_N_CONST)
			i->ordered |= targets(l, i->addr);
		i->reads |= targets(l, i->addr);
		i->live |= used(l, i->addr);
		break;
	case KW_I_STORE:
		i->writes |= targets(l, i->addr);
		i->live |= used(l, i->addr) | used(l, i->val);
		i->loads_order |= i->flags & KW_WEAK_UNLOCK;
		break;
	case KW_I_RMW:
	case KW_I_LOCK:
		if (i->order != KW_WEAK_RMW_RELAXED &&
		    i->order != KW_WEAK_RMW_RELEASE)
			i->ordered |= i->reads;
		i->reads |= targets(l, i->addr);
		i->writes |= targets(l, i->addr);
		i->live |= used(l, i->addr) | used(l, i->val) |
			   used(l, i->expected);
		i->loads_order |= i->order == KW_WEAK_RMW_LOCK;
		break;
	case KW_I_SET:
	case KW_I_JUMPZ:
		i->live |= used(l, i->val);
		break;
	case KW_I_GP:
		i->reads = i->ordered = UINT64_MAX;
		i->loads_order = i->stores_order = true;
		break;
	case KW_I_MB:
		i->ordered |= i->reads;
		i->loads_order = i->stores_order = true;
		break;
	case KW_I_RMB:
		i->ordered |= i->reads;
		i->loads_order = true;
		break;
	case KW_I_RCU_LOCK:
		i->ordered |= i->reads;
		break;
	case KW_I_GP_WAIT:
		i->live |= UINT64_C(1) << i->dst;
		i->ordered |= i->reads;
		i->loads_order = i->stores_order = true;
		break;
	default:
		break;
	}
}

static uint64_t asked(const struct kw_litmus *l, unsigned t)
{
	uint64_t regs = 0;
	unsigned i;

	for (i = 0; i < l->shown->len; i++) {
		const struct kw_lit_loc *loc =
			&g_array_index(l->shown, struct kw_lit_loc, i);

		if (loc->thread == (int)t)
			regs |= UINT64_C(1) << loc->index;
	}
	for (i = 0; i < l->conds->len; i++) {
		const struct kw_lit_cond *c =
			&g_array_index(l->conds, struct kw_lit_cond, i);

		if (c->op != KW_C_EQ && c->op != KW_C_EQ_LOC)
			continue;
		if (c->loc.thread == (int)t)
			regs |= UINT64_C(1) << c->loc.index;
		if (c->op == KW_C_EQ_LOC && c->other.thread == (int)t)
			regs |= UINT64_C(1) << c->other.index;
	}
	return regs;
}

/* A value that nobody will use is not computed: it depends on nothing. */
static void skip_unused(struct kw_lit_insn *insn, unsigned pc)
{
	if (insn->op != KW_I_SET || (insn->live >> insn->dst & 1))
		return;
	insn->op = KW_I_JUMP;
	insn->target = (uint16_t)(pc + 1);
	insn->dst = KW_LIT_NONE;
}

void kw_lit_analyse(struct kw_litmus *l)
{
	unsigned t, pc;

	for (t = 0; t < l->nr_threads; t++) {
		struct kw_lit_thread *th = &l->threads[t];

		for (pc = th->insns->len; pc--;) {
			struct kw_lit_insn *insn = kw_lit_insn(l, t, pc);

			if (insn->op == KW_I_END)
				insn->live = asked(l, t);
			else if (insn->op != KW_I_JUMP)
				join(insn, insn + 1);
			if (insn->op == KW_I_JUMP || insn->op == KW_I_JUMPZ)
				join(insn, kw_lit_insn(l, t, insn->target));
			skip_unused(insn, pc);
			if (insn->dst != KW_LIT_NONE)
				insn->live &= ~(UINT64_C(1) << insn->dst);
			own_effect(l, insn);
			th->nr_stores += insn->op == KW_I_STORE;
			th->nr_readers += insn->op == KW_I_RCU_LOCK;
			th->nr_messages += insn->op == KW_I_STORE ||
					   insn->op == KW_I_RMW ||
					   insn->op == KW_I_LOCK;
		}
	}
}
