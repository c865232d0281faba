/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is read back: campaigns, paired runs, one run, causes.
 *
 * Two runs are a pair when they have the same number in campaigns of the
 * same seed: they drew the same random numbers.
 */
#include <string.h>
#include "internal.h"

static const char campaigns_sql[] =
	"SELECT c.campaign, s.name, s.about, s.path, k.name, s.digest,"
	" k.digest, c.program, c.seed, c.deadline_ns, c.duration_ns, c.memory"
	" FROM latest l JOIN campaigns c USING (campaign)"
	" JOIN scenarios s ON s.scenario = c.scenario"
	" JOIN kernels k ON k.kernel = c.kernel"
	" WHERE (?1 IS NULL OR s.name = ?1) AND (?2 IS NULL OR k.name = ?2)"
	" AND (?3 = 0 OR c.seed = ?4) AND (?5 IS NULL OR c.memory = ?5)"
	" ORDER BY c.campaign";

static char *text(sqlite3_stmt *st, int i)
{
	return g_strdup(kw_store_text(st, i));
}

static uint64_t hex(sqlite3_stmt *st, int i)
{
	return g_ascii_strtoull(kw_store_text(st, i),
				NULL, 16);
}

static uint64_t u64(sqlite3_stmt *st, int i)
{
	return (uint64_t)sqlite3_column_int64(st, i);
}

void kw_stored_free(struct kw_stored *c)
{
	if (!c)
		return;
	g_free(c->scenario);
	g_free(c->about);
	g_free(c->path);
	g_free(c->kernel);
	g_free(c);
}

static enum kw_weak_model memory(const char *name)
{
	enum kw_weak_model m = KW_WEAK_NR - 1;

	while (m != KW_WEAK_SC && strcmp(kw_weak_names[m], name))
		m--;
	return m;
}

static struct kw_stored *stored(sqlite3_stmt *st)
{
	struct kw_stored *c = g_new0(struct kw_stored, 1);

	c->id = sqlite3_column_int64(st, 0);
	c->scenario = text(st, 1);
	c->about = text(st, 2);
	c->path = text(st, 3);
	c->kernel = text(st, 4);
	c->scenario_digest = hex(st, 5);
	c->kernel_digest = hex(st, 6);
	c->program_digest = hex(st, 7);
	c->seed = u64(st, 8);
	c->deadline_ns = u64(st, 9);
	c->duration_ns = u64(st, 10);
	c->memory = memory(kw_store_text(st, 11));
	return c;
}

GPtrArray *kw_store_find(struct kw_store *s, const struct kw_wanted *what,
			 GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, campaigns_sql, err);
	GPtrArray *list;
	unsigned i;
	int rc;

	if (!st)
		return NULL;
	list = g_ptr_array_new_with_free_func((GDestroyNotify)kw_stored_free);
	rc = kw_store_step(s, st, err, "ssius", what->scenario, what->kernel,
			   (int64_t)(what->seed != NULL),
			   what->seed ? *what->seed : 0, what->memory);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st))
		g_ptr_array_add(list, stored(st));
	sqlite3_finalize(st);
	for (i = 0; rc == SQLITE_DONE && i < list->len; i++) {
		struct kw_stored *c = list->pdata[i];

		if (!kw_store_read_sums(s, c->id, &c->sums, err))
			rc = SQLITE_ERROR;
	}
	if (rc == SQLITE_DONE)
		return list;
	kw_store_fail(s, "cannot read", err);
	g_ptr_array_free(list, TRUE);
	return NULL;
}

/* A campaign's runs, one after the other, over all blocks. */
struct walk {
	sqlite3_stmt *st;
	struct kw_decoder block;
	uint64_t run;
	struct kw_run_row row;
	int rc;
};

static bool walk_begin(struct walk *w, struct kw_store *s, int64_t id,
		       uint64_t from, GError **err)
{
	w->st = kw_store_prepare(s, "SELECT first, shapes, runs, digests"
				 " FROM blocks WHERE campaign = ?"
				 " AND first >= ? ORDER BY first", err);
	w->block = (struct kw_decoder){ 0 };
	w->rc = SQLITE_ERROR;
	if (!w->st)
		return false;
	sqlite3_bind_int64(w->st, 1, id);
	sqlite3_bind_int64(w->st, 2, (int64_t)from);
	return true;
}

static bool walk_next(struct walk *w)
{
	w->run++;
	while (!kw_decode_run(&w->block, &w->row)) {
		w->rc = sqlite3_step(w->st);
		if (w->rc != SQLITE_ROW)
			return false;
		w->run = u64(w->st, 0);
		kw_decode_begin(&w->block, kw_store_text(w->st, 1),
				kw_store_text(w->st, 2),
				kw_store_text(w->st, 3));
	}
	return true;
}

/* False when it did not end at the end of the rows. */
static bool walk_end(struct walk *w, struct kw_store *s, GError **err)
{
	bool ok = w->rc == SQLITE_DONE || w->rc == SQLITE_ROW;

	if (!ok)
		kw_store_fail(s, "cannot read", err);
	kw_decode_end(&w->block);
	sqlite3_finalize(w->st);
	return ok;
}

static void pair(struct kw_pairs *out, const struct walk *o,
		 const struct walk *n)
{
	unsigned q;

	out->runs++;
	out->runs_observed += o->row.n[1] || n->row.n[1];
	for (q = 0; q < KW_NR_QUANTITIES; q++) {
		uint64_t x = o->row.n[kw_run_value(q)];
		uint64_t y = n->row.n[kw_run_value(q)];

		out->of[q].old_total += x;
		out->of[q].new_total += y;
		out->of[q].squares += (x - y) * (x - y);
		out->of[q].both += x && y;
		out->of[q].only_old += x && !y;
		out->of[q].only_new += y && !x;
		if (y < x && !out->of[q].fewer++)
			out->of[q].first_fewer = (int64_t)o->run;
		if (y > x && !out->of[q].more++)
			out->of[q].first_more = (int64_t)n->run;
	}
}

bool kw_store_pairs(struct kw_store *s, int64_t old_id, int64_t new_id,
		    struct kw_pairs *out, GError **err)
{
	struct walk o, n;
	unsigned q;
	bool ok;

	memset(out, 0, sizeof(*out));
	for (q = 0; q < KW_NR_QUANTITIES; q++)
		out->of[q].first_fewer = out->of[q].first_more = -1;
	if (!walk_begin(&o, s, old_id, 0, err))
		return false;
	if (!walk_begin(&n, s, new_id, 0, err)) {
		sqlite3_finalize(o.st);
		return false;
	}
	while (walk_next(&o) && walk_next(&n)) {
		g_assert(o.run == n.run);
		pair(out, &o, &n);
	}
	ok = walk_end(&o, s, err);
	if (n.rc == SQLITE_ERROR && ok)	/* never stepped: o was empty */
		n.rc = SQLITE_DONE;
	return walk_end(&n, s, err) && ok;
}

static bool contradicts(uint64_t x, enum kw_how how, uint64_t n)
{
	switch (how) {
	case KW_NEVER:		return x > 0;
	case KW_ALWAYS:		return x == 0;
	case KW_EXACTLY:	return x != n;
	default:		return false;
	}
}

int64_t kw_store_offender(struct kw_store *s, int64_t id, enum kw_quantity q,
			  enum kw_how how, uint64_t n, GError **err)
{
	struct walk w;
	int64_t run = -1;

	if (!walk_begin(&w, s, id, 0, err))
		return -2;
	while (run < 0 && walk_next(&w))
		if (contradicts(w.row.n[kw_run_value(q)], how, n))
			run = (int64_t)w.run;
	return walk_end(&w, s, err) ? run : -2;
}

bool kw_store_digest(struct kw_store *s, int64_t id, uint64_t run,
		     uint64_t *digest, GError **err)
{
	struct walk w;
	bool found = false;

	if (!walk_begin(&w, s, id, run - run % KW_BLOCK_RUNS, err))
		return false;
	while (!found && walk_next(&w) && w.run <= run) {
		found = w.run == run;
		*digest = w.row.digest;
	}
	return walk_end(&w, s, err) && found;
}

/* Rows of (text, text, number) to a callback. */
static bool rows(struct kw_store *s, sqlite3_stmt *st, int rc,
		 kw_store_row row, void *arg, GError **err)
{
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st))
		row(arg, kw_store_text(st, 0),
		    kw_store_text(st, 1), u64(st, 2));
	sqlite3_finalize(st);
	return rc == SQLITE_DONE || kw_store_fail(s, "cannot read", err);
}

bool kw_store_causes(struct kw_store *s, int64_t id, enum kw_class class,
		     kw_store_row row, void *arg, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT v.name,"
		" coalesce(o.name, '-'), a.number"
		" FROM causes a LEFT JOIN objects v ON v.campaign ="
		" a.campaign AND v.object = a.vcpu LEFT JOIN objects o"
		" ON o.campaign = a.campaign AND o.object = a.cause"
		" WHERE a.campaign = ? AND a.class = ?"
		" ORDER BY a.number DESC, a.vcpu, a.cause", err);

	return st && rows(s, st, kw_store_step(s, st, err, "ii", id,
					       (int64_t)class),
			  row, arg, err);
}

bool kw_store_counters(struct kw_store *s, int64_t id, kw_store_row row,
		       void *arg, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT mark, '', passed"
		" FROM counters WHERE campaign = ? ORDER BY mark", err);

	return st && rows(s, st, kw_store_step(s, st, err, "i", id), row, arg,
			  err);
}

bool kw_store_commands(struct kw_store *s, const char *kernel, unsigned max,
		       kw_store_row row, void *arg, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT command, version,"
		" count(*) FROM (SELECT p.command, p.version, c.kernel,"
		"  p.invocation, 0 AS explores"
		"  FROM provenance p JOIN campaigns c USING (campaign)"
		"  UNION ALL SELECT p.command, p.version, x.kernel,"
		"  p.invocation, 1"
		"  FROM explored_by p JOIN explorations x USING (exploration))"
		" JOIN kernels k USING (kernel) WHERE k.name = ?"
		" GROUP BY command, version, explores"
		" ORDER BY explores, max(invocation) DESC LIMIT ?", err);

	return st && rows(s, st, kw_store_step(s, st, err, "si", kernel,
					       (int64_t)max),
			  row, arg, err);
}
