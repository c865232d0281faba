/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `list`: decides what there is to name: kernels, patches, scenarios.
 *
 * A kernel's or patch's description is the first comment of its file that is
 * no licence.  Patches that are faults on purpose stand apart, scenarios
 * under the folder that they are in.
 */
#include <string.h>
#include "cli.h"

#define ABOUT_COLUMN 30
#define MUTANT "mutant-"

/* The first sentence of the comment at the top of a file. */
static char *description(const char *path)
{
	GString *text = g_string_new(NULL);
	char *content, **lines, *dot;
	unsigned i;

	if (!g_file_get_contents(path, &content, NULL, NULL))
		return g_string_free(text, FALSE);
	lines = g_strsplit(content, "\n", 40);
	for (i = 0; lines[i] && g_str_has_prefix(lines[i], "--"); i++) {
		const char *line = g_strstrip(lines[i] + 2);

		if (g_str_has_prefix(line, "SPDX"))
			continue;
		if (!*line)
			break;
		g_string_append_printf(text, "%s%s", text->len ? " " : "",
				       line);
	}
	dot = strstr(text->str, ". ");
	if (dot)
		g_string_truncate(text, (gsize)(dot - text->str));
	if (text->len && text->str[text->len - 1] == '.')
		g_string_truncate(text, text->len - 1);
	g_strfreev(lines);
	g_free(content);
	return g_string_free(text, FALSE);
}

static void put_entry(struct kw_cli *cli, const char *type, const char *name,
		      const char *about)
{
	char **lines;
	GString *text;
	struct kw_json j;
	unsigned i;

	if (cli->o.json) {
		kw_json_begin(&j, cli->out, type);
		kw_json_text(&j, "name", name);
		kw_json_text(&j, "about", about);
		kw_json_end(&j);
		return;
	}
	if (cli->o.quiet || !*about) {
		g_string_append_printf(cli->out, "  %s\n", name);
		return;
	}
	text = g_string_new(NULL);
	kw_text_fill(text, about, 80 - ABOUT_COLUMN, "");
	lines = g_strsplit(g_strchomp(text->str), "\n", -1);
	for (i = 0; lines[i]; i++)
		g_string_append_printf(cli->out, "  %-*s %s\n",
				       ABOUT_COLUMN - 3, i ? "" : name,
				       lines[i]);
	g_strfreev(lines);
	g_string_free(text, TRUE);
}

/* "v4_14.lua" is the kernel v4.14; a patch is called as its file. */
static char *name_of(const char *path, bool kernel)
{
	char *name = g_path_get_basename(path), *p;

	name[strlen(name) - strlen(".lua")] = '\0';
	for (p = name; kernel && *p; p++)
		if (*p == '_')
			*p = '.';
	return name;
}

/* mutants: only those, or only the others */
static bool list_folder(struct kw_cli *cli, const char *type, bool mutants,
			GError **err)
{
	char *path = g_build_filename(kw_cli_lua(cli), type, NULL);
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	bool ok = kw_cli_lua_files(path, false, files, err);
	unsigned i;

	for (i = 0; ok && i < files->len; i++) {
		char *name = name_of(files->pdata[i],
				     !strcmp(type, "kernel"));
		char *about = description(files->pdata[i]);

		if (g_str_has_prefix(name, MUTANT) == mutants)
			put_entry(cli, type, name, about);
		g_free(about);
		g_free(name);
	}
	g_ptr_array_free(files, TRUE);
	g_free(path);
	return ok;
}

static void put_scenario_json(struct kw_cli *cli, const struct kw_scenario *s)
{
	struct kw_json j;
	unsigned i;

	kw_json_begin(&j, cli->out, "scenario");
	kw_json_text(&j, "name", s->name);
	kw_json_text(&j, "about", s->about);
	kw_json_text(&j, "path", s->path);
	kw_json_open(&j, "claims", '[');
	for (i = 0; s->claims && s->claims[i]; i++)
		kw_json_text(&j, NULL, s->claims[i]);
	kw_json_close(&j, ']');
	kw_json_open(&j, "kernels", '[');
	for (i = 0; i < s->nr_expects; i++)
		kw_json_text(&j, NULL, s->expects[i].kernel);
	kw_json_close(&j, ']');
	kw_json_u64(&j, "runs", s->runs);
	kw_json_u64(&j, "deadline_ns", s->deadline_ns);
	kw_json_u64(&j, "duration_ns", s->duration_ns);
	kw_json_end(&j);
}

static bool list_scenario(struct kw_cli *cli, const char *path, GError **err)
{
	struct kw_scenario *s = kw_cli_load(cli, path, NULL, err);
	GString *about;
	char *claims, *file;

	if (!s)
		return false;
	if (cli->o.json) {
		put_scenario_json(cli, s);
		kw_scenario_free(s);
		return true;
	}
	about = g_string_new(s->about);
	if (s->claims && s->claims[0]) {
		claims = g_strjoinv(" ", (gchar **)s->claims);
		g_string_append_printf(about, " [%s]", claims);
		g_free(claims);
	}
	/* Where the name does not say what the file is called. */
	file = g_path_get_basename(s->path);
	if (!g_str_has_prefix(file, s->name))
		g_string_append_printf(about, " (%s)", file);
	g_free(file);
	put_entry(cli, "scenario", s->name, about->str);
	g_string_free(about, TRUE);
	kw_scenario_free(s);
	return true;
}

/* The arguments, or the scenarios beside the Lua folder. */
static GPtrArray *scenario_files(struct kw_cli *cli, GError **err)
{
	GPtrArray *files;
	char *folder;

	if (cli->args->len)
		return kw_cli_scenarios(cli, err);
	files = g_ptr_array_new_with_free_func(g_free);
	folder = g_strdup("scenarios");
	if (!g_file_test(folder, G_FILE_TEST_IS_DIR) && cli->data_dir) {
		g_free(folder);
		folder = g_build_filename(cli->data_dir, "scenarios", NULL);
	}
	if (g_file_test(folder, G_FILE_TEST_IS_DIR))
		kw_cli_lua_files(folder, true, files, err);
	g_free(folder);
	return files;
}

static void heading(struct kw_cli *cli, const char *text)
{
	if (!cli->o.json)
		g_string_append_printf(cli->out, "%s\n", text);
}

/* A heading where scenario i is in another folder than the one before. */
static void put_folder(struct kw_cli *cli, GPtrArray *files, unsigned i)
{
	char *now = g_path_get_dirname(files->pdata[i]);
	char *then = i ? g_path_get_dirname(files->pdata[i - 1]) : NULL;
	char *line;

	if (g_strcmp0(now, then)) {
		line = g_strdup_printf("%sscenarios in %s/", i ? "\n" : "",
				       now);
		heading(cli, line);
		g_free(line);
	}
	g_free(then);
	g_free(now);
}

int kw_verb_list(struct kw_cli *cli)
{
	GPtrArray *files = NULL;
	GError *err = NULL;
	unsigned i;
	bool ok;

	if (!kw_cli_find_data(cli, &err))
		return kw_cli_fail(cli, err);
	if (!cli->args->len) {
		heading(cli, "kernels");
		ok = list_folder(cli, "kernel", false, &err);
		heading(cli, "\npatches (KERNEL+PATCH)");
		ok = ok && list_folder(cli, "patch", false, &err);
		heading(cli, "\nfaults on purpose (KERNEL+PATCH)");
		ok = ok && list_folder(cli, "patch", true, &err);
		if (!ok)
			return kw_cli_fail(cli, err);
		heading(cli, "");
	}
	files = scenario_files(cli, &err);
	for (i = 0; files && !err && i < files->len; i++) {
		put_folder(cli, files, i);
		list_scenario(cli, files->pdata[i], &err);
	}
	if (files)
		g_ptr_array_free(files, TRUE);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
