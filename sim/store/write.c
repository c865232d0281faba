/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides when a campaign's blocks are committed, and writes them.
 *
 * Blocks wait as text until KW_COMMIT_BLOCKS of them or KW_COMMIT_STEPS
 * simulated steps are together; then one short transaction writes them and
 * the campaign's sums.  So at any moment the database holds
 *
 *	campaigns.runs == number of elements in blocks.runs
 *	totals, latency, causes, counters == sums over exactly those runs
 */
#include <string.h>
#include "writer.h"

#define KW_COMMIT_BLOCKS 64
#define KW_COMMIT_STEPS	 20000000

static const struct kw_total_field *const totals = kw_total_fields;

static void writer_free(struct kw_writer *w)
{
	g_array_free(w->causes, TRUE);
	g_array_free(w->pending, TRUE);
	g_string_free(w->text, TRUE);
	kw_encoder_clear(&w->encoder);
	g_free(w->marks);
	g_clear_error(&w->error);
	g_free(w);
}

struct kw_writer *kw_writer_new(struct kw_store *s,
				const struct kw_scenario *scenario,
				const struct kw_writer_opts *opts,
				GError **err)
{
	struct kw_writer *w = g_new0(struct kw_writer, 1);

	w->store = s;
	w->program = scenario->program;
	w->runs_wanted = opts->runs_wanted;
	w->marks = g_new0(uint64_t, w->program->nr_marks + 1);
	w->causes = g_array_new(FALSE, FALSE, sizeof(struct kw_cause));
	w->pending = g_array_new(FALSE, FALSE, sizeof(struct kw_pending));
	w->text = g_string_sized_new(1 << 16);
	w->taken_back = -1;
	if (!kw_store_exec(s, "BEGIN IMMEDIATE", err))
		goto out_free;
	if (!kw_writer_begin(w, scenario, opts, err) ||
	    !kw_store_exec(s, "COMMIT", err))
		goto out_rollback;
	if (!kw_writer_read(w, err))
		goto out_free;
	w->runs_stored = w->sums.runs;
	return w;
out_rollback:
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
out_free:
	writer_free(w);
	return NULL;
}

int64_t kw_writer_id(const struct kw_writer *w)
{
	return w->id;
}

const struct kw_sums *kw_writer_sums(const struct kw_writer *w)
{
	return &w->sums;
}

static int cause_order(const struct kw_cause *a, const struct kw_cause *b)
{
	if (a->class != b->class)
		return a->class - b->class;
	if (a->vcpu != b->vcpu)
		return a->vcpu - b->vcpu;
	return a->cause - b->cause;
}

/* Few (class, vCPU, cause) exist, and mostly it is the last one again. */
static void count_cause(struct kw_writer *w, const struct kw_episode *e,
			uint64_t sign)
{
	struct kw_cause c = { e->class, e->vcpu, e->deliverable == KW_NEVER_NS ?
			      -1 : e->cause, sign };
	unsigned i;

	for (i = 0; i < w->causes->len; i++) {
		struct kw_cause *at = &g_array_index(w->causes,
						     struct kw_cause, i);
		int order = cause_order(at, &c);

		if (!order)
			at->number += sign;
		if (order >= 0) {
			if (order)
				break;
			return;
		}
	}
	g_array_insert_val(w->causes, i, c);
}

static void count_block(struct kw_writer *w, const struct kw_block *b,
			uint64_t sign)
{
	unsigned i, k;

	for (i = 0; i < w->program->nr_marks; i++)
		w->marks[i] += sign * b->marks[i];
	if (!b->runs_with[KW_MISSED] && !b->runs_with[KW_LATE] &&
	    !b->runs_with[KW_SPURIOUS])
		return;
	for (i = 0; i < b->nr_runs; i++) {
		const struct kw_result *r = &b->runs[i];

		for (k = 0; k < r->nr_episodes; k++) {
			switch (r->episodes[k].class) {
			case KW_CLASS_MISSED:
			case KW_CLASS_LATE:
			case KW_CLASS_SPURIOUS:
				count_cause(w, &r->episodes[k], sign);
			}
		}
	}
}

static bool write_blocks(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "INSERT INTO blocks"
		" (campaign, first, runs, shapes, digests, episodes, kinds)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)", err);
	unsigned i, t;
	int rc = SQLITE_DONE;
	gsize from;

	for (i = 0; st && rc == SQLITE_DONE && i < w->pending->len; i++) {
		struct kw_pending *p = &g_array_index(w->pending,
						      struct kw_pending, i);

		sqlite3_reset(st);
		sqlite3_bind_int64(st, 1, w->id);
		sqlite3_bind_int64(st, 2, (int64_t)p->first);
		for (t = 0, from = p->begin; t < KW_NR_TEXTS; t++) {
			sqlite3_bind_text(st, 3 + (int)t, w->text->str + from,
					  (int)(p->end[t] - from),
					  SQLITE_STATIC);
			from = p->end[t];
		}
		rc = sqlite3_step(st);
	}
	if (rc != SQLITE_DONE)
		kw_store_fail(w->store, "cannot write", err);
	sqlite3_finalize(st);
	return st && rc == SQLITE_DONE;
}

static bool write_totals(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "INSERT INTO totals"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
		" total = excluded.total, squares = excluded.squares,"
		" runs_with = excluded.runs_with", err);
	unsigned i;
	bool ok = st != NULL;

	for (i = 0; ok && i < KW_NR_TOTALS; i++) {
		const char *c = (const char *)&w->sums.counts;
		uint64_t n = *(const uint64_t *)(c + totals[i].offset);
		int q = totals[i].quantity;

		sqlite3_clear_bindings(st);
		if (q < 0)
			ok = kw_store_step(w->store, st, err, "isu", w->id,
					   totals[i].name, n) == SQLITE_DONE;
		else
			ok = kw_store_step(w->store, st, err, "isuuu", w->id,
					   totals[i].name, n,
					   w->sums.of[q].squares,
					   w->sums.of[q].runs_with)
				== SQLITE_DONE;
	}
	sqlite3_finalize(st);
	return ok;
}

static bool write_counters(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "INSERT INTO counters"
		" VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
		" passed = excluded.passed", err);
	unsigned i;
	bool ok = st != NULL;

	for (i = 0; ok && i < w->program->nr_marks; i++)
		if (w->marks[i])
			ok = kw_store_step(w->store, st, err, "isu", w->id,
					   w->program->marks[i], w->marks[i])
				== SQLITE_DONE;
	sqlite3_finalize(st);
	return ok;
}

static bool write_causes(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "INSERT INTO causes"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
		" number = excluded.number", err);
	unsigned i;
	bool ok = st != NULL;

	for (i = 0; ok && i < w->causes->len; i++) {
		struct kw_cause *c = &g_array_index(w->causes,
						    struct kw_cause, i);

		if (c->number)
			ok = kw_store_step(w->store, st, err, "iiiiu", w->id,
					   (int64_t)c->class, (int64_t)c->vcpu,
					   (int64_t)c->cause, c->number)
				== SQLITE_DONE;
	}
	sqlite3_finalize(st);
	return ok;
}

static bool write_latency(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "INSERT INTO latency"
		" VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
		" number = excluded.number", err);
	unsigned i;
	bool ok = st != NULL;

	for (i = 0; ok && i < KW_HIST_BUCKETS; i++)
		if (w->sums.latency.count[i])
			ok = kw_store_step(w->store, st, err, "iuu", w->id,
					   kw_hist_lowest(i), (uint64_t)
					   w->sums.latency.count[i])
				== SQLITE_DONE;
	sqlite3_finalize(st);
	return ok;
}

/* Nobody else has written this campaign since we read it. */
static bool still_ours(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "SELECT runs"
		" FROM campaigns WHERE campaign = ?", err);
	bool ok;

	if (!st)
		return false;
	ok = kw_store_step(w->store, st, err, "i", w->id) == SQLITE_ROW;
	if (ok && (uint64_t)sqlite3_column_int64(st, 0) != w->runs_stored) {
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: another process is writing the same campaign",
			    w->store->path);
		ok = false;
	}
	sqlite3_finalize(st);
	return ok;
}

static bool remove_taken_back(struct kw_writer *w, GError **err)
{
	static const char *const sql[] = {
		"DELETE FROM latency WHERE campaign = ?",
		"DELETE FROM counters WHERE campaign = ?",
		"DELETE FROM causes WHERE campaign = ?",
	};
	unsigned i;

	if (w->taken_back < 0)
		return true;
	for (i = 0; i < G_N_ELEMENTS(sql); i++)
		if (!kw_store_do(w->store, err, sql[i], "i", w->id))
			return false;
	return kw_store_do(w->store, err, "DELETE FROM blocks"
			   " WHERE campaign = ? AND first = ?", "ii", w->id,
			   w->taken_back);
}

static bool commit(struct kw_writer *w, GError **err)
{
	struct kw_store *s = w->store;

	if (!w->pending->len)
		return true;
	if (!kw_store_exec(s, "BEGIN IMMEDIATE", err))
		return false;
	if (!still_ours(w, err) || !remove_taken_back(w, err) ||
	    !write_blocks(w, err) || !write_totals(w, err) ||
	    !write_counters(w, err) || !write_causes(w, err) ||
	    !write_latency(w, err) ||
	    !kw_store_do(s, err, "UPDATE campaigns SET runs_wanted = ?,"
			 " runs = ?, runs_vacuous = ?, latency_sum_ns = ?,"
			 " latency_max_ns = ? WHERE campaign = ?", "uuuuui",
			 w->runs_wanted, w->sums.runs, w->sums.runs_vacuous,
			 w->sums.latency.sum, w->sums.latency.max, w->id) ||
	    !kw_store_exec(s, "COMMIT", err)) {
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
		return false;
	}
	w->runs_stored = w->sums.runs;
	w->taken_back = -1;
	w->pending_steps = 0;
	g_array_set_size(w->pending, 0);
	g_string_truncate(w->text, 0);
	return true;
}

/* Are these the runs that are stored as the campaign's last block? */
static bool same_runs(struct kw_writer *w, const struct kw_block *b,
		      GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "SELECT runs || shapes"
		" || digests FROM blocks WHERE campaign = ? AND first = ?",
		err);
	gsize end[KW_NR_TEXTS];
	GString *now;
	bool ok = false;

	if (!st)
		return false;
	now = g_string_new(NULL);
	kw_encode_runs(now, &w->encoder, b, end);
	if (kw_store_step(w->store, st, err, "iu", w->id, b->first) ==
	    SQLITE_ROW) {
		ok = !strcmp(kw_store_text(st, 0), now->str);
		if (!ok)
			g_set_error(err, KW_STORE_ERROR, KW_STORE_DIFFERS,
				    "%s: the runs from %" G_GUINT64_FORMAT
				    " on gave another result than the stored "
				    "ones", w->store->path, b->first);
	}
	g_string_free(now, TRUE);
	sqlite3_finalize(st);
	return ok;
}

bool kw_writer_take_back(struct kw_writer *w, const struct kw_block *b,
			 GError **err)
{
	g_assert(b->first + b->nr_runs == w->sums.runs && !w->pending->len);
	if (!same_runs(w, b, err))
		return false;
	kw_sums_subtract(&w->sums, b);
	count_block(w, b, (uint64_t)-1);
	w->taken_back = (int64_t)b->first;
	return true;
}

bool kw_writer_block(struct kw_writer *w, const struct kw_block *b,
		     GError **err)
{
	struct kw_pending p = { .first = b->first, .begin = w->text->len };

	g_assert(b->first == w->sums.runs);
	kw_encode_block(w->text, &w->encoder, b, p.end);
	g_array_append_val(w->pending, p);
	w->pending_steps += b->counts.steps;
	kw_sums_add(&w->sums, b);
	count_block(w, b, 1);
	if (w->pending->len < KW_COMMIT_BLOCKS &&
	    w->pending_steps < KW_COMMIT_STEPS)
		return true;
	return commit(w, err);
}

bool kw_writer_sink(void *arg, const struct kw_block *b)
{
	struct kw_writer *w = arg;

	return !w->error && kw_writer_block(w, b, &w->error);
}

bool kw_writer_free(struct kw_writer *w, GError **err)
{
	bool ok;

	if (w->error) {
		g_propagate_error(err, w->error);
		w->error = NULL;
		ok = false;
	} else {
		ok = commit(w, err);
	}
	writer_free(w);
	return ok;
}

bool kw_store_judged(struct kw_store *s, int64_t id,
		     const struct kw_judged *rows, unsigned nr, GError **err)
{
	bool ok = kw_store_exec(s, "BEGIN IMMEDIATE", err);
	unsigned i;

	for (i = 0; ok && i < nr; i++)
		ok = kw_store_do(s, err, "INSERT OR REPLACE INTO verdicts"
				 " VALUES (?, ?, ?, ?, ?)", "isssi", id,
				 rows[i].judged_as, rows[i].quantity,
				 rows[i].expected, (int64_t)rows[i].holds);
	ok = ok && kw_store_exec(s, "COMMIT", err);
	if (!ok)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}
