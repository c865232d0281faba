/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of export/ share.
 *
 *	values.c	variables: which values can they have?
 *	place.c		places: where can an actor stand, and with what in
 *			its registers?
 *	moves.c		what an actor can do at a place
 *	nodes.c		... by executing its node
 *	oracle.c	SPEC as an expression, and whether an invariant holds
 *	invariants.c	... and where that is asked
 *	waits.c		what becomes of vCPUs' waits
 *	races.c		who accesses what is guarded
 *	orders.c	which lock is taken while which are held
 *	storm.c		what goes on for ever
 *	print.c		the whole
 *
 * Values and places depend on each other: moves are written down again and
 * again until neither grows; the last text is complete.
 *
 * A variable is named by its address in the explorer's state: the program's
 * bytes, actors' blocks included, then a byte a vCPU, then the budget of
 * preemptions (explore/world.h).
 */
#ifndef KW_EXPORT_MODEL_H
#define KW_EXPORT_MODEL_H

#include "../explore/search.h"
#include "../machine/step.h"
#include "../program/live.h"
#include "promela.h"

#define KW_NOBODY 0xffff

struct kw_var {
	uint8_t width;		/* bytes; 0: nobody touches it */
	bool derived;		/* follows from where the actors stand: only
				   there if somebody asks for it ... */
	bool asked;		/* ... as somebody does */
	bool any;		/* any value of a byte */
	char *name;
	GArray *values;		/* uint16_t, ascending */
};

/* An actor's place: a block with all that it alone changes, the rest 0. */
struct kw_place {
	unsigned nr;
	bool may_sleep, may_be_in_guest;	/* a thread, when it is here */
	const struct kw_actor_state *block;
	GArray *held;		/* uint16_t: locks that it may hold here */
};

struct kw_walker {		/* an actor */
	GHashTable *index;	/* block -> struct kw_place */
	GPtrArray *places;	/* in the order of discovery */
	size_t size;		/* of its block */
	char *name;		/* of its process */
	int vcpu;		/* whose thread it is, or -1 */
	uint16_t virq;		/* of a guest */
	bool nested_on;		/* a handler's home */
	char *forced;		/* how it is taken out of its guest, or NULL;
				   where that is a process of its own */
};

/* An invariant, and one of the objects that it speaks of. */
struct kw_slot_text {
	unsigned invariant, object;
	char *name;		/* "I3_irq33_7" */
	char *text;		/* does it hold? */
	char *moment;		/* when that is asked */
};

struct kw_export {
	const struct kw_program *p;
	const struct kw_promela_opts *opts;
	struct kw_world *w;
	struct kw_paths *paths;
	struct kw_live *live;
	unsigned nr_actors, nr_vcpus;
	uint16_t thread_of[256];	/* [vCPU] */
	int mark_verdict, mark_signal;
	uint32_t size, flags_at, budget_at;
	uint8_t *init;			/* the explorer's first state */
	struct kw_var *vars;		/* [address] */
	struct kw_walker *walkers;	/* [actor] */
	bool *reads;			/* [vCPU * size + address]: SPEC does */
	GString **now;			/* [vCPU]: SPEC and waits, or NULL */
	bool *plain_stored;		/* [address]: by what is not arch */
	bool grew;
	char *words[KW_NR_PROPERTIES + 1];	/* "I8_entry" */
	GArray *slots;			/* struct kw_slot_text */
	GArray *turns;			/* struct turns, see storm.c */
	uint32_t rows_at;		/* vCPUs' counts, if they are kept */
	char *refused;			/* why, or NULL */
};

/* values.c */
void kw_export_refuse(struct kw_export *x, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
struct kw_var *kw_export_var(struct kw_export *x, unsigned addr,
			     unsigned width);
/* The value may be stored there. */
void kw_export_may_be(struct kw_export *x, struct kw_var *v, unsigned value);
bool kw_export_has(const struct kw_var *v, unsigned value);
static inline bool kw_export_varies(const struct kw_var *v)
{
	return v->any || v->values->len > 1;
}
/* Is it a variable of the model? */
bool kw_export_is_kept(const struct kw_var *v);
/* How a value is written. */
unsigned kw_export_code(const struct kw_var *v, unsigned value);
void kw_export_name(struct kw_export *x, unsigned addr, GString *out);
/* "name == 3", or what says the same of a variable that varies. */
char *kw_export_test(struct kw_export *x, unsigned addr, unsigned value,
		     bool is);
/* "1", "0", or that it is so. */
char *kw_export_is(struct kw_export *x, unsigned addr, unsigned width,
		   unsigned value);
/* Letters, digits and _. */
char *kw_export_word(const char *text);

/* place.c */
struct kw_place *kw_export_place(struct kw_export *x, unsigned a,
				 const struct kw_actor_state *block);
void kw_export_first_places(struct kw_export *x);
bool kw_export_holds(const struct kw_place *at, unsigned lock);
void kw_export_may_hold(struct kw_export *x, struct kw_place *at,
			unsigned lock);
/* The block of handler h at its entry, when it was *idle before. */
void kw_export_entry(const struct kw_export *x, unsigned h,
		     const struct kw_actor_state *idle,
		     struct kw_actor_state *to);
/*
 * Registers of a that are dead at st->pc are 0; from: the node before.  What
 * else must be 0 then.
 */
enum { KW_EXPORT_EXIT = 1 << 0, KW_EXPORT_TRAP = 1 << 1 };
unsigned kw_export_forget(const struct kw_export *x, unsigned a,
			  struct kw_actor_state *st, unsigned from);

/* moves.c: a move being written */
struct kw_export_move {
	struct kw_export *x;
	unsigned a;
	const struct kw_place *at;
	struct kw_actor_state *st;	/* where it leads, to be changed */
	GString *guard, *body;
	bool never;			/* the guard cannot hold */
	unsigned arch;			/* address that SPEC depends on, or 0 */
	const char *fails;		/* what it shows, or NULL */
	bool to_sleep, to_guest;
	unsigned takes, gives;	/* a lock's address, or 0 */
	/* For storms, and for what holds eventually: */
	bool slow;			/* it waits for time to pass */
	bool fire;			/* ... that of a timer */
	bool force, progress;
	unsigned way, ways;		/* of a choice */
};

struct kw_export_moves {	/* those of one place */
	struct kw_export *x;
	unsigned a;
	const struct kw_place *at;
	GPtrArray *all;		/* struct kw_export_text */
};
struct kw_export_text {
	char *guard, *body;	/* may be empty */
	const char *fails;
	unsigned to;		/* place */
	bool force;
};

struct kw_export_moves *kw_export_moves(struct kw_export *x, unsigned a,
					const struct kw_place *at);
void kw_export_moves_free(struct kw_export_moves *l);

/* A move of the actor itself, when it may step. */
void kw_export_begin(struct kw_export_moves *l, struct kw_export_move *m);
/* Another of the same place, without conditions. */
void kw_export_begin_bare(struct kw_export_moves *l,
			  struct kw_export_move *m);
void kw_export_end(struct kw_export_moves *l, struct kw_export_move *m);
/* What a needs to step there: "true" or an expression; NULL: it cannot. */
char *kw_export_may_step(struct kw_export *x, unsigned a,
			 const struct kw_place *at);

void kw_export_if(struct kw_export_move *m, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
void kw_export_if_is(struct kw_export_move *m, unsigned addr, unsigned width,
		     unsigned value);
void kw_export_if_not(struct kw_export_move *m, unsigned addr, unsigned width,
		      unsigned value);
/* One of those values (all of which it may have). */
void kw_export_if_in(struct kw_export_move *m, unsigned addr, unsigned width,
		     const GArray *values);
void kw_export_do(struct kw_export_move *m, const char *fmt, ...)
	G_GNUC_PRINTF(2, 3);
void kw_export_set(struct kw_export_move *m, unsigned addr, unsigned width,
		   unsigned value);
/* addr = (addr & keep) | set, one byte */
void kw_export_rmw(struct kw_export_move *m, unsigned addr, unsigned keep,
		   unsigned set);

static inline unsigned kw_export_at(const struct kw_export *x, unsigned a,
				    size_t member)
{
	return x->p->actors[a].base + (unsigned)member;
}
#define KW_EXPORT_AT(x, a, member) \
	kw_export_at(x, a, offsetof(struct kw_actor_state, member))

/* nodes.c */
void kw_export_node(struct kw_export_moves *l);

/* oracle.c */
void kw_export_oracle(struct kw_export *x);
/* Does it hold of the object at arg?  "1", "0", or an expression. */
char *kw_export_invariant(struct kw_export *x, unsigned i, uint16_t arg);

/* invariants.c */
void kw_export_invariants(struct kw_export *x);
void kw_export_free_invariants(struct kw_export *x);
/* vCPU v enters its guest with this move. */
void kw_export_enters(struct kw_export_move *m, unsigned v);
/* The move's part in coming to rest, at its end. */
void kw_export_at_rest(struct kw_export_move *m);
/* Nothing can happen any more; alone: see struct kw_slot. */
const char *kw_export_over(const struct kw_export *x, bool alone);
void kw_export_put_rest(struct kw_export *x, GString *out);
void kw_export_put_holds(struct kw_export *x, GString *out);
void kw_export_put_invariants(struct kw_export *x, GString *out);

/* races.c: an alternative at that place, or nothing */
void kw_export_put_race(struct kw_export *x, unsigned a,
			const struct kw_place *at, GString *out);

/* orders.c: how edges are kept, and the alternative at a place */
void kw_export_put_order(struct kw_export *x, GString *out);
void kw_export_put_orders_at(struct kw_export *x, unsigned a,
			     const struct kw_place *at, GString *out);

/* waits.c: what becomes of vCPUs' bytes */
void kw_export_put_waits(struct kw_export *x, GString *out);

/* storm.c */
/* a is taken out of its guest: no move of its process. */
void kw_export_forced(struct kw_export *x, unsigned a,
		      const struct kw_export_text *t);
/* What a move means for the loop, at its end. */
void kw_export_in_loop(struct kw_export_move *m);
void kw_export_put_loop(struct kw_export *x, GString *out);
void kw_export_put_storm(struct kw_export *x, GString *out);

/* print.c */
void kw_export_print(struct kw_export *x, GString *out);

#endif
