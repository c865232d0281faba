/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the order in which a track's events are written, and which arrows
 * have both ends in a span.
 *
 * At the same time: ends, inner ones first; begins, outer ones first; then
 * instants and arrows, which therefore belong to the span that begins.
 */
#include <stdlib.h>
#include "report.h"
#include "tracks.h"

enum phase { PHASE_END, PHASE_BEGIN, PHASE_INSTANT, PHASE_FROM, PHASE_TO };

struct event {
	uint64_t ns, other_ns;	/* other: of a begin its end, and so back */
	const char *name;
	uint32_t track, arrow;	/* arrow: its number, from 1 */
	uint32_t number;	/* order of being added */
	uint8_t phase;
};

struct track {
	const char *group, *name;
	unsigned process;	/* number of the group, from 1 */
	bool used;
};

struct kw_tracks {
	GArray *events, *tracks;
	GHashTable *by_name;	/* "group\nname" -> number + 1 */
	GPtrArray *groups;
	GStringChunk *strings;
	uint32_t nr_arrows;
	uint64_t from_ns, to_ns;
};

struct kw_tracks *kw_tracks_new(void)
{
	struct kw_tracks *t = g_new0(struct kw_tracks, 1);

	t->events = g_array_new(FALSE, TRUE, sizeof(struct event));
	t->tracks = g_array_new(FALSE, TRUE, sizeof(struct track));
	t->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   NULL);
	t->groups = g_ptr_array_new();
	t->strings = g_string_chunk_new(4096);
	t->to_ns = UINT64_MAX;
	return t;
}

void kw_tracks_free(struct kw_tracks *t)
{
	g_array_free(t->events, TRUE);
	g_array_free(t->tracks, TRUE);
	g_hash_table_destroy(t->by_name);
	g_ptr_array_free(t->groups, TRUE);
	g_string_chunk_free(t->strings);
	g_free(t);
}

void kw_tracks_window(struct kw_tracks *t, uint64_t from_ns, uint64_t to_ns)
{
	t->from_ns = from_ns;
	t->to_ns = to_ns;
}

static bool inside(const struct kw_tracks *t, uint64_t ns)
{
	return ns >= t->from_ns && ns <= t->to_ns;
}

static unsigned process_of(struct kw_tracks *t, const char *group)
{
	unsigned i;

	for (i = 0; i < t->groups->len; i++)
		if (t->groups->pdata[i] == group)
			return i + 1;
	g_ptr_array_add(t->groups, (gpointer)(uintptr_t)group);
	return t->groups->len;
}

unsigned kw_track(struct kw_tracks *t, const char *group, const char *name)
{
	char *key = g_strdup_printf("%s\n%s", group, name);
	struct track track;
	gpointer found = g_hash_table_lookup(t->by_name, key);

	if (found) {
		g_free(key);
		return GPOINTER_TO_UINT(found) - 1;
	}
	track.group = g_string_chunk_insert_const(t->strings, group);
	track.name = g_string_chunk_insert_const(t->strings, name);
	track.process = process_of(t, track.group);
	track.used = false;
	g_array_append_val(t->tracks, track);
	g_hash_table_insert(t->by_name, key,
			    GUINT_TO_POINTER(t->tracks->len));
	return t->tracks->len - 1;
}

static void add(struct kw_tracks *t, struct event e, const char *name)
{
	g_assert_cmpuint(e.track, <, t->tracks->len);
	g_array_index(t->tracks, struct track, e.track).used = true;
	e.number = t->events->len;
	if (name)
		e.name = g_string_chunk_insert_const(t->strings, name);
	g_array_append_val(t->events, e);
}

void kw_tracks_span(struct kw_tracks *t, unsigned track, uint64_t begin_ns,
		    uint64_t end_ns, const char *name)
{
	begin_ns = MAX(begin_ns, t->from_ns);
	end_ns = MIN(end_ns, t->to_ns);
	if (end_ns <= begin_ns)
		return;
	add(t, (struct event){ .ns = begin_ns, .other_ns = end_ns,
			       .track = track, .phase = PHASE_BEGIN }, name);
}

void kw_tracks_instant(struct kw_tracks *t, unsigned track, uint64_t ns,
		       const char *name)
{
	if (inside(t, ns))
		add(t, (struct event){ .ns = ns, .track = track,
				       .phase = PHASE_INSTANT }, name);
}

void kw_tracks_arrow(struct kw_tracks *t, struct kw_tracks_point from,
		     struct kw_tracks_point to, const char *name)
{
	if (!inside(t, from.ns) || !inside(t, to.ns))
		return;
	t->nr_arrows++;
	add(t, (struct event){ .ns = from.ns, .track = from.track,
			       .phase = PHASE_FROM, .arrow = t->nr_arrows },
	    name);
	add(t, (struct event){ .ns = MAX(to.ns, from.ns), .track = to.track,
			       .phase = PHASE_TO, .arrow = t->nr_arrows },
	    name);
}

void kw_tracks_visit(const struct kw_tracks *t,
		     const struct kw_tracks_visitor *v, void *arg)
{
	const struct event *e = (const struct event *)(void *)t->events->data;
	unsigned i;

	for (i = 0; i < t->tracks->len; i++) {
		const struct track *tr = &g_array_index(t->tracks,
							struct track, i);

		if (tr->used)
			v->track(arg, i, tr->group, tr->name);
	}
	for (i = 0; i < t->events->len; i++)
		if (e[i].phase == PHASE_BEGIN)
			v->span(arg, e[i].track, e[i].ns, e[i].other_ns,
				e[i].name);
		else if (e[i].phase == PHASE_FROM)
			v->arrow(arg, (struct kw_tracks_point){ e[i].track,
				 e[i].ns }, (struct kw_tracks_point){
				 e[i + 1].track, e[i + 1].ns }, e[i].name);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->track != y->track)
		return x->track < y->track ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	if (x->phase != y->phase)
		return x->phase < y->phase ? -1 : 1;
	/* The longer span begins first, the shorter one ends first. */
	if (x->other_ns != y->other_ns)
		return x->other_ns > y->other_ns ? -1 : 1;
	if (x->number == y->number)
		return 0;
	return (x->number < y->number) == (x->phase != PHASE_END) ? -1 : 1;
}

static void sort(GArray *events)
{
	qsort(events->data, events->len, sizeof(struct event), by_time);
}

/* No span outlasts the one around it; then each gets its end. */
static void close_spans(struct kw_tracks *t)
{
	GArray *ends = g_array_new(FALSE, TRUE, sizeof(struct event));
	GArray *open = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct event end;
	unsigned i, track = 0;

	for (i = 0; i < t->events->len; i++) {
		struct event *e = &g_array_index(t->events, struct event, i);

		if (e->track != track)
			g_array_set_size(open, 0);
		track = e->track;
		if (e->phase != PHASE_BEGIN)
			continue;
		while (open->len && g_array_index(open, uint64_t,
						  open->len - 1) <= e->ns)
			g_array_set_size(open, open->len - 1);
		if (open->len)
			e->other_ns = MIN(e->other_ns,
				g_array_index(open, uint64_t, open->len - 1));
		g_array_append_val(open, e->other_ns);
		end = *e;
		end.phase = PHASE_END;
		end.ns = e->other_ns;
		end.other_ns = e->ns;
		g_array_append_val(ends, end);
	}
	g_array_append_vals(t->events, ends->data, ends->len);
	g_array_free(open, TRUE);
	g_array_free(ends, TRUE);
	sort(t->events);
}

/* [arrow]: how many of its ends lie inside a span. */
static uint8_t *bound(const struct kw_tracks *t)
{
	uint8_t *ends = g_new0(uint8_t, t->nr_arrows + 1);
	unsigned i, depth = 0, track = 0;

	for (i = 0; i < t->events->len; i++) {
		const struct event *e = &g_array_index(t->events,
						       struct event, i);

		if (e->track != track)
			depth = 0;
		track = e->track;
		if (e->phase == PHASE_BEGIN)
			depth++;
		else if (e->phase == PHASE_END)
			depth--;
		else if (e->arrow && depth)
			ends[e->arrow]++;
	}
	return ends;
}

static void put_name(const char *what, const char *name, unsigned process,
		     unsigned thread, GString *out)
{
	struct kw_json j = { out, false };

	g_string_append_printf(out, "{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,"
			       "\"name\":\"%s\",\"args\":", process, thread,
			       what);
	kw_json_open(&j, NULL, '{');
	kw_json_text(&j, "name", name);
	kw_json_close(&j, '}');
	g_string_append(out, "},\n");
}

/* Of the tracks that have events; a group's name before its first track's. */
static void put_names(const struct kw_tracks *t, GString *out)
{
	GArray *named = g_array_new(FALSE, TRUE, sizeof(bool));
	unsigned i;

	g_array_set_size(named, t->groups->len + 1);
	for (i = 0; i < t->tracks->len; i++) {
		const struct track *tr = &g_array_index(t->tracks,
							struct track, i);

		if (!tr->used)
			continue;
		if (!g_array_index(named, bool, tr->process))
			put_name("process_name", tr->group, tr->process,
				 i + 1, out);
		g_array_index(named, bool, tr->process) = true;
		put_name("thread_name", tr->name, tr->process, i + 1, out);
	}
	g_array_free(named, TRUE);
}

static void put_event(const struct kw_tracks *t, const struct event *e,
		      GString *out)
{
	static const char phases[] = "EBisf";
	const struct track *tr = &g_array_index(t->tracks, struct track,
						e->track);
	struct kw_json j = { out, true };

	g_string_append_printf(out, "{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u,"
			       "\"ts\":%" G_GUINT64_FORMAT ".%03u",
			       phases[e->phase], tr->process, e->track + 1,
			       e->ns / 1000, (unsigned)(e->ns % 1000));
	/* Of an end it is optional, but speedscope pairs by it. */
	kw_json_text(&j, "name", e->name);
	if (e->phase == PHASE_INSTANT)
		kw_json_text(&j, "s", "t");
	if (e->arrow) {
		kw_json_text(&j, "cat", "arrow");
		kw_json_u64(&j, "id", e->arrow);
	}
	if (e->phase == PHASE_TO)
		kw_json_text(&j, "bp", "e");
	g_string_append(out, "},\n");
}

void kw_tracks_write(struct kw_tracks *t, const char *source, GString *out)
{
	struct kw_json j = { out, false };
	uint8_t *ends;
	unsigned i;

	sort(t->events);
	close_spans(t);
	ends = bound(t);
	g_string_append(out, "{\"displayTimeUnit\":\"ns\",\"otherData\":");
	kw_json_open(&j, NULL, '{');
	kw_json_text(&j, "source", source);
	kw_json_text(&j, "version", "kvmwake " KW_VERSION);
	kw_json_close(&j, '}');
	g_string_append(out, ",\n\"traceEvents\":[\n");
	put_names(t, out);
	for (i = 0; i < t->events->len; i++) {
		const struct event *e = &g_array_index(t->events,
						       struct event, i);

		if (!e->arrow || ends[e->arrow] == 2)
			put_event(t, e, out);
	}
	if (g_str_has_suffix(out->str, ",\n"))
		g_string_truncate(out, out->len - 2);
	g_string_append(out, "\n]}\n");
	g_free(ends);
}
