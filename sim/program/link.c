/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the final shape of a program: what its state looks like.
 *
 * Order: inline, fold, copies, trim, frames, nodes, then the actors' blocks
 * behind the objects.  After this a program does not change.
 */
#include "link.h"

#include <string.h>

static unsigned align_up(unsigned n, unsigned align)
{
	return (n + align - 1) / align * align;
}

static void set_args(struct kw_link *l, unsigned a)
{
	const struct kw_draft_actor *from = &l->d->actors[a];
	struct kw_actor *to = &l->p->actors[a];
	unsigned i, base = l->f.reg_base[KW_FRAME_PATHS + from->path];

	for (i = 0; i < from->nr_args; i++) {
		unsigned reg = base + from->arg_local[i];

		if (!l->reg_used[reg])
			continue;
		to->arg_reg[to->nr_args] = (uint8_t)l->reg[reg];
		to->arg_val[to->nr_args] = from->arg_val[i];
		to->nr_args++;
	}
}

static void set_actor(struct kw_link *l, unsigned a)
{
	struct kw_actor *to = &l->p->actors[a];
	uint32_t path = l->d->actors[a].path;
	unsigned i;

	to->nr_regs = 1;
	if (path == KW_DRAFT_NONE) {	/* the oracle's scratch */
		for (i = 0; i < G_N_ELEMENTS(l->d->oracle); i++)
			if (l->d->oracle[i] != KW_DRAFT_NONE)
				to->nr_regs = (uint16_t)MAX(to->nr_regs,
					l->reg_top[l->d->oracle[i]]);
		return;
	}
	if (!l->f.actor[a])
		return;			/* never runs: END */
	to->entry = l->number[l->alias[l->d->paths[path].entry]];
	to->nr_regs = (uint16_t)l->reg_top[path];
	to->nr_times = (uint16_t)l->time_top[path];
	set_args(l, a);
}

static void set_oracle(struct kw_link *l)
{
	uint16_t *entry[] = { &l->p->oracle.deliverable,
			      &l->p->oracle.pending, &l->p->oracle.waits };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(entry); i++)
		if (l->d->oracle[i] != KW_DRAFT_NONE)
			*entry[i] = l->number[l->alias[
				l->d->paths[l->d->oracle[i]].entry]];
	for (i = 0; i < l->p->nr_invariants; i++) {
		uint32_t path = l->d->oracle[KW_ORACLE_TERMS + i];

		if (path != KW_DRAFT_NONE)
			l->p->invariants[i].entry = l->number[l->alias[
				l->d->paths[path].entry]];
	}
	l->p->oracle.arg_reg = (uint8_t)l->arg_reg;
}

static void lay_out(struct kw_program *p)
{
	uint32_t end = p->objects_size, slots = p->objects_size / 8;
	unsigned i;

	for (i = 0; i < p->nr_actors; i++) {
		struct kw_actor *a = &p->actors[i];

		a->base = end;
		end += align_up((uint32_t)sizeof(struct kw_actor_state) +
				2u * a->nr_regs, 4);
		a->time_base = slots;
		slots += a->nr_times;
	}
	p->state_size = align_up(end, 8);
	p->nr_times = slots;
}

static void set_initial(struct kw_program *p)
{
	const uint8_t *objects = p->init;
	const uint64_t *times = p->time_init;
	unsigned i, k;

	p->init = kw_arena_alloc(p->arena, p->state_size);
	memcpy(p->init, objects, p->objects_size);
	p->time_init = KW_NEWS(p->arena, uint64_t, p->nr_times + 1);
	memcpy(p->time_init, times, p->objects_size / 8 * sizeof(*times));
	for (i = 0; i < p->nr_actors; i++) {
		const struct kw_actor *a = &p->actors[i];
		struct kw_actor_state *st = kw_actor(p, p->init, i);

		st->pc = a->entry;
		st->run = a->autostart ? KW_READY : KW_IDLE;
		for (k = 0; k < a->nr_args; k++)
			st->regs[a->arg_reg[k]] = a->arg_val[k];
	}
}

bool kw_link(struct kw_program *p, struct kw_draft *d, GError **err)
{
	struct kw_link l = { .p = p, .d = d };
	unsigned i;

	if (!d->whole_paths)
		kw_link_inline(&l);
	kw_fold(&l.f, p, d);
	if (!d->whole_paths)
		kw_link_copies(&l);
	kw_link_trim(&l);
	if (!kw_link_frames(&l, err) || !kw_link_nodes(&l, err))
		return false;
	for (i = 0; i < p->nr_actors; i++)
		set_actor(&l, i);
	set_oracle(&l);
	lay_out(p);
	set_initial(p);
	p->digest = kw_program_digest(p);
	return true;
}
