/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `replay`: decides which part of a run to print: that which went wrong. */
#include <string.h>
#include "exploring.h"

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

		if (!kw_columns_show(c, s))
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
		if (s->late)
			kw_json_text(&j, "memory", kw_late_names[s->late]);
		kw_json_end(&j);
	}
	g_string_free(text, TRUE);
}

/* --vcpu, which the scenario must have */
static bool which_vcpu(const struct kw_rerun *r, int *vcpu, GError **err)
{
	const struct kw_program *p = r->rec.scenario->program;
	uint64_t n = r->cli->o.vcpu;
	unsigned i;

	*vcpu = -1;
	if (!kw_option_given(r->cli, "vcpu"))
		return true;
	for (i = 0; i < p->nr_objects; i++)
		if (!strcmp(p->kinds[p->objects[i].kind].name, "vcpu") &&
		    p->objects[i].index == n)
			*vcpu = (int)n;
	if (*vcpu < 0)
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "--vcpu: %s has no vCPU %" G_GUINT64_FORMAT,
			    r->rec.scenario->name, n);
	return *vcpu >= 0;
}

/* Without --from and --to: the wait that went wrong. */
static bool window(struct kw_rerun *r,
		   struct kw_columns *c, GError **err)
{
	const struct kw_options *o = &r->cli->o;
	const struct kw_episode *e = kw_worst_episode(&r->rec.result);

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
	c->all = o->all;
	return which_vcpu(r, &c->vcpu, err);
}

static void put_head(struct kw_rerun *r)
{
	const struct kw_scenario *s = r->rec.scenario;
	GString *line = g_string_new(NULL);

	g_string_printf(line, "%s: %s", s->name, s->about);
	kw_text_fill(r->cli->out, line->str, KW_WIDTH, "");
	g_string_printf(line, "kvmwake %s, kernel %s, seed %" G_GUINT64_FORMAT
			", run %" G_GUINT64_FORMAT, KW_VERSION, r->kernel,
			r->seed, r->run);
	kw_cli_put_model(r->cli, line);
	kw_text_fill(r->cli->out, line->str, KW_WIDTH, "");
	g_string_append_printf(r->cli->out, "digest %016"
			       G_GINT64_MODIFIER "x\n\n",
			       r->rec.result.digest);
	g_string_free(line, TRUE);
}

static void put_tail(struct kw_rerun *r)
{
	const struct kw_recorded *rec = &r->rec;
	GString *why = g_string_new("why: "), *out = r->cli->out;
	char *line, *memory = kw_cli_in_memory(r->cli);
	struct kw_json j;

	kw_why(rec->scenario->program, &rec->result,
	       (const struct kw_step_seen *)(void *)rec->seen->data,
	       rec->seen->len, why);
	if (r->stored)
		line = kw_cli_replay_line(r->cli, r->name, r->kernel, r->run);
	else
		line = g_strdup_printf("kvmwake replay %s --kernel %s --seed %"
				       G_GUINT64_FORMAT " --run %"
				       G_GUINT64_FORMAT "%s", r->path,
				       r->kernel, r->seed, r->run, memory);
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
	g_free(memory);
	g_free(line);
}

static bool print(struct kw_rerun *r, GError **err)
{
	const struct kw_recorded *rec = &r->rec;
	struct kw_columns c = {
		.program = rec->scenario->program,
		.seen = (const struct kw_step_seen *)(void *)rec->seen->data,
		.nr_seen = rec->seen->len,
	};

	if (!window(r, &c, err))
		return false;
	if (r->cli->o.json) {
		put_steps(r->cli, &c);
		put_episode(r->cli, rec);
	} else {
		put_head(r);
		kw_columns_print(&c, r->cli->out);
	}
	put_tail(r);
	return true;
}

int kw_verb_replay(struct kw_cli *cli)
{
	static const char *const of_found[] = { "goto", "step", NULL };
	static const char *const of_runs[] = {
		"kernel", "memory", "run", "seed", "vcpu", "from", "to", "all",
		NULL
	};
	struct kw_rerun r = { .cli = cli };
	GError *err = NULL;

	if (cli->args->len != 1)
		return kw_cli_usage(cli, "replay: one run, please: an ID, or "
				    "a scenario file with --kernel and --run");
	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	if (g_str_has_prefix(cli->args->pdata[0], "explore/")) {
		if (!kw_options_refuse(cli, of_runs, "for runs, not for what "
				       "`explore` has found", &err))
			kw_cli_replay_found(cli, cli->args->pdata[0], &err);
	} else if (!kw_options_refuse(cli, of_found, "for what `explore` has "
				      "found", &err) &&
		   kw_cli_rerun(cli, &r, &err)) {
		print(&r, &err);
	}
	kw_rerun_free(&r);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
