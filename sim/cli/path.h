/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an exploration reached, as columns and in words. */
#ifndef KW_CLI_PATH_H
#define KW_CLI_PATH_H

#include "../explore/search.h"
#include "../report/report.h"

struct kw_path_opts {
	const struct kw_world *world;
	const struct kw_program *program;
	enum kw_property what;
	const struct kw_witness *witness;
	bool json;
	const char *replay;
};
void kw_cli_path(const struct kw_path_opts *o, GString *out);

#endif
