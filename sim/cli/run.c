/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `run`: decides for each (scenario, kernel) whether it went as expected.
 *
 * The heads of all scenarios are read before the first one runs, so that a
 * mistake in the last costs nothing.
 */
#include <string.h>
#include "cli.h"

struct run {
	struct kw_cli *cli;
	struct kw_store *store;
	struct kw_table *table;
	unsigned differing, vacuous, judged, nr;
	bool interrupted;
};

static void put_heading(struct run *r, GPtrArray *items)
{
	struct kw_cli *cli = r->cli;
	unsigned i, c;

	if (cli->o.quiet)
		return;
	g_string_append_printf(cli->out, "# kvmwake %s, seed %"
			       G_GUINT64_FORMAT, KW_VERSION, cli->o.seed);
	if (kw_option_given(cli, "runs"))
		g_string_append_printf(cli->out, ", %" G_GUINT64_FORMAT
				       " runs each", cli->o.runs);
	kw_cli_put_model(cli, cli->out);
	if (cli->o.as)
		g_string_append_printf(cli->out, ", judged as %s", cli->o.as);
	g_string_append_printf(cli->out, ", database %s\n", cli->o.db);
	for (i = 0; i < items->len; i++) {
		const struct kw_item *item = items->pdata[i];

		kw_table_width(r->table, 0, (unsigned)strlen(item->name));
		kw_table_width(r->table, 1, (unsigned)strlen(item->kernel));
	}
	for (c = 2; c < 9; c++)
		kw_table_width(r->table, c, 6);
	kw_table_row(r->table, "scenario", "kernel", "runs", "missed", "late",
		     "spurious", "futile", "p50", "p99", "verdict");
	kw_table_print(r->table, cli->out);
	kw_cli_flush(cli);
}

/* The first run that shows what was not expected, or -1. */
static int64_t offender(struct run *r, const struct kw_verdict *v, int64_t id,
			GError **err)
{
	const struct kw_finding *f = kw_verdict_differs(v);

	return f ? kw_store_offender(r->store, id, f->q, f->how, f->n, err) :
		   -1;
}

static const char *verdict_color(const struct kw_verdict *v)
{
	return v->what == KW_AS_EXPECTED ? "32" :
	       v->what == KW_NOT_AS_EXPECTED ? "1;31" : "33";
}

static void put_row(struct run *r, const struct kw_scenario *s,
		    const char *kernel, const struct kw_sums *sums,
		    const struct kw_verdict *v)
{
	char n[5][24], p50[KW_NS_TEXT], p99[KW_NS_TEXT];
	GString *text = g_string_new(NULL), *colored = g_string_new(NULL);
	unsigned i;

	g_snprintf(n[4], sizeof(n[4]), "%" G_GUINT64_FORMAT, sums->runs);
	for (i = 0; i < 4; i++)
		g_snprintf(n[i], sizeof(n[i]), "%" G_GUINT64_FORMAT,
			   sums->of[i].total);
	kw_verdict_text(v, sums, text);
	kw_cli_color(r->cli, verdict_color(v), text->str, colored);
	kw_table_row(r->table, s->name, kernel, n[4], n[KW_MISSED],
		     n[KW_LATE], n[KW_SPURIOUS], n[KW_FUTILE],
		     kw_permille_text(&sums->latency, 500, p50),
		     kw_permille_text(&sums->latency, 990, p99),
		     colored->str);
	kw_table_print(r->table, r->cli->out);
	g_string_free(text, TRUE);
	g_string_free(colored, TRUE);
}

static void put_json(struct run *r, const struct kw_scenario *s,
		     const char *kernel, const struct kw_sums *sums,
		     const struct kw_verdict *v)
{
	char how[24];
	struct kw_json j;
	unsigned i;

	kw_json_begin(&j, r->cli->out, "campaign");
	kw_json_text(&j, "scenario", s->name);
	kw_json_text(&j, "kernel", kernel);
	kw_json_u64(&j, "seed", r->cli->o.seed);
	kw_json_model(&j, r->cli->model);
	kw_json_sums(&j, sums);
	kw_json_text(&j, "verdict", kw_verdict_names[v->what]);
	kw_json_open(&j, "findings", '[');
	for (i = 0; i < v->nr; i++) {
		kw_json_open(&j, NULL, '{');
		kw_how_text(v->of[i].how, v->of[i].n, how, sizeof(how));
		kw_json_text(&j, "quantity", kw_quantity_names[v->of[i].q]);
		kw_json_text(&j, "expected", how);
		kw_json_bool(&j, "holds", v->of[i].holds);
		kw_json_close(&j, '}');
	}
	kw_json_close(&j, ']');
}

static void put_counter(void *arg, const char *mark, const char *unused,
			uint64_t n)
{
	(void)unused;
	kw_json_u64(arg, mark, n);
}

static void put_result(struct run *r, const struct kw_scenario *s,
		       const char *kernel, const struct kw_done_campaign *d,
		       const struct kw_verdict *v, int64_t run)
{
	struct kw_json j = { r->cli->out, true };
	char *replay = run < 0 ? NULL :
		kw_cli_replay_line(r->cli, s->name, kernel, (uint64_t)run);

	if (r->cli->o.json) {
		put_json(r, s, kernel, &d->sums, v);
		kw_json_open(&j, "counters", '{');
		kw_store_counters(r->store, d->id, put_counter, &j, NULL);
		kw_json_close(&j, '}');
		if (replay)
			kw_json_text(&j, "replay", replay);
		kw_json_end(&j);
	} else if (!r->cli->o.quiet || v->what != KW_AS_EXPECTED) {
		put_row(r, s, kernel, &d->sums, v);
		if (replay)
			g_string_append_printf(r->cli->out, "replay: %s\n",
					       replay);
	}
	kw_cli_flush(r->cli);
	g_free(replay);
}

static bool store_verdict(struct run *r, int64_t id, const char *as,
			  const struct kw_verdict *v, GError **err)
{
	struct kw_judged rows[KW_NR_QUANTITIES];
	char how[KW_NR_QUANTITIES][24];
	unsigned i;

	for (i = 0; i < v->nr; i++) {
		kw_how_text(v->of[i].how, v->of[i].n, how[i], sizeof(how[i]));
		rows[i] = (struct kw_judged){
			as, kw_quantity_names[v->of[i].q], how[i],
			v->of[i].holds,
		};
	}
	return kw_store_judged(r->store, id, rows, v->nr, err);
}

static bool run_loaded(struct run *r, struct kw_scenario *s,
		       const char *kernel, GError **err)
{
	const char *as = r->cli->o.as ? r->cli->o.as : kernel;
	const struct kw_expect *expect = kw_expect_find(s, as);
	struct kw_done_campaign done;
	struct kw_verdict v;
	int64_t run;

	if (!expect && r->cli->o.as) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s expects nothing of %s (--as)", s->path, as);
		return false;
	}
	if (!kw_cli_campaign(r->cli, r->store, s, kernel, &done, err))
		return false;
	r->interrupted = done.interrupted;
	if (done.interrupted)
		return true;
	kw_judge(expect, &done.sums, &v);
	if (!store_verdict(r, done.id, as, &v, err))
		return false;
	run = offender(r, &v, done.id, err);
	if (run == -2)
		return false;
	put_result(r, s, kernel, &done, &v, run);
	r->nr++;
	r->differing += v.what == KW_NOT_AS_EXPECTED;
	r->vacuous += v.what == KW_VACUOUS;
	r->judged += v.what == KW_AS_EXPECTED || v.what == KW_NOT_AS_EXPECTED;
	return true;
}

static bool run_item(struct run *r, const struct kw_item *item, GError **err)
{
	struct kw_scenario *s = kw_cli_load(r->cli, item->path, item->kernel,
					    err);
	bool ok;

	if (!s && item->expected)
		kw_cli_locate(item->path, item->kernel, err);
	if (!s)
		return false;
	ok = run_loaded(r, s, item->kernel, err);
	kw_scenario_free(s);
	return ok;
}

static int exit_code(const struct run *r)
{
	if (r->interrupted)
		return KW_EXIT_INTERRUPTED;
	if (r->differing)
		return KW_EXIT_DIFFERS;
	return r->vacuous || !r->judged ? KW_EXIT_NOTHING : KW_EXIT_FINE;
}

static void put_end(const struct run *r)
{
	struct kw_cli *cli = r->cli;

	if (r->interrupted)
		kw_cli_note(cli, "interrupted; what is done is saved: the "
			    "same command goes on from there");
	else if (r->differing)
		kw_cli_note(cli, "%u of %u not as expected", r->differing,
			    r->nr);
	if (!r->interrupted && r->vacuous)
		kw_cli_note(cli, "%u of %u vacuous: nothing could have been "
			    "missed, so nothing was tested", r->vacuous,
			    r->nr);
	else if (!r->interrupted && !r->judged)
		kw_cli_note(cli, "nothing was judged: the scenarios expect "
			    "nothing of these kernels (--as K)");
}

int kw_verb_run(struct kw_cli *cli)
{
	struct run r = { .cli = cli };
	GPtrArray *files = NULL, *items = NULL;
	GError *err = NULL;
	unsigned i;

	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	items = files ? kw_cli_items(cli, files, &err) : NULL;
	if (!items)
		goto out_free;
	r.store = kw_store_open(cli->o.db, KW_STORE_WRITE, &err);
	if (!r.store)
		goto out_free;
	kw_cli_watch_signals(cli);
	r.table = kw_table_new("llrrrrrrrl");
	if (!cli->o.json)
		put_heading(&r, items);
	for (i = 0; i < items->len && !err && !r.interrupted; i++)
		run_item(&r, items->pdata[i], &err);
	kw_store_close(r.store, err ? NULL : &err);
	kw_table_free(r.table);
	if (!err)
		put_end(&r);
out_free:
	if (items)
		g_ptr_array_free(items, TRUE);
	if (files)
		g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : exit_code(&r);
}
