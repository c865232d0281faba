/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a scenario says about the recording that it was made from.
 *
 * Invariants: only the file's own name, never its folder; every line starts
 * with "--".
 */
#include <string.h>

#include "write.h"

#define U G_GUINT64_FORMAT

static void write_kernel(struct kw_writer *w)
{
	const struct kw_extract *x = w->x;
	const char *form;

	if (w->opts->kernel) {
		g_string_append_printf(w->out, "--\tkernel\t%s\n",
				       w->opts->kernel);
		return;
	}
	if (x->seen[KW_TRACE_IPI_SEND_CPU])
		form = "6.3 or later, by its events";
	else if (x->seen[KW_TRACE_TIMER_MAP])
		form = "5.4 or later, by its events";
	else
		form = "not known (ftrace text does not tell)";
	g_string_append_printf(w->out, "--\tkernel\t%s\n", form);
}

static void write_window(struct kw_writer *w)
{
	const struct kw_extract *x = w->x;
	bool whole = !x->stopped;

	g_string_append_printf(w->out,
			       "--\twindow\t%" U ".%03" U " ms from %" U
			       ".%06" U " s on",
			       x->end_ns / 1000000, x->end_ns / 1000 % 1000,
			       x->first_ns / 1000000000,
			       x->first_ns / 1000 % 1000000);
	if (whole)
		g_string_append(w->out, ", the whole recording\n");
	else
		g_string_append_printf(w->out,
				       " (of %" U ".%03" U " ms): up to %u "
				       "waits or arrivals\n",
				       x->now_ns / 1000000,
				       x->now_ns / 1000 % 1000, x->limit);
}

static void write_events(struct kw_writer *w)
{
	const struct kw_extract *x = w->x;

	g_string_append_printf(w->out, "--\tevents\t%" U " in %" U " lines",
			       x->nr_events, w->nr_lines);
	if (x->nr_lost_lines)
		g_string_append_printf(w->out, "; lost: %" U " in %" U
				       " places", x->nr_lost,
				       x->nr_lost_lines);
	if (w->nr_damaged)
		g_string_append_printf(w->out, "; damaged lines: %" U,
				       w->nr_damaged);
	if (x->nr_unknown)
		g_string_append_printf(w->out, "; not understood: %" U,
				       x->nr_unknown);
	g_string_append_c(w->out, '\n');
}

static void write_vcpus(struct kw_writer *w)
{
	const struct kw_vcpu *v;
	unsigned i;

	for (i = 0; i < w->x->vcpus->len; i++) {
		v = w->x->vcpus->pdata[i];
		g_string_append_printf(w->out,
				       "--\tvCPU %u\t%s-%d (vcpu_id %d): %u "
				       "waits, %u of them slept, %u timer "
				       "expiries\n", i, v->comm, v->tid, v->id,
				       v->nr_waits, v->nr_blocked,
				       v->nr_timer);
		if (v->nr_futile || v->nr_signals)
			g_string_append_printf(w->out,
				"--\t\tnot in the scenario: %u wake-ups for "
				"nothing, %u signals\n", v->nr_futile,
				v->nr_signals);
	}
}

static void write_notes(struct kw_writer *w)
{
	unsigned i, n = 0;

	for (i = 0; i < 16; i++)
		if (w->sgi[i] >= 0)
			g_string_append_printf(w->out, "%s%d is SGI %u",
					       n++ ? ", " : "--\tSGIs\t",
					       w->sgi[i], i);
	if (n)
		g_string_append_c(w->out, '\n');
	if (w->x->nr_sgis_unknown)
		g_string_append_printf(w->out,
				       "--\tleft out: %" U " SGIs whose target "
				       "cannot be told\n",
				       w->x->nr_sgis_unknown);
	if (w->x->nr_sources_dropped)
		g_string_append_printf(w->out,
				       "--\tleft out: %" U " arrivals of "
				       "interrupts beyond the first %d\n",
				       w->x->nr_sources_dropped,
				       KW_MAX_SOURCES);
}

/* The file's name on one line, whatever characters it has. */
static char *file_name(const char *path)
{
	char *name, *p;

	if (!strcmp(path, "-"))
		return g_strdup("standard input");
	name = g_path_get_basename(path);
	for (p = name; *p; p++)
		if (g_ascii_iscntrl(*p))
			*p = '?';
	return name;
}

void kw_write_header(struct kw_writer *w)
{
	char *name = file_name(w->opts->file);

	g_string_append_printf(w->out,
		"-- SPDX-License-Identifier: GPL-2.0-or-later\n"
		"-- Made by kvmwake import from a recording of a KVM host:\n"
		"--\n"
		"--\tfile\t%s\n", name);
	g_free(name);
	write_kernel(w);
	write_window(w);
	write_events(w);
	write_vcpus(w);
	write_notes(w);
	g_string_append(w->out, "\n");
}
