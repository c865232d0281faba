/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `export`: decides which other tool's format is written. */
#include "cli.h"

/* One file a format: its own checks, its own output. */
static const struct format {
	const char *option;
	int (*write)(struct kw_cli *cli);
} formats[] = {
	{ "perfetto", kw_export_perfetto },
	{ "promela", kw_export_promela },
};

int kw_verb_export(struct kw_cli *cli)
{
	const struct format *chosen = NULL;
	unsigned i, nr = 0;

	for (i = 0; i < G_N_ELEMENTS(formats); i++)
		if (kw_option_given(cli, formats[i].option)) {
			chosen = &formats[i];
			nr++;
		}
	if (nr != 1)
		return kw_cli_usage(cli, "export: one format, please: "
				    "--perfetto or --promela");
	return chosen->write(cli);
}
