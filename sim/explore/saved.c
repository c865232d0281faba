/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what of a search is kept in a file, and whether a file is one.
 *
 * One function, transfer(), says what the file holds, for both directions.
 */
#define XXH_INLINE_ALL
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>
#include "saved.h"

static const char magic[16] = "kvmwake search7";

struct file {
	FILE *f;
	XXH3_state_t *sum;
	uint64_t left;		/* bytes before the checksum, when read */
	bool reading, failed;
};

static void bytes(struct file *f, void *p, size_t n)
{
	if (f->failed)
		return;
	if (f->reading) {
		f->failed = n > f->left || fread(p, 1, n, f->f) != n;
		f->left -= f->failed ? 0 : n;
	} else {
		f->failed = fwrite(p, 1, n, f->f) != n;
		XXH3_64bits_update(f->sum, p, n);
	}
}

static uint64_t number(struct file *f, uint64_t n)
{
	bytes(f, &n, sizeof(n));
	return n;
}

/* Of n things of size bytes: can there be so many? */
static bool fits(const struct file *f, uint64_t n, size_t size)
{
	return !f->failed && (!f->reading || n <= f->left / size);
}

static void slots_of(struct file *f, struct kw_visited *v)
{
	uint64_t slots = number(f, v->nr_slots);

	if (!fits(f, slots, sizeof(*v->slots))) {
		f->failed = true;
		return;
	}
	while (f->reading && v->nr_slots < slots)
		kw_visited_grow(v);
	f->failed |= v->nr_slots != slots;
	bytes(f, v->slots, kw_visited_bytes(v));
}

static void write_records(struct file *f, const struct kw_visited *v)
{
	uint64_t i, end = v->nr_slots + v->margin, nr = 0;
	const struct kw_record *r;

	for (i = 0; i < end; i++)
		nr += v->slots[i] != 0;
	number(f, nr);
	for (i = 0; i < end; i++) {
		r = kw_visited_record(v, i);
		if (r)
			bytes(f, (void *)r, sizeof(*r) + r->len);
	}
}

static void read_records(struct file *f, struct kw_visited *v,
			 struct kw_adder *a)
{
	struct kw_record head;
	uint64_t nr = number(f, 0);

	f->failed |= !fits(f, nr, sizeof(head));
	while (!f->failed && nr * 4 > v->nr_slots * 3)
		kw_visited_grow(v);
	for (; nr && !f->failed; nr--) {
		bytes(f, &head, sizeof(head));
		f->failed |= !fits(f, head.len, 1);
		if (!f->failed)
			bytes(f, kw_visited_put(v, a, &head), head.len);
	}
}

static void table(struct file *f, struct kw_visited *v, struct kw_adder *a)
{
	uint64_t count = number(f, v->count);

	if (!v->exact)
		slots_of(f, v);
	else if (f->reading)
		read_records(f, v, a);
	else
		write_records(f, v);
	v->count = count;
}

static struct kw_block *blocks(struct file *f, struct kw_block *all)
{
	struct kw_block *b, *first = NULL;
	uint64_t nr = 0;

	for (b = all; b; b = b->next)
		nr++;
	nr = number(f, nr);
	for (b = all; nr && !f->failed; nr--) {
		uint64_t used = number(f, b ? b->used : 0);

		if (!fits(f, used, 1) || used > UINT32_MAX) {
			f->failed = true;
			break;
		}
		if (f->reading) {
			b = kw_block_new(used);
			b->used = (uint32_t)used;
			b->next = first;
			first = b;
		}
		b->nr_states = (uint32_t)number(f, b->nr_states);
		bytes(f, b->bytes, used);
		b = f->reading ? b : b->next;
	}
	return f->reading ? first : all;
}

static void orders(struct file *f, const struct kw_world *w)
{
	const struct kw_order *all;
	struct kw_order o;
	unsigned nr, i;
	uint64_t n;

	all = kw_world_orders(w, &nr);
	n = number(f, nr);
	for (i = 0; i < n && !f->failed; i++) {
		o = f->reading ? (struct kw_order){ 0 } : all[i];
		bytes(f, &o, sizeof(o));
		if (f->reading && !f->failed)
			kw_world_add_order(w, &o);
	}
}

static void array(struct file *f, GArray *a)
{
	unsigned size = g_array_get_element_size(a);
	uint64_t n = number(f, a->len);

	if (!fits(f, n, size) || n > UINT_MAX / 2) {
		f->failed = true;
		return;
	}
	if (f->reading)
		g_array_set_size(a, (unsigned)n);
	bytes(f, a->data, n * size);
}

static void witness(struct file *f, struct kw_witness *x)
{
	GArray *moves = g_array_new(FALSE, FALSE, sizeof(struct kw_move));

	x->found = true;
	x->vcpu = (int)number(f, (uint64_t)x->vcpu);
	x->object = (uint16_t)number(f, x->object);
	x->message = (uint16_t)number(f, x->message);
	x->actor = (uint16_t)number(f, x->actor);
	x->addr = (uint16_t)number(f, x->addr);
	if (!f->reading)
		g_array_append_vals(moves, x->moves, x->nr_moves);
	array(f, moves);
	x->nr_moves = moves->len;
	if (f->reading)
		x->moves = (void *)g_array_free(moves, FALSE);
	else
		g_array_free(moves, TRUE);
}

/* Depth first: what was found, and how. */
static void witnesses(struct file *f, const struct kw_saved *s)
{
	GArray *cycle = s->res->cycle;
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++)
		if (s->found >> p & 1)
			witness(f, &s->res->of[p]);
	if (!(s->found >> KW_FINDS_ORDER & 1))
		return;
	if (!cycle)
		cycle = g_array_new(FALSE, FALSE, sizeof(struct kw_order));
	array(f, cycle);
	s->res->cycle = cycle;
}

/* What is known, or was learnt since. */
static void knowledge(struct file *f, const struct kw_world *w, bool learnt)
{
	size_t size;
	void *all;

	all = kw_world_knowledge(w, learnt, &size);
	bytes(f, all, size);
	all = kw_world_accesses(w, learnt, &size);
	bytes(f, all, size);
}

static void transfer(struct file *f, struct kw_saved *s)
{
	unsigned i;

	knowledge(f, s->w, false);
	bytes(f, s->start, s->size);
	s->states = number(f, s->states);
	s->transitions = number(f, s->transitions);
	s->ends = number(f, s->ends);
	s->level = (uint32_t)number(f, s->level);
	s->found = (uint32_t)number(f, s->found);
	s->again = (uint32_t)number(f, s->again);
	s->exposed = (uint32_t)number(f, s->exposed);
	knowledge(f, s->w, true);
	orders(f, s->w);
	table(f, s->visited, s->adder);
	if (s->depth_first) {
		for (i = 0; i < KW_SAVED_ARRAYS; i++)
			array(f, s->stack[i]);
		witnesses(f, s);
	} else {
		s->todo = blocks(f, s->todo);
		s->made = blocks(f, s->made);
	}
}

static bool fail(GError **err, const char *name, const char *what)
{
	g_set_error(err, KW_SAVED_ERROR, 0, "%s: %s", name, what);
	return false;
}

bool kw_saved_write(struct kw_saved *s, const char *name, GError **err)
{
	char *new = g_strconcat(name, ".new", NULL);
	struct file f = { .f = fopen(new, "wb") };
	char head[sizeof(magic)];
	uint64_t sum;

	if (!f.f) {
		fail(err, new, g_strerror(errno));
		g_free(new);
		return false;
	}
	memcpy(head, magic, sizeof(head));
	f.sum = XXH3_createState();
	XXH3_64bits_reset(f.sum);
	bytes(&f, head, sizeof(head));
	number(&f, s->identity);
	transfer(&f, s);
	sum = XXH3_64bits_digest(f.sum);
	bytes(&f, &sum, sizeof(sum));
	XXH3_freeState(f.sum);
	f.failed |= fclose(f.f) != 0;
	if (f.failed || g_rename(new, name)) {
		fail(err, name, g_strerror(errno));
		g_unlink(new);
		f.failed = true;
	}
	g_free(new);
	return !f.failed;
}

/* From its start: is the checksum right?  Then f->left is what is before. */
static bool is_whole(struct file *f)
{
	char *buffer = g_malloc(1 << 20);
	uint64_t left, sum = 0, want;
	XXH3_state_t *x = XXH3_createState();
	size_t n;

	fseeko(f->f, 0, SEEK_END);
	left = (uint64_t)ftello(f->f);
	left -= MIN(left, sizeof(sum));
	f->left = left;
	rewind(f->f);
	XXH3_64bits_reset(x);
	for (; left; left -= n) {
		n = fread(buffer, 1, MIN(left, 1 << 20), f->f);
		if (!n)
			break;
		XXH3_64bits_update(x, buffer, n);
	}
	want = XXH3_64bits_digest(x);
	n = fread(&sum, 1, sizeof(sum), f->f);
	rewind(f->f);
	XXH3_freeState(x);
	g_free(buffer);
	return !left && n == sizeof(sum) && sum == want;
}

/* As far as it says whose search it is. */
static bool read_head(struct file *f, const struct kw_saved *s,
		      const char *name, GError **err)
{
	char head[sizeof(magic)] = "";
	bool whole = is_whole(f);

	bytes(f, head, sizeof(head));
	if (f->failed || memcmp(head, magic, sizeof(head)))
		return fail(err, name, "no saved search of this version");
	if (!whole)
		return fail(err, name, "damaged");
	if (number(f, 0) != s->identity)
		return fail(err, name, "a search of another program, or with "
			    "other options");
	return true;
}

bool kw_saved_known(const struct kw_saved *s, const char *name, GError **err)
{
	struct file f = { .f = fopen(name, "rb"), .reading = true };
	bool ok;

	if (!f.f)
		return fail(err, name, g_strerror(errno));
	ok = read_head(&f, s, name, err);
	if (ok)
		knowledge(&f, s->w, false);
	fclose(f.f);
	return ok && (!f.failed || fail(err, name, "damaged"));
}

bool kw_saved_read(struct kw_saved *s, const char *name, GError **err)
{
	struct file f = { .f = fopen(name, "rb"), .reading = true };
	bool ok;

	if (!f.f)
		return fail(err, name, g_strerror(errno));
	ok = read_head(&f, s, name, err);
	if (ok) {
		transfer(&f, s);
		ok = (!f.failed && !f.left) || fail(err, name, "damaged");
	}
	fclose(f.f);
	return ok;
}
