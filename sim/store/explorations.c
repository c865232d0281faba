/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how explorations are kept: one row each, one row for each property
 * that was found.  The same exploration is written over; it gives the same
 * rows, provenance apart.
 */
#include "internal.h"

static int64_t find(struct kw_store *s, const struct kw_exploration *x,
		    int64_t scenario, int64_t kernel, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT exploration FROM"
		" explorations WHERE scenario = ? AND kernel = ? AND"
		" program = ? AND memory = ? AND options = ?", err);
	int64_t id = 0;

	if (!st)
		return 0;
	if (kw_store_step(s, st, err, "iihss", scenario, kernel,
			  x->program_digest, x->memory, x->options) ==
	    SQLITE_ROW)
		id = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return id;
}

/* Its row's key; 0 on error. */
static int64_t begin(struct kw_store *s, const struct kw_scenario *sc,
		     const struct kw_exploration *x, GError **err)
{
	int64_t scenario = kw_store_scenario(s, sc, err), id;
	int64_t kernel = scenario ? kw_store_kernel(s, x->kernel,
						    sc->kernel_digest, err) :
				    0;

	if (!kernel)
		return 0;
	id = find(s, x, scenario, kernel, err);
	if (*err || id)
		return id;
	if (!kw_store_do(s, err, "INSERT INTO explorations VALUES (NULL, ?,"
			 " ?, ?, ?, ?, '', '', 0, NULL, 0, 0, 0, 0, 0)",
			 "iihss", scenario, kernel, x->program_digest,
			 x->memory, x->options))
		return 0;
	return sqlite3_last_insert_rowid(s->db);
}

static bool write_results(struct kw_store *s, int64_t id,
			  const struct kw_exploration *x, GError **err)
{
	return kw_store_do(s, err, "UPDATE explorations SET verdict = ?,"
			   " judgement = ?, complete = ?, bound = ?,"
			   " states = ?, transitions = ?, ends = ?,"
			   " depth = ?, state_bytes = ?"
			   " WHERE exploration = ?", "ssisuuuuui",
			   x->verdict, x->judgement, (int64_t)x->complete,
			   x->bound, x->states, x->transitions, x->ends,
			   x->depth, x->state_bytes, id);
}

static bool write_examples(struct kw_store *s, int64_t id,
			   const GArray *examples, GError **err)
{
	unsigned i;

	if (!kw_store_do(s, err, "DELETE FROM counterexamples WHERE"
			 " exploration = ?", "i", id))
		return false;
	for (i = 0; i < examples->len; i++) {
		const struct kw_example *e = &g_array_index(
			examples, struct kw_example, i);

		if (!kw_store_do(s, err, "INSERT INTO counterexamples VALUES"
				 " (?, ?, ?, ?, ?, ?)", "issuss", id,
				 e->property, e->object, e->moves, e->why,
				 e->steps))
			return false;
	}
	return true;
}

static bool write_all(struct kw_store *s, const struct kw_scenario *sc,
		      const struct kw_exploration *x, const GArray *examples,
		      const struct kw_provenance *p, GError **err)
{
	int64_t id = begin(s, sc, x, err);

	return id && write_results(s, id, x, err) &&
	       write_examples(s, id, examples, err) &&
	       (!p || kw_store_do(s, err, "INSERT INTO explored_by VALUES"
				  " (NULL, ?, ?, ?, ?, ?, ?)", "isssiu", id,
				  p->version, p->command, p->host, p->began,
				  x->bytes_max));
}

bool kw_store_exploration(struct kw_store *s, const struct kw_scenario *sc,
			  const struct kw_exploration *x,
			  const GArray *examples,
			  const struct kw_provenance *provenance,
			  GError **err)
{
	bool ok = kw_store_exec(s, "BEGIN IMMEDIATE", err) &&
		  write_all(s, sc, x, examples, provenance, err) &&
		  kw_store_exec(s, "COMMIT", err);

	if (!ok)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}

static uint64_t hex(sqlite3_stmt *st, int column)
{
	return g_ascii_strtoull(kw_store_text(st, column), NULL, 16);
}

static const char find_sql[] =
	"SELECT e.exploration, s.name, s.path, k.name, s.digest, k.digest,"
	" e.program, e.memory, e.options, e.verdict, e.judgement, e.bound,"
	" e.complete, e.states, e.transitions, e.ends, e.depth,"
	" e.state_bytes, e.options ->> '$.reduction',"
	" e.options ->> '$.preemptions',"
	" (SELECT group_concat(value, char(10)) FROM"
	"  json_each(e.options, '$.without')),"
	" (SELECT group_concat(value, char(10)) FROM"
	"  json_each(e.options, '$.only')),"
	" e.options ->> '$.spurious_bound',"
	" e.options ->> '$.per_kick'"
	" FROM explorations e"
	" JOIN scenarios s ON s.scenario = e.scenario"
	" JOIN kernels k ON k.kernel = e.kernel"
	" WHERE (?1 IS NULL OR s.name = ?1) AND (?2 IS NULL OR k.name = ?2)"
	" AND (?3 IS NULL OR e.memory = ?3)"
	" AND (?4 OR e.exploration IN (SELECT exploration FROM explored))"
	" ORDER BY e.exploration";

static struct kw_exploration *read_row(sqlite3_stmt *st)
{
	struct kw_exploration *x = g_new0(struct kw_exploration, 1);
	const char **text[] = {
		[1] = &x->scenario, &x->path, &x->kernel, NULL, NULL, NULL,
		&x->memory, &x->options, &x->verdict, &x->judgement,
		&x->bound,
	};
	uint64_t *number[] = {
		&x->states, &x->transitions, &x->ends, &x->depth,
		&x->state_bytes,
	};
	unsigned i;

	x->strings = g_string_chunk_new(4096);
	x->id = sqlite3_column_int64(st, 0);
	for (i = 1; i < G_N_ELEMENTS(text); i++)
		if (text[i])
			*text[i] = g_string_chunk_insert(x->strings,
				kw_store_text(st, (int)i));
	x->scenario_digest = hex(st, 4);
	x->kernel_digest = hex(st, 5);
	x->program_digest = hex(st, 6);
	x->complete = sqlite3_column_int(st, 12);
	for (i = 0; i < G_N_ELEMENTS(number); i++)
		*number[i] = (uint64_t)sqlite3_column_int64(st, 13 + (int)i);
	x->reduction = sqlite3_column_int(st, 18);
	x->preemptions = (uint64_t)sqlite3_column_int64(st, 19);
	x->without = g_string_chunk_insert(x->strings, kw_store_text(st, 20));
	x->only = g_string_chunk_insert(x->strings, kw_store_text(st, 21));
	x->spurious_bound = (uint64_t)sqlite3_column_int64(st, 22);
	x->per_kick = sqlite3_column_int(st, 23);
	return x;
}

void kw_exploration_free(struct kw_exploration *x)
{
	g_string_chunk_free(x->strings);
	g_free(x);
}

GPtrArray *kw_store_explorations(struct kw_store *s,
				 const struct kw_wanted_explorations *what,
				 GError **err)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(
		(GDestroyNotify)kw_exploration_free);
	sqlite3_stmt *st = kw_store_prepare(s, find_sql, err);
	int rc;

	if (!st)
		goto out_free;
	rc = kw_store_step(s, st, err, "sssi", what->scenario, what->kernel,
			   what->memory, (int64_t)what->all);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st))
		g_ptr_array_add(found, read_row(st));
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE)
		return found;
	kw_store_fail(s, "cannot read", err);
out_free:
	g_ptr_array_free(found, TRUE);
	return NULL;
}

void kw_example_free(struct kw_example *x)
{
	g_free((char *)x->property);
	g_free((char *)x->object);
	g_free((char *)x->why);
	g_free((char *)x->steps);
	g_free(x);
}

GPtrArray *kw_store_examples(struct kw_store *s, int64_t exploration,
			     GError **err)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(
		(GDestroyNotify)kw_example_free);
	sqlite3_stmt *st = kw_store_prepare(s, "SELECT property, object, why,"
		" steps, moves FROM counterexamples WHERE exploration = ?"
		" ORDER BY property", err);
	int rc = SQLITE_ERROR;

	if (st)
		rc = kw_store_step(s, st, err, "i", exploration);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(st)) {
		struct kw_example *e = g_new0(struct kw_example, 1);

		e->property = g_strdup(kw_store_text(st, 0));
		e->object = g_strdup(kw_store_text(st, 1));
		e->why = g_strdup(kw_store_text(st, 2));
		e->steps = g_strdup(kw_store_text(st, 3));
		e->moves = (uint64_t)sqlite3_column_int64(st, 4);
		g_ptr_array_add(found, e);
	}
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE)
		return found;
	kw_store_fail(s, "cannot read", err);
	g_ptr_array_free(found, TRUE);
	return NULL;
}
