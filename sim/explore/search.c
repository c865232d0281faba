/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides what a state or a move shows, and when a search is over. */
#include "hunt.h"

const char *const kw_property_names[KW_NR_PROPERTIES] = {
	"missed", "spurious", "failed",
};

/* How often somebody is told how far it is. */
#define PROGRESS 65536

static bool wanted(const struct kw_hunt *h, enum kw_property what)
{
	return !h->res->of[what].found;
}

/* True when the search is to begin again. */
static bool was_wrong(struct kw_hunt *h)
{
	if (kw_world_was_wrong(h->w))
		h->stop = h->again = true;
	return h->again;
}

bool kw_hunt_state(struct kw_hunt *h, uint8_t *s, struct kw_find *f)
{
	unsigned v;

	h->res->states++;
	if (!wanted(h, KW_FINDS_MISSED))
		return false;
	for (v = 0; v < kw_world_nr_vcpus(h->w); v++) {
		if (!kw_world_oversleeps(h->w, s, v) ||
		    kw_rescue_comes(h->rescue, s, v))
			continue;
		if (was_wrong(h))
			return false;
		*f = (struct kw_find){
			.what = KW_FINDS_MISSED, .witness.vcpu = (int)v,
		};
		return true;
	}
	return false;
}

bool kw_hunt_end(struct kw_hunt *h, uint8_t *s, struct kw_find *f)
{
	unsigned addr = 0, a;

	h->res->ends++;
	if (!wanted(h, KW_FINDS_FAILED))
		return false;
	a = kw_world_blocked(h->w, s, &addr);
	if (!a)
		return false;
	*f = (struct kw_find){
		.what = KW_FINDS_FAILED,
		.witness = { .deadlock = true, .vcpu = -1,
			     .actor = (uint16_t)(a - 1),
			     .addr = (uint16_t)addr },
	};
	return true;
}

bool kw_hunt_move(struct kw_hunt *h, const struct kw_seen_by_move *seen,
		  struct kw_find *f, bool *terminal)
{
	h->res->transitions++;
	h->res->exposed |= seen->exposed;
	*terminal = seen->failed;
	if (was_wrong(h))
		return false;
	if (seen->failed && wanted(h, KW_FINDS_FAILED)) {
		*f = (struct kw_find){
			.what = KW_FINDS_FAILED,
			.witness = { .vcpu = -1, .message = seen->message },
		};
		return true;
	}
	if (seen->spurious >= 0 && wanted(h, KW_FINDS_SPURIOUS)) {
		*f = (struct kw_find){
			.what = KW_FINDS_SPURIOUS,
			.witness.vcpu = seen->spurious,
		};
		return true;
	}
	return false;
}

void kw_hunt_found(struct kw_hunt *h, const struct kw_find *f,
		   struct kw_move *moves, unsigned nr_moves)
{
	const struct kw_search_opts *o = h->opts;
	unsigned p, found = 0;

	if (h->res->of[f->what].found) {
		g_free(moves);
		return;
	}
	h->res->of[f->what] = f->witness;
	h->res->of[f->what].found = true;
	h->res->of[f->what].moves = moves;
	h->res->of[f->what].nr_moves = nr_moves;
	for (p = 0; p < KW_NR_PROPERTIES; p++)
		found |= (unsigned)h->res->of[p].found << p;
	if ((found & o->stop_any) ||
	    (o->stop_all && (found & o->stop_all) == o->stop_all)) {
		h->stop = true;
		h->res->ended = true;
	}
}

bool kw_hunt_bounded(struct kw_hunt *h, uint64_t left)
{
	const struct kw_search_opts *o = h->opts;
	uint64_t bytes = h->bytes + kw_visited_bytes(&h->visited) +
			 kw_rescue_bytes(h->rescue);

	h->res->bytes_max = MAX(h->res->bytes_max, bytes);
	if (o->progress && h->res->states % PROGRESS < 256)
		o->progress(o->progress_arg, h->res->states, left);
	if (o->max_states && h->res->states >= o->max_states)
		h->res->bound = KW_BOUND_STATES;
	else if (o->max_bytes && bytes >= o->max_bytes)
		h->res->bound = KW_BOUND_BYTES;
	else if (o->stop && *o->stop)
		h->res->bound = KW_BOUND_STOPPED;
	return h->res->bound != KW_UNBOUNDED;
}

/* One attempt, from the start. */
static void attempt(struct kw_hunt *h)
{
	const struct kw_search_opts *opts = h->opts;
	unsigned again = h->res->again;

	kw_search_result_free(h->res);
	*h->res = (struct kw_search_result){ .again = again };
	h->stop = h->again = false;
	h->bytes = 0;
	kw_world_start(h->w, h->start);
	kw_visited_init(&h->visited, opts->exact, h->start, h->size);
	h->rescue = kw_rescue_new(h->w);
	kw_visited_add(&h->visited, kw_fingerprint(h->start, h->size),
		       h->start);
	if (opts->depth_first)
		kw_hunt_depth(h);
	else
		kw_hunt_breadth(h);
	h->res->complete = !h->stop && h->res->bound == KW_UNBOUNDED;
	kw_hunt_bounded(h, 0);
	kw_visited_free(&h->visited);
	kw_rescue_free(h->rescue);
}

void kw_search(const struct kw_world *w, const struct kw_search_opts *opts,
	       struct kw_search_result *res)
{
	struct kw_hunt h = {
		.w = w, .opts = opts, .res = res, .size = kw_world_size(w),
	};

	*res = (struct kw_search_result){ 0 };
	h.start = g_malloc0(h.size);
	attempt(&h);
	while (h.again) {
		res->again++;
		attempt(&h);
	}
	res->ended |= res->complete;
	if (res->ended)
		res->bound = KW_UNBOUNDED;
	g_free(h.start);
}

void kw_search_result_free(struct kw_search_result *res)
{
	unsigned p;

	for (p = 0; p < KW_NR_PROPERTIES; p++)
		g_free(res->of[p].moves);
}
