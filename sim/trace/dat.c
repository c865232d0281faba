/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides how the records of a trace.dat look as lines: as tracefs prints
 * them, all CPUs merged by time, but with nine decimals.
 *
 * Invariants: only this file sees libtracecmd, and only the child process
 * calls it.  The child has nothing of ours to write to but the pipe, and
 * limits on its time and memory that follow from the file's size.  Plugins
 * stay unloaded: they print some events in a form of their own.  Two formats
 * are beyond libtraceevent 1.7 ("%c", "?:"), and are printed here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <trace-cmd.h>

#include "dat.h"

enum outcome { ALL_READ, NOT_OPENED, NOT_ALL_READ, UNKNOWN_RECORD };

/* common_flags: include/linux/trace_events.h, trace_flag_type */
#define IRQS_OFF	0x01
#define NEED_RESCHED	0x04
#define HARDIRQ		0x08
#define SOFTIRQ		0x10
#define PREEMPT_RESCHED	0x20
#define NMI		0x40
#define BH_OFF		0x80

#define MAX_CPUS 4096		/* of which offsets are looked at */

struct printer {
	FILE *out;
	struct trace_seq seq;
	bool unknown;
	unsigned long long offset[MAX_CPUS];	/* of each CPU's last record */
};

bool kw_dat_is(const char *data, size_t len)
{
	return len >= KW_DAT_MAGIC && !memcmp(data, "\x17\x08\x44tracing", 10);
}

static char irqs_flag(int flags)
{
	if (flags & IRQS_OFF)
		return flags & BH_OFF ? 'D' : 'd';
	return flags & BH_OFF ? 'b' : '.';
}

static char resched_flag(int flags)
{
	if ((flags & (NEED_RESCHED | PREEMPT_RESCHED)) ==
	    (NEED_RESCHED | PREEMPT_RESCHED))
		return 'N';
	if (flags & NEED_RESCHED)
		return 'n';
	return flags & PREEMPT_RESCHED ? 'p' : '.';
}

static char irq_flag(int flags)
{
	if (flags & NMI)
		return flags & HARDIRQ ? 'Z' : 'z';
	if (flags & HARDIRQ)
		return flags & SOFTIRQ ? 'H' : 'h';
	return flags & SOFTIRQ ? 's' : '.';
}

/* The column of tracefs: "d.h1." */
static void put_flags(const struct printer *p, struct tep_handle *tep,
		      struct tep_record *rec)
{
	static const char digits[] = ".123456789abcdef";
	int flags = tep_data_flags(tep, rec);
	int count = tep_data_preempt_count(tep, rec);

	fprintf(p->out, " %c%c%c%c%c", irqs_flag(flags), resched_flag(flags),
		irq_flag(flags), digits[count & 15],
		digits[count >> 4 & 15]);
}

static void put_lost(const struct printer *p, const struct tep_record *rec)
{
	if (rec->missed_events > 0)
		fprintf(p->out, "CPU:%d [LOST %lld EVENTS]\n", rec->cpu,
			rec->missed_events);
	else if (rec->missed_events)
		fprintf(p->out, "CPU:%d [LOST EVENTS]\n", rec->cpu);
}

/* Some damage sends the library round and round. */
static bool goes_on(struct printer *p, const struct tep_record *rec, int cpu)
{
	if (cpu < 0 || cpu >= MAX_CPUS)
		return true;
	if (rec->offset <= p->offset[cpu])
		return false;
	p->offset[cpu] = rec->offset;
	return true;
}

static int put_record(struct tracecmd_input *in, struct tep_record *rec,
		      int cpu, void *arg)
{
	struct tep_handle *tep = tracecmd_get_tep(in);
	struct printer *p = arg;
	int pid;

	if (!goes_on(p, rec, cpu))
		return -1;
	put_lost(p, rec);
	if (!tep_find_event_by_record(tep, rec)) {
		p->unknown = true;
		return 0;
	}
	pid = tep_data_pid(tep, rec);
	fprintf(p->out, "%16s-%-7d [%03d]", tep_data_comm_from_pid(tep, pid),
		pid, cpu);
	put_flags(p, tep, rec);
	trace_seq_reset(&p->seq);
	tep_print_event(tep, &p->seq, rec, "%s: %s", TEP_PRINT_NAME,
			TEP_PRINT_INFO);
	trace_seq_terminate(&p->seq);
	fprintf(p->out, " %5llu.%09llu: %s\n", rec->ts / 1000000000,
		rec->ts % 1000000000, p->seq.buffer);
	return ferror(p->out) ? -1 : 0;
}

static unsigned long long field(struct tep_event *ev, struct tep_record *rec,
				const char *name)
{
	unsigned long long n = 0;

	tep_get_field_val(NULL, ev, name, rec, &n, 0);
	return n;
}

static int put_wfx(struct trace_seq *s, struct tep_record *rec,
		   struct tep_event *ev, void *arg)
{
	(void)arg;
	trace_seq_printf(s, "guest executed wf%c at: 0x%016llx",
			 field(ev, rec, "is_wfe") ? 'e' : 'i',
			 field(ev, rec, "vcpu_pc"));
	return 0;
}

/* The register's name is a pointer into the kernel: only SGIs matter. */
static int put_sys_access(struct trace_seq *s, struct tep_record *rec,
			  struct tep_event *ev, void *arg)
{
	unsigned op[5] = {
		(unsigned)field(ev, rec, "Op0"),
		(unsigned)field(ev, rec, "Op1"),
		(unsigned)field(ev, rec, "CRn"),
		(unsigned)field(ev, rec, "CRm"),
		(unsigned)field(ev, rec, "Op2"),
	};
	static const unsigned sgi1r[5] = { 3, 0, 12, 11, 5 };

	(void)arg;
	trace_seq_printf(s, "PC: %llx %s (%u,%u,%u,%u,%u) %s",
			 field(ev, rec, "vcpu_pc"),
			 memcmp(op, sgi1r, sizeof(op)) ? "UNKN" :
			 "SYS_ICC_SGI1R_EL1", op[0], op[1], op[2], op[3],
			 op[4], field(ev, rec, "is_write") ? "write" : "read");
	return 0;
}

static enum outcome print(int fd, FILE *out)
{
	struct printer p = { .out = out };
	struct tracecmd_input *in;
	struct tep_handle *tep;
	int rc;

	tracecmd_set_loglevel(TEP_LOG_NONE);
	in = tracecmd_open_fd(fd, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!in)
		return NOT_OPENED;
	tep = tracecmd_get_tep(in);
	tep_register_event_handler(tep, -1, "kvm", "kvm_wfx_arm64", put_wfx,
				   NULL);
	tep_register_event_handler(tep, -1, "kvm", "kvm_sys_access",
				   put_sys_access, NULL);
	trace_seq_init(&p.seq);
	rc = tracecmd_iterate_events(in, NULL, 0, put_record, &p);
	if (fflush(out) || rc)
		return NOT_ALL_READ;
	return p.unknown ? UNKNOWN_RECORD : ALL_READ;
}

/* Far more than whole files need; damaged ones can make the library loop. */
static void limit(int fd)
{
	struct rlimit r = { 0 };
	struct stat st;
	rlim_t mb;

	if (fstat(fd, &st))
		return;
	mb = (rlim_t)st.st_size >> 20;
	r.rlim_cur = r.rlim_max = 3 + 5 * mb;
	setrlimit(RLIMIT_CPU, &r);
	r.rlim_cur = r.rlim_max = ((rlim_t)4 << 30) + (mb << 22);
	setrlimit(RLIMIT_AS, &r);
	r.rlim_cur = r.rlim_max = 0;
	setrlimit(RLIMIT_CORE, &r);
}

/* The library prints what it thinks of a file to stdout and stderr. */
static void child(int in, int pipe_fd)
{
	int null = open("/dev/null", O_RDWR);
	FILE *out = fdopen(pipe_fd, "w");

	if (!out || null < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(NOT_OPENED);
	signal(SIGPIPE, SIG_DFL);
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	limit(in);
	if (lseek(in, 0, SEEK_SET))
		_exit(NOT_OPENED);
	_exit((int)print(in, out));
}

int kw_dat_start(struct kw_dat *d, int fd)
{
	int in = dup(fd), ends[2];

	if (in < 0)
		return -1;
	if (pipe(ends)) {
		close(in);
		return -1;
	}
	d->pid = fork();
	if (!d->pid) {
		close(ends[0]);
		child(in, ends[1]);
	}
	close(in);
	close(ends[1]);
	if (d->pid > 0)
		return ends[0];
	d->pid = 0;
	close(ends[0]);
	return -1;
}

static int reap(struct kw_dat *d)
{
	int status = 0;

	while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
		;
	d->pid = 0;
	return status;
}

const char *kw_dat_finish(struct kw_dat *d)
{
	int status = reap(d);

	if (WIFSIGNALED(status))
		return "the trace.dat file is damaged or cut: libtracecmd did "
		       "not survive it";
	switch (WEXITSTATUS(status)) {
	case ALL_READ:
		return NULL;
	case NOT_OPENED:
		return "the trace.dat file is damaged or cut, or of a newer "
		       "version than libtracecmd knows";
	case UNKNOWN_RECORD:
		return "the trace.dat file has records of events that it does "
		       "not describe: it is damaged, and they are left out";
	default:
		return "the trace.dat file is damaged: what follows cannot be "
		       "read";
	}
}

void kw_dat_stop(struct kw_dat *d)
{
	if (!d->pid)
		return;
	kill(d->pid, SIGKILL);
	reap(d);
}
