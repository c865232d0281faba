/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bench`: decides what a scenario costs: one line of key=value for each
 * scenario and kernel, in CPU time of the whole process, one thread.
 */
#include <string.h>
#include <sys/resource.h>
#include "cli.h"

static uint64_t cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) *
	       1000000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

static uint64_t rss_kb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)u.ru_maxrss;
}

struct cost {
	uint64_t compile_ns, cpu_ns, runs;
	struct kw_counts counts;
};

static void simulate(struct kw_cli *cli, const struct kw_scenario *s,
		     struct cost *cost)
{
	const struct kw_run_opts opts = {
		.seed = cli->o.seed, .memory = cli->model,
		.deadline_ns = s->deadline_ns, .duration_ns = s->duration_ns,
	};
	struct kw_runner *r = kw_runner_new(s->program, &opts);
	struct kw_result res;
	uint64_t i;

	for (i = 0; i < cost->runs; i++) {
		kw_runner_run(r, i, &res);
		kw_counts_add(&cost->counts, &res.counts);
	}
	kw_runner_free(r);
}

static bool simulate_stored(struct kw_cli *cli, struct kw_scenario *s,
			    const char *kernel, struct cost *cost,
			    GError **err)
{
	struct kw_store *store = kw_store_open(cli->o.db, KW_STORE_WRITE, err);
	struct kw_done_campaign done;
	bool ok;

	if (!store)
		return false;
	cli->o.jobs = 1;
	ok = kw_cli_campaign(cli, store, s, kernel, &done, err);
	cost->counts = done.sums.counts;
	cost->runs = done.new_runs;
	return kw_store_close(store, ok ? err : NULL) && ok;
}

static void put_cost(struct kw_cli *cli, const struct kw_scenario *s,
		     const char *kernel, const struct cost *cost)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "steps", cost->counts.steps },
		{ "wakeups", cost->counts.wakes },
		{ "cpu_ns", cost->cpu_ns },
		{ "compile_ns", cost->compile_ns },
		{ "runs", cost->runs },
		{ "rss_kb", rss_kb() },
	};
	struct kw_json j;
	unsigned i;

	if (cli->o.json) {
		kw_json_begin(&j, cli->out, "bench");
		kw_json_text(&j, "scenario", s->name);
		kw_json_text(&j, "kernel", kernel);
		kw_json_model(&j, cli->model);
		for (i = 0; i < G_N_ELEMENTS(rows); i++)
			kw_json_u64(&j, rows[i].key, rows[i].value);
		kw_json_end(&j);
		return;
	}
	g_string_append_printf(cli->out, "scenario=%s kernel=%s", s->name,
			       kernel);
	for (i = 0; i < G_N_ELEMENTS(rows); i++)
		g_string_append_printf(cli->out, " %s=%" G_GUINT64_FORMAT,
				       rows[i].key, rows[i].value);
	g_string_append_c(cli->out, '\n');
}

static bool bench(struct kw_cli *cli, const char *path, const char *kernel,
		  GError **err)
{
	uint64_t begin = cpu_ns(), compiled;
	struct kw_scenario *s = kw_cli_load(cli, path, kernel, err);
	struct cost cost = { .runs = 1 };
	bool ok = true;

	if (!s)
		return false;
	compiled = cpu_ns();
	if (kw_option_given(cli, "runs"))
		cost.runs = cli->o.runs;
	if (kw_option_given(cli, "db"))
		ok = simulate_stored(cli, s, kernel, &cost, err);
	else
		simulate(cli, s, &cost);
	cost.compile_ns = compiled - begin;
	cost.cpu_ns = cpu_ns() - compiled;
	if (ok)
		put_cost(cli, s, kernel, &cost);
	kw_cli_flush(cli);
	kw_scenario_free(s);
	return ok;
}

int kw_verb_bench(struct kw_cli *cli)
{
	GError *err = NULL;
	GPtrArray *files;
	unsigned f, k;

	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	if (!files)
		return kw_cli_fail(cli, err);
	if (!cli->o.kernels->len)
		g_ptr_array_add(cli->o.kernels, g_strdup("v4.14"));
	for (f = 0; f < files->len && !err; f++)
		for (k = 0; k < cli->o.kernels->len && !err; k++)
			bench(cli, files->pdata[f], cli->o.kernels->pdata[k],
			      &err);
	g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
