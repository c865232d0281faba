/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how JSON lines are written; docs/json.md says what is in them. */
#include <math.h>
#include "report.h"

static void put_string(GString *out, const char *s)
{
	g_string_append_c(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			g_string_append_c(out, '\\');
		if ((unsigned char)*s < ' ')
			g_string_append_printf(out, "\\u%04x", *s);
		else
			g_string_append_c(out, *s);
	}
	g_string_append_c(out, '"');
}

static void put_key(struct kw_json *j, const char *key)
{
	if (j->comma)
		g_string_append_c(j->out, ',');
	j->comma = true;
	if (!key)
		return;
	put_string(j->out, key);
	g_string_append_c(j->out, ':');
}

void kw_json_begin(struct kw_json *j, GString *out, const char *type)
{
	j->out = out;
	j->comma = false;
	g_string_append_c(out, '{');
	kw_json_text(j, "type", type);
}

void kw_json_end(struct kw_json *j)
{
	g_string_append(j->out, "}\n");
}

void kw_json_text(struct kw_json *j, const char *key, const char *value)
{
	char *utf8;

	if (!value) {
		kw_json_null(j, key);
		return;
	}
	utf8 = g_utf8_make_valid(value, -1);
	put_key(j, key);
	put_string(j->out, utf8);
	g_free(utf8);
}

void kw_json_u64(struct kw_json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	g_string_append_printf(j->out, "%" G_GUINT64_FORMAT, value);
}

void kw_json_i64(struct kw_json *j, const char *key, int64_t value)
{
	put_key(j, key);
	g_string_append_printf(j->out, "%" G_GINT64_FORMAT, value);
}

void kw_json_real(struct kw_json *j, const char *key, double value)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];

	if (!isfinite(value)) {
		kw_json_null(j, key);
		return;
	}
	put_key(j, key);
	g_string_append(j->out, g_ascii_formatd(buf, sizeof(buf), "%.6g",
						value));
}

void kw_json_bool(struct kw_json *j, const char *key, bool value)
{
	put_key(j, key);
	g_string_append(j->out, value ? "true" : "false");
}

void kw_json_null(struct kw_json *j, const char *key)
{
	put_key(j, key);
	g_string_append(j->out, "null");
}

void kw_json_open(struct kw_json *j, const char *key, char bracket)
{
	put_key(j, key);
	g_string_append_c(j->out, bracket);
	j->comma = false;
}

void kw_json_close(struct kw_json *j, char bracket)
{
	g_string_append_c(j->out, bracket);
	j->comma = true;
}

void kw_json_sums(struct kw_json *j, const struct kw_sums *s)
{
	unsigned q;

	kw_json_u64(j, "runs", s->runs);
	kw_json_u64(j, "runs_vacuous", s->runs_vacuous);
	for (q = 0; q < KW_NR_QUANTITIES; q++) {
		kw_json_open(j, kw_quantity_names[q], '{');
		kw_json_u64(j, "total", s->of[q].total);
		kw_json_u64(j, "runs_with", s->of[q].runs_with);
		kw_json_close(j, '}');
	}
	kw_json_u64(j, "episodes", s->counts.episodes);
	kw_json_u64(j, "steps", s->counts.steps);
	kw_json_open(j, "latency_ns", '{');
	kw_json_u64(j, "number", s->latency.n);
	if (s->latency.n) {
		kw_json_u64(j, "p50", kw_hist_permille(&s->latency, 500));
		kw_json_u64(j, "p90", kw_hist_permille(&s->latency, 900));
		kw_json_u64(j, "p99", kw_hist_permille(&s->latency, 990));
		kw_json_u64(j, "max", s->latency.max);
	}
	kw_json_close(j, '}');
}

void kw_json_model(struct kw_json *j, enum kw_weak_model memory)
{
	if (memory != KW_WEAK_SC)
		kw_json_text(j, "memory", kw_weak_names[memory]);
}
