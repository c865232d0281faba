/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `show`: decides which program a path is looked for in: that of a standard
 * VM under the kernel, or of a scenario with --scenario.
 */
#include <string.h>
#include "../program/show.h"
#include "cli.h"

static int no_such_path(struct kw_cli *cli, const struct kw_program *p,
			const char *path)
{
	const char **names = g_new0(const char *, p->nr_paths + 1);
	const char *near;
	unsigned i;
	int code;

	for (i = 0; i < p->nr_paths; i++)
		names[i] = p->paths[i].name;
	near = kw_nearest(path, names);
	code = kw_cli_usage(cli, "%s has no path \"%s\" (it may not be "
			    "reachable here)%s%s%s",
			    (char *)cli->args->pdata[0], path,
			    near ? "; did you mean " : "", near ? near : "",
			    near ? "?" : "");
	g_free(names);
	return code;
}

static int show(struct kw_cli *cli, const struct kw_program *p)
{
	const char *path = cli->args->len > 1 ? cli->args->pdata[1] : NULL;
	GString *text = g_string_new(NULL);
	struct kw_json j;
	unsigned nr = 1;

	if (!path)
		kw_show_names(p, text);
	else if (cli->o.dot)
		nr = kw_show_dot(p, path, text);
	else
		nr = kw_show_path(p, path, text);
	if (nr && cli->o.json) {
		kw_json_begin(&j, cli->out, "path");
		kw_json_text(&j, "kernel", cli->args->pdata[0]);
		kw_json_text(&j, "path", path);
		kw_json_text(&j, "text", text->str);
		kw_json_end(&j);
	} else if (nr) {
		g_string_append(cli->out, text->str);
	}
	g_string_free(text, TRUE);
	return nr ? KW_EXIT_FINE : no_such_path(cli, p, path);
}

/* The program of --scenario, which the caller frees with *s. */
static struct kw_program *load(struct kw_cli *cli, struct kw_scenario **s,
			       GError **err)
{
	const char *kernel = cli->args->pdata[0];

	if (!cli->o.name)
		return kw_script_load_kernel(kw_cli_lua(cli), kernel, err);
	cli->whole_paths = true;
	*s = kw_cli_load(cli, cli->o.name, kernel, err);
	return *s ? (*s)->program : NULL;
}

int kw_verb_show(struct kw_cli *cli)
{
	struct kw_scenario *s = NULL;
	struct kw_program *p;
	GError *err = NULL;
	int code;

	if (cli->args->len < 1 || cli->args->len > 2)
		return kw_cli_usage(cli, "show: a kernel, and one of its "
				    "paths, please (without: their names)");
	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	p = load(cli, &s, &err);
	if (!p)
		return kw_cli_fail(cli, err);
	code = show(cli, p);
	if (s)
		kw_scenario_free(s);
	else
		kw_program_free(p);
	return code;
}
