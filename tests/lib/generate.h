/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small programs by chance: a vCPU that may sleep, two more actors, often an
 * interrupt handler, sometimes a guest and its handler.  A seed is a program,
 * everywhere.  Nothing in them loops, so whatever can happen is over at last,
 * and a vCPU that oversleeps does so in an end state.
 */
#ifndef KW_TEST_GENERATE_H
#define KW_TEST_GENERATE_H

#include "asm.h"

void generate(struct assembler *m, uint64_t seed);
/* The same, of actors that do little but take locks. */
void generate_locks(struct assembler *m, uint64_t seed);
/* Some loads and stores order others, whatever they access. */
void generate_orders(struct assembler *m, uint64_t seed);
/* As the compiler does: what a node touches is called by its field's name. */
void generate_names(struct assembler *m);

/*
 * The same, but that there are several of a kind: two or three like actors, or
 * two vCPUs with all that is theirs.  What they share is in an object of its
 * own.
 */
enum alike {
	ALIKE_ACTORS,		/* one path, one object */
	ALIKE_BY_ARGUMENT,	/* one path, each with its own object */
	ALIKE_BY_COPY,		/* each with its own path */
	ALIKE_BUT_FOR_ONE,	/* the same, with one value another */
	NR_ALIKE,
	ALIKE_IN_THREADS = 16,	/* a bit: none is hardware, and some loads and
				   stores order others */
};
void generate_alike(struct assembler *m, enum alike how, uint64_t seed);

#endif
