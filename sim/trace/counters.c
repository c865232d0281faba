/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides what a NAME.stat file says.
 *
 * Invariants: what is neither a section's head nor "NAME NUMBER" in a section
 * is ignored; a name that occurs again (another VM) is added.
 */
#include <string.h>

#include "counters.h"

char *kw_counters_path(const char *recording)
{
	char *stem = g_strdup(recording), *p, *path;
	static const char *const ends[] = { ".gz", ".trace", ".txt", ".dat" };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(stem, ends[i]))
			stem[strlen(stem) - strlen(ends[i])] = '\0';
	p = strrchr(stem, '.');
	if (p && !strncmp(p, ".part", 5) && g_ascii_isdigit(p[5]))
		*p = '\0';
	path = g_strconcat(stem, ".stat", NULL);
	g_free(stem);
	return path;
}

static void add(GHashTable *to, const char *name, uint64_t value)
{
	uint64_t *sum = g_hash_table_lookup(to, name);

	if (!sum) {
		sum = g_new0(uint64_t, 1);
		g_hash_table_insert(to, g_strdup(name), sum);
	}
	*sum += value;
}

static void read_line(struct kw_counters *c, GHashTable **section, char *line)
{
	char *value, *end;
	uint64_t n;

	if (g_str_has_prefix(line, "--")) {
		*section = strstr(line, "before") ? c->before :
			   strstr(line, "after") ? c->after : NULL;
		return;
	}
	value = strstr(line, "halt_poll_ns ");
	if (!*section && value && g_ascii_isdigit(value[13]))
		c->halt_poll_ns = g_ascii_strtoll(value + 13, NULL, 10);
	value = strchr(line, ' ');
	if (!*section || !value || !g_ascii_isdigit(value[1]))
		return;
	*value++ = '\0';
	n = g_ascii_strtoull(value, &end, 10);
	if (!*g_strchug(end))
		add(*section, line, n);
}

bool kw_counters_read(struct kw_counters *c, const char *path, GError **err)
{
	GHashTable *section = NULL;
	char *text, **lines;
	unsigned i;

	if (!g_file_get_contents(path, &text, NULL, err))
		return false;
	c->before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					  g_free);
	c->after = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					 g_free);
	c->halt_poll_ns = -1;
	lines = g_strsplit(text, "\n", -1);
	for (i = 0; lines[i]; i++)
		read_line(c, &section, lines[i]);
	g_strfreev(lines);
	g_free(text);
	if (g_hash_table_size(c->after))
		return true;
	g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "%s: expected counters behind a line \"-- after\"", path);
	kw_counters_free(c);
	return false;
}

void kw_counters_free(struct kw_counters *c)
{
	g_hash_table_unref(c->before);
	g_hash_table_unref(c->after);
}

bool kw_counters_get(const struct kw_counters *c, const char *name,
		     int64_t *difference)
{
	const uint64_t *a = g_hash_table_lookup(c->before, name);
	const uint64_t *b = g_hash_table_lookup(c->after, name);

	if (!a || !b)
		return false;
	*difference = (int64_t)(*b - *a);
	return true;
}
