/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which steps of an interleaving are shown: a numbered step a row, a
 * column a thread of execution (grid.c has the layout).
 *
 * A vCPU's guest, its interrupt handler and its preemption notifier share
 * the column of the vCPU's thread.  A path's name is printed when a column
 * enters it; what is below is what it did.
 */
#include <string.h>
#include "report.h"

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
	struct kw_grid grid;
	bool few;
	const char **path;		/* [column]: printed last */
	unsigned *actor;		/* [column]: whose step was last */
	GString *cell;
};

bool kw_columns_show(const struct kw_columns *c, const struct kw_step_seen *s)
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
		if (kw_columns_show(l->c, &l->c->seen[i]))
			l->column[kw_lane(p, l->c->seen[i].e.actor,
					  l->few)] = 0;
	for (a = 0; a < p->nr_actors; a++)
		if (!l->column[a])
			l->column[a] = (int)nr++;
	return nr;
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
	kw_grid_path(&l->grid, col, l->cell->str);
}

static void put_step(struct layout *l, const struct kw_step_seen *s,
		     unsigned nr)
{
	const struct kw_program *p = l->c->program;
	unsigned col = (unsigned)l->column[kw_lane(p, s->e.actor, l->few)];

	put_path(l, s, col);
	g_string_assign(l->cell, " ");
	kw_step_text(p, s, l->cell);
	kw_grid_row(&l->grid, nr, s->e.ns, col, l->cell->str);
}

static void put_heading(struct layout *l)
{
	const struct kw_program *p = l->c->program;
	const char **heads = g_new0(const char *, l->grid.nr + 1);
	unsigned a, nr = 0;

	for (a = 0; a < p->nr_actors; a++)
		if (l->column[a] >= 0)
			heads[nr++] = p->actors[a].name;
	kw_grid_begin(&l->grid, heads);
	g_free(heads);
}

/* The first of the last max_steps that are shown; *before: how many not. */
static unsigned first_step(const struct kw_columns *c, unsigned *before)
{
	unsigned i = c->nr_seen, left = c->max_steps;

	*before = 0;
	if (!c->max_steps)
		return 0;
	while (i && left)
		left -= kw_columns_show(c, &c->seen[--i]);
	left = i;
	while (i)
		*before += kw_columns_show(c, &c->seen[--i]);
	return left;
}

void kw_columns_print(const struct kw_columns *c, GString *out)
{
	const struct kw_program *p = c->program;
	struct layout l = {
		.c = c, .grid = { .out = out, .untimed = c->untimed },
	};
	unsigned i, nr, first = first_step(c, &nr);

	l.column = g_new0(int, p->nr_actors + 1);
	l.grid.nr = find_columns(&l, first);
	if (l.grid.nr > FEW_LANES) {
		l.few = true;
		l.grid.nr = find_columns(&l, first);
	}
	l.path = g_new0(const char *, l.grid.nr + 1);
	l.actor = g_new0(unsigned, l.grid.nr + 1);
	l.cell = g_string_new(NULL);
	put_heading(&l);
	if (nr)
		g_string_append_printf(out, " ... %u steps before\n", nr);
	for (i = first; i < c->nr_seen; i++) {
		if (i + 1 == c->loop_at)
			g_string_append(out, " --- from here on again and "
					"again ---\n");
		if (kw_columns_show(c, &c->seen[i]))
			put_step(&l, &c->seen[i], ++nr);
	}
	g_string_free(l.cell, TRUE);
	g_free(l.actor);
	g_free(l.path);
	g_free(l.column);
}
