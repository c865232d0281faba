/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts, statistics and texts, on numbers that can be checked by hand. */
#include <math.h>
#include <string.h>
#include "../../sim/report/report.h"

static struct kw_sums sums_of(uint64_t runs, uint64_t with, uint64_t each)
{
	struct kw_sums s = { .runs = runs };

	s.of[KW_MISSED] = (struct kw_tally){ with * each, with * each * each,
					     with };
	return s;
}

static enum kw_outcome_of_campaign judge(enum kw_how how, uint64_t n,
					 struct kw_sums s)
{
	struct kw_expect e = { .kernel = "k" };
	struct kw_verdict v;

	e.of[KW_MISSED].how = (uint8_t)how;
	e.of[KW_MISSED].n = n;
	kw_judge(&e, &s, &v);
	return v.what;
}

static void test_verdicts(void)
{
	struct kw_sums vacuous = sums_of(10, 0, 0);

	g_assert_cmpint(judge(KW_NEVER, 0, sums_of(10, 0, 0)), ==,
			KW_AS_EXPECTED);
	g_assert_cmpint(judge(KW_NEVER, 0, sums_of(10, 1, 1)), ==,
			KW_NOT_AS_EXPECTED);
	g_assert_cmpint(judge(KW_SOMETIMES, 0, sums_of(10, 1, 1)), ==,
			KW_AS_EXPECTED);
	g_assert_cmpint(judge(KW_SOMETIMES, 0, sums_of(10, 0, 0)), ==,
			KW_NOT_AS_EXPECTED);
	g_assert_cmpint(judge(KW_ALWAYS, 0, sums_of(10, 10, 3)), ==,
			KW_AS_EXPECTED);
	g_assert_cmpint(judge(KW_ALWAYS, 0, sums_of(10, 9, 3)), ==,
			KW_NOT_AS_EXPECTED);
	g_assert_cmpint(judge(KW_EXACTLY, 2, sums_of(10, 10, 2)), ==,
			KW_AS_EXPECTED);
	/* The same total, unevenly spread. */
	g_assert_cmpint(judge(KW_EXACTLY, 2, sums_of(10, 5, 4)), ==,
			KW_NOT_AS_EXPECTED);
	g_assert_cmpint(judge(KW_ANY, 0, sums_of(10, 5, 4)), ==,
			KW_NOT_JUDGED);
	vacuous.runs_vacuous = 10;
	g_assert_cmpint(judge(KW_NEVER, 0, vacuous), ==, KW_VACUOUS);
	g_assert_cmpint(judge(KW_ALWAYS, 0, vacuous), ==, KW_NOT_AS_EXPECTED);
	g_assert_cmpint(judge(KW_NEVER, 0, sums_of(0, 0, 0)), ==, KW_VACUOUS);
}

static void test_sign_test(void)
{
	g_assert_cmpfloat(kw_sign_test(0, 0), ==, 1.0);
	g_assert_cmpfloat(kw_sign_test(5, 5), ==, 1.0);
	/* 2 * (1/2)^10 */
	g_assert_cmpfloat_with_epsilon(kw_sign_test(0, 10), 0.001953125,
				       1e-12);
	/* 2 * (1 + 10 + 45) / 1024 */
	g_assert_cmpfloat_with_epsilon(kw_sign_test(8, 2), 0.109375, 1e-9);
	g_assert_cmpfloat(kw_sign_test(4, 5), ==, 1.0);
	g_assert_cmpfloat(kw_sign_test(1000000, 0), <, 1e-100);
	/* Large and near: the normal approximation, 2 * (1 - Phi(2)) */
	g_assert_cmpfloat_with_epsilon(kw_sign_test(501000, 499000), 0.0455,
				       3e-4);
}

static void test_intervals(void)
{
	struct kw_hist h = { 0 };
	double low, high;
	uint64_t a, b, i;

	kw_paired_interval(1000, 0, 0, &low, &high);
	g_assert_cmpfloat(low, <, 0.0);
	g_assert_cmpfloat(high, >, 0.0);
	kw_paired_interval(1000, 400, 0, &low, &high);
	g_assert_cmpfloat(low, <, -0.4);
	g_assert_cmpfloat(high, >, -0.44);
	g_assert_cmpfloat(high, <, -0.35);
	kw_mean_interval(4, 8.0, 24.0, &low, &high);	/* 0 4 2 2... var 8/3 */
	g_assert_cmpfloat_with_epsilon((low + high) / 2, 2.0, 1e-12);
	g_assert_cmpfloat_with_epsilon(high - low, 2 * 1.959964 *
				       sqrt(8.0 / 3.0 / 4.0), 1e-5);
	for (i = 0; i < 1000; i++)
		kw_hist_add(&h, i * 1000);
	kw_permille_interval(&h, 500, &a, &b);
	g_assert_cmpuint(a, <, 500000);
	g_assert_cmpuint(b, >, 480000);
	g_assert_cmpuint(b, <, 600000);
}

static void test_durations(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0ns" }, { 999, "999ns" }, { 1000, "1.00us" },
		{ 1999, "1.99us" }, { 12345, "12.3us" },
		{ 999999, "999us" }, { 1000000, "1.00ms" },
		{ 12345678901, "12.3s" }, { 123456789012345, "123456s" },
		{ KW_NEVER_NS, "-" },
	};
	char buf[KW_NS_TEXT];
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpstr(kw_ns_text(rows[i].ns, buf), ==,
				rows[i].text);
}

static void test_json(void)
{
	GString *s = g_string_new(NULL);
	struct kw_json j;

	kw_json_begin(&j, s, "t");
	kw_json_text(&j, "a", "say \"hi\"\n\\");
	kw_json_text(&j, "b", "\xff");
	kw_json_open(&j, "c", '[');
	kw_json_u64(&j, NULL, G_MAXUINT64);
	kw_json_i64(&j, NULL, -1);
	kw_json_real(&j, NULL, NAN);
	kw_json_close(&j, ']');
	kw_json_bool(&j, "d", false);
	kw_json_end(&j);
	g_assert_cmpstr(s->str, ==, "{\"type\":\"t\","
			"\"a\":\"say \\\"hi\\\"\\u000a\\\\\","
			"\"b\":\"\xef\xbf\xbd\","
			"\"c\":[18446744073709551615,-1,null],"
			"\"d\":false}\n");
	g_string_free(s, TRUE);
}

static struct kw_pairs pairs_with(enum kw_quantity q, uint64_t both,
				  uint64_t old_, uint64_t new_)
{
	struct kw_pairs p = { .runs = 1000, .runs_observed = 1000 };

	p.of[q].both = both;
	p.of[q].only_old = p.of[q].fewer = old_;
	p.of[q].only_new = p.of[q].more = new_;
	p.of[q].old_total = both + old_;
	p.of[q].new_total = both + new_;
	return p;
}

static struct kw_pairs pairs_of(uint64_t both, uint64_t old_, uint64_t new_)
{
	return pairs_with(KW_MISSED, both, old_, new_);
}

static enum kw_judgement compare(struct kw_pairs p)
{
	static const struct kw_hist none;
	struct kw_comparison c;

	kw_compare(&p, &none, &none, &c);
	return c.what;
}

static void test_judgements(void)
{
	struct kw_pairs p = pairs_of(0, 0, 0);

	g_assert_cmpint(compare(p), ==, KW_SAME);
	p.runs_observed = 0;
	g_assert_cmpint(compare(p), ==, KW_NO_OBSERVATION);
	g_assert_cmpint(compare(pairs_of(0, 100, 0)), ==, KW_FIXED);
	/* Three runs fewer prove nothing; one where none was is a fact. */
	g_assert_cmpint(compare(pairs_of(0, 3, 0)), ==, KW_SAME);
	g_assert_cmpint(compare(pairs_of(0, 0, 1)), ==, KW_WORSE);
	g_assert_cmpint(compare(pairs_of(50, 100, 10)), ==, KW_BETTER);
	g_assert_cmpint(compare(pairs_of(50, 10, 100)), ==, KW_WORSE);
	g_assert_cmpint(compare(pairs_of(50, 10, 12)), ==, KW_SAME);
}

/* Lost once is lost; anything else has to be proven. */
static void test_first(void)
{
	static const struct {
		enum kw_quantity q;
		enum kw_judgement one, seven, eight;
	} rows[] = {
		{ KW_MISSED,   KW_WORSE, KW_WORSE, KW_WORSE },
		{ KW_FAILED,   KW_WORSE, KW_WORSE, KW_WORSE },
		{ KW_LATE,     KW_SAME,  KW_SAME,  KW_WORSE },
		{ KW_SPURIOUS, KW_SAME,  KW_SAME,  KW_WORSE },
		{ KW_STORM,    KW_SAME,  KW_SAME,  KW_WORSE },
		{ KW_FUTILE,   KW_SAME,  KW_SAME,  KW_SAME },
	};
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		enum kw_quantity q = rows[i].q;

		g_assert_cmpint(compare(pairs_with(q, 0, 0, 1)), ==,
				rows[i].one);
		/* 2 * (1/2)^7 > 0.01 > 2 * (1/2)^8 */
		g_assert_cmpint(compare(pairs_with(q, 0, 0, 7)), ==,
				rows[i].seven);
		g_assert_cmpint(compare(pairs_with(q, 0, 0, 8)), ==,
				rows[i].eight);
	}
}

static void says(struct kw_pairs p, const struct kw_hist *o,
		 const struct kw_hist *n, const char *want)
{
	GString *text = g_string_new(NULL);
	struct kw_comparison c;

	kw_compare(&p, o, n, &c);
	kw_comparison_text(&c, &p, text);
	g_assert_cmpstr(text->str, ==, want);
	g_string_free(text, TRUE);
}

static void test_words(void)
{
	static const struct kw_hist none;
	struct kw_hist o = { 0 }, n = { 0 };
	unsigned i;

	says(pairs_of(0, 0, 0), &none, &none, "");
	says(pairs_of(0, 0, 1), &none, &none,
	     "missed WORSE: 0 -> 1 of 1000 runs (never with old)");
	says(pairs_with(KW_SPURIOUS, 0, 0, 1), &none, &none,
	     "spurious no difference proven: 0 -> 1 of 1000 runs "
	     "(-0.24..+0.44 %)");
	says(pairs_with(KW_FUTILE, 0, 5, 0), &none, &none, "");
	says(pairs_with(KW_FUTILE, 0, 500, 0), &none, &none,
	     "futile (not judged): 500 -> 0 of 1000 runs "
	     "(-53.01..-46.79 %)");
	/* Two in a hundred are slow with both: p99 is alike, p50 is not. */
	for (i = 0; i < 1000; i++) {
		kw_hist_add(&o, i % 50 ? 1000 : 64000);
		kw_hist_add(&n, i % 50 ? 2000 : 64000);
	}
	says(pairs_of(0, 0, 0), &o, &n,
	     "p50 latency WORSE: 992ns -> 1.98us");
	says(pairs_of(0, 0, 0), &n, &o,
	     "p50 latency better: 1.98us -> 992ns");
	says(pairs_of(0, 0, 0), &o, &o, "");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_set_nonfatal_assertions();
	g_test_add_func("/report/verdicts", test_verdicts);
	g_test_add_func("/report/sign_test", test_sign_test);
	g_test_add_func("/report/intervals", test_intervals);
	g_test_add_func("/report/durations", test_durations);
	g_test_add_func("/report/json", test_json);
	g_test_add_func("/report/judgements", test_judgements);
	g_test_add_func("/report/first", test_first);
	g_test_add_func("/report/words", test_words);
	return g_test_run();
}
