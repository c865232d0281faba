/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a campaign went as its scenario expects.
 *
 *	never		no run has it
 *	sometimes	at least one run has it
 *	always		every run has it
 *	n		every run has it exactly n times
 *
 * A campaign in which no run could have missed anything (no exposure) is
 * vacuous: it is never a pass, but a finding that differs is one all the
 * same.
 */
#include <string.h>
#include "report.h"

const char *const kw_verdict_names[] = {
	[KW_AS_EXPECTED]	= "as expected",
	[KW_NOT_AS_EXPECTED]	= "NOT AS EXPECTED",
	[KW_VACUOUS]		= "vacuous",
	[KW_NOT_JUDGED]		= "not judged",
};

const struct kw_expect *kw_expect_find(const struct kw_scenario *s,
				       const char *kernel)
{
	unsigned i;

	for (i = 0; i < s->nr_expects; i++)
		if (!strcmp(s->expects[i].kernel, kernel))
			return &s->expects[i];
	return NULL;
}

static bool holds(enum kw_how how, uint64_t n, const struct kw_tally *t,
		  uint64_t runs)
{
	switch (how) {
	case KW_NEVER:
		return t->runs_with == 0;
	case KW_SOMETIMES:
		return t->runs_with > 0;
	case KW_ALWAYS:
		return t->runs_with == runs;
	case KW_EXACTLY:
		/* mean n and variance 0: see store/sums.c */
		return t->total == n * runs && t->squares == n * n * runs;
	default:
		return true;
	}
}

void kw_judge(const struct kw_expect *expect, const struct kw_sums *s,
	      struct kw_verdict *v)
{
	unsigned q;

	memset(v, 0, sizeof(*v));
	v->what = KW_AS_EXPECTED;
	for (q = 0; expect && q < KW_NR_QUANTITIES; q++) {
		struct kw_finding *f = &v->of[v->nr];

		if (expect->of[q].how == KW_ANY)
			continue;
		f->q = q;
		f->how = expect->of[q].how;
		f->n = expect->of[q].n;
		f->holds = holds(f->how, f->n, &s->of[q], s->runs);
		if (!f->holds)
			v->what = KW_NOT_AS_EXPECTED;
		v->nr++;
	}
	if (v->what == KW_NOT_AS_EXPECTED && s->runs)
		return;
	if (s->runs_vacuous == s->runs)
		v->what = KW_VACUOUS;
	else if (!v->nr)
		v->what = KW_NOT_JUDGED;
}

const struct kw_finding *kw_verdict_differs(const struct kw_verdict *v)
{
	unsigned i;

	for (i = 0; v->what == KW_NOT_AS_EXPECTED && i < v->nr; i++)
		if (!v->of[i].holds)
			return &v->of[i];
	return NULL;
}

void kw_verdict_text(const struct kw_verdict *v, const struct kw_sums *s,
		     GString *out)
{
	const char *before = ": ";
	char how[24];
	unsigned i;

	g_string_append(out, kw_verdict_names[v->what]);
	if (v->what == KW_VACUOUS)
		g_string_append(out, ": nothing could have been missed");
	if (v->what == KW_NOT_JUDGED && s->of[KW_FAILED].runs_with)
		g_string_append_printf(out, ": %" G_GUINT64_FORMAT " of %"
			G_GUINT64_FORMAT " runs failed",
			s->of[KW_FAILED].runs_with, s->runs);
	for (i = 0; v->what == KW_NOT_AS_EXPECTED && i < v->nr; i++) {
		const struct kw_finding *f = &v->of[i];
		const struct kw_tally *t = &s->of[f->q];

		if (f->holds)
			continue;
		kw_how_text(f->how, f->n, how, sizeof(how));
		g_string_append_printf(out, "%s%s: %s expected, ", before,
				       kw_quantity_names[f->q], how);
		before = "; ";
		if (f->how == KW_EXACTLY)
			g_string_append_printf(out, "%" G_GUINT64_FORMAT
				" in %" G_GUINT64_FORMAT " runs", t->total,
				s->runs);
		else
			g_string_append_printf(out, "%" G_GUINT64_FORMAT
				" of %" G_GUINT64_FORMAT " runs",
				t->runs_with, s->runs);
	}
}
