/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is left of messages that are too old to be read.
 *
 * Invariant: with settled = nr_vars, message v + 1 is of variable v, and no
 * thread may read an older one: a view of nothing more takes nothing.
 */
#include <glib.h>
#include <string.h>
#include "layout.h"

struct settling {
	const struct kw_weak *w;
	unsigned cut, gone;	/* gone: so many messages */
};

static uint16_t settled_view(const struct settling *c, uint16_t view)
{
	if (view > c->cut)
		return (uint16_t)(view - c->gone);
	return (uint16_t)MIN(view, c->w->settled);
}

static void settle_thread(const struct settling *c, uint16_t *s, unsigned t)
{
	struct kw_weak_thread *th = kw_thread(c->w, s, t);
	struct kw_weak_store *buf = kw_buf(c->w, s, t);
	uint16_t *slots = kw_slots(c->w, s, t);
	unsigned i;

	th->loads = settled_view(c, th->loads);
	th->stores = settled_view(c, th->stores);
	th->unlocked = settled_view(c, th->unlocked);
	th->acted = settled_view(c, th->acted);
	for (i = 0; i < c->w->nr_vars; i++)
		th->coh[i] = (uint16_t)(th->coh[i] > c->cut ?
					th->coh[i] - c->gone : i + 1);
	for (i = 0; i < c->w->nr_slots; i++)
		slots[i] = settled_view(c, slots[i]);
	for (i = 0; i < th->nr_buf; i++)
		buf[i].view = settled_view(c, buf[i].view);
}

void kw_weak_settle(const struct kw_weak *w, uint16_t *s, unsigned cut)
{
	const struct settling c = { w, cut, cut - w->settled };
	unsigned nr = kw_head(s)->nr_msgs, ts, i;
	uint16_t *views = kw_views(w, s);

	g_assert(w->settled == w->nr_vars && cut >= w->settled && cut <= nr);
	for (ts = w->settled + 1; ts <= cut; ts++)
		*kw_msg(w, s, kw_msg_var(w, s, ts) + 1) = *kw_msg(w, s, ts);
	memmove(kw_msg(w, s, w->settled + 1), kw_msg(w, s, cut + 1),
		(nr - cut) * sizeof(struct kw_weak_msg));
	memset(kw_msg(w, s, nr - c.gone + 1), 0,
	       c.gone * sizeof(struct kw_weak_msg));
	kw_head(s)->nr_msgs = (uint16_t)(nr - c.gone);
	kw_head(s)->gp = settled_view(&c, kw_head(s)->gp);
	for (i = 0; i < w->nr_views; i++)
		views[i] = settled_view(&c, views[i]);
	for (i = 0; i < w->nr_threads; i++)
		settle_thread(&c, s, i);
}
