/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how it is said why an oracle's path has the value that it has: its
 * loads, in the order in which it made them, in a state that it is asked in.
 */
#include <string.h>
#include "../machine/step.h"
#include "report.h"

#define MAX_READ 12

static bool reads(unsigned op)
{
	switch ((enum kw_op)op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
	case KW_OP_IS_LOCKED:
	case KW_OP_IS_PENDING:
	case KW_OP_IS_ARMED:
		return true;
	default:
		return false;
	}
}

/* One step of the scratch actor, as somebody who watches sees it. */
static void step(const struct kw_program *p, uint8_t *s,
		 struct kw_step_seen *seen)
{
	unsigned scratch = p->nr_actors - 1;
	struct kw_actor_state *st = kw_actor(p, s, scratch);
	const struct kw_node *n = &p->nodes[st->pc];
	unsigned addr = st->regs[n->reg] + n->off;
	struct kw_done done = { 0 };

	*seen = (struct kw_step_seen){
		.e = { .actor = (uint16_t)scratch, .node = st->pc,
		       .addr = (uint16_t)addr, .cpu = -1,
		       .before = addr < p->objects_size ? s[addr] : -1 },
	};
	kw_step(p, s, scratch, 0, NULL, &done);
	seen->e.outcome = done.outcome;
	if (n->dst < p->actors[scratch].nr_regs)
		seen->ref = st->regs[n->dst];
}

void kw_operands(const struct kw_program *p, const uint8_t *state,
		 uint16_t entry, uint16_t arg, GString *out)
{
	unsigned scratch = p->nr_actors - 1, i, nr = 0;
	uint8_t *s = g_memdup2(state, p->state_size);
	struct kw_actor_state *st = kw_actor(p, s, scratch);
	struct kw_step_seen seen;

	memset(st->regs, 0, 2u * p->actors[scratch].nr_regs);
	st->regs[p->oracle.arg_reg] = arg;
	st->pc = entry;
	for (i = 0; i < KW_EVAL_MAX; i++) {
		const struct kw_node *n = &p->nodes[st->pc];

		if (n->op == KW_OP_RETURN && !st->regs[n->dst])
			break;
		step(p, s, &seen);
		if (!reads(n->op))
			continue;
		if (nr == MAX_READ)
			g_string_append(out, ", ...");
		if (nr++ >= MAX_READ)
			break;
		g_string_append(out, nr > 1 ? ", " : "");
		kw_step_text(p, &seen, out);
	}
	g_free(s);
}
