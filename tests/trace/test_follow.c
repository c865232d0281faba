/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vCPU threads did: for a small recording every sleep and state is as
 * expected (small.sleeps; KW_UPDATE=1 in the environment writes it anew), and
 * for all others what the header promises of any recording holds.
 */
#include <string.h>
#include <glib/gstdio.h>

#include "trace/follow.h"

#define HERE "tests/trace/"
#define U G_GUINT64_FORMAT

struct seen {
	GString *text;
	uint64_t nr_sleeps, nr_kicks, nr_events, nr_damaged;
	uint64_t open_ns[64], open_line[64];	/* where a vCPU's span began */
	bool begun[64];
};

static void put_wake(GString *out, const struct kw_wake *w)
{
	g_string_append_printf(out, "\twake %" U " %" U " %" U " %s%s %d by "
			       "%s-%d%s\n", w->waking.line, w->wakeup.line,
			       w->in.line, kw_wake_cause_names[w->cause],
			       w->inferred ? "?" : "", w->intid, w->waker_comm,
			       w->waker_tid, w->out.line ?
			       " in vain" : "");
}

static void on_sleep(void *arg, const struct kw_sleep *s)
{
	static const char *const how[] = {
		"entry", "user", "other", "lost", "open"
	};
	struct seen *seen = arg;
	unsigned i;

	seen->nr_sleeps++;
	g_assert_cmpuint(s->nr_true, <=, s->nr_checks);
	g_assert_cmpuint(s->exit.ns, <=, s->end.ns);
	for (i = 0; i < MIN(s->nr_wakes, KW_MAX_WAKES); i++)
		g_assert_true(!s->wakes[i].in.line || s->wakes[i].in.ns >=
			      s->wakes[i].waking.ns);
	if (!seen->text)
		return;
	g_string_append_printf(seen->text, "%s %d: %s%s%s%s %" U "..%" U
			       " (%s) reported %d, %s%s %d\n",
			       s->vcpu->comm, s->vcpu->id,
			       kw_sleep_kind_names[s->kind],
			       s->inferred ? "?" : "",
			       s->begun_before ? " begun before" : "",
			       s->blocked ? " blocked" : "", s->exit.line,
			       s->end.line, how[s->how], s->reported,
			       kw_wake_cause_names[s->cause],
			       s->guess ? "?" : "", s->intid);
	for (i = 0; i < MIN(s->nr_wakes, KW_MAX_WAKES); i++)
		put_wake(seen->text, &s->wakes[i]);
}

static void on_span(void *arg, const struct kw_vcpu_span *p)
{
	struct seen *seen = arg;
	unsigned i = p->vcpu->index;

	g_assert_cmpuint(p->from.ns, <=, p->to.ns);
	if (i < 64) {
		g_assert_true(!seen->begun[i] ||
			      (seen->open_ns[i] == p->from.ns &&
			       seen->open_line[i] == p->from.line));
		seen->begun[i] = true;
		seen->open_ns[i] = p->to.ns;
		seen->open_line[i] = p->to.line;
	}
	if (seen->text)
		g_string_append_printf(seen->text, "%s %s%s %" U "..%" U "\n",
				       p->vcpu->comm,
				       kw_vcpu_state_names[p->state],
				       p->inferred ? "?" : "", p->from.line,
				       p->to.line);
}

static void on_kick(void *arg, const struct kw_kick *k)
{
	struct seen *seen = arg;

	g_assert_cmpint(k->effect, <, KW_NR_KICK_EFFECTS);
	seen->nr_kicks++;
}

static void on_event(void *arg, const struct kw_trace_event *ev,
		     const struct kw_mark *at, const struct kw_thread *vcpu)
{
	struct seen *seen = arg;

	g_assert_cmpuint(at->line, >, 0);
	g_assert_true(!vcpu || vcpu->tid == ev->pid);
	seen->nr_events++;
}

static void on_damaged(void *arg, const struct kw_mark *at,
		       const char *message)
{
	struct seen *seen = arg;

	seen->nr_damaged++;
	if (seen->text)
		g_string_append_printf(seen->text, "line %" U ": %s\n",
				       at->line, message);
}

static void follow(const char *path, struct seen *seen)
{
	static const struct kw_follow_ops ops = {
		.event = on_event, .span = on_span, .sleep = on_sleep,
		.kick = on_kick, .damaged = on_damaged,
	};
	struct kw_follow *f = kw_follow_new();
	const struct kw_follow_totals *t = kw_follow_totals(f);
	GError *err = NULL;

	kw_follow_add(f, &ops, seen);
	g_assert_true(kw_follow_file(f, path, &err));
	g_assert_no_error(err);
	kw_follow_end(f);
	g_assert_cmpuint(t->nr_events, ==, seen->nr_events);
	g_assert_cmpuint(kw_follow_nr_vcpus(f), >, 0);
	kw_follow_free(f);
}

static void test_small(void)
{
	struct seen seen = { .text = g_string_new(NULL) };
	char *expected, **now, **want;
	unsigned i;

	follow(HERE "small.trace", &seen);
	if (g_getenv("KW_UPDATE"))
		g_file_set_contents(HERE "small.sleeps", seen.text->str, -1,
				    NULL);
	g_assert_true(g_file_get_contents(HERE "small.sleeps", &expected,
					  NULL, NULL));
	now = g_strsplit(seen.text->str, "\n", -1);
	want = g_strsplit(expected, "\n", -1);
	for (i = 0; now[i] && want[i]; i++)
		g_assert_cmpstr(now[i], ==, want[i]);
	g_assert_cmpstr(now[i], ==, want[i]);
	g_strfreev(now);
	g_strfreev(want);
	g_free(expected);
	g_string_free(seen.text, TRUE);
}

static void test_recorded(void)
{
	struct seen seen = { .text = NULL };

	follow("scenarios/recorded/pp.trace.gz", &seen);
	g_assert_cmpuint(seen.nr_damaged, ==, 0);
	g_assert_cmpuint(seen.nr_sleeps, >, 50);
}

/* More recordings, folders of *.trace*, where KVMWAKE_TRACES names some. */
static void test_all(void)
{
	const char *top = g_getenv("KVMWAKE_TRACES"), *folder, *file;
	GDir *folders = top ? g_dir_open(top, 0, NULL) : NULL, *files;

	if (!folders) {
		g_test_skip("KVMWAKE_TRACES names no folder");
		return;
	}
	while ((folder = g_dir_read_name(folders))) {
		char *dir = g_build_filename(top, folder, NULL);

		files = g_dir_open(dir, 0, NULL);
		while (files && (file = g_dir_read_name(files))) {
			char *path = g_build_filename(dir, file, NULL);
			struct seen seen = { .text = NULL };

			if (strstr(file, ".trace")) {
				follow(path, &seen);
				g_assert_cmpuint(seen.nr_damaged, ==, 0);
				g_assert_cmpuint(seen.nr_sleeps, >, 0);
			}
			g_free(path);
		}
		if (files)
			g_dir_close(files);
		g_free(dir);
	}
	g_dir_close(folders);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trace/follow/small", test_small);
	g_test_add_func("/trace/follow/recorded", test_recorded);
	g_test_add_func("/trace/follow/all", test_all);
	return g_test_run();
}
