/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a block of runs becomes text, and reads it back.
 *
 * A row a run costs SQLite 600 ns; an element of a JSON array costs a tenth
 * of that, and the views `runs` and `episodes` show the elements as rows.
 *
 *	run	[episodes, exposures, missed, late, spurious, futile, storm,
 *		 failed, steps, end_ns, "digest"{, "message", failure_ns}]
 *	episode	[run - first, vcpu, cause, class, uninterruptible, sleeps,
 *		 futile, begin, deliverable, woken, left, end]
 *
 * An episode's last four times count from its begin; null: never happened.
 * Every missed, late and spurious episode is written, and the first
 * KW_SAMPLE others of a block, or all where the block says so.
 */
#include <string.h>
#include "internal.h"

#define KW_SAMPLE 4
/* At most: seven numbers of 32 bits, five of 64, signs, commas. */
#define EPISODE_SIZE 256

uint64_t kw_counts_of(const struct kw_counts *c, enum kw_quantity q)
{
	switch (q) {
	case KW_MISSED:		return c->class[KW_CLASS_MISSED];
	case KW_LATE:		return c->class[KW_CLASS_LATE];
	case KW_SPURIOUS:	return c->class[KW_CLASS_SPURIOUS];
	case KW_FUTILE:		return c->futile;
	case KW_STORM:		return c->storm;
	case KW_FAILED:		return c->failed;
	default:		return 0;
	}
}

unsigned kw_run_value(enum kw_quantity q)
{
	return 2 + q;
}

/* At the end of out, room for so many bytes: ended() says how many it took. */
static char *room(GString *out, gsize size)
{
	gsize len = out->len;

	g_string_set_size(out, len + size);
	out->len = len;
	return out->str + len;
}

static void ended(GString *out, char *p)
{
	*p = '\0';
	out->len = (gsize)(p - out->str);
}

static char *put_u64(char *p, uint64_t n)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324"
		"25262728293031323334353637383940414243444546474849"
		"50515253545556575859606162636465666768697071727374"
		"75767778798081828384858687888990919293949596979899";
	unsigned length = 2;
	uint64_t limit;
	char *at;

	if (n < 10) {
		*p++ = (char)('0' + n);
		return p;
	}
	for (limit = 100; n >= limit && length < 20; limit *= 10)
		length++;
	for (at = p + length; n >= 10; n /= 100)
		memcpy(at -= 2, pairs + n % 100 * 2, 2);
	if (at > p)
		*p = (char)('0' + n);
	return p + length;
}

static char *put_hex(char *p, uint64_t n)
{
	int shift;

	*p++ = '"';
	for (shift = 60; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[n >> shift & 15];
	*p++ = '"';
	return p;
}

/* A time as the difference to begin. */
static char *put_since(char *p, uint64_t ns, uint64_t begin)
{
	*p++ = ',';
	if (ns == KW_NEVER_NS)
		return memcpy(p, "null", 4), p + 4;
	if (ns >= begin)
		return put_u64(p, ns - begin);
	*p++ = '-';
	return put_u64(p, begin - ns);
}

static void put_message(GString *out, const struct kw_result *r)
{
	const char *c;

	g_string_append(out, ",\"");
	for (c = r->failure; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, (unsigned char)*c < ' ' ? ' ' : *c);
	}
	g_string_append_printf(out, "\",%" G_GUINT64_FORMAT, r->failure_ns);
}

void kw_encode_runs(GString *out, const struct kw_block *b)
{
	unsigned i, q;
	char *p;

	g_string_append_c(out, '[');
	for (i = 0; i < b->nr_runs; i++) {
		const struct kw_result *r = &b->runs[i];

		p = room(out, KW_RUN_VALUES * 21 + 24);
		if (i)
			*p++ = ',';
		*p++ = '[';
		p = put_u64(p, r->counts.episodes);
		*p++ = ',';
		p = put_u64(p, r->counts.exposures);
		for (q = 0; q < KW_NR_QUANTITIES; q++) {
			*p++ = ',';
			p = put_u64(p, kw_counts_of(&r->counts, q));
		}
		*p++ = ',';
		p = put_u64(p, r->counts.steps);
		*p++ = ',';
		p = put_u64(p, r->counts.end_ns);
		*p++ = ',';
		p = put_hex(p, r->digest);
		ended(out, p);
		if (r->failure)
			put_message(out, r);
		g_string_append_c(out, ']');
	}
	g_string_append_c(out, ']');
}

static char *put_episode(char *p, const struct kw_episode *e, unsigned run)
{
	const unsigned small[] = { run, e->vcpu, e->cause, e->class,
				   e->uninterruptible, e->sleeps, e->futile };
	unsigned i;

	*p++ = '[';
	for (i = 0; i < G_N_ELEMENTS(small); i++) {
		p = put_u64(p, small[i]);
		*p++ = ',';
	}
	p = put_u64(p, e->begin);
	p = put_since(p, e->deliverable, e->begin);
	p = put_since(p, e->woken, e->begin);
	p = put_since(p, e->left, e->begin);
	p = put_since(p, e->end, e->begin);
	*p++ = ']';
	return p;
}

void kw_encode_episodes(GString *out, const struct kw_block *b)
{
	unsigned i, k, sampled = 0;
	char before = '[', *p;

	for (i = 0; i < b->nr_runs; i++) {
		for (k = 0; k < b->runs[i].nr_episodes; k++) {
			const struct kw_episode *e = &b->runs[i].episodes[k];

			if (e->class != KW_CLASS_MISSED &&
			    e->class != KW_CLASS_LATE &&
			    e->class != KW_CLASS_SPURIOUS &&
			    !b->every_episode &&
			    sampled++ >= KW_SAMPLE)
				continue;
			p = room(out, EPISODE_SIZE);
			*p++ = before;
			before = ',';
			ended(out, put_episode(p, e, i));
		}
	}
	g_string_append(out, before == '[' ? "[]" : "]");
}

bool kw_decode_run(const char **text, struct kw_run_row *row)
{
	const char *p = *text;
	unsigned i;

	while (*p == '[' || *p == ',')
		p++;
	if (*p < '0' || *p > '9')
		return false;
	for (i = 0; i < KW_RUN_VALUES; i++) {
		row->n[i] = 0;
		for (; *p >= '0' && *p <= '9'; p++)
			row->n[i] = row->n[i] * 10 + (uint64_t)(*p - '0');
		p++;
	}
	row->digest = g_ascii_strtoull(p + 1, (char **)&p, 16);
	if (*p++ != '"')
		return false;
	if (*p == ',') {	/* a message: skip the string */
		for (p += 2; *p && *p != '"'; p++)
			if (*p == '\\' && p[1])
				p++;
	}
	while (*p && *p != ']')
		p++;
	*text = *p ? p + 1 : p;
	return true;
}
