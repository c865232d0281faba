/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which states are visited: all that differ to somebody.
 *
 * Where a thread's step commutes with whatever the others can still do, it
 * alone is taken: a load of what nobody else can still write; a drain of
 * what nobody else can still write, nor read in any order (under arm64 a
 * load that nothing orders can read the older message even so).  Threads
 * have no loops, so nothing is put off for ever.
 */
#include <string.h>
#include "search.h"

/* The variables that a drain may disturb an instruction's thread in. */
static uint64_t watched(const struct kw_lit_search *s,
			const struct kw_lit_insn *insn)
{
	return s->w.model == KW_WEAK_ARM64 && !s->l->has_plain ?
		insn->ordered : insn->reads;
}

/* Somebody else can still write var, or (all) would notice its drain. */
static bool contended(struct kw_lit_search *s, uint16_t *state, unsigned t,
		      unsigned var, bool all)
{
	const uint16_t *weak = state + s->weak;
	struct kw_weak_store st;
	unsigned u, k;

	for (u = 0; u < s->l->nr_threads; u++) {
		const struct kw_lit_insn *insn = kw_lit_at(s, state, u);

		if (u == t)
			continue;
		if ((insn->writes >> var & 1) ||
		    (all && ((watched(s, insn) |
			      kw_lit_late_vars(s, state, u)) >> var & 1)))
			return true;
		for (k = 0; k < kw_weak_nr_buffered(&s->w, weak, u); k++) {
			kw_weak_buffered(&s->w, weak, u, k, &st);
			if (st.var == var)
				return true;
		}
	}
	return false;
}

static void add(struct kw_lit_search *s)
{
	uint32_t id;

	if (kw_lit_settle(s, s->next) &&
	    kw_lit_table_add(&s->seen, s->next, &id))
		g_array_append_val(s->todo, id);
}

/* Every way in which t's late load i can be satisfied. */
static bool satisfy(struct kw_lit_search *s, unsigned t, unsigned i)
{
	unsigned choice;

	if (!kw_lit_late_load(s, s->now, t, i))
		return false;
	for (choice = 0;; choice++) {
		memcpy(s->next, s->now, s->nr_words * sizeof(*s->now));
		if (kw_lit_exec_late(s, s->next, t, i, choice) != KW_LIT_DID)
			return choice;
		add(s);
	}
}

/* Late loads: one becomes late, some are satisfied. */
static bool go_on_late(struct kw_lit_search *s, unsigned t)
{
	const struct kw_lit_insn *insn = kw_lit_at(s, s->now, t);
	unsigned i;
	bool any = false;

	for (i = 0; i < s->l->threads[t].nr_late; i++)
		any |= satisfy(s, t, i);
	if (!kw_lit_may_be_late(s, s->now, t) ||
	    kw_lit_waits_for_late(s, s->now, t) ||
	    !contended(s, s->now, t, (unsigned)
		       kw_lit_target(s, s->now, t, insn), false))
		return any;
	memcpy(s->next, s->now, s->nr_words * sizeof(*s->now));
	kw_lit_make_late(s, s->next, t);
	add(s);
	return true;
}

/* Every way in which t can go on; false: none. */
static bool go_on(struct kw_lit_search *s, unsigned t)
{
	enum kw_lit_did did;
	unsigned choice;
	bool any = false;

	for (choice = 0;; choice++) {
		memcpy(s->next, s->now, s->nr_words * sizeof(*s->now));
		did = kw_lit_exec(s, s->next, t, choice);
		if (did == KW_LIT_NO_CHOICE)
			return any;
		if (did == KW_LIT_BLOCKED)
			continue;
		any = true;
		add(s);
	}
}

static bool drain(struct kw_lit_search *s, unsigned t, bool alone)
{
	const uint16_t *weak = s->now + s->weak;
	struct kw_weak_store st;
	bool any = false;
	unsigned k;

	for (k = 0; k < kw_weak_nr_buffered(&s->w, weak, t); k++) {
		if (!kw_weak_can_drain(&s->w, weak, t, k))
			continue;
		kw_weak_buffered(&s->w, weak, t, k, &st);
		if (alone && contended(s, s->now, t, st.var, true))
			continue;
		memcpy(s->next, s->now, s->nr_words * sizeof(*s->now));
		kw_lit_drain(s, s->next, t, k);
		add(s);
		any = true;
		if (alone)
			break;
	}
	return any;
}

static bool go_on_late_alone(struct kw_lit_search *s, unsigned t)
{
	unsigned i;

	for (i = 0; i < s->l->threads[t].nr_late; i++) {
		const struct kw_lit_insn *load =
			kw_lit_late_load(s, s->now, t, i);

		if (load && !contended(s, s->now, t, (unsigned)
				       kw_lit_target(s, s->now, t, load),
				       false))
			return satisfy(s, t, i);
	}
	return false;
}

/* A step that commutes with all others; false: there is none. */
static bool go_on_alone(struct kw_lit_search *s)
{
	unsigned t;

	for (t = 0; t < s->l->nr_threads; t++) {
		const struct kw_lit_insn *insn = kw_lit_at(s, s->now, t);
		int var;

		if (drain(s, t, true))
			return true;
		if (go_on_late_alone(s, t))
			return true;
		if (insn->op != KW_I_LOAD)
			continue;
		var = kw_lit_target(s, s->now, t, insn);
		if (!contended(s, s->now, t, (unsigned)var, false) &&
		    go_on(s, t))
			return true;
	}
	return false;
}

static int64_t value_of(const void *data, const struct kw_lit_loc *loc)
{
	const struct kw_lit_search *s = data;
	struct kw_weak_seen seen;

	if (loc->thread >= 0)
		return kw_lit_value(s, *kw_lit_reg_at(s, s->now,
						      (unsigned)loc->thread,
						      loc->index));
	kw_weak_newest(&s->w, s->now + s->weak, loc->index, &seen);
	return kw_lit_value(s, seen.value);
}

static void end(struct kw_lit_search *s)
{
	const struct kw_litmus *l = s->l;
	int64_t values[KW_LIT_MAX_VARS + KW_LIT_MAX_THREADS * KW_LIT_MAX_REGS];
	GBytes *key;
	unsigned i;

	if (l->filter >= 0 && !kw_lit_holds(l, l->filter, value_of, s))
		return;
	for (i = 0; i < l->shown->len; i++)
		values[i] = value_of(s, &g_array_index(l->shown,
						       struct kw_lit_loc, i));
	key = g_bytes_new(values, l->shown->len * sizeof(*values));
	if (!g_hash_table_add(s->ends, key))
		return;
	if (kw_lit_holds(l, l->cond, value_of, s))
		s->r->positive++;
	else
		s->r->negative++;
}

static void visit(struct kw_lit_search *s)
{
	bool any = false, ended = true;
	unsigned t;

	if (!s->opts->no_reduction && go_on_alone(s))
		return;
	for (t = 0; t < s->l->nr_threads; t++) {
		any |= drain(s, t, false);
		any |= go_on(s, t);
		any |= go_on_late(s, t);
		ended &= kw_lit_at(s, s->now, t)->op == KW_I_END;
	}
	if (!any && ended)
		end(s);
	else if (!any)
		s->r->deadlock = true;
}

static void begin(struct kw_lit_search *s)
{
	const struct kw_litmus *l = s->l;
	uint16_t initial[KW_LIT_MAX_VARS];
	unsigned t, i;

	kw_lit_number(s, 0);
	memset(s->next, 0, s->nr_words * sizeof(*s->next));
	for (i = 0; i < l->vars->len; i++)
		initial[i] = kw_lit_number(s, l->init[i]);
	kw_weak_begin(&s->w, s->next + s->weak, initial);
	for (t = 0; t < l->nr_threads; t++)
		for (i = 0; i < l->threads[t].regs->len; i++)
			*kw_lit_reg_at(s, s->next, t, i) =
				kw_lit_number(s, l->threads[t].init[i]);
	add(s);
}

static int compare(gconstpointer a, gconstpointer b)
{
	size_t size, i;
	const int64_t *x = g_bytes_get_data(*(GBytes *const *)a, &size);
	const int64_t *y = g_bytes_get_data(*(GBytes *const *)b, NULL);

	for (i = 0; i < size / sizeof(*x); i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static void put_states(struct kw_lit_search *s)
{
	guint nr, i, k;
	gpointer *keys = g_hash_table_get_keys_as_array(s->ends, &nr);

	qsort(keys, nr, sizeof(*keys), compare);
	for (i = 0; i < nr; i++) {
		const int64_t *values = g_bytes_get_data(keys[i], NULL);
		GString *line = g_string_new(NULL);

		for (k = 0; k < s->l->shown->len; k++) {
			kw_lit_put_loc(s->l, &g_array_index(s->l->shown,
						struct kw_lit_loc, k), line);
			g_string_append_c(line, '=');
			kw_lit_put_value(s->l, values[k], line);
			g_string_append(line, k + 1 < s->l->shown->len ?
					"; " : ";");
		}
		g_ptr_array_add(s->r->states, g_string_free(line, FALSE));
	}
	g_free(keys);
}

static void judge(const struct kw_litmus *l, struct kw_litmus_result *r)
{
	r->seen = !r->positive ? KW_LITMUS_NEVER :
		r->negative ? KW_LITMUS_SOMETIMES : KW_LITMUS_ALWAYS;
	if (l->quantifier == KW_Q_EXISTS)
		r->ok = r->positive;
	else if (l->quantifier == KW_Q_NOT_EXISTS)
		r->ok = !r->positive;
	else
		r->ok = !r->negative;
}

static bool at_limit(const struct kw_lit_search *s)
{
	const struct kw_litmus_opts *o = s->opts;

	return (o->max_states && s->seen.nr >= o->max_states) ||
	       (o->max_bytes && kw_lit_table_size(&s->seen) > o->max_bytes) ||
	       (o->stop && *o->stop);
}

static void setup(struct kw_lit_search *s)
{
	const struct kw_litmus *l = s->l;
	unsigned t, nr_messages = 0;

	s->w = (struct kw_weak){
		.model = s->opts->model,
		.nr_threads = l->nr_threads,
		.nr_vars = l->vars->len,
	};
	for (t = 0; t < l->nr_threads; t++) {
		const struct kw_lit_thread *th = &l->threads[t];

		s->w.max_buf = MAX(s->w.max_buf, th->nr_stores);
		nr_messages += th->nr_messages;
		s->nr_regs = MAX(s->nr_regs, th->regs->len);
	}
	s->w.nr_slots = l->computes_address ? s->nr_regs : 0;
	s->w.max_msgs = l->vars->len + nr_messages;
	kw_weak_init(&s->w);
	s->regs = l->nr_threads;
	s->weak = s->regs + l->nr_threads * s->nr_regs;
	if (l->has_late && s->opts->model == KW_WEAK_ARM64 &&
	    !s->opts->no_load_buffering) {
		s->late = s->weak;
		s->weak += l->nr_threads;
	}
	s->nr_words = s->weak + s->w.nr_words;
}

void kw_litmus_run(const struct kw_litmus *l,
		   const struct kw_litmus_opts *opts,
		   struct kw_litmus_result *r)
{
	struct kw_lit_search s = { .l = l, .opts = opts, .r = r };

	*r = (struct kw_litmus_result){
		.states = g_ptr_array_new_with_free_func(g_free),
	};
	setup(&s);
	s.values = g_array_new(FALSE, FALSE, sizeof(int64_t));
	s.numbers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
					  NULL);
	s.ends = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
				       (GDestroyNotify)g_bytes_unref, NULL);
	s.todo = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	s.now = g_new0(uint16_t, s.nr_words);
	s.next = g_new0(uint16_t, s.nr_words);
	kw_lit_table_init(&s.seen, s.nr_words);
	begin(&s);
	while (s.todo->len && !r->bounded) {
		uint32_t id = g_array_index(s.todo, uint32_t,
					    s.todo->len - 1);

		g_array_set_size(s.todo, s.todo->len - 1);
		kw_lit_table_get(&s.seen, id, s.now);
		visit(&s);
		r->bounded = at_limit(&s);
	}
	r->nr_explored = s.seen.nr;
	put_states(&s);
	judge(l, r);
	kw_lit_table_clear(&s.seen);
	g_free(s.next);
	g_free(s.now);
	g_array_free(s.todo, TRUE);
	g_hash_table_destroy(s.ends);
	g_hash_table_destroy(s.numbers);
	g_array_free(s.values, TRUE);
}

void kw_litmus_result_clear(struct kw_litmus_result *r)
{
	g_ptr_array_free(r->states, TRUE);
}
