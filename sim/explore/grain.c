/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which grains of a state a step may change, and on which it
 * depends.
 *
 * Invariant: what a move changes, or depends on, lies in the grains that are
 * marked; too many cost time, one too few would lose states.
 */
#include "inside.h"

enum {				/* what a node writes, see kw_step_grains() */
	NOTHING, AT_A, A_LIST, A_TASK, TASK_AND_THREAD, A_HANDLER, HOMES,
};

static unsigned written_by(enum kw_op op)
{
	switch (op) {
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
	case KW_OP_LOCK:
	case KW_OP_UNLOCK:
		return AT_A;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		return A_LIST;
	case KW_OP_DEACTIVATE:
		return A_TASK;
	case KW_OP_WAKE:
		return TASK_AND_THREAD;
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
		return A_HANDLER;
	case KW_OP_GUEST_EXIT:
	case KW_OP_END:
		return HOMES;
	default:
		return NOTHING;
	}
}

/* Does it look at memory? */
static bool is_access(unsigned op)
{
	return kw_op_follows(op) && op != KW_OP_MB && op != KW_OP_WMB &&
	       op != KW_OP_RMB;
}

void kw_grains_init(struct kw_world *w)
{
	const struct kw_program *p = w->p;
	unsigned i, at;

	w->grain_shift = 3;
	while (w->size > 64u << w->grain_shift)
		w->grain_shift++;
	w->written = g_new0(uint8_t, p->nr_nodes);
	for (i = 0; i < p->nr_nodes; i++)
		w->written[i] = (uint8_t)written_by(p->nodes[i].op);
	w->block_grains = g_new0(uint64_t, p->nr_actors);
	w->header_grains = g_new0(uint64_t, p->nr_actors);
	for (i = 0; i < p->nr_actors; i++)
		for (at = 0; at < KW_BLOCK_SIZE(&p->actors[i]); at += 2) {
			uint64_t g = kw_grains(w, p->actors[i].base + at, 2);

			w->block_grains[i] |= g;
			if (at < sizeof(struct kw_actor_state))
				w->header_grains[i] |= g;
		}
	for (at = w->flags_at; at < w->size; at++)
		w->flags_grains |= kw_grains(w, at, 1);
}

/* How many bytes at A decide all of the step: it writes nothing there. */
static unsigned part_of(unsigned op)
{
	switch ((enum kw_op)op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_AWAIT:
		return 1;
	case KW_OP_LOAD_REF:
	case KW_OP_IS_LOCKED:
		return 2;
	default:
		return 0;
	}
}

void kw_views_init(struct kw_world *w)
{
	const struct kw_program *p = w->p;
	unsigned i, k;

	w->views = g_new0(struct kw_view, p->nr_nodes);
	for (i = 0; i < p->nr_nodes; i++)
		w->views[i] = (struct kw_view){
			.part = w->node[i] & KW_N_GUARDED ? 0 :
				(uint8_t)part_of(p->nodes[i].op),
			.takes = w->takes[i],
		};
	w->places = g_new0(struct kw_place, p->nr_actors);
	w->block_of = g_new(uint16_t, w->size / 8);
	memset(w->block_of, 0xff, w->size / 8 * sizeof(*w->block_of));
	for (i = 0; i < p->nr_actors; i++) {
		const struct kw_actor *ac = &p->actors[i];

		w->places[i] = (struct kw_place){
			.base = ac->base, .first = ac->base / 8,
			.last = (ac->base + KW_BLOCK_SIZE(ac) - 1) / 8,
		};
		for (k = w->places[i].first; k <= w->places[i].last; k++)
			w->block_of[k] = (uint16_t)i;
	}
}

/* The list, the entry and its neighbours. */
static uint64_t list_grains(const struct kw_world *w, const uint8_t *s,
			    unsigned list, unsigned entry,
			    const struct kw_node *n)
{
	unsigned link = entry + n->val;
	unsigned from = n->op == KW_OP_LIST_DEL ? link : list;
	unsigned a = kw_get16(s, from), b = kw_get16(s, from + 2);
	uint64_t g = kw_grains(w, list, 4) | kw_grains(w, link, 4);

	if (a)
		g |= kw_grains(w, a + n->val, 4);
	if (b)
		g |= kw_grains(w, b + n->val, 4);
	return g;
}

static uint64_t home_grains(const struct kw_world *w, unsigned a)
{
	unsigned home = w->p->actors[a].home;

	return w->header_grains[home] |
	       w->header_grains[w->p->actors[home].home];
}

uint64_t kw_step_grains(const struct kw_world *w, const uint8_t *s, unsigned a)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];
	unsigned base = st->regs[n->reg], A = base + n->off, h;
	uint64_t g = w->header_grains[a];

	if (kw_op_uses[n->op] & KW_WRITES_D)
		g |= kw_grains(w, w->p->actors[a].base +
				sizeof(*st) + 2u * n->dst, 2);
	if (!base && n->reg)	/* it fails, or A is no address */
		return g;
	switch (w->written[st->pc]) {
	case AT_A:
		return g | kw_grains(w, A, 2);
	case A_LIST:
		return g | list_grains(w, s, A, st->regs[n->dst], n);
	case A_TASK:
		return g | kw_grains(w, A, 4);
	case TASK_AND_THREAD:
		h = kw_get16(s, A + KW_TASK_THREAD);
		return g | kw_grains(w, A, 4) |
		       (h ? w->header_grains[h - 1] : 0);
	case A_HANDLER:
		h = kw_get16(s, A);
		return g | (h ? w->header_grains[h - 1] : 0);
	case HOMES:
		return g | w->block_grains[a] | home_grains(w, a);
	default:
		return g;
	}
}

uint64_t kw_begin_grains(const struct kw_world *w, unsigned a)
{
	return w->block_grains[a] | home_grains(w, a);
}

/* --- what a move depends on ------------------------------------------- */

/* The node's operand in memory, and what that refers to. */
static uint64_t operand_grains(const struct kw_world *w, const uint8_t *s,
			       const struct kw_node *n, unsigned A)
{
	unsigned h;

	switch ((enum kw_op)n->op) {
	case KW_OP_DEACTIVATE:
	case KW_OP_SWITCH:
	case KW_OP_WAKE:
		return kw_grains(w, A, 8);
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
	case KW_OP_AWAIT_IDLE:
	case KW_OP_IS_PENDING:
	case KW_OP_IS_ARMED:
		h = kw_get16(s, A);
		return kw_grains(w, A, 2) | (h ? w->header_grains[h - 1] : 0);
	default:
		return kw_grains(w, A, 2);
	}
}

uint64_t kw_step_reads(const struct kw_world *w, const uint8_t *s, unsigned a)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];
	unsigned base = st->regs[n->reg], A = base + n->off, b;
	uint64_t g = w->block_grains[a] | kw_step_grains(w, s, a);

	if (!is_access(n->op) || (!base && n->reg))
		return g;
	g |= operand_grains(w, s, n, A);
	if (!w->guarded || !(w->node[st->pc] & KW_N_GUARDED) ||
	    !w->guarded[A])
		return g;
	for (b = 0; b < w->nr_actors; b++)	/* it races with them */
		g |= w->block_grains[b];
	return g;
}

uint64_t kw_actor_grains(const struct kw_world *w, unsigned a)
{
	uint64_t g = w->block_grains[a] | home_grains(w, a);

	if (w->p->actors[a].type == KW_GUEST && w->virq_of[a] != KW_NO_ACTOR)
		g |= w->header_grains[w->virq_of[a]];
	return g;
}

uint64_t kw_reads(const struct kw_world *w, const uint8_t *s, unsigned a,
		  struct kw_span *span)
{
	const struct kw_actor_state *st = kw_block(w, s, a);
	const struct kw_node *n = &w->p->nodes[st->pc];
	uint64_t g = kw_actor_grains(w, a);

	*span = (struct kw_span){ 0 };
	if (st->run != KW_READY || st->nest)
		return g;
	span->addr = st->regs[n->reg] + (unsigned)n->off;
	span->len = w->views[st->pc].part;
	if (n->op == KW_OP_LOCK && kw_get16(s, span->addr))
		span->len = 2;	/* it waits, or fails */
	if ((!st->regs[n->reg] && n->reg) || span->addr % 8 + span->len > 8)
		span->len = 0;
	return span->len ? g : g | kw_step_reads(w, s, a);
}
