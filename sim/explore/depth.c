/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Depth first: a stack of states, each with the moves that are left of it.
 * A witness is what is on the stack.
 */
#include "expand.h"
#include "hunt.h"
#include "saved.h"
#include "symmetry.h"

struct frame {
	unsigned first, nr, next;	/* its moves in moves[] */
};

struct stack {
	struct kw_hunt *h;
	struct kw_hunter k;
	struct kw_expander x;
	GArray *states;			/* of h->size bytes each: a frame's */
	GArray *frames, *moves;
	uint8_t *to;
};

static uint8_t *top_state(struct stack *k)
{
	return (uint8_t *)k->states->data +
	       (size_t)(k->states->len - 1) * k->h->size;
}

static struct frame *top(struct stack *k)
{
	return &g_array_index(k->frames, struct frame, k->frames->len - 1);
}

static void found(struct stack *k, const struct kw_find *f)
{
	unsigned n = k->frames->len, i, nr = 0;
	struct kw_move *moves = g_new(struct kw_move, n + 1);

	for (i = 0; i < n; i++) {
		const struct frame *x = &g_array_index(k->frames,
						       struct frame, i);

		if (x->next)
			moves[nr++] = g_array_index(k->moves, struct kw_move,
						    x->first + x->next - 1);
	}
	kw_hunt_found(k->h, f, moves, nr);
	k->h->stop |= kw_hunt_enough(k->h);
}

static void push(struct stack *k, const uint8_t *s, uint64_t fp)
{
	struct frame f = { .first = k->moves->len };
	struct kw_find find;
	unsigned slot = 0, i;
	uint8_t *at;

	g_array_append_vals(k->states, s, 1);
	at = top_state(k);
	kw_expander_begin(&k->x);
	kw_expander_set(&k->x, at, fp);
	kw_expander_make(&k->x);
	f.nr = k->x.nr;
	for (i = 0; i < f.nr; i++)
		g_array_append_val(k->moves, k->x.children[i].by->move);
	g_array_append_val(k->frames, f);
	kw_world_note_orders(k->k.w, at, ~UINT64_C(0));
	k->h->res->depth = MAX(k->h->res->depth, k->frames->len - 1);
	while (kw_hunt_state(&k->k, at, fp, &slot, &find))
		found(k, &find);
	if (!f.nr && kw_hunt_end(&k->k, at, &find))
		found(k, &find);
	if (kw_hunt_orders(&k->k, &find)) {
		found(k, &find);
		g_array_unref(find.cycle);
	}
}

static void pop(struct stack *k)
{
	g_array_set_size(k->moves, top(k)->first);
	g_array_set_size(k->states, k->states->len - 1);
	g_array_set_size(k->frames, k->frames->len - 1);
}

static void go_on(struct stack *k)
{
	struct kw_hunt *h = k->h;
	struct frame *f = top(k);
	struct kw_seen_by_move seen;
	struct kw_find find;
	unsigned p = 0;
	uint64_t fp;

	memcpy(k->to, top_state(k), h->size);
	kw_world_apply(k->k.w, k->to,
		       &g_array_index(k->moves, struct kw_move,
				      f->first + f->next++), &seen);
	k->k.transitions++;
	while (!kw_hunter_was_wrong(&k->k) &&
	       kw_hunt_move(&k->k, &seen, &p, &find))
		found(k, &find);
	if (k->x.canon && !seen.failed)
		kw_canon_order(k->x.canon, k->to, NULL);
	fp = kw_fingerprint(k->to, h->size);
	if (!seen.failed && !h->stop &&
	    kw_visited_add(&h->visited, k->k.adder, fp, k->to)) {
		kw_visited_count(&h->visited, 1);
		if (kw_visited_is_full(&h->visited))
			kw_visited_grow(&h->visited);
		push(k, k->to, fp);
	}
}

static bool bounded(struct stack *k)
{
	struct kw_hunt *h = k->h;
	const struct kw_search_progress p = {
		.states = k->k.states, .left = k->frames->len,
	};

	h->bytes = MAX(h->bytes, k->frames->len *
			(sizeof(struct frame) + h->size) +
			k->moves->len * sizeof(struct kw_move));
	return kw_hunt_bounded(h, &p, kw_rescue_bytes(k->k.rescue));
}

static struct kw_saved kept(struct stack *k)
{
	struct kw_hunt *h = k->h;

	return (struct kw_saved){
		.identity = kw_hunt_identity(h), .start = h->start,
		.size = h->size, .visited = &h->visited, .adder = k->k.adder,
		.w = k->k.w, .depth_first = true,
		.stack = { k->states, k->frames, k->moves }, .res = h->res,
	};
}

/* It was stopped after a move. */
static void save(struct stack *k)
{
	struct kw_saved s = kept(k);
	struct kw_hunt *h = k->h;

	s.states = k->k.states;
	s.transitions = k->k.transitions;
	s.ends = k->k.ends;
	s.exposed = k->k.exposed;
	s.level = h->res->depth;
	s.again = h->res->again;
	s.found = h->found;
	h->res->saved = kw_saved_write(&s, h->opts->save, &h->res->error);
}

static void resume(struct stack *k)
{
	struct kw_saved s = kept(k);
	struct kw_hunt *h = k->h;

	if (!kw_saved_read(&s, h->opts->resume, &h->res->error))
		h->stop = true;
	k->k.states = s.states;
	k->k.transitions = s.transitions;
	k->k.ends = s.ends;
	k->k.exposed = s.exposed;
	h->res->depth = s.level;
	h->res->again = s.again;
	h->found = s.found;
}

static void begin(struct stack *k)
{
	struct kw_hunt *h = k->h;
	uint64_t fp = kw_fingerprint(h->start, h->size);

	kw_visited_add(&h->visited, k->k.adder, fp, h->start);
	push(k, h->start, fp);
}

static void visit(struct stack *k)
{
	struct kw_hunt *h = k->h;
	uint64_t n = 0;

	while (k->frames->len && !h->stop) {
		if (top(k)->next == top(k)->nr) {
			pop(k);
			continue;
		}
		go_on(k);
		if (++n % 64 == 0 && bounded(k))
			return;
	}
	bounded(k);
	if (!k->frames->len)
		h->res->bound = KW_UNBOUNDED;
}

void kw_hunt_depth(struct kw_hunt *h)
{
	struct stack k = { .h = h };

	k.states = g_array_new(FALSE, FALSE, h->size);
	k.frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
	k.moves = g_array_new(FALSE, FALSE, sizeof(struct kw_move));
	k.to = g_malloc(h->size);
	kw_hunter_init(&k.k, h);
	k.k.alone = true;
	kw_expander_init(&k.x, k.k.w);
	if (h->opts->resume && !h->res->again)
		resume(&k);
	else
		begin(&k);
	visit(&k);
	if (h->res->bound == KW_BOUND_STOPPED && !h->stop && h->opts->save)
		save(&k);
	kw_hunter_end(&k.k);
	kw_expander_free(&k.x);
	g_array_free(k.states, TRUE);
	g_array_free(k.frames, TRUE);
	g_array_free(k.moves, TRUE);
	g_free(k.to);
}
