/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `import`: decides nothing; trace/ turns a recording into a scenario. */
#include "../trace/import.h"
#include "cli.h"

int kw_verb_import(struct kw_cli *cli)
{
	struct kw_import opts = {
		.out = cli->o.out, .name = cli->o.name, .kernel = cli->o.as,
		.vcpus = cli->o.vcpus, .limit = (unsigned)cli->o.limit,
	};
	GError *err = NULL;
	int code;

	if (cli->args->len != 1)
		return kw_cli_usage(cli, "import: one recording, please (- is "
				    "standard input)");
	if (cli->o.limit > G_MAXUINT)
		return kw_cli_usage(cli, "--limit: too large");
	opts.file = cli->args->pdata[0];
	code = kw_import(&opts, &err);
	if (!err)
		return code;
	kw_cli_fail(cli, err);
	return code;
}
