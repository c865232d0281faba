/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a state is by other names of its threads, variables and views,
 * and what of it has nothing to do with names.
 *
 * Timestamps are places in memory, and stay.  What nobody may read any more is
 * in the order of its variables' numbers, and nobody's view: it is sorted.
 */
#include <glib.h>
#include <string.h>
#include "layout.h"

/* Those in front that are unread, by variable. */
static void sort_unread(struct kw_weak_msg *msgs, unsigned nr)
{
	struct kw_weak_msg m;
	unsigned i, j;

	for (i = 1; i < nr && msgs[i].var & KW_MSG_UNREAD; i++) {
		m = msgs[i];
		for (j = i; j && (msgs[j - 1].var & ~KW_MSG_BITS) >
				 (m.var & ~KW_MSG_BITS); j--)
			msgs[j] = msgs[j - 1];
		msgs[j] = m;
	}
}

static void rename_messages(const struct kw_weak *w, uint16_t *s,
			    const struct kw_weak_names *x)
{
	unsigned nr = kw_head(s)->nr_msgs, ts;
	uint16_t var;

	for (ts = 1; ts <= nr; ts++) {
		struct kw_weak_msg *m = kw_msg(w, s, ts);

		var = m->var & (uint16_t)~KW_MSG_BITS;
		x->store(x->arg, &var, &m->value);
		m->var = (uint16_t)((m->var & KW_MSG_BITS) | var);
	}
	sort_unread(kw_msg(w, s, 1), nr);
}

/* Thread t of old is thread x->thread[t] of s. */
static void rename_thread(const struct kw_weak *w, const uint16_t *old,
			  unsigned t, uint16_t *s,
			  const struct kw_weak_names *x)
{
	const struct kw_weak_thread *from = kw_thread(w, old, t);
	struct kw_weak_thread *to = kw_thread(w, s, x->thread[t]);
	const uint16_t *slots = kw_slots(w, old, t);
	struct kw_weak_store *buf = kw_buf(w, s, x->thread[t]);
	unsigned i;

	memcpy(to, from, w->thread_words * sizeof(*s));
	for (i = 0; i < w->nr_vars; i++)
		to->coh[x->var[i]] = from->coh[i];
	for (i = 0; i < w->nr_slots; i++)
		kw_slots(w, s, x->thread[t])[x->slot[t * w->nr_slots + i]] =
			slots[i];
	for (i = 0; i < to->nr_buf; i++)
		x->store(x->arg, &buf[i].var, &buf[i].value);
}

void kw_weak_rename(const struct kw_weak *w, uint16_t *s,
		    const struct kw_weak_names *x)
{
	uint16_t *old = g_newa(uint16_t, w->nr_words);
	unsigned i;

	memcpy(old, s, w->nr_words * sizeof(*s));
	for (i = 0; i < w->nr_views; i++)
		kw_views(w, s)[x->view[i]] = kw_views(w, old)[i];
	rename_messages(w, s, x);
	for (i = 0; i < w->nr_threads; i++)
		rename_thread(w, old, i, s, x);
}

/* --- what does not change with names -------------------------------------- */

static uint64_t hash_store(const struct kw_weak_store *st,
			   const struct kw_weak_hashed *h)
{
	return h->store(h->arg, st->var, st->value) +
	       ((uint64_t)st->flags << 16 | st->view);
}

uint64_t kw_weak_hash(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      const struct kw_weak_hashed *h)
{
	const struct kw_weak_thread *th = kw_thread(w, s, t);
	const struct kw_weak_store *buf = kw_buf(w, s, t);
	uint64_t views, rest, key;
	unsigned i;

	memcpy(&views, th, sizeof(views));	/* and wmb */
	rest = (uint64_t)th->readers << 32 | (uint64_t)th->nr_buf << 16 |
	       th->acted;
	key = kw_weak_mix(0, views) + kw_weak_mix(1, rest);
	for (i = 0; i < w->nr_vars; i++)
		if (th->coh[i])
			key += kw_weak_mix(h->var[i], th->coh[i]);
	for (i = 0; i < th->nr_buf; i++)
		key += kw_weak_mix(2 + i, hash_store(&buf[i], h));
	return key;
}

bool kw_weak_message(const struct kw_weak *w, const uint16_t *s, unsigned ts,
		     unsigned *var, unsigned *value)
{
	*var = kw_msg_var(w, s, ts);
	*value = kw_msg(w, s, ts)->value;
	return !(kw_msg(w, s, ts)->var & KW_MSG_UNREAD);
}

uint16_t kw_weak_view(const struct kw_weak *w, const uint16_t *s, unsigned i)
{
	return kw_views(w, s)[i];
}
