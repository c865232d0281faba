/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Truth tables and what is known of them.
 *
 * A table gives each cell, a combination of what can be observed (bit i:
 * atom i is true), false or true.  What a table led to depends on the cells
 * that were looked up on the way there, so a clause says: of these cells one
 * at least must be otherwise.
 */
#ifndef KW_ASK_H
#define KW_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#define KW_ASK_ATOMS	8
#define KW_ASK_CELLS	(1 << KW_ASK_ATOMS)

enum { KW_ASK_FALSE, KW_ASK_TRUE, KW_ASK_FREE };

struct kw_clause {
	uint8_t want[KW_ASK_CELLS];	/* FALSE, TRUE; FREE: says nothing */
	unsigned from;			/* whose it is: can be given up */
};

/*
 * A table that no clause forbids but those that are given up, which are as
 * cheap as can be; of those a table with as few true cells as possible
 * (most: as few false ones).  Cells of which nothing is said are false
 * (most: true).
 */
struct kw_solve {
	const GArray *clauses;		/* struct kw_clause */
	const uint8_t *fixed;		/* [cell]: FREE, or as it is to be */
	bool most;
	unsigned nr_from;
	const unsigned *price;		/* [from]: more than there are cells;
					   0: it cannot be given up */
	bool *given_up;			/* [from]: in: already; out: all */
	uint8_t table[KW_ASK_CELLS];	/* out */
};
/* False when there is none. */
bool kw_ask_solve(struct kw_solve *s);

/* A conjunction: atom i is looked at if mask has bit i, and is as in value. */
struct kw_cube {
	uint8_t mask, value;
};

struct kw_formula {			/* a disjunction */
	unsigned nr;
	struct kw_cube cubes[KW_ASK_CELLS];
};

/*
 * The shortest formula for the table; FREE cells may be either.  Of two that
 * have as many literals, that with fewer atoms in `rather_not`.
 */
void kw_ask_minimise(unsigned nr_atoms, const uint8_t table[KW_ASK_CELLS],
		     unsigned rather_not, struct kw_formula *f);
/* "!pause && (irq_lines || vgic_pending)" */
char *kw_ask_text(const struct kw_formula *f, const char *const *atoms);
/* The atoms on which the table depends where nothing is FREE: bits. */
unsigned kw_ask_support(unsigned nr_atoms, const uint8_t table[KW_ASK_CELLS]);

#endif
