/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs by hand, for tests of the machine and the engine: one kind, a few
 * objects, nodes one after another, actors that begin at a node.
 */
#ifndef KW_TEST_ASM_H
#define KW_TEST_ASM_H

#include <string.h>
#include "../../sim/machine/step.h"
#include "../../sim/program/program.h"

#define ASM_MAX 256

struct assembler {
	struct kw_program p;
	struct kw_node nodes[ASM_MAX];
	uint16_t succ[ASM_MAX], points[ASM_MAX];
	struct kw_actor actors[16];
	struct kw_object objects[16];
	struct kw_kind kind;
	struct kw_field fields[32];	/* where a test wants them */
	const char *labels[ASM_MAX];	/* the same */
	struct kw_dist dists[16];
	uint16_t object_at[64];
	const char *marks[4];
	uint8_t init[4096];
	uint64_t times[64];
};

static inline void asm_begin(struct assembler *m)
{
	memset(m, 0, sizeof(*m));
	m->p.nodes = m->nodes;
	m->p.succ = m->succ;
	m->p.points = m->points;
	m->p.actors = m->actors;
	m->p.objects = m->objects;
	m->p.kinds = &m->kind;
	m->p.object_at = m->object_at;
	m->p.dists = m->dists;
	m->p.marks = m->marks;
	m->p.init = m->init;
	m->p.time_init = m->times;
	m->nodes[0].op = KW_OP_END;
	m->p.nr_nodes = 1;
	m->p.nr_dists = 1;
	m->p.objects_size = 8;
	m->p.host.nr_cpus = 4;
	m->p.host.slice_ns = 1000000;
	m->kind.name = "thing";
}

/* An object of size bytes (a multiple of 8); returns its address. */
static inline uint16_t asm_object(struct assembler *m, unsigned size)
{
	uint16_t addr = (uint16_t)m->p.objects_size, i;

	m->objects[m->p.nr_objects] = (struct kw_object){
		"thing", 0, addr, (uint16_t)m->p.nr_objects,
	};
	for (i = 0; i < size / 8; i++)
		m->object_at[addr / 8 + i] = (uint16_t)m->p.nr_objects;
	m->p.nr_objects++;
	m->p.objects_size += size;
	return addr;
}

/* Appends a node that falls through to the one after it. */
static inline struct kw_node *asm_op(struct assembler *m, enum kw_op op,
				     unsigned addr, unsigned val)
{
	struct kw_node *n = &m->nodes[m->p.nr_nodes++];

	n->op = (uint8_t)op;
	n->off = (uint16_t)addr;
	n->val = (uint16_t)val;
	n->next[0] = n->next[1] = (uint16_t)m->p.nr_nodes;
	return n;
}

static inline uint16_t asm_here(const struct assembler *m)
{
	return (uint16_t)m->p.nr_nodes;
}

static inline uint16_t asm_dist(struct assembler *m, enum kw_dist_kind kind,
				uint64_t a, uint64_t b)
{
	m->dists[m->p.nr_dists] = (struct kw_dist){
		.kind = (uint8_t)kind, .a = a, .b = b,
	};
	return (uint16_t)m->p.nr_dists++;
}

static inline uint16_t asm_actor(struct assembler *m, enum kw_actor_type type,
				 bool autostart, uint16_t entry,
				 uint16_t home)
{
	uint16_t a = (uint16_t)m->p.nr_actors++;

	m->actors[a] = (struct kw_actor){
		.name = "actor", .type = (uint8_t)type,
		.autostart = autostart, .entry = entry, .nr_regs = 8,
		.home = home == 0xffff ? a : home,
	};
	return a;
}

/* Lays out the actors' blocks; call it last. */
static inline void asm_end(struct assembler *m)
{
	unsigned a;

	asm_actor(m, KW_HW, false, 0, 0xffff);	/* the oracle's scratch */
	m->p.state_size = m->p.objects_size;
	for (a = 0; a < m->p.nr_actors; a++) {
		m->actors[a].base = m->p.state_size;
		m->p.state_size += sizeof(struct kw_actor_state) +
				   2u * m->actors[a].nr_regs;
	}
	g_assert(m->p.state_size <= sizeof(m->init));
}

#endif
