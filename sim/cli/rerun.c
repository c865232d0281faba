/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which run an argument means, and does it again.
 *
 * An ID is SCENARIO/KERNEL/SEED/RUN as `run` and `compare` print it; the
 * kernel may hold slashes.  The database says which file the scenario is;
 * when file or kernel have changed since, the replay is stale and refused,
 * unless --force.  The run's digest must be the stored one.  Without --memory
 * it is the run under sc, or where there is none the newest one.
 */
#include <string.h>
#include "cli.h"

void kw_rerun_free(struct kw_rerun *r)
{
	if (r->rec.scenario)
		kw_recorded_free(&r->rec);
	if (r->found)
		g_ptr_array_free(r->found, TRUE);
	kw_store_close(r->store, NULL);
	g_free(r->path);
	g_free(r->name);
	g_free(r->kernel);
}

static bool u64_of(const char *text, uint64_t *n)
{
	return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, n, NULL);
}

/* name/kernel/seed/run, cut from both ends. */
static bool parse_id(struct kw_rerun *r, const char *id)
{
	char **part = g_strsplit(id, "/", -1);
	unsigned n = g_strv_length(part);
	bool ok = n >= 4 && u64_of(part[n - 1], &r->run) &&
		  u64_of(part[n - 2], &r->seed);

	if (ok) {
		g_free(part[n - 1]);
		g_free(part[n - 2]);
		part[n - 1] = part[n - 2] = NULL;
		r->name = g_strdup(part[0]);
		r->kernel = g_strjoinv("/", part + 1);
	}
	g_strfreev(part);
	return ok;
}

/* The campaign, or where there is none an empty list. */
static GPtrArray *find(struct kw_rerun *r, GError **err)
{
	struct kw_wanted what = {
		.scenario = r->name, .kernel = r->kernel, .seed = &r->seed,
		.memory = kw_weak_names[r->cli->model],
	};
	GPtrArray *found = kw_store_find(r->store, &what, err);

	if (!found || found->len || r->cli->o.memory)
		return found;
	g_ptr_array_free(found, TRUE);
	what.memory = NULL;
	return kw_store_find(r->store, &what, err);
}

static bool look_up(struct kw_rerun *r, GError **err)
{
	char *memory;

	r->store = kw_store_open(r->cli->o.db, KW_STORE_READ, err);
	if (!r->store)
		return false;
	r->found = find(r, err);
	if (!r->found)
		return false;
	if (!r->found->len) {
		memory = kw_cli_in_memory(r->cli);
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: no campaign of %s under %s with seed %"
			    G_GUINT64_FORMAT "%s", r->cli->o.db, r->name,
			    r->kernel, r->seed, memory);
		g_free(memory);
		return false;
	}
	r->stored = r->found->pdata[r->found->len - 1];
	r->cli->model = r->stored->memory;
	r->path = g_strdup(r->stored->path);
	if (g_str_has_suffix(r->path, ".lua"))
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "%s is a recording, which cannot be run again (see "
		    "kvmwake trace)", r->path);
	return false;
}

static bool find_run(struct kw_rerun *r, GError **err)
{
	static const char *const said[] = { "kernel", "seed", "run", NULL };
	const char *arg = r->cli->args->pdata[0];

	r->seed = r->cli->o.seed;
	r->run = r->cli->o.run;
	if (!g_str_has_suffix(arg, ".lua")) {
		if (parse_id(r, arg))
			return !kw_options_refuse(r->cli, said, "the ID says "
						  "that", err) &&
			       look_up(r, err);
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: \"%s\" is neither a scenario file nor "
			    "SCENARIO/KERNEL/SEED/RUN", r->cli->verb->name,
			    arg);
		return false;
	}
	r->path = g_strdup(arg);
	if (r->cli->o.kernels->len != 1) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: say under which kernel: --kernel K",
			    r->cli->verb->name);
		return false;
	}
	r->kernel = g_strdup(r->cli->o.kernels->pdata[0]);
	return true;
}

static bool check_stale(struct kw_rerun *r, const struct kw_scenario *s,
			GError **err)
{
	const char *what = NULL;

	if (!r->stored)
		return true;
	if (r->stored->scenario_digest != s->digest)
		what = r->path;
	else if (r->stored->kernel_digest != s->kernel_digest)
		what = r->kernel;
	else if (r->stored->program_digest !=
		 kw_run_digest(s->program, r->cli->model))
		what = "lua/kvmwake";
	if (!what)
		return true;
	if (r->cli->o.force) {
		kw_cli_note(r->cli, "%s has changed since: this is another "
			    "run", what);
		r->stored = NULL;
		return true;
	}
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "%s has changed since that run was stored: the replay "
		    "would show another one (--force goes on)", what);
	return false;
}

static bool check_digest(struct kw_rerun *r, const struct kw_result *res,
			 GError **err)
{
	uint64_t digest;

	if (!r->stored || !kw_store_digest(r->store, r->stored->id, r->run,
					   &digest, err))
		return !*err;
	if (digest == res->digest)
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_INTERNAL,
		    "this run gives digest %016" G_GINT64_MODIFIER "x, stored "
		    "is %016" G_GINT64_MODIFIER "x: the simulator is another "
		    "one, or not deterministic", res->digest, digest);
	return false;
}

bool kw_cli_rerun(struct kw_cli *cli, struct kw_rerun *r, GError **err)
{
	struct kw_scenario *s;

	r->cli = cli;
	if (!find_run(r, err))
		return false;
	s = kw_cli_load(cli, r->path, r->kernel, err);
	if (!s)
		return false;
	cli->o.seed = r->seed;
	if (!check_stale(r, s, err)) {
		kw_scenario_free(s);
		return false;
	}
	kw_cli_record(s, &(struct kw_record_opts){ r->seed, r->run,
						   cli->model }, &r->rec);
	return check_digest(r, &r->rec.result, err);
}
