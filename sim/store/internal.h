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

/*
 * A block's runs and episodes as JSON arrays, one element a run or episode;
 * the order of the elements' values is docs/schema.md's.
 */
void kw_encode_runs(GString *out, const struct kw_block *b);
void kw_encode_episodes(GString *out, const struct kw_block *b);

#define KW_RUN_VALUES 10	/* numbers before the digest */
struct kw_run_row {
	uint64_t n[KW_RUN_VALUES];
	uint64_t digest;
};
/* The next run of what kw_encode_runs() wrote; false at the end. */
bool kw_decode_run(const char **text, struct kw_run_row *row);
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
