/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what is said of a state: of each object the fields that are not
 * zero or not what they were at the beginning, and those that the last step
 * changed, marked; then where each actor stands.
 */
#include <string.h>
#include "report.h"

#define NAME_WIDTH 24

static unsigned width_of(const struct kw_field *f)
{
	switch ((enum kw_field_type)f->type) {
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

static unsigned word(const uint8_t *s, unsigned addr)
{
	return s[addr] | (unsigned)s[addr + 1] << 8;
}

static const struct kw_actor_state *block(const struct kw_program *p,
					  const uint8_t *s, unsigned a)
{
	return (const struct kw_actor_state *)(const void *)
		(s + p->actors[a].base);
}

static void put_object(const struct kw_program *p, unsigned addr, GString *out)
{
	const struct kw_object *o = addr ? kw_object_at(p, addr) : NULL;

	g_string_append(out, o ? o->name : "NULL");
}

static void put_handler(const struct kw_program *p, const uint8_t *s,
			unsigned nr, GString *out)
{
	const struct kw_actor_state *st;

	if (!nr) {
		g_string_append(out, "nobody");
		return;
	}
	st = block(p, s, nr - 1);
	g_string_append(out, p->actors[nr - 1].name);
	if (st->pend)
		g_string_append(out, ", pending");
	if (st->armed)
		g_string_append(out, ", armed");
	if (st->run != KW_IDLE && st->run != KW_ENDED)
		g_string_append(out, ", running");
}

static void put_names(const struct kw_field *f, unsigned value, GString *out)
{
	unsigned i, nr = 0, names = f->names ?
		g_strv_length((gchar **)(uintptr_t)f->names) : 0;

	if (f->type == KW_ENUM && value < names) {
		g_string_append(out, f->names[value]);
		return;
	}
	if (f->type != KW_WORD || !value) {
		g_string_append_printf(out, "%u", value);
		return;
	}
	for (i = 0; i < 8; i++)
		if (value >> i & 1 && i < names)
			g_string_append_printf(out, "%s%s", nr++ ? "|" : "",
					       f->names[i]);
}

static void put_value(const struct kw_program *p, const struct kw_field *f,
		      const uint8_t *s, unsigned addr, GString *out)
{
	unsigned w;

	switch ((enum kw_field_type)f->type) {
	case KW_REF:
		put_object(p, word(s, addr), out);
		break;
	case KW_LIST:
	case KW_LINK:
		put_object(p, word(s, addr), out);
		if (word(s, addr + 2) != word(s, addr)) {
			g_string_append(out, " ... ");
			put_object(p, word(s, addr + 2), out);
		}
		break;
	case KW_LOCK:
		w = word(s, addr);
		g_string_append_printf(out, w ? "held by %s" : "free",
				       w && w < p->nr_actors ?
				       p->actors[w - 1].name : "-");
		break;
	case KW_HANDLER:
		put_handler(p, s, word(s, addr), out);
		break;
	default:
		put_names(f, s[addr], out);
	}
}

/* Does it say more than "as always"?  A handler's actor does not. */
static bool is_news(const struct kw_program *p, const struct kw_field *f,
		    const uint8_t *s, unsigned addr)
{
	static const uint8_t zero[4];
	const struct kw_actor_state *st;
	unsigned w = width_of(f);

	if (f->type == KW_HANDLER) {
		if (!word(s, addr))
			return false;
		st = block(p, s, word(s, addr) - 1u);
		return st->pend || st->armed;
	}
	return memcmp(s + addr, zero, w) || memcmp(s + addr, p->init + addr,
						   w);
}

static bool handler_changed(const struct kw_program *p, const uint8_t *before,
			    const uint8_t *s, unsigned addr)
{
	unsigned nr = word(s, addr);
	const struct kw_actor_state *a, *b;

	if (!nr)
		return false;
	a = block(p, before, nr - 1);
	b = block(p, s, nr - 1);
	return a->pend != b->pend || a->armed != b->armed;
}

static void put_fields(const struct kw_state *x, const struct kw_object *o,
		       GString *out)
{
	const struct kw_program *p = x->program;
	const struct kw_kind *k = &p->kinds[o->kind];
	bool headed = false, changed;
	unsigned i;

	for (i = 0; i < k->nr_fields; i++) {
		const struct kw_field *f = &k->fields[i];
		unsigned addr = o->addr + f->off, w = width_of(f);

		if (!w)
			continue;
		changed = memcmp(x->before + addr, x->now + addr, w) ||
			  (f->type == KW_HANDLER &&
			   handler_changed(p, x->before, x->now, addr));
		if (!changed && (!x->all || !is_news(p, f, x->now, addr)))
			continue;
		if (!headed)
			g_string_append_printf(out, "%s\n", o->name);
		headed = true;
		g_string_append_printf(out, " %c %-*s ", changed ? '*' : ' ',
				       NAME_WIDTH, f->name);
		put_value(p, f, x->now, addr, out);
		if (changed) {
			g_string_append(out, "  (was ");
			put_value(p, f, x->before, addr, out);
			g_string_append_c(out, ')');
		}
		g_string_append_c(out, '\n');
	}
}

static void put_actor(const struct kw_state *x, unsigned a, GString *out)
{
	static const char *const runs[] = {
		[KW_IDLE] = "idle", [KW_READY] = "runs",
		[KW_ASLEEP] = "asleep", [KW_IN_GUEST] = "in its guest",
		[KW_ENDED] = "ended",
	};
	const struct kw_program *p = x->program;
	const struct kw_actor_state *st = block(p, x->now, a);
	const struct kw_src *src = &p->srcs[p->nodes[st->pc].src];
	bool changed = st->run != block(p, x->before, a)->run;

	/* A guest whose thread is not in there goes on later. */
	if (!changed && (!x->all || st->run == KW_IDLE ||
			 st->run == KW_ENDED ||
			 (p->actors[a].type == KW_GUEST &&
			  block(p, x->now, p->actors[a].home)->run !=
				  KW_IN_GUEST)))
		return;
	g_string_append_printf(out, " %c %-*s %s%s%s", changed ? '*' : ' ',
			       NAME_WIDTH, p->actors[a].name,
			       st->run < G_N_ELEMENTS(runs) ? runs[st->run] :
							      "?",
			       st->irq_off ? ", interrupts off" : "",
			       st->nest ? ", interrupted" : "");
	if (st->run == KW_READY && st->pc)
		g_string_append_printf(out, ", next in %s (%s:%d)",
				       src->path ? src->path : "?", src->file,
				       src->line);
	g_string_append_c(out, '\n');
}

void kw_state_print(const struct kw_state *x, GString *out)
{
	const struct kw_program *p = x->program;
	size_t at;
	unsigned i;

	for (i = 0; i < p->nr_objects; i++)
		put_fields(x, &p->objects[i], out);
	at = out->len;
	for (i = 0; i + 1 < p->nr_actors; i++)
		put_actor(x, i, out);
	if (out->len > at)
		g_string_insert(out, (gssize)at, "actors\n");
}
