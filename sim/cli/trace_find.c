/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `trace find`: decides how a finding is told. */
#include <string.h>
#include "../trace/find.h"
#include "trace.h"

#define U G_GUINT64_FORMAT

struct finder {
	struct kw_cli *cli;
	const char *const *paths;
	uint64_t nr[KW_NR_FOUND_KINDS], nr_possible[KW_NR_FOUND_KINDS];
};

static void put_place(const struct finder *f, const struct kw_mark *m,
		      GString *out)
{
	g_string_append_printf(out, "%s:%" U, kw_trace_path(f->paths[m->file]),
			       m->line);
}

static void put_time(const char *before, const struct kw_mark *m, GString *out)
{
	g_string_append_printf(out, "%s at %" U ".%06" U " (line %" U ")",
			       before, m->ns / 1000000000,
			       m->ns / 1000 % 1000000, m->line);
}

static void put_cause(const struct kw_wake *w, GString *out)
{
	g_string_append(out, w->cause == KW_WAKE_UNKNOWN ?
			"it is not recorded what for" :
			kw_wake_cause_names[w->cause]);
	if (w->intid >= 0)
		g_string_append_printf(out, " %d", w->intid);
	if (w->inferred && w->cause != KW_WAKE_UNKNOWN)
		g_string_append(out, ", as far as can be told");
}

/* Who ended the sleep. */
static void put_end(const struct kw_found *g, GString *out)
{
	const struct kw_sleep *s = g->sleep;
	const struct kw_wake *w = g->wake;
	char text[KW_NS_TEXT];

	if (w && w->waking.line) {
		put_time("  It was woken", &w->waking, out);
		g_string_append_printf(out, " by %s-%d%s: ", w->waker_comm,
				       w->waker_tid, w->hardirq ?
				       " in a hard interrupt" : "");
		put_cause(w, out);
	} else if (s->how == KW_END_OPEN) {
		g_string_append(out, "  The recording ends before it wakes");
	} else {
		g_string_append(out, s->blocked ?
				"  What woke it is not recorded" :
				"  It did not switch out; the wait ended by "
				"itself, with ");
		if (!s->blocked)
			g_string_append(out, kw_wake_cause_names[s->cause]);
	}
	if (s->how == KW_END_ENTRY)
		put_time(", and back in the guest", &s->end, out);
	g_string_append_printf(out, ".  Late: %s%s",
			       s->how == KW_END_OPEN ? "at least " : "",
			       kw_ns_text(g->late_ns, text));
	if (s->reported >= 0)
		g_string_append_printf(out, ", of which kvm_vcpu_wakeup "
				       "reports %s of %s",
				       kw_ns_text(s->reported_ns, text),
				       s->reported ? "waiting" : "polling");
	g_string_append(out, ".");
}

static void put_overflow(const struct kw_found *g, GString *out)
{
	const struct kw_sleep *s = g->sleep;

	if (g->due->kind == KW_DUE_OVERFLOW) {
		put_time("  The overflow was handled", &g->due->at, out);
		put_time(", at the exit of a WFI; kvm_exit", &s->exit, out);
	} else {
		put_time("  The line of the PMU's interrupt went up",
			 &g->due->at, out);
		put_time(", after a wait in a WFI since", &s->exit, out);
	}
	if (s->false_.line) {
		put_time(".  The predicate did not look at it: false",
			 &s->false_, out);
		if (s->check.line)
			g_string_append_printf(out, ", requests 0x%"
					       G_GINT64_MODIFIER "x",
					       s->requests);
	}
	if (s->out.line)
		put_time(".  It went to sleep", &s->out, out);
	g_string_append(out, ".");
}

static void put_queued(const struct kw_found *g, GString *out)
{
	g_string_append_printf(out, "  Interrupt %d was queued for it by task "
			       "%d", g->due->intid, g->due->by_tid);
	put_time("", &g->due->at, out);
	g_string_append(out, g->kind == KW_FIND_DENIED ?
			"; the predicate, evaluated after that, was false." :
			"; it was asleep, and nothing in that context woke "
			"it.");
}

static void put_vain(const struct kw_found *g, GString *out)
{
	const struct kw_wake *w = g->wake;

	if (w->waking.line) {
		put_time("  It was woken", &w->waking, out);
		g_string_append_printf(out, " by %s-%d: ", w->waker_comm,
				       w->waker_tid);
		put_cause(w, out);
	} else {
		put_time("  It ran again", &w->in, out);
	}
	if (w->verdict.line && w->runnable == 0)
		put_time(".  The predicate was false", &w->verdict, out);
	if (w->out.line)
		put_time(".  It slept again", &w->out, out);
	else
		g_string_append(out, ".  The wait ended all the same");
	if (g->vain == KW_VAIN_LATE_KICK && w->origin.line && !g->possible) {
		put_time(w->in_sync ? ".  The kick came after another "
			 "vCPU's exit, where interrupts move from list to "
			 "list; one had been queued for it" :
			 ".  The interrupt had been queued",
			 w->in_sync ? &g->sleep->queued : &w->origin, out);
		put_time(", before this wait began", &g->sleep->exit, out);
	}
	g_string_append(out, ".");
}

static void put_lines(const struct finder *f, const struct kw_found *g,
		      GString *out)
{
	const struct kw_line *l;
	unsigned i, file = UINT_MAX;

	for (i = 0; i < g->nr_lines; i++) {
		l = &g->lines[i];
		if (l->at.file != file && g->lines[0].at.file !=
		    g->lines[g->nr_lines - 1].at.file)
			g_string_append_printf(out, "   %s:\n",
				kw_trace_path(f->paths[l->at.file]));
		file = l->at.file;
		g_string_append_printf(out, "    %" U "\t%s\n", l->at.line,
				       l->text ? l->text : "...");
	}
}

static void put_text(struct finder *f, const struct kw_found *g)
{
	const struct kw_thread *v = g->sleep->vcpu;
	GString *words = g_string_new(NULL), *out = f->cli->out;

	put_place(f, g->kind == KW_FIND_VAIN ? &g->wake->in : &g->due->at, out);
	g_string_append_printf(out, ": vCPU %d (%s-%d): %s%s", v->id, v->comm,
			       v->tid, g->possible ? "possible " : "",
			       kw_found_names[g->kind]);
	if (g->kind == KW_FIND_VAIN)
		g_string_append_printf(out, ", %s", kw_vain_names[g->vain]);
	g_string_append_c(out, '\n');
	if (g->kind == KW_FIND_OVERFLOW)
		put_overflow(g, words);
	else if (g->kind == KW_FIND_VAIN)
		put_vain(g, words);
	else
		put_queued(g, words);
	if (g->kind != KW_FIND_VAIN)
		put_end(g, words);
	if (g->missing)
		g_string_append_printf(words, "  Possible only: %s.",
				       g->missing);
	kw_text_fill(out, words->str, KW_WIDTH, "  ");
	put_lines(f, g, out);
	g_string_append_c(out, '\n');
	g_string_free(words, TRUE);
}

static void json_mark(struct kw_json *j, const char *key,
		      const struct kw_mark *m)
{
	char name[32];

	if (!m->line)
		return;
	g_snprintf(name, sizeof(name), "%s_ns", key);
	kw_json_u64(j, name, m->ns);
	g_snprintf(name, sizeof(name), "%s_line", key);
	kw_json_u64(j, name, m->line);
}

static void json_lines(const struct finder *f, const struct kw_found *g,
		       struct kw_json *j)
{
	unsigned i;

	kw_json_open(j, "lines", '[');
	for (i = 0; i < g->nr_lines; i++) {
		kw_json_open(j, NULL, '{');
		kw_json_text(j, "file", f->paths[g->lines[i].at.file]);
		kw_json_u64(j, "line", g->lines[i].at.line);
		if (g->lines[i].text)
			kw_json_text(j, "text", g->lines[i].text);
		kw_json_close(j, '}');
	}
	kw_json_close(j, ']');
}

static void put_json(const struct finder *f, const struct kw_found *g)
{
	const struct kw_sleep *s = g->sleep;
	const struct kw_wake *w = g->wake;
	const struct kw_mark *at = g->due ? &g->due->at : &w->in;
	struct kw_json j;

	kw_json_begin(&j, f->cli->out, "trace_finding");
	kw_json_text(&j, "file", f->paths[at->file]);
	kw_json_u64(&j, "line", at->line);
	kw_json_text(&j, "finding", kw_found_names[g->kind]);
	if (g->kind == KW_FIND_VAIN)
		kw_json_text(&j, "kind", kw_vain_names[g->vain]);
	kw_json_bool(&j, "possible", g->possible);
	if (g->missing)
		kw_json_text(&j, "missing", g->missing);
	kw_json_u64(&j, "vm", s->vcpu->vm);
	kw_json_i64(&j, "vcpu", s->vcpu->id);
	kw_json_i64(&j, "tid", s->vcpu->tid);
	if (g->due) {
		json_mark(&j, "pending", &g->due->at);
		kw_json_u64(&j, "late_ns", g->late_ns);
	}
	json_mark(&j, "exit", &s->exit);
	json_mark(&j, "slept", &s->out);
	if (w) {
		json_mark(&j, "waking", &w->waking);
		json_mark(&j, "ran", &w->in);
		kw_json_text(&j, "cause", kw_wake_cause_names[w->cause]);
	}
	if (s->how == KW_END_ENTRY)
		json_mark(&j, "entry", &s->end);
	if (s->reported >= 0)
		kw_json_u64(&j, "reported_ns", s->reported_ns);
	json_lines(f, g, &j);
	kw_json_end(&j);
}

static void on_found(void *arg, const struct kw_found *g)
{
	struct finder *f = arg;

	if (!kw_trace_wanted(f->cli, g->sleep->vcpu))
		return;
	if (g->possible)
		f->nr_possible[g->kind]++;
	else
		f->nr[g->kind]++;
	if (f->cli->o.json)
		put_json(f, g);
	else
		put_text(f, g);
	kw_cli_flush(f->cli);
}

static int find_one(struct kw_cli *cli, unsigned first, unsigned nr,
		    GError **err)
{
	const char *const *paths = (const char *const *)cli->args->pdata;
	struct finder finder = { .cli = cli, .paths = paths + first };
	struct kw_follow *f = kw_follow_new();
	struct kw_find *find = kw_find_new(f, on_found, &finder);
	int code = KW_EXIT_FINE;
	unsigned i;

	kw_follow_add(f, &kw_find_ops, find);
	if (!kw_trace_read(cli, f, paths + first, nr, err))
		code = KW_EXIT_USAGE;
	for (i = 0; !code && !cli->o.json && i < KW_NR_FOUND_KINDS; i++)
		g_string_append_printf(cli->out, "# %s: %" U " and possibly %"
				       U "\n", kw_found_names[i],
				       finder.nr[i], finder.nr_possible[i]);
	kw_follow_free(f);
	kw_find_free(find);
	return code;
}

int kw_trace_cmd_find(struct kw_cli *cli)
{
	GError *err = NULL;
	unsigned i, n;

	if (kw_trace_refuse(cli))
		return KW_EXIT_USAGE;
	for (i = 1; i < cli->args->len; i += n) {
		n = kw_trace_group(cli, i);
		if (find_one(cli, i, n, &err))
			return kw_cli_fail(cli, err);
	}
	return KW_EXIT_FINE;
}
