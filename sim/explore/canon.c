/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which state of its orbit is in order, and makes another one so: the
 * one in which the keys (keys.c) of each class grow.
 *
 * Invariant: a state becomes nothing but what swaps make of it, whatever the
 * keys are.
 */
#include "canon.h"

/* --- an exchange -------------------------------------------------------- */

static void set_map(struct kw_canon *c, unsigned u, unsigned to)
{
	unsigned nr = c->w->nr_actors, i;
	const struct kw_object *o, *q;

	c->to[u] = (uint16_t)to;
	c->from[to] = (uint16_t)u;
	if (u < nr)
		return;
	o = &c->p->objects[u - nr];
	q = &c->p->objects[to - nr];
	for (i = 0; i < c->p->kinds[o->kind].size / 8u; i++)
		c->granule[o->addr / 8 + i] = (uint16_t)(q->addr / 8 + i);
}

/* Bytes only; names in them are still the old ones. */
static void move_unit(struct kw_canon *c, uint8_t *s, unsigned u, unsigned to)
{
	const struct kw_world *w = c->w;
	unsigned nr = w->nr_actors;
	int v, x;

	if (u < nr) {
		memcpy(s + c->p->actors[to].base,
		       c->copy + c->p->actors[u].base,
		       KW_BLOCK_SIZE(&c->p->actors[u]));
		return;
	}
	memcpy(s + c->p->objects[to - nr].addr,
	       c->copy + c->p->objects[u - nr].addr,
	       c->p->kinds[c->p->objects[u - nr].kind].size);
	v = c->vcpu_of[u];
	x = c->vcpu_of[to];
	if (v < 0)
		return;
	s[w->flags_at + (unsigned)x] = c->copy[w->flags_at + (unsigned)v];
	if (w->opts.row)
		s[w->rows_at + (unsigned)x] = c->copy[w->rows_at + (unsigned)v];
}

static unsigned rename_address(const struct kw_canon *c, unsigned x)
{
	return c->granule[x / 8] * 8u + x % 8;
}

static unsigned rename_actor(const struct kw_canon *c, unsigned x)
{
	return kw_is_actor(c->w, x) ? c->to[x - 1] + 1u : x;
}

static unsigned rename_by(const uint16_t *first, const uint16_t *second,
			  unsigned x)
{
	x = first ? first[x] : x;
	return second ? second[x] : x;
}

/* May a register of an actor have to be renamed? */
static bool names_moved(const struct kw_canon *c,
			const struct kw_actor_state *st, unsigned nr_regs)
{
	unsigned r;

	for (r = 1; r < nr_regs; r++)
		if (c->granule[st->regs[r] / 8] != st->regs[r] / 8)
			return true;
	return false;
}

/* point: two maps, one after the other, or NULL. */
static void rename_registers(const struct kw_canon *c,
			     struct kw_actor_state *st, unsigned nr_regs,
			     const uint16_t *const point[2])
{
	struct kw_chain chain;
	unsigned r, x;

	if (!point[0] && !point[1] && !names_moved(c, st, nr_regs))
		return;
	kw_chain_of(c->y, st, &chain);
	for (r = 1; r < nr_regs; r++) {
		x = st->regs[r];
		if (!x)
			continue;
		if (chain.points[r / 64] >> r % 64 & 1)
			x = rename_by(point[0], point[1], x);
		else
			x = rename_address(c, x);
		st->regs[r] = (uint16_t)x;
	}
}

/*
 * Actor a is what another was, in an element that was swapped with the first
 * one of its class by `in`, where `out` swaps that with a's; NULL: it is.
 */
static void rename_in_actor(const struct kw_canon *c, uint8_t *s, unsigned a,
			    const struct kw_swap *in,
			    const struct kw_swap *out)
{
	struct kw_actor_state *st = kw_actor(c->p, s, a);
	unsigned was = c->from[a], first = in ? in->unit[was] : was;
	const uint16_t *node[2] = { in ? in->node[was] : NULL,
				    out ? out->node[first] : NULL };
	const uint16_t *point[2] = { in ? in->point[was] : NULL,
				     out ? out->point[first] : NULL };

	/* While its pc says which of them hold return points. */
	rename_registers(c, st, c->p->actors[a].nr_regs, point);
	st->nest = (uint16_t)rename_actor(c, st->nest);
	st->pc = (uint16_t)rename_by(node[0], node[1], st->pc);
	st->trap = (uint16_t)rename_by(node[0], node[1], st->trap);
}

static void rename_in_object(const struct kw_canon *c, uint8_t *s, unsigned o)
{
	const struct kw_object *x = &c->p->objects[o];
	const uint8_t *held = c->y->held[x->kind];
	const uint16_t *i = c->y->naming[x->kind];
	unsigned at, v;

	for (; *i != UINT16_MAX; i++) {
		at = x->addr + 2u * *i;
		v = kw_get16(s, at);
		if (v)
			kw_put16(s, at, held[*i] == KW_HOLDS_ADDRESS ?
						rename_address(c, v) :
						rename_actor(c, v));
	}
}

/* The element at place i of class k becomes the one that was at c->order[i]. */
static void exchange(struct kw_canon *c, const struct kw_class *k, uint8_t *s)
{
	const struct kw_symmetry *y = c->y;
	const struct kw_element *of = &y->elements[k->first], *was, *is;
	const struct kw_swap **in, **out;
	unsigned i, j, a, nr = c->w->nr_actors;

	in = g_newa(const struct kw_swap *, nr);
	out = g_newa(const struct kw_swap *, nr);
	memset(in, 0, nr * sizeof(*in));
	memset(out, 0, nr * sizeof(*out));
	memcpy(c->copy, s, c->size);
	for (i = 0; i < k->nr; i++) {
		was = &of[c->order[i]];
		is = &of[i];
		if (was == is)
			continue;
		for (j = 0; j < k->nr_units; j++) {
			set_map(c, was->units[j], is->units[j]);
			move_unit(c, s, was->units[j], is->units[j]);
			if (is->units[j] >= nr)
				continue;
			in[is->units[j]] = was->swap;
			out[is->units[j]] = is->swap;
		}
	}
	for (a = 0; a < nr; a++)
		rename_in_actor(c, s, a, in[a], out[a]);
	for (i = 0; i < c->p->nr_objects; i++)
		rename_in_object(c, s, i);
	if (c->weak)
		kw_relaxed_rename(c->w->memory, s, c->to, c->granule);
}

/* Everybody is where he was. */
static void forget_maps(struct kw_canon *c, const struct kw_class *k)
{
	unsigned i, j, u;

	for (i = 0; i < k->nr; i++)
		for (j = 0; j < k->nr_units; j++) {
			u = c->y->elements[k->first + i].units[j];
			set_map(c, u, u);
		}
}

/* --- order -------------------------------------------------------------- */

static bool is_in_order(const struct kw_canon *c, const struct kw_class *k)
{
	unsigned i;

	for (i = 1; i < k->nr; i++)
		if (c->element[k->first + i - 1] > c->element[k->first + i])
			return false;
	return true;
}

/* Equal ones stay as they are to each other. */
static void sort(struct kw_canon *c, const struct kw_class *k)
{
	const uint64_t *key = c->element + k->first;
	unsigned i, j;

	for (i = 0; i < k->nr; i++) {
		for (j = i; j && key[c->order[j - 1]] > key[i]; j--)
			c->order[j] = c->order[j - 1];
		c->order[j] = (uint16_t)i;
	}
}

static void move(const struct kw_canon *c, const struct kw_class *k,
		 uint64_t *of_unit)
{
	const struct kw_element *of = &c->y->elements[k->first];
	uint64_t *key = g_newa(uint64_t, (size_t)k->nr * k->nr_units);
	unsigned i, j;

	for (i = 0; i < k->nr; i++)
		for (j = 0; j < k->nr_units; j++)
			key[i * k->nr_units + j] = of_unit[of[i].units[j]];
	for (i = 0; i < k->nr; i++)
		for (j = 0; j < k->nr_units; j++)
			of_unit[of[i].units[j]] =
				key[c->order[i] * k->nr_units + j];
}

/* After an exchange: units have taken their keys along. */
static void move_keys(struct kw_canon *c, const struct kw_class *k,
		      uint16_t *to)
{
	unsigned u;

	move(c, k, c->unit);
	if (c->weak)
		move(c, k, c->memory);
	for (u = 0; to && u < c->y->nr_units; u++)
		to[u] = c->to[to[u]];
	kw_element_keys(c);
}

/* c has the keys of s. */
static bool put_in_order(struct kw_canon *c, uint8_t *s, uint16_t *to)
{
	bool moved = false;
	unsigned i;

	for (i = 0; i < c->y->nr_classes; i++) {
		const struct kw_class *k = &c->y->classes[i];

		if (is_in_order(c, k))
			continue;
		sort(c, k);
		exchange(c, k, s);
		move_keys(c, k, to);
		forget_maps(c, k);
		moved = true;
	}
	return moved;
}

static void find_keys(struct kw_canon *c, const uint8_t *s)
{
	unsigned u;

	for (u = 0; u < c->y->nr_units; u++)
		if (c->y->element[u] >= 0)
			c->unit[u] = kw_unit_key(c, s, u);
	if (c->weak)
		kw_memory_keys(c, s);
	kw_element_keys(c);
}

bool kw_canon_order(struct kw_canon *c, uint8_t *s, uint16_t *to)
{
	unsigned u;

	for (u = 0; to && u < c->y->nr_units; u++)
		to[u] = (uint16_t)u;
	find_keys(c, s);
	return put_in_order(c, s, to);
}

void kw_canon_swap(struct kw_canon *c, unsigned swap, uint8_t *s)
{
	const struct kw_class *k;
	unsigned e = 0, i;

	while (c->y->elements[e].swap != &c->y->swaps[swap])
		e++;
	k = &c->y->classes[c->y->elements[e].class];
	for (i = 0; i < k->nr; i++)
		c->order[i] = (uint16_t)i;
	c->order[0] = (uint16_t)(e - k->first);
	c->order[e - k->first] = 0;
	exchange(c, k, s);
	forget_maps(c, k);
}

unsigned kw_canon_node(const struct kw_canon *c, unsigned a, unsigned node,
		       unsigned b)
{
	unsigned first = c->node[a] ? c->node[a][node] : node, n;

	for (n = 0; c->node[b] && n < c->p->nr_nodes; n++)
		if (c->node[b][n] == first)
			return n;
	return first;
}

/* --- one word after another ----------------------------------------------- */

void kw_canon_before(struct kw_canon *c, const uint8_t *s, uint64_t stale)
{
	unsigned u;

	for (u = 0; u < c->y->nr_units; u++)
		if (c->grains[u] & stale)
			c->unit[u] = kw_unit_key(c, s, u);
	kw_element_keys(c);
	memcpy(c->before, c->element, c->y->nr_elements * sizeof(*c->before));
}

/* Unit u of s is another. */
static void change_unit(struct kw_canon *c, const uint8_t *s, unsigned u)
{
	uint64_t key = kw_unit_key(c, s, u), part;
	int e = c->y->element[u];

	if (key == c->unit[u])
		return;
	c->undo[c->nr_undo] = (uint16_t)u;
	c->undo_key[c->nr_undo++] = c->unit[u];
	part = key - c->unit[u];
	c->unit[u] = key;
	for (; e >= 0; e = c->y->elements[e].parent) {
		key = kw_part_key(c, (unsigned)e);
		c->element[e] += part;
		part = kw_part_key(c, (unsigned)e) - key;
	}
}

static void change_word(struct kw_canon *c, const uint8_t *s, unsigned place)
{
	unsigned i, u;

	if (place >= c->w->size / 8)
		return;			/* weak memory */
	for (i = 0; i < 2; i++) {
		u = c->units_at[place][i];
		if (u)
			change_unit(c, s, u - 1);
	}
	/* What the oracle keeps of a vCPU. */
	for (i = 0; place >= c->w->flags_at / 8 && i < c->w->nr_vcpus; i++)
		if (c->y->element[c->vcpu_unit[i]] >= 0)
			change_unit(c, s, c->vcpu_unit[i]);
}

bool kw_canon_after(struct kw_canon *c, uint8_t *s,
		    const struct kw_change *changes, unsigned nr)
{
	bool moved = false;
	unsigned i;

	for (i = 0; i < nr; i++)
		change_word(c, s, changes[i].place);
	if (c->weak) {
		kw_memory_keys(c, s);
		kw_element_keys(c);
	}
	for (i = 0; i < c->y->nr_classes && !moved; i++)
		moved = !is_in_order(c, &c->y->classes[i]);
	if (moved) {
		uint64_t *key = g_newa(uint64_t, c->y->nr_units);

		memcpy(key, c->unit, c->y->nr_units * sizeof(*key));
		put_in_order(c, s, NULL);
		memcpy(c->unit, key, c->y->nr_units * sizeof(*key));
	}
	while (c->nr_undo) {
		c->nr_undo--;
		c->unit[c->undo[c->nr_undo]] = c->undo_key[c->nr_undo];
	}
	memcpy(c->element, c->before, c->y->nr_elements * sizeof(*c->before));
	return moved;
}

/* --- what is known beforehand --------------------------------------------- */

static void add_unit_at(struct kw_canon *c, unsigned u, unsigned addr,
			unsigned len)
{
	unsigned i;

	for (i = addr / 8; i <= (addr + len - 1) / 8; i++) {
		c->grains[u] |= UINT64_C(1) <<
				(i >> kw_world_grain_shift(c->w));
		c->units_at[i][c->units_at[i][0] != 0] = (uint16_t)(u + 1);
	}
}

static void find_places(struct kw_canon *c)
{
	const struct kw_world *w = c->w;
	unsigned u, v, nr = w->nr_actors;

	c->grains = g_new0(uint64_t, c->y->nr_units);
	c->units_at = g_malloc0((w->size / 8 + 1) * sizeof(*c->units_at));
	for (u = 0; u < c->y->nr_units; u++) {
		if (c->y->element[u] < 0)
			continue;
		if (u < nr)
			add_unit_at(c, u, c->p->actors[u].base,
				    KW_BLOCK_SIZE(&c->p->actors[u]));
		else
			add_unit_at(c, u, c->p->objects[u - nr].addr,
				    c->p->kinds[c->p->objects[u - nr].kind]
					    .size);
	}
	c->vcpu_unit = g_new0(uint16_t, w->nr_vcpus + 1);
	c->vcpu_of = g_new(int16_t, c->y->nr_units);
	memset(c->vcpu_of, 0xff, c->y->nr_units * sizeof(*c->vcpu_of));
	for (v = 0; v < w->nr_vcpus; v++) {
		c->vcpu_unit[v] = (uint16_t)(nr + w->vcpus[v]);
		c->vcpu_of[c->vcpu_unit[v]] = (int16_t)v;
		if (c->grains[c->vcpu_unit[v]])
			c->grains[c->vcpu_unit[v]] |= w->flags_grains;
	}
}

struct kw_canon *kw_canon_new(const struct kw_symmetry *y)
{
	struct kw_canon *c;
	unsigned i, granules;

	if (!y)
		return NULL;
	c = g_new0(struct kw_canon, 1);
	c->y = y;
	c->w = y->w;
	c->p = y->w->p;
	c->size = kw_world_size(c->w);
	kw_keys_init(c);
	c->undo_key = g_new0(uint64_t, y->nr_units);
	c->undo = g_new0(uint16_t, y->nr_units);
	c->before = g_new0(uint64_t, y->nr_elements);
	c->order = g_new0(uint16_t, y->nr_elements);
	c->copy = g_malloc(c->size);
	c->to = g_new(uint16_t, y->nr_units);
	c->from = g_new(uint16_t, y->nr_units);
	granules = UINT16_MAX / 8 + 1;
	c->granule = g_new(uint16_t, granules);
	for (i = 0; i < y->nr_units; i++)
		c->to[i] = c->from[i] = (uint16_t)i;
	for (i = 0; i < granules; i++)
		c->granule[i] = (uint16_t)i;
	find_places(c);
	return c;
}

void kw_canon_free(struct kw_canon *c)
{
	if (!c)
		return;
	kw_keys_free(c);
	g_free(c->before);
	g_free(c->undo);
	g_free(c->undo_key);
	g_free(c->grains);
	g_free(c->order);
	g_free(c->copy);
	g_free(c->to);
	g_free(c->from);
	g_free(c->granule);
	g_free(c->units_at);
	g_free(c->vcpu_unit);
	g_free(c->vcpu_of);
	g_free(c);
}
