/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which steps of a kernel are left out: those that --without names,
 * and all others of the kind of those that --only names.
 *
 * A name must be one of the kernel's.  It need not be one of the scenario's:
 * a scenario in which nobody sends an IPI is the same without it.
 */
#include <string.h>
#include "cli.h"

struct kw_scenario *kw_cli_load_steps(struct kw_cli *cli, const char *path,
				      const char *kernel,
				      const struct kw_kernel_step *without,
				      GError **err)
{
	const struct kw_script s = {
		.lua_dir = kw_cli_lua(cli), .kernel = kernel, .path = path,
		.exploring = cli->exploring,
		.list_steps = !without, .without = without,
		.nr_without = without != NULL,
	};

	return kw_script_load(&s, err);
}

struct less {
	const struct kw_script *script;
	struct kw_scenario *here;	/* the scenario, with its steps */
	struct kw_scenario *all;	/* that of a VM with everything */
	GArray *without, *only;		/* struct kw_kernel_step */
};

/* There is no such step in the scenario: is there, in the kernel? */
static bool find_elsewhere(struct less *l, const char *name, GArray *into,
			   GError **err)
{
	struct kw_script all = *l->script;
	char *path = g_strdup_printf("%s/kvmwake/standard.lua",
				     l->script->lua_dir);

	all.path = path;
	all.list_steps = true;
	if (!l->all)
		l->all = kw_script_load(&all, err);
	g_free(path);
	return l->all && kw_steps_named(l->all, name, into, err);
}

/* *here: it is one of the scenario's. */
static bool find(struct less *l, const char *name, GArray *into, bool *here,
		 GError **err)
{
	GError *why = NULL;

	*here = true;
	if (kw_steps_named(l->here, name, into, &why))
		return true;
	if (!g_error_matches(why, KW_SCRIPT_ERROR, KW_NO_SUCH_STEP)) {
		g_propagate_error(err, why);
		return false;
	}
	g_error_free(why);
	*here = false;
	return find_elsewhere(l, name, into, err);
}

static bool is_kept(const struct kw_kernel_step *s, const GArray *only)
{
	unsigned i;

	for (i = 0; i < only->len; i++) {
		const struct kw_kernel_step *k = &g_array_index(
			only, struct kw_kernel_step, i);

		if (!strcmp(s->what, k->what) &&
		    (!k->path || !strcmp(s->path, k->path)) &&
		    (!k->line || (s->line == k->line &&
				  !strcmp(s->file, k->file))))
			return true;
	}
	return false;
}

/* Is s one of the others that an --only speaks of? */
static bool is_other(const struct kw_kernel_step *s, const GArray *only)
{
	unsigned i;

	for (i = 0; i < only->len; i++) {
		const struct kw_kernel_step *k = &g_array_index(
			only, struct kw_kernel_step, i);

		if (s->kind == k->kind &&
		    (s->kind != KW_TERM || !strcmp(s->path, k->path)))
			return !is_kept(s, only);
	}
	return false;
}

/* What cannot be left out for want of a value, or a partner, stays. */
static void add_others(struct less *l)
{
	unsigned i;

	for (i = 0; i < l->here->nr_steps; i++) {
		struct kw_kernel_step step = l->here->steps[i];

		if (!is_other(&step, l->only) ||
		    step.value < KW_YIELDS_NOTHING)
			continue;
		if (step.kind == KW_LOCKED)
			step.line = 0;
		g_array_append_val(l->without, step);
	}
}

/* *absent: bit i, names[i] is none of the scenario's. */
static bool find_all(struct less *l, const GPtrArray *names, GArray *into,
		     uint64_t *absent, GError **err)
{
	unsigned i;
	bool here;

	*absent = 0;
	for (i = 0; i < names->len; i++) {
		if (!find(l, names->pdata[i], into, &here, err))
			return false;
		if (!here && i < 64)
			*absent |= 1ull << i;
	}
	return true;
}

struct kw_scenario *kw_cli_load_less(const struct kw_script *script,
				     const GPtrArray *without,
				     const GPtrArray *only, GError **err)
{
	struct kw_script listing = *script, less = *script;
	struct less l = { .script = script };
	struct kw_scenario *s = NULL;
	uint64_t absent, others;

	if (!script->kernel || !(without->len + only->len))
		return kw_script_load(script, err);
	l.without = g_array_new(FALSE, FALSE, sizeof(struct kw_kernel_step));
	l.only = g_array_new(FALSE, FALSE, sizeof(struct kw_kernel_step));
	listing.list_steps = true;
	l.here = kw_script_load(&listing, err);
	if (l.here && find_all(&l, without, l.without, &absent, err) &&
	    find_all(&l, only, l.only, &others, err)) {
		add_others(&l);
		less.without = (const void *)l.without->data;
		less.nr_without = l.without->len;
		s = kw_script_load(&less, err);
		if (s)
			s->absent = absent;
	}
	kw_scenario_free(l.here);
	kw_scenario_free(l.all);
	g_array_free(l.without, TRUE);
	g_array_free(l.only, TRUE);
	return s;
}

static const char *yields(const struct kw_kernel_step *s)
{
	switch (s->value) {
	case KW_YIELDS_UNKNOWN:
		return "say =true or =false";
	case KW_YIELDS_NEVER:
		return s->kind == KW_LOCKED ? "only in all paths" : "never";
	case KW_YIELDS_NOTHING:
		return "nothing";
	}
	return s->value ? "true" : "false";
}

bool kw_cli_put_steps(struct kw_cli *cli, const struct kw_item *item,
		      GError **err)
{
	struct kw_scenario *s = kw_cli_load_steps(cli, item->path,
						  item->kernel, NULL, err);
	struct kw_table *t = kw_table_new("llll");
	GString *name = g_string_new(NULL), *place = g_string_new(NULL);
	struct kw_json j;
	unsigned i;

	kw_table_row(t, "step", "kind", "yields", "line");
	for (i = 0; s && i < s->nr_steps; i++) {
		const struct kw_kernel_step *step = &s->steps[i];

		g_string_truncate(name, 0);
		kw_step_name(s, i, name);
		g_string_printf(place, "%s:%d", step->file, step->line);
		if (!cli->o.json) {
			kw_table_row(t, name->str,
				     kw_step_kind_names[step->kind],
				     yields(step), place->str);
			continue;
		}
		kw_json_begin(&j, cli->out, "kernel_step");
		kw_json_text(&j, "scenario", s->name);
		kw_json_text(&j, "kernel", item->kernel);
		kw_json_text(&j, "step", name->str);
		kw_json_text(&j, "kind", kw_step_kind_names[step->kind]);
		kw_json_text(&j, "yields", yields(step));
		kw_json_text(&j, "file", step->file);
		kw_json_u64(&j, "line", (uint64_t)step->line);
		kw_json_end(&j);
	}
	if (s && !cli->o.json)
		kw_table_print(t, cli->out);
	kw_table_free(t);
	g_string_free(name, TRUE);
	g_string_free(place, TRUE);
	kw_scenario_free(s);
	return s != NULL;
}

char *kw_cli_less(const GPtrArray *without, const GPtrArray *only)
{
	GString *s = g_string_new(NULL);
	unsigned i;

	for (i = 0; i < without->len; i++)
		g_string_append_printf(s, " --without %s",
				       (char *)without->pdata[i]);
	for (i = 0; i < only->len; i++)
		g_string_append_printf(s, " --only %s",
				       (char *)only->pdata[i]);
	return g_string_free(s, FALSE);
}
