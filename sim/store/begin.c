/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a campaign goes on or begins.
 *
 * The same scenario, kernel, program (by digest), memory model and seed are
 * the same campaign; anything else is a new one, and the old one stays.
 */
#include <string.h>
#include "writer.h"

/* The row's key, made if it is not there yet; 0 on error. */
static int64_t key_of(struct kw_store *s, const char *sql, const char *name,
		      uint64_t digest, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, sql, err);
	int64_t key = 0;

	if (!st)
		return 0;
	if (kw_store_step(s, st, err, "sh", name, digest) == SQLITE_ROW)
		key = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return key;
}

static bool write_expectations(struct kw_store *s, int64_t scenario,
			       const struct kw_scenario *sc, GError **err)
{
	char text[24];
	unsigned i, q;

	for (i = 0; sc->claims && sc->claims[i]; i++)
		if (!kw_store_do(s, err, "INSERT OR IGNORE INTO claims"
				 " VALUES (?, ?)", "is", scenario,
				 sc->claims[i]))
			return false;
	for (i = 0; i < sc->nr_expects; i++) {
		const struct kw_expect *e = &sc->expects[i];

		for (q = 0; q < KW_NR_QUANTITIES; q++) {
			if (e->of[q].how == KW_ANY)
				continue;
			kw_how_text(e->of[q].how, e->of[q].n, text,
				    sizeof(text));
			if (!kw_store_do(s, err, "INSERT INTO expectations"
					 " VALUES (?, ?, ?, ?)", "isss",
					 scenario, e->kernel,
					 kw_quantity_names[q], text))
				return false;
		}
	}
	return true;
}

int64_t kw_store_scenario(struct kw_store *s, const struct kw_scenario *sc,
			  GError **err)
{
	static const char find[] = "SELECT scenario FROM scenarios"
		" WHERE name = ? AND digest = ?";
	GError *e = NULL;
	int64_t key = key_of(s, find, sc->name, sc->digest, &e);

	if (key || e) {
		if (e)
			g_propagate_error(err, e);
		return key;
	}
	if (!kw_store_do(s, err, "INSERT INTO scenarios (name, about, path,"
			 " digest) VALUES (?, ?, ?, ?)", "sssh", sc->name,
			 sc->about ? sc->about : "", sc->path, sc->digest))
		return 0;
	key = sqlite3_last_insert_rowid(s->db);
	return write_expectations(s, key, sc, err) ? key : 0;
}

int64_t kw_store_kernel(struct kw_store *s, const char *name, uint64_t digest,
			GError **err)
{
	if (!kw_store_do(s, err, "INSERT OR IGNORE INTO kernels (name, digest)"
			 " VALUES (?, ?)", "sh", name, digest))
		return 0;
	return key_of(s, "SELECT kernel FROM kernels WHERE name = ?"
		      " AND digest = ?", name, digest, err);
}

static bool write_objects(struct kw_writer *w, GError **err)
{
	const struct kw_program *p = w->program;
	sqlite3_stmt *st = kw_store_prepare(w->store, "INSERT INTO objects"
		" VALUES (?, ?, ?, ?)", err);
	unsigned i;
	bool ok = st != NULL;

	for (i = 0; ok && i < p->nr_objects; i++)
		ok = kw_store_step(w->store, st, err, "iiss", w->id,
				   (int64_t)i,
				   p->kinds[p->objects[i].kind].name,
				   p->objects[i].name) == SQLITE_DONE;
	sqlite3_finalize(st);
	return ok;
}

static bool find_or_begin(struct kw_writer *w, const struct kw_scenario *sc,
			  const struct kw_writer_opts *o, GError **err)
{
	struct kw_store *s = w->store;
	uint64_t program = kw_run_digest(sc->program, o->memory);
	const char *memory = kw_weak_names[o->memory];
	int64_t scenario = kw_store_scenario(s, sc, err);
	int64_t kernel = scenario ? kw_store_kernel(s, o->kernel,
						    sc->kernel_digest, err) :
				    0;
	sqlite3_stmt *st;

	if (!kernel)
		return false;
	st = kw_store_prepare(s, "SELECT campaign FROM campaigns WHERE"
			      " scenario = ? AND kernel = ? AND program = ?"
			      " AND seed = ? AND memory = ?", err);
	if (!st)
		return false;
	if (kw_store_step(s, st, err, "iihus", scenario, kernel, program,
			  o->seed, memory) == SQLITE_ROW)
		w->id = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (w->id)
		return true;
	if (!kw_store_do(s, err, "INSERT INTO campaigns (scenario, kernel,"
			 " program, seed, deadline_ns, duration_ns,"
			 " runs_wanted, memory)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			 "iihuuuus", scenario, kernel, program, o->seed,
			 sc->deadline_ns, sc->duration_ns, o->runs_wanted,
			 memory))
		return false;
	w->id = sqlite3_last_insert_rowid(s->db);
	return write_objects(w, err);
}

static bool write_provenance(struct kw_writer *w,
			     const struct kw_provenance *p, GError **err)
{
	if (!p)
		return true;
	return kw_store_do(w->store, err, "INSERT INTO provenance (campaign,"
			   " version, command, host, began)"
			   " VALUES (?, ?, ?, ?, ?)", "isssi", w->id,
			   p->version, p->command, p->host, p->began);
}

static bool read_marks(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "SELECT mark, passed"
		" FROM counters WHERE campaign = ?", err);
	unsigned i;
	int rc;

	if (!st)
		return false;
	rc = kw_store_step(w->store, st, err, "i", w->id);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st))
		for (i = 0; i < w->program->nr_marks; i++)
			if (!strcmp(w->program->marks[i], kw_store_text(st, 0)))
				w->marks[i] = (uint64_t)
					sqlite3_column_int64(st, 1);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ||
	       kw_store_fail(w->store, "cannot read", err);
}

static bool read_causes(struct kw_writer *w, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(w->store, "SELECT class, vcpu,"
		" cause, number FROM causes WHERE campaign = ?"
		" ORDER BY class, vcpu, cause", err);
	int rc;

	if (!st)
		return false;
	rc = kw_store_step(w->store, st, err, "i", w->id);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st)) {
		struct kw_cause c = {
			(uint16_t)sqlite3_column_int(st, 0),
			(uint16_t)sqlite3_column_int(st, 1),
			sqlite3_column_int(st, 2),
			(uint64_t)sqlite3_column_int64(st, 3),
		};
		g_array_append_val(w->causes, c);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ||
	       kw_store_fail(w->store, "cannot read", err);
}

bool kw_writer_begin(struct kw_writer *w, const struct kw_scenario *scenario,
		     const struct kw_writer_opts *opts, GError **err)
{
	return find_or_begin(w, scenario, opts, err) &&
	       write_provenance(w, opts->provenance, err);
}

bool kw_writer_read(struct kw_writer *w, GError **err)
{
	return kw_store_read_sums(w->store, w->id, &w->sums, err) &&
	       read_marks(w, err) && read_causes(w, err);
}
