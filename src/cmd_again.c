#include "src/cmd_again.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cmd.h"

#define SIGNAL_BASE 128

/* Signals that are meant for it, but reach us. */
static const int handed_on[] = { SIGTERM, SIGHUP };

static void __attribute__((noreturn)) wait_and_become(int go, char *const *argv)
{
	ssize_t got;
	char byte;

	do
		got = read(go, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(EXIT_OK);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	execv("/proc/self/exe", argv);
	_exit(EXIT_CANNOT);
}

int again_init(struct again *a, char *const *argv)
{
	int ends[2];

	*a = (struct again){ .go = -1 };
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	a->pid = fork();
	if (a->pid == 0) {
		close(ends[1]);
		wait_and_become(ends[0], argv);
	}
	close(ends[0]);
	a->go = ends[1];
	if (a->pid > 0)
		return 0;
	close(a->go);
	*a = (struct again){ .go = -1 };
	return -1;
}

/* True: it has ended. */
static bool has_ended(pid_t pid, int *code)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return false;
	*code = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

static void block_signals(sigset_t *set, sigset_t *before)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	for (size_t i = 0; i < sizeof(handed_on) / sizeof(handed_on[0]); i++)
		sigaddset(set, handed_on[i]);
	sigprocmask(SIG_BLOCK, set, before);
}

/* What stops our process group (Ctrl-Z) stops both of us, so that needs no care. */
int again_wait(pid_t pid)
{
	sigset_t set, before;
	int code = EXIT_CANNOT;

	block_signals(&set, &before);
	while (!has_ended(pid, &code)) {
		int number = sigwaitinfo(&set, NULL);

		for (size_t i = 0; i < sizeof(handed_on) / sizeof(handed_on[0]); i++)
			if (handed_on[i] == number)
				kill(pid, number);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

int again_run(struct again *a)
{
	sigset_t set, before;
	int code;

	if (a->pid <= 0)
		return EXIT_CANNOT;
	block_signals(&set, &before);
	if (write(a->go, "", 1) != 1)
		kill(a->pid, SIGKILL);
	code = again_wait(a->pid);
	a->pid = 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

void again_fini(struct again *a)
{
	int status;

	if (a->go >= 0)
		close(a->go);
	a->go = -1;
	if (a->pid <= 0)
		return;
	/* It may be stopped. */
	kill(a->pid, SIGKILL);
	while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	a->pid = 0;
}
