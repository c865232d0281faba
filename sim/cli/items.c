/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which (scenario, kernel) pairs a command line means. */
#include "cli.h"

static void item_free(gpointer p)
{
	struct kw_item *i = p;

	g_free(i->path);
	g_free(i->name);
	g_free(i->kernel);
	g_free(i);
}

static struct kw_item *add_item(GPtrArray *items, const struct kw_scenario *s,
				const char *path, const char *kernel)
{
	struct kw_item *i = g_new0(struct kw_item, 1);

	i->path = g_strdup(path);
	i->name = g_strdup(s->name);
	i->kernel = g_strdup(kernel);
	g_ptr_array_add(items, i);
	return i;
}

GPtrArray *kw_cli_items(struct kw_cli *cli, GPtrArray *files, GError **err)
{
	GPtrArray *items = g_ptr_array_new_with_free_func(item_free);
	unsigned f, k;

	for (f = 0; f < files->len; f++) {
		const char *path = files->pdata[f];
		struct kw_scenario *s = kw_cli_load(cli, path, NULL, err);

		if (!s) {
			g_ptr_array_free(items, TRUE);
			return NULL;
		}
		for (k = 0; k < cli->o.kernels->len; k++)
			add_item(items, s, path, cli->o.kernels->pdata[k]);
		for (k = 0; !cli->o.kernels->len && k < s->nr_expects; k++)
			add_item(items, s, path, s->expects[k].kernel)
				->expected = true;
		kw_scenario_free(s);
	}
	return items;
}
