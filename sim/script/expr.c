/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides when two things are one: places, sources, expressions.
 *
 * An expression is an access and what follows it, one kid an outcome.  It is
 * built from the leaves up and hash-consed: equal access (its source
 * included), equal kids, then it is the same expression; that is how the
 * ways through a path meet again.
 */
#include "build.h"

#include <string.h>

struct site_key {
	const char *file;
	int line;
};

static guint site_hash(gconstpointer key)
{
	const struct site_key *k = key;

	return (guint)((uintptr_t)k->file >> 4) * 31u + (guint)k->line;
}

static gboolean site_equal(gconstpointer a, gconstpointer b)
{
	const struct site_key *x = a, *y = b;

	return x->file == y->file && x->line == y->line;
}

unsigned kw_site(struct kw_build *b, const char *file, int line)
{
	struct site_key key = { file, line }, *new;
	gpointer found;

	if (!b->sites) {
		b->sites = g_hash_table_new(site_hash, site_equal);
		KW_PUSH(&b->arena, b->site, b->nr_sites, b->max_sites,
			(struct kw_site){ kw_intern(b, "=?"), 0, NULL });
	}
	found = g_hash_table_lookup(b->sites, &key);
	if (found)
		return GPOINTER_TO_UINT(found);
	KW_PUSH(&b->arena, b->site, b->nr_sites, b->max_sites,
		(struct kw_site){ kw_intern(b, file), line, NULL });
	new = KW_NEW(&b->arena, struct site_key);
	*new = key;
	g_hash_table_insert(b->sites, new, GUINT_TO_POINTER(b->nr_sites - 1));
	return b->nr_sites - 1;
}

unsigned kw_here(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	lua_Debug ar;
	int level;

	for (level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline > 0)
			return kw_site(b, ar.source, ar.currentline);
	}
	return kw_site(b, "=?", 0);
}

struct kw_site_loc *kw_site_loc(struct kw_build *b, unsigned site,
				const struct kw_decl *d)
{
	struct kw_site *s = &b->site[site];
	struct kw_site_loc *l;

	for (l = s->locs; l; l = l->next)
		if (l->decl == d)
			return l;
	l = KW_NEW(&b->arena, struct kw_site_loc);
	l->decl = d;
	l->next = s->locs;
	s->locs = l;
	return l;
}

/* `if vcpu.pause then` is always true: the location is never accessed. */
void kw_check_unused(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const struct kw_site_loc *l;
	unsigned i;

	for (i = 0; i < b->nr_sites; i++)
		for (l = b->site[i].locs; l; l = l->next)
			if (!l->used)
				kw_lua_error_at(L, b->site[i].file,
						b->site[i].line, "%s is named "
						"but never accessed: load() "
						"it?", l->decl->name);
}

static guint src_hash(gconstpointer key)
{
	const struct kw_src *s = key;

	return (guint)((uintptr_t)s->file >> 3) * 31u + (guint)s->line * 7u +
	       (guint)((uintptr_t)s->path >> 3) * 17u;
}

static gboolean src_equal(gconstpointer a, gconstpointer b)
{
	const struct kw_src *x = a, *y = b;

	return x->file == y->file && x->line == y->line &&
	       x->path == y->path && x->kernel == y->kernel;
}

uint32_t kw_src(struct kw_build *b, unsigned site,
		const struct kw_path_draft *path)
{
	struct kw_program *p = b->p;
	struct kw_src key = { b->site[site].file + 1, b->site[site].line,
			      path->name, path->kernel }, *new;
	gpointer found;

	if (!b->srcs) {
		b->srcs = g_hash_table_new(src_hash, src_equal);
		KW_PUSH(b->keep, p->srcs, p->nr_srcs, b->max_srcs,
			(struct kw_src){ "", 0, "", "" });
	}
	found = g_hash_table_lookup(b->srcs, &key);
	if (found)
		return GPOINTER_TO_UINT(found);
	new = KW_NEW(&b->arena, struct kw_src);
	*new = key;
	KW_PUSH(b->keep, p->srcs, p->nr_srcs, b->max_srcs, key);
	g_hash_table_insert(b->srcs, new, GUINT_TO_POINTER(p->nr_srcs - 1));
	return p->nr_srcs - 1;
}

static guint expr_hash(gconstpointer key)
{
	const struct kw_expr *e = key;
	guint h = e->a.op * 31u + e->a.src * 131u + e->a.val * 17u +
		  e->a.off * 7u + e->a.reg * 3u + e->a.dst;
	unsigned i;

	for (i = 0; i < e->nr_kids; i++)
		h = h * 16777619u ^ e->kids[i]->id;
	return h;
}

bool kw_access_equal(const struct kw_access *x, const struct kw_access *y)
{
	return x->op == y->op && x->flags == y->flags && x->reg == y->reg &&
	       x->dst == y->dst && x->off == y->off && x->val == y->val &&
	       x->reg_frame == y->reg_frame && x->dst_frame == y->dst_frame &&
	       x->src == y->src && x->field == y->field &&
	       x->field2 == y->field2 && x->callee == y->callee;
}

static gboolean expr_equal(gconstpointer a, gconstpointer b)
{
	const struct kw_expr *x = a, *y = b;

	return kw_access_equal(&x->a, &y->a) && x->nr_kids == y->nr_kids &&
	       !memcmp(x->kids, y->kids, x->nr_kids * sizeof(*x->kids));
}

struct kw_expr *kw_expr(struct kw_build *b, const struct kw_access *a,
			struct kw_expr **kids, unsigned nr_kids)
{
	size_t size = nr_kids * sizeof(*kids);
	struct kw_expr *e, *found;

	e = kw_arena_alloc(&b->arena, sizeof(*e) + size);
	e->a = *a;
	e->nr_kids = nr_kids;
	if (nr_kids)
		memcpy(e->kids, kids, size);
	found = g_hash_table_lookup(b->exprs, e);
	if (found)
		return found;
	e->id = ++b->nr_exprs;
	g_hash_table_add(b->exprs, e);
	return e;
}

void kw_expr_open(struct kw_build *b)
{
	b->exprs = g_hash_table_new(expr_hash, expr_equal);
	kw_site(b, "=?", 0);
}
