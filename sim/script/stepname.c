/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which steps a user's "WHAT[=VALUE][@PATH][:LINE|#N]" means.
 *
 * WHAT may lack the struct of a field ("pause", "spin_lock:lock").  Without
 * PATH it is meant wherever it is done; without :LINE or #N on every line.
 */
#include <stdlib.h>
#include <string.h>
#include "build.h"

struct wanted {
	char *what, *path;
	unsigned line, nth;		/* 0: any */
	int value;			/* KW_YIELDS_UNKNOWN: not said */
};

/* Cuts ":12" or "#2" from the end of s; the number, or 0. */
static unsigned cut_number(char *s, char mark)
{
	char *at = strrchr(s, mark), *end;
	unsigned long n;

	if (!at || !g_ascii_isdigit(at[1]))
		return 0;
	n = strtoul(at + 1, &end, 10);
	if (*end || n > INT_MAX)
		return 0;
	*at = '\0';
	return (unsigned)n;
}

static void parse(const char *name, struct wanted *w)
{
	char *at, *eq;

	w->what = g_strdup(name);
	w->nth = cut_number(w->what, '#');
	w->line = cut_number(w->what, ':');
	at = strchr(w->what, '@');
	w->path = at ? g_strdup(at + 1) : NULL;
	if (at)
		*at = '\0';
	eq = strchr(w->what, '=');
	w->value = !eq ? KW_YIELDS_UNKNOWN :
		   !strcmp(eq, "=true") || !strcmp(eq, "=1");
	if (eq)
		*eq = '\0';
}

/* "spin_lock:lock" is "spin_lock:swait.lock", "pause" is "vcpu.pause". */
static bool same_what(const char *want, const char *have)
{
	const char *field = strchr(have, ':'), *dot;
	size_t verb;

	if (!strcmp(want, have))
		return true;
	field = field ? field + 1 : have;
	verb = (size_t)(field - have);
	dot = strchr(field, '.');
	return dot && !strncmp(want, have, verb) &&
	       !strcmp(want + verb, dot + 1);
}

static bool same_step(const struct kw_kernel_step *a,
		      const struct kw_kernel_step *b)
{
	return !strcmp(a->what, b->what) && !strcmp(a->path, b->path);
}

/* Which of the steps of its name and path is it?  From 1. */
static unsigned number_of(const struct kw_scenario *s, unsigned i)
{
	unsigned j, n = 1;

	for (j = 0; j < i; j++)
		n += same_step(&s->steps[i], &s->steps[j]);
	return n;
}

void kw_step_name(const struct kw_scenario *s, unsigned i, GString *out)
{
	unsigned j, nr = 0;

	for (j = 0; j < s->nr_steps; j++)
		nr += same_step(&s->steps[i], &s->steps[j]);
	g_string_append_printf(out, "%s@%s", s->steps[i].what,
			       s->steps[i].path);
	if (nr > 1)
		g_string_append_printf(out, ":%d", s->steps[i].line);
}

static bool matches(const struct kw_scenario *s, const struct wanted *w,
		    unsigned i)
{
	const struct kw_kernel_step *step = &s->steps[i];

	return same_what(w->what, step->what) &&
	       (!w->path || !strcmp(w->path, step->path)) &&
	       (!w->line || w->line == (unsigned)step->line) &&
	       (!w->nth || w->nth == number_of(s, i));
}

/* Its name, shortest or not, for "did you mean". */
static void offer(const struct kw_scenario *s, const struct wanted *w,
		  GString *out)
{
	unsigned i, n = 0;
	struct kw_near near;
	char *names = NULL;

	for (i = 0; i < s->nr_steps && n < 4; i++) {
		if (!same_what(w->what, s->steps[i].what))
			continue;
		g_string_append(out, n++ ? ", " : "; did you mean ");
		kw_step_name(s, i, out);
	}
	if (n) {
		g_string_append_c(out, '?');
		return;
	}
	kw_near_init(&near, w->what);
	for (i = 0; i < s->nr_steps; i++)
		kw_near_offer(&near, s->steps[i].what);
	for (i = 0; near.best && i < s->nr_steps; i++)
		if (s->steps[i].what == near.best &&
		    (!w->path || !strcmp(w->path, s->steps[i].path)))
			names = g_strdup_printf("%s@%s", near.best,
						s->steps[i].path);
	if (near.best)
		g_string_append_printf(out, "; did you mean %s?",
				       names ? names : near.best);
	g_free(names);
}

static bool no_such_step(const struct kw_scenario *s, const struct wanted *w,
			 const char *name, GError **err)
{
	GString *text = g_string_new(NULL);

	offer(s, w, text);
	g_set_error(err, KW_SCRIPT_ERROR, KW_NO_SUCH_STEP,
		    "there is no step %s%s (--without list shows them)", name,
		    text->str);
	g_string_free(text, TRUE);
	return false;
}

/* The step as it is to be left out, or an error. */
static bool make(const struct wanted *w, struct kw_kernel_step step,
		 GArray *into, GError **err)
{
	bool asks = step.value >= 0 || step.value == KW_YIELDS_UNKNOWN;
	bool shared = step.kind == KW_LOCKED && w->path;

	if (w->value != KW_YIELDS_UNKNOWN && !asks &&
	    step.value == KW_YIELDS_NOTHING) {
		g_set_error(err, KW_SCRIPT_ERROR, 0,
			    "%s@%s yields nothing: leave out the =", w->what,
			    step.path);
		return false;
	}
	if (w->value != KW_YIELDS_UNKNOWN)
		step.value = w->value;
	if (step.value == KW_YIELDS_UNKNOWN) {
		g_set_error(err, KW_SCRIPT_ERROR, 0, "%s@%s: say what it is to "
			    "yield, %s=true or %s=false", step.what, step.path,
			    step.what, step.what);
		return false;
	}
	if (step.value == KW_YIELDS_NEVER &&
	    (shared || step.kind != KW_LOCKED)) {
		g_set_error(err, KW_SCRIPT_ERROR, 0, shared ?
			    "%s@%s: another path releases this lock: say %s "
			    "for all paths" :
			    "%s@%s: its answer is more than true or false: %s "
			    "cannot be left out", step.what, step.path,
			    step.what);
		return false;
	}
	if (step.kind == KW_LOCKED) {
		step.value = KW_YIELDS_NOTHING;
		step.line = 0;
		step.path = w->path ? step.path : NULL;
	}
	g_array_append_val(into, step);
	return true;
}

bool kw_steps_named(const struct kw_scenario *s, const char *name,
		    GArray *into, GError **err)
{
	unsigned i, before = into->len;
	struct wanted w;
	bool ok = true;

	parse(name, &w);
	for (i = 0; ok && i < s->nr_steps; i++)
		if (matches(s, &w, i))
			ok = make(&w, s->steps[i], into, err);
	if (ok && into->len == before)
		ok = no_such_step(s, &w, name, err);
	g_free(w.what);
	g_free(w.path);
	return ok;
}
