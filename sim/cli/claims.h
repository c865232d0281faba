/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `claims` found, for those who print it.
 *
 * A finding is one exploration: scenario, kernel, what is left out of it,
 * memory; it went through all there is, whatever was found on the way.
 */
#ifndef KW_CLI_CLAIMS_H
#define KW_CLI_CLAIMS_H

#include "exploring.h"

enum kw_claim_verdict {
	KW_CLAIM_HOLDS, KW_CLAIM_QUALIFIED, KW_CLAIM_FAILS, KW_CLAIM_OPEN,
	KW_NR_CLAIM_VERDICTS
};
extern const char *const kw_claim_verdicts[KW_NR_CLAIM_VERDICTS];

/* Did what was found go as the evidence predicts? */
enum kw_agrees { KW_AGREES, KW_DISAGREES, KW_AGREES_OPEN, KW_NOT_ASKED };

/* What is explored: a kernel with a patch on it, less a step ("": none). */
struct kw_claim_asked {
	const char *scenario, *kernel, *patch, *without;
	bool storm;			/* storms are looked for */
};

struct kw_claim_finding {
	const char *path;
	char *kernel;			/* with its patch */
	GPtrArray *without;		/* the step, or nothing */
	unsigned m;			/* in which memory */
	bool storm;			/* it is asked for storms */
	bool found[KW_NR_CLAIM_PROPERTIES], exposed;
	bool seen[KW_NR_CLAIM_PROPERTIES];	/* else it was bounded */
	uint64_t states;
	/* How to see it; the exploration, where it was not found. */
	char *replay[KW_NR_CLAIM_PROPERTIES];
	struct kw_explored x;		/* while it is explored */
	bool explored;			/* x is */
};

enum kw_claim_effect { KW_FIXES, KW_BREAKS, KW_LEAVES, KW_UNKNOWN,
		 KW_NR_EFFECTS };
extern const char *const kw_effect_names[KW_NR_EFFECTS];

struct kw_judged_claims {
	struct kw_cli *cli;
	const struct kw_claims *claims;
	const char *memories[KW_WEAK_NR];
	unsigned nr_memories;
	GPtrArray *scenarios;		/* the folder's: name */
	GPtrArray *paths;		/* ... and file */
	GHashTable *findings;		/* "scenario kernel memory step" */
	GPtrArray *order;		/* ... in this order; owns them */
	struct kw_store *store;
	char *where;			/* kw_cli_where() */
	bool interrupted, bounded;	/* an exploration was */
};

/* claims.c: f is NULL where it is not asked. */
enum kw_agrees kw_claims_agrees(const struct kw_evidence *e,
				const struct kw_claim_finding *f);
/* Evidence e of a claim under a kernel: its finding in memory m, or NULL. */
const struct kw_claim_finding *kw_claims_finding(
	const struct kw_judged_claims *j, const struct kw_evidence *e,
	const char *kernel, unsigned m);
bool kw_claims_concerns(const struct kw_evidence *e, const char *kernel);
enum kw_claim_verdict kw_claims_judge(const struct kw_judged_claims *j,
				      const struct kw_claim *c,
				      const char *kernel, unsigned m);
/* What a proposal does to a property of a scenario, or KW_NR_EFFECTS. */
enum kw_claim_effect kw_claims_effect(const struct kw_judged_claims *j,
				const struct kw_proposal *p,
				const char *scenario,
				enum kw_claim_property what,
				unsigned m);
/* A proposal's finding, with it or without. */
const struct kw_claim_finding *kw_claims_of_proposal(
	const struct kw_judged_claims *j, const struct kw_proposal *p,
	const char *scenario, bool with, unsigned m);
/* Is it one that the command line asks for? */
bool kw_claims_asked(const struct kw_cli *cli, const char *id);

/* claims_put.c: */
void kw_claims_put(const struct kw_judged_claims *j, bool brief,
		   GString *out);
void kw_claims_put_json(const struct kw_judged_claims *j, GString *out);
void kw_claims_put_markdown(const struct kw_judged_claims *j, GString *out);

#endif
