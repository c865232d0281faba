/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled program as a Promela model, for Spin: the same states and the
 * same moves as an exploration without reduction under sequential
 * consistency.
 *
 *	an actor	a process
 *	its node, registers and masks (what it alone changes)
 *			the place where the process stands
 *	a variable that can change
 *			a global variable, as small as its values allow
 *	a move		one statement, or one d_step
 *
 * Registers are no variables: every register's value that can occur makes a
 * place of its own, so an access has a fixed address and a name.  Values of
 * references are numbered for each variable; the declaration says what they
 * are.
 *
 * What cannot be said in Promela is an error, never something else.
 */
#ifndef KW_PROMELA_H
#define KW_PROMELA_H

#include "../program/program.h"

#define KW_PROMELA_ERROR (g_quark_from_static_string("kw-promela"))

struct kw_promela_opts {
	unsigned preemptions;	/* as in struct kw_world_opts ... */
	uint32_t check;		/* ... as is this */
	bool orders;		/* of locks: this takes C in the model */
	unsigned row;		/* as there, */
	bool per_kick;		/* too */
	bool eventually;	/* the model may come to rest, and has more
				   states: see invariants.c */
	bool storm;		/* another model: nothing else is looked for,
				   and list is not for it */
	const char *about;	/* a line for the first comment */
	bool list;		/* pan tells what it finds, and where it ends:
				   see print.c */
};

/* Appends the model to out. */
bool kw_promela_write(const struct kw_program *p,
		      const struct kw_promela_opts *opts, GString *out,
		      GError **err);

#endif
