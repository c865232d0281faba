/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading ftrace text, one line at a time, in constant memory.
 *
 * What is read: the text of tracefs `trace` or `trace_pipe` (all text
 * options but `raw`, `hex`, `bin` and `latency-format`), of `trace-cmd
 * report` and of `perf script`; plain or gzipped, from a file, a pipe, or
 * "-" for standard input.  Of a trace.dat (from a file, not gzipped) another
 * process makes such text, see dat.h.
 *
 *	t = kw_trace_open(path, &err);
 *	while ((what = kw_trace_next(t, &ev)) != KW_TRACE_END)
 *		...
 *	kw_trace_close(t);
 *
 * An event's strings live until the next call of kw_trace_next().
 */
#ifndef KW_TRACE_H
#define KW_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

enum kw_trace_id {
	KW_TRACE_UNKNOWN,
#define KW_EVENT(id, name, pattern) KW_TRACE_##id,
#define KW_PROBE(id, name, pattern) KW_TRACE_##id,
#include "events.def"
	KW_TRACE_NR_IDS
};

enum kw_trace_what {
	KW_TRACE_END,
	KW_TRACE_EVENT,
	KW_TRACE_LOST,		/* events were lost: cpu, lost (0: unknown) */
	KW_TRACE_DAMAGED,	/* not an event: kw_trace_message() */
};

struct kw_trace_event {
	uint64_t time_ns;
	uint64_t lost;
	const char *comm;	/* not NUL-terminated: comm_len characters */
	const char *name;	/* the same: name_len */
	const char *flags;	/* the same: flags_len; maybe none */
	const char *args;	/* NUL-terminated */
	uint16_t comm_len, name_len, flags_len;
	uint16_t id;		/* enum kw_trace_id */
	uint32_t args_len;
	int pid, cpu;
	int tgid;		/* -1: not recorded (option record-tgid) */
};

#define KW_TRACE_MAX_ARGS 7

/* What kw_trace_decode() found, in the order of the event's pattern. */
struct kw_trace_args {
	int64_t n[KW_TRACE_MAX_ARGS];
	struct {
		const char *p;
		unsigned len;
	} s[4];
	unsigned nr_n, nr_s;
};

struct kw_trace;

/*
 * "-" is standard input.  Sets err and returns NULL if it cannot be read or
 * is a binary recording that is not read (perf.data, a broken trace.dat).
 */
struct kw_trace *kw_trace_open(const char *path, GError **err);
enum kw_trace_what kw_trace_next(struct kw_trace *t,
				 struct kw_trace_event *ev);
/* Number of the line that was returned last, from 1. */
uint64_t kw_trace_line(const struct kw_trace *t);
/* The entries that the header says were written; 0: it does not say. */
uint64_t kw_trace_written(const struct kw_trace *t);
/* What is wrong with a damaged line: what was expected, without file:line. */
const char *kw_trace_message(const struct kw_trace *t);
void kw_trace_close(struct kw_trace *t);

/*
 * One line, NUL-terminated at len, into ev; false and *why if it is none.
 * The id is left unknown: only a reader looks names up.
 */
bool kw_trace_parse(char *line, size_t len, struct kw_trace_event *ev,
		    const char **why);

const char *kw_trace_id_name(enum kw_trace_id id);
/* A kprobe event: that its arguments do not fit is no damage. */
bool kw_trace_is_probe(enum kw_trace_id id);
/* The event's pattern against its text; false if it does not fit. */
bool kw_trace_decode(const struct kw_trace_event *ev,
		     struct kw_trace_args *args);
/* Was the event recorded in a hard interrupt handler (flags 'h', 'H', 'z')? */
bool kw_trace_in_hardirq(const struct kw_trace_event *ev);

#endif
