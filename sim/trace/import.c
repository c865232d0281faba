/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what becomes of a recording as a whole: read it, say what was not
 * understood, write the scenario.
 *
 * Invariants: nothing is written unless there is a scenario; an output file
 * is complete or not there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "write.h"

#define MAX_MESSAGES 10		/* about damaged lines, in full */

/* "205,206" into thread ids. */
static bool parse_vcpus(const char *list, GArray *tids, GError **err)
{
	const char *p = list;
	char *end;
	long tid;
	int n;

	while (p && *p) {
		errno = 0;
		tid = strtol(p, &end, 10);
		if (end == p || errno || tid <= 0 || tid > INT32_MAX ||
		    (*end && *end != ',')) {
			g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL,
				    "--vcpus: expected thread ids like "
				    "205,206, not \"%s\"", list);
			return false;
		}
		n = (int)tid;
		g_array_append_val(tids, n);
		p = *end ? end + 1 : end;
	}
	return true;
}

static void complain(struct kw_writer *w, struct kw_trace *t,
		     const char *message)
{
	FILE *f = w->opts->messages ? w->opts->messages : stderr;

	if (w->nr_damaged++ < MAX_MESSAGES)
		fprintf(f, "%s:%" G_GUINT64_FORMAT ": %s\n", w->opts->file,
			kw_trace_line(t), message);
}

static void complain_event(struct kw_writer *w, struct kw_trace *t,
			   const struct kw_trace_event *ev)
{
	char *message;

	message = g_strdup_printf("%s: the text is not in the event's form: "
				  "\"%.60s\"", kw_trace_id_name(ev->id),
				  ev->args);
	complain(w, t, message);
	g_free(message);
}

static void read_all(struct kw_writer *w, struct kw_trace *t)
{
	struct kw_trace_event ev;
	enum kw_trace_what what;

	while ((what = kw_trace_next(t, &ev)) != KW_TRACE_END) {
		switch (what) {
		case KW_TRACE_EVENT:
			if (!kw_extract_event(w->x, &ev))
				complain_event(w, t, &ev);
			break;
		case KW_TRACE_LOST:
			kw_extract_lost(w->x, &ev);
			break;
		default:
			complain(w, t, kw_trace_message(t));
			break;
		}
	}
	w->nr_lines = kw_trace_line(t);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void report_unknown(struct kw_writer *w, FILE *f)
{
	struct kw_extract *x = w->x;
	gpointer *names;
	unsigned i, n, count;
	uint64_t rest = x->nr_unknown;

	names = g_hash_table_get_keys_as_array(x->unknown, &n);
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		count = GPOINTER_TO_UINT(g_hash_table_lookup(x->unknown,
							     names[i]));
		rest -= count;
		fprintf(f, "%s: event not understood: %s (%u lines)\n",
			w->opts->file, (char *)names[i], count);
	}
	if (rest)
		fprintf(f, "%s: events not understood, other names: %"
			G_GUINT64_FORMAT " lines\n", w->opts->file, rest);
	g_free(names);
}

static void report(struct kw_writer *w)
{
	FILE *f = w->opts->messages ? w->opts->messages : stderr;
	struct kw_extract *x = w->x;

	if (w->nr_damaged > MAX_MESSAGES)
		fprintf(f, "%s: %" G_GUINT64_FORMAT " more damaged lines\n",
			w->opts->file, w->nr_damaged - MAX_MESSAGES);
	report_unknown(w, f);
	if (x->nr_lost_lines)
		fprintf(f, "%s: %" G_GUINT64_FORMAT " events were lost while "
			"recording (%" G_GUINT64_FORMAT " places)\n",
			w->opts->file, x->nr_lost, x->nr_lost_lines);
	if (x->nr_probe_args)
		fprintf(f, "%s: %" G_GUINT64_FORMAT " kprobe lines without the "
			"arguments that import reads\n", w->opts->file,
			x->nr_probe_args);
	if (x->nr_backwards)
		fprintf(f, "%s: %" G_GUINT64_FORMAT " events are older than "
			"the one before; taken as simultaneous\n",
			w->opts->file, x->nr_backwards);
}

static bool write_out(const struct kw_writer *w, GError **err)
{
	const char *out = w->opts->out;

	if (out && strcmp(out, "-"))
		return g_file_set_contents(out, w->out->str,
					   (gssize)w->out->len, err);
	if (fwrite(w->out->str, 1, w->out->len, stdout) == w->out->len &&
	    !fflush(stdout))
		return true;
	g_set_error(err, G_FILE_ERROR, g_file_error_from_errno(errno),
		    "standard output: %s", g_strerror(errno));
	return false;
}

static bool import(struct kw_writer *w, GError **err)
{
	struct kw_trace *t = kw_trace_open(w->opts->file, err);

	if (!t)
		return false;
	read_all(w, t);
	kw_trace_close(t);
	report(w);
	if (!kw_extract_finish(w->x, err)) {
		g_prefix_error(err, "%s: ", w->opts->file);
		return false;
	}
	kw_write_scenario(w);
	return write_out(w, err);
}

static bool check_options(const struct kw_import *o, GError **err)
{
	if (o->name && (!*o->name || strpbrk(o->name, "\"\\\n\r"))) {
		g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "--name: a name has no quotes, backslashes or "
			    "newlines and is not empty");
		return false;
	}
	if (o->kernel && strpbrk(o->kernel, "\n\r")) {
		g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "--kernel: expected one line");
		return false;
	}
	return true;
}

int kw_import(const struct kw_import *opts, GError **err)
{
	GArray *tids = g_array_new(FALSE, FALSE, sizeof(int));
	struct kw_writer w = { .opts = opts };
	bool ok = check_options(opts, err) &&
		  parse_vcpus(opts->vcpus, tids, err);

	if (ok) {
		w.out = g_string_new(NULL);
		w.x = kw_extract_new(opts->limit ? opts->limit :
				     KW_IMPORT_LIMIT, tids);
		ok = import(&w, err);
		kw_extract_free(w.x);
		g_string_free(w.out, TRUE);
	}
	g_array_free(tids, TRUE);
	return ok ? 0 : 2;
}
