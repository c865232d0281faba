/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a node does to weak memory, and when it has to wait for it.
 *
 * Invariants:
 *	- a variable's bytes are its newest message, whoever reads them
 *	- while a node of a racy variable executes, the bytes are what the
 *	  actor sees; what it has stored is taken out of them again
 *	- a lock whose unlock is buffered is KW_UNLOCKING: nobody's, and taken
 *
 * After a full barrier all is seen that is there, not only what the barrier
 * orders: whoever could have been late with its barrier could also have been
 * early with what comes after, and early is a state of its own.
 */
#include "inside.h"

#define MAX_SEEN 512

enum kind {		/* of a node, by what it orders */
	PLAIN,		/* nothing */
	LOADS,		/* one variable */
	STORES,		/* one variable */
	RELAXED,	/* an atomic read-modify-write that orders nothing */
	FULL,		/* ... that is a barrier */
	FAILS,		/* ... unless it fails */
	LIST,
	BARRIER,	/* waits for the buffer, and sees what it has seen */
	WAKES,		/* ... and reads and writes a task's state */
	TAKES, GIVES,	/* a lock */
	AWAITS,
	RAISES,
	OTHER,
};

struct access {
	const struct kw_node *n;
	const struct kw_actor_state *st;
	unsigned a, t, A;	/* actor, thread of sim/weak, address */
	bool hw, device;
	unsigned var;		/* of A, + 1; 0: in place */
	enum kind kind;
};

static enum kind kind_of(const struct kw_relaxed *r, const struct kw_node *n,
			 unsigned a)
{
	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
		return LOADS;
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
		return STORES;
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
		return RELAXED;
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
		return FULL;
	case KW_OP_CMPXCHG:
		return FAILS;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		return LIST;
	case KW_OP_MB:
	case KW_OP_SWITCH:
	case KW_OP_YIELD:
		return BARRIER;
	case KW_OP_DELAY:
		return r->p->actors[a].type == KW_THREAD ? BARRIER : PLAIN;
	case KW_OP_DEACTIVATE:
	case KW_OP_WAKE:
		return WAKES;
	case KW_OP_LOCK:
		return TAKES;
	case KW_OP_UNLOCK:
		return GIVES;
	case KW_OP_AWAIT:
		return AWAITS;
	case KW_OP_RAISE:
		return RAISES;
	case KW_OP_WMB:
	case KW_OP_RMB:
	case KW_OP_AWAIT_IDLE:
		return OTHER;
	default:
		return PLAIN;
	}
}

static struct access look(const struct kw_relaxed *r, const uint8_t *s,
			  unsigned a)
{
	const struct kw_actor_state *st = kw_standing(r, s, a);
	const struct kw_node *n = &r->p->nodes[st->pc];
	struct access x = {
		.n = n, .st = st, .a = a, .t = r->cpu_of[a],
		.hw = r->cpu_of[a] == r->nr_cpus,
		.A = st->regs[n->reg] + (unsigned)n->off,
		.kind = kind_of(r, n, a),
	};

	if (!st->regs[n->reg] && n->reg && kw_op_follows(n->op))
		x.kind = PLAIN;		/* it fails */
	if (x.kind >= LOADS && x.kind <= FAILS) {
		x.var = r->var_of[x.A];
		x.device = kw_is_device(r, x.A);
	}
	return x;
}

/* --- views of registers ----------------------------------------------- */

static int slot_of(const struct kw_relaxed *r, unsigned a, unsigned reg)
{
	return r->slot_of[reg] ? r->slot_base[a] + r->slot_of[reg] - 1 : -1;
}

static uint16_t view_of(const struct kw_relaxed *r, const uint8_t *s,
			const struct access *x, unsigned reg)
{
	int slot = x->hw ? -1 : slot_of(r, x->a, reg);

	return slot < 0 ? 0 : kw_weak_slot(&r->w, kw_weak_words(r, s), x->t,
					   (unsigned)slot);
}

/* What x's node writes to its register D was seen in that view. */
static void set_view(const struct kw_relaxed *r, uint8_t *s,
		     const struct access *x, uint16_t view)
{
	int slot = x->hw ? -1 : slot_of(r, x->a, x->n->dst);

	if (slot >= 0 && (kw_op_uses[x->n->op] & KW_WRITES_D))
		kw_weak_set_slot(&r->w, kw_weak_words(r, s), x->t,
				 (unsigned)slot, view);
}

/* --- values ----------------------------------------------------------- */

static unsigned get(const uint8_t *s, unsigned addr, unsigned width)
{
	return width == 2 ? kw_get16(s, addr) : s[addr];
}

static void put(uint8_t *s, unsigned addr, unsigned width, unsigned value)
{
	if (width == 2)
		kw_put16(s, addr, value);
	else
		s[addr] = (uint8_t)value;
}

/* Which node a load of value leads to, or what it loads. */
static unsigned outcome(const struct kw_relaxed *r, const struct kw_node *n,
			unsigned value)
{
	return n->op == KW_OP_LOAD_REF ? value : kw_leads_to(r->p, n, value);
}

/*
 * The messages that x may read, newest first.  Of those with one outcome the
 * oldest leaves most open: whatever can follow another can follow it.
 * One that became stale after the CPU last did something is left out.
 */
static unsigned readable(const struct kw_relaxed *r, const uint8_t *s,
			 const struct access *x, struct kw_weak_seen *seen)
{
	unsigned flags = x->n->flags & KW_NODE_ACQUIRE ? KW_WEAK_ACQUIRE : 0;
	struct kw_weak_seen all[MAX_SEEN];
	uint16_t acted = kw_weak_acted(&r->w, kw_weak_words(r, s), x->t);
	unsigned i, j, nr, kept = 0, newer;

	nr = kw_weak_readable(&r->w, kw_weak_words(r, s), x->t, x->var - 1,
			      flags, view_of(r, s, x, x->n->reg), all);
	for (i = 0; i < nr; i++) {
		unsigned k = outcome(r, x->n, all[i].value);

		/* It could have read it before others went on. */
		newer = i ? all[i - 1].ts : 0;
		if (r->opts.reduce && newer > acted)
			break;
		if (x->kind == FAILS && all[i].value == (x->n->val & 0xff))
			continue;
		for (j = 0; r->opts.reduce && j < kept; j++)
			if (outcome(r, x->n, seen[j].value) == k)
				break;
		if (!r->opts.reduce)
			j = kept;
		seen[j] = all[i];
		kept = MAX(kept, j + 1);
	}
	return kept;
}

/* --- must it wait? ---------------------------------------------------- */

static bool has_room(struct kw_relaxed *r, const uint8_t *s, unsigned t,
		     unsigned nr)
{
	if (kw_weak_nr_buffered(&r->w, kw_weak_words(r, s), t) + nr <=
	    r->w.max_buf)
		return true;
	r->seen.news |= !*r->known.full;
	*r->seen.full = true;
	return false;
}

static bool is_empty(const struct kw_relaxed *r, const uint8_t *s,
		     const struct access *x)
{
	return x->hw || kw_weak_can_mb(&r->w, kw_weak_words(r, s), x->t);
}

static unsigned load_ways(struct kw_relaxed *r, uint8_t *s,
			  const struct access *x)
{
	struct kw_weak_seen seen[MAX_SEEN];

	if (!x->var || x->hw)
		return 1;
	return readable(r, s, x, seen);
}

static unsigned store_ways(struct kw_relaxed *r, uint8_t *s,
			   const struct access *x)
{
	if (x->hw || (!x->var && !x->device))
		return 1;
	if (x->var)
		return has_room(r, s, x->t, 1);
	if (x->n->flags & KW_NODE_RELEASE)
		return is_empty(r, s, x);
	return kw_weak_can_lock(&r->w, kw_weak_words(r, s), x->t);
}

static unsigned relaxed_ways(struct kw_relaxed *r, uint8_t *s,
			     const struct access *x)
{
	if (x->hw || (!x->var && !x->device))
		return 1;
	if (!x->var)
		return kw_weak_can_lock(&r->w, kw_weak_words(r, s), x->t);
	return kw_weak_can_rmw(&r->w, kw_weak_words(r, s), x->t, x->var - 1,
			       KW_WEAK_RMW_RELAXED);
}

static bool succeeds(const uint8_t *s, const struct access *x)
{
	return s[x->A] == (x->n->val & 0xff);
}

/*
 * A cmpxchg that fails is a load; the way of success is the first.  Where
 * time passes, one that can succeed does.
 */
static unsigned fail_ways(struct kw_relaxed *r, uint8_t *s,
			  const struct access *x)
{
	struct kw_weak_seen seen[MAX_SEEN];
	bool may = succeeds(s, x) && is_empty(r, s, x);

	if (x->hw)
		return 1;
	if (!x->var || (r->opts.clock && succeeds(s, x)))
		return may || !succeeds(s, x);
	return may + readable(r, s, x, seen);
}

static unsigned list_ways(struct kw_relaxed *r, uint8_t *s, unsigned a)
{
	struct kw_word words[KW_MAX_WORDS];
	unsigned nr = kw_words(r, s, a, words), i, vars = 0;

	for (i = 0; i < nr; i++)
		vars += r->var_of[words[i].addr] != 0;
	return !vars || has_room(r, s, r->cpu_of[a], vars);
}

/* Handler h + 1 is idle: have the stores drained that it ended with? */
static bool has_ended(const struct kw_relaxed *r, const uint8_t *s, unsigned h)
{
	return !h || r->cpu_of[h - 1] == r->nr_cpus ||
	       kw_weak_has_ended(&r->w, kw_weak_words(r, s),
				 r->cpu_of[h - 1]);
}

static unsigned await_ways(struct kw_relaxed *r, uint8_t *s,
			   const struct access *x)
{
	if (s[x->A] != x->n->val)
		return 0;
	return !r->var_of[x->A] || is_empty(r, s, x);
}

static unsigned other_ways(struct kw_relaxed *r, uint8_t *s,
			   const struct access *x)
{
	unsigned h;

	switch (x->n->op) {
	case KW_OP_AWAIT_IDLE:
		return has_ended(r, s, kw_get16(s, x->A));
	case KW_OP_RAISE:
		h = kw_get16(s, x->A);
		return !h || r->cpu_of[h - 1] == x->t || is_empty(r, s, x);
	default:
		return 1;
	}
}

unsigned kw_relaxed_ways(struct kw_relaxed *r, uint8_t *s, unsigned a)
{
	const struct access x = look(r, s, a);

	switch (x.kind) {
	case PLAIN:
		return 1;
	case LOADS:
		return load_ways(r, s, &x);
	case STORES:
		return store_ways(r, s, &x);
	case RELAXED:
		return relaxed_ways(r, s, &x);
	case FULL:
	case BARRIER:
	case WAKES:
		return is_empty(r, s, &x);
	case FAILS:
		return fail_ways(r, s, &x);
	case LIST:
		return list_ways(r, s, a);
	case TAKES:
		return x.hw || kw_weak_can_lock(&r->w, kw_weak_words(r, s),
						x.t);
	case GIVES:
		return is_empty(r, s, &x) || has_room(r, s, x.t, 1);
	case AWAITS:
		return await_ways(r, s, &x);
	case RAISES:
	case OTHER:
		break;
	}
	return other_ways(r, s, &x);
}

unsigned kw_relaxed_waits_for(const struct kw_relaxed *r, const uint8_t *s,
			      unsigned a)
{
	const struct access x = look(r, s, a);
	unsigned h = x.n->op == KW_OP_AWAIT_IDLE ? kw_get16(s, x.A) : 0;

	return r->cpu_of[h ? h - 1 : a];
}

unsigned kw_relaxed_way_at(const struct kw_relaxed *r, const uint8_t *s,
			   unsigned a, unsigned ts, unsigned *value)
{
	const struct access x = look(r, s, a);
	struct kw_weak_seen seen[MAX_SEEN];
	unsigned nr = readable(r, s, &x, seen), i = 0;

	while (i + 1 < nr && seen[i].ts > ts)
		i++;
	*value = seen[i].value;
	return i;
}

/* --- what it does ----------------------------------------------------- */

static void run(const struct kw_relaxed *r, uint8_t *s,
		const struct access *x, unsigned choice, struct kw_done *done)
{
	kw_step_inline(r->p, s, x->a, choice, r->opts.clock, done);
}

static void load(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		 unsigned way, struct kw_done *done)
{
	unsigned width = r->known.width[x->A], newest = get(s, x->A, width);
	unsigned flags = x->n->flags & KW_NODE_ACQUIRE ? KW_WEAK_ACQUIRE : 0;
	uint16_t *weak = kw_weak_words(r, s);
	struct kw_weak_seen seen[MAX_SEEN];

	if (x->hw || (!x->var && !x->device)) {
		run(r, s, x, 0, done);
		set_view(r, s, x, 0);
		return;
	}
	if (!x->var) {
		run(r, s, x, 0, done);
		kw_weak_loaded_now(&r->w, weak, x->t);
		if (flags)
			kw_weak_see_all(&r->w, weak, x->t);
		set_view(r, s, x, kw_weak_now(weak));
		return;
	}
	readable(r, s, x, seen);
	kw_weak_load(&r->w, weak, x->t, x->var - 1, flags, &seen[way]);
	put(s, x->A, width, seen[way].value);
	run(r, s, x, 0, done);
	put(s, x->A, width, newest);
	set_view(r, s, x, seen[way].view);
}

/* One store of x's thread: into its buffer, or hardware's into memory. */
static void store_word(struct kw_relaxed *r, uint8_t *s,
		       const struct access *x, unsigned addr, unsigned value)
{
	uint16_t *weak = kw_weak_words(r, s);
	uint16_t at = view_of(r, s, x, x->n->reg);
	unsigned var = r->var_of[addr] - 1u;
	struct kw_weak_store st = {
		.var = (uint16_t)var, .value = (uint16_t)value,
	};

	if (x->kind == STORES) {
		if (x->n->flags & KW_NODE_RELEASE)
			st.flags |= KW_WEAK_RELEASE;
		if (x->n->op == KW_OP_STORE_REF)
			st.view = MAX(at, view_of(r, s, x, x->n->dst));
	}
	kw_weak_see(&r->w, weak, x->t, var, MAX(at, st.view));
	kw_weak_store(&r->w, weak, x->t, &st);
}

/* Need x's store not wait in the buffer? */
static bool may_skip(struct kw_relaxed *r, const uint8_t *s,
		     const struct access *x)
{
	struct kw_weak_seen own;

	if (!x->var || x->hw)
		return false;
	return kw_relaxed_at_once(r, s, x->a) ||
	       (!(x->n->flags & KW_NODE_RELEASE) &&
		!kw_weak_forwards(&r->w, kw_weak_words(r, s), x->t,
				  x->var - 1, &own) &&
		kw_racy_is_quiet(r, s, x->a));
}

static void store(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		  struct kw_done *done)
{
	unsigned width = r->known.width[x->A], newest = get(s, x->A, width);
	unsigned before = x->hw ? 0 : kw_weak_nr_buffered(&r->w,
						kw_weak_words(r, s), x->t);
	bool at_once = may_skip(r, s, x);
	unsigned value;

	run(r, s, x, 0, done);
	if (!x->var || x->hw) {
		if (x->device && !x->hw)
			kw_weak_stored_now(&r->w, kw_weak_words(r, s), x->t);
		return;
	}
	value = get(s, x->A, width);
	put(s, x->A, width, newest);
	store_word(r, s, x, x->A, value);
	if (at_once)
		kw_relaxed_drain(r, s, x->t, before);
}

static void rmw(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		enum kw_weak_order order, struct kw_done *done)
{
	uint16_t *weak = kw_weak_words(r, s);

	run(r, s, x, 0, done);
	if (x->hw)
		return;
	if (x->var) {
		kw_weak_rmw(&r->w, weak, x->t, x->var - 1,
			    (uint16_t)get(s, x->A, r->known.width[x->A]),
			    order);
		return;
	}
	if (x->device) {
		kw_weak_loaded_now(&r->w, weak, x->t);
		kw_weak_stored_now(&r->w, weak, x->t);
	}
	if (order == KW_WEAK_RMW_FULL)
		kw_weak_see_all(&r->w, weak, x->t);
}

static void fails(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		  unsigned way, struct kw_done *done)
{
	bool may = succeeds(s, x) && is_empty(r, s, x);

	if (may && !way)
		rmw(r, s, x, KW_WEAK_RMW_FULL, done);
	else
		load(r, s, x, way - may, done);
}

/* The bytes become what t sees, where it has stored and nobody knows. */
static void forward(const struct kw_relaxed *r, uint8_t *s, unsigned t,
		    const struct kw_word *word)
{
	uint16_t *weak = kw_weak_words(r, s);
	struct kw_weak_seen seen;
	unsigned var = r->var_of[word->addr];

	if (!var)
		return;
	if (kw_weak_forwards(&r->w, weak, t, var - 1, &seen)) {
		put(s, word->addr, word->width, seen.value);
	} else {
		kw_weak_newest(&r->w, weak, var - 1, &seen);
		kw_weak_load(&r->w, weak, t, var - 1, 0, &seen);
	}
}

static void list(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		 struct kw_done *done)
{
	unsigned newest[KW_MAX_WORDS], was[KW_MAX_WORDS], now, i, nr;
	struct kw_word words[KW_MAX_WORDS];

	nr = x->hw ? 0 : kw_words(r, s, x->a, words);
	for (i = 0; i < nr; i++) {
		newest[i] = get(s, words[i].addr, words[i].width);
		forward(r, s, x->t, &words[i]);
		was[i] = get(s, words[i].addr, words[i].width);
	}
	run(r, s, x, 0, done);
	for (i = 0; i < nr; i++) {
		if (!r->var_of[words[i].addr])
			continue;
		now = get(s, words[i].addr, words[i].width);
		put(s, words[i].addr, words[i].width, newest[i]);
		if (now != was[i])
			store_word(r, s, x, words[i].addr, now);
	}
}

/* DEACTIVATE and WAKE: a barrier, then all at once under the lock. */
static void wakes(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		  struct kw_done *done)
{
	unsigned state = x->A + KW_TASK_STATE, was = s[state];
	unsigned var = r->var_of[state];
	uint16_t *weak = kw_weak_words(r, s);

	run(r, s, x, 0, done);
	if (x->hw)
		return;
	kw_weak_see_all(&r->w, weak, x->t);
	if (var && s[state] != was)
		kw_weak_rmw(&r->w, weak, x->t, var - 1, s[state],
			    KW_WEAK_RMW_FULL);
	if (done->effect == KW_EFF_WAKE)
		kw_weak_see_all(&r->w, weak, r->cpu_of[done->actor]);
}

static void barrier(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		    struct kw_done *done)
{
	uint16_t *weak = kw_weak_words(r, s);

	run(r, s, x, 0, done);
	if (x->hw)
		return;
	kw_weak_see_all(&r->w, weak, x->t);
}

static void takes(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		  struct kw_done *done)
{
	run(r, s, x, 0, done);
	if (done->effect == KW_EFF_NONE && !x->hw && r->lock_of[x->A])
		kw_weak_lock(&r->w, kw_weak_words(r, s), x->t,
			     r->lock_of[x->A] - 1u);
}

static void gives(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		  struct kw_done *done)
{
	struct kw_weak_store st = { .flags = KW_WEAK_RELEASE | KW_WEAK_UNLOCK };
	unsigned lock = r->lock_of[x->A] - 1u;
	uint16_t *weak = kw_weak_words(r, s);
	bool now = is_empty(r, s, x);

	run(r, s, x, 0, done);
	if (x->hw) {
		kw_weak_unlocked(&r->w, weak, lock);
		return;
	}
	if (now) {
		kw_weak_unlocks(&r->w, weak, x->t);
		kw_weak_unlocked(&r->w, weak, lock);
		return;
	}
	kw_put16(s, x->A, KW_UNLOCKING);
	st.var = (uint16_t)(KW_LOCK_VAR + lock);
	kw_weak_store(&r->w, weak, x->t, &st);
}

static void other(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		  unsigned choice, struct kw_done *done)
{
	uint16_t *weak = kw_weak_words(r, s);
	uint16_t view = x->n->op == KW_OP_LEA ?
			view_of(r, s, x, x->n->reg) : 0;

	run(r, s, x, choice, done);
	set_view(r, s, x, view);
	if (x->hw || done->effect == KW_EFF_BLOCKED)
		return;
	if (r->awaits && done->effect == KW_EFF_END &&
	    r->p->actors[x->a].home != x->a)
		kw_weak_end(&r->w, weak, x->t);
	switch (x->n->op) {
	case KW_OP_WMB:
		kw_weak_wmb(&r->w, weak, x->t);
		break;
	case KW_OP_RMB:
		kw_weak_rmb(&r->w, weak, x->t);
		break;
	case KW_OP_AWAIT:
	case KW_OP_IS_LOCKED:
	case KW_OP_IS_PENDING:
	case KW_OP_IS_ARMED:
		kw_weak_loaded_now(&r->w, weak, x->t);
		break;
	case KW_OP_AWAIT_IDLE:
		kw_weak_see_all(&r->w, weak, x->t);
		break;
	default:
		break;
	}
}

static void execute(struct kw_relaxed *r, uint8_t *s, const struct access *x,
		    unsigned way, unsigned choice, struct kw_done *done)
{
	switch (x->kind) {
	case LOADS:
		load(r, s, x, way, done);
		break;
	case STORES:
		store(r, s, x, done);
		break;
	case RELAXED:
		rmw(r, s, x, KW_WEAK_RMW_RELAXED, done);
		break;
	case FULL:
		rmw(r, s, x, KW_WEAK_RMW_FULL, done);
		break;
	case FAILS:
		fails(r, s, x, way, done);
		break;
	case LIST:
		list(r, s, x, done);
		break;
	case BARRIER:
		barrier(r, s, x, done);
		break;
	case WAKES:
		wakes(r, s, x, done);
		break;
	case TAKES:
		takes(r, s, x, done);
		break;
	case GIVES:
		gives(r, s, x, done);
		break;
	case PLAIN:
	case AWAITS:
	case RAISES:
	case OTHER:
		other(r, s, x, choice, done);
		break;
	}
}

void kw_relaxed_step(struct kw_relaxed *r, uint8_t *s, unsigned a,
		     unsigned way, unsigned choice, struct kw_done *done)
{
	const struct access x = look(r, s, a);
	struct kw_word words[KW_MAX_WORDS];
	unsigned pc = x.st->pc;

	if (r->opts.clock) {
		g_assert(!x.hw || kw_relaxed_in_place(r, s, a));
		execute(r, s, &x, way, choice, done);
		return;
	}
	kw_racy_touch(r, s, a, words, kw_words(r, s, a, words));
	if (x.kind == LOADS && x.var && !x.hw && !kw_racy_is_quiet(r, s, a))
		kw_racy_loud(r, pc);
	execute(r, s, &x, way, choice, done);
	if (!x.hw && kw_foresee_acts(r->foresee, pc))
		kw_weak_act(&r->w, kw_weak_words(r, s), x.t);
}
