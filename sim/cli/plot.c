/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `plot`: decides which figures there are, and has gnuplot draw them.
 *
 *	missed		missed and spurious wake-ups, a scenario a row
 *	latency		distribution of the wake latency
 *	timeline	the run that tells most, under old and new
 *
 * The timeline has a NAME-marks.dat, too.
 */
#include <string.h>
#include "figure.h"
#include "timeline.h"

struct plot {
	struct kw_figure f;
	struct kw_store *store;
	const char *old_, *new_;
	GPtrArray *pairs;
};

static GString *new_script(const struct plot *p)
{
	GString *s = g_string_new("# written by kvmwake " KW_VERSION
				  " plot; run it in its folder\n");

	kw_figure_define(s, "old", p->old_);
	kw_figure_define(s, "new", p->new_);
	return s;
}

static void put_percent(GString *data, const struct kw_sums *s,
			enum kw_quantity q)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];
	double x = s->runs ? 100.0 * (double)s->of[q].runs_with /
			     (double)s->runs : 0.0;

	g_string_append_printf(data, " %s", g_ascii_formatd(buf, sizeof(buf),
							    "%.4g", x));
}

static bool plot_missed(const struct plot *p, GError **err)
{
	GString *data = g_string_new("# scenario, % of the runs with: missed "
				     "old, new, spurious old, new\n");
	GString *script = new_script(p);
	unsigned i;
	bool ok;

	for (i = 0; i < p->pairs->len; i++) {
		const struct kw_stored_pair *pair = p->pairs->pdata[i];
		char *q = kw_figure_quoted(pair->old_->scenario);

		g_string_append(data, q);
		put_percent(data, &pair->old_->sums, KW_MISSED);
		put_percent(data, &pair->new_->sums, KW_MISSED);
		put_percent(data, &pair->old_->sums, KW_SPURIOUS);
		put_percent(data, &pair->new_->sums, KW_SPURIOUS);
		g_string_append_c(data, '\n');
		g_free(q);
	}
	g_string_append_printf(script, "rows = %u\n", p->pairs->len);
	ok = kw_figure_save(&p->f, "missed", ".dat", data, err) &&
	     kw_figure_draw(&p->f, "missed", script, err);
	g_string_free(script, TRUE);
	g_string_free(data, TRUE);
	return ok;
}

/* "pmu-overflow-in-wfi", or how many there are. */
static void put_about(const struct plot *p, GString *script)
{
	const struct kw_stored_pair *first = p->pairs->pdata[0];
	char *text;

	if (p->pairs->len == 1)
		text = g_strdup(first->old_->scenario);
	else
		text = g_strdup_printf("%u scenarios", p->pairs->len);
	kw_figure_define(script, "about", text);
	g_free(text);
}

/*
 * A kernel's waits, over all scenarios: us and percent no longer.  A missed
 * one never ends, so that the percentage stays below 100.
 */
static void put_distribution(GString *data, const struct kw_hist *h,
			     uint64_t missed)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];
	uint64_t seen = 0;
	unsigned i;

	if (!h->n)
		g_string_append(data, "NaN NaN\n");
	for (i = 0; i < KW_HIST_BUCKETS; i++) {
		if (!h->count[i])
			continue;
		seen += h->count[i];
		kw_figure_us(data, MAX(kw_hist_lowest(i), 1));
		g_string_append_printf(data, " %s\n", g_ascii_formatd(buf,
			sizeof(buf), "%.6g",
			100.0 * (double)seen / (double)(h->n + missed)));
	}
}

static void put_legend(GString *script, const char *name, const char *kernel,
		       const struct kw_hist *h, uint64_t missed)
{
	char *text = g_strdup_printf("%s: %" G_GUINT64_FORMAT " waits, %"
				     G_GUINT64_FORMAT " missed", kernel,
				     h->n + missed, missed);

	kw_figure_define(script, name, text);
	g_free(text);
}

/* The decades that hold every sample. */
static void put_range(GString *script, const struct kw_hist *o,
		      const struct kw_hist *n)
{
	uint64_t max = MAX(MAX(o->max, n->max), 1), low = 1, high = 1;
	unsigned i;

	for (i = 0; i < KW_HIST_BUCKETS; i++)
		if (o->count[i] || n->count[i])
			break;
	while (i < KW_HIST_BUCKETS && low * 10 <= kw_hist_lowest(i))
		low *= 10;
	while (high <= max)
		high *= 10;
	g_string_append(script, "low = ");
	kw_figure_us(script, low);
	g_string_append(script, "\nhigh = ");
	kw_figure_us(script, high);
	g_string_append_c(script, '\n');
}

static bool plot_latency(const struct plot *p, GError **err)
{
	struct kw_hist *sum = g_new0(struct kw_hist, 2);
	GString *data = g_string_new("# us, % of the waits: old, then new\n");
	GString *script = new_script(p);
	uint64_t missed[2] = { 0, 0 };
	unsigned i;
	bool ok = true;

	for (i = 0; i < p->pairs->len; i++) {
		const struct kw_stored_pair *pair = p->pairs->pdata[i];

		kw_hist_merge(&sum[0], &pair->old_->sums.latency);
		kw_hist_merge(&sum[1], &pair->new_->sums.latency);
		missed[0] += pair->old_->sums.of[KW_MISSED].total;
		missed[1] += pair->new_->sums.of[KW_MISSED].total;
	}
	put_distribution(data, &sum[0], missed[0]);
	g_string_append(data, "\n\n");
	put_distribution(data, &sum[1], missed[1]);
	put_legend(script, "old_waits", p->old_, &sum[0], missed[0]);
	put_legend(script, "new_waits", p->new_, &sum[1], missed[1]);
	put_about(p, script);
	put_range(script, &sum[0], &sum[1]);
	if (sum[0].n || sum[1].n)
		ok = kw_figure_save(&p->f, "latency", ".dat", data, err) &&
		     kw_figure_draw(&p->f, "latency", script, err);
	else
		kw_cli_note(p->f.cli, "no latency figure: nobody was woken");
	g_string_free(script, TRUE);
	g_string_free(data, TRUE);
	g_free(sum);
	return ok;
}

static void put_timeline(const struct kw_timeline *t, GString *data,
			 GString *marks)
{
	unsigned i;

	for (i = 0; i < t->spans->len; i++) {
		const struct kw_span *s = &g_array_index(t->spans,
							 struct kw_span, i);

		if (s->end <= t->begin || s->begin >= t->end)
			continue;
		g_string_append_printf(data, "%u ", s->lane);
		kw_figure_us(data, MAX(s->begin, t->begin));
		g_string_append_c(data, ' ');
		kw_figure_us(data, MIN(s->end, t->end));
		g_string_append_printf(data, " %u\n", s->state);
	}
	for (i = 0; i < t->marks->len; i++) {
		const struct kw_mark *m = &g_array_index(t->marks,
							 struct kw_mark, i);

		if (m->ns < t->begin || m->ns > t->end)
			continue;
		g_string_append_printf(marks, "%u ", m->lane);
		kw_figure_us(marks, m->ns);
		g_string_append_printf(marks, " %u\n", m->kind);
	}
}

static void put_lanes(const struct kw_timeline *t, GString *script)
{
	GString *lanes = g_string_new(NULL);
	size_t i, width = 0;

	for (i = 0; i < t->lanes->len; i++) {
		const char *lane = t->lanes->pdata[i];

		g_string_append_printf(lanes, "%s\"%s\" %u", i ? ", " : "",
				       lane, (unsigned)i);
		width = MAX(width, strlen(lane));
	}
	kw_figure_define(script, "lanes", lanes->str);
	g_string_append_printf(script, "rows = %u\nwidth = %u\nbegin = ",
			       t->lanes->len, (unsigned)width);
	kw_figure_us(script, MIN(t->begin, t->end));
	g_string_append(script, "\nend = ");
	kw_figure_us(script, t->end);
	g_string_append_c(script, '\n');
	g_string_free(lanes, TRUE);
}

static bool draw_timeline(const struct plot *p, const struct kw_timeline *t,
			  const char *title, GError **err)
{
	GString *data = g_string_new("# lane, begin, end (us), 1 asleep 2 "
				     "host 3 guest\n");
	GString *marks = g_string_new("# lane, us, 1 deliverable 2 interrupt "
				      "3 kick 4 wake\n");
	GString *script = new_script(p);
	unsigned kind;
	bool ok;

	put_timeline(t, data, marks);
	/* So that no kind is without a point, which gnuplot would mind. */
	for (kind = 1; kind < KW_NR_MARK_KINDS; kind++)
		g_string_append_printf(marks, "0 -1 %u\n", kind);
	g_string_append(data, "0 -2 -1 1\n0 -2 -1 2\n0 -2 -1 3\n");
	kw_figure_define(script, "title", title);
	kw_figure_define(script, "marks", "timeline-marks.dat");
	put_lanes(t, script);
	ok = kw_figure_save(&p->f, "timeline", ".dat", data, err) &&
	     kw_figure_save(&p->f, "timeline-marks", ".dat", marks, err) &&
	     kw_figure_draw(&p->f, "timeline", script, err);
	g_string_free(script, TRUE);
	g_string_free(marks, TRUE);
	g_string_free(data, TRUE);
	return ok;
}

static bool add_run(const struct plot *p, const struct kw_stored *c,
		    uint64_t run, struct kw_timeline *t, GError **err)
{
	struct kw_recorded rec;

	if (!kw_cli_record_stored(p->f.cli, c, run, &rec, err))
		return false;
	kw_timeline_add(t, &rec, c->kernel);
	kw_recorded_free(&rec);
	return true;
}

static bool focus(const struct plot *p, const struct kw_stored *c,
		  uint64_t run, struct kw_timeline *t, GError **err)
{
	struct kw_recorded rec;

	if (!kw_cli_record_stored(p->f.cli, c, run, &rec, err))
		return false;
	kw_timeline_focus(t, &rec);
	kw_recorded_free(&rec);
	return true;
}

static bool plot_timeline(const struct plot *p, GError **err)
{
	const struct kw_stored_pair *pair;
	const struct kw_stored *c = NULL;
	struct kw_timeline t;
	uint64_t run = 0;
	char *title, *memory;
	bool ok;

	pair = kw_cli_telling_pair(p->pairs, KW_FIXED, &c, &run);
	if (!pair)
		pair = kw_cli_telling_pair(p->pairs, KW_WORSE, &c, &run);
	if (!pair)
		pair = p->pairs->pdata[0];
	memory = kw_cli_in_memory(p->f.cli);
	title = g_strdup_printf("%s: %s against %s (seed %" G_GUINT64_FORMAT
				", run %" G_GUINT64_FORMAT "%s)",
				pair->old_->scenario, p->old_, p->new_,
				p->f.cli->o.seed, run, memory);
	g_free(memory);
	kw_timeline_init(&t);
	ok = add_run(p, pair->old_, run, &t, err) &&
	     add_run(p, pair->new_, run, &t, err) &&
	     (!c || focus(p, c, run, &t, err)) &&
	     draw_timeline(p, &t, title, err);
	kw_timeline_clear(&t);
	g_free(title);
	return ok;
}

static bool plot_all(struct plot *p, GError **err)
{
	if (!kw_figure_dir(&p->f, err))
		return false;
	return plot_missed(p, err) && plot_latency(p, err) &&
	       plot_timeline(p, err);
}

int kw_verb_plot(struct kw_cli *cli)
{
	struct plot p = {
		.f = { cli, cli->o.out ? cli->o.out : "plots/out" },
		.old_ = cli->o.old ? cli->o.old : "v4.14",
		.new_ = cli->o.new_ ? cli->o.new_ : "v4.14+ode",
	};
	GError *err = NULL;

	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	if (!cli->data_dir)
		return kw_cli_usage(cli, "plot: the templates (plots/*.gp) "
				    "are not beside the program");
	p.store = kw_store_open(cli->o.db, KW_STORE_READ, &err);
	if (p.store)
		p.pairs = kw_cli_pairs(cli, p.store, p.old_, p.new_, &err);
	if (p.pairs) {
		plot_all(&p, &err);
		g_ptr_array_free(p.pairs, TRUE);
	}
	kw_store_close(p.store, NULL);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
