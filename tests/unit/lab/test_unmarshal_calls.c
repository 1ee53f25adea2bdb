/*
 * Calls are made on real sockets; what came of them is read by marshal, as by a program of the lab,
 * and by unmarshal, as from a traced program, and both must agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "tests/unit/lab/same_call.h"

/* ---- calls on real sockets ---- */

static struct call_outcome last; /* of the call made last, as marshal reads it */

/* Makes a call, reads its request and its outcome in both ways, and compares.  Takes the values. */
static int64_t make_call(const char *name, size_t args, const struct value *arg)
{
	struct call_request r = { .call = call_find(name, strlen(name)) }, back;
	struct peek memory = self();
	struct call_outcome theirs;
	struct marshal m;
	uint64_t reg[6];
	int64_t result;

	call_outcome_fini(&last);
	memset(&last, 0, sizeof(last));
	assert_non_null(r.call);
	memcpy(r.arg, arg, args * sizeof(*arg));
	assert_int_equal(marshal_init(&m, &r), 0);
	registers_of(&m, reg);
	assert_int_equal(unmarshal_enter(&back, r.call->number, reg, &memory), 0);
	if (!SHARES_ROWS)
		check_same_request(&r, &back);
	last.result =
		syscall(r.call->number, m.reg[0], m.reg[1], m.reg[2], m.reg[3], m.reg[4], m.reg[5]);
	last.error = last.result < 0 ? errno : 0;
	result = last.result < 0 ? -last.error : last.result;
	marshal_outcome(&m, &last);
	unmarshal_leave(&theirs, &back, reg, result, &memory);
	check_same_outcome(&back, &last, &theirs);
	call_outcome_fini(&theirs);
	call_request_fini(&back);
	call_request_fini(&r);
	marshal_fini(&m);
	return result;
}
#define CALL(name, ...)                                                                            \
	make_call(name, sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value),            \
		  (struct value[]){ __VA_ARGS__ })
#define INT(n) value_int(n)
#define NONE                                                                                       \
	(struct value)                                                                             \
	{                                                                                          \
		.kind = VALUE_NONE                                                                 \
	}

static struct value list(size_t n, const struct value *items)
{
	struct value l = { .kind = VALUE_LIST };

	for (size_t i = 0; i < n; i++)
		value_list_add(&l, items[i]);
	return l;
}
#define LIST(...)                                                                                  \
	list(sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value),                       \
	     (struct value[]){ __VA_ARGS__ })

static struct value text(const char *t)
{
	return value_data(t, strlen(t));
}

static struct value localhost(uint16_t port)
{
	static const uint8_t ip[4] = { 127, 0, 0, 1 };
	struct addr a = addr_v4(ip, port);

	return value_addr(&a);
}

static void check_out(const struct call_request *r, const char *want_label, const char *want)
{
	for (size_t i = 0;; i++) {
		STR_ON_STACK(out, 1024);
		const char *label = "";

		if (!call_out_text(&out, &label, i, r, &last, NULL))
			fail_msg("%s() gave no %s", r->call->name, want_label);
		if (strcmp(label, want_label) != 0)
			continue;
		assert_string_equal(out.buf, want);
		return;
	}
}

static void expect_out(const char *name, const char *label, const char *want)
{
	struct call_request r = { .call = call_find(name, strlen(name)) };

	check_out(&r, label, want);
}

/* Two connected Unix sockets. */
static void pair(int type, int fd[2])
{
	assert_int_equal(CALL("socketpair", INT(AF_UNIX), INT(type)), 0);
	assert_int_equal(last.fds.items, 2);
	fd[0] = (int)last.fds.item[0].number;
	fd[1] = (int)last.fds.item[1].number;
}

/* A UDP socket of this host; returns its descriptor and port. */
static int udp(uint16_t *port)
{
	int fd = (int)CALL("socket", INT(AF_INET), INT(SOCK_DGRAM));

	assert_true(fd >= 0);
	assert_int_equal(CALL("bind", INT(fd), localhost(0)), 0);
	assert_int_equal(CALL("getsockname", INT(fd)), 0);
	*port = addr_port(&last.addr);
	return fd;
}

static void close_all(size_t n, const int *fd)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(CALL("close", INT(fd[i])), 0);
}
#define CLOSE(...) close_all(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int), (int[]){ __VA_ARGS__ })

static void a_connection_is_made_and_ended(void **state)
{
	int s = (int)CALL("socket", INT(AF_INET), INT(SOCK_STREAM)), c, a;
	uint16_t port;

	(void)state;
	assert_int_equal(CALL("setsockopt", INT(s), INT(SOL_SOCKET), INT(SO_REUSEADDR), INT(1)), 0);
	assert_int_equal(CALL("bind", INT(s), localhost(0)), 0);
	assert_int_equal(CALL("listen", INT(s), INT(5)), 0);
	assert_int_equal(CALL("getsockname", INT(s)), 0);
	port = addr_port(&last.addr);
	c = (int)CALL("socket", INT(AF_INET), INT(SOCK_STREAM));
	assert_int_equal(CALL("connect", INT(c), localhost(port)), 0);
	assert_int_equal(CALL("getpeername", INT(c)), 0);
	a = (int)CALL("accept4", INT(s), NONE, INT(SOCK_CLOEXEC));
	assert_int_equal(CALL("send", INT(c), text("hello"), INT(MSG_NOSIGNAL)), 5);
	assert_int_equal(CALL("recv", INT(a), INT(100), INT(MSG_PEEK)), 5);
	assert_int_equal(CALL("ioctl", INT(a), INT(FIONREAD)), 0);
	assert_int_equal(last.option.number, 5);
	assert_int_equal(CALL("recvfrom", INT(a), INT(3), INT(0)), 3);
	assert_int_equal(CALL("read", INT(a), INT(10)), 2);
	assert_int_equal(CALL("write", INT(a), value_filled(FILL_PATTERN, 9000)), 9000);
	assert_int_equal(CALL("recv", INT(c), INT(9000), INT(MSG_WAITALL)), 9000);
	assert_int_equal(last.data_kept, CALL_DATA_KEPT);
	assert_int_equal(CALL("getsockopt", INT(a), INT(SOL_SOCKET), INT(SO_LINGER)), 0);
	assert_int_equal(CALL("getsockopt", INT(a), INT(SOL_SOCKET), INT(SO_ERROR)), 0);
	assert_int_equal(CALL("getsockopt", INT(a), INT(IPPROTO_TCP), INT(11)), 0); /* TCP_INFO */
	assert_int_equal(CALL("shutdown", INT(c), INT(SHUT_WR)), 0);
	assert_int_equal(CALL("recv", INT(a), INT(100), INT(0)), 0);
	assert_int_equal(CALL("fcntl", INT(a), INT(F_SETFL), INT(O_NONBLOCK)), 0);
	assert_true(CALL("fcntl", INT(a), INT(F_GETFL)) & O_NONBLOCK);
	assert_int_equal(CALL("accept", INT(a)), -EINVAL);
	CLOSE(s, c, a);
	assert_int_equal(CALL("send", INT(c), text("x"), INT(0)), -EBADF);
}

static void pieces_are_gathered_and_scattered(void **state)
{
	int fd[2];

	(void)state;
	pair(SOCK_STREAM, fd);
	assert_int_equal(CALL("writev", INT(fd[0]), LIST(text("ab"), text(""), text("cdef"))), 6);
	assert_int_equal(CALL("readv", INT(fd[1]), LIST(INT(1), INT(4), INT(100))), 6);
	expect_out("readv", "data", "\"abcdef\"");
	CLOSE(fd[0], fd[1]);
}

static void descriptors_are_copied(void **state)
{
	int fd[2], copy[2];

	(void)state;
	pair(SOCK_DGRAM, fd);
	copy[0] = (int)CALL("dup", INT(fd[0]));
	assert_int_equal(CALL("dup3", INT(fd[0]), INT(copy[0]), INT(O_CLOEXEC)), copy[0]);
	assert_int_equal(CALL("fcntl", INT(copy[0]), INT(F_GETFD)), FD_CLOEXEC);
	assert_int_equal(CALL("dup2", INT(fd[1]), INT(copy[0])), copy[0]);
	copy[1] = (int)CALL("fcntl", INT(fd[1]), INT(F_DUPFD), INT(50));
	assert_true(copy[1] >= 50);
	CLOSE(fd[0], fd[1], copy[0], copy[1]);
}

static void descriptors_travel_in_messages(void **state)
{
	struct value rights = value_control(SOL_SOCKET, SCM_RIGHTS);
	struct call_request r = { .call = call_find("recvmsg", 7) };
	int fd[2], got[4];

	(void)state;
	pair(SOCK_STREAM, fd);
	value_list_add(&rights, INT(fd[0]));
	value_list_add(&rights, INT(fd[1]));
	assert_int_equal(CALL("sendmsg", INT(fd[0]), LIST(text("x"), rights)), 1);
	assert_int_equal(CALL("recvmsg", INT(fd[1]), INT(10), INT(MSG_CMSG_CLOEXEC)), 1);
	assert_int_equal(last.control.items, 1);
	assert_int_equal(call_fds_made(&r, &last, got, 4), 2);
	STR_ON_STACK(want, 64);
	str_addf(&want, "SCM_RIGHTS {%d, %d}", got[0], got[1]);
	expect_out("recvmsg", "control", want.buf);
	CLOSE(fd[0], fd[1], got[0], got[1]);
}

static void what_ip_tells_is_named(void **state)
{
	static const struct {
		int level, name;
		const char *starts;
	} rows[] = {
		{ IPPROTO_IP, IP_RECVTTL, "IP_TTL 64" },
		{ IPPROTO_IP, IP_RECVTOS, "IP_TOS 0" },
		{ IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO {interface 1, 127.0.0.1 to 127.0.0.1}" },
		{ SOL_SOCKET, SO_TIMESTAMP, "SO_TIMESTAMP {" },
		{ SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS {" },
		{ SOL_SOCKET, SO_PASSCRED, NULL },
	};
	struct call_request r = { .call = call_find("recvmsg", 7) };
	uint16_t port;
	int a, b;

	(void)state;
	for (size_t i = 0; rows[i].starts; i++) {
		STR_ON_STACK(out, 512);
		const char *label = "";

		a = udp(&port);
		b = (int)CALL("socket", INT(AF_INET), INT(SOCK_DGRAM));
		CALL("setsockopt", INT(a), INT(rows[i].level), INT(rows[i].name), INT(1));
		assert_int_equal(CALL("sendmsg", INT(b), LIST(localhost(port), text("one"))), 3);
		assert_int_equal(CALL("recvmsg", INT(a), INT(2)), 2);
		assert_true(last.msg_flags & MSG_TRUNC);
		for (size_t n = 0; strcmp(label, "control") != 0; n++) {
			str_clear(&out);
			assert_true(call_out_text(&out, &label, n, &r, &last, NULL));
		}
		if (strncmp(out.buf, rows[i].starts, strlen(rows[i].starts)) != 0)
			fail_msg("%s", out.buf);
		CLOSE(a, b);
	}
}

static void credentials_are_named(void **state)
{
	int fd[2];
	STR_ON_STACK(want, 96);

	(void)state;
	pair(SOCK_DGRAM, fd);
	CALL("setsockopt", INT(fd[1]), INT(SOL_SOCKET), INT(SO_PASSCRED), INT(1));
	assert_int_equal(CALL("send", INT(fd[0]), text("me"), INT(0)), 2);
	assert_int_equal(CALL("recvmsg", INT(fd[1]), INT(10)), 2);
	str_addf(&want, "SCM_CREDENTIALS {pid %d uid %u gid %u}", getpid(), getuid(), getgid());
	expect_out("recvmsg", "control", want.buf);
	CLOSE(fd[0], fd[1]);
}

/* A port that nobody has: the error comes back by ICMP, and waits in the error queue. */
static void errors_of_the_network_are_named(void **state)
{
	uint16_t port, own;
	int gone = udp(&port), a;
	struct pollfd failed = { 0 };

	(void)state;
	CLOSE(gone);
	a = udp(&own);
	CALL("setsockopt", INT(a), INT(IPPROTO_IP), INT(IP_RECVERR), INT(1));
	assert_int_equal(CALL("sendto", INT(a), text("x"), INT(0), localhost(port)), 1);
	failed.fd = a;
	assert_int_equal(poll(&failed, 1, 20000), 1);
	assert_int_equal(CALL("recvmsg", INT(a), INT(10), INT(MSG_ERRQUEUE)), 1);
	expect_out("recvmsg", "control",
		   "IP_RECVERR {ECONNREFUSED, ICMP type 3 code 3, 127.0.0.1}");
	CLOSE(a);
}

static void several_messages_are_told_apart(void **state)
{
	uint16_t port, from;
	int a = udp(&port), b = udp(&from);
	STR_ON_STACK(want, 256);

	(void)state;
	assert_int_equal(CALL("sendmmsg", INT(b),
			      LIST(LIST(localhost(port), text("one")),
				   LIST(localhost(port), text("twenty"), text("-two"))),
			      INT(0)),
			 2);
	expect_out("sendmmsg", "sent", "3, 10");
	assert_int_equal(CALL("recvmmsg", INT(a), LIST(INT(100), INT(4), INT(10)),
			      INT(MSG_WAITFORONE), NONE),
			 2);
	str_addf(&want, "{{127.0.0.1:%u, \"one\"}, {127.0.0.1:%u, \"twen\", MSG_TRUNC}}", from,
		 from);
	expect_out("recvmmsg", "messages", want.buf);
	assert_int_equal(CALL("recvmmsg", INT(a), LIST(INT(1)), INT(MSG_DONTWAIT), INT(10)),
			 -EAGAIN);
	CLOSE(a, b);
}

static void those_that_are_ready_are_told(void **state)
{
	int fd[2], e;
	STR_ON_STACK(want, 96);

	(void)state;
	pair(SOCK_STREAM, fd);
	assert_int_equal(CALL("send", INT(fd[0]), text("x"), INT(0)), 1);
	assert_int_equal(
		CALL("poll", LIST(INT(fd[0]), INT(POLLIN), INT(fd[1]), INT(POLLIN)), INT(20000)),
		1);
	str_addf(&want, "%d POLLIN", fd[1]);
	expect_out("poll", "ready", want.buf);
	assert_int_equal(CALL("ppoll", LIST(INT(fd[1]), INT(POLLIN)), INT(20000)), 1);
	expect_out("ppoll", "ready", want.buf);
#ifdef SYS_select
	assert_int_equal(CALL("select", NONE, LIST(INT(fd[0]), INT(fd[1])), LIST(INT(fd[1])),
			      LIST(INT(fd[0])), INT(20000)),
			 2);
	str_clear(&want);
	str_addf(&want, "%d to read; %d to write", fd[1], fd[1]);
	expect_out("select", "ready", want.buf);
	assert_int_equal(CALL("select", NONE, LIST(INT(fd[0])), NONE, NONE, INT(0)), 0);
#endif
	assert_int_equal(CALL("pselect6", NONE, LIST(INT(fd[1])), NONE, NONE, INT(20000)), 1);
	str_clear(&want);
	str_addf(&want, "%d to read", fd[1]);
	expect_out("pselect6", "ready", want.buf);

	e = (int)CALL("epoll_create1", INT(EPOLL_CLOEXEC));
	assert_int_equal(CALL("epoll_ctl", INT(e), INT(EPOLL_CTL_ADD), INT(fd[1]),
			      INT((int64_t)(EPOLLIN | EPOLLOUT | EPOLLET))),
			 0);
	str_clear(&want);
	str_addf(&want, "%d EPOLLIN|EPOLLOUT", fd[1]);
	assert_int_equal(CALL("epoll_wait", INT(e), INT(10), INT(20000)), 1);
	expect_out("epoll_wait", "ready", want.buf);
	assert_int_equal(CALL("epoll_ctl", INT(e), INT(EPOLL_CTL_MOD), INT(fd[1]), INT(EPOLLIN)),
			 0);
	assert_int_equal(CALL("epoll_pwait", INT(e), INT(10), INT(20000)), 1);
	assert_int_equal(CALL("epoll_pwait2", INT(e), INT(10), INT(20000)), 1);
	assert_int_equal(CALL("epoll_ctl", INT(e), INT(EPOLL_CTL_DEL), INT(fd[1])), 0);
	assert_int_equal(CALL("epoll_wait", INT(e), INT(10), INT(0)), 0);
	assert_int_equal(CALL("epoll_wait", INT(e), INT(-1), INT(0)), -EINVAL);
	CLOSE(fd[0], fd[1], e);
}

/* Programs set data.fd and leave the rest of the union as it is, or give a pointer: the kernel knows whose. */
static void data_stand_for_a_descriptor(void **state)
{
	static const uint64_t upper = (uint64_t)0x7f5f << 32;
	struct epoll_event event = { .events = EPOLLIN }, got[4];
	struct peek memory = self();
	struct call_outcome o;
	struct call_request r;
	uint64_t reg[6] = { 0, (uint64_t)got, 4, 0 };
	int fd[2];
	STR_ON_STACK(out, 128);

	(void)state;
	pair(SOCK_STREAM, fd);
	reg[0] = (uint64_t)epoll_create1(EPOLL_CLOEXEC);
	event.data.u64 = upper | (uint32_t)fd[1];
	assert_int_equal(epoll_ctl((int)reg[0], EPOLL_CTL_ADD, fd[1], &event), 0);
	assert_int_equal(unmarshal_enter(&r, SYS_epoll_ctl,
					 (uint64_t[6]){ reg[0], EPOLL_CTL_ADD, (uint64_t)fd[1],
							(uint64_t)&event },
					 &memory),
			 0);
	call_arg_text(&out, &r, 3, NULL);
	call_request_fini(&r);
	str_addf(&out, " of %d", fd[1]);
	event.data.u64 = (uint64_t)&event;
	assert_int_equal(epoll_ctl((int)reg[0], EPOLL_CTL_ADD, fd[0], &event), 0);
	assert_int_equal(write(fd[0], "x", 1), 1);
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_int_equal(epoll_wait((int)reg[0], got, 4, 20000), 2);
	assert_int_equal(unmarshal_enter(&r, SYS_epoll_pwait, reg, &memory), 0);
	unmarshal_leave(&o, &r, reg, 2, &memory);
	assert_int_equal(o.revents.items, 4);
	assert_int_equal(o.revents.item[0].number + o.revents.item[2].number, fd[0] + fd[1]);
	call_outcome_fini(&o);
	/* Data that nobody is watched with stay as they are. */
	got[0].data.u64 = upper;
	unmarshal_leave(&o, &r, reg, 1, &memory);
	assert_int_equal(o.revents.item[0].number, upper);
	call_outcome_fini(&o);
	call_request_fini(&r);
	CLOSE((int)reg[0], fd[0], fd[1]);
	STR_ON_STACK(want, 128);
	str_addf(&want, "{EPOLLIN, %d} of %d", fd[1], fd[1]);
	assert_string_equal(out.buf, want.buf);
}

static void ioctls_say_what_they_found(void **state)
{
	struct call_request r = { .call = call_find("ioctl", 5) };
	uint16_t port;
	int a = udp(&port);

	(void)state;
	assert_int_equal(CALL("ioctl", INT(a), INT(FIONBIO), INT(1)), 0);
	assert_int_equal(CALL("recv", INT(a), INT(1), INT(0)), -EAGAIN);
	assert_int_equal(CALL("ioctl", INT(a), INT(SIOCGIFADDR), text("lo")), 0);
	r.arg[1] = INT(SIOCGIFADDR);
	check_out(&r, "value", "SIOCGIFADDR = 127.0.0.1:0");
	assert_int_equal(CALL("ioctl", INT(a), INT(SIOCGIFINDEX), text("lo")), 0);
	r.arg[1] = INT(SIOCGIFINDEX);
	check_out(&r, "value", "SIOCGIFINDEX = 1");
	assert_int_equal(CALL("ioctl", INT(a), INT(SIOCGIFFLAGS), text("lo")), 0);
	assert_true(last.option.number & IFF_LOOPBACK);
	assert_int_equal(CALL("ioctl", INT(a), INT(SIOCGIFMTU), text("no-such")), -ENODEV);
	assert_int_equal(CALL("ioctl", INT(a), INT(FIOCLEX)), 0);
	CLOSE(a);
}

static void files_are_sent(void **state)
{
	int fd[2], through[2], file = memfd_create("file", MFD_CLOEXEC);

	(void)state;
	pair(SOCK_STREAM, fd);
	assert_int_equal(write(file, "0123456789", 10), 10);
	assert_int_equal(CALL("sendfile", INT(fd[0]), INT(file), INT(4), INT(100)), 6);
	expect_out("sendfile", "offset", "10");
	assert_int_equal(pipe(through), 0);
	assert_int_equal(CALL("splice", INT(fd[1]), NONE, INT(through[1]), NONE, INT(100),
			      INT(SPLICE_F_MOVE)),
			 6);
	CLOSE(fd[0], fd[1], through[0], through[1], file);
}

static int forget_last(void **state)
{
	(void)state;
	call_outcome_fini(&last);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_made_and_ended),
		cmocka_unit_test(pieces_are_gathered_and_scattered),
		cmocka_unit_test(descriptors_are_copied),
		cmocka_unit_test(descriptors_travel_in_messages),
		cmocka_unit_test(what_ip_tells_is_named),
		cmocka_unit_test(credentials_are_named),
		cmocka_unit_test(errors_of_the_network_are_named),
		cmocka_unit_test(several_messages_are_told_apart),
		cmocka_unit_test(those_that_are_ready_are_told),
		cmocka_unit_test(data_stand_for_a_descriptor),
		cmocka_unit_test(ioctls_say_what_they_found),
		cmocka_unit_test(files_are_sent),
	};

	return cmocka_run_group_tests(tests, NULL, forget_last);
}
