/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how recorded latencies become a scenario's timing.
 *
 * What a recording can tell of the host is between two of its events; each
 * such span is charged to the one thing in the simulated host that lies
 * there, so that nothing is counted twice:
 *
 *	recorded			charged to
 *	exit .. entry, no sleep		exit
 *	exit .. switched out, less that	ops.sched, half each
 *	sched_waking .. switched in	idle_shallow, idle_deep
 *	switched in .. entry		switch
 *	interrupt handler in the guest	the recorded run has it: handler = 0
 *	expiry .. hrtimer's handler	cannot be seen: timer_slack = 0
 *
 * Invariants: the values are order statistics of the samples.
 */
#include "write.h"

#define NR_QUANTILES	40	/* values of an empirical{} */
#define POLL_TURNS	5000	/* of one poll, at most */
#define USUAL_TURN_NS	150	/* as in lua/kvmwake/timing.lua */

static int by_size(const void *a, const void *b)
{
	const uint64_t *s = a, *t = b;

	return *s < *t ? -1 : *s > *t;
}

static uint64_t quantile(const GArray *sorted, unsigned i, unsigned n)
{
	uint64_t at = (2 * (uint64_t)i + 1) * sorted->len / (2 * n);

	return g_array_index(sorted, uint64_t, at);
}

/* "key = empirical{...}," of at most NR_QUANTILES of the samples. */
static void write_empirical(struct kw_writer *w, const char *key,
			    const GArray *samples)
{
	uint64_t value[NR_QUANTILES];
	unsigned i, n = MIN(samples->len, NR_QUANTILES);

	if (!n)
		return;
	for (i = 0; i < n; i++)
		value[i] = quantile(samples, i, n);
	g_string_append_printf(w->out, "\t\t%s = empirical(all(", key);
	kw_write_times(w, value, n, 3);
	g_string_append(w->out, ")),\n");
}

static GArray *all_wakes(const struct kw_extract *x)
{
	const GArray *a = x->samples[KW_SAMPLE_WAKE];
	const GArray *b = x->samples[KW_SAMPLE_TIMER_WAKE];
	GArray *sum = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	g_array_append_vals(sum, a->data, a->len);
	g_array_append_vals(sum, b->data, b->len);
	g_array_sort(sum, by_size);
	return sum;
}

/*
 * The operations that put a thread to sleep take what a block took longer
 * than any other exit; there are two of them.
 */
static void write_block(struct kw_writer *w)
{
	const GArray *block = w->x->samples[KW_SAMPLE_BLOCK];
	const GArray *exit = w->x->samples[KW_SAMPLE_EXIT];
	uint64_t usual = exit->len ? quantile(exit, 0, 1) : 0, range[2];
	unsigned i;

	if (!block->len)
		return;
	for (i = 0; i < 2; i++) {
		range[i] = quantile(block, i ? 3 : 0, 4);
		range[i] = range[i] > usual ? (range[i] - usual) / 2 : 0;
		range[i] = MIN(range[i], 1000000u);
	}
	g_string_append_printf(w->out,
			       "\t\t-- exit to switched out, without that\n"
			       "\t\tops = { sched = { %" G_GUINT64_FORMAT
			       ", %" G_GUINT64_FORMAT " } },\n",
			       range[0], range[1]);
}

/*
 * Polling is simulated turn by turn: a host that polls for milliseconds gets
 * longer turns, as one that slow has.
 */
static void write_poll(struct kw_writer *w)
{
	uint64_t turn = w->x->halt_poll_ns / POLL_TURNS;

	if (turn > USUAL_TURN_NS)
		g_string_append_printf(w->out, "\t\tpoll = ns(%"
				       G_GUINT64_FORMAT "),\n", turn);
}

void kw_write_timing(struct kw_writer *w)
{
	GArray *wakes = all_wakes(w->x);

	g_string_append(w->out,
			"\ttiming = {\n"
			"\t\t-- part of the recorded runs and expiries\n"
			"\t\thandler = ns(0), timer_slack = ns(0),\n");
	write_poll(w);
	if (w->x->samples[KW_SAMPLE_EXIT]->len)
		g_string_append(w->out, "\t\t-- exit to entry, nothing else "
					"between\n");
	write_empirical(w, "exit", w->x->samples[KW_SAMPLE_EXIT]);
	if (wakes->len)
		g_string_append(w->out, "\t\t-- sched_waking to switched in\n");
	write_empirical(w, "idle_shallow", wakes);
	write_empirical(w, "idle_deep", wakes);
	if (w->x->samples[KW_SAMPLE_RESUME]->len)
		g_string_append(w->out, "\t\t-- switched in to guest entry\n");
	write_empirical(w, "switch", w->x->samples[KW_SAMPLE_RESUME]);
	write_block(w);
	g_string_append(w->out, "\t},\n");
	g_array_free(wakes, TRUE);
}

void kw_write_sort(struct kw_writer *w)
{
	unsigned i;

	for (i = 0; i < KW_NR_SAMPLES; i++)
		g_array_sort(w->x->samples[i], by_size);
}

uint64_t kw_write_longest(const struct kw_writer *w, enum kw_sample s)
{
	const GArray *a = w->x->samples[s];

	return a->len ? g_array_index(a, uint64_t, a->len - 1) : 0;
}
