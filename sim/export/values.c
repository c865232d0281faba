/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which values a variable can have, and what it is called.
 *
 * Invariants: the first value is among them; two variables never share a
 * byte.
 */
#include <string.h>
#include "model.h"

void kw_export_refuse(struct kw_export *x, const char *fmt, ...)
{
	va_list ap;

	if (x->refused)
		return;
	va_start(ap, fmt);
	x->refused = g_strdup_vprintf(fmt, ap);
	va_end(ap);
}

static void overlaps(struct kw_export *x, unsigned addr)
{
	GString *name = g_string_new(NULL);

	kw_address_name(x->p, addr, name);
	kw_export_refuse(x, "%s is accessed as one byte and as two",
			 name->str);
	g_string_free(name, TRUE);
}

struct kw_var *kw_export_var(struct kw_export *x, unsigned addr,
			     unsigned width)
{
	struct kw_var *v = &x->vars[addr];
	unsigned first;

	g_assert(addr + width <= x->size);
	if (v->width) {
		if (v->width != width)
			overlaps(x, addr);
		return v;
	}
	if ((width == 2 && x->vars[addr + 1].width) ||
	    (addr && x->vars[addr - 1].width == 2))
		overlaps(x, addr);
	v->width = (uint8_t)width;
	v->values = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	first = width == 2 ? kw_get16(x->init, addr) : x->init[addr];
	kw_export_may_be(x, v, first);
	return v;
}

bool kw_export_has(const struct kw_var *v, unsigned value)
{
	unsigned i;

	for (i = 0; i < v->values->len; i++)
		if (g_array_index(v->values, uint16_t, i) == value)
			return true;
	return v->any;
}

void kw_export_may_be(struct kw_export *x, struct kw_var *v, unsigned value)
{
	uint16_t value16 = (uint16_t)value;
	unsigned i;

	if (kw_export_has(v, value))
		return;
	for (i = 0; i < v->values->len; i++)
		if (g_array_index(v->values, uint16_t, i) > value)
			break;
	g_array_insert_val(v->values, i, value16);
	x->grew = true;
}

bool kw_export_is_kept(const struct kw_var *v)
{
	return v->width && kw_export_varies(v) && (!v->derived || v->asked);
}

unsigned kw_export_code(const struct kw_var *v, unsigned value)
{
	unsigned i;

	if (v->width == 1)
		return value;
	for (i = 0; i < v->values->len; i++)
		if (g_array_index(v->values, uint16_t, i) == value)
			return i;
	g_assert_not_reached();
}

char *kw_export_word(const char *text)
{
	char *word = g_strdup(text), *c;

	for (c = word; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '_';
	return word;
}

static const char *block_member(unsigned off)
{
	switch (off) {
	case offsetof(struct kw_actor_state, run):
		return "run";
	case offsetof(struct kw_actor_state, irq_off):
		return "irq_off";
	case offsetof(struct kw_actor_state, preempt):
		return "preempt";
	case offsetof(struct kw_actor_state, pend):
		return "pend";
	case offsetof(struct kw_actor_state, armed):
		return "armed";
	case offsetof(struct kw_actor_state, exit):
		return "exit";
	case offsetof(struct kw_actor_state, nest):
		return "nest";
	default:
		return "trap";
	}
}

/* "vcpu0.wq.list" has a first and a last. */
static const char *half(const struct kw_program *p, unsigned addr)
{
	const struct kw_object *o = kw_object_at(p, addr);
	const struct kw_field *f;

	if (!o)
		return "";
	f = kw_field_at(&p->kinds[o->kind], addr - o->addr);
	if (f && f->type == KW_LIST)
		return addr - o->addr == f->off ? ".first" : ".last";
	if (f && f->type == KW_LINK)
		return addr - o->addr == f->off ? ".next" : ".prev";
	return "";
}

static char *new_name(struct kw_export *x, unsigned addr)
{
	GString *name = g_string_new(NULL);
	unsigned a;
	char *word;

	if (addr >= x->rows_at)
		g_string_append_printf(name, "row.%s",
			kw_world_vcpu(x->w, addr - x->rows_at)->name);
	else if (addr >= x->budget_at)
		g_string_append(name, "preemptions");
	else if (addr >= x->flags_at)
		g_string_append_printf(name, "wait.%s",
			kw_world_vcpu(x->w, addr - x->flags_at)->name);
	else if (addr < x->p->objects_size) {
		kw_address_name(x->p, addr, name);
		g_string_append(name, half(x->p, addr));
	}
	for (a = 0; addr >= x->p->objects_size && addr < x->flags_at &&
		    a < x->nr_actors; a++)
		if (addr - x->p->actors[a].base < x->walkers[a].size)
			g_string_append_printf(name, "%s.%s",
				block_member(addr - x->p->actors[a].base),
				x->walkers[a].name);
	word = kw_export_word(name->str);
	g_string_free(name, TRUE);
	return word;
}

/* Two names may become one word. */
static void make_unique(struct kw_export *x, unsigned addr)
{
	struct kw_var *v = &x->vars[addr];
	unsigned i;
	char *more;

	for (i = 0; i < x->size; i++) {
		if (i == addr || !x->vars[i].name ||
		    strcmp(x->vars[i].name, v->name))
			continue;
		more = g_strdup_printf("%s_%u", v->name, addr);
		g_free(v->name);
		v->name = more;
		return;
	}
}

void kw_export_name(struct kw_export *x, unsigned addr, GString *out)
{
	struct kw_var *v = &x->vars[addr];

	if (!v->name) {
		v->name = new_name(x, addr);
		make_unique(x, addr);
	}
	g_string_append(out, v->name);
}

char *kw_export_test(struct kw_export *x, unsigned addr, unsigned value,
		     bool is)
{
	struct kw_var *v = &x->vars[addr];
	unsigned code = kw_export_code(v, value);
	unsigned last = g_array_index(v->values, uint16_t,
				      v->values->len - 1);
	GString *s = g_string_new(NULL);

	v->asked = true;
	if (!v->any && kw_export_code(v, last) == 1) {
		g_string_append(s, (code == 1) == is ? "" : "!");
		kw_export_name(x, addr, s);
	} else if (code) {
		kw_export_name(x, addr, s);
		g_string_append_printf(s, is ? " == %u" : " != %u", code);
	} else {
		g_string_append(s, is ? "!" : "");
		kw_export_name(x, addr, s);
	}
	return g_string_free(s, FALSE);
}

char *kw_export_is(struct kw_export *x, unsigned addr, unsigned width,
		   unsigned value)
{
	struct kw_var *v = kw_export_var(x, addr, width);

	if (!kw_export_has(v, value))
		return g_strdup("0");
	return kw_export_varies(v) ? kw_export_test(x, addr, value, true) :
				     g_strdup("1");
}
