/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a load may see and when a store becomes visible.
 *
 * Invariants:
 *	- timestamps are 1..nr_msgs; each variable has a message
 *	- coh[v] of a thread is a message of v, or 0: any; it never falls
 *	- a thread's own buffered store is newer to it than any message
 *	- a buffered store's WMB flag says that a wmb lies between it and the
 *	  entry before it; the oldest entry has none
 */
#include <glib.h>
#include <string.h>
#include "layout.h"

const char *const kw_weak_names[KW_WEAK_NR] = { "sc", "tso", "arm64" };

void kw_weak_init(struct kw_weak *w)
{
	g_assert(!w->settled || w->settled == w->nr_vars);
	if (w->model == KW_WEAK_SC)
		w->max_buf = 0;
	w->views = sizeof(struct kw_weak_head) / 2;
	w->msgs = w->views + w->nr_views;
	w->threads = w->msgs + 2 * w->max_msgs;
	w->thread_words = (unsigned)sizeof(struct kw_weak_thread) / 2 +
		w->nr_vars + w->nr_slots + 4 * w->max_buf;
	w->nr_words = w->threads + w->nr_threads * w->thread_words;
}

void kw_weak_begin(const struct kw_weak *w, uint16_t *s,
		   const uint16_t *initial)
{
	unsigned t, v;

	memset(s, 0, w->nr_words * sizeof(*s));
	for (v = 0; v < w->nr_vars; v++) {
		kw_msg(w, s, v + 1)->var = (uint16_t)v;
		kw_msg(w, s, v + 1)->value = initial[v];
	}
	kw_head(s)->nr_msgs = (uint16_t)w->nr_vars;
	for (t = 0; t < w->nr_threads; t++)
		for (v = 0; v < w->nr_vars; v++)
			kw_thread(w, s, t)->coh[v] = (uint16_t)(v + 1);
}

static void at_least(uint16_t *view, unsigned ts)
{
	if (*view < ts)
		*view = (uint16_t)ts;
}

/* From now on t sees everything up to view. */
static void raise_to(const struct kw_weak *w, uint16_t *s, unsigned t,
		     unsigned view)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);
	unsigned ts;

	for (ts = w->settled + 1; ts <= view; ts++)
		at_least(&th->coh[kw_msg_var(w, s, ts)], ts);
}

static unsigned append(const struct kw_weak *w, uint16_t *s, unsigned t,
		       const struct kw_weak_store *store)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);
	unsigned ts = ++kw_head(s)->nr_msgs;
	struct kw_weak_msg *m = kw_msg(w, s, ts);

	g_assert(ts <= w->max_msgs);
	m->var = store->var;
	if (store->flags & KW_WEAK_PLAIN)
		m->var |= KW_MSG_PLAIN;
	m->value = store->value;
	th->coh[store->var] = (uint16_t)ts;
	at_least(&th->stores, ts);
	return ts;
}

/* Index of t's newest buffered store to var, or -1. */
static int forwards(const struct kw_weak *w, const uint16_t *s, unsigned t,
		    unsigned var)
{
	const struct kw_weak_store *buf = kw_buf(w, s, t);
	int k;

	for (k = kw_thread(w, s, t)->nr_buf - 1; k >= 0; k--)
		if (buf[k].var == var)
			return k;
	return -1;
}

bool kw_weak_forwards(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      unsigned var, struct kw_weak_seen *seen)
{
	int own = forwards(w, s, t, var);

	if (own < 0)
		return false;
	seen->value = kw_buf(w, s, t)[own].value;
	seen->view = kw_buf(w, s, t)[own].view;
	seen->ts = 0;
	return true;
}

void kw_weak_newest(const struct kw_weak *w, const uint16_t *s, unsigned var,
		    struct kw_weak_seen *seen)
{
	seen->ts = (uint16_t)kw_newest(w, s, var, kw_head(s)->nr_msgs);
	seen->value = kw_msg(w, s, seen->ts)->value;
	seen->view = seen->ts;
}

/* The oldest message of var that a load of t may read. */
static unsigned floor_of(const struct kw_weak *w, const uint16_t *s,
			 unsigned t, unsigned var, unsigned address_view)
{
	unsigned seen = kw_newest(w, s, var, address_view);

	return MAX(seen, kw_thread(w, s, t)->coh[var]);
}

unsigned kw_weak_readable(const struct kw_weak *w, const uint16_t *s,
			  unsigned t, unsigned var, unsigned flags,
			  uint16_t address_view, struct kw_weak_seen *seen)
{
	unsigned ts = kw_head(s)->nr_msgs, nr = 0, oldest;
	int own = forwards(w, s, t, var);

	if (own >= 0) {
		const struct kw_weak_store *store = kw_buf(w, s, t) + own;

		if (w->model == KW_WEAK_ARM64 && (flags & KW_WEAK_ACQUIRE))
			return 0;
		seen->value = store->value;
		seen->view = MAX(address_view, store->view);
		seen->ts = 0;
		return 1;
	}
	if (w->model != KW_WEAK_ARM64) {
		kw_weak_newest(w, s, var, seen);
		return 1;
	}
	oldest = MAX(1, floor_of(w, s, t, var, address_view));
	for (; ts >= oldest; ts--) {
		if (ts <= w->settled)
			ts = var + 1;
		if (kw_msg_var(w, s, ts) != var)
			continue;
		seen[nr].value = kw_msg(w, s, ts)->value;
		seen[nr].view = (uint16_t)MAX(address_view, ts);
		seen[nr++].ts = (uint16_t)ts;
		if (ts <= w->settled)
			break;
	}
	return nr;
}

void kw_weak_load(const struct kw_weak *w, uint16_t *s, unsigned t,
		  unsigned var, unsigned flags,
		  const struct kw_weak_seen *seen)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);

	if (!seen->ts)
		return;
	at_least(&th->coh[var], seen->ts);
	at_least(&th->loads, seen->ts);
	if (flags & KW_WEAK_ACQUIRE)
		raise_to(w, s, t, seen->view);
}

void kw_weak_store(const struct kw_weak *w, uint16_t *s, unsigned t,
		   const struct kw_weak_store *store)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);
	struct kw_weak_store *entry;

	if (store->flags & KW_WEAK_UNLOCK)
		at_least(&th->unlocked, th->loads);
	if (w->model == KW_WEAK_SC) {
		append(w, s, t, store);
		return;
	}
	g_assert(th->nr_buf < w->max_buf);
	entry = kw_buf(w, s, t) + th->nr_buf++;
	*entry = *store;
	entry->flags &= (uint16_t)~KW_WEAK_WMB;
	if (th->wmb)
		entry->flags |= KW_WEAK_WMB;
	th->wmb = 0;
}

unsigned kw_weak_nr_buffered(const struct kw_weak *w, const uint16_t *s,
			     unsigned t)
{
	return kw_thread(w, s, t)->nr_buf;
}

void kw_weak_buffered(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      unsigned k, struct kw_weak_store *store)
{
	*store = kw_buf(w, s, t)[k];
}

bool kw_weak_can_drain(const struct kw_weak *w, const uint16_t *s, unsigned t,
		       unsigned k)
{
	const struct kw_weak_store *buf = kw_buf(w, s, t);
	unsigned i;

	if (k >= kw_thread(w, s, t)->nr_buf)
		return false;
	if (!k)
		return true;
	if (w->model == KW_WEAK_TSO || (buf[k].flags & KW_WEAK_RELEASE))
		return false;
	for (i = 0; i < k; i++)
		if (buf[i].var == buf[k].var ||
		    (buf[i + 1].flags & KW_WEAK_WMB))
			return false;
	return true;
}

void kw_weak_take(const struct kw_weak *w, uint16_t *s, unsigned t,
		  unsigned k, struct kw_weak_store *store)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);
	struct kw_weak_store *buf = kw_buf(w, s, t);

	*store = buf[k];
	th->nr_buf--;
	memmove(buf + k, buf + k + 1, (th->nr_buf - k) * sizeof(*buf));
	memset(buf + th->nr_buf, 0, sizeof(*buf));
	/* A wmb on either side now lies between the two neighbours. */
	if (k < th->nr_buf)
		buf[k].flags |= store->flags & KW_WEAK_WMB;
	else if (store->flags & KW_WEAK_WMB)
		th->wmb = 1;
	if (th->nr_buf)
		buf[0].flags &= (uint16_t)~KW_WEAK_WMB;
	else
		th->wmb = 0;
}

void kw_weak_drain(const struct kw_weak *w, uint16_t *s, unsigned t,
		   unsigned k)
{
	struct kw_weak_store store;

	kw_weak_take(w, s, t, k, &store);
	append(w, s, t, &store);
}

/* Does a store with that flag wait in t's buffer? */
static bool has(const struct kw_weak *w, const uint16_t *s, unsigned t,
		unsigned flag)
{
	unsigned k;

	for (k = 0; k < kw_thread(w, s, t)->nr_buf; k++)
		if (kw_buf(w, s, t)[k].flags & flag)
			return true;
	return false;
}

/* All that wait there now have it. */
static void mark(const struct kw_weak *w, uint16_t *s, unsigned t,
		 unsigned flag)
{
	unsigned k;

	for (k = 0; k < kw_thread(w, s, t)->nr_buf; k++)
		kw_buf(w, s, t)[k].flags |= (uint16_t)flag;
}

/* Nothing that is buffered must become visible before a new store. */
static bool may_overtake(const struct kw_weak *w, const uint16_t *s,
			 unsigned t)
{
	const struct kw_weak_thread *th = kw_thread(w, s, t);
	unsigned k;

	if (!th->nr_buf)
		return true;
	if (w->model != KW_WEAK_ARM64 || th->wmb)
		return false;
	for (k = 0; k < th->nr_buf; k++)
		if (kw_buf(w, s, t)[k].flags & KW_WEAK_WMB)
			return false;
	return true;
}

bool kw_weak_can_lock(const struct kw_weak *w, const uint16_t *s, unsigned t)
{
	return may_overtake(w, s, t) && !has(w, s, t, KW_WEAK_UNLOCK);
}

void kw_weak_lock(const struct kw_weak *w, uint16_t *s, unsigned t,
		  unsigned i)
{
	raise_to(w, s, t, MAX(kw_views(w, s)[i],
			      kw_thread(w, s, t)->unlocked));
	kw_views(w, s)[i] = 0;
}

void kw_weak_unlocks(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);

	at_least(&th->unlocked, th->loads);
}

void kw_weak_unlocked(const struct kw_weak *w, uint16_t *s, unsigned i)
{
	kw_views(w, s)[i] = kw_head(s)->nr_msgs;
}

bool kw_weak_can_rmw(const struct kw_weak *w, const uint16_t *s, unsigned t,
		     unsigned var, enum kw_weak_order order)
{
	if (!kw_thread(w, s, t)->nr_buf)
		return true;
	if (order == KW_WEAK_RMW_FULL || order == KW_WEAK_RMW_RELEASE)
		return false;
	if (order == KW_WEAK_RMW_LOCK && has(w, s, t, KW_WEAK_UNLOCK))
		return false;
	return may_overtake(w, s, t) && forwards(w, s, t, var) < 0;
}

void kw_weak_rmw(const struct kw_weak *w, uint16_t *s, unsigned t,
		 unsigned var, uint16_t value, enum kw_weak_order order)
{
	const struct kw_weak_store store = {
		.var = (uint16_t)var, .value = value,
	};
	struct kw_weak_thread *th = kw_thread(w, s, t);
	struct kw_weak_seen seen;
	unsigned ts;

	kw_weak_newest(w, s, var, &seen);
	at_least(&th->loads, seen.ts);
	ts = append(w, s, t, &store);
	if (order == KW_WEAK_RMW_FULL)
		raise_to(w, s, t, ts);
	else if (order == KW_WEAK_RMW_ACQUIRE || order == KW_WEAK_RMW_LOCK)
		raise_to(w, s, t, seen.ts);
	if (order == KW_WEAK_RMW_LOCK)
		raise_to(w, s, t, th->unlocked);
}

bool kw_weak_can_mb(const struct kw_weak *w, const uint16_t *s, unsigned t)
{
	return !kw_thread(w, s, t)->nr_buf;
}

void kw_weak_mb(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);

	raise_to(w, s, t, MAX(th->loads, th->stores));
}

void kw_weak_rmb(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	raise_to(w, s, t, kw_thread(w, s, t)->loads);
}

void kw_weak_wmb(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	struct kw_weak_thread *th = kw_thread(w, s, t);

	th->wmb = th->nr_buf > 0;
}

void kw_weak_end(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	mark(w, s, t, KW_WEAK_ENDED);
}

bool kw_weak_has_ended(const struct kw_weak *w, const uint16_t *s, unsigned t)
{
	return !has(w, s, t, KW_WEAK_ENDED);
}

void kw_weak_see(const struct kw_weak *w, uint16_t *s, unsigned t,
		 unsigned var, uint16_t view)
{
	at_least(&kw_thread(w, s, t)->coh[var], kw_newest(w, s, var, view));
}

void kw_weak_see_all(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	raise_to(w, s, t, kw_head(s)->nr_msgs);
}

void kw_weak_act(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	kw_thread(w, s, t)->acted = kw_head(s)->nr_msgs;
}

uint16_t kw_weak_acted(const struct kw_weak *w, const uint16_t *s, unsigned t)
{
	return kw_thread(w, s, t)->acted;
}

uint16_t kw_weak_now(const uint16_t *s)
{
	return kw_head(s)->nr_msgs;
}

void kw_weak_loaded_now(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	at_least(&kw_thread(w, s, t)->loads, kw_head(s)->nr_msgs);
}

void kw_weak_stored_now(const struct kw_weak *w, uint16_t *s, unsigned t)
{
	at_least(&kw_thread(w, s, t)->stores, kw_head(s)->nr_msgs);
}

uint16_t kw_weak_slot(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      unsigned slot)
{
	return kw_slots(w, s, t)[slot];
}

bool kw_weak_has_slots(const struct kw_weak *w, const uint16_t *s, unsigned t)
{
	return kw_slots_next(kw_slots(w, s, t), 0, w->nr_slots) < w->nr_slots;
}

void kw_weak_set_slot(const struct kw_weak *w, uint16_t *s, unsigned t,
		      unsigned slot, uint16_t view)
{
	kw_slots(w, s, t)[slot] = view;
}

bool kw_weak_in_reader(const struct kw_weak *w, const uint16_t *s, unsigned t,
		       unsigned domain)
{
	return kw_thread(w, s, t)->readers >> 4 * domain & 15;
}

void kw_weak_rcu_lock(const struct kw_weak *w, uint16_t *s, unsigned t,
		      unsigned domain)
{
	g_assert((kw_thread(w, s, t)->readers >> 4 * domain & 15) < 15);
	if (!kw_weak_in_reader(w, s, t, domain))
		raise_to(w, s, t, kw_head(s)->gp);
	kw_thread(w, s, t)->readers += (uint16_t)(1u << 4 * domain);
}

void kw_weak_rcu_unlock(const struct kw_weak *w, uint16_t *s, unsigned t,
			unsigned domain)
{
	kw_thread(w, s, t)->readers -= (uint16_t)(1u << 4 * domain);
	/* What was stored before the reader began, too. */
	mark(w, s, t, (unsigned)KW_WEAK_READER << domain);
}

uint16_t kw_weak_gp_wait(const struct kw_weak *w, const uint16_t *s,
			 unsigned domain, uint16_t readers)
{
	uint16_t still = 0;
	unsigned t;

	for (t = 0; t < w->nr_threads; t++)
		if (kw_weak_in_reader(w, s, t, domain) ||
		    has(w, s, t, (unsigned)KW_WEAK_READER << domain))
			still |= (uint16_t)(1u << t);
	return still & readers;
}

uint16_t kw_weak_gp_begin(const struct kw_weak *w, uint16_t *s, unsigned t,
			  unsigned domain)
{
	unsigned v;

	kw_weak_mb(w, s, t);
	for (v = 0; v < w->nr_vars; v++)
		at_least(&kw_head(s)->gp, kw_thread(w, s, t)->coh[v]);
	return kw_weak_gp_wait(w, s, domain, UINT16_MAX) &
	       (uint16_t)~(1u << t);
}

bool kw_weak_races(const struct kw_weak *w, const uint16_t *s, unsigned t,
		   unsigned var, bool plain, uint16_t address_view)
{
	unsigned ts = floor_of(w, s, t, var, address_view);

	if (w->model != KW_WEAK_ARM64)
		return false;
	while (++ts <= kw_head(s)->nr_msgs)
		if (kw_msg_var(w, s, ts) == var &&
		    (plain || (kw_msg(w, s, ts)->var & KW_MSG_PLAIN)))
			return true;
	return false;
}

bool kw_weak_forget(const struct kw_weak *w, uint16_t *s, unsigned keep)
{
	bool lost = false;
	unsigned v, t;

	for (v = 0; v < w->nr_vars; v++) {
		unsigned ts = kw_head(s)->nr_msgs + 1, nr;

		for (nr = 0; ts && nr < keep; nr++)
			ts = kw_newest(w, s, v, ts - 1);
		for (t = 0; ts && t < w->nr_threads; t++) {
			struct kw_weak_thread *th = kw_thread(w, s, t);

			lost |= th->coh[v] < ts &&
				kw_newest(w, s, v, ts - 1);
			at_least(&th->coh[v], ts);
		}
	}
	return lost;
}
