/*
 * A program that may not be traced.  What it prints is read from its terminal; that it has ended, and everything that it
 * left running, from wait(2): its orphans become ours.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/str.h"

static void read_stream(struct watch *w, int stream)
{
	size_t len;

	while ((len = ttys_read(&w->ttys, stream, w->text, sizeof(w->text))) > 0)
		tracee_output(w, NULL, stream, clock_now_ns(), w->text, len);
}

static void first_ended(struct watch *w, int status)
{
	struct traced r = { .kind = TRACED_TASK_END, .tid = w->first, .ts_ns = clock_now_ns() };

	w->over = true;
	w->killed = WIFSIGNALED(status);
	w->status = w->killed ? WTERMSIG(status) : WEXITSTATUS(status);
	r.killed = w->killed;
	r.status = w->status;
	read_stream(w, 1);
	read_stream(w, 2);
	tracee_tell(w, &r);
}

/* False: nothing is left. */
static bool reap(struct watch *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == w->first)
			first_ended(w, status);
	return pid == 0;
}

/* Children of children become ours when those are gone, so this ends. */
static void kill_all(struct watch *w)
{
	STR_ON_STACK(path, 64);

	str_addf(&path, "/proc/self/task/%d/children", getpid());
	if (w->first > 0 && !w->over)
		(void)kill(-w->first, SIGKILL);
	do {
		FILE *children = fopen(path.buf, "re");
		int pid;

		while (children && fscanf(children, "%d", &pid) == 1)
			(void)kill(pid, SIGKILL);
		if (children)
			fclose(children);
		else if (w->first > 0)
			(void)kill(w->first, SIGKILL);
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

static void hear(struct watch *w)
{
	char input[CONTROL_MAX];
	ssize_t len = recv(w->control, input, sizeof(input), MSG_DONTWAIT);

	if (len > 0)
		(void)ttys_write(&w->ttys, input + 1, (size_t)len - 1);
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		w->leaving = true;
}

static int watch_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void serve(struct watch *w, int children)
{
	struct pollfd fds[4] = {
		{ .fd = w->control, .events = POLLIN },
		{ .fd = children, .events = POLLIN },
		{ .fd = w->ttys.ours[1], .events = POLLIN },
		{ .fd = w->ttys.ours[2], .events = POLLIN },
	};
	struct signalfd_siginfo info;

	if (poll(fds, 4, -1) < 0)
		return;
	if (fds[0].revents)
		hear(w);
	while (fds[1].revents && read(children, &info, sizeof(info)) > 0)
		continue;
	for (int stream = 1; stream < 3; stream++)
		if (fds[stream + 1].revents)
			read_stream(w, stream);
}

void plain_run(struct watch *w)
{
	struct traced begin = { .kind = TRACED_TASK, .tid = w->first, .ts_ns = clock_now_ns() };
	struct traced end = { .kind = TRACED_END };
	int children = watch_children();

	w->numbers = 1;
	tracee_tell(w, &begin);
	while (!w->leaving && reap(w))
		serve(w, children);
	if (w->leaving)
		kill_all(w);
	read_stream(w, 1);
	read_stream(w, 2);
	end.ts_ns = clock_now_ns();
	end.killed = w->killed;
	end.status = w->status;
	tracee_tell(w, &end);
	_exit(0);
}
