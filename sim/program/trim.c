/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which reached nodes remain, and which registers are used.
 *
 * A load or comparison with one possible outcome vanishes; so does a move to
 * a register that nobody reads.  A register whose value is known everywhere
 * is not read: its value goes into the offset.
 */
#include "link.h"

/* Does nothing but choose among its outcomes? */
static bool only_decides(unsigned op)
{
	switch (op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_REF_EQ:
	case KW_OP_TIME_LESS:
	case KW_OP_EXIT_REASON:
	case KW_OP_CHOICE:
	case KW_OP_JUMP:
		return true;
	}
	return false;
}

/* Does nothing but set a register? */
static bool only_sets(const struct kw_link *l, const struct kw_draft_node *n)
{
	switch (n->op) {
	case KW_OP_LEA:
	case KW_OP_TIME_NOW:
	case KW_OP_TIME_SET:
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
		return true;
	case KW_OP_LOAD_REF:
		return l->d->decls[n->field].known.is == KW_CONST;
	case KW_OP_TIME_LOAD:
		return l->d->decls[n->field].known.is == KW_CONST;
	}
	return false;
}

static unsigned reg_index(const struct kw_link *l, uint32_t frame, unsigned r)
{
	return l->f.reg_base[frame] + r;
}

static unsigned time_index(const struct kw_link *l, uint32_t frame, unsigned r)
{
	return l->f.time_base[frame] + r;
}

/*
 * Is n's base known?  NULL is not to be known where it would be followed:
 * with a register the machine notices.
 */
bool kw_link_base(const struct kw_link *l, const struct kw_draft_node *n,
		  struct kw_known *k)
{
	*k = kw_fold_reg(&l->f, n->reg_frame, n->reg);
	if (n->reg_frame == KW_FRAME_ZERO)
		return true;
	return k->is == KW_CONST && (k->value || !kw_op_follows(n->op));
}

static bool need(bool *used)
{
	bool new = !*used;

	*used = true;
	return new;
}

/* The registers that n reads are used; true when one was not before. */
static bool use(struct kw_link *l, const struct kw_draft_node *n)
{
	unsigned uses = kw_op_uses[n->op];
	struct kw_known k;
	bool new = false;

	if (n->op == KW_OP_ARM && n->val)
		uses &= ~(unsigned)KW_TIME_OF_D;
	if (only_sets(l, n) && n->op != KW_OP_LEA && (uses & KW_USES_A))
		return false;	/* becomes a constant */
	if ((uses & KW_USES_A) && !kw_link_base(l, n, &k))
		new |= need(&l->reg_used[reg_index(l, n->reg_frame, n->reg)]);
	if ((uses & KW_READS_D) && n->dst_frame != KW_FRAME_ZERO) {
		k = kw_fold_reg(&l->f, n->dst_frame, n->dst);
		if (k.is != KW_CONST || k.value)
			new |= need(&l->reg_used[reg_index(l, n->dst_frame,
							   n->dst)]);
	}
	if (uses & KW_TIME_OF_D)
		new |= need(&l->time_used[time_index(l, n->dst_frame,
						     n->dst)]);
	if (uses & KW_TIME_OF_R)
		new |= need(&l->time_used[time_index(l, n->dst_frame,
						     n->reg)]);
	if (uses & KW_TIME_OF_V)
		new |= need(&l->time_used[time_index(l, n->dst_frame,
						     n->val)]);
	return new;
}

static bool dst_used(const struct kw_link *l, const struct kw_draft_node *n)
{
	if (kw_op_uses[n->op] & KW_TIME_TO_D)
		return l->time_used[time_index(l, n->dst_frame, n->dst)];
	return l->reg_used[reg_index(l, n->dst_frame, n->dst)];
}

/* The only outcome that n may have, or -1. */
static int only_outcome(struct kw_link *l, const struct kw_draft_node *n)
{
	bool may[257];
	unsigned k, nr = kw_fold_next(&l->f, n, may);
	int only = -1;

	for (k = 0; k < nr; k++) {
		if (!may[k])
			continue;
		if (only >= 0)
			return -1;
		only = (int)k;
	}
	return only;
}

/* Marks what vanishes for its outcome; alias[] then names the follower. */
static void drop_decided(struct kw_link *l)
{
	unsigned i;

	for (i = 0; i < l->f.nr_order; i++) {
		uint32_t node = l->f.order[i];
		const struct kw_draft_node *n = &l->d->nodes[node];
		int k = only_decides(n->op) ? only_outcome(l, n) : -1;

		if (k >= 0)
			l->alias[node] = l->d->succ[n->first + (unsigned)k];
	}
}

/*
 * Registers are used when a node that does more than set a register reads
 * them, or one that sets a used register.  A call's return point and what
 * an unfolded LOAD_REF sets always have a register.
 */
static void find_used(struct kw_link *l)
{
	bool again;
	unsigned i;

	do {
		again = false;
		for (i = 0; i < l->f.nr_order; i++) {
			uint32_t node = l->f.order[i];
			const struct kw_draft_node *n = &l->d->nodes[node];
			unsigned uses = kw_op_uses[n->op];

			if (l->alias[node] != node)
				continue;
			if (only_sets(l, n) && !dst_used(l, n))
				continue;
			if (uses & KW_WRITES_D)
				again |= need(&l->reg_used[
					reg_index(l, n->dst_frame, n->dst)]);
			if (uses & KW_TIME_TO_D)
				again |= need(&l->time_used[
					time_index(l, n->dst_frame, n->dst)]);
			again |= use(l, n);
		}
	} while (again);
}

static void drop_unused(struct kw_link *l)
{
	unsigned i;

	for (i = 0; i < l->f.nr_order; i++) {
		uint32_t node = l->f.order[i];
		const struct kw_draft_node *n = &l->d->nodes[node];

		if (only_sets(l, n) && !dst_used(l, n))
			l->alias[node] = l->d->succ[n->first];
	}
}

/* Follows aliases to the node that stands; a loop of nothing stands. */
static void shorten(struct kw_link *l)
{
	unsigned i, hops;

	for (i = 0; i < l->f.nr_order; i++) {
		uint32_t node = l->f.order[i], to = node;

		for (hops = 0; l->alias[to] != to; to = l->alias[to])
			if (++hops > l->f.nr_order) {
				l->alias[node] = node;
				to = node;
				break;
			}
		l->alias[node] = to;
	}
}

void kw_link_trim(struct kw_link *l)
{
	unsigned frames = KW_FRAME_PATHS + l->d->nr_paths, i;

	l->alias = KW_NEWS(l->d->arena, uint32_t, l->d->nr_nodes);
	for (i = 0; i < l->d->nr_nodes; i++)
		l->alias[i] = i;
	l->reg_used = KW_NEWS(l->d->arena, bool, l->f.reg_base[frames] + 1);
	l->time_used = KW_NEWS(l->d->arena, bool, l->f.time_base[frames] + 1);
	for (i = 0; i < G_N_ELEMENTS(l->d->oracle); i++)
		if (l->d->oracle[i] != KW_DRAFT_NONE)
			l->reg_used[l->f.reg_base[KW_FRAME_PATHS +
						  l->d->oracle[i]]] = true;
	drop_decided(l);
	find_used(l);
	drop_unused(l);
	shorten(l);
}
