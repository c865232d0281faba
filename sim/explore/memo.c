/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether an actor has been in the same surroundings before; see
 * memo.h.
 *
 * Invariant: what is forgotten costs time and nothing else.
 */
#include "memo.h"

#define CHUNK	((size_t)64 * 1024)
#define LARGE	64		/* chunks */
#define SETS	64		/* at first */

void kw_memo_init(struct kw_memo *m, size_t most)
{
	*m = (struct kw_memo){
		.room = MAX(CHUNK, most + 8),
		.chunks = g_ptr_array_new_with_free_func(g_free),
		.nr_sets = SETS,
		.at = g_new0(struct kw_acts *, SETS * KW_MEMO_WAYS),
	};
}

void kw_memo_free(struct kw_memo *m)
{
	g_ptr_array_free(m->chunks, TRUE);
	g_free(m->at);
}

bool kw_memo_is_large(const struct kw_memo *m)
{
	return m->chunk >= LARGE;
}

void kw_memo_rewind(struct kw_memo *m)
{
	m->chunk = 0;
	m->used = 0;
}

void kw_memo_forget(struct kw_memo *m)
{
	kw_memo_rewind(m);
	m->nr = 0;
	memset(m->at, 0, m->nr_sets * KW_MEMO_WAYS * sizeof(*m->at));
}

void *kw_memo_alloc(struct kw_memo *m, size_t bytes)
{
	void *p;

	bytes = (bytes + 7) & ~(size_t)7;
	g_assert(bytes <= m->room);
	if (m->used + bytes > m->room) {
		m->chunk++;
		m->used = 0;
	}
	if (m->chunk == m->chunks->len) {
		g_ptr_array_add(m->chunks, g_malloc(m->room));
		m->bytes += m->room;
	}
	p = (uint8_t *)m->chunks->pdata[m->chunk] + m->used;
	m->used += bytes;
	return p;
}

/* A set that is full forgets its oldest. */
static void put(struct kw_memo *m, struct kw_acts *acts)
{
	struct kw_acts **set = kw_memo_set(m, acts->key);
	unsigned i;

	for (i = KW_MEMO_WAYS - 1; i > 0; i--)
		set[i] = set[i - 1];
	set[0] = acts;
}

static void grow(struct kw_memo *m)
{
	unsigned nr = m->nr_sets * KW_MEMO_WAYS, i;
	struct kw_acts **old = m->at;

	m->nr_sets *= 2;
	m->at = g_new0(struct kw_acts *, 2 * nr);
	for (i = nr; i-- > 0;)
		if (old[i])
			put(m, old[i]);
	g_free(old);
	m->bytes += nr * sizeof(*m->at);
}

void kw_memo_add(struct kw_memo *m, struct kw_acts *acts)
{
	if (++m->nr > m->nr_sets)
		grow(m);
	put(m, acts);
}
