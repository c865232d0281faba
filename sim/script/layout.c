/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where in its object a field lies.
 *
 * Invariants: predeclared fields come first, in their order; then by
 * alignment and name, so that a layout does not depend on the order of
 * declarations.  What takes two bytes or more is 2-aligned.  A time field
 * takes no bytes but a slot: slot k stands for the bytes 8k .. 8k+7, so a
 * struct that has one is 8-aligned where it is embedded.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>

static unsigned size_of(const struct kw_decl *d)
{
	if (d->embed)
		return d->kind->size;
	switch ((enum kw_field_type)d->type) {
	case KW_REF:
	case KW_LOCK:
	case KW_HANDLER:
		return 2;
	case KW_LIST:
	case KW_LINK:
		return 4;
	case KW_TIME:
		return 0;
	default:
		return 1;
	}
}

static unsigned align_of(const struct kw_decl *d)
{
	return d->embed ? d->kind->align : size_of(d) > 1 ? 2 : 1;
}

static int compare_decls(const void *a, const void *b)
{
	const struct kw_decl *x = *(struct kw_decl *const *)a;
	const struct kw_decl *y = *(struct kw_decl *const *)b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (align_of(x) != align_of(y))
		return align_of(x) > align_of(y) ? -1 : 1;
	return strcmp(x->name, y->name);
}

static unsigned align_up(unsigned n, unsigned align)
{
	return (n + align - 1) / align * align;
}

static struct kw_struct *target_of(lua_State *L, const struct kw_struct *st,
				   const struct kw_decl *d)
{
	struct kw_build *b = kw_build(L);
	struct kw_struct *target = kw_struct_find(b, d->target);
	struct kw_near near;
	unsigned i;

	if (target)
		return target;
	kw_near_init(&near, d->target);
	for (i = 0; i < b->nr_structs; i++)
		kw_near_offer(&near, b->structs[i]->name);
	kw_lua_error_at(L, d->file, d->line, "%s.%s: there is no struct %s%s",
			st->name, d->name, d->target, kw_near_hint(L, &near));
}

static void add_flat(struct kw_build *b, struct kw_struct *st,
		     const char *name, const struct kw_decl *d, unsigned off)
{
	KW_PUSH(&b->arena, st->flats, st->nr_flats, st->max_flats,
		(struct kw_flat){ kw_intern(b, name), d, off });
}

/* Element e of field d, with all that it embeds, lies at off. */
static void flatten(struct kw_build *b, struct kw_struct *st,
		    const struct kw_decl *d, unsigned e)
{
	unsigned off = d->off + e * d->stride, i;
	GString *name = g_string_new(d->name);
	size_t len;

	if (d->array)
		g_string_append_printf(name, "[%u]", e + 1);
	len = name->len;
	if (!d->embed)
		add_flat(b, st, name->str, d, off);
	for (i = 0; d->embed && i < d->kind->nr_flats; i++) {
		const struct kw_flat *in = &d->kind->flats[i];
		bool time = in->decl->type == KW_TIME;

		g_string_truncate(name, len);
		g_string_append_printf(name, ".%s", in->name);
		add_flat(b, st, name->str, in->decl,
			 (time ? off / 8 : off) + in->off);
	}
	g_string_free(name, TRUE);
}

/* The lowest n slots in a row that no time field of st has. */
static unsigned free_slots(const struct kw_struct *st, unsigned n)
{
	unsigned slot = 0, i;

	for (i = 0; i < st->nr_flats; i++) {
		const struct kw_flat *f = &st->flats[i];

		if (f->decl->type == KW_TIME && !f->decl->embed &&
		    f->off >= slot && f->off < slot + n) {
			slot = f->off + 1;
			i = UINT_MAX;
		}
	}
	return slot;
}

static void place(lua_State *L, struct kw_struct *st, struct kw_decl *d)
{
	unsigned n = d->array ? d->array : 1, i;

	if (d->embed) {
		d->kind = target_of(L, st, d);
		kw_layout(L, d->kind);
	}
	d->stride = align_up(size_of(d), align_of(d));
	if (!d->embed && d->type == KW_TIME) {
		d->off = free_slots(st, n);
		d->stride = 1;
		st->align = 8;
		st->size = MAX(st->size, 8 * (d->off + n));
	} else {
		d->off = align_up(st->size, align_of(d));
		st->align = MAX(st->align, align_of(d));
		st->size = d->off + n * d->stride;
	}
	for (i = 0; i < n; i++)
		flatten(kw_build(L), st, d, i);
	if (st->size > UINT16_MAX)
		kw_lua_error_at(L, d->file, d->line, "struct %s is too large",
				st->name);
}

void kw_layout(lua_State *L, struct kw_struct *st)
{
	unsigned i;

	if (st->laid)
		return;
	if (st->busy)
		kw_lua_error_at(L, st->decls[0]->file, st->decls[0]->line,
				"struct %s embeds itself", st->name);
	st->busy = true;
	st->align = 1;
	for (i = 0; i < st->nr_decls; i++)
		if (st->decls[i]->embed) {
			st->decls[i]->kind = target_of(L, st, st->decls[i]);
			kw_layout(L, st->decls[i]->kind);
		}
	if (st->nr_decls)
		qsort(st->decls, st->nr_decls, sizeof(*st->decls),
		      compare_decls);
	/* times last: their slots may lie over bytes */
	for (i = 0; i < st->nr_decls; i++)
		if (st->decls[i]->embed || st->decls[i]->type != KW_TIME)
			place(L, st, st->decls[i]);
	for (i = 0; i < st->nr_decls; i++)
		if (!st->decls[i]->embed && st->decls[i]->type == KW_TIME)
			place(L, st, st->decls[i]);
	st->size = align_up(MAX(st->size, 1), st->align);
	st->laid = true;
}

/* References and lists know their struct, lists the link they use. */
static void resolve(lua_State *L, struct kw_struct *st, struct kw_decl *d)
{
	const struct kw_flat *link;

	if (d->embed || !d->target)
		return;
	d->kind = target_of(L, st, d);
	if (d->type != KW_LIST)
		return;
	link = kw_flat_find(d->kind, d->link);
	if (!link || link->decl->type != KW_LINK)
		kw_lua_error_at(L, d->file, d->line, "%s.%s: %s.%s is not a "
				"link", st->name, d->name, d->kind->name,
				d->link);
	d->link_decl = (struct kw_decl *)link->decl;
	d->link_off = link->off;
}

const struct kw_flat *kw_flat_find(const struct kw_struct *st,
				   const char *name)
{
	unsigned i;

	for (i = 0; i < st->nr_flats; i++)
		if (!strcmp(st->flats[i].name, name))
			return &st->flats[i];
	return NULL;
}

static int compare_flats(const void *a, const void *b)
{
	const struct kw_field *x = a, *y = b;
	bool xt = x->type == KW_TIME, yt = y->type == KW_TIME;

	if (xt != yt)
		return xt ? 1 : -1;
	return x->off < y->off ? -1 : x->off > y->off;
}

static void export_kind(struct kw_build *b, const struct kw_struct *st)
{
	struct kw_kind *kind = &b->p->kinds[st->nr];
	unsigned i;

	kind->name = st->name;
	kind->size = (uint16_t)align_up(st->size, 8);
	kind->nr_fields = st->nr_flats;
	kind->fields = KW_NEWS(b->keep, struct kw_field, st->nr_flats + 1);
	for (i = 0; i < st->nr_flats; i++) {
		const struct kw_flat *f = &st->flats[i];

		kind->fields[i] = (struct kw_field){
			.name = f->name, .type = f->decl->type,
			.arch = f->decl->arch, .max = f->decl->max,
			.guarded = f->decl->guarded,
			.off = (uint16_t)f->off,
			.names = (const char *const *)f->decl->names,
			.target = f->decl->target };
	}
	qsort(kind->fields, kind->nr_fields, sizeof(*kind->fields),
	      compare_flats);
}

void kw_types_freeze(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	unsigned i, j;

	if (b->frozen)
		return;
	b->frozen = true;
	for (i = 0; i < b->nr_structs; i++)
		kw_layout(L, b->structs[i]);
	b->p->nr_kinds = b->nr_structs;
	b->p->kinds = KW_NEWS(b->keep, struct kw_kind, b->nr_structs);
	for (i = 0; i < b->nr_structs; i++) {
		struct kw_struct *st = b->structs[i];

		for (j = 0; j < st->nr_decls; j++)
			resolve(L, st, st->decls[j]);
		st->meta = kw_struct_metatable(L, st);
		export_kind(b, st);
	}
}
