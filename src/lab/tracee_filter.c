/*
 * One table says of every system call that is something to us when it is reported and what it changes.  A call of
 * calls[] that is not in it is one of the socket family: always reported.  All others do not stop: the filter
 * lets them pass in the kernel.
 *
 * Calls of another instruction set (32-bit programs, x32) pass too: they have other numbers.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD(i) (1u << (i))

/* clang-format off */
static const struct plan plans[] = {
	/* Files and sockets alike. */
	{ SYS_read, WHEN_SOCKET, FD(0), EFFECT_NONE, OUTPUT_NONE },
	{ SYS_readv, WHEN_SOCKET, FD(0), EFFECT_NONE, OUTPUT_NONE },
	{ SYS_write, WHEN_SOCKET, FD(0), EFFECT_NONE, OUTPUT_BUFFER },
	{ SYS_writev, WHEN_SOCKET, FD(0), EFFECT_NONE, OUTPUT_VECTOR },
	{ SYS_sendfile, WHEN_SOCKET, FD(0) | FD(1), EFFECT_NONE, OUTPUT_UNSEEN },
	{ SYS_splice, WHEN_SOCKET, FD(0) | FD(2), EFFECT_NONE, OUTPUT_UNSEEN },
	{ SYS_ioctl, WHEN_SOCKET, FD(0), EFFECT_NONE, OUTPUT_NONE },
	{ SYS_fcntl, WHEN_SOCKET, FD(0), EFFECT_NONE, OUTPUT_NONE },
	{ SYS_close, WHEN_SOCKET, FD(0), EFFECT_CLOSES, OUTPUT_NONE },
	{ SYS_dup, WHEN_SOCKET, FD(0), EFFECT_MAKES, OUTPUT_NONE },
#ifdef SYS_dup2
	{ SYS_dup2, WHEN_SOCKET, FD(0) | FD(1), EFFECT_REPLACES, OUTPUT_NONE },
#endif
	{ SYS_dup3, WHEN_SOCKET, FD(0) | FD(1), EFFECT_REPLACES, OUTPUT_NONE },
	{ SYS_close_range, WHEN_NEVER, 0, EFFECT_CLOSES_MANY, OUTPUT_NONE },
	/* Waiting. */
#ifdef SYS_poll
	{ SYS_poll, WHEN_POLL, 0, EFFECT_NONE, OUTPUT_NONE },
#endif
	{ SYS_ppoll, WHEN_POLL, 0, EFFECT_NONE, OUTPUT_NONE },
#ifdef SYS_select
	{ SYS_select, WHEN_SELECT, 0, EFFECT_NONE, OUTPUT_NONE },
#endif
	{ SYS_pselect6, WHEN_SELECT, 0, EFFECT_NONE, OUTPUT_NONE },
#ifdef SYS_epoll_create
	{ SYS_epoll_create, WHEN_ALWAYS, 0, EFFECT_MAKES, OUTPUT_NONE },
#endif
	{ SYS_epoll_create1, WHEN_ALWAYS, 0, EFFECT_MAKES, OUTPUT_NONE },
	{ SYS_epoll_ctl, WHEN_EPOLL_CTL, 0, EFFECT_NONE, OUTPUT_NONE },
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, WHEN_EPOLL, FD(0), EFFECT_NONE, OUTPUT_NONE },
#endif
	{ SYS_epoll_pwait, WHEN_EPOLL, FD(0), EFFECT_NONE, OUTPUT_NONE },
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, WHEN_EPOLL, FD(0), EFFECT_NONE, OUTPUT_NONE },
#endif
	/* The socket family, where it does more than others of it. */
	{ SYS_socket, WHEN_ALWAYS, 0, EFFECT_MAKES, OUTPUT_NONE },
	{ SYS_socketpair, WHEN_ALWAYS, 0, EFFECT_MAKES_PAIR, OUTPUT_NONE },
	{ SYS_accept, WHEN_ALWAYS, FD(0), EFFECT_MAKES, OUTPUT_NONE },
	{ SYS_accept4, WHEN_ALWAYS, FD(0), EFFECT_MAKES, OUTPUT_NONE },
	{ SYS_bind, WHEN_ALWAYS, FD(0), EFFECT_ADDRESS, OUTPUT_NONE },
	{ SYS_connect, WHEN_ALWAYS, FD(0), EFFECT_ADDRESS, OUTPUT_NONE },
	{ SYS_listen, WHEN_ALWAYS, FD(0), EFFECT_ADDRESS, OUTPUT_NONE },
	/* What we need to know ourselves. */
#ifdef SYS_fork
	{ SYS_fork, WHEN_NEVER, 0, EFFECT_FORKS, OUTPUT_NONE },
#endif
#ifdef SYS_vfork
	{ SYS_vfork, WHEN_NEVER, 0, EFFECT_FORKS, OUTPUT_NONE },
#endif
	{ SYS_clone, WHEN_NEVER, 0, EFFECT_FORKS, OUTPUT_NONE },
	{ SYS_clone3, WHEN_NEVER, 0, EFFECT_FORKS, OUTPUT_NONE },
	{ SYS_unshare, WHEN_NEVER, 0, EFFECT_UNSHARES, OUTPUT_NONE },
	{ SYS_prctl, WHEN_NEVER, 0, EFFECT_NAMES, OUTPUT_NONE },
	{ SYS_ptrace, WHEN_NEVER, 0, EFFECT_TRACES, OUTPUT_NONE },
	{ SYS_setuid, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_setgid, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_setreuid, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_setregid, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_setresuid, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_setresgid, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_setgroups, WHEN_NEVER, 0, EFFECT_CHANGES_USER, OUTPUT_NONE },
	{ SYS_io_uring_setup, WHEN_NEVER, 0, EFFECT_URING, OUTPUT_NONE },
	{ SYS_rt_sigreturn, WHEN_NEVER, 0, EFFECT_SIGNAL_ENDS, OUTPUT_NONE },
	{ SYS_restart_syscall, WHEN_NEVER, 0, EFFECT_RESTARTS, OUTPUT_NONE },
};
/* clang-format on */

bool plan_is_empty(const struct plan *p)
{
	return p->when == WHEN_NEVER && p->effect == EFFECT_NONE;
}

void plans_init(struct plans *p)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < calls_count; i++)
		if (calls[i].number >= 0 && calls[i].number < PLANS)
			p->of[calls[i].number] = (struct plan){
				.number = calls[i].number,
				.when = WHEN_ALWAYS,
				.fds = calls[i].arg[0].type == ARG_FD,
			};
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		p->of[plans[i].number] = plans[i];
}

/* prctl(2) does much; only the thread's name is something to us. */
static int add_rule(scmp_filter_ctx ctx, const struct plan *p)
{
	if (p->effect == EFFECT_NAMES)
		return seccomp_rule_add_exact(ctx, SCMP_ACT_TRACE(0), (int)p->number, 1,
					      SCMP_A0_64(SCMP_CMP_EQ, PR_SET_NAME));
	return seccomp_rule_add_exact(ctx, SCMP_ACT_TRACE(0), (int)p->number, 0);
}

static int build(scmp_filter_ctx ctx, const struct plans *p)
{
	int error = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	/* A binary tree: dozens of comparisons for each call become six.  Old libraries have none. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < PLANS && !error; i++)
		if (!plan_is_empty(&p->of[i]))
			error = add_rule(ctx, &p->of[i]);
	return error ? error : seccomp_load(ctx);
}

int filter_load(const struct plans *p)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	if (!ctx) {
		errno = ENOMEM;
		return -1;
	}
	error = build(ctx, p);
	seccomp_release(ctx);
	if (!error)
		return 0;
	errno = -error;
	return -1;
}

bool filter_is_possible(void)
{
	uint32_t action = SECCOMP_RET_TRACE;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) == 0;
}
