/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of store/ share; nobody else includes it. */
#ifndef KW_STORE_INTERNAL_H
#define KW_STORE_INTERNAL_H

#include <sqlite3.h>
#include "store.h"

struct kw_store {
	sqlite3 *db;
	char *path;
	bool writes;
};

extern const char *const *const kw_store_migrations[];
unsigned kw_store_version(void);	/* how many migrations there are */

/* Sets err from the database's last error; always returns false. */
bool kw_store_fail(struct kw_store *s, const char *what, GError **err);
bool kw_store_exec(struct kw_store *s, const char *sql, GError **err);
sqlite3_stmt *kw_store_prepare(struct kw_store *s, const char *sql,
			       GError **err);
/*
 * Binds after fmt (s: const char *, may be NULL; i: int64_t; u: uint64_t,
 * stored as the int64_t of the same bits; h: uint64_t as 16 hex digits),
 * then steps once.  Returns SQLITE_ROW, SQLITE_DONE, or another code with
 * err set.
 */
int kw_store_step(struct kw_store *s, sqlite3_stmt *st, GError **err,
		  const char *fmt, ...);
/* Prepares, binds, steps and finalizes a statement without rows. */
bool kw_store_do(struct kw_store *s, GError **err, const char *sql,
		 const char *fmt, ...);

/* Keys of rows that are made when they are not there; 0 on error. */
int64_t kw_store_scenario(struct kw_store *s, const struct kw_scenario *sc,
			  GError **err);
int64_t kw_store_kernel(struct kw_store *s, const char *name, uint64_t digest,
			GError **err);

/* A column's text; "" where a damaged file has NULL.  Until the next step. */
const char *kw_store_text(sqlite3_stmt *st, int column);

/* A block as text: the columns of its row, see encode.c. */
enum kw_text {
	KW_TEXT_RUNS, KW_TEXT_SHAPES, KW_TEXT_DIGESTS,
	KW_TEXT_EPISODES, KW_TEXT_KINDS,
	KW_NR_TEXTS
};

#define KW_SHAPE_NUMBERS 9
#define KW_LIST_NUMBERS 10	/* at most, in a shape or kind */
#define KW_KIND_FIXED 6		/* those that are no places */
struct kw_list {
	uint64_t n[KW_LIST_NUMBERS];
	uint32_t next;		/* of the same hash: its number + 1, or 0 */
};
struct kw_lists {
	struct kw_list *list;
	uint32_t nr, room, last;
	uint32_t first[256];	/* by hash: as next */
};
struct kw_encoder {		/* zeroed: ready */
	struct kw_lists shapes, kinds;
};
void kw_encoder_clear(struct kw_encoder *e);
/* Appends all texts in their order; end: where each of them ends. */
void kw_encode_block(GString *out, struct kw_encoder *e,
		     const struct kw_block *b, gsize end[KW_NR_TEXTS]);
/* The first three of them. */
void kw_encode_runs(GString *out, struct kw_encoder *e,
		    const struct kw_block *b, gsize end[KW_NR_TEXTS]);

#define KW_RUN_VALUES (KW_SHAPE_NUMBERS + 1)	/* the last is end_ns */
struct kw_run_row {
	uint64_t n[KW_RUN_VALUES];
	uint64_t digest;
};
struct kw_decoder {		/* zeroed: a block without runs */
	GArray *shapes;
	const char *runs, *digests;
	bool began;
};
/* The texts are not copied. */
void kw_decode_begin(struct kw_decoder *d, const char *shapes,
		     const char *runs, const char *digests);
/* The next run; false at the end. */
bool kw_decode_run(struct kw_decoder *d, struct kw_run_row *row);
void kw_decode_end(struct kw_decoder *d);

/* Sums as rows of the table totals: their names, and where they are. */
struct kw_total_field {
	const char *name;
	size_t offset;		/* in struct kw_counts */
	int quantity;		/* enum kw_quantity, or -1 */
};
#define KW_NR_TOTALS 18
extern const struct kw_total_field kw_total_fields[KW_NR_TOTALS];
/* Reads campaigns.runs, totals and latency of campaign id. */
bool kw_store_read_sums(struct kw_store *s, int64_t id, struct kw_sums *sums,
			GError **err);

/* Index in n[] of a quantity. */
unsigned kw_run_value(enum kw_quantity q);

#endif
