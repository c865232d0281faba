/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings become scenarios: the same bytes every time, and for a small
 * one every line of it as expected (small.trace, small.lua, small.messages;
 * KW_UPDATE=1 in the environment writes the expected files anew).
 */
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "trace/import.h"

#define HERE "tests/trace/"
#define VCPU(n) "       CPU " #n "/KVM-1" #n "      [00" #n "] "
#define ENTRY(n, t) VCPU(n) "d....     1.0" #t ": kvm_entry: PC: 0x1\n"
#define WFX(n, t) VCPU(n) ".....     1.0" #t ": kvm_exit: TRAP: HSR_EC: " \
		  "0x0001 (WFx), PC: 0x1\n"
#define WAKEUP(n, t) VCPU(n) ".....     1.0" #t ": kvm_vcpu_wakeup: " \
		     "poll time 5 ns, polling valid\n"

static char *tmp(const char *name)
{
	return g_build_filename(g_get_tmp_dir(), name, NULL);
}

static char *contents(const char *path)
{
	GError *err = NULL;
	char *text;

	g_file_get_contents(path, &text, NULL, &err);
	g_assert_no_error(err);
	return text;
}

/* Imports and gives back the scenario and what was said. */
static char *import(struct kw_import *o, char **said, char **error)
{
	char *out = tmp("import.lua"), *messages = tmp("import.messages");
	GError *err = NULL;
	char *text = NULL;
	int rc;

	g_unlink(out);
	o->out = out;
	o->messages = g_fopen(messages, "w");
	rc = kw_import(o, &err);
	fclose(o->messages);
	g_assert_cmpint(rc, ==, err ? 2 : 0);
	if (!rc)
		text = contents(out);
	else
		g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
	if (error)
		*error = err ? g_strdup(err->message) : NULL;
	else
		g_assert_no_error(err);
	g_clear_error(&err);
	if (said)
		*said = contents(messages);
	g_unlink(out);
	g_unlink(messages);
	g_free(out);
	g_free(messages);
	return text;
}

static char *import_text(const char *text, struct kw_import *o, char **error)
{
	char *path = tmp("text.trace"), *lua, *said;

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	o->file = path;
	lua = import(o, &said, error);
	g_free(said);
	g_unlink(path);
	g_free(path);
	return lua;
}

static void assert_same_lines(const char *path, char **got, char **expected)
{
	unsigned i;

	for (i = 0; got[i] && expected[i]; i++)
		if (strcmp(got[i], expected[i]))
			g_error("%s:%u: expected \"%s\", got \"%s\"", path,
				i + 1, expected[i], got[i]);
	if (got[i] || expected[i])
		g_error("%s:%u: %s", path, i + 1,
			got[i] ? "expected the end" : "the text ends here");
}

static void assert_golden(const char *path, const char *text)
{
	char *expected, **lines, **wanted;

	if (g_getenv("KW_UPDATE"))
		g_assert_true(g_file_set_contents(path, text, -1, NULL));
	expected = contents(path);
	lines = g_strsplit(text, "\n", 0);
	wanted = g_strsplit(expected, "\n", 0);
	assert_same_lines(path, lines, wanted);
	g_strfreev(lines);
	g_strfreev(wanted);
	g_free(expected);
}

static void test_golden(void)
{
	struct kw_import o = { .file = HERE "small.trace", .kernel = "6.12" };
	char *said, *lua = import(&o, &said, NULL);

	assert_golden(HERE "small.lua", lua);
	assert_golden(HERE "small.messages", said);
	g_free(lua);
	g_free(said);
}

/* The scenario beside the recording is what import makes of it today. */
static void test_recorded(void)
{
	struct kw_import o = { .file = "scenarios/recorded/pp.trace.gz",
			       .name = "recorded-pp",
			       .kernel = "6.12.117+deb12-arm64 (Debian)" };
	char *said, *lua = import(&o, &said, NULL);

	assert_golden("scenarios/recorded/pp.lua", lua);
	g_assert_cmpstr(said, ==, "");
	g_free(lua);
	g_free(said);
}

static void assert_has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		g_error("no \"%s\" in:\n%s", part, text ? text : "(nothing)");
}

static void test_errors(void)
{
	struct kw_import o = { .file = "nonexistent.trace" };
	char *error = NULL;

	g_assert_null(import(&o, NULL, &error));
	assert_has(error, "nonexistent.trace: ");
	g_free(error);
	g_assert_null(import_text("", &o, &error));
	assert_has(error, "text.trace: no vCPU in it");
	g_free(error);
	g_assert_null(import_text("            bash-9       [001] ..... 4.2: "
				  "irq_handler_exit: irq=1 ret=handled\n", &o,
				  &error));
	assert_has(error, "no vCPU in it");
	g_free(error);
	o.vcpus = "12,x";
	g_assert_null(import_text(ENTRY(0, 00001), &o, &error));
	assert_has(error, "--vcpus");
	g_free(error);
	o.vcpus = NULL;
	o.name = "a\"b";
	g_assert_null(import_text(ENTRY(0, 00001), &o, &error));
	assert_has(error, "--name");
	g_free(error);
}

/* Two VMs: not mixed, but chosen. */
static void test_two_vms(void)
{
	static const char text[] =
		ENTRY(0, 00001) WFX(0, 00005)
		"       CPU 0/KVM-99      [003] d....     1.000006: "
		"kvm_entry: PC: 0x1\n" WAKEUP(0, 00007) ENTRY(0, 00009);
	struct kw_import o = { .limit = 0 };
	char *error, *lua;

	g_assert_null(import_text(text, &o, &error));
	assert_has(error, "threads 10 (CPU 0/KVM) and 99 (CPU 0/KVM) both run "
			  "vCPU 0");
	g_free(error);
	o.vcpus = "10";
	lua = import_text(text, &o, NULL);
	assert_has(lua, "vcpus = 1,");
	assert_has(lua, "CPU 0/KVM-10 (vcpu_id 0): 1 waits");
	g_free(lua);
}

/* The window ends with the wait that reaches the limit. */
static void test_limit(void)
{
	GString *text = g_string_new(NULL);
	struct kw_import o = { .limit = 5 };
	unsigned i;
	char *lua;

	for (i = 0; i < 50; i++)
		g_string_append_printf(text,
			VCPU(0) "d.... 1.%06u: kvm_entry: PC: 0x1\n"
			VCPU(0) "..... 1.%06u: kvm_exit: TRAP: HSR_EC: 0x0001 "
			"(WFx), PC: 0x1\n", 100 * i, 100 * i + i + 1);
	lua = import_text(text->str, &o, NULL);
	assert_has(lua, "0.500 ms from 1.000000 s on (of 4.950 ms): up to 5 "
			"waits");
	/* every wait alike: a loop over the runs */
	assert_has(lua, "local t1 = sequence(all(us, {\n\t\t1, 2, 3, 4, 5,");
	assert_has(lua, "\tloop(function()\n\t\tcpu:compute(t1)\n"
			"\t\tcpu:wfi()\n\tend)\n");
	g_assert_null(strstr(lua, "set_timer"));
	g_free(lua);
	g_string_free(text, TRUE);
}

/* Time stamps finer than 1 us are kept. */
static void test_nanoseconds(void)
{
	struct kw_import o = { .limit = 0 };
	char *lua = import_text(
		VCPU(0) "d....     1.000000100: kvm_entry: PC: 0x1\n"
		VCPU(0) ".....     1.000001234: kvm_exit: TRAP: HSR_EC: "
		"0x0001 (WFx), PC: 0x1\n", &o, NULL);

	assert_has(lua, "run(1134) wfi()");
	assert_has(lua, "cpu:compute(ns(t))");
	g_free(lua);
}

/* 4.14: an interrupt's exit prints a stale class, a trap prints as 0x2. */
static void test_old_kernel(void)
{
	struct kw_import o = { .limit = 0 };
	char *lua = import_text(
		VCPU(0) "d...     1.000001: kvm_entry: PC: 0x1\n"
		VCPU(0) "....     1.000005: kvm_exit: IRQ: HSR_EC: 0x0001 "
		"(WFx), PC: 0x00000001\n" ENTRY(0, 00006)
		VCPU(0) "....     1.000016: kvm_exit: 0x2: HSR_EC: 0x0001 "
		"(WFx), PC: 0x00000001\n"
		VCPU(0) "....     1.000017: kvm_wfx_arm64: guest executed wfi "
		"at: 0x00000001\n", &o, NULL);

	assert_has(lua, "\trun(14) wfi()\nend\n");
	g_free(lua);
}

/* MSIs have no tracepoint: the kprobe on vgic_queue_irq_unlock() tells. */
static void test_lpi(void)
{
	struct kw_import o = { .limit = 0 };
	char *lua = import_text(
		ENTRY(0, 00001) ENTRY(1, 00002) WFX(1, 00003)
		"        vhost-30-30      [002] d....     1.000007: "
		"vgic_queue_irq: (vgic_queue_irq_unlock+0x0/0x2d8) intid=8195 "
		"line=0 latch=1 active=0 enabled=1 target=1 on_list_of=0x0\n"
		/* enabled with nothing pending: no arrival */
		"        vhost-30-30      [002] d....     1.000008: "
		"vgic_queue_irq: (vgic_queue_irq_unlock+0x0/0x2d8) intid=8196 "
		"line=0 latch=0 active=0 enabled=1 target=1 on_list_of=0x0\n"
		ENTRY(1, 00009), &o, NULL);

	assert_has(lua, "{ name = \"lpi8195\", level = false, target = 1 },");
	assert_has(lua, "-- raised by vhost-30\n");
	g_assert_null(strstr(lua, "8196"));
	g_free(lua);
}

/* A damaged number is no interrupt's. */
static void test_no_intid(void)
{
	struct kw_import o = { .limit = 0 };
	char *lua = import_text(
		ENTRY(0, 00001) ENTRY(1, 00002) WFX(1, 00003)
		VCPU(0) "d....     1.000007: vgic_queue_irq: "
		"(vgic_queue_irq_unlock+0x0/0x2d8) intid=-1 line=0 latch=1 "
		"active=0 enabled=1 target=1 on_list_of=0x0\n"
		ENTRY(1, 00009), &o, NULL);

	assert_has(lua, "guest");
	g_assert_null(strstr(lua, "sgi("));
	g_free(lua);
}

#define SGI(n, t) VCPU(n) ".....     1.0" #t ": kvm_exit: TRAP: HSR_EC: " \
		  "0x0018 (SYS64), PC: 0x1\n" \
		  VCPU(n) ".....     1.0" #t ": kvm_sys_access: PC: 1 " \
		  "SYS_ICC_SGI1R_EL1 (3,0,12,11,5) write\n"
#define KICK(n, t, mask, why) VCPU(n) "d....     1.0" #t ": ipi_raise: " \
		  "target_mask=" mask " (" why " interrupts)\n"

/* Without kprobes: an SGI's target is who is kicked, polls, or is left. */
static void test_stock_sgi(void)
{
	struct kw_import o = { .limit = 0 };
	char *lua = import_text(
		ENTRY(0, 00001) ENTRY(1, 00001) ENTRY(2, 00001)
		SGI(0, 00010)		/* two kicks, one told of twice */
		VCPU(0) "d.... 1.000011: ipi_send_cpu: cpu=2 callsite="
		"vgic_queue_irq_unlock+0x1/0x2 callback=0x0\n"
		KICK(0, 00011, "00000000,00000006", "Rescheduling")
		ENTRY(0, 00012)
		WFX(1, 00020) SGI(0, 00022) ENTRY(0, 00023)	/* polls */
		ENTRY(1, 00024)
		SGI(2, 00030) KICK(2, 00031, "1", "Function call")
		ENTRY(2, 00032),	/* nobody: itself */
		&o, NULL);

	assert_has(lua, "sgi(2, 0) sgi(1, 0) run(10) sgi(1, 0)");
	assert_has(lua, "run(29) sgi(2, 0)\nend\n");
	g_free(lua);
}

/* More recordings, folders of *.trace*, where KVMWAKE_TRACES names some. */
static void test_all(void)
{
	const char *top = g_getenv("KVMWAKE_TRACES");
	GDir *folders = top ? g_dir_open(top, 0, NULL) : NULL, *files;
	const char *folder, *file;
	unsigned n = 0;

	if (!folders) {
		g_test_skip("KVMWAKE_TRACES names no folder");
		return;
	}
	while ((folder = g_dir_read_name(folders))) {
		char *dir = g_build_filename(top, folder, NULL);

		files = g_dir_open(dir, 0, NULL);
		while (files && (file = g_dir_read_name(files))) {
			char *path = g_build_filename(dir, file, NULL), *said;
			struct kw_import o = { .file = path };

			if (strstr(file, ".trace")) {
				g_free(import(&o, &said, NULL));
				g_assert_cmpstr(said, ==, "");
				g_free(said);
				n++;
			}
			g_free(path);
		}
		if (files)
			g_dir_close(files);
		g_free(dir);
	}
	g_dir_close(folders);
	g_test_message("%u recordings", n);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trace/import/golden", test_golden);
	g_test_add_func("/trace/import/recorded", test_recorded);
	g_test_add_func("/trace/import/errors", test_errors);
	g_test_add_func("/trace/import/two-vms", test_two_vms);
	g_test_add_func("/trace/import/limit", test_limit);
	g_test_add_func("/trace/import/nanoseconds", test_nanoseconds);
	g_test_add_func("/trace/import/old-kernel", test_old_kernel);
	g_test_add_func("/trace/import/lpi", test_lpi);
	g_test_add_func("/trace/import/no-intid", test_no_intid);
	g_test_add_func("/trace/import/stock-sgi", test_stock_sgi);
	g_test_add_func("/trace/import/all", test_all);
	return g_test_run();
}
