/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is known, and what a state's weak memory is, where actors and
 * objects may be called by each other's names.
 *
 * Invariant: what is learnt of one is known of all that it may be called, so
 * that their variables have messages all together, and whatever the
 * reductions rely on holds of each or of none.
 */
#include "inside.h"

struct kw_relaxed_swaps {
	const struct kw_relaxed_swap *of;
	unsigned nr;
	uint16_t *same;			/* [node]: the first that it is
					   exchanged with */
};

bool kw_relaxed_may_swap(const struct kw_relaxed *r)
{
	/* Bits of racy.c stand for one of them each. */
	return r->nr_cpus < 62 && r->nr_locks <= 64;
}

bool kw_relaxed_same_field(const struct kw_relaxed *r, unsigned node,
			   unsigned other)
{
	return kw_foresee_class_at(r->foresee, node) ==
	       kw_foresee_class_at(r->foresee, other);
}

/* --- what is known ------------------------------------------------------ */

static unsigned address(const uint16_t *granule, unsigned addr)
{
	return granule[addr / 8] * 8u + addr % 8;
}

static unsigned cpu(const struct kw_relaxed *r, const uint16_t *actor,
		    unsigned c)
{
	return c < r->nr_cpus ? r->cpu_of[actor[r->thread_of[c]]] : c;
}

static uint64_t rename_cpus(const struct kw_relaxed *r,
			    const struct kw_relaxed_swap *x, uint64_t cpus)
{
	uint64_t to = cpus & KW_HARDWARE;

	for (cpus &= ~KW_HARDWARE; cpus; cpus &= cpus - 1)
		to |= UINT64_C(1) << cpu(r, x->actor, (unsigned)
					 __builtin_ctzll(cpus));
	return to;
}

/* Beyond all locks: that nothing was seen yet. */
static uint64_t rename_locks(const struct kw_relaxed *r,
			     const struct kw_relaxed_swap *x, uint64_t locks)
{
	uint64_t to = r->nr_locks < 64 ? locks >> r->nr_locks << r->nr_locks :
					 0;
	unsigned i, k;

	for (i = 0; i < r->nr_locks; i++) {
		k = r->lock_of[address(x->granule, r->locks[i])];
		if (locks >> i & 1 && k)
			to |= UINT64_C(1) << (k - 1);
	}
	return to;
}

static bool narrow(uint64_t *locks, uint64_t by)
{
	bool less = *locks & ~by;

	*locks &= by;
	return less;
}

static bool add(uint8_t *flag, uint8_t more)
{
	bool grew = more & ~*flag;

	*flag |= more;
	return grew;
}

/* What is known of an address is known of what it is called by x. */
static bool rename_known(struct kw_relaxed *r, const struct kw_relaxed_swap *x,
			 unsigned addr)
{
	struct kw_racy *k = &r->known;
	unsigned to = address(x->granule, addr), c, from, at;
	uint64_t cpus = rename_cpus(r, x, k->cpus[addr]);
	bool grew = cpus & ~k->cpus[to];

	k->cpus[to] |= cpus;
	grew |= narrow(&k->guards[to], rename_locks(r, x, k->guards[addr]));
	grew |= add(&k->width[to], k->width[addr]);
	for (c = 0; c <= r->nr_cpus; c++) {
		from = addr * (r->nr_cpus + 1) + c;
		at = to * (r->nr_cpus + 1) + cpu(r, x->actor, c);
		grew |= narrow(&k->by[at], rename_locks(r, x, k->by[from]));
		grew |= narrow(&k->by_writes[at],
			       rename_locks(r, x, k->by_writes[from]));
		grew |= narrow(&k->relied[at],
			       rename_locks(r, x, k->relied[from]));
		grew |= add(&k->quiet[at], k->quiet[from]);
		grew |= add(&k->wrote[at], k->wrote[from]);
	}
	return grew;
}

static void share_loud(struct kw_relaxed *r)
{
	const uint16_t *same = r->swaps->same;
	uint8_t *loud = r->known.loud;
	unsigned n;

	for (n = 0; n < r->p->nr_nodes; n++)
		loud[same[n]] |= loud[n];
	for (n = 0; n < r->p->nr_nodes; n++)
		loud[n] |= loud[same[n]];
}

void kw_racy_share(struct kw_relaxed *r)
{
	bool grew = r->swaps;
	unsigned i, k;

	while (grew)
		for (grew = false, k = 0; k < r->swaps->nr; k++)
			for (i = 0; i < r->p->objects_size; i++)
				grew |= rename_known(r, &r->swaps->of[k], i);
	if (r->swaps)
		share_loud(r);
}

/* --- which nodes are one another's -------------------------------------- */

static void unite(uint16_t *same, unsigned nr, unsigned a, unsigned b)
{
	uint16_t x = same[a], y = same[b];
	unsigned n;

	for (n = 0; x != y && n < nr; n++)
		if (same[n] == x || same[n] == y)
			same[n] = MIN(x, y);
}

void kw_relaxed_swaps(struct kw_relaxed *r, const struct kw_relaxed_swap *of,
		      unsigned nr)
{
	struct kw_relaxed_swaps *x = g_new0(struct kw_relaxed_swaps, 1);
	unsigned i, a, n;

	x->of = of;
	x->nr = nr;
	x->same = g_new(uint16_t, r->p->nr_nodes);
	for (n = 0; n < r->p->nr_nodes; n++)
		x->same[n] = (uint16_t)n;
	for (i = 0; i < nr; i++)
		for (a = 0; a + 1 < r->p->nr_actors; a++)
			for (n = 0; of[i].node[a] && n < r->p->nr_nodes; n++)
				unite(x->same, r->p->nr_nodes, n,
				      of[i].node[a][n]);
	r->swaps = x;
	kw_foresee_alike(r->foresee, x->same);
	kw_relaxed_begin(r);
}

void kw_relaxed_forget_swaps(struct kw_relaxed *r)
{
	if (r->swaps)
		g_free(r->swaps->same);
	g_free(r->swaps);
}

/* --- a state by other names ---------------------------------------------- */

struct naming {
	const struct kw_relaxed *r;
	const uint16_t *granule;
	uint16_t *var;			/* [variable] */
	uint16_t *lock;
};

static void rename_store(const void *arg, uint16_t *var, uint16_t *value)
{
	const struct naming *n = arg;

	if (*var >= KW_LOCK_VAR) {
		*var = (uint16_t)(KW_LOCK_VAR + n->lock[*var - KW_LOCK_VAR]);
		return;
	}
	/* What has two bytes is an address. */
	if (n->r->known.width[n->r->vars[*var]] == 2)
		*value = (uint16_t)address(n->granule, *value);
	*var = n->var[*var];
}

/* Where each slot of a thread is when actors are others. */
static void rename_slots(const struct kw_relaxed *r, const uint16_t *actor,
			 uint16_t *slot)
{
	unsigned i, a;

	for (i = 0; i < r->w.nr_threads * r->w.nr_slots; i++)
		slot[i] = (uint16_t)(i % r->w.nr_slots);
	for (a = 0; r->w.nr_slots && a + 1 < r->p->nr_actors; a++)
		for (i = 0; r->cpu_of[a] < r->nr_cpus && i < r->nr_slot_regs;
		     i++)
			slot[r->cpu_of[a] * r->w.nr_slots +
			     r->slot_base[a] + i] =
				(uint16_t)(r->slot_base[actor[a]] + i);
}

void kw_relaxed_rename(const struct kw_relaxed *r, uint8_t *s,
		       const uint16_t *actor, const uint16_t *granule)
{
	uint16_t *thread = g_newa(uint16_t, r->w.nr_threads);
	uint16_t *slot = g_newa(uint16_t, r->w.nr_threads * r->w.nr_slots + 1);
	struct naming n = {
		.r = r, .granule = granule,
		.var = g_newa(uint16_t, r->w.nr_vars + 1),
		.lock = g_newa(uint16_t, r->nr_locks + 1),
	};
	const struct kw_weak_names names = {
		.thread = thread, .var = n.var, .view = n.lock, .slot = slot,
		.store = rename_store, .arg = &n,
	};
	unsigned i;

	for (i = 0; i < r->w.nr_threads; i++)
		thread[i] = (uint16_t)cpu(r, actor, i);
	for (i = 0; i < r->w.nr_vars; i++)
		n.var[i] = r->var_of[address(granule, r->vars[i])] - 1;
	for (i = 0; i < r->nr_locks; i++)
		n.lock[i] = r->lock_of[address(granule, r->locks[i])] - 1;
	rename_slots(r, actor, slot);
	kw_weak_rename(&r->w, kw_weak_words(r, s), &names);
}

/* --- what does not change with names -------------------------------------- */

struct kw_relaxed_keys {
	const struct kw_relaxed *r;
	struct kw_relaxed_naming n;
	int *var_unit, *lock_unit, *thread_unit;	/* or -1 */
	uint64_t *var, *lock;		/* [i]: hashed, by its own unit */
	uint64_t *seen;			/* [CPU * nr_vars + variable]: by the
					   CPU's thread */
	uint64_t *seen_lock;
};

/* The value of a variable, as unit u calls it. */
static uint64_t value_of(const struct kw_relaxed_keys *k, unsigned u,
			 unsigned var, unsigned value)
{
	return k->r->known.width[k->r->vars[var]] == 2 ?
		       k->n.name(k->n.arg, u, value) : value;
}

struct hashing {
	const struct kw_relaxed_keys *k;
	unsigned thread;
};

static uint64_t hash_store(const void *arg, unsigned var, unsigned value)
{
	const struct hashing *h = arg;
	const struct kw_relaxed_keys *k = h->k;

	if (var >= KW_LOCK_VAR)
		return k->seen_lock[h->thread * k->r->nr_locks +
				    var - KW_LOCK_VAR];
	return kw_weak_mix(k->seen[h->thread * k->r->w.nr_vars + var],
			   value_of(k, (unsigned)k->thread_unit[h->thread],
				    var, value));
}

static void add_threads(const struct kw_relaxed_keys *k, const uint16_t *weak,
			uint64_t *unit)
{
	struct hashing h = { .k = k };
	struct kw_weak_hashed by = { .store = hash_store, .arg = &h };
	unsigned t;

	for (t = 0; t < k->r->nr_cpus; t++) {
		if (k->thread_unit[t] < 0)
			continue;
		h.thread = t;
		by.var = k->seen + t * k->r->w.nr_vars;
		unit[k->thread_unit[t]] += kw_weak_hash(&k->r->w, weak, t,
							&by);
	}
}

static void add_slots(const struct kw_relaxed_keys *k, const uint16_t *weak,
		      uint64_t *unit)
{
	const struct kw_relaxed *r = k->r;
	unsigned a, i, t, view;

	for (a = 0; r->w.nr_slots && a + 1 < r->p->nr_actors; a++) {
		t = r->cpu_of[a];
		for (i = 0; t < r->nr_cpus && i < r->nr_slot_regs; i++) {
			view = kw_weak_slot(&r->w, weak, t,
					    r->slot_base[a] + i);
			if (view)
				unit[a] += kw_weak_mix(1000 + i, view);
		}
	}
}

static void add_memory(const struct kw_relaxed_keys *k, const uint16_t *weak,
		       uint64_t *unit)
{
	const struct kw_relaxed *r = k->r;
	unsigned nr = kw_weak_now(weak), ts, var, value, i;
	int u;

	for (ts = 1; ts <= nr; ts++) {
		if (!kw_weak_message(&r->w, weak, ts, &var, &value) ||
		    (u = k->var_unit[var]) < 0)
			continue;
		unit[u] += kw_weak_mix(k->var[var] + ts,
				       value_of(k, (unsigned)u, var, value));
	}
	for (i = 0; i < r->nr_locks; i++) {
		u = k->lock_unit[i];
		if (u >= 0 && kw_weak_view(&r->w, weak, i))
			unit[u] += kw_weak_mix(k->lock[i],
					       kw_weak_view(&r->w, weak, i));
	}
}

void kw_relaxed_hash(const struct kw_relaxed_keys *k, const uint8_t *s,
		     uint64_t *unit)
{
	const uint16_t *weak = kw_weak_words(k->r, s);

	add_threads(k, weak, unit);
	add_slots(k, weak, unit);
	add_memory(k, weak, unit);
}

/* What things at those addresses are called, by their own units. */
static uint64_t *names_of(const struct kw_relaxed_keys *k, unsigned nr,
			  const uint16_t *addr, int *unit)
{
	uint64_t *name = g_new0(uint64_t, nr + 1);
	unsigned i;

	for (i = 0; i < nr; i++) {
		unit[i] = k->n.unit(k->n.arg, addr[i]);
		if (unit[i] >= 0)
			name[i] = kw_weak_mix(2000, k->n.name(k->n.arg,
						(unsigned)unit[i], addr[i]));
	}
	return name;
}

/* ... and by each thread. */
static uint64_t *seen_names(const struct kw_relaxed_keys *k, unsigned nr,
			    const uint16_t *addr)
{
	uint64_t *name = g_new0(uint64_t, k->r->nr_cpus * nr + 1);
	unsigned t, i;

	for (t = 0; t < k->r->nr_cpus; t++)
		for (i = 0; k->thread_unit[t] >= 0 && i < nr; i++)
			name[t * nr + i] = kw_weak_mix(3000,
				k->n.name(k->n.arg,
					  (unsigned)k->thread_unit[t],
					  addr[i]));
	return name;
}

struct kw_relaxed_keys *
kw_relaxed_keys_new(const struct kw_relaxed *r,
		    const struct kw_relaxed_naming *n)
{
	struct kw_relaxed_keys *k = g_new0(struct kw_relaxed_keys, 1);
	unsigned t;

	k->r = r;
	k->n = *n;
	k->var_unit = g_new(int, r->w.nr_vars + 1);
	k->lock_unit = g_new(int, r->nr_locks + 1);
	k->thread_unit = g_new(int, r->nr_cpus + 1);
	for (t = 0; t < r->nr_cpus; t++)
		k->thread_unit[t] = n->moves(n->arg, r->thread_of[t]) ?
					    r->thread_of[t] : -1;
	k->var = names_of(k, r->w.nr_vars, r->vars, k->var_unit);
	k->lock = names_of(k, r->nr_locks, r->locks, k->lock_unit);
	k->seen = seen_names(k, r->w.nr_vars, r->vars);
	k->seen_lock = seen_names(k, r->nr_locks, r->locks);
	return k;
}

void kw_relaxed_keys_free(struct kw_relaxed_keys *k)
{
	if (!k)
		return;
	g_free(k->var_unit);
	g_free(k->lock_unit);
	g_free(k->thread_unit);
	g_free(k->var);
	g_free(k->lock);
	g_free(k->seen);
	g_free(k->seen_lock);
	g_free(k);
}
