/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Litmus tests: small concurrent programs in the C form that herd7 and the
 * kernel's tools/memory-model use, and every state in which they can end
 * under a memory model.
 */
#ifndef KW_LITMUS_H
#define KW_LITMUS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "../weak/weak.h"

#define KW_LITMUS_ERROR (g_quark_from_static_string("kw-litmus"))

struct kw_litmus;

/*
 * Reads a test.  text need not end in NUL; file is for messages.  NULL and
 * an error that begins with file:line: when it is no test, or uses what is
 * not supported, which is then named.
 */
struct kw_litmus *kw_litmus_parse(const char *file, const char *text,
				  size_t size, GError **err);
void kw_litmus_free(struct kw_litmus *l);
const char *kw_litmus_name(const struct kw_litmus *l);

enum kw_litmus_seen {
	KW_LITMUS_NEVER, KW_LITMUS_SOMETIMES, KW_LITMUS_ALWAYS,
};
extern const char *const kw_litmus_seen_names[];

/*
 * What the file says itself in a line "Result: Never" of a comment; -1:
 * nothing, or a data race, for which no verdict holds.
 */
int kw_litmus_documented(const struct kw_litmus *l);

/* The line of the condition as a herd would print it: exists (...) */
char *kw_litmus_condition(const struct kw_litmus *l);
/* "Allowed", "Forbidden" or "Required": exists, ~exists, forall */
const char *kw_litmus_kind(const struct kw_litmus *l);

struct kw_litmus_result {
	GPtrArray *states;	/* char *: "0:r1=1; [x]=2;", sorted */
	uint64_t positive, negative;	/* of these, by the condition */
	enum kw_litmus_seen seen;
	bool ok;		/* exists: seen; ~exists: not; forall: always */
	bool race;		/* a data race was met */
	bool bad_pointer;	/* what was no variable's address was used */
	bool deadlock;		/* some execution could not go on */
	bool bounded;		/* a limit was reached: not all was seen */
	uint64_t nr_explored;
};

struct kw_litmus_opts {
	enum kw_weak_model model;
	uint64_t max_states;	/* 0: no limit */
	uint64_t max_bytes;	/* for the states; 0: no limit */
	bool no_reduction;	/* also take what commutes in every order */
	bool no_load_buffering;	/* no store overtakes an older load */
	volatile int *stop;	/* may be NULL; not 0: give up, as bounded */
};

/* Every interleaving; the same answer each time. */
void kw_litmus_run(const struct kw_litmus *l,
		   const struct kw_litmus_opts *opts,
		   struct kw_litmus_result *r);
void kw_litmus_result_clear(struct kw_litmus_result *r);

#endif
