/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which words a move changed; see expand.h. */
#include <glib.h>
#include "expand.h"

void kw_expander_init(struct kw_expander *x, const struct kw_world *w)
{
	uint32_t size = kw_world_size(w);

	x->w = w;
	x->nr_words = size / 8;
	x->grain_shift = kw_world_grain_shift(w);
	x->cur = g_malloc0(size);
	x->work = g_malloc0(size);
	x->max_changes = 64 + x->nr_words;
	x->changes = g_new(struct kw_change, x->max_changes);
	x->nr = x->nr_changes = 0;
	x->fp = 0;
}

void kw_expander_free(struct kw_expander *x)
{
	g_free(x->cur);
	g_free(x->work);
	g_free(x->changes);
}

void kw_expander_set(struct kw_expander *x, const uint8_t *s, uint64_t fp)
{
	memcpy(x->cur, s, 8 * (size_t)x->nr_words);
	memcpy(x->work, s, 8 * (size_t)x->nr_words);
	x->fp = fp;
}

void kw_expander_moves(struct kw_expander *x)
{
	x->nr = kw_world_moves(x->w, x->work, x->moves);
	x->nr_changes = 0;
}

/* Notes what differs from cur, and undoes it. */
static void note_changes(struct kw_expander *x, struct kw_child *c)
{
	struct kw_change *at = x->changes + c->first;
	unsigned n = 1u << x->grain_shift, i, end;
	uint64_t m, a, b;

	for (m = c->seen.dirty; m; m &= m - 1) {
		i = (unsigned)__builtin_ctzll(m) << x->grain_shift;
		end = MIN(i + n, x->nr_words);
		for (; i < end; i++) {
			a = kw_word_at(x->cur, i);
			b = kw_word_at(x->work, i);
			if (a == b)
				continue;
			c->fp += kw_word_hash(i, b) - kw_word_hash(i, a);
			*at++ = (struct kw_change){ i, b };
			kw_word_put(x->work, i, a);
		}
	}
	c->nr = (uint32_t)(at - x->changes) - c->first;
}

void kw_expander_make(struct kw_expander *x, unsigned i)
{
	struct kw_child *c = &x->children[i];

	if (x->nr_changes + x->nr_words > x->max_changes) {
		x->max_changes = 2 * x->max_changes + x->nr_words;
		x->changes = g_renew(struct kw_change, x->changes,
				     x->max_changes);
	}
	kw_world_apply(x->w, x->work, &x->moves[i], &c->seen);
	c->fp = x->fp;
	c->first = x->nr_changes;
	note_changes(x, c);
	x->nr_changes += c->nr;
}

void kw_expander_enter(struct kw_expander *x, const struct kw_child *c)
{
	const struct kw_change *d = x->changes + c->first;
	uint32_t i;

	for (i = 0; i < c->nr; i++)
		kw_word_put(x->work, d[i].place, d[i].word);
}

void kw_expander_leave(struct kw_expander *x, const struct kw_child *c)
{
	const struct kw_change *d = x->changes + c->first;
	uint32_t i;

	for (i = 0; i < c->nr; i++)
		kw_word_put(x->work, d[i].place,
			    kw_word_at(x->cur, d[i].place));
}
