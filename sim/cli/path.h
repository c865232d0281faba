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
/* A step as a world's observer sees it; its number stands for the time. */
void kw_path_record(struct kw_recorder *r, const uint8_t *before,
		    const uint8_t *after, unsigned actor,
		    const struct kw_done *done);
void kw_cli_path(const struct kw_path_opts *o, GString *out);

#endif
