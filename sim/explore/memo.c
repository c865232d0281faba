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

static void begin(struct kw_sets *sets)
{
	sets->nr = 0;
	sets->nr_sets = SETS;
	sets->at = g_new0(uint64_t *, SETS * KW_MEMO_WAYS);
}

static void forget(struct kw_sets *sets)
{
	sets->nr = 0;
	memset(sets->at, 0, sets->nr_sets * KW_MEMO_WAYS * sizeof(*sets->at));
}

void kw_memo_init(struct kw_memo *m, size_t most)
{
	*m = (struct kw_memo){
		.room = MAX(CHUNK, most + 8),
		.chunks = g_ptr_array_new_with_free_func(g_free),
	};
	begin(&m->stands);
	begin(&m->acts);
	m->hints = g_malloc0(KW_MEMO_HINTS * sizeof(*m->hints) + KW_APART);
}

void kw_memo_free(struct kw_memo *m)
{
	g_ptr_array_free(m->chunks, TRUE);
	g_free(m->stands.at);
	g_free(m->acts.at);
	g_free(m->hints);
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
	forget(&m->stands);
	forget(&m->acts);
	memset(m->hints, 0, KW_MEMO_HINTS * sizeof(*m->hints));
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
static void put(struct kw_sets *sets, uint64_t *x)
{
	uint64_t **set = kw_set(sets, *x);
	unsigned i;

	for (i = KW_MEMO_WAYS - 1; i > 0; i--)
		set[i] = set[i - 1];
	set[0] = x;
}

static void grow(struct kw_memo *m, struct kw_sets *sets)
{
	unsigned nr = sets->nr_sets * KW_MEMO_WAYS, i;
	uint64_t **old = sets->at;

	sets->nr_sets *= 2;
	sets->at = g_new0(uint64_t *, 2 * nr);
	for (i = nr; i-- > 0;)
		if (old[i])
			put(sets, old[i]);
	g_free(old);
	m->bytes += nr * sizeof(*sets->at);
}

static void add(struct kw_memo *m, struct kw_sets *sets, uint64_t *x)
{
	if (++sets->nr > sets->nr_sets)
		grow(m, sets);
	put(sets, x);
}

void kw_memo_add_stand(struct kw_memo *m, struct kw_stand *stand)
{
	add(m, &m->stands, &stand->key);
}

void kw_memo_add_acts(struct kw_memo *m, struct kw_acts *acts)
{
	add(m, &m->acts, &acts->key);
}

const struct kw_stand *kw_memo_find_stand(const struct kw_memo *m,
					  const uint8_t *s, unsigned a,
					  unsigned first, unsigned last)
{
	uint64_t *const *set = kw_set(&m->stands,
				      kw_stand_key(s, a, first, last));
	unsigned i;

	for (i = 0; i < KW_MEMO_WAYS && set[i]; i++)
		if (kw_stands((void *)set[i], s, a, first, last))
			return (void *)set[i];
	return NULL;
}

struct kw_acting *kw_memo_find_acts(const struct kw_memo *m,
				    const struct kw_stand *stand,
				    const uint8_t *s, uint64_t key)
{
	uint64_t *const *set = kw_set(&m->acts, stand->key + key);
	struct kw_acts *acts;
	unsigned i;

	for (i = 0; i < KW_MEMO_WAYS && set[i]; i++) {
		acts = (void *)set[i];
		if (acts->stand != stand || !kw_sees(acts, s))
			continue;
		stand->recent[kw_recent_at(key)] = acts;
		return &acts->now;
	}
	return NULL;
}
