/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `report`: decides what of a database goes into a mail.
 *
 * At most KW_WIDTH columns, plain text, readable alone: what was asked and
 * with which commands, the table, an interleaving of the first thing that got
 * worse and of the first that was fixed, and how to see them again.
 */
#include <string.h>
#include "exploring.h"

#define EXCERPT_STEPS 30

struct report {
	struct kw_cli *cli;
	struct kw_store *store;
	const char *old_, *new_;
	GPtrArray *pairs;		/* struct kw_stored_pair */
	GString *out;
};

static void put_command(void *arg, const char *command, const char *version,
			uint64_t n)
{
	struct report *r = arg;

	(void)version;
	(void)n;
	kw_text_wrap(r->out, command, KW_WIDTH, "  $ ", "      ");
}

static bool put_head(struct report *r, GError **err)
{
	bool weak = r->cli->model != KW_WEAK_SC;
	char *line = g_strdup_printf("kvmwake %s: can a vCPU sleep through an "
		"interrupt, or wake for nothing?  %s (old) against %s (new), "
		"seed %" G_GUINT64_FORMAT "%s%s.", KW_VERSION, r->old_,
		r->new_, r->cli->o.seed, weak ? ", memory " : "",
		weak ? kw_weak_names[r->cli->model] : "");
	GError *e = NULL;

	kw_text_fill(r->out, line, KW_WIDTH, "");
	g_free(line);
	g_string_append_c(r->out, '\n');
	kw_store_commands(r->store, r->new_, 3, put_command, r, &e);
	g_string_append_c(r->out, '\n');
	if (e)
		g_propagate_error(err, e);
	return !e;
}

static void put_digests(struct report *r)
{
	const struct kw_stored_pair *p = r->pairs->pdata[0];

	g_string_append_printf(r->out, "old  %-24s digest %016"
		G_GINT64_MODIFIER "x\nnew  %-24s digest %016"
		G_GINT64_MODIFIER "x\n\n", r->old_, p->old_->kernel_digest,
		r->new_, p->new_->kernel_digest);
}

static char *arrow(uint64_t a, uint64_t b)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT "->%" G_GUINT64_FORMAT, a,
			       b);
}

static void put_table(struct report *r)
{
	struct kw_table *t = kw_table_new("lrrrrl");
	unsigned i;

	kw_table_row(t, "runs with", "runs", "missed", "late", "spurious",
		     "new is");
	for (i = 0; i < r->pairs->len; i++) {
		const struct kw_stored_pair *p = r->pairs->pdata[i];
		const struct kw_tally *o = p->old_->sums.of;
		const struct kw_tally *n = p->new_->sums.of;
		char *runs = g_strdup_printf("%" G_GUINT64_FORMAT,
					     p->pairs.runs);
		char *missed = arrow(o[KW_MISSED].runs_with,
				     n[KW_MISSED].runs_with);
		char *late = arrow(o[KW_LATE].runs_with, n[KW_LATE].runs_with);
		char *spurious = arrow(o[KW_SPURIOUS].runs_with,
				       n[KW_SPURIOUS].runs_with);

		kw_table_row(t, p->old_->scenario, runs, missed, late,
			     spurious, kw_judgement_names[p->result.what]);
		g_free(runs);
		g_free(missed);
		g_free(late);
		g_free(spurious);
	}
	kw_table_narrow(t, 0, KW_WIDTH);
	kw_table_print(t, r->out);
	kw_table_free(t);
}

static void put_latency(struct report *r)
{
	struct kw_hist *sum = g_new0(struct kw_hist, 2);
	struct kw_table *t = kw_table_new("lrrrrr");
	char b[4][KW_NS_TEXT], n[24];
	unsigned i, k;

	for (i = 0; i < r->pairs->len; i++) {
		const struct kw_stored_pair *p = r->pairs->pdata[i];

		kw_hist_merge(&sum[0], &p->old_->sums.latency);
		kw_hist_merge(&sum[1], &p->new_->sums.latency);
	}
	kw_table_row(t, "wake latency", "number", "p50", "p90", "p99", "max");
	for (k = 0; k < 2; k++) {
		g_snprintf(n, sizeof(n), "%" G_GUINT64_FORMAT, sum[k].n);
		kw_table_row(t, k ? r->new_ : r->old_, n,
			     kw_permille_text(&sum[k], 500, b[0]),
			     kw_permille_text(&sum[k], 900, b[1]),
			     kw_permille_text(&sum[k], 990, b[2]),
			     kw_permille_text(&sum[k], 1000, b[3]));
	}
	g_string_append_c(r->out, '\n');
	kw_table_print(t, r->out);
	kw_table_free(t);
	g_free(sum);
}

/* A sentence for each quantity that the runs differ in. */
static void put_evidence(struct report *r)
{
	GString *text = g_string_new(NULL);
	unsigned i;

	for (i = 0; i < r->pairs->len; i++) {
		const struct kw_stored_pair *p = r->pairs->pdata[i];

		g_string_truncate(text, 0);
		kw_comparison_text(&p->result, &p->pairs, text);
		if (!text->len)
			continue;
		g_string_prepend(text, ": ");
		g_string_prepend(text, p->old_->scenario);
		g_string_append_c(r->out, '\n');
		kw_text_wrap(r->out, text->str, KW_WIDTH, "", "  ");
	}
	g_string_append(r->out, "\nIn brackets: the difference, new - old, as "
			"a 95 % interval of\nthe paired runs.\n");
	g_string_free(text, TRUE);
}

struct causes {
	struct report *r;
	const struct kw_stored *c;
	struct kw_table *table;
	unsigned nr;
};

static void put_cause(void *arg, const char *vcpu, const char *cause,
		      uint64_t n)
{
	struct causes *c = arg;
	char number[24];

	g_snprintf(number, sizeof(number), "%" G_GUINT64_FORMAT, n);
	kw_table_row(c->table, c->c->scenario, c->c->kernel, vcpu, cause,
		     number);
	c->nr++;
}

/* What the missed wake-ups waited for. */
static bool put_causes(struct report *r, GError **err)
{
	struct causes c = { .r = r, .table = kw_table_new("llllr") };
	unsigned i, k;
	bool ok = true;

	kw_table_row(c.table, "missed in", "under", "by", "waiting for",
		     "times");
	for (i = 0; ok && i < r->pairs->len; i++) {
		const struct kw_stored_pair *p = r->pairs->pdata[i];

		for (k = 0; ok && k < 2; k++) {
			c.c = k ? p->new_ : p->old_;
			ok = kw_store_causes(r->store, c.c->id,
					     KW_CLASS_MISSED, put_cause, &c,
					     err);
		}
	}
	if (c.nr) {
		g_string_append_c(r->out, '\n');
		kw_table_narrow(c.table, 0, KW_WIDTH);
		kw_table_print(c.table, r->out);
	}
	kw_table_free(c.table);
	return ok;
}

/* In one line, or in two that a shell takes as one. */
static void put_replay(struct report *r, const struct kw_stored *c,
		       uint64_t run)
{
	char *line = kw_cli_replay_line(r->cli, c->scenario, c->kernel, run);
	char *option = strlen(line) + strlen("replay: ") > KW_WIDTH ?
		strstr(line, " --") : NULL;

	if (option)
		*option++ = '\0';
	g_string_append_printf(r->out, "replay: %s%s%s\n", line,
			       option ? " \\\n    " : "",
			       option ? option : "");
	g_free(line);
}

/* One run that got worse, and one that was fixed. */
static bool put_excerpt(struct report *r, enum kw_judgement what,
			GError **err)
{
	const struct kw_stored *c;
	uint64_t run;

	if (!kw_cli_telling_pair(r->pairs, what, &c, &run))
		return true;
	g_string_append_printf(r->out, "\n%s: run %" G_GUINT64_FORMAT
			       " of %s under %s\n\n",
			       kw_judgement_names[what], run, c->scenario,
			       c->kernel);
	if (!kw_cli_excerpt(r->cli, c, run, EXCERPT_STEPS, r->out, err))
		return false;
	put_replay(r, c, run);
	return true;
}

static bool put_explored(struct report *r, bool *any, GError **err)
{
	const struct kw_explored_report x = {
		.cli = r->cli, .old_ = r->old_, .new_ = r->new_,
		.out = r->out, .max_steps = EXCERPT_STEPS,
	};

	return kw_cli_report_explored(&x, r->store, any, err);
}

static bool put_all(struct report *r, GError **err)
{
	put_digests(r);
	put_table(r);
	put_latency(r);
	put_evidence(r);
	return put_causes(r, err) && put_excerpt(r, KW_WORSE, err) &&
	       put_excerpt(r, KW_FIXED, err);
}

/* Runs and explorations: what there is of both. */
static void put_mail(struct report *r, GError **err)
{
	GError *none = *err;
	bool any;

	*err = NULL;
	if (!put_head(r, err) || (r->pairs && !put_all(r, err)) ||
	    !put_explored(r, &any, err))
		g_clear_error(&none);
	else if (any)
		g_clear_error(&none);
	if (none)
		g_string_truncate(r->out, 0);
	if (none)
		g_propagate_error(err, none);
}

static void put_json(struct report *r)
{
	unsigned i;

	for (i = 0; i < r->pairs->len; i++)
		kw_cli_pair_json(r->cli, r->pairs->pdata[i], NULL, r->out);
}

int kw_verb_report(struct kw_cli *cli)
{
	struct report r = {
		.cli = cli, .out = cli->out,
		.old_ = cli->o.old ? cli->o.old : "v4.14",
		.new_ = cli->o.new_ ? cli->o.new_ : "v4.14+ode",
	};
	GError *err = NULL;

	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	r.store = kw_store_open(cli->o.db, KW_STORE_READ, &err);
	if (r.store)
		r.pairs = kw_cli_pairs(cli, r.store, r.old_, r.new_, &err);
	if (r.pairs && cli->o.json)
		put_json(&r);
	else if (r.store && !cli->o.json)
		put_mail(&r, &err);
	if (r.pairs)
		g_ptr_array_free(r.pairs, TRUE);
	kw_store_close(r.store, NULL);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
