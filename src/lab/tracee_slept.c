/*
 * Whether a thread slept in a call.  Each stop is a voluntary switch of its processor, so of those between entry and
 * return one is ours.  wait4(2) counts them for the process, which costs nothing: enough where it has one thread.
 *
 * Among threads /proc has the thread's own count, but that file is long and dear to read.  A short one (schedstat) has
 * how often the thread came to a processor: after every switch, voluntary or not.  And wait4() says how many switches
 * of the process were not voluntary.  As long as there were none, one count follows from the other, from the last moment at
 * which both were read; and a thread that came to a processor once only, after our stop, has not slept.
 */
#include "src/lab/tracee.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/core/str.h"

/* Numbers of descriptors for this: RLIMIT_NOFILE can be 1024, and processes have some as well. */
#define KEPT 640

/* Reads a file of the thread, which is kept open if that can be afforded; -1: it is not there. */
static ssize_t read_kept(const struct task *t, int *fd, const char *file, char *text, size_t cap)
{
	STR_ON_STACK(path, 64);
	ssize_t len;

	if (*fd < 0) {
		str_addf(&path, "/proc/%d/%s", t->tid, file);
		*fd = open(path.buf, O_RDONLY | O_CLOEXEC);
	}
	len = *fd < 0 ? -1 : pread(*fd, text, cap - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	if (*fd >= KEPT) {
		close(*fd);
		*fd = -1;
	}
	return len;
}

static long read_switches(struct task *t)
{
	static const char field[] = "\nvoluntary_ctxt_switches:";
	char text[4096], *at;

	(void)read_kept(t, &t->sleep.status_fd, "status", text, sizeof(text));
	at = strstr(text, field);
	return at ? strtol(at + strlen(field), NULL, 10) : -1;
}

/* The third number; 0, and then -1 to who asks: this kernel does not count. */
static long read_runs(struct task *t)
{
	char text[128], *at = text;
	long runs;

	(void)read_kept(t, &t->sleep.runs_fd, "schedstat", text, sizeof(text));
	(void)strtoull(at, &at, 10);
	(void)strtoull(at, &at, 10);
	runs = strtol(at, NULL, 10);
	return runs > 0 ? runs : -1;
}

static void keep(struct sleep *s, long switches, long runs, const struct rusage *usage)
{
	s->switches = switches;
	s->runs = runs;
	s->forced = usage->ru_nivcsw;
}

/* The thread's voluntary switches, from what is known or else from its file. */
static long count(struct task *t, const struct rusage *usage)
{
	struct sleep *s = &t->sleep;
	long runs = read_runs(t);
	bool known = s->switches >= 0 && s->runs >= 0 && runs >= 0 && usage->ru_nivcsw == s->forced;

	keep(s, known ? s->switches + runs - s->runs : read_switches(t), runs, usage);
	return s->switches;
}

/* Calls that only change something are taken not to sleep where counting would cost more than they do. */
static bool may_sleep(const struct task *t)
{
	return call_carries_data(&t->request) || t->nr == SYS_accept || t->nr == SYS_accept4 ||
	       t->nr == SYS_connect;
}

void sleep_begins(struct task *t, const struct rusage *usage)
{
	struct sleep *s = &t->sleep;

	s->alone = t->process->threads == 1;
	s->before = s->alone ? usage->ru_nvcsw : may_sleep(t) ? count(t, usage) : -1;
}

bool sleep_ends(struct task *t, const struct rusage *usage)
{
	struct sleep *s = &t->sleep;
	long runs = s->runs, now;

	if (s->before < 0)
		return false;
	if (s->alone)
		return usage->ru_nvcsw - s->before > 1;
	/* It came back from our stop and did not leave again. */
	if (runs >= 0 && usage->ru_nivcsw != s->forced && (now = read_runs(t)) == runs + 1) {
		keep(s, s->before + 1, now, usage);
		return false;
	}
	now = count(t, usage);
	return now >= 0 && now - s->before > 1;
}

void sleep_init(struct sleep *s)
{
	s->status_fd = s->runs_fd = -1;
	s->switches = s->runs = s->before = -1;
}

void sleep_fini(struct sleep *s)
{
	if (s->status_fd >= 0)
		close(s->status_fd);
	if (s->runs_fd >= 0)
		close(s->runs_fd);
}
