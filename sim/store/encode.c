/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a block of runs becomes text.
 *
 * A row a run costs SQLite 600 ns; an element of a JSON array costs a tenth
 * of that, and the views `runs` and `episodes` show the elements as rows.
 * Each byte costs more than a nanosecond, most of it in the kernel, which
 * writes it twice: so what runs or episodes have in common, their shape or
 * kind, is written once a block.
 *
 *	shape	[episodes, exposures, missed, late, spurious, futile, storm,
 *		 failed, steps]
 *	run	end_ns: its shape is number 0; or
 *		[shape, end_ns{, "message", failure_ns}]
 *	digest	16 hex digits, and nothing between two of them
 *	kind	[vcpu, cause, class, uninterruptible, sleeps, futile,
 *		 deliverable, woken, left, end]: the last four say which
 *		element of an episode that is
 *	episode	[run - first, kind, begin, ...]: times that count from begin
 *
 * Shapes and kinds are numbered as they come.  A kind's null: it never
 * happened, or of end: it is the end of the run.  Every missed, late and
 * spurious episode is written, and the first KW_SAMPLE others of a block, or
 * all where the block says so.
 */
#include <string.h>
#include "internal.h"

#define KW_SAMPLE 4
/* At most, in digits, signs and commas: */
#define RUN_SIZE 40
#define EPISODE_SIZE 160
#define LIST_SIZE (KW_LIST_NUMBERS * 21 + 3)
#define DIGITS 16

/* -- shapes and kinds: lists of numbers */

static inline bool same(const uint64_t *a, const uint64_t *b)
{
	uint64_t differs = 0;
	unsigned i;

	for (i = 0; i < KW_LIST_NUMBERS; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

static unsigned hash(const uint64_t *n)
{
	uint64_t h = 0;
	unsigned i;

	for (i = 0; i < KW_LIST_NUMBERS; i++)
		h = (h ^ n[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(h >> 56);
}

static unsigned find_or_add(struct kw_lists *l, const uint64_t *n)
{
	uint32_t *first = &l->first[hash(n)], i;

	for (i = *first; i; i = l->list[i - 1].next)
		if (same(l->list[i - 1].n, n))
			return i - 1;
	if (l->nr == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->list = g_renew(struct kw_list, l->list, l->room);
	}
	memcpy(l->list[l->nr].n, n, sizeof(l->list[l->nr].n));
	l->list[l->nr].next = *first;
	*first = ++l->nr;
	return l->nr - 1;
}

/* The list's number; mostly it is the last one again. */
static inline unsigned number_of(struct kw_lists *l, const uint64_t *n)
{
	if (l->last >= l->nr || !same(l->list[l->last].n, n))
		l->last = find_or_add(l, n);
	return l->last;
}

static void forget(struct kw_lists *l)
{
	memset(l->first, 0, sizeof(l->first));
	l->nr = l->last = 0;
}

void kw_encoder_clear(struct kw_encoder *e)
{
	g_free(e->shapes.list);
	g_free(e->kinds.list);
}

/* -- numbers */

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

/* A digit a byte, the first one in the highest. */
static uint64_t hex8(uint32_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x = n;

	x = (x << 16 | x) & UINT64_C(0x0000ffff0000ffff);
	x = (x << 8 | x) & UINT64_C(0x00ff00ff00ff00ff);
	x = (x << 4 | x) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return x + '0' * ones + ((x + 6 * ones) >> 4 & ones) * ('a' - '9' - 1);
}

static char *put_hex(char *p, uint64_t n)
{
	const uint64_t text[2] = {
		GUINT64_TO_BE(hex8((uint32_t)(n >> 32))),
		GUINT64_TO_BE(hex8((uint32_t)n)),
	};

	return memcpy(p, text, DIGITS), p + DIGITS;
}

/* A time as the difference to begin. */
static char *put_since(char *p, uint64_t ns, uint64_t begin)
{
	*p++ = ',';
	if (ns >= begin)
		return put_u64(p, ns - begin);
	*p++ = '-';
	return put_u64(p, begin - ns);
}

/* So many numbers of each list; the last ones may be null. */
static void put_lists(GString *out, const struct kw_lists *l, unsigned nr,
		      unsigned nr_never_null)
{
	unsigned i, k;
	char *p;

	for (i = 0; i < l->nr; i++) {
		const uint64_t *n = l->list[i].n;

		p = room(out, LIST_SIZE);
		*p++ = i ? ',' : '[';
		for (k = 0; k < nr; k++) {
			*p++ = k ? ',' : '[';
			if (k < nr_never_null || n[k])
				p = put_u64(p, n[k]);
			else
				p = memcpy(p, "null", 4), p += 4;
		}
		*p++ = ']';
		ended(out, p);
	}
	g_string_append(out, l->nr ? "]" : "[]");
}

/* -- runs */

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

static unsigned shape_of(struct kw_encoder *e, const struct kw_counts *c)
{
	const uint64_t shape[KW_LIST_NUMBERS] = {
		c->episodes, c->exposures,
		[2 + KW_MISSED] = kw_counts_of(c, KW_MISSED),
		[2 + KW_LATE] = kw_counts_of(c, KW_LATE),
		[2 + KW_SPURIOUS] = kw_counts_of(c, KW_SPURIOUS),
		[2 + KW_FUTILE] = kw_counts_of(c, KW_FUTILE),
		[2 + KW_STORM] = kw_counts_of(c, KW_STORM),
		[2 + KW_FAILED] = kw_counts_of(c, KW_FAILED),
		[KW_SHAPE_NUMBERS - 1] = c->steps,
	};

	G_STATIC_ASSERT(KW_SHAPE_NUMBERS == 2 + KW_NR_QUANTITIES + 1);
	return number_of(&e->shapes, shape);
}

static void encode_runs(GString *out, struct kw_encoder *e,
			const struct kw_block *b)
{
	unsigned i, shape;
	char *p;

	g_string_append_c(out, '[');
	p = room(out, b->nr_runs * RUN_SIZE);
	for (i = 0; i < b->nr_runs; i++) {
		const struct kw_result *r = &b->runs[i];

		if (i)
			*p++ = ',';
		shape = shape_of(e, &r->counts);
		if (!shape && !r->failure) {
			p = put_u64(p, r->counts.end_ns);
			continue;
		}
		*p++ = '[';
		p = put_u64(p, shape);
		*p++ = ',';
		p = put_u64(p, r->counts.end_ns);
		if (r->failure) {
			ended(out, p);
			put_message(out, r);
			p = room(out, (b->nr_runs - i) * RUN_SIZE);
		}
		*p++ = ']';
	}
	ended(out, p);
	g_string_append_c(out, ']');
}

static void encode_digests(GString *out, const struct kw_block *b)
{
	char *p = room(out, b->nr_runs * DIGITS);
	unsigned i;

	for (i = 0; i < b->nr_runs; i++)
		p = put_hex(p, b->runs[i].digest);
	ended(out, p);
}

void kw_encode_runs(GString *out, struct kw_encoder *e,
		    const struct kw_block *b, gsize end[KW_NR_TEXTS])
{
	forget(&e->shapes);
	encode_runs(out, e, b);
	end[KW_TEXT_RUNS] = out->len;
	put_lists(out, &e->shapes, KW_SHAPE_NUMBERS, KW_SHAPE_NUMBERS);
	end[KW_TEXT_SHAPES] = out->len;
	encode_digests(out, b);
	end[KW_TEXT_DIGESTS] = out->len;
}

/* -- episodes */

static char *put_episode(char *p, struct kw_encoder *e,
			 const struct kw_result *r, unsigned run,
			 const struct kw_episode *ep)
{
	const uint64_t times[] = {
		ep->deliverable, ep->woken, ep->left,
		ep->end == r->counts.end_ns ? KW_NEVER_NS : ep->end,
	};
	uint64_t kind[KW_LIST_NUMBERS] = {
		ep->vcpu, ep->cause, ep->class, ep->uninterruptible,
		ep->sleeps, ep->futile,
	};
	unsigned i, at = 3;

	for (i = 0; i < G_N_ELEMENTS(times); i++)
		if (times[i] != KW_NEVER_NS)
			kind[KW_KIND_FIXED + i] = at++;
	*p++ = '[';
	p = put_u64(p, run);
	*p++ = ',';
	p = put_u64(p, number_of(&e->kinds, kind));
	*p++ = ',';
	p = put_u64(p, ep->begin);
	for (i = 0; i < G_N_ELEMENTS(times); i++)
		if (times[i] != KW_NEVER_NS)
			p = put_since(p, times[i], ep->begin);
	*p++ = ']';
	return p;
}

static bool always_kept(const struct kw_episode *ep)
{
	return ep->class == KW_CLASS_MISSED || ep->class == KW_CLASS_LATE ||
	       ep->class == KW_CLASS_SPURIOUS;
}

static void encode_episodes(GString *out, struct kw_encoder *e,
			    const struct kw_block *b)
{
	unsigned i, k, sampled = 0;
	char before = '[', *p;

	for (i = 0; i < b->nr_runs; i++) {
		const struct kw_result *r = &b->runs[i];

		for (k = 0; k < r->nr_episodes; k++) {
			if (!always_kept(&r->episodes[k]) &&
			    !b->every_episode && sampled++ >= KW_SAMPLE)
				continue;
			p = room(out, EPISODE_SIZE);
			*p++ = before;
			before = ',';
			ended(out, put_episode(p, e, r, i, &r->episodes[k]));
		}
	}
	g_string_append(out, before == '[' ? "[]" : "]");
}

void kw_encode_block(GString *out, struct kw_encoder *e,
		     const struct kw_block *b, gsize end[KW_NR_TEXTS])
{
	kw_encode_runs(out, e, b, end);
	forget(&e->kinds);
	encode_episodes(out, e, b);
	end[KW_TEXT_EPISODES] = out->len;
	put_lists(out, &e->kinds, KW_LIST_NUMBERS, KW_KIND_FIXED);
	end[KW_TEXT_KINDS] = out->len;
}
