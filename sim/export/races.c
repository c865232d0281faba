/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where two accesses to what is declared guarded race: explore/race.c
 * says which do.  Of two actors the later one says it, where it stands at its
 * access, when it may step and the other may, and stands at its own.
 */
#include <string.h>
#include "model.h"

static const struct kw_place *place(const struct kw_export *x, unsigned a,
				    unsigned i)
{
	return x->walkers[a].places->pdata[i];
}

/* Adds that a stands at one of its places that race with node pc at A. */
static void add_actor(struct kw_export *x, unsigned a, unsigned A,
		      unsigned pc, GString *out)
{
	GHashTable *by = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					       NULL);
	GPtrArray *guards = g_ptr_array_new(), *at = g_ptr_array_new();
	unsigned i;

	for (i = 0; i < x->walkers[a].places->len; i++) {
		const struct kw_place *pl = place(x, a, i);
		GString *text;
		char *guard;

		if (pl->block->run != KW_READY ||
		    kw_world_access(x->w, pl->block) != A ||
		    !kw_world_conflict(x->w, pl->block->pc, pc))
			continue;
		guard = kw_export_may_step(x, a, pl);
		if (!guard)
			continue;
		text = g_hash_table_lookup(by, guard);
		if (text) {
			g_string_append(text, " || ");
			g_free(guard);
		} else {
			text = g_string_new(NULL);
			g_hash_table_insert(by, guard, text);
			g_ptr_array_add(guards, guard);
			g_ptr_array_add(at, text);
		}
		g_string_append_printf(text, "actor_%s@L%u",
				       x->walkers[a].name, pl->nr);
	}
	for (i = 0; i < guards->len; i++) {
		GString *text = at->pdata[i];

		g_string_append_printf(out, "%s(%s && (%s))",
				       out->len ? " || " : "",
				       (char *)guards->pdata[i], text->str);
		g_string_free(text, TRUE);
	}
	g_ptr_array_free(guards, TRUE);
	g_ptr_array_free(at, TRUE);
	g_hash_table_destroy(by);
}

void kw_export_put_race(struct kw_export *x, unsigned a,
			const struct kw_place *at, GString *out)
{
	unsigned A = at->block->run == KW_READY ?
		     kw_world_access(x->w, at->block) : 0, b;
	GString *with = g_string_new(NULL);
	char *guard = NULL;

	for (b = 0; A && b < a; b++)
		add_actor(x, b, A, at->block->pc, with);
	if (with->len)
		guard = kw_export_may_step(x, a, at);
	if (guard)
		g_string_append_printf(out, "	:: raced(%s && (%s)); "
				       "goto L%u\n", guard, with->str, at->nr);
	g_free(guard);
	g_string_free(with, TRUE);
}
