/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a state's weak memory is laid out, when a store must drain at
 * once, and which states are the same.
 *
 * An unlock that is the oldest of its buffer drains at once: who waits for
 * the lock could only wait longer, and nobody else can tell.
 *
 * A store into an empty buffer is visible at once if nothing can overtake it
 * before the next barrier: that it waits is seen only by who sees something
 * younger first.  So is one that nobody else can look at before a lock is
 * given back.  (A load of its own is nothing younger under arm64: what it
 * could have read early, it may read late; but not so what a device says, or
 * a timer.)
 */
#include "inside.h"

/* --- CPUs ------------------------------------------------------------- */

static void find_cpus(struct kw_relaxed *r)
{
	const struct kw_program *p = r->p;
	unsigned a, i;

	r->cpu_of = g_new0(uint16_t, p->nr_actors);
	r->thread_of = g_new0(uint16_t, p->nr_actors);
	for (a = 0; a < p->nr_actors; a++) {
		if (p->actors[a].type != KW_THREAD)
			continue;
		r->thread_of[r->nr_cpus] = (uint16_t)a;
		r->cpu_of[a] = (uint16_t)r->nr_cpus++;
	}
	for (a = 0; a < p->nr_actors; a++) {
		for (i = a; p->actors[i].home != i;)
			i = p->actors[i].home;
		r->cpu_of[a] = p->actors[i].type == KW_THREAD ?
				       r->cpu_of[i] : (uint16_t)r->nr_cpus;
	}
}

static bool awaits_ends(const struct kw_program *p)
{
	unsigned i;

	for (i = 0; i < p->nr_nodes; i++)
		if (p->nodes[i].op == KW_OP_AWAIT_IDLE)
			return true;
	return false;
}

/* May node n load an address that was stale, or may have been? */
static bool loads_address(const struct kw_relaxed *r, unsigned n)
{
	return r->p->nodes[n].op == KW_OP_LOAD_REF &&
	       (!r->foresee || kw_foresee_notices(r->foresee, n));
}

/* Is it of any use there how old the address in its register R is? */
static bool uses_address(const struct kw_relaxed *r, unsigned n)
{
	return r->p->nodes[n].op < KW_OP_LEA &&
	       (!r->foresee || kw_foresee_notices(r->foresee, n));
}

/* Registers that may hold a loaded address through which is loaded again. */
static void find_slot_regs(struct kw_relaxed *r)
{
	bool loaded[256] = { false }, used[256] = { false }, grew = true;
	const struct kw_node *n;
	unsigned i;

	for (i = 0; i < r->p->nr_nodes; i++) {
		n = &r->p->nodes[i];
		loaded[n->dst] |= loads_address(r, i);
		used[n->reg] |= uses_address(r, i);
		used[n->dst] |= n->op == KW_OP_STORE_REF && uses_address(r, i);
	}
	while (grew)
		for (grew = false, i = 0; i < r->p->nr_nodes; i++) {
			n = &r->p->nodes[i];
			if (n->op != KW_OP_LEA)
				continue;
			grew |= loaded[n->reg] && !loaded[n->dst];
			loaded[n->dst] |= loaded[n->reg];
			grew |= used[n->dst] && !used[n->reg];
			used[n->reg] |= used[n->dst];
		}
	r->nr_slot_regs = 0;
	for (i = 1; i < 256; i++)
		r->slot_of[i] = loaded[i] && used[i] ?
				(uint8_t)++r->nr_slot_regs : 0;
}

static void find_slots(struct kw_relaxed *r)
{
	unsigned i, a, *next = g_new0(unsigned, r->nr_cpus + 1);

	find_slot_regs(r);
	for (a = 0; a < r->p->nr_actors; a++) {
		r->slot_base[a] = (uint16_t)next[r->cpu_of[a]];
		next[r->cpu_of[a]] += r->nr_slot_regs;
	}
	r->w.nr_slots = 0;
	for (i = 0; i < r->nr_cpus; i++)
		r->w.nr_slots = MAX(r->w.nr_slots, next[i]);
	g_free(next);
}

static void find_classes(struct kw_relaxed *r)
{
	unsigned i;

	r->foresee = kw_foresee_new(r->p);
	r->class_of = g_new0(int16_t, KW_WEAK_MAX_VARS);
	r->lock_class = g_new0(int16_t, r->nr_locks + 1);
	for (i = 0; i < r->nr_locks; i++)
		r->lock_class[i] = (int16_t)kw_foresee_class(r->foresee,
							     r->locks[i]);
	r->alike = kw_alike_new(r);
}

/* What is read alike, by variable. */
static void find_alike(struct kw_relaxed *r)
{
	unsigned v, i;
	int class;

	r->var_alike = g_renew(uint16_t, r->var_alike,
			       (r->w.nr_vars + 1) * KW_NR_VALUES);
	for (v = 0; v < r->w.nr_vars; v++) {
		class = r->class_of[v];
		for (i = 0; i < KW_NR_VALUES; i++)
			r->var_alike[v * KW_NR_VALUES + i] = class < 0 ?
				(uint16_t)i :
				r->alike[class * KW_NR_VALUES + (int)i];
	}
	r->w.alike = r->opts.reduce ? r->var_alike : NULL;
}

struct kw_relaxed *kw_relaxed_new(const struct kw_program *p,
				  const struct kw_relaxed_opts *opts)
{
	struct kw_relaxed *r = g_new0(struct kw_relaxed, 1);

	r->p = p;
	r->opts = *opts;
	r->awaits = awaits_ends(p);
	find_cpus(r);
	kw_racy_init(r);
	r->vars = g_new0(uint16_t, p->objects_size);
	if (!opts->clock)
		find_classes(r);
	r->w.model = opts->memory;
	r->slot_base = g_new0(uint16_t, p->nr_actors);
	kw_relaxed_begin(r);
	return r;
}

void kw_relaxed_look_ahead(struct kw_relaxed *r, kw_relaxed_ahead ahead,
			   const void *arg)
{
	r->ahead = ahead;
	r->ahead_arg = arg;
}

void kw_relaxed_free(struct kw_relaxed *r)
{
	if (!r)
		return;
	g_free(r->cpu_of);
	g_free(r->thread_of);
	kw_racy_free(&r->known);
	kw_racy_free(&r->seen);
	g_free(r->arch);
	g_free(r->whole);
	g_free(r->vars);
	g_free(r->var_of);
	g_free(r->lock_of);
	g_free(r->locks);
	g_free(r->slot_base);
	g_free(r->class_of);
	g_free(r->lock_class);
	g_free(r->alike);
	g_free(r->var_alike);
	kw_foresee_free(r->foresee);
	kw_relaxed_forget_swaps(r);
	g_free(r);
}

struct kw_relaxed *kw_relaxed_fork(const struct kw_relaxed *r)
{
	struct kw_relaxed *f = g_memdup2(r, sizeof(*r));

	kw_racy_new(r, &f->seen);
	return f;
}

void kw_relaxed_unfork(struct kw_relaxed *f)
{
	if (f)
		kw_racy_free(&f->seen);
	g_free(f);
}

void kw_relaxed_join(struct kw_relaxed *r, const struct kw_relaxed *f)
{
	kw_racy_join(&r->seen, &f->seen);
}

void *kw_relaxed_knowledge(struct kw_relaxed *r, bool seen, size_t *size)
{
	struct kw_racy *k = seen ? &r->seen : &r->known;

	k->news = true;
	*size = k->size;
	return k->all;
}

void kw_relaxed_forget(struct kw_relaxed *f)
{
	kw_racy_forget(&f->seen);
}

/* Which nodes touch what is racy, or a device? */
static void foresee(struct kw_relaxed *r)
{
	struct kw_noticed what = {
		.loads = r->opts.reduce ? r->known.loud : NULL,
		.fifo = r->w.model == KW_WEAK_TSO,
	};
	unsigned addr, v;

	for (v = 0; v < r->w.nr_vars; v++)
		r->class_of[v] = (int16_t)kw_foresee_class(r->foresee,
							   r->vars[v]);
	for (addr = 0; addr < r->p->objects_size; addr++)
		if (kw_racy_is(r, addr))
			kw_foresee_add(r->foresee, addr, what.racy);
		else if (kw_is_device(r, addr))
			kw_foresee_add(r->foresee, addr, what.devices);
	kw_foresee_noticed(r->foresee, &what);
}

void kw_relaxed_begin(struct kw_relaxed *r)
{
	unsigned addr, nr = 0;

	for (addr = 0; addr < r->p->objects_size; addr++) {
		r->var_of[addr] = 0;
		if (!kw_racy_is(r, addr))
			continue;
		g_assert(nr < KW_WEAK_MAX_VARS || r->opts.clock);
		r->vars[nr] = (uint16_t)addr;
		r->var_of[addr] = (uint16_t)++nr;
	}
	r->w.nr_threads = r->nr_cpus + 1;
	r->w.nr_vars = nr;
	r->w.nr_views = r->nr_locks;
	r->w.max_buf = KW_MAX_BUFFERED;
	r->w.max_msgs = nr ? nr + KW_MAX_OLD + KW_MAX_NEW : 0;
	r->w.settled = r->opts.clock ? nr : 0;
	if (r->foresee) {
		foresee(r);
		find_alike(r);
	}
	if (r->w.model == KW_WEAK_ARM64)
		find_slots(r);
	kw_weak_init(&r->w);
	*r->known.full = *r->known.stale = false;
}

uint32_t kw_relaxed_size(const struct kw_relaxed *r)
{
	return 2 * r->w.nr_words;
}

void kw_relaxed_start(const struct kw_relaxed *r, uint8_t *s)
{
	uint16_t *initial = g_new0(uint16_t, r->w.nr_vars);
	unsigned v, addr;

	for (v = 0; v < r->w.nr_vars; v++) {
		addr = r->vars[v];
		initial[v] = r->known.width[addr] == 2 ?
				     (uint16_t)kw_get16(s, addr) : s[addr];
	}
	kw_weak_begin(&r->w, kw_weak_words(r, s), initial);
	g_free(initial);
}

bool kw_relaxed_was_wrong(struct kw_relaxed *r)
{
	return kw_racy_learn(r);
}

bool kw_relaxed_was_bounded(const struct kw_relaxed *r)
{
	return *r->known.full || *r->known.stale;
}

/* --- stores that need no buffer ---------------------------------------- */

static bool is_handler_on(const struct kw_relaxed *r, unsigned h,
			  unsigned cpu)
{
	unsigned type = r->p->actors[h].type;

	return (type == KW_HARDIRQ ||
		(type == KW_PREEMPT && r->opts.preempts)) &&
	       r->cpu_of[h] == cpu;
}

/* May what comes on a CPU, from node on, overtake what is buffered there? */
static bool opens(const struct kw_relaxed *r, unsigned cpu, unsigned node)
{
	bool raises = kw_foresee_raises(r->foresee, node);
	unsigned h;

	for (h = 0; raises && h + 1 < r->p->nr_actors; h++)
		if (is_handler_on(r, h, cpu))
			return true;
	return kw_foresee_open(r->foresee, node);
}

/* ... a handler that begins? */
static bool handlers_open(const struct kw_relaxed *r, unsigned cpu)
{
	unsigned h;

	for (h = 0; h + 1 < r->p->nr_actors; h++)
		if (is_handler_on(r, h, cpu) &&
		    opens(r, cpu, r->p->actors[h].entry))
			return true;
	return false;
}

/* May a, from node on, or a handler on its CPU, overtake what is buffered? */
static bool may_overtake(const struct kw_relaxed *r, const uint8_t *s,
			 unsigned a, unsigned node)
{
	const struct kw_actor *ac = &r->p->actors[a];
	const struct kw_actor_state *home;
	unsigned cpu = r->cpu_of[a];

	if (ac->type == KW_GUEST || ac->type == KW_VIRQ ||
	    opens(r, cpu, node))
		return true;
	if (ac->home != a) {	/* a handler: its home goes on, or another */
		home = kw_standing(r, s, ac->home);
		return kw_foresee_ends(r->foresee, node) &&
		       (home->run == KW_IN_GUEST ||
			opens(r, cpu, home->pc) || handlers_open(r, cpu));
	}
	if (kw_standing(r, s, a)->irq_off &&
	    !kw_foresee_enables(r->foresee, node))
		return false;
	return handlers_open(r, cpu);
}

bool kw_relaxed_at_once(const struct kw_relaxed *r, const uint8_t *s,
			unsigned a)
{
	const struct kw_node *n = &r->p->nodes[kw_standing(r, s, a)->pc];

	return r->opts.reduce && r->cpu_of[a] < r->nr_cpus &&
	       !kw_relaxed_nr_buffered(r, s, r->cpu_of[a]) &&
	       !may_overtake(r, s, a, n->next[0]);
}

/* --- what is hidden --------------------------------------------------- */

bool kw_relaxed_in_place(const struct kw_relaxed *r, const uint8_t *s,
			 unsigned a)
{
	struct kw_word words[KW_MAX_WORDS];
	unsigned nr = kw_words(r, s, a, words), i;

	for (i = 0; i < nr; i++)
		if (r->var_of[words[i].addr])
			return false;
	return true;
}

bool kw_relaxed_hides(struct kw_relaxed *r, uint8_t *s, unsigned a)
{
	const struct kw_node *n = &r->p->nodes[kw_standing(r, s, a)->pc];

	switch (n->op) {
	case KW_OP_MB:
	case KW_OP_WMB:
	case KW_OP_RMB:
		return true;
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_LOAD_REF:
		return !kw_relaxed_in_place(r, s, a) &&
		       kw_racy_is_quiet(r, s, a);
	case KW_OP_STORE:
	case KW_OP_STORE_REF:
		return r->cpu_of[a] < r->nr_cpus &&
		       !kw_relaxed_in_place(r, s, a) &&
		       (kw_racy_is_quiet(r, s, a) ||
			!kw_relaxed_at_once(r, s, a));
	default:
		return false;
	}
}

/* --- drains ----------------------------------------------------------- */

unsigned kw_relaxed_nr_cpus(const struct kw_relaxed *r)
{
	return r->nr_cpus;
}

unsigned kw_relaxed_cpu(const struct kw_relaxed *r, unsigned actor)
{
	return r->cpu_of[actor];
}

unsigned kw_relaxed_thread(const struct kw_relaxed *r, unsigned cpu)
{
	return r->thread_of[cpu];
}

unsigned kw_relaxed_nr_buffered(const struct kw_relaxed *r, const uint8_t *s,
				unsigned cpu)
{
	return kw_weak_nr_buffered(&r->w, kw_weak_words(r, s), cpu);
}

unsigned kw_relaxed_buffered(const struct kw_relaxed *r, const uint8_t *s,
			     unsigned cpu, unsigned k, unsigned *value)
{
	struct kw_weak_store st;

	kw_weak_buffered(&r->w, kw_weak_words(r, s), cpu, k, &st);
	*value = st.value;
	return st.flags & KW_WEAK_UNLOCK ? r->locks[st.var - KW_LOCK_VAR] :
					   r->vars[st.var];
}

bool kw_relaxed_can_drain(const struct kw_relaxed *r, const uint8_t *s,
			  unsigned cpu, unsigned k)
{
	return kw_weak_can_drain(&r->w, kw_weak_words(r, s), cpu, k);
}

void kw_relaxed_drain(const struct kw_relaxed *r, uint8_t *s, unsigned cpu,
		      unsigned k)
{
	uint16_t *weak = kw_weak_words(r, s);
	struct kw_weak_store st;
	unsigned addr;

	kw_weak_buffered(&r->w, weak, cpu, k, &st);
	if (st.flags & KW_WEAK_UNLOCK) {
		kw_weak_take(&r->w, weak, cpu, k, &st);
		kw_weak_unlocked(&r->w, weak, st.var - KW_LOCK_VAR);
		kw_put16(s, r->locks[st.var - KW_LOCK_VAR], 0);
		return;
	}
	kw_weak_drain(&r->w, weak, cpu, k);
	kw_weak_act(&r->w, weak, cpu);
	addr = r->vars[st.var];
	if (r->known.width[addr] == 2)
		kw_put16(s, addr, st.value);
	else
		s[addr] = (uint8_t)st.value;
}

static void drain_unlocks(const struct kw_relaxed *r, uint8_t *s,
			  unsigned cpu)
{
	struct kw_weak_store st;

	while (kw_relaxed_nr_buffered(r, s, cpu)) {
		kw_weak_buffered(&r->w, kw_weak_words(r, s), cpu, 0, &st);
		if (!(st.flags & KW_WEAK_UNLOCK))
			return;
		kw_relaxed_drain(r, s, cpu, 0);
	}
}

/* --- what time makes old ----------------------------------------------- */

unsigned kw_relaxed_settled(const struct kw_relaxed *r)
{
	return r->w.settled;
}

unsigned kw_relaxed_now(const struct kw_relaxed *r, const uint8_t *s)
{
	return kw_weak_now(kw_weak_words(r, s));
}

void kw_relaxed_settle(const struct kw_relaxed *r, uint8_t *s, unsigned cut)
{
	kw_weak_settle(&r->w, kw_weak_words(r, s), cut);
}

/* --- canonical states ------------------------------------------------- */

void kw_relaxed_switch(const struct kw_relaxed *r, uint8_t *s, unsigned a)
{
	if (r->cpu_of[a] < r->nr_cpus)
		kw_weak_see_all(&r->w, kw_weak_words(r, s), r->cpu_of[a]);
}

static bool is_in(const uint64_t *set, int i)
{
	return i < 0 || set[i / 64] >> i % 64 & 1;
}

/* What a loads before all is seen anyway, from node on. */
static void add_live(const struct kw_relaxed *r, unsigned a, unsigned node,
		     struct kw_weak_live *live)
{
	const struct kw_foreseen *f = kw_foreseen(r->foresee, node);
	const uint64_t *ahead = r->ahead ?
				r->ahead(r->ahead_arg, a, node) : NULL;
	unsigned v, i;
	int c;

	for (v = 0; v < r->w.nr_vars; v++) {
		c = r->class_of[v];
		if (!is_in(f->loads, c) || (ahead && !is_in(ahead, r->vars[v])))
			continue;
		live->reads[v / 64] |= UINT64_C(1) << v % 64;
		if (is_in(f->many, c))
			live->many[v / 64] |= UINT64_C(1) << v % 64;
		if (r->opts.reduce && !is_in(f->later, c))
			live->next[v / 64] |= UINT64_C(1) << v % 64;
	}
	for (i = 0; i < r->nr_locks; i++)
		if (is_in(f->takes, r->lock_class[i]) &&
		    (!ahead || is_in(ahead, r->locks[i])))
			live->locks[i / 64 % KW_WEAK_MASK] |=
				UINT64_C(1) << i % 64;
	live->loads_order |= f->fence;
}

/* Is it where its CPU goes on without having seen everything? */
static bool goes_on(const struct kw_relaxed *r, const uint8_t *s, unsigned a)
{
	const struct kw_actor_state *st = kw_standing(r, s, a);
	const struct kw_actor *ac = &r->p->actors[a];

	return r->cpu_of[a] < r->nr_cpus && st->run == KW_READY && !st->nest &&
	       (ac->type != KW_GUEST ||
		kw_standing(r, s, ac->home)->run == KW_IN_GUEST);
}

static void find_live(const struct kw_relaxed *r, const uint8_t *s,
		      struct kw_weak_live *live)
{
	const struct kw_actor_state *st;
	unsigned a, i, t, slot;

	memset(live, 0, (r->nr_cpus + 1) * sizeof(*live));
	for (a = 0; a + 1 < r->p->nr_actors; a++) {
		t = r->cpu_of[a];
		st = kw_standing(r, s, a);
		if (!goes_on(r, s, a))
			continue;
		add_live(r, a, st->pc, &live[t]);
		if (!kw_weak_has_slots(&r->w, kw_weak_words(r, s), t))
			continue;
		for (i = 0; i < r->p->actors[a].nr_regs; i++) {
			slot = r->slot_base[a] + r->slot_of[i] - 1u;
			if (r->slot_of[i] && st->regs[i])
				live[t].slots[slot / 64] |=
					UINT64_C(1) << slot % 64;
		}
	}
}

/* At most KW_MAX_OLD messages more than there are variables. */
static void bound(struct kw_relaxed *r, uint8_t *s,
		  const struct kw_weak_live *live)
{
	uint16_t *weak = kw_weak_words(r, s);
	unsigned keep;

	for (keep = 16;
	     keep && kw_weak_now(weak) > r->w.nr_vars + KW_MAX_OLD; keep--) {
		if (kw_weak_forget(&r->w, weak, keep)) {
			r->seen.news |= !*r->known.stale;
			*r->seen.stale = true;
		}
		kw_weak_canon(&r->w, weak, live);
	}
}

void kw_relaxed_tidy(struct kw_relaxed *r, uint8_t *s)
{
	struct kw_weak_live *live = g_newa(struct kw_weak_live,
					   r->nr_cpus + 1);
	unsigned cpu;

	for (cpu = 0; cpu < r->nr_cpus; cpu++)
		drain_unlocks(r, s, cpu);
	find_live(r, s, live);
	kw_weak_canon(&r->w, kw_weak_words(r, s), live);
	bound(r, s, live);
}
