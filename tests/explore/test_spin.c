/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shipped scenarios by Spin, on the exported model: the same states, moves,
 * end states and properties as without reduction.  What Spin needs more than
 * a second for is for -m slow, under one kernel.
 */
#include "../../sim/script/script.h"
#include "../lib/spin.h"

static const struct small {
	const char *path;
	bool slow;
} scenarios[] = {
	{ "scenarios/ode/gicv4-doorbell.lua", false },
	{ "scenarios/ode/gicv4-pending-at-exit.lua", false },
	{ "scenarios/ode/line-while-waiting.lua", false },
	{ "scenarios/ode/power-on-while-waiting.lua", false },
	{ "scenarios/ode/deassert-before-wfi.lua", true },
	{ "scenarios/ode/disabled-before-wake.lua", true },
	{ "scenarios/ode/distributor-off.lua", true },
	{ "scenarios/ode/line-consumed-request.lua", true },
	{ "scenarios/ode/line-makes-request.lua", true },
	{ "scenarios/ode/on-spin.lua", true },
	{ "scenarios/ode/pending-irq.lua", true },
	{ "scenarios/ode/pmu-overflow-in-wfi.lua", true },
	{ "scenarios/gallery/cpu-hotplug.lua", true },
	{ "scenarios/gallery/emulated-timer.lua", true },
	{ "scenarios/gallery/pmu-overflow-user.lua", true },
	{ "scenarios/gallery/signal-while-off.lua", true },
};
static const char *const kernels[] = { "v4.14", "v4.14+ode-3" };

/* What the engine itself says, looking for everything. */
static unsigned found_by_engine(const struct kw_program *p,
				const struct kw_world_opts *o)
{
	const struct kw_search_opts how = { 0 };
	struct kw_world *w = kw_world_new(p, o);
	struct kw_search_result res;
	unsigned i, found = 0;

	kw_search(w, &how, &res);
	g_assert_true(res.complete);
	for (i = 0; i < KW_FINDS_INVARIANT + p->nr_invariants; i++)
		found |= (unsigned)res.of[i].found << i;
	kw_search_result_free(&res);
	kw_world_free(w);
	return found;
}

#define FIRST ((1u << KW_FINDS_INVARIANT) - 1)

/* What is found. */
static unsigned compare(const char *path, const char *kernel,
			unsigned preemptions)
{
	const struct kw_script script = {
		.lua_dir = "lua", .kernel = kernel, .path = path,
		.exploring = "sc",
	};
	struct kw_world_opts plain = { .preemptions = preemptions };
	struct kw_scenario *s;
	struct seen all, spin;
	GError *err = NULL;
	unsigned known, engine;

	s = kw_script_load(&script, &err);
	g_assert_no_error(err);
	if (!preemptions)
		plain.preemptions = s->preemptions;
	plain.check = (1u << s->program->nr_invariants) - 1;
	known = SPIN_KNOWS | plain.check << KW_FINDS_INVARIANT;
	seen_plainly(s->program, &plain, &all);
	g_assert_true(seen_by_spin(s->program, &plain, &spin));
	g_test_message("%s %s: %u states, %u moves, %u ends, found %x", path,
		       kernel, (unsigned)spin.states,
		       (unsigned)spin.transitions,
		       g_hash_table_size(spin.ends), spin.found);
	g_assert_cmpuint(spin.states, ==, all.states);
	/* A move that fails is none of Spin's. */
	if (!(all.found >> KW_FINDS_FAILED & 1))
		g_assert_cmpuint(spin.transitions, ==, all.transitions);
	g_assert_cmpuint(spin.found, ==, all.found & known);
	engine = found_by_engine(s->program, &plain);
	/* It asks of more states than ends whether an invariant holds. */
	g_assert_cmpuint(all.found & ~engine, ==, 0);
	g_assert_cmpuint(all.found & FIRST, ==, engine & FIRST);
	g_assert_true(same_set(all.ends, spin.ends));
	known = spin.found;
	seen_free(&all);
	seen_free(&spin);
	kw_scenario_free(s);
	return known;
}

static void test_scenarios(void)
{
	unsigned i, k;

	if (!spin_is_there()) {
		g_test_skip("Spin is not installed");
		return;
	}
	for (i = 0; i < G_N_ELEMENTS(scenarios); i++)
		for (k = 0; k < G_N_ELEMENTS(kernels); k++)
			if (g_test_slow() ? k == 0 && scenarios[i].slow :
					    !scenarios[i].slow)
				compare(scenarios[i].path, kernels[k], 0);
}

static void test_preempted(void)
{
	if (g_test_slow())
		g_test_skip("done when there is less time");
	else if (spin_is_there())
		compare("scenarios/ode/gicv4-doorbell.lua", "v4.14", 2);
	else
		g_test_skip("Spin is not installed");
}

/* A request that nobody consumes. */
static void test_invariant(void)
{
	unsigned found;

	if (!spin_is_there() || g_test_slow()) {
		g_test_skip("Spin is not installed, or it was done");
		return;
	}
	found = compare("scenarios/ode/pmu-overflow-in-wfi.lua",
			"v4.14+mutant-unconsumed-request", 0);
	g_assert_cmpuint(found & ~FIRST, !=, 0);
}

/* An interrupt that is on one list too many: at once. */
static void test_list(void)
{
	unsigned found;

	if (!spin_is_there() || !g_test_slow()) {
		g_test_skip("Spin is not installed, or too slow");
		return;
	}
	found = compare("scenarios/ode/migrated-at-prune.lua",
			"v4.14+./tests/explore/migrate-keeps-vcpu.lua", 0);
	g_assert_cmpuint(found & ~FIRST, !=, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spin/scenarios", test_scenarios);
	g_test_add_func("/spin/preempted", test_preempted);
	g_test_add_func("/spin/invariant", test_invariant);
	g_test_add_func("/spin/list", test_list);
	return g_test_run();
}
