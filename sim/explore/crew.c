/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides who waits for whom, and how; see crew.h. */
#include "crew.h"

/* Looks before whoever waits goes to sleep: some 20 us. */
#define LOOKS	1000

struct member {
	struct kw_crew *crew;
	unsigned nr;
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
}

/* Until *what is no longer that; c->lock is held. */
static void wait_for(struct kw_crew *c, const unsigned *what, unsigned that)
{
	unsigned i;

	g_mutex_unlock(&c->lock);
	for (i = 0; i < LOOKS && __atomic_load_n(what, __ATOMIC_RELAXED) ==
					 that; i++)
		relax();
	g_mutex_lock(&c->lock);
	c->sleepers++;
	while (*what == that)
		g_cond_wait(&c->changed, &c->lock);
	c->sleepers--;
}

/* Whoever waits for *what is to look; c->lock is held. */
static void set(struct kw_crew *c, unsigned *what, unsigned to)
{
	__atomic_store_n(what, to, __ATOMIC_RELAXED);
	if (c->sleepers)
		g_cond_broadcast(&c->changed);
}

/* All who are present have come. */
static void end_meeting(struct kw_crew *c)
{
	c->arrived = 0;
	set(c, &c->meetings, c->meetings + 1);
}

bool kw_crew_meet(struct kw_crew *c)
{
	bool last;

	g_mutex_lock(&c->lock);
	last = ++c->arrived == c->present;
	if (last)
		end_meeting(c);
	else
		wait_for(c, &c->meetings, c->meetings);
	g_mutex_unlock(&c->lock);
	return last;
}

/* c->lock is held. */
static void leave(struct kw_crew *c)
{
	set(c, &c->present, c->present - 1);
	if (c->present == c->arrived && c->arrived)
		end_meeting(c);
}

static void *attend(void *arg)
{
	struct member *m = arg;
	struct kw_crew *c = m->crew;
	unsigned round = 0;

	g_mutex_lock(&c->lock);
	for (;;) {
		if (c->round == round)
			wait_for(c, &c->round, round);
		if (c->dismissed)
			break;
		round = c->round;
		if (m->nr >= c->at_work)
			continue;
		g_mutex_unlock(&c->lock);
		c->work(c->arg, m->nr);
		g_mutex_lock(&c->lock);
		leave(c);
	}
	g_mutex_unlock(&c->lock);
	g_free(m);
	return NULL;
}

/* All, when somebody is needed first: most searches need nobody. */
static void hire(struct kw_crew *c)
{
	unsigned i;

	if (c->threads[0])
		return;
	for (i = 0; i < c->nr_threads; i++) {
		struct member *m = g_new(struct member, 1);

		*m = (struct member){ c, i + 1 };
		c->threads[i] = g_thread_new("explore", attend, m);
	}
}

void kw_crew_work(struct kw_crew *c, unsigned nr)
{
	if (nr > 1)
		hire(c);
	g_mutex_lock(&c->lock);
	c->at_work = c->present = nr;
	if (nr > 1)
		set(c, &c->round, c->round + 1);
	g_mutex_unlock(&c->lock);
	c->work(c->arg, 0);
	g_mutex_lock(&c->lock);
	leave(c);
	while (c->present)
		wait_for(c, &c->present, c->present);
	g_mutex_unlock(&c->lock);
}

void kw_crew_init(struct kw_crew *c, unsigned nr,
		  void (*work)(void *arg, unsigned i), void *arg)
{
	*c = (struct kw_crew){
		.work = work, .arg = arg, .nr_threads = nr - 1,
		.threads = g_new0(GThread *, nr),
	};
	g_mutex_init(&c->lock);
	g_cond_init(&c->changed);
}

void kw_crew_free(struct kw_crew *c)
{
	unsigned i;

	g_mutex_lock(&c->lock);
	c->dismissed = true;
	set(c, &c->round, c->round + 1);
	g_mutex_unlock(&c->lock);
	for (i = 0; i < c->nr_threads; i++)
		if (c->threads[i])
			g_thread_join(c->threads[i]);
	g_free(c->threads);
	g_mutex_clear(&c->lock);
	g_cond_clear(&c->changed);
}
