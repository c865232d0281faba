/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole recordings: plain, compressed, piped, cut, damaged. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <glib/gstdio.h>

#include "trace/trace.h"

#define ENTRY "      kvm-vcpu-0-205     [000] d....    40.000001: kvm_entry: " \
	      "PC: 0x1\n"
#define ODD "            bash-9       [001] .....    40.000002: my_event: x\n"

struct counts {
	unsigned events, unknown, lost, damaged;
	uint64_t nr_lost, lines;
	char *message;			/* of the last damaged line */
};

static char *write_file(const char *name, const void *text, size_t len)
{
	char *path = g_build_filename(g_get_tmp_dir(), name, NULL);
	GError *err = NULL;

	g_file_set_contents(path, text, (gssize)len, &err);
	g_assert_no_error(err);
	return path;
}

static char *write_gz(const char *name, const char *text, size_t cut)
{
	char *path = g_build_filename(g_get_tmp_dir(), name, NULL);
	gzFile gz = gzopen(path, "wb9");

	g_assert_nonnull(gz);
	g_assert_cmpint(gzwrite(gz, text, (unsigned)strlen(text)), >, 0);
	gzclose(gz);
	if (cut)
		g_assert_cmpint(truncate(path, (off_t)cut), ==, 0);
	return path;
}

static struct counts count(const char *path)
{
	struct counts c = { .events = 0 };
	struct kw_trace_event ev;
	enum kw_trace_what what;
	GError *err = NULL;
	struct kw_trace *t = kw_trace_open(path, &err);

	g_assert_no_error(err);
	while ((what = kw_trace_next(t, &ev)) != KW_TRACE_END) {
		c.events += what == KW_TRACE_EVENT;
		c.unknown += what == KW_TRACE_EVENT &&
			     ev.id == KW_TRACE_UNKNOWN;
		c.lost += what == KW_TRACE_LOST;
		c.nr_lost += what == KW_TRACE_LOST ? ev.lost : 0;
		if (what != KW_TRACE_DAMAGED)
			continue;
		c.damaged++;
		g_free(c.message);
		c.message = g_strdup(kw_trace_message(t));
	}
	g_assert_cmpint(kw_trace_next(t, &ev), ==, KW_TRACE_END);
	c.lines = kw_trace_line(t);
	kw_trace_close(t);
	return c;
}

static struct counts count_text(const char *text, size_t len)
{
	char *path = write_file("reader.trace", text, len);
	struct counts c = count(path);

	g_unlink(path);
	g_free(path);
	return c;
}

static void assert_counts(struct counts *c, unsigned events, unsigned lost,
			  unsigned damaged, const char *message)
{
	g_assert_cmpuint(c->events, ==, events);
	g_assert_cmpuint(c->lost, ==, lost);
	g_assert_cmpuint(c->damaged, ==, damaged);
	if (message)
		g_assert_nonnull(strstr(c->message, message));
	g_free(c->message);
	c->message = NULL;
}

static void check_text(const char *text, unsigned events, unsigned lost,
		       unsigned damaged, const char *message)
{
	struct counts c = count_text(text, strlen(text));

	assert_counts(&c, events, lost, damaged, message);
}

static void test_plain(void)
{
	struct counts c;

	c = count_text(ENTRY ODD ENTRY, strlen(ENTRY ODD ENTRY));
	g_assert_cmpuint(c.unknown, ==, 1);
	g_assert_cmpuint(c.lines, ==, 3);
	assert_counts(&c, 3, 0, 0, NULL);
	check_text("", 0, 0, 0, NULL);
	check_text("\n\n# tracer: nop\n#\n" ENTRY, 1, 0, 0, NULL);
	check_text("##### CPU 1 buffer started ####\n" ENTRY, 1, 0, 0, NULL);
	check_text("cpus=4\n" ENTRY, 1, 0, 0, NULL);
	check_text("      kvm-vcpu-0-205     [000] d....    40.000001: "
		   "kvm_entry: PC: 0x1\r\n", 1, 0, 0, NULL);
	check_text(ENTRY "            bash-9       [001] .....    40.000002: "
		   "<stack trace>\n => __schedule\n => schedule\n" ENTRY,
		   2, 0, 0, NULL);
}

static void test_stack(void)
{
	check_text(ENTRY " <stack trace>\n => __schedule\n => 0xffff\n" ENTRY,
		   2, 0, 0, NULL);
	check_text(ENTRY " => __schedule\n" ENTRY, 2, 0, 1, "expected");
}

static void test_lost(void)
{
	struct counts c;
	static const char text[] =
		ENTRY "CPU:1 [LOST 42 EVENTS]\n" ENTRY
		"CPU:0 [LOST EVENTS]\nCPU:12 [7 EVENTS DROPPED]\n"
		"CPU:3 [EVENTS DROPPED]\n";

	c = count_text(text, strlen(text));
	g_assert_cmpuint(c.nr_lost, ==, 49);
	assert_counts(&c, 2, 4, 0, NULL);
	check_text("CPU:1 [LOST\n", 0, 0, 1, "expected");
}

static void test_cut(void)
{
	check_text(ENTRY "      kvm-vcpu-0-205     [000] d....    40.000002: "
		   "kvm_timer_update_irq: VCPU: 0, IRQ 2", 1, 0, 1, "newline");
	check_text(ENTRY "      kvm-vcpu", 1, 0, 1, "newline");
	check_text(ENTRY "garbage\n" ENTRY, 2, 0, 1, "expected TASK-PID");
}

static void test_binary(void)
{
	static const char text[] = ENTRY "ab\0cd\n" ENTRY;
	static const char dat[] = "\x17\x08\x44tracing6\0\0\0";
	struct counts c = count_text(text, sizeof(text) - 1);
	GError *err = NULL;
	char *path;

	assert_counts(&c, 2, 0, 1, "NUL");
	path = write_file("reader.dat", dat, sizeof(dat));
	g_assert_null(kw_trace_open(path, &err));
	g_assert_nonnull(strstr(err->message, "damaged or cut"));
	g_clear_error(&err);
	g_unlink(path);
	g_free(path);
	g_assert_null(kw_trace_open("/nonexistent/file", &err));
	g_assert_nonnull(strstr(err->message, "/nonexistent/file: "));
	g_clear_error(&err);
	g_assert_null(kw_trace_open("/", &err));
	g_assert_nonnull(err);
	g_clear_error(&err);
}

/* Lines around the buffer's size, and far beyond. */
static void test_long_line(void)
{
	GString *text = g_string_new(ENTRY);
	struct counts c;
	unsigned i;

	for (i = 0; i < 1000000; i++)
		g_string_append_c(text, 'x');
	g_string_append(text, "\n" ENTRY);
	c = count_text(text->str, text->len);
	g_assert_cmpuint(c.lines, ==, 3);
	assert_counts(&c, 2, 0, 1, "longer than");
	g_string_truncate(text, 0);
	for (i = 0; i < 10000; i++)
		g_string_append(text, i % 3 ? ENTRY : ODD);
	c = count_text(text->str, text->len);
	g_assert_cmpuint(c.unknown, ==, 3334);
	assert_counts(&c, 10000, 0, 0, NULL);
	g_string_free(text, TRUE);
}

static void test_gz(void)
{
	GString *text = g_string_new(NULL);
	struct counts c;
	char *path;
	unsigned i;

	for (i = 0; i < 5000; i++)
		g_string_append_printf(text, "      kvm-vcpu-0-%-7u [000] "
			"d....    40.%06u: kvm_entry: PC: 0x%x\n", i, i,
			i * 2654435761u);
	path = write_gz("reader.gz", text->str, 0);
	c = count(path);
	assert_counts(&c, 5000, 0, 0, NULL);
	g_unlink(path);
	g_free(path);
	path = write_gz("reader.gz", text->str, 20000);
	c = count(path);
	g_assert_cmpuint(c.events, >, 500);
	assert_counts(&c, c.events, 0, 1, "compressed data");
	g_unlink(path);
	g_free(path);
	g_string_free(text, TRUE);
}

/* "-" reads standard input, also when it is a pipe and compressed. */
static void test_stdin(void)
{
	char *path = write_gz("reader.gz", ENTRY ODD, 0), *bytes;
	int saved = dup(STDIN_FILENO), fds[2];
	struct counts c;
	gsize len;

	g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
	g_assert_cmpint(pipe(fds), ==, 0);
	g_assert_cmpint(write(fds[1], bytes, len), ==, (gssize)len);
	close(fds[1]);
	g_assert_cmpint(dup2(fds[0], STDIN_FILENO), >=, 0);
	close(fds[0]);
	c = count("-");
	assert_counts(&c, 2, 0, 0, NULL);
	g_assert_cmpint(pipe(fds), ==, 0);
	g_assert_cmpint(write(fds[1], ENTRY, strlen(ENTRY)), >, 0);
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	c = count("-");
	assert_counts(&c, 1, 0, 0, NULL);
	dup2(saved, STDIN_FILENO);
	close(saved);
	g_unlink(path);
	g_free(path);
	g_free(bytes);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trace/reader/plain", test_plain);
	g_test_add_func("/trace/reader/stack", test_stack);
	g_test_add_func("/trace/reader/lost", test_lost);
	g_test_add_func("/trace/reader/cut", test_cut);
	g_test_add_func("/trace/reader/binary", test_binary);
	g_test_add_func("/trace/reader/long-line", test_long_line);
	g_test_add_func("/trace/reader/gz", test_gz);
	g_test_add_func("/trace/reader/stdin", test_stdin);
	return g_test_run();
}
