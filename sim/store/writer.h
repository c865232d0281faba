/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A campaign that is being written: shared by begin.c and write.c only. */
#ifndef KW_STORE_WRITER_H
#define KW_STORE_WRITER_H

#include "internal.h"

struct kw_cause {
	uint16_t class, vcpu;
	int32_t cause;			/* object number, or -1 */
	uint64_t number;
};

struct kw_pending {
	uint64_t first;
	gsize begin, end[KW_NR_TEXTS];	/* offsets in text */
};

struct kw_writer {
	struct kw_store *store;
	const struct kw_program *program;
	int64_t id;
	uint64_t runs_wanted;
	struct kw_sums sums;		/* stored and pending */
	uint64_t runs_stored;
	uint64_t *marks;
	GArray *causes;			/* by class, vcpu, cause */
	struct kw_encoder encoder;
	GString *text;
	GArray *pending;
	uint64_t pending_steps;
	int64_t taken_back;		/* first run of that block, or -1 */
	GError *error;
};

/* Inside a transaction: the campaign's row and what hangs on it. */
bool kw_writer_begin(struct kw_writer *w, const struct kw_scenario *scenario,
		     const struct kw_writer_opts *opts, GError **err);
/* Sums, marks and causes as they are stored. */
bool kw_writer_read(struct kw_writer *w, GError **err);

#endif
