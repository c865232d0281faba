/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which register an access uses.
 *
 * A register is named by (path, loop, source line, how often this line has
 * named one in this run), so the same access takes the same register in all
 * ways through a path, and ways can meet again behind it.  Within one run no
 * register is written twice, except by the loops that the run contains.
 * Loops themselves are named likewise.
 */
#include "build.h"

#include <string.h>

struct name {
	uint32_t path, scope, what, count;
};

static guint name_hash(gconstpointer key)
{
	const struct name *n = key;

	return n->path * 31u + n->scope * 131u + n->what * 7919u + n->count;
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
	return !memcmp(a, b, sizeof(struct name));
}

static struct kw_occ *find_occ(const struct kw_tracer *run, uint32_t what)
{
	unsigned i = what * 2654435761u >> 16;

	for (;; i++) {
		struct kw_occ *occ = &run->occs[i & (run->max_occs - 1)];

		if (occ->gen != run->serial || occ->site == what)
			return occ;
	}
}

static void grow_occs(struct kw_build *b, struct kw_tracer *run)
{
	struct kw_occ *old = run->occs;
	unsigned max = run->max_occs, i;

	run->max_occs = max ? 2 * max : 32;
	run->occs = KW_NEWS(&b->arena, struct kw_occ, run->max_occs);
	for (i = 0; i < max; i++)
		if (old[i].gen == run->serial)
			*find_occ(run, old[i].site) = old[i];
}

/* How often this run has come here before, for `what`. */
static uint32_t count_here(struct kw_build *b, struct kw_tracer *run,
			   uint32_t what)
{
	struct kw_occ *occ;

	if (2 * run->nr_occs >= run->max_occs)
		grow_occs(b, run);
	occ = find_occ(run, what);
	if (occ->gen != run->serial) {
		*occ = (struct kw_occ){ run->serial, what, 0 };
		run->nr_occs++;
	}
	return occ->count++;
}

uint16_t kw_name_reg(lua_State *L, unsigned tag)
{
	struct kw_build *b = kw_build(L);
	struct kw_tracer *run = b->run;
	struct kw_path_draft *path = run->path;
	struct name key = { path->nr, run->scope, run->site * 8 + tag, 0 };
	struct name *new;
	unsigned *nr = tag == KW_NAME_TIME ? &path->nr_times :
		       tag == KW_NAME_SCOPE ? &path->nr_scopes :
					      &path->nr_regs;
	gpointer found;

	key.count = count_here(b, run, key.what);
	if (!b->names)
		b->names = g_hash_table_new(name_hash, name_equal);
	found = g_hash_table_lookup(b->names, &key);
	if (found)
		return (uint16_t)(GPOINTER_TO_UINT(found) - 1);
	if (*nr >= KW_NO_REG - 1)
		kw_lua_error(L, "%s needs too many registers", path->name);
	new = KW_NEW(&b->arena, struct name);
	*new = key;
	g_hash_table_insert(b->names, new, GUINT_TO_POINTER(*nr + 1));
	return (uint16_t)(*nr)++;
}

void kw_reg_of(lua_State *L, const struct kw_ref *r, unsigned tag,
	       uint16_t *reg, uint32_t *frame)
{
	struct kw_access a;

	*reg = r->reg;
	*frame = r->frame;
	if (!r->off)
		return;
	a = kw_plain(L, KW_OP_LEA);
	a.reg = r->reg;
	a.reg_frame = r->frame;
	a.off = r->off;
	a.dst = *reg = kw_name_reg(L, tag);
	a.dst_frame = *frame = KW_FRAME_SELF;
	kw_do(L, &a, 1);
}
