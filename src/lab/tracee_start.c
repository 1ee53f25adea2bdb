/*
 * The program's first process.  A child takes its terminal, waits until it is traced (or will not be), installs
 * the filter and executes the command; whatever goes wrong it says through a pipe that execve(2) closes.
 */
#include "src/lab/tracee.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/core/safe.h"
#include "src/core/str.h"

#define TRACE_OPTIONS                                                                              \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE |                     \
	 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)

/* ---- the child ---- */

static void child_close_on_exec(void)
{
	if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
	for (int fd = 3; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* As a shell looks for it: a directory of PATH that may not be read does not hide that the command is nowhere. */
static void execute(char **argv)
{
	const char *path = getenv("PATH"), *next;
	char file[4096];
	int error = ENOENT;

	if (strchr(argv[0], '/')) {
		(void)execvp(argv[0], argv);
		return;
	}
	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; path; path = next) {
		struct str s = str_on(file, sizeof(file));
		size_t len = strcspn(path, ":");

		next = path[len] ? path + len + 1 : NULL;
		str_addn(&s, path, len);
		str_addf(&s, "%s/%s", len ? "" : ".", argv[0]);
		if (s.cut || access(file, F_OK))
			continue;
		(void)execvp(file, argv);
		if (errno != ENOENT)
			error = errno;
	}
	errno = error;
}

static enum start_step child_steps(struct watch *w, const struct start_options *o, int go)
{
	char how = 0;
	sigset_t none;

	sigemptyset(&none);
	(void)setpgid(0, 0);
	if (read(go, &how, 1) != 1)
		_exit(127);
	if (ttys_take(&w->ttys))
		return START_TERMINAL;
	child_close_on_exec();
	if (o->directory && chdir(o->directory))
		return START_DIRECTORY;
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* Lines are what is shown: no colours, no cursor. */
	(void)setenv("TERM", "dumb", 1);
	if (how == GO_FILTERED && filter_load(&w->plans))
		return START_FILTER;
	execute(o->argv);
	return START_EXEC;
}

static void __attribute__((noreturn))
child(struct watch *w, const struct start_options *o, int go, int report)
{
	struct start_failure f = { .step = (int32_t)child_steps(w, o, go) };

	f.error = errno;
	(void)!write(report, &f, sizeof(f));
	_exit(127);
}

int start_child(struct watch *w, const struct start_options *o, int *go, struct err *e)
{
	int start[2], report[2];

	if (pipe2(start, O_CLOEXEC))
		return err_errno(e, errno, NULL, "create a pipe");
	if (pipe2(report, O_CLOEXEC)) {
		close(start[0]);
		close(start[1]);
		return err_errno(e, errno, NULL, "create a pipe");
	}
	w->first = fork();
	if (w->first == 0) {
		close(start[1]);
		child(w, o, start[0], report[1]);
	}
	close(start[0]);
	close(report[1]);
	*go = start[1];
	w->child_error = report[0];
	if (w->first < 0)
		return err_errno(e, errno, NULL, "fork");
	(void)setpgid(w->first, w->first);
	ttys_foreground(&w->ttys, w->first);
	return 0;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *hint_of(const struct start_failure *f, const char *command)
{
	switch (f->error) {
	case ENOENT:
		return f->step == START_EXEC ? "is it in PATH? a program of this directory is "
					       "started as ./NAME"
					     : NULL;
	case EACCES:
		if (f->step == START_EXEC && is_directory(command))
			return "it is a directory: a command is wanted";
		return f->step == START_EXEC ? "chmod +x makes a file executable" : NULL;
	case ENOEXEC:
		return "a script begins with a line such as #!/usr/bin/env python3";
	}
	return NULL;
}

int start_failure(struct watch *w, const struct start_options *o, struct err *e)
{
	static const char *const what[] = {
		[START_TERMINAL] = "give it a terminal: ",
		[START_DIRECTORY] = "enter the directory ",
		[START_FILTER] = "install a filter of system calls (seccomp(2)) for ",
		[START_EXEC] = "start ",
	};
	struct start_failure f;
	STR_ON_STACK(name, 200);

	if (read(w->child_error, &f, sizeof(f)) != sizeof(f) || f.step < START_TERMINAL ||
	    f.step > START_EXEC)
		return -1;
	safe_add_text(&name, f.step == START_DIRECTORY ? o->directory : o->argv[0]);
	err_errno(e, f.error, hint_of(&f, o->argv[0]), "%s%s", what[f.step], name.buf);
	return 0;
}

/* ---- tracing it ---- */

static int probe_calls(pid_t pid, struct err *e)
{
	call_stop info;
	int status;

	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) || waitpid(pid, &status, __WALL) != pid ||
	    !WIFSTOPPED(status))
		return err_errno(e, errno, NULL, "stop the program");
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return err_set(e, "Linux 5.3 or newer has it",
			       "this kernel has no PTRACE_GET_SYSCALL_INFO");
	return 0;
}

int start_trace(struct watch *w, struct err *e)
{
	struct task *t;

	if (ptrace(PTRACE_SEIZE, w->first, 0, TRACE_OPTIONS | PTRACE_O_EXITKILL))
		return err_errno(e, errno,
				 "kernel.yama.ptrace_scope=3 forbids it, and so do some containers "
				 "(docker run --cap-add SYS_PTRACE)",
				 "ptrace(2) is not allowed here");
	if (probe_calls(w->first, e)) {
		(void)ptrace(PTRACE_DETACH, w->first, 0, 0);
		return -1;
	}
	t = task_new(w, w->first);
	task_join(w, t, NULL, 0, true);
	task_resume(w, t, 0);
	return 0;
}

/* ---- attaching ---- */

static const char *attach_hint(pid_t pid, int error, char *buf, size_t cap)
{
	struct str hint = str_on(buf, cap);
	long tracer = proc_status(pid, "\nTracerPid:"), scope = -1;
	long uid = proc_status(pid, "\nUid:");
	FILE *yama = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	char text[16] = "";

	if (yama && fgets(text, sizeof(text), yama))
		scope = strtol(text, NULL, 10);
	if (yama)
		fclose(yama);
	if (error == ESRCH)
		str_add(&hint, "there is no such process");
	else if (tracer > 0)
		str_addf(&hint, "process %ld traces it already", tracer);
	else if (uid >= 0 && uid != (long)geteuid() && geteuid() != 0)
		str_addf(&hint, "it belongs to user %ld: run socklens as that user or as root",
			 uid);
	else if (scope == 1)
		str_add(&hint, "Yama lets only a parent trace: sysctl kernel.yama.ptrace_scope=0, "
			       "or as root");
	else if (scope > 1)
		str_addf(&hint, "kernel.yama.ptrace_scope is %ld: %s", scope,
			 scope == 2 ? "only root may trace"
				    : "nobody may trace until the next boot");
	else
		str_add(&hint, "it is protected (another user namespace, more capabilities, or not "
			       "dumpable), "
			       "or a container forbids ptrace(2)");
	return buf;
}

/* Threads come and go meanwhile: one that a thread of ours has made is ours, and one that ends is nobody's. */
static bool need_not_be_seized(pid_t tid)
{
	return proc_status(tid, "\nTracerPid:") == getpid() || proc_has_ended(tid);
}

static int seize(struct watch *w, pid_t tid)
{
	struct task *t;

	if (task_find(w, tid))
		return 0;
	if (ptrace(PTRACE_SEIZE, tid, 0, TRACE_OPTIONS)) {
		int error = errno;

		if (error == ESRCH || need_not_be_seized(tid))
			return 0;
		errno = error;
		return -1;
	}
	t = task_find(w, tid);
	if (!t)
		t = task_new(w, tid);
	task_join(w, t, tid == w->first ? NULL : task_find(w, w->first), 0, false);
	t->process->blind = false;
	(void)ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	return 1;
}

/* Seizes the threads that are there.  How many were new; -1. */
static int seize_all(struct watch *w)
{
	STR_ON_STACK(path, 64);
	struct dirent *entry;
	int found = 0, n = 0;
	DIR *dir;

	str_addf(&path, "/proc/%d/task", w->first);
	dir = opendir(path.buf);
	while (dir && n >= 0 && (entry = readdir(dir))) {
		long tid = strtol(entry->d_name, NULL, 10);

		n = tid > 0 ? seize(w, (pid_t)tid) : 0;
		found += n > 0;
	}
	if (dir)
		closedir(dir);
	return n < 0 ? -1 : found;
}

/* Until no more are found: those that are seized cannot make any without our knowing. */
int start_attach(struct watch *w, const struct start_options *o, struct err *e)
{
	char hint[200];
	int found;

	w->first = o->attach;
	w->attached = w->every = true;
	/* The first one first: it is number 0. */
	if (ptrace(PTRACE_SEIZE, w->first, 0, TRACE_OPTIONS)) {
		int error = errno;

		return err_errno(e, error, attach_hint(w->first, error, hint, sizeof(hint)),
				 "attach to process %d", w->first);
	}
	task_join(w, task_new(w, w->first), NULL, 0, true);
	(void)ptrace(PTRACE_INTERRUPT, w->first, 0, 0);
	do
		found = seize_all(w);
	while (found > 0);
	return found < 0 ? err_errno(e, errno, NULL, "attach to a thread of process %d", w->first)
			 : 0;
}
