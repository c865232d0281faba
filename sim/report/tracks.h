/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracks of spans, instants and arrows, written as JSON of the Trace Event
 * Format, which ui.perfetto.dev and chrome://tracing read.
 *
 * Everything that is added is kept until it is written, some 40 bytes each;
 * names are kept once.  The order in which things are added is free.
 *
 * What is written keeps the format's rules: the events of a track are in the
 * order of time; B and E nest, as a span that would outlast the one around
 * it ends with that one; an arrow begins and ends inside a span of its
 * track, and where there is none it is left out.
 */
#ifndef KW_REPORT_TRACKS_H
#define KW_REPORT_TRACKS_H

#include <stdint.h>
#include <glib.h>

struct kw_tracks;

struct kw_tracks *kw_tracks_new(void);
void kw_tracks_free(struct kw_tracks *t);

/* The track of that name in that group, made if it is not there yet. */
unsigned kw_track(struct kw_tracks *t, const char *group, const char *name);

/* What is outside is not kept from here on; spans are clipped. */
void kw_tracks_window(struct kw_tracks *t, uint64_t from_ns, uint64_t to_ns);

/* A span of no length is not kept. */
void kw_tracks_span(struct kw_tracks *t, unsigned track, uint64_t begin_ns,
		    uint64_t end_ns, const char *name);
void kw_tracks_instant(struct kw_tracks *t, unsigned track, uint64_t ns,
		       const char *name);

struct kw_tracks_point {
	unsigned track;
	uint64_t ns;
};
void kw_tracks_arrow(struct kw_tracks *t, struct kw_tracks_point from,
		     struct kw_tracks_point to, const char *name);

/* What was added, in that order; the tracks that have something first. */
struct kw_tracks_visitor {
	void (*track)(void *arg, unsigned track, const char *group,
		      const char *name);
	void (*span)(void *arg, unsigned track, uint64_t begin_ns,
		     uint64_t end_ns, const char *name);
	void (*arrow)(void *arg, struct kw_tracks_point from,
		      struct kw_tracks_point to, const char *name);
};
/* Not after kw_tracks_write(). */
void kw_tracks_visit(const struct kw_tracks *t,
		     const struct kw_tracks_visitor *v, void *arg);

/* source: what it is, for the reader's "otherData". */
void kw_tracks_write(struct kw_tracks *t, const char *source, GString *out);

#endif
