/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which verb runs, and sets the stage for it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"

static const char run_notes[] =
"verdict:\n"
"  as expected       every expectation of this kernel holds\n"
"  NOT AS EXPECTED   one does not: exit 1\n"
"  vacuous           in no run did anything become deliverable during a wait,\n"
"                    so that nothing could be missed: exit 4\n"
"  not judged        the scenario expects nothing of this kernel\n";

static const char compare_notes[] =
"judgement, of paired runs (the same run has the same random numbers):\n"
"  WORSE   missed or failed: one run with new, none with old;\n"
"          missed, late, spurious, storm or failed proven more frequent;\n"
"          or a latency percentile proven longer, by more than an eighth\n"
"  FIXED   missed (else late, failed) with old, never with new, proven\n"
"  better  something proven less frequent or shorter, nothing worse\n"
"  same    neither; \"no difference proven\" where the counts differ\n"
"Proven is p < 0.01, by the sign test of the runs that differ.  In brackets:\n"
"the difference new - old, a 95 % interval.  Futile wake-ups are not judged.\n"
"WORSE anywhere: exit 1.  No observation anywhere: exit 4.\n"
"Runs are samples.  Every interleaving: kvmwake explore --compare.\n";

static const char explore_notes[] =
"verdict, under the memory model of its line:\n"
"  proved    every interleaving was seen, and nothing was found\n"
"  violated  by what is named; the way to it is shown\n"
"  bounded   a limit was hit first\n"
"What tso and sc allow arm64 allows, too: proved under arm64 is proved under\n"
"all three.  Where that takes too long, --memory sc sees fewer states.\n"
"Exit code: 0 as the scenario expects under this model, 1 not, 4 bounded,\n"
"vacuous, or of a kernel of which it expects nothing.\n";

static const char trace_notes[] =
"commands, of text as tracefs, trace-cmd report or perf script print it,\n"
"plain or gzipped, from files, a pipe, or - (standard input):\n"
"  stat   WFI exits, blocks, polls, wake-ups by cause, wake-ups for nothing,\n"
"         kicks, IPIs, latencies, per vCPU and in all; compared with KVM's\n"
"         own counters where NAME.stat is beside the recording\n"
"  find   sleeps that should not have been, and wake-ups for nothing, with\n"
"         the lines that show it; \"possible\" where evidence is missing\n"
"  show   what happened, a column a vCPU (--vcpu, --from, --to; a time as the\n"
"         recording has it, such as 60.580271, or since its begin: 12.5ms)\n"
"  store  the sleeps and their latencies in the database (--db), where the\n"
"         views show them beside simulations; --name: of which scenario\n"
"  plot   figures (--out): a window of all vCPUs and CPUs, --from .. --to or\n"
"         around what find finds first; latencies and sleeps by cause\n"
"Files NAME.part1.EXT, NAME.part2.EXT in a row are one recording.\n";

static const char necessity_notes[] =
"verdict, of the kernel without this step:\n"
"  needed          a scenario fails that did not: something is missed,\n"
"                  spurious or failed\n"
"  not needed      by these scenarios: proved over so many states\n"
"  never executed  it is on their paths, but nobody gets there\n"
"  bounded         a limit was hit first\n"
"  not asked       it orders nothing under --memory sc; it is a term of which\n"
"                  neither value leaves the others as they are; or it is in\n"
"                  no scenario that can be explored to its end\n"
"\"(I2 anyway)\": some of these scenarios have I2 with the step, too, so that\n"
"it cannot tell there.\n";

static const char synthesize_notes[] =
"strongest   true as rarely as can be, so that in these scenarios nothing is\n"
"            missed, spurious or failed\n"
"weakest     true as often as can be\n"
"own         what the kernel says; missing: what it would have to look at,\n"
"            too; redundant: what it need not look at, each by itself\n"
"Combinations that these scenarios never show are taken as it suits the\n"
"formula.  What no predicate avoids in a scenario is not asked there.\n";

static const char claims_notes[] =
"verdict on a claim (M1 to M22; I2, I4, I7, T1 to T3):\n"
"  holds      all evidence goes as the claim predicts\n"
"  qualified  some does not\n"
"  fails      none does\n"
"  open       an exploration was bounded (exit 4), or vacuous\n"
"A proposal (MP1 to MP4; MP: all four) fixes what is found without it and\n"
"never with it, breaks the reverse, and leaves what both have.\n"
"All that was found goes to the database; replay lines show it.\n";

const struct kw_verb kw_verbs[KW_NR_VERBS] = {
	[KW_VERB_RUN] = {
		"run", "[options] SCENARIO...",
		"simulate scenarios and judge what they expect",
		"  kvmwake run scenarios/ode/\n"
		"  kvmwake run --kernel v4.14+mutant-no-kick --as v4.14 "
		"scenarios/gallery/\n"
		"  kvmwake run --memory arm64 "
		"scenarios/ode/pause-while-waiting.lua\n",
		kw_verb_run, false, run_notes },
	[KW_VERB_EXPLORE] = {
		"explore", "[options] SCENARIO...",
		"every interleaving: a proof, or the shortest way to fail",
		"  kvmwake explore scenarios/ode/pmu-overflow-in-wfi.lua\n"
		"  kvmwake explore --kernel v4.14 "
		"scenarios/ode/line-while-waiting.lua \\\n"
		"      --without kvm_vcpu_kick@vcpu_interrupt_line\n"
		"  kvmwake explore --compare v4.14 v4.14+ode scenarios/ode/\n",
		kw_verb_explore, false, explore_notes },
	[KW_VERB_NECESSITY] = {
		"necessity", "[options] KERNEL SCENARIO...",
		"which barriers, requests, kicks and terms are needed",
		"  kvmwake necessity v4.14 scenarios/ode/kick-wakes.lua "
		"scenarios/gallery/\n"
		"  kvmwake necessity v4.14+ode-3 scenarios/ode/ "
		"--step kvm_make_request\n",
		kw_verb_necessity, false, necessity_notes },
	[KW_VERB_SYNTHESIZE] = {
		"synthesize", "[options] SCENARIO...",
		"what the predicate must say, given what it may look at",
		"  kvmwake synthesize scenarios/ode/pmu-overflow-in-wfi.lua\n"
		"  kvmwake synthesize --kernel v4.14+ode-2 "
		"scenarios/ode/line-*.lua\n",
		kw_verb_synthesize, false, synthesize_notes },
	[KW_VERB_CLAIMS] = {
		"claims", "[options] [CLAIM...]",
		"the claims of \"An ode to kvm_arch_vcpu_runnable()\", judged",
		"  kvmwake claims --quiet\n"
		"  kvmwake claims M2 M7 MP3 --memory sc\n",
		kw_verb_claims, false, claims_notes },
	[KW_VERB_COMPARE] = {
		"compare", "--old K --new K [options] SCENARIO...",
		"old kernel against new, in paired runs",
		"  kvmwake compare --old v4.14 --new v4.14+ode "
		"scenarios/ode/*.lua\n"
		"  kvmwake compare --old v4.14 --new v4.14+./mine.lua "
		"scenarios/gallery\n",
		kw_verb_compare, false, compare_notes },
	[KW_VERB_REPLAY] = {
		"replay", "[options] ID | SCENARIO --kernel K",
		"one run again, step by step, and why it went wrong",
		"  kvmwake replay pmu-overflow-in-wfi/v4.14/1/17\n"
		"  kvmwake replay explore/pmu-overflow-in-wfi/v4.14/arm64/"
		"missed --goto 20\n"
		"  kvmwake replay scenarios/ode/pmu-overflow-in-wfi.lua "
		"--kernel v4.14 --run 3\n",
		kw_verb_replay, false, NULL },
	[KW_VERB_LIST] = {
		"list", "[options] [SCENARIO...]",
		"kernels, patches and scenarios",
		"  kvmwake list\n"
		"  kvmwake list scenarios/ode/\n",
		kw_verb_list, false, NULL },
	[KW_VERB_SHOW] = {
		"show", "[options] KERNEL [PATH]",
		"a kernel path as the automaton that it became",
		"  kvmwake show v4.14 kvm_vcpu_block\n"
		"  kvmwake show v4.14+ode-3 kvm_vcpu_kick --dot | "
		"dot -Tsvg >kick.svg\n",
		kw_verb_show, false, NULL },
	[KW_VERB_IMPORT] = {
		"import", "[options] FILE",
		"a scenario from the text of an ftrace recording",
		"  kvmwake import trace.txt --out mine.lua\n"
		"  trace-cmd report | kvmwake import - --name guest --out "
		"guest.lua\n",
		kw_verb_import, false, NULL },
	[KW_VERB_EXPORT] = {
		"export", "--perfetto | --promela [options] RUN|FILE",
		"a run, a recording or a scenario for another tool",
		"  kvmwake export --perfetto pmu-overflow-in-wfi/v4.14/1/17 "
		"--out run.json\n"
		"  kvmwake export --perfetto guest.trace.gz --out "
		"guest.json\n"
		"  kvmwake export --promela "
		"scenarios/ode/line-while-waiting.lua --kernel v4.14\n",
		kw_verb_export, false, NULL },
	[KW_VERB_TRACE] = {
		"trace", "[options] stat|find|show|store|plot FILE...",
		"what the vCPUs of an ftrace recording did, and slept through",
		"  kvmwake trace stat trace.txt.gz\n"
		"  kvmwake trace find pmu.part1.trace pmu.part2.trace\n",
		kw_verb_trace, false, trace_notes },
	[KW_VERB_PLOT] = {
		"plot", "[options] [SCENARIO-NAME...]",
		"figures from stored results: data, script, SVG, PNG, text",
		"  kvmwake plot\n"
		"  kvmwake plot --db results/demo.db --out figures "
		"pmu-overflow-in-wfi\n",
		kw_verb_plot, false, NULL },
	[KW_VERB_REPORT] = {
		"report", "[options] [SCENARIO-NAME...]",
		"stored results as plain text for a mail",
		"  kvmwake report\n"
		"  kvmwake report --old v4.14 --new v4.14+ode-3 "
		"pmu-overflow-in-wfi\n",
		kw_verb_report, false, NULL },
	[KW_VERB_LITMUS] = {
		"litmus", "[options] FILE...",
		"litmus tests of the memory models, reported as herd7 does",
		"  kvmwake litmus scenarios/litmus/\n"
		"  kvmwake litmus --memory tso scenarios/litmus/SB.litmus\n",
		kw_verb_litmus, false, NULL },
	[KW_VERB_BENCH] = {
		"bench", "[options] SCENARIO...",
		"CPU time, steps and memory of a scenario, as key=value",
		"  kvmwake bench scenarios/gallery/idle-tick.lua "
		"--kernel v4.14 --runs 1000\n"
		"  kvmwake bench --db /tmp/bench.db --kernel v4.14 "
		"scenarios/gallery/\n",
		kw_verb_bench, true, NULL },
	[KW_VERB_COMPLETION] = {
		"completion", "[bash]", "completion for the shell",
		"  source <(kvmwake completion)\n"
		"  kvmwake completion bash "
		">~/.local/share/bash-completion/completions/kvmwake\n",
		kw_verb_completion, true, NULL },
	[KW_VERB_VERSION] = {
		"version", "", "the version",
		"  kvmwake version\n"
		"  kvmwake version --json\n",
		kw_verb_version, true, NULL },
	[KW_VERB_HELP] = {
		"help", "[VERB]", "this overview, or a verb's options",
		"  kvmwake help\n"
		"  kvmwake help compare\n",
		kw_verb_help, true, NULL },
};

static const struct kw_verb *find_verb(const char *name)
{
	unsigned v;

	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version"))
		name = "version";
	for (v = 0; v < KW_NR_VERBS; v++)
		if (!strcmp(kw_verbs[v].name, name))
			return &kw_verbs[v];
	return NULL;
}

static int unknown_verb(struct kw_cli *cli, const char *name)
{
	const char *names[KW_NR_VERBS + 1] = { NULL }, *near;
	unsigned v;

	for (v = 0; v < KW_NR_VERBS; v++)
		names[v] = kw_verbs[v].name;
	near = kw_nearest(name, names);
	return kw_cli_usage(cli, "no verb is called \"%s\"%s%s%s (see kvmwake "
			    "help)", name, near ? "; did you mean " : "",
			    near ? near : "", near ? "?" : "");
}

/* As it could be pasted again. */
static char *command_line(int argc, char **argv)
{
	static const char quote[] = " \t\n\"'\\$`*?[]{}()<>|&;#~";
	GString *s = g_string_new("kvmwake");
	int i;

	for (i = 1; i < argc; i++) {
		char *quoted = NULL;

		if (!*argv[i] || strpbrk(argv[i], quote))
			quoted = g_shell_quote(argv[i]);
		g_string_append_printf(s, " %s", quoted ? quoted : argv[i]);
		g_free(quoted);
	}
	return g_string_free(s, FALSE);
}

static int run_verb(struct kw_cli *cli, int argc, char **argv)
{
	GError *err = NULL;

	if (argc < 2) {
		GString *help = g_string_new(NULL);

		kw_help(help);
		fputs(help->str, stderr);
		g_string_free(help, TRUE);
		return KW_EXIT_USAGE;
	}
	cli->verb = find_verb(argv[1]);
	if (!cli->verb) {
		cli->o.json = argc > 2 && g_strv_contains(
			(const gchar *const *)argv + 2, "--json");
		return unknown_verb(cli, argv[1]);
	}
	if (!kw_options_parse(cli, argc - 1, argv + 1, &err))
		return kw_cli_fail(cli, err);
	if (cli->o.help) {
		kw_help_verb(cli->verb, cli->out);
		return KW_EXIT_FINE;
	}
	return cli->verb->run(cli);
}

int main(int argc, char **argv)
{
	struct kw_cli cli = { .out = g_string_new(NULL) };
	int code;

	/* A full disk is an error of write(), not the end. */
	signal(SIGXFSZ, SIG_IGN);
	cli.tty_out = isatty(STDOUT_FILENO);
	cli.tty_err = isatty(STDERR_FILENO);
	cli.command = command_line(argc, argv);
	code = run_verb(&cli, argc, argv);
	kw_cli_flush(&cli);
	if (ferror(stdout)) {
		fputs("kvmwake: cannot write the output\n", stderr);
		code = KW_EXIT_USAGE;
	}
	kw_options_free(&cli);
	g_free(cli.command);
	g_free(cli.data_dir);
	g_string_free(cli.out, TRUE);
	return code;
}
