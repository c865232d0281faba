/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A runner that knows other runs' courses, and one that makes each run
 * afresh: generated programs, with durations by chance, and shipped
 * scenarios.  They agree on everything that a run leaves.
 */
#include "../lib/generate.h"
#include "../../sim/run/course.h"
#include "../../sim/script/script.h"

#define PROGRAMS 1000
#define RUNS	 200

static unsigned draw(uint64_t *x, unsigned n)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

static void compare_episodes(const struct kw_episode *a,
			     const struct kw_episode *b)
{
	g_assert_cmpuint(a->vcpu, ==, b->vcpu);
	g_assert_cmpuint(a->cause, ==, b->cause);
	g_assert_cmpuint(a->class, ==, b->class);
	g_assert_cmpuint(a->uninterruptible, ==, b->uninterruptible);
	g_assert_cmpuint(a->sleeps, ==, b->sleeps);
	g_assert_cmpuint(a->futile, ==, b->futile);
	g_assert_cmpuint(a->begin, ==, b->begin);
	g_assert_cmpuint(a->deliverable, ==, b->deliverable);
	g_assert_cmpuint(a->woken, ==, b->woken);
	g_assert_cmpuint(a->left, ==, b->left);
	g_assert_cmpuint(a->end, ==, b->end);
}

static void compare(const struct kw_result *a, const struct kw_result *b)
{
	unsigned i;

	g_assert_cmpuint(a->run, ==, b->run);
	g_assert_cmphex(a->digest, ==, b->digest);
	g_assert_cmpmem(&a->counts, sizeof(a->counts), &b->counts,
			sizeof(b->counts));
	g_assert_cmpstr(a->failure, ==, b->failure);
	if (a->failure)
		g_assert_cmpuint(a->failure_ns, ==, b->failure_ns);
	g_assert_cmpuint(a->nr_episodes, ==, b->nr_episodes);
	for (i = 0; i < a->nr_episodes; i++)
		compare_episodes(&a->episodes[i], &b->episodes[i]);
}

/* Returns in how many runs of nr a course was enough. */
static uint64_t run(const struct kw_program *p, struct kw_run_opts o,
		    unsigned nr)
{
	struct kw_runner *r = kw_runner_new(p, &o), *afresh;
	struct kw_result known, made;
	uint64_t enough;
	unsigned i;

	o.afresh = true;
	afresh = kw_runner_new(p, &o);
	for (i = 0; i < nr; i++) {
		kw_runner_run(r, i, &known);
		kw_runner_run(afresh, i, &made);
		compare(&known, &made);
	}
	g_assert_cmpmem(r->marks, p->nr_marks * sizeof(r->marks[0]),
			afresh->marks, p->nr_marks * sizeof(r->marks[0]));
	g_assert_cmpmem(&r->latency, sizeof(r->latency), &afresh->latency,
			sizeof(r->latency));
	g_assert_true(!afresh->courses);
	enough = r->courses->nr_enough;
	kw_runner_free(r);
	kw_runner_free(afresh);
	return enough;
}

/* A host whose times are short, so that much happens at the same one. */
static void make_host(struct assembler *m, uint64_t seed)
{
	static const char *messages[] = { "a program's own failure" };
	struct kw_host *h = &m->p.host;
	uint64_t x = seed;
	unsigned i;

	m->p.messages = messages;
	h->nr_cpus = 1 + draw(&x, 3);
	h->slice_ns = 20 + draw(&x, 100);
	h->idle_deep_after_ns = draw(&x, 40);
	h->switch_ns = asm_dist(m, KW_UNIFORM, 1, 1 + draw(&x, 5));
	h->idle_shallow_ns = asm_dist(m, KW_EXPONENTIAL, 1 + draw(&x, 9), 0);
	h->idle_deep_ns = asm_dist(m, KW_EXPONENTIAL, 9, 20);
	h->irq_ns = asm_dist(m, KW_CONSTANT, draw(&x, 10), 0);
	h->timer_slack_ns = asm_dist(m, KW_UNIFORM, 0, draw(&x, 10));
	for (i = 0; i < G_N_ELEMENTS(h->op_ns); i++) {
		h->op_ns[i].min = draw(&x, 3) * draw(&x, 3);
		h->op_ns[i].max = h->op_ns[i].min + draw(&x, 2);
	}
}

/* One of a list, by chance or in turn (again: over and over). */
static uint16_t list_dist(struct assembler *m, enum kw_dist_kind kind,
			  bool again)
{
	static uint64_t values[] = { 3, 1, 0, 7, 20 };
	uint16_t d = asm_dist(m, kind, 0, again);

	m->p.values = values;
	m->p.nr_values = m->dists[d].nr = G_N_ELEMENTS(values);
	return d;
}

/* What is burnt, slept and armed for is a while, too. */
static void make_durations(struct assembler *m, uint64_t seed)
{
	uint64_t x = seed;
	unsigned i, first = m->p.nr_dists, op;

	asm_dist(m, KW_UNIFORM, 0, draw(&x, 20));
	asm_dist(m, KW_EXPONENTIAL, 5, 0);
	list_dist(m, KW_EMPIRICAL, false);
	list_dist(m, KW_SEQUENCE, draw(&x, 2));
	for (i = 0; i < m->p.nr_nodes; i++) {
		op = m->nodes[i].op;
		if (op == KW_OP_DELAY || op == KW_OP_BURN || op == KW_OP_ARM)
			m->nodes[i].val = (uint16_t)(first + draw(&x, 4));
	}
}

static void test_generated(void)
{
	struct kw_run_opts o = { .duration_ns = 2000, .deadline_ns = 10 };
	uint64_t enough = 0;
	struct assembler m;
	unsigned seed;

	for (seed = 1; seed <= PROGRAMS; seed++) {
		if (seed % 3 == 0)
			generate_locks(&m, seed);
		else if (seed % 3 == 1)
			generate_alike(&m, seed / 3 % NR_ALIKE, seed);
		else
			generate(&m, seed);
		make_host(&m, seed);
		make_durations(&m, seed);
		o.seed = seed;
		enough += run(&m.p, o, RUNS);
	}
	g_test_message("a course was enough in %" G_GUINT64_FORMAT " runs",
		       enough);
	g_assert_cmpuint(enough, >, PROGRAMS * RUNS / 2);
}

static uint64_t run_scenario(const char *path, const char *kernel,
			     unsigned nr)
{
	const struct kw_script script = {
		.lua_dir = "lua", .kernel = kernel, .path = path,
	};
	GError *err = NULL;
	struct kw_scenario *s = kw_script_load(&script, &err);
	struct kw_run_opts o = { .seed = 2 };
	uint64_t enough;

	g_assert_no_error(err);
	o.deadline_ns = s->deadline_ns;
	o.duration_ns = s->duration_ns;
	enough = run(s->program, o, nr);
	kw_scenario_free(s);
	return enough;
}

static void test_scenarios(void)
{
	static const char *const kernels[] = { "v4.14", "v4.14+ode" };
	GDir *dir = g_dir_open("scenarios/ode", 0, NULL);
	uint64_t enough = 0, runs = 0;
	const char *name;
	char *path;
	unsigned i;

	g_assert_nonnull(dir);
	while ((name = g_dir_read_name(dir))) {
		path = g_build_filename("scenarios/ode", name, NULL);
		for (i = 0; i < G_N_ELEMENTS(kernels); i++) {
			enough += run_scenario(path, kernels[i], RUNS);
			runs += RUNS;
		}
		g_free(path);
	}
	g_dir_close(dir);
	g_test_message("a course was enough in %" G_GUINT64_FORMAT " runs of %"
		       G_GUINT64_FORMAT, enough, runs);
	g_assert_cmpuint(enough, >, runs / 2);
}

/* What has no end soon is left to the engine, and so is what changes. */
static void test_long(void)
{
	static const char *const paths[] = {
		"scenarios/gallery/pmu-sampling.lua",
		"scenarios/gallery/signals.lua",
		"scenarios/gallery/injection-race.lua",
	};
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(paths); i++)
		run_scenario(paths[i], "v4.14", 40);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/course/generated", test_generated);
	g_test_add_func("/course/scenarios", test_scenarios);
	g_test_add_func("/course/long", test_long);
	return g_test_run();
}
