/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a storm becomes an acceptance cycle: explore/storm.c says what
 * one is.
 *
 * At any moment the process storms() says that the loop begins, and whose it
 * is.  From then on no move is made that waits for time to pass, and one that
 * is progress ends it.  Everybody gets a turn, again and again: who moves
 * when it is his passes it on, as does a choice that goes that way; and
 * storms() may pass it on for who will never be able to move again, or a
 * choice that will never be made.  The never claim sees to it that this is
 * true, and accepts each time that all have had their turns.  So those who
 * can move again and again do: this is strong fairness, which pan's own (-f)
 * is not, and of processes, not of timers, which may stay armed for ever.
 *
 *	turn 0		a vCPU is woken, or the thread whose loop it is moves
 *	turns 1 ...	actors, threads that are taken out of their guest,
 *			then each way of each choice
 */
#include <string.h>
#include "model.h"

#define OVER 255		/* loop: nobody is to look at it any more */

struct turns {			/* of a choice, or of being taken out */
	unsigned a, pc;		/* KW_NOBODY: taken out of the guest */
	unsigned first, nr;
};

static const struct turns *turns(const struct kw_export *x, unsigned i)
{
	return &g_array_index(x->turns, struct turns, i);
}

static unsigned nr_turns(const struct kw_export *x)
{
	const struct turns *last;

	if (!x->turns->len)
		return 1 + x->nr_actors;
	last = turns(x, x->turns->len - 1);
	return last->first + last->nr;
}

/* The first of them; they get one when they are first met. */
static unsigned turn_of(struct kw_export *x, unsigned a, unsigned pc,
			unsigned nr)
{
	struct turns t = { a, pc, nr_turns(x), nr };
	unsigned i;

	for (i = 0; i < x->turns->len; i++)
		if (turns(x, i)->a == a && turns(x, i)->pc == pc)
			return turns(x, i)->first;
	g_array_append_val(x->turns, t);
	return t.first;
}

void kw_export_in_loop(struct kw_export_move *m)
{
	struct kw_export *x = m->x;
	int v = x->walkers[m->a].vcpu;

	if (m->slow || m->fire) {
		kw_export_if(m, "!loop");
		return;
	}
	if (m->force) {
		/* In this order: it may be the last turn. */
		if (v >= 0)
			kw_export_do(m, "woken(true)");
		kw_export_do(m, "did(%u)", turn_of(x, m->a, KW_NOBODY, 1));
		return;
	}
	if (v >= 0)
		kw_export_do(m, "moved(%u, %u)", 1 + m->a, 2 + (unsigned)v);
	else
		kw_export_do(m, "did(%u)", 1 + m->a);
	if (m->ways)
		kw_export_do(m, "chosen(%u, %u)", turn_of(x, m->a,
			     m->at->block->pc, m->ways), m->way);
	if (m->progress)
		kw_export_do(m, "progressed()");
}

/* It is the same wherever the thread stands. */
void kw_export_forced(struct kw_export *x, unsigned a,
		      const struct kw_export_text *t)
{
	char **how = &x->walkers[a].forced;

	if (!*how)
		*how = g_strdup_printf("d_step { %s -> %s }", t->guard,
				       t->body);
}

void kw_export_put_loop(struct kw_export *x, GString *out)
{
	unsigned nr = nr_turns(x);

	g_string_append_printf(out,
"#define TURNS	%u\n"
"byte loop;	/* 1: vCPUs are woken; 2 + v: v's thread; %u: progress */\n"
"%s turn;\n"
"bit gone[%u];\n\n"
"inline did(who)\n"
"{\n"
"	turn = (turn == who -> who + 1 : (turn == TURNS -> 0 : turn))\n"
"}\n"
"inline woken(c)\n"
"{\n"
"	turn = (loop == 1 && (c) && turn %% TURNS == 0 -> 1 : turn)\n"
"}\n"
"inline moved(who, whose)\n"
"{\n"
"	did(who);\n"
"	turn = (loop == whose && turn == 0 -> 1 : turn)\n"
"}\n"
"inline chosen(first, way)\n"
"{\n"
"	did(first + way);\n"
"	loop = (loop && gone[first] -> %u : loop)\n"
"}\n"
"inline progressed()\n"
"{\n"
"	loop = (loop -> %u : 0)\n"
"}\n"
"inline ended()\n"
"{\n"
"	loop = %u\n"
"}\n\n", nr, OVER, nr < 256 ? "byte" : "short", nr, OVER, OVER, OVER);
}

/* Turn first and those that go with it may be passed on for good. */
static void put_giving_up(unsigned first, unsigned nr, GString *out)
{
	g_string_append_printf(out, "	:: d_step { loop && turn == %u -> "
			       "gone[%u] = 1; turn = %u }\n", first, first,
			       first + nr);
}

static void put_beginning(const struct kw_export *x, GString *out)
{
	unsigned v;

	g_string_append(out, "active proctype storms()\n{\n	if\n"
			"	:: d_step { loop == 0 -> loop = 1 }\n");
	for (v = 0; v < x->nr_vcpus && v < 64; v++)
		if (x->thread_of[v] != KW_NOBODY)
			g_string_append_printf(out, "	:: d_step { loop == 0 "
					       "-> loop = %u }\n", 2 + v);
	g_string_append(out, "	fi;\n	do\n");
}

static void put_process(struct kw_export *x, GString *out)
{
	unsigned i;

	put_beginning(x, out);
	for (i = 0; i < x->nr_actors; i++)
		put_giving_up(1 + i, 1, out);
	for (i = 0; i < x->turns->len; i++)
		put_giving_up(turns(x, i)->first, turns(x, i)->nr, out);
	g_string_append(out, "	od\n}\n\n");
}

/* The thread of vCPU v is where no loop of its can be. */
static void put_away(struct kw_export *x, unsigned v, GString *out)
{
	unsigned t = x->thread_of[v], run;
	char *asleep, *inside;

	if (t == KW_NOBODY)
		return;
	run = KW_EXPORT_AT(x, t, run);
	asleep = kw_export_is(x, run, 1, KW_ASLEEP);
	inside = kw_export_is(x, run, 1, KW_IN_GUEST);
	g_string_append_printf(out, " && \\\n	!(loop == %u && (%s || %s))",
			       2 + v, asleep, inside);
	g_free(asleep);
	g_free(inside);
}

/* Who would never move again cannot; pid: of the thread that is forced. */
static void put_claim(struct kw_export *x, const unsigned *pid, GString *out)
{
	unsigned a, v;

	g_string_append_printf(out, "#define FINE	(loop != %u", OVER);
	for (a = 0; a < x->nr_actors; a++) {
		g_string_append_printf(out, " && \\\n	!(gone[%u] && "
				       "enabled(%u))", 1 + a, a);
		if (pid[a])
			g_string_append_printf(out, " && \\\n	!(gone[%u] && "
					       "enabled(%u))",
					       turn_of(x, a, KW_NOBODY, 1),
					       pid[a]);
	}
	for (v = 0; v < x->nr_vcpus && v < 64; v++)
		put_away(x, v, out);
	g_string_append(out, ")\n\nnever {\nbefore:\n	if\n"
			"	:: loop == 0 -> goto before\n"
			"	:: loop && FINE -> goto within\n	fi;\n"
			"within:\n	if\n"
			"	:: FINE && turn < TURNS -> goto within\n"
			"	:: FINE && turn == TURNS -> goto accept_all\n"
			"	fi;\n"
			"accept_all:\n	if\n"
			"	:: FINE && turn < TURNS -> goto within\n"
			"	fi\n}\n");
}

void kw_export_put_storm(struct kw_export *x, GString *out)
{
	unsigned *pid = g_new0(unsigned, x->nr_actors), nr = x->nr_actors, a;

	for (a = 0; a < x->nr_actors; a++) {
		const char *how = x->walkers[a].forced;

		if (!how)
			continue;
		g_string_append_printf(out, "active proctype force_%s()\n{\n"
				       "L0:	if\n	:: %s; goto L0\n"
				       "	fi\n}\n\n", x->walkers[a].name,
				       how);
		pid[a] = nr++;
	}
	put_process(x, out);
	put_claim(x, pid, out);
	g_free(pid);
}
