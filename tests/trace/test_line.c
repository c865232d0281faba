/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of ftrace text: every part of it, and what is none. */
#include <string.h>

#include "trace/trace.h"

struct line {
	const char *text;
	const char *comm;
	int pid, cpu;
	const char *flags;
	uint64_t time_ns;
	const char *name, *args;
};

static const struct line good[] = {
	{ "      kvm-vcpu-0-205     [000] d....    40.542997: kvm_entry: PC: 0x1",
	  "kvm-vcpu-0", 205, 0, "d....", 40542997000, "kvm_entry", "PC: 0x1" },
	{ "       CPU 0/KVM-1234    [011] d.h1.   138.273075: kvm_exit: TRAP: x",
	  "CPU 0/KVM", 1234, 11, "d.h1.", 138273075000, "kvm_exit",
	  "TRAP: x" },
	{ "          <idle>-0       [002] dNh..     0.000001: sched_wakeup: ",
	  "<idle>", 0, 2, "dNh..", 1000, "sched_wakeup", "" },
	{ "           <...>-77777   [000] d..1   100.000000: a: b",
	  "<...>", 77777, 0, "d..1", 100000000000, "a", "b" },
	/* names that look like the rest of a line */
	{ "  a-1 [003] b: c-12      [001] .....     1.000000: e: x",
	  "a-1 [003] b: c", 12, 1, ".....", 1000000000, "e", "x" },
	{ " ioeventfd-worke-42      [001] .....     1.500000: e: x: y-1 [2] z",
	  "ioeventfd-worke", 42, 1, ".....", 1500000000, "e",
	  "x: y-1 [2] z" },
	{ "   kworker/u12:3-129     [000] d....     1.000000: e: ",
	  "kworker/u12:3", 129, 0, "d....", 1000000000, "e", "" },
	{ "                -9       [000] d....     1.000000: e: ",
	  "", 9, 0, "d....", 1000000000, "e", "" },
	{ "              --3        [000] d....     1.000000: e: ",
	  "-", 3, 0, "d....", 1000000000, "e", "" },
	/* trace_options: record-tgid, noirq-info */
	{ "            bash-1977    (   1977) [000] ....   17.000000: e: f",
	  "bash", 1977, 0, "....", 17000000000, "e", "f" },
	{ "            bash-1977    (-------) [000] ....   17.000000: e: f",
	  "bash", 1977, 0, "....", 17000000000, "e", "f" },
	{ "            bash-1977    [000]    17.000000: e: f",
	  "bash", 1977, 0, "", 17000000000, "e", "f" },
	/* trace-cmd report, without and with -t */
	{ "  kvm-vcpu-0-205   [000]    40.542997: kvm_entry:            PC: 0x1",
	  "kvm-vcpu-0", 205, 0, "", 40542997000, "kvm_entry", "PC: 0x1" },
	{ "CPU 1/KVM-9 [000] d..1.  40.542997123: kvm_entry:  PC: 0x1",
	  "CPU 1/KVM", 9, 0, "d..1.", 40542997123, "kvm_entry", "PC: 0x1" },
	/* perf script, without and with -F pid,tid */
	{ "   CPU 0/KVM  1234 [001] 12345.678901:    kvm:kvm_entry: PC: 0x1",
	  "CPU 0/KVM", 1234, 1, "", 12345678901000, "kvm_entry", "PC: 0x1" },
	{ "   CPU 0/KVM  1200/1234 [001] 5.678901:   kvm:kvm_entry: PC: 0x1",
	  "CPU 0/KVM", 1234, 1, "", 5678901000, "kvm_entry", "PC: 0x1" },
};

static void assert_part(const char *part, unsigned len, const char *expected)
{
	char *s = g_strndup(part, len);

	g_assert_cmpstr(s, ==, expected);
	g_free(s);
}

static void test_good(void)
{
	struct kw_trace_event ev;
	const char *why = "";
	char text[256];
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(good); i++) {
		g_strlcpy(text, good[i].text, sizeof(text));
		if (!kw_trace_parse(text, strlen(text), &ev, &why))
			g_error("\"%s\": %s", good[i].text, why);
		assert_part(ev.comm, ev.comm_len, good[i].comm);
		g_assert_cmpint(ev.pid, ==, good[i].pid);
		g_assert_cmpint(ev.cpu, ==, good[i].cpu);
		assert_part(ev.flags, ev.flags_len, good[i].flags);
		g_assert_cmpuint(ev.time_ns, ==, good[i].time_ns);
		assert_part(ev.name, ev.name_len, good[i].name);
		g_assert_cmpstr(ev.args, ==, good[i].args);
		g_assert_cmpuint(ev.args_len, ==, strlen(ev.args));
	}
}

static void test_bad(void)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "", "TASK-PID" },
		{ "kvm-vcpu-0-205", "TASK-PID" },
		{ "      kvm-vcpu-0-205     [0", "TASK-PID" },
		{ "      kvm-vcpu-0-205     [000]", "TASK-PID" },
		{ "      kvm-vcpu-0-205     [000] ", "time stamp" },
		{ "      kvm-vcpu-0-205     [000] d....", "time stamp" },
		{ "      kvm-vcpu-0-205     [000] d....    40", "time stamp" },
		{ "      kvm-vcpu-0-205     [000] d....    40.5", "time stamp" },
		{ "      kvm-vcpu-0-205     [000] d....    40.5: ", "event's" },
		{ "      kvm-vcpu-0-205     [000] d....    40.5: kvm_e",
		  "event's" },
		{ "      kvm-vcpu-0-205     [000] d....    40.5: f <-g",
		  "event's" },
		{ "      kvm-vcpu-0-205     [000] d....    405429: e: x",
		  "not in seconds" },
		{ "      kvm-vcpu-0-99999999999 [000] d.... 4.5: e: x",
		  "TASK-PID" },
		{ "      kvm-vcpu-0-205 [000] d.... 99999999999999999.5: e: x",
		  "time stamp" },
		{ "      kvm-vcpu-0-205 [000] d.... 9.1234567890: e: x",
		  "time stamp" },
	};
	struct kw_trace_event ev;
	const char *why;
	char text[256];
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_strlcpy(text, bad[i].text, sizeof(text));
		why = "";
		g_assert_false(kw_trace_parse(text, strlen(text), &ev, &why));
		if (!strstr(why, bad[i].why))
			g_error("\"%s\": \"%s\" lacks \"%s\"", bad[i].text,
				why, bad[i].why);
	}
}

/* Every beginning of a line is refused or read, and nothing else. */
static void test_cut(void)
{
	struct kw_trace_event ev;
	const char *why;
	unsigned i;
	size_t n;
	char *text;

	for (i = 0; i < G_N_ELEMENTS(good); i++) {
		for (n = 0; n <= strlen(good[i].text); n++) {
			text = g_strndup(good[i].text, n);
			kw_trace_parse(text, n, &ev, &why);
			g_free(text);
		}
	}
}

static bool decode(enum kw_trace_id id, const char *text,
		   struct kw_trace_args *a)
{
	struct kw_trace_event ev = { .id = (uint16_t)id, .args = text };

	return kw_trace_decode(&ev, a);
}

static void test_decode(void)
{
	struct kw_trace_args a;

	g_assert_true(decode(KW_TRACE_KVM_EXIT, "TRAP: HSR_EC: 0x0001 (WFx), "
			     "PC: 0xffff800080f2b7ec", &a));
	assert_part(a.s[0].p, a.s[0].len, "TRAP");
	g_assert_cmpint(a.n[0], ==, 1);
	g_assert_cmphex((uint64_t)a.n[1], ==, 0xffff800080f2b7ec);
	/* 4.14: a trap is 0x2, PC has 8 digits */
	g_assert_true(decode(KW_TRACE_KVM_EXIT, "0x2: HSR_EC: 0x0001 (WFx), "
			     "PC: 0x080f2b7ec", &a));
	g_assert_true(decode(KW_TRACE_KVM_WFX, "guest executed wfe at: 0x1",
			     &a));
	assert_part(a.s[0].p, a.s[0].len, "e");
	g_assert_true(decode(KW_TRACE_KVM_WAKEUP,
			     "wait time 244880 ns, polling valid", &a));
	g_assert_cmpint(a.n[0], ==, 244880);
	g_assert_true(decode(KW_TRACE_KVM_IRQ_LINE, "Inject VGIC SPI interrupt "
			     "(1), vcpu->idx: 0, num: 37, level: 1", &a));
	g_assert_cmpint(a.n[0], ==, 1);
	g_assert_cmpint(a.n[2], ==, 37);
	g_assert_cmpint(a.n[3], ==, 1);
	g_assert_true(decode(KW_TRACE_QUEUE_IRQ, "(vgic_queue_irq_unlock+0x0/"
			     "0x2d8) intid=1 line=0 latch=1 active=0 enabled=1 "
			     "target=-1 on_list_of=0x0", &a));
	g_assert_cmpint(a.n[5], ==, -1);
	g_assert_false(decode(KW_TRACE_TIMER_UPDATE, "VCPU: 0, IRQ 27", &a));
	g_assert_false(decode(KW_TRACE_TIMER_UPDATE, "VCPU: x, IRQ 27, level 1",
			      &a));
	g_assert_false(decode(KW_TRACE_KVM_ENTRY, "", &a));
}

static void test_sched(void)
{
	struct kw_trace_args a;

	g_assert_true(decode(KW_TRACE_SCHED_SWITCH, "prev_comm=CPU 0/KVM "
		"prev_pid=205 prev_prio=120 prev_state=R+ ==> next_comm="
		"swapper/0 next_pid=0 next_prio=120", &a));
	assert_part(a.s[0].p, a.s[0].len, "CPU 0/KVM");
	assert_part(a.s[1].p, a.s[1].len, "R+");
	g_assert_cmpint(a.n[0], ==, 205);
	g_assert_cmpint(a.n[2], ==, 0);
	/* a task that calls itself like the fields */
	g_assert_true(decode(KW_TRACE_SCHED_SWITCH, "prev_comm=x prev_pid=1 "
		"prev_pid=205 prev_prio=120 prev_state=S ==> next_comm="
		"y next_pid=3 next_pid=7 next_prio=120", &a));
	assert_part(a.s[0].p, a.s[0].len, "x prev_pid=1");
	g_assert_cmpint(a.n[0], ==, 205);
	g_assert_cmpint(a.n[2], ==, 7);
	g_assert_true(decode(KW_TRACE_SCHED_SWITCH,
			     "CPU 0/KVM:205 [120] S ==> swapper/0:0 [120]", &a));
	assert_part(a.s[1].p, a.s[1].len, "S");
	g_assert_cmpint(a.n[0], ==, 205);
	g_assert_cmpint(a.n[2], ==, 0);
	g_assert_true(decode(KW_TRACE_SCHED_WAKING, "comm=kvm-vcpu-1 pid=206 "
			     "prio=120 target_cpu=001", &a));
	g_assert_cmpint(a.n[0], ==, 206);
	g_assert_true(decode(KW_TRACE_SCHED_WAKEUP, "kvm-vcpu-1:206 [120]<CANT "
			     "FIND FIELD success> CPU:001", &a));
	g_assert_cmpint(a.n[0], ==, 206);
}

static void test_hardirq(void)
{
	static const struct { const char *flags; bool hardirq; } cases[] = {
		{ "d.h..", true }, { "d.H1", true }, { "d.Z..", true },
		{ "d.z..", true }, { "d.s..", false }, { "d....", false },
		{ "", false }, { "dN", false },
	};
	struct kw_trace_event ev = { .id = 0 };
	unsigned i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		ev.flags = cases[i].flags;
		ev.flags_len = (uint16_t)strlen(cases[i].flags);
		g_assert_cmpint(kw_trace_in_hardirq(&ev), ==,
				cases[i].hardirq);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trace/line/good", test_good);
	g_test_add_func("/trace/line/bad", test_bad);
	g_test_add_func("/trace/line/cut", test_cut);
	g_test_add_func("/trace/line/decode", test_decode);
	g_test_add_func("/trace/line/sched", test_sched);
	g_test_add_func("/trace/line/hardirq", test_hardirq);
	return g_test_run();
}
