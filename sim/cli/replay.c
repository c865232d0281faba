/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `replay`: decides which run an ID means, does it again, and prints the part
 * of it that went wrong.
 *
 * An ID is SCENARIO/KERNEL/SEED/RUN as `run` and `compare` print it; the
 * kernel may hold slashes.  The database says which file the scenario is;
 * when file or kernel have changed since, the replay is stale and refused,
 * unless --force.  The run's digest must be the stored one.
 */
#include <string.h>
#include "cli.h"

struct replay {
	struct kw_cli *cli;
	char *path, *name, *kernel;
	uint64_t seed, run;
	struct kw_stored *stored;	/* NULL: not from the database */
	GPtrArray *found;
	struct kw_store *store;
};

static void release(struct replay *r)
{
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
static bool parse_id(struct replay *r, const char *id)
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

static bool look_up(struct replay *r, GError **err)
{
	r->store = kw_store_open(r->cli->o.db, KW_STORE_READ, err);
	if (!r->store)
		return false;
	r->found = kw_store_find(r->store, r->name, r->kernel, &r->seed, err);
	if (!r->found)
		return false;
	if (!r->found->len) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "%s: no campaign of %s under %s with seed %"
			    G_GUINT64_FORMAT, r->cli->o.db, r->name,
			    r->kernel, r->seed);
		return false;
	}
	r->stored = r->found->pdata[0];
	r->path = g_strdup(r->stored->path);
	return true;
}

static bool find_run(struct replay *r, GError **err)
{
	const char *arg = r->cli->args->pdata[0];

	r->seed = r->cli->o.seed;
	r->run = r->cli->o.run;
	if (!g_str_has_suffix(arg, ".lua")) {
		if (parse_id(r, arg))
			return look_up(r, err);
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "replay: \"%s\" is neither a scenario file nor "
			    "SCENARIO/KERNEL/SEED/RUN", arg);
		return false;
	}
	r->path = g_strdup(arg);
	if (r->cli->o.kernels->len != 1) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "replay: say under which kernel: --kernel K");
		return false;
	}
	r->kernel = g_strdup(r->cli->o.kernels->pdata[0]);
	return true;
}

static bool check_stale(struct replay *r, const struct kw_scenario *s,
			GError **err)
{
	const char *what = NULL;

	if (!r->stored)
		return true;
	if (r->stored->scenario_digest != s->digest)
		what = r->path;
	else if (r->stored->kernel_digest != s->kernel_digest)
		what = r->kernel;
	else if (r->stored->program_digest != s->program->digest)
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

static bool check_digest(struct replay *r, const struct kw_result *res,
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

static void put_episode(struct kw_cli *cli, const struct kw_recorded *rec)
{
	const struct kw_program *p = rec->scenario->program;
	struct kw_json j;
	unsigned i;

	for (i = 0; i < rec->result.nr_episodes; i++) {
		const struct kw_episode *e = &rec->result.episodes[i];

		kw_json_begin(&j, cli->out, "episode");
		kw_json_text(&j, "vcpu", p->objects[e->vcpu].name);
		kw_json_text(&j, "class", kw_class_names[e->class]);
		if (e->cause)
			kw_json_text(&j, "cause", p->objects[e->cause].name);
		kw_json_u64(&j, "sleeps", e->sleeps);
		kw_json_u64(&j, "futile", e->futile);
		kw_json_u64(&j, "begin_ns", e->begin);
		if (e->deliverable != KW_NEVER_NS)
			kw_json_u64(&j, "deliverable_ns", e->deliverable);
		if (e->woken != KW_NEVER_NS)
			kw_json_u64(&j, "woken_ns", e->woken);
		if (e->left != KW_NEVER_NS)
			kw_json_u64(&j, "left_ns", e->left);
		kw_json_u64(&j, "end_ns", e->end);
		kw_json_end(&j);
	}
}

static void put_steps(struct kw_cli *cli, const struct kw_columns *c)
{
	const struct kw_program *p = c->program;
	GString *text = g_string_new(NULL);
	struct kw_json j;
	unsigned i;

	for (i = 0; i < c->nr_seen; i++) {
		const struct kw_step_seen *s = &c->seen[i];
		const struct kw_src *src = &p->srcs[p->nodes[s->e.node].src];

		if (s->e.ns < c->from_ns || s->e.ns > c->to_ns ||
		    (!c->all && !kw_step_matters(p, s)))
			continue;
		g_string_truncate(text, 0);
		kw_step_text(p, s, text);
		kw_json_begin(&j, cli->out, "step");
		kw_json_u64(&j, "ns", s->e.ns);
		kw_json_text(&j, "actor", p->actors[s->e.actor].name);
		kw_json_i64(&j, "cpu", s->e.cpu);
		kw_json_text(&j, "path", src->path);
		kw_json_text(&j, "file", src->file);
		kw_json_u64(&j, "line", (uint64_t)src->line);
		kw_json_text(&j, "step", text->str);
		kw_json_end(&j);
	}
	g_string_free(text, TRUE);
}

/* Without --from and --to: the wait that went wrong. */
static bool window(struct replay *r, const struct kw_recorded *rec,
		   struct kw_columns *c, GError **err)
{
	const struct kw_options *o = &r->cli->o;
	const struct kw_episode *e = kw_worst_episode(&rec->result);

	c->from_ns = 0;
	c->to_ns = KW_NEVER_NS;
	if (e && !o->all) {
		c->from_ns = e->begin;
		c->to_ns = e->end;
	}
	if (o->from && !kw_cli_duration(o->from, &c->from_ns, err))
		return false;
	if (o->to && !kw_cli_duration(o->to, &c->to_ns, err))
		return false;
	c->vcpu = kw_option_given(r->cli, "vcpu") ? (int)o->vcpu : -1;
	c->all = o->all;
	return true;
}

static void put_head(struct replay *r, const struct kw_recorded *rec)
{
	const struct kw_scenario *s = rec->scenario;
	char *line = g_strdup_printf("%s: %s", s->name, s->about);

	kw_text_fill(r->cli->out, line, KW_WIDTH, "");
	g_string_append_printf(r->cli->out, "kvmwake %s, kernel %s, seed %"
			       G_GUINT64_FORMAT ", run %" G_GUINT64_FORMAT
			       "\ndigest %016" G_GINT64_MODIFIER "x\n\n",
			       KW_VERSION, r->kernel, r->seed, r->run,
			       rec->result.digest);
	g_free(line);
}

static void put_tail(struct replay *r, const struct kw_recorded *rec)
{
	GString *why = g_string_new("why: "), *out = r->cli->out;
	struct kw_json j;
	char *line;

	kw_why(rec->scenario->program, &rec->result,
	       (const struct kw_step_seen *)(void *)rec->seen->data,
	       rec->seen->len, why);
	if (r->stored)
		line = kw_cli_replay_line(r->cli, r->name, r->kernel, r->run);
	else
		line = g_strdup_printf("kvmwake replay %s --kernel %s --seed %"
				       G_GUINT64_FORMAT " --run %"
				       G_GUINT64_FORMAT, r->path, r->kernel,
				       r->seed, r->run);
	if (r->cli->o.json) {
		kw_json_begin(&j, out, "why");
		kw_json_text(&j, "why", why->str + strlen("why: "));
		kw_json_text(&j, "replay", line);
		kw_json_end(&j);
	} else {
		g_string_append_c(out, '\n');
		kw_text_fill(out, why->str, KW_WIDTH, "");
		g_string_append_printf(out, "replay: %s\n", line);
	}
	g_string_free(why, TRUE);
	g_free(line);
}

static bool print(struct replay *r, const struct kw_recorded *rec,
		  GError **err)
{
	struct kw_columns c = {
		.program = rec->scenario->program,
		.seen = (const struct kw_step_seen *)(void *)rec->seen->data,
		.nr_seen = rec->seen->len,
	};

	if (!check_digest(r, &rec->result, err) || !window(r, rec, &c, err))
		return false;
	if (r->cli->o.json) {
		put_steps(r->cli, &c);
		put_episode(r->cli, rec);
	} else {
		put_head(r, rec);
		kw_columns_print(&c, r->cli->out);
	}
	put_tail(r, rec);
	return true;
}

static bool replay(struct replay *r, GError **err)
{
	struct kw_recorded rec;
	struct kw_scenario *s;
	bool ok;

	if (!find_run(r, err))
		return false;
	s = kw_cli_load(r->cli, r->path, r->kernel, err);
	if (!s)
		return false;
	r->cli->o.seed = r->seed;
	if (!check_stale(r, s, err)) {
		kw_scenario_free(s);
		return false;
	}
	kw_cli_record(s, &(struct kw_record_opts){ r->seed, r->run }, &rec);
	ok = print(r, &rec, err);
	kw_recorded_free(&rec);
	return ok;
}

int kw_verb_replay(struct kw_cli *cli)
{
	struct replay r = { .cli = cli };
	GError *err = NULL;

	if (cli->args->len != 1)
		return kw_cli_usage(cli, "replay: one run, please: an ID, or "
				    "a scenario file with --kernel and --run");
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	replay(&r, &err);
	release(&r);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
