/*
 * session_side: which side of the one host a packet and a socket are put on, by who owns and calls what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"
#include "src/session_impl.h"
#include "src/session_side.h"

#define CLIENT	0
#define SERVER	1
#define SOCKETS	8

static const uint8_t loopback[4] = { 127, 0, 0, 1 };

/* A session with no lab: two programs, and the sockets that a test gives them. */
static struct session *session(void)
{
	struct session *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->sides = sides_new(NULL);
	s->socket = calloc(SOCKETS, sizeof(*s->socket));
	assert_non_null(s->sides);
	assert_non_null(s->socket);
	s->actors = 2;
	s->actor[CLIENT].host = CLIENT;
	s->actor[SERVER].host = SERVER;
	return s;
}

static void done(struct session *s)
{
	sides_free(s->sides);
	free(s->socket);
	free(s);
}

static void own(struct session *s, uint8_t side, uint8_t protocol, const uint8_t *ip, uint16_t port,
		enum sock_state state)
{
	static const uint8_t any[4];
	struct owned_socket *o = &s->socket[s->sockets++];

	*o = (struct owned_socket){ .host = side, .cookie = 100 + s->sockets, .actor = side, .sampled = true };
	o->last = (struct sock_sample){ .cookie = o->cookie, .protocol = protocol, .state = state };
	o->last.local = addr_v4(ip ? ip : any, port);
}

/* A call that a program has made, about an address. */
static void call(struct session *s, uint8_t side, const char *name, uint16_t port, int64_t ts_ns)
{
	struct call_record *r = &s->call[++s->calls % CALLS_KEPT];

	*r = (struct call_record){ .number = s->calls, .actor = side, .entered_ns = ts_ns,
				   .progress = CALL_ENTERED };
	r->request.call = call_find(name, strlen(name));
	r->request.arg[1] = (struct value){ .kind = VALUE_ADDR, .addr = addr_v4(loopback, port) };
}

struct frame {
	uint8_t bytes[128];
	uint32_t len;
};

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* From 127.0.0.1:from to 127.0.0.1:to. */
static struct frame frame(uint8_t protocol, uint16_t from, uint16_t to, uint8_t flags)
{
	uint32_t transport = protocol == IPPROTO_TCP ? 20 : 8;
	struct frame f = { .len = 14 + 20 + transport };
	uint8_t *ip = f.bytes + 14, *at = ip + 20;

	put16(f.bytes + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)(20 + transport));
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, loopback, 4);
	memcpy(ip + 16, loopback, 4);
	put16(at, from);
	put16(at + 2, to);
	if (protocol == IPPROTO_TCP) {
		at[12] = 0x50;
		at[13] = flags;
	} else {
		put16(at + 4, 8);
	}
	return f;
}

static uint8_t place(struct session *s, const struct frame *f, int64_t ts_ns)
{
	struct event ev = { .kind = EVENT_PACKET, .host = HOST_NONE, .ts_ns = ts_ns };

	ev.packet = (struct event_packet){ .caplen = f->len, .len = f->len, .data = f->bytes };
	sides_place(s, &ev);
	return ev.host;
}

static uint8_t tcp(struct session *s, uint16_t from, uint16_t to, uint8_t flags)
{
	const struct frame f = frame(IPPROTO_TCP, from, to, flags);

	return place(s, &f, 1000);
}

static uint8_t udp(struct session *s, uint16_t from, uint16_t to)
{
	const struct frame f = frame(IPPROTO_UDP, from, to, 0);

	return place(s, &f, 1000);
}

static uint8_t state(struct session *s, uint64_t cookie, uint16_t local, uint16_t remote, enum sock_state now)
{
	struct event ev = { .kind = EVENT_STATE, .host = 0 };

	ev.state.sock = (struct sock_sample){ .cookie = cookie, .protocol = IPPROTO_TCP, .state = now };
	ev.state.sock.local = addr_v4(loopback, local);
	if (remote)
		ev.state.sock.remote = addr_v4(loopback, remote);
	sides_place(s, &ev);
	return ev.host;
}

static void nobody_is_known(void **unused)
{
	struct session *s = session();

	(void)unused;
	assert_int_equal(tcp(s, 40000, 8080, TCP_SYN), CLIENT);
	assert_int_equal(tcp(s, 8080, 40000, TCP_SYN | TCP_ACK), SERVER);
	assert_int_equal(tcp(s, 40000, 8080, TCP_ACK), CLIENT);
	/* The first that is seen of another is its answer. */
	assert_int_equal(tcp(s, 8080, 40001, TCP_SYN | TCP_ACK), SERVER);
	assert_int_equal(udp(s, 5000, 53), CLIENT);
	assert_int_equal(udp(s, 53, 5000), SERVER);
	/* Their sockets are where their packets were. */
	assert_int_equal(state(s, 1, 8080, 0, SOCK_STATE_LISTEN), SERVER);
	assert_int_equal(state(s, 2, 40000, 8080, SOCK_STATE_ESTABLISHED), CLIENT);
	assert_int_equal(state(s, 3, 8080, 40000, SOCK_STATE_ESTABLISHED), SERVER);
	assert_int_equal(state(s, 4, 9999, 0, SOCK_STATE_LISTEN), HOST_NONE);
	done(s);
}

static void a_port_has_an_owner(void **unused)
{
	struct session *s = session();

	(void)unused;
	own(s, CLIENT, IPPROTO_TCP, NULL, 2121, SOCK_STATE_LISTEN);
	own(s, SERVER, IPPROTO_TCP, loopback, 40000, SOCK_STATE_SYN_SENT);
	assert_int_equal(tcp(s, 40000, 2121, TCP_SYN), SERVER);
	assert_int_equal(tcp(s, 2121, 40000, TCP_SYN | TCP_ACK), CLIENT);
	/* Who comes to a port of the client's is of the other side, as long as that has sockets. */
	assert_int_equal(tcp(s, 40001, 2121, TCP_SYN), SERVER);
	assert_int_equal(state(s, 101, 2121, 0, SOCK_STATE_LISTEN), CLIENT);
	/* Nobody has accepted it yet. */
	assert_int_equal(state(s, 7, 2121, 40000, SOCK_STATE_ESTABLISHED), CLIENT);
	/* The same port of UDP is another one, and another address of it too. */
	own(s, CLIENT, IPPROTO_UDP, (const uint8_t[]){ 192, 0, 2, 1 }, 53, SOCK_STATE_UNCONNECTED);
	own(s, SERVER, IPPROTO_UDP, loopback, 53, SOCK_STATE_UNCONNECTED);
	assert_int_equal(udp(s, 5000, 53), CLIENT);
	assert_int_equal(udp(s, 53, 5000), SERVER);
	assert_int_equal(udp(s, 53, 2121), SERVER);
	done(s);
}

/* Both ends are of one side. */
static void who_calls_opens(void **unused)
{
	struct session *s = session();

	(void)unused;
	own(s, SERVER, IPPROTO_TCP, NULL, 7000, SOCK_STATE_LISTEN);
	own(s, CLIENT, IPPROTO_TCP, NULL, 9, SOCK_STATE_LISTEN);
	call(s, SERVER, "connect", 7000, 900);
	call(s, CLIENT, "bind", 7000, 950);
	call(s, CLIENT, "connect", 7001, 960);
	call(s, CLIENT, "connect", 7000, 2000);	/* later than the packet */
	assert_int_equal(tcp(s, 40000, 7000, TCP_SYN), SERVER);
	assert_int_equal(tcp(s, 7000, 40000, TCP_SYN | TCP_ACK), CLIENT);
	assert_int_equal(tcp(s, 40000, 7000, TCP_ACK), SERVER);
	done(s);
}

/* A side without sockets sends nothing: `socklens run -- COMMAND`. */
static void one_side_alone(void **unused)
{
	struct session *s = session();

	(void)unused;
	own(s, CLIENT, IPPROTO_TCP, NULL, 7000, SOCK_STATE_LISTEN);
	assert_int_equal(tcp(s, 40000, 7000, TCP_SYN), CLIENT);
	assert_int_equal(tcp(s, 7000, 40000, TCP_SYN | TCP_ACK), SERVER);
	done(s);
}

/* A connection goes its way although its port is owned by another side in the meantime; a new one does not. */
static void a_way_is_kept(void **unused)
{
	struct session *s = session();

	(void)unused;
	assert_int_equal(tcp(s, 40000, 8080, TCP_SYN), CLIENT);
	own(s, SERVER, IPPROTO_TCP, loopback, 40000, SOCK_STATE_ESTABLISHED);
	assert_int_equal(tcp(s, 40000, 8080, TCP_ACK), CLIENT);
	assert_int_equal(tcp(s, 8080, 40000, TCP_ACK), SERVER);
	assert_int_equal(tcp(s, 40000, 8080, TCP_SYN), SERVER);
	assert_int_equal(tcp(s, 8080, 40000, TCP_SYN | TCP_ACK), CLIENT);
	done(s);
}

/* More connections than are remembered at once. */
static void many_connections(void **unused)
{
	struct session *s = session();

	(void)unused;
	own(s, SERVER, IPPROTO_TCP, NULL, 8080, SOCK_STATE_LISTEN);
	for (uint32_t port = 10000; port < 30000; port++)
		assert_int_equal(tcp(s, (uint16_t)port, 8080, TCP_SYN), CLIENT);
	for (uint32_t port = 10000; port < 30000; port++)
		assert_int_equal(tcp(s, 8080, (uint16_t)port, TCP_ACK), SERVER);
	done(s);
}

static void without_ports(void **unused)
{
	struct session *s = session();
	struct frame about = frame(IPPROTO_UDP, 5000, 9, 0), f = frame(1, 0, 0, 0);

	(void)unused;
	own(s, CLIENT, IPPROTO_UDP, NULL, 5000, SOCK_STATE_UNCONNECTED);
	assert_int_equal(place(s, &about, 1000), CLIENT);
	/* Port unreachable: from whom the datagram was for. */
	f.bytes[14 + 20] = 3;
	f.bytes[14 + 21] = 3;
	memcpy(f.bytes + 14 + 28, about.bytes + 14, about.len - 14);
	f.len = 14 + 28 + about.len - 14;
	put16(f.bytes + 16, (uint16_t)(f.len - 14));
	assert_int_equal(place(s, &f, 1000), SERVER);
	/* An echo request. */
	f.bytes[14 + 20] = 8;
	f.bytes[14 + 21] = 0;
	assert_int_equal(place(s, &f, 1000), HOST_NONE);
	/* Less than headers. */
	for (uint32_t len = 0; len < about.len - 4; len++) {
		struct frame cut = about;

		cut.len = len;
		place(s, &cut, 1000);
	}
	done(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_known),   cmocka_unit_test(a_port_has_an_owner),
		cmocka_unit_test(who_calls_opens),   cmocka_unit_test(one_side_alone),
		cmocka_unit_test(a_way_is_kept),     cmocka_unit_test(many_connections),
		cmocka_unit_test(without_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
