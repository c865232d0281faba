/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a kw_canon, shared by keys.c (what a state is but for names)
 * and canon.c (which state of its orbit is in order).
 */
#ifndef KW_CANON_H
#define KW_CANON_H

#include "inside.h"

struct kw_canon {
	const struct kw_symmetry *y;
	const struct kw_world *w;
	const struct kw_program *p;
	uint64_t *unit, *element;	/* keys, of the state in hand */
	uint64_t *memory;		/* [unit]: what weak memory adds */
	struct kw_relaxed_keys *weak;	/* NULL: there is none */
	uint32_t size;			/* of a state */
	uint64_t *before;		/* of elements: of the one before it */
	uint16_t *undo;			/* units whose keys changed since */
	uint64_t *undo_key;
	unsigned nr_undo;
	uint64_t *tag;			/* [element]: which orbit it is from */
	uint64_t *grains;		/* [unit]: that its key depends on */
	uint16_t (*units_at)[2];	/* [word]: units + 1 that it is of */
	uint16_t **node, **point;	/* [actor]: the numbers of the first of
					   its orbit, or NULL: its own */
	uint16_t *vcpu_unit;		/* [vCPU] */
	int16_t *vcpu_of;		/* [unit], or -1 */
	uint8_t *copy;
	uint16_t *to, *from;		/* [unit]: of one exchange */
	uint16_t *granule;		/* [address / 8]: the same */
	uint16_t *order;		/* [place in a class]: its element */
};

/* Of the state's unit u, without weak memory. */
uint64_t kw_unit_key(const struct kw_canon *c, const uint8_t *s, unsigned u);
/* What weak memory adds: c->memory. */
void kw_memory_keys(struct kw_canon *c, const uint8_t *s);
/* c->element, from units' keys. */
void kw_element_keys(struct kw_canon *c);
/* An element's, in the key of the one that it lies in. */
uint64_t kw_part_key(const struct kw_canon *c, unsigned e);
void kw_keys_init(struct kw_canon *c);
void kw_keys_free(struct kw_canon *c);

#endif
