/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs: whatever the order, the reduction and the store, a
 * search finds the same properties and ends in the same states as a plain
 * one that keeps every state; and so does Spin, on the exported model, down
 * to the numbers of states and moves.
 *
 * Under tso and arm64 the reference is a search without reduction, and those
 * programs are left out that have too many states.  What a timed run finds
 * under a model, a search under that model has found.
 *
 * Spin's model has to be compiled, each for itself: it sees a few of the
 * programs, and every other one with -m slow.
 */
#include "../lib/generate.h"
#include "../lib/spin.h"
#include "../../sim/run/run.h"

#define PROGRAMS	200
#define LOCKING		50	/* that do little but lock */
#define ENDLESS		60	/* that begin again and again */
#define ENDLESS_STATES	20000
#define WEAK_PROGRAMS	600
#define WEAK_STATES	20000	/* without or with reduction */
#define RUNS		40	/* of each, under each model */
#define SPIN_EVERY	20	/* programs ... */
#define SPIN_SLOWLY	2	/* ... and in check-slow */

/* KW_TIMES: so many times as many as usual, by hand. */
static unsigned programs(unsigned nr)
{
	const char *times = g_getenv("KW_TIMES");

	return times ? nr * (unsigned)atoi(times) : nr;
}

static unsigned found_by(const struct kw_search_result *res)
{
	unsigned p, found = 0;

	for (p = 0; p < KW_FINDS_INVARIANT; p++)
		found |= (unsigned)res->of[p].found << p;
	return found;
}

struct ends {
	const struct kw_program *p;
	const struct seen *all;
	GHashTable *keys;
	GMutex lock;		/* a search may have several threads */
};

static void at_end(void *arg, const uint8_t *s)
{
	struct ends *e = arg;

	g_mutex_lock(&e->lock);
	g_hash_table_add(e->keys, end_key(e->p, e->all, s));
	g_mutex_unlock(&e->lock);
}

/* One setting of the engine, against all states. */
static void search(struct assembler *m, const struct kw_world_opts *o,
		   struct kw_search_opts *how, const struct seen *all)
{
	struct kw_world *w = kw_world_new(&m->p, o);
	struct kw_search_result res;
	struct ends e = {
		.p = &m->p, .all = all,
		.keys = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
			(GDestroyNotify)g_bytes_unref, NULL),
	};

	g_mutex_init(&e.lock);
	how->end = at_end;
	how->end_arg = &e;
	kw_search(w, how, &res);
	g_assert_true(res.complete);
	g_assert_cmpuint(found_by(&res), ==, all->found);
	g_assert_true(same_set(e.keys, all->keys));
	if (!o->fold && !o->persist) {
		g_assert_cmpuint(res.states, ==, all->states);
		g_assert_cmpuint(res.transitions, ==, all->transitions);
		g_assert_cmpuint(res.ends, ==, all->nr_ends);
	} else {
		g_assert_cmpuint(res.states, <=, all->states);
	}
	kw_search_result_free(&res);
	kw_world_free(w);
	g_hash_table_destroy(e.keys);
	g_mutex_clear(&e.lock);
}

/* In every other program three variables are declared guarded. */
static void declare_guarded(struct assembler *m, unsigned seed)
{
	unsigned i;

	for (i = 0; seed % 2 && i < G_N_ELEMENTS(m->fields); i++)
		if (m->fields[i].name && strchr("xyz", *m->fields[i].name))
			m->fields[i].guarded = true;
}

/* Every setting, against a plain search; with[p]: had property p. */
static void compare_settings(struct assembler *m, unsigned seed,
			     unsigned *with)
{
	const struct kw_world_opts plain = { 0 };
	struct seen all;
	unsigned i, p;

	seen_plainly(&m->p, &plain, &all);
	g_test_message("program %u: %u states, found %x", seed,
		       (unsigned)all.states, all.found);
	/* It never ends: what is missed is not seen plainly. */
	for (i = all.nr_ends ? 0 : 32; i < 32; i++) {
		const struct kw_world_opts o = {
			.fold = i & 1, .persist = i & 16,
		};
		struct kw_search_opts s = {
			.depth_first = i & 2, .exact = i & 4,
			.jobs = i & 8 ? 2 : 1,
		};

		if (!s.depth_first || s.jobs == 1)
			search(m, &o, &s, &all);
	}
	for (p = 0; p < KW_FINDS_INVARIANT; p++)
		with[p] += all.found >> p & 1;
	seen_free(&all);
}

static void test_settings(void)
{
	unsigned nr = programs(PROGRAMS), seed, p;
	unsigned with[KW_FINDS_INVARIANT] = { 0 };
	struct assembler m;

	for (seed = 1; seed <= nr; seed++) {
		generate(&m, seed);
		declare_guarded(&m, seed);
		compare_settings(&m, seed, with);
	}
	for (seed = 1; seed <= programs(LOCKING); seed++) {
		generate_locks(&m, seed);
		compare_settings(&m, seed, with);
	}
	/* Each that is always looked for is found in some, not in others. */
	for (p = 0; p < KW_FINDS_INVARIANT; p++) {
		if (p == KW_FINDS_ROW || p == KW_FINDS_STORM)
			continue;
		g_test_message("%s: %u", kw_property_name(&m.p, p), with[p]);
		g_assert_cmpuint(with[p], >=, nr / 40);
		g_assert_cmpuint(with[p], <=, nr - nr / 40);
	}
}

/* --- that never end --------------------------------------------------- */

/* Who begins by itself begins again. */
static void make_endless(struct assembler *m)
{
	unsigned a, at;

	for (a = 0; a + 1 < m->p.nr_actors; a++) {
		if (!m->actors[a].autostart || m->actors[a].type == KW_GUEST)
			continue;
		at = m->actors[a].entry;
		while (m->nodes[at].op != KW_OP_END)
			at++;
		m->nodes[at].op = KW_OP_JUMP;
		m->nodes[at].next[0] = m->actors[a].entry;
	}
}

/* The last moves of the witness lead back to where they begin. */
static void check_lasso(const struct kw_world *w,
			const struct kw_witness *witness)
{
	uint32_t size = kw_world_size(w);
	uint8_t *s = g_malloc0(size), *at = NULL;
	struct kw_seen_by_move seen;
	unsigned i;

	kw_world_start(w, s);
	for (i = 0; i < witness->nr_moves; i++) {
		if (i == witness->loop_at)
			at = g_memdup2(s, size);
		kw_world_apply(w, s, &witness->moves[i], &seen);
		g_assert_false(at && seen.progress);
		g_assert_false(at && witness->moves[i].slow);
	}
	g_assert_nonnull(at);
	g_assert_cmpmem(s, size, at, size);
	g_free(s);
	g_free(at);
}

static bool search_for_storm(struct assembler *m, unsigned setting,
			     unsigned *found)
{
	const struct kw_world_opts o = {
		.fold = setting & 1, .persist = setting & 2,
		.symmetry = setting & 2, .row = 1, .per_kick = setting & 16,
	};
	const struct kw_search_opts how = {
		.storm = true, .max_states = ENDLESS_STATES,
		.depth_first = setting & 4, .exact = setting & 8,
		.jobs = setting & 8 ? 2 : 1,
	};
	struct kw_world *w = kw_world_new(&m->p, &o);
	struct kw_search_result res;
	bool complete;

	kw_search(w, &how, &res);
	complete = res.complete;
	g_assert_cmpint(res.storms, ==, complete);
	*found = found_by(&res);
	if (res.of[KW_FINDS_STORM].found)
		check_lasso(w, &res.of[KW_FINDS_STORM]);
	kw_search_result_free(&res);
	kw_world_free(w);
	return complete;
}

static void test_endless(void)
{
	unsigned seed, kick, i, all, found, storms = 0, rows = 0, done = 0;
	struct assembler m;

	for (seed = 1; seed <= ENDLESS; seed++) {
		generate(&m, seed);
		make_endless(&m);
		kick = seed % 2 ? 16 : 0;
		if (!search_for_storm(&m, kick, &all))
			continue;
		g_test_message("program %u: found %x", seed, all);
		for (i = 1; i < 16; i++) {
			g_assert_true(search_for_storm(&m, i | kick, &found));
			g_assert_cmpuint(found, ==, all);
		}
		done++;
		storms += all >> KW_FINDS_STORM & 1;
		rows += all >> KW_FINDS_ROW & 1;
	}
	g_test_message("%u of %u, %u with a storm, %u with I6", done,
		       ENDLESS, storms, rows);
	g_assert_cmpuint(done, >, ENDLESS / 4);
	g_assert_cmpuint(storms, >=, done / 10);
	g_assert_cmpuint(storms, <=, done - done / 10);
	g_assert_cmpuint(rows, >=, done / 10);
	g_assert_cmpuint(rows, <=, done - done / 10);
}

/* --- weaker memory ---------------------------------------------------- */

/* End states as the oracle sees them: what is in memory, who stands where. */
struct weak_ends {
	const struct kw_program *p;
	GHashTable *keys;
	GMutex lock;
};

static void at_weak_end(void *arg, const uint8_t *s)
{
	struct weak_ends *e = arg;
	const struct seen none = { .size = e->p->state_size };
	GBytes *key;

	/* Where an actor was stopped for ever, see end_key(). */
	if (has_stopped(e->p, s))
		return;
	key = end_key(e->p, &none, s);
	g_mutex_lock(&e->lock);
	g_hash_table_add(e->keys, key);
	g_mutex_unlock(&e->lock);
}

static bool search_weakly(struct assembler *m, const struct kw_world_opts *o,
			  const struct kw_search_opts *with,
			  struct weak_ends *e, unsigned *found)
{
	struct kw_search_opts how = *with;
	struct kw_world *w = kw_world_new(&m->p, o);
	struct kw_search_result res;
	bool complete;

	how.max_states = WEAK_STATES;
	how.end = at_weak_end;
	how.end_arg = e;
	e->p = &m->p;
	e->keys = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					(GDestroyNotify)g_bytes_unref, NULL);
	g_mutex_init(&e->lock);
	kw_search(w, &how, &res);
	g_mutex_clear(&e->lock);
	complete = res.complete && !kw_world_was_bounded(w);
	*found = found_by(&res);
	kw_search_result_free(&res);
	kw_world_free(w);
	return complete;
}

/* With and without reductions; true when all was seen each time. */
static bool compare_weakly(struct assembler *m, enum kw_weak_model memory)
{
	struct kw_world_opts o = { .memory = memory };
	struct kw_search_opts how = { .jobs = 1 };
	struct weak_ends plain, reduced;
	unsigned found, also, i;
	bool all = search_weakly(m, &o, &how, &plain, &found), seen;

	for (i = 1; all && i < 10; i++) {
		o.fold = i & 1;
		o.persist = i & 2;
		o.settle = i & 4 || i > 8;
		how.jobs = i & 3 ? 2 : 1;
		how.depth_first = i >= 8;
		seen = search_weakly(m, &o, &how, &reduced, &also);
		if (all && seen) {
			g_assert_cmpuint(found, ==, also);
			g_assert_true(same_set(plain.keys, reduced.keys));
		}
		g_hash_table_destroy(reduced.keys);
		all &= seen;
	}
	g_hash_table_destroy(plain.keys);
	return all;
}

static void test_weak(void)
{
	unsigned seed, memory, nr, done;
	struct assembler m;

	for (memory = KW_WEAK_TSO; memory < KW_WEAK_NR; memory++) {
		for (seed = 1, nr = done = 0; seed <= programs(WEAK_PROGRAMS); seed++) {
			generate(&m, seed);
			declare_guarded(&m, seed);
			if (seed % 2)
				generate_orders(&m, seed);
			if (seed % 4)
				generate_names(&m);
			nr++;
			done += compare_weakly(&m, memory);
			g_test_message("%s, program %u: %u of %u so far",
				       kw_weak_names[memory], seed, done, nr);
		}
		/* The others have too many states. */
		g_assert_cmpuint(done, >, nr / 2);
	}
}

/* --- in time ------------------------------------------------------------ */

/* What a run has found, as a search's properties. */
static unsigned seen_by_run(const struct kw_result *res)
{
	const struct kw_counts *c = &res->counts;

	return (c->class[KW_CLASS_MISSED] ? 1u << KW_FINDS_MISSED : 0) |
	       (c->class[KW_CLASS_SPURIOUS] ? 1u << KW_FINDS_SPURIOUS : 0) |
	       (res->failure ? 1u << KW_FINDS_FAILED : 0);
}

static unsigned run(struct assembler *m, enum kw_weak_model memory)
{
	const struct kw_run_opts o = {
		.seed = 1, .memory = memory, .duration_ns = 1000000,
		.deadline_ns = 100000,
	};
	struct kw_runner *r;
	struct kw_result res;
	unsigned i, found = 0;

	for (i = 0; i < KW_NR_COSTS; i++)
		m->p.host.op_ns[i].max = 40;
	m->p.host.store_drain_ns.max = 200;
	m->p.host.load_window_ns.max = 200;
	r = kw_runner_new(&m->p, &o);
	for (i = 0; i < RUNS; i++) {
		kw_runner_run(r, i, &res);
		found |= seen_by_run(&res);
	}
	kw_runner_free(r);
	return found;
}

static void test_timed(void)
{
	const struct kw_search_opts how = { .jobs = 1 };
	unsigned seed, memory, found, seen, done, with;
	struct weak_ends ends;
	struct assembler m;
	bool all;

	for (memory = KW_WEAK_SC; memory < KW_WEAK_NR; memory++) {
		for (seed = 1, done = with = 0; seed <= PROGRAMS; seed++) {
			generate(&m, seed);
			all = search_weakly(&m, &(struct kw_world_opts){
				.memory = memory, .fold = true,
				.settle = true, .persist = true }, &how, &ends, &found);
			g_hash_table_destroy(ends.keys);
			if (found >> KW_FINDS_DEADLOCK & 1)
				found |= 1u << KW_FINDS_FAILED;
			if (!all)
				continue;
			seen = run(&m, memory);
			g_test_message("%s, program %u: %x of %x",
				       kw_weak_names[memory], seed, seen,
				       found);
			g_assert_cmpuint(seen & ~found, ==, 0);
			with += seen != 0;
			done++;
		}
		g_assert_cmpuint(done, >, PROGRAMS / 2);
		g_assert_cmpuint(with, >, done / 10);
	}
}

/* What a plain search sees, and Spin. */
static void compare_spin(struct assembler *m, const struct kw_world_opts *o,
			 const char *what, unsigned seed)
{
	unsigned known = SPIN_KNOWS;
	struct seen all, spin;

	seen_plainly(&m->p, o, &all);
	g_assert_true(seen_by_spin(&m->p, o, &spin));
	/* What fails is no move of the model: who waits beside it is stuck. */
	if (all.found >> KW_FINDS_FAILED & 1)
		known &= ~(1u << KW_FINDS_DEADLOCK);
	g_test_message("%s %u: %u states, found %x", what, seed,
		       (unsigned)spin.states, spin.found);
	g_assert_cmpuint(spin.found & known, ==, all.found & known);
	g_assert_true(same_set(all.ends, spin.ends));
	g_assert_cmpuint(spin.states, ==, all.states);
	/* A move that fails is none of Spin's. */
	if (!(all.found >> KW_FINDS_FAILED & 1))
		g_assert_cmpuint(spin.transitions, ==, all.transitions);
	seen_free(&all);
	seen_free(&spin);
}

static void test_spin(void)
{
	unsigned seed, step = g_test_slow() ? SPIN_SLOWLY : SPIN_EVERY;
	struct assembler m;

	if (!spin_is_there()) {
		g_test_skip("Spin is not installed");
		return;
	}
	for (seed = 1; seed <= PROGRAMS; seed += step) {
		/* I6, either way, in two of four. */
		const struct kw_world_opts o = {
			.row = seed / step % 2,
			.per_kick = seed / step % 4 == 3,
		};

		generate(&m, seed);
		declare_guarded(&m, seed / step);
		compare_spin(&m, &o, "program", seed);
	}
	for (seed = 1; seed <= LOCKING; seed += step) {
		const struct kw_world_opts o = { 0 };

		generate_locks(&m, seed);
		compare_spin(&m, &o, "locks", seed);
	}
}

/* A model for Spin has many times the states. */
static void test_spin_storms(void)
{
	unsigned seed, step = g_test_slow() ? SPIN_SLOWLY : SPIN_EVERY, all, storms = 0;
	unsigned done = 0;
	struct assembler m;

	if (!spin_is_there()) {
		g_test_skip("Spin is not installed");
		return;
	}
	for (seed = 1; seed <= ENDLESS; seed += step) {
		generate(&m, seed);
		make_endless(&m);
		if (!search_for_storm(&m, 0, &all))
			continue;
		g_assert_cmpint(storm_by_spin(&m.p), ==,
				all >> KW_FINDS_STORM & 1);
		done++;
		storms += all >> KW_FINDS_STORM & 1;
		g_test_message("endless %u: found %x", seed, all);
	}
	g_test_message("%u, %u with a storm", done, storms);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/agree/settings", test_settings);
	g_test_add_func("/agree/endless", test_endless);
	g_test_add_func("/agree/weak", test_weak);
	g_test_add_func("/agree/timed", test_timed);
	g_test_add_func("/agree/spin/ends", test_spin);
	g_test_add_func("/agree/spin/storms", test_spin_storms);
	return g_test_run();
}
