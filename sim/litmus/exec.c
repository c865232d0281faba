/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what an instruction of a litmus test does to a state.
 *
 * What no other thread can notice, nor forbid, is executed at once
 * (kw_lit_settle()): registers, jumps, putting a store into the buffer,
 * rmb, wmb, an mb once the buffer is empty.  What is left are loads (also
 * from the thread's own buffer: once that has drained, a newer value may be
 * there), drains, atomics and RCU.
 */
#include <string.h>
#include "search.h"

#define MAX_SEEN 512

uint16_t kw_lit_number(struct kw_lit_search *s, int64_t value)
{
	gpointer known = g_hash_table_lookup(s->numbers, &value);
	int64_t *key;

	if (known)
		return (uint16_t)(GPOINTER_TO_UINT(known) - 1);
	g_assert(s->values->len < UINT16_MAX);
	key = g_new(int64_t, 1);
	*key = value;
	g_array_append_val(s->values, value);
	g_hash_table_insert(s->numbers, key, GUINT_TO_POINTER(s->values->len));
	return (uint16_t)(s->values->len - 1);
}

int64_t kw_lit_value(const struct kw_lit_search *s, uint16_t number)
{
	return g_array_index(s->values, int64_t, number);
}

static int64_t eval(struct kw_lit_search *s, uint16_t *state, unsigned t,
		    unsigned node)
{
	uint64_t used = kw_lit_node(s->l, node)->regs;
	int64_t regs[KW_LIT_MAX_REGS];

	for (; used; used &= used - 1) {
		unsigned reg = (unsigned)__builtin_ctzll(used);

		regs[reg] = kw_lit_value(s, *kw_lit_reg_at(s, state, t, reg));
	}
	return kw_lit_eval(s->l, node, regs);
}

/* The newest view of the registers that a node depends on. */
static uint16_t view_of(struct kw_lit_search *s, uint16_t *state, unsigned t,
			unsigned node)
{
	uint64_t used = s->w.nr_slots ? kw_lit_node(s->l, node)->regs : 0;
	uint16_t view = 0;

	for (; used; used &= used - 1) {
		unsigned reg = (unsigned)__builtin_ctzll(used);

		view = MAX(view, kw_weak_slot(&s->w, state + s->weak, t, reg));
	}
	return view;
}

void kw_lit_set_reg(struct kw_lit_search *s, uint16_t *state, unsigned t,
		    unsigned reg, int64_t value, uint16_t view)
{
	if (reg == KW_LIT_NONE)
		return;
	*kw_lit_reg_at(s, state, t, reg) = kw_lit_number(s, value);
	if (s->w.nr_slots)
		kw_weak_set_slot(&s->w, state + s->weak, t, reg, view);
}

int kw_lit_target(struct kw_lit_search *s, uint16_t *state, unsigned t,
		  const struct kw_lit_insn *insn)
{
	return kw_lit_variable(eval(s, state, t, insn->addr), s->w.nr_vars);
}

static uint16_t address_view(struct kw_lit_search *s, uint16_t *state,
			     unsigned t)
{
	return view_of(s, state, t, kw_lit_at(s, state, t)->addr);
}

static void check_race(struct kw_lit_search *s, uint16_t *state, unsigned t,
		       unsigned var, bool plain)
{
	if (s->l->has_plain && !s->r->race)
		s->r->race = kw_weak_races(&s->w, state + s->weak, t, var,
					   plain, address_view(s, state, t));
}

/* Another thread stands at an access to var, and one of the two is plain. */
static void check_neighbours(struct kw_lit_search *s, uint16_t *state,
			     unsigned t, unsigned var, bool plain)
{
	unsigned u;

	for (u = 0; u < s->l->nr_threads && s->l->has_plain; u++) {
		const struct kw_lit_insn *insn = kw_lit_at(s, state, u);

		if (u == t || insn->op > KW_I_LOCK)
			continue;
		if ((plain || (insn->flags & KW_WEAK_PLAIN)) &&
		    kw_lit_target(s, state, u, insn) == (int)var)
			s->r->race = true;
	}
}

static void store(struct kw_lit_search *s, uint16_t *state, unsigned t,
		  unsigned var)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	int64_t value = eval(s, state, t, insn->val);
	const struct kw_weak_store st = {
		.var = (uint16_t)var,
		.value = kw_lit_number(s, value),
		.flags = (uint16_t)insn->flags,
		/* What reads it back depends on its address, too. */
		.view = MAX(view_of(s, state, t, insn->val),
			    address_view(s, state, t)),
	};

	/* A store comes after what it depends on, for data races, too. */
	kw_weak_see(&s->w, state + s->weak, t, var, st.view);
	if (s->w.model == KW_WEAK_SC)
		check_neighbours(s, state, t, var,
				 insn->flags & KW_WEAK_PLAIN);
	kw_weak_store(&s->w, state + s->weak, t, &st);
}

static enum kw_lit_did load(struct kw_lit_search *s, uint16_t *state,
			    unsigned t, const struct kw_lit_insn *insn,
			    unsigned choice)
{
	struct kw_weak_seen seen[MAX_SEEN];
	unsigned var = (unsigned)kw_lit_target(s, state, t, insn);
	unsigned nr = kw_weak_readable(&s->w, state + s->weak, t, var,
				       insn->flags,
				       view_of(s, state, t, insn->addr), seen);

	if (choice >= nr)
		return choice ? KW_LIT_NO_CHOICE : KW_LIT_BLOCKED;
	if (seen[choice].ts)
		check_race(s, state, t, var, insn->flags & KW_WEAK_PLAIN);
	kw_weak_load(&s->w, state + s->weak, t, var, insn->flags,
		     &seen[choice]);
	kw_lit_set_reg(s, state, t, insn->dst,
		       kw_lit_value(s, seen[choice].value), seen[choice].view);
	return KW_LIT_DID;
}

/* A cmpxchg or add_unless that fails is a load that orders nothing. */
static enum kw_lit_did fail(struct kw_lit_search *s, uint16_t *state,
			    unsigned t, unsigned var, unsigned choice)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	int64_t operand = eval(s, state, t, insn->val), old, new_;
	int64_t expected = eval(s, state, t, insn->expected);
	struct kw_weak_seen seen[MAX_SEEN];
	unsigned i, nr = kw_weak_readable(&s->w, state + s->weak, t, var, 0,
					  address_view(s, state, t), seen);

	for (i = 0; i < nr; i++) {
		old = kw_lit_value(s, seen[i].value);
		if (kw_lit_rmw(insn, old, operand, expected, &new_) ||
		    choice--)
			continue;
		check_race(s, state, t, var, false);
		kw_weak_load(&s->w, state + s->weak, t, var, 0, &seen[i]);
		kw_lit_set_reg(s, state, t, insn->dst,
			       kw_lit_returned(insn, old, new_, false),
			       seen[i].view);
		state[t]++;
		return KW_LIT_DID;
	}
	return KW_LIT_NO_CHOICE;
}

static enum kw_lit_did rmw(struct kw_lit_search *s, uint16_t *state,
			   unsigned t, unsigned var, unsigned choice)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	int64_t operand = eval(s, state, t, insn->val), old, new_;
	int64_t expected = eval(s, state, t, insn->expected);
	struct kw_weak_seen seen;

	if (choice)
		return insn->op == KW_I_LOCK ? KW_LIT_NO_CHOICE :
			fail(s, state, t, var, choice - 1);
	if (!kw_weak_can_rmw(&s->w, state + s->weak, t, var, insn->order))
		return KW_LIT_BLOCKED;
	kw_weak_newest(&s->w, state + s->weak, var, &seen);
	old = kw_lit_value(s, seen.value);
	if (!kw_lit_rmw(insn, old, operand, expected, &new_))
		return KW_LIT_BLOCKED;
	check_race(s, state, t, var, false);
	check_neighbours(s, state, t, var, false);
	seen.view = MAX(seen.view, address_view(s, state, t));
	if (insn->order == KW_WEAK_RMW_ACQUIRE ||
	    insn->order == KW_WEAK_RMW_LOCK)	/* its address, too */
		kw_weak_load(&s->w, state + s->weak, t, var, KW_WEAK_ACQUIRE,
			     &seen);
	kw_weak_rmw(&s->w, state + s->weak, t, var, kw_lit_number(s, new_),
		    insn->order);
	kw_lit_set_reg(s, state, t, insn->dst,
		       kw_lit_returned(insn, old, new_, true), seen.view);
	state[t]++;
	return KW_LIT_DID;
}

static void unlock(struct kw_lit_search *s, uint16_t *state, unsigned t)
{
	unsigned domain = kw_lit_at(s, state, t)->domain;

	if (kw_weak_in_reader(&s->w, state + s->weak, t, domain))
		kw_weak_rcu_unlock(&s->w, state + s->weak, t, domain);
}

/*
 * srcu_up_read(): the reader is the only one that there can be; when it has
 * not begun it never ends, which is what can be said of both.
 */
static void up(struct kw_lit_search *s, uint16_t *state, unsigned t)
{
	unsigned domain = kw_lit_at(s, state, t)->domain, u;

	for (u = 0; u < s->l->nr_threads; u++)
		if (kw_weak_in_reader(&s->w, state + s->weak, u, domain)) {
			kw_weak_rcu_unlock(&s->w, state + s->weak, u, domain);
			return;
		}
}

static enum kw_lit_did rcu(struct kw_lit_search *s, uint16_t *state,
			   unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	uint16_t *weak = state + s->weak;

	switch (insn->op) {
	case KW_I_RCU_LOCK:
		kw_weak_rcu_lock(&s->w, weak, t, insn->domain);
		break;
	case KW_I_RCU_UNLOCK:
		unlock(s, state, t);
		break;
	case KW_I_RCU_UP:
		if (!kw_weak_can_mb(&s->w, weak, t))
			return KW_LIT_BLOCKED;
		up(s, state, t);
		break;
	default:
		if (!kw_weak_can_mb(&s->w, weak, t))
			return KW_LIT_BLOCKED;
		*kw_lit_reg_at(s, state, t, insn->dst) =
			kw_weak_gp_begin(&s->w, weak, t, insn->domain);
	}
	state[t]++;
	return KW_LIT_DID;
}

enum kw_lit_did kw_lit_exec(struct kw_lit_search *s, uint16_t *state,
			    unsigned t, unsigned choice)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	enum kw_lit_did did;
	int var;

	if (kw_lit_waits_for_late(s, state, t))
		return choice ? KW_LIT_NO_CHOICE : KW_LIT_BLOCKED;
	if (insn->op > KW_I_LOCK) {
		if (choice)
			return KW_LIT_NO_CHOICE;
		return insn->op >= KW_I_RCU_LOCK && insn->op <= KW_I_GP ?
			rcu(s, state, t) : KW_LIT_BLOCKED;
	}
	var = kw_lit_target(s, state, t, insn);
	if (var < 0)
		return choice ? KW_LIT_NO_CHOICE : KW_LIT_BLOCKED;
	if (insn->op == KW_I_LOAD) {
		did = load(s, state, t, insn, choice);
		state[t] += did == KW_LIT_DID;
		return did;
	}
	if (insn->op != KW_I_STORE)
		return rmw(s, state, t, (unsigned)var, choice);
	if (choice)
		return KW_LIT_NO_CHOICE;
	store(s, state, t, (unsigned)var);
	state[t]++;
	return KW_LIT_DID;
}

enum kw_lit_did kw_lit_exec_late(struct kw_lit_search *s, uint16_t *state,
				 unsigned t, unsigned i, unsigned choice)
{
	const struct kw_lit_insn *insn = kw_lit_late_load(s, state, t, i);
	enum kw_lit_did did = load(s, state, t, insn, choice);

	if (did == KW_LIT_DID)
		state[s->late + t] &= (uint16_t)~(1u << i);
	return did;
}

void kw_lit_drain(struct kw_lit_search *s, uint16_t *state, unsigned t,
		  unsigned k)
{
	struct kw_weak_store st;
	bool plain;

	if (s->l->has_plain) {
		kw_weak_buffered(&s->w, state + s->weak, t, k, &st);
		plain = st.flags & KW_WEAK_PLAIN;
		check_neighbours(s, state, t, st.var, plain);
		s->r->race |= kw_weak_races(&s->w, state + s->weak, t, st.var,
					    plain, 0);
	}
	kw_weak_drain(&s->w, state + s->weak, t, k);
}

/* An access through what is no variable's address; the execution ends. */
static bool lost(struct kw_lit_search *s, uint16_t *state, unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);

	if (insn->op > KW_I_LOCK || kw_lit_target(s, state, t, insn) >= 0)
		return false;
	s->r->bad_pointer = true;
	return true;
}

static bool own_fence(struct kw_lit_search *s, uint16_t *state, unsigned t)
{
	uint16_t *weak = state + s->weak;

	switch (kw_lit_at(s, state, t)->op) {
	case KW_I_MB:
		if (!kw_weak_can_mb(&s->w, weak, t))
			return false;
		kw_weak_mb(&s->w, weak, t);
		break;
	case KW_I_RMB:
		kw_weak_rmb(&s->w, weak, t);
		break;
	case KW_I_WMB:
		kw_weak_wmb(&s->w, weak, t);
		break;
	case KW_I_RCU_UNLOCK:
		/* Nobody would be better off with a reader that ends later. */
		if (s->l->has_gp && s->opts->no_reduction)
			return false;
		unlock(s, state, t);
		break;
	default:
		if (s->l->has_gp)	/* readers matter */
			return false;
	}
	state[t]++;
	return true;
}

static bool wait_for_readers(struct kw_lit_search *s, uint16_t *state,
			     unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);
	uint16_t *mask = kw_lit_reg_at(s, state, t, insn->dst);

	*mask = kw_weak_gp_wait(&s->w, state + s->weak, insn->domain, *mask);
	if (*mask)
		return false;
	kw_weak_see_all(&s->w, state + s->weak, t);
	state[t]++;
	return true;
}

/* One step that only t can notice; false: none. */
static bool own_step(struct kw_lit_search *s, uint16_t *state, unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, state, t);

	if (kw_lit_waits_for_late(s, state, t))
		return false;
	switch (insn->op) {
	case KW_I_STORE:
		return s->w.model != KW_WEAK_SC &&
		       kw_lit_exec(s, state, t, 0) == KW_LIT_DID;
	case KW_I_SET:
		kw_lit_set_reg(s, state, t, insn->dst,
			       eval(s, state, t, insn->val),
			       view_of(s, state, t, insn->val));
		state[t]++;
		return true;
	case KW_I_JUMPZ:
		state[t] = eval(s, state, t, insn->val) ?
			(uint16_t)(state[t] + 1) : insn->target;
		return true;
	case KW_I_JUMP:
		state[t] = insn->target;
		return true;
	case KW_I_GP_WAIT:
		return wait_for_readers(s, state, t);
	case KW_I_LOAD:
	case KW_I_RMW:
	case KW_I_LOCK:
	case KW_I_GP:
	case KW_I_END:
		return false;
	default:
		return own_fence(s, state, t);
	}
}

static uint64_t buffered(struct kw_lit_search *s, const uint16_t *state,
			 unsigned t)
{
	const uint16_t *weak = state + s->weak;
	struct kw_weak_store st;
	uint64_t vars = 0;
	unsigned k;

	for (k = 0; k < kw_weak_nr_buffered(&s->w, weak, t); k++) {
		kw_weak_buffered(&s->w, weak, t, k, &st);
		vars |= UINT64_C(1) << st.var;
	}
	return vars;
}

/* Each thread's own steps; false: an execution that ends here. */
static bool run_on(struct kw_lit_search *s, uint16_t *state)
{
	bool any, again;
	unsigned t;

	do {
		again = false;	/* grace periods wait for readers' ends */
		for (t = 0; t < s->l->nr_threads; t++)
			do {
				if (lost(s, state, t))
					return false;
				any = own_step(s, state, t);
				again |= any && s->l->has_gp;
			} while (any);
	} while (again);
	return true;
}

bool kw_lit_settle(struct kw_lit_search *s, uint16_t *state)
{
	struct kw_weak_live live[KW_LIT_MAX_THREADS];
	uint64_t regs;
	unsigned t, reg;

	if (!run_on(s, state))
		return false;
	for (t = 0; t < s->l->nr_threads; t++) {
		const struct kw_lit_insn *insn = kw_lit_at(s, state, t);

		regs = insn->live | kw_lit_late_regs(s, state, t);
		live[t] = (struct kw_weak_live){
			.reads = { insn->reads |
				   kw_lit_late_vars(s, state, t) },
			.slots = { regs },
			.loads_order = insn->loads_order,
			.stores_order = insn->stores_order,
		};
		if (s->l->has_plain)
			live[t].reads[0] |= insn->writes |
					    buffered(s, state, t);
		for (reg = 0; reg < s->nr_regs; reg++)
			if (!(regs >> reg & 1))
				*kw_lit_reg_at(s, state, t, reg) = 0;
	}
	kw_weak_canon(&s->w, state + s->weak, live);
	return true;
}
