/*
 * A terminal's standard output and error are two, so that what is drained from them tells which; the first
 * is the controlling one.  No ECHO: what is typed is shown by who typed it.  No OPOST: "\n" stays "\n".
 */
#include "src/lab/ttys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#define END_OF_FILE 4 /* ^D, VEOF of a new terminal */

static int tty_pair(int *ours, int *theirs)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct termios modes;
	int unlocked = 0;

	*ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*ours < 0)
		return -1;
	*theirs = ioctl(*ours, TIOCSPTLCK, &unlocked)
			  ? -1
			  : ioctl(*ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*theirs < 0 || tcgetattr(*theirs, &modes))
		return -1;
	modes.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL | ECHOKE);
	modes.c_oflag &= ~(tcflag_t)OPOST;
	(void)ioctl(*theirs, TIOCSWINSZ, &size);
	return tcsetattr(*theirs, TCSANOW, &modes);
}

/* The first terminal is input and output, the second the error. */
static int open_ttys(struct ttys *t)
{
	if (tty_pair(&t->ours[1], &t->theirs[1]) || tty_pair(&t->ours[2], &t->theirs[2]))
		return -1;
	t->ours[0] = fcntl(t->ours[1], F_DUPFD_CLOEXEC, 0);
	t->theirs[0] = fcntl(t->theirs[1], F_DUPFD_CLOEXEC, 0);
	(void)ioctl(t->theirs[1], TIOCSCTTY,
		    0); /* not if we lead no session: then there is no ^C */
	return t->ours[0] < 0 || t->theirs[0] < 0 ? -1 : 0;
}

static int open_pipes(struct ttys *t)
{
	int ends[2];

	t->pipes = true;
	for (int i = 0; i < 3; i++) {
		if (pipe2(ends, O_CLOEXEC))
			return -1;
		t->ours[i] = ends[i == 0];
		t->theirs[i] = ends[i != 0];
		if (fcntl(t->ours[i], F_SETFL, O_NONBLOCK))
			return -1;
	}
	return 0;
}

static void none(struct ttys *t)
{
	for (int i = 0; i < 3; i++)
		t->ours[i] = t->theirs[i] = -1;
}

int ttys_open(struct ttys *t, struct err *e)
{
	*t = (struct ttys){ .pipes = false };
	none(t);
	if (open_ttys(t)) {
		ttys_close(t);
		none(t);
		if (open_pipes(t)) {
			err_errno(e, errno, NULL, "open pipes for the program");
			ttys_close(t);
			return -1;
		}
	}
	for (int i = 0; i < 3; i++)
		if (fstat(t->theirs[i], &t->is[i]))
			return err_errno(e, errno, NULL, "look at the program's terminal");
	return 0;
}

int ttys_take(const struct ttys *t)
{
	for (int i = 0; i < 3; i++)
		if (dup2(t->theirs[i], i) < 0)
			return -1;
	return 0;
}

void ttys_foreground(const struct ttys *t, pid_t group)
{
	if (!t->pipes)
		(void)tcsetpgrp(t->theirs[0], group);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void ttys_started(struct ttys *t)
{
	for (int i = 0; i < 3; i++)
		close_end(&t->theirs[i]);
}

void ttys_close(struct ttys *t)
{
	ttys_started(t);
	for (int i = 0; i < 3; i++)
		close_end(&t->ours[i]);
}

/* /dev/tty is the controlling terminal under another name. */
int ttys_stream(const struct ttys *t, const struct stat *st)
{
	for (int i = 1; i < 3; i++)
		if (st->st_dev == t->is[i].st_dev && st->st_ino == t->is[i].st_ino &&
		    st->st_rdev == t->is[i].st_rdev)
			return i;
	return !t->pipes && S_ISCHR(st->st_mode) && st->st_rdev == makedev(5, 0);
}

/* EIO: nobody has the other end of a terminal open. */
size_t ttys_read(struct ttys *t, int stream, void *buf, size_t cap)
{
	ssize_t got = t->ours[stream] < 0 ? 0 : read(t->ours[stream], buf, cap);

	if (got > 0)
		return (size_t)got;
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(&t->ours[stream]);
	return 0;
}

ssize_t ttys_write(struct ttys *t, const void *bytes, size_t len)
{
	const char end = END_OF_FILE;
	ssize_t done;

	if (t->ours[0] < 0)
		return -1;
	if (len == 0 && t->pipes) {
		close_end(&t->ours[0]);
		return 0;
	}
	if (len == 0)
		return write(t->ours[0], &end, 1) == 1 ? 0 : -1;
	done = write(t->ours[0], bytes, len);
	if (done >= 0)
		return done;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}
