/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which calls become copies of what they call.
 *
 * A path that is short, or called from one place only, is copied to where it
 * is called: its RETURNs lead straight to what follows the call, its
 * registers become registers of the caller.  Otherwise half of all steps
 * would be calls and returns.  What is folded afterwards knows each copy's
 * caller.
 *
 * Invariants: a path is inlined wherever it is called or nowhere, so that
 * whoever names a register of its frame can be told where it is now; callees
 * are finished before their callers, so a copy contains no call of a path
 * that is inlined.
 */
#include "link.h"

#include <string.h>

#define SHORT_NODES	12	/* a path of so many is always copied */
#define MOST_NODES	200	/* ... one with one call, of so many */
#define MOST_OWN	64	/* a caller with so many registers, or times,
				   has one place for all further copies */

struct place {		/* of a callee's registers in a caller's frame */
	bool is_set;
	unsigned regs, times;	/* the first ones there */
};

struct inlining {
	struct kw_draft *d;
	const bool *reached;	/* [node], of those before any copy */
	unsigned nr_before;
	const uint32_t *alias;	/* [node]: itself, if it remains */
	uint32_t *nodes;	/* those that are reached, path by path */
	unsigned *first;	/* [path]: in nodes[] */
	unsigned *size, *sites;	/* [path]: nodes that remain; calls of it */
	bool *finished;		/* [path] */
	struct place **place;	/* [caller][callee]; the last is for all that
				   have none of their own */
	uint32_t *copy;		/* [node]: in the copy being made, or NONE */
	unsigned nr_copy;
};

static bool is_inlined(const struct inlining *in, uint32_t path)
{
	const struct kw_draft_path *p = &in->d->paths[path];

	return p->type == KW_PATH_CALLED &&
	       (in->size[path] <= SHORT_NODES ||
		(in->sites[path] == 1 && in->size[path] <= MOST_NODES));
}

/*
 * Where callee's registers are among those of caller.  Each callee has a
 * place of its own, so that what one never changes stays a constant; but a
 * caller has only so many registers, and two copies are never busy at once.
 */
static void find_place(struct inlining *in, uint32_t caller, uint32_t callee)
{
	struct kw_draft_path *p = &in->d->paths[caller];
	const struct kw_draft_path *c = &in->d->paths[callee];
	struct place *at, *last;

	if (!in->place[caller])
		in->place[caller] = kw_arena_alloc(in->d->arena,
			(in->d->nr_paths + 1) * sizeof(**in->place));
	at = &in->place[caller][callee];
	last = &in->place[caller][in->d->nr_paths];
	if (at->is_set)
		return;
	*at = *last;
	if (!last->is_set)
		*at = (struct place){ true, p->nr_regs, p->nr_times };
	if (at->regs >= MOST_OWN || at->times >= MOST_OWN)
		*last = *at;
	p->nr_regs = MAX(p->nr_regs, at->regs + c->nr_regs);
	p->nr_times = MAX(p->nr_times, at->times + c->nr_times);
}

/* n names registers of callee's frame: now they are caller's. */
static void rename_registers(struct inlining *in, struct kw_draft_node *n,
			     uint32_t caller, uint32_t callee)
{
	uint32_t from = KW_FRAME_PATHS + callee, to = KW_FRAME_PATHS + caller;
	unsigned uses = kw_op_uses[n->op], regs, times;

	find_place(in, caller, callee);
	regs = in->place[caller][callee].regs;
	times = in->place[caller][callee].times;
	if (n->reg_frame == from) {
		n->reg = (uint16_t)(n->reg + regs);
		n->reg_frame = to;
	}
	if (n->dst_frame != from)
		return;
	n->dst_frame = to;
	n->dst = (uint16_t)(n->dst + (uses & (KW_TIME_TO_D | KW_TIME_OF_D) ?
					      times : regs));
	if (uses & KW_TIME_OF_R)
		n->reg = (uint16_t)(n->reg + times);
	if (uses & KW_TIME_OF_V)
		n->val = (uint16_t)(n->val + times);
}

static void rename_arguments(struct inlining *in, uint32_t node)
{
	struct kw_draft_node *n = &in->d->nodes[node];
	uint32_t frames[] = { n->reg_frame, n->dst_frame };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(frames); i++)
		if (frames[i] >= KW_FRAME_PATHS &&
		    frames[i] != KW_FRAME_PATHS + n->path &&
		    is_inlined(in, frames[i] - KW_FRAME_PATHS))
			rename_registers(in, n, n->path,
					 frames[i] - KW_FRAME_PATHS);
}

static void become_jump(struct kw_draft_node *n, unsigned first)
{
	*n = (struct kw_draft_node){
		.op = KW_OP_JUMP, .path = n->path, .src = n->src,
		.callee = KW_DRAFT_NONE, .field = KW_DRAFT_NONE,
		.field2 = KW_DRAFT_NONE, .first = first, .nr = 1,
	};
}

/* The copy of node, to be filled in when its turn on the list comes. */
static uint32_t copy_of(struct inlining *in, uint32_t node, GArray *list)
{
	struct kw_draft *d = in->d;
	struct kw_draft_node n = d->nodes[node];

	if (in->copy[node] == KW_DRAFT_NONE) {
		in->copy[node] = d->nr_nodes;
		g_array_append_val(list, node);
		KW_PUSH(d->arena, d->nodes, d->nr_nodes, d->max_nodes, n);
	}
	return in->copy[node];
}

/* Outcomes that cannot be keep their old node, which nothing reaches. */
static bool may_follow(const struct inlining *in, uint32_t node)
{
	return node >= in->nr_before || in->reached[node];
}

static void copy_node(struct inlining *in, uint32_t node,
		      const struct kw_draft_node *call, GArray *list)
{
	struct kw_draft *d = in->d;
	struct kw_draft_node n = d->nodes[node];
	unsigned k, first = d->nr_succ;
	uint32_t to;

	n.path = call->path;
	if (n.op == KW_OP_RETURN) {
		become_jump(&n, call->first + n.val);
		d->nodes[in->copy[node]] = n;
		return;
	}
	for (k = 0; k < n.nr; k++)
		KW_PUSH(d->arena, d->succ, d->nr_succ, d->max_succ, 0);
	for (k = 0; k < n.nr; k++) {
		to = d->succ[n.first + k];
		d->succ[first + k] = may_follow(in, to) ?
			copy_of(in, to, list) : to;
	}
	n.first = first;
	rename_registers(in, &n, call->path, call->callee);
	d->nodes[in->copy[node]] = n;
}

/* The call at node becomes a jump to a copy of what it calls. */
static void expand(struct inlining *in, uint32_t node)
{
	struct kw_draft *d = in->d;
	const struct kw_draft_node call = d->nodes[node];
	GArray *list = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint32_t entry;
	unsigned i;

	in->copy = g_renew(uint32_t, in->copy, d->nr_nodes);
	for (; in->nr_copy < d->nr_nodes; in->nr_copy++)
		in->copy[in->nr_copy] = KW_DRAFT_NONE;
	entry = copy_of(in, d->paths[call.callee].entry, list);
	for (i = 0; i < list->len; i++)
		copy_node(in, g_array_index(list, uint32_t, i), &call, list);
	for (i = 0; i < list->len; i++)
		in->copy[g_array_index(list, uint32_t, i)] = KW_DRAFT_NONE;
	become_jump(&d->nodes[node], d->nr_succ);
	KW_PUSH(d->arena, d->succ, d->nr_succ, d->max_succ, entry);
	g_array_free(list, TRUE);
}

static void finish(struct inlining *in, uint32_t path)
{
	const uint32_t *nodes = in->nodes + in->first[path];
	unsigned nr = in->first[path + 1] - in->first[path], i;
	struct kw_draft *d = in->d;
	uint32_t callee;

	if (in->finished[path])
		return;
	in->finished[path] = true;	/* a cycle is an error found later */
	for (i = 0; i < nr; i++)
		if (d->nodes[nodes[i]].op == KW_OP_CALL)
			finish(in, d->nodes[nodes[i]].callee);
	for (i = 0; i < nr; i++)
		rename_arguments(in, nodes[i]);
	for (i = 0; i < nr; i++) {
		callee = d->nodes[nodes[i]].callee;
		if (d->nodes[nodes[i]].op != KW_OP_CALL ||
		    !is_inlined(in, callee))
			continue;
		in->size[path] += in->size[callee];
		expand(in, nodes[i]);
	}
}

/* The reached nodes by path, and what is to be known of each path. */
static void survey(struct inlining *in, const struct kw_fold *f)
{
	struct kw_draft *d = in->d;
	unsigned i, *at = g_new0(unsigned, d->nr_paths + 1);
	uint32_t path;

	for (i = 0; i < f->nr_order; i++)
		at[d->nodes[f->order[i]].path]++;
	for (i = 0; i < d->nr_paths; i++) {
		in->first[i + 1] = in->first[i] + at[i];
		at[i] = in->first[i];
	}
	for (i = 0; i < f->nr_order; i++) {
		const struct kw_draft_node *n = &d->nodes[f->order[i]];

		path = n->path;
		in->nodes[at[path]++] = f->order[i];
		in->size[path] += in->alias[f->order[i]] == f->order[i];
		if (n->op == KW_OP_CALL)
			in->sites[n->callee]++;
	}
	g_free(at);
}

void kw_link_inline(struct kw_link *l)
{
	struct kw_draft *d = l->d;
	size_t decls = d->nr_decls * sizeof(*d->decls);
	void *before = g_memdup2(d->decls, decls);
	struct inlining in = { .d = d, .nr_before = d->nr_nodes };
	unsigned i;

	kw_fold(&l->f, l->p, d);
	kw_link_trim(l);
	memcpy(d->decls, before, decls);
	in.reached = l->f.reached;
	in.alias = l->alias;
	in.nodes = KW_NEWS(d->arena, uint32_t, l->f.nr_order);
	in.first = KW_NEWS(d->arena, unsigned, d->nr_paths + 1);
	in.size = KW_NEWS(d->arena, unsigned, d->nr_paths);
	in.sites = KW_NEWS(d->arena, unsigned, d->nr_paths);
	in.finished = KW_NEWS(d->arena, bool, d->nr_paths);
	in.place = kw_arena_alloc(d->arena, d->nr_paths * sizeof(*in.place));
	survey(&in, &l->f);
	for (i = 0; i < d->nr_paths; i++)
		finish(&in, i);
	g_free(in.copy);
	g_free(before);
}
