/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides whether a run or a recording is to be shown, and where. */
#include <string.h>
#include "perfetto.h"
#include "trace.h"

/* --from and --to of a run count from its begin. */
static bool window(const struct kw_cli *cli, struct kw_tracks *t, GError **err)
{
	uint64_t from = 0, to = UINT64_MAX;

	if (cli->o.from && !kw_cli_duration(cli->o.from, &from, err))
		return false;
	if (cli->o.to && !kw_cli_duration(cli->o.to, &to, err))
		return false;
	kw_tracks_window(t, from, to);
	return true;
}

static bool tracks_of_run(struct kw_cli *cli, struct kw_tracks *t,
			  char **source, GError **err)
{
	struct kw_rerun r = { .cli = cli };
	char *memory;
	bool ok = window(cli, t, err) && kw_cli_find_data(cli, err) &&
		  kw_cli_rerun(cli, &r, err);

	if (ok) {
		kw_perfetto_run(t, &r.rec);
		memory = kw_cli_in_memory(cli);
		*source = g_strdup_printf("%s/%s/%" G_GUINT64_FORMAT "/%"
			G_GUINT64_FORMAT "%s", r.rec.scenario->name, r.kernel,
			r.seed, r.run, memory);
		g_free(memory);
	}
	kw_rerun_free(&r);
	return ok;
}

/* An argument that is a file is a recording, unless it is a scenario. */
static bool is_recording(const char *arg)
{
	return !strcmp(arg, "-") || (!g_str_has_suffix(arg, ".lua") &&
				     g_file_test(arg, G_FILE_TEST_EXISTS));
}

static bool fill(struct kw_cli *cli, struct kw_tracks *t, char **source,
		 GError **err)
{
	const char *arg = cli->args->pdata[0];

	if (!is_recording(arg))
		return tracks_of_run(cli, t, source, err);
	*source = !strcmp(arg, "-") ? g_strdup("standard input") :
		g_path_get_basename(arg);
	return kw_perfetto_trace(cli, 0, t, false, err);
}

static bool save(struct kw_cli *cli, const GString *text, GError **err)
{
	const char *out = cli->o.out;

	if (out && strcmp(out, "-"))
		return g_file_set_contents(out, text->str, (gssize)text->len,
					   err);
	g_string_append_len(cli->out, text->str, (gssize)text->len);
	return true;
}

int kw_export_perfetto(struct kw_cli *cli)
{
	struct kw_tracks *t;
	GString *text;
	GError *err = NULL;
	char *source = NULL;

	if (!cli->args->len || (cli->args->len > 1 &&
				kw_trace_group(cli, 0) != cli->args->len))
		return kw_cli_usage(cli, "export --perfetto: one run or "
				    "recording, please");
	if (!kw_cli_model(cli))
		return KW_EXIT_USAGE;
	t = kw_tracks_new();
	text = g_string_new(NULL);
	if (fill(cli, t, &source, &err)) {
		kw_tracks_write(t, source, text);
		save(cli, text, &err);
	}
	kw_tracks_free(t);
	g_string_free(text, TRUE);
	g_free(source);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
