/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nodes.c and tasks.c share: a node while its moves are written.
 */
#ifndef KW_EXPORT_NODE_H
#define KW_EXPORT_NODE_H

#include "model.h"

struct kw_here {
	struct kw_export_moves *l;
	struct kw_export *x;
	unsigned a;
	const struct kw_node *n;
	const struct kw_actor_state *st;	/* before */
	unsigned A;
};

void kw_node_begin(const struct kw_here *d, struct kw_export_move *m);
/* The move leads to node pc, or to the next node, or nowhere. */
void kw_node_end_at(const struct kw_here *d, struct kw_export_move *m,
		    unsigned pc);
void kw_node_end(const struct kw_here *d, struct kw_export_move *m);
void kw_node_fails(const struct kw_here *d, struct kw_export_move *m);
/* Where nothing can happen any more, the actor waiting is a failure. */
void kw_node_deadlock(const struct kw_here *d,
		      struct kw_export_move *m);
/* A move for each value of two bytes; what it does is up to which. */
void kw_node_each(const struct kw_here *d, unsigned addr,
		  void (*which)(const struct kw_here *d,
				struct kw_export_move *m, unsigned value));

/* tasks.c: false when it is none of its nodes */
bool kw_node_of_task(const struct kw_here *d);

#endif
