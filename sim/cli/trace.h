/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of `trace` share (private to cli/).
 */
#ifndef KW_CLI_TRACE_H
#define KW_CLI_TRACE_H

#include "../trace/stat.h"
#include "cli.h"

/* How many of the arguments from first on are parts of one recording. */
unsigned kw_trace_group(const struct kw_cli *cli, unsigned first);
/* One recording, to its end; what is damaged in it is noted on stderr. */
bool kw_trace_read(struct kw_cli *cli, struct kw_follow *f,
		   const char *const *paths, unsigned nr, GError **err);

/* "12.5us" since the first event, or "60.580271" as the recording has it. */
bool kw_trace_time(const char *text, uint64_t *ns, bool *absolute,
		   GError **err);
/* --from and --to, as the recording has them; 0 and UINT64_MAX without. */
bool kw_trace_window(const struct kw_cli *cli, uint64_t first_ns,
		     uint64_t *from_ns, uint64_t *to_ns, GError **err);

/* A usage error where --from, --to or --all is given; else 0. */
int kw_trace_refuse(struct kw_cli *cli);
/* Is it the vCPU of --vcpu, or is none asked for? */
bool kw_trace_wanted(const struct kw_cli *cli, const struct kw_thread *vcpu);
/* As it is named in messages. */
const char *kw_trace_path(const char *path);

int kw_trace_cmd_show(struct kw_cli *cli);
int kw_trace_cmd_plot(struct kw_cli *cli);
int kw_trace_cmd_find(struct kw_cli *cli);
int kw_trace_cmd_stat(struct kw_cli *cli);
int kw_trace_cmd_store(struct kw_cli *cli);

#endif
