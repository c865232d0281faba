/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `trace stat`: decides how what was counted is set. */
#include "trace.h"

#define U G_GUINT64_FORMAT

static void put_vcpu(const struct kw_vcpu_stat *v, GString *out)
{
	char a[KW_NS_TEXT], b[KW_NS_TEXT];
	unsigned i;

	if (v->vcpu)
		g_string_append_printf(out, "vCPU %d  %s-%d\n", v->vcpu->id,
				       v->vcpu->comm, v->vcpu->tid);
	else
		g_string_append(out, "all\n");
	g_string_append_printf(out, "  WFI exits %" U ", blocked %" U
			       ", polled %" U " (successful %" U ")\n",
			       v->nr_wfi, v->nr_blocked, v->nr_polled,
			       v->nr_polled_ok);
	for (i = 0; i < KW_NR_WAKE_CAUSES; i++)
		if (v->nr_causes[i] + v->nr_guesses[i])
			g_string_append_printf(out, "  woken by %s %" U
					       " + possibly %" U "\n",
					       kw_wake_cause_names[i],
					       v->nr_causes[i],
					       v->nr_guesses[i]);
	for (i = 0; i < KW_NR_LATENCIES; i++)
		g_string_append_printf(out, "  %s p50 %s p99 %s\n",
				       kw_latency_names[i],
				       kw_permille_text(&v->latency[i], 500,
							a),
				       kw_permille_text(&v->latency[i], 990,
							b));
}

static int stat_one(struct kw_cli *cli, unsigned first, unsigned nr,
		    GError **err)
{
	const char *const *paths = (const char *const *)cli->args->pdata;
	struct kw_stat *st = kw_stat_new();
	struct kw_follow *f = kw_follow_new();
	unsigned i, code = KW_EXIT_FINE;

	kw_follow_add(f, &kw_stat_ops, st);
	if (!kw_trace_read(cli, f, paths + first, nr, err))
		code = KW_EXIT_USAGE;
	for (i = 0; !code && i < kw_follow_nr_vcpus(f); i++)
		put_vcpu(kw_stat_vcpu(st, kw_follow_vcpu(f, i)), cli->out);
	if (!code && kw_follow_has(f, KW_TRACE_KVM_EXIT))
		put_vcpu(&st->all, cli->out);
	kw_follow_free(f);
	kw_stat_free(st);
	return (int)code;
}

int kw_trace_cmd_stat(struct kw_cli *cli)
{
	GError *err = NULL;
	unsigned i, n;

	for (i = 1; i < cli->args->len; i += n) {
		n = kw_trace_group(cli, i);
		if (stat_one(cli, i, n, &err))
			return kw_cli_fail(cli, err);
	}
	return KW_EXIT_FINE;
}
