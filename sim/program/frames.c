/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the numbers of registers.
 *
 * There is no stack: each path has its own registers, behind those of every
 * path that calls it.  Two paths that never call each other may overlap.
 * Registers 1 and 2 are the return point and the vCPU of traps, in actors
 * that call one; register 1 is the argument of an oracle's path.
 */
#include "link.h"

struct frames {
	struct kw_link *l;
	bool **calls;		/* [path]: its callees, or NULL */
	bool *trapped;		/* [path]: it or a callee calls traps */
	bool *traps;		/* [path]: it is a trap that may be called */
	uint32_t *order;	/* callees before their callers */
	unsigned nr_order;
	uint8_t *state;		/* [path]: 1 being ordered, 2 done */
	unsigned *reg_size, *time_size, *reg_off, *time_off;
	unsigned trap_size;
};

static void find_calls(struct frames *fr)
{
	struct kw_link *l = fr->l;
	unsigned i;

	for (i = 0; i < l->f.nr_order; i++) {
		const struct kw_draft_node *n = &l->d->nodes[l->f.order[i]];

		if (n->op == KW_OP_GUEST_EXIT && n->callee != KW_DRAFT_NONE)
			fr->traps[n->callee] = true;
		if (n->op == KW_OP_CALL_TRAP)
			fr->trapped[n->path] = true;
		if (n->op != KW_OP_CALL)
			continue;
		if (!fr->calls[n->path])
			fr->calls[n->path] = KW_NEWS(l->d->arena, bool,
						     l->d->nr_paths);
		fr->calls[n->path][n->callee] = true;
	}
	for (i = 0; i < l->d->nr_paths; i++) {
		unsigned k;

		if (!fr->trapped[i])
			continue;
		if (!fr->calls[i])
			fr->calls[i] = KW_NEWS(l->d->arena, bool,
					       l->d->nr_paths);
		for (k = 0; k < l->d->nr_paths; k++)
			fr->calls[i][k] |= fr->traps[k];
	}
}

/* Depth first: false when a trap calls a trap. */
static bool order_paths(struct frames *fr, unsigned path, GError **err)
{
	unsigned k;

	if (fr->state[path] == 2)
		return true;
	if (fr->state[path] == 1) {
		g_set_error(err, KW_LINK_ERROR, 0, "%s calls itself through "
			    "call_trap()", fr->l->d->paths[path].name);
		return false;
	}
	fr->state[path] = 1;
	for (k = 0; fr->calls[path] && k < fr->l->d->nr_paths; k++) {
		if (!fr->calls[path][k])
			continue;
		if (!order_paths(fr, k, err))
			return false;
		fr->trapped[path] |= fr->trapped[k];
	}
	fr->state[path] = 2;
	fr->order[fr->nr_order++] = path;
	return true;
}

/* Numbers the used ones of v[first .. end) from 0; how many. */
static unsigned number(const bool *used, uint16_t *to, unsigned first,
		       unsigned end)
{
	unsigned n = 0, i;

	for (i = first; i < end; i++)
		if (used[i])
			to[i] = (uint16_t)n++;
	return n;
}

static void size_frames(struct frames *fr)
{
	struct kw_link *l = fr->l;
	unsigned i;

	fr->trap_size = number(l->reg_used, l->reg, 0, 2);
	for (i = 0; i < l->d->nr_paths; i++) {
		unsigned f = KW_FRAME_PATHS + i;

		fr->reg_size[i] = number(l->reg_used, l->reg,
					 l->f.reg_base[f],
					 l->f.reg_base[f + 1]);
		fr->time_size[i] = number(l->time_used, l->time,
					  l->f.time_base[f],
					  l->f.time_base[f + 1]);
	}
}

/* Callers come before their callees here: offsets only grow. */
static void place_frames(struct frames *fr)
{
	unsigned i, k;

	for (i = fr->nr_order; i-- > 0;) {
		unsigned path = fr->order[i], end, tend;

		if (!fr->reg_off[path])
			fr->reg_off[path] =
				fr->trapped[path] ? 1 + fr->trap_size : 1;
		end = fr->reg_off[path] + fr->reg_size[path];
		tend = fr->time_off[path] + fr->time_size[path];
		for (k = 0; fr->calls[path] && k < fr->l->d->nr_paths; k++) {
			if (!fr->calls[path][k])
				continue;
			fr->reg_off[k] = MAX(fr->reg_off[k], end);
			fr->time_off[k] = MAX(fr->time_off[k], tend);
		}
	}
}

static void find_tops(struct frames *fr)
{
	struct kw_link *l = fr->l;
	unsigned i, k;

	for (i = 0; i < fr->nr_order; i++) {
		unsigned p = fr->order[i];

		l->reg_top[p] = fr->reg_off[p] + fr->reg_size[p];
		l->time_top[p] = fr->time_off[p] + fr->time_size[p];
		for (k = 0; fr->calls[p] && k < l->d->nr_paths; k++) {
			if (!fr->calls[p][k])
				continue;
			l->reg_top[p] = MAX(l->reg_top[p], l->reg_top[k]);
			l->time_top[p] = MAX(l->time_top[p], l->time_top[k]);
		}
	}
}

static bool finish(struct frames *fr, GError **err)
{
	struct kw_link *l = fr->l;
	unsigned i, k;

	l->reg[0] = (uint16_t)(l->reg[0] + 1);
	l->reg[1] = (uint16_t)(l->reg[1] + 1);
	for (i = 0; i < fr->nr_order; i++) {
		unsigned p = fr->order[i], f = KW_FRAME_PATHS + p;

		if (l->reg_top[p] > KW_MAX_REGS ||
		    l->time_top[p] > KW_MAX_REGS) {
			g_set_error(err, KW_LINK_ERROR, 0, "%s needs %u "
				    "registers; there are %d",
				    l->d->paths[p].name, l->reg_top[p],
				    KW_MAX_REGS);
			return false;
		}
		for (k = l->f.reg_base[f]; k < l->f.reg_base[f + 1]; k++)
			l->reg[k] = (uint16_t)(l->reg[k] + fr->reg_off[p]);
		for (k = l->f.time_base[f]; k < l->f.time_base[f + 1]; k++)
			l->time[k] = (uint16_t)(l->time[k] + fr->time_off[p]);
	}
	return true;
}

bool kw_link_frames(struct kw_link *l, GError **err)
{
	struct kw_arena *arena = l->d->arena;
	unsigned n = l->d->nr_paths, frames = KW_FRAME_PATHS + n, i;
	struct frames fr = { .l = l };

	fr.calls = KW_NEWS(arena, bool *, n);
	fr.trapped = KW_NEWS(arena, bool, n);
	fr.traps = KW_NEWS(arena, bool, n);
	fr.order = KW_NEWS(arena, uint32_t, n);
	fr.state = KW_NEWS(arena, uint8_t, n);
	fr.reg_size = KW_NEWS(arena, unsigned, n);
	fr.time_size = KW_NEWS(arena, unsigned, n);
	fr.reg_off = KW_NEWS(arena, unsigned, n);
	fr.time_off = KW_NEWS(arena, unsigned, n);
	l->reg = KW_NEWS(arena, uint16_t, l->f.reg_base[frames] + 1);
	l->time = KW_NEWS(arena, uint16_t, l->f.time_base[frames] + 1);
	l->reg_top = KW_NEWS(arena, unsigned, n);
	l->time_top = KW_NEWS(arena, unsigned, n);
	find_calls(&fr);
	for (i = 0; i < n; i++)
		if (!order_paths(&fr, i, err))
			return false;
	size_frames(&fr);
	place_frames(&fr);
	find_tops(&fr);
	if (!finish(&fr, err))
		return false;
	l->arg_reg = 1;
	return true;
}
