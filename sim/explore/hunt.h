/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both orders of search share, for the files of explore/ only:
 * search.c (what a new state and a move show), breadth.c, depth.c,
 * witness.c (how what breadth first has found is reached), rescue.c (can a
 * sleeper still be woken?).
 */
#ifndef KW_HUNT_H
#define KW_HUNT_H

#include "search.h"
#include "visited.h"

struct kw_rescue;

struct kw_hunt {
	const struct kw_world *w;
	const struct kw_search_opts *opts;
	struct kw_search_result *res;
	struct kw_visited visited;
	uint32_t size;
	uint8_t *start;		/* the initial state */
	uint64_t bytes;		/* that the order of search itself uses */
	uint64_t tell_at;	/* states: how far it is */
	unsigned found;		/* bit p: property p */
	volatile bool stop;
	bool again;		/* what folding took for granted was wrong */
};

/* Who looks; one a thread. */
struct kw_hunter {
	struct kw_hunt *h;
	struct kw_world *w;	/* a fork of the hunt's */
	bool alone;		/* and may ask whether it was wrong */
	const struct kw_ailing *ailing;	/* its */
	struct kw_rescue *rescue;
	struct kw_adder *adder;
	uint64_t states, transitions, ends;
	bool exposed;
};

/* What made a witness, so that the order of search can say how. */
struct kw_find {
	enum kw_property what;
	struct kw_witness witness;	/* without its moves */
	bool by_move;			/* the last move, not the state that it
					   led to */
	GArray *cycle;			/* lock-order: which one, the finder's;
					   its last edge is shown there */
};

void kw_hunter_init(struct kw_hunter *k, struct kw_hunt *h);
/* Adds what it counted to the result. */
void kw_hunter_end(struct kw_hunter *k);

/* What it has seen becomes known; true when the search is to begin again. */
bool kw_hunter_was_wrong(struct kw_hunter *k);
/*
 * Does the new state s show something?  Then it is in *f, and there may be
 * more: until it is false, with *slot, which begins as 0.
 */
bool kw_hunt_state(struct kw_hunter *k, uint8_t *s, uint64_t fp,
		   unsigned *slot, struct kw_find *f);
/* See kw_hunt_ails(). */
bool kw_hunt_may_ail(struct kw_hunter *k, uint8_t *s, uint64_t fp);
/*
 * False: it shows nothing, and is counted.  Else kw_hunt_state() is to be
 * asked, better a while later: what it needs comes from memory meanwhile.
 */
static inline bool kw_hunt_ails(struct kw_hunter *k, uint8_t *s, uint64_t fp)
{
	if (kw_may_ail(k->ailing, s))
		return kw_hunt_may_ail(k, s, fp);
	k->states++;
	return false;
}
/* Has what was expanded since shown a cycle of locks? */
bool kw_hunt_orders(struct kw_hunter *k, struct kw_find *f);
/* A state without moves. */
bool kw_hunt_end(struct kw_hunter *k, uint8_t *s, struct kw_find *f);
/* What a move showed, as well; nothing follows where it failed. */
bool kw_hunt_move(struct kw_hunter *k, const struct kw_seen_by_move *seen,
		  unsigned *property, struct kw_find *f);
/*
 * The same by the names that things really have, where states on the way were
 * put in order: the moves, and *to.
 */
void kw_hunt_unwind(const struct kw_hunt *h, const struct kw_find *f,
		    struct kw_move *moves, unsigned nr, struct kw_witness *to);
/* Keeps it, the last one of its kind; moves become the result's. */
void kw_hunt_found(struct kw_hunt *h, const struct kw_find *f,
		   struct kw_move *moves, unsigned nr_moves);
/* Of h->found: has what was asked for been found? */
bool kw_hunt_enough(const struct kw_hunt *h);
/* Is a limit hit, or the user tired? */
bool kw_hunt_bounded(struct kw_hunt *h, const struct kw_search_progress *p,
		     uint64_t rescue_bytes);

/* Weak memory: learns what is racy. */
void kw_hunt_walk(const struct kw_world *w);
void kw_hunt_breadth(struct kw_hunt *h);
/* Of the search that can be saved. */
uint64_t kw_hunt_identity(const struct kw_hunt *h);
void kw_hunt_depth(struct kw_hunt *h);
/* Does something go on for ever?  After all was seen. */
void kw_hunt_storm(struct kw_hunt *h);
/* Shortest ways to all of h->found. */
void kw_hunt_witnesses(struct kw_hunt *h);

struct kw_rescue *kw_rescue_new(const struct kw_world *w);
void kw_rescue_free(struct kw_rescue *r);
uint64_t kw_rescue_bytes(const struct kw_rescue *r);
/* It will be asked whether ... */
void kw_rescue_announce(const struct kw_rescue *r, uint64_t fp,
			unsigned slot);
/* The slot ails in s: does that come to an end? */
bool kw_rescue_comes(struct kw_rescue *r, const uint8_t *s, uint64_t fp,
		     unsigned slot);

#endif
