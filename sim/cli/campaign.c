/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which runs of a campaign are still to be done, and does them.
 *
 * Stored runs are believed only after run 0 has given the same digest again:
 * where it does not, kernel and seed are not what decides, and that is an
 * internal error.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli.h"

struct job {
	struct kw_cli *cli;
	struct kw_writer *writer;
	const char *label;
	uint64_t wanted, begun_at;	/* runs */
	int64_t begun;			/* us, monotonic */
	int64_t shown;
	GError **err;
};

static void progress(struct job *j, uint64_t runs)
{
	int64_t now = g_get_monotonic_time();
	uint64_t done = runs - j->begun_at, left = j->wanted - runs;

	if (!j->cli->tty_err || j->cli->o.quiet || j->cli->o.json ||
	    now - j->begun < 500000 || now - j->shown < 200000 || !done)
		return;
	j->shown = now;
	kw_cli_progress("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			" runs, %" G_GUINT64_FORMAT " s left", j->label, runs,
			j->wanted,
			(uint64_t)((double)(now - j->begun) / 1e6 /
				   (double)done * (double)left + 0.5));
}

static bool sink(void *arg, const struct kw_block *b)
{
	struct job *j = arg;

	progress(j, b->first + b->nr_runs);
	return kw_writer_sink(j->writer, b);
}

static bool take_back(void *arg, const struct kw_block *b)
{
	struct job *j = arg;

	return kw_writer_take_back(j->writer, b, j->err);
}

uint64_t kw_cli_runs(const struct kw_cli *cli, const struct kw_scenario *s)
{
	return kw_option_given(cli, "runs") ? cli->o.runs : s->runs;
}

void kw_cli_provenance(const struct kw_cli *cli, struct kw_provenance *p)
{
	p->version = KW_VERSION;
	p->command = cli->command;
	p->host = g_get_host_name();
	p->began = (int64_t)time(NULL);
}

/* Run 0 again: is its digest the stored one? */
static bool check_first(struct kw_store *store, const struct kw_campaign *c,
			int64_t id, GError **err)
{
	struct kw_runner *r = kw_runner_new(c->program, &c->run);
	struct kw_result res;
	uint64_t stored;
	bool ok;

	kw_runner_run(r, 0, &res);
	ok = kw_store_digest(store, id, 0, &stored, err);
	if (ok && stored != res.digest) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_INTERNAL,
			    "run 0 gives digest %016" G_GINT64_MODIFIER "x, "
			    "stored is %016" G_GINT64_MODIFIER "x: the "
			    "simulator is another one (use another --db), or "
			    "not deterministic", res.digest, stored);
		ok = false;
	}
	kw_runner_free(r);
	return ok;
}

/* Goes on where the campaign stopped; its last block may be incomplete. */
static bool go_on(struct job *j, struct kw_store *store,
		  struct kw_campaign *c, struct kw_done_campaign *done)
{
	uint64_t have = kw_writer_sums(j->writer)->runs;
	uint64_t tail = have % KW_BLOCK_RUNS;

	if (have && !check_first(store, c, done->id, j->err))
		return false;
	if (have >= j->wanted)
		return true;
	if (tail) {
		c->first = have - tail;
		c->nr_runs = tail;
		kw_campaign_run(c, take_back, j);
		if (*j->err)
			return false;
	}
	c->first = j->begun_at = have - tail;
	c->nr_runs = j->wanted - c->first;
	done->new_runs = kw_campaign_run(c, sink, j);
	done->interrupted = j->cli->stop;
	if (j->shown)
		kw_cli_progress("%s", "");
	return true;
}

bool kw_cli_campaign(struct kw_cli *cli, struct kw_store *store,
		     struct kw_scenario *scenario, const char *kernel,
		     struct kw_done_campaign *done, GError **err)
{
	struct kw_provenance who;
	struct kw_writer_opts opts = {
		.kernel = kernel, .memory = cli->model, .seed = cli->o.seed,
		.runs_wanted = kw_cli_runs(cli, scenario),
		.provenance = cli->o.no_provenance ? NULL : &who,
	};
	struct kw_campaign c = {
		.program = scenario->program,
		.run = { .seed = cli->o.seed, .memory = cli->model,
			 .deadline_ns = scenario->deadline_ns,
			 .duration_ns = scenario->duration_ns },
		.jobs = (unsigned)cli->o.jobs, .stop = &cli->stop,
	};
	GError *first = NULL;
	struct job j = {
		.cli = cli, .label = scenario->name, .wanted =
		opts.runs_wanted, .begun = g_get_monotonic_time(),
		.err = &first,
	};

	kw_cli_provenance(cli, &who);
	memset(done, 0, sizeof(*done));
	j.writer = kw_writer_new(store, scenario, &opts, err);
	if (!j.writer)
		return false;
	done->id = kw_writer_id(j.writer);
	go_on(&j, store, &c, done);
	done->sums = *kw_writer_sums(j.writer);
	kw_writer_free(j.writer, first ? NULL : &first);
	if (!first)
		return true;
	g_propagate_error(err, first);
	return false;
}

char *kw_cli_where(const struct kw_cli *cli)
{
	GString *s = g_string_new(NULL);

	if (kw_option_given(cli, "db"))
		g_string_append_printf(s, " --db %s", cli->o.db);
	if (kw_option_given(cli, "lua"))
		g_string_append_printf(s, " --lua %s", cli->o.lua);
	return g_string_free(s, FALSE);
}

char *kw_cli_in_memory(const struct kw_cli *cli)
{
	return cli->model == KW_WEAK_SC ? g_strdup("") :
		g_strdup_printf(" --memory %s", kw_weak_names[cli->model]);
}

char *kw_cli_replay_line(struct kw_cli *cli, const char *scenario,
			 const char *kernel, uint64_t run)
{
	char *where = kw_cli_where(cli), *memory = kw_cli_in_memory(cli);
	char *line = g_strdup_printf("kvmwake replay %s/%s/%" G_GUINT64_FORMAT
				     "/%" G_GUINT64_FORMAT "%s%s", scenario,
				     kernel, cli->o.seed, run, memory, where);

	g_free(memory);
	g_free(where);
	return line;
}
