/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KVM's own counters (debugfs kvm/PID-FD/), as they were before and after a
 * recording: a file NAME.stat beside NAME.trace, with lines "COUNTER VALUE"
 * behind a line "-- ... before" and again behind "-- after".
 */
#ifndef KW_TRACE_COUNTERS_H
#define KW_TRACE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

struct kw_counters {
	GHashTable *before, *after;	/* name -> uint64_t *, VMs summed up */
	int64_t halt_poll_ns;		/* the parameter; -1: not there */
};

/* NAME.stat of NAME.trace, NAME.trace.gz, NAME.part2.trace.gz ...; free it. */
char *kw_counters_path(const char *recording);
/* False with err set, when it cannot be read or is no such file. */
bool kw_counters_read(struct kw_counters *c, const char *path, GError **err);
void kw_counters_free(struct kw_counters *c);
/* after - before; false if it is not in both. */
bool kw_counters_get(const struct kw_counters *c, const char *name,
		     int64_t *difference);

#endif
