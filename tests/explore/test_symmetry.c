/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs with several of a kind: a search that takes states for
 * one that differ only in who is who finds what a plain one finds, and ends in
 * the same states but for that; and what a swap makes of a state has the same
 * moves, by other names, which lead to what it makes of their ends.
 */
#include "../lib/generate.h"
#include "../lib/spin.h"
#include "../../sim/explore/inside.h"
#include "../../sim/explore/search.h"
#include "../../sim/script/script.h"

#define PROGRAMS	60	/* of each kind */
#define MOST_STATES	6000	/* of those that are looked at */
#define FOUND		(1u << KW_FINDS_MISSED | 1u << KW_FINDS_SPURIOUS | \
			 1u << KW_FINDS_FAILED)	/* by some */
#define WALKS		20
#define STEPS		60

/* --- by search ---------------------------------------------------------- */

struct ends {
	const struct kw_program *p;
	const struct kw_world *w;
	const struct seen *all;
	GHashTable *keys, *states;
	GMutex lock;
};

/* The whole orbit of s, by its keys. */
static void add_orbit(struct ends *e, const uint8_t *s)
{
	struct kw_canon *c = kw_canon_new(e->w->symmetry);
	GBytes *state = g_bytes_new(s, e->all->size);
	GQueue todo = G_QUEUE_INIT;
	unsigned i;
	uint8_t *t;

	if (g_hash_table_add(e->states, state))
		g_queue_push_tail(&todo, state);
	while (todo.length) {
		const uint8_t *x = g_bytes_get_data(g_queue_pop_head(&todo),
						    NULL);

		g_hash_table_add(e->keys, end_key(e->p, e->all, x));
		for (i = 0; c && i < e->w->symmetry->nr_swaps; i++) {
			t = g_memdup2(x, e->all->size);
			kw_canon_swap(c, i, t);
			state = g_bytes_new_take(t, e->all->size);
			if (g_hash_table_contains(e->states, state)) {
				g_bytes_unref(state);
				continue;
			}
			g_hash_table_add(e->states, state);
			g_queue_push_tail(&todo, state);
		}
	}
	kw_canon_free(c);
}

static void at_end(void *arg, const uint8_t *s)
{
	struct ends *e = arg;

	g_mutex_lock(&e->lock);
	add_orbit(e, s);
	g_mutex_unlock(&e->lock);
}

static GHashTable *set_new(void)
{
	return g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
				     (GDestroyNotify)g_bytes_unref, NULL);
}

static unsigned found_by(const struct kw_search_result *res)
{
	unsigned p, found = 0;

	for (p = 0; p < KW_FINDS_INVARIANT; p++)
		found |= (unsigned)res->of[p].found << p;
	return found;
}

/* Breadth first: as short as without. */
static void check_lengths(struct assembler *m,
			  const struct kw_search_result *res)
{
	const struct kw_search_opts how = { .depth_first = false };
	const struct kw_world_opts o = { .symmetry = false };
	struct kw_world *w = kw_world_new(&m->p, &o);
	struct kw_search_result plain;
	unsigned p;

	kw_search(w, &how, &plain);
	for (p = 0; p < KW_FINDS_INVARIANT; p++)
		g_assert_cmpuint(plain.of[p].nr_moves, ==,
				 res->of[p].nr_moves);
	kw_search_result_free(&plain);
	kw_world_free(w);
}

/* Each witness is an execution, from its start. */
static void check_witnesses(const struct kw_world *w,
			    const struct kw_search_result *res)
{
	struct kw_seen_by_move seen = { 0 };
	uint8_t *s = g_malloc(kw_world_size(w));
	struct kw_move moves[KW_MAX_MOVES];
	unsigned p, i, k, nr, addr;

	for (p = 0; p < KW_FINDS_INVARIANT; p++) {
		const struct kw_witness *x = &res->of[p];

		if (!x->found)
			continue;
		kw_world_start(w, s);
		for (i = 0; i < x->nr_moves; i++) {
			nr = kw_world_moves(w, s, moves);
			for (k = 0; k < nr; k++)
				if (moves[k].type == x->moves[i].type &&
				    moves[k].actor == x->moves[i].actor &&
				    moves[k].choice == x->moves[i].choice)
					break;
			g_assert_cmpuint(k, <, nr);
			kw_world_apply(w, s, &moves[k], &seen);
		}
		if (p == KW_FINDS_MISSED)
			g_assert_true(kw_world_ails(w, s, (unsigned)x->vcpu));
		if (p == KW_FINDS_SPURIOUS)
			g_assert_cmpint(seen.spurious, ==, x->vcpu);
		if (p == KW_FINDS_FAILED)
			g_assert_true(seen.failed);
		if (p == KW_FINDS_DEADLOCK) {
			g_assert_cmpuint(kw_world_moves(w, s, moves), ==, 0);
			g_assert_cmpuint(kw_world_blocked(w, s, &addr), !=, 0);
		}
	}
	g_free(s);
}

static void search(struct assembler *m, const struct kw_world_opts *o,
		   struct kw_search_opts *how, const struct seen *all)
{
	struct kw_world *w = kw_world_new(&m->p, o);
	struct kw_search_result res;
	struct ends e = {
		.p = &m->p, .w = w, .all = all, .keys = set_new(),
		.states = set_new(),
	};

	g_mutex_init(&e.lock);
	how->end = at_end;
	how->end_arg = &e;
	kw_search(w, how, &res);
	g_assert_true(res.complete);
	g_assert_cmpuint(found_by(&res), ==, all->found);
	g_assert_true(same_set(e.keys, all->keys));
	g_assert_cmpuint(res.states, <=, all->states);
	if (!o->fold && !o->persist)
		g_assert_cmpuint(res.states * kw_world_symmetry(w), >=,
				 all->states);
	check_witnesses(w, &res);
	if (!o->fold && !o->persist && !how->depth_first)
		check_lengths(m, &res);
	kw_search_result_free(&res);
	kw_world_free(w);
	g_hash_table_destroy(e.keys);
	g_hash_table_destroy(e.states);
	g_mutex_clear(&e.lock);
}

/* --- by walks ------------------------------------------------------------ */

/* Of how many slots is it so? */
static unsigned nr_ails(const struct kw_world *w, const uint8_t *s)
{
	uint8_t *copy = g_memdup2(s, kw_world_size(w));
	unsigned i, nr = 0;

	for (i = 0; i < kw_world_nr_slots(w); i++)
		nr += kw_world_ails(w, copy, i);
	g_free(copy);
	return nr;
}

/* s, by the swap, has move m, by it; both lead to the same. */
static void same_moves(const struct kw_world *w, struct kw_canon *c,
		       const uint8_t *s, unsigned swap)
{
	const struct kw_swap *x = &w->symmetry->swaps[swap];
	size_t size = kw_world_size(w);
	uint8_t *t = g_memdup2(s, size), *a = g_malloc(size);
	uint8_t *b = g_malloc(size), *u = g_memdup2(s, size);
	struct kw_move moves[KW_MAX_MOVES], others[KW_MAX_MOVES];
	struct kw_seen_by_move seen, too;
	unsigned nr, i, k;

	kw_canon_swap(c, swap, t);
	g_assert_cmpuint(nr_ails(w, s), ==, nr_ails(w, t));
	nr = kw_world_moves(w, u, moves);
	g_assert_cmpuint(kw_world_moves(w, t, others), ==, nr);
	for (i = 0; i < nr; i++) {
		struct kw_move m = moves[i];

		m.actor = x->unit[m.actor];
		for (k = 0; k < nr; k++)
			if (others[k].type == m.type &&
			    others[k].actor == m.actor &&
			    others[k].choice == m.choice &&
			    others[k].slow == m.slow)
				break;
		g_assert_cmpuint(k, <, nr);
		memcpy(a, s, size);
		memcpy(b, t, size);
		kw_world_apply(w, a, &moves[i], &seen);
		kw_world_apply(w, b, &m, &too);
		kw_canon_swap(c, swap, a);
		g_assert_cmpmem(a, size, b, size);
		g_assert_true(seen.failed == too.failed &&
			      seen.exposed == too.exposed &&
			      seen.broken == too.broken &&
			      seen.raced == too.raced &&
			      seen.sticky == too.sticky &&
			      (seen.row < 0) == (too.row < 0) &&
			      (seen.spurious < 0) == (too.spurious < 0));
	}
	g_free(t);
	g_free(u);
	g_free(a);
	g_free(b);
}

/* Putting in order gives one of its orbit, and the same one twice. */
static void same_order(const struct kw_world *w, struct kw_canon *c,
		       const uint8_t *s)
{
	unsigned nr = w->symmetry->nr_units;
	uint16_t *to = g_new(uint16_t, nr);
	size_t size = kw_world_size(w);
	uint8_t *t = g_memdup2(s, size);

	kw_canon_order(c, t, to);
	g_assert_false(kw_canon_order(c, t, NULL));
	g_free(to);
	g_free(t);
}

static void walk(const struct kw_world *w, uint64_t number)
{
	struct kw_canon *c = kw_canon_new(w->symmetry);
	uint8_t *s = g_malloc(kw_world_size(w));
	struct kw_move moves[KW_MAX_MOVES];
	struct kw_seen_by_move seen = { 0 };
	GRand *r = g_rand_new_with_seed((guint32)number);
	unsigned nr, i, k;

	kw_world_start(w, s);
	for (i = 0; i < STEPS && !seen.failed; i++) {
		for (k = 0; k < w->symmetry->nr_swaps; k++)
			same_moves(w, c, s, k);
		same_order(w, c, s);
		nr = kw_world_moves(w, s, moves);
		if (!nr)
			break;
		k = (unsigned)g_rand_int_range(r, 0, (gint32)nr);
		kw_world_apply(w, s, &moves[k], &seen);
	}
	g_rand_free(r);
	g_free(s);
	kw_canon_free(c);
}

/* Without folding, which depends on what was seen.  one: of actor 0. */
static unsigned walks(const struct kw_program *p, bool one)
{
	const struct kw_world_opts o = {
		.symmetry = true, .check = (1u << p->nr_invariants) - 1,
		.preemptions = 1, .row = 2,
	};
	struct kw_world *w = kw_world_new(p, &o);
	unsigned i, size = (unsigned)kw_world_symmetry(w);

	for (i = 0; one && w->symmetry && i < w->symmetry->nr_swaps; i++)
		g_assert_cmpuint(w->symmetry->swaps[i].unit[0], ==, 0);
	for (i = 0; i < WALKS && w->symmetry; i++)
		walk(w, i);
	kw_world_free(w);
	return size;
}

/* --- generated programs ---------------------------------------------------- */

static bool is_small(struct assembler *m)
{
	const struct kw_search_opts how = { .max_states = MOST_STATES };
	const struct kw_world_opts o = { 0 };
	struct kw_world *w = kw_world_new(&m->p, &o);
	struct kw_search_result res;
	bool small;

	kw_search(w, &how, &res);
	small = res.complete;
	kw_search_result_free(&res);
	kw_world_free(w);
	return small;
}

static void all_settings(struct assembler *m, const struct seen *all)
{
	unsigned i;

	for (i = 0; i < 32; i++) {
		const struct kw_world_opts o = {
			.symmetry = true, .fold = i & 1, .persist = i & 16,
		};
		struct kw_search_opts s = {
			.depth_first = i & 2, .exact = i & 4,
			.jobs = i & 8 ? 2 : 1,
		};

		if (!s.depth_first || s.jobs == 1)
			search(m, &o, &s, all);
	}
}

static void test_generated(gconstpointer arg)
{
	const struct kw_world_opts plain = { 0 };
	enum alike how = (enum alike)GPOINTER_TO_INT(arg);
	unsigned seed, alike = 0, small = 0, found = 0;
	struct assembler m;
	struct seen all;

	for (seed = 1; seed <= PROGRAMS; seed++) {
		generate_alike(&m, how, seed);
		alike += walks(&m.p, how == ALIKE_BUT_FOR_ONE) > 1;
		if (!is_small(&m))
			continue;
		small++;
		seen_plainly(&m.p, &plain, &all);
		g_test_message("program %u: %u states, found %x", seed,
			       (unsigned)all.states, all.found);
		all_settings(&m, &all);
		found |= all.found;
		seen_free(&all);
	}
	g_test_message("%u of %u alike, %u small", alike, PROGRAMS, small);
	/* The others may be alike, if all that they touch is shared. */
	if (how == ALIKE_BUT_FOR_ONE)
		g_assert_cmpuint(alike, <, PROGRAMS / 10);
	else
		g_assert_cmpuint(alike, ==, PROGRAMS);
	g_assert_cmpuint(small, >, PROGRAMS / 4);
	g_assert_cmpuint(found & FOUND, ==, FOUND);
}

/* --- a kernel ------------------------------------------------------------- */

static void test_kernel(void)
{
	const struct kw_script how = {
		.lua_dir = "lua", .kernel = "v4.14",
		.path = "tests/explore/alike.lua", .exploring = "sc",
	};
	GError *err = NULL;
	struct kw_scenario *s = kw_script_load(&how, &err);

	g_assert_no_error(err);
	g_assert_cmpuint(walks(s->program, false), ==, 2);
	kw_scenario_free(s);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/symmetry/actors",
			     GINT_TO_POINTER(ALIKE_ACTORS), test_generated);
	g_test_add_data_func("/symmetry/argument",
			     GINT_TO_POINTER(ALIKE_BY_ARGUMENT),
			     test_generated);
	g_test_add_data_func("/symmetry/copy",
			     GINT_TO_POINTER(ALIKE_BY_COPY), test_generated);
	g_test_add_data_func("/symmetry/one",
			     GINT_TO_POINTER(ALIKE_BUT_FOR_ONE),
			     test_generated);
	g_test_add_func("/symmetry/kernel", test_kernel);
	return g_test_run();
}
