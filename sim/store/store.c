/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a file is a database of ours, and opens and closes it.
 *
 * A new file gets application_id and user_version in the transaction that
 * makes its tables; a file without them that is not empty is somebody
 * else's and is not touched.  While it is open for writing the journal is a
 * WAL, so that a kill loses nothing that was committed and readers need not
 * wait; kw_store_close() folds it back, and one file remains.
 */
#include <errno.h>
#include <unistd.h>
#include <string.h>
#include <glib/gstdio.h>
#include "internal.h"

#define BUSY_MS 60000
#define RETRY_MS 5

/* What a user should do about a result code; "" where we do not know. */
static const char *advice(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return " (another process holds it)";
	case SQLITE_FULL:
		return "; what was committed before is kept: free some "
		       "space and repeat the command";
	case SQLITE_READONLY:
		return " (is it, or its folder, writable?)";
	case SQLITE_NOTADB:
		return ": not a kvmwake database";
	default:
		return "";
	}
}

bool kw_store_fail(struct kw_store *s, const char *what, GError **err)
{
	int rc = sqlite3_extended_errcode(s->db);

	if (err && !*err)
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: %s: %s%s", s->path, what,
			    sqlite3_errmsg(s->db), advice(rc));
	return false;
}

bool kw_store_exec(struct kw_store *s, const char *sql, GError **err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return kw_store_fail(s, s->writes ? "cannot write" : "cannot read",
			     err);
}

sqlite3_stmt *kw_store_prepare(struct kw_store *s, const char *sql,
			       GError **err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK)
		return st;
	kw_store_fail(s, "cannot read", err);
	return NULL;
}

const char *kw_store_text(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text ? text : "";
}

static void bind(sqlite3_stmt *st, const char *fmt, va_list ap)
{
	char hex[17];
	int i;

	for (i = 1; *fmt; fmt++, i++) {
		switch (*fmt) {
		case 's':
			sqlite3_bind_text(st, i, va_arg(ap, const char *), -1,
					  SQLITE_TRANSIENT);
			break;
		case 'i':
			sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 'u':
			sqlite3_bind_int64(st, i,
					   (int64_t)va_arg(ap, uint64_t));
			break;
		case 'h':
			g_snprintf(hex, sizeof(hex), "%016" G_GINT64_MODIFIER
				   "x", va_arg(ap, uint64_t));
			sqlite3_bind_text(st, i, hex, -1, SQLITE_TRANSIENT);
			break;
		default:
			g_assert_not_reached();
		}
	}
}

static int step(struct kw_store *s, sqlite3_stmt *st, GError **err,
		const char *fmt, va_list ap)
{
	int rc;

	sqlite3_reset(st);
	bind(st, fmt, ap);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		kw_store_fail(s, s->writes ? "cannot write" : "cannot read",
			      err);
	return rc;
}

int kw_store_step(struct kw_store *s, sqlite3_stmt *st, GError **err,
		  const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = step(s, st, err, fmt, ap);
	va_end(ap);
	return rc;
}

bool kw_store_do(struct kw_store *s, GError **err, const char *sql,
		 const char *fmt, ...)
{
	sqlite3_stmt *st = kw_store_prepare(s, sql, err);
	va_list ap;
	int rc;

	if (!st)
		return false;
	va_start(ap, fmt);
	rc = step(s, st, err, fmt, ap);
	va_end(ap);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/* One number: a pragma's, or count(*); -1 on error. */
static int64_t number(struct kw_store *s, const char *sql, GError **err)
{
	sqlite3_stmt *st = kw_store_prepare(s, sql, err);
	int64_t n = -1;

	if (!st)
		return -1;
	if (kw_store_step(s, st, err, "") == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* In one transaction, so a kill leaves the old schema or the new one. */
static bool migrate(struct kw_store *s, unsigned from, GError **err)
{
	const char *const *sql;
	char *pragma;
	unsigned v;
	bool ok = kw_store_exec(s, "BEGIN IMMEDIATE", err);

	/* Another process may have done it while we waited. */
	if (ok && number(s, "PRAGMA user_version", err) != (int64_t)from)
		return kw_store_exec(s, "ROLLBACK", err);
	for (v = from; ok && v < kw_store_version(); v++)
		for (sql = kw_store_migrations[v]; ok && *sql; sql++)
			ok = kw_store_exec(s, *sql, err);
	pragma = g_strdup_printf("PRAGMA application_id=%d;"
				 "PRAGMA user_version=%u; COMMIT",
				 KW_STORE_APPLICATION_ID, kw_store_version());
	ok = ok && kw_store_exec(s, pragma, err);
	g_free(pragma);
	if (!ok)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}

static bool check(struct kw_store *s, GError **err)
{
	int64_t app = number(s, "PRAGMA application_id", err);
	int64_t version = app < 0 ? -1 : number(s, "PRAGMA user_version", err);
	int64_t tables = version < 0 ? -1 :
		number(s, "SELECT count(*) FROM sqlite_schema", err);
	const int64_t newest = kw_store_version();

	if (tables < 0)
		return false;
	if (app != KW_STORE_APPLICATION_ID && (tables || app || version ||
					       !s->writes)) {
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: not a kvmwake database", s->path);
		return false;
	}
	if (version > newest) {
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: written by a newer kvmwake (schema %d, "
			    "this one knows %d)", s->path, (int)version,
			    (int)newest);
		return false;
	}
	if (version == newest)
		return true;
	if (sqlite3_db_readonly(s->db, "main")) {
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: has schema %d and cannot be brought to %d: "
			    "read-only", s->path, (int)version, (int)newest);
		return false;
	}
	return migrate(s, (unsigned)version, err);
}

static bool make_folder(const char *path, GError **err)
{
	char *dir = g_path_get_dirname(path);
	bool ok = g_mkdir_with_parents(dir, 0777) == 0;

	if (!ok)
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED, "%s: %s",
			    dir, g_strerror(errno));
	g_free(dir);
	return ok;
}

static const char writing[] =
	"PRAGMA page_size=8192; PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=2000;";

/*
 * Two that change the journal of one file at the same time would wait for
 * each other, so that SQLite gives up at once, whatever the timeout says.
 */
static bool begin_writing(struct kw_store *s, GError **err)
{
	unsigned i;

	for (i = 0; i < BUSY_MS / RETRY_MS; i++) {
		if (sqlite3_exec(s->db, writing, NULL, NULL, NULL) == SQLITE_OK)
			return true;
		if ((sqlite3_errcode(s->db) & 0xff) != SQLITE_BUSY)
			break;
		sqlite3_sleep(RETRY_MS);
	}
	return kw_store_fail(s, "cannot write", err);
}

static bool set_up(struct kw_store *s, GError **err)
{
	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (!kw_store_exec(s, "PRAGMA foreign_keys=ON", err))
		return false;
	/* Look before the journal is changed: it may not be ours. */
	if (number(s, "PRAGMA application_id", err) < 0)
		return false;
	if (s->writes && sqlite3_db_readonly(s->db, "main")) {
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: cannot write: the file is read-only",
			    s->path);
		return false;
	}
	if (!s->writes)
		return check(s, err);
	if (number(s, "SELECT count(*) FROM sqlite_schema", err) == 0)
		return begin_writing(s, err) && check(s, err);
	return check(s, err) && begin_writing(s, err);
}

struct kw_store *kw_store_open(const char *path, enum kw_store_mode mode,
			       GError **err)
{
	struct kw_store *s;
	int flags = SQLITE_OPEN_READWRITE;

	if (mode == KW_STORE_WRITE) {
		if (!make_folder(path, err))
			return NULL;
		flags |= SQLITE_OPEN_CREATE;
	} else if (g_access(path, F_OK)) {
		g_set_error(err, KW_STORE_ERROR, KW_STORE_FAILED,
			    "%s: %s (`kvmwake run` makes it)", path,
			    g_strerror(errno));
		return NULL;
	}
	s = g_new0(struct kw_store, 1);
	s->path = g_strdup(path);
	s->writes = mode == KW_STORE_WRITE;
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK) {
		kw_store_fail(s, "cannot open", err);
		goto out_close;
	}
	if (set_up(s, err))
		return s;
out_close:
	sqlite3_close(s->db);
	g_free(s->path);
	g_free(s);
	return NULL;
}

bool kw_store_close(struct kw_store *s, GError **err)
{
	bool ok = true;

	if (!s)
		return true;
	/* With another process in it, the WAL stays: the last one folds it. */
	if (s->writes) {
		sqlite3_busy_timeout(s->db, 0);
		ok = sqlite3_exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE);"
				  "PRAGMA journal_mode=DELETE", NULL, NULL,
				  NULL) == SQLITE_OK ||
		     (sqlite3_errcode(s->db) & 0xff) == SQLITE_BUSY;
		if (!ok)
			kw_store_fail(s, "cannot write", err);
	}
	sqlite3_close(s->db);
	g_free(s->path);
	g_free(s);
	return ok;
}
