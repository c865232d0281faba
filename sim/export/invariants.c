/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how it is said that an invariant does not hold.
 *
 *	at once		where it is not so, in a process of its own: it looks
 *			at every state, and moves only to say so
 *	at guest entry	an assertion in that move
 *	eventually	at once, where nothing can happen any more
 *
 * That is less than the explorer sees: in a state where it does not hold,
 * that no sequence of moves that may be counted on makes it hold.  With
 * opts.eventually the model may come to rest: only such moves are made from
 * then on, and it is asked where there is none.  What is seen then is so; what
 * goes on for ever hides it.
 */
#include <string.h>
#include "model.h"

static bool is_vcpu(const struct kw_export *x, const struct kw_slot_text *t)
{
	const struct kw_program *p = x->p;

	return x->nr_vcpus &&
	       p->invariants[t->invariant].kind == p->oracle.vcpu_kind;
}

static void write_slot(struct kw_export *x, struct kw_slot_text *t)
{
	const struct kw_object *o = &x->p->objects[t->object];

	g_free(t->text);
	t->text = kw_export_invariant(x, t->invariant, o->addr);
	if (!t->name) {
		char *word = kw_export_word(o->name);

		t->name = g_strdup_printf("%s_%s_%u",
					  x->words[KW_FINDS_INVARIANT +
						   t->invariant],
					  word, t->object);
		g_free(word);
	}
}

static void find_slots(struct kw_export *x)
{
	const struct kw_program *p = x->p;
	struct kw_slot_text t = { 0 };

	x->slots = g_array_new(FALSE, FALSE, sizeof(t));
	for (t.invariant = 0; t.invariant < p->nr_invariants; t.invariant++)
		for (t.object = 0; t.object < p->nr_objects; t.object++)
			if ((x->opts->check >> t.invariant & 1) &&
			    p->objects[t.object].kind ==
				    p->invariants[t.invariant].kind)
				g_array_append_val(x->slots, t);
}

/* When it is asked: "1", "0", or an expression. */
static char *moment(struct kw_export *x, const struct kw_slot_text *t)
{
	unsigned when = x->p->invariants[t->invariant].when, thread;

	if (when == KW_WHEN_ALWAYS)
		return g_strdup("1");
	if (when == KW_WHEN_ENTRY || !is_vcpu(x, t))
		return g_strdup("0");
	thread = x->thread_of[x->p->objects[t->object].index];
	if (thread == KW_NOBODY)
		return g_strdup("0");
	return kw_export_is(x, KW_EXPORT_AT(x, thread, run), 1,
			    when == KW_WHEN_GUEST ? KW_IN_GUEST : KW_ASLEEP);
}

void kw_export_invariants(struct kw_export *x)
{
	unsigned i;

	if (!x->slots)
		find_slots(x);
	for (i = 0; i < x->slots->len; i++) {
		struct kw_slot_text *t = &g_array_index(x->slots,
						struct kw_slot_text, i);

		write_slot(x, t);
		g_free(t->moment);
		t->moment = moment(x, t);
	}
}

void kw_export_free_invariants(struct kw_export *x)
{
	unsigned i;

	for (i = 0; x->slots && i < x->slots->len; i++) {
		struct kw_slot_text *t = &g_array_index(x->slots,
						struct kw_slot_text, i);

		g_free(t->name);
		g_free(t->text);
		g_free(t->moment);
	}
	if (x->slots)
		g_array_free(x->slots, TRUE);
}

/* That vCPU v enters its guest is a moment. */
void kw_export_enters(struct kw_export_move *m, unsigned v)
{
	struct kw_export *x = m->x;
	unsigned i;

	for (i = 0; i < x->slots->len; i++) {
		const struct kw_slot_text *t = &g_array_index(x->slots,
						struct kw_slot_text, i);
		const struct kw_invariant *inv =
			&x->p->invariants[t->invariant];

		if (inv->when == KW_WHEN_ENTRY && is_vcpu(x, t) &&
		    inv->eventually == KW_EVENTUALLY_NOT &&
		    x->p->objects[t->object].index == v &&
		    strcmp(t->text, "1"))
			kw_export_do(m, "shown(!HOLDS_%s, %s)", t->name,
				     x->words[KW_FINDS_INVARIANT +
					      t->invariant]);
	}
}

void kw_export_put_holds(struct kw_export *x, GString *out)
{
	unsigned i;

	for (i = 0; i < x->slots->len; i++) {
		const struct kw_slot_text *t = &g_array_index(x->slots,
						struct kw_slot_text, i);

		g_string_append_printf(out, "#define HOLDS_%s (%s)\n", t->name,
				       t->text);
	}
	if (x->slots->len)
		g_string_append_c(out, '\n');
}

static void put_slot(struct kw_export *x, const struct kw_slot_text *t,
		     GString *out)
{
	const struct kw_invariant *inv = &x->p->invariants[t->invariant];
	bool always = !strcmp(t->moment, "1");
	char *over = inv->eventually == KW_EVENTUALLY_NOT ? g_strdup("") :
		     g_strconcat(" && ", kw_export_over(x,
			inv->eventually == KW_EVENTUALLY_HOST), NULL);

	g_string_append_printf(out, "	:: wrong(%s%s!HOLDS_%s%s, %s); "
			       "goto L0\n", always ? "" : t->moment,
			       always ? "" : " && ", t->name,
			       over,
			       x->words[KW_FINDS_INVARIANT + t->invariant]);
	g_free(over);
}

/* --- at rest ----------------------------------------------------------- */

/* What is not counted on does not move there: see kw_world_counts(). */
void kw_export_at_rest(struct kw_export_move *m)
{
	unsigned type = m->x->p->actors[m->a].type;

	if (m->slow)
		kw_export_if(m, "!rest");
	else if (m->fire || type == KW_GUEST || type == KW_VIRQ)
		kw_export_if(m, "rest < 2");
}

const char *kw_export_over(const struct kw_export *x, bool alone)
{
	if (!x->opts->eventually)
		return "timeout";
	return alone ? "rest == 2 && timeout" : "rest == 1 && timeout";
}

void kw_export_put_rest(struct kw_export *x, GString *out)
{
	if (x->opts->eventually)
		g_string_append(out,
"/* From now on nobody acts for ever; 2: nor do guests and timers. */\n"
"byte rest;\n"
"active proctype rests()\n"
"{\n"
"	if\n"
"	:: rest = 1\n"
"	:: rest = 2\n"
"	fi\n"
"}\n\n");
}

void kw_export_put_invariants(struct kw_export *x, GString *out)
{
	GString *all = g_string_new(NULL);
	unsigned i;

	for (i = 0; i < x->slots->len; i++) {
		const struct kw_slot_text *t = &g_array_index(x->slots,
						struct kw_slot_text, i);

		if (strcmp(t->moment, "0") && strcmp(t->text, "1"))
			put_slot(x, t, all);
	}
	if (all->len)
		g_string_append_printf(out, "active proctype invariants()\n{\n"
				       "L0:\n	if\n%s	fi\n}\n\n",
				       all->str);
	g_string_free(all, TRUE);
}
