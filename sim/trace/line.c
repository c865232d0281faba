/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which parts of one line of ftrace text are task, CPU, time, event.
 *
 * A task's name may hold anything but a newline: blanks, '/', '-', '[', ':'.
 * So a line is not split at characters.  tracefs right-justifies the name in
 * 16 columns and the kernel cuts it at 15 characters, hence the '-' before
 * the pid stands at column 16 whatever the name is.  Where it does not
 * (trace-cmd and perf use other widths) the first "PID [CPU]" counts.
 *
 *	          <idle>-0       [000] d.h1.   36.404662: kvm_entry: PC: 0x
 *	|<-- name ---->|-pid     [cpu] flags      time_ns  name       args
 *
 * Invariants: nothing is copied or allocated; every pointer of the event
 * points into the line.
 */
#include <string.h>

#include "trace.h"

#define NAME_COLUMNS 16

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Digits at p into *n; NULL if there are none or too many. */
static const char *read_number(const char *p, uint64_t *n)
{
	const char *start = p;

	*n = 0;
	while (is_digit(*p))
		*n = *n * 10 + (unsigned)(*p++ - '0');
	return p > start && p - start < 19 ? p : NULL;
}

/* " [003] ", after an optional "(  205)" (record-tgid), behind a pid. */
static const char *read_cpu(const char *p, struct kw_trace_event *ev)
{
	const char *start = p;
	uint64_t cpu, tgid;

	ev->tgid = -1;
	p = skip_blanks(p);
	if (*p == '(') {
		p = skip_blanks(p + 1);
		if (is_digit(*p)) {
			p = read_number(p, &tgid);
			if (!p || tgid > INT32_MAX)
				return NULL;
			ev->tgid = (int)tgid;
		}
		while (*p == ' ' || *p == '-')
			p++;
		if (*p++ != ')')
			return NULL;
		p = skip_blanks(p);
	}
	if (p == start || *p++ != '[')
		return NULL;
	p = read_number(p, &cpu);
	if (!p || *p++ != ']' || cpu > 65535 || (*p != ' ' && *p != '\t'))
		return NULL;
	ev->cpu = (int)cpu;
	return p;
}

static void set_comm(struct kw_trace_event *ev, const char *p, const char *end)
{
	p = skip_blanks(p);
	while (end > p && end[-1] == ' ')
		end--;
	ev->comm = p;
	ev->comm_len = (uint16_t)(end > p ? end - p : 0);
}

/* The task as tracefs prints it: the '-' at column 16. */
static const char *read_task_columns(const char *line, size_t len,
				     struct kw_trace_event *ev)
{
	const char *p = line + NAME_COLUMNS;
	uint64_t pid;

	if (len <= NAME_COLUMNS + 1 || *p != '-')
		return NULL;
	p = read_number(p + 1, &pid);
	if (!p || pid > INT32_MAX)
		return NULL;
	ev->pid = (int)pid;
	set_comm(ev, line, line + NAME_COLUMNS);
	return read_cpu(p, ev);
}

/* The task in front of a '[': "name-pid ", "name pid " or "name pid/tid ". */
static bool read_task_before(const char *line, const char *bracket,
			     struct kw_trace_event *ev)
{
	const char *p = bracket, *digits;
	uint64_t pid;

	while (p > line && p[-1] == ' ')
		p--;
	if (p > line && p[-1] == ')') {
		while (p > line && p[-1] != '(')
			p--;
		for (p -= p > line; p > line && p[-1] == ' ';)
			p--;
	}
	while (p > line && is_digit(p[-1]))
		p--;
	digits = p;
	if (!read_number(digits, &pid) || pid > INT32_MAX || p == line)
		return false;
	if (p[-1] == '/') {
		for (p--; p > line && is_digit(p[-1]);)
			p--;
		if (p == line)
			return false;
	}
	if (p[-1] != '-' && p[-1] != ' ')
		return false;
	ev->pid = (int)pid;
	set_comm(ev, line, p - 1);
	return ev->comm_len > 0;
}

static const char *read_task_anywhere(const char *line,
				      struct kw_trace_event *ev)
{
	const char *bracket = line, *p;

	while ((bracket = strchr(bracket, '[')) != NULL) {
		if (bracket > line && bracket[-1] == ' ' &&
		    read_task_before(line, bracket, ev)) {
			p = read_cpu(bracket - 1, ev);
			if (p)
				return p;
		}
		bracket++;
	}
	return NULL;
}

/* "  136.579251:" in seconds, of up to 9 decimals. */
static const char *read_time(const char *p, uint64_t *time_ns,
			     const char **why)
{
	static const uint32_t scale[] = {
		0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100,
		10, 1
	};
	uint64_t seconds, fraction;
	const char *dot;

	p = read_number(p, &seconds);
	if (!p || seconds > UINT64_MAX / 2000000000u) {
		*why = "expected a time stamp behind the CPU";
		return NULL;
	}
	if (*p == ':') {
		*why = "the time stamp is not in seconds: record with "
		       "'echo mono > trace_clock'";
		return NULL;
	}
	dot = p;
	p = *p == '.' ? read_number(p + 1, &fraction) : NULL;
	if (!p || *p != ':' || p - dot - 1 > 9) {
		*why = "expected a time stamp like 36.404662:";
		return NULL;
	}
	*time_ns = seconds * 1000000000u + fraction * scale[p - dot - 1];
	return p + 1;
}

/* "kvm_entry: PC: ..." or perf's "kvm:kvm_entry: PC: ..." */
static bool read_event(char *p, char *end, struct kw_trace_event *ev,
		       const char **why)
{
	char *colon;

	for (colon = p; *colon && *colon != ':' && *colon != ' '; colon++)
		;
	if (*colon == ':' && colon[1] != ' ' && colon[1] != '\0') {
		p = colon + 1;
		for (colon = p; *colon && *colon != ':' && *colon != ' ';)
			colon++;
	}
	if (*colon != ':' || colon == p || colon - p > 128) {
		*why = "expected an event's name and ':' behind the time";
		return false;
	}
	ev->name = p;
	ev->name_len = (uint16_t)(colon - p);
	ev->args = skip_blanks(colon + 1);
	ev->args_len = (uint32_t)(end - ev->args);
	ev->id = KW_TRACE_UNKNOWN;
	ev->lost = 0;
	return true;
}

bool kw_trace_parse(char *line, size_t len, struct kw_trace_event *ev,
		    const char **why)
{
	const char *p = read_task_columns(line, len, ev);

	if (!p)
		p = read_task_anywhere(line, ev);
	if (!p) {
		*why = "expected TASK-PID [CPU] FLAGS TIME: EVENT: ...";
		return false;
	}
	p = skip_blanks(p);
	ev->flags = p;
	ev->flags_len = 0;
	if (!is_digit(*p)) {	/* noirq-info and perf have no flags */
		while (*p && *p != ' ' && *p != '\t')
			p++;
		ev->flags_len = (uint16_t)MIN(p - ev->flags, 16);
		p = skip_blanks(p);
	}
	p = read_time(p, &ev->time_ns, why);
	if (!p)
		return false;
	return read_event(line + (skip_blanks(p) - line), line + len, ev, why);
}

bool kw_trace_in_hardirq(const struct kw_trace_event *ev)
{
	return ev->flags_len > 2 && ev->flags[2] &&
	       strchr("hHzZ", ev->flags[2]);
}
