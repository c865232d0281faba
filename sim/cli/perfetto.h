/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the tracks of `export --perfetto` come from; for perfetto.c. */
#ifndef KW_PERFETTO_H
#define KW_PERFETTO_H

#include "../report/tracks.h"
#include "cli.h"

/* perfetto_run.c */
void kw_perfetto_run(struct kw_tracks *t, const struct kw_recorded *r);
/*
 * perfetto_trace.c: cli's arguments from first on, parts of one recording.
 * windowed: t has its window; else it is --from .. --to.
 */
bool kw_perfetto_trace(struct kw_cli *cli, unsigned first,
		       struct kw_tracks *t, bool windowed, GError **err);

#endif
