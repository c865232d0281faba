/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which thread does which item, and when its result is handed on.
 *
 * Items are taken in order, by whoever is free.
 */
#include "each.h"

struct crew {
	const struct kw_each *each;
	GMutex mutex;
	GCond changed;
	/* under mutex: */
	unsigned next;			/* that nobody has taken */
	bool *done;			/* [item] */
	GError **err;			/* [item], if not NULL it failed */
	bool over;			/* nothing more is to be taken */
};

static void *work(void *arg)
{
	struct crew *c = arg;
	GError *err;
	unsigned i;

	g_mutex_lock(&c->mutex);
	while (!c->over && c->next < c->each->nr) {
		i = c->next++;
		g_mutex_unlock(&c->mutex);
		err = NULL;
		c->each->work(c->each->arg, i, &err);
		g_mutex_lock(&c->mutex);
		c->err[i] = err;
		c->done[i] = true;
		g_cond_broadcast(&c->changed);
	}
	g_mutex_unlock(&c->mutex);
	return NULL;
}

static bool deliver(struct crew *c, GError **err)
{
	unsigned i;
	bool more = true;

	for (i = 0; more && i < c->each->nr; i++) {
		g_mutex_lock(&c->mutex);
		while (!c->done[i])
			g_cond_wait(&c->changed, &c->mutex);
		g_mutex_unlock(&c->mutex);
		if (c->err[i])
			g_propagate_error(err, g_steal_pointer(&c->err[i]));
		more = !*err && c->each->deliver(c->each->arg, i, err);
	}
	return !*err;
}

static bool alone(const struct kw_each *each, GError **err)
{
	unsigned i;

	for (i = 0; i < each->nr; i++)
		if (!each->work(each->arg, i, err) ||
		    !each->deliver(each->arg, i, err))
			break;
	return !*err;
}

bool kw_each(const struct kw_each *each, GError **err)
{
	unsigned nr_threads = MIN(each->jobs, each->nr), i;
	struct crew c = { .each = each };
	GThread **threads;
	bool ok;

	if (nr_threads <= 1)
		return alone(each, err);
	g_mutex_init(&c.mutex);
	g_cond_init(&c.changed);
	c.done = g_new0(bool, each->nr);
	c.err = g_new0(GError *, each->nr);
	threads = g_new(GThread *, nr_threads);
	for (i = 0; i < nr_threads; i++)
		threads[i] = g_thread_new("each", work, &c);
	ok = deliver(&c, err);
	g_mutex_lock(&c.mutex);
	c.over = true;
	g_mutex_unlock(&c.mutex);
	for (i = 0; i < nr_threads; i++)
		g_thread_join(threads[i]);
	for (i = 0; i < each->nr; i++)
		g_clear_error(&c.err[i]);
	g_free(threads);
	g_free(c.err);
	g_free(c.done);
	g_mutex_clear(&c.mutex);
	g_cond_clear(&c.changed);
	return ok;
}

unsigned kw_each_share(unsigned jobs, unsigned nr)
{
	return nr < jobs ? MAX(jobs / MAX(nr, 1), 1) : 1;
}
