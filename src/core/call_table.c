/*
 * The table of calls.
 *
 * A row's arguments stand in the order of the system call's registers; src/lab/marshal.c and
 * src/lab/unmarshal.c expand each by its type.  Registers behind the last one are 0, so send(2) is
 * sendto(2) without an address; newer machines have ppoll(2) only, and poll(2) is that without a set
 * of signals.
 */
#include "src/core/call.h"

#include <sys/syscall.h>

#ifdef SYS_poll
#define POLL_NUMBER SYS_poll
#else
#define POLL_NUMBER SYS_ppoll
#endif
#ifdef SYS_select
#define SELECT_NUMBER SYS_select
#else
#define SELECT_NUMBER SYS_pselect6
#endif
#ifdef SYS_epoll_wait
#define EPOLL_WAIT_NUMBER SYS_epoll_wait
#else
#define EPOLL_WAIT_NUMBER SYS_epoll_pwait
#endif
#ifdef SYS_dup2
#define DUP2_NUMBER SYS_dup2
#else
#define DUP2_NUMBER SYS_dup3
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

/* clang-format off */
#define SOCKFD	{ "sockfd", ARG_FD, false }
#define FLAGS	{ "flags", ARG_MSG_FLAGS, true }
#define EPFD	{ "epfd", ARG_FD, false }
#define SETS	{ "nfds", ARG_NFDS, false }, { "readfds", ARG_FDS, true }, { "writefds", ARG_FDS, true }, \
		{ "exceptfds", ARG_FDS, true }

/* Of two rows with one number the later is the general one: call_of_number(). */
const struct call calls[] = {
	{ .name = "socket", .number = SYS_socket, .result = RESULT_FD, .still = true,
	  .arg = { { "domain", ARG_FAMILY, false }, { "type", ARG_SOCKTYPE, false },
		   { "protocol", ARG_PROTOCOL, true } },
	  .man = "socket(2)",
	  .about = "Asks the kernel for a new socket and gets a file descriptor, the lowest number that is "
		   "free. Nothing is sent yet, and the socket has no address." },
	{ .name = "socketpair", .number = SYS_socketpair, .result = RESULT_ZERO,
	  .arg = { { "domain", ARG_FAMILY, false }, { "type", ARG_SOCKTYPE, false },
		   { "protocol", ARG_PROTOCOL, true }, { "sv", ARG_PAIR_OUT, false } },
	  .man = "socketpair(2)",
	  .about = "Makes two sockets that are connected to each other, without addresses and without a "
		   "network: what is written to one is read from the other. Programs use such a pair "
		   "(AF_UNIX) between their processes and threads." },
	{ .name = "bind", .number = SYS_bind, .result = RESULT_ZERO, .still = true,
	  .arg = { SOCKFD, { "addr", ARG_ADDR, false } },
	  .man = "bind(2)",
	  .about = "Gives the socket its own address, so that others can reach it there. It fails with "
		   "EADDRINUSE where another socket has the address already." },
	{ .name = "listen", .number = SYS_listen, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "backlog", ARG_INT, false } },
	  .man = "listen(2)",
	  .about = "Makes the socket a listener: from now on the kernel itself answers connection requests, "
		   "and keeps about backlog finished connections until accept() takes them." },
	{ .name = "accept", .number = SYS_accept, .result = RESULT_FD,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false } },
	  .man = "accept(2)",
	  .about = "Takes the oldest finished connection from the listener's queue, as a new socket with a "
		   "descriptor of its own. It sleeps while the queue is empty; the listener keeps listening." },
	{ .name = "accept4", .number = SYS_accept4, .result = RESULT_FD,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false }, { "flags", ARG_SOCK_FLAGS, true } },
	  .man = "accept4(2)",
	  .about = "Does what accept() does, and sets SOCK_NONBLOCK or SOCK_CLOEXEC on the new socket in "
		   "the same step." },
	{ .name = "connect", .number = SYS_connect, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "addr", ARG_ADDR, false } },
	  .man = "connect(2)",
	  .about = "On a stream socket it opens a connection to the address and sleeps until the other side "
		   "has answered: for TCP, until the SYN is acknowledged. On a datagram socket it only sets "
		   "the peer; nothing is sent." },
	{ .name = "send", .number = SYS_sendto, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "buf", ARG_DATA, false }, FLAGS },
	  .man = "send(2)",
	  .about = "Copies the bytes into the kernel's send buffer and returns how many it took; that does "
		   "not mean they have arrived. It sleeps while the buffer is full." },
	{ .name = "sendto", .number = SYS_sendto, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "buf", ARG_DATA, false }, { "flags", ARG_MSG_FLAGS, false },
		   { "dest_addr", ARG_ADDR, true } },
	  .man = "sendto(2)",
	  .about = "Sends one datagram to the address that stands beside it, without a connection. The "
		   "result says that the kernel took it, not that anybody received it." },
	{ .name = "sendmsg", .number = SYS_sendmsg, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "msg", ARG_MSG, false }, FLAGS },
	  .man = "sendmsg(2)",
	  .about = "Sends several pieces of memory as one: the kernel gathers them, and a datagram of them "
		   "stays one datagram. An address may stand in front of them." },
	{ .name = "sendmmsg", .number = SYS_sendmmsg, .result = RESULT_MESSAGES,
	  .arg = { SOCKFD, { "msgvec", ARG_MSGS, false }, FLAGS },
	  .man = "sendmmsg(2)",
	  .about = "Sends several messages with one call, each as sendmsg() would. It returns how many were "
		   "sent, which can be fewer than were given." },
	{ .name = "recv", .number = SYS_recvfrom, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "len", ARG_BUFFER, false }, FLAGS },
	  .man = "recv(2)",
	  .about = "Takes what has arrived, at most len bytes, and sleeps while there is nothing. From a "
		   "stream 0 means end of file: the other side will send no more." },
	{ .name = "recvfrom", .number = SYS_recvfrom, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "len", ARG_BUFFER, false }, FLAGS, { "src_addr", ARG_ADDR_OUT, false } },
	  .man = "recvfrom(2)",
	  .about = "Takes the next datagram and says who sent it. What does not fit into len bytes is lost." },
	{ .name = "recvmsg", .number = SYS_recvmsg, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "len", ARG_MSG_OUT, false }, FLAGS },
	  .man = "recvmsg(2)",
	  .about = "Does what recvfrom() does, and reports flags too: MSG_TRUNC says that the datagram was "
		   "longer than the buffer." },
	{ .name = "recvmmsg", .number = SYS_recvmmsg, .result = RESULT_MESSAGES,
	  .arg = { SOCKFD, { "msgvec", ARG_MSGS_OUT, false },
		   { "flags", ARG_MSG_FLAGS, false }, { "timeout", ARG_TIMESPEC, true } },
	  .man = "recvmmsg(2)",
	  .about = "Receives several messages with one call, each as recvmsg() would. It sleeps until all "
		   "buffers are used, unless MSG_WAITFORONE or MSG_DONTWAIT is given; the timeout is only "
		   "looked at after each message." },
	{ .name = "read", .number = SYS_read, .result = RESULT_BYTES,
	  .arg = { { "fd", ARG_FD, false }, { "count", ARG_BUFFER, false } },
	  .man = "read(2)",
	  .about = "On a socket it is recv() without flags: takes what has arrived, at most count bytes, "
		   "and sleeps while there is nothing." },
	{ .name = "write", .number = SYS_write, .result = RESULT_BYTES,
	  .arg = { { "fd", ARG_FD, false }, { "buf", ARG_DATA, false } },
	  .man = "write(2)",
	  .about = "On a socket it is send() without flags. Writing to a connection that the other side has "
		   "closed kills the program with SIGPIPE, unless that signal is ignored." },
	{ .name = "readv", .number = SYS_readv, .result = RESULT_BYTES,
	  .arg = { { "fd", ARG_FD, false }, { "iov", ARG_IOV_OUT, false } },
	  .man = "readv(2)",
	  .about = "Does what read() does, but fills several buffers one after the other: a header here, "
		   "the rest there. It is still one read: it returns what has arrived, and the last "
		   "buffers may stay empty." },
	{ .name = "writev", .number = SYS_writev, .result = RESULT_BYTES,
	  .arg = { { "fd", ARG_FD, false }, { "iov", ARG_IOV, false } },
	  .man = "writev(2)",
	  .about = "Does what write() does, but gathers the bytes from several places. They leave as one "
		   "write: no small segment in between, and a datagram of them stays one datagram." },
	{ .name = "sendfile", .number = SYS_sendfile, .result = RESULT_BYTES,
	  .arg = { { "out_fd", ARG_FD, false }, { "in_fd", ARG_FD, false },
		   { "offset", ARG_OFFSET, false }, { "count", ARG_SIZE, false } },
	  .man = "sendfile(2)", .instead = "send(c, pattern(50000))",
	  .about = "Sends a piece of a file: the kernel copies it into the socket itself, and the bytes "
		   "never pass through the program's memory. Web servers send files so." },
	{ .name = "splice", .number = SYS_splice, .result = RESULT_BYTES,
	  .arg = { { "fd_in", ARG_FD, false }, { "off_in", ARG_OFFSET, false },
		   { "fd_out", ARG_FD, false }, { "off_out", ARG_OFFSET, false },
		   { "len", ARG_SIZE, false }, { "flags", ARG_SPLICE_FLAGS, true } },
	  .man = "splice(2)", .instead = "recv(a, 1024), and send(c, …) of what came",
	  .about = "Moves bytes between a pipe and another descriptor inside the kernel, without copying "
		   "them through the program. Proxies move data from socket to pipe to socket so." },
	{ .name = "shutdown", .number = SYS_shutdown, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "how", ARG_HOW, false } },
	  .man = "shutdown(2)",
	  .about = "Ends one direction of the connection, whoever else has the socket open. SHUT_WR sends "
		   "the end of file (TCP: a FIN) and still receives; the descriptor stays." },
	{ .name = "close", .number = SYS_close, .result = RESULT_ZERO, .closes = true,
	  .arg = { { "fd", ARG_FD, false } },
	  .man = "close(2)",
	  .about = "Gives the descriptor back; its number is free for the next socket. When it was the last "
		   "one, the kernel ends the connection in its own time, and returns at once." },
	{ .name = "dup", .number = SYS_dup, .result = RESULT_FD, .still = true,
	  .arg = { { "oldfd", ARG_FD, false } },
	  .man = "dup(2)",
	  .about = "Makes a second descriptor of the same socket, with the lowest number that is free. The "
		   "connection ends only when both are closed." },
	{ .name = "dup2", .number = DUP2_NUMBER, .result = RESULT_FD, .still = true,
	  .arg = { { "oldfd", ARG_FD, false }, { "newfd", ARG_FD, false } },
	  .man = "dup2(2)",
	  .about = "Makes newfd another descriptor of the same socket; what newfd was before is closed "
		   "without a word. So a server makes a connection the standard input of a program." },
	{ .name = "dup3", .number = SYS_dup3, .result = RESULT_FD, .still = true,
	  .arg = { { "oldfd", ARG_FD, false }, { "newfd", ARG_FD, false },
		   { "flags", ARG_FILE_FLAGS, false } },
	  .man = "dup3(2)",
	  .about = "Does what dup2() does, and with O_CLOEXEC the new descriptor is closed when the program "
		   "executes another." },
	{ .name = "getsockopt", .number = SYS_getsockopt, .result = RESULT_ZERO, .still = true,
	  .arg = { SOCKFD, { "level", ARG_LEVEL, false }, { "optname", ARG_OPTNAME, false },
		   { "optval", ARG_OPTVAL_OUT, false } },
	  .man = "getsockopt(2)",
	  .about = "Reads one setting or one figure of the socket. SO_ERROR tells, and clears, the error "
		   "that waits on it: how a non-blocking connect() ended." },
	{ .name = "setsockopt", .number = SYS_setsockopt, .result = RESULT_ZERO, .still = true,
	  .arg = { SOCKFD, { "level", ARG_LEVEL, false }, { "optname", ARG_OPTNAME, false },
		   { "optval", ARG_OPTVAL, false } },
	  .man = "setsockopt(2)",
	  .about = "Changes one setting of the socket: of sockets in general (SOL_SOCKET) or of one "
		   "protocol (IPPROTO_TCP and others)." },
	{ .name = "getsockname", .number = SYS_getsockname, .result = RESULT_ZERO, .still = true,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false } },
	  .man = "getsockname(2)",
	  .about = "Asks for the socket's own address; after bind() to port 0 or after connect() that is "
		   "how one learns which port the kernel chose." },
	{ .name = "getpeername", .number = SYS_getpeername, .result = RESULT_ZERO, .still = true,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false } },
	  .man = "getpeername(2)",
	  .about = "Asks for the address of the other end. It fails with ENOTCONN where there is none." },
	{ .name = "fcntl", .number = SYS_fcntl, .result = RESULT_FCNTL, .still = true,
	  .arg = { { "fd", ARG_FD, false }, { "cmd", ARG_FCNTL_CMD, false },
		   { "arg", ARG_FCNTL_ARG, true } },
	  .man = "fcntl(2)",
	  .about = "Reads or changes what belongs to the descriptor: F_SETFL with O_NONBLOCK makes calls "
		   "return EAGAIN where they would sleep." },
	{ .name = "ioctl", .number = SYS_ioctl, .result = RESULT_ZERO, .still = true,
	  .arg = { { "fd", ARG_FD, false }, { "request", ARG_IOCTL, false },
		   { "argp", ARG_IOCTL_ARG, true } },
	  .man = "ioctl(2)",
	  .about = "Asks the kernel for what has no call of its own: FIONREAD tells how many bytes wait to be "
		   "read, SIOCOUTQ how many are not acknowledged yet, FIONBIO makes calls not wait." },
	{ .name = "poll", .number = POLL_NUMBER, .result = RESULT_COUNT, .still = true,
	  .arg = { { "fds", ARG_POLLFDS, false }, { "timeout", ARG_TIMEOUT, false } },
	  .man = "poll(2)",
	  .about = "Sleeps until one of several descriptors is ready, or the timeout (in milliseconds, -1 "
		   "for ever) is over. It returns how many are ready." },
	{ .name = "ppoll", .number = SYS_ppoll, .result = RESULT_COUNT, .still = true,
	  .arg = { { "fds", ARG_POLLFDS, false }, { "tmo_p", ARG_TIMESPEC, true },
		   { "sigmask", ARG_SIGSET, true } },
	  .man = "ppoll(2)",
	  .about = "Does what poll() does, with a finer timeout and a set of signals that are blocked "
		   "only while it sleeps; no signal can slip in between." },
	{ .name = "select", .number = SELECT_NUMBER, .result = RESULT_COUNT, .still = true,
	  .arg = { SETS, { "timeout", ARG_TIMEVAL, true } },
	  .man = "select(2)",
	  .about = "Sleeps until one descriptor of three sets is ready: to read, to write, or with urgent "
		   "data. The kernel leaves in the sets only those that are ready. Descriptors from 1024 on "
		   "do not fit; poll() has no such limit." },
	{ .name = "pselect6", .number = SYS_pselect6, .result = RESULT_COUNT, .still = true,
	  .arg = { SETS, { "timeout", ARG_TIMESPEC, true }, { "sigmask", ARG_SIGSET_PAIR, true } },
	  .man = "pselect6(2)",
	  .about = "The system call behind select() and pselect() of the C library: sleeps until one "
		   "descriptor of the three sets is ready, with a set of signals that are blocked only "
		   "meanwhile." },
#ifdef SYS_epoll_create
	{ .name = "epoll_create", .number = SYS_epoll_create, .result = RESULT_FD, .still = true,
	  .arg = { { "size", ARG_INT, false } },
	  .man = "epoll_create(2)",
	  .about = "Makes an epoll instance: a list in the kernel of descriptors to watch. The size means "
		   "nothing any more, but has to be above 0." },
#endif
	{ .name = "epoll_create1", .number = SYS_epoll_create1, .result = RESULT_FD, .still = true,
	  .arg = { { "flags", ARG_EPOLL_FLAGS, true } },
	  .man = "epoll_create1(2)",
	  .about = "Makes an epoll instance: a list in the kernel of descriptors to watch, itself with a "
		   "descriptor. poll() brings its list with every call; here the kernel keeps it." },
	{ .name = "epoll_ctl", .number = SYS_epoll_ctl, .result = RESULT_ZERO, .still = true,
	  .arg = { EPFD, { "op", ARG_EPOLL_OP, false }, { "fd", ARG_FD, false },
		   { "event", ARG_EPOLL_EVENT, true } },
	  .man = "epoll_ctl(2)",
	  .about = "Puts a descriptor on the list of an epoll instance, changes what is watched for, or takes "
		   "it off. The data beside the events comes back from epoll_wait(); mostly it is the "
		   "descriptor itself." },
	{ .name = "epoll_wait", .number = EPOLL_WAIT_NUMBER, .result = RESULT_COUNT, .still = true,
	  .arg = { EPFD, { "maxevents", ARG_EPOLL_OUT, false }, { "timeout", ARG_TIMEOUT, false } },
	  .man = "epoll_wait(2)",
	  .about = "Sleeps until one of the descriptors on the epoll instance's list is ready, or the timeout "
		   "(in milliseconds, -1 for ever) is over. It gives only those that are ready, however long "
		   "the list is." },
	{ .name = "epoll_pwait", .number = SYS_epoll_pwait, .result = RESULT_COUNT, .still = true,
	  .arg = { EPFD, { "maxevents", ARG_EPOLL_OUT, false }, { "timeout", ARG_TIMEOUT, false },
		   { "sigmask", ARG_SIGSET, true } },
	  .man = "epoll_pwait(2)",
	  .about = "Does what epoll_wait() does, with a set of signals that are blocked only while it "
		   "sleeps." },
	{ .name = "epoll_pwait2", .number = SYS_epoll_pwait2, .result = RESULT_COUNT, .still = true,
	  .arg = { EPFD, { "maxevents", ARG_EPOLL_OUT, false }, { "timeout", ARG_TIMESPEC, true },
		   { "sigmask", ARG_SIGSET, true } },
	  .man = "epoll_pwait2(2)",
	  .about = "Does what epoll_pwait() does, with a timeout in nanoseconds." },
};
/* clang-format on */
const size_t calls_count = sizeof(calls) / sizeof(calls[0]);
