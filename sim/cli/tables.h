/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Truth tables in the place of a kernel's predicate, and what explorations
 * say of them.
 */
#ifndef KW_CLI_TABLES_H
#define KW_CLI_TABLES_H

#include "../ask/ask.h"
#include "exploring.h"

G_STATIC_ASSERT(KW_ASK_ATOMS == KW_MAX_ATOMS);

struct kw_tried {			/* a scenario */
	struct kw_exploring what;
	char *name;
	bool bounded;			/* too big to be asked */
	bool several;			/* vCPUs that look at the table */
};

/* Invariants are not asked for. */
#define KW_TABLES_PROPERTIES KW_FINDS_INVARIANT
/* What can be given up: property p in scenario i. */
#define KW_TABLES_FROM(i, p) ((i) * KW_TABLES_PROPERTIES + (p))

struct kw_tables {
	struct kw_cli *cli;
	const char *kernel, *predicate;
	const char *const *atoms;
	unsigned nr_atoms;
	GArray *tried;			/* struct kw_tried */
	GArray *clauses;		/* struct kw_clause; from: see there */
	bool seen[KW_ASK_CELLS];	/* some table looks it up */
	/*
	 * [KW_TABLES_FROM()]: no table avoids it and all others, too; or it is
	 * spurious where missed is given up.
	 */
	bool *given_up;
	uint64_t explorations, states;
	bool bounded;			/* a table was too big to be judged */
};

/* Which cells can be looked up in this scenario, whatever the table says. */
bool kw_tables_add(struct kw_tables *t, const char *path, GError **err);
/*
 * Once all are added: a table in which nothing is found but what has to be
 * given up, with as few (most: many) true cells as can be.
 */
bool kw_tables_start(struct kw_tables *t, bool most, uint8_t *table,
		     GError **err);
/* Is there one with this cell so, without giving up more? */
bool kw_tables_possible(struct kw_tables *t, unsigned cell, uint8_t so,
			bool *yes, GError **err);
/* What this table leads to in scenario i, avoidable or not. */
bool kw_tables_try(struct kw_tables *t, unsigned i, const uint8_t *table,
		   bool found[KW_TABLES_PROPERTIES], GError **err);
/*
 * The scenario of a clause that wants the cell so and as few others as can be,
 * of those that are not given up; or -1.
 */
int kw_tables_witness(const struct kw_tables *t, unsigned cell, uint8_t so,
		      enum kw_property *p);

#endif
