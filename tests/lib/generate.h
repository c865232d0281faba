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

#endif
