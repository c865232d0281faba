/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a token of a litmus file is.
 *
 * In a thread's body "(*x" is a parenthesis and a dereference; elsewhere it
 * begins a comment.  After an error there are no tokens any more.
 */
#include <stdarg.h>
#include <string.h>
#include "read.h"

#define MAX_DEPTH 100

void kw_lit_fail(struct kw_lit_reader *r, unsigned line, const char *fmt, ...)
{
	va_list ap;
	char *message;

	if (r->err)
		return;
	va_start(ap, fmt);
	message = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_set_error(&r->err, KW_LITMUS_ERROR, 0, "%s:%u: %s", r->file, line,
		    message);
	g_free(message);
	r->tok.type = KW_T_END;
	r->tok.at = r->at = r->end;
	r->tok.len = 0;
}

static bool begins(const struct kw_lit_reader *r, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(r->end - r->at) >= n && !memcmp(r->at, text, n);
}

/* Past a comment; "(*" within "(*" begins another, as in herd7. */
static void skip_comment(struct kw_lit_reader *r, const char *opening,
			 const char *closing, bool nests)
{
	unsigned line = r->line, depth = 1;

	r->at += strlen(opening);
	while (r->at < r->end && depth) {
		if (begins(r, closing)) {
			depth--;
			r->at += strlen(closing);
		} else if (nests && begins(r, opening)) {
			depth++;
			r->at += strlen(opening);
		} else {
			r->line += *r->at++ == '\n';
		}
	}
	if (depth)
		kw_lit_fail(r, line, "this comment does not end");
}

static void skip_blanks(struct kw_lit_reader *r)
{
	while (r->at < r->end) {
		if (begins(r, "//")) {
			while (r->at < r->end && *r->at != '\n')
				r->at++;
		} else if (begins(r, "/*")) {
			skip_comment(r, "/*", "*/", false);
		} else if (!r->in_body && begins(r, "(*")) {
			skip_comment(r, "(*", "*)", true);
		} else if (g_ascii_isspace(*r->at)) {
			r->line += *r->at++ == '\n';
		} else {
			return;
		}
	}
}

static size_t word_length(const struct kw_lit_reader *r)
{
	const char *p = r->at;

	while (p < r->end && (g_ascii_isalnum(*p) || *p == '_'))
		p++;
	return (size_t)(p - r->at);
}

static void read_number(struct kw_lit_reader *r)
{
	char *text = g_strndup(r->tok.at, r->tok.len), *end;

	r->tok.type = KW_T_NUMBER;
	r->tok.number = g_ascii_strtoll(text, &end, 0);
	if (end[strspn(end, "uUlL")] ||
	    r->tok.number >= KW_LIT_ADDRESS)
		kw_lit_fail(r, r->line, "\"%s\" is not a number that fits",
			    text);
	g_free(text);
}

static size_t punctuation(const struct kw_lit_reader *r)
{
	static const char *const longer[] = {
		"<<=", ">>=", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>",
		"/\\", "\\/", "=>", "<>", "->", "++", "--", "+=", "-=", "*=",
		"/=", "|=", "&=", "^=",
	};
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(longer); i++)
		if (begins(r, longer[i]))
			return strlen(longer[i]);
	return 1;
}

static void read_string(struct kw_lit_reader *r)
{
	r->tok.type = KW_T_STRING;
	for (r->at++; r->at < r->end && *r->at != '"'; r->at++)
		if (*r->at == '\n')
			break;
	if (r->at == r->end || *r->at != '"')
		kw_lit_fail(r, r->line, "this string does not end");
	else
		r->at++;
}

void kw_lit_next(struct kw_lit_reader *r)
{
	skip_blanks(r);
	r->tok = (struct kw_lit_token){
		.type = KW_T_END, .at = r->at, .line = r->line,
	};
	if (r->at == r->end)
		return;
	if (*r->at == '"') {
		read_string(r);
		return;
	}
	r->tok.len = word_length(r);
	if (!r->tok.len) {
		r->tok.type = KW_T_PUNCT;
		r->tok.len = punctuation(r);
	} else if (g_ascii_isdigit(*r->at)) {
		read_number(r);
	} else {
		r->tok.type = KW_T_NAME;
	}
	if (!r->err)
		r->at += r->tok.len;
}

bool kw_lit_is(const struct kw_lit_reader *r, const char *text)
{
	return r->tok.type != KW_T_END && r->tok.len == strlen(text) &&
	       !memcmp(r->tok.at, text, r->tok.len);
}

bool kw_lit_accept(struct kw_lit_reader *r, const char *text)
{
	if (!kw_lit_is(r, text))
		return false;
	kw_lit_next(r);
	return true;
}

void kw_lit_unexpected(struct kw_lit_reader *r, const char *wanted)
{
	char *shown;

	if (r->tok.type == KW_T_END) {
		kw_lit_fail(r, r->tok.line, "the file ends; expected %s",
			    wanted);
		return;
	}
	shown = g_utf8_make_valid(r->tok.at, (gssize)r->tok.len);
	kw_lit_fail(r, r->tok.line, "expected %s, not \"%s\"", wanted, shown);
	g_free(shown);
}

void kw_lit_expect(struct kw_lit_reader *r, const char *text)
{
	char *wanted;

	if (kw_lit_accept(r, text))
		return;
	wanted = g_strdup_printf("\"%s\"", text);
	kw_lit_unexpected(r, wanted);
	g_free(wanted);
}

char *kw_lit_take_name(struct kw_lit_reader *r, const char *what)
{
	char *name;

	if (r->tok.type != KW_T_NAME) {
		kw_lit_unexpected(r, what);
		return g_strdup("");
	}
	name = g_strndup(r->tok.at, r->tok.len);
	kw_lit_next(r);
	return name;
}

bool kw_lit_enter(struct kw_lit_reader *r)
{
	if (++r->depth <= MAX_DEPTH)
		return !r->err;
	kw_lit_fail(r, r->tok.line, "nested too deeply (%u levels)",
		    MAX_DEPTH);
	return false;
}

static bool is_type(const struct kw_lit_reader *r)
{
	static const char *const types[] = {
		"int", "long", "short", "char", "unsigned", "signed", "void",
		"volatile", "const", "static", "bool", "_Bool", "u8", "u16",
		"u32", "u64", "s8", "s16", "s32", "s64", "__rcu", "register",
		"struct", "union",
	};
	unsigned i;

	if (r->tok.type != KW_T_NAME)
		return false;
	for (i = 0; i < G_N_ELEMENTS(types); i++)
		if (kw_lit_is(r, types[i]))
			return true;
	return r->tok.len > 2 && !memcmp(r->tok.at + r->tok.len - 2, "_t", 2);
}

/* The words of a type, without its stars. */
bool kw_lit_skip_type(struct kw_lit_reader *r)
{
	bool any = false;

	while (is_type(r)) {
		bool tag = kw_lit_is(r, "struct") || kw_lit_is(r, "union");

		kw_lit_next(r);
		if (tag)
			g_free(kw_lit_take_name(r, "a structure's name"));
		any = true;
	}
	return any;
}
