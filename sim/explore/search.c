/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides what a state or a move shows, and when a search is over. */
#include "hunt.h"
#include "saved.h"

static const char *const names[KW_FINDS_INVARIANT] = {
	"missed", "spurious", "failed", "deadlock", "race", "I6",
	"lock-order", "storm",
};

const char *kw_property_name(const struct kw_program *p, unsigned property)
{
	if (property == KW_FINDS_NOTHING)
		return "sample";
	return property < KW_FINDS_INVARIANT ? names[property] :
	       p->invariants[property - KW_FINDS_INVARIANT].name;
}

/* Somebody is told how far it is after so many more states at most. */
#define PROGRESS 65536

void kw_hunter_init(struct kw_hunter *k, struct kw_hunt *h)
{
	*k = (struct kw_hunter){
		.h = h, .w = kw_world_fork(h->w),
		.adder = kw_adder_new(&h->visited),
	};
	k->ailing = kw_world_ailing(k->w);
	k->rescue = kw_rescue_new(k->w);
}

void kw_hunter_end(struct kw_hunter *k)
{
	struct kw_search_result *res = k->h->res;

	res->states += k->states;
	res->transitions += k->transitions;
	res->ends += k->ends;
	res->exposed |= k->exposed;
	kw_rescue_free(k->rescue);
	kw_world_unfork(k->w);
	kw_adder_free(k->adder);
}

static bool wanted(const struct kw_hunter *k, enum kw_property what)
{
	return !(k->h->found >> what & 1);
}

bool kw_hunter_was_wrong(struct kw_hunter *k)
{
	if (kw_world_was_wrong(k->w))
		k->h->stop = k->h->again = true;
	return k->h->again;
}

static enum kw_property property_of(const struct kw_slot *slot)
{
	return slot->vcpu >= 0 ? KW_FINDS_MISSED :
				 KW_FINDS_INVARIANT + slot->invariant;
}

static void find_slot(const struct kw_hunter *k, unsigned slot,
		      struct kw_find *f)
{
	const struct kw_slot *x = kw_world_slot(k->w, slot);

	*f = (struct kw_find){
		.what = property_of(x),
		.witness = { .vcpu = x->vcpu, .object = x->object },
	};
}

bool kw_hunt_may_ail(struct kw_hunter *k, uint8_t *s, uint64_t fp)
{
	unsigned i = kw_world_next_ail(k->w, s, 0);

	if (i != KW_NO_SLOT)
		kw_rescue_announce(k->rescue, fp, i);
	else
		k->states++;
	return i != KW_NO_SLOT;
}

bool kw_hunt_state(struct kw_hunter *k, uint8_t *s, uint64_t fp,
		   unsigned *slot, struct kw_find *f)
{
	unsigned i;

	k->states += !*slot;
	while ((i = kw_world_next_ail(k->w, s, *slot)) != KW_NO_SLOT) {
		*slot = i + 1;
		if (!wanted(k, property_of(kw_world_slot(k->w, i))) ||
		    kw_rescue_comes(k->rescue, s, fp, i))
			continue;
		if (k->alone && kw_hunter_was_wrong(k))
			return false;
		find_slot(k, i, f);
		return true;
	}
	return false;
}

bool kw_hunt_end(struct kw_hunter *k, uint8_t *s, struct kw_find *f)
{
	unsigned addr = 0, a;

	k->ends++;
	if (k->h->opts->end)
		k->h->opts->end(k->h->opts->end_arg, s);
	if (!wanted(k, KW_FINDS_DEADLOCK))
		return false;
	a = kw_world_blocked(k->w, s, &addr);
	if (!a)
		return false;
	*f = (struct kw_find){
		.what = KW_FINDS_DEADLOCK,
		.witness = { .vcpu = -1, .actor = (uint16_t)(a - 1),
			     .addr = (uint16_t)addr },
	};
	return true;
}

bool kw_hunt_orders(struct kw_hunter *k, struct kw_find *f)
{
	GArray *cycle = wanted(k, KW_FINDS_ORDER) ?
				kw_world_order_cycle(k->w) : NULL;
	const struct kw_order *last;

	if (!cycle)
		return false;
	last = &g_array_index(cycle, struct kw_order, cycle->len - 1);
	*f = (struct kw_find){
		.what = KW_FINDS_ORDER,
		.witness = { .vcpu = -1, .actor = last->actor,
			     .addr = last->to },
		.cycle = cycle,
	};
	return true;
}

/* Bit p: the move showed property p. */
static unsigned shown(const struct kw_seen_by_move *seen)
{
	return (unsigned)seen->failed << KW_FINDS_FAILED |
	       (unsigned)seen->raced << KW_FINDS_RACE |
	       (seen->spurious >= 0 ? 1u << KW_FINDS_SPURIOUS : 0) |
	       (seen->row >= 0 ? 1u << KW_FINDS_ROW : 0) |
	       (unsigned)seen->broken << KW_FINDS_INVARIANT;
}

bool kw_hunt_move(struct kw_hunter *k, const struct kw_seen_by_move *seen,
		  unsigned *property, struct kw_find *f)
{
	unsigned all = shown(seen), p;

	k->exposed |= seen->exposed;
	if (!all)
		return false;
	while ((p = *property) < KW_NR_PROPERTIES) {
		(*property)++;
		if (!(all >> p & 1) || !wanted(k, p))
			continue;
		*f = (struct kw_find){
			.what = p, .by_move = true,
			.witness = { .vcpu = p == KW_FINDS_SPURIOUS ?
					     seen->spurious :
					     p == KW_FINDS_ROW ? seen->row : -1,
				     .message = seen->message },
		};
		return true;
	}
	return false;
}

bool kw_hunt_enough(const struct kw_hunt *h)
{
	const struct kw_search_opts *o = h->opts;

	return (h->found & o->stop_any) ||
	       (o->stop_all && (h->found & o->stop_all) == o->stop_all);
}

void kw_hunt_found(struct kw_hunt *h, const struct kw_find *f,
		   struct kw_move *moves, unsigned nr_moves)
{
	struct kw_search_result *res = h->res;

	if (f->cycle) {
		if (res->cycle)
			g_array_unref(res->cycle);
		res->cycle = g_array_ref(f->cycle);
	}
	res->of[f->what] = f->witness;
	/* A storm's moves are what they are, see graph.h. */
	if (f->what != KW_FINDS_STORM)
		kw_hunt_unwind(h, f, moves, nr_moves, &res->of[f->what]);
	res->of[f->what].found = true;
	res->of[f->what].moves = moves;
	res->of[f->what].nr_moves = nr_moves;
	h->found |= 1u << f->what;
}

/* The newer half of the levels against the older half, and so on. */
uint64_t kw_search_expect(const struct kw_search_progress *p)
{
	uint64_t old = 0, new = 0;
	unsigned i;

	for (i = 0; i < KW_LEVELS / 2; i++) {
		if (!p->levels[i])
			return 0;
		old += p->levels[i];
		new += p->levels[KW_LEVELS / 2 + i];
	}
	/* Near 1 the sum of the series says nothing. */
	if (new > old / 8 * 7)
		return KW_GROWING;
	return MAX(p->states, p->known + new * new / (old - new));
}

bool kw_hunt_bounded(struct kw_hunt *h, const struct kw_search_progress *p,
		     uint64_t rescue_bytes)
{
	const struct kw_search_opts *o = h->opts;
	uint64_t bytes = h->bytes + kw_visited_bytes(&h->visited) +
			 rescue_bytes;

	h->res->bytes_max = MAX(h->res->bytes_max, bytes);
	if (o->progress && p->states >= h->tell_at) {
		o->progress(o->progress_arg, p);
		h->tell_at = p->states + MIN(p->states / 32, PROGRESS);
	}
	if (o->depth_first && o->max_states && p->states >= o->max_states)
		h->res->bound = KW_BOUND_STATES;
	else if (o->max_bytes && bytes >= o->max_bytes)
		h->res->bound = KW_BOUND_BYTES;
	else if (o->stop && *o->stop)
		h->res->bound = KW_BOUND_STOPPED;
	return h->res->bound != KW_UNBOUNDED;
}

/* What was known when the search was saved. */
static bool know_again(struct kw_hunt *h)
{
	const struct kw_saved s = {
		.identity = kw_hunt_identity(h), .w = h->w,
	};

	return kw_saved_known(&s, h->opts->resume, &h->res->error);
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
	h->tell_at = 0;
	h->found = 0;
	if (opts->resume && !again && !know_again(h))
		return;
	kw_world_begin(h->w);
	h->size = kw_world_size(h->w);
	h->start = g_realloc(h->start, h->size);
	kw_world_start(h->w, h->start);
	h->stop = h->again = kw_world_was_wrong(h->w);
	kw_visited_init(&h->visited, opts->exact, h->start, h->size);
	if (opts->depth_first)
		kw_hunt_depth(h);
	else
		kw_hunt_breadth(h);
	if (h->res->bound == KW_UNBOUNDED && kw_world_was_bounded(h->w))
		h->res->bound = KW_BOUND_MEMORY;
	h->res->complete = !h->stop && h->res->bound == KW_UNBOUNDED;
	h->res->ended = kw_hunt_enough(h);
	kw_visited_free(&h->visited);
	if (!opts->depth_first && !h->again && !h->res->error)
		kw_hunt_witnesses(h);
	if (opts->storm && h->res->complete)
		kw_hunt_storm(h);
}

void kw_search(const struct kw_world *w, const struct kw_search_opts *opts,
	       struct kw_search_result *res)
{
	struct kw_hunt h = {
		.w = w, .opts = opts, .res = res,
	};

	*res = (struct kw_search_result){ 0 };
	if (kw_world_is_weak(w) && !opts->resume)
		kw_hunt_walk(w);
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

	for (p = 0; p <= KW_FINDS_NOTHING; p++)
		g_free(res->of[p].moves);
	if (res->cycle)
		g_array_unref(res->cycle);
	g_clear_error(&res->error);
}
