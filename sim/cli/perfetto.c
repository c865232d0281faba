/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which trace events a run or a recording becomes. */
#include "cli.h"

int kw_export_perfetto(struct kw_cli *cli)
{
	return kw_cli_usage(cli, "export --perfetto: not in this version");
}
