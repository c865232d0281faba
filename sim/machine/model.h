/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine that explores asks of a memory model.
 *
 * A state is size bytes: the program's own (program.h) and, behind them,
 * whatever the model keeps (store buffers, views, messages).  The bytes of
 * the objects are always the newest value in the global order: what has
 * reached memory.  The oracle, locks, tasks and handlers read only those.
 *
 *	step	an actor executes its node; where the model leaves it a
 *		choice (which message a load reads) there are several ways
 *	flow	memory moves by itself: a buffered store of the actor drains
 *
 * The contexts of one CPU (a thread, its guest, the handlers that nest on
 * them) see each other's stores: before one begins, ends, enters or is
 * forced out of a guest the other must be settled(), then handover() tells
 * the model who goes on.
 *
 * A state must be canonical: two that nobody can ever tell apart are the
 * same bytes.  tidy() does that after every move.
 *
 * Sequential consistency keeps nothing, has one way and no flow: an engine
 * that is given no model (NULL) uses step.h directly.
 */
#ifndef KW_MODEL_H
#define KW_MODEL_H

#include "machine.h"

struct kw_model_of;	/* a model for one program; read only, shared */

struct kw_model {
	const char *name;		/* "tso", "arm64" */
	struct kw_model_of *(*open)(const struct kw_program *p);
	void (*close)(struct kw_model_of *m);
	/* Bytes of a state in all, and those behind state_size at first. */
	uint32_t (*size)(const struct kw_model_of *m);
	void (*start)(const struct kw_model_of *m, uint8_t *s);
	/*
	 * In how many ways actor a's node can be executed now, 0 if it must
	 * wait for memory (a barrier for its buffer to drain).  CHOICE and
	 * TIME_LESS are the engine's: here they have one way.
	 */
	unsigned (*nr_ways)(const struct kw_model_of *m, const uint8_t *s,
			    unsigned a);
	/* As kw_step(); choice is for CHOICE and TIME_LESS. */
	void (*step)(const struct kw_model_of *m, uint8_t *s, unsigned a,
		     unsigned way, unsigned choice, struct kw_done *done);
	/* Stores of a that may drain now, and one of them drains. */
	unsigned (*nr_flows)(const struct kw_model_of *m, const uint8_t *s,
			     unsigned a);
	void (*flow)(const struct kw_model_of *m, uint8_t *s, unsigned a,
		     unsigned i, struct kw_done *done);
	bool (*settled)(const struct kw_model_of *m, const uint8_t *s,
			unsigned a);
	void (*handover)(const struct kw_model_of *m, uint8_t *s,
			 unsigned from, unsigned to);
	void (*tidy)(const struct kw_model_of *m, uint8_t *s);
	/* May a's node be seen by nobody else, nor see anybody? */
	bool (*is_private)(const struct kw_model_of *m,
			   const struct kw_node *n);
	/* "of 2 stores before", "drains vcpu0.mode = 1"; may add nothing. */
	void (*say_way)(const struct kw_model_of *m, const uint8_t *s,
			unsigned a, unsigned way, GString *out);
	void (*say_flow)(const struct kw_model_of *m, const uint8_t *s,
			 unsigned a, unsigned i, GString *out);
};

#endif
