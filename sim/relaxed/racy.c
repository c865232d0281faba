/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which variables are racy: touched by two CPUs without a common
 * lock.
 *
 * What was learnt only grows: bits of CPUs are added, bits of locks taken
 * away, so that the order of accesses does not matter.  Hardware is bit 63.
 * As with guards (guard.h) what is known changes between two levels of a
 * search only, and each thread notes for itself what it sees meanwhile.
 */
#include "inside.h"

static void add(struct kw_word *words, unsigned *nr, unsigned addr,
		unsigned width, bool writes)
{
	words[(*nr)++] = (struct kw_word){
		(uint16_t)addr, (uint8_t)width, writes,
	};
}

static void add_link(struct kw_word *words, unsigned *nr, unsigned link)
{
	add(words, nr, link, 2, true);
	add(words, nr, link + 2, 2, true);
}

/* A list operation writes the list, the entry and its neighbours. */
static void add_list(const uint8_t *s, unsigned list, unsigned entry,
		     const struct kw_node *n, struct kw_word *words,
		     unsigned *nr)
{
	unsigned at = n->op == KW_OP_LIST_DEL ? entry + n->val : list, a, b;

	add_link(words, nr, list);
	add_link(words, nr, entry + n->val);
	a = kw_get16(s, at);
	b = kw_get16(s, at + 2);
	if (a)
		add_link(words, nr, a + n->val);
	if (b && b != a)
		add_link(words, nr, b + n->val);
}

unsigned kw_words(const struct kw_relaxed *r, const uint8_t *s, unsigned a,
		  struct kw_word *words)
{
	const struct kw_actor_state *st = kw_standing(r, s, a);
	const struct kw_node *n = &r->p->nodes[st->pc];
	unsigned base = st->regs[n->reg], A = base + n->off, nr = 0;

	if (!base && n->reg)
		return 0;
	switch ((enum kw_op)n->op) {
	case KW_OP_LOAD:
	case KW_OP_LOAD_FLAG:
	case KW_OP_LOAD_MASK:
	case KW_OP_AWAIT:
		add(words, &nr, A, 1, false);
		break;
	case KW_OP_LOAD_REF:
		add(words, &nr, A, 2, false);
		break;
	case KW_OP_STORE_REF:
		add(words, &nr, A, 2, true);
		break;
	case KW_OP_STORE:
	case KW_OP_SET_MASK:
	case KW_OP_CLEAR_MASK:
	case KW_OP_TEST_AND_SET:
	case KW_OP_TEST_AND_CLEAR:
	case KW_OP_XCHG:
	case KW_OP_CMPXCHG:
		add(words, &nr, A, 1, true);
		break;
	case KW_OP_LIST_ADD:
	case KW_OP_LIST_ADD_TAIL:
	case KW_OP_LIST_DEL:
		add_list(s, A, st->regs[n->dst], n, words, &nr);
		break;
	case KW_OP_DEACTIVATE:
		add(words, &nr, A + KW_TASK_SIGPENDING, 1, false);
		add(words, &nr, A + KW_TASK_STATE, 1, true);
		break;
	case KW_OP_WAKE:
		add(words, &nr, A + KW_TASK_STATE, 1, true);
		break;
	default:
		break;
	}
	return nr;
}

/* Of these locks, those that a holds. */
static uint64_t held(const struct kw_relaxed *r, const uint8_t *s, unsigned a,
		     uint64_t locks)
{
	uint64_t left = locks;
	unsigned i;

	for (; left; left &= left - 1) {
		i = (unsigned)__builtin_ctzll(left);
		if (i >= r->nr_locks || kw_get16(s, r->locks[i]) != a + 1)
			locks &= ~(UINT64_C(1) << i);
	}
	return locks;
}

static uint64_t cpu_bit(const struct kw_relaxed *r, unsigned a)
{
	unsigned cpu = r->cpu_of[a];

	if (cpu == r->nr_cpus)
		return KW_HARDWARE;
	/* With so many CPUs, some are taken for two. */
	return cpu < 62 ? UINT64_C(1) << cpu : UINT64_C(3) << 61;
}

/* Locks that all CPUs but one hold when they touch or write addr. */
static uint64_t others(const struct kw_relaxed *r, const uint64_t *of,
		       unsigned addr, unsigned cpu)
{
	uint64_t locks = UINT64_MAX;
	unsigned c;

	for (c = 0; c <= r->nr_cpus; c++)
		if (c != cpu)
			locks &= of[addr * (r->nr_cpus + 1) + c];
	return locks;
}

static bool word_is_quiet(struct kw_relaxed *r, const uint8_t *s, unsigned a,
			  const struct kw_word *word)
{
	const struct kw_racy *k = &r->known;
	unsigned cpu = r->cpu_of[a];
	unsigned at = word->addr * (r->nr_cpus + 1) + cpu;
	uint64_t locks = others(r, word->writes ? k->by : k->by_writes,
				word->addr, cpu);

	locks = held(r, s, a, locks & k->relied[at]);
	if (!locks) {
		/* Without a lock it is not quiet; nor with another lock. */
		return false;
	}
	if (locks == k->relied[at] && k->quiet[at] &&
	    (k->wrote[at] || !word->writes))
		return true;
	r->seen.relied[at] &= locks;
	r->seen.quiet[at] = true;
	r->seen.wrote[at] |= word->writes;
	r->seen.news = true;
	return true;
}

bool kw_racy_is_quiet(struct kw_relaxed *r, const uint8_t *s, unsigned a)
{
	struct kw_word words[KW_MAX_WORDS];
	unsigned nr = kw_words(r, s, a, words);

	return nr == 1 && r->opts.reduce && r->cpu_of[a] < r->nr_cpus &&
	       !kw_is_device(r, words[0].addr) &&
	       word_is_quiet(r, s, a, &words[0]);
}

/* Only locks that a holds remain of what is known. */
static void narrow(struct kw_relaxed *r, const uint8_t *s, unsigned a,
		   uint64_t known, uint64_t *seen)
{
	uint64_t locks = held(r, s, a, known);

	if (locks == known)
		return;
	*seen &= locks;
	r->seen.news = true;
}

static void touch(struct kw_relaxed *r, const uint8_t *s, unsigned a,
		  const struct kw_word *word)
{
	const struct kw_racy *k = &r->known;
	unsigned addr = word->addr;
	unsigned at = addr * (r->nr_cpus + 1) + r->cpu_of[a];
	uint64_t bit = cpu_bit(r, a);

	if ((k->cpus[addr] & bit) != bit) {
		r->seen.cpus[addr] |= bit;
		r->seen.width[addr] = word->width;
		r->seen.news = true;
	}
	if (!r->opts.reduce)
		return;
	narrow(r, s, a, k->guards[addr], &r->seen.guards[addr]);
	narrow(r, s, a, k->by[at], &r->seen.by[at]);
	if (word->writes)
		narrow(r, s, a, k->by_writes[at], &r->seen.by_writes[at]);
}

void kw_racy_touch(struct kw_relaxed *r, const uint8_t *s, unsigned a,
		   const struct kw_word *words, unsigned nr)
{
	unsigned i;

	for (i = 0; i < nr; i++)
		touch(r, s, a, &words[i]);
}

void kw_racy_loud(struct kw_relaxed *r, unsigned node)
{
	if (r->known.loud[node])
		return;
	r->seen.loud[node] = true;
	r->seen.news = true;
}

/* --- what becomes known ------------------------------------------------ */

static unsigned nr_addresses(const struct kw_relaxed *r)
{
	return r->p->objects_size + 8;
}

void kw_racy_new(const struct kw_relaxed *r, struct kw_racy *k)
{
	size_t n = nr_addresses(r);
	size_t each = r->opts.clock ? 0 : n * (r->nr_cpus + 1);
	uint64_t *words;
	uint8_t *bytes;

	k->size = (2 * n + 3 * each) * sizeof(*words) + n + 2 * each +
		  r->p->nr_nodes + 2;
	k->all = words = g_malloc(k->size);
	k->cpus = words;
	k->guards = k->cpus + n;
	k->by = k->guards + n;
	k->by_writes = k->by + each;
	k->relied = k->by_writes + each;
	bytes = (uint8_t *)(k->relied + each);
	k->width = bytes;
	k->quiet = k->width + n;
	k->wrote = k->quiet + each;
	k->loud = k->wrote + each;
	k->full = k->loud + r->p->nr_nodes;
	k->stale = k->full + 1;
	k->news = true;
	kw_racy_forget(k);
}

void kw_racy_free(struct kw_racy *k)
{
	g_free(k->all);
}

void kw_racy_forget(struct kw_racy *k)
{
	if (!k->news)
		return;
	memset(k->all, 0, k->size);
	memset(k->guards, 0xff, (size_t)(k->width - (uint8_t *)k->guards));
	k->news = false;
}

void kw_racy_join(struct kw_racy *to, const struct kw_racy *from)
{
	uint64_t *x = to->all;
	const uint64_t *y = from->all;
	uint8_t *b = to->width;
	const uint8_t *c = from->width;

	if (!from->news)
		return;
	for (; x < to->guards; x++, y++)
		*x |= *y;
	for (; x < (uint64_t *)to->width; x++, y++)
		*x &= *y;
	for (; b < (uint8_t *)to->all + to->size; b++, c++)
		*b |= *c;
	to->news = true;
}

/* Is it known now that somebody gets in the way of who relied on a lock? */
static bool was_disturbed(struct kw_relaxed *r, unsigned addr)
{
	struct kw_racy *k = &r->known;
	bool wrong = false;
	unsigned c, at;

	for (c = 0; c < r->nr_cpus; c++) {
		at = addr * (r->nr_cpus + 1) + c;
		if (!k->quiet[at] ||
		    k->relied[at] & others(r, k->wrote[at] ? k->by :
					   k->by_writes, addr, c))
			continue;
		k->quiet[at] = k->wrote[at] = false;
		k->relied[at] = UINT64_MAX;
		wrong = true;
	}
	return wrong;
}

bool kw_racy_is(const struct kw_relaxed *r, unsigned addr)
{
	uint64_t cpus = r->known.cpus[addr];

	if (r->whole)
		return r->whole[addr] && !kw_is_device(r, addr);
	return !kw_is_device(r, addr) && (cpus & (cpus - 1)) &&
	       (!r->opts.reduce || !r->known.guards[addr]);
}

/* Hardware touches what CPUs have taken for memory. */
static bool becomes_device(const struct kw_relaxed *r, unsigned addr,
			   uint64_t was)
{
	uint64_t now = r->known.cpus[addr];

	return !r->arch[addr] && (now & ~was) >> 63 && now << 1;
}

bool kw_racy_learn(struct kw_relaxed *r)
{
	unsigned n = nr_addresses(r), i;
	uint64_t *cpus;
	uint8_t *loud;
	bool wrong = false;

	if (!r->seen.news)
		return false;
	cpus = g_memdup2(r->known.cpus, n * sizeof(*cpus));
	loud = g_memdup2(r->known.loud, r->p->nr_nodes);
	kw_racy_join(&r->known, &r->seen);
	kw_racy_share(r);
	for (i = 0; i < r->p->nr_nodes; i++)
		wrong |= r->known.loud[i] != loud[i];
	for (i = 0; i < n; i++) {
		wrong |= becomes_device(r, i, cpus[i]);
		wrong |= kw_racy_is(r, i) != (r->var_of[i] != 0);
		wrong |= r->opts.reduce && was_disturbed(r, i);
	}
	kw_racy_forget(&r->seen);
	g_free(cpus);
	g_free(loud);
	return wrong;
}

static void find_fields(struct kw_relaxed *r, unsigned o)
{
	const struct kw_object *ob = &r->p->objects[o];
	const struct kw_kind *k = &r->p->kinds[ob->kind];
	unsigned f, addr;

	for (f = 0; f < k->nr_fields; f++) {
		if (k->fields[f].type == KW_TIME)
			continue;
		addr = ob->addr + k->fields[f].off;
		r->arch[addr] = k->fields[f].arch;
		if (k->fields[f].type != KW_LOCK)
			continue;
		r->locks[r->nr_locks++] = (uint16_t)addr;
		r->lock_of[addr] = (uint16_t)r->nr_locks;
	}
}

/* A lock that no field declares: programs by hand have no fields. */
static void find_locks(struct kw_relaxed *r)
{
	const struct kw_node *n;
	unsigned i;

	for (i = 0; i < r->p->nr_nodes; i++) {
		n = &r->p->nodes[i];
		if (n->op != KW_OP_LOCK || n->reg || r->lock_of[n->off])
			continue;
		r->locks[r->nr_locks++] = n->off;
		r->lock_of[n->off] = (uint16_t)r->nr_locks;
	}
}

void kw_racy_init(struct kw_relaxed *r)
{
	unsigned n = nr_addresses(r), o;

	kw_racy_new(r, &r->known);
	kw_racy_new(r, &r->seen);
	r->arch = g_new0(bool, n);
	r->var_of = g_new0(uint16_t, n);
	r->lock_of = g_new0(uint16_t, n);
	r->locks = g_new0(uint16_t, n);
	for (o = 0; o < r->p->nr_objects; o++)
		find_fields(r, o);
	find_locks(r);
	if (r->opts.clock)
		kw_whole_init(r);
}
