/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides who computes which block and that they are delivered in order.
 *
 * Workers take block numbers from a counter and put each result at its
 * number modulo the ring's size; the caller's thread delivers them by
 * number.  A worker never is further ahead than the ring is long.
 */
#include "campaign.h"

#include <string.h>
#include "engine.h"

struct ring {
	const struct kw_campaign *c;
	struct kw_block *blocks;
	bool *full;
	unsigned size;
	uint64_t nr_blocks, taken, delivered;
	bool stop;
	GMutex mutex;
	GCond changed;
};

void kw_seen(const struct kw_counts *c, uint64_t seen[KW_NR_SEEN])
{
	seen[KW_SEEN_MISSED] = c->class[KW_CLASS_MISSED];
	seen[KW_SEEN_LATE] = c->class[KW_CLASS_LATE];
	seen[KW_SEEN_SPURIOUS] = c->class[KW_CLASS_SPURIOUS];
	seen[KW_SEEN_FUTILE] = c->futile;
	seen[KW_SEEN_STORM] = c->storm;
	seen[KW_SEEN_FAILED] = c->failed;
}

static void add_run(struct kw_block *b, const struct kw_result *res,
		    GArray *eps)
{
	uint64_t seen[KW_NR_SEEN];
	unsigned i;

	g_array_append_vals(eps, res->episodes, res->nr_episodes);
	kw_counts_add(&b->counts, &res->counts);
	kw_seen(&res->counts, seen);
	for (i = 0; i < KW_NR_SEEN; i++)
		b->runs_with[i] += seen[i] != 0;
	b->runs_vacuous += !res->counts.exposures;
}

/* Points each run to its episodes, now that the array moves no more. */
static void place_episodes(struct kw_block *b, GArray *eps)
{
	unsigned i, at = 0;

	b->nr_episodes = eps->len;
	b->episodes = (struct kw_episode *)g_array_free(eps, FALSE);
	for (i = 0; i < b->nr_runs; i++) {
		b->runs[i].episodes = b->episodes + at;
		at += b->runs[i].nr_episodes;
	}
}

static void compute(const struct kw_campaign *c, struct kw_runner *r,
		    uint64_t number, struct kw_block *b)
{
	GArray *eps = g_array_new(FALSE, FALSE, sizeof(struct kw_episode));
	uint64_t first = c->first + number * KW_BLOCK_RUNS, i;
	uint64_t n = MIN(KW_BLOCK_RUNS, c->first + c->nr_runs - first);

	*b = (struct kw_block){
		.first = first,
		.runs = g_new(struct kw_result, n),
		.marks = g_new0(uint64_t, c->program->nr_marks + 1),
	};
	for (i = 0; i < n; i++) {
		kw_runner_run(r, first + i, &b->runs[i]);
		add_run(b, &b->runs[i], eps);
	}
	b->nr_runs = (unsigned)n;
	place_episodes(b, eps);
	b->latency = r->latency;
	memset(&r->latency, 0, sizeof(r->latency));
	memcpy(b->marks, r->marks, c->program->nr_marks * sizeof(*b->marks));
	memset(r->marks, 0, c->program->nr_marks * sizeof(*r->marks));
}

static void drop(struct kw_block *b)
{
	g_free(b->runs);
	g_free(b->episodes);
	g_free(b->marks);
}

static bool take(struct ring *ring, uint64_t *number)
{
	bool got;

	g_mutex_lock(&ring->mutex);
	while (!ring->stop && ring->taken < ring->nr_blocks &&
	       ring->taken >= ring->delivered + ring->size)
		g_cond_wait(&ring->changed, &ring->mutex);
	got = !ring->stop && ring->taken < ring->nr_blocks;
	if (got)
		*number = ring->taken++;
	g_mutex_unlock(&ring->mutex);
	return got;
}

static gpointer work(gpointer arg)
{
	struct ring *ring = arg;
	struct kw_runner *r = kw_runner_new(ring->c->program, &ring->c->run);
	uint64_t number;
	unsigned i;

	while (take(ring, &number)) {
		i = number % ring->size;
		compute(ring->c, r, number, &ring->blocks[i]);
		g_mutex_lock(&ring->mutex);
		ring->full[i] = true;
		g_cond_broadcast(&ring->changed);
		g_mutex_unlock(&ring->mutex);
	}
	kw_runner_free(r);
	return NULL;
}

static uint64_t deliver(struct ring *ring, kw_block_sink sink, void *arg)
{
	uint64_t done = 0, number;
	struct kw_block *b;
	bool more = true;

	for (number = 0; more && number < ring->nr_blocks; number++) {
		b = &ring->blocks[number % ring->size];
		g_mutex_lock(&ring->mutex);
		while (!ring->full[number % ring->size])
			g_cond_wait(&ring->changed, &ring->mutex);
		g_mutex_unlock(&ring->mutex);
		done += b->nr_runs;
		more = sink(arg, b) && !(ring->c->stop && *ring->c->stop);
		drop(b);
		g_mutex_lock(&ring->mutex);
		ring->full[number % ring->size] = false;
		ring->delivered++;
		ring->stop |= !more;
		g_cond_broadcast(&ring->changed);
		g_mutex_unlock(&ring->mutex);
	}
	return done;
}

static uint64_t run_alone(const struct kw_campaign *c, uint64_t nr_blocks,
			  kw_block_sink sink, void *arg)
{
	struct kw_runner *r = kw_runner_new(c->program, &c->run);
	uint64_t done = 0, number;
	struct kw_block b;
	bool more = true;

	for (number = 0; more && number < nr_blocks; number++) {
		compute(c, r, number, &b);
		done += b.nr_runs;
		more = sink(arg, &b) && !(c->stop && *c->stop);
		drop(&b);
	}
	kw_runner_free(r);
	return done;
}

uint64_t kw_campaign_run(const struct kw_campaign *c, kw_block_sink sink,
			 void *arg)
{
	unsigned jobs = c->jobs ? c->jobs : g_get_num_processors(), i;
	struct ring ring = { .c = c, .size = 2 * jobs };
	GThread **threads;
	uint64_t done;

	ring.nr_blocks = (c->nr_runs + KW_BLOCK_RUNS - 1) / KW_BLOCK_RUNS;
	if (jobs == 1 || ring.nr_blocks <= 1)
		return run_alone(c, ring.nr_blocks, sink, arg);
	ring.blocks = g_new0(struct kw_block, ring.size);
	ring.full = g_new0(bool, ring.size);
	g_mutex_init(&ring.mutex);
	g_cond_init(&ring.changed);
	threads = g_new(GThread *, jobs);
	for (i = 0; i < jobs; i++)
		threads[i] = g_thread_new("run", work, &ring);
	done = deliver(&ring, sink, arg);
	for (i = 0; i < jobs; i++)
		g_thread_join(threads[i]);
	for (i = 0; i < ring.size; i++)
		if (ring.full[i])
			drop(&ring.blocks[i]);
	g_free(threads);
	g_free(ring.blocks);
	g_free(ring.full);
	g_mutex_clear(&ring.mutex);
	g_cond_clear(&ring.changed);
	return done;
}
