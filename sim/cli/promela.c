/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how a compiled program looks in Promela. */
#include "cli.h"

int kw_export_promela(struct kw_cli *cli)
{
	return kw_cli_usage(cli, "export --promela: not in this version");
}
