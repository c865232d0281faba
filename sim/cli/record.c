/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides nothing: does one run again and keeps every step of it. */
#include "cli.h"

void kw_cli_record(struct kw_scenario *scenario,
		   const struct kw_record_opts *opts, struct kw_recorded *r)
{
	struct kw_recorder recorder = {
		.program = scenario->program,
		.seen = g_array_new(FALSE, FALSE, sizeof(struct kw_step_seen)),
	};
	const struct kw_run_opts run = {
		.seed = opts->seed, .memory = opts->memory,
		.deadline_ns = scenario->deadline_ns,
		.duration_ns = scenario->duration_ns, .observe = kw_record,
		.observe_arg = &recorder,
	};

	r->scenario = scenario;
	r->seen = recorder.seen;
	r->runner = kw_runner_new(scenario->program, &run);
	kw_runner_run(r->runner, opts->run, &r->result);
}

void kw_recorded_free(struct kw_recorded *r)
{
	kw_runner_free(r->runner);
	g_array_free(r->seen, TRUE);
	kw_scenario_free(r->scenario);
}
