/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides who acts: actor{} and oracle{}.
 *
 * Invariants: actors are numbered in the order of their making, the
 * oracle's scratch actor comes last; all guests' objects are of one kind.
 */
#include "build.h"

#include <string.h>

#define META "kw.actor"

static const char *const type_names[] = {
	"thread", "hardirq", "preempt", "guest", "virq", "hw", NULL };

static unsigned get_type(lua_State *L)
{
	const char *name;
	struct kw_near near;
	unsigned i;

	if (lua_getfield(L, 1, "type") != LUA_TSTRING)
		kw_lua_error(L, "actor: type is one of thread, hardirq, "
			     "preempt, guest, virq, hw");
	name = lua_tostring(L, -1);
	kw_near_init(&near, name);
	for (i = 0; type_names[i] && strcmp(type_names[i], name); i++)
		kw_near_offer(&near, type_names[i]);
	if (!type_names[i])
		kw_lua_error(L, "actor: no type %s%s", name,
			     kw_near_hint(L, &near));
	lua_pop(L, 1);
	return i;
}

static const char *get_name(lua_State *L)
{
	struct kw_program *p = kw_build(L)->p;
	const char *name;
	unsigned i;

	if (lua_getfield(L, 1, "name") != LUA_TSTRING)
		kw_lua_error(L, "actor: it has no name");
	name = kw_intern(kw_build(L), lua_tostring(L, -1));
	for (i = 0; i < p->nr_actors; i++)
		if (p->actors[i].name == name)
			kw_lua_error(L, "there is an actor %s already", name);
	lua_pop(L, 1);
	return name;
}

static unsigned get_home(lua_State *L, unsigned type, unsigned self)
{
	static const uint8_t wants[] = { [KW_HARDIRQ] = KW_THREAD,
					 [KW_PREEMPT] = KW_THREAD,
					 [KW_GUEST] = KW_THREAD,
					 [KW_VIRQ] = KW_GUEST };
	struct kw_program *p = kw_build(L)->p;
	unsigned home = self;

	lua_getfield(L, 1, "home");
	if (type == KW_THREAD || type == KW_HW) {
		if (!lua_isnil(L, -1))
			kw_lua_error(L, "actor: a %s has no home",
				     type_names[type]);
	} else {
		home = kw_check_handle(L, -1, "home")->actor;
		if (p->actors[home].type != wants[type])
			kw_lua_error(L, "actor: the home of a %s is a %s",
				     type_names[type],
				     type_names[wants[type]]);
	}
	lua_pop(L, 1);
	return home;
}

/* The object's field that names this actor; number of actor + 1. */
static void put_actor(lua_State *L, const char *key, const char *field,
		      unsigned actor)
{
	const struct kw_flat *f;
	unsigned addr;

	lua_getfield(L, 1, "object");
	if (lua_isnil(L, -1))
		kw_lua_error(L, "actor: %s without an object", key);
	f = kw_check_flat(L, lua_gettop(L), field, &addr);
	if (f->decl->type != KW_HANDLER)
		kw_lua_error(L, "actor: %s is %s, not a handler", field,
			     kw_type_name(f->decl));
	if (kw_build(L)->image[addr] | kw_build(L)->image[addr + 1])
		kw_lua_error(L, "actor: %s has an actor already", field);
	kw_image_put16(kw_build(L), addr, actor + 1);
	lua_pop(L, 1);
}

static void set_task(lua_State *L, const struct kw_actor *a, unsigned actor)
{
	const struct kw_flat *f;
	unsigned addr;
	const char *task, *on_rq;

	if (lua_getfield(L, 1, "task") == LUA_TNIL)
		return;
	task = luaL_checkstring(L, -1);
	put_actor(L, "task", lua_pushfstring(L, "%s.thread", task), actor);
	on_rq = lua_pushfstring(L, "%s.on_rq", task);
	lua_getfield(L, 1, "object");
	f = kw_check_flat(L, lua_gettop(L), on_rq, &addr);
	kw_build(L)->image[addr] = f && a->autostart;
}

static bool set_handler(lua_State *L, unsigned actor)
{
	if (lua_getfield(L, 1, "handler") == LUA_TNIL)
		return false;
	if (lua_type(L, -1) != LUA_TSTRING)
		kw_lua_error(L, "actor: handler is the name of a field");
	put_actor(L, "handler", lua_tostring(L, -1), actor);
	return true;
}

static void set_run(lua_State *L, struct kw_actor_draft *d)
{
	if (lua_getfield(L, 1, "run") != LUA_TFUNCTION)
		kw_lua_error(L, "actor: run is a function, not %s",
			     kw_describe(L, -1));
	d->run = luaL_ref(L, LUA_REGISTRYINDEX);
	if (lua_getfield(L, 1, "args") == LUA_TNIL)
		lua_newtable(L);
	if (!lua_istable(L, -1) || lua_rawlen(L, -1) > KW_MAX_ARGS)
		kw_lua_error(L, "actor: args is an array of at most %d",
			     KW_MAX_ARGS);
	d->args = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void check_guest_kind(lua_State *L, const struct kw_ref *object)
{
	struct kw_build *b = kw_build(L);

	if (!object)
		kw_lua_error(L, "actor: a guest has an object, its vCPU");
	if (b->guest_kind && b->guest_kind != object->kind)
		kw_lua_error(L, "actor: guests have objects of one kind");
	b->guest_kind = object->kind;
}

static int prim_actor(lua_State *L)
{
	static const char *const keys[] = {
		"type", "name", "run", "args", "object", "task", "handler",
		"autostart", "home", NULL };
	struct kw_build *b = kw_build(L);
	unsigned actor = b->p->nr_actors;
	struct kw_actor a = { .nr_regs = 1 };
	struct kw_actor_draft d = { 0 };
	const struct kw_ref *object = NULL;
	struct kw_handle *handle;

	if (b->run)
		kw_lua_error(L, "actor{} in a path");
	kw_check_keys(L, 1, keys, "actor");
	kw_types_freeze(L);
	lua_settop(L, 1);
	a.type = (uint8_t)get_type(L);
	a.name = get_name(L);
	a.home = (uint16_t)get_home(L, a.type, actor);
	if (lua_getfield(L, 1, "object") != LUA_TNIL)
		object = kw_check_ref(L, -1, "object");
	a.object = object ? object->off : 0;
	if (a.type == KW_GUEST)
		check_guest_kind(L, object);
	a.autostart = !set_handler(L, actor);
	if (lua_getfield(L, 1, "autostart") != LUA_TNIL)
		a.autostart = lua_toboolean(L, -1);
	set_task(L, &a, actor);
	set_run(L, &d);
	KW_PUSH(b->keep, b->p->actors, b->p->nr_actors, b->max_actors, a);
	KW_PUSH(&b->arena, b->actors, b->nr_actor_drafts, b->max_actor_drafts,
		d);
	handle = lua_newuserdatauv(L, sizeof(*handle), 0);
	handle->tag = KW_TAG_ACTOR;
	handle->actor = actor;
	luaL_setmetatable(L, META);
	return 1;
}

static const char *const oracle_keys[] = { "deliverable", "pending", "waits",
					   NULL };

static int prim_oracle(lua_State *L)
{
	struct kw_build *b = kw_build(L);
	unsigned i;

	kw_check_keys(L, 1, oracle_keys, "oracle");
	for (i = 0; oracle_keys[i]; i++) {
		int type = lua_getfield(L, 1, oracle_keys[i]);

		if (type != LUA_TFUNCTION && type != LUA_TNIL)
			kw_lua_error(L, "oracle.%s is a function, not %s",
				     oracle_keys[i], kw_describe(L, -1));
		b->oracle[i] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	return 0;
}

static void trace_actor(lua_State *L, unsigned nr)
{
	struct kw_build *b = kw_build(L);
	struct kw_actor_draft *a = &b->actors[nr];
	int fn = lua_gettop(L) + 1, i, n;

	lua_rawgeti(L, LUA_REGISTRYINDEX, a->run);
	lua_rawgeti(L, LUA_REGISTRYINDEX, a->args);
	n = (int)lua_rawlen(L, -1);
	for (i = 1; i <= n; i++) {
		struct kw_ref *r;

		lua_rawgeti(L, fn + 1, i);
		r = kw_to_ref(L, -1);
		if (r && r->kind)
			a->arg_val[i - 1] = r->off;
	}
	lua_remove(L, fn + 1);
	a->path = kw_path_of(L, fn, n, KW_PATH_ROOT, b->p->actors[nr].name);
	lua_settop(L, fn - 1);
}

static void trace_oracle(lua_State *L, struct kw_draft *d, unsigned i)
{
	struct kw_build *b = kw_build(L);
	const char *kind = i ? "vcpu" : "irq";
	struct kw_struct *st = kw_struct_find(b, kind);
	struct kw_ref ref = { .tag = KW_TAG_REF, .kind = st };
	int top = lua_gettop(L);

	d->oracle[i] = KW_DRAFT_NONE;
	if (!b->oracle[i] || b->oracle[i] == LUA_REFNIL)
		return;
	if (!st)
		kw_lua_error(L, "oracle.%s: there is no struct %s",
			     oracle_keys[i], kind);
	lua_rawgeti(L, LUA_REGISTRYINDEX, b->oracle[i]);
	kw_push_ref(L, &ref);
	d->oracle[i] = kw_path_of(L, top + 1, 1, KW_PATH_ORACLE,
				  oracle_keys[i])->nr;
	lua_settop(L, top);
}

void kw_actors_trace(lua_State *L, struct kw_draft *d)
{
	struct kw_build *b = kw_build(L);
	unsigned i;

	kw_types_freeze(L);
	for (i = 0; i < b->p->nr_actors; i++)
		trace_actor(L, i);
	for (i = 0; oracle_keys[i]; i++)
		trace_oracle(L, d, i);
	kw_invariants_trace(L, d);
}

static void set_oracle(struct kw_build *b)
{
	struct kw_program *p = b->p;
	struct kw_struct *irq = kw_struct_find(b, "irq");
	struct kw_struct *vcpu = kw_struct_find(b, "vcpu");
	const struct kw_flat *target;

	if (irq) {
		p->oracle.irq_kind = (uint16_t)irq->nr;
		target = kw_flat_find(irq, "hw_target");
		p->oracle.target_off = target ? (uint16_t)target->off : 0;
	}
	if (vcpu)
		p->oracle.vcpu_kind = (uint16_t)vcpu->nr;
}

void kw_actors_finish(struct kw_build *b, struct kw_draft *d)
{
	struct kw_program *p = b->p;
	unsigned i, k, threads = 0;

	d->actors = KW_NEWS(&b->arena, struct kw_draft_actor,
			    p->nr_actors + 1);
	for (i = 0; i < p->nr_actors; i++) {
		const struct kw_path_draft *path = b->actors[i].path;

		threads += p->actors[i].type == KW_THREAD;
		d->actors[i].path = path->nr;
		for (k = 0; k < path->nr_params; k++) {
			unsigned n = d->actors[i].nr_args;

			if (path->params[k].type != KW_PARAM_REF)
				continue;
			d->actors[i].arg_local[n] = path->params[k].reg;
			d->actors[i].arg_val[n] = b->actors[i].arg_val[k];
			d->actors[i].nr_args++;
		}
	}
	if (!p->host.nr_cpus)
		p->host.nr_cpus = MAX(threads, 1);
	d->actors[i].path = KW_DRAFT_NONE;
	KW_PUSH(b->keep, p->actors, p->nr_actors, b->max_actors,
		(struct kw_actor){ .name = kw_intern(b, "oracle"),
				   .type = KW_HW, .home = (uint16_t)i });
	set_oracle(b);
}

void kw_actor_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "actor", prim_actor },
					{ "oracle", prim_oracle },
					{ NULL, NULL } };

	luaL_newmetatable(b->L, META);
	lua_pop(b->L, 1);
	kw_register(b, fns);
}
