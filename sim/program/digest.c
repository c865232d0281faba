/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides when two programs are the same: XXH3 over everything that the
 * engines can see, but for the sources of nodes.
 *
 * Invariant: only values are hashed, never addresses or padding, so that
 * the digest is the same in every process and with every compiler.
 */
#include "link.h"

#include <string.h>
#include <xxhash.h>

static void put(XXH3_state_t *x, const void *data, size_t size)
{
	if (size)
		XXH3_64bits_update(x, data, size);
}

static void put_number(XXH3_state_t *x, uint64_t n)
{
	uint8_t bytes[8];
	unsigned i;

	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(n >> 8 * i);
	put(x, bytes, sizeof(bytes));
}

static void put_string(XXH3_state_t *x, const char *s)
{
	put(x, s, strlen(s) + 1);
}

static void put_strings(XXH3_state_t *x, const char **v, unsigned nr)
{
	unsigned i;

	put_number(x, nr);
	for (i = 0; i < nr; i++)
		put_string(x, v[i]);
}

static void put_nodes(XXH3_state_t *x, const struct kw_program *p)
{
	unsigned i;

	put_number(x, p->nr_nodes);
	for (i = 0; i < p->nr_nodes; i++) {
		struct kw_node n = p->nodes[i];

		n.src = 0;
		put(x, &n, sizeof(n));
	}
	put_number(x, p->nr_succ);
	put(x, p->succ, p->nr_succ * sizeof(*p->succ));
	put_number(x, p->nr_points);
	put(x, p->points, p->nr_points * sizeof(*p->points));
}

static void put_kinds(XXH3_state_t *x, const struct kw_program *p)
{
	unsigned i, k;

	for (i = 0; i < p->nr_kinds; i++) {
		const struct kw_kind *kind = &p->kinds[i];

		put_string(x, kind->name);
		put_number(x, kind->size);
		for (k = 0; k < kind->nr_fields; k++) {
			const struct kw_field *f = &kind->fields[k];

			put_string(x, f->name);
			put_number(x, f->type | f->arch << 8 | f->max << 16);
			put_number(x, f->off);
		}
	}
	for (i = 0; i < p->nr_objects; i++) {
		put_string(x, p->objects[i].name);
		put_number(x, p->objects[i].kind);
		put_number(x, p->objects[i].addr);
	}
}

static void put_actors(XXH3_state_t *x, const struct kw_program *p)
{
	unsigned i, k;

	for (i = 0; i < p->nr_actors; i++) {
		const struct kw_actor *a = &p->actors[i];

		put_string(x, a->name);
		put_number(x, a->type | (unsigned)a->autostart << 8 |
			      (uint32_t)a->home << 16);
		put_number(x, a->object | (uint32_t)a->entry << 16);
		put_number(x, a->nr_regs | (uint32_t)a->nr_times << 16);
		put_number(x, a->nr_args);
		for (k = 0; k < a->nr_args; k++)
			put_number(x, a->arg_reg[k] |
				      (uint32_t)a->arg_val[k] << 16);
	}
}

static void put_timing(XXH3_state_t *x, const struct kw_program *p)
{
	const struct kw_host *h = &p->host;
	unsigned i;

	for (i = 0; i < p->nr_dists; i++) {
		put_number(x, p->dists[i].kind);
		put_number(x, p->dists[i].a);
		put_number(x, p->dists[i].b);
		put_number(x, p->dists[i].first |
			      (uint64_t)p->dists[i].nr << 32);
	}
	put(x, p->values, p->nr_values * sizeof(*p->values));
	put(x, p->times, p->nr_time_values * sizeof(*p->times));
	put_number(x, h->nr_cpus);
	put_number(x, h->slice_ns);
	put_number(x, h->idle_deep_after_ns);
	put_number(x, h->switch_ns);
	put_number(x, h->idle_shallow_ns);
	put_number(x, h->idle_deep_ns);
	put_number(x, h->irq_ns);
	put_number(x, h->timer_slack_ns);
	put(x, h->op_ns, sizeof(h->op_ns));
}

uint64_t kw_program_digest(const struct kw_program *p)
{
	XXH3_state_t *x = XXH3_createState();
	uint64_t digest;
	unsigned i;

	XXH3_64bits_reset(x);
	put_nodes(x, p);
	put_kinds(x, p);
	put_actors(x, p);
	put_timing(x, p);
	put_strings(x, p->marks, p->nr_marks);
	put_strings(x, p->messages, p->nr_messages);
	put_strings(x, p->exits, p->nr_exits);
	put_number(x, p->oracle.deliverable);
	put_number(x, p->oracle.pending);
	put_number(x, p->oracle.waits);
	for (i = 0; i < p->nr_invariants; i++) {
		const struct kw_invariant *v = &p->invariants[i];

		put_string(x, v->name);
		put_number(x, v->entry | (uint32_t)v->kind << 16);
		put_number(x, v->when | (unsigned)v->eventually << 8);
	}
	put(x, p->init, p->state_size);
	put(x, p->time_init, p->nr_times * sizeof(*p->time_init));
	digest = XXH3_64bits_digest(x);
	XXH3_freeState(x);
	return digest;
}
