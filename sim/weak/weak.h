/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weak memory: what an access may see and when a store becomes visible.
 *
 * Three models, one state.  Shared memory is a list of messages (variable,
 * value); a message's timestamp is its place in the list, from 1.  A thread
 * has buffered stores that nobody else sees yet, oldest first.
 *
 *	sc	a store is appended at once; a load reads the newest message
 *	tso	the oldest buffered store may drain; a load reads the thread's
 *		own newest buffered store, else the newest message
 *	arm64	as docs/memory-model.md says: stores drain out of order, and
 *		a load may read any message that the thread's views allow
 *
 * Time is a view: "everything up to timestamp X has been seen".  A thread
 * keeps, for each variable, the oldest message that it may still read
 * (coh); raising a thread to view X moves these floors, so that what
 * memory_model.py calls vnew needs no place of its own.
 *
 * The state is an array of 16-bit words without pointers; values are opaque.
 * kw_weak_canon() makes equal what no later step can tell apart.  Nothing
 * here knows what a thread executes: the caller says what a thread may still
 * do (struct kw_weak_live), and keeps loads, fences and drains in program
 * order.
 */
#ifndef KW_WEAK_H
#define KW_WEAK_H

#include <stdbool.h>
#include <stdint.h>

enum kw_weak_model { KW_WEAK_SC, KW_WEAK_TSO, KW_WEAK_ARM64, KW_WEAK_NR };
extern const char *const kw_weak_names[KW_WEAK_NR];

/* What a search does not change.  Words are counted from the state's start. */
struct kw_weak {
	enum kw_weak_model model;
	unsigned nr_threads;
	unsigned nr_vars;		/* at most KW_WEAK_MAX_VARS */
	unsigned nr_slots;		/* views a thread keeps for registers */
	unsigned nr_views;		/* views that are nobody's: a lock's */
	/*
	 * [variable * 256 + value]: the least value that is read alike;
	 * KW_WEAK_NEVER: it is not read when it is stale.  NULL: all differ.
	 */
	const uint16_t *alike;
	unsigned max_msgs, max_buf;
	unsigned settled;		/* 0, or nr_vars: see below */
	unsigned views, msgs, threads, thread_words;	/* kw_weak_init() */
	unsigned nr_words;
};

#define KW_WEAK_MAX_VARS 256	/* and slots, where states are canonical */
#define KW_WEAK_NEVER UINT16_MAX
#define KW_WEAK_MASK (KW_WEAK_MAX_VARS / 64)

enum kw_weak_flag {
	KW_WEAK_RELEASE	= 1 << 0,	/* drains as the oldest */
	KW_WEAK_UNLOCK	= 1 << 1,	/* ... and a lock waits for it */
	KW_WEAK_PLAIN	= 1 << 3,	/* neither marked nor atomic */
	KW_WEAK_WMB	= 1 << 4,	/* a wmb before it: weak.c's own */
	KW_WEAK_ACQUIRE	= 1 << 5,	/* loads only */
	KW_WEAK_ENDED	= 1 << 6,	/* a handler has ended since: also
					   weak.c's own */
	KW_WEAK_READER	= 1 << 8,	/* << domain: a reader ended since */
};

/* A store that waits in a buffer. */
struct kw_weak_store {
	uint16_t var, value, flags;
	uint16_t view;		/* of what its value and address are from */
};

/* What a load can see. */
struct kw_weak_seen {
	uint16_t value;
	uint16_t view;		/* the register's */
	uint16_t ts;		/* 0: from the thread's own buffer */
};

/* What a thread may still do; all of it true is always sound. */
struct kw_weak_live {
	uint64_t reads[KW_WEAK_MASK];	/* bit v: it may load variable v */
	uint64_t slots[KW_WEAK_MASK];	/* bit i: slot i's view matters */
	uint64_t next[KW_WEAK_MASK];	/* bit v: t loads v, if at all, before
					   it does anything else that others
					   notice */
	uint64_t many[KW_WEAK_MASK];	/* bit v: t may load v again, or order
					   another load after that of v */
	uint64_t locks[KW_WEAK_MASK];	/* bit i, modulo: t may take what view
					   i stands for */
	bool loads_order;	/* a rmb, mb or unlock may come */
	bool stores_order;	/* a mb may come */
};

/* Sizes; the counts and the model have been set. */
void kw_weak_init(struct kw_weak *w);
/* The first state; initial[v] is variable v's value. */
void kw_weak_begin(const struct kw_weak *w, uint16_t *s,
		   const uint16_t *initial);

/* What t's load of var may see, newest first; 0: it has to wait. */
unsigned kw_weak_readable(const struct kw_weak *w, const uint16_t *s,
			  unsigned t, unsigned var, unsigned flags,
			  uint16_t address_view, struct kw_weak_seen *seen);
void kw_weak_load(const struct kw_weak *w, uint16_t *s, unsigned t,
		  unsigned var, unsigned flags,
		  const struct kw_weak_seen *seen);
/* The newest that t has stored to var and nobody else sees; false: none. */
bool kw_weak_forwards(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      unsigned var, struct kw_weak_seen *seen);
/* Into the buffer; with sc into memory. */
void kw_weak_store(const struct kw_weak *w, uint16_t *s, unsigned t,
		   const struct kw_weak_store *store);
unsigned kw_weak_nr_buffered(const struct kw_weak *w, const uint16_t *s,
			     unsigned t);
void kw_weak_buffered(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      unsigned k, struct kw_weak_store *store);
bool kw_weak_can_drain(const struct kw_weak *w, const uint16_t *s, unsigned t,
		       unsigned k);
void kw_weak_drain(const struct kw_weak *w, uint16_t *s, unsigned t,
		   unsigned k);
/* It leaves the buffer and becomes no message: the caller knows better. */
void kw_weak_take(const struct kw_weak *w, uint16_t *s, unsigned t,
		  unsigned k, struct kw_weak_store *store);

enum kw_weak_order {
	KW_WEAK_RMW_RELAXED, KW_WEAK_RMW_ACQUIRE, KW_WEAK_RMW_RELEASE,
	KW_WEAK_RMW_FULL, KW_WEAK_RMW_LOCK,
};
/*
 * An atomic read-modify-write reads the newest message and appends its own
 * at once: first what it reads, then kw_weak_rmw() with what it writes.
 */
bool kw_weak_can_rmw(const struct kw_weak *w, const uint16_t *s, unsigned t,
		     unsigned var, enum kw_weak_order order);
void kw_weak_newest(const struct kw_weak *w, const uint16_t *s, unsigned var,
		    struct kw_weak_seen *seen);
void kw_weak_rmw(const struct kw_weak *w, uint16_t *s, unsigned t,
		 unsigned var, uint16_t value, enum kw_weak_order order);

bool kw_weak_can_mb(const struct kw_weak *w, const uint16_t *s, unsigned t);
void kw_weak_mb(const struct kw_weak *w, uint16_t *s, unsigned t);
void kw_weak_rmb(const struct kw_weak *w, uint16_t *s, unsigned t);
void kw_weak_wmb(const struct kw_weak *w, uint16_t *s, unsigned t);

/*
 * A handler on t's CPU ends.  Who waits for that waits for what t had stored
 * until then; not for what it stores later.
 */
void kw_weak_end(const struct kw_weak *w, uint16_t *s, unsigned t);
bool kw_weak_has_ended(const struct kw_weak *w, const uint16_t *s,
		       unsigned t);

/* t has seen what there is of var up to view. */
void kw_weak_see(const struct kw_weak *w, uint16_t *s, unsigned t,
		 unsigned var, uint16_t view);
/* t has seen whatever is in memory now, as after an interrupt's entry. */
void kw_weak_see_all(const struct kw_weak *w, uint16_t *s, unsigned t);
/*
 * t does what others may notice.  What was the newest message then it could
 * have read then: kw_weak_acted() says up to where it could not.
 */
void kw_weak_act(const struct kw_weak *w, uint16_t *s, unsigned t);
uint16_t kw_weak_acted(const struct kw_weak *w, const uint16_t *s,
		       unsigned t);
/* The view of who has seen everything. */
uint16_t kw_weak_now(const uint16_t *s);
/* A load of t has seen something as new as what is in memory now. */
void kw_weak_loaded_now(const struct kw_weak *w, uint16_t *s, unsigned t);
/* ... and a store of t is no older. */
void kw_weak_stored_now(const struct kw_weak *w, uint16_t *s, unsigned t);

/*
 * Locks that are kept by the caller: an unlock is visible as of now in view
 * i; a lock takes that over, and what t's loads had seen at its unlocks.
 */
void kw_weak_unlocked(const struct kw_weak *w, uint16_t *s, unsigned i);
void kw_weak_unlocks(const struct kw_weak *w, uint16_t *s, unsigned t);
bool kw_weak_can_lock(const struct kw_weak *w, const uint16_t *s, unsigned t);
void kw_weak_lock(const struct kw_weak *w, uint16_t *s, unsigned t,
		  unsigned i);

/* The view that t's register slot holds. */
uint16_t kw_weak_slot(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      unsigned slot);
/* Does t hold any? */
bool kw_weak_has_slots(const struct kw_weak *w, const uint16_t *s, unsigned t);
void kw_weak_set_slot(const struct kw_weak *w, uint16_t *s, unsigned t,
		      unsigned slot, uint16_t view);

/*
 * RCU, and SRCU: a domain each.  A reader that begins sees what every grace
 * period that has begun saw at its beginning; a grace period ends when the
 * readers of its domain that it found have ended and what they had stored by
 * then, in the reader and before it, has drained.
 */
#define KW_WEAK_MAX_DOMAINS 4		/* up to 15 nested readers each */
bool kw_weak_in_reader(const struct kw_weak *w, const uint16_t *s, unsigned t,
		       unsigned domain);
void kw_weak_rcu_lock(const struct kw_weak *w, uint16_t *s, unsigned t,
		      unsigned domain);
void kw_weak_rcu_unlock(const struct kw_weak *w, uint16_t *s, unsigned t,
			unsigned domain);
/* Needs an empty buffer.  The readers found, a bit a thread. */
uint16_t kw_weak_gp_begin(const struct kw_weak *w, uint16_t *s, unsigned t,
			  unsigned domain);
/* Those of them that are still to be waited for. */
uint16_t kw_weak_gp_wait(const struct kw_weak *w, const uint16_t *s,
			 unsigned domain, uint16_t readers);

/*
 * Whether t's access to var has not seen all of its messages, one of the
 * two being plain: a data race.
 */
bool kw_weak_races(const struct kw_weak *w, const uint16_t *s, unsigned t,
		   unsigned var, bool plain, uint16_t address_view);

/*
 * Bounds how stale a read may be: nobody reads anything older than the newest
 * keep messages of a variable.  True when that took something away; what is
 * proved afterwards holds up to this bound only.
 */
bool kw_weak_forget(const struct kw_weak *w, uint16_t *s, unsigned keep);

/*
 * Where time passes, what is old is read by nobody.  With settled = nr_vars
 * the first messages are one of each variable, in the order of variables, and
 * no older one is there: kw_weak_settle() makes it so again, as if each
 * thread had seen everything up to timestamp cut.  What was there after cut
 * stays, and its timestamps fall.  Takes the place of canonical forms.
 */
void kw_weak_settle(const struct kw_weak *w, uint16_t *s, unsigned cut);

/* Canonical form; live: one a thread. */
void kw_weak_canon(const struct kw_weak *w, uint16_t *s,
		   const struct kw_weak_live *live);

/* What things are called instead: old to new, each once. */
struct kw_weak_names {
	const uint16_t *thread, *var, *view;
	const uint16_t *slot;	/* [thread * nr_slots + slot] */
	/* The same of a message or a buffered store (an unlock's, too). */
	void (*store)(const void *arg, uint16_t *var, uint16_t *value);
	const void *arg;
};
/* A canonical state by these names, canonical again. */
void kw_weak_rename(const struct kw_weak *w, uint16_t *s,
		    const struct kw_weak_names *names);

/* What stands for names in hashes that are not to depend on them. */
struct kw_weak_hashed {
	const uint64_t *var;
	uint64_t (*store)(const void *arg, unsigned var, unsigned value);
	const void *arg;
};
/* A hash of all that is t's in a canonical state, but for its slots. */
uint64_t kw_weak_hash(const struct kw_weak *w, const uint16_t *s, unsigned t,
		      const struct kw_weak_hashed *h);
/* Message ts, from 1 on; false: it is nothing but its variable's value. */
bool kw_weak_message(const struct kw_weak *w, const uint16_t *s, unsigned ts,
		     unsigned *var, unsigned *value);
uint16_t kw_weak_view(const struct kw_weak *w, const uint16_t *s, unsigned i);

static inline uint64_t kw_weak_mix(uint64_t a, uint64_t b)
{
	uint64_t x = b ^ (UINT64_C(0x9e3779b97f4a7c15) * (a + 1));

	x = (x ^ x >> 32) * UINT64_C(0xbea225f9eb34556d);
	x = (x ^ x >> 29) * UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

#endif
