/*
 * One host: what is built, which names it has, that each packet on lo is seen once and as on Ethernet, that both ends'
 * states are found, which packet they are put down to, and that nothing can be ordered.
 */
#include "tests/unit/lab/peer.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <net/if.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/lab/carry_impl.h"
#include "src/lab/lab.h"
#include "src/lab/wire.h"

#define CLIENT	0
#define SERVER	1
#define PORT	8080
#define WAIT_NS	(20 * NS_PER_S)
#define EVENTS	65536

static const char *const sides[] = { "client", "server" };
static const uint8_t loopback_ip[4] = { 127, 0, 0, 1 };

static struct lab *build(void)
{
	struct lab_step steps[LAB_STEPS];
	struct err e = { .what = "" };
	size_t count = 0;
	struct lab *l = lab_new_loopback(sides, 2, steps, &count, &e);

	/* EINVAL: a sanitizer has threads of its own. */
	if (!l && (e.code == EPERM || e.code == ENOSPC || e.code == EINVAL)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(l, e);
	CHECK(count >= 5 && count <= LAB_STEPS);
	for (size_t i = 0; i < count; i++)
		CHECK(steps[i].done && steps[i].name[0]);
	return l;
}

/* ---- what is built ---- */

static bool same_namespace(int a, int b)
{
	struct stat x, y;

	CHECK(fstat(a, &x) == 0 && fstat(b, &y) == 0);
	return x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static int mtu_of_lo(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && ioctl(fd, SIOCGIFMTU, &req) == 0);
	close(fd);
	return req.ifr_mtu;
}

static bool can_bind(int family, const struct addr *a)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool can = fd >= 0 && bind(fd, &a->u.sa, a->len) == 0;

	close(fd);
	return can;
}

static void one_namespace(void)
{
	static const uint8_t stranger[4] = { 192, 0, 2, 77 }, none[6];
	struct lab *l = build();
	struct addr a;

	CHECK(l->loopback && l->hosts == 2 && lab_host_find(l, "server", 6) == SERVER);
	CHECK(same_namespace(l->host[CLIENT].netns_fd, l->host[SERVER].netns_fd));
	CHECK(same_namespace(l->host[CLIENT].netns_fd, l->wire_fd));
	CHECK(!same_namespace(l->wire_fd, l->outside_fd));
	CHECK(mtu_of_lo() == 1500);
	CHECK(l->names.count == (l->ip6 ? 6 : 3));
	for (size_t i = 0; i < l->names.count; i++) {
		const struct addr_name *n = &l->names.row[i];

		a = n->family == AF_INET6 ? addr_v6(n->ip, PORT) : addr_v4(n->ip, PORT);
		CHECK(can_bind(n->family, &a));
	}
	a = addr_v4(stranger, PORT);
	CHECK(!can_bind(AF_INET, &a));
	CHECK(memcmp(l->host[0].mac, none, 6) == 0 && memcmp(l->host[1].mac, none, 6) == 0);
	CHECK(lab_sysctl(l, SERVER, "net.ipv4.tcp_sack", "0", NULL) == 0);
	lab_free(l);
}

static void test_one_namespace_as_we_are(void **state)
{
	(void)state;
	in_child(one_namespace, AS_SELF);
}

static void test_one_namespace_as_nobody(void **state)
{
	(void)state;
	in_child(one_namespace, AS_NOBODY);
}

/* Runs a shell's line on a side, as a program of it; its exit status. */
static int run_on(const struct lab *l, uint8_t side, const char *line)
{
	char shell[] = "sh", option[] = "-c", *text = strdup(line);
	char *argv[] = { shell, option, text, NULL };
	const struct space_child c = {
		.dir_fd = -1,
		.netns_fd = l->host[side].netns_fd,
		.hostname = l->host[side].hostname,
		.hosts = l->hosts_file,
		.path = "/bin/sh",
		.argv = argv,
		.stdio = STDERR_FILENO,
	};
	struct err e;
	pid_t pid = space_spawn(&c, &e);
	int status;

	CHECK_OK(pid > 0, e);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	free(text);
	return WEXITSTATUS(status);
}

static void names_resolve(void)
{
	char machine[256] = "", line[512];
	struct lab *l = build();

	if (access("/etc/hosts", F_OK))
		SKIP("this machine has no /etc/hosts");
	for (uint8_t side = 0; side < 2; side++) {
		CHECK(run_on(l, side, "test \"$(uname -n)\" = host") == 0);
		CHECK(run_on(l, side, "getent ahostsv4 host | grep -q '^192.0.2.3 '") == 0);
		CHECK(run_on(l, side, "getent ahostsv4 localhost | grep -q '^127.0.0.1 '") == 0);
		CHECK(run_on(l, side, "getent ahostsv4 client | grep -q '^192.0.2.1 '") == 0);
		CHECK(run_on(l, side, "getent ahostsv4 server | grep -q '^192.0.2.2 '") == 0);
		CHECK(!l->ip6 || run_on(l, side, "getent ahostsv6 host | grep -q '^2001:db8::3 '") == 0);
	}
	/* What the machine is called outside is this host too. */
	CHECK(gethostname(machine, sizeof(machine) - 1) == 0);
	snprintf(line, sizeof(line), "getent ahostsv4 '%s' | grep -q '^192.0.2.3 '", machine);
	CHECK(!l->machine[0] || run_on(l, CLIENT, line) == 0);
	lab_free(l);
}

static void test_names_resolve(void **state)
{
	(void)state;
	in_child(names_resolve, AS_SELF);
}

static void test_names_resolve_as_nobody(void **state)
{
	(void)state;
	in_child(names_resolve, AS_NOBODY);
}

/* ---- the wire ---- */

struct happened {
	struct event ev;
	struct packet packet;
};

struct scene {
	struct lab *lab;
	struct wire *wire;
	struct peer peer[2];
	struct happened *row;
	size_t rows;
};

static struct scene set_up(const struct wire_config *config)
{
	struct scene s = { .lab = build(), .row = calloc(EVENTS, sizeof(*s.row)) };
	struct err e;

	CHECK(s.row);
	for (uint8_t i = 0; i < 2; i++)
		s.peer[i] = peer_start(s.lab, i);
	s.wire = wire_start(s.lab, config, &e);
	CHECK_OK(s.wire, e);
	return s;
}

static void tear_down(struct scene *s)
{
	wire_stop(s->wire);
	peer_stop(&s->peer[0]);
	peer_stop(&s->peer[1]);
	lab_free(s->lab);
	free(s->row);
}

static void collect(struct scene *s)
{
	struct event *ev;

	wire_clear_fd(s->wire);
	while ((ev = wire_next(s->wire))) {
		struct happened *h = &s->row[s->rows];

		CHECK(s->rows++ < EVENTS);
		h->ev = *ev;
		if (ev->kind == EVENT_PACKET)
			packet_parse(&h->packet, LINK_ETHERNET, ev->packet.data, ev->packet.caplen, ev->packet.len);
	}
}

static void settle(struct scene *s)
{
	wire_settle(s->wire);
	collect(s);
}

static struct peer_answer ask(struct scene *s, int side, struct peer_order o)
{
	memcpy(o.ip, loopback_ip, sizeof(o.ip));
	return peer_do(&s->peer[side], o);
}

/* A connection from the client's slot 0 to the server's slot 1 (slot 0 listens). */
static void connect_both(struct scene *s)
{
	CHECK(ask(s, SERVER, (struct peer_order){ .op = PEER_STREAM, .slot = 0, .port = PORT }).result >= 0);
	CHECK(ask(s, SERVER, (struct peer_order){ .op = PEER_LISTEN, .slot = 0 }).result == 0);
	CHECK(ask(s, CLIENT, (struct peer_order){ .op = PEER_STREAM, .slot = 0 }).result >= 0);
	CHECK(ask(s, CLIENT, (struct peer_order){ .op = PEER_CONNECT, .slot = 0, .port = PORT }).result == 0);
	CHECK(ask(s, SERVER, (struct peer_order){ .op = PEER_ACCEPT, .slot = 0, .value = 1 }).result >= 0);
	settle(s);
}

static size_t count_packets(const struct scene *s, uint16_t port, uint16_t flags)
{
	size_t n = 0;

	for (size_t i = 0; i < s->rows; i++) {
		const struct happened *h = &s->row[i];

		n += h->ev.kind == EVENT_PACKET && h->packet.src_port == port &&
		     (h->packet.flags & ~TCP_PSH) == flags;
	}
	return n;
}

/* The STATE that says so of the socket whose local port is the server's, or is not; NULL. */
static const struct happened *find_state(const struct scene *s, bool servers, enum sock_state state)
{
	for (size_t i = 0; i < s->rows; i++) {
		const struct event *ev = &s->row[i].ev;

		if (ev->kind == EVENT_STATE && ev->state.sock.state == state &&
		    (addr_port(&ev->state.sock.local) == PORT) == servers && addr_port(&ev->state.sock.remote))
			return &s->row[i];
	}
	return NULL;
}

/* Waits until the kernel has brought a socket into a state, and the wire has seen it. */
static const struct happened *await_state(struct scene *s, bool servers, enum sock_state state)
{
	int64_t until = clock_monotonic_ns() + WAIT_NS;
	const struct happened *h;

	while (!(h = find_state(s, servers, state)) && clock_monotonic_ns() < until) {
		struct pollfd p = { .fd = wire_fd(s->wire), .events = POLLIN };

		poll(&p, 1, 100);
		collect(s);
	}
	if (!h)
		fprintf(stderr, "# no %s at %d\n", sock_state_name(state), servers);
	CHECK(h);
	return h;
}

static const struct happened *packet_number(const struct scene *s, uint64_t number)
{
	for (size_t i = 0; i < s->rows; i++)
		if (s->row[i].ev.kind == EVENT_PACKET && s->row[i].ev.packet.number == number)
			return &s->row[i];
	return NULL;
}

/* That a state is put down to a packet with these flags, in this direction. */
static void check_cause(const struct scene *s, const struct happened *state, enum state_by by, uint16_t flags)
{
	const struct happened *p = packet_number(s, state->ev.state.by_number);

	CHECK(state->ev.state.by == by && p);
	CHECK((p->packet.flags & ~TCP_PSH) == flags);
	CHECK((p->packet.src_port == addr_port(&state->ev.state.sock.local)) == (by == BY_DEPARTURE));
}

static const struct wire_config watching = { .sample = true, .record = true };

static void a_connection(void)
{
	struct scene s = set_up(&watching);

	connect_both(&s);
	check_cause(&s, await_state(&s, false, SOCK_STATE_ESTABLISHED), BY_ARRIVAL, TCP_SYN | TCP_ACK);
	check_cause(&s, await_state(&s, true, SOCK_STATE_ESTABLISHED), BY_ARRIVAL, TCP_ACK);
	CHECK(count_packets(&s, PORT, TCP_SYN | TCP_ACK) == 1);
	CHECK(ask(&s, CLIENT, (struct peer_order){ .op = PEER_CLOSE, .slot = 0 }).result == 0);
	check_cause(&s, await_state(&s, true, SOCK_STATE_CLOSE_WAIT), BY_ARRIVAL, TCP_FIN | TCP_ACK);
	check_cause(&s, await_state(&s, false, SOCK_STATE_FIN_WAIT_2), BY_ARRIVAL, TCP_ACK);
	CHECK(ask(&s, SERVER, (struct peer_order){ .op = PEER_CLOSE, .slot = 1 }).result == 0);
	check_cause(&s, await_state(&s, false, SOCK_STATE_TIME_WAIT), BY_ARRIVAL, TCP_FIN | TCP_ACK);
	await_state(&s, true, SOCK_STATE_CLOSED);
	settle(&s);
	for (size_t i = 0; i < s.rows; i++) {
		const struct event *ev = &s.row[i].ev;

		CHECK(ev->kind != EVENT_WIRE);
		CHECK(ev->kind != EVENT_PACKET || (ev->host == HOST_NONE && ev->packet.iface == 0));
	}
	tear_down(&s);
}

static void test_a_connection(void **state)
{
	(void)state;
	in_child(a_connection, AS_SELF);
}

static void test_a_connection_as_nobody(void **state)
{
	(void)state;
	in_child(a_connection, AS_NOBODY);
}

#define BULK	(8 << 20)

/* Each once, in order, none longer than on Ethernet; also when there are too many to look at the sockets after each. */
static void bulk(const struct wire_config *config)
{
	struct scene s = set_up(config);
	struct wire_counts counts;
	uint64_t bytes = 0, number = 0;
	uint16_t ip_id = 0;
	int64_t got = 0;

	connect_both(&s);
	peer_begin(&s.peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .slot = 0, .value = BULK, .byte = 7 });
	while (got < BULK) {
		struct peer_answer a = ask(&s, SERVER, (struct peer_order){ .op = PEER_RECV, .slot = 1, .value = 65536 });

		CHECK(a.result > 0 && a.byte == 7);
		got += a.result;
		collect(&s);
	}
	CHECK(peer_end(&s.peer[CLIENT]).result == BULK);
	settle(&s);
	wire_counts(s.wire, &counts);
	if (counts.lost_in_buffers || counts.events_lost)
		SKIP("this machine is too slow to capture so much");
	for (size_t i = 0; i < s.rows; i++) {
		const struct happened *h = &s.row[i];

		if (h->ev.kind != EVENT_PACKET)
			continue;
		CHECK(h->ev.packet.number == ++number && h->ev.packet.len <= 1514);
		if (h->packet.dst_port != PORT)
			continue;
		/* A repetition of the sender's, for which lo's queue may be reason, has an identification of its own. */
		CHECK(!bytes || h->packet.ip_id != ip_id);
		ip_id = h->packet.ip_id;
		bytes += h->packet.payload_len;
	}
	CHECK(bytes >= BULK);
	CHECK(number == counts.packets && counts.delivered == counts.packets);
	tear_down(&s);
}

static void bulk_sampled(void)
{
	bulk(&watching);
}

static void bulk_alone(void)
{
	bulk(&(struct wire_config){ .record = true });
}

static void test_bulk_sampled(void **state)
{
	(void)state;
	in_child(bulk_sampled, AS_SELF);
}

static void test_bulk_alone(void **state)
{
	(void)state;
	in_child(bulk_alone, AS_SELF);
}

static void takes_no_orders(void)
{
	static const enum wire_verb verbs[] = { WIRE_DELAY, WIRE_HOLD, WIRE_HOLD_OFF, WIRE_RELEASE,
						WIRE_DROP,  WIRE_DUP,  WIRE_CUT,      WIRE_MEND };
	struct scene s = set_up(&watching);

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct wire_order o = { .verb = verbs[i], .from = HOST_NONE };
		struct err e = { .what = "" };

		CHECK(wire_order(s.wire, &o, NULL, &e) == -1);
		CHECK(strstr(e.what, "on one host nothing can be held") && strstr(e.hint, "--loopback"));
	}
	tear_down(&s);
}

static void test_takes_no_orders(void **state)
{
	(void)state;
	in_child(takes_no_orders, AS_SELF);
}

/* ---- which packet brought a state, of packets that were captured together ---- */

#define PEER_PORT 40000

/* A segment of a connection of 127.0.0.1:40000 (false) and 127.0.0.1:8080 (true). */
static void put_row(struct carry *c, bool from_server, uint16_t flags)
{
	static struct aside_row rows[16];
	struct aside_row *row = &rows[c->aside.count++];
	struct packet *p = &row->packet;

	c->aside.row = rows;
	*row = (struct aside_row){ .seen.number = c->aside.count };
	p->ip_version = 4;
	p->protocol = IPPROTO_TCP;
	p->ethertype = 0x0800;
	p->has_ports = true;
	p->flags = flags;
	memcpy(p->src, loopback_ip, 4);
	memcpy(p->dst, loopback_ip, 4);
	p->src_port = from_server ? PORT : PEER_PORT;
	p->dst_port = from_server ? PEER_PORT : PORT;
}

/* To which of the rows a state of an end is put down; 99: to that which was looked at. */
static uint64_t cause_of(const struct carry *c, bool servers, bool mapped, enum sock_state old, enum sock_state state,
			 enum state_by *by)
{
	static const uint8_t ip6[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
	uint16_t local = servers ? PORT : PEER_PORT, remote = servers ? PEER_PORT : PORT;
	struct event ev = { .kind = EVENT_STATE, .state = { .by = BY_DEPARTURE, .by_number = 99, .old = old } };
	struct sock_sample *sock = &ev.state.sock;

	sock->protocol = IPPROTO_TCP;
	sock->state = state;
	sock->local = mapped ? addr_v6(ip6, local) : addr_v4(loopback_ip, local);
	sock->remote = mapped ? addr_v6(ip6, remote) : addr_v4(loopback_ip, remote);
	(void)carry_loopback_attribute(c, &ev);
	*by = ev.state.by;
	return ev.state.by_number;
}

static void test_which_packet_it_was(void **state)
{
	static const struct {
		bool from_server;
		uint16_t flags;
	} packets[] = {
		{ false, TCP_SYN },	      { true, TCP_SYN | TCP_ACK },
		{ false, TCP_ACK },	      { false, TCP_PSH | TCP_ACK },
		{ true, TCP_ACK },	      { false, TCP_FIN | TCP_ACK },
		{ true, TCP_ACK },	      { true, TCP_FIN | TCP_ACK },
		{ false, TCP_ACK },	      { true, TCP_RST },
	};
	static const struct {
		bool servers;
		enum sock_state old, state;
		enum state_by by;
		uint64_t number;
	} rows[] = {
		{ false, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT, BY_DEPARTURE, 1 },
		{ true, SOCK_STATE_NONE, SOCK_STATE_SYN_RECEIVED, BY_ARRIVAL, 1 },
		{ false, SOCK_STATE_SYN_SENT, SOCK_STATE_ESTABLISHED, BY_ARRIVAL, 2 },
		{ true, SOCK_STATE_SYN_RECEIVED, SOCK_STATE_ESTABLISHED, BY_ARRIVAL, 3 },
		{ false, SOCK_STATE_ESTABLISHED, SOCK_STATE_FIN_WAIT_1, BY_DEPARTURE, 6 },
		{ false, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_FIN_WAIT_2, BY_ARRIVAL, 7 },
		{ true, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSE_WAIT, BY_ARRIVAL, 6 },
		{ true, SOCK_STATE_CLOSE_WAIT, SOCK_STATE_LAST_ACK, BY_DEPARTURE, 8 },
		{ false, SOCK_STATE_FIN_WAIT_2, SOCK_STATE_TIME_WAIT, BY_ARRIVAL, 8 },
		{ false, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_CLOSING, BY_ARRIVAL, 8 },
		{ false, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSED, BY_ARRIVAL, 10 },
		{ true, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSED, BY_DEPARTURE, 10 },
		/* Nothing new about the state, and a state that no packet brings: as it was found. */
		{ false, SOCK_STATE_ESTABLISHED, SOCK_STATE_ESTABLISHED, BY_DEPARTURE, 99 },
		{ true, SOCK_STATE_CLOSED, SOCK_STATE_LISTEN, BY_DEPARTURE, 99 },
	};
	struct carry c = { .ports = 1 };
	enum state_by by;

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		put_row(&c, packets[i].from_server, packets[i].flags);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int mapped = 0; mapped < 2; mapped++) {
			uint64_t number = cause_of(&c, rows[i].servers, mapped, rows[i].old, rows[i].state, &by);

			if (number != rows[i].number || by != rows[i].by)
				fail_msg("row %zu: packet %u, by %d", i, (unsigned)number, (int)by);
		}
}

static void test_the_last_acknowledgment(void **state)
{
	struct carry c = { .ports = 1 };
	enum state_by by;

	(void)state;
	put_row(&c, false, TCP_ACK);
	put_row(&c, true, TCP_FIN | TCP_ACK);
	put_row(&c, false, TCP_ACK);
	assert_int_equal(cause_of(&c, true, false, SOCK_STATE_CLOSE_WAIT, SOCK_STATE_CLOSED, &by), 3);
	assert_int_equal(by, BY_ARRIVAL);
	assert_int_equal(cause_of(&c, true, false, SOCK_STATE_LAST_ACK, SOCK_STATE_CLOSED, &by), 3);
	/* A socket that is closed without that is not closed by it. */
	assert_int_equal(cause_of(&c, true, false, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSED, &by), 99);
	assert_int_equal(cause_of(&c, false, false, SOCK_STATE_TIME_WAIT, SOCK_STATE_CLOSED, &by), 99);
}

/* Of another connection nothing is said, nor where its packets were not among those. */
static void test_other_packets(void **state)
{
	struct carry c = { .ports = 1 };
	enum state_by by;

	(void)state;
	assert_int_equal(cause_of(&c, false, false, SOCK_STATE_NONE, SOCK_STATE_ESTABLISHED, &by), 99);
	put_row(&c, true, TCP_SYN | TCP_ACK);
	c.aside.row[0].packet.dst_port = PEER_PORT + 1;
	assert_int_equal(cause_of(&c, false, false, SOCK_STATE_NONE, SOCK_STATE_ESTABLISHED, &by), 99);
	assert_int_equal(by, BY_DEPARTURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_namespace_as_we_are),
		cmocka_unit_test(test_one_namespace_as_nobody),
		cmocka_unit_test(test_names_resolve),
		cmocka_unit_test(test_names_resolve_as_nobody),
		cmocka_unit_test(test_a_connection),
		cmocka_unit_test(test_a_connection_as_nobody),
		cmocka_unit_test(test_bulk_sampled),
		cmocka_unit_test(test_bulk_alone),
		cmocka_unit_test(test_takes_no_orders),
		cmocka_unit_test(test_which_packet_it_was),
		cmocka_unit_test(test_the_last_acknowledgment),
		cmocka_unit_test(test_other_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
