/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which states are the same: those that no later step tells apart.
 *
 * A message is kept while somebody may read it, the newest of a variable
 * always.  Newest messages that nobody may read come first, by variable; the
 * others keep their order, and timestamps are their places.  A view counts
 * by the newest message that it would still take from its thread; a view
 * that takes nothing is 0.
 */
#include <glib.h>
#include <string.h>
#include "layout.h"

#define MAX_MSGS 512

struct canon {
	const struct kw_weak *w;
	uint16_t *s;
	const struct kw_weak_live *live;
	uint16_t newest[KW_WEAK_MAX_VARS];	/* by variable */
	uint16_t oldest[KW_WEAK_MAX_VARS];	/* its readers' lowest floor */
	bool read[KW_WEAK_MAX_VARS];	/* somebody may read it */
	uint16_t map[MAX_MSGS + 1];	/* old timestamp: new, 0 when dropped */
};

static bool reads(const struct kw_weak_live *live, unsigned var)
{
	return live->reads[var / 64] >> var % 64 & 1;
}

/*
 * What t loads next it reads now or could have read when it last did
 * something: then whatever is not the newest does not matter.
 */
static void settle_next(struct canon *c, unsigned t)
{
	struct kw_weak_thread *th = kw_thread(c->w, c->s, t);
	const uint64_t *next = c->live[t].next;
	unsigned v, ts;

	if (th->nr_buf)
		return;
	for (v = 0; v < c->w->nr_vars; v++) {
		if (!(next[v / 64] >> v % 64 & 1) || !reads(&c->live[t], v))
			continue;
		ts = th->coh[v] + 1u;
		while (ts <= th->acted && kw_msg_var(c->w, c->s, ts) != v)
			ts++;
		if (ts > th->acted)
			th->coh[v] = c->newest[v];
	}
}

static unsigned alike(const struct canon *c, unsigned ts)
{
	unsigned value = kw_msg(c->w, c->s, ts)->value;

	return value < 256 ? c->w->alike[256 * kw_msg_var(c->w, c->s, ts) +
					 value] : value;
}

/* The next message of v after ts. */
static unsigned next_of(const struct canon *c, unsigned v, unsigned ts)
{
	do
		ts++;
	while (kw_msg_var(c->w, c->s, ts) != v);
	return ts;
}

/* Is stale message ts of v read as one that is newer? */
static bool is_superseded(const struct canon *c, unsigned v, unsigned ts)
{
	unsigned as = alike(c, ts);

	if (as == KW_WEAK_NEVER)
		return true;
	while (ts < c->newest[v]) {
		ts = next_of(c, v, ts);
		if (alike(c, ts) == as)
			return true;
	}
	return false;
}

/* What t loads once it need not load from messages that are like newer ones. */
static void settle_alike(struct canon *c, unsigned t)
{
	uint16_t *coh = kw_thread(c->w, c->s, t)->coh;
	const struct kw_weak_live *live = &c->live[t];
	unsigned v;

	for (v = 0; v < c->w->nr_vars; v++) {
		if (!coh[v] || !reads(live, v) ||
		    (live->many[v / 64] >> v % 64 & 1))
			continue;
		while (coh[v] < c->newest[v] && is_superseded(c, v, coh[v]))
			coh[v] = (uint16_t)next_of(c, v, coh[v]);
	}
}

static void find_readers(struct canon *c)
{
	unsigned t, v, ts;

	for (ts = 1; ts <= kw_head(c->s)->nr_msgs; ts++)
		c->newest[kw_msg_var(c->w, c->s, ts)] = (uint16_t)ts;
	for (t = 0; t < c->w->nr_threads; t++)
		settle_next(c, t);
	for (t = 0; c->w->alike && t < c->w->nr_threads; t++)
		settle_alike(c, t);
	for (v = 0; v < c->w->nr_vars; v++) {
		c->oldest[v] = UINT16_MAX;
		c->read[v] = false;
		for (t = 0; t < c->w->nr_threads; t++) {
			uint16_t *coh = kw_thread(c->w, c->s, t)->coh;

			if (!reads(&c->live[t], v)) {
				coh[v] = 0;
				continue;
			}
			c->read[v] = true;
			c->oldest[v] = MIN(c->oldest[v], coh[v]);
		}
	}
}

/* What view still takes from t: the newest such message, or 0. */
static uint16_t effect(const struct canon *c, unsigned t, uint16_t view)
{
	const uint16_t *coh = kw_thread(c->w, c->s, t)->coh;

	for (; view; view--) {
		unsigned v = kw_msg_var(c->w, c->s, view);

		if (reads(&c->live[t], v) && view > coh[v])
			return view;
	}
	return 0;
}

static void settle_views(struct canon *c, unsigned t)
{
	struct kw_weak_thread *th = kw_thread(c->w, c->s, t);
	const struct kw_weak_live *live = &c->live[t];
	uint16_t *slots = kw_slots(c->w, c->s, t);
	struct kw_weak_store *buf = kw_buf(c->w, c->s, t);
	unsigned i;

	th->loads = live->loads_order ? effect(c, t, th->loads) : 0;
	th->unlocked = live->loads_order ? effect(c, t, th->unlocked) : 0;
	th->acted = effect(c, t, th->acted);
	th->stores = live->stores_order ? effect(c, t, th->stores) : 0;
	for (i = 0; (i = kw_slots_next(slots, i, c->w->nr_slots)) <
		    c->w->nr_slots; i++)
		slots[i] = live->slots[i / 64] >> i % 64 & 1 ?
				   effect(c, t, slots[i]) : 0;
	for (i = 0; i < th->nr_buf; i++)
		buf[i].view = effect(c, t, buf[i].view);
}

static bool takes_lock(const struct kw_weak_live *live, unsigned i)
{
	return live->locks[i / 64 % KW_WEAK_MASK] >> i % 64 & 1;
}

/* What lock i's view still takes from those who may take the lock. */
static void settle_lock(const struct canon *c, unsigned i)
{
	uint16_t *view = &kw_views(c->w, c->s)[i], takes = 0;
	unsigned t;

	for (t = 0; *view && t < c->w->nr_threads; t++)
		if (takes_lock(&c->live[t], i))
			takes = MAX(takes, effect(c, t, *view));
	*view = takes;
}

/* What grace periods have seen, still takes from anybody. */
static void settle_gp(const struct canon *c)
{
	uint16_t *view = &kw_head(c->s)->gp, takes = 0;
	unsigned t;

	for (t = 0; *view && t < c->w->nr_threads; t++)
		takes = MAX(takes, effect(c, t, *view));
	*view = takes;
}

static void compact(struct canon *c)
{
	struct kw_weak_msg old[MAX_MSGS], *msgs = kw_msg(c->w, c->s, 1);
	unsigned nr_old = kw_head(c->s)->nr_msgs, nr = 0, v, ts;

	memcpy(old, msgs, nr_old * sizeof(*old));
	memset(c->map, 0, (nr_old + 1) * sizeof(*c->map));
	for (v = 0; v < c->w->nr_vars; v++)
		if (!c->read[v]) {
			msgs[nr] = old[c->newest[v] - 1];
			msgs[nr++].var |= KW_MSG_UNREAD;
		}
	for (ts = 1; ts <= nr_old; ts++) {
		v = old[ts - 1].var & ~KW_MSG_BITS;
		if (!c->read[v] ||
		    (ts < c->oldest[v] && ts != c->newest[v]))
			continue;
		msgs[nr] = old[ts - 1];
		msgs[nr++].var &= (uint16_t)~KW_MSG_UNREAD;
		c->map[ts] = (uint16_t)nr;
	}
	memset(msgs + nr, 0, (nr_old - nr) * sizeof(*msgs));
	kw_head(c->s)->nr_msgs = (uint16_t)nr;
}

static void renumber(const struct canon *c)
{
	unsigned t, i;

	kw_head(c->s)->gp = c->map[kw_head(c->s)->gp];
	for (i = 0; i < c->w->nr_views; i++)
		kw_views(c->w, c->s)[i] = c->map[kw_views(c->w, c->s)[i]];
	for (t = 0; t < c->w->nr_threads; t++) {
		struct kw_weak_thread *th = kw_thread(c->w, c->s, t);
		uint16_t *slots = kw_slots(c->w, c->s, t);
		struct kw_weak_store *buf = kw_buf(c->w, c->s, t);

		th->loads = c->map[th->loads];
		th->stores = c->map[th->stores];
		th->unlocked = c->map[th->unlocked];
		th->acted = c->map[th->acted];
		for (i = 0; i < c->w->nr_vars; i++)
			th->coh[i] = c->map[th->coh[i]];
		for (i = 0; (i = kw_slots_next(slots, i, c->w->nr_slots)) <
			    c->w->nr_slots; i++)
			slots[i] = c->map[slots[i]];
		for (i = 0; i < th->nr_buf; i++)
			buf[i].view = c->map[buf[i].view];
	}
}

/* sc, tso: the newest messages, by variable; no views. */
static void canon_newest(struct canon *c)
{
	unsigned t, v;

	for (v = 0; v < c->w->nr_vars; v++)
		c->read[v] = false;
	for (v = 1; v <= kw_head(c->s)->nr_msgs; v++)
		c->newest[kw_msg_var(c->w, c->s, v)] = (uint16_t)v;
	compact(c);
	for (t = 0; t < c->w->nr_threads; t++) {
		struct kw_weak_thread *th = kw_thread(c->w, c->s, t);

		th->loads = th->stores = th->unlocked = th->acted = 0;
		memset(th->coh, 0, c->w->nr_vars * sizeof(*th->coh));
	}
	kw_head(c->s)->gp = 0;
	memset(kw_views(c->w, c->s), 0, c->w->nr_views * 2);
}

void kw_weak_canon(const struct kw_weak *w, uint16_t *s,
		   const struct kw_weak_live *live)
{
	struct canon c = { .w = w, .s = s, .live = live };
	unsigned t;

	g_assert(w->max_msgs <= MAX_MSGS && !w->settled &&
		 w->nr_vars <= KW_WEAK_MAX_VARS &&
		 w->nr_slots <= KW_WEAK_MAX_VARS);
	if (w->model != KW_WEAK_ARM64) {
		canon_newest(&c);
		return;
	}
	find_readers(&c);
	for (t = 0; t < w->nr_threads; t++)
		settle_views(&c, t);
	settle_gp(&c);
	for (t = 0; t < w->nr_views; t++)
		settle_lock(&c, t);
	compact(&c);
	renumber(&c);
}
