/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides where objects lie and what their fields are at the beginning.
 *
 * Invariants: objects lie one behind the other from address 8 on, in the
 * order of their making, 8-byte aligned; the image holds their initial
 * bytes, the time image the initial times by slot.
 */
#include "build.h"

#include <string.h>

#define IMAGE ((size_t)64 << 10)

unsigned kw_string_number(lua_State *L, const char ***v, unsigned *nr,
			  unsigned *max, const char *s)
{
	struct kw_build *b = kw_build(L);
	unsigned i;

	for (i = 0; i < *nr; i++)
		if (!strcmp((*v)[i], s))
			return i;
	s = kw_intern(b, s);
	KW_PUSH(b->keep, *v, *nr, *max, s);
	return i;
}

void kw_check_keys(lua_State *L, int idx, const char *const *allowed,
		   const char *who)
{
	unsigned i, n, k;
	struct kw_near near;
	const char *key;

	if (!lua_istable(L, idx))
		kw_lua_error(L, "%s wants a table, not %s", who,
			     kw_describe(L, idx));
	n = kw_sorted_keys(L, idx);
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		key = lua_tostring(L, -1);
		kw_near_init(&near, key);
		for (k = 0; allowed[k] && strcmp(allowed[k], key); k++)
			kw_near_offer(&near, allowed[k]);
		if (!allowed[k])
			kw_lua_error(L, "%s has no key %s%s", who, key,
				     kw_near_hint(L, &near));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

void kw_image_put16(struct kw_build *b, unsigned addr, unsigned value)
{
	uint16_t v = (uint16_t)value;

	memcpy(b->image + addr, &v, sizeof(v));
}

static unsigned image_get16(const struct kw_build *b, unsigned addr)
{
	uint16_t v;

	memcpy(&v, b->image + addr, sizeof(v));
	return v;
}

/* The field d at addr (a time: in slot addr) begins as the value at idx. */
static void put(lua_State *L, const struct kw_decl *d, unsigned addr, int idx)
{
	struct kw_build *b = kw_build(L);
	const struct kw_ref *r;

	if (kw_is_byte(d)) {
		b->image[addr] = (uint8_t)kw_check_byte(L, idx, d, "init");
		return;
	}
	switch ((enum kw_field_type)d->type) {
	case KW_REF:
		r = kw_check_ref(L, idx, d->name);
		if (r->kind && r->kind != d->kind)
			kw_lua_error(L, "init: %s refers to a %s, not to %s",
				     d->name, d->kind->name,
				     kw_describe(L, idx));
		kw_image_put16(b, addr, r->off);
		return;
	case KW_HANDLER:
		kw_image_put16(b, addr,
			       kw_check_handle(L, idx, d->name)->actor + 1);
		return;
	case KW_TIME:
		b->time_image[addr] = kw_check_ns(L, idx, d->name);
		return;
	default:
		kw_lua_error(L, "init: %s is %s: it begins free or empty",
			     d->name, kw_type_name(d));
	}
}

const struct kw_flat *kw_check_flat(lua_State *L, int idx, const char *name,
				    unsigned *addr)
{
	const struct kw_ref *r = kw_check_ref(L, idx, "init");
	const struct kw_flat *f;
	struct kw_near near;
	unsigned i;

	if (!r->kind || r->reg)
		kw_lua_error(L, "this is not an object");
	f = kw_flat_find(r->kind, name);
	if (!f) {
		kw_near_init(&near, name);
		for (i = 0; i < r->kind->nr_flats; i++)
			kw_near_offer(&near, r->kind->flats[i].name);
		kw_lua_error(L, "%s has no field %s%s", r->kind->name, name,
			     kw_near_hint(L, &near));
	}
	*addr = (f->decl->type == KW_TIME ? r->off / 8 : r->off) + f->off;
	return f;
}

/* init(object, "field", value), init(object.field, value) */
static int prim_init(lua_State *L)
{
	const struct kw_loc *l = kw_to_loc(L, 1);
	const struct kw_flat *f;
	unsigned addr;

	if (kw_build(L)->run)
		kw_lua_error(L, "init() in a path: store() instead");
	if (l) {
		put(L, l->decl, l->ref.off, 2);
		return 0;
	}
	if (lua_type(L, 2) != LUA_TSTRING)
		kw_lua_error(L, "init(object, \"field\", value): no field");
	f = kw_check_flat(L, 1, lua_tostring(L, 2), &addr);
	put(L, f->decl, addr, 3);
	return 0;
}

static void put_defaults(struct kw_build *b, const struct kw_struct *st,
			 unsigned addr)
{
	unsigned i;

	for (i = 0; i < st->nr_flats; i++)
		if (kw_is_byte(st->flats[i].decl))
			b->image[addr + st->flats[i].off] =
				st->flats[i].decl->init;
}

static unsigned new_object(lua_State *L, struct kw_struct *st,
			   const char *name)
{
	struct kw_build *b = kw_build(L);
	struct kw_program *p = b->p;
	unsigned addr = p->objects_size, i, index = 0;
	unsigned size = (st->size + 7u) & ~7u;

	for (i = 0; i < p->nr_objects; i++) {
		if (p->objects[i].kind != st->nr)
			continue;
		index++;
		if (p->objects[i].name == name)
			kw_lua_error(L, "there is a %s %s already", st->name,
				     name);
	}
	if (addr + size > IMAGE - 8)
		kw_lua_error(L, "the objects take more than 64 KiB");
	put_defaults(b, st, addr);
	KW_PUSH(b->keep, p->objects, p->nr_objects, b->max_objects,
		(struct kw_object){ .name = name, .kind = (uint16_t)st->nr,
				    .addr = (uint16_t)addr,
				    .index = (uint16_t)index });
	p->objects_size = addr + size;
	return addr;
}

/* object("vcpu", "vcpu0", { field = value }) */
static int prim_object(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	const char *kind = luaL_checkstring(L, 1);
	const char *name = kw_intern(b, luaL_checkstring(L, 2));
	struct kw_struct *st = kw_struct_find(b, kind);
	struct kw_ref ref = { .tag = KW_TAG_REF };
	unsigned i, n, addr;

	if (b->run)
		kw_lua_error(L, "object() in a path: paths make nothing");
	if (!b->script->kernel)
		kw_lua_error(L, "object() without a kernel: a scenario's own "
			     "are made \"if kernel_name()\"");
	if (!st)
		kw_lua_error(L, "object: there is no struct %s", kind);
	kw_types_freeze(L);
	ref.kind = st;
	ref.off = (uint16_t)new_object(L, st, name);
	lua_settop(L, 3);
	kw_push_ref(L, &ref);
	if (lua_isnil(L, 3))
		return 1;
	if (!lua_istable(L, 3))
		kw_lua_error(L, "object(\"%s\", \"%s\", { field = value })",
			     kind, name);
	n = kw_sorted_keys(L, 3);
	for (i = 1; i <= n; i++) {
		const struct kw_flat *f;

		lua_rawgeti(L, 5, i);
		f = kw_check_flat(L, 4, lua_tostring(L, -1), &addr);
		lua_rawget(L, 3);
		put(L, f->decl, addr, lua_gettop(L));
		lua_pop(L, 1);
	}
	lua_settop(L, 4);
	return 1;
}

static void join(struct kw_known *k, uint64_t value)
{
	if (k->is == KW_UNSET)
		*k = (struct kw_known){ KW_CONST, value };
	else if (k->value != value)
		k->is = KW_VARIES;
}

static void note_initial(struct kw_build *b, struct kw_draft *draft,
			 unsigned addr, const struct kw_flat *f)
{
	struct kw_draft_decl *d = &draft->decls[f->decl->id];
	unsigned at = addr + f->off, v;

	if (kw_is_byte(f->decl)) {
		v = b->image[at];
		d->values[v / 64] |= UINT64_C(1) << v % 64;
	} else if (f->decl->type == KW_TIME) {
		join(&d->known, b->time_image[addr / 8 + f->off]);
	} else {
		join(&d->known, image_get16(b, at));
	}
	if (f->decl->type == KW_HANDLER && image_get16(b, at))
		draft->handlers[draft->nr_handlers++] =
			(struct kw_draft_handler){ f->decl->id,
						   image_get16(b, at) - 1 };
}

static void name_decls(struct kw_build *b, struct kw_draft *draft)
{
	unsigned i, j;

	draft->nr_decls = b->nr_decls;
	draft->decls = KW_NEWS(&b->arena, struct kw_draft_decl, b->nr_decls);
	for (i = 0; i < b->nr_structs; i++) {
		const struct kw_struct *st = b->structs[i];

		for (j = 0; j < st->nr_decls; j++) {
			const struct kw_decl *d = st->decls[j];
			char *name = g_strconcat(st->name, ".", d->name, NULL);

			draft->decls[d->id].type = d->type;
			draft->decls[d->id].name = kw_intern(b, name);
			g_free(name);
		}
	}
}

void kw_objects_finish(struct kw_build *b, struct kw_draft *draft)
{
	struct kw_program *p = b->p;
	unsigned i, j, nr = 0;

	name_decls(b, draft);
	for (i = 0; i < p->nr_objects; i++)
		nr += b->structs[p->objects[i].kind]->nr_flats;
	draft->handlers = KW_NEWS(&b->arena, struct kw_draft_handler, nr);
	p->object_at = KW_NEWS(b->keep, uint16_t, p->objects_size / 8 + 1);
	for (i = 0; i < p->nr_objects; i++) {
		const struct kw_struct *st = b->structs[p->objects[i].kind];
		unsigned addr = p->objects[i].addr;

		for (j = 0; j < st->nr_flats; j++)
			note_initial(b, draft, addr, &st->flats[j]);
		for (j = addr; j < addr + ((st->size + 7u) & ~7u); j += 8)
			p->object_at[j / 8] = (uint16_t)i;
	}
	draft->task_state = 0;
	draft->task_on_rq = 1;
}

void kw_object_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "object", prim_object },
					{ "init", prim_init },
					{ NULL, NULL } };

	b->image = kw_arena_alloc(&b->arena, IMAGE);
	b->time_image = kw_arena_alloc(&b->arena, IMAGE);
	b->p->objects_size = 8;
	kw_register(b, fns);
}
