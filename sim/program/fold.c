/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which values a field or a register can have, and so which nodes
 * can be reached at all.
 *
 * It begins with the initial values and the actors that run from the
 * beginning, and follows only outcomes that are possible with the values
 * found so far; what it reaches may write more values, call more paths,
 * raise more handlers.  Everything only grows, and what is found when
 * nothing grows any more holds in every run, under every memory model: a
 * load returns some initial or some written value.
 *
 * A field is all instances of a declared field in all objects.
 */
#include "link.h"

#include <string.h>

static void reach(struct kw_fold *f, uint32_t node)
{
	if (f->reached[node])
		return;
	f->reached[node] = true;
	f->order[f->nr_order++] = node;
	f->changed = true;
}

static void join(struct kw_fold *f, struct kw_known *k, struct kw_known with)
{
	if (with.is == KW_UNSET || k->is == KW_VARIES)
		return;
	if (k->is == KW_CONST && with.is == KW_CONST &&
	    k->value == with.value)
		return;
	*k = k->is == KW_UNSET ? with : (struct kw_known){ KW_VARIES, 0 };
	f->changed = true;
}

static const struct kw_known varies = { KW_VARIES, 0 };

struct kw_known kw_fold_reg(const struct kw_fold *f, uint32_t frame,
			    unsigned local)
{
	if (frame == KW_FRAME_ZERO)
		return (struct kw_known){ KW_CONST, 0 };
	return f->regs[f->reg_base[frame] + local];
}

struct kw_known kw_fold_time(const struct kw_fold *f, uint32_t frame,
			     unsigned local)
{
	return f->times[f->time_base[frame] + local];
}

static struct kw_known address(const struct kw_fold *f,
			       const struct kw_draft_node *n)
{
	struct kw_known k = kw_fold_reg(f, n->reg_frame, n->reg);

	if (k.is == KW_CONST)
		k.value = (uint16_t)(k.value + n->off);
	return k;
}

static bool has(const struct kw_draft_decl *d, unsigned v)
{
	return d->values[v / 64] >> v % 64 & 1;
}

static void add(struct kw_fold *f, struct kw_draft_decl *d, unsigned v)
{
	if (has(d, v))
		return;
	d->values[v / 64] |= UINT64_C(1) << v % 64;
	f->changed = true;
}

/* Every value v there is becomes possible as (v & keep) | set, too. */
static void add_rmw(struct kw_fold *f, struct kw_draft_decl *d, unsigned keep,
		    unsigned set)
{
	unsigned v;

	for (v = 0; v < 256; v++)
		if (has(d, v))
			add(f, d, (v & keep) | set);
}

/* May A & mask be zero, may it be not? */
static void may_mask(const struct kw_draft_decl *d, unsigned mask, bool *may)
{
	unsigned v;

	may[0] = may[1] = false;
	for (v = 0; v < 256; v++)
		if (has(d, v))
			may[(v & mask) != 0] = true;
}

static void may_compare(struct kw_known x, struct kw_known y, bool equal,
			bool *may)
{
	if (x.is == KW_UNSET || y.is == KW_UNSET)
		may[0] = may[1] = false;
	else if (x.is == KW_VARIES || y.is == KW_VARIES)
		may[0] = may[1] = true;
	else
		may[0] = !(may[1] = equal ? x.value == y.value :
					    x.value < y.value);
}

unsigned kw_fold_next(struct kw_fold *f, const struct kw_draft_node *n,
		      bool *may)
{
	struct kw_draft *d = f->d;
	const struct kw_draft_decl *decl = NULL;
	unsigned k;

	if (n->field != KW_DRAFT_NONE)
		decl = &d->decls[n->field];
	switch (n->op) {
	case KW_OP_LOAD:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		for (k = 0; k < n->nr; k++)
			may[k] = has(decl, k);
		break;
	case KW_OP_LOAD_FLAG:
		may_mask(decl, 0xff, may);
		break;
	case KW_OP_LOAD_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
		may_mask(decl, n->val, may);
		break;
	case KW_OP_REF_EQ:
		may_compare(address(f, n),
			    kw_fold_reg(f, n->dst_frame, n->dst), true, may);
		break;
	case KW_OP_TIME_LESS:
		may_compare(kw_fold_time(f, n->dst_frame, n->dst),
			    kw_fold_time(f, n->dst_frame, n->val), false, may);
		break;
	case KW_OP_CALL:
		for (k = 0; k < n->nr; k++)
			may[k] = f->returned[f->ret_base[n->callee] + k];
		break;
	case KW_OP_EXIT_REASON:
		for (k = 0; k < n->nr; k++)
			may[k] = f->exits[k];
		break;
	default:
		for (k = 0; k < n->nr; k++)
			may[k] = true;
	}
	return n->nr;
}

static struct kw_known add_times(struct kw_known x, struct kw_known y,
				 bool minus)
{
	if (x.is != KW_CONST || y.is != KW_CONST)
		return x.is == KW_UNSET || y.is == KW_UNSET ?
			(struct kw_known){ KW_UNSET, 0 } : varies;
	x.value = minus ? x.value - y.value : x.value + y.value;
	return x;
}

static void write_time(struct kw_fold *f, const struct kw_program *p,
		       const struct kw_draft_node *n)
{
	struct kw_known *to = &f->times[f->time_base[n->dst_frame] + n->dst];
	struct kw_known *field = NULL;

	if (n->field != KW_DRAFT_NONE)
		field = &f->d->decls[n->field].known;
	switch (n->op) {
	case KW_OP_TIME_NOW:
		join(f, to, varies);
		break;
	case KW_OP_TIME_SET:
		join(f, to, (struct kw_known){ KW_CONST, p->times[n->val] });
		break;
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
		join(f, to, add_times(kw_fold_time(f, n->dst_frame, n->reg),
				      kw_fold_time(f, n->dst_frame, n->val),
				      n->op == KW_OP_TIME_SUB));
		break;
	case KW_OP_TIME_LOAD:
		join(f, to, *field);
		break;
	case KW_OP_TIME_STORE:
		join(f, field, *to);
		break;
	}
}

static void write_reg(struct kw_fold *f, const struct kw_draft_node *n)
{
	struct kw_known *to = &f->regs[f->reg_base[n->dst_frame] + n->dst];

	switch (n->op) {
	case KW_OP_LEA:
		join(f, to, address(f, n));
		break;
	case KW_OP_LOAD_REF:
		join(f, to, f->d->decls[n->field].known);
		break;
	case KW_OP_CALL:
	case KW_OP_CALL_TRAP:
		join(f, to, varies);
		break;
	}
}

static void write_field(struct kw_fold *f, const struct kw_draft_node *n)
{
	struct kw_draft *d = f->d;
	struct kw_draft_decl *decl = NULL;

	if (n->field != KW_DRAFT_NONE)
		decl = &d->decls[n->field];
	switch (n->op) {
	case KW_OP_STORE:
	case KW_OP_XCHG:
		add(f, decl, n->val);
		break;
	case KW_OP_CMPXCHG:
		if (has(decl, n->val & 0xff))
			add(f, decl, n->val >> 8);
		break;
	case KW_OP_STORE_REF:
		join(f, &decl->known, kw_fold_reg(f, n->dst_frame, n->dst));
		break;
	case KW_OP_SET_MASK:
	case KW_OP_TEST_AND_SET:
		add_rmw(f, decl, 0xff, n->val);
		break;
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_CLEAR:
		add_rmw(f, decl, ~(unsigned)n->val & 0xff, 0);
		break;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
		join(f, &decl->known, varies);
		join(f, &d->decls[n->field2].known, varies);
		break;
	case KW_OP_DEACTIVATE:
		add(f, &d->decls[d->task_state], 0);
		add(f, &d->decls[d->task_on_rq], 0);
		break;
	case KW_OP_WAKE:
		add(f, &d->decls[d->task_state], 0);
		add(f, &d->decls[d->task_on_rq], 1);
		break;
	}
}

static void begin_actor(struct kw_fold *f, unsigned a)
{
	const struct kw_draft_actor *actor = &f->d->actors[a];
	unsigned base = f->reg_base[KW_FRAME_PATHS + actor->path], i;

	if (f->actor[a])
		return;
	f->actor[a] = f->changed = true;
	for (i = 0; i < actor->nr_args; i++)
		join(f, &f->regs[base + actor->arg_local[i]],
		     (struct kw_known){ KW_CONST, actor->arg_val[i] });
	reach(f, f->d->paths[actor->path].entry);
}

static void follow(struct kw_fold *f, const struct kw_draft_node *n)
{
	struct kw_draft *d = f->d;
	bool may[257];
	unsigned k, nr = kw_fold_next(f, n, may);

	for (k = 0; k < nr; k++)
		if (may[k])
			reach(f, d->succ[n->first + k]);
	if (n->callee != KW_DRAFT_NONE)
		reach(f, d->paths[n->callee].entry);
	switch (n->op) {
	case KW_OP_RETURN:
		if (d->paths[n->path].type == KW_PATH_CALLED &&
		    !f->returned[f->ret_base[n->path] + n->val])
			f->returned[f->ret_base[n->path] + n->val] =
				f->changed = true;
		break;
	case KW_OP_GUEST_EXIT:
		f->changed |= !f->exits[n->val];
		f->exits[n->val] = true;
		break;
	case KW_OP_RAISE:
	case KW_OP_ARM:
		for (k = 0; k < d->nr_handlers; k++)
			if (d->handlers[k].decl == n->field)
				begin_actor(f, d->handlers[k].actor);
		break;
	}
}

static void allocate(struct kw_fold *f, const struct kw_program *p)
{
	struct kw_draft *d = f->d;
	unsigned frames = KW_FRAME_PATHS + d->nr_paths, regs = 2, times = 0;
	unsigned rets = 0, i;

	f->reached = KW_NEWS(d->arena, bool, d->nr_nodes);
	f->order = KW_NEWS(d->arena, uint32_t, d->nr_nodes);
	f->actor = KW_NEWS(d->arena, bool, p->nr_actors);
	f->reg_base = KW_NEWS(d->arena, unsigned, frames + 1);
	f->time_base = KW_NEWS(d->arena, unsigned, frames + 1);
	f->ret_base = KW_NEWS(d->arena, unsigned, d->nr_paths + 1);
	for (i = 0; i < d->nr_paths; i++) {
		f->reg_base[KW_FRAME_PATHS + i] = regs;
		f->time_base[KW_FRAME_PATHS + i] = times;
		f->ret_base[i] = rets;
		regs += d->paths[i].nr_regs;
		times += d->paths[i].nr_times;
		rets += d->paths[i].nr_outcomes;
	}
	f->reg_base[frames] = regs;
	f->time_base[frames] = times;
	f->regs = KW_NEWS(d->arena, struct kw_known, regs + 1);
	f->times = KW_NEWS(d->arena, struct kw_known, times + 1);
	f->returned = KW_NEWS(d->arena, bool, rets + 1);
}

void kw_fold(struct kw_fold *f, const struct kw_program *p,
	     struct kw_draft *d)
{
	unsigned i;

	memset(f, 0, sizeof(*f));
	f->d = d;
	allocate(f, p);
	f->exits[0] = true;
	for (i = 0; i < p->nr_actors; i++)
		if (d->actors[i].path != KW_DRAFT_NONE &&
		    (p->actors[i].autostart || p->actors[i].type == KW_PREEMPT))
			begin_actor(f, i);
	for (i = 0; i < G_N_ELEMENTS(d->oracle); i++) {
		if (d->oracle[i] == KW_DRAFT_NONE)
			continue;
		f->regs[f->reg_base[KW_FRAME_PATHS + d->oracle[i]]] = varies;
		reach(f, d->paths[d->oracle[i]].entry);
	}
	do {
		f->changed = false;
		for (i = 0; i < f->nr_order; i++) {
			const struct kw_draft_node *n = &d->nodes[f->order[i]];
			unsigned uses = kw_op_uses[n->op];

			write_field(f, n);
			if (uses & KW_WRITES_D)
				write_reg(f, n);
			if (n->op >= KW_OP_TIME_NOW &&
			    n->op <= KW_OP_TIME_STORE)
				write_time(f, p, n);
			follow(f, n);
		}
	} while (f->changed);
}
