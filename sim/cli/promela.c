/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `export --promela`: decides which compiled program becomes a model for
 * Spin, and where it is written.
 */
#include <string.h>
#include "../export/promela.h"
#include "cli.h"

static bool put(struct kw_cli *cli, const GString *text, GError **err)
{
	if (cli->o.out)
		return g_file_set_contents(cli->o.out, text->str,
					   (gssize)text->len, err);
	g_string_append_len(cli->out, text->str, (gssize)text->len);
	return true;
}

static bool export(struct kw_cli *cli, const struct kw_item *item,
		   GError **err)
{
	struct kw_scenario *s = kw_cli_load(cli, item->path, item->kernel,
					    err);
	char *about = g_strdup_printf("%s under %s, memory sc, kvmwake %s",
				      item->name, item->kernel, KW_VERSION);
	const struct kw_promela_opts opts = {
		.preemptions = !s || kw_option_given(cli, "preemptions") ?
			       (unsigned)cli->o.preemptions : s->preemptions,
		.about = about,
	};
	GString *text = g_string_new(NULL);
	bool fine = s && kw_promela_write(s->program, &opts, text, err);

	if (s && !fine)
		g_prefix_error(err, "%s:1: not exported: ", item->path);
	fine = fine && put(cli, text, err);
	g_string_free(text, TRUE);
	g_free(about);
	if (s)
		kw_scenario_free(s);
	return fine;
}

int kw_export_promela(struct kw_cli *cli)
{
	GPtrArray *files, *items = NULL;
	GError *err = NULL;
	int code = KW_EXIT_FINE;

	if (cli->o.preemptions > UINT8_MAX)
		return kw_cli_usage(cli, "--preemptions: 0 to 255");
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
