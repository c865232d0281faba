/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs: what a search shows has the fewest moves; among these
 * ways the fewest changes of actor; among these the fewest actors.  The
 * reference keeps every (last actor, changes, actors) of every state of a
 * level, and knows nothing of which of them could be left out.
 */
#include "../lib/generate.h"
#include "../../sim/explore/search.h"

#define PROGRAMS 60

struct way {
	uint64_t actors;
	uint16_t last, changes;
};

struct state {
	GBytes *bytes;
	GArray *ways;		/* struct way */
};

struct cost {
	bool found;
	unsigned moves, changes, actors;
};

struct reference {
	const struct kw_program *p;
	struct kw_world *w;
	uint32_t size;
	unsigned level;
	GHashTable *seen;	/* GBytes of earlier levels, or this one */
	GHashTable *next;	/* GBytes: struct state of the next level */
	struct cost of[KW_NR_PROPERTIES];
};

static void free_state(void *p)
{
	struct state *s = p;

	g_array_free(s->ways, TRUE);
	g_bytes_unref(s->bytes);
	g_free(s);
}

static struct way after(const struct way *way, const struct kw_move *m)
{
	return (struct way){
		.actors = way->actors | UINT64_C(1) << m->actor,
		.last = m->actor,
		.changes = (uint16_t)(way->changes +
				      (way->last != m->actor)),
	};
}

static void note(struct reference *r, unsigned p, unsigned moves,
		 const struct way *way)
{
	unsigned actors = (unsigned)__builtin_popcountll(way->actors);
	struct cost *c = &r->of[p];

	if (c->found && (c->moves < moves ||
			 (c->moves == moves && (c->changes < way->changes ||
			 (c->changes == way->changes &&
			  c->actors <= actors)))))
		return;
	*c = (struct cost){ true, moves, way->changes, actors };
}

static void reach(struct reference *r, const uint8_t *s, const struct way *way)
{
	GBytes *bytes = g_bytes_new(s, r->size);
	struct state *to;
	unsigned i;

	if (g_hash_table_contains(r->seen, bytes)) {
		g_bytes_unref(bytes);
		return;
	}
	to = g_hash_table_lookup(r->next, bytes);
	if (!to) {
		to = g_new0(struct state, 1);
		to->bytes = bytes;
		to->ways = g_array_new(FALSE, FALSE, sizeof(struct way));
		g_hash_table_insert(r->next, bytes, to);
	} else {
		g_bytes_unref(bytes);
	}
	for (i = 0; i < to->ways->len; i++) {
		const struct way *x = &g_array_index(to->ways, struct way, i);

		if (x->actors == way->actors && x->last == way->last &&
		    x->changes == way->changes)
			return;
	}
	g_array_append_val(to->ways, *way);
}

static void expand(struct reference *r, const struct state *from)
{
	static struct kw_move moves[KW_MAX_MOVES];
	uint8_t *s = g_memdup2(g_bytes_get_data(from->bytes, NULL), r->size);
	uint8_t *to = g_malloc(r->size);
	unsigned nr = kw_world_moves(r->w, s, moves), i, k, addr;
	bool stuck = !nr && kw_world_blocked(r->w, s, &addr);
	struct kw_seen_by_move by;

	for (k = 0; k < from->ways->len; k++) {
		const struct way *way = &g_array_index(from->ways, struct way,
						       k);

		if (stuck)
			note(r, KW_FINDS_DEADLOCK, r->level, way);
		for (i = 0; i < nr; i++) {
			const struct way now = after(way, &moves[i]);

			memcpy(to, s, r->size);
			kw_world_apply(r->w, to, &moves[i], &by);
			if (by.failed)
				note(r, KW_FINDS_FAILED, r->level + 1, &now);
			if (by.spurious >= 0)
				note(r, KW_FINDS_SPURIOUS, r->level + 1, &now);
			if (!by.failed)
				reach(r, to, &now);
		}
	}
	g_free(s);
	g_free(to);
}

static void look(struct reference *r)
{
	uint8_t *start = g_malloc(r->size);
	const struct way none = { .last = UINT16_MAX };
	GHashTable *level;
	GHashTableIter it;
	void *bytes, *state;

	kw_world_start(r->w, start);
	reach(r, start, &none);
	for (r->level = 0; g_hash_table_size(r->next); r->level++) {
		level = r->next;
		r->next = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
						NULL, free_state);
		g_hash_table_iter_init(&it, level);
		while (g_hash_table_iter_next(&it, &bytes, NULL))
			g_hash_table_add(r->seen, g_bytes_ref(bytes));
		g_hash_table_iter_init(&it, level);
		while (g_hash_table_iter_next(&it, NULL, &state))
			expand(r, state);
		g_hash_table_destroy(level);
	}
	g_free(start);
}

static struct cost cost_of(const struct kw_witness *witness)
{
	struct cost c = { witness->found, witness->nr_moves, 0, 0 };
	struct way way = { .last = UINT16_MAX };
	unsigned i;

	for (i = 0; i < witness->nr_moves; i++)
		way = after(&way, &witness->moves[i]);
	c.changes = way.changes;
	c.actors = (unsigned)__builtin_popcountll(way.actors);
	return c;
}

/* Returns how many properties were compared. */
static unsigned compare(struct assembler *m)
{
	static const unsigned compared[] = {
		KW_FINDS_FAILED, KW_FINDS_SPURIOUS, KW_FINDS_DEADLOCK,
	};
	const struct kw_world_opts plain = { 0 };
	const struct kw_search_opts how = { 0 };
	struct reference r = {
		.p = &m->p, .w = kw_world_new(&m->p, &plain),
		.seen = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
			(GDestroyNotify)g_bytes_unref, NULL),
		.next = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					      NULL, free_state),
	};
	struct kw_search_result res;
	unsigned i, nr = 0;

	r.size = kw_world_size(r.w);
	look(&r);
	kw_search(r.w, &how, &res);
	g_assert_false(res.rough);
	for (i = 0; i < G_N_ELEMENTS(compared); i++) {
		const struct cost *want = &r.of[compared[i]];
		struct cost is = cost_of(&res.of[compared[i]]);

		g_assert_cmpint(is.found, ==, want->found);
		if (!is.found)
			continue;
		g_assert_cmpuint(is.moves, ==, want->moves);
		g_assert_cmpuint(is.changes, ==, want->changes);
		g_assert_cmpuint(is.actors, ==, want->actors);
		nr++;
	}
	kw_search_result_free(&res);
	kw_world_free(r.w);
	g_hash_table_destroy(r.seen);
	g_hash_table_destroy(r.next);
	return nr;
}

static void test_fewest(void)
{
	struct assembler m;
	unsigned seed, nr = 0;

	for (seed = 1; seed <= PROGRAMS; seed++) {
		generate(&m, seed);
		nr += compare(&m);
		generate_locks(&m, seed);
		nr += compare(&m);
	}
	g_test_message("%u interleavings", nr);
	g_assert_cmpuint(nr, >, PROGRAMS / 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/witness/fewest", test_fewest);
	return g_test_run();
}
