/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides the layout of an interleaving: a numbered step a row, a column a
 * thread of execution, at most KW_WIDTH wide up to four columns.  Only one
 * acts at a time, so a step's text may run on into the columns to its right:
 * where it begins says whose it is.
 *
 * A vCPU's guest, its interrupt handler and its preemption notifier share
 * the column of the vCPU's thread.  A path's name is printed when a column
 * enters it; what is below is what it did.
 */
#include <string.h>
#include "report.h"

#define LEAD	  16		/* "nnnn ttttttttt  " */
#define LEAD_ORDER 6		/* "nnnn  ": a run without times */
#define MIN_LANE  10
#define MAX_LANE  24
#define LAST_LANE 26
#define FEW_LANES 4

unsigned kw_lane(const struct kw_program *p, unsigned actor, bool few)
{
	unsigned a = actor, i;

	/* A virq's home is a guest, whose home is a thread. */
	for (i = 0; i < 2; i++) {
		uint8_t type = p->actors[a].type;

		if (type == KW_GUEST || type == KW_VIRQ ||
		    type == KW_PREEMPT || (few && type == KW_HARDIRQ))
			a = p->actors[a].home;
	}
	return a;
}

struct layout {
	const struct kw_columns *c;
	int *column;			/* [actor]: of its lane, or -1 */
	unsigned nr, spacing, width;	/* width: of the whole line */
	unsigned lead;
	bool few;
	const char **path;		/* [column]: printed last */
	unsigned *actor;		/* [column]: whose step was last */
	GString *out, *cell;
};

static bool shown(const struct kw_columns *c, const struct kw_step_seen *s)
{
	const struct kw_program *p = c->program;
	const struct kw_object *o;
	unsigned lane;

	if (s->e.ns < c->from_ns || s->e.ns > c->to_ns)
		return false;
	if (!c->all && !kw_step_matters(p, s))
		return false;
	if (c->vcpu < 0)
		return true;
	/* That vCPU's own steps, and those on one of its fields. */
	lane = kw_lane(p, s->e.actor, true);
	o = kw_object_at(p, p->actors[lane].object);
	if (o && p->actors[lane].type == KW_THREAD &&
	    !strcmp(p->kinds[o->kind].name, "vcpu") && o->index == c->vcpu)
		return true;
	o = s->e.addr < p->objects_size ? kw_object_at(p, s->e.addr) : NULL;
	return o && !strcmp(p->kinds[o->kind].name, "vcpu") &&
	       o->index == c->vcpu;
}

/* Columns in the order of their actors. */
static unsigned find_columns(struct layout *l, unsigned first)
{
	const struct kw_program *p = l->c->program;
	unsigned i, a, nr = 0;

	for (a = 0; a < p->nr_actors; a++)
		l->column[a] = -1;
	for (i = first; i < l->c->nr_seen; i++)
		if (shown(l->c, &l->c->seen[i]))
			l->column[kw_lane(p, l->c->seen[i].e.actor,
					  l->few)] = 0;
	for (a = 0; a < p->nr_actors; a++)
		if (!l->column[a])
			l->column[a] = (int)nr++;
	return nr;
}

static void blanks(GString *out, size_t n)
{
	while (n--)
		g_string_append_c(out, ' ');
}

/* How much of text goes on a line of width; never nothing. */
static size_t break_at(const char *text, size_t width)
{
	size_t n, best = 0;

	if (strlen(text) <= width)
		return strlen(text);
	for (n = 1; n <= width; n++)
		if (text[n] == ' ' || strchr(".|_(/", text[n - 1]))
			best = n;
	return best > width / 3 ? best : width;
}

/* The cell, in as many lines as it needs; the first follows lead. */
static void put_cell(struct layout *l, const char *lead, unsigned column)
{
	const char *t = l->cell->str;
	size_t begin = (size_t)column * l->spacing, n;
	size_t width = l->width - l->lead - begin;
	unsigned indent = 0;

	while (*t) {
		n = break_at(t, width - indent);
		g_string_append_printf(l->out, "%-*s", (int)l->lead, lead);
		blanks(l->out, begin + indent);
		g_string_append_len(l->out, t, (gssize)n);
		while (l->out->str[l->out->len - 1] == ' ')
			g_string_truncate(l->out, l->out->len - 1);
		g_string_append_c(l->out, '\n');
		for (t += n; *t == ' '; t++)
			;
		lead = "";
		indent = 3;
	}
}

static void put_path(struct layout *l, const struct kw_step_seen *s,
		     unsigned col)
{
	const struct kw_program *p = l->c->program;
	const struct kw_src *src = &p->srcs[p->nodes[s->e.node].src];
	bool other = s->e.actor != kw_lane(p, s->e.actor, l->few);
	const char *path = src->path ? src->path : "";

	if (!*path || (l->actor[col] == s->e.actor && l->path[col] &&
		       !strcmp(l->path[col], path)))
		return;
	l->actor[col] = s->e.actor;
	l->path[col] = path;
	g_string_truncate(l->cell, 0);
	if (other && strcmp(p->actors[s->e.actor].name, path))
		g_string_printf(l->cell, "[%s] ", p->actors[s->e.actor].name);
	g_string_append_printf(l->cell, "%s:", path);
	put_cell(l, "", col);
}

static void put_step(struct layout *l, const struct kw_step_seen *s,
		     unsigned nr)
{
	const struct kw_program *p = l->c->program;
	unsigned col = (unsigned)l->column[kw_lane(p, s->e.actor, l->few)];
	char lead[LEAD + KW_NS_TEXT];

	put_path(l, s, col);
	/* One unit, so that rows can be subtracted by eye. */
	if (l->c->untimed)
		g_snprintf(lead, sizeof(lead), "%4u", nr);
	else
		g_snprintf(lead, sizeof(lead),
			   "%4u %6" G_GUINT64_FORMAT ".%02u", nr,
			   s->e.ns / 1000, (unsigned)(s->e.ns / 10 % 100));
	g_string_assign(l->cell, " ");
	kw_step_text(p, s, l->cell);
	put_cell(l, lead, col);
}

static void put_heading(struct layout *l)
{
	const struct kw_program *p = l->c->program;
	unsigned a, nr = 0;

	if (l->c->untimed)
		g_string_append_printf(l->out, "%4s  ", "step");
	else
		g_string_append_printf(l->out, "%4s %9s  ", "step", "us");
	for (a = 0; a < p->nr_actors; a++)
		if (l->column[a] >= 0)
			g_string_append_printf(l->out, "%-*.*s",
				++nr < l->nr ? (int)l->spacing : 0,
				(int)l->spacing - 1, p->actors[a].name);
	g_string_append_c(l->out, '\n');
}

/* The first of the last max_steps that are shown; *before: how many not. */
static unsigned first_step(const struct kw_columns *c, unsigned *before)
{
	unsigned i = c->nr_seen, left = c->max_steps;

	*before = 0;
	if (!c->max_steps)
		return 0;
	while (i && left)
		left -= shown(c, &c->seen[--i]);
	left = i;
	while (i)
		*before += shown(c, &c->seen[--i]);
	return left;
}

static void set_widths(struct layout *l)
{
	unsigned others = l->nr > 1 ? l->nr - 1 : 0;

	l->spacing = 0;
	if (others)
		l->spacing = (KW_WIDTH - l->lead - LAST_LANE) / others;
	l->spacing = CLAMP(l->spacing, MIN_LANE, MAX_LANE);
	l->width = MAX(l->lead + others * l->spacing + LAST_LANE, KW_WIDTH);
}

void kw_columns_print(const struct kw_columns *c, GString *out)
{
	const struct kw_program *p = c->program;
	struct layout l = {
		.c = c, .out = out, .lead = c->untimed ? LEAD_ORDER : LEAD,
	};
	unsigned i, nr, first = first_step(c, &nr);

	l.column = g_new0(int, p->nr_actors + 1);
	l.nr = find_columns(&l, first);
	if (l.nr > FEW_LANES) {
		l.few = true;
		l.nr = find_columns(&l, first);
	}
	set_widths(&l);
	l.path = g_new0(const char *, l.nr + 1);
	l.actor = g_new0(unsigned, l.nr + 1);
	l.cell = g_string_new(NULL);
	put_heading(&l);
	if (nr)
		g_string_append_printf(out, " ... %u steps before\n", nr);
	for (i = first; i < c->nr_seen; i++)
		if (shown(c, &c->seen[i]))
			put_step(&l, &c->seen[i], ++nr);
	g_string_free(l.cell, TRUE);
	g_free(l.actor);
	g_free(l.path);
	g_free(l.column);
}
