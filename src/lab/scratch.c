/*
 * A child that has a view of the file system of its own mounts an empty file system there, opens it, and hands the
 * descriptor over.  With the child its view goes; what the descriptor names stays.
 */
#include "src/lab/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE "/tmp" /* a directory of every machine */

union fd_control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message_with(union fd_control *control, struct iovec *byte)
{
	return (struct msghdr){ .msg_iov = byte,
				.msg_iovlen = 1,
				.msg_control = control->bytes,
				.msg_controllen = sizeof(control->bytes) };
}

static int hand_over(int channel, int fd)
{
	union fd_control control = { .bytes = { 0 } };
	struct iovec byte = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr m = message_with(&control, &byte);

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(channel, &m, 0) == 1 ? 0 : -1;
}

static int take_over(int channel)
{
	union fd_control control = { .bytes = { 0 } };
	char room;
	struct iovec byte = { .iov_base = &room, .iov_len = 1 };
	struct msghdr m = message_with(&control, &byte);
	int fd = -1;

	if (recvmsg(channel, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m) &&
	    control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

/* Its exit status is an errno. */
static void __attribute__((noreturn)) make_and_give(int channel)
{
	int fd;

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("tmpfs", PLACE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755"))
		_exit(errno);
	fd = open(PLACE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_exit(fd < 0 || hand_over(channel, fd) ? errno : 0);
}

int scratch_new(struct err *e)
{
	int channel[2], fd = -1, status = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		return err_errno(e, errno, NULL, "make a directory: socketpair");
	/* fork(), into a mount namespace of its own. */
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		make_and_give(channel[1]);
	close(channel[1]);
	if (pid < 0)
		err_errno(e, errno, NULL, "make a directory: clone");
	else
		fd = take_over(channel[0]);
	close(channel[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && fd < 0)
		err_errno(e, WIFEXITED(status) ? WEXITSTATUS(status) : EIO, NULL,
			  "make a directory");
	return fd;
}

int scratch_in(int dir, const char *name, struct err *e)
{
	int fd = -1;

	if (!mkdirat(dir, name, 0777) && !fchmodat(dir, name, 0777, 0))
		fd = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err_errno(e, errno, NULL, "make the directory of %s", name);
	return fd;
}
