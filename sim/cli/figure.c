/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a figure's files are and when gnuplot has failed: it exits 0
 * after a bad option, so any word it says is a failure.
 */
#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>
#include "figure.h"

bool kw_figure_dir(const struct kw_figure *f, GError **err)
{
	if (!g_mkdir_with_parents(f->dir, 0777))
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE, "%s: %s", f->dir,
		    g_strerror(errno));
	return false;
}

bool kw_figure_save(const struct kw_figure *f, const char *name,
		    const char *suffix, const GString *text, GError **err)
{
	char *file = g_strconcat(f->dir, "/", name, suffix, NULL);
	bool ok = g_file_set_contents(file, text->str, (gssize)text->len, err);

	g_free(file);
	return ok;
}

static bool run_gnuplot(const struct kw_figure *f, const char *name,
			GError **err)
{
	char *script = g_strconcat(name, ".gp", NULL), *said = NULL;
	char *argv[] = { (char *)"gnuplot", script, NULL };
	/* The same bytes, whatever the user's decimal sign. */
	char **env = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
	GError *e = NULL;
	int status = 0;
	bool ok = g_spawn_sync(f->dir, argv, env, G_SPAWN_SEARCH_PATH |
			       G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
			       &said, &status, &e);

	if (!ok) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_USAGE,
			    "plot: cannot run gnuplot: %s", e->message);
		g_error_free(e);
	} else if (status || (said && *g_strstrip(said))) {
		g_set_error(err, KW_CLI_ERROR, KW_EXIT_INTERNAL,
			    "gnuplot %s/%s: %s", f->dir, script,
			    said && *said ? said : "failed");
		ok = false;
	}
	g_strfreev(env);
	g_free(said);
	g_free(script);
	return ok;
}

char *kw_figure_quoted(const char *text)
{
	char *escaped = g_strescape(text, NULL);
	char *q = g_strconcat("\"", escaped, "\"", NULL);

	g_free(escaped);
	return q;
}

void kw_figure_define(GString *script, const char *name, const char *value)
{
	char *q = kw_figure_quoted(value);

	g_string_append_printf(script, "%s = %s\n", name, q);
	g_free(q);
}

bool kw_figure_draw(const struct kw_figure *f, const char *name,
		    GString *script, GError **err)
{
	char *path = g_strconcat(f->cli->data_dir, "/plots/", name, ".gp",
				 NULL);
	char *template = NULL;
	char *data = g_strconcat(name, ".dat", NULL);
	bool ok = g_file_get_contents(path, &template, NULL, err);

	if (ok) {
		kw_figure_define(script, "name", name);
		kw_figure_define(script, "data", data);
		g_string_append_c(script, '\n');
		g_string_append(script, template);
		ok = kw_figure_save(f, name, ".gp", script, err) &&
		     run_gnuplot(f, name, err);
	}
	if (ok && !f->cli->o.quiet && !f->cli->o.json)
		g_string_append_printf(f->cli->out, "%s/%s.svg (.png .txt "
				       ".gp .dat)\n", f->dir, name);
	g_free(data);
	g_free(template);
	g_free(path);
	return ok;
}

void kw_figure_us(GString *data, uint64_t ns)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append(data, g_ascii_formatd(buf, sizeof(buf), "%.6g",
					      (double)ns / 1000.0));
}
