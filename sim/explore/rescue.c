/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether something that must not last, a vCPU that sleeps although
 * SPEC holds or an invariant that fails, comes to an end.
 *
 * Depth first from that state, over moves that must happen sooner or later,
 * until it is no longer so.  Each level of the stack begins
 * with another actor, so that nobody is kept from moving by another's loop.
 * What leads to a rescue is remembered: the states of a sleep are asked about
 * one after another, and each answer is one move away from the next.
 */
#include "fingerprint.h"
#include "hunt.h"

struct frame {
	unsigned parts;			/* whose moves were made so far */
	unsigned first, nr, next;	/* the last ones in moves[] */
	uint64_t fp;
};

struct kw_rescue {
	const struct kw_world *of;	/* who asks */
	struct kw_world *w;		/* its fork: only a search that failed,
					   which has seen all, may teach it */
	uint32_t size;
	unsigned grain_shift, nr_parts;
	struct kw_visited *rescued;	/* [slot] */
	GByteArray *states;		/* a state a frame */
	GArray *frames, *moves;
	uint8_t *to;
};

struct kw_rescue *kw_rescue_new(const struct kw_world *w)
{
	struct kw_rescue *r = g_new0(struct kw_rescue, 1);
	unsigned v;

	r->of = w;
	r->w = kw_world_fork(w);
	r->size = kw_world_size(w);
	r->nr_parts = kw_world_nr_parts(w);
	r->grain_shift = kw_world_grain_shift(w);
	r->rescued = g_new0(struct kw_visited, kw_world_nr_slots(w) + 1);
	for (v = 0; v < kw_world_nr_slots(w); v++) {
		kw_visited_init(&r->rescued[v], false, NULL, 0);
		r->rescued[v].alone = true;
	}
	r->states = g_byte_array_new();
	r->frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
	r->moves = g_array_new(FALSE, FALSE, sizeof(struct kw_move));
	r->to = g_malloc(r->size);
	return r;
}

void kw_rescue_free(struct kw_rescue *r)
{
	unsigned v;

	for (v = 0; v < kw_world_nr_slots(r->w); v++)
		kw_visited_free(&r->rescued[v]);
	g_free(r->rescued);
	g_byte_array_free(r->states, TRUE);
	g_array_free(r->frames, TRUE);
	g_array_free(r->moves, TRUE);
	g_free(r->to);
	kw_world_unfork(r->w);
	g_free(r);
}

uint64_t kw_rescue_bytes(const struct kw_rescue *r)
{
	uint64_t bytes = 0;
	unsigned v;

	for (v = 0; v < kw_world_nr_slots(r->w); v++)
		bytes += kw_visited_bytes(&r->rescued[v]);
	return bytes;
}

static void push(struct kw_rescue *r, const uint8_t *s, uint64_t fp)
{
	struct frame f = { .first = r->moves->len, .fp = fp };

	g_byte_array_append(r->states, s, r->size);
	g_array_append_val(r->frames, f);
}

/* Moves of one more actor; the frame is the top. */
static void make_more(struct kw_rescue *r, unsigned slot, struct frame *f)
{
	unsigned part = (f->parts++ + r->frames->len) % r->nr_parts, nr, i;
	uint8_t *s = r->states->data + r->states->len - r->size;
	struct kw_move moves[KW_MAX_MOVES];

	g_array_set_size(r->moves, f->first);
	f->nr = f->next = 0;
	nr = kw_world_some_moves(r->w, s, part, moves);
	for (i = 0; i < nr; i++)
		if (kw_world_counts(r->w, slot, &moves[i]))
			moves[f->nr++] = moves[i];
	g_array_append_vals(r->moves, moves, f->nr);
}

static void pop(struct kw_rescue *r)
{
	const struct frame *f = &g_array_index(r->frames, struct frame,
					       r->frames->len - 1);

	g_array_set_size(r->moves, f->first);
	g_byte_array_set_size(r->states, r->states->len - r->size);
	g_array_set_size(r->frames, r->frames->len - 1);
}

/* What r->to adds to the fingerprint of a state that differs in these. */
static uint64_t adds(const struct kw_rescue *r, const uint8_t *s,
		     uint64_t grains)
{
	unsigned shift = r->grain_shift, i, end;
	uint64_t sum = 0, was, is;

	for (; grains; grains &= grains - 1) {
		i = (unsigned)__builtin_ctzll(grains) << shift;
		end = MIN(i + (1u << shift), r->size / 8);
		for (; i < end; i++) {
			was = kw_word_at(s, i);
			is = kw_word_at(r->to, i);
			if (was != is)
				sum += kw_word_hash(i, is) -
				       kw_word_hash(i, was);
		}
	}
	return sum;
}

/* r->to := the next state after the top of the stack; its fingerprint. */
static uint64_t next(struct kw_rescue *r, struct frame *f)
{
	const uint8_t *s = r->states->data + r->states->len - r->size;
	struct kw_seen_by_move seen;

	memcpy(r->to, s, r->size);
	kw_world_apply(r->w, r->to,
		       &g_array_index(r->moves, struct kw_move,
				      f->first + f->next++), &seen);
	return f->fp + adds(r, s, seen.dirty);
}

static bool search(struct kw_rescue *r, unsigned slot,
		   struct kw_visited *seen)
{
	struct frame *f;
	uint64_t fp;

	while (r->frames->len) {
		f = &g_array_index(r->frames, struct frame,
				   r->frames->len - 1);
		while (f->next == f->nr && f->parts < r->nr_parts)
			make_more(r, slot, f);
		if (f->next == f->nr) {
			pop(r);
			continue;
		}
		fp = next(r, f);
		if (!kw_world_ails(r->w, r->to, slot))
			return true;
		if (kw_visited_has(&r->rescued[slot], fp))
			return true;
		if (kw_visited_add_one(seen, fp))
			push(r, r->to, fp);
	}
	return false;
}

void kw_rescue_announce(const struct kw_rescue *r, uint64_t fp,
			unsigned slot)
{
	__builtin_prefetch(kw_visited_at(&r->rescued[slot], fp));
}

bool kw_rescue_comes(struct kw_rescue *r, const uint8_t *s, uint64_t fp,
		     unsigned slot)
{
	struct kw_visited seen;
	bool comes;
	unsigned i;

	if (kw_visited_has(&r->rescued[slot], fp))
		return true;
	kw_world_forget(r->w);
	kw_visited_init(&seen, false, NULL, 0);
	seen.alone = true;
	kw_visited_add_one(&seen, fp);
	push(r, s, fp);
	comes = search(r, slot, &seen);
	if (!comes)
		kw_world_join(r->of, r->w);
	for (i = 0; comes && i < r->frames->len; i++)
		kw_visited_add_one(&r->rescued[slot],
			g_array_index(r->frames, struct frame, i).fp);
	while (r->frames->len)
		pop(r);
	kw_visited_free(&seen);
	return comes;
}
