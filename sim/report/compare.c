/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether new is better or worse than old.
 *
 * What is compared is paired: run i of both drew the same random numbers, so
 * runs that have a quantity more often with one kernel than with the other
 * are the evidence, and what both have alike says nothing.
 *
 *	WORSE	missed or failed: old has none at all and new has one, which
 *		is a fact and needs no test; or any of the judged is proven
 *		more frequent: the sign test of the discordant runs, p < 0.01
 *	FIXED	missed (or, with none missed, late or failed) runs with old,
 *		none with new, proven by the sign test; nothing worse
 *	better	something is proven less frequent, nothing worse
 *	same	neither; "no difference proven" where counts differ
 *
 * Futile wake-ups are shown and not judged: they cost time and lose nothing.
 * Latency is judged only where the same runs are missed, for a sleeper that
 * was missed has none; a percentile (p50, p99) must differ by more than an
 * eighth, and the two 95 % intervals must not meet, which is p < 0.01, too.
 */
#include <string.h>
#include "report.h"

#define P_PROVEN 0.01

const char *const kw_judgement_names[KW_NR_JUDGEMENTS] = {
	"no observation", "same", "FIXED", "better", "WORSE",
};

const unsigned kw_permille_shown[KW_NR_PERCENTILES] = { 500, 990 };

/* Lost for good: once is too often. */
static bool once_is_enough(unsigned q)
{
	return q == KW_MISSED || q == KW_FAILED;
}

static void judge_quantity(const struct kw_pairs *p, enum kw_quantity q,
			   struct kw_change *c)
{
	uint64_t down = p->of[q].fewer, up = p->of[q].more;

	c->what = KW_SAME;
	c->p = kw_sign_test(down, up);
	/* Several a run: whether a run has any at all says too little. */
	c->by_number = down + up > p->of[q].only_old + p->of[q].only_new;
	if (c->by_number)
		kw_mean_interval(p->runs, (double)p->of[q].new_total -
				 (double)p->of[q].old_total,
				 (double)p->of[q].squares, &c->low, &c->high);
	else
		kw_paired_interval(p->runs, p->of[q].only_old,
				   p->of[q].only_new, &c->low, &c->high);
	c->first = once_is_enough(q) && up && !p->of[q].old_total;
	if (c->first)
		c->what = KW_WORSE;
	else if (c->p < P_PROVEN && !p->of[q].new_total)
		c->what = KW_FIXED;
	else if (c->p < P_PROVEN)
		c->what = up > down ? KW_WORSE : KW_BETTER;
}

/* One percentile: KW_WORSE when new's interval lies above old's. */
static enum kw_judgement judge_permille(const struct kw_hist *o,
					const struct kw_hist *n,
					unsigned permille)
{
	uint64_t old_low, old_high, new_low, new_high;

	kw_permille_interval(o, permille, &old_low, &old_high);
	kw_permille_interval(n, permille, &new_low, &new_high);
	if (new_low > old_high + old_high / 8)
		return KW_WORSE;
	if (old_low > new_high + new_high / 8)
		return KW_BETTER;
	return KW_SAME;
}

static enum kw_judgement judge_latency(struct kw_comparison *c,
				       const struct kw_hist *o,
				       const struct kw_hist *n)
{
	bool worse = false, better = false;
	unsigned i;

	if (!o->n || !n->n)
		return KW_NO_OBSERVATION;
	for (i = 0; i < KW_NR_PERCENTILES; i++) {
		c->at[i].what = judge_permille(o, n, kw_permille_shown[i]);
		worse |= c->at[i].what == KW_WORSE;
		better |= c->at[i].what == KW_BETTER;
	}
	return worse ? KW_WORSE : better ? KW_BETTER : KW_SAME;
}

static bool judged(unsigned q)
{
	return q != KW_FUTILE;
}

void kw_compare(const struct kw_pairs *pairs, const struct kw_hist *old_,
		const struct kw_hist *new_, struct kw_comparison *c)
{
	bool fixed = false, better = false, worse = false;
	unsigned q;

	memset(c, 0, sizeof(*c));
	for (q = 0; q < KW_NR_QUANTITIES; q++) {
		judge_quantity(pairs, q, &c->of[q]);
		if (!judged(q))
			continue;
		worse |= c->of[q].what == KW_WORSE;
		better |= c->of[q].what == KW_BETTER ||
			  c->of[q].what == KW_FIXED;
	}
	for (q = 0; q < KW_NR_PERCENTILES; q++) {
		c->at[q].old_ = kw_hist_permille(old_, kw_permille_shown[q]);
		c->at[q].new_ = kw_hist_permille(new_, kw_permille_shown[q]);
	}
	if (!pairs->of[KW_MISSED].only_old && !pairs->of[KW_MISSED].only_new)
		c->latency = judge_latency(c, old_, new_);
	worse |= c->latency == KW_WORSE;
	better |= c->latency == KW_BETTER;
	fixed = c->of[KW_MISSED].what == KW_FIXED ||
		(!pairs->of[KW_MISSED].old_total &&
		 (c->of[KW_LATE].what == KW_FIXED ||
		  c->of[KW_FAILED].what == KW_FIXED));
	if (worse)
		c->what = KW_WORSE;
	else if (!pairs->runs_observed)
		c->what = KW_NO_OBSERVATION;
	else
		c->what = fixed ? KW_FIXED : better ? KW_BETTER : KW_SAME;
}

static bool can_be_fixed(unsigned q)
{
	return q == KW_MISSED || q == KW_LATE || q == KW_FAILED;
}

static const char *word_of(const struct kw_change *c, enum kw_quantity q)
{
	if (!judged(q))
		return "(not judged)";
	if (c->what == KW_SAME)
		return "no difference proven";
	if (c->what == KW_FIXED && !can_be_fixed(q))
		return kw_judgement_names[KW_BETTER];
	return kw_judgement_names[c->what];
}

static void quantity_text(const struct kw_change *c,
			  const struct kw_pairs *p, enum kw_quantity q,
			  GString *out)
{
	if (out->len)
		g_string_append(out, "; ");
	g_string_append_printf(out, "%s %s: ", kw_quantity_names[q],
			       word_of(c, q));
	if (c->by_number) {
		g_string_append_printf(out, "%.3g -> %.3g a run "
				       "(%+.3g..%+.3g)",
				       (double)p->of[q].old_total /
				       (double)p->runs,
				       (double)p->of[q].new_total /
				       (double)p->runs, c->low, c->high);
		return;
	}
	g_string_append_printf(out, "%" G_GUINT64_FORMAT " -> %"
			       G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			       " runs ", p->of[q].both + p->of[q].only_old,
			       p->of[q].both + p->of[q].only_new, p->runs);
	if (c->first && c->p >= P_PROVEN)
		g_string_append(out, "(never with old)");
	else
		g_string_append_printf(out, "(%+.2f..%+.2f %%)", 100 * c->low,
				       100 * c->high);
}

/* Only the percentiles that differ. */
static void latency_text(const struct kw_comparison *c, GString *out)
{
	char o[KW_NS_TEXT], n[KW_NS_TEXT];
	unsigned i;

	for (i = 0; i < KW_NR_PERCENTILES; i++)
		if (c->at[i].what == KW_WORSE || c->at[i].what == KW_BETTER)
			g_string_append_printf(out, "%sp%u latency %s: "
				"%s -> %s", out->len ? "; " : "",
				kw_permille_shown[i] / 10,
				kw_judgement_names[c->at[i].what],
				kw_ns_text(c->at[i].old_, o),
				kw_ns_text(c->at[i].new_, n));
}

/* Of what is not judged, only what is proven is worth a word. */
static bool worth_saying(const struct kw_comparison *c,
			 const struct kw_pairs *p, unsigned q)
{
	if (!judged(q))
		return c->of[q].what != KW_SAME;
	return p->of[q].fewer || p->of[q].more;
}

void kw_comparison_text(const struct kw_comparison *c,
			const struct kw_pairs *pairs, GString *out)
{
	GString *text = g_string_new(NULL);
	unsigned q;

	for (q = 0; q < KW_NR_QUANTITIES; q++)
		if (worth_saying(c, pairs, q))
			quantity_text(&c->of[q], pairs, q, text);
	latency_text(c, text);
	g_string_append(out, text->str);
	g_string_free(text, TRUE);
}
