/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs and shipped scenarios, walked through: an expander that
 * goes from state to state makes of each what one makes that has never seen
 * another.
 */
#include "../lib/generate.h"
#include "../../sim/explore/expand.h"
#include "../../sim/script/script.h"

#define PROGRAMS	200
#define WALKS		20
#define MOVES		100

static unsigned draw(uint64_t *x, unsigned n)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static void compare_seen(const struct kw_seen_by_move *a,
			 const struct kw_seen_by_move *b)
{
	g_assert_true(!a == !b);
	if (!a)
		return;
	g_assert_cmpint(a->failed, ==, b->failed);
	g_assert_cmpint(a->raced, ==, b->raced);
	g_assert_cmpint(a->exposed, ==, b->exposed);
	g_assert_cmpint(a->broken, ==, b->broken);
	g_assert_cmpint(a->spurious, ==, b->spurious);
	g_assert_cmpint(a->row, ==, b->row);
	g_assert_cmpint(a->woken, ==, b->woken);
	g_assert_cmpint(a->progress, ==, b->progress);
	if (a->failed)
		g_assert_cmpint(a->message, ==, b->message);
}

static void compare(const struct kw_expander *x, const struct kw_expander *y)
{
	unsigned i;

	g_assert_cmpuint(x->nr, ==, y->nr);
	for (i = 0; i < x->nr; i++) {
		const struct kw_made *a = x->children[i].by;
		const struct kw_made *b = y->children[i].by;

		g_assert_cmpuint(x->children[i].fp, ==, y->children[i].fp);
		g_assert_cmpuint(a->move.type, ==, b->move.type);
		g_assert_cmpuint(a->move.actor, ==, b->move.actor);
		g_assert_cmpuint(a->move.choice, ==, b->move.choice);
		g_assert_cmpint(a->move.slow, ==, b->move.slow);
		g_assert_cmpint(a->sticky, ==, b->sticky);
		compare_seen(a->seen, b->seen);
	}
}

/* As the queue does: cur and work become the next state. */
static void go_to(struct kw_expander *x, const uint8_t *s)
{
	uint32_t i;

	for (i = 0; i < x->nr_words; i++)
		if (kw_word_at(x->cur, i) != kw_word_at(s, i))
			x->stale |= UINT64_C(1) << (i >> x->grain_shift);
	memcpy(x->cur, s, 8 * x->nr_words);
	x->fp = kw_fingerprint(s, 8 * x->nr_words);
}

/* Returns how many moves there were. */
static unsigned walk(const struct kw_world *w, struct kw_expander *x,
		     uint64_t seed)
{
	struct kw_expander *y = g_new(struct kw_expander, 1);
	uint8_t *s = g_malloc(kw_world_size(w));
	unsigned n;

	kw_world_start(w, s);
	for (n = 0; n < MOVES; n++) {
		const struct kw_made *by;

		kw_expander_begin(x);
		go_to(x, s);
		kw_expander_make(x);
		kw_expander_init(y, w);
		kw_expander_set(y, s, x->fp);
		kw_expander_make(y);
		compare(x, y);
		by = x->nr ? x->children[draw(&seed, x->nr)].by : NULL;
		kw_expander_free(y);
		if (!by || (by->seen && by->seen->failed))
			break;
		kw_child_enter(s, by);
	}
	g_free(s);
	g_free(y);
	return n;
}

/* Returns how many moves there were. */
static unsigned walks(const struct kw_program *p,
		      const struct kw_world_opts *o, uint64_t seed)
{
	struct kw_expander *x = g_new(struct kw_expander, 1);
	struct kw_world *w = kw_world_new(p, o);
	unsigned i, moves = 0;

	kw_expander_init(x, w);
	for (i = 0; i < WALKS; i++)
		moves += walk(w, x, WALKS * seed + i);
	kw_expander_free(x);
	kw_world_free(w);
	g_free(x);
	return moves;
}

static void test_generated(void)
{
	const struct kw_world_opts plain = { 0 };
	unsigned seed, moves = 0;
	struct assembler m;

	for (seed = 1; seed <= PROGRAMS; seed++) {
		generate(&m, seed);
		moves += walks(&m.p, &plain, seed);
	}
	g_test_message("%u moves", moves);
	g_assert_cmpuint(moves, >, PROGRAMS * WALKS);
}

static void test_scenarios(void)
{
	static const char *const paths[] = {
		"scenarios/gallery/device-storm.lua",
		"scenarios/ode/pmu-overflow-in-wfi.lua",
		"scenarios/ode/power-on-while-waiting.lua",
		"scenarios/ode/gicv4-doorbell.lua",
	};
	const struct kw_world_opts o = {
		.check = UINT32_MAX, .persist = true,
	};
	unsigned i, moves = 0;

	for (i = 0; i < G_N_ELEMENTS(paths); i++) {
		const struct kw_script script = {
			.lua_dir = "lua", .kernel = "v4.14", .path = paths[i],
		};
		GError *err = NULL;
		struct kw_scenario *s = kw_script_load(&script, &err);

		g_assert_no_error(err);
		moves += walks(s->program, &o, i);
		kw_scenario_free(s);
	}
	g_test_message("%u moves", moves);
	g_assert_cmpuint(moves, >, 1000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/memo/generated", test_generated);
	g_test_add_func("/memo/scenarios", test_scenarios);
	return g_test_run();
}
