/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Courses: what runs have in common that differ in their times only.
 *
 * In most runs of a short scenario the same actors make the same steps in
 * the same order as in an earlier run; only when they do is another matter.
 * A course is what such a run still has to compute, as a list of moves:
 * draws are added up to times, and times are compared wherever the order of
 * things depends on them.  Each comparison has a way to go on for each
 * outcome that was met, so all courses together are a tree.
 *
 *	root -> DRAW -> FROM_NOW -> TAKE -> COSTS -+-> ... -> END
 *					 |-> RANK -+-> ... -> END
 *
 * record.c and tape.c write a course down while the engine makes a run,
 * carefully; course.c goes it again with another run's numbers.  A comparison
 * with an outcome that nobody has met is where a course is left: nothing has
 * changed yet, and the engine makes that run from its beginning.
 *
 * Times are values, numbered in the order in which a course computes them:
 * each has one number, whatever field of the engine it is in.  What a move
 * computes is value `to`; now is the clock, sum what was drawn and not yet
 * used.
 *
 * Invariants: a move follows from the moves and outcomes before it, and
 * nothing else (tape.c compares when it passes again); the first run that
 * comes to an END by its course is made by the engine, too, and compared.
 */
#ifndef KW_COURSE_H
#define KW_COURSE_H

#include "engine.h"
#include "record.h"

enum kw_move_kind {
	/* times */
	KW_MOVE_DRAW,		/* sum += draw number b of dice first, as dist a
				   says */
	KW_MOVE_ADD,		/* sum += k */
	KW_MOVE_DROP,		/* sum = 0 */
	KW_MOVE_CONSTANT,	/* k */
	KW_MOVE_SLICE,		/* now + k */
	KW_MOVE_FROM_NOW,	/* now + a + sum; sum = 0 */
	KW_MOVE_LATER,		/* a + sum; sum = 0 */
	KW_MOVE_NOT_BEFORE,	/* the later of a + sum and now; sum = 0 */
	KW_MOVE_LEFT,		/* a - now, at least 0 */
	KW_MOVE_PLUS,		/* a + b */
	KW_MOVE_MINUS,		/* a - b */
	KW_MOVE_TAKE,		/* now = a; k into the digest */
	/* comparisons: the way is ... */
	KW_MOVE_COSTS,		/* see struct kw_costs */
	KW_MOVE_BURN,		/* now += sum, if that is before a: 1, else 0;
				   to: now + sum; sum = 0 */
	KW_MOVE_RANK,		/* how many of a list are not after a */
	KW_MOVE_LESS,		/* a < b */
	KW_MOVE_LONGER,		/* a - b > k */
	KW_MOVE_CHOOSE,		/* one of k, by draw b of dice first */
	KW_MOVE_END,		/* see struct kw_end */
};

struct kw_move {
	uint32_t what;		/* enum kw_move_kind */
	uint32_t to, a, b;	/* values */
	uint32_t first, nr;	/* of a list; first: a kw_costs, a kw_end */
	uint32_t next;		/* the move that follows, or the first way of
				   a comparison; 0: not known */
	uint32_t usual;		/* the way that leads to the move behind this
				   one, as the first that was met mostly does,
				   or KW_NO_USUAL */
	uint64_t k;
};

#define KW_NO_USUAL UINT32_MAX

/*
 * An actor's steps on a CPU while nobody else is due: what passes before
 * each.  Way 0: all of it, before value a is due; way i: somebody is due
 * before the i-th step, and goes first.  What is behind the last step that
 * was ever reached is not known, nor is way 0 then.
 */
struct kw_costs {
	uint32_t first, nr;		/* in steps[] */
	uint32_t spans, nr_spans;	/* in spans[]: a multiple of KW_SPANS,
					   the last may be 0 */
	uint32_t blocks;		/* of dice: up to the last draw */
	uint32_t dice, from;		/* where its first draw is */
	bool whole;			/* way 0 is known */
	uint64_t least_ns;		/* without what is drawn */
};
#define KW_SPANS 8

struct kw_step_cost {		/* compared as bytes: nothing between */
	uint32_t ns;		/* the least, ... */
	uint16_t span;		/* ... + 0 .. span - 1, drawn, unless 0 */
	uint16_t free;		/* 1: goes with the step before it */
};
G_STATIC_ASSERT(sizeof(struct kw_step_cost) == 8);

struct kw_wait {		/* an episode: all but its times */
	struct kw_episode ep;
	uint32_t times[KW_NR_EP_TIMES];	/* values */
	bool latency;		/* it counts in the histogram */
};

/* Where a course ends. */
struct kw_end {
	struct kw_counts counts;	/* all but end_ns */
	const char *failure;
	uint32_t failure_ns, end_ns;	/* values */
	uint32_t waits, nr_waits;
	uint32_t marks, nr_marks;	/* in lists[]: a mark each time */
	bool checked;			/* the engine came to the same */
};

enum { KW_VALUE_ZERO, KW_VALUE_NEVER, KW_VALUE_DURATION, KW_NR_VALUES };

/* At most; what needs more is left to the engine. */
#define KW_MAX_MOVES	(1 << 15)	/* of all courses */
#define KW_MAX_WAYS	(1 << 17)
#define KW_MAX_COSTS	(1 << 14)
#define KW_MAX_STEPS	(1 << 18)
#define KW_MAX_LISTS	(1 << 16)
#define KW_MAX_ENDS	(1 << 12)
#define KW_MAX_WAITS	(1 << 14)
#define KW_MAX_VALUES	4096		/* of one course */
#define KW_MAX_DRAWS	2048		/* of each stream in it */

/*
 * A stream's draws in this run: 16 bits each for KW_OP_COST, else 32.  Before
 * a run as many blocks are made of all streams together as some run before
 * it took, which is much quicker; the others when they are wanted.
 */
struct kw_dice {
	uint32_t stream;
	uint16_t made, took;	/* blocks */
	uint16_t ahead;		/* made before the run */
	uint16_t ready;		/* groups */
	struct kw_rng_group *group;
	uint16_t *halves;
	uint32_t *words;	/* one of the two */
};
#define KW_AHEAD 8		/* groups made before a run, at most */
#define KW_AHEAD_RUNS 32	/* after so many another run is looked at */

struct kw_courses {
	uint32_t root;		/* its first move */
	struct kw_move *moves;
	uint32_t *ways, *lists;
	struct kw_costs *costs;
	struct kw_step_cost *steps;
	uint16_t *spans;
	struct kw_end *ends;
	struct kw_wait *waits;
	uint32_t nr_moves, nr_ways, nr_lists, nr_costs, nr_steps, nr_spans,
		 nr_ends, nr_waits;
	uint64_t *values;
	struct kw_dice *dice;
	unsigned nr_dice;
	struct kw_rng_group ahead[KW_AHEAD];
	unsigned nr_ahead;	/* blocks in them */
	uint64_t nr_thrown;	/* runs */
	int16_t (*dice_of)[KW_NR_PURPOSES];	/* [actor]: which, or -1 */
	bool full;		/* no more is written down */
	int credit;		/* of runs: known ones less new ones */
	uint64_t nr_enough;	/* runs that the engine did not make */
	struct kw_end *to_check;	/* by the run that comes now, or NULL */
	uint64_t digest;	/* of the course that was gone last */
	struct kw_tape *tape;
};

struct kw_courses *kw_courses_new(struct kw_runner *r);
void kw_courses_free(struct kw_courses *c);
/* The stream's number in dice[]. */
unsigned kw_course_dice(struct kw_courses *c, unsigned actor,
			enum kw_purpose why);
/*
 * The run, if its course is known: then nothing else is to be done.  If not,
 * the engine makes the run, and somebody may write it down, ...
 */
bool kw_course_again(struct kw_runner *r, struct kw_result *res);
/* ... and this is what came of it. */
void kw_course_made(struct kw_runner *r, const struct kw_result *res);

#endif
