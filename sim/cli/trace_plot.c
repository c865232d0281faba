/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `trace plot`: decides which figures a recording has.
 *
 *	trace-timeline	a window: every vCPU and CPU, wake-ups, kicks, IPIs
 *	trace-latency	from sched_waking to guest entry, by cause
 *	trace-sleeps	how long vCPUs slept, by cause
 *
 * The recording is read twice: the second time for the window, which is
 * --from .. --to, or else the first sleep that `trace find` finds, or else
 * four waits in the middle.
 */
#include <string.h>
#include "../trace/find.h"
#include "figure.h"
#include "perfetto.h"
#include "trace.h"

#define MAX_TIMELINE_LANES 24

struct wait { uint64_t from, to; };

struct plotted {
	struct kw_hist latency[KW_NR_WAKE_CAUSES], sleep[KW_NR_WAKE_CAUSES];
	GArray *waits;			/* struct wait, blocked ones */
	uint64_t first_ns, last_ns;
	struct wait found;		/* from 0: none */
	bool possible;
};

static void on_sleep(void *arg, const struct kw_sleep *s)
{
	struct plotted *p = arg;
	struct wait w = { s->exit.ns, s->end.ns };
	const struct kw_wake *wake = kw_sleep_last_wake(s);
	uint64_t ns;

	if (s->kind != KW_SLEEP_WFI || s->how != KW_END_ENTRY ||
	    !s->exit.line || !s->blocked)
		return;
	g_array_append_val(p->waits, w);
	if (kw_sleep_latency(s, KW_LATENCY_ALL, &ns))
		kw_hist_add(&p->latency[s->cause], ns);
	if (wake && s->out.line && wake->waking.ns >= s->out.ns)
		kw_hist_add(&p->sleep[s->cause], wake->waking.ns -
			    s->out.ns);
}

/* The first fact; else the first possibility. */
static void on_found(void *arg, const struct kw_found *found)
{
	struct plotted *p = arg;

	if (p->found.from && (!p->possible || found->possible))
		return;
	p->found.from = found->sleep->exit.ns;
	p->found.to = found->sleep->end.ns;
	p->possible = found->possible;
}

static bool choose_window(const struct kw_cli *cli, const struct plotted *p,
			  struct wait *w, GError **err)
{
	const struct wait *waits = (const struct wait *)(void *)p->waits->data;
	unsigned n = p->waits->len, middle = n / 2;
	uint64_t pad, from, to;

	*w = p->found;
	if (!w->from && n) {
		w->from = waits[middle].from;
		w->to = waits[MIN(middle + 3, n - 1)].to;
	}
	pad = (w->to - w->from) / 10;
	w->from -= MIN(pad, w->from);
	w->to += pad;
	if (!kw_trace_window(cli, p->first_ns, &from, &to, err))
		return false;
	w->from = cli->o.from ? from : w->from;
	w->to = cli->o.to ? to : w->to;
	if (w->from < w->to && w->from < p->last_ns && w->to > p->first_ns)
		return true;
	g_set_error(err, KW_CLI_ERROR, KW_EXIT_NOTHING, "trace plot: nothing "
		    "to show: no wait in it, or --from is not before --to, or "
		    "not within the recording");
	return false;
}

/* -- the timeline */

struct timeline {
	struct wait window;
	GArray *lane_of;		/* [track]: lane + 1, 0: not shown */
	GPtrArray *vcpus;		/* names */
	GString *lanes, *data, *arrows;
	unsigned nr_lanes, width;
	const char *group;		/* which gets its lanes now */
};

static void take_lane(void *arg, unsigned track, const char *group,
		      const char *name)
{
	struct timeline *t = arg;

	if (t->lane_of->len <= track)
		g_array_set_size(t->lane_of, track + 1);
	if (strcmp(group, t->group) || t->nr_lanes == MAX_TIMELINE_LANES)
		return;
	g_array_index(t->lane_of, unsigned, track) = t->nr_lanes + 1;
	g_string_append_printf(t->lanes, "%s\"%s\" %u", t->nr_lanes ? ", " :
			       "", name, t->nr_lanes);
	t->width = MAX(t->width, (unsigned)strlen(name));
	t->nr_lanes++;
	if (!strcmp(group, "vCPUs"))
		g_ptr_array_add(t->vcpus, (gpointer)(uintptr_t)name);
}

static void no_span(void *arg, unsigned track, uint64_t begin_ns,
		    uint64_t end_ns, const char *name)
{
	(void)arg, (void)track, (void)begin_ns, (void)end_ns, (void)name;
}

static void no_arrow(void *arg, struct kw_tracks_point from,
		     struct kw_tracks_point to, const char *name)
{
	(void)arg, (void)from, (void)to, (void)name;
}

static unsigned lane_of(const struct timeline *t, unsigned track)
{
	return track < t->lane_of->len ?
		g_array_index(t->lane_of, unsigned, track) : 0;
}

/* plots/trace-timeline.gp has their colours: 0 is not drawn. */
static unsigned kind_of(const struct timeline *t, const char *name)
{
	static const unsigned of_state[KW_NR_VCPU_STATES] = {
		[KW_VCPU_GUEST] = 1, [KW_VCPU_HOST] = 2, [KW_VCPU_POLL] = 3,
		[KW_VCPU_BLOCKED] = 4, [KW_VCPU_OFF] = 4, [KW_VCPU_PAUSED] = 4,
		[KW_VCPU_USER] = 5, [KW_VCPU_PREEMPTED] = 6,
	};
	unsigned i;

	for (i = 0; i < KW_NR_VCPU_STATES; i++)
		if (!strcmp(name, kw_vcpu_state_names[i]))
			return of_state[i];
	for (i = 0; i < t->vcpus->len; i++)
		if (!strcmp(name, t->vcpus->pdata[i]))
			return 7;
	return strcmp(name, "idle") ? 8 : 0;
}

static void put_span(void *arg, unsigned track, uint64_t begin_ns,
		     uint64_t end_ns, const char *name)
{
	struct timeline *t = arg;
	unsigned lane = lane_of(t, track);
	unsigned kind = kind_of(t, name);

	if (!lane || !kind)
		return;
	g_string_append_printf(t->data, "%u ", lane - 1);
	kw_figure_us(t->data, begin_ns - t->window.from);
	g_string_append_c(t->data, ' ');
	kw_figure_us(t->data, end_ns - t->window.from);
	g_string_append_printf(t->data, " %u\n", kind);
}

static void put_arrow(void *arg, struct kw_tracks_point from,
		      struct kw_tracks_point to, const char *name)
{
	struct timeline *t = arg;
	unsigned a = lane_of(t, from.track), b = lane_of(t, to.track);

	if (!a || !b || a == b)
		return;
	kw_figure_us(t->arrows, from.ns - t->window.from);
	g_string_append_printf(t->arrows, " %u ", a - 1);
	kw_figure_us(t->arrows, to.ns - t->window.from);
	g_string_append_printf(t->arrows, " %u %u\n", b - 1,
			       !strcmp(name, "wake") ? 1 :
			       !strcmp(name, "kick") ? 2 : 3);
}

static void lay_out(struct timeline *t, const struct kw_tracks *tracks)
{
	struct kw_tracks_visitor v = { take_lane, no_span, no_arrow };
	unsigned kind;

	t->group = "vCPUs";
	kw_tracks_visit(tracks, &v, t);
	t->group = "CPUs";
	kw_tracks_visit(tracks, &v, t);
	t->group = "";
	v.span = put_span;
	v.arrow = put_arrow;
	kw_tracks_visit(tracks, &v, t);
	/* So that no kind is without a point, which gnuplot would mind. */
	for (kind = 1; kind <= 8; kind++)
		g_string_append_printf(t->data, "0 -2 -1 %u\n", kind);
	for (kind = 1; kind <= 3; kind++)
		g_string_append_printf(t->arrows, "-2 0 -1 0 %u\n", kind);
}

static bool draw_timeline(const struct kw_figure *f, struct timeline *t,
			  GError **err)
{
	GString *script = g_string_new(NULL);
	char *file = g_path_get_basename(f->cli->args->pdata[1]), *title;
	bool ok;

	title = g_strdup_printf("%s, from %" G_GUINT64_FORMAT ".%06u s on",
				file, t->window.from / 1000000000, (unsigned)
				(t->window.from % 1000000000 / 1000));
	kw_figure_define(script, "title", title);
	kw_figure_define(script, "arrows", "trace-timeline-arrows.dat");
	kw_figure_define(script, "lanes", t->lanes->str);
	g_string_append_printf(script, "rows = %u\nwidth = %u\nend = ",
			       t->nr_lanes, t->width);
	kw_figure_us(script, t->window.to - t->window.from);
	g_string_append_c(script, '\n');
	ok = kw_figure_save(f, "trace-timeline", ".dat", t->data, err) &&
	     kw_figure_save(f, "trace-timeline-arrows", ".dat", t->arrows,
			    err) &&
	     kw_figure_draw(f, "trace-timeline", script, err);
	g_string_free(script, TRUE);
	g_free(title);
	g_free(file);
	return ok;
}

static bool plot_timeline(const struct kw_figure *f,
			  const struct wait *window, GError **err)
{
	struct kw_tracks *tracks = kw_tracks_new();
	struct timeline t = {
		.window = *window,
		.lane_of = g_array_new(FALSE, TRUE, sizeof(unsigned)),
		.vcpus = g_ptr_array_new(), .lanes = g_string_new(NULL),
		.data = g_string_new("# lane, begin, end (us), 1 guest 2 host "
				     "3 awake in a WFI 4 blocked 5 user "
				     "6 preempted 7 a vCPU's thread 8 "
				     "another task\n"),
		.arrows = g_string_new("# us, lane, to us, lane, 1 wake 2 "
				       "kick 3 IPI\n"),
	};
	bool ok;

	kw_tracks_window(tracks, window->from, window->to);
	ok = kw_perfetto_trace(f->cli, 1, tracks, true, err);
	if (ok) {
		lay_out(&t, tracks);
		ok = draw_timeline(f, &t, err);
	}
	kw_tracks_free(tracks);
	g_array_free(t.lane_of, TRUE);
	g_ptr_array_free(t.vcpus, TRUE);
	g_string_free(t.lanes, TRUE);
	g_string_free(t.data, TRUE);
	g_string_free(t.arrows, TRUE);
	return ok;
}

/* -- distributions, a curve a cause */

static void put_curve(GString *data, const struct kw_hist *h)
{
	uint64_t seen = 0;
	unsigned i;

	for (i = 0; i < KW_HIST_BUCKETS; i++) {
		if (!h->count[i])
			continue;
		kw_figure_us(data, MAX(kw_hist_lowest(i), 1));
		g_string_append_printf(data, " %" G_GUINT64_FORMAT ".%02u\n",
				       seen * 100 / h->n, (unsigned)
				       (seen * 10000 / h->n % 100));
		seen += h->count[i];
		kw_figure_us(data, MAX(kw_hist_lowest(i), 1));
		g_string_append_printf(data, " %" G_GUINT64_FORMAT ".%02u\n",
				       seen * 100 / h->n, (unsigned)
				       (seen * 10000 / h->n % 100));
	}
	g_string_append(data, "\n\n");
}

static bool plot_curves(const struct kw_figure *f, const char *name,
			const struct kw_hist *h, GError **err)
{
	GString *data = g_string_new("# us, % that took no longer; a block a "
				     "cause\n");
	GString *script = g_string_new(NULL), *names = g_string_new(NULL);
	char p50[KW_NS_TEXT], p99[KW_NS_TEXT], *file;
	unsigned i, nr = 0;
	bool ok = true;

	for (i = 0; i < KW_NR_WAKE_CAUSES; i++) {
		if (!h[i].n)
			continue;
		put_curve(data, &h[i]);
		g_string_append_printf(names, "name_%u = \"%s: %"
			G_GUINT64_FORMAT ", median %s, 99%% %s\"\n", nr++,
			kw_wake_cause_names[i], h[i].n,
			kw_permille_text(&h[i], 500, p50),
			kw_permille_text(&h[i], 990, p99));
	}
	file = g_path_get_basename(f->cli->args->pdata[1]);
	kw_figure_define(script, "about", file);
	g_free(file);
	g_string_append_printf(script, "curves = %u\n%s", nr, names->str);
	if (nr)
		ok = kw_figure_save(f, name, ".dat", data, err) &&
		     kw_figure_draw(f, name, script, err);
	else
		kw_cli_note(f->cli, "no figure %s: nobody slept and was woken",
			    name);
	g_string_free(names, TRUE);
	g_string_free(script, TRUE);
	g_string_free(data, TRUE);
	return ok;
}

static bool read_first(struct kw_cli *cli, struct plotted *p, GError **err)
{
	static const struct kw_follow_ops ops = { .sleep = on_sleep };
	struct kw_follow *f = kw_follow_new();
	struct kw_find *find = kw_find_new(f, on_found, p);
	bool ok;

	kw_follow_add(f, &kw_find_ops, find);
	kw_follow_add(f, &ops, p);
	ok = kw_trace_read(cli, f, (const char *const *)cli->args->pdata + 1,
			   cli->args->len - 1, err);
	p->first_ns = kw_follow_totals(f)->first_ns;
	p->last_ns = kw_follow_totals(f)->last_ns;
	kw_find_free(find);
	kw_follow_free(f);
	return ok;
}

int kw_trace_cmd_plot(struct kw_cli *cli)
{
	struct kw_figure f = { cli, cli->o.out ? cli->o.out : "plots/out" };
	struct plotted *p = g_new0(struct plotted, 1);
	struct wait window;
	GError *err = NULL;
	bool ok;

	p->waits = g_array_new(FALSE, FALSE, sizeof(struct wait));
	if (!strcmp(cli->args->pdata[1], "-"))
		g_set_error(&err, KW_CLI_ERROR, KW_EXIT_USAGE, "trace plot: a "
			    "file, please: it is read twice");
	ok = !err && kw_cli_find_data(cli, &err) &&
	     kw_trace_group(cli, 1) == cli->args->len - 1;
	if (!ok && !err)
		g_set_error(&err, KW_CLI_ERROR, KW_EXIT_USAGE, "trace plot: "
			    "one recording, please");
	if (ok && read_first(cli, p, &err) &&
	    choose_window(cli, p, &window, &err) && kw_figure_dir(&f, &err) &&
	    plot_curves(&f, "trace-latency", p->latency, &err) &&
	    plot_curves(&f, "trace-sleeps", p->sleep, &err))
		plot_timeline(&f, &window, &err);
	g_array_free(p->waits, TRUE);
	g_free(p);
	return err ? kw_cli_fail(cli, err) : KW_EXIT_FINE;
}
