/*
 * Signals.  A handler cannot take an argument, so what the handlers touch is at file scope: flags,
 * an eventfd that wakes poll(), and what is needed to put the terminal back after a crash without
 * calling ncurses (its settings, and its closing sequences fetched beforehand).  Handlers are used
 * rather than a signalfd because a signal may be delivered to any thread, and not all of them block
 * it.
 *
 * A deadly signal restores the terminal and is raised again, so that the exit status and a core
 * dump are as they would be.
 */
#include "ui/tty.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "src/core/str.h"

#define SIZE_MAX_CELLS 8192

/* ---- what signal handlers touch ---- */

static const int ending[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
static const int noticed[] = { SIGWINCH, SIGTSTP, SIGCONT };
static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS, SIGXCPU };

#define ENDING	(sizeof(ending) / sizeof(ending[0]))
#define NOTICED (sizeof(noticed) / sizeof(noticed[0]))
#define DEADLY	(sizeof(deadly) / sizeof(deadly[0]))

static struct {
	volatile sig_atomic_t active; /* the terminal is ours */
	volatile sig_atomic_t resize, stop, cont, end;
	int wake_fd;
	struct termios before;
	char closing[256]; /* sequences that undo what ncurses did */
	size_t closing_len;
	struct sigaction old[ENDING + NOTICED + DEADLY];
	bool at_exit, taken;
} tty;

static void on_signal(int number)
{
	int saved = errno;
	uint64_t one = 1;

	if (number == SIGWINCH)
		tty.resize = 1;
	else if (number == SIGTSTP)
		tty.stop = 1;
	else if (number == SIGCONT)
		tty.cont = 1;
	else
		tty.end = 1;
	if (write(tty.wake_fd, &one, sizeof(one)) < 0)
		errno = saved;
	errno = saved;
}

static void on_deadly(int number)
{
	if (tty.active) {
		tty.active = 0;
		if (write(STDOUT_FILENO, tty.closing, tty.closing_len) < 0)
			errno = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &tty.before);
	}
	signal(number, SIG_DFL);
	raise(number);
}

/* Takes a signal over, unless somebody (a sanitizer) handles it or it is ignored (nohup). */
static void take_signal(int number, void (*handler)(int), int flags, struct sigaction *old)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, NULL, old);
	if (old->sa_handler == SIG_DFL)
		sigaction(number, &sa, NULL);
}

static void take_signals(void)
{
	struct sigaction *old = tty.old;

	for (size_t i = 0; i < ENDING; i++)
		take_signal(ending[i], on_signal, SA_RESTART, old++);
	for (size_t i = 0; i < NOTICED; i++)
		take_signal(noticed[i], on_signal, SA_RESTART, old++);
	for (size_t i = 0; i < DEADLY; i++)
		take_signal(deadly[i], on_deadly, SA_NODEFER, old++);
	tty.taken = true;
}

static void give_signals_back(void)
{
	const struct sigaction *old = tty.old;

	if (!tty.taken)
		return;
	tty.taken = false;
	for (size_t i = 0; i < ENDING; i++)
		sigaction(ending[i], old++, NULL);
	for (size_t i = 0; i < NOTICED; i++)
		sigaction(noticed[i], old++, NULL);
	for (size_t i = 0; i < DEADLY; i++)
		sigaction(deadly[i], old++, NULL);
}

/* ---- opening and closing ---- */

static int make_fds(int *poll_fd, struct err *e)
{
	struct epoll_event in = { .events = EPOLLIN };

	*poll_fd = epoll_create1(EPOLL_CLOEXEC);
	tty.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*poll_fd < 0 || tty.wake_fd < 0 ||
	    epoll_ctl(*poll_fd, EPOLL_CTL_ADD, tty.wake_fd, &in) < 0 ||
	    epoll_ctl(*poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &in) < 0)
		return err_errno(e, errno, NULL, "watching the terminal");
	return 0;
}

int tty_open(int *poll_fd, struct err *e)
{
	*poll_fd = tty.wake_fd = -1;
	tty.closing_len = 0;
	tty.resize = tty.stop = tty.cont = tty.end = 0;
	if (tcgetattr(STDIN_FILENO, &tty.before) < 0)
		return err_errno(e, errno, NULL, "reading the terminal's settings");
	if (make_fds(poll_fd, e) < 0)
		return -1;
	take_signals();
	return 0;
}

void tty_close(int poll_fd)
{
	give_signals_back();
	if (poll_fd >= 0)
		close(poll_fd);
	if (tty.wake_fd >= 0)
		close(tty.wake_fd);
	tty.wake_fd = -1;
}

void tty_enter(void)
{
	tty.active = 1;
}

void tty_leave(void)
{
	tty.active = 0;
}

bool tty_is_ours(void)
{
	return tty.active;
}

/* Appends a sequence without its padding ("$<5>"); only what fits whole. */
void tty_add_closing(const char *sequence)
{
	STR_ON_STACK(plain, 128);

	if (!sequence)
		return;
	for (const char *p = sequence; *p; p++) {
		const char *end = p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;

		if (end)
			p = end;
		else
			str_char(&plain, *p);
	}
	if (plain.cut || plain.len > sizeof(tty.closing) - tty.closing_len)
		return;
	memcpy(tty.closing + tty.closing_len, plain.buf, plain.len);
	tty.closing_len += plain.len;
}

void tty_put_back(void)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.before);
}

void tty_at_exit(void (*restore)(void))
{
	if (!tty.at_exit)
		tty.at_exit = atexit(restore) == 0;
}

/* ---- what signals have asked for ---- */

void tty_clear_wake(void)
{
	uint64_t count;

	while (read(tty.wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

bool tty_asked_to_end(void)
{
	return tty.end;
}

bool tty_take_stop(void)
{
	bool stop = tty.stop;

	tty.stop = 0;
	return stop;
}

bool tty_take_resize(bool *continued)
{
	bool some = tty.resize || tty.cont;

	*continued = tty.cont;
	if (some)
		tty.resize = tty.cont = 0;
	return some;
}

/*
 * The whole process group is stopped, as the terminal itself would have done: the shell may be
 * waiting for a parent of ours.  We stop last and by ourselves, so that nothing runs on in between.
 */
void tty_stop(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, stop = { .sa_handler = SIG_DFL }, ours;

	sigaction(SIGTSTP, &ignore, &ours);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &stop, NULL);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	tty.cont = 0;
}

/* ---- what kind of terminal it is ---- */

bool tty_wants_ascii(void)
{
	static const char *const names[] = { "linux", "dumb", "vt100", "vt102", "vt220", "ansi" };
	const char *name = getenv("TERM");

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return true;
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool tty_size(int *width, int *height)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row == 0 || w.ws_col == 0)
		return false;
	*width = w.ws_col < SIZE_MAX_CELLS ? w.ws_col : SIZE_MAX_CELLS;
	*height = w.ws_row < SIZE_MAX_CELLS ? w.ws_row : SIZE_MAX_CELLS;
	return true;
}

bool tty_input_ended(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int waiting = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 || waiting == 0;
}
