/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides who may step and what beginning, firing and leaving mean.
 *
 * Invariants: an actor that is nested on (nest != 0) does not step; a
 * handler is READY exactly while its home's nest names it; a thread is
 * IN_GUEST exactly while its guest, or what nests on that, may step.
 */
#include "machine.h"
#include "step.h"

void kw_step(const struct kw_program *p, uint8_t *s, unsigned a,
	     unsigned choice, struct kw_clock *clock, struct kw_done *done)
{
	kw_step_inline(p, s, a, choice, clock, done);
}

static void set_args(const struct kw_actor *ac, struct kw_actor_state *st)
{
	unsigned i;

	for (i = 0; i < ac->nr_args; i++)
		st->regs[ac->arg_reg[i]] = ac->arg_val[i];
}

void kw_begin(const struct kw_program *p, uint8_t *s, unsigned handler)
{
	const struct kw_actor *ac = &p->actors[handler];
	struct kw_actor_state *st = kw_actor(p, s, handler);

	st->pend = 0;
	st->run = KW_READY;
	st->pc = ac->entry;
	set_args(ac, st);
	if (ac->home != handler)
		kw_actor(p, s, ac->home)->nest = (uint16_t)(handler + 1);
}

void kw_fire(const struct kw_program *p, uint8_t *s, unsigned handler)
{
	struct kw_actor_state *st = kw_actor(p, s, handler);

	st->armed = 0;
	st->pend = 1;
}

void kw_force_exit(const struct kw_program *p, uint8_t *s, unsigned thread)
{
	struct kw_actor_state *st = kw_actor(p, s, thread);

	st->exit = 0;
	st->run = KW_READY;
}

bool kw_can_begin(const struct kw_program *p, uint8_t *s, unsigned handler)
{
	const struct kw_actor *ac = &p->actors[handler];
	const struct kw_actor_state *st = kw_actor(p, s, handler);
	const struct kw_actor_state *home = kw_actor(p, s, ac->home);

	if (!st->pend || st->run != KW_IDLE)
		return false;
	switch ((enum kw_actor_type)ac->type) {
	case KW_HW:
	case KW_THREAD:
		return true;
	case KW_VIRQ:
		return !home->irq_off && !home->nest &&
		       kw_actor(p, s, p->actors[ac->home].home)->run ==
			       KW_IN_GUEST;
	case KW_PREEMPT:
		return !home->irq_off && !home->nest && !home->preempt &&
		       home->run == KW_READY;
	case KW_HARDIRQ:
		return !home->nest && home->run != KW_IN_GUEST &&
		       (!home->irq_off || home->run != KW_READY);
	case KW_GUEST:
		break;
	}
	return false;
}

unsigned kw_eval(const struct kw_program *p, uint8_t *s, uint16_t entry,
		 uint16_t arg)
{
	unsigned scratch = p->nr_actors - 1;
	struct kw_actor_state *st = kw_actor(p, s, scratch);
	const struct kw_node *n;
	struct kw_done done;
	unsigned i;

	memset(st->regs, 0, 2u * p->actors[scratch].nr_regs);
	st->regs[p->oracle.arg_reg] = arg;
	st->pc = entry;
	for (i = 0; i < KW_EVAL_MAX; i++) {
		n = &p->nodes[st->pc];
		if (n->op == KW_OP_RETURN && !st->regs[n->dst])
			return n->val;
		kw_step_inline(p, s, scratch, 0, NULL, &done);
		g_assert(done.effect == KW_EFF_NONE);
	}
	return 0;
}
