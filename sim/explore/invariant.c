/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether what a program declares as invariant holds.
 *
 * One that has to hold at once is looked at after every step that may have
 * changed what it reads.  It may not be folded what such a step does, unless
 * the invariant asks itself for the lock that guards it.  One that has to
 * hold eventually is asked about in states, as a missed wake-up is: what is
 * inescapable within a folded move is so at its end.
 */
#include <string.h>
#include "inside.h"

/* Path of an invariant: which fields it reads, and does it ask for locks? */
struct reads {
	const struct kw_world *w;
	GHashTable *labels;
	bool *been, locks, handlers;
	GArray *todo;
};

static void queue(struct reads *r, unsigned node)
{
	uint16_t n = (uint16_t)node;

	if (r->been[node])
		return;
	r->been[node] = true;
	g_array_append_val(r->todo, n);
}

static void read_node(struct reads *r, unsigned at)
{
	const struct kw_program *p = r->w->p;
	const struct kw_node *n = &p->nodes[at];
	const struct kw_path_graph *to;
	unsigned k, j;

	if (n->op <= KW_OP_LIST_DEL)
		g_hash_table_add(r->labels, (gpointer)p->labels[at]);
	if (n->op == KW_OP_IS_LOCKED)
		r->locks = true;
	if (n->op == KW_OP_IS_PENDING || n->op == KW_OP_IS_ARMED)
		r->handlers = true;
	for (k = 0; k < kw_nr_next(n); k++)
		queue(r, kw_next(p, n, k));
	for (j = 0; kw_is_call(n) && (to = kw_callee(r->w->paths, n, j)); j++) {
		queue(r, to->entry);
		for (k = 0; k < to->returns->len; k++)
			queue(r, kw_after(r->w->paths, n, to, k));
	}
}

static bool writes(unsigned op)
{
	switch ((enum kw_op)op) {
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		return true;
	default:
		return false;
	}
}

/* Operations on tasks, handlers and locks, which no field's label tells. */
static bool is_other(const struct reads *r, unsigned op)
{
	switch ((enum kw_op)op) {
	case KW_OP_UNLOCK:
		return r->locks;
	case KW_OP_DEACTIVATE:
	case KW_OP_SWITCH:
	case KW_OP_WAKE:
		return true;
	case KW_OP_RAISE:
	case KW_OP_UNRAISE:
	case KW_OP_ARM:
	case KW_OP_CANCEL:
	case KW_OP_END:
		return r->handlers;
	default:
		return false;
	}
}

static void mark_nodes(struct kw_world *w, const struct kw_invariant *v)
{
	struct reads r = {
		.w = w, .labels = g_hash_table_new(g_str_hash, g_str_equal),
		.been = g_new0(bool, w->p->nr_nodes),
		.todo = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
	};
	unsigned i;

	queue(&r, v->entry);
	for (i = 0; i < r.todo->len; i++)
		read_node(&r, g_array_index(r.todo, uint16_t, i));
	for (i = 0; i < w->p->nr_nodes; i++) {
		unsigned op = w->p->nodes[i].op;

		if (writes(op) && g_hash_table_contains(r.labels,
							w->p->labels[i]))
			w->node[i] |= KW_N_CHECK | (r.locks ? 0 : KW_N_SEEN);
		else if (is_other(&r, op))
			w->node[i] |= KW_N_CHECK;
	}
	g_array_free(r.todo, TRUE);
	g_free(r.been);
	g_hash_table_destroy(r.labels);
}

/* It says yes and reads nothing: there is nothing to look at here. */
static bool is_trivial(const struct kw_program *p,
		       const struct kw_invariant *v)
{
	return p->nodes[v->entry].op == KW_OP_RETURN &&
	       p->nodes[v->entry].val;
}

static void add(struct kw_world *w, const struct kw_slot *slot)
{
	w->slots = g_renew(struct kw_slot, w->slots, w->nr_slots + 1);
	w->slots[w->nr_slots++] = *slot;
}

static void add_invariant(struct kw_world *w, unsigned i)
{
	const struct kw_invariant *v = &w->p->invariants[i];
	unsigned o;

	if (is_trivial(w->p, v))
		return;
	for (o = 0; o < w->p->nr_objects; o++)
		if (w->p->objects[o].kind == v->kind)
			add(w, &(struct kw_slot){
				.vcpu = -1, .invariant = (uint16_t)i,
				.object = (uint16_t)o,
				.lasts = v->eventually != KW_EVENTUALLY_NOT,
				.alone = v->eventually == KW_EVENTUALLY_HOST,
			});
	if (v->eventually != KW_EVENTUALLY_NOT)
		return;
	w->checks = true;
	mark_nodes(w, v);
}

static void find_ailing(struct kw_world *w)
{
	struct kw_ailing *x = &w->ailing;
	unsigned v, t;

	x->nr = w->nr_vcpus;
	x->sleepers = g_new(struct kw_sleeper, x->nr + 1);
	for (v = 0; v < x->nr; v++) {
		t = w->thread_of[v];
		x->sleepers[v].flags = w->flags_at + v;
		x->sleepers[v].run = t == KW_NO_ACTOR ? w->flags_at + v :
			(uint32_t)(w->p->actors[t].base +
				   offsetof(struct kw_actor_state, run));
	}
	for (v = w->nr_vcpus; v < w->nr_slots; v++)
		x->others |= w->slots[v].lasts;
}

void kw_slots_new(struct kw_world *w)
{
	unsigned i;

	for (i = 0; i < w->nr_vcpus; i++)
		add(w, &(struct kw_slot){
			.vcpu = (int)i, .object = w->vcpus[i], .lasts = true,
		});
	for (i = 0; i < w->p->nr_invariants; i++)
		if (w->opts.check >> i & 1)
			add_invariant(w, i);
	find_ailing(w);
}

unsigned kw_world_nr_slots(const struct kw_world *w)
{
	return w->nr_slots;
}

const struct kw_slot *kw_world_slot(const struct kw_world *w, unsigned slot)
{
	return &w->slots[slot];
}

/* Is the object's thread where the invariant speaks of? */
static bool is_moment(const struct kw_world *w, const uint8_t *s,
		      const struct kw_slot *slot, int entered, uint64_t *read)
{
	const struct kw_object *o = &w->p->objects[slot->object];
	unsigned when = w->p->invariants[slot->invariant].when, t;

	if (when == KW_WHEN_ALWAYS)
		return true;
	if (!w->nr_vcpus || o->kind != w->p->oracle.vcpu_kind)
		return false;
	if (when == KW_WHEN_ENTRY)
		return entered == (int)o->index;
	t = w->thread_of[o->index];
	if (t != KW_NO_ACTOR && read)
		*read |= w->header_grains[t];
	return t != KW_NO_ACTOR &&
	       kw_block(w, s, t)->run == (when == KW_WHEN_GUEST ? KW_IN_GUEST :
								  KW_ASLEEP);
}

static bool fails(const struct kw_world *w, uint8_t *s,
		  const struct kw_slot *slot, uint64_t *read)
{
	return !kw_world_eval(w, s, w->p->invariants[slot->invariant].entry,
			      w->p->objects[slot->object].addr, read);
}

bool kw_world_ails(const struct kw_world *w, uint8_t *s, unsigned slot)
{
	const struct kw_slot *x = &w->slots[slot];

	if (x->vcpu < 0)
		return is_moment(w, s, x, -1, NULL) && fails(w, s, x, NULL);
	return kw_oversleeps(&w->ailing.sleepers[x->vcpu], s);
}

unsigned kw_world_next_ail(const struct kw_world *w, uint8_t *s,
			   unsigned slot)
{
	for (; slot < w->nr_vcpus; slot++)
		if (kw_oversleeps(&w->ailing.sleepers[slot], s))
			return slot;
	for (; slot < w->nr_slots; slot++)
		if (w->slots[slot].lasts && kw_world_ails(w, s, slot))
			return slot;
	return KW_NO_SLOT;
}

const struct kw_ailing *kw_world_ailing(const struct kw_world *w)
{
	return &w->ailing;
}

bool kw_world_counts(const struct kw_world *w, unsigned slot,
		     const struct kw_move *m)
{
	unsigned type = w->p->actors[m->actor].type;

	return !m->slow && (!w->slots[slot].alone ||
			    (type != KW_GUEST && type != KW_VIRQ &&
			     m->type != KW_FIRE));
}

void kw_slots_check(const struct kw_world *w, uint8_t *s, int entered,
		    struct kw_seen_by_move *seen)
{
	uint64_t *read = w->local ? &seen->read : NULL;
	unsigned i;

	for (i = w->nr_vcpus; i < w->nr_slots; i++) {
		const struct kw_slot *x = &w->slots[i];
		unsigned bit = 1u << x->invariant;

		if (!x->lasts && !(seen->broken & bit) &&
		    is_moment(w, s, x, entered, read) &&
		    fails(w, s, x, read))
			seen->broken |= (uint16_t)bit;
	}
}
