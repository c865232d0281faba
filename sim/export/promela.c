/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a program can be written as a Promela model, and when its
 * values and places are all known.
 */
#include <string.h>
#include "model.h"

static int mark_number(const struct kw_program *p, const char *name)
{
	unsigned i;

	for (i = 0; i < p->nr_marks; i++)
		if (!strcmp(p->marks[i], name))
			return (int)i;
	return -1;
}

static void name_process(struct kw_export *x, unsigned a)
{
	char *word = kw_export_word(x->p->actors[a].name);
	bool same = false;
	unsigned i;

	for (i = 0; i < a; i++)
		same |= !strcmp(x->walkers[i].name, word);
	x->walkers[a].name = same ? g_strdup_printf("%s_%u", word, a) :
				    g_strdup(word);
	g_free(word);
}

static void check_actor(struct kw_export *x, unsigned a)
{
	const struct kw_actor *ac = &x->p->actors[a];
	bool handler = ac->type == KW_HARDIRQ || ac->type == KW_PREEMPT ||
		       ac->type == KW_VIRQ;

	if (handler && ac->autostart)
		kw_export_refuse(x, "%s is an interrupt handler that begins "
				 "by itself", ac->name);
	if (handler && ac->home != a)
		x->walkers[ac->home].nested_on = true;
	if (ac->type == KW_VIRQ)
		x->walkers[ac->home].virq = (uint16_t)a;
}

static void know_actors(struct kw_export *x)
{
	unsigned a;
	int v;

	memset(x->thread_of, 0xff, sizeof(x->thread_of));
	for (a = 0; a < x->nr_actors; a++) {
		struct kw_walker *k = &x->walkers[a];
		const struct kw_actor *ac = &x->p->actors[a];

		name_process(x, a);
		k->size = sizeof(struct kw_actor_state) + 2u * ac->nr_regs;
		k->vcpu = -1;
		k->virq = KW_NOBODY;
	}
	for (a = 0; a < x->nr_actors; a++) {
		check_actor(x, a);
		v = kw_world_vcpu_of(x->w, a);
		x->walkers[a].vcpu = v;
		if (v >= 0)
			x->thread_of[v] = (uint16_t)a;
	}
}

/* Variables that actors' blocks hold, and the oracle's bytes. */
static void know_variables(struct kw_export *x)
{
	unsigned a, v;

	for (a = 0; a < x->nr_actors; a++) {
		kw_export_var(x, KW_EXPORT_AT(x, a, run), 1)->derived = true;
		kw_export_var(x, KW_EXPORT_AT(x, a, irq_off), 1)->derived =
			true;
		kw_export_var(x, KW_EXPORT_AT(x, a, preempt), 1)->derived =
			true;
		kw_export_var(x, KW_EXPORT_AT(x, a, nest), 2)->derived = true;
	}
	for (v = 0; v < x->nr_vcpus; v++)
		kw_export_var(x, x->flags_at + v, 1)->any = true;
	for (v = 0; x->opts->row && v < x->nr_vcpus; v++)
		kw_export_var(x, x->rows_at + v, 1)->any = true;
}

/* Every move once; true when values or places grew. */
static bool pass(struct kw_export *x)
{
	unsigned a, i;

	x->grew = false;
	if (x->nr_vcpus)
		kw_export_oracle(x);
	kw_export_invariants(x);
	for (a = 0; a < x->nr_actors; a++)
		for (i = 0; i < x->walkers[a].places->len; i++)
			kw_export_moves_free(kw_export_moves(x, a,
				x->walkers[a].places->pdata[i]));
	return x->grew && !x->refused;
}

/* SPEC must be looked at whenever it may change. */
static void check_oracle(struct kw_export *x)
{
	GString *name = g_string_new(NULL);
	unsigned v, addr;

	for (v = 0; v < x->nr_vcpus; v++)
		for (addr = 0; addr < x->flags_at; addr++)
			if (x->reads[(size_t)v * x->size + addr] &&
			    x->plain_stored[addr]) {
				g_string_truncate(name, 0);
				kw_address_name(x->p, addr, name);
				kw_export_refuse(x, "the oracle reads %s, "
					"which is not declared arch()",
					name->str);
			}
	g_string_free(name, TRUE);
}

static void open_world(struct kw_export *x)
{
	const struct kw_world_opts o = {
		.preemptions = x->opts->preemptions, .row = x->opts->row,
	};
	unsigned i;

	x->w = kw_world_new(x->p, &o);
	x->size = kw_world_size(x->w);
	x->nr_actors = x->p->nr_actors - 1;
	for (i = 0; x->p->oracle.waits && i < x->p->nr_objects; i++)
		x->nr_vcpus += x->p->objects[i].kind ==
			       x->p->oracle.vcpu_kind;
	x->flags_at = x->p->state_size;
	x->budget_at = x->flags_at + x->nr_vcpus;
	x->rows_at = x->budget_at + 1;
	x->turns = g_array_new(FALSE, FALSE, 4 * sizeof(unsigned));
	x->init = g_malloc0(x->size);
	kw_world_start(x->w, x->init);
	x->mark_verdict = mark_number(x->p, "verdict");
	x->mark_signal = mark_number(x->p, "signal");
	x->paths = kw_paths_new(x->p);
	x->live = kw_live_new(x->p, x->paths);
	x->vars = g_new0(struct kw_var, x->size + 2);
	x->walkers = g_new0(struct kw_walker, x->nr_actors + 1);
	x->reads = g_new0(bool, (size_t)x->size * (x->nr_vcpus + 1));
	x->plain_stored = g_new0(bool, x->size);
	x->now = g_new0(GString *, x->nr_vcpus + 1);
	for (i = 0; i < KW_FINDS_INVARIANT + x->p->nr_invariants; i++)
		x->words[i] = kw_export_word(kw_property_name(x->p, i));
}

static void close_world(struct kw_export *x)
{
	unsigned i;

	for (i = 0; i < x->size; i++) {
		g_free(x->vars[i].name);
		if (x->vars[i].values)
			g_array_free(x->vars[i].values, TRUE);
	}
	for (i = 0; i < x->nr_actors; i++) {
		g_free(x->walkers[i].name);
		g_free(x->walkers[i].forced);
		if (x->walkers[i].index) {
			g_hash_table_destroy(x->walkers[i].index);
			g_ptr_array_free(x->walkers[i].places, TRUE);
		}
	}
	for (i = 0; i < x->nr_vcpus; i++)
		if (x->now[i])
			g_string_free(x->now[i], TRUE);
	g_free(x->now);
	for (i = 0; i < KW_NR_PROPERTIES; i++)
		g_free(x->words[i]);
	kw_export_free_invariants(x);
	g_array_free(x->turns, TRUE);
	g_free(x->plain_stored);
	g_free(x->reads);
	g_free(x->walkers);
	g_free(x->vars);
	kw_live_free(x->live);
	kw_paths_free(x->paths);
	g_free(x->init);
	kw_world_free(x->w);
	g_free(x->refused);
}

/* At most: those that are no actors move for the questions' sake. */
static unsigned nr_processes(const struct kw_export *x)
{
	return x->opts->storm ? 2 * x->nr_actors + 1 : x->nr_actors + 3;
}

bool kw_promela_write(const struct kw_program *p,
		      const struct kw_promela_opts *opts, GString *out,
		      GError **err)
{
	struct kw_export x = { .p = p, .opts = opts };
	bool written = false;

	open_world(&x);
	if (x.nr_vcpus > G_N_ELEMENTS(x.thread_of) ||
	    nr_processes(&x) > 255) {
		kw_export_refuse(&x, "Spin has at most 255 processes");
	} else {
		know_actors(&x);
		know_variables(&x);
		kw_export_first_places(&x);
		while (pass(&x))
			;
		check_oracle(&x);
	}
	if (x.refused)
		g_set_error(err, KW_PROMELA_ERROR, 0, "%s", x.refused);
	else
		kw_export_print(&x, out);
	written = !x.refused;
	close_world(&x);
	return written;
}
