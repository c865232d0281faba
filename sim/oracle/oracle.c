/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides for which vCPU SPEC holds now.
 *
 * Invariant: between two calls every cached term equals what its path would
 * return; spec is recomputed from the cached terms alone.
 */
#include "oracle.h"

#include "../machine/machine.h"
#include "../machine/memory.h"

/* The objects of a kind, by their index; their number in *nr. */
static uint16_t *find_kind(const struct kw_program *p, unsigned kind,
			   unsigned *nr)
{
	uint16_t *found = g_new0(uint16_t, p->nr_objects);
	unsigned i;

	for (*nr = i = 0; i < p->nr_objects; i++)
		if (p->objects[i].kind == kind)
			found[(*nr)++] = (uint16_t)i;
	return found;
}

struct kw_oracle *kw_oracle_new(const struct kw_program *p)
{
	struct kw_oracle *o = g_new0(struct kw_oracle, 1);

	o->program = p;
	if (p->oracle.waits)
		o->vcpu_object = find_kind(p, p->oracle.vcpu_kind,
					   &o->nr_vcpus);
	if (p->oracle.deliverable)
		o->irq_object = find_kind(p, p->oracle.irq_kind, &o->nr_irqs);
	/* One more: none is not NULL, which memcpy() does not take. */
	o->irq_vcpu = g_new0(uint16_t, o->nr_irqs + 1);
	o->vcpus = g_new0(struct kw_oracle_vcpu, o->nr_vcpus + 1);
	o->kept_irq_vcpu = g_new0(uint16_t, o->nr_irqs + 1);
	o->kept_vcpus = g_new0(struct kw_oracle_vcpu, o->nr_vcpus + 1);
	o->changed = g_new0(uint16_t, 2 * (o->nr_irqs + o->nr_vcpus));
	return o;
}

void kw_oracle_free(struct kw_oracle *o)
{
	if (!o)
		return;
	g_free(o->irq_object);
	g_free(o->vcpu_object);
	g_free(o->irq_vcpu);
	g_free(o->vcpus);
	g_free(o->kept_irq_vcpu);
	g_free(o->kept_vcpus);
	g_free(o->changed);
	g_free(o);
}

/* The irq that is deliverable to v, or v itself. */
static uint16_t cause_of(const struct kw_oracle *o, unsigned v)
{
	unsigned i;

	if (o->vcpus[v].waits == KW_WAITS_IRQ && o->vcpus[v].nr_deliverable)
		for (i = 0; i < o->nr_irqs; i++)
			if (o->irq_vcpu[i] == v + 1)
				return o->irq_object[i];
	return o->vcpu_object[v];
}

static void update_spec(struct kw_oracle *o, unsigned v)
{
	struct kw_oracle_vcpu *vc = &o->vcpus[v];
	bool spec = vc->waits == KW_WAITS_NOT ||
		    (vc->waits == KW_WAITS_IRQ &&
		     (vc->pending || vc->nr_deliverable));

	if (spec == vc->spec)
		return;
	vc->spec = spec;
	if (spec)
		vc->cause = cause_of(o, v);
	o->changed[o->nr_changed++] = (uint16_t)v;
}

static void touch_irq(struct kw_oracle *o, uint8_t *s, unsigned i)
{
	const struct kw_program *p = o->program;
	const struct kw_object *irq = &p->objects[o->irq_object[i]];
	unsigned was = o->irq_vcpu[i], now = 0, target;

	if (kw_eval(p, s, p->oracle.deliverable, irq->addr)) {
		target = kw_get16(s, irq->addr + p->oracle.target_off);
		if (target)
			now = p->objects[p->object_at[target >> 3]].index + 1u;
	}
	if (was == now)
		return;
	o->irq_vcpu[i] = (uint16_t)now;
	if (was) {
		o->vcpus[was - 1].nr_deliverable--;
		update_spec(o, was - 1);
	}
	if (now) {
		o->vcpus[now - 1].nr_deliverable++;
		update_spec(o, now - 1);
	}
}

static void touch_vcpu(struct kw_oracle *o, uint8_t *s, unsigned v)
{
	const struct kw_program *p = o->program;
	uint16_t addr = p->objects[o->vcpu_object[v]].addr;
	struct kw_oracle_vcpu *vc = &o->vcpus[v];
	uint8_t waits = (uint8_t)kw_eval(p, s, p->oracle.waits, addr);

	if (waits != vc->waits) {
		o->changed[o->nr_changed++] = (uint16_t)v;
		vc->waits = waits;
		vc->cause = cause_of(o, v);
	}
	if (p->oracle.pending)
		vc->pending = (uint8_t)kw_eval(p, s, p->oracle.pending, addr);
	update_spec(o, v);
}

void kw_oracle_reset(struct kw_oracle *o, uint8_t *s)
{
	unsigned i;

	for (i = 0; i < o->nr_vcpus; i++)
		o->vcpus[i] = (struct kw_oracle_vcpu){ 0 };
	for (i = 0; i < o->nr_irqs; i++)
		o->irq_vcpu[i] = 0;
	kw_oracle_touch(o, s, 0, true);
}

void kw_oracle_keep(struct kw_oracle *o)
{
	memcpy(o->kept_vcpus, o->vcpus, o->nr_vcpus * sizeof(o->vcpus[0]));
	memcpy(o->kept_irq_vcpu, o->irq_vcpu,
	       o->nr_irqs * sizeof(o->irq_vcpu[0]));
}

void kw_oracle_go_back(struct kw_oracle *o)
{
	memcpy(o->vcpus, o->kept_vcpus, o->nr_vcpus * sizeof(o->vcpus[0]));
	memcpy(o->irq_vcpu, o->kept_irq_vcpu,
	       o->nr_irqs * sizeof(o->irq_vcpu[0]));
}

void kw_oracle_touch(struct kw_oracle *o, uint8_t *s, unsigned addr, bool all)
{
	const struct kw_program *p = o->program;
	const struct kw_object *object = &p->objects[p->object_at[addr >> 3]];
	unsigned i;

	o->nr_changed = 0;
	if (all) {
		for (i = 0; i < o->nr_irqs; i++)
			touch_irq(o, s, i);
		for (i = 0; i < o->nr_vcpus; i++)
			touch_vcpu(o, s, i);
	} else if (object->kind == p->oracle.irq_kind && o->nr_irqs) {
		touch_irq(o, s, object->index);
	} else if (object->kind == p->oracle.vcpu_kind && o->nr_vcpus) {
		touch_vcpu(o, s, object->index);
	}
}
