/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what of a state has nothing to do with who is called how.
 *
 * Each unit that some swap moves has a key, a hash of what is its own: bytes
 * as they are; of a name that a swap may change only which orbit it is from,
 * and how near it is (in the same elements or in others).  An element's key is
 * a sum over its units and the elements in it.
 *
 * Of weak memory an object has the messages of its variables and the views of
 * its locks, and an actor what its registers have seen; a thread has what its
 * CPU has seen and stored.
 *
 * Invariant: keys do not depend on names, so that what swaps make of a state
 * has the same ones, exchanged.
 */
#include "canon.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
	return kw_word_hash((unsigned)a, b);
}

/* --- what does not change with names -------------------------------------- */

static uint64_t actor_name(const struct kw_canon *c, unsigned u, unsigned x)
{
	const struct kw_symmetry *y = c->y;

	if (!kw_is_actor(c->w, x) || y->element[x - 1] < 0)
		return x;
	return 1u << 20 | (uint64_t)y->orbit[x - 1] << 32 |
	       (uint64_t)y->common[u * y->nr_units + x - 1] << 24;
}

static uint64_t address_name(const struct kw_canon *c, unsigned u, unsigned x)
{
	const struct kw_object *o = kw_object_at(c->p, x);
	const struct kw_symmetry *y = c->y;
	unsigned v;

	if (!o)
		return x;
	v = c->w->nr_actors + (unsigned)(o - c->p->objects);
	if (y->element[v] < 0)
		return x;
	return 1u << 21 | (uint64_t)y->orbit[v] << 32 | (x - o->addr) |
	       (uint64_t)y->common[u * y->nr_units + v] << 24;
}

static uint64_t actor_key(const struct kw_canon *c, const uint8_t *s,
			  unsigned a)
{
	const struct kw_actor_state *st = kw_block(c->w, s, a);
	const uint16_t *node = c->node[a], *point = c->point[a];
	uint64_t word = kw_word_at((const uint8_t *)st, 0), key;
	struct kw_chain chain;
	unsigned r, x;

	if (node)
		word += (uint64_t)node[st->pc] - st->pc;
	key = mix(0, word) + mix(1, actor_name(c, a, st->nest)) +
	      mix(2, node ? node[st->trap] : st->trap);
	kw_chain_of(c->y, st, &chain);
	for (r = 1; r < c->p->actors[a].nr_regs; r++) {
		x = st->regs[r];
		if (!x)
			continue;
		if (chain.points[r / 64] >> r % 64 & 1)
			key += mix(3 + r, point ? point[x] : x);
		else
			key += mix(3 + r, address_name(c, a, x));
	}
	return key;
}

static uint64_t object_key(const struct kw_canon *c, const uint8_t *s,
			   unsigned u)
{
	const struct kw_object *o = &c->p->objects[u - c->w->nr_actors];
	const uint8_t *held = c->y->held[o->kind];
	const uint16_t *name = c->y->naming[o->kind];
	unsigned i, x, n = c->p->kinds[o->kind].size / 8u;
	int v = c->vcpu_of[u];
	uint64_t key = 0, word;

	for (; *name != UINT16_MAX; name++) {
		x = kw_get16(s, o->addr + 2u * *name);
		if (x)
			key += mix(n + *name, held[*name] == KW_HOLDS_ADDRESS ?
					      address_name(c, u, x) :
					      actor_name(c, u, x));
	}
	for (i = 0; i < n; i++) {
		word = kw_word_at(s, o->addr / 8u + i);
		for (x = 0; x < 4; x++)
			if (held[4 * i + x])
				word &= ~(UINT64_C(0xffff) << 16 * x);
		key += mix(i, word);
	}
	if (v >= 0)
		key += mix(5 * n, s[c->w->flags_at + (unsigned)v]);
	if (v >= 0 && c->w->opts.row)
		key += mix(5 * n + 1, s[c->w->rows_at + (unsigned)v]);
	return key;
}

uint64_t kw_unit_key(const struct kw_canon *c, const uint8_t *s, unsigned u)
{
	return mix(c->y->orbit[u], u < c->w->nr_actors ?
					   actor_key(c, s, u) :
					   object_key(c, s, u));
}

uint64_t kw_part_key(const struct kw_canon *c, unsigned e)
{
	return mix(c->tag[e], c->element[e]);
}

void kw_element_keys(struct kw_canon *c)
{
	const struct kw_symmetry *y = c->y;
	unsigned u, e;

	memset(c->element, 0, y->nr_elements * sizeof(*c->element));
	for (u = 0; u < y->nr_units; u++)
		if (y->element[u] >= 0)
			c->element[y->element[u]] += c->unit[u] +
						     c->memory[u];
	/* Inner ones have lower numbers. */
	for (e = 0; e < y->nr_elements; e++)
		if (y->elements[e].parent >= 0)
			c->element[y->elements[e].parent] += kw_part_key(c, e);
}

void kw_memory_keys(struct kw_canon *c, const uint8_t *s)
{
	memset(c->memory, 0, c->y->nr_units * sizeof(*c->memory));
	kw_relaxed_hash(c->weak, s, c->memory);
}

/* --- what is known beforehand --------------------------------------------- */

/* The innermost element of u that is not the first of its class. */
static const struct kw_swap *next_swap(const struct kw_symmetry *y, unsigned u)
{
	int e;

	for (e = y->element[u]; e >= 0; e = y->elements[e].parent)
		if (y->elements[e].swap)
			return y->elements[e].swap;
	return NULL;
}

/* map := first this, then by; to the first element a number is its own. */
static void compose(uint16_t **map, const uint16_t *by, unsigned nr)
{
	unsigned i;

	if (!by)
		return;
	if (!*map) {
		*map = g_memdup2(by, nr * sizeof(*by));
		return;
	}
	for (i = 0; i < nr; i++)
		(*map)[i] = by[(*map)[i]];
}

static void find_numbers(struct kw_canon *c)
{
	const struct kw_swap *x;
	unsigned a, u, i;

	c->node = g_new0(uint16_t *, c->w->nr_actors + 1);
	c->point = g_new0(uint16_t *, c->w->nr_actors + 1);
	for (a = 0; a < c->w->nr_actors; a++)
		for (u = a, i = 0; i < 2 * c->y->nr_elements &&
				   (x = next_swap(c->y, u)); i++) {
			compose(&c->node[a], x->node[u], c->p->nr_nodes);
			compose(&c->point[a], x->point[u], c->p->nr_points);
			u = x->unit[u];
		}
}

static void find_tags(struct kw_canon *c)
{
	const struct kw_symmetry *y = c->y;
	unsigned e, i;

	for (e = 0; e < y->nr_elements; e++) {
		const struct kw_element *x = &y->elements[e];

		c->tag[e] = y->nr_units;
		for (i = 0; i < y->classes[x->class].nr_units; i++)
			c->tag[e] = MIN(c->tag[e], y->orbit[x->units[i]]);
	}
}

static bool moves(const void *arg, unsigned actor)
{
	const struct kw_canon *c = arg;

	return c->y->element[actor] >= 0;
}

static int unit_at(const void *arg, unsigned addr)
{
	const struct kw_canon *c = arg;
	const struct kw_object *o = kw_object_at(c->p, addr);
	unsigned u;

	if (!o)
		return -1;
	u = c->w->nr_actors + (unsigned)(o - c->p->objects);
	return c->y->element[u] < 0 ? -1 : (int)u;
}

static uint64_t name_to(const void *arg, unsigned u, unsigned addr)
{
	return address_name(arg, u, addr);
}

void kw_keys_init(struct kw_canon *c)
{
	const struct kw_relaxed_naming n = {
		.arg = c, .moves = moves, .unit = unit_at, .name = name_to,
	};

	c->tag = g_new0(uint64_t, c->y->nr_elements);
	find_numbers(c);
	find_tags(c);
	c->unit = g_new0(uint64_t, c->y->nr_units);
	c->memory = g_new0(uint64_t, c->y->nr_units);
	c->element = g_new0(uint64_t, c->y->nr_elements);
	if (c->w->memory)
		c->weak = kw_relaxed_keys_new(c->w->memory, &n);
}

void kw_keys_free(struct kw_canon *c)
{
	unsigned a;

	for (a = 0; a < c->w->nr_actors; a++) {
		g_free(c->node[a]);
		g_free(c->point[a]);
	}
	g_free(c->node);
	g_free(c->point);
	g_free(c->tag);
	g_free(c->unit);
	g_free(c->memory);
	g_free(c->element);
	kw_relaxed_keys_free(c->weak);
}
