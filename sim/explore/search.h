/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exhaustive engine: visits every state that a world can reach.
 *
 *	missed		a vCPU sleeps, SPEC holds, and no sequence of moves
 *			wakes it or makes SPEC false.  A delay of an actor
 *			that never ends is not counted on: the next interrupt
 *			of a device may be an hour away.
 *	spurious	a vCPU left its wait and entered its guest, and SPEC
 *			held at no moment since the predicate's verdict
 *	failed		an assertion of a path
 *	deadlock	nobody can move, and somebody waits for a lock or a
 *			condition
 *	race		two accesses to what is declared guarded, either of
 *			which may be next, see race.c
 *	lock-order	locks are taken in an order that is a cycle, see
 *			orders.h
 *	storm		a cycle of wake-ups without progress, see storm.c
 *	I6		a vCPU was woken for nothing so often in a row, or
 *			since the last kick (see kw_world_opts.row)
 *	I2, ...		an invariant of the program does not hold when it
 *			must, see sim/program/program.h
 *
 * Breadth first finds a witness with the fewest moves; depth first needs
 * less memory where the graph is shallow.  Without folding a move is a step.
 * Of states that differ only in who is who (kw_world_symmetry()) one is
 * visited, and counted; a witness has the moves of a real execution.
 */
#ifndef KW_SEARCH_H
#define KW_SEARCH_H

#include "world.h"

/* Invariant i of the program is property KW_FINDS_INVARIANT + i. */
enum kw_property {
	KW_FINDS_MISSED, KW_FINDS_SPURIOUS, KW_FINDS_FAILED, KW_FINDS_DEADLOCK,
	KW_FINDS_RACE,
	KW_FINDS_ROW, KW_FINDS_ORDER, KW_FINDS_STORM,
	KW_FINDS_INVARIANT,
	KW_NR_PROPERTIES = KW_FINDS_INVARIANT + KW_MAX_INVARIANTS,
	KW_FINDS_NOTHING = KW_NR_PROPERTIES	/* see sample */
};
/* "missed", "I3", "sample" */
const char *kw_property_name(const struct kw_program *p, unsigned property);

enum kw_bound {		/* why a search ended before all was seen */
	KW_UNBOUNDED, KW_BOUND_STATES, KW_BOUND_BYTES, KW_BOUND_STOPPED,
	KW_BOUND_MEMORY,	/* what a CPU may buffer, or read late */
};

/* How far it is. */
#define KW_LEVELS 8
struct kw_search_progress {
	uint64_t states;	/* found so far */
	uint64_t left;		/* to be visited; depth first: on the stack */
	/* Breadth first, else 0; the last is the level being visited. */
	uint64_t levels[KW_LEVELS];	/* states of the last ones, or 0 */
	uint64_t known;			/* states of all up to that one */
};
#define KW_GROWING UINT64_MAX
/*
 * A guess how many states there are, if levels go on shrinking as the last
 * ones did; KW_GROWING: they hardly do; 0: there are too few yet.
 */
uint64_t kw_search_expect(const struct kw_search_progress *p);

struct kw_search_opts {
	bool depth_first, exact;
	uint64_t max_states, max_bytes;	/* 0: no limit */
	unsigned jobs;		/* threads at most, breadth first; 0: one */
	/* Where it goes when it is stopped, and goes on from; NULL. */
	const char *save, *resume;
	/*
	 * Breadth first, where all was seen and nothing found: a way to a
	 * state without moves; one of the shortest on which SPEC held in some
	 * wait, as far as the first found ways tell, else of the shortest.
	 */
	bool sample;
	bool storm;		/* is looked for, where all was seen */
	unsigned stop_any;	/* bit p: end when property p is found */
	unsigned stop_all;	/* ... when all of these are */
	const volatile int *stop;
	/* Called now and then; may be NULL. */
	void (*progress)(void *arg, const struct kw_search_progress *p);
	void *progress_arg;
	/*
	 * Called for each state without moves, by any thread, and again when
	 * a search begins again; may be NULL.
	 */
	void (*end)(void *arg, const uint8_t *s);
	void *end_arg;
};

struct kw_witness {		/* how a property is reached */
	bool found;
	int vcpu;		/* missed, spurious */
	uint16_t object;	/* of an invariant that never holds again:
				   number of the object */
	uint16_t message;	/* failed */
	uint16_t actor;		/* deadlock: who waits ... */
	uint16_t addr;		/* ... for what */
	struct kw_move *moves;	/* from the start */
	unsigned nr_moves;
	unsigned loop_at;	/* storm: after so many moves the last ones
				   come again and again */
};

struct kw_search_result {
	enum kw_bound bound;
	bool ended;		/* all was seen, or what was asked for found */
	bool complete;		/* all was seen */
	bool exposed;		/* SPEC held in some wait */
	uint64_t states, transitions, ends, bytes_max;
	unsigned again;		/* times that it began again, see guard.h */
	unsigned depth;		/* of the graph; depth first: of the stack */
	struct kw_witness of[KW_NR_PROPERTIES + 1];	/* KW_FINDS_NOTHING:
							   the sample */
	bool rough;		/* witnesses may have more changes of actor
				   than need be: max_bytes */
	bool storms;		/* they were looked for, and it was not too
				   large for that */
	GArray *cycle;		/* struct kw_order: of lock-order; or NULL */
	bool saved;		/* it was stopped, and can go on */
	GError *error;		/* it could not be saved, or resumed */
};

void kw_search(const struct kw_world *w, const struct kw_search_opts *opts,
	       struct kw_search_result *res);
void kw_search_result_free(struct kw_search_result *res);

/*
 * The moves of a witness as those of a world that folds nothing: what was
 * folded into one is many.  struct kw_move; free it.
 */
GArray *kw_witness_steps(const struct kw_world *w,
			 const struct kw_witness *witness);

#endif
