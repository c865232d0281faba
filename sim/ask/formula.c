/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what the shortest formula of a table is (Quine, McCluskey): its
 * prime implicants, then the cheapest set of them that covers what is true.
 */
#include <string.h>
#include "ask.h"

#define MAX_VISITS	200000u

struct minimise {
	unsigned nr_atoms, rather_not;
	const uint8_t *table;
	bool (*implies)[KW_ASK_CELLS];	/* [mask][value] */
	struct kw_cube *primes;
	unsigned nr_primes, visits;
	struct kw_formula now, *best;
	unsigned cost, best_cost;
};

static bool covers(struct kw_cube c, unsigned cell)
{
	return (cell & c.mask) == c.value;
}

/* A literal costs 16, one with an atom that is not liked 17. */
static unsigned cost_of(const struct minimise *m, struct kw_cube c)
{
	unsigned i, cost = 1;

	for (i = 0; i < m->nr_atoms; i++)
		if (c.mask >> i & 1)
			cost += 16 + (m->rather_not >> i & 1);
	return cost;
}

static void find_implicants(struct minimise *m)
{
	unsigned all = (1u << m->nr_atoms) - 1, mask = all + 1, value, bit;

	while (mask-- > 0)
		for (value = 0; value <= all; value++) {
			bool *yes = &m->implies[mask][value];

			if (value & ~mask)
				continue;
			*yes = mask == all && m->table[value] != KW_ASK_FALSE;
			bit = ~mask & all;
			bit &= ~bit + 1;	/* the lowest */
			if (bit)
				*yes = m->implies[mask | bit][value] &&
				       m->implies[mask | bit][value | bit];
		}
}

static bool is_prime(const struct minimise *m, unsigned mask, unsigned value)
{
	unsigned i;

	if (!m->implies[mask][value])
		return false;
	for (i = 0; i < m->nr_atoms; i++)
		if (mask >> i & 1 &&
		    m->implies[mask & ~(1u << i)][value & ~(1u << i)])
			return false;
	return true;
}

static void find_primes(struct minimise *m)
{
	unsigned all = (1u << m->nr_atoms) - 1, mask, value, cell;

	for (mask = 0; mask <= all; mask++)
		for (value = 0; value <= all; value++) {
			struct kw_cube c = { (uint8_t)mask, (uint8_t)value };

			if (value & ~mask || !is_prime(m, mask, value))
				continue;
			for (cell = 0; cell <= all; cell++)
				if (covers(c, cell) &&
				    m->table[cell] == KW_ASK_TRUE)
					break;
			if (cell <= all)
				m->primes[m->nr_primes++] = c;
		}
}

/* The first true cell that nothing covers yet, or none. */
static int uncovered(const struct minimise *m)
{
	unsigned cell, i;

	for (cell = 0; cell < 1u << m->nr_atoms; cell++) {
		if (m->table[cell] != KW_ASK_TRUE)
			continue;
		for (i = 0; i < m->now.nr; i++)
			if (covers(m->now.cubes[i], cell))
				break;
		if (i == m->now.nr)
			return (int)cell;
	}
	return -1;
}

/* Every cover is looked at until MAX_VISITS; a first one is always found. */
static void cover(struct minimise *m)
{
	int cell = uncovered(m);
	unsigned i, cost;

	if (cell < 0) {
		*m->best = m->now;
		m->best_cost = m->cost;
		return;
	}
	for (i = 0; i < m->nr_primes; i++) {
		cost = cost_of(m, m->primes[i]);
		if (!covers(m->primes[i], (unsigned)cell) ||
		    m->cost + cost >= m->best_cost)
			continue;
		if (m->best_cost != UINT_MAX && m->visits++ > MAX_VISITS)
			return;
		m->now.cubes[m->now.nr++] = m->primes[i];
		m->cost += cost;
		cover(m);
		m->cost -= cost;
		m->now.nr--;
	}
}

void kw_ask_minimise(unsigned nr_atoms, const uint8_t table[KW_ASK_CELLS],
		     unsigned rather_not, struct kw_formula *f)
{
	struct minimise m = {
		.nr_atoms = nr_atoms, .rather_not = rather_not,
		.table = table, .best = f, .best_cost = UINT_MAX,
	};

	g_assert(nr_atoms <= KW_ASK_ATOMS);
	m.implies = g_malloc0(sizeof(*m.implies) * KW_ASK_CELLS);
	m.primes = g_new(struct kw_cube, KW_ASK_CELLS * KW_ASK_CELLS);
	find_implicants(&m);
	find_primes(&m);
	cover(&m);
	g_free(m.implies);
	g_free(m.primes);
}

static void put_cube(struct kw_cube c, const char *const *atoms, GString *out)
{
	const char *before = "";
	unsigned i;

	for (i = 0; i < KW_ASK_ATOMS; i++) {
		if (!(c.mask >> i & 1))
			continue;
		g_string_append_printf(out, "%s%s%s", before,
				       c.value >> i & 1 ? "" : "!", atoms[i]);
		before = " && ";
	}
}

/* The literals that all cubes have. */
static struct kw_cube common(const struct kw_formula *f)
{
	struct kw_cube all = f->cubes[0];
	unsigned i;

	for (i = 1; i < f->nr; i++) {
		all.mask &= f->cubes[i].mask;
		all.mask &= (uint8_t)~(all.value ^ f->cubes[i].value);
	}
	all.value &= all.mask;
	return all;
}

char *kw_ask_text(const struct kw_formula *f, const char *const *atoms)
{
	GString *out = g_string_new(NULL);
	struct kw_cube all;
	unsigned i;

	if (!f->nr)
		return g_string_free(g_string_append(out, "false"), FALSE);
	all = common(f);
	put_cube(all, atoms, out);
	if (f->nr == 1 && !all.mask)
		g_string_append(out, "true");
	if (f->nr > 1 && all.mask)
		g_string_append(out, " && (");
	for (i = 0; f->nr > 1 && i < f->nr; i++) {
		struct kw_cube c = f->cubes[i];

		c.mask &= (uint8_t)~all.mask;
		if (i)
			g_string_append(out, " || ");
		put_cube(c, atoms, out);
	}
	if (f->nr > 1 && all.mask)
		g_string_append_c(out, ')');
	return g_string_free(out, FALSE);
}

unsigned kw_ask_support(unsigned nr_atoms, const uint8_t table[KW_ASK_CELLS])
{
	unsigned i, cell, bits = 0;

	for (i = 0; i < nr_atoms; i++)
		for (cell = 0; cell < 1u << nr_atoms; cell++)
			if (table[cell] != table[cell ^ 1u << i])
				bits |= 1u << i;
	return bits;
}
