/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is summed over a campaign.
 *
 * Every sum is additive, so a block can be added and taken out again, and
 * "exactly n in every run" can still be told: total == n * runs and squares
 * == n * n * runs, for then the variance is 0 and the mean n.
 */
#include <stddef.h>
#include <string.h>
#include "internal.h"

#define FIELD(name) { #name, offsetof(struct kw_counts, name), -1 }
#define CLASS(name, class_, q) \
	{ name, offsetof(struct kw_counts, class[class_]), q }

const struct kw_total_field kw_total_fields[KW_NR_TOTALS] = {
	FIELD(episodes),
	FIELD(exposures),
	CLASS("fine", KW_FINE, -1),
	CLASS("missed", KW_CLASS_MISSED, KW_MISSED),
	CLASS("late", KW_CLASS_LATE, KW_LATE),
	CLASS("spurious", KW_CLASS_SPURIOUS, KW_SPURIOUS),
	CLASS("signal", KW_CLASS_SIGNAL, -1),
	CLASS("open", KW_CLASS_OPEN, -1),
	{ "futile", offsetof(struct kw_counts, futile), KW_FUTILE },
	{ "storm", offsetof(struct kw_counts, storm), KW_STORM },
	{ "failed", offsetof(struct kw_counts, failed), KW_FAILED },
	FIELD(sleeps),
	FIELD(wakes),
	FIELD(polled),
	FIELD(interrupts),
	FIELD(preemptions),
	FIELD(steps),
	{ "simulated_ns", offsetof(struct kw_counts, end_ns), -1 },
};

static uint64_t *at(struct kw_counts *c, const struct kw_total_field *f)
{
	return (uint64_t *)((char *)c + f->offset);
}

/* sign: +1 or -1, as a factor of wrapping arithmetic. */
static void merge(struct kw_sums *s, const struct kw_block *b, uint64_t sign)
{
	struct kw_counts c = b->counts;
	unsigned i, q;

	s->runs += sign * b->nr_runs;
	s->runs_vacuous += sign * b->runs_vacuous;
	for (i = 0; i < KW_NR_TOTALS; i++)
		*at(&s->counts, &kw_total_fields[i]) +=
			sign * *at(&c, &kw_total_fields[i]);
	for (q = 0; q < KW_NR_QUANTITIES; q++) {
		struct kw_tally *t = &s->of[q];

		t->total += sign * kw_counts_of(&b->counts, q);
		t->runs_with += sign * b->runs_with[q];
		for (i = 0; b->runs_with[q] && i < b->nr_runs; i++) {
			uint64_t x = kw_counts_of(&b->runs[i].counts, q);

			t->squares += sign * x * x;
		}
	}
	s->latency.n += sign * b->latency.n;
	s->latency.sum += sign * b->latency.sum;
	for (i = 0; i < KW_HIST_BUCKETS; i++)
		s->latency.count[i] += (uint32_t)sign * b->latency.count[i];
}

void kw_sums_add(struct kw_sums *s, const struct kw_block *b)
{
	merge(s, b, 1);
	if (b->latency.max > s->latency.max)
		s->latency.max = b->latency.max;
}

/* The maximum stays: the block comes back, larger. */
void kw_sums_subtract(struct kw_sums *s, const struct kw_block *b)
{
	merge(s, b, (uint64_t)-1);
}

void kw_how_text(enum kw_how how, uint64_t n, char *buf, size_t size)
{
	switch (how) {
	case KW_NEVER:
		g_strlcpy(buf, "never", size);
		break;
	case KW_SOMETIMES:
		g_strlcpy(buf, "sometimes", size);
		break;
	case KW_ALWAYS:
		g_strlcpy(buf, "always", size);
		break;
	case KW_EXACTLY:
		g_snprintf(buf, size, "%" G_GUINT64_FORMAT, n);
		break;
	default:
		g_strlcpy(buf, "any", size);
	}
}

static bool read_totals(struct kw_store *s, int64_t id, struct kw_sums *sums,
			GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT quantity, total,"
		" squares, runs_with FROM totals WHERE campaign = ?", err);
	unsigned i;
	int rc;

	if (!st)
		return false;
	rc = kw_store_step(s, st, err, "i", id);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st)) {
		const char *name = kw_store_text(st, 0);

		for (i = 0; i < KW_NR_TOTALS; i++) {
			const struct kw_total_field *f = &kw_total_fields[i];

			if (strcmp(f->name, name))
				continue;
			*at(&sums->counts, f) =
				(uint64_t)sqlite3_column_int64(st, 1);
			if (f->quantity < 0)
				continue;
			sums->of[f->quantity] = (struct kw_tally){
				(uint64_t)sqlite3_column_int64(st, 1),
				(uint64_t)sqlite3_column_int64(st, 2),
				(uint64_t)sqlite3_column_int64(st, 3),
			};
		}
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE || kw_store_fail(s, "cannot read", err);
}

static bool read_latency(struct kw_store *s, int64_t id, struct kw_hist *h,
			 GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT lowest_ns, number"
		" FROM latency WHERE campaign = ?", err);
	int rc;

	if (!st)
		return false;
	rc = kw_store_step(s, st, err, "i", id);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st)) {
		uint64_t lowest = (uint64_t)sqlite3_column_int64(st, 0);
		uint64_t n = (uint64_t)sqlite3_column_int64(st, 1);

		h->count[kw_hist_bucket(lowest)] += (uint32_t)n;
		h->n += n;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE || kw_store_fail(s, "cannot read", err);
}

bool kw_store_read_sums(struct kw_store *s, int64_t id, struct kw_sums *sums,
			GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT runs, runs_vacuous,"
		" latency_sum_ns, latency_max_ns FROM campaigns"
		" WHERE campaign = ?", err);
	bool ok;

	memset(sums, 0, sizeof(*sums));
	if (!st)
		return false;
	ok = kw_store_step(s, st, err, "i", id) == SQLITE_ROW;
	if (ok) {
		sums->runs = (uint64_t)sqlite3_column_int64(st, 0);
		sums->runs_vacuous = (uint64_t)sqlite3_column_int64(st, 1);
		sums->latency.sum = (uint64_t)sqlite3_column_int64(st, 2);
		sums->latency.max = (uint64_t)sqlite3_column_int64(st, 3);
	}
	sqlite3_finalize(st);
	return ok && read_totals(s, id, sums, err) &&
	       read_latency(s, id, &sums->latency, err);
}
