/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `compare`: decides for each scenario whether --new is better or worse than
 * --old, and whether the results are those of a baseline.
 *
 * A baseline is text, a line a campaign, so that `git diff` reviews it.
 */
#include <string.h>
#include "cli.h"

struct compare {
	struct kw_cli *cli;
	struct kw_store *store;
	struct kw_table *table;
	GString *baseline;
	unsigned nr, of[KW_NR_JUDGEMENTS];
	bool interrupted, gate_failed;
};

struct side {
	const char *kernel;
	struct kw_done_campaign done;
};

struct pair {
	char *name;			/* of the scenario */
	struct side old_, new_;
	struct kw_pairs pairs;
	struct kw_comparison result;
};

static bool run_side(struct compare *c, const char *path, struct pair *p,
		     struct side *side, GError **err)
{
	struct kw_scenario *s = kw_cli_load(c->cli, path, side->kernel, err);
	bool ok;

	if (!s)
		return false;
	g_free(p->name);
	p->name = g_strdup(s->name);
	ok = kw_cli_campaign(c->cli, c->store, s, side->kernel, &side->done,
			     err);
	c->interrupted |= side->done.interrupted;
	kw_scenario_free(s);
	return ok;
}

static void put_baseline(struct compare *c, const struct pair *p,
			 const struct side *side)
{
	const struct kw_sums *s = &side->done.sums;
	unsigned q;

	g_string_append_printf(c->baseline, "%s %s %" G_GUINT64_FORMAT " %"
			       G_GUINT64_FORMAT, p->name, side->kernel,
			       c->cli->o.seed, s->runs);
	for (q = 0; q < KW_NR_QUANTITIES; q++)
		g_string_append_printf(c->baseline, " %" G_GUINT64_FORMAT,
				       s->of[q].total);
	g_string_append_printf(c->baseline, " %" G_GUINT64_FORMAT " %"
			       G_GUINT64_FORMAT "\n",
			       kw_hist_permille(&s->latency, 500),
			       kw_hist_permille(&s->latency, 990));
}

static void put_json(struct compare *c, const struct pair *p,
		     const char *replay)
{
	struct kw_stored o = { .scenario = p->name, .sums = p->old_.done.sums };
	struct kw_stored n = { .scenario = p->name, .sums = p->new_.done.sums };
	struct kw_stored_pair pair = { &o, &n, p->pairs, p->result };

	o.kernel = c->cli->o.old;
	n.kernel = c->cli->o.new_;
	kw_cli_pair_json(c->cli, &pair, replay, c->cli->out);
}

static const char *judgement_color(enum kw_judgement what)
{
	return what == KW_WORSE ? "1;31" : what == KW_NO_OBSERVATION ? "33" :
	       what == KW_SAME ? "" : "32";
}

static char *change(uint64_t o, uint64_t n)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT,
			       o, n);
}

static char *latency_change(const struct pair *p, unsigned permille)
{
	char o[KW_NS_TEXT], n[KW_NS_TEXT];

	return g_strdup_printf("%s -> %s",
		kw_permille_text(&p->old_.done.sums.latency, permille, o),
		kw_permille_text(&p->new_.done.sums.latency, permille, n));
}

/* A clause a line. */
static void put_why(struct compare *c, const struct pair *p)
{
	GString *why = g_string_new(NULL);
	char **clauses;
	unsigned i;

	kw_comparison_text(&p->result, &p->pairs, why);
	clauses = g_strsplit(why->str, "; ", -1);
	for (i = 0; clauses[i]; i++)
		kw_text_fill(c->cli->out, clauses[i], 78, "    ");
	g_strfreev(clauses);
	g_string_free(why, TRUE);
}

static void put_row(struct compare *c, const struct pair *p,
		    const char *replay)
{
	const struct kw_sums *o = &p->old_.done.sums;
	const struct kw_sums *n = &p->new_.done.sums;
	char *missed = change(o->of[KW_MISSED].total, n->of[KW_MISSED].total);
	char *spurious = change(o->of[KW_SPURIOUS].total,
				n->of[KW_SPURIOUS].total);
	char *p50 = latency_change(p, 500), *p99 = latency_change(p, 990);
	char *runs = g_strdup_printf("%" G_GUINT64_FORMAT, p->pairs.runs);
	GString *word = g_string_new(NULL);

	kw_cli_color(c->cli, judgement_color(p->result.what),
		     kw_judgement_names[p->result.what], word);
	kw_table_row(c->table, p->name, runs, missed, spurious, p50, p99,
		     word->str);
	kw_table_print(c->table, c->cli->out);
	put_why(c, p);
	if (replay)
		g_string_append_printf(c->cli->out, "    replay: %s\n",
				       replay);
	g_string_free(word, TRUE);
	g_free(runs);
	g_free(p99);
	g_free(p50);
	g_free(spurious);
	g_free(missed);
}

/* What is worth looking at: what new broke, or else what it mended. */
static char *replay_of(struct compare *c, const struct pair *p)
{
	unsigned q;

	for (q = 0; q < KW_NR_QUANTITIES; q++)
		if (p->result.of[q].what == KW_WORSE && q != KW_FUTILE)
			return kw_cli_replay_line(c->cli, p->name,
				p->new_.kernel,
				(uint64_t)p->pairs.of[q].first_more);
	for (q = 0; q < KW_NR_QUANTITIES; q++)
		if (p->result.of[q].what == KW_FIXED && q != KW_FUTILE)
			return kw_cli_replay_line(c->cli, p->name,
				p->old_.kernel,
				(uint64_t)p->pairs.of[q].first_fewer);
	return NULL;
}

static void put_pair(struct compare *c, struct pair *p)
{
	char *replay = replay_of(c, p);

	if (c->cli->o.json)
		put_json(c, p, replay);
	else if (!c->cli->o.quiet || p->result.what == KW_WORSE ||
		 p->result.what == KW_NO_OBSERVATION)
		put_row(c, p, replay);
	kw_cli_flush(c->cli);
	g_free(replay);
}

static bool compare_one(struct compare *c, const char *path, GError **err)
{
	struct pair *p = g_new0(struct pair, 1);
	bool ok;

	p->old_.kernel = c->cli->o.old;
	p->new_.kernel = c->cli->o.new_;
	ok = run_side(c, path, p, &p->old_, err) &&
	     (c->interrupted || run_side(c, path, p, &p->new_, err));
	if (ok && !c->interrupted)
		ok = kw_store_pairs(c->store, p->old_.done.id, p->new_.done.id,
				    &p->pairs, err);
	if (ok && !c->interrupted) {
		kw_compare(&p->pairs, &p->old_.done.sums.latency,
			   &p->new_.done.sums.latency, &p->result);
		put_baseline(c, p, &p->old_);
		put_baseline(c, p, &p->new_);
		put_pair(c, p);
		c->nr++;
		c->of[p->result.what]++;
	}
	g_free(p->name);
	g_free(p);
	return ok;
}

static bool read_heads(struct compare *c, GPtrArray *files, GError **err)
{
	unsigned i;

	for (i = 0; i < files->len; i++) {
		struct kw_scenario *s = kw_cli_load(c->cli, files->pdata[i],
						    NULL, err);

		if (!s)
			return false;
		kw_table_width(c->table, 0, (unsigned)strlen(s->name));
		kw_scenario_free(s);
	}
	return true;
}

static void put_heading(struct compare *c)
{
	struct kw_cli *cli = c->cli;
	unsigned i;

	if (cli->o.json || cli->o.quiet)
		return;
	g_string_append_printf(cli->out, "# kvmwake %s: %s (reference) "
			       "against %s, seed %" G_GUINT64_FORMAT,
			       KW_VERSION, cli->o.old, cli->o.new_,
			       cli->o.seed);
	if (kw_option_given(cli, "runs"))
		g_string_append_printf(cli->out, ", %" G_GUINT64_FORMAT
				       " runs each", cli->o.runs);
	kw_cli_put_model(cli, cli->out);
	g_string_append_printf(cli->out, ", database %s\n", cli->o.db);
	for (i = 2; i < 4; i++)
		kw_table_width(c->table, i, 12);
	for (i = 4; i < 6; i++)
		kw_table_width(c->table, i, 16);
	kw_table_row(c->table, "scenario", "runs", "missed", "spurious",
		     "p50 latency", "p99 latency", "judgement");
	kw_table_print(c->table, cli->out);
	kw_cli_flush(cli);
}

static void put_difference(struct kw_cli *cli, char sign, const char *line)
{
	struct kw_json j;

	if (!cli->o.json) {
		g_string_append_printf(cli->out, "%c%s\n", sign, line);
		return;
	}
	kw_json_begin(&j, cli->out, "baseline");
	kw_json_text(&j, sign == '-' ? "baseline" : "now", line);
	kw_json_end(&j);
}

static bool has_line(char **lines, const char *line)
{
	return g_strv_contains((const gchar *const *)lines, line);
}

/* Prints what differs, as diff does; sets gate_failed. */
static bool gate(struct compare *c, GError **err)
{
	char **old, **now, *text;
	unsigned i;

	if (!c->cli->o.baseline)
		return true;
	if (!kw_cli_read(c->cli->o.baseline, &text, NULL, err))
		return false;
	old = g_strsplit(text, "\n", -1);
	now = g_strsplit(c->baseline->str, "\n", -1);
	for (i = 0; old[i]; i++) {
		if (has_line(now, old[i]))
			continue;
		c->gate_failed = true;
		put_difference(c->cli, '-', old[i]);
	}
	for (i = 0; now[i]; i++) {
		if (has_line(old, now[i]))
			continue;
		c->gate_failed = true;
		put_difference(c->cli, '+', now[i]);
	}
	if (c->gate_failed)
		kw_cli_note(c->cli, "the results are not those of %s",
			    c->cli->o.baseline);
	g_strfreev(old);
	g_strfreev(now);
	g_free(text);
	return true;
}

static void put_end(struct compare *c)
{
	unsigned i;

	if (c->interrupted) {
		kw_cli_note(c->cli, "interrupted; what is done is saved: the "
			    "same command goes on from there");
		return;
	}
	if (c->cli->o.json || c->cli->o.quiet)
		return;
	g_string_append_printf(c->cli->out, "# %u scenario%s:", c->nr,
			       c->nr == 1 ? "" : "s");
	for (i = KW_NR_JUDGEMENTS; i--;)
		if (c->of[i])
			g_string_append_printf(c->cli->out, " %u %s", c->of[i],
					       kw_judgement_names[i]);
	g_string_append_c(c->cli->out, '\n');
}

static int exit_code(const struct compare *c)
{
	if (c->interrupted)
		return KW_EXIT_INTERRUPTED;
	if (c->of[KW_WORSE] || c->gate_failed)
		return KW_EXIT_DIFFERS;
	return c->of[KW_NO_OBSERVATION] == c->nr ? KW_EXIT_NOTHING :
						  KW_EXIT_FINE;
}

static void compare_all(struct compare *c, GPtrArray *files, GError **err)
{
	unsigned i;

	if (!read_heads(c, files, err))
		return;
	c->store = kw_store_open(c->cli->o.db, KW_STORE_WRITE, err);
	if (!c->store)
		return;
	kw_cli_watch_signals(c->cli);
	put_heading(c);
	for (i = 0; i < files->len && !*err && !c->interrupted; i++)
		compare_one(c, files->pdata[i], err);
	kw_store_close(c->store, *err ? NULL : err);
	if (*err)
		return;
	put_end(c);
	if (c->interrupted || !gate(c, err))
		return;
	if (c->cli->o.write_baseline)
		g_file_set_contents(c->cli->o.write_baseline,
				    c->baseline->str, -1, err);
}

int kw_verb_compare(struct kw_cli *cli)
{
	struct compare c = { .cli = cli };
	GPtrArray *files;
	GError *err = NULL;

	if (!cli->o.old || !cli->o.new_)
		return kw_cli_usage(cli, "compare: say --old K and --new K");
	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	if (!files)
		return kw_cli_fail(cli, err);
	c.table = kw_table_new("lrrrrrl");
	c.baseline = g_string_new("# kvmwake baseline 1\n"
		"# scenario kernel seed runs missed late spurious futile "
		"storm failed p50_ns p99_ns\n");
	if (cli->model != KW_WEAK_SC)
		g_string_append_printf(c.baseline, "# memory %s\n",
				       kw_weak_names[cli->model]);
	compare_all(&c, files, &err);
	g_string_free(c.baseline, TRUE);
	kw_table_free(c.table);
	g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : exit_code(&c);
}
