/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which registers need not exist because they only repeat another.
 *
 * A register that nothing but one LEA sets, whenever it is set, is the base
 * of that LEA plus an offset, for as long as the base does not change; and a
 * path's parameter does not change while the path runs.  Who reads the copy
 * reads the parameter instead.  Inlined paths leave many such copies behind:
 * what were their arguments.
 */
#include "link.h"

#include <string.h>

struct copy {
	enum { UNSET, LEA, OTHER } set;
	uint32_t frame;			/* LEA: its base and offset */
	uint16_t reg, off;
};

struct copies {
	struct kw_link *l;
	struct copy *of;		/* [register] */
	bool *changes;			/* [register]: its own path sets it */
};

static struct copy *copy_at(const struct copies *c, uint32_t frame,
			    unsigned reg)
{
	return &c->of[c->l->f.reg_base[frame] + reg];
}

/* One more way in which n's register is set. */
static void learn(struct copies *c, const struct kw_draft_node *n)
{
	struct copy *at = copy_at(c, n->dst_frame, n->dst);
	struct copy is = { OTHER, 0, 0, 0 };

	if (n->dst_frame == KW_FRAME_PATHS + n->path) {
		c->changes[at - c->of] = true;
		if (n->op == KW_OP_LEA)
			is = (struct copy){ LEA, n->reg_frame, n->reg,
					    n->off };
	}
	if (at->set == UNSET)
		*at = is;
	else if (at->set != is.set || at->frame != is.frame ||
		 at->reg != is.reg || at->off != is.off)
		at->set = OTHER;
}

/* What register (frame, reg) repeats; false when it stands for itself. */
static bool resolve(const struct copies *c, uint32_t frame, unsigned reg,
		    struct copy *is)
{
	const struct kw_link *l = c->l;
	unsigned hops, off = 0;

	for (hops = 0; hops <= l->d->nr_paths; hops++) {
		const struct copy *at = copy_at(c, frame, reg);

		if (frame < KW_FRAME_PATHS || !c->changes[at - c->of]) {
			*is = (struct copy){ LEA, frame, (uint16_t)reg,
					     (uint16_t)off };
			return hops && frame != KW_FRAME_ZERO;
		}
		if (at->set != LEA)
			return false;
		off += at->off;
		frame = at->frame;
		reg = at->reg;
	}
	return false;
}

static void replace(const struct copies *c, struct kw_draft_node *n)
{
	unsigned uses = kw_op_uses[n->op];
	struct copy is;

	if ((uses & KW_USES_A) && resolve(c, n->reg_frame, n->reg, &is)) {
		bool time = n->op == KW_OP_TIME_LOAD ||
			    n->op == KW_OP_TIME_STORE;

		n->off = (uint16_t)(n->off + (time ? is.off / 8 : is.off));
		n->reg_frame = is.frame;
		n->reg = is.reg;
	}
	if ((uses & KW_READS_D) && n->op != KW_OP_RETURN &&
	    resolve(c, n->dst_frame, n->dst, &is) && !is.off) {
		n->dst_frame = is.frame;
		n->dst = is.reg;
	}
}

void kw_link_copies(struct kw_link *l)
{
	unsigned nr = l->f.reg_base[KW_FRAME_PATHS + l->d->nr_paths], i;
	struct copies c = { .l = l };

	c.of = KW_NEWS(l->d->arena, struct copy, nr + 1);
	c.changes = KW_NEWS(l->d->arena, bool, nr + 1);
	for (i = 0; i < l->f.nr_order; i++) {
		const struct kw_draft_node *n = &l->d->nodes[l->f.order[i]];

		if ((kw_op_uses[n->op] & KW_WRITES_D) &&
		    n->dst_frame >= KW_FRAME_PATHS)
			learn(&c, n);
	}
	for (i = 0; i < l->f.nr_order; i++)
		replace(&c, &l->d->nodes[l->f.order[i]]);
}
