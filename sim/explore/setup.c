/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a world knows before its first move: who belongs to whom,
 * which nodes are private, and which waits may last for ever.
 */
#include "inside.h"

static int mark_number(const struct kw_program *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->nr_marks; i++)
		if (!strcmp(p->marks[i], name))
			return (int)i;
	return -1;
}

/* The objects of a kind, by their index. */
static uint16_t *find_kind(const struct kw_program *p, unsigned kind,
			   unsigned *nr)
{
	uint16_t *found = g_new0(uint16_t, p->nr_objects + 1);
	unsigned i;

	for (*nr = i = 0; i < p->nr_objects; i++)
		if (p->objects[i].kind == kind)
			found[(*nr)++] = (uint16_t)i;
	return found;
}

static void map_actors(struct kw_world *w)
{
	const struct kw_program *p = w->p;
	const struct kw_object *o;
	unsigned a;

	for (a = 0; a < w->nr_actors; a++) {
		const struct kw_actor *ac = &p->actors[a];

		/* When one that does nothing runs makes no difference. */
		if ((ac->type == KW_HARDIRQ || ac->type == KW_PREEMPT) &&
		    p->nodes[ac->entry].op != KW_OP_END)
			w->interrupted[ac->home] = true;
		if (ac->type == KW_GUEST)
			w->guest_of[ac->home] = (uint16_t)a;
		else if (ac->type == KW_VIRQ)
			w->virq_of[ac->home] = (uint16_t)a;
		else if (ac->type == KW_PREEMPT)
			w->preempt_of[ac->home] = (uint16_t)a;
		if (ac->type != KW_THREAD || !ac->object)
			continue;
		o = kw_object_at(p, ac->object);
		if (!o || !w->nr_vcpus || o->kind != p->oracle.vcpu_kind ||
		    w->thread_of[o->index] != KW_NO_ACTOR)
			continue;
		w->vcpu_of[a] = (int16_t)o->index;
		w->thread_of[o->index] = (uint16_t)a;
	}
}

static bool is_private(const struct kw_world *w, const struct kw_node *n)
{
	switch ((enum kw_op)n->op) {
	case KW_OP_LEA:
	case KW_OP_REF_EQ:
	case KW_OP_CALL:
	case KW_OP_RETURN:
	case KW_OP_JUMP:
	case KW_OP_CALL_TRAP:
	case KW_OP_EXIT_REASON:
	case KW_OP_YIELD:
	case KW_OP_DELAY:
	case KW_OP_BURN:
	case KW_OP_TIME_NOW:
	case KW_OP_TIME_SET:
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
	case KW_OP_TIME_LOAD:
	case KW_OP_TIME_STORE:
		return true;
	case KW_OP_MB:
	case KW_OP_WMB:
	case KW_OP_RMB:
		return !w->memory;
	case KW_OP_PREEMPT_OFF:
	case KW_OP_PREEMPT_ON:
		return !w->opts.preemptions;
	case KW_OP_MARK:
		return n->val != w->mark_verdict && n->val != w->mark_signal;
	default:
		return false;
	}
}

static void classify(struct kw_world *w)
{
	unsigned i;

	for (i = 0; i < w->p->nr_nodes; i++) {
		const struct kw_node *n = &w->p->nodes[i];

		if (is_private(w, n))
			w->node[i] |= KW_N_PRIVATE;
		if (n->flags & (KW_NODE_ARCH | KW_NODE_ARCH_ALL))
			w->node[i] |= KW_N_ARCH;
		else if (n->op <= KW_OP_LIST_DEL && !(w->node[i] &
						      KW_N_PRIVATE))
			w->node[i] |= KW_N_DATA;
		if (n->op == KW_OP_CHOICE || n->op == KW_OP_TIME_LESS)
			w->node[i] |= KW_N_FORKS;
		if (n->op == KW_OP_LOCK || n->op == KW_OP_AWAIT ||
		    n->op == KW_OP_AWAIT_IDLE)
			w->node[i] |= KW_N_WAITS;
	}
}

/*
 * [index in e->nodes] whether the path's END can be reached from there; END
 * is on no path that is called.
 */
static bool *find_ends(const struct kw_world *w,
		       const struct kw_path_graph *e)
{
	bool *ends = g_new0(bool, w->p->nr_nodes), grew = true;
	const struct kw_path_graph *to;
	unsigned i, j, k;

	while (grew) {
		grew = false;
		for (i = e->nodes->len; i-- > 0;) {
			unsigned at = g_array_index(e->nodes, uint16_t, i);
			const struct kw_node *n = &w->p->nodes[at];
			bool end = n->op == KW_OP_END;

			for (k = 0; k < kw_nr_next(n); k++)
				end |= ends[kw_next(w->p, n, k)];
			for (j = 0; kw_is_call(n) &&
				    (to = kw_callee(w->paths, n, j)); j++)
				for (k = 0; k < to->returns->len; k++)
					end |= ends[kw_after(w->paths, n, to,
							     k)];
			grew |= end && !ends[at];
			ends[at] |= end;
		}
	}
	return ends;
}

/* Marks the nodes with that op in path e, and in those that it calls. */
static void mark_slow(const struct kw_world *w, const struct kw_path_graph *e,
		      const bool *ends, unsigned op, uint8_t *slow)
{
	const struct kw_path_graph *to;
	unsigned i, j;

	for (i = 0; i < e->nodes->len; i++) {
		unsigned at = g_array_index(e->nodes, uint16_t, i);
		const struct kw_node *n = &w->p->nodes[at];

		if (ends && ends[at])
			continue;
		slow[at] = n->op == op;
		for (j = 0; kw_is_call(n) &&
			    (to = kw_callee(w->paths, n, j)); j++)
			mark_slow(w, to, NULL, op, slow);
	}
}

/*
 * The delays of an actor that never ends, and what a guest computes that
 * never ends: the next one may as well not be over for very long.
 */
static uint8_t *find_slow(const struct kw_world *w, unsigned a)
{
	const struct kw_actor *ac = &w->p->actors[a];
	const struct kw_path_graph *e = w->paths->at[ac->entry];
	uint8_t *slow;
	bool *ends;

	if (ac->type != KW_GUEST && ac->type != KW_HW &&
	    ac->type != KW_THREAD)
		return NULL;
	slow = g_new0(uint8_t, w->p->nr_nodes);
	ends = find_ends(w, e);
	mark_slow(w, e, ends, ac->type == KW_GUEST ? KW_OP_BURN : KW_OP_DELAY,
		  slow);
	g_free(ends);
	if (!memchr(slow, 1, w->p->nr_nodes))
		g_clear_pointer(&slow, g_free);
	return slow;
}

static void find_symmetry(struct kw_world *w)
{
	if (w->opts.symmetry)
		w->symmetry = kw_symmetry_new(w);
	kw_locks_alike(w->locks, w->symmetry);
	if (w->symmetry && w->guards) {
		w->guards->renamings = w->symmetry->renamings;
		w->guards->nr_renamings = w->symmetry->nr_swaps;
	}
	if (w->symmetry && w->memory)
		kw_relaxed_swaps(w->memory, w->symmetry->relaxed,
				 w->symmetry->nr_swaps);
	if (w->symmetry && w->ahead)
		kw_symmetry_share(w->symmetry, w->ahead);
}

static void lay_out(struct kw_world *w)
{
	struct kw_relaxed_opts o = {
		.memory = w->opts.memory, .reduce = w->opts.settle,
		.preempts = w->opts.preemptions,
	};

	w->flags_at = w->p->state_size;
	w->budget_at = w->flags_at + w->nr_vcpus;
	w->rows_at = w->budget_at + 1;
	w->size = (w->rows_at + (w->opts.row ? w->nr_vcpus : 0) + 7) & ~7u;
	o.at = w->size;
	if (o.memory != KW_WEAK_SC)
		w->memory = kw_relaxed_new(w->p, &o);
}

static const uint64_t *loaded(const void *arg, unsigned a, unsigned node)
{
	const struct kw_footprint *f = arg;
	const struct kw_prints *p = &f->of[a];

	return p->loaded + (size_t)f->words * (p->index[node] - 1u);
}

/* Weak memory: what nobody may still read is forgotten. */
static void look_ahead(struct kw_world *w)
{
	if (!w->memory || !w->opts.settle)
		return;
	w->ahead = w->footprint ? w->footprint : kw_footprint_new(w);
	kw_relaxed_look_ahead(w->memory, loaded, w->ahead);
}

struct kw_world *kw_world_new(const struct kw_program *p,
			      const struct kw_world_opts *opts)
{
	struct kw_world *w = g_new0(struct kw_world, 1);
	unsigned n = p->nr_actors, a;

	g_assert(opts->preemptions <= UINT8_MAX);
	w->p = p;
	w->opts = *opts;
	w->nr_actors = n - 1;
	w->paths = kw_paths_new(p);
	if (opts->fold)
		w->guards = kw_guards_new(p, w->paths);
	if (w->guards)
		w->learnt = kw_learnt_new(w->guards);
	w->live = kw_live_new(p, w->paths);
	if (p->oracle.waits)
		w->vcpus = find_kind(p, p->oracle.vcpu_kind, &w->nr_vcpus);
	if (p->oracle.waits && p->oracle.deliverable)
		w->irqs = find_kind(p, p->oracle.irq_kind, &w->nr_irqs);
	w->thread_of = g_new(uint16_t, w->nr_vcpus + 1);
	w->vcpu_of = g_new(int16_t, n);
	w->guest_of = g_new(uint16_t, n);
	w->virq_of = g_new(uint16_t, n);
	w->preempt_of = g_new(uint16_t, n);
	w->interrupted = g_new0(bool, n);
	memset(w->thread_of, 0xff, 2u * w->nr_vcpus);
	memset(w->vcpu_of, 0xff, 2u * n);
	memset(w->guest_of, 0xff, 2u * n);
	memset(w->virq_of, 0xff, 2u * n);
	memset(w->preempt_of, 0xff, 2u * n);
	w->mark_verdict = mark_number(p, "verdict");
	w->mark_signal = mark_number(p, "signal");
	map_actors(w);
	lay_out(w);
	w->node = g_new0(uint8_t, p->nr_nodes);
	classify(w);
	kw_races_init(w);
	w->locks = kw_locks_new(p);
	w->takes = g_new0(bool, p->nr_nodes);
	for (a = 0; a < p->nr_nodes; a++)
		w->takes[a] = kw_locks_concern(w->locks, &p->nodes[a]);
	w->slow = g_new0(uint8_t *, n);
	for (a = 0; a < w->nr_actors; a++)
		w->slow[a] = find_slow(w, a);
	w->quiet = !w->memory && !opts->preemptions;
	w->local = w->quiet && !w->guards;
	kw_slots_new(w);
	kw_grains_init(w);
	kw_quick_init(w);
	kw_views_init(w);
	kw_persist_init(w);
	look_ahead(w);
	find_symmetry(w);
	return w;
}

bool kw_world_is_per_kick(const struct kw_world *w)
{
	return w->opts.per_kick;
}

bool kw_world_folds(const struct kw_world *w)
{
	return w->opts.fold;
}

bool kw_world_settles(const struct kw_world *w)
{
	return w->memory && w->opts.settle;
}

bool kw_world_persists(const struct kw_world *w)
{
	return w->footprint;
}

void kw_world_free(struct kw_world *w)
{
	unsigned a;

	if (!w)
		return;
	kw_symmetry_free(w->symmetry);
	if (w->ahead != w->footprint)
		kw_footprint_free(w->ahead);
	kw_persist_free(w);
	kw_relaxed_free(w->memory);
	kw_learnt_free(w->learnt);
	kw_guards_free(w->guards);
	kw_live_free(w->live);
	kw_paths_free(w->paths);
	for (a = 0; a < w->nr_actors; a++)
		g_free(w->slow[a]);
	g_free(w->slow);
	g_free(w->node);
	g_free(w->vcpus);
	g_free(w->irqs);
	g_free(w->thread_of);
	g_free(w->vcpu_of);
	g_free(w->guest_of);
	g_free(w->virq_of);
	g_free(w->preempt_of);
	g_free(w->interrupted);
	kw_locks_free(w->locks);
	g_free(w->takes);
	g_free(w->guarded);
	g_free(w->written);
	g_free(w->views);
	g_free(w->places);
	g_free(w->block_of);
	g_free(w->quick);
	g_free(w->folds);
	g_free(w->alone);
	g_free(w->block_grains);
	g_free(w->header_grains);
	g_free(w->slots);
	g_free(w->ailing.sleepers);
	g_free(w);
}
