// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is refused, where, and with what advice: each case is a kernel, a
 * scenario's build function (its first line is the scenario's line 1), the
 * place that the message must begin with, and words that must be in it.
 */
#include "kit.h"

#define VCPU "struct('vcpu', { a = flag(), b = flag(), n = count(5), " \
	"m = enum{ 'X', 'Y', 'Z' }, r = word{ 'R0', 'R1' }, t = time(), " \
	"other = ref('vcpu'), l = list('vcpu', 'link'), " \
	"link = link('vcpu'), lock = lock(), h = handler(), " \
	"task = embed('task'), lr = array(2, 'lr') }) " \
	"struct('lr', { p = flag() }) "
#define THREAD "local v = object('vcpu', 'v') " \
	"actor{ type = 'thread', name = 't', run = function() K.f(v) end }"
#define F VCPU "function K.f(v)\n"	/* the body is on line 2 */
#define END "\nend\n"

struct refusal {
	const char *name, *kernel, *build, *place, *text;
};

static const struct refusal refusals[] = {
	/* not replayable */
	{ "upvalue", VCPU "local n = 0\nfunction K.f(v)\nn = n + 1\n"
	  "if n > 1 then store(v.a, true) end\nload(v.b)\nend\n", THREAD,
	  "kernel/v1.lua:", "field" },
	{ "counted", VCPU "local n = 0\nfunction K.f(v)\nload(v.b)\nn = n + 1"
	  "\nend\n", THREAD, "kernel/v1.lua:2:",
	  "f changes n, which is outside of it" },
	{ "table", VCPU "local seen = {}\nfunction K.f(v)\nload(v.b)\n"
	  "seen[#seen + 1] = 1\nend\n", THREAD, "kernel/v1.lua:2:",
	  "f changes seen" },
	{ "helper", VCPU "local n = 0\nlocal function count() n = n + 1 end\n"
	  "function K.f(v)\nload(v.b) count()\nend\n", THREAD,
	  "kernel/v1.lua:3:", "f changes count" },
	{ "kept-reference", VCPU "local kept\nfunction K.f(v)\n"
	  "if kept then load(kept.a) end\nkept = v\nend\n", THREAD,
	  "kernel/v1.lua:3:", "belongs to another path or run" },
	{ "global", F "count = 1" END, THREAD, "kernel/v1.lua:2:",
	  "writes to global count" },
	{ "loop-writes", F "local n = 0\nloop(function()\nn = n + 1\n"
	  "if load(v.a) then return true end\nend)" END, THREAD,
	  "kernel/v1.lua:3:", "writes to n" },
	/* endless */
	{ "endless", F "while true do end" END, THREAD, "kernel/v1.lua:2:",
	  "loop()" },
	{ "endless-accesses", F "while true do load(v.a) end" END, THREAD,
	  "kernel/v1.lua:2:", "loop()" },
	{ "endless-file", "while true do end", "", "kernel/v1.lua:1:",
	  "too many instructions" },
	{ "empty-loop", F "loop(function() end)" END, THREAD,
	  "kernel/v1.lua:2:", "accesses nothing" },
	{ "ways", F "for i = 1, 30 do load(v.a) end" END,
	  THREAD " actor{ type = 'hw', name = 'x', run = function() "
	  "store(v.a, true) end }", "kernel/v1.lua:1:", "ways through f" },
	{ "recursion", F "K.g(v)\nend\nfunction K.g(v) K.f(v)" END, THREAD,
	  "kernel/v1.lua:", "calls itself" },
	/* memory */
	{ "memory", "local t = {}\nfor i = 1, 1e9 do t[i] = { i } end", "",
	  "kernel/v1.lua:2:", "out of memory" },
	{ "memory-string", "local s =\nstring.rep('x', 1 << 30)", "",
	  "kernel/v1.lua:2:", "out of memory" },
	{ "memory-path", F "local t = {}\nfor i = 1, 1e9 do t[i] = "
	  "string.rep('x', 10000) .. i end" END, THREAD, "kernel/v1.lua:3:",
	  "out of memory" },
	/* the sandbox */
	{ "pairs", "for k in pairs({}) do end", "", "kernel/v1.lua:1:",
	  "use spairs(t)" },
	{ "next", "next({})", "", "kernel/v1.lua:1:", "use spairs(t)" },
	{ "io", "io.write('x')", "", "kernel/v1.lua:1:",
	  "undefined global io" },
	{ "os", "os.exit(1)", "", "kernel/v1.lua:1:", "undefined global os" },
	{ "require", "require('x')", "", "kernel/v1.lua:1:",
	  "undefined global require" },
	{ "load-text", "load('return 1')", "", "kernel/v1.lua:1:",
	  "outside a path" },
	{ "pcall", "pcall(error)", "", "kernel/v1.lua:1:",
	  "undefined global pcall" },
	{ "debug", "debug.getinfo(1)", "", "kernel/v1.lua:1:",
	  "undefined global debug" },
	{ "random", "math.random()", "", "kernel/v1.lua:1:", "nil value" },
	{ "dump", "string.dump(K.f)", "", "kernel/v1.lua:1:", "" },
	{ "percent-p", "string.format('%p', {})", "", "kernel/v1.lua:1:",
	  "differs in every process" },
	{ "gc", "setmetatable({}, { __gc = 1 })", "", "kernel/v1.lua:1:",
	  "no __gc" },
	{ "kernel-metatable", "setmetatable(K, {})", "", "kernel/v1.lua:1:",
	  "not yours" },
	{ "string-metatable", "('').format.x = 1", "", "kernel/v1.lua:1:",
	  "" },
	{ "include-up", "include('../x')", "", "kernel/v1.lua:1:", "include" },
	{ "include-none", "include('kernel/v2')", "", "kernel/v1.lua:1:",
	  "no file v2" },
	{ "include-self", "include('kernel/v1')", "", "kernel/v1.lua:1:",
	  "includes itself" },
	{ "syntax", "local x = = 1", "", "kernel/v1.lua:1:",
	  "unexpected symbol" },
	{ "thrown-table", "error({})", "", "kernel/v1.lua:1:",
	  "not a message" },
	{ "assert", "\nassert(false, 'no place')", "", "kernel/v1.lua:2:",
	  "no place" },
	/* did you mean */
	{ "typo-global", F "smb_mb()" END, THREAD, "kernel/v1.lua:2:",
	  "undefined global smb_mb; did you mean smp_mb?" },
	{ "typo-path", F "K.gg(v)\nend\nfunction K.ggg(v)" END, THREAD,
	  "kernel/v1.lua:2:", "no path gg; did you mean ggg?" },
	{ "typo-field", "struct('v', { pause = flag() })\nfunction K.f(v)\n"
	  "load(v.puase)\nend", "local v = object('v', 'v') actor{ type = "
	  "'thread', name = 't', run = function() K.f(v) end }",
	  "kernel/v1.lua:3:", "v has no field puase; did you mean pause?" },
	{ "typo-struct", "struct('vcpu', {})\nstruct('x', { v = ref('vcpv') "
	  "})", "object('x', 'x')", "kernel/v1.lua:2:",
	  "did you mean vcpu?" },
	{ "typo-actor", VCPU, "actor{ type = 'hardriq' }", "s.lua:1:",
	  "did you mean hardirq?" },
	{ "typo-key", VCPU, "actor{ typ = 'hardirq' }", "s.lua:1:",
	  "did you mean type?" },
	/* values and types */
	{ "domain-count", F "store(v.n, 6)" END, THREAD, "kernel/v1.lua:2:",
	  "from 0 to 5, not to 6" },
	{ "domain-enum", F "store(v.m, 3)" END, THREAD, "kernel/v1.lua:2:",
	  "from 0 to 2" },
	{ "domain-flag", F "store(v.a, 1)" END, THREAD, "kernel/v1.lua:2:",
	  "true or false, not 1" },
	{ "domain-bit", F "set_bit(2, v.r)" END, THREAD, "kernel/v1.lua:2:",
	  "bits 0 to 1" },
	{ "domain-index", F "load(v.lr[3].p)" END, THREAD,
	  "kernel/v1.lua:2:", "from 1 to 2" },
	{ "not-a-word", F "set_bit(R1, v.n)" END, THREAD, "kernel/v1.lua:2:",
	  "n is a count" },
	{ "not-a-lock", F "spin_lock(v.a)" END, THREAD, "kernel/v1.lua:2:",
	  "a is a flag" },
	{ "not-a-list", F "list_first(v.lock)" END, THREAD,
	  "kernel/v1.lua:2:", "lock is a lock" },
	{ "not-a-task", F "try_to_wake_up(v)" END, THREAD,
	  "kernel/v1.lua:2:", "a task such as vcpu.task, not a vcpu" },
	{ "not-a-value", F "load(v.lock)" END, THREAD, "kernel/v1.lua:2:",
	  "lock is a lock" },
	{ "not-a-location", F "load(load(v.a))" END, THREAD,
	  "kernel/v1.lua:2:", "not false" },
	{ "wrong-kind", F "store(v.other, v.lr[1])" END, THREAD,
	  "kernel/v1.lua:2:", "refers to a vcpu, not to a lr" },
	{ "no-load", F "if v.a then store(v.b, true) end" END, THREAD,
	  "kernel/v1.lua:2:", "a is named but never accessed" },
	{ "compared-location", F "if v.n < 3 then store(v.b, true) end" END,
	  THREAD, "kernel/v1.lua:2:", "n is a location" },
	{ "assigned", F "v.a = true" END, THREAD, "kernel/v1.lua:2:",
	  "store(location, value)" },
	{ "null", F "load(NULL.a)" END, THREAD, "kernel/v1.lua:2:",
	  "NULL has no field a" },
	{ "unit", F "delay(5)" END, THREAD, "kernel/v1.lua:2:",
	  "wrong unit: 5" },
	{ "negative", F "delay(us(-1))" END, THREAD, "kernel/v1.lua:2:",
	  "not negative" },
	{ "fraction", F "delay(ns(1.5))" END, THREAD, "kernel/v1.lua:2:",
	  "whole number" },
	{ "uniform", F "delay(uniform(us(2), us(1)))" END, THREAD,
	  "kernel/v1.lua:2:", "greater" },
	{ "times-equal", F "if ktime_get() == ktime_get() then end" END,
	  THREAD, "kernel/v1.lua:2:", "==" },
	{ "returns-table", F "return {}" END, THREAD, "kernel/v1.lua:1:",
	  "f returns a table" },
	{ "returns-two", F "return 1, 2" END, THREAD, "kernel/v1.lua:1:",
	  "more than one" },
	{ "passes-function", F "K.g(function() end)\nend\nfunction K.g(x)"
	  END, THREAD, "kernel/v1.lua:2:", "is a function" },
	{ "outside", VCPU, "smp_mb()", "s.lua:1:", "outside a path" },
	{ "outside-load", VCPU, "local v = object('vcpu', 'v') load(v.a)",
	  "s.lua:1:", "outside a path" },
	{ "object-in-path", F "object('vcpu', 'w')" END, THREAD,
	  "kernel/v1.lua:2:", "in a path" },
	{ "redefine-in-path", F "K.g = function() end" END, THREAD,
	  "kernel/v1.lua:2:", "redefines" },
	{ "path-is-no-function", "K.f = 1", "", "kernel/v1.lua:1:",
	  "a path is a function" },
	{ "guest-exit", F "guest_exit(7)" END, THREAD, "kernel/v1.lua:2:",
	  "exit reason" },
	{ "foreign-reference", VCPU "local up\nfunction K.f(v)\nup = v\n"
	  "K.g()\nend\nfunction K.g() load(up.a) end\n", THREAD,
	  "kernel/v1.lua:6:", "belongs to another path" },
	/* declarations */
	{ "late-struct", VCPU, "object('vcpu', 'v') struct('x', {})",
	  "s.lua:1:", "too late" },
	{ "field-twice", "struct('x', { a = flag() })\n"
	  "struct('x', { a = flag() })", "", "kernel/v1.lua:2:",
	  "x.a is declared already, at kernel/v1.lua:1" },
	{ "enum-clash", "struct('x', { a = enum{ 'A', 'B' } })\n"
	  "struct('x', { b = enum{ 'B' } })", "", "kernel/v1.lua:2:", "B" },
	{ "nine-bits", "struct('x', { a = word{ 'a1', 'a2', 'a3', 'a4', "
	  "'a5', 'a6', 'a7', 'a8', 'a9' } })", "", "kernel/v1.lua:1:",
	  "1 to 8" },
	{ "embeds-itself", "struct('x', { x = embed('x') })",
	  "object('x', 'x')", "kernel/v1.lua:1:", "embeds itself" },
	{ "no-type", "struct('x', { a = 1 })", "", "kernel/v1.lua:1:",
	  "x.a wants a type" },
	{ "init-field", VCPU, "object('vcpu', 'v', { aa = true })",
	  "s.lua:1:", "no field aa; did you mean a?" },
	{ "init-domain", VCPU, "object('vcpu', 'v', { n = 9 })", "s.lua:1:",
	  "from 0 to 5" },
	{ "object-twice", VCPU, "object('vcpu', 'v') object('vcpu', 'v')",
	  "s.lua:1:", "a vcpu v already" },
	{ "no-home", VCPU, "actor{ type = 'hardirq', name = 'x', run = "
	  "function() end }", "s.lua:1:", "home" },
};

static void test_refusal(gconstpointer data)
{
	const struct refusal *r = data;

	kit_refuses(r->kernel, r->build, r->place, r->text);
}

/* An error of the prelude is said to be at the user's line. */
static void test_prelude_place(void)
{
	struct kit k = kit_new("", "helper(1)");
	GError *err = NULL;
	char *prelude = g_strconcat(kit_prelude,
				    "function helper(n)\n\treturn n.x.y\nend",
				    NULL);

	kit_write(&k, "kvmwake/init.lua", prelude);
	g_assert_null(kit_load(&k, "v1", &err));
	g_assert_nonnull(strstr(err->message, "/s.lua:1: attempt to index"));
	g_assert_nonnull(strstr(err->message, "kvmwake/init.lua:6)"));
	g_error_free(err);
	g_free(prelude);
	kit_free(&k);
}

static void refuses_kernel(const char *name, const char *text)
{
	struct kit k = kit_new("", "");
	GError *err = NULL;

	kit_write(&k, "patch/fix.lua", "requires('other')");
	kit_write(&k, "patch/other.lua", "requires('fix')");
	g_assert_null(kit_load(&k, name, &err));
	if (!strstr(err->message, text))
		g_error("\"%s\" lacks \"%s\"", err->message, text);
	g_error_free(err);
	kit_free(&k);
}

static void test_kernel_names(void)
{
	refuses_kernel("v2", "no kernel v2");
	refuses_kernel("v2", "did you mean v1?");
	refuses_kernel("v1+fiix", "no patch fiix");
	refuses_kernel("v1+fiix", "did you mean fix?");
	refuses_kernel("v1+", "empty");
	refuses_kernel("v1+fix", "includes itself");
	refuses_kernel("v1+./none.lua", "No such file");
}

/* A name of any length is whole in the message. */
static void test_long_name(void)
{
	struct kit k = kit_new("", "");
	GError *err = NULL;
	char *name = g_strnfill(100, 'x'), *file = g_strconcat(name, ".lua",
							       NULL);

	kit_write(&k, file, "local x = nil\nx()");
	g_free(k.scenario);
	k.scenario = g_build_filename(k.dir, file, NULL);
	g_assert_null(kit_load(&k, "v1", &err));
	g_assert_true(g_str_has_prefix(err->message, k.scenario));
	g_assert_nonnull(strstr(err->message, "x.lua:2: attempt to call"));
	g_error_free(err);
	g_free(name);
	g_free(file);
	kit_free(&k);
}

int main(int argc, char **argv)
{
	unsigned i;

	g_test_init(&argc, &argv, NULL);
	for (i = 0; i < G_N_ELEMENTS(refusals); i++) {
		char *path = g_strconcat("/refuse/", refusals[i].name, NULL);

		g_test_add_data_func(path, &refusals[i], test_refusal);
		g_free(path);
	}
	g_test_add_func("/refuse/prelude-place", test_prelude_place);
	g_test_add_func("/refuse/kernel-names", test_kernel_names);
	g_test_add_func("/refuse/long-name", test_long_name);
	return g_test_run();
}
