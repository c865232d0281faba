/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how a vCPU's byte is kept: explore/flags.c once more, as text.
 *
 * Where rows are counted, whoever changes the byte names the count, too.
 */
#include "model.h"

static const char bits_text[] =
"/*\n"
" * A vCPU's byte: 1 SPEC holds, 2 or 4 what it waits for, 8 a wait is open,\n"
" * 16 the predicate ended it, 32 and SPEC held since, 64 for a signal,\n"
" * 128 it has slept, where that is counted.\n"
" */\n"
"#define fine(w)	((w & 64) || (w & 16 -> w & 32 : w & 1))\n"
"inline verdict(w)\n"
"{\n"
"	w = (w & 8 -> (w & 223) | 16 | 32 * (w & 1) : w)\n"
"}\n"
"inline signalled(w)\n"
"{\n"
"	w = (w & 8 -> w | 64 : w)\n"
"}\n";

static const char plain_text[] =
"inline slept(w)\n"
"{\n"
"	w = w & 207\n"
"}\n"
"inline entered(w)\n"
"{\n"
"	shown((w & 8) && !fine(w), spurious);\n"
"	w = (w & 8 -> w & 7 : w)\n"
"}\n";

static const char storm_text[] =
"inline slept(w)\n"
"{\n"
"	w = w & 207\n"
"}\n"
"inline entered(w)\n"
"{\n"
"	if\n"
"	:: (w & 8) && fine(w) -> progressed()\n"
"	:: (w & 8) && !fine(w) -> woken(true)\n"
"	:: else\n"
"	fi;\n"
"	w = (w & 8 -> w & 7 : w)\n"
"}\n";

/* %u: so often in a row is I6. */
static const char count_text[] =
"inline counted(row)\n"
"{\n"
"	if\n"
"	:: row < %u -> row++; shown(row == %u, I6)\n"
"	:: else\n"
"	fi\n"
"}\n"
"inline slept(w, row)\n"
"{\n"
"	w = w & 207;\n"
"	if\n"
"	:: (w & 8) && (w & 128) && !(w & 1) -> counted(row)\n"
"	:: else\n"
"	fi;\n"
"	w = (w & 8 -> w | 128 : w)\n"
"}\n"
"inline entered(w, row)\n"
"{\n"
"	shown((w & 8) && !fine(w), spurious);\n"
"	if\n"
"	:: (w & 8) && !fine(w) -> counted(row)\n"
"	:: (w & 8) && fine(w) -> %s\n"
"	:: else\n"
"	fi;\n"
"	w = (w & 8 -> w & 7 : w)\n"
"}\n";

static void put_follow(struct kw_export *x, unsigned v, GString *out)
{
	unsigned t = x->thread_of[v], run;
	GString *w = g_string_new(NULL), *in = g_string_new(NULL);

	kw_export_name(x, x->flags_at + v, w);
	run = t == KW_NOBODY ? 0 : KW_EXPORT_AT(x, t, run);
	if (run && kw_export_has(kw_export_var(x, run, 1), KW_IN_GUEST)) {
		kw_export_name(x, run, in);
		g_string_append_printf(in, " == %u", KW_IN_GUEST);
	} else {
		g_string_append(in, "false");
	}
	g_string_append(out, x->now[v]->str);
	g_string_append_printf(out,
		"inline follow_%u()\n{\n"
		"	spec = NOW_%u;\n"
		"	if\n"
		"	:: spec == (%s & 7)\n"
		"	:: else ->\n"
		"		%s = (%s & 248) | spec;\n"
		"		if\n"
		"		:: !(%s & 8) && spec > 1 -> %s = %s | 8\n"
		"		:: (%s & 8) && spec == 1 && %s -> %s = spec\n"
		"		:: else\n"
		"		fi;\n"
		"		%s = ((%s & 17) == 17 -> %s | 32 : %s)\n"
		"	fi\n}\n\n",
		v, v, w->str, w->str, w->str, w->str, w->str, w->str, w->str,
		in->str, w->str, w->str, w->str, w->str, w->str);
	g_string_free(w, TRUE);
	g_string_free(in, TRUE);
}

void kw_export_put_waits(struct kw_export *x, GString *out)
{
	const struct kw_promela_opts *o = x->opts;
	unsigned v;

	if (!x->nr_vcpus)
		return;
	g_string_append(out, bits_text);
	if (o->row)
		g_string_append_printf(out, count_text, o->row, o->row,
				       o->per_kick ? "skip" : "row = 0");
	else
		g_string_append(out, o->storm ? storm_text : plain_text);
	for (v = 0; v < x->nr_vcpus; v++)
		put_follow(x, v, out);
}
