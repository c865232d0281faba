/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which variables are racy: touched by two CPUs without a common
 * lock.
 *
 * What was learnt only grows: bits of CPUs are added, bits of locks taken
 * away, so that the order of accesses does not matter.  Hardware is bit 63.
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
		return UINT64_C(1) << 63;
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
	unsigned cpu = r->cpu_of[a];
	unsigned at = word->addr * (r->nr_cpus + 1) + cpu;
	uint64_t locks = others(r, word->writes ? r->by : r->by_writes,
				word->addr, cpu);

	locks = held(r, s, a, locks & r->relied[at]);
	if (!locks) {
		/* Without a lock it is not quiet; nor with another lock. */
		return false;
	}
	r->relied[at] = locks;
	r->quiet[at] = true;
	r->wrote[at] |= word->writes;
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

/* Somebody touches it, where another relied on being alone? */
static void check_quiet(struct kw_relaxed *r, const uint8_t *s, unsigned a,
			const struct kw_word *word)
{
	unsigned cpu = r->cpu_of[a], at = word->addr * (r->nr_cpus + 1), c;
	uint64_t now = r->by[at + cpu], writes = r->by_writes[at + cpu];

	r->by[at + cpu] = held(r, s, a, now);
	if (word->writes)
		r->by_writes[at + cpu] = held(r, s, a, writes);
	if (r->by[at + cpu] == now && r->by_writes[at + cpu] == writes)
		return;
	for (c = 0; c < r->nr_cpus; c++)
		if (c != cpu && r->quiet[at + c] &&
		    !(r->relied[at + c] & r->by[at + cpu]) &&
		    (r->wrote[at + c] ||
		     !(r->relied[at + c] & r->by_writes[at + cpu])))
			r->wrong = true;
}

static void touch(struct kw_relaxed *r, const uint8_t *s, unsigned a,
		  const struct kw_word *word)
{
	unsigned addr = word->addr;
	bool was_device = kw_is_device(r, addr);
	uint64_t cpus = r->cpus[addr] | cpu_bit(r, a);

	r->cpus[addr] = cpus;
	r->width[addr] = word->width;
	if (!r->opts.reduce)
		r->guards[addr] = 0;
	else if (r->guards[addr])
		r->guards[addr] = held(r, s, a, r->guards[addr]);
	if (r->opts.reduce)
		check_quiet(r, s, a, word);
	if (kw_is_device(r, addr)) {
		/* Some of it may have been taken for memory. */
		r->wrong |= !was_device && r->var_of[addr];
		r->racy[addr] = false;
		return;
	}
	if (!(cpus & (cpus - 1)) || r->guards[addr] || r->racy[addr])
		return;
	r->racy[addr] = true;
	r->wrong = true;
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
	r->wrong |= !r->loud[node];
	r->loud[node] = true;
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
	unsigned n = r->p->objects_size + 8, o;

	r->cpus = g_new0(uint64_t, n);
	r->guards = g_new(uint64_t, n);
	memset(r->guards, 0xff, n * sizeof(*r->guards));
	r->by = g_new(uint64_t, n * (r->nr_cpus + 1));
	r->by_writes = g_new(uint64_t, n * (r->nr_cpus + 1));
	r->relied = g_new(uint64_t, n * (r->nr_cpus + 1));
	memset(r->by, 0xff, n * (r->nr_cpus + 1) * sizeof(*r->by));
	memset(r->by_writes, 0xff, n * (r->nr_cpus + 1) * sizeof(*r->by));
	memset(r->relied, 0xff, n * (r->nr_cpus + 1) * sizeof(*r->by));
	r->quiet = g_new0(bool, n * (r->nr_cpus + 1));
	r->wrote = g_new0(bool, n * (r->nr_cpus + 1));
	r->loud = g_new0(bool, r->p->nr_nodes);
	r->arch = g_new0(bool, n);
	r->racy = g_new0(bool, n);
	r->width = g_new0(uint8_t, n);
	r->var_of = g_new0(uint16_t, n);
	r->lock_of = g_new0(uint16_t, n);
	r->locks = g_new0(uint16_t, n);
	for (o = 0; o < r->p->nr_objects; o++)
		find_fields(r, o);
	find_locks(r);
}
