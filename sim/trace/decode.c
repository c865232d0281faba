/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the text of an event says, by the patterns of events.def.
 *
 * Invariants: a pattern either fits to its end or the next alternative is
 * tried from the start of the text; the text is never changed.
 */
#include <ctype.h>
#include <string.h>

#include "trace.h"

#define COMM_MAX 15	/* TASK_COMM_LEN - 1 */

static const struct {
	const char *name, *pattern;
	bool probe;
} events[KW_TRACE_NR_IDS] = {
	[KW_TRACE_UNKNOWN] = { "", "", false },
#define KW_EVENT(id, name, pattern) [KW_TRACE_##id] = { name, pattern, false },
#define KW_PROBE(id, name, pattern) [KW_TRACE_##id] = { name, pattern, true },
#include "events.def"
};

const char *kw_trace_id_name(enum kw_trace_id id)
{
	return events[id].name;
}

bool kw_trace_is_probe(enum kw_trace_id id)
{
	return events[id].probe;
}

static const char *read_decimal(const char *p, int64_t *n)
{
	bool minus = *p == '-';
	const char *start;
	uint64_t v = 0;

	p += minus;
	for (start = p; isdigit((unsigned char)*p); p++)
		v = v * 10 + (unsigned)(*p - '0');
	*n = (int64_t)(minus ? 0 - v : v);
	return p > start && p - start < 20 ? p : NULL;
}

static const char *read_hex(const char *p, int64_t *n)
{
	const char *start;
	uint64_t v = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (start = p; isxdigit((unsigned char)*p); p++)
		v = v << 4 | (unsigned)g_ascii_xdigit_value(*p);
	*n = (int64_t)v;
	return p > start && p - start <= 16 ? p : NULL;
}

/*
 * The end of a task's name: the last place within 15 characters where the
 * text goes on as the pattern does, as the name itself may look like that.
 */
static const char *comm_end(const char *text, const char *pattern)
{
	size_t n = strcspn(pattern, "%|");
	const char *end = NULL;
	unsigned i;

	for (i = 0; i <= COMM_MAX; i++) {
		if (!strncmp(text + i, pattern, n))
			end = text + i;
		if (!text[i])
			break;
	}
	return end;
}

static const char *read_string(const char *text, const char *pattern,
			       char what, struct kw_trace_args *args)
{
	const char *end = text;

	if (what == 'c')
		end = comm_end(text, pattern);
	else
		while (*end && *end != *pattern &&
		       (what == '_' || *end != ' '))
			end++;
	if (!end || what == '_')
		return end;
	args->s[args->nr_s].p = text;
	args->s[args->nr_s++].len = (unsigned)(end - text);
	return end;
}

/* One alternative: up to '|' or the end of the pattern. */
static bool match(const char *text, const char *pattern,
		  struct kw_trace_args *args)
{
	char what;

	args->nr_n = args->nr_s = 0;
	while (text && *pattern && *pattern != '|') {
		if (*pattern == ' ') {
			if (*text != ' ')
				return false;
			text += strspn(text, " ");
			pattern++;
		} else if (*pattern != '%') {
			if (*text++ != *pattern++)
				return false;
		} else {
			what = pattern[1];
			pattern += 2;
			if (what == 'd')
				text = read_decimal(text,
						    &args->n[args->nr_n++]);
			else if (what == 'x')
				text = read_hex(text, &args->n[args->nr_n++]);
			else
				text = read_string(text, pattern, what, args);
		}
	}
	return text != NULL;
}

bool kw_trace_decode(const struct kw_trace_event *ev,
		     struct kw_trace_args *args)
{
	const char *pattern = events[ev->id].pattern;

	while (pattern) {
		if (match(ev->args, pattern, args))
			return true;
		pattern = strchr(pattern, '|');
		pattern += pattern != NULL;
	}
	return false;
}
