#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/syscall.h>

#include "src/core/call.h"
#include "src/core/control.h"
#include "src/core/option.h"

/* ---- the table ---- */

/* Types that expand to two registers; the others take one. */
static bool is_wide(enum call_arg_type type)
{
	static const enum call_arg_type wide[] = {
		ARG_ADDR,	ARG_ADDR_OUT, ARG_DATA,	     ARG_BUFFER,  ARG_OPTVAL,
		ARG_OPTVAL_OUT, ARG_POLLFDS,  ARG_IOV,	     ARG_IOV_OUT, ARG_MSGS,
		ARG_MSGS_OUT,	ARG_SIGSET,   ARG_EPOLL_OUT,
	};

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (wide[i] == type)
			return true;
	return false;
}

static int registers(enum call_arg_type type)
{
	return type == ARG_NONE ? 0 : is_wide(type) ? 2 : 1;
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < calls_count; i++) {
		const struct call *c = &calls[i];
		int regs = 0;

		assert_ptr_equal(call_find(c->name, strlen(c->name)), c);
		assert_true(strlen(c->about) > 40);
		assert_int_equal(c->about[strlen(c->about) - 1], '.');
		assert_int_equal(strncmp(c->man, c->name, strlen(c->name)), 0);
		for (size_t a = 0; a < CALL_ARGS; a++) {
			regs += registers(c->arg[a].type);
			assert_int_equal(c->arg[a].type != ARG_NONE, c->arg[a].name != NULL);
			assert_true(a == 0 || c->arg[a].type == ARG_NONE ||
				    c->arg[a - 1].type != ARG_NONE);
		}
		assert_in_range(regs, 1, 6);
	}
}

static void the_calls_of_the_lab_are_there(void **state)
{
	static const char *const wanted[] = {
		"socket",	"bind",	      "listen",	    "accept",	   "accept4",
		"connect",	"send",	      "sendto",	    "sendmsg",	   "recv",
		"recvfrom",	"recvmsg",    "read",	    "write",	   "shutdown",
		"close",	"getsockopt", "setsockopt", "getsockname", "getpeername",
		"fcntl",	"poll",	      "socketpair", "sendmmsg",	   "recvmmsg",
		"readv",	"writev",     "dup",	    "dup2",	   "dup3",
		"ioctl",	"sendfile",   "splice",	    "ppoll",	   "select",
		"pselect6",	"epoll_ctl",  "epoll_wait", "epoll_pwait", "epoll_create1",
		"epoll_pwait2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(call_find(wanted[i], strlen(wanted[i])));
	assert_null(call_find("soc", 3));
	assert_null(call_find("sockets", 7));
	assert_null(call_find("", 0));
	assert_string_equal(call_of_number(SYS_sendto)->name, "sendto");
	assert_string_equal(call_of_number(SYS_recvfrom)->name, "recvfrom");
	assert_string_equal(call_of_number(SYS_close)->name, "close");
	assert_true(call_find("close", 5)->closes);
	assert_false(call_find("shutdown", 8)->closes);
	assert_null(call_of_number(-1));
}

/* ---- requests ---- */

static struct call_request request(const char *name)
{
	struct call_request r = { .call = call_find(name, strlen(name)) };

	assert_non_null(r.call);
	return r;
}

static struct value text(const char *t)
{
	return value_data(t, strlen(t));
}

static struct value list(size_t n, ...)
{
	struct value l = { .kind = VALUE_LIST };
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		value_list_add(&l, value_int(va_arg(ap, int)));
	va_end(ap);
	return l;
}

static const uint8_t server_ip[4] = { 192, 0, 2, 2 };
static const struct addr_name server_row = { "server", AF_INET, { 192, 0, 2, 2 } };
static const struct addr_names names = { &server_row, 1 };

static struct value server(uint16_t port)
{
	struct addr a = addr_v4(server_ip, port);

	return value_addr(&a);
}

/* All of a call as C would write it; frees the request. */
static void check_text(struct call_request r, const char *expected)
{
	STR_ON_STACK(out, 512);
	size_t before;

	assert_int_equal(call_request_check(&r, NULL), 0);
	str_addf(&out, "%s(", r.call->name);
	for (size_t i = 0; i < CALL_ARGS; i++) {
		STR_ON_STACK(arg, 256);

		before = out.len;
		call_arg_text(&arg, &r, i, &names);
		if (arg.len)
			str_addf(&out, "%s%s", out.buf[before - 1] == '(' ? "" : ", ", arg.buf);
	}
	str_char(&out, ')');
	assert_string_equal(out.buf, expected);
	call_request_fini(&r);
}

static void arguments_read_as_c(void **state)
{
	struct call_request r = request("socket");

	(void)state;
	r.arg[0] = value_int(AF_INET);
	r.arg[1] = value_int(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
	check_text(r, "socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC)");
	r.arg[1] = value_int(SOCK_SEQPACKET);
	r.arg[2] = value_int(IPPROTO_UDP);
	check_text(r, "socket(AF_INET, SOCK_SEQPACKET, IPPROTO_UDP)");
	r = request("accept");
	r.arg[0] = value_int(3);
	check_text(r, "accept(3)");
	r = request("accept4");
	r.arg[0] = value_int(3);
	r.arg[2] = value_int(SOCK_NONBLOCK);
	check_text(r, "accept4(3, SOCK_NONBLOCK)");
	r = request("connect");
	r.arg[0] = value_int(3);
	r.arg[1] = server(8080);
	check_text(r, "connect(3, server:8080)");
	r = request("shutdown");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(SHUT_WR);
	check_text(r, "shutdown(3, SHUT_WR)");
	r.arg[1] = value_int(77);
	check_text(r, "shutdown(3, 77)");
}

static void data_reads_as_c(void **state)
{
	struct call_request r = request("send");

	(void)state;
	r.arg[0] = value_int(3);
	r.arg[1] = text("hello");
	r.arg[2] = value_int(0);
	check_text(r, "send(3, \"hello\", 5)");
	r = request("send");
	r.arg[0] = value_int(3);
	r.arg[1] = text("a\"\n");
	r.arg[2] = value_int(MSG_NOSIGNAL | MSG_DONTWAIT);
	check_text(r, "send(3, \"a\\\"\\n\", 3, MSG_DONTWAIT|MSG_NOSIGNAL)");
	r = request("sendto");
	r.arg[0] = value_int(3);
	r.arg[1] = value_filled(FILL_PATTERN, 4000);
	r.arg[2] = value_int(0);
	r.arg[3] = server(53);
	check_text(r, "sendto(3, \"abcdefghijklmnopqrstuvwxyzabcdef\"..., 4000, 0, server:53)");
	r = request("recv");
	r.arg[0] = value_int(4);
	r.arg[1] = value_int(1024);
	check_text(r, "recv(4, 1024)");
	r = request("sendmsg");
	r.arg[0] = value_int(4);
	r.arg[1] = (struct value){ .kind = VALUE_LIST };
	value_list_add(&r.arg[1], server(53));
	value_list_add(&r.arg[1], text("one"));
	value_list_add(&r.arg[1], text("two"));
	check_text(r, "sendmsg(4, {server:53, \"one\", \"two\"})");
}

static void options_read_as_c(void **state)
{
	struct call_request r = request("setsockopt");

	(void)state;
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(SOL_SOCKET);
	r.arg[2] = value_int(SO_REUSEADDR);
	r.arg[3] = value_int(1);
	check_text(r, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 1)");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(SOL_SOCKET);
	r.arg[2] = value_int(SO_RCVTIMEO);
	r.arg[3] = value_int(1500);
	check_text(r, "setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, {1, 500000})");
	r.arg[2] = value_int(SO_LINGER);
	r.arg[3] = list(2, 1, 5);
	check_text(r, "setsockopt(3, SOL_SOCKET, SO_LINGER, {1, 5})");
	r.arg[1] = value_int(IPPROTO_TCP);
	r.arg[2] = value_int(TCP_CONGESTION);
	r.arg[3] = text("reno");
	check_text(r, "setsockopt(3, IPPROTO_TCP, TCP_CONGESTION, \"reno\")");
	r.arg[1] = value_int(9999);
	r.arg[2] = value_int(77);
	r.arg[3] = value_int(-1);
	check_text(r, "setsockopt(3, 9999, 77, -1)");
	r = request("fcntl");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(F_SETFL);
	r.arg[2] = value_int(O_NONBLOCK);
	check_text(r, "fcntl(3, F_SETFL, O_NONBLOCK)");
	r = request("poll");
	r.arg[0] = list(4, 3, POLLIN, 4, POLLIN | POLLOUT);
	r.arg[1] = value_int(-1);
	check_text(r, "poll({{3, POLLIN}, {4, POLLIN|POLLOUT}}, 2, -1)");
}

static struct value control(int level, int type, size_t n, ...)
{
	struct value v = value_control(level, type);
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		value_list_add(&v, value_int(va_arg(ap, int)));
	va_end(ap);
	return v;
}

static void waiting_reads_as_c(void **state)
{
	struct call_request r = request("select");

	(void)state;
	r.arg[1] = list(2, 3, 7);
	r.arg[2] = list(0);
	r.arg[4] = value_int(1500);
	check_text(r, "select(8, {3, 7}, {}, NULL, {1, 500000})");
	r = request("pselect6");
	r.arg[1] = list(1, 3);
	r.arg[4] = value_int(1500);
	check_text(r, "pselect6(4, {3}, NULL, NULL, {1, 500000000})");
	r = request("ppoll");
	r.arg[0] = list(2, 3, POLLIN);
	check_text(r, "ppoll({{3, POLLIN}}, 1, NULL)");
	r = request("epoll_ctl");
	r.arg[0] = value_int(5);
	r.arg[1] = value_int(1);
	r.arg[2] = value_int(4);
	r.arg[3] = value_int((int64_t)0x80000001u);
	check_text(r, "epoll_ctl(5, EPOLL_CTL_ADD, 4, {EPOLLIN|EPOLLET, 4})");
	r = request("epoll_wait");
	r.arg[0] = value_int(5);
	r.arg[1] = value_int(64);
	r.arg[2] = value_int(-1);
	check_text(r, "epoll_wait(5, 64, -1)");
}

static void pieces_read_as_c(void **state)
{
	struct call_request r = request("sendmsg");

	(void)state;
	r.arg[0] = value_int(4);
	r.arg[1] = (struct value){ .kind = VALUE_LIST };
	value_list_add(&r.arg[1], server(53));
	value_list_add(&r.arg[1], text("data"));
	value_list_add(&r.arg[1], control(SOL_SOCKET, SCM_RIGHTS, 2, 4, 5));
	check_text(r, "sendmsg(4, {server:53, \"data\", SCM_RIGHTS {4, 5}})");
	r = request("writev");
	r.arg[0] = value_int(4);
	r.arg[1] = (struct value){ .kind = VALUE_LIST };
	value_list_add(&r.arg[1], text("one"));
	value_list_add(&r.arg[1], text("two"));
	check_text(r, "writev(4, {\"one\", \"two\"}, 2)");
	r = request("readv");
	r.arg[0] = value_int(4);
	r.arg[1] = list(2, 1, 1024);
	check_text(r, "readv(4, {1, 1024}, 2)");
	r = request("ioctl");
	r.arg[0] = value_int(4);
	r.arg[1] = value_int(0x5421);
	r.arg[2] = value_int(0);
	check_text(r, "ioctl(4, FIONBIO, 0)");
	r.arg[0] = value_int(4);
	r.arg[1] = value_int(0xabcd);
	r.arg[2] = (struct value){ .kind = VALUE_NONE };
	check_text(r, "ioctl(4, 0xabcd)");
}

/* What was read from a program's memory can be less than there was. */
static void what_is_missing_is_shown(void **state)
{
	struct call_request r = request("send");
	STR_ON_STACK(out, 128);

	(void)state;
	r.arg[1] = value_cut("ab", 2, 5000);
	call_arg_text(&out, &r, 1, NULL);
	assert_string_equal(out.buf, "\"ab\"..., 5000");
	r.arg[0] = value_int(3);
	assert_int_equal(call_request_check(&r, NULL), -1);
	call_request_fini(&r);
	str_clear(&out);
	r.arg[1] = value_pointer(0xdead);
	call_arg_text(&out, &r, 1, NULL);
	assert_string_equal(out.buf, "0xdead, 0");
	r = request("poll");
	r.arg[0] = list(2, 3, POLLIN);
	value_list_add(&r.arg[0], value_rest(999));
	str_clear(&out);
	call_arg_text(&out, &r, 0, NULL);
	assert_string_equal(out.buf, "{{3, POLLIN}, ...}, 1000");
	call_request_fini(&r);
}

/* Refused, with the call and the argument named; frees the request. */
static void check_refused(struct call_request r, const char *named)
{
	struct err e = { .code = 0 };

	assert_int_equal(call_request_check(&r, &e), -1);
	assert_int_equal(strncmp(e.what, r.call->name, strlen(r.call->name)), 0);
	assert_non_null(strstr(e.what, named));
	call_request_fini(&r);
}

static void unfit_requests_are_refused(void **state)
{
	struct call_request r = request("recv");

	(void)state;
	check_refused(r, "sockfd is missing");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(-1);
	check_refused(r, "len: -1 bytes");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(CALL_SIZE_MAX + 1);
	check_refused(r, "len");
	r = request("bind");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(3);
	check_refused(r, "addr is of the wrong kind");
	r = request("send");
	r.arg[0] = value_int(3);
	r.arg[1] = value_filled(FILL_ZEROS, CALL_SIZE_MAX + 1);
	check_refused(r, "buf");
	r = request("poll");
	r.arg[0] = list(3, 3, POLLIN, 4);
	r.arg[1] = value_int(-1);
	check_refused(r, "fds");
	r = request("sendmsg");
	r.arg[0] = value_int(3);
	r.arg[1] = list(1, 7);
	check_refused(r, "msg");
	r = request("sendmmsg");
	r.arg[0] = value_int(3);
	r.arg[1] = list(1, 7);
	check_refused(r, "msgvec");
	r = request("select");
	r.arg[1] = list(1, CALL_SET_FDS);
	check_refused(r, "a set holds");
	r = request("readv");
	r.arg[0] = value_int(3);
	r.arg[1] = list(2, CALL_SIZE_MAX, 1);
	check_refused(r, "iov");
	r = request("epoll_wait");
	r.arg[0] = value_int(3);
	r.arg[1] = value_int(1 << 20);
	check_refused(r, "maxevents");
	check_refused(request("sendfile"), "cannot be made");
}

static void long_text_is_refused(void **state)
{
	struct call_request r = request("send");
	char *bytes = calloc(1, CALL_TEXT_MAX + 1);

	(void)state;
	r.arg[0] = value_int(3);
	r.arg[1] = value_data(bytes, CALL_TEXT_MAX);
	assert_int_equal(call_request_check(&r, NULL), 0);
	call_request_fini(&r);
	r.arg[0] = value_int(3);
	r.arg[1] = value_data(bytes, CALL_TEXT_MAX + 1);
	check_refused(r, "buf");
	free(bytes);
}

/* ---- outcomes ---- */

static void check_outs(const struct call_request *r, const struct call_outcome *o, size_t n,
		       const char *const *expected)
{
	const char *label;
	size_t i = 0;

	for (;; i++) {
		STR_ON_STACK(out, 256);
		STR_ON_STACK(whole, 256);

		str_add(&out, "kept ");
		if (!call_out_text(&out, &label, i, r, o, &names)) {
			assert_string_equal(out.buf, "kept ");
			break;
		}
		str_addf(&whole, "%s: %s", label, out.buf + 5);
		assert_true(i < n);
		assert_string_equal(whole.buf, expected[i]);
	}
	assert_int_equal(i, n);
}

static void received_data_is_shown(void **state)
{
	struct call_request r = request("recvfrom");
	struct call_outcome o = { .result = 5, .data = (uint8_t *)strdup("hello"), .data_kept = 5 };

	(void)state;
	o.addr = addr_v4(server_ip, 53);
	check_outs(&r, &o, 2, (const char *const[]){ "data: \"hello\"", "from: server:53" });
	call_outcome_fini(&o);
	o = (struct call_outcome){ .result = 0 };
	check_outs(&r, &o, 1, (const char *const[]){ "data: \"\"" });
	o = (struct call_outcome){ .result = -1, .error = EAGAIN };
	check_outs(&r, &o, 0, NULL);
	r = request("recvmsg");
	o = (struct call_outcome){ .result = 0, .msg_flags = MSG_TRUNC };
	check_outs(&r, &o, 2, (const char *const[]){ "data: \"\"", "flags: MSG_TRUNC" });
	r = request("getsockname");
	o = (struct call_outcome){ .result = 0, .addr = addr_v4(server_ip, 80) };
	check_outs(&r, &o, 1, (const char *const[]){ "address: server:80" });
	r = request("send");
	o = (struct call_outcome){ .result = 5 };
	check_outs(&r, &o, 0, NULL);
}

static void received_numbers_are_shown(void **state)
{
	struct call_request r = request("getsockopt");
	struct call_outcome o = { .result = 0, .option = value_int(ECONNREFUSED) };

	(void)state;
	r.arg[1] = value_int(SOL_SOCKET);
	r.arg[2] = value_int(SO_ERROR);
	check_outs(&r, &o, 1, (const char *const[]){ "value: SO_ERROR = ECONNREFUSED" });
	o.option = value_int(0);
	check_outs(&r, &o, 1, (const char *const[]){ "value: SO_ERROR = 0" });
	r.arg[2] = value_int(SO_TYPE);
	o.option = value_int(SOCK_DGRAM);
	check_outs(&r, &o, 1, (const char *const[]){ "value: SO_TYPE = SOCK_DGRAM" });
	r = request("poll");
	o = (struct call_outcome){ .result = 1, .revents = list(2, 4, POLLIN | POLLHUP) };
	check_outs(&r, &o, 1, (const char *const[]){ "ready: 4 POLLIN|POLLHUP" });
	call_outcome_fini(&o);
	r = request("fcntl");
	r.arg[1] = value_int(F_GETFL);
	o = (struct call_outcome){ .result = O_NONBLOCK };
	check_outs(&r, &o, 1, (const char *const[]){ "flags: O_NONBLOCK" });
}

static void received_messages_are_shown(void **state)
{
	struct call_request r = request("recvmsg");
	struct call_outcome o = { .result = 1, .data = (uint8_t *)strdup("x"), .data_kept = 1 };
	struct value message = { .kind = VALUE_LIST };
	int fd[4] = { 0 };

	(void)state;
	value_list_add(&o.control, control(SOL_SOCKET, SCM_RIGHTS, 2, 6, 7));
	value_list_add(&o.control, control(IPPROTO_IP, IP_TTL, 1, 64));
	value_list_add(&o.control, control(SOL_SOCKET, SCM_CREDENTIALS, 3, 7, 1000, 100));
	value_list_add(&o.control, control(77, 8, 1, 9));
	check_outs(&r, &o, 2,
		   (const char *const[]){ "data: \"x\"",
					  "control: SCM_RIGHTS {6, 7}, IP_TTL 64, SCM_CREDENTIALS "
					  "{pid 7 uid 1000 gid 100}, 77/8 9" });
	assert_int_equal(call_fds_made(&r, &o, fd, 4), 2);
	assert_int_equal(fd[1], 7);
	call_outcome_fini(&o);
	r = request("recvmmsg");
	o = (struct call_outcome){ .result = 1 };
	value_list_add(&message, server(53));
	value_list_add(&message, text("hello"));
	value_list_add(&message, value_int(MSG_TRUNC));
	value_list_add(&o.messages, message);
	check_outs(&r, &o, 1,
		   (const char *const[]){ "messages: {{server:53, \"hello\", MSG_TRUNC}}" });
	call_outcome_fini(&o);
	r = request("socketpair");
	o = (struct call_outcome){ .fds = list(2, 3, 4) };
	check_outs(&r, &o, 1, (const char *const[]){ "descriptors: 3, 4" });
	assert_int_equal(call_fds_made(&r, &o, fd, 1), 1);
	call_outcome_fini(&o);
	r = request("accept");
	o = (struct call_outcome){ .result = 9 };
	assert_int_equal(call_fds_made(&r, &o, fd, 4), 1);
	assert_int_equal(fd[0], 9);
	o.result = -1;
	assert_int_equal(call_fds_made(&r, &o, fd, 4), 0);
}

static void readiness_is_shown(void **state)
{
	struct call_request r = request("select");
	struct call_outcome o = { .result = 3, .revents = list(4, 4, POLLIN | POLLOUT, 5, POLLIN) };

	(void)state;
	check_outs(&r, &o, 1, (const char *const[]){ "ready: 4, 5 to read; 4 to write" });
	r = request("epoll_wait");
	o.result = 2;
	check_outs(&r, &o, 1, (const char *const[]){ "ready: 4 EPOLLIN|EPOLLOUT, 5 EPOLLIN" });
	call_outcome_fini(&o);
}

/* ---- control messages ---- */

static void check_control(struct value v, const char *expected)
{
	STR_ON_STACK(out, 256);
	uint8_t bytes[512] = { 0 };
	struct value back = { .kind = VALUE_LIST };
	size_t items = 100, len = control_write(&v, bytes, sizeof(bytes));

	control_read(&back, bytes, len, sizeof(long), &items);
	assert_int_equal(back.items, 1);
	control_text(&out, &back.item[0], NULL);
	assert_string_equal(out.buf, expected);
	value_fini(&back);
	/* Cut anywhere, it is left out or taken as it is. */
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *torn = malloc(cut + 1);

		memcpy(torn, bytes, cut);
		control_read(&back, torn, cut, sizeof(long), &items);
		value_fini(&back);
		free(torn);
	}
	value_fini(&v);
}

static void control_messages_survive_their_bytes(void **state)
{
	struct value info = value_control(IPPROTO_IP, IP_PKTINFO);

	(void)state;
	value_list_add(&info, value_int(2));
	value_list_add(&info, server(0));
	value_list_add(&info, server(0));
	check_control(control(SOL_SOCKET, SCM_RIGHTS, 3, 4, 5, -1), "SCM_RIGHTS {4, 5, -1}");
	check_control(control(SOL_SOCKET, SCM_RIGHTS, 1, 4), "SCM_RIGHTS {4}");
	check_control(control(IPPROTO_IP, IP_TTL, 1, 3), "IP_TTL 3");
	check_control(control(IPPROTO_IP, IP_TOS, 1, 16), "IP_TOS 16");
	check_control(control(IPPROTO_UDP, 103, 1, 1200), "UDP_SEGMENT 1200");
	check_control(control(SOL_SOCKET, SO_TIMESTAMPNS, 2, 17, 500), "SO_TIMESTAMPNS {17, 500}");
	check_control(info, "IP_PKTINFO {interface 2, 192.0.2.2 to 192.0.2.2}");
	info = value_control(41, 99);
	value_list_add(&info, value_data("\1\2", 2));
	check_control(info, "IPPROTO_IPV6/99 \"\\x01\\x02\"");
}

/* ---- options ---- */

static void check_round(int level, int name, struct value v, const char *expected)
{
	struct option o = option_of(level, name);
	STR_ON_STACK(out, 128);
	uint8_t bytes[OPTION_MAX];
	size_t len = option_encode(&o, &v, bytes, sizeof(bytes));
	struct value back = option_decode(&o, bytes, len);

	option_text(&out, &o, &back);
	assert_string_equal(out.buf, expected);
	value_fini(&back);
	value_fini(&v);
}

static void options_survive_their_bytes(void **state)
{
	(void)state;
	check_round(SOL_SOCKET, SO_RCVBUF, value_int(4096), "4096");
	check_round(SOL_SOCKET, SO_RCVBUF, value_int(-1), "-1");
	check_round(SOL_SOCKET, SO_LINGER, list(2, 1, 5), "{1, 5}");
	check_round(SOL_SOCKET, SO_SNDTIMEO, list(2, 2, 250000), "{2, 250000}");
	check_round(SOL_SOCKET, SO_SNDTIMEO, value_int(2250), "{2, 250000}");
	check_round(SOL_SOCKET, SO_PEERCRED, list(3, 7, 1000, 100), "pid 7 uid 1000 gid 100");
	check_round(IPPROTO_TCP, TCP_CONGESTION, value_data("cubic\0\0\0", 8), "\"cubic\"");
	check_round(IPPROTO_TCP, TCP_INFO, value_filled(FILL_ZEROS, 232), "232 bytes");
	check_round(SOL_SOCKET, SO_LINGER, value_data("abc", 3), "\"abc\"");
}

static void addresses_become_ips(void **state)
{
	const uint8_t group[4] = { 239, 1, 2, 3 };
	struct addr a = addr_v4(group, 0);
	struct option o = option_of(IPPROTO_IP, IP_ADD_MEMBERSHIP);
	struct value v = { .kind = VALUE_LIST };
	uint8_t bytes[16], small[3];

	(void)state;
	value_list_add(&v, value_addr(&a));
	value_list_add(&v, server(0));
	assert_int_equal(option_encode(&o, &v, bytes, sizeof(bytes)), 8);
	assert_memory_equal(bytes, "\xef\x01\x02\x03\xc0\x00\x02\x02", 8);
	assert_int_equal(option_encode(&o, &v, small, sizeof(small)), 3);
	check_round(IPPROTO_IP, IP_ADD_MEMBERSHIP, value_copy(&v), "{239.1.2.3:0, 192.0.2.2:0}");
	value_list_add(&v, value_int(7));
	check_round(IPPROTO_IP, IP_DROP_MEMBERSHIP, value_copy(&v),
		    "{239.1.2.3:0, 192.0.2.2:0, 7}");
	check_round(IPPROTO_IPV6, IPV6_JOIN_GROUP, value_data("0123456789abcdef\1\0\0\0", 20),
		    "{[3031:3233:3435:3637:3839:6162:6364:6566]:0, 1}");
	check_round(IPPROTO_IP, IP_ADD_MEMBERSHIP, value_data("torn", 4), "\"torn\"");
	value_fini(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(the_calls_of_the_lab_are_there),
		cmocka_unit_test(arguments_read_as_c),
		cmocka_unit_test(data_reads_as_c),
		cmocka_unit_test(options_read_as_c),
		cmocka_unit_test(waiting_reads_as_c),
		cmocka_unit_test(pieces_read_as_c),
		cmocka_unit_test(what_is_missing_is_shown),
		cmocka_unit_test(unfit_requests_are_refused),
		cmocka_unit_test(long_text_is_refused),
		cmocka_unit_test(received_data_is_shown),
		cmocka_unit_test(received_numbers_are_shown),
		cmocka_unit_test(received_messages_are_shown),
		cmocka_unit_test(readiness_is_shown),
		cmocka_unit_test(control_messages_survive_their_bytes),
		cmocka_unit_test(options_survive_their_bytes),
		cmocka_unit_test(addresses_become_ips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
