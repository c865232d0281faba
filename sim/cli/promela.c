/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `export --promela`: decides which compiled program becomes a model for
 * Spin, and where it is written.
 */
#include <string.h>
#include "../export/promela.h"
#include "exploring.h"

static bool put(struct kw_cli *cli, const GString *text, GError **err)
{
	if (cli->o.out)
		return g_file_set_contents(cli->o.out, text->str,
					   (gssize)text->len, err);
	g_string_append_len(cli->out, text->str, (gssize)text->len);
	return true;
}

/* As `explore` would have them. */
static unsigned preemptions_of(const struct kw_cli *cli,
			       const struct kw_scenario *s)
{
	return s && !kw_option_given(cli, "preemptions") ?
	       s->preemptions : (unsigned)cli->o.preemptions;
}

/* What the model is to say; false: it cannot. */
static bool find_opts(struct kw_cli *cli, const struct kw_scenario *s,
		      struct kw_promela_opts *o, GError **err)
{
	static const char *const more[] = { "storm", "lock-order",
					    "eventually", NULL };
	unsigned also = 0;

	*o = (struct kw_promela_opts){
		.preemptions = preemptions_of(cli, s),
		.row = (unsigned)cli->o.spurious_bound,
		.per_kick = cli->o.per_kick,
	};
	if (!kw_cli_find_check(s->program, cli->o.no_check ? "" : cli->o.check,
			       more, &o->check, &also, err))
		return false;
	o->storm = also & 1;
	o->orders = also & 2;
	o->eventually = also & 4;
	if (!o->storm || (!o->check && also == 1 && !o->row))
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
		    "export --promela: storms are looked for in a model of "
		    "their own: --check storm");
	return false;
}

static bool write_model(struct kw_cli *cli, const struct kw_item *item,
			const struct kw_scenario *s, GError **err)
{
	char *about = g_strdup_printf("%s under %s, memory sc, kvmwake %s",
				      item->name, item->kernel, KW_VERSION);
	GString *text = g_string_new(NULL);
	struct kw_promela_opts opts;
	bool fine = find_opts(cli, s, &opts, err);

	opts.about = about;
	if (fine) {
		fine = kw_promela_write(s->program, &opts, text, err);
		if (!fine)
			g_prefix_error(err, "%s:1: not exported: ",
				       item->path);
	}
	fine = fine && put(cli, text, err);
	g_string_free(text, TRUE);
	g_free(about);
	return fine;
}

static bool export(struct kw_cli *cli, const struct kw_item *item,
		   GError **err)
{
	struct kw_scenario *s = kw_cli_load(cli, item->path, item->kernel,
					    err);
	bool fine = s && write_model(cli, item, s, err);

	if (s)
		kw_scenario_free(s);
	return fine;
}

int kw_export_promela(struct kw_cli *cli)
{
	GPtrArray *files, *items = NULL;
	GError *err = NULL;
	int code = KW_EXIT_FINE;

	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	if (cli->model != KW_WEAK_SC)
		return kw_cli_usage(cli, "export --promela: Spin's memory is "
				    "sc");
	/* What `explore --memory sc` explores. */
	cli->exploring = kw_weak_names[cli->model];
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	files = kw_cli_scenarios(cli, &err);
	items = files ? kw_cli_items(cli, files, &err) : NULL;
	if (items && items->len != 1)
		code = kw_cli_usage(cli, "export --promela: one scenario and "
				    "one --kernel, please");
	else if (items)
		export(cli, items->pdata[0], &err);
	if (items)
		g_ptr_array_free(items, TRUE);
	if (files)
		g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : code;
}
