/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs with several of a kind: a search that takes states for
 * one that differ only in who is who finds what a plain one finds, and ends in
 * the same states but for that; and what a swap makes of a state has the same
 * moves, by other names, which lead to what it makes of their ends.
 *
 * Under tso and arm64 the reference is a search without any reduction; where
 * an actor is stopped for ever in an end state that is left out, see
 * end_key().  Walks are with reductions there as well, once others have shown
 * what is racy: each of them must treat like actors alike.
 */
#include "../lib/generate.h"
#include "../lib/spin.h"
#include "../../sim/explore/hunt.h"
#include "../../sim/explore/inside.h"
#include "../../sim/explore/search.h"
#include "../../sim/script/script.h"

#define KINDS		(NR_ALIKE + 2)	/* two are scenarios */
#define PROGRAMS	60	/* of each kind */
#define MOST_STATES	6000	/* of those that are looked at */
#define FOUND		(1u << KW_FINDS_MISSED | 1u << KW_FINDS_SPURIOUS | \
			 1u << KW_FINDS_FAILED)	/* by some */
#define WEAK_PROGRAMS	40	/* the same under tso and arm64, */
#define WEAK_WALKS	8	/* where each takes longer */
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
	size_t size = kw_world_size(e->w);
	GBytes *state = g_bytes_new(s, size);
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
			t = g_memdup2(x, size);
			kw_canon_swap(c, i, t);
			state = g_bytes_new_take(t, size);
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

	if (!e->all->wrote && has_stopped(e->p, s))
		return;
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
static void check_lengths(struct assembler *m, enum kw_weak_model memory,
			  const struct kw_search_result *res)
{
	const struct kw_search_opts how = { .depth_first = false };
	const struct kw_world_opts o = { .memory = memory };
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
				    moves[k].way == x->moves[i].way &&
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
	/* What reductions of weak memory keep in mind may make it more. */
	if (o->memory == KW_WEAK_SC || !o->fold)
		g_assert_cmpuint(res.states, <=, all->states);
	if (!o->fold && !o->persist)
		g_assert_cmpuint(res.states * kw_world_symmetry(w), >=,
				 all->states);
	check_witnesses(w, &res);
	if (!o->fold && !o->persist && !how->depth_first)
		check_lengths(m, o->memory, &res);
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
			    others[k].way == m.way &&
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

/*
 * Without folding, which depends on what was seen; but where memory is weak.
 * one: of actor 0.
 */
static unsigned walks(const struct kw_program *p, enum kw_weak_model memory,
		      bool one)
{
	const struct kw_world_opts o = {
		.symmetry = true, .check = (1u << p->nr_invariants) - 1,
		.preemptions = 1, .row = 2, .memory = memory,
		.fold = memory != KW_WEAK_SC, .settle = true,
	};
	struct kw_world *w = kw_world_new(p, &o);
	unsigned i, size = (unsigned)kw_world_symmetry(w);

	for (i = 0; one && w->symmetry && i < w->symmetry->nr_swaps; i++)
		g_assert_cmpuint(w->symmetry->swaps[i].unit[0], ==, 0);
	/* What is racy, and what is noticed. */
	if (o.fold)
		kw_hunt_walk(w);
	for (i = 0; i < (o.fold ? WEAK_WALKS : WALKS) && w->symmetry; i++)
		walk(w, i);
	kw_world_free(w);
	return size;
}

/* --- generated programs ---------------------------------------------------- */

static bool add_state(GHashTable *all, GQueue *todo, const uint8_t *s,
		      size_t size)
{
	GBytes *state = g_bytes_new(s, size);

	if (g_hash_table_contains(all, state)) {
		g_bytes_unref(state);
		return true;
	}
	g_hash_table_add(all, state);
	g_queue_push_tail(todo, state);
	return g_hash_table_size(all) < MOST_STATES;
}

/* Move by move, as a search may take long to find that nobody is rescued. */
static bool is_small(struct assembler *m, enum kw_weak_model memory)
{
	const struct kw_world_opts o = { .memory = memory };
	struct kw_world *w = kw_world_new(&m->p, &o);
	struct kw_move moves[KW_MAX_MOVES];
	struct kw_seen_by_move seen;
	GHashTable *all = set_new();
	GQueue todo = G_QUEUE_INIT;
	bool small = true;
	unsigned i, nr;
	size_t size;
	uint8_t *s, *t;

	if (memory != KW_WEAK_SC)
		kw_hunt_walk(w);
	size = kw_world_size(w);
	s = g_malloc(size);
	t = g_malloc(size);
	kw_world_start(w, s);
	add_state(all, &todo, s, size);
	while (todo.length && small) {
		memcpy(s, g_bytes_get_data(g_queue_pop_head(&todo), NULL),
		       size);
		nr = kw_world_moves(w, s, moves);
		for (i = 0; i < nr; i++) {
			memcpy(t, s, size);
			kw_world_apply(w, t, &moves[i], &seen);
			small &= seen.failed || add_state(all, &todo, t, size);
		}
	}
	g_queue_clear(&todo);
	g_hash_table_destroy(all);
	g_free(s);
	g_free(t);
	kw_world_free(w);
	return small;
}

/* What a search without any reduction sees. */
static void seen_weakly(struct assembler *m, enum kw_weak_model memory,
			struct seen *all)
{
	const struct kw_world_opts o = { .memory = memory };
	struct kw_world *w = kw_world_new(&m->p, &o);
	struct kw_search_result res;
	struct ends e = {
		.p = &m->p, .w = w, .all = all, .keys = set_new(),
		.states = set_new(),
	};
	struct kw_search_opts how = { .end = at_end, .end_arg = &e };

	*all = (struct seen){ .size = m->p.state_size, .ends = set_new() };
	g_mutex_init(&e.lock);
	kw_search(w, &how, &res);
	g_assert_true(res.complete && !kw_world_was_bounded(w));
	all->states = res.states;
	all->found = found_by(&res);
	all->keys = e.keys;
	kw_search_result_free(&res);
	kw_world_free(w);
	g_hash_table_destroy(e.states);
	g_mutex_clear(&e.lock);
}

static void see_all(struct assembler *m, enum kw_weak_model memory,
		    struct seen *all)
{
	const struct kw_world_opts plain = { 0 };

	if (memory == KW_WEAK_SC)
		seen_plainly(&m->p, &plain, all);
	else
		seen_weakly(m, memory, all);
}

static void all_settings(struct assembler *m, enum kw_weak_model memory,
			 const struct seen *all)
{
	unsigned i;

	for (i = 0; i < 32; i++) {
		const struct kw_world_opts o = {
			.symmetry = true, .fold = i & 1, .persist = i & 16,
			.settle = i & 1, .memory = memory,
		};
		struct kw_search_opts s = {
			.depth_first = i & 2, .exact = i & 4,
			.jobs = i & 8 ? 2 : 1,
		};

		/* Whole states are stored as under sc. */
		if (s.exact && memory != KW_WEAK_SC)
			continue;
		if (!s.depth_first || s.jobs == 1)
			search(m, &o, &s, all);
	}
}

static bool test_program(struct assembler *m, enum kw_weak_model memory,
			 unsigned seed, unsigned *found)
{
	struct seen all;

	if (!is_small(m, memory))
		return false;
	see_all(m, memory, &all);
	g_test_message("program %u: %u states, found %x", seed,
		       (unsigned)all.states, all.found);
	all_settings(m, memory, &all);
	*found |= all.found;
	seen_free(&all);
	return true;
}

struct kind {
	enum alike how;
	enum kw_weak_model memory;
	const char *scenario;
	char path[64];
};

static void test_generated(gconstpointer arg)
{
	const struct kind *k = arg;
	unsigned seed, alike = 0, small = 0, found = 0;
	bool weak = k->memory != KW_WEAK_SC;
	unsigned nr = weak ? WEAK_PROGRAMS : PROGRAMS;
	struct assembler m;

	for (seed = 1; seed <= nr; seed++) {
		generate_alike(&m, weak ? k->how | ALIKE_IN_THREADS : k->how,
			       seed);
		if (weak && seed % 4)
			generate_names(&m);
		alike += walks(&m.p, k->memory,
			       k->how == ALIKE_BUT_FOR_ONE) > 1;
		small += test_program(&m, k->memory, seed, &found);
	}
	g_test_message("%u of %u alike, %u small", alike, nr, small);
	/* The others may be alike, if all that they touch is shared. */
	if (k->how == ALIKE_BUT_FOR_ONE)
		g_assert_cmpuint(alike, <, nr / 10);
	else
		g_assert_cmpuint(alike, ==, nr);
	g_assert_cmpuint(small, >, nr / 5);
	g_assert_cmpuint(found & FOUND, ==, FOUND);
}

/* --- scenarios ------------------------------------------------------------- */

static void test_scenario(gconstpointer arg)
{
	const struct kind *k = arg;
	const struct kw_script how = {
		.lua_dir = "lua", .kernel = "v4.14",
		.path = k->scenario,
		.exploring = kw_weak_names[k->memory],
	};
	GError *err = NULL;
	struct kw_scenario *s = kw_script_load(&how, &err);

	g_assert_no_error(err);
	g_assert_cmpuint(walks(s->program, k->memory, false), ==, 2);
	kw_scenario_free(s);
}

static void add_tests(enum kw_weak_model memory, struct kind *k)
{
	static const struct {
		const char *name, *scenario;
	} of[] = {
		[ALIKE_ACTORS] = { "actors", NULL },
		[ALIKE_BY_ARGUMENT] = { "argument", NULL },
		[ALIKE_BY_COPY] = { "copy", NULL },
		[ALIKE_BUT_FOR_ONE] = { "one", NULL },
		{ "kernel", "tests/explore/alike.lua" },
		{ "sides", "tests/explore/alike-weak.lua" },
	};
	unsigned i;

	G_STATIC_ASSERT(G_N_ELEMENTS(of) == KINDS);
	for (i = 0; i < KINDS; i++, k++) {
		k->how = i;
		k->memory = memory;
		k->scenario = of[i].scenario;
		g_snprintf(k->path, sizeof(k->path), "/symmetry/%s/%s",
			   kw_weak_names[memory], of[i].name);
		g_test_add_data_func(k->path, k, k->scenario ? test_scenario :
							       test_generated);
	}
}

int main(int argc, char **argv)
{
	static struct kind kinds[KW_WEAK_NR][KINDS];
	unsigned memory;

	g_test_init(&argc, &argv, NULL);
	for (memory = 0; memory < KW_WEAK_NR; memory++)
		add_tests(memory, kinds[memory]);
	return g_test_run();
}
