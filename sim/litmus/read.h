/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a test: one token of lookahead, and one error, after which
 * everything looks like the end of the file.
 */
#ifndef KW_LITMUS_READ_H
#define KW_LITMUS_READ_H

#include "code.h"

enum kw_lit_tok { KW_T_END, KW_T_NAME, KW_T_NUMBER, KW_T_PUNCT, KW_T_STRING };

struct kw_lit_token {
	enum kw_lit_tok type;
	const char *at;			/* not NUL-terminated */
	size_t len;
	int64_t number;
	unsigned line;
};

struct kw_lit_reader {
	const char *file, *at, *end;
	unsigned line, depth;
	bool in_body;			/* "(*" is no comment here */
	struct kw_lit_token tok;	/* the next one */
	struct kw_litmus *l;
	unsigned t;			/* the thread that is being read */
	uint64_t temps, busy;		/* its temporaries; in use */
	uint64_t params;		/* variables that it names */
	GError *err;
};

/* lex.c */
void kw_lit_next(struct kw_lit_reader *r);
bool kw_lit_is(const struct kw_lit_reader *r, const char *text);
/* Skips the token when it is text. */
bool kw_lit_accept(struct kw_lit_reader *r, const char *text);
void kw_lit_expect(struct kw_lit_reader *r, const char *text);
/* The next token as a name, or an error; free it. */
char *kw_lit_take_name(struct kw_lit_reader *r, const char *what);
void kw_lit_fail(struct kw_lit_reader *r, unsigned line, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
void kw_lit_unexpected(struct kw_lit_reader *r, const char *wanted);
/* Goes one level deeper; false and an error when that is too deep. */
bool kw_lit_enter(struct kw_lit_reader *r);
bool kw_lit_skip_type(struct kw_lit_reader *r);

/* parse.c */
unsigned kw_lit_var(struct kw_lit_reader *r, const char *name);
unsigned kw_lit_reg(struct kw_lit_reader *r, unsigned t, const char *name);
int64_t kw_lit_read_value(struct kw_lit_reader *r);
/* The next token is P and a number. */
bool kw_lit_at_thread(const struct kw_lit_reader *r);

/* body.c, expr.c */
void kw_lit_read_body(struct kw_lit_reader *r);
struct kw_lit_expr {
	uint16_t node;
	bool lvalue;			/* node is its address */
};
struct kw_lit_expr kw_lit_read_expr(struct kw_lit_reader *r);
/* Loads an lvalue, with a plain access. */
uint16_t kw_lit_rvalue(struct kw_lit_reader *r, struct kw_lit_expr e);
/* node as an address that is used now, not as a value. */
uint16_t kw_lit_use_address(struct kw_lit_reader *r, uint16_t node);
uint16_t kw_lit_make(struct kw_lit_reader *r, enum kw_lit_node_op op,
		     uint16_t a, uint16_t b, uint16_t c);
uint16_t kw_lit_make_const(struct kw_lit_reader *r, int64_t value);
uint16_t kw_lit_make_reg(struct kw_lit_reader *r, unsigned reg);
unsigned kw_lit_temp(struct kw_lit_reader *r);
struct kw_lit_insn *kw_lit_emit(struct kw_lit_reader *r, enum kw_lit_op op);

/* call.c: the primitive called name, up to its closing parenthesis */
struct kw_lit_expr kw_lit_read_call(struct kw_lit_reader *r, const char *name,
				    unsigned line);

/* cond.c: filter, locations and the condition, to the end of the file */
void kw_lit_read_conditions(struct kw_lit_reader *r);

#endif
