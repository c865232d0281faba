#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scripts/record-kvm-trace against folders that look like tracefs and
# debugfs, and a pahole that knows two structs.
. tests/lib/cli.sh
record=scripts/record-kvm-trace
fs=$TMPDIR/tracing
instance=$fs/instances/fake

mkdir -p "$TMPDIR/bin" "$TMPDIR/debug/kvm/7-11"
echo 42 >"$TMPDIR/debug/kvm/7-11/wfi_exit_stat"
for e in kvm/kvm_entry kvm/kvm_exit kvm/kvm_wfx_arm64 kvm/trap_reg \
	 sched/sched_switch sched/sched_waking sched/sched_wakeup \
	 irq/irq_handler_entry irq/irq_handler_exit ipi/ipi_raise; do
	mkdir -p "$fs/events/$e" "$instance/events/$e"
	echo 0 >"$instance/events/$e/enable"
	echo none >"$instance/events/$e/filter"
done
mkdir -p "$instance/events/kvmwake" "$instance/per_cpu/cpu0"
echo 'overrun: 3' >"$instance/per_cpu/cpu0/stats"
cp tests/trace/small.trace "$instance/trace"
: >"$fs/kprobe_events"
printf '%s\n' 'kvm_vcpu_kick [kvm]' kvm_vcpu_halt vgic_queue_irq_unlock \
	kvm_psci_vcpu_on kvm_vcpu_check_block kvm_arch_vcpu_runnable \
	>"$fs/available_filter_functions"
cat >"$TMPDIR/bin/pahole" <<'END'
#!/bin/sh
case $2 in
kvm_vcpu) cat <<'STRUCT'
	int                        cpu;                  /*    32     4 */
	int                        vcpu_id;              /*    36     4 */
	u64                        requests;             /*    56     8 */
	struct kvm_vcpu_arch       arch __attribute__((__aligned__(16))); /*   240  5904 */
STRUCT
;;
kvm_vcpu_arch) echo '	struct kvm_cpu_context     ctxt __attribute__((__aligned__(16))); /*     0  1824 */' ;;
kvm_cpu_context) echo '	struct user_pt_regs        regs;                 /*     0   272 */' ;;
vgic_irq) cat <<'STRUCT'
	struct kvm_vcpu *          vcpu;                 /*    40     8 */
	struct kvm_vcpu *          target_vcpu;          /*    48     8 */
	u32                        intid;                /*    56     4 */
	bool                       line_level:1;         /*    60: 0  1 */
	bool                       pending_latch:1;      /*    60: 1  1 */
	bool                       active;               /*    62     1 */
	bool                       enabled;              /*    63     1 */
STRUCT
;;
esac
END
chmod +x "$TMPDIR/bin/pahole"
PATH=$TMPDIR/bin:$PATH
common=(--tracefs "$fs" --debugfs "$TMPDIR/debug" --instance fake)

tree() { find "$fs" -type f -exec cksum {} + | sort; }

tree >"$TMPDIR/before"
exits 0 "a dry run" $record --dry-run "${common[@]}" --probes all
tree | cmp - "$TMPDIR/before"
ok $? "a dry run changes nothing"
says "^echo 'mono' > $instance/trace_clock" "$TMPDIR/out" "the clock"
says "^echo '1' > $instance/events/kvm/kvm_wfx_arm64/enable" "$TMPDIR/out" \
	"an event"
says "next_comm ~ \"CPU\*KVM\".*> $instance/events/sched/sched_switch/filter" \
	"$TMPDIR/out" "a filter"
! grep -q trap_reg "$TMPDIR/out"
ok $? "not the noisy ones"
# shellcheck disable=SC2016
{
	says "'p:kvmwake/vcpu_kick kvm_vcpu_kick vcpu=\+36\(.arg1\):s32' >>" \
		"$TMPDIR/out" "a probe with its field"
	says 'vgic_queue_irq_unlock intid=\+56\(.arg2\):u32 line=\+60\(.arg2\):b1@0/8 latch=\+60\(.arg2\):b1@1/8 active=\+62\(.arg2\):u8 enabled=\+63\(.arg2\):u8 target=\+36\(\+48\(.arg2\)\):s32' \
		"$TMPDIR/out" "bit fields, and a field of what a field points at"
	says 'psci_vcpu_on kvm_psci_vcpu_on source=.* mpidr=\+248\(' \
		"$TMPDIR/out" "a field three structs deep"
}
says 'no probe vcpu_wfi: this kernel has no kvm_vcpu_wfi' "$TMPDIR/err" \
	"what cannot be probed"
exits 0 "noisy" $record --dry-run "${common[@]}" --probes none --noisy
says trap_reg "$TMPDIR/out" "noisy: all of them"
! grep -q kprobe "$TMPDIR/out"
ok $? "no probes"
exits 0 "light" $record --dry-run "${common[@]}"
! grep -q runnable "$TMPDIR/out"
ok $? "light: not the predicate"

exits 0 "a recording" $record "${common[@]}" --out "$TMPDIR/got.trace.gz" -- \
	cp "$instance/tracing_on" "$TMPDIR/during"
[ "$(cat "$TMPDIR/during" "$instance/tracing_on")" = "1
0" ]
ok $? "tracing was on, and is off"
zcat "$TMPDIR/got.trace.gz" | cmp - tests/trace/small.trace
ok $? "the text as it was"
says '^-:kvmwake/vcpu_kick$' "$fs/kprobe_events" "the probes are taken away"
says '3 events were lost' "$TMPDIR/err" "lost events are said"
says '^wfi_exit_stat 42$' "$TMPDIR/got.stat" "KVM's counters"
exits 0 "kvmwake reads it" "$KVMWAKE" trace stat "$TMPDIR/got.trace.gz"

timeout -s INT 1 $record "${common[@]}" --out "$TMPDIR/int.trace" \
	--seconds 60 2>"$TMPDIR/err"
says 'ended early' "$TMPDIR/err" "Ctrl-C ends it"
cmp "$TMPDIR/int.trace" tests/trace/small.trace &&
	[ "$(cat "$instance/tracing_on")" = 0 ]
ok $? "and keeps what is there"

exits 0 "trace-cmd" $record --dry-run "${common[@]}" --out "$TMPDIR/x.dat"
says 'trace-cmd record -o .*x.dat -C mono .*-e kvm:kvm_exit .*-e kvmwake' \
	"$TMPDIR/out" "trace-cmd: the same events"
exits 2 "no KVM" $record --tracefs "$TMPDIR" --dry-run
exits 2 "unknown option" $record --dry-runs
exits 2 "no number" $record --seconds soon
if command -v shellcheck >/dev/null; then
	exits 0 "shellcheck" shellcheck $record
fi
finish
