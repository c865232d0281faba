/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides whether a run or a recording is to be shown, and where. */
#include <string.h>
#include "perfetto.h"

static bool tracks_of_run(struct kw_cli *cli, struct kw_tracks *t,
			  char **source, GError **err)
{
	struct kw_rerun r = { .cli = cli };
	bool ok = kw_cli_find_data(cli, err) && kw_cli_rerun(cli, &r, err);

	if (ok) {
		kw_perfetto_run(t, &r.rec);
		*source = g_strdup_printf("%s/%s/%" G_GUINT64_FORMAT "/%"
			G_GUINT64_FORMAT, r.rec.scenario->name, r.kernel,
			r.seed, r.run);
	}
	kw_rerun_free(&r);
	return ok;
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

	if (cli->args->len != 1)
		return kw_cli_usage(cli, "export --perfetto: one run or "
				    "recording, please");
	t = kw_tracks_new();
	text = g_string_new(NULL);
	if (tracks_of_run(cli, t, &source, &err)) {
		kw_tracks_write(t, source, text);
		save(cli, text, &err);
	}
	kw_tracks_free(t);
	g_string_free(text, TRUE);
	g_free(source);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
