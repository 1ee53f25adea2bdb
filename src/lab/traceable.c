/*
 * A child without capabilities, as the tracing process of a lab is one, seizes a child of its own, and asks for the
 * system call in which it stops.  It says by its exit status how that went.  Other threads may run here, so both make
 * system calls only.
 */
#include "src/lab/traceable.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_CALL_INFO 255 /* no errno is as large */

static int give_up_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return (int)syscall(SYS_capset, &head, none);
}

/* 0; an errno; NO_CALL_INFO. */
static int trace_it(pid_t pid)
{
	struct __ptrace_syscall_info info;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0))
		return errno;
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return ECHILD;
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 ? 0 : NO_CALL_INFO;
}

static int try_it(void)
{
	pid_t pid;
	int result;

	if (give_up_capabilities())
		return errno;
	pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return errno;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	result = trace_it(pid);
	(void)kill(pid, SIGKILL);
	return result;
}

int traceable(struct err *e)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(try_it());
	if (pid < 0)
		return err_errno(e, errno, NULL, "fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, NULL, "wait for a child");
	if (!WIFEXITED(status))
		return err_set(e, NULL, "the process that tried ptrace(2) was killed");
	if (WEXITSTATUS(status) == 0)
		return 0;
	if (WEXITSTATUS(status) == NO_CALL_INFO)
		return err_set(e, "Linux 5.3 or newer has it",
			       "this kernel has no PTRACE_GET_SYSCALL_INFO");
	return err_errno(e, WEXITSTATUS(status),
			 "kernel.yama.ptrace_scope above 1 forbids it, and so do some containers "
			 "(docker run --cap-add SYS_PTRACE)",
			 "ptrace(2) is not allowed here");
}
