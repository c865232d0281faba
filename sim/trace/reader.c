/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where lines begin and end, which are events, and what an unreadable
 * one is called.
 *
 * Invariants: one buffer of fixed size; the line that was returned last lies
 * in it, NUL-terminated, until the next call.  A line that does not end in a
 * newline was cut, and is not trusted: "IRQ 2" may have been "IRQ 27".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "dat.h"
#include "trace.h"

#define BUFFER	(1u << 18)	/* bytes; the longest line that is read */
#define SLOTS	512u		/* of the table of names; a power of two */

struct kw_trace {
	gzFile gz;
	struct kw_dat dat;	/* who writes what is read here, if any */
	uint64_t line;		/* lines seen */
	size_t next, end;	/* of the bytes not yet looked at */
	bool eof, skipping;	/* skipping: inside a line that is too long */
	bool stack;		/* the line before belongs to a stack trace */
	uint64_t written;	/* by the header */
	char message[160];
	uint8_t slot[SLOTS];	/* by hash of the name: id, or 0 */
	char buf[BUFFER + 1];
};

static unsigned hash(const char *name, size_t len)
{
	unsigned h = (unsigned)len;

	while (len--)
		h = (h ^ (unsigned char)*name++) * 0x01000193u;
	return (h ^ h >> 15) & (SLOTS - 1);
}

static void fill_slots(struct kw_trace *t)
{
	enum kw_trace_id id;
	const char *name;
	unsigned i;

	for (id = KW_TRACE_UNKNOWN + 1; id < KW_TRACE_NR_IDS; id++) {
		name = kw_trace_id_name(id);
		i = hash(name, strlen(name));
		while (t->slot[i])
			i = (i + 1) & (SLOTS - 1);
		t->slot[i] = (uint8_t)id;
	}
}

static uint16_t lookup(const struct kw_trace *t, const char *name, size_t len)
{
	const char *known;
	unsigned i;

	for (i = hash(name, len); t->slot[i]; i = (i + 1) & (SLOTS - 1)) {
		known = kw_trace_id_name(t->slot[i]);
		if (!strncmp(known, name, len) && !known[len])
			return t->slot[i];
	}
	return KW_TRACE_UNKNOWN;
}

static void set_message(struct kw_trace *t, const char *message)
{
	g_strlcpy(t->message, message, sizeof(t->message));
}

/* Moves what is left to the front and reads on; false at the end. */
static bool refill(struct kw_trace *t)
{
	int n;

	memmove(t->buf, t->buf + t->next, t->end - t->next);
	t->end -= t->next;
	t->next = 0;
	if (t->eof || t->end == BUFFER)
		return false;
	n = gzread(t->gz, t->buf + t->end, (unsigned)(BUFFER - t->end));
	if (n <= 0) {
		t->eof = true;
		return false;
	}
	t->end += (size_t)n;
	return true;
}

static bool refuse(const char *path, const char *why, GError **err)
{
	g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", path,
		    why);
	return false;
}

/* A trace.dat: what is read from here on is its text. */
static bool open_dat(struct kw_trace *t, int fd, const char *path,
		     GError **err)
{
	const char *why;
	int text;

	if (!gzdirect(t->gz))
		return refuse(path, "a compressed trace.dat file: gunzip it "
			      "first", err);
	if (lseek(fd, 0, SEEK_SET))
		return refuse(path, "a trace.dat file is read from a file, not "
			      "from a pipe", err);
	text = kw_dat_start(&t->dat, fd);
	gzclose(t->gz);
	t->gz = text < 0 ? NULL : gzdopen(text, "rb");
	if (!t->gz)
		return refuse(path, g_strerror(errno), err);
	t->next = t->end = 0;
	if (refill(t))
		return true;
	why = kw_dat_finish(&t->dat);
	return why ? refuse(path, why, err) : true;
}

static bool open_binary(struct kw_trace *t, int fd, const char *path,
			GError **err)
{
	if (kw_dat_is(t->buf, t->end))
		return open_dat(t, fd, path, err);
	if (t->end >= 8 && !memcmp(t->buf, "PERFILE2", 8))
		return refuse(path, "a perf.data file: give the output of "
			      "'perf script'", err);
	return true;
}

struct kw_trace *kw_trace_open(const char *path, GError **err)
{
	struct kw_trace *t = g_new0(struct kw_trace, 1);
	bool in = !strcmp(path, "-"), ok = false;
	int fd = in ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	int zerr;

	if (in)
		path = "standard input";
	t->gz = fd < 0 ? NULL : gzdopen(fd, "rb");
	if (t->gz) {
		gzbuffer(t->gz, 1u << 17);
		fill_slots(t);
		ok = refill(t) || !gzerror(t->gz, &zerr) || zerr != Z_ERRNO;
	}
	if (!ok)
		g_set_error(err, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "%s: %s", path, g_strerror(errno));
	if (!t->gz && fd >= 0)
		close(fd);
	if (ok && open_binary(t, fd, path, err))
		return t;
	kw_trace_close(t);
	return NULL;
}

void kw_trace_close(struct kw_trace *t)
{
	if (!t)
		return;
	kw_dat_stop(&t->dat);
	if (t->gz)
		gzclose(t->gz);
	g_free(t);
}

uint64_t kw_trace_line(const struct kw_trace *t)
{
	return t->line;
}

const char *kw_trace_message(const struct kw_trace *t)
{
	return t->message;
}

/*
 * "CPU:1 [LOST 42 EVENTS]", "CPU:1 [LOST EVENTS]" (tracefs),
 * "CPU:1 [42 EVENTS DROPPED]", "CPU:1 [EVENTS DROPPED]" (trace-cmd)
 */
static bool parse_lost(const char *line, struct kw_trace_event *ev)
{
	char *end;
	const char *p;

	if (strncmp(line, "CPU:", 4) || !g_ascii_isdigit(line[4]))
		return false;
	ev->cpu = (int)strtol(line + 4, &end, 10);
	if (strncmp(end, " [", 2) ||
	    (!strstr(end, "EVENTS]") && !strstr(end, "DROPPED]")))
		return false;
	for (p = end; *p && !g_ascii_isdigit(*p); p++)
		;
	ev->lost = g_ascii_strtoull(p, NULL, 10);
	return true;
}

uint64_t kw_trace_written(const struct kw_trace *t)
{
	return t->written;
}

/* "# entries-in-buffer/entries-written: 26871/26871   #P:3" */
static void read_header(struct kw_trace *t, const char *line)
{
	const char *p = strstr(line, "entries-written: ");

	p = p ? strchr(p, '/') : NULL;
	if (p)
		t->written = g_ascii_strtoull(p + 1, NULL, 10);
}

/* Lines that carry no event and are no damage either. */
static bool is_decoration(struct kw_trace *t, const char *line)
{
	const char *p = line + strspn(line, " \t");

	if (*p == '#')
		read_header(t, p);
	if (!*p || *p == '#')
		return true;
	if (strstr(line, "<stack trace>") || strstr(line, "<user stack")) {
		t->stack = true;
		return true;
	}
	if (t->stack && (!strncmp(p, "=>", 2) || strstr(line, " <- ")))
		return true;
	t->stack = false;
	return !strncmp(line, "cpus=", 5) || !strncmp(line, "version =", 9);
}

/* Bytes that end the file without a newline, or a gzip file cut short. */
static enum kw_trace_what last_bytes(struct kw_trace *t, bool some)
{
	int zerr = Z_OK;
	const char *why = gzerror(t->gz, &zerr);

	t->next = t->end;
	if (t->dat.pid) {
		why = kw_dat_finish(&t->dat);
		if (!why)
			return KW_TRACE_END;
		set_message(t, why);
		return KW_TRACE_DAMAGED;
	}
	if (zerr != Z_OK && zerr != Z_STREAM_END) {
		g_snprintf(t->message, sizeof(t->message),
			   "the file ends here, as its compressed data are "
			   "damaged or cut (%s)",
			   zerr == Z_ERRNO ? g_strerror(errno) : why);
		gzclearerr(t->gz);
		t->line += some;
		return KW_TRACE_DAMAGED;
	}
	if (!some)
		return KW_TRACE_END;
	t->line++;
	set_message(t, "the last line has no newline: the file was cut, and "
		       "this line is not used");
	return KW_TRACE_DAMAGED;
}

/* One line without its newline into *line and *len, or how the file ends. */
static enum kw_trace_what next_line(struct kw_trace *t, char **line,
				    size_t *len)
{
	char *newline;
	size_t seen = 0;

	for (;;) {
		newline = memchr(t->buf + t->next + seen, '\n',
				 t->end - t->next - seen);
		if (newline)
			break;
		seen = t->end - t->next;
		if (seen == BUFFER) {
			t->skipping = true;
			t->next = t->end;
			seen = 0;
		}
		if (!refill(t) && t->eof)
			return last_bytes(t, t->end > 0);
	}
	*line = t->buf + t->next;
	*len = (size_t)(newline - *line);
	*newline = '\0';
	t->next += *len + 1;
	t->line++;
	if (!t->skipping)
		return KW_TRACE_EVENT;
	t->skipping = false;
	set_message(t, "the line is longer than 256 KiB");
	return KW_TRACE_DAMAGED;
}

enum kw_trace_what kw_trace_next(struct kw_trace *t, struct kw_trace_event *ev)
{
	enum kw_trace_what what;
	const char *why;
	char *line;
	size_t len;

	for (;;) {
		what = next_line(t, &line, &len);
		if (what != KW_TRACE_EVENT)
			return what;
		if (len && line[len - 1] == '\r')
			line[--len] = '\0';
		if (memchr(line, '\0', len)) {
			set_message(t, "the line holds a NUL byte");
			return KW_TRACE_DAMAGED;
		}
		if (kw_trace_parse(line, len, ev, &why)) {
			ev->id = lookup(t, ev->name, ev->name_len);
			t->stack = false;
			return KW_TRACE_EVENT;
		}
		if (parse_lost(line, ev))
			return KW_TRACE_LOST;
		if (is_decoration(t, line))
			continue;
		set_message(t, why);
		return KW_TRACE_DAMAGED;
	}
}
