/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program as text: one path as a numbered automaton, or as a graph.
 *
 * A line is a node: its number, what it does, where it goes.  What follows
 * to the next line is not said; "0:7 1:12" is where outcomes 0 and 1 go.
 */
#ifndef KW_SHOW_H
#define KW_SHOW_H

#include "program.h"

/* Appends every path of that name; returns how many there are. */
unsigned kw_show_path(const struct kw_program *p, const char *name,
		      GString *out);
/* The same for graphviz. */
unsigned kw_show_dot(const struct kw_program *p, const char *name,
		     GString *out);
/* Appends the names of all paths, one a line: nodes, name, kernel file. */
void kw_show_names(const struct kw_program *p, GString *out);
/* What node n does: "STORE vcpu.mode(r1) = IN_GUEST_MODE". */
void kw_show_node(const struct kw_program *p, unsigned n, GString *out);

#endif
