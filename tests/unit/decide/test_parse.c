#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "capture/packet.h"
#include "src/command.h"
#include "src/core/clock.h"
#include "src/parse.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* A scope with c (IPv4) and six (IPv6) of the client, s and a of the server, and a thread of it. */
static void fill_scope(struct scope *sc)
{
	scope_init_lab(sc);
	scope_set_variable(sc, "c", 0, AF_INET);
	scope_set_variable(sc, "six", 0, AF_INET6);
	scope_set_variable(sc, "s", 1, AF_INET);
	scope_set_variable(sc, "s", 0, AF_INET);
	scope_set_variable(sc, "a", 1, AF_INET);
	scope_add_thread(sc, "worker", 1);
}

static int parse(struct line *l, const char *text, const char *focus, struct err *e)
{
	struct scope *sc = malloc(sizeof(*sc));
	const struct parse_where where = { .scope = sc, .focus = focus };
	int rc;

	assert_non_null(sc);
	fill_scope(sc);
	*e = (struct err){ .column = 0 };
	rc = parse_line(l, text, strlen(text), &where, e);
	free(sc);
	return rc;
}

/* A line of a file that must be right. */
static struct line right(const char *text)
{
	struct err e;
	struct line l;

	if (parse(&l, text, NULL, &e))
		fail_msg("%s: column %d: %s", text, e.column, e.what);
	return l;
}

/* ---- calls ---- */

static void a_call_and_its_arguments(void **state)
{
	struct line l = right("client> d = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP)   # new");

	(void)state;
	assert_int_equal(l.kind, LINE_CALL);
	assert_string_equal(l.target, "client");
	assert_string_equal(l.assign, "d");
	assert_string_equal(l.request.call->name, "socket");
	assert_int_equal(l.request.arg[0].number, AF_INET6);
	assert_int_equal(l.request.arg[1].number, SOCK_STREAM | SOCK_NONBLOCK);
	assert_int_equal(l.request.arg[2].number, IPPROTO_TCP);
	assert_int_equal(l.holes, 0);
	assert_false(l.background);
	assert_false(l.want.stated);
	line_fini(&l);
}

static void variables_are_holes(void **state)
{
	struct line l = right("server>poll({s, POLLIN, 7, POLLIN|POLLOUT, a, 0x10}, -1)&");

	(void)state;
	assert_int_equal(l.request.arg[0].kind, VALUE_LIST);
	assert_int_equal(l.request.arg[0].items, 6);
	assert_int_equal(l.request.arg[0].item[1].number, POLLIN);
	assert_int_equal(l.request.arg[0].item[2].number, 7);
	assert_int_equal(l.request.arg[0].item[3].number, POLLIN | POLLOUT);
	assert_int_equal(l.request.arg[0].item[5].number, POLLHUP);
	assert_int_equal(l.request.arg[1].number, -1);
	assert_int_equal(l.holes, 2);
	assert_string_equal(l.hole[0].name, "s");
	assert_int_equal(l.hole[0].item, 0);
	assert_int_equal(l.hole[0].column, 14);
	assert_string_equal(l.hole[1].name, "a");
	assert_int_equal(l.hole[1].item, 4);
	assert_true(l.background);
	line_fini(&l);
}

static void a_method_is_the_call_on_its_socket(void **state)
{
	struct line l = right("server> s.listen(5)");

	(void)state;
	assert_string_equal(l.request.call->name, "listen");
	assert_string_equal(l.hole[0].name, "s");
	assert_int_equal(l.hole[0].arg, 0);
	assert_int_equal(l.request.arg[1].number, 5);
	line_fini(&l);
	l = right("worker> b = s.accept()");
	assert_string_equal(l.target, "worker");
	assert_string_equal(l.assign, "b");
	assert_string_equal(l.request.call->name, "accept");
	line_fini(&l);
}

static void variables_travel_in_messages(void **state)
{
	struct line l = right("client> sendmsg(c, {\"x\", rights(5, c)})");

	(void)state;
	assert_int_equal(l.request.arg[1].items, 2);
	assert_int_equal(l.request.arg[1].item[1].kind, VALUE_CONTROL);
	assert_int_equal(l.request.arg[1].item[1].items, 2);
	assert_int_equal(l.request.arg[1].item[1].item[0].number, 5);
	assert_int_equal(l.holes, 2);
	assert_int_equal(l.hole[0].sub, -1);
	assert_int_equal(l.hole[1].arg, 1);
	assert_int_equal(l.hole[1].item, 1);
	assert_int_equal(l.hole[1].sub, 1);
	line_fini(&l);
}

static void sets_and_lists_of_messages(void **state)
{
	struct line l = right("client> select({c, 7}, {}, {c}, 1500) -> 1, ready {c, POLLIN}");

	(void)state;
	assert_int_equal(l.request.arg[0].kind, VALUE_NONE);
	assert_int_equal(l.request.arg[1].items, 2);
	assert_int_equal(l.request.arg[2].items, 0);
	assert_int_equal(l.request.arg[4].number, 1500);
	assert_int_equal(l.holes, 3);
	assert_int_equal(l.want.ready.items, 2);
	line_fini(&l);
	l = right("client> sendmmsg(c, {{\"a\", \"b\"}, {server:53, zeros(9)}}, MSG_DONTWAIT)");
	assert_int_equal(l.request.arg[1].items, 2);
	assert_int_equal(l.request.arg[1].item[0].items, 2);
	assert_int_equal(l.request.arg[1].item[1].item[0].kind, VALUE_ADDR);
	line_fini(&l);
	l = right("client> epoll_ctl(9, EPOLL_CTL_MOD, c, EPOLLIN|EPOLLET)");
	assert_int_equal(l.request.arg[3].number, (int64_t)0x80000001u);
	line_fini(&l);
	l = right("client> ioctl(c, SIOCGIFADDR, \"eth0\") -> value 0");
	assert_int_equal(l.request.arg[2].kind, VALUE_DATA);
	line_fini(&l);
}

/* What the language cannot write can be expected of a program that does it. */
static void calls_of_programs_can_be_expected(void **state)
{
	struct line l = right("expect blocked server splice");

	(void)state;
	line_fini(&l);
}

static void data_and_its_length(void **state)
{
	struct line l = right("client> send(c, \"hello\\n\", 3, MSG_DONTWAIT|MSG_NOSIGNAL)");

	(void)state;
	assert_int_equal(l.request.arg[1].len, 3);
	assert_memory_equal(l.request.arg[1].bytes, "hel", 3);
	assert_int_equal(l.request.arg[2].number, MSG_DONTWAIT | MSG_NOSIGNAL);
	line_fini(&l);
	l = right("client> send(c, pattern(50000), 0)");
	assert_int_equal(l.request.arg[1].fill, FILL_PATTERN);
	assert_int_equal(l.request.arg[1].len, 50000);
	assert_int_equal(l.request.arg[2].number, 0);
	line_fini(&l);
	l = right("client> send(c, zeros(0))");
	assert_int_equal(l.request.arg[1].fill, FILL_ZEROS);
	line_fini(&l);
}

/* Protocols go by the family before them; a message of netlink is data. */
static void other_families(void **state)
{
	static const struct {
		const char *text;
		int64_t protocol;
	} sockets[] = {
		{ "client> n = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC)", 16 },
		{ "client> n = socket(AF_NETLINK, SOCK_RAW, 4)", 4 },
		{ "client> n = socket(AF_BLUETOOTH, SOCK_STREAM, BTPROTO_RFCOMM)", 3 },
		{ "client> n = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE)", 136 },
		{ "client> n = socket(AF_PACKET, SOCK_RAW, 0)", 0 },
	};
	static const uint8_t order[] = { 0x08, 0x06 };
	struct line l;
	uint16_t half;

	(void)state;
	for (size_t i = 0; i < COUNT(sockets); i++) {
		l = right(sockets[i].text);
		assert_int_equal(l.request.arg[2].number, sockets[i].protocol);
		line_fini(&l);
	}
	l = right("client> n = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ARP))");
	half = (uint16_t)l.request.arg[2].number;
	assert_memory_equal(&half, order, sizeof(order));
	line_fini(&l);
	l = right("client> sendto(c, nlmsg(RTM_GETROUTE, NLM_F_REQUEST|NLM_F_DUMP, AF_INET, 7), 0, netlink:0)");
	assert_int_equal(l.request.arg[1].len, 28);
	assert_int_equal(l.request.arg[1].bytes[0], 28); /* little-endian, as all machines that it is tested on */
	assert_int_equal(l.request.arg[1].bytes[4], 26);
	assert_int_equal(l.request.arg[1].bytes[8], 7);
	assert_int_equal(l.request.arg[1].bytes[16], AF_INET);
	assert_int_equal(addr_family(&l.request.arg[3].addr), AF_NETLINK);
	line_fini(&l);
	l = right("client> connect(c, vsock:2:1024) -> any");
	assert_int_equal(addr_family(&l.request.arg[1].addr), AF_VSOCK);
	line_fini(&l);
}

static void a_pair_has_two_names(void **state)
{
	struct line l = right("client> p, q = socketpair(AF_UNIX, SOCK_STREAM) -> 0");

	(void)state;
	assert_string_equal(l.assign, "p");
	assert_string_equal(l.assign_second, "q");
	line_fini(&l);
	l = right("client> socketpair(AF_UNIX, SOCK_STREAM)");
	assert_string_equal(l.assign_second, "");
	line_fini(&l);
	l = right("program ping on client as root");
	assert_true(l.as_root);
	line_fini(&l);
}

static void addresses_follow_the_socket(void **state)
{
	static const struct {
		const char *text, *addr;
	} rows[] = {
		{ "client> connect(c, server:8080)", "192.0.2.2:8080" },
		{ "client> connect(six, server:8080)", "[2001:db8::2]:8080" },
		{ "client> bind(c, *:1)", "*:1" },
		{ "client> bind(six, *:1)", "[::]:1" },
		{ "client> bind(c, [::1]:65535)", "[::1]:65535" },
		{ "client> bind(3, unix:/tmp/x.sock)", "unix:/tmp/x.sock" },
		{ "client> bind(3, unix:@name)", "unix:@name" },
		{ "client> c.connect( 127.0.0.1:0 )", "127.0.0.1:0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct line l = right(rows[i].text);
		STR_ON_STACK(text, 128);

		addr_text(&text, &l.request.arg[1].addr, NULL);
		assert_string_equal(text.buf, rows[i].addr);
		line_fini(&l);
	}
}

static void flags_may_be_left_out_before_an_address(void **state)
{
	struct line l = right("client> sendto(c, \"x\", server:9)"), m = right("client> sendto(c, \"x\", 0, server:9)");

	(void)state;
	assert_true(addr_equal(&l.request.arg[3].addr, &m.request.arg[3].addr));
	assert_int_equal(l.request.arg[2].kind, m.request.arg[2].kind);
	line_fini(&l);
	line_fini(&m);
}

static void option_values(void **state)
{
	struct line l = right("client> setsockopt(c, SOL_SOCKET, SO_LINGER, {1, 5})");

	(void)state;
	assert_int_equal(l.request.arg[2].number, SO_LINGER);
	assert_int_equal(l.request.arg[3].items, 2);
	assert_int_equal(l.request.arg[3].item[1].number, 5);
	line_fini(&l);
	l = right("client> setsockopt(c, IPPROTO_TCP, TCP_CONGESTION, \"reno\")");
	assert_int_equal(l.request.arg[2].number, TCP_CONGESTION);
	assert_int_equal(l.request.arg[3].kind, VALUE_DATA);
	line_fini(&l);
	l = right("client> setsockopt(c, IPPROTO_IP, 35, {239.0.0.1:0, 0.0.0.0:0})");
	assert_int_equal(l.request.arg[3].item[0].kind, VALUE_ADDR);
	line_fini(&l);
	l = right("client> sendmsg(c, {server:9, \"a\", zeros(3)}, MSG_DONTWAIT)");
	assert_int_equal(l.request.arg[1].items, 3);
	assert_int_equal(l.request.arg[1].item[0].kind, VALUE_ADDR);
	line_fini(&l);
}

static void results(void **state)
{
	struct line l = right("server> recvfrom(s, 100) -> 5, \"hello\" from client:*");

	(void)state;
	assert_true(l.want.stated && l.want.has_number && l.want.has_addr && l.want.any_port);
	assert_int_equal(l.want.number.number, 5);
	assert_int_equal(l.want.data.len, 5);
	line_fini(&l);
	l = right("client> connect(c, server:1) & -> ECONNREFUSED");
	assert_int_equal(l.want.error, ECONNREFUSED);
	assert_true(l.background);
	line_fini(&l);
	l = right("client> connect(c, server:1) -> ECONNREFUSED &");
	assert_int_equal(l.want.error, ECONNREFUSED);
	assert_true(l.background);
	line_fini(&l);
	l = right("client> send(c, \"x\") -> SIGPIPE");
	assert_int_equal(l.want.signal, SIGPIPE);
	line_fini(&l);
	l = right("client> recv(c, 10) -> >=2");
	assert_int_equal(l.want.number.compare, COMPARE_GREATER_EQUAL);
	line_fini(&l);
	l = right("client> getsockopt(c, SOL_SOCKET, SO_ERROR) -> 0, value ECONNREFUSED");
	assert_int_equal(l.want.option.number, ECONNREFUSED);
	line_fini(&l);
	l = right("server> poll({s, POLLIN}, 0) -> 1, ready {s, POLLIN}");
	assert_int_equal(l.want.ready.items, 2);
	assert_int_equal(l.holes, 2);
	assert_int_equal(l.hole[1].arg, HOLE_RESULT);
	line_fini(&l);
	l = right("client> fcntl(c, F_GETFL) -> O_RDWR|O_NONBLOCK");
	assert_true(l.want.number.number == 04002);
	line_fini(&l);
	l = right("client> accept(c) -> any");
	assert_true(l.want.any);
	line_fini(&l);
}

/* ---- commands and conditions ---- */

static void wire_commands(void **state)
{
	struct line l = right("wire>   hold from client if tcp[tcpflags] & tcp-fin != 0 once count 3  # FINs");

	(void)state;
	assert_int_equal(l.order.verb, WIRE_HOLD);
	assert_int_equal(l.order.from, 0);
	assert_string_equal(l.order.filter, "tcp[tcpflags] & tcp-fin != 0");
	assert_true(l.order.once);
	assert_int_equal(l.order.every, 3);
	line_fini(&l);
	l = right("delay 1.5s from server");
	assert_int_equal(l.order.verb, WIRE_DELAY);
	assert_int_equal(l.order.from, 1);
	assert_true(l.order.delay_ns == 1500 * NS_PER_MS);
	line_fini(&l);
	l = right("wire> delay 20 ms");
	assert_int_equal(l.order.from, HOST_NONE);
	assert_true(l.order.delay_ns == 20 * NS_PER_MS);
	line_fini(&l);
	l = right("wire> hold off 2");
	assert_int_equal(l.order.verb, WIRE_HOLD_OFF);
	assert_int_equal(l.order.number, 2);
	line_fini(&l);
	l = right("wire> release all");
	assert_int_equal(l.order.which, WHICH_ALL);
	line_fini(&l);
	l = right("wire> drop 17");
	assert_int_equal(l.order.which, WHICH_NUMBER);
	assert_int_equal(l.order.number, 17);
	line_fini(&l);
	l = right("wire> release 4 first");
	assert_int_equal(l.order.number, 4);
	assert_true(l.order.first && !l.order.edit.given);
	line_fini(&l);
	l = right("wire> release 4 first with flags rst|ACK seq 100 ack -1 window +5 ttl 1 data \"a\\x00b\" bytes 54 \"\\xff\" unmended");
	assert_true(l.order.first && l.order.edit.given && l.order.edit.unmended);
	assert_int_equal(l.order.edit.flags, TCP_RST | TCP_ACK);
	assert_true(l.order.edit.seq.given && !l.order.edit.seq.relative && l.order.edit.seq.n == 100);
	assert_true(l.order.edit.ack.relative && l.order.edit.ack.n == -1);
	assert_true(l.order.edit.window.relative && l.order.edit.window.n == 5);
	assert_int_equal(l.order.edit.ttl.n, 1);
	assert_int_equal(l.order.edit.data_len, 3);
	assert_memory_equal(l.order.edit.data, "a\0b", 3);
	assert_int_equal(l.order.edit.bytes_at, 54);
	assert_int_equal(l.order.edit.bytes_len, 1);
	line_fini(&l);
	l = right("release with data \"\"");
	assert_int_equal(l.order.which, WHICH_NEXT);
	assert_true(l.order.edit.has_data && l.order.edit.data_len == 0);
	line_fini(&l);
	l = right("wire> hold if udp every 2nd once");
	assert_string_equal(l.order.filter, "udp");
	assert_int_equal(l.order.every, 2);
	assert_true(l.order.once);
	line_fini(&l);
	l = right("wire> drop every 3rd from client");
	assert_int_equal(l.order.every, 3);
	line_fini(&l);
	l = right("wire> patient off");
	assert_int_equal(l.order.verb, WIRE_PATIENT);
	assert_int_equal(l.order.patience, PATIENCE_NEVER);
	line_fini(&l);
	l = right("arp on");
	assert_true(l.order.verb == WIRE_ARP && !l.order.known);
	line_fini(&l);
	l = right("wire> dup");
	assert_int_equal(l.order.verb, WIRE_DUP);
	assert_int_equal(l.order.which, WHICH_NEXT);
	line_fini(&l);
}

/* What chance and the other faults take, and in any order. */
static void wire_faults(void **state)
{
	struct line l = right("wire> loss 12.5% burst 3 from server if udp port 53 seed 7 # DNS");

	(void)state;
	assert_int_equal(l.order.verb, WIRE_DROP);
	assert_int_equal(l.order.millionths, 125000);
	assert_int_equal(l.order.burst, 3);
	assert_int_equal(l.order.from, 1);
	assert_int_equal(l.order.seed, 7);
	assert_string_equal(l.order.filter, "udp port 53");
	line_fini(&l);
	l = right("wire> duplicate 0.0001% seed 3 from client");
	assert_int_equal(l.order.verb, WIRE_DUP);
	assert_int_equal(l.order.millionths, 1);
	assert_int_equal(l.order.seed, 3);
	line_fini(&l);
	l = right("wire> reorder 100% by 20 ms next 2");
	assert_int_equal(l.order.verb, WIRE_REORDER);
	assert_int_equal(l.order.millionths, 1000000);
	assert_true(l.order.by_ns == 20 * NS_PER_MS);
	assert_int_equal(l.order.next, 2);
	line_fini(&l);
	l = right("wire> corrupt mended next from client");
	assert_int_equal(l.order.verb, WIRE_CORRUPT);
	assert_int_equal(l.order.millionths, 0);
	assert_true(l.order.mended);
	assert_int_equal(l.order.next, 1);
	line_fini(&l);
	l = right("wire> drop next 2 from client if tcp");
	assert_int_equal(l.order.verb, WIRE_DROP);
	assert_true(l.order.to_come);
	assert_int_equal(l.order.next, 2);
	line_fini(&l);
	l = right("wire> delay 50ms jitter 10ms from client");
	assert_true(l.order.jitter_ns == 10 * NS_PER_MS);
	assert_int_equal(l.order.from, 0);
	line_fini(&l);
	l = right("wire> mark ce count 4");
	assert_int_equal(l.order.verb, WIRE_MARK);
	assert_int_equal(l.order.every, 4);
	line_fini(&l);
	l = right("wire> seed");
	assert_int_equal(l.order.verb, WIRE_SEED);
	assert_int_equal(l.order.seed, 0);
	line_fini(&l);
	l = right("wire> off 3");
	assert_int_equal(l.order.verb, WIRE_OFF);
	assert_int_equal(l.order.number, 3);
	line_fini(&l);
}

static void wire_limits(void **state)
{
	static const struct {
		const char *text;
		int64_t bits;
	} rows[] = {
		{ "wire> rate 10mbit", 10000000 }, { "wire> rate 1.5mbit", 1500000 }, { "wire> rate 64kbit", 64000 },
		{ "wire> rate 2500bit", 2500 }, { "wire> rate 100gbit", INT64_C(100000000000) },
		{ "wire> rate 100000mbit", INT64_C(100000000000) }, { "wire> rate 0", 0 },
	};
	struct line l;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		l = right(rows[i].text);
		assert_int_equal(l.order.verb, WIRE_RATE);
		assert_true(l.order.bits_per_s == rows[i].bits);
		line_fini(&l);
	}
	l = right("wire> rate 10mbit queue 20 from server");
	assert_int_equal(l.order.queue, 20);
	assert_int_equal(l.order.from, 1);
	line_fini(&l);
	l = right("wire> mtu 1000 from client silent");
	assert_int_equal(l.order.verb, WIRE_MTU);
	assert_int_equal(l.order.mtu, 1000);
	assert_true(l.order.silent);
	line_fini(&l);
}

static void wire_injections(void **state)
{
	struct line l = right("wire> inject rst from server seq +1000 ack -5 window 0 len 7 flags SYN|ack");

	(void)state;
	assert_int_equal(l.order.verb, WIRE_INJECT);
	assert_int_equal(l.order.from, 1);
	assert_int_equal(l.order.inject.flags, TCP_SYN | TCP_ACK);
	assert_true(l.order.inject.seq.given && l.order.inject.seq.relative);
	assert_true(l.order.inject.seq.n == 1000);
	assert_true(l.order.inject.ack.relative && l.order.inject.ack.n == -5);
	assert_true(l.order.inject.window.given && !l.order.inject.window.relative);
	assert_int_equal(l.order.inject.len, 7);
	line_fini(&l);
	l = right("wire> inject data from client");
	assert_int_equal(l.order.inject.flags, TCP_PSH | TCP_ACK);
	assert_int_equal(l.order.inject.len, 1);
	line_fini(&l);
	l = right("wire> inject icmp needfrag 1000 to client quoting 12");
	assert_true(l.order.inject.icmp);
	assert_int_equal(l.order.inject.kind, FORGE_NEEDFRAG);
	assert_int_equal(l.order.inject.mtu, 1000);
	assert_int_equal(l.order.from, 0);
	assert_int_equal(l.order.inject.quotes, 12);
	line_fini(&l);
	l = right("wire> inject icmp port-unreachable to server");
	assert_int_equal(l.order.inject.kind, FORGE_PORT_UNREACHABLE);
	assert_int_equal(l.order.inject.quotes, 0);
	line_fini(&l);
}

static void packet_conditions(void **state)
{
	struct line l = right("expect within 500ms no packet client SYN ACK seq 0 len <=10 win>0");

	(void)state;
	assert_true(l.condition.none);
	assert_true(l.condition.within_ns == 500 * NS_PER_MS);
	assert_string_equal(l.condition.packet.host, "client");
	assert_true(l.condition.packet.has_flags);
	assert_int_equal(l.condition.packet.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(l.condition.packet.tests, 3);
	assert_int_equal(l.condition.packet.test[1].test.compare, COMPARE_LESS_EQUAL);
	line_fini(&l);
	l = right("wait packet udp len 4");
	assert_string_equal(l.condition.packet.host, "");
	assert_int_equal(l.condition.packet.protocol, PATTERN_UDP);
	line_fini(&l);
}

static void other_conditions(void **state)
{
	struct line l = right("expect state a close-wait");

	(void)state;
	assert_int_equal(l.condition.state, SOCK_STATE_CLOSE_WAIT);
	assert_string_equal(l.condition.actor, "server");
	assert_string_equal(l.condition.variable, "a");
	line_fini(&l);
	l = right("expect state client.s SYN-SENT");
	assert_string_equal(l.condition.actor, "client");
	line_fini(&l);
	l = right("expect state server SYN_RECEIVED");
	assert_string_equal(l.condition.actor, "server");
	assert_string_equal(l.condition.variable, "");
	assert_int_equal(l.condition.state, SOCK_STATE_SYN_RECEIVED);
	line_fini(&l);
	l = right("wait blocked worker recv");
	assert_string_equal(l.condition.actor, "worker");
	assert_string_equal(l.condition.call->name, "recv");
	line_fini(&l);
	l = right("expect return server recv -> \"x\"");
	assert_int_equal(l.want.data.len, 1);
	line_fini(&l);
	l = right("expect exit client SIGKILL");
	assert_int_equal(l.condition.signal, SIGKILL);
	line_fini(&l);
	l = right("expect cause client \"tail loss probe\"");
	assert_int_equal(l.condition.kind, CONDITION_CAUSE);
	assert_string_equal(l.condition.actor, "client");
	assert_int_equal(l.condition.cause, CAUSE_TAIL_PROBE);
	line_fini(&l);
	l = right("expect no cause server syn-retransmit");
	assert_int_equal(l.condition.cause, CAUSE_SYN_TIMEOUT);
	assert_true(l.condition.none);
	line_fini(&l);
	l = right("expect counter server TcpExtListenOverflows +2");
	assert_int_equal(l.condition.kind, CONDITION_COUNTER);
	assert_string_equal(l.condition.counter->name, "TcpExtListenOverflows");
	assert_int_equal(l.condition.number.number, 2);
	line_fini(&l);
	l = right("expect counter client RetransSegs");
	assert_string_equal(l.condition.counter->name, "TcpRetransSegs");
	assert_int_equal(l.condition.number.number, 1);
	line_fini(&l);
	l = right("expect socket a recv-q >5");
	assert_string_equal(sample_fields[l.condition.field].name, "recv-q");
	line_fini(&l);
	l = right("wait 20ms");
	assert_true(l.time_ns == 20 * NS_PER_MS);
	line_fini(&l);
}

static void text_is_taken_as_it_is(void **state)
{
	struct line l = right("say   It's \"half\" & # of <it> -> 1  ");

	(void)state;
	assert_string_equal(l.text, "It's \"half\" & # of <it> -> 1");
	line_fini(&l);
	l = right("say (Here it begins.) And so on");
	assert_string_equal(l.text, "(Here it begins.) And so on");
	line_fini(&l);
	l = right("ask Which? | *SYN | ACK");
	assert_string_equal(l.text, "Which? | *SYN | ACK");
	line_fini(&l);
	l = right("   # nothing");
	assert_int_equal(l.kind, LINE_EMPTY);
	line_fini(&l);
}

static void questions_say_where_the_answer_is(void **state)
{
	struct line l = right("ask Which? | *SYN ACK | ACK <- next packet server TCP len 0 flags");

	(void)state;
	assert_string_equal(l.text, "Which? | *SYN ACK | ACK ");
	assert_int_equal(l.subject.kind, SUBJECT_PACKET);
	assert_true(l.subject.field == SUBJECT_FLAGS);
	assert_string_equal(l.condition.packet.host, "server");
	assert_int_equal(l.condition.packet.tests, 1);
	assert_int_equal(subject_answers(&l.subject), ANSWER_FLAGS);
	line_fini(&l);
	l = right("ask How long? <- packet client len seq 5");
	assert_string_equal(packet_fields[l.subject.field].name, "len");
	assert_int_equal(l.condition.packet.tests, 1);
	line_fini(&l);
	l = right("ask How many? | 3 <- packets UDP len >5");
	assert_int_equal(l.subject.kind, SUBJECT_PACKETS);
	assert_true(subject_is_total(&l.subject));
	line_fini(&l);
	l = right("ask Which state? <- next state client");
	assert_true(l.subject.next);
	assert_string_equal(l.condition.actor, "client");
	assert_int_equal(subject_answers(&l.subject), ANSWER_STATE);
	line_fini(&l);
	l = right("ask How many? <- socket a recv-q");
	assert_string_equal(sample_fields[l.subject.field].name, "recv-q");
	assert_false(subject_is_total(&l.subject));
	line_fini(&l);
	l = right("ask What? | *-1 ECONNREFUSED: refused | 0 <- return client connect   # a comment");
	assert_string_equal(l.condition.call->name, "connect");
	assert_int_equal(subject_answers(&l.subject), ANSWER_RESULT);
	line_fini(&l);
	l = right("ask How? | SIGPIPE <- exit client");
	assert_int_equal(l.subject.kind, SUBJECT_EXIT);
	line_fini(&l);
}

static void the_prompt_knows_whom(void **state)
{
	struct err e;
	struct line l;

	(void)state;
	assert_int_equal(parse(&l, "s.listen(5)", "server", &e), 0);
	assert_string_equal(l.target, "server");
	line_fini(&l);
	assert_int_equal(parse(&l, "client>", "server", &e), 0);
	assert_int_equal(l.kind, LINE_TARGET);
	line_fini(&l);
	assert_int_equal(parse(&l, ":save x y.pcapng", "server", &e), 0);
	assert_string_equal(l.text, "x y.pcapng");
	line_fini(&l);
	assert_int_equal(parse(&l, "kill", "server", &e), 0);
	assert_string_equal(l.name, "server");
	line_fini(&l);
	assert_int_equal(parse(&l, "expect packet", "server", &e), -1);
}

/* ---- what is wrong ---- */

static const struct wrong {
	const char *text;
	int column;
	const char *what;	/* a part of the message */
	const char *hint;	/* a part of the hint, or NULL */
} wrongs[] = {
	{ "client> c = sokcet(AF_INET, SOCK_STREAM)", 13, "expected a call, not \"sokcet\"", "did you mean socket?" },
	{ "client> socket(AF_INTE, SOCK_STREAM)", 16, "address family", "did you mean AF_INET?" },
	{ "client> socket(AF_INET, SOCK_STRAEM)", 25, "socket type", "did you mean SOCK_STREAM?" },
	{ "client> socket(AF_INET SOCK_STREAM)", 24, "expected \",\" or \")\"", "socket(domain, type" },
	{ "client> socket(AF_INET)", 23, "expected type, but the arguments end", "socket(domain, type" },
	{ "client> socket(AF_INET, SOCK_STREAM, 0, 1)", 39, "no more arguments", NULL },
	{ "client> socket(AF_INET, SOCK_STREAM", 36, "expected", NULL },
	{ "client> socket(99999999999, SOCK_STREAM)", 16, "too large", NULL },
	{ "expect cause client RTX", 21, "expected a cause such as RTO or fast-retransmit, not \"RTX\"",
	  "did you mean RTO?" },
	{ "expect cause nobody RTO", 14, "expected a host", NULL },
	{ "expect cause client", 20, "expected a cause", NULL },
	{ "expect counter client TcpExtListenOverflow", 23, "expected a counter such as TcpExtTCPTimeouts",
	  "did you mean TcpExtListenOverflows?" },
	{ "expect counter client RetransSegs 3", 35, "expected + and by how much it has grown", NULL },
	{ "expect counter client RetransSegs +0", 36, "expected", NULL },
	{ "client> listen(c)", 17, "expected backlog", "listen(sockfd, backlog)" },
	{ "client> listen(c, \"five\")", 19, "expected backlog (a number), not a text", NULL },
	{ "client> listen(c, 5) 6", 22, "expected the end of the line", NULL },
	{ "client> listen(c, 5) -> 0 -> 0", 27, "expected the end of the line", NULL },
	{ "client> listen(sv, 5)", 16, "expected a socket", "did you mean" },
	{ "client> listen(a, 5)", 16, "expected a socket", NULL },
	{ "client> connect(c, sevrer:80)", 20, "no host is called", "did you mean server?" },
	{ "client> connect(c, server)", 26, "no port", NULL },
	{ "client> connect(c, server:http)", 27, "a port is a number", NULL },
	{ "client> connect(c, \"server\")", 20, "expected an address", NULL },
	{ "client> connect(c, )", 20, "expected addr", NULL },
	{ "client> bind(c, [2001:db8::g]:1)", 18, "no IPv6 address", NULL },
	{ "client> send(c, hello)", 17, "expected data", NULL },
	{ "client> send(c, zeroes(5))", 17, "expected data", "did you mean zeros?" },
	{ "client> send(c, zeros(-5))", 23, "expected a number of bytes from 0", NULL },
	{ "client> send(c, \"abc\", 4)", 24, "only 3 bytes", NULL },
	{ "client> send(c, \"abc\", MSG_DONTWIAT)", 24, "expected flags", "did you mean MSG_DONTWAIT?" },
	{ "client> send(c, \"abc)", 17, "closing \"", NULL },
	{ "client> send(c, \"a\\qc\")", 19, "no such escape", NULL },
	{ "client> recv(c, buf)", 17, "expected the size of the buffer", NULL },
	{ "client> shutdown(c, SHUT_RW)", 21, "SHUT_RD", "did you mean SHUT_R" },
	{ "client> setsockopt(c, SOL_SOCKTE, SO_REUSEADDR, 1)", 23, "a level", "did you mean SOL_SOCKET?" },
	{ "client> setsockopt(c, SOL_SOCKET, TCP_NODELAY, 1)", 35, "an option of that level", NULL },
	{ "client> setsockopt(c, SOL_SOCKET, SO_LINGER, {1, 5)", 51, "expected \"}\"", NULL },
	{ "client> setsockopt(c, SOL_SOCKET, SO_LINGER, {1, 5", 46, "closing }", NULL },
	{ "client> fcntl(c, F_SETFL, O_NOBLOCK)", 27, "expected flags", "did you mean O_NONBLOCK?" },
	{ "client> poll({c}, 0)", 16, "the events to wait for", "{s, POLLIN}" },
	{ "client> poll({c, POLIN}, 0)", 18, "events", "did you mean POLLIN?" },
	{ "client> poll(c, 0)", 14, "expected \"{\"", NULL },
	{ "client> sendfile(c, c, 0, 9)", 9, "cannot write it", "send(c, pattern(50000))" },
	{ "client> c.sendfile(c, 0, 9)", 11, "cannot write it", "send(c" },
	{ "client> select({c, x}, {})", 20, "expected a socket", NULL },
	{ "client> sendmsg(c, {\"x\", right(c)})", 26, "expected data", NULL },
	{ "client> sendmsg(c, {\"x\", rights(c})", 34, "expected \")\"", NULL },
	{ "client> sendmmsg(c, {{\"x\", rights(c)}}, 0)", 28, "cannot stand", "sendmsg()" },
	{ "client> epoll_ctl(c, EPOLL_CTL_AD, c, EPOLLIN)", 22, "EPOLL_CTL_ADD", "did you mean EPOLL_CTL_ADD?" },
	{ "client> ioctl(c, FIONRAED)", 18, "a request", "did you mean FIONREAD?" },
	{ "client> readv(c, {ten})", 19, "the size of a buffer", NULL },
	{ "client> c.listn(5)", 11, "expected a call", "did you mean listen?" },
	{ "client> c.socket(AF_INET, SOCK_STREAM)", 17, "not made on a socket", NULL },
	{ "client> 5 = socket(AF_INET, SOCK_STREAM)", 9, "expected a call or a command", NULL },
	{ "client> a_name_that_is_much_too_long = socket(AF_INET, SOCK_STREAM)", 9, "at most 23 letters", NULL },
	{ "client> connect(c, server:80) -> ECONREFUSED", 34, "expected a result", "did you mean ECONNREFUSED?" },
	{ "client> connect(c, server:80) ->", 33, "expected a result", NULL },
	{ "client> connect(c, server:80) -> \"x\"", 34, "gives a number, not data", NULL },
	{ "client> connect(c, server:80) -> client:80", 34, "reports no address", NULL },
	{ "client> connect(c, server:80) -> value 1", 34, "no option's value", NULL },
	{ "client> connect", 16, "expected \"(\" behind the name", NULL },
	{ "client>", 8, "expected a call or a command, but the line ends", NULL },
	{ "clinet> close(c)", 1, "expected a program, a thread or wire", "did you mean client?" },
	{ "c = socket(AF_INET, SOCK_STREAM)", 1, "which program", "client> c = socket" },
	{ "wire> socket(AF_INET, SOCK_STREAM)", 7, "the wire makes no calls", NULL },
	{ "wire> kill", 7, "kill is a command of a program, not of wire", NULL },
	{ "client> hold", 9, "hold is a command of wire", NULL },
	{ "wire> say x", 7, "say is a command of the lab", NULL },
	{ "wire> releese", 7, "expected a call or a command", "did you mean release?" },
	{ "wire> release al", 15, "expected all", "did you mean all?" },
	{ "wire> release 0", 15, "from 1", NULL },
	{ "wire> release all with seq 1", 19, "end of the line", NULL },
	{ "wire> release 3 frist", 17, "expected first", "did you mean first?" },
	{ "wire> release first", 15, "expected all", NULL },
	{ "wire> release 3 with", 21, "expected flags", NULL },
	{ "wire> release 3 with sec 1", 22, "expected flags", "did you mean seq?" },
	{ "wire> release with flags RTS", 26, "expected flags", NULL },
	{ "wire> release with data x", 25, "expected data", NULL },
	{ "wire> release with data zeros(513)", 25, "at most 512", NULL },
	{ "wire> release with ttl 256", 24, "255", NULL },
	{ "wire> drop every 3th4", 18, "expected a count", NULL },
	{ "wire> patient of", 15, "expected on, off or auto", NULL },
	{ "wire> arp", 10, "expected on or off", NULL },
	{ "wire> hold fi tcp", 12, "expected if", NULL },
	{ "wire> hold if", 14, "expected a filter", NULL },
	{ "wire> hold if tpc port 80", 15, "filter", "pcap-filter" },
	{ "wire> hold from sever", 17, "expected a host", "did you mean server?" },
	{ "wire> delay", 12, "expected a time", NULL },
	{ "wire> delay 20", 13, "expected a time", NULL },
	{ "wire> delay 20ms form client", 18, "expected from", "did you mean from?" },
	{ "wire> cut it", 11, "expected from", NULL },
	{ "wire> hold off 1 now", 18, "expected the end of the line", NULL },
	{ "wire> loss 101%", 12, "expected a chance", NULL },
	{ "wire> loss", 11, "expected a chance", NULL },
	{ "wire> loss 5% mended", 15, "expected if, from, burst or seed", NULL },
	{ "wire> rate 10", 12, "expected a rate", NULL },
	{ "wire> rate 99999gbit0", 12, "expected a rate", NULL },
	{ "wire> mtu 67", 11, "at least 68 bytes", "0 ends it" },
	{ "wire> mark", 11, "expected ce", NULL },
	{ "wire> inject rts from server", 14, "expected rst, syn", "did you mean rst?" },
	{ "wire> inject rst to server", 18, "expected from and a host", NULL },
	{ "wire> inject data from server flags PUSH", 37, "expected flags", NULL },
	{ "interrupt", 10, "expected a program", "client" },
	{ "interrupt sever", 11, "expected a program", "did you mean server?" },
	{ "kill worker", 6, "is a thread", "its program" },
	{ "thread worker of server", 8, "there is a worker already", NULL },
	{ "thread wire of server", 8, "there is a wire already", NULL },
	{ "thread t on server", 10, "expected of", NULL },
	{ "program p on moon", 14, "expected a host", "client, server" },
	{ "save x.pcapng", 1, "belongs at the prompt", NULL },
	{ "set", 4, "expected a host, a sysctl", NULL },
	{ "set sever net.ipv4.tcp_sack 1", 5, "expected a host, a sysctl", "did you mean server?" },
	{ "set server", 11, "expected a host, a sysctl", NULL },
	{ "set server tcp_sak 1", 12, "expected a host, a sysctl", "did you mean tcp_sack?" },
	{ "set server kernel.hostname x", 12, "expected a host, a sysctl", NULL },
	{ "set server net.ipv4/../../kernel/hostname x", 12, "expected a host, a sysctl", NULL },
	{ "set server net.ipv4.tcp_sack", 29, "expected a value", "0, 1" },
	{ "set server net.ipv4.tcp_sack # 1", 29, "expected a value", NULL },
	{ "set server route rto_mni 5s", 18, "what a route can say", "did you mean rto_min?" },
	{ "set server route rto_min 5", 26, "expected a time", NULL },
	{ "set server route rto_min 999s", 26, "at most 120 s", NULL },
	{ "set server route quickack 2", 27, "from 0 to 1", NULL },
	{ "set server route quickack 1 2", 29, "expected the end of the line", NULL },
	{ "wire> set server net.ipv4.tcp_sack 1", 7, "set is a command of the lab", NULL },
	{ "say", 4, "expected a text", NULL },
	{ "sya hello", 1, "expected a command", "did you mean say?" },
	{ "ask What? | *a | *b", 16, "marked with * already", NULL },
	{ "ask What? | a | b", 5, "must be marked", NULL },
	{ "ask What?", 5, "needs its answer", NULL },
	{ "ask", 4, "expected a question", NULL },
	{ "ask What? | | *b", 11, "expected an answer", NULL },
	{ "ask What? <-", 13, "expected where the answer is found", NULL },
	{ "ask What? <- packt client flags", 14, "expected where the answer is found", "did you mean packet?" },
	{ "ask What? <- packet client SYN", 21, "what of the packet is asked for", "packet server flags" },
	{ "ask What? <- packet client flags len", 37, "a number behind len", NULL },
	{ "ask What? <- packets client flags", 29, "a protocol, flags or a number", NULL },
	{ "ask What? <- state client", 20, "client has many sockets", "next state HOST" },
	{ "ask What? <- state a LISTEN", 22, "expected the end of the line", NULL },
	{ "ask What? <- socket a recvq", 23, "expected a number of the socket", "did you mean recv-q?" },
	{ "ask What? <- return server acept", 28, "expected a call", "did you mean accept?" },
	{ "ask What? | *SIN <- packet client flags", 5, "the right answer must be flags", NULL },
	{ "ask What? | *opened <- state a", 5, "the right answer must be a state", NULL },
	{ "client> x = socketpair(AF_UNIX, SOCK_STREAM)", 9, "gives two descriptors", "a, b = socketpair" },
	{ "client> x, y = socket(AF_UNIX, SOCK_STREAM)", 9, "gives one descriptor", NULL },
	{ "client> x, = socketpair(AF_UNIX, SOCK_STREAM)", 12, "expected a second name", NULL },
	{ "client> x, y socketpair(AF_UNIX, SOCK_STREAM)", 14, "behind a name that is assigned", NULL },
	{ "client> n = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUT)", 42, "such as NETLINK_ROUTE", "did you mean NETLINK_ROUTE?" },
	{ "client> n = socket(AF_PACKET, SOCK_RAW, ETH_P_ALL)", 41, "as in htons", NULL },
	{ "client> send(c, nlmsg(RTM_GETRUTE, NLM_F_DUMP))", 23, "such as RTM_GETROUTE", "did you mean RTM_GETROUTE?" },
	{ "client> send(c, nlmsg(RTM_GETROUTE))", 35, "NLM_F_REQUEST", NULL },
	{ "client> connect(c, vsock:2)", 27, "expected : and a port", "as in vsock:2:1024" },
	{ "client> connect(c, netlink:kernel)", 28, "not a port id", "netlink:0" },
	{ "program ping on client as user", 27, "expected root", NULL },
	{ "needs ipv7", 7, "something a machine can have", "did you mean ipv6?" },
	{ "needs linux six", 7, "something a machine can have", NULL },
	{ "wait", 5, "expected what to look for", NULL },
	{ "wait 5", 6, "expected a time", NULL },
	{ "wait 0", 6, "a time above 0", NULL },
	{ "expect", 7, "expected what to look for", NULL },
	{ "expect pakcet client SYN", 8, "expected what to look for", "did you mean packet?" },
	{ "expect no state a LISTEN", 11, "packet, lost", NULL },
	{ "expect within packet", 15, "expected a time", NULL },
	{ "expect packet client SNY", 22, "a protocol, flags or a number", "did you mean SYN?" },
	{ "expect packet cleint SYN", 15, "a host, a protocol", "did you mean client?" },
	{ "expect packet client SYN len", 29, "a number behind len", NULL },
	{ "expect packet client SYN len five", 30, "a number behind len", NULL },
	{ "expect state s ESTABLISHED", 14, "both client and server have a variable s", "server.s" },
	{ "expect state x ESTABLISHED", 14, "expected a variable", NULL },
	{ "expect state a ESTABLISHD", 16, "expected a state", "did you mean ESTABLISHED?" },
	{ "expect state a", 15, "expected a state", NULL },
	{ "expect state client.a LISTEN", 21, "a variable of that program", NULL },
	{ "expect socket a recvq 5", 17, "expected a number of the socket", "did you mean recv-q?" },
	{ "expect socket server recv-q 5", 15, "expected a variable", NULL },
	{ "expect blocked sever", 16, "expected a program", "did you mean server?" },
	{ "expect blocked server acept", 23, "expected a call", "did you mean accept?" },
	{ "expect return server -> 5", 22, "name of the call", NULL },
	{ "expect exit server SIGKIL", 20, "exit status or a signal", "did you mean SIGKILL?" },
	{ "expect exit worker", 19, "a thread has no end of its own", NULL },
	{ "expect held many", 13, "number of packets", NULL },
	{ "%%%", 1, "expected a command", NULL },
	{ "\xff\xfe", 1, "expected a command", NULL },
	/* Columns are cells: the wide character takes two. */
	{ "client> send(c, \"\xe6\xbc\xa2\xc3\xa4\", MSG_X)", 24, "expected flags", NULL },
};

static void wrong_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		struct err e;
		struct line l;

		if (parse(&l, w->text, NULL, &e) == 0) {
			line_fini(&l);
			fail_msg("%s: is accepted", w->text);
		}
		if (e.column != w->column || !strstr(e.what, w->what) || (w->hint && !strstr(e.hint, w->hint)))
			fail_msg("%s: column %d (not %d): %s (%s)", w->text, e.column, w->column, e.what, e.hint);
	}
}

/* A right line, cut anywhere, is right or refused with a column inside it; so is one with a byte changed. */
static void torn_lines(void **state)
{
	static const char *const lines[] = {
		"client> r = sendto(c, \"a\\x41\", MSG_DONTWAIT|MSG_NOSIGNAL, server:2000) -> 2 & # c",
		"server> poll({s, POLLIN, a, POLLIN|POLLOUT}, -1) -> 1, ready {s, POLLIN} &",
		"client> setsockopt(c, SOL_SOCKET, SO_LINGER, {1, 5}) -> 0",
		"server> recvfrom(s, 100) -> \"x\" from [2001:db8::1]:*",
		"wire> hold from client if tcp port 80 once count 3",
		"wire> release 3 first with flags RST|ACK seq +1 data \"a\\x41\" bytes 5 zeros(3) unmended",
		"expect within 1.5s packet client SYN ACK len >=5 seq 0",
		"expect return server recv -> \"x\"",
	};
	static const char bytes[] = "(\"{>|&\\#\0\xff";
	struct err e;
	struct line l;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		for (size_t at = 0; at <= strlen(lines[i]); at++)
			for (size_t b = 0; b < sizeof(bytes); b++) {
				struct scope *sc = malloc(sizeof(*sc));
				const struct parse_where where = { .scope = sc };
				char *text = strdup(lines[i]);
				size_t len = b ? strlen(text) : at;

				assert_non_null(sc);
				fill_scope(sc);
				if (b && at < len)
					text[at] = bytes[b - 1];
				e = (struct err){ .column = 0 };
				if (parse_line(&l, text, len, &where, &e) == 0)
					line_fini(&l);
				else
					assert_in_range(e.column, 1, len + 1);
				free(text);
				free(sc);
			}
}

/* ---- files ---- */

static int parse_file(struct script *s, const char *text, struct err *e)
{
	*e = (struct err){ .column = 0 };
	return parse_script(s, "x.lab", text, strlen(text), e);
}

static void a_whole_file(void **state)
{
	struct script s;
	struct err e;

	(void)state;
	assert_int_equal(parse_file(&s,
				    "title  One\n"
				    "about  first\n"
				    "about  second\r\n"
				    "\n"
				    "# a comment\n"
				    "program peer on server\n"
				    "thread t of peer\n"
				    "peer> s = socket(AF_INET6, SOCK_STREAM)\n"
				    "t> x = accept(s)\n"
				    "t> connect(x, server:1)\n"
				    "say a\n"
				    "say b\n"
				    "\n"
				    "say c",
				    &e),
			 0);
	assert_string_equal(s.title, "One");
	assert_int_equal(s.lines, 9);
	assert_string_equal(s.line[1].text, "first second");
	assert_int_equal(s.line[2].number, 6);
	assert_int_equal(addr_family(&s.line[6].request.arg[1].addr), AF_INET6);
	assert_string_equal(s.line[7].text, "a b");
	assert_string_equal(s.line[8].text, "c");
	assert_int_equal(s.line[8].number, 14);
	script_fini(&s);
}

static void a_wrong_file_says_where(void **state)
{
	struct script s;
	struct err e;

	(void)state;
	assert_int_equal(parse_file(&s, "title x\n\nclient> c = socket(AF_INET, SOCK_STREAM)\n  client> clos(c)\n", &e), -1);
	assert_int_equal(strncmp(e.what, "x.lab:4:11: expected a call", 27), 0);
	assert_string_equal(e.hint, "did you mean close?");
	assert_int_equal(e.column, 11);
	assert_int_equal(parse_file(&s, "title x\ntitle y\n", &e), -1);
	assert_non_null(strstr(e.what, "x.lab:2:"));
	/* A variable is known from its line on, not before. */
	assert_int_equal(parse_file(&s, "client> close(c)\nclient> c = socket(AF_INET, SOCK_STREAM)\n", &e), -1);
	assert_non_null(strstr(e.what, "x.lab:1:15:"));
	assert_int_equal(parse_file(&s, "", &e), 0);
	assert_int_equal(s.lines, 0);
	script_fini(&s);
}

static void a_file_that_is_too_large(void **state)
{
	char *text = calloc(1, SCRIPT_BYTES_MAX + 1);
	struct script s;
	struct err e = { .column = 0 };

	(void)state;
	assert_non_null(text);
	memset(text, '\n', SCRIPT_BYTES_MAX + 1);
	assert_int_equal(parse_script(&s, "x.lab", text, SCRIPT_BYTES_MAX + 1, &e), -1);
	assert_int_equal(parse_script(&s, "x.lab", text, SCRIPT_BYTES_MAX, &e), 0);
	script_fini(&s);
	free(text);
}

/* ---- completion ---- */

struct offers {
	const char *wanted;
	unsigned times, all;
	size_t from;
	char after;
};

static void collect(void *context, const struct parse_offer *o)
{
	struct offers *got = context;

	got->all += !o->placeholder;
	if (strcmp(o->word, got->wanted) != 0)
		return;
	got->times++;
	got->from = o->from;
	got->after = o->after;
}

static struct offers offers_for(const char *text, const char *wanted)
{
	struct scope *sc = malloc(sizeof(*sc));
	const struct parse_where where = { .scope = sc, .focus = "client" };
	struct offers got = { .wanted = wanted };

	assert_non_null(sc);
	fill_scope(sc);
	scope_add_place(sc, "server:8080");
	parse_offers(text, strlen(text), &where, collect, &got);
	free(sc);
	return got;
}

static void completion(void **state)
{
	static const struct {
		const char *text, *word;
		size_t from;
		char after;
	} rows[] = {
		{ "", "socket", 0, '(' },
		{ "", "wire>", 0, ' ' },
		{ "con", "connect", 0, '(' },
		{ "rel", "release", 0, ' ' },
		{ "server> ac", "accept4", 8, '(' },
		{ "wire> h", "hold", 6, ' ' },
		{ "x = so", "socket", 4, '(' },
		{ "socket(", "AF_INET6", 7, 0 },
		{ "socket(AF_", "AF_UNIX", 7, 0 },
		{ "socket(AF_INET, SOCK_STREAM|", "SOCK_NONBLOCK", 28, 0 },
		{ "connect(", "c", 8, 0 },
		{ "connect(c, ", "server:8080", 11, 0 },
		{ "connect(c, ser", "server:", 11, 0 },
		{ "setsockopt(c, IPPROTO_TCP, TCP_N", "TCP_NODELAY", 27, 0 },
		{ "send(c, \"x\", MSG_", "MSG_DONTWAIT", 13, 0 },
		{ "send(c, z", "zeros", 8, 0 },
		{ "send(c, ", "\"text\"", 8, 0 },
		{ "listen(c, ", "backlog", 10, 0 },
		{ "wire> hold ", "if", 11, 0 },
		{ "wire> delay 5ms from s", "server", 21, 0 },
		{ "set s", "server", 4, ' ' },
		{ "set ", "both", 4, ' ' },
		{ "set ", "net.ipv4.tcp_fastopen", 4, ' ' },
		{ "set server net.ipv4.tcp_f", "net.ipv4.tcp_frto", 11, ' ' },
		{ "set server tcp_f", "tcp_fastopen", 11, ' ' },
		{ "set server r", "route", 11, ' ' },
		{ "set server route ", "rto_min", 17, ' ' },
		{ "set server net.ipv4.tcp_sack ", "VALUE", 29, 0 },
		{ "interrupt w", "worker", 10, 0 },
		{ "interrupt ", "server", 10, 0 },
		{ "c.li", "listen", 2, '(' },
		{ "server> s.", "accept", 10, '(' },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct offers got = offers_for(rows[i].text, rows[i].word);

		if (got.times != 1 || got.from != rows[i].from || got.after != rows[i].after)
			fail_msg("%s: %s offered %u times, from %zu, after '%c'", rows[i].text, rows[i].word, got.times,
				 got.from, got.after);
	}
	/* What does not begin as it is typed is not offered; nor a word that stands before the end. */
	assert_int_equal(offers_for("connect(", "a").times, 0);
	assert_int_equal(offers_for("conn", "socket").times, 0);
	assert_int_equal(offers_for("client> close(c) ", "client>").times, 0);
	assert_int_equal(offers_for("nonsense( ", "socket").all, 0);
}

static void settings_of_hosts(void **state)
{
	struct line l;

	(void)state;
	l = right("set server net.ipv4.ip_local_port_range 40000 40001   # two");
	assert_string_equal(l.name, "server");
	assert_string_equal(l.setting.name, "net.ipv4.ip_local_port_range");
	assert_string_equal(l.text, "40000 40001");
	line_fini(&l);
	/* The last part is enough where it is known, and an equals sign may stand there. */
	l = right("set both tcp_sack=0");
	assert_string_equal(l.name, "");
	assert_string_equal(l.setting.name, "net.ipv4.tcp_sack");
	assert_string_equal(l.text, "0");
	line_fini(&l);
	l = right("set net.ipv4.conf.eth0.rp_filter = 1");
	assert_string_equal(l.name, "");
	assert_string_equal(l.setting.name, "net.ipv4.conf.eth0.rp_filter");
	assert_string_equal(l.text, "1");
	line_fini(&l);
	l = right("set client route rto_min 1.5s");
	assert_string_equal(l.name, "client");
	assert_true(l.setting.route && l.setting.amount == 1500);
	line_fini(&l);
	l = right("set client route initcwnd 2");
	assert_true(l.setting.route && l.setting.amount == 2);
	line_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_and_its_arguments),
		cmocka_unit_test(variables_are_holes),
		cmocka_unit_test(a_method_is_the_call_on_its_socket),
		cmocka_unit_test(variables_travel_in_messages),
		cmocka_unit_test(sets_and_lists_of_messages),
		cmocka_unit_test(calls_of_programs_can_be_expected),
		cmocka_unit_test(data_and_its_length),
		cmocka_unit_test(other_families),
		cmocka_unit_test(a_pair_has_two_names),
		cmocka_unit_test(addresses_follow_the_socket),
		cmocka_unit_test(flags_may_be_left_out_before_an_address),
		cmocka_unit_test(option_values),
		cmocka_unit_test(results),
		cmocka_unit_test(wire_commands),
		cmocka_unit_test(settings_of_hosts),
		cmocka_unit_test(wire_faults),
		cmocka_unit_test(wire_limits),
		cmocka_unit_test(wire_injections),
		cmocka_unit_test(packet_conditions),
		cmocka_unit_test(other_conditions),
		cmocka_unit_test(text_is_taken_as_it_is),
		cmocka_unit_test(questions_say_where_the_answer_is),
		cmocka_unit_test(the_prompt_knows_whom),
		cmocka_unit_test(wrong_lines),
		cmocka_unit_test(torn_lines),
		cmocka_unit_test(a_whole_file),
		cmocka_unit_test(a_wrong_file_says_where),
		cmocka_unit_test(a_file_that_is_too_large),
		cmocka_unit_test(completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
