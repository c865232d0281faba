/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how the model looks as a whole.
 *
 * With opts.list, for tests, the model tells what pan saw: a line for each
 * property that is found, and for each end state a line of places and of
 * bytes of the explorer's state, "end ACTOR@PLACE ... ADDRESS=BYTE ...";
 * comments say which bytes a place stands for, "place ACTOR PLACE ADDRESS=BYTE
 * ...", the others of the actor's block being 0.
 */
#include <string.h>
#include "model.h"

/* The names are for what pan says; they are 0 and cost no state. */
static void put_assertions(struct kw_export *x, GString *out)
{
	unsigned i;

	for (i = 0; x->words[i]; i++)
		g_string_append_printf(out, "%s not_%s", i ? "," :
				       "hidden byte", x->words[i]);
	g_string_append(out, ";\n"
"#define shown(c, what)	assert(not_##what || !(c))\n"
"#define wrong(c, what)	d_step { (c) -> assert(not_##what) }\n"
/* Where somebody stands is not to be asked in a d_step. */
"#define raced(c)	atomic { (c) -> assert(not_race) }\n\n");
}

static void put_findings(struct kw_export *x, GString *out)
{
	unsigned i;

	g_string_append(out,
"#define shown(c, what)	if :: (c) -> c_code { kw_found(what); } :: else fi\n"
"#define wrong(c, what)	((c) && c_expr { (kw_found(what)) })\n"
"#define raced(c)	wrong(c, race)\n");
	for (i = 0; x->words[i]; i++)
		g_string_append_printf(out, "#define %s	%u\n", x->words[i],
				       i);
	g_string_append(out, "\nc_code {\n"
"static int kw_found(int what)\n"
"{\n"
"	static const char *const names[] = {");
	for (i = 0; x->words[i]; i++)
		g_string_append_printf(out, "%s \"%s\"", i ? "," : "",
				       kw_property_name(x->p, i));
	g_string_append_printf(out, " };\n"
"	static int seen[%u];\n"
"	if (!seen[what]++)\n"
"		printf(\"found %%s\\n\", names[what]);\n"
"	return 0;\n"
"}\n"
"}\n\n", i);
}

static bool is_trap(const struct kw_export *x, unsigned addr)
{
	unsigned a;

	for (a = 0; a < x->nr_actors; a++)
		if (addr == KW_EXPORT_AT(x, a, trap))
			return true;
	return false;
}

/* What a value of two bytes stands for. */
static void put_value(struct kw_export *x, unsigned addr, unsigned value,
		      GString *out)
{
	const struct kw_object *o = kw_object_at(x->p, addr);
	const struct kw_field *f = !o || addr >= x->p->objects_size ? NULL :
		kw_field_at(&x->p->kinds[o->kind], addr - o->addr);
	const struct kw_object *to = kw_object_at(x->p, value);

	if (!value)
		g_string_append(out, "none");
	else if (is_trap(x, addr))
		g_string_append_printf(out, "the path at node %u", value);
	else if (addr >= x->p->objects_size ||
		 (f && (f->type == KW_LOCK || f->type == KW_HANDLER)))
		g_string_append(out, x->p->actors[value - 1].name);
	else if (to && to->addr == value)
		g_string_append(out, to->name);
	else
		kw_address_name(x->p, value, out);
}

static void put_values(struct kw_export *x, const struct kw_var *v,
		       unsigned addr, GString *out)
{
	unsigned i;

	for (i = 0; i < v->values->len; i++) {
		g_string_append_printf(out, "%s %u ", i ? "," : "	/*", i);
		put_value(x, addr, g_array_index(v->values, uint16_t, i),
			  out);
	}
	g_string_append(out, " */");
}

static void put_variables(struct kw_export *x, GString *out)
{
	unsigned addr, code;

	for (addr = 0; addr < x->size; addr++) {
		const struct kw_var *v = &x->vars[addr];

		if (!kw_export_is_kept(v))
			continue;
		code = kw_export_code(v, g_array_index(v->values, uint16_t,
						       v->values->len - 1));
		g_string_append(out, v->any ? "byte " : code == 1 ? "bit " :
				code < 256 ? "byte " : "short ");
		kw_export_name(x, addr, out);
		code = kw_export_code(v, v->width == 2 ?
				      kw_get16(x->init, addr) :
				      x->init[addr]);
		if (code)
			g_string_append_printf(out, " = %u", code);
		g_string_append_c(out, ';');
		if (v->width == 2)
			put_values(x, v, addr, out);
		g_string_append_c(out, '\n');
	}
	g_string_append(out, "hidden byte spec;\n\n");
}

/* --- what the tests read ---------------------------------------------- */

/* A comment: the bytes that it stands for. */
static void put_place_bytes(struct kw_export *x, unsigned a,
			    const struct kw_place *at, GString *out)
{
	const uint8_t *b = (const uint8_t *)at->block;
	unsigned j;

	g_string_append_printf(out, "/* place %u %u", a, at->nr);
	for (j = 0; j < x->walkers[a].size; j++)
		if (b[j])
			g_string_append_printf(out, " %u=%u",
					x->p->actors[a].base + j, b[j]);
	g_string_append(out, " */\n");
}

static void put_var_bytes(struct kw_export *x, unsigned addr, GString *out)
{
	const struct kw_var *v = &x->vars[addr];
	GString *name = g_string_new(NULL);
	unsigned i;

	kw_export_name(x, addr, name);
	if (v->width == 1) {
		g_string_append_printf(out, "	printf(\" %u=%%d\", "
				       "(int)now.%s);\n", addr, name->str);
	} else {
		g_string_append(out, "	{ static const int of[] = {");
		for (i = 0; i < v->values->len; i++)
			g_string_append_printf(out, "%u, ",
				g_array_index(v->values, uint16_t, i));
		g_string_append_printf(out, "};\n	printf(\" %u=%%d %u="
				       "%%d\", of[now.%s] & 255, of[now.%s] "
				       ">> 8); }\n", addr, addr + 1,
				       name->str, name->str);
	}
	g_string_free(name, TRUE);
}

static void put_list(struct kw_export *x, GString *out)
{
	unsigned a, addr;

	g_string_append_printf(out, "short at[%u];\n", x->nr_actors);
	g_string_append(out, "c_code {\nstatic int kw_end(void)\n{\n"
			"	printf(\"end\");\n");
	for (a = 0; a < x->nr_actors; a++)
		g_string_append_printf(out, "	printf(\" %u@%%d\", "
				       "(int)now.at[%u]);\n", a, a);
	for (addr = 0; addr < x->size; addr++)
		if (kw_export_is_kept(&x->vars[addr]))
			put_var_bytes(x, addr, out);
	g_string_append(out, "	printf(\"\\n\");\n	return 0;\n}\n}\n"
			"active proctype ends()\n{\n"
			"	timeout && c_expr { (kw_end()) }\n}\n\n");
}

/* --- processes -------------------------------------------------------- */

/*
 * A choice within a move makes it a d_step: pan would take each half of an
 * atomic sequence as a step of its own.  Without one atomic is the faster.
 */
static const char *sequence(const struct kw_export *x, const char *body)
{
	return x->opts->storm || strstr(body, "::") ||
	       strstr(body, "entered(") || strstr(body, "slept(") ?
	       "d_step" : "atomic";
}

/* A move that fails, or the like; false: nobody looks at that. */
static bool put_failing(struct kw_export *x, const struct kw_export_text *t,
			GString *out)
{
	const char *guard = *t->guard ? t->guard : "true";

	if (!x->opts->storm)
		g_string_append_printf(out, "	:: wrong(%s, %s)", guard,
				       t->fails);
	else if (!strcmp(t->fails, "failed"))
		g_string_append_printf(out, "	:: d_step { %s -> ended() }",
				       guard);
	else
		return false;
	return true;
}

static void put_move(struct kw_export *x, unsigned a,
		     const struct kw_export_text *t, GString *out)
{
	char *at = x->opts->list ? g_strdup_printf("%sat[%u] = %u",
				*t->body ? "; " : "", a, t->to) : g_strdup("");
	bool body = *t->body || *at, put = true;

	if (t->fails)
		put = put_failing(x, t, out);
	else if (!body)
		g_string_append_printf(out, "	:: %s",
				       *t->guard ? t->guard : "skip");
	else
		g_string_append_printf(out, "	:: %s { %s%s%s%s }",
				       sequence(x, t->body), t->guard,
				       *t->guard ? " -> " : "", t->body, at);
	if (put)
		g_string_append_printf(out, "; goto L%u\n", t->to);
	g_free(at);
}

static void put_where(struct kw_export *x, const struct kw_place *at,
		      GString *out)
{
	const struct kw_node *n = &x->p->nodes[at->block->pc];
	const struct kw_src *s;

	g_string_append_printf(out, "L%u:", at->nr);
	if (at->block->run == KW_IDLE) {
		g_string_append(out, "	/* idle */\n");
	} else if (at->block->run == KW_ENDED) {
		g_string_append(out, "	/* ended */\n");
	} else {
		s = x->p->nr_srcs ? &x->p->srcs[n->src] : NULL;
		g_string_append_printf(out, "	/* %u %s", at->block->pc,
				       kw_op_names[n->op]);
		if (s && s->file)
			g_string_append_printf(out, ", %s, %s:%d", s->path,
					       s->file, s->line);
		g_string_append(out, " */\n");
	}
}

/* What is asked at a place, beside its moves. */
static void put_questions(struct kw_export *x, unsigned a,
			  const struct kw_place *at, GString *out)
{
	if (x->opts->storm)
		return;
	kw_export_put_race(x, a, at, out);
	if (x->opts->orders)
		kw_export_put_orders_at(x, a, at, out);
}

static void put_place(struct kw_export *x, unsigned a,
		      const struct kw_place *at, GString *out)
{
	struct kw_export_moves *l = kw_export_moves(x, a, at);
	GString *moves = g_string_new(NULL);
	unsigned i;

	if (x->opts->list)
		put_place_bytes(x, a, at, out);
	put_where(x, at, out);
	for (i = 0; i < l->all->len; i++) {
		const struct kw_export_text *t = l->all->pdata[i];

		if (t->force && x->opts->storm)
			kw_export_forced(x, a, t);
		else
			put_move(x, a, t, moves);
	}
	if (moves->len)
		put_questions(x, a, at, moves);
	/* A label is not to stand at a d_step. */
	if (moves->len)
		g_string_append_printf(out, "	if\n%s	fi;\n", moves->str);
	else
		g_string_append(out, "	false;\n");
	g_string_free(moves, TRUE);
	kw_export_moves_free(l);
}

static void put_process(struct kw_export *x, unsigned a, GString *out)
{
	const GPtrArray *places = x->walkers[a].places;
	unsigned i;

	g_string_append_printf(out, "active proctype actor_%s()\n{\n",
			       x->walkers[a].name);
	for (i = 0; i < places->len; i++)
		put_place(x, a, places->pdata[i], out);
	g_string_append(out, "}\n\n");
}

/* What moves and questions name. */
static void put_declarations(struct kw_export *x, GString *out)
{
	put_variables(x, out);
	if (x->opts->storm)
		kw_export_put_loop(x, out);
	kw_export_put_waits(x, out);
	if (x->opts->storm)
		return;
	kw_export_put_rest(x, out);
	kw_export_put_holds(x, out);
	if (x->opts->orders)
		kw_export_put_order(x, out);
}

void kw_export_print(struct kw_export *x, GString *out)
{
	unsigned a;

	g_string_append_printf(out, "/* %s */\n\n", x->opts->about);
	if (x->opts->list)
		put_findings(x, out);
	else if (!x->opts->storm)
		put_assertions(x, out);
	put_declarations(x, out);
	if (x->opts->list)
		put_list(x, out);
	for (a = 0; a < x->nr_actors; a++)
		put_process(x, a, out);
	if (x->opts->storm)
		kw_export_put_storm(x, out);
	else
		kw_export_put_invariants(x, out);
}
