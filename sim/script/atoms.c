/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a kernel's own predicate says, as a function of its atoms:
 * what observe() says that a predicate may look at.
 *
 * An access of the predicate is an atom when that atom's path is the same
 * access; a call that is no atom is looked into.  Anything else that it
 * forks on is beyond the atoms, and then there is no table.
 */
#include "build.h"

struct own {
	struct kw_build *b;
	const struct kw_path_draft *atom[KW_MAX_ATOMS];
	unsigned nr, cell;
	const char *beyond;
};

static bool same_access(const struct kw_access *x, const struct kw_access *y)
{
	return x->op == y->op && x->field == y->field && x->off == y->off &&
	       x->val == y->val && x->callee == y->callee;
}

/* The first access with a choice: what comes before hands over arguments. */
static const struct kw_expr *question_of(const struct kw_path_draft *path)
{
	const struct kw_expr *e = path->root;

	while (e->nr_kids == 1)
		e = e->kids[0];
	return e;
}

static int given(void *arg, const struct kw_access *a)
{
	(void)a;
	return *(const int *)arg;
}

/* What the access must be for this atom to be what it is in the cell. */
static int by_atom(struct own *o, unsigned i)
{
	int want = (int)(o->cell >> i & 1), v;

	for (v = 0; v < 2; v++)
		if (kw_truth(o->b, o->atom[i], given, &v) == want)
			return v;
	return -1;
}

static int ask(void *arg, const struct kw_access *a)
{
	struct own *o = arg;
	const char *what;
	unsigned i;

	for (i = 0; i < o->nr; i++) {
		const struct kw_expr *e = question_of(o->atom[i]);

		if (kw_asks(o->b, e) && same_access(&e->a, a))
			return by_atom(o, i);
	}
	if (a->op == KW_OP_CALL)
		return kw_truth(o->b, o->b->path[a->callee], ask, o);
	what = kw_step_what(o->b, a);
	o->beyond = what ? what : kw_op_names[a->op];
	return -1;
}

/* K.name, traced for any vCPU. */
static const struct kw_path_draft *trace(lua_State *L, const char *name)
{
	struct kw_ref ref = { .tag = KW_TAG_REF,
			      .kind = kw_struct_find(kw_build(L), "vcpu") };
	const struct kw_path_draft *path;
	int top = lua_gettop(L);

	lua_getglobal(L, "K");
	lua_getfield(L, -1, name);
	kw_push_ref(L, &ref);
	path = kw_path_of(L, top + 2, 1, KW_PATH_CALLED, name);
	lua_settop(L, top);
	return path;
}

void kw_atoms_list(struct kw_build *b)
{
	struct kw_scenario *s = b->scenario;
	struct own o = { .b = b };
	const struct kw_path_draft *path;
	lua_State *L = b->L;
	int value = 0;

	if (!*s->predicate)
		return;
	for (; s->atoms[o.nr]; o.nr++) {
		if (o.nr == KW_MAX_ATOMS)
			kw_lua_error(L, "observe(): more than %d atoms",
				     KW_MAX_ATOMS);
		lua_pushfstring(L, "sees %s", s->atoms[o.nr]);
		o.atom[o.nr] = trace(L, kw_intern(b, lua_tostring(L, -1)));
		lua_pop(L, 1);
		if (!kw_is_truth(&o.atom[o.nr]->outs))
			kw_lua_error(L, "observe(): %s is not always true or "
				     "false", s->atoms[o.nr]);
	}
	path = trace(L, s->predicate);
	s->own = g_new0(struct kw_own, 1);
	for (; value >= 0 && o.cell < 1u << o.nr; o.cell++) {
		value = kw_truth(b, path, ask, &o);
		s->own->cells[o.cell] = (int8_t)value;
	}
	if (value < 0)
		s->own->beyond = o.beyond ? o.beyond : "a loop";
}

/* table_says(cell): "false", "true", "either", "fail"; nil without table */
static int table_says(lua_State *L)
{
	static const char *const says[] = { "false", "true", "either",
					    "fail" };
	const uint8_t *cells = kw_build(L)->script->cells;
	lua_Integer cell = luaL_checkinteger(L, 1);

	if (cell < 0 || cell >= 1 << KW_MAX_ATOMS)
		kw_lua_error(L, "observe(): more than %d atoms",
			     KW_MAX_ATOMS);
	if (cells)
		lua_pushstring(L, says[cells[cell]]);
	return cells != NULL;
}

void kw_atoms_open(struct kw_build *b)
{
	static const luaL_Reg fns[] = { { "table_says", table_says },
					{ NULL, NULL } };

	kw_register(b, fns);
}
