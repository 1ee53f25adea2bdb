/*
 * The tracing process sleeps in wait4(2) and hears nothing else.  So a child of it, the aide, drains the
 * program's terminal (what is written there is known from the calls), types what the session sends, and ends when the
 * session is done: that end is what wait4() tells.  The program's own calls never wait for the session.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct aide {
	struct watch *w;
	size_t len, done; /* of the input that is being typed */
	bool typing;
	char input[CONTROL_MAX];
	char drained[16384];
};

static void type(struct aide *a)
{
	ssize_t n = ttys_write(&a->w->ttys, a->input + a->done, a->len - a->done);

	if (n < 0)
		a->typing = false;
	else
		a->done += (size_t)n;
	if (a->done == a->len)
		a->typing = false;
}

/* What the session sends: each message is to be typed; the first byte only makes an end of file a message. */
static void hear(struct aide *a)
{
	ssize_t len = recv(a->w->control, a->input, sizeof(a->input), MSG_DONTWAIT);

	if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
		_exit(0);
	if (len < 0)
		return;
	a->len = (size_t)len;
	a->done = 1;
	a->typing = true;
	if (len == 1) {
		(void)ttys_write(&a->w->ttys, "", 0);
		a->typing = false;
	} else {
		type(a);
	}
}

static void drain(struct aide *a, int stream)
{
	while (ttys_read(&a->w->ttys, stream, a->drained, sizeof(a->drained)) == sizeof(a->drained))
		continue;
}

void aide_serve(struct watch *w)
{
	static const short any = POLLIN | POLLHUP | POLLERR;
	struct aide a = { .w = w };

	for (;;) {
		struct pollfd fds[4] = {
			{ .fd = w->control, .events = a.typing ? 0 : POLLIN },
			{ .fd = w->ttys.ours[1], .events = POLLIN },
			{ .fd = w->ttys.ours[2], .events = POLLIN },
			{ .fd = a.typing ? w->ttys.ours[0] : -1, .events = POLLOUT },
		};

		if (poll(fds, 4, -1) < 0)
			continue;
		if (fds[0].revents & (POLLHUP | POLLERR) && !(fds[0].revents & POLLIN))
			_exit(0);
		if (fds[0].revents & POLLIN)
			hear(&a);
		for (int stream = 1; stream < 3; stream++)
			if (fds[stream].revents & any)
				drain(&a, stream);
		if (fds[3].revents)
			type(&a);
	}
}

pid_t aide_start(struct watch *w)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid < 0 ? 0 : pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	aide_serve(w);
}
