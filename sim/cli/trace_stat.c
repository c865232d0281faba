/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `trace stat`: decides how what was counted is set, and what of it is
 * compared with KVM's own counters in a NAME.stat file beside the recording.
 *
 * "12+3?" is 12 that the recording tells, and 3 by circumstances.
 */
#include <string.h>
#include "../trace/counters.h"
#include "trace.h"

#define U G_GUINT64_FORMAT
#define COLUMNS	4		/* vCPUs side by side */
#define CELLS	(COLUMNS + 1)	/* and all of them */
#define WINDOW	64		/* exits between reading the counters and
				   switching the tracing on or off; up to 58
				   in recordings of emulated machines */

struct page {			/* columns that are printed together */
	const struct kw_vcpu_stat *of[CELLS];
	unsigned nr;
	struct kw_table *table;
};

enum cell { COUNT, SLEEPS, CAUSE, VAIN, LATENCY, STATE };

static void put_cell(GString *out, enum cell what, unsigned i,
		     const struct kw_vcpu_stat *v)
{
	uint64_t n = 0, guess = 0;
	char a[KW_NS_TEXT], b[KW_NS_TEXT];

	if (what == LATENCY || what == STATE) {
		if (what == STATE)
			g_string_append(out, kw_ns_text(v->state_ns[i], a));
		else
			g_string_append_printf(out, "%s %s",
				kw_permille_text(&v->latency[i], 500, a),
				kw_permille_text(&v->latency[i], 990, b));
		return;
	}
	if (what == COUNT)
		n = v->counts[i];
	else if (what == SLEEPS)
		n = v->nr_sleeps[i];
	else if (what == CAUSE)
		n = v->nr_causes[i], guess = v->nr_guesses[i];
	else
		n = v->nr_vain[i], guess = v->nr_vain_possible[i];
	if (n || !guess)
		g_string_append_printf(out, "%" U, n);
	if (guess)
		g_string_append_printf(out, "%s%" U "?", n ? "+" : "", guess);
}

static bool is_nothing(const char *cell)
{
	return !strcmp(cell, "0") || !strcmp(cell, "- -") ||
	       !strcmp(cell, "0ns");
}

/* A row; one that has only zeros is left out unless it is always of use. */
static void put_row(struct page *p, const char *label, bool always,
		    enum cell what, unsigned i)
{
	GString *cell[CELLS];
	unsigned c;

	for (c = 0; c < CELLS; c++) {
		cell[c] = g_string_new(NULL);
		if (c >= p->nr)
			continue;
		put_cell(cell[c], what, i, p->of[c]);
		always |= !is_nothing(cell[c]->str);
	}
	if (always)
		kw_table_row(p->table, label, cell[0]->str, cell[1]->str,
			     cell[2]->str, cell[3]->str, cell[4]->str, NULL);
	for (c = 0; c < CELLS; c++)
		g_string_free(cell[c], TRUE);
}

static void put_rows(struct page *p, const char *prefix, enum cell what,
		     const char *const *names, unsigned nr)
{
	char label[48];
	unsigned i;

	for (i = 0; i < nr; i++) {
		if (what == VAIN && i == KW_VAIN_NOT)
			continue;
		g_snprintf(label, sizeof(label), "%s%s", prefix, names[i]);
		put_row(p, label, false, what, i);
	}
}

static void put_kicks(struct page *p)
{
	char label[48], cell[CELLS][24];
	unsigned i, k, c;
	uint64_t sum;

	for (i = 0; i < KW_NR_KICK_CALLERS; i++)
		for (k = 0; k < KW_NR_KICK_EFFECTS; k++) {
			for (c = 0, sum = 0; c < CELLS; c++) {
				cell[c][0] = '\0';
				if (c >= p->nr)
					continue;
				sum += p->of[c]->nr_kicks[i][k];
				g_snprintf(cell[c], sizeof(cell[c]), "%" U,
					   p->of[c]->nr_kicks[i][k]);
			}
			g_snprintf(label, sizeof(label), "kicked by %s: %s",
				   kw_kick_caller_names[i],
				   kw_kick_effect_names[k]);
			if (sum)
				kw_table_row(p->table, label, cell[0],
					     cell[1], cell[2], cell[3],
					     cell[4], NULL);
		}
}

static void put_heading(struct page *p)
{
	char name[CELLS][24];
	unsigned c;

	for (c = 0; c < CELLS; c++) {
		name[c][0] = '\0';
		if (c < p->nr && p->of[c]->vcpu && p->of[c]->vcpu->vm)
			g_snprintf(name[c], sizeof(name[c]), "VM %u vCPU %d",
				   p->of[c]->vcpu->vm, p->of[c]->vcpu->id);
		else if (c < p->nr && p->of[c]->vcpu)
			g_snprintf(name[c], sizeof(name[c]), "vCPU %d",
				   p->of[c]->vcpu->id);
		else if (c < p->nr)
			g_strlcpy(name[c], "all", sizeof(name[c]));
	}
	kw_table_row(p->table, "", name[0], name[1], name[2], name[3],
		     name[4], NULL);
}

static void put_page(struct page *p, GString *out)
{
	p->table = kw_table_new("lrrrrr");
	put_heading(p);
	put_row(p, "exits", true, COUNT, KW_COUNT_EXITS);
	put_row(p, "WFI exits", true, COUNT, KW_COUNT_WFI);
	put_row(p, "WFE exits", false, COUNT, KW_COUNT_WFE);
	put_row(p, "waits (WFI and PSCI suspend)", true, COUNT,
		KW_COUNT_WAITS);
	put_row(p, "  switched out", true, COUNT, KW_COUNT_BLOCKED);
	put_row(p, "  polled", false, COUNT, KW_COUNT_POLLED);
	put_row(p, "    successfully", false, COUNT, KW_COUNT_POLLED_OK);
	put_row(p, "    or not, it is not recorded", false, COUNT,
		KW_COUNT_POLL_UNKNOWN);
	put_row(p, "  kvm_vcpu_wakeup: wait", false, COUNT,
		KW_COUNT_REPORT_WAIT);
	put_row(p, "  kvm_vcpu_wakeup: poll", false, COUNT,
		KW_COUNT_REPORT_POLL);
	put_rows(p, "ended by ", CAUSE, kw_wake_cause_names,
		 KW_NR_WAKE_CAUSES);
	put_rows(p, "for nothing: ", VAIN, kw_vain_names, KW_NR_VAINS);
	put_row(p, "sleeps while off", false, SLEEPS, KW_SLEEP_OFF);
	put_row(p, "sleeps while paused", false, SLEEPS, KW_SLEEP_PAUSED);
	put_row(p, "sleeps in user space", false, SLEEPS, KW_SLEEP_USER);
	put_row(p, "sleeps not explained", false, SLEEPS, KW_SLEEP_UNKNOWN);
	put_kicks(p);
	put_row(p, "SGIs sent", false, COUNT, KW_COUNT_SGIS);
	put_row(p, "SGI registers written", false, COUNT,
		KW_COUNT_SGI_TRAPS);
	put_rows(p, "p50 p99 ", LATENCY, kw_latency_names, KW_NR_LATENCIES);
	put_rows(p, "time in ", STATE, kw_vcpu_state_names,
		 KW_NR_VCPU_STATES);
	kw_table_print(p->table, out);
	kw_table_free(p->table);
}

static void put_vcpus(struct kw_cli *cli, struct kw_stat *st,
		      const struct kw_vcpu_stat *all)
{
	const struct kw_vcpu_stat *v;
	struct page p = { .nr = 0 };
	unsigned i;

	for (i = 0; i < st->vcpus->len; i++) {
		v = st->vcpus->pdata[i];
		if (!v->vcpu || !kw_trace_wanted(cli, v->vcpu))
			continue;
		if (p.nr == COLUMNS) {
			put_page(&p, cli->out);
			g_string_append_c(cli->out, '\n');
			p.nr = 0;
		}
		p.of[p.nr++] = v;
	}
	p.of[p.nr++] = all;
	put_page(&p, cli->out);
}

static void put_ipis(const struct kw_stat *st, const struct kw_follow *f,
		     GString *out)
{
	if (kw_follow_has(f, KW_TRACE_IPI_RAISE))
		g_string_append_printf(out, "IPIs of all CPUs: rescheduling %"
				       U ", function call %" U ", other %" U
				       "\n", st->nr_ipi_resched,
				       st->nr_ipi_call, st->nr_ipi_other);
}

/* KVM's counters against what was counted. */
struct check {
	const char *counter;
	enum kw_vcpu_count count;
	enum kw_trace_id needs;
};
/* The first bounds the others: see each_check(). */
static const struct check checks[] = {
	{ "exits", KW_COUNT_EXITS, KW_TRACE_KVM_EXIT },
	{ "wfi_exit_stat", KW_COUNT_WFI, KW_TRACE_KVM_WFX },
	{ "wfe_exit_stat", KW_COUNT_WFE, KW_TRACE_KVM_WFX },
	{ "halt_attempted_poll", KW_COUNT_POLLED, KW_TRACE_KVM_HALT_POLL },
	{ "halt_successful_poll", KW_COUNT_POLLED_OK,
	  KW_TRACE_KVM_HALT_POLL },
	{ "signal_exits", KW_COUNT_SIGNAL_EXITS, KW_TRACE_KVM_USERSPACE },
};

static bool is_cut(const struct kw_follow_totals *t)
{
	return t->entries_written > t->nr_events;
}

struct kernel {
	struct kw_counters counters;
	char *path;
	bool there;
};

/* The NAME.stat file, if there is one; a bad one is said on stderr. */
static void read_kernel(struct kw_cli *cli, const char *path, struct kernel *k)
{
	GError *err = NULL;

	k->there = false;
	k->path = kw_counters_path(path);
	if (!g_file_test(k->path, G_FILE_TEST_EXISTS))
		return;
	k->there = kw_counters_read(&k->counters, k->path, &err);
	if (err)
		kw_cli_note(cli, "%s", err->message);
	g_clear_error(&err);
}

static void free_kernel(struct kernel *k)
{
	if (k->there)
		kw_counters_free(&k->counters);
	g_free(k->path);
}

/*
 * What the kernel counted more happened outside of the recording: not
 * negative, not much, and no more of anything than exits in all.
 */
static bool agrees(int64_t more, int64_t more_exits)
{
	return more >= 0 && more <= more_exits;
}

static void put_check(const struct check *c, int64_t kernel, uint64_t here,
		      bool ok, struct kw_table *t)
{
	char a[24], b[24], d[24];

	g_snprintf(a, sizeof(a), "%" G_GINT64_FORMAT, kernel);
	g_snprintf(b, sizeof(b), "%" U, here);
	g_snprintf(d, sizeof(d), "%+" G_GINT64_FORMAT,
		   kernel - (int64_t)here);
	kw_table_row(t, c->counter, a, b, d, ok ? "agrees" : "DIFFERS", NULL);
}

/* Each counter that is known from both, into the table or as JSON. */
static void each_check(const struct kernel *k, const struct kw_follow *f,
		       const struct kw_vcpu_stat *all, struct kw_table *t,
		       struct kw_json *j)
{
	int64_t kernel, more, more_exits = WINDOW;
	const struct check *c = checks;
	uint64_t here;
	bool ok;

	for (; c < checks + G_N_ELEMENTS(checks); c++) {
		if (!kw_counters_get(&k->counters, c->counter, &kernel) ||
		    !kw_follow_has(f, c->needs))
			continue;
		here = all->counts[c->count];
		more = kernel - (int64_t)here;
		ok = agrees(more, more_exits);
		if (c->count == KW_COUNT_EXITS && ok)
			more_exits = more;
		if (t) {
			put_check(c, kernel, here, ok, t);
			continue;
		}
		kw_json_open(j, NULL, '{');
		kw_json_text(j, "counter", c->counter);
		kw_json_i64(j, "kernel", kernel);
		kw_json_u64(j, "here", here);
		kw_json_bool(j, "agrees", ok);
		kw_json_close(j, '}');
	}
}

static void put_kernel(const struct kernel *k, const struct kw_follow *f,
		       const struct kw_vcpu_stat *all, GString *out)
{
	const struct kw_follow_totals *totals = kw_follow_totals(f);
	char *name = g_path_get_basename(k->path);
	struct kw_table *t;

	if (is_cut(totals)) {
		g_string_append_printf(out, "%s: not compared: %" U " of %" U
				       " events are here\n", name,
				       totals->nr_events,
				       totals->entries_written);
		g_free(name);
		return;
	}
	g_string_append_printf(out, "KVM's own counters (%s); what they have "
			       "more fell between reading\nthem and switching "
			       "the tracing on and off:\n", name);
	t = kw_table_new("lrrrl");
	kw_table_row(t, "", "kernel", "here", "more", "", NULL);
	each_check(k, f, all, t, NULL);
	kw_table_print(t, out);
	kw_table_free(t);
	g_free(name);
}

static void put_head(struct kw_cli *cli, const char *path, unsigned nr,
		     const struct kw_follow *f)
{
	const struct kw_follow_totals *t = kw_follow_totals(f);
	char text[KW_NS_TEXT];

	g_string_append_printf(cli->out, "# %s", kw_trace_path(path));
	if (nr > 1)
		g_string_append_printf(cli->out, " and %u more parts", nr - 1);
	g_string_append_printf(cli->out, ": %" U " events in %s, %u vCPU%s",
			       t->nr_events,
			       kw_ns_text(t->last_ns - t->first_ns, text),
			       kw_follow_nr_vcpus(f),
			       kw_follow_nr_vcpus(f) == 1 ? "" : "s");
	if (is_cut(t))
		g_string_append_printf(cli->out, " (cut: %" U " events were "
				       "written)", t->entries_written);
	if (t->nr_lost_places)
		g_string_append_printf(cli->out, ", events lost in %" U
				       " places", t->nr_lost_places);
	if (t->nr_damaged + t->nr_misfit)
		g_string_append_printf(cli->out, ", %" U " damaged lines",
				       t->nr_damaged + t->nr_misfit);
	if (t->nr_unknown)
		g_string_append_printf(cli->out, ", %" U " of other kinds",
				       t->nr_unknown);
	g_string_append_c(cli->out, '\n');
}

/* One object a key: the numbers that are not 0. */
static void json_numbers(struct kw_json *j, const char *key,
			 const uint64_t *n, const char *const *names,
			 unsigned nr)
{
	unsigned i;

	kw_json_open(j, key, '{');
	for (i = 0; i < nr; i++)
		if (n[i])
			kw_json_u64(j, names[i], n[i]);
	kw_json_close(j, '}');
}

static void json_latencies(struct kw_json *j, const struct kw_vcpu_stat *v)
{
	const struct kw_hist *h;
	unsigned i;

	kw_json_open(j, "latency_ns", '{');
	for (i = 0; i < KW_NR_LATENCIES; i++) {
		h = &v->latency[i];
		if (!h->n)
			continue;
		kw_json_open(j, kw_latency_names[i], '{');
		kw_json_u64(j, "number", h->n);
		kw_json_u64(j, "p50", kw_hist_permille(h, 500));
		kw_json_u64(j, "p90", kw_hist_permille(h, 900));
		kw_json_u64(j, "p99", kw_hist_permille(h, 990));
		kw_json_u64(j, "max", h->max);
		kw_json_close(j, '}');
	}
	kw_json_close(j, '}');
}

static void json_vcpu(const char *file, const struct kw_vcpu_stat *v,
		      GString *out)
{
	struct kw_json j;
	unsigned i;

	kw_json_begin(&j, out, v->vcpu ? "trace_vcpu" : "trace_all");
	kw_json_text(&j, "file", file);
	if (v->vcpu) {
		kw_json_u64(&j, "vm", v->vcpu->vm);
		kw_json_i64(&j, "vcpu", v->vcpu->id);
		kw_json_i64(&j, "tid", v->vcpu->tid);
		kw_json_text(&j, "comm", v->vcpu->comm);
	}
	json_numbers(&j, "counts", v->counts, kw_vcpu_count_names,
		     KW_NR_VCPU_COUNTS);
	json_numbers(&j, "sleeps", v->nr_sleeps, kw_sleep_kind_names,
		     KW_NR_SLEEP_KINDS);
	json_numbers(&j, "causes", v->nr_causes, kw_wake_cause_names,
		     KW_NR_WAKE_CAUSES);
	json_numbers(&j, "causes_possible", v->nr_guesses,
		     kw_wake_cause_names, KW_NR_WAKE_CAUSES);
	json_numbers(&j, "for_nothing", v->nr_vain + 1, kw_vain_names + 1,
		     KW_NR_VAINS - 1);
	json_numbers(&j, "for_nothing_possible", v->nr_vain_possible + 1,
		     kw_vain_names + 1, KW_NR_VAINS - 1);
	kw_json_open(&j, "kicks", '{');
	for (i = 0; i < KW_NR_KICK_CALLERS; i++)
		json_numbers(&j, kw_kick_caller_names[i], v->nr_kicks[i],
			     kw_kick_effect_names, KW_NR_KICK_EFFECTS);
	kw_json_close(&j, '}');
	json_numbers(&j, "state_ns", v->state_ns, kw_vcpu_state_names,
		     KW_NR_VCPU_STATES);
	json_latencies(&j, v);
	kw_json_end(&j);
}

static void put_json(struct kw_cli *cli, const char *file,
		     const struct kw_follow *f, struct kw_stat *st,
		     const struct kw_vcpu_stat *all, const struct kernel *k)
{
	const struct kw_follow_totals *t = kw_follow_totals(f);
	const struct kw_vcpu_stat *v;
	struct kw_json j;
	unsigned i;

	kw_json_begin(&j, cli->out, "trace");
	kw_json_text(&j, "file", file);
	kw_json_u64(&j, "lines", t->nr_lines);
	kw_json_u64(&j, "events", t->nr_events);
	kw_json_u64(&j, "written", t->entries_written);
	kw_json_u64(&j, "damaged", t->nr_damaged + t->nr_misfit);
	kw_json_u64(&j, "lost_places", t->nr_lost_places);
	kw_json_u64(&j, "lost", t->nr_lost);
	kw_json_u64(&j, "other_kinds", t->nr_unknown);
	kw_json_u64(&j, "first_ns", t->first_ns);
	kw_json_u64(&j, "last_ns", t->last_ns);
	kw_json_u64(&j, "vcpus", kw_follow_nr_vcpus(f));
	kw_json_open(&j, "ipis", '{');
	kw_json_u64(&j, "rescheduling", st->nr_ipi_resched);
	kw_json_u64(&j, "function call", st->nr_ipi_call);
	kw_json_u64(&j, "other", st->nr_ipi_other);
	kw_json_close(&j, '}');
	if (k->there && !is_cut(t)) {
		kw_json_open(&j, "kernel", '[');
		each_check(k, f, all, NULL, &j);
		kw_json_close(&j, ']');
	}
	kw_json_end(&j);
	for (i = 0; i < st->vcpus->len; i++) {
		v = st->vcpus->pdata[i];
		if (v->vcpu && kw_trace_wanted(cli, v->vcpu))
			json_vcpu(file, v, cli->out);
	}
	json_vcpu(file, all, cli->out);
}

static int stat_one(struct kw_cli *cli, unsigned first, unsigned nr,
		    GError **err)
{
	const char *const *paths = (const char *const *)cli->args->pdata;
	struct kw_vcpu_stat *all = g_new(struct kw_vcpu_stat, 1);
	struct kw_follow *f = kw_follow_new();
	struct kw_stat *st = kw_stat_new();
	struct kernel k;
	int code = KW_EXIT_FINE;

	kw_follow_add(f, &kw_stat_ops, st);
	if (kw_trace_read(cli, f, paths + first, nr, err)) {
		read_kernel(cli, paths[first], &k);
		if (k.there && !k.counters.halt_poll_ns)
			kw_stat_no_polling(st);
		kw_stat_all(st, all);
		if (cli->o.json) {
			put_json(cli, paths[first], f, st, all, &k);
		} else {
			put_head(cli, paths[first], nr, f);
			put_vcpus(cli, st, all);
			put_ipis(st, f, cli->out);
			if (k.there)
				put_kernel(&k, f, all, cli->out);
		}
		free_kernel(&k);
	} else {
		code = KW_EXIT_USAGE;
	}
	kw_follow_free(f);
	kw_stat_free(st);
	g_free(all);
	return code;
}

int kw_trace_cmd_stat(struct kw_cli *cli)
{
	GError *err = NULL;
	unsigned i, n;

	if (kw_trace_refuse(cli))
		return KW_EXIT_USAGE;
	for (i = 1; i < cli->args->len; i += n) {
		n = kw_trace_group(cli, i);
		if (i > 1 && !cli->o.json)
			g_string_append_c(cli->out, '\n');
		if (stat_one(cli, i, n, &err))
			return kw_cli_fail(cli, err);
	}
	return KW_EXIT_FINE;
}
