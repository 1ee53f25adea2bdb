/*
 * local: who received what inside one kernel, told of calls made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/clock.h"
#include "src/describe.h"
#include "src/local.h"

/* ---- a stage: sockets with keys, calls on them ---- */

struct stage {
	struct local *l;
	int64_t now_ns;
	unsigned asked; /* how often the kernel was asked for a peer */
};

/* Inode n is connected to n + 1, for even n. */
static uint32_t peer(void *context, uint8_t host, uint32_t inode)
{
	struct stage *s = context;

	(void)host;
	s->asked++;
	return inode % 2 ? inode - 1 : inode + 1;
}

static bool unseen(void *context, uint8_t host, const struct addr *to)
{
	(void)context;
	(void)host;
	return addr_family(to) == AF_INET && *(const uint8_t *)&to->u.in.sin_addr == 127;
}

static struct stage *stage_new(void)
{
	struct stage *s = calloc(1, sizeof(*s));
	const struct local_rules rules = { peer, unseen, s };

	assert_non_null(s);
	s->l = local_new(&rules);
	assert_non_null(s->l);
	s->now_ns = NS_PER_S;
	return s;
}

static void stage_free(struct stage *s)
{
	local_free(s->l);
	free(s);
}

static struct addr at(const char *text)
{
	struct addr a = { .len = 0 };

	if (*text)
		assert_int_equal(addr_parse(&a, text, strlen(text), AF_UNSPEC, NULL, NULL), 0);
	return a;
}

static struct sock_key key(uint8_t family, uint8_t type, uint32_t inode, const char *local,
			   const char *remote)
{
	return (struct sock_key){ .cookie = 1000 + inode,
				  .inode = inode,
				  .family = family,
				  .type = type,
				  .local = at(local),
				  .remote = at(remote) };
}

struct made {
	int64_t result, slept_ns;
	int flags;
	const char *to, *from;
	bool not_told; /* of the socket, before */
};

/* A call that comes back now; it took a millisecond, or as long as it slept. */
static struct event_local call_as(struct stage *s, const char *program, const char *name,
				  const struct sock_key *k, struct made m)
{
	struct call_request r = { .call = call_find(name, strlen(name)) };
	struct call_outcome o = { .result = m.result, .blocked = m.slept_ns > 0 };
	struct local_call c = {
		.host = 1, .program = program, .request = &r, .outcome = &o, .key = k
	};
	struct event_local out;

	assert_non_null(r.call);
	for (size_t i = 0; i < CALL_ARGS; i++)
		if (r.call->arg[i].type == ARG_MSG_FLAGS)
			r.arg[i] = value_int(m.flags);
		else if (r.call->arg[i].type == ARG_ADDR && m.to) {
			struct addr a = at(m.to);

			r.arg[i] = value_addr(&a);
		}
	if (m.from)
		o.addr = at(m.from);
	c.entered_ns = s->now_ns;
	s->now_ns += m.slept_ns ? m.slept_ns : NS_PER_MS;
	c.returned_ns = s->now_ns;
	if (!m.not_told)
		local_know(s->l, 1, program, k);
	out = local_returned(s->l, &c);
	return out;
}
#define call(s, program, name, k, ...) call_as(s, program, name, k, (struct made){ __VA_ARGS__ })

static void assert_is(struct event_local l, enum local_way way, const char *who, uint64_t bytes)
{
	assert_int_equal(l.way, way);
	if (way == LOCAL_NONE)
		return;
	assert_string_equal(l.who, who);
	assert_int_equal(l.bytes, bytes);
}

/* ---- Unix ---- */

static void datagrams_find_their_address(void **state)
{
	struct stage *s = stage_new();
	struct sock_key box = key(AF_UNIX, SOCK_DGRAM, 10, "unix:@box", "");
	struct sock_key one = key(AF_UNIX, SOCK_DGRAM, 20, "unix:", "");
	struct sock_key two = key(AF_UNIX, SOCK_DGRAM, 30, "unix:", "unix:@box");
	struct event_local l;

	(void)state;
	local_know(s->l, 1, "server", &box);
	assert_is(call(s, "one", "sendto", &one, .result = 3, .to = "unix:@box"), LOCAL_GIVEN,
		  "server", 3);
	assert_is(call(s, "two", "send", &two, .result = 5), LOCAL_GIVEN, "server", 5);
	assert_is(call(s, "one", "sendto", &one, .result = 1, .to = "unix:@nobody"), LOCAL_GIVEN,
		  "", 1);
	assert_is(call(s, "server", "recv", &box, .result = 3, .flags = MSG_PEEK), LOCAL_NONE, "",
		  0);
	l = call(s, "server", "recvfrom", &box, .result = 2); /* cut by a small buffer */
	assert_is(l, LOCAL_TAKEN, "one", 2);
	assert_true(l.waited_ns >= 2 * NS_PER_MS);
	assert_is(call(s, "server", "recv", &box, .result = 5), LOCAL_TAKEN, "two", 5);
	assert_is(call(s, "server", "recv", &box, .result = 9), LOCAL_TAKEN, "", 9);
	assert_is(call(s, "server", "recv", &box, .result = -1), LOCAL_NONE, "", 0);
	stage_free(s);
}

/* The kernel is asked once for the peer of a connection; bytes of a stream have no borders. */
static void streams_find_their_peer(void **state)
{
	struct stage *s = stage_new();
	struct sock_key door = key(AF_UNIX, SOCK_STREAM, 6, "unix:@door", "");
	struct sock_key c = key(AF_UNIX, SOCK_STREAM, 40, "unix:", "unix:@door");
	struct sock_key a = key(AF_UNIX, SOCK_STREAM, 41, "unix:@door", "unix:");
	struct event_local l;

	(void)state;
	local_know(s->l, 1, "server", &door);
	l = call(s, "client", "connect", &c, .result = 0, .to = "unix:@door");
	assert_is(l, LOCAL_GIVEN, "server", 0);
	assert_string_equal(l.what, "connection");
	l = call(s, "server", "accept", &door, .result = 4);
	assert_is(l, LOCAL_TAKEN, "client", 0);
	assert_string_equal(l.what, "connection");
	assert_is(call(s, "client", "send", &c, .result = 4), LOCAL_GIVEN, "", 4);
	local_know(s->l, 1, "server", &a);
	assert_is(call(s, "client", "send", &c, .result = 6), LOCAL_GIVEN, "server", 6);
	assert_is(call(s, "client", "write", &c, .result = 6), LOCAL_GIVEN, "server", 6);
	assert_int_equal(s->asked, 1);
	assert_is(call(s, "server", "recv", &a, .result = 8), LOCAL_TAKEN, "client", 8);
	assert_is(call(s, "server", "recv", &a, .result = 4), LOCAL_TAKEN, "client", 4);
	assert_is(call(s, "server", "recv", &a, .result = 0), LOCAL_NONE, "", 0);
	assert_is(call(s, "server", "send", &a, .result = 2), LOCAL_GIVEN, "client", 2);
	assert_is(call(s, "server", "close", &a, .result = 0), LOCAL_NONE, "", 0);
	assert_is(call(s, "client", "send", &c, .result = 1), LOCAL_GIVEN, "", 1);
	stage_free(s);
}

/* Of a pair it is known without asking who is at the other end. */
static void pairs_know_each_other(void **state)
{
	struct stage *s = stage_new();
	struct sock_key a = key(AF_UNIX, SOCK_STREAM, 71, "unix:", "unix:");
	struct sock_key b = key(AF_UNIX, SOCK_STREAM, 75, "unix:", "unix:");

	(void)state;
	local_know(s->l, 1, "parent", &a);
	local_know(s->l, 1, "child", &b);
	local_pair(s->l, 1, a.cookie, b.cookie);
	assert_is(call(s, "parent", "send", &a, .result = 3), LOCAL_GIVEN, "child", 3);
	assert_is(call(s, "child", "send", &b, .result = 4), LOCAL_GIVEN, "parent", 4);
	assert_is(call(s, "child", "read", &b, .result = 3), LOCAL_TAKEN, "parent", 3);
	assert_int_equal(s->asked, 0);
	stage_free(s);
}

/* Who slept took it when it was sent, in whatever order the two are heard of. */
static void sleepers_took_it_already(void **state)
{
	struct stage *s = stage_new();
	struct sock_key box = key(AF_UNIX, SOCK_DGRAM, 10, "unix:@box", "");
	struct sock_key one = key(AF_UNIX, SOCK_DGRAM, 20, "unix:", "unix:@box");
	int64_t before;

	(void)state;
	local_know(s->l, 1, "server", &box);
	assert_is(call(s, "one", "send", &one, .result = 3), LOCAL_GIVEN, "server", 3);
	assert_is(call(s, "server", "recv", &box, .result = 3, .slept_ns = NS_PER_S), LOCAL_NONE,
		  "", 0);
	before = s->now_ns;
	assert_is(call(s, "server", "recv", &box, .result = 4, .slept_ns = NS_PER_S), LOCAL_NONE,
		  "", 0);
	s->now_ns = before + NS_PER_MS; /* it was sent meanwhile */
	assert_is(call(s, "one", "send", &one, .result = 4), LOCAL_GIVEN, "server", 4);
	s->now_ns += 2 * NS_PER_S;
	assert_is(call(s, "one", "send", &one, .result = 5), LOCAL_GIVEN, "server", 5);
	assert_is(call(s, "server", "recv", &box, .result = 5), LOCAL_TAKEN, "one", 5);
	stage_free(s);
}

/* More than are remembered: the oldest are of nobody known, and nothing is mixed up. */
static void a_long_queue(void **state)
{
	struct stage *s = stage_new();
	struct sock_key box = key(AF_UNIX, SOCK_DGRAM, 10, "unix:@box", "");
	struct sock_key one = key(AF_UNIX, SOCK_DGRAM, 20, "unix:", "unix:@box");

	(void)state;
	local_know(s->l, 1, "server", &box);
	for (int i = 0; i < 100; i++)
		assert_is(call(s, "one", "send", &one, .result = i), LOCAL_GIVEN, "server",
			  (uint64_t)i);
	for (uint32_t i = 0; i < 2000; i++) { /* sockets come and go */
		struct sock_key k = key(AF_UNIX, SOCK_DGRAM, 100 + i, "unix:", "");

		local_know(s->l, 1, "other", &k);
	}
	assert_is(call(s, "one", "sendto", &one, .result = 1, .to = "unix:@box"), LOCAL_GIVEN, "",
		  1);
	stage_free(s);
}

/* ---- the others ---- */

static void netlink_is_the_kernel(void **state)
{
	struct stage *s = stage_new();
	struct sock_key n = key(AF_NETLINK, SOCK_RAW, 50, "netlink:77", "");
	struct event_local l = call(s, "client", "sendto", &n, .result = 28, .to = "netlink:0");
	STR_ON_STACK(text, 256);

	(void)state;
	assert_is(l, LOCAL_GIVEN, "kernel", 28);
	assert_int_equal(l.host, HOST_NONE);
	assert_is(call(s, "client", "recv", &n, .result = 20), LOCAL_TAKEN, "kernel", 20);
	assert_is(call(s, "client", "recv", &n, .result = 20, .flags = MSG_PEEK), LOCAL_NONE, "",
		  0);
	assert_is(call(s, "client", "bind", &n, .result = 0, .to = "netlink:0"), LOCAL_NONE, "", 0);
	l.what = "RTM_GETROUTE dump";
	l.who = "kernel";
	describe_local(&text, &l);
	assert_string_equal(
		text.buf,
		"RTM_GETROUTE dump, 28 bytes, went to the kernel itself. Nothing of it is on "
		"the wire: it stays inside this machine.");
	stage_free(s);
}

static void loopback_without_packets(void **state)
{
	struct stage *s = stage_new();
	struct sock_key l = key(AF_INET, SOCK_STREAM, 60, "127.0.0.1:80", "");
	struct sock_key c = key(AF_INET, SOCK_STREAM, 61, "127.0.0.1:4000", "127.0.0.1:80");
	struct sock_key a =
		key(AF_INET6, SOCK_STREAM, 62, "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:4000");
	struct sock_key far = key(AF_INET, SOCK_STREAM, 63, "192.0.2.1:4001", "192.0.2.2:80");
	struct sock_key u = key(AF_INET, SOCK_DGRAM, 64, "*:2000", "");
	struct sock_key v = key(AF_INET, SOCK_DGRAM, 65, "127.0.0.1:4002", "");
	struct sock_key raw = key(AF_INET, SOCK_RAW, 66, "*:0", "");

	(void)state;
	local_know(s->l, 1, "server", &l);
	local_know(s->l, 1, "server", &u);
	assert_is(call(s, "client", "connect", &c, .result = 0, .to = "127.0.0.1:80"), LOCAL_GIVEN,
		  "server", 0);
	local_know(s->l, 1, "server", &a);
	assert_is(call(s, "client", "send", &c, .result = 7), LOCAL_GIVEN, "server", 7);
	assert_is(call(s, "server", "recv", &a, .result = 7), LOCAL_NONE, "", 0); /* not of IPv4 */
	assert_is(call(s, "client", "send", &far, .result = 7), LOCAL_NONE, "", 0);
	assert_is(call(s, "client", "sendto", &v, .result = 2, .to = "127.0.0.1:2000"), LOCAL_GIVEN,
		  "server", 2);
	assert_is(call(s, "server", "recvfrom", &u, .result = 2, .from = "127.0.0.1:4002"),
		  LOCAL_TAKEN, "client", 2);
	assert_is(call(s, "client", "sendto", &raw, .result = 2, .to = "127.0.0.1:0"), LOCAL_NONE,
		  "", 0);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_find_their_address),
		cmocka_unit_test(streams_find_their_peer),
		cmocka_unit_test(pairs_know_each_other),
		cmocka_unit_test(sleepers_took_it_already),
		cmocka_unit_test(a_long_queue),
		cmocka_unit_test(netlink_is_the_kernel),
		cmocka_unit_test(loopback_without_packets),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
