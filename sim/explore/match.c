/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether two actors can be exchanged, and what with them.
 *
 * Begins with the two and follows what that makes necessary: their homes,
 * objects and arguments are exchanged, what objects refer to at first, where
 * the actors' paths lead, step by step, and what these name.  Who is in no way
 * concerned by all that remains itself, or else is tried with others.
 *
 * Invariant: to the end of this every actor and object has an image, and each
 * node of an actor, those of the oracle and of the invariants included, has
 * the same operation, outcomes and registers as its image, with images as its
 * operands: the exchange is an automorphism.  What takes how long makes no
 * difference here.
 */
#include "inside.h"

#define UNSET	0xffff

struct pair {				/* of nodes, or of units */
	uint16_t actor, from, to;
};

struct kw_matching {
	const struct kw_symmetry *y;
	const struct kw_world *w;
	const struct kw_program *p;
	uint16_t *unit;			/* [unit] */
	uint16_t *node;			/* [actor * nr_nodes + node] */
	uint16_t *point;		/* [actor * nr_points + point] */
	GArray *trail;			/* uint16_t *: what was set */
	GArray *units, *nodes;		/* struct pair: to be looked into */
	GArray *traps;			/* struct pair: CALL_TRAPs */
};

struct kw_matching *kw_matching_new(const struct kw_symmetry *y)
{
	struct kw_matching *m = g_new0(struct kw_matching, 1);
	size_t nodes, points;

	m->y = y;
	m->w = y->w;
	m->p = y->w->p;
	nodes = (size_t)m->p->nr_actors * m->p->nr_nodes;
	points = (size_t)m->p->nr_actors * (m->p->nr_points + 1);
	m->unit = g_new(uint16_t, y->nr_units);
	m->node = g_new(uint16_t, nodes);
	m->point = g_new(uint16_t, points);
	memset(m->unit, 0xff, y->nr_units * sizeof(*m->unit));
	memset(m->node, 0xff, nodes * sizeof(*m->node));
	memset(m->point, 0xff, points * sizeof(*m->point));
	m->trail = g_array_new(FALSE, FALSE, sizeof(uint16_t *));
	m->units = g_array_new(FALSE, FALSE, sizeof(struct pair));
	m->nodes = g_array_new(FALSE, FALSE, sizeof(struct pair));
	m->traps = g_array_new(FALSE, FALSE, sizeof(struct pair));
	return m;
}

void kw_matching_free(struct kw_matching *m)
{
	if (!m)
		return;
	g_free(m->unit);
	g_free(m->node);
	g_free(m->point);
	g_array_free(m->trail, TRUE);
	g_array_free(m->units, TRUE);
	g_array_free(m->nodes, TRUE);
	g_array_free(m->traps, TRUE);
	g_free(m);
}

static void undo(struct kw_matching *m, unsigned trail, unsigned traps)
{
	unsigned i;

	for (i = trail; i < m->trail->len; i++)
		*g_array_index(m->trail, uint16_t *, i) = UNSET;
	g_array_set_size(m->trail, trail);
	g_array_set_size(m->traps, traps);
	g_array_set_size(m->units, 0);
	g_array_set_size(m->nodes, 0);
}

/* *a is to be `to`, and *b, its inverse, `from`; *new: it was not yet. */
static bool set(struct kw_matching *m, uint16_t *a, unsigned to, uint16_t *b,
		unsigned from)
{
	if (*a != UNSET || *b != UNSET)
		return *a == to && *b == from;
	*a = (uint16_t)to;
	*b = (uint16_t)from;
	g_array_append_val(m->trail, a);
	g_array_append_val(m->trail, b);
	return true;
}

static bool pair_units(struct kw_matching *m, unsigned u, unsigned v)
{
	struct pair x = { 0, (uint16_t)u, (uint16_t)v };

	if (m->unit[u] == v)
		return true;
	if (!set(m, &m->unit[u], v, &m->unit[v], u))
		return false;
	g_array_append_val(m->units, x);
	return true;
}

/* As in locks and handlers: an actor's number + 1, or 0. */
static bool pair_actors(struct kw_matching *m, unsigned a, unsigned b)
{
	return a && b ? pair_units(m, a - 1, b - 1) : a == b;
}

static bool pair_addresses(struct kw_matching *m, unsigned x, unsigned y)
{
	const struct kw_object *o = kw_object_at(m->p, x);
	const struct kw_object *q = kw_object_at(m->p, y);

	if (!o || !q)
		return x == y;
	return x - o->addr == y - q->addr &&
	       pair_units(m, m->w->nr_actors + (unsigned)(o - m->p->objects),
			  m->w->nr_actors + (unsigned)(q - m->p->objects));
}

/* The scratch actor is itself, and no unit. */
static unsigned actor_image(const struct kw_matching *m, unsigned a)
{
	return a < m->w->nr_actors ? m->unit[a] : a;
}

static bool pair_nodes(struct kw_matching *m, unsigned a, unsigned n,
		       unsigned to)
{
	size_t nr = m->p->nr_nodes;
	uint16_t *x = &m->node[a * nr + n];
	uint16_t *back = &m->node[actor_image(m, a) * nr + to];
	struct pair new = { (uint16_t)a, (uint16_t)n, (uint16_t)to };

	if (*x == to && *back == n)
		return true;
	if (!set(m, x, to, back, n))
		return false;
	g_array_append_val(m->nodes, new);
	return true;
}

/* --- units ------------------------------------------------------------- */

static bool look_into_actors(struct kw_matching *m, unsigned a, unsigned b)
{
	const struct kw_actor *x = &m->p->actors[a], *y = &m->p->actors[b];
	unsigned i;

	if (x->type != y->type || x->autostart != y->autostart ||
	    x->nr_regs != y->nr_regs || x->nr_args != y->nr_args ||
	    !pair_units(m, x->home, y->home) ||
	    !pair_addresses(m, x->object, y->object) ||
	    !pair_nodes(m, a, x->entry, y->entry))
		return false;
	for (i = 0; i < x->nr_args; i++)
		if (x->arg_reg[i] != y->arg_reg[i] ||
		    !pair_addresses(m, x->arg_val[i], y->arg_val[i]))
			return false;
	return true;
}

static bool look_into_objects(struct kw_matching *m, unsigned o, unsigned q)
{
	const struct kw_object *x = &m->p->objects[o], *y = &m->p->objects[q];
	const uint8_t *held = m->y->held[x->kind];
	const uint8_t *s = m->p->init;
	unsigned i, a, b;

	if (x->kind != y->kind)
		return false;
	for (i = 0; i < m->p->kinds[x->kind].size / 2u; i++) {
		a = kw_get16(s, x->addr + 2 * i);
		b = kw_get16(s, y->addr + 2 * i);
		if (held[i] == KW_HOLDS_ADDRESS ? !pair_addresses(m, a, b) :
		    held[i] == KW_HOLDS_ACTOR ? !pair_actors(m, a, b) : a != b)
			return false;
	}
	return true;
}

static bool look_into_units(struct kw_matching *m, const struct pair *x)
{
	unsigned nr = m->w->nr_actors;

	if ((x->from < nr) != (x->to < nr))
		return false;
	return x->from < nr ? look_into_actors(m, x->from, x->to) :
			      look_into_objects(m, x->from - nr, x->to - nr);
}

/* --- nodes ------------------------------------------------------------- */

/* Those of e and of its image are, by their outcomes. */
static bool pair_returns(struct kw_matching *m, const struct pair *x,
			 const struct kw_path_graph *e,
			 const struct kw_path_graph *to)
{
	const struct kw_node *n = &m->p->nodes[x->from];
	const struct kw_node *q = &m->p->nodes[x->to];
	unsigned i, j, k, r;

	for (i = 0; i < e->returns->len; i++) {
		r = g_array_index(e->returns, uint16_t, i);
		k = m->p->nodes[r].val;
		for (j = 0; j < to->returns->len; j++)
			if (m->p->nodes[g_array_index(to->returns, uint16_t,
						      j)].val == k)
				break;
		if (j == to->returns->len ||
		    !pair_nodes(m, x->actor,
				m->p->succ[m->p->points[n->val] + k],
				m->p->succ[m->p->points[q->val] + k]))
			return false;
	}
	return true;
}

static bool pair_calls(struct kw_matching *m, const struct pair *x)
{
	const struct kw_node *n = &m->p->nodes[x->from];
	const struct kw_node *q = &m->p->nodes[x->to];
	size_t nr = m->p->nr_points + 1;
	uint16_t *point = &m->point[x->actor * nr + n->val];
	uint16_t *back = &m->point[actor_image(m, x->actor) * nr + q->val];

	if ((*point != q->val || *back != n->val) &&
	    !set(m, point, q->val, back, n->val))
		return false;
	if (n->op == KW_OP_CALL_TRAP) {
		g_array_append_val(m->traps, *x);
		return true;
	}
	return pair_nodes(m, x->actor, n->next[0], q->next[0]) &&
	       pair_returns(m, x, kw_callee(m->w->paths, n, 0),
			    kw_callee(m->w->paths, q, 0));
}

/* What the trap of a guest's exit is to its thread. */
static bool pair_exits(struct kw_matching *m, const struct pair *x)
{
	unsigned t = m->p->actors[x->actor].home;

	if (m->p->actors[x->actor].type == KW_VIRQ)
		t = m->p->actors[t].home;
	return m->unit[t] != UNSET &&
	       pair_nodes(m, t, m->p->nodes[x->from].next[1],
			  m->p->nodes[x->to].next[1]);
}

static bool same_operands(struct kw_matching *m, const struct kw_node *n,
			  const struct kw_node *q)
{
	switch ((enum kw_op)n->op) {
	case KW_OP_TIME_NOW:		/* registers and places of times */
	case KW_OP_TIME_SET:
	case KW_OP_TIME_ADD:
	case KW_OP_TIME_SUB:
	case KW_OP_TIME_LESS:
		return true;
	case KW_OP_TIME_LOAD:
	case KW_OP_TIME_STORE:
		return n->reg == q->reg;
	case KW_OP_RAISE:		/* val: how long it takes */
	case KW_OP_ARM:
	case KW_OP_DELAY:
	case KW_OP_BURN:
		break;
	case KW_OP_CALL:		/* val: see pair_calls() */
	case KW_OP_CALL_TRAP:
		return n->dst == q->dst;
	default:
		if (n->val != q->val || n->dst != q->dst)
			return false;
		break;
	}
	if (n->reg != q->reg)
		return false;
	return n->reg || !(kw_op_uses[n->op] & KW_USES_A) ?
		       n->off == q->off : pair_addresses(m, n->off, q->off);
}

static bool look_into_nodes(struct kw_matching *m, const struct pair *x)
{
	const struct kw_node *n = &m->p->nodes[x->from];
	const struct kw_node *q = &m->p->nodes[x->to];
	unsigned k;

	if (n->op != q->op || n->flags != q->flags ||
	    kw_nr_next(n) != kw_nr_next(q) || !same_operands(m, n, q))
		return false;
	if (m->w->memory &&
	    !kw_relaxed_same_field(m->w->memory, x->from, x->to))
		return false;
	for (k = 0; k < kw_nr_next(n); k++)
		if (!pair_nodes(m, x->actor, kw_next(m->p, n, k),
				kw_next(m->p, q, k)))
			return false;
	if (n->op == KW_OP_GUEST_EXIT)
		return pair_exits(m, x);
	return !kw_is_call(n) || pair_calls(m, x);
}

/* Where a thread's calls of traps go on, as far as its traps are known. */
static bool look_into_traps(struct kw_matching *m)
{
	GArray *traps = m->w->paths->traps;
	unsigned i, k;

	for (i = 0; i < m->traps->len; i++)
		for (k = 0; k < traps->len; k++) {
			const struct pair x = g_array_index(m->traps,
							    struct pair, i);
			unsigned e = g_array_index(traps, uint16_t, k);
			unsigned to = m->node[(size_t)x.actor *
					      m->p->nr_nodes + e];

			if (to == UNSET)
				continue;
			if (!m->w->paths->at[to] ||
			    !pair_returns(m, &x, m->w->paths->at[e],
					  m->w->paths->at[to]))
				return false;
		}
	return true;
}

/* --- all that follows --------------------------------------------------- */

static bool take(GArray *from, struct pair *x)
{
	if (!from->len)
		return false;
	*x = g_array_index(from, struct pair, from->len - 1);
	g_array_set_size(from, from->len - 1);
	return true;
}

/* Homes come before those whose home they are: GUEST_EXIT needs that. */
static bool follow(struct kw_matching *m)
{
	struct pair x;

	do {
		while (take(m->units, &x))
			if (!look_into_units(m, &x))
				return false;
		if (take(m->nodes, &x)) {
			if (!look_into_nodes(m, &x))
				return false;
		} else if (!look_into_traps(m)) {
			return false;
		}
	} while (m->units->len || m->nodes->len);
	return true;
}

/* u and v are each other's image, if they can be. */
static bool try(struct kw_matching *m, unsigned u, unsigned v)
{
	unsigned trail = m->trail->len, traps = m->traps->len;

	if (pair_units(m, u, v) && follow(m))
		return true;
	undo(m, trail, traps);
	return false;
}

/* Who has no image yet: itself, or the first that will do. */
static bool find_images(struct kw_matching *m)
{
	unsigned u, v;

	for (u = 0; u < m->y->nr_units; u++) {
		if (m->unit[u] != UNSET)
			continue;
		for (v = u; v < m->y->nr_units; v++)
			if (m->unit[v] == UNSET && try(m, u, v))
				break;
		if (v == m->y->nr_units)
			return false;
	}
	return true;
}

/* What is asked of states, and by an actor that is none. */
static bool pair_oracle(struct kw_matching *m)
{
	const struct kw_program *p = m->p;
	unsigned scratch = p->nr_actors - 1, i;
	bool ok = true;

	for (i = 0; i < p->nr_invariants; i++)
		if (m->w->opts.check >> i & 1)
			ok = ok && pair_nodes(m, scratch,
					      p->invariants[i].entry,
					      p->invariants[i].entry);
	return ok && pair_nodes(m, scratch, p->oracle.deliverable,
				p->oracle.deliverable) &&
	       pair_nodes(m, scratch, p->oracle.pending, p->oracle.pending) &&
	       pair_nodes(m, scratch, p->oracle.waits, p->oracle.waits) &&
	       follow(m);
}

static unsigned image(const struct kw_matching *m, unsigned a)
{
	return a == KW_NO_ACTOR ? a : m->unit[a];
}

/* Who belongs to whom, as setup.c has found it. */
static bool same_world(const struct kw_matching *m)
{
	const struct kw_world *w = m->w;
	unsigned a, b, v;

	for (a = 0; a < w->nr_actors; a++) {
		b = m->unit[a];
		if (image(m, w->guest_of[a]) != w->guest_of[b] ||
		    image(m, w->virq_of[a]) != w->virq_of[b] ||
		    image(m, w->preempt_of[a]) != w->preempt_of[b] ||
		    w->interrupted[a] != w->interrupted[b])
			return false;
	}
	for (v = 0; v < w->nr_vcpus; v++) {
		b = m->unit[w->nr_actors + w->vcpus[v]] - w->nr_actors;
		if (image(m, w->thread_of[v]) !=
		    w->thread_of[m->p->objects[b].index])
			return false;
	}
	return true;
}

unsigned kw_matching_find(struct kw_matching *m, unsigned a, unsigned b)
{
	unsigned u, moved = 0;

	undo(m, 0, 0);
	if (!pair_oracle(m) || !pair_units(m, a, b) || !follow(m) ||
	    !find_images(m) || !same_world(m))
		return 0;
	for (u = 0; u < m->y->nr_units; u++)
		moved += m->unit[u] != u;
	return moved;
}

/* A map of n numbers, or NULL where each is itself. */
static uint16_t *map_of(const uint16_t *image, unsigned n)
{
	uint16_t *map = g_new(uint16_t, n + 1);
	bool moves = false;
	unsigned i;

	for (i = 0; i < n; i++) {
		map[i] = image[i] == UNSET ? (uint16_t)i : image[i];
		moves |= map[i] != i;
	}
	if (!moves)
		g_clear_pointer(&map, g_free);
	return map;
}

void kw_matching_take(struct kw_matching *m, struct kw_swap *swap)
{
	unsigned nr = m->w->nr_actors, a;

	swap->unit = g_memdup2(m->unit, m->y->nr_units * sizeof(*m->unit));
	swap->node = g_new0(uint16_t *, nr + 1);
	swap->point = g_new0(uint16_t *, nr + 1);
	for (a = 0; a < nr; a++) {
		swap->node[a] = map_of(m->node + (size_t)a * m->p->nr_nodes,
				       m->p->nr_nodes);
		swap->point[a] = map_of(m->point + (size_t)a *
						   (m->p->nr_points + 1),
					m->p->nr_points);
	}
}

void kw_swap_free(const struct kw_symmetry *y, struct kw_swap *swap)
{
	unsigned a;

	for (a = 0; a < y->w->nr_actors; a++) {
		g_free(swap->node[a]);
		g_free(swap->point[a]);
	}
	g_free(swap->node);
	g_free(swap->point);
	g_free(swap->unit);
}
