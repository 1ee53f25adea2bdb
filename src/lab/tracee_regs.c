#include "src/lab/tracee.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

/* The kernel looks at the number again after the stop; the result stays what it is here. */
int regs_skip_call(pid_t tid, int error)
{
	if (ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, orig_rax), -1L))
		return -1;
	return (int)ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rax),
			   (long)-error);
}

int regs_set_first(pid_t tid, uint64_t value)
{
	return (int)ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rdi),
			   (long)value);
}

bool regs_are_narrow(pid_t tid)
{
	struct user_regs_struct regs;
	struct iovec iov = { .iov_base = &regs, .iov_len = sizeof(regs) };

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) == 0 && iov.iov_len < sizeof(regs);
}

#elif defined(__aarch64__)

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

int regs_skip_call(pid_t tid, int error)
{
	int none = -1;
	struct user_regs_struct regs;
	struct iovec call = { .iov_base = &none, .iov_len = sizeof(none) };
	struct iovec iov = { .iov_base = &regs, .iov_len = sizeof(regs) };

	if (ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &call) ||
	    ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return -1;
	regs.regs[0] = (unsigned long long)(long long)-error;
	return (int)ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov);
}

int regs_set_first(pid_t tid, uint64_t value)
{
	struct user_regs_struct regs;
	struct iovec iov = { .iov_base = &regs, .iov_len = sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		return -1;
	regs.regs[0] = value;
	return (int)ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov);
}

bool regs_are_narrow(pid_t tid)
{
	struct user_regs_struct regs;
	struct iovec iov = { .iov_base = &regs, .iov_len = sizeof(regs) };

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) == 0 && iov.iov_len < sizeof(regs);
}

#else

/* Calls are traced here too; only the limit of threads cannot be enforced. */
int regs_skip_call(pid_t tid, int error)
{
	(void)tid, (void)error;
	errno = ENOSYS;
	return -1;
}

int regs_set_first(pid_t tid, uint64_t value)
{
	(void)tid, (void)value;
	errno = ENOSYS;
	return -1;
}

bool regs_are_narrow(pid_t tid)
{
	(void)tid;
	return false;
}

#endif
