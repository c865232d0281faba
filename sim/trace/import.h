/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording becomes a scenario: `kvmwake import`.
 *
 * The scenario replays what the recording shows: how long each vCPU ran in
 * the guest between two WFIs and what it sent meanwhile, when interrupts
 * arrived from outside, when timers expired, and how long sleeping and
 * waking took.  Same recording and options, same bytes.
 */
#ifndef KW_IMPORT_H
#define KW_IMPORT_H

#include <stdio.h>
#include <glib.h>

#define KW_IMPORT_LIMIT 200

struct kw_import {
	const char *file;	/* recording; "-": standard input */
	const char *out;	/* scenario; NULL or "-": standard output */
	const char *name;	/* of the scenario; NULL: after the file */
	const char *kernel;	/* that was recorded; NULL: not known */
	const char *vcpus;	/* "205,206": only these threads; NULL: all */
	unsigned limit;		/* waits a vCPU and arrivals a source; the
				   window ends with the first that has so
				   many; 0: KW_IMPORT_LIMIT */
	FILE *messages;		/* what was not understood; NULL: stderr */
};

/*
 * Returns the exit code: 0, or 2 with err set when the recording cannot be
 * read, holds no vCPU, or the scenario cannot be written.  A damaged line is
 * a message (FILE:LINE: what was expected) and the rest is used.
 */
int kw_import(const struct kw_import *opts, GError **err);

#endif
