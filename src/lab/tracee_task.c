/*
 * Threads and processes.  A thread belongs to a process and uses a table of descriptors; both are freed with the last
 * thread that has them.
 */
#include "src/lab/tracee.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/str.h"

/* Reads a file of proc(5) as text. */
static bool read_proc(pid_t tid, const char *file, char *text, size_t cap)
{
	STR_ON_STACK(path, 64);
	ssize_t len = -1;
	int fd;

	str_addf(&path, "/proc/%d/%s", tid, file);
	fd = open(path.buf, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, cap - 1);
		close(fd);
	}
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

long proc_status(pid_t tid, const char *field)
{
	char text[4096], *at;

	if (!read_proc(tid, "status", text, sizeof(text)))
		return -1;
	at = strstr(text, field);
	return at ? strtol(at + strlen(field), NULL, 10) : -1;
}

bool proc_has_ended(pid_t tid)
{
	char text[4096];
	const char *state;

	if (!read_proc(tid, "status", text, sizeof(text)))
		return true;
	state = strstr(text, "\nState:\t");
	return state && (state[8] == 'Z' || state[8] == 'X');
}

struct task *task_find(const struct watch *w, pid_t tid)
{
	struct task *t = w->slot[(unsigned)tid % SLOTS];

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

struct task *task_new(struct watch *w, pid_t tid)
{
	struct task *t = calloc(1, sizeof(*t)), **slot = &w->slot[(unsigned)tid % SLOTS];

	if (!t)
		_exit(EX_OSERR);
	t->tid = tid;
	sleep_init(&t->sleep);
	t->next = *slot;
	*slot = t;
	w->tasks++;
	return t;
}

struct peek task_memory(const struct task *t)
{
	return (struct peek){ .tid = t->tid, .word = sizeof(long) };
}

void task_read_comm(struct task *t)
{
	if (!read_proc(t->tid, "comm", t->comm, sizeof(t->comm)))
		return;
	t->comm[strcspn(t->comm, "\n")] = '\0';
	if (t->process->pid == t->tid)
		str_copy(t->process->comm, sizeof(t->process->comm), t->comm);
	t->named = strcmp(t->comm, t->process->comm) != 0;
}

/* ---- joining ---- */

static struct process *process_new(const struct task *first)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		_exit(EX_OSERR);
	p->pid = first->tid;
	p->number = first->number;
	p->pidfd = -1;
	return p;
}

/* A thread of the process that is known; where its maker is not, any thread of it will do. */
static const struct task *sibling(const struct watch *w, pid_t pid, const struct task *but)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (const struct task *t = w->slot[i]; t; t = t->next)
			if (t != but && t->process && t->process->pid == pid)
				return t;
	return NULL;
}

static void report_task(struct watch *w, const struct task *t, const struct task *maker)
{
	struct traced r = {
		.kind = TRACED_TASK,
		.task = t->number,
		.process = t->process->number,
		.ts_ns = clock_now_ns(),
		.tid = t->tid,
		.parent = maker ? maker->number : t->number,
	};

	if (t->named)
		str_copy(r.thread_name, sizeof(r.thread_name), t->comm);
	tracee_tell(w, &r);
}

void task_join(struct watch *w, struct task *t, const struct task *maker, uint64_t clone_flags,
	       bool flags_known)
{
	long pid = flags_known ? 0 : proc_status(t->tid, "\nTgid:");
	const struct task *of = maker;

	if (!flags_known && pid > 0 && pid != t->tid)
		clone_flags = CLONE_THREAD | CLONE_FILES;
	if (!flags_known && pid > 0 && pid != t->tid)
		of = sibling(w, (pid_t)pid, t);
	if (!of)
		clone_flags = 0;
	t->number = w->numbers++;
	t->process = clone_flags & CLONE_THREAD ? of->process : process_new(t);
	t->process->threads++;
	t->files = clone_flags & CLONE_FILES ? files_share(of->files) : files_new();
	if (of && !(clone_flags & CLONE_THREAD))
		t->process->blind = of->process->blind;
	task_read_comm(t);
	report_task(w, t, of);
}

/* ---- leaving ---- */

static void unlink_task(struct watch *w, struct task *t)
{
	struct task **at = &w->slot[(unsigned)t->tid % SLOTS];

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	w->tasks--;
}

static void process_release(struct process *p)
{
	if (!p || --p->threads)
		return;
	if (p->pidfd >= 0)
		close(p->pidfd);
	free(p);
}

void task_forget(struct watch *w, struct task *t)
{
	unlink_task(w, t);
	call_request_fini(&t->request);
	files_release(t->files);
	process_release(t->process);
	sleep_fini(&t->sleep);
	free(t);
}

void task_end(struct watch *w, struct task *t, bool killed, int status)
{
	struct traced r = {
		.kind = TRACED_TASK_END,
		.task = t->number,
		.ts_ns = clock_now_ns(),
		.tid = t->tid,
		.killed = killed,
		.status = status,
	};

	if (t->process) {
		r.process = t->process->number;
		tracee_tell(w, &r);
	}
	task_forget(w, t);
}
