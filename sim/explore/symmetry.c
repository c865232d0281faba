/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which units are interchangeable: the classes of a program.
 *
 * Swaps of pairs of actors, those that move least first.  A swap becomes the
 * class of its actor, which others join that the same block of units can be
 * exchanged with as well; what is one orbit already needs no further class.
 */
#include "inside.h"

#define MAX_PAIRS	4096		/* of actors that are tried */

struct candidate {
	uint16_t a, b;			/* actors */
	unsigned moved;
};

struct setting_up {
	struct kw_symmetry *y;
	const struct kw_world *w;
	const struct kw_program *p;
	struct kw_matching *m;
	GArray *candidates;
	GArray *classes, *elements;	/* the inner ones first */
	GPtrArray *swaps;		/* struct kw_swap */
};

/* --- what is where ------------------------------------------------------ */

static uint8_t *held_by(const struct kw_kind *k)
{
	uint8_t *held = g_new0(uint8_t, k->size / 2u + 2);
	unsigned f;

	for (f = 0; f < k->nr_fields; f++) {
		const struct kw_field *x = &k->fields[f];
		unsigned at = x->off / 2u;

		switch ((enum kw_field_type)x->type) {
		case KW_LIST:
		case KW_LINK:
			held[at + 1] = KW_HOLDS_ADDRESS;
			/* fall through */
		case KW_REF:
			held[at] = KW_HOLDS_ADDRESS;
			break;
		case KW_LOCK:
		case KW_HANDLER:
			held[at] = KW_HOLDS_ACTOR;
			break;
		default:
			break;
		}
	}
	return held;
}

static uint16_t *naming(const struct kw_kind *k, const uint8_t *held)
{
	uint16_t *all = g_new(uint16_t, k->size / 2u + 1), nr = 0, i;

	for (i = 0; i < k->size / 2u; i++)
		if (held[i])
			all[nr++] = i;
	all[nr] = UINT16_MAX;
	return all;
}

/* False when objects are not what their kinds say. */
static bool find_held(struct setting_up *s)
{
	const struct kw_program *p = s->p;
	unsigned i, end, nr = 0;

	for (i = 0; i < p->nr_objects; i++)
		nr = MAX(nr, p->objects[i].kind + 1u);
	s->y->held = g_new0(uint8_t *, nr + 1);
	s->y->naming = g_new0(uint16_t *, nr + 1);
	for (i = 0; i < p->nr_objects; i++) {
		const struct kw_object *o = &p->objects[i];

		end = i + 1 < p->nr_objects ? o[1].addr : p->objects_size;
		if (end - o->addr != p->kinds[o->kind].size)
			return false;
		if (s->y->held[o->kind])
			continue;
		s->y->held[o->kind] = held_by(&p->kinds[o->kind]);
		s->y->naming[o->kind] = naming(&p->kinds[o->kind],
					       s->y->held[o->kind]);
	}
	return true;
}

/*
 * To which path each node belongs; false when it is more than one.  Many end
 * at END and at what fails, where nobody has registers.
 */
static bool find_paths(struct setting_up *s)
{
	struct kw_symmetry *y = s->y;
	unsigned i, j, n;

	y->path_of = g_new0(uint16_t, s->p->nr_nodes);
	y->return_reg = g_new0(uint8_t, s->p->nr_nodes);
	y->return_val = g_new0(uint16_t, s->p->nr_nodes);
	for (i = 0; i < s->w->paths->paths->len; i++) {
		const struct kw_path_graph *e = s->w->paths->paths->pdata[i];

		for (j = 0; j < e->nodes->len; j++) {
			n = g_array_index(e->nodes, uint16_t, j);
			if (!n || s->p->nodes[n].op == KW_OP_FAIL)
				continue;
			if (y->path_of[n] && y->path_of[n] != e->entry)
				return false;
			y->path_of[n] = e->entry;
		}
		for (j = 0; j < e->returns->len; j++) {
			n = g_array_index(e->returns, uint16_t, j);
			y->return_reg[e->entry] = s->p->nodes[n].dst;
			y->return_val[e->entry] = s->p->nodes[n].val;
		}
	}
	return true;
}

void kw_chain_of(const struct kw_symmetry *y,
		 const struct kw_actor_state *st, struct kw_chain *chain)
{
	const struct kw_program *p = y->w->p;
	unsigned e = y->path_of[st->pc], r;

	*chain = (struct kw_chain){ .points = { 0 } };
	while ((r = y->return_reg[e]) && st->regs[r]) {
		chain->points[r / 64] |= UINT64_C(1) << r % 64;
		e = y->path_of[p->succ[p->points[st->regs[r]] +
				       y->return_val[e]]];
	}
}

/* --- candidates --------------------------------------------------------- */

static int compare(gconstpointer a, gconstpointer b)
{
	const struct candidate *x = a, *y = b;

	if (x->moved != y->moved)
		return x->moved < y->moved ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

static void find_candidates(struct setting_up *s)
{
	const struct kw_program *p = s->p;
	unsigned nr = 0, a, b;

	for (a = 0; a < s->w->nr_actors; a++)
		for (b = a + 1; b < s->w->nr_actors && nr < MAX_PAIRS; b++) {
			struct candidate c = { (uint16_t)a, (uint16_t)b, 0 };

			if (p->actors[a].type != p->actors[b].type)
				continue;
			nr++;
			c.moved = kw_matching_find(s->m, a, b);
			if (c.moved)
				g_array_append_val(s->candidates, c);
		}
	g_array_sort(s->candidates, compare);
}

/* --- classes ------------------------------------------------------------ */

static bool is_one_orbit(const struct setting_up *s, unsigned u, unsigned v)
{
	return s->y->orbit[u] == s->y->orbit[v];
}

static void unite(struct setting_up *s, unsigned u, unsigned v)
{
	uint16_t x = s->y->orbit[u], y = s->y->orbit[v];
	unsigned i;

	for (i = 0; i < s->y->nr_units; i++)
		if (s->y->orbit[i] == x || s->y->orbit[i] == y)
			s->y->orbit[i] = MIN(x, y);
}

/* Does u name v, from the start on, or v u? */
static bool names(const struct setting_up *s, unsigned u, unsigned v)
{
	unsigned nr = s->w->nr_actors, i, addr, o;
	const struct kw_actor *ac;
	const uint8_t *held;

	if (u < nr) {
		ac = &s->p->actors[u];
		if (v < nr)
			return ac->home == v;
		o = s->p->objects[v - nr].addr;
		for (i = 0; i < ac->nr_args; i++)
			if (ac->arg_val[i] == o)
				return true;
		return ac->object == o;
	}
	held = s->y->held[s->p->objects[u - nr].kind];
	for (i = 0; i < s->p->kinds[s->p->objects[u - nr].kind].size / 2u;
	     i++) {
		addr = kw_get16(s->p->init, s->p->objects[u - nr].addr + 2 * i);
		if (v < nr ? held[i] == KW_HOLDS_ACTOR && addr == v + 1 :
		    held[i] == KW_HOLDS_ADDRESS && addr &&
		    kw_object_at(s->p, addr) == &s->p->objects[v - nr])
			return true;
	}
	return false;
}

/*
 * Which of the units that the swap moves go with actor a: those that are
 * named by, or name, what does.  The rest may as well as not.
 */
static GArray *find_block(const struct setting_up *s, const struct kw_swap *w,
			  unsigned a)
{
	GArray *block = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	bool *in = g_new0(bool, s->y->nr_units), grew = true;
	uint16_t u, v;

	in[a] = true;
	while (grew) {
		for (grew = false, u = 0; u < s->y->nr_units; u++)
			for (v = 0; v < s->y->nr_units && in[u]; v++) {
				if (w->unit[v] == v || in[v] ||
				    in[w->unit[v]] ||
				    (!names(s, u, v) && !names(s, v, u)))
					continue;
				in[v] = grew = true;
			}
		for (u = 0; u < s->y->nr_units && !grew; u++)
			if (w->unit[u] != u && !in[u] && !in[w->unit[u]])
				in[u] = grew = true;
	}
	for (u = 0; u < s->y->nr_units; u++)
		if (in[u])
			g_array_append_val(block, u);
	g_free(in);
	return block;
}

/* Is unit u in one of the elements of the class that is being made? */
static bool is_taken(const struct setting_up *s, const struct kw_class *c,
		     unsigned u)
{
	unsigned e, i;

	for (e = c->first; e < s->elements->len; e++)
		for (i = 0; i < c->nr_units; i++)
			if (g_array_index(s->elements, struct kw_element,
					  e).units[i] == u)
				return true;
	return false;
}

/* The block goes, by that swap, to a place of its own and nothing else does? */
static bool moves_block(const struct setting_up *s, const struct kw_class *c,
			const struct kw_swap *w, const GArray *block)
{
	unsigned moved = 0, u, i;

	for (u = 0; u < s->y->nr_units; u++)
		moved += w->unit[u] != u;
	if (moved != 2 * c->nr_units)
		return false;
	for (i = 0; i < block->len; i++) {
		u = w->unit[g_array_index(block, uint16_t, i)];
		if (is_taken(s, c, u))
			return false;
	}
	return true;
}

static void add_element(struct setting_up *s, struct kw_class *c,
			const struct kw_swap *w, const GArray *block)
{
	struct kw_element e = {
		.class = s->classes->len, .index = c->nr++, .parent = -1,
		.units = g_new(uint16_t, block->len), .swap = w,
	};
	unsigned i, u;

	for (i = 0; i < block->len; i++) {
		u = g_array_index(block, uint16_t, i);
		e.units[i] = w ? w->unit[u] : (uint16_t)u;
		unite(s, u, e.units[i]);
	}
	g_array_append_val(s->elements, e);
}

static struct kw_swap *find_swap(struct setting_up *s, unsigned a, unsigned b)
{
	struct kw_swap *w = g_new0(struct kw_swap, 1);

	kw_matching_find(s->m, a, b);
	kw_matching_take(s->m, w);
	return w;
}

/* The class of candidate number i: its actor, and whom that is swapped with. */
static void add_class(struct setting_up *s, unsigned i)
{
	const struct candidate *all = (const void *)s->candidates->data;
	const struct candidate *x = &all[i], *o;
	struct kw_class c = { .first = s->elements->len };
	struct kw_swap *w = find_swap(s, x->a, x->b);
	GArray *block = find_block(s, w, x->a);

	c.nr_units = block->len;
	add_element(s, &c, NULL, block);
	for (o = x; o < all + s->candidates->len; o++) {
		if (o->a != x->a || o->moved != x->moved ||
		    is_one_orbit(s, o->a, o->b))
			continue;
		if (o != x)
			w = find_swap(s, o->a, o->b);
		if (moves_block(s, &c, w, block)) {
			g_ptr_array_add(s->swaps, w);
			add_element(s, &c, w, block);
		} else {
			kw_swap_free(s->y, w);
			g_free(w);
		}
	}
	g_array_append_val(s->classes, c);
	g_array_free(block, TRUE);
}

/*
 * Does the element, of a class that was found before, lie in one of those of
 * class c, or outside of all?  in: which, or -1.
 */
static bool lies(const struct setting_up *s, const struct kw_class *c,
		 const struct kw_element *x, int *in)
{
	const struct kw_element *of = (const void *)s->elements->data;
	const struct kw_class *its = &g_array_index(s->classes,
						    struct kw_class, x->class);
	unsigned e, i, k, found = 0;

	*in = -1;
	for (e = c->first; e < c->first + c->nr; e++)
		for (i = 0; i < c->nr_units; i++)
			for (k = 0; k < its->nr_units; k++)
				if (of[e].units[i] == x->units[k]) {
					if (*in >= 0 && *in != (int)e)
						return false;
					*in = (int)e;
					found++;
				}
	return !found || found == its->nr_units;
}

/* Inner classes lie in one element each; false, and c is none, if not. */
static bool find_inner(struct setting_up *s)
{
	struct kw_element *of = (void *)s->elements->data;
	const struct kw_class *c = &g_array_index(s->classes, struct kw_class,
						  s->classes->len - 1);
	int *in = g_new(int, c->first + 1);
	bool ok = c->nr > 1;
	unsigned e;

	for (e = 0; ok && e < c->first; e++)
		ok = lies(s, c, &of[e], &in[e]) &&
		     (!of[e].index || in[e] == in[e - 1]);
	for (e = 0; ok && e < c->first; e++)
		if (of[e].parent < 0)
			of[e].parent = in[e];
	g_free(in);
	return ok;
}

static void forget_class(struct setting_up *s)
{
	const struct kw_class *c = &g_array_index(s->classes, struct kw_class,
						  s->classes->len - 1);
	unsigned e;

	for (e = c->first; e < s->elements->len; e++)
		g_free(g_array_index(s->elements, struct kw_element,
				     e).units);
	for (e = 1; e < c->nr; e++) {
		struct kw_swap *w = s->swaps->pdata[s->swaps->len - 1];

		kw_swap_free(s->y, w);
		g_free(w);
		g_ptr_array_set_size(s->swaps, (int)s->swaps->len - 1);
	}
	g_array_set_size(s->elements, c->first);
	g_array_set_size(s->classes, s->classes->len - 1);
}

static void find_classes(struct setting_up *s)
{
	uint16_t *orbit = NULL;
	unsigned i;

	for (i = 0; i < s->candidates->len; i++) {
		const struct candidate *x = &g_array_index(
			s->candidates, struct candidate, i);

		if (is_one_orbit(s, x->a, x->b))
			continue;
		orbit = g_memdup2(s->y->orbit, s->y->nr_units *
						       sizeof(*orbit));
		add_class(s, i);
		if (!find_inner(s)) {
			forget_class(s);
			memcpy(s->y->orbit, orbit, s->y->nr_units *
							   sizeof(*orbit));
		}
		g_free(orbit);
	}
}

/* --- what follows from classes ------------------------------------------- */

/* The outer classes first; elements keep their numbers. */
static void keep_classes(struct setting_up *s)
{
	struct kw_symmetry *y = s->y;
	unsigned i, e, u;

	y->nr_classes = s->classes->len;
	y->nr_elements = s->elements->len;
	y->nr_swaps = s->swaps->len;
	y->classes = g_new(struct kw_class, y->nr_classes + 1);
	for (i = 0; i < y->nr_classes; i++)
		y->classes[y->nr_classes - 1 - i] =
			g_array_index(s->classes, struct kw_class, i);
	y->elements = (void *)g_array_free(g_steal_pointer(&s->elements),
					   FALSE);
	y->element = g_new(int16_t, y->nr_units);
	memset(y->element, 0xff, y->nr_units * sizeof(*y->element));
	for (e = y->nr_elements; e-- > 0;) {
		struct kw_element *x = &y->elements[e];

		x->class = y->nr_classes - 1 - x->class;
		for (u = 0; u < y->classes[x->class].nr_units; u++)
			y->element[x->units[u]] = (int16_t)e;
	}
}

static struct kw_renaming renaming_of(const struct setting_up *s,
				      const struct kw_swap *w)
{
	unsigned granules = s->p->objects_size / 8 + 1, nr = s->w->nr_actors;
	struct kw_renaming r = {
		.actor = g_new(uint16_t, nr + 1),
		.granule = g_new(uint16_t, granules),
	};
	unsigned i, o, k;

	for (i = 0; i < nr; i++)
		r.actor[i] = w->unit[i];
	for (i = 0; i < granules; i++)
		r.granule[i] = (uint16_t)i;
	for (o = 0; o < s->p->nr_objects; o++) {
		const struct kw_object *x = &s->p->objects[o];
		const struct kw_object *to = &s->p->objects[
			w->unit[nr + o] - nr];

		for (k = 0; k < s->p->kinds[x->kind].size / 8u; k++)
			r.granule[x->addr / 8 + k] =
				(uint16_t)(to->addr / 8 + k);
	}
	return r;
}

static void keep_swaps(struct setting_up *s)
{
	struct kw_symmetry *y = s->y;
	unsigned i, e;

	y->swaps = g_new0(struct kw_swap, y->nr_swaps + 1);
	y->renamings = g_new0(struct kw_renaming, y->nr_swaps + 1);
	y->relaxed = g_new0(struct kw_relaxed_swap, y->nr_swaps + 1);
	for (i = 0; i < y->nr_swaps; i++) {
		struct kw_swap *w = s->swaps->pdata[i];

		y->swaps[i] = *w;
		y->renamings[i] = renaming_of(s, w);
		y->relaxed[i] = (struct kw_relaxed_swap){
			.actor = y->renamings[i].actor,
			.granule = y->renamings[i].granule, .node = w->node,
		};
		for (e = 0; e < y->nr_elements; e++)
			if (y->elements[e].swap == w)
				y->elements[e].swap = &y->swaps[i];
		g_free(w);
	}
}

/* The elements that u lies in, the outermost first; how many. */
static unsigned chain_of(const struct kw_symmetry *y, unsigned u, int *chain)
{
	unsigned nr = 0, i;
	int e, x;

	for (e = y->element[u]; e >= 0; e = y->elements[e].parent)
		chain[nr++] = e;
	for (i = 0; i < nr / 2; i++) {
		x = chain[i];
		chain[i] = chain[nr - 1 - i];
		chain[nr - 1 - i] = x;
	}
	return nr;
}

static void find_common(struct kw_symmetry *y)
{
	int *a = g_new(int, y->nr_elements + 1);
	int *b = g_new(int, y->nr_elements + 1);
	unsigned u, v, i, nr, of;

	y->common = g_new0(uint8_t, (size_t)y->nr_units * y->nr_units);
	for (u = 0; u < y->nr_units; u++) {
		nr = chain_of(y, u, a);
		for (v = 0; v < y->nr_units; v++) {
			of = chain_of(y, v, b);
			for (i = 0; i < MIN(nr, of) && a[i] == b[i]; i++)
				;
			y->common[(size_t)u * y->nr_units + v] = (uint8_t)i;
		}
	}
	g_free(a);
	g_free(b);
}

struct kw_symmetry *kw_symmetry_new(const struct kw_world *w)
{
	struct kw_symmetry *y = g_new0(struct kw_symmetry, 1);
	struct setting_up s = { .y = y, .w = w, .p = w->p };
	unsigned i;

	y->w = w;
	y->nr_units = w->nr_actors + w->p->nr_objects;
	y->orbit = g_new(uint16_t, y->nr_units + 1);
	for (i = 0; i < y->nr_units; i++)
		y->orbit[i] = (uint16_t)i;
	s.candidates = g_array_new(FALSE, FALSE, sizeof(struct candidate));
	s.classes = g_array_new(FALSE, FALSE, sizeof(struct kw_class));
	s.elements = g_array_new(FALSE, FALSE, sizeof(struct kw_element));
	s.swaps = g_ptr_array_new();
	if ((!w->memory || kw_relaxed_may_swap(w->memory)) &&
	    find_held(&s) && find_paths(&s)) {
		s.m = kw_matching_new(y);
		find_candidates(&s);
		find_classes(&s);
		kw_matching_free(s.m);
	}
	keep_classes(&s);
	keep_swaps(&s);
	find_common(y);
	g_array_free(s.candidates, TRUE);
	g_array_free(s.classes, TRUE);
	g_ptr_array_free(s.swaps, TRUE);
	if (y->nr_classes)
		return y;
	kw_symmetry_free(y);
	return NULL;
}

/* Places that are bytes; a granule of eight is a byte of the set. */
static bool share_set(const struct kw_renaming *r, unsigned granules,
		      const uint64_t *from, uint64_t *to)
{
	const uint8_t *x = (const uint8_t *)from;
	uint8_t *y = (uint8_t *)to;
	bool grew = false;
	unsigned i;

	for (i = 0; i < granules; i++) {
		grew |= x[i] & ~y[r->granule[i]];
		y[r->granule[i]] |= x[i];
	}
	return grew;
}

/* What actor a may load, from each node on, who it is by that swap may. */
static bool share_loaded(const struct kw_symmetry *y, unsigned swap,
			 struct kw_footprint *f, unsigned a)
{
	const struct kw_swap *w = &y->swaps[swap];
	const struct kw_prints *of = &f->of[a];
	struct kw_prints *to = &f->of[w->unit[a]];
	unsigned n, i, k;
	bool grew = false;

	for (n = 0; n < y->w->p->nr_nodes; n++) {
		i = of->index[n];
		k = to->index[w->node[a] ? w->node[a][n] : n];
		if (i && k)
			grew |= share_set(&y->renamings[swap],
					  y->w->p->objects_size / 8,
					  of->loaded + (i - 1) * f->words,
					  to->loaded + (k - 1) * f->words);
	}
	return grew;
}

void kw_symmetry_share(const struct kw_symmetry *y, struct kw_footprint *f)
{
	bool grew = true;
	unsigned i, a;

	while (grew)
		for (grew = false, i = 0; i < y->nr_swaps; i++)
			for (a = 0; a < y->w->nr_actors; a++)
				grew |= share_loaded(y, i, f, a);
}

uint64_t kw_world_symmetry(const struct kw_world *w)
{
	const struct kw_symmetry *y = w->symmetry;
	uint64_t size = 1;
	unsigned i, k;

	for (i = 0; y && i < y->nr_classes; i++)
		for (k = 2; k <= y->classes[i].nr; k++)
			if (__builtin_mul_overflow(size, (uint64_t)k, &size))
				return UINT64_MAX;
	return size;
}

void kw_symmetry_free(struct kw_symmetry *y)
{
	unsigned i, nr = 0;

	if (!y)
		return;
	for (i = 0; i < y->nr_swaps; i++) {
		kw_swap_free(y, &y->swaps[i]);
		g_free(y->renamings[i].actor);
		g_free(y->renamings[i].granule);
	}
	for (i = 0; i < y->nr_elements; i++)
		g_free(y->elements[i].units);
	for (i = 0; i < y->w->p->nr_objects; i++)
		nr = MAX(nr, y->w->p->objects[i].kind + 1u);
	for (i = 0; y->held && i < nr; i++) {
		g_free(y->held[i]);
		g_free(y->naming[i]);
	}
	g_free(y->held);
	g_free(y->naming);
	g_free(y->classes);
	g_free(y->elements);
	g_free(y->swaps);
	g_free(y->renamings);
	g_free(y->relaxed);
	g_free(y->element);
	g_free(y->orbit);
	g_free(y->common);
	g_free(y->path_of);
	g_free(y->return_reg);
	g_free(y->return_val);
	g_free(y);
}
