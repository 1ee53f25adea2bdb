/*
 * Real sockets on both hosts, opened by this process from inside their network namespaces, and a hand that
 * moves one packet at a time between the ports: so every state can be stood in.
 */
#include "tests/unit/lab/child.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "src/core/clock.h"
#include "src/lab/iface.h"
#include "src/lab/lab.h"
#include "src/lab/sample.h"
#include "src/lab/space.h"

enum { CLIENT, SERVER };
#define EVENTS	4096
#define WAIT_MS 20000

struct world {
	struct lab *lab;
	struct sampler *sampler;
	int port[2];
	uint64_t packets, calls;
	struct event *event;
	size_t events;
};

struct frame {
	uint8_t bytes[2048];
	size_t len;
	uint64_t number;
	struct packet packet;
};

static void keep(void *context, const struct event *ev)
{
	struct world *w = context;

	CHECK(w->events < EVENTS && ev->kind == EVENT_STATE && ev->ts_ns > 0);
	w->event[w->events++] = *ev;
}

static int open_port(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)iface_index(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	CHECK(fd >= 0);
	CHECK(setsockopt(fd, SOL_PACKET, 23 /* PACKET_IGNORE_OUTGOING */, &one, sizeof(one)) == 0);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static void begin(struct world *w)
{
	static const char *const two[] = { "client", "server" };
	struct err e = { .what = "" };

	*w = (struct world){ .event = calloc(EVENTS, sizeof(*w->event)) };
	CHECK(w->event);
	w->lab = lab_new(two, 2, NULL, NULL, &e);
	if (!w->lab && (e.code == EPERM || e.code == ENOSPC))
		SKIP(e.what);
	CHECK_OK(w->lab, e);
	w->port[CLIENT] = open_port("client");
	w->port[SERVER] = open_port("server");
	w->sampler = sampler_new(w->lab, keep, w, &e);
	CHECK_OK(w->sampler, e);
	CHECK(sampler_due(w->sampler) == INT64_MAX);
}

static void end(struct world *w)
{
	sampler_free(w->sampler);
	lab_free(w->lab);
	free(w->event);
}

/* ---- sockets ---- */

static int open_socket(struct world *w, uint8_t host, int family, int type)
{
	struct err e;
	int fd;

	CHECK_OK(space_join_net(w->lab->host[host].netns_fd, &e) == 0, e);
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CHECK_OK(space_join_net(w->lab->wire_fd, &e) == 0, e);
	CHECK(fd >= 0);
	return fd;
}

static struct addr at(const struct world *w, int family, uint8_t host, uint16_t port)
{
	const struct lab_host *h = &w->lab->host[host];

	return family == AF_INET6 ? addr_v6(h->ip6, port) : addr_v4(h->ip4, port);
}

static void bind_to(int fd, struct addr a)
{
	int one = 1;

	CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	CHECK(bind(fd, &a.u.sa, a.len) == 0);
}

static struct addr addr_by(int (*get)(int, struct sockaddr *, socklen_t *), int fd)
{
	struct sockaddr_storage s;
	socklen_t len = sizeof(s);

	if (get(fd, (struct sockaddr *)&s, &len))
		return (struct addr){ 0 };
	return addr_of((struct sockaddr *)&s, len);
}

static int getsockname_(int fd, struct sockaddr *a, socklen_t *len)
{
	return getsockname(fd, a, len);
}

static int getpeername_(int fd, struct sockaddr *a, socklen_t *len)
{
	return getpeername(fd, a, len);
}

static int option(int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	CHECK(getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0);
	return value;
}

static struct sock_key key_of(int fd)
{
	struct sock_key key = {
		.family = (uint8_t)option(fd, SO_DOMAIN),
		.type = (uint8_t)option(fd, SO_TYPE),
		.protocol = (uint8_t)option(fd, SO_PROTOCOL),
		.local = addr_by(getsockname_, fd),
		.remote = addr_by(getpeername_, fd),
	};
	socklen_t len = sizeof(key.cookie);
	struct stat st;

	CHECK(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &key.cookie, &len) == 0);
	CHECK(fstat(fd, &st) == 0);
	key.inode = (uint32_t)st.st_ino;
	return key;
}

static void call_returned(struct world *w, uint8_t host, const struct sock_key *key)
{
	sampler_call(w->sampler, host, key, ++w->calls);
}

static void called(struct world *w, uint8_t host, int fd)
{
	struct sock_key key = key_of(fd);

	call_returned(w, host, &key);
}

/* ---- packets ---- */

/* The next packet that leaves a host is recorded and held in the hand. */
static struct frame take(struct world *w, uint8_t from)
{
	struct pollfd p = { .fd = w->port[from], .events = POLLIN };
	struct frame f;
	ssize_t got;

	CHECK(poll(&p, 1, WAIT_MS) == 1);
	got = read(w->port[from], f.bytes, sizeof(f.bytes));
	CHECK(got > 0);
	f.len = (size_t)got;
	f.number = ++w->packets;
	packet_parse(&f.packet, LINK_ETHERNET, f.bytes, f.len, f.len);
	sampler_packet(w->sampler, from, &f.packet, BY_DEPARTURE, f.number);
	return f;
}

static void deliver(struct world *w, uint8_t to, const struct frame *f)
{
	CHECK(write(w->port[to], f->bytes, f->len) == (ssize_t)f->len);
	sampler_packet(w->sampler, to, &f->packet, BY_ARRIVAL, f->number);
}

static void pass(struct world *w, uint8_t from)
{
	struct frame f = take(w, from);

	deliver(w, from == CLIENT ? SERVER : CLIENT, &f);
}

/* Passes packets both ways until the predicate holds. */
static void pass_until(struct world *w, bool (*holds)(const struct world *))
{
	int64_t stop = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
	struct pollfd p[2] = { { .fd = w->port[0], .events = POLLIN },
			       { .fd = w->port[1], .events = POLLIN } };

	while (!holds(w)) {
		CHECK(clock_monotonic_ns() < stop);
		if (poll(p, 2, 100) <= 0)
			sampler_tick(w->sampler, clock_now_ns());
		for (uint8_t host = 0; host < 2; host++)
			if (p[host].revents & POLLIN)
				pass(w, host);
	}
}

/* ---- what was said ---- */

/* The last STATE of a socket; NULL if it has none. */
static const struct event *last_of(const struct world *w, uint8_t host, uint64_t cookie)
{
	for (size_t i = w->events; i-- > 0;)
		if (w->event[i].host == host && w->event[i].state.sock.cookie == cookie)
			return &w->event[i];
	return NULL;
}

static void show_events(const struct world *w)
{
	for (size_t i = 0; i < w->events; i++) {
		const struct event_state *s = &w->event[i].state;

		fprintf(stderr,
			"# host %u cookie %llu: %s -> %s by %d %llu, queues %u/%u timer %s %u\n",
			w->event[i].host, (unsigned long long)s->sock.cookie,
			sock_state_name(s->old), sock_state_name(s->sock.state), s->by,
			(unsigned long long)s->by_number, s->sock.recvq, s->sock.sendq,
			sock_timer_name(s->sock.timer), s->sock.timer_ms);
	}
}

#define CHECK_EV(what)                                                                             \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			show_events(w);                                                            \
			CHECK(what);                                                               \
		}                                                                                  \
	} while (0)

/* The socket's last STATE is a change to `state`, for this reason. */
static void became(const struct world *w, uint8_t host, uint64_t cookie, enum sock_state old,
		   enum sock_state state, enum state_by by, uint64_t number)
{
	const struct event *ev = last_of(w, host, cookie);

	CHECK_EV(ev);
	CHECK_EV(ev->state.sock.state == state);
	CHECK_EV(ev->state.old == old);
	CHECK_EV(ev->state.by == by && ev->state.by_number == number);
	CHECK_EV(ev->state.fd == -1 && ev->host == host);
}

static const struct sock_sample *now_of(const struct world *w, uint8_t host, uint64_t cookie)
{
	const struct event *ev = last_of(w, host, cookie);

	CHECK_EV(ev);
	return &ev->state.sock;
}

/* The socket of a host that was last reported in a state, and is no `except`. */
static uint64_t cookie_in(const struct world *w, uint8_t host, enum sock_state state,
			  uint64_t except)
{
	for (size_t i = w->events; i-- > 0;)
		if (w->event[i].host == host && w->event[i].state.sock.state == state &&
		    w->event[i].state.sock.cookie != except)
			return w->event[i].state.sock.cookie;
	CHECK_EV(!"a socket in that state");
	return 0;
}

/* ---- a connection ---- */

struct connection {
	int listener, client, server;
	uint64_t listens, calls, answers; /* cookies */
};

static void listen_at(struct world *w, struct connection *c, struct addr a, int backlog)
{
	c->listener = open_socket(w, SERVER, addr_family(&a), SOCK_STREAM);
	bind_to(c->listener, a);
	CHECK(listen(c->listener, backlog) == 0);
	c->listens = key_of(c->listener).cookie;
	called(w, SERVER, c->listener);
}

static void connect_to(struct world *w, struct connection *c, struct addr a)
{
	c->client = open_socket(w, CLIENT, addr_family(&a), SOCK_STREAM);
	c->calls = key_of(c->client).cookie;
	called(w, CLIENT, c->client);
	CHECK(connect(c->client, &a.u.sa, a.len) == -1 && errno == EINPROGRESS);
}

static void open_connection(struct world *w, struct connection *c, int family)
{
	listen_at(w, c, at(w, family, SERVER, 8080), 5);
	connect_to(w, c, at(w, family, SERVER, 8080));
	pass(w, CLIENT);
	pass(w, SERVER);
	pass(w, CLIENT);
	c->server = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(c->server >= 0);
	c->answers = key_of(c->server).cookie;
	called(w, SERVER, c->listener);
	called(w, SERVER, c->server);
	CHECK_EV(now_of(w, CLIENT, c->calls)->state == SOCK_STATE_ESTABLISHED);
	CHECK_EV(now_of(w, SERVER, c->answers)->state == SOCK_STATE_ESTABLISHED);
}

static void close_connection(struct connection *c)
{
	close(c->client);
	close(c->server);
	close(c->listener);
}

/* ---- TCP ---- */

static void opening(struct world *w, struct connection *c, int family)
{
	struct addr a = at(w, family, SERVER, 80);
	struct frame f;
	size_t before;

	c->listener = open_socket(w, SERVER, family, SOCK_STREAM);
	c->listens = key_of(c->listener).cookie;
	called(w, SERVER, c->listener);
	became(w, SERVER, c->listens, SOCK_STATE_NONE, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	bind_to(c->listener, a);
	called(w, SERVER, c->listener);
	became(w, SERVER, c->listens, SOCK_STATE_CLOSED, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	CHECK_EV(addr_port(&now_of(w, SERVER, c->listens)->local) == 80);
	CHECK(listen(c->listener, 5) == 0);
	called(w, SERVER, c->listener);
	became(w, SERVER, c->listens, SOCK_STATE_CLOSED, SOCK_STATE_LISTEN, BY_CALL, w->calls);
	CHECK_EV(now_of(w, SERVER, c->listens)->sendq == 5 &&
		 !now_of(w, SERVER, c->listens)->recvq);

	connect_to(w, c, a);
	became(w, CLIENT, c->calls, SOCK_STATE_NONE, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	f = take(w, CLIENT);
	became(w, CLIENT, c->calls, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT, BY_DEPARTURE, f.number);
	CHECK_EV(now_of(w, CLIENT, c->calls)->timer == SOCK_TIMER_RETRANSMIT);
	CHECK(sampler_due(w->sampler) < clock_now_ns() + 5 * NS_PER_S);
	before = w->events;
	called(w, CLIENT, c->client); /* its peer's name is not to be had now */
	CHECK_EV(w->events == before);
	deliver(w, SERVER, &f);
	c->answers = cookie_in(w, SERVER, SOCK_STATE_SYN_RECEIVED, 0);
	became(w, SERVER, c->answers, SOCK_STATE_NONE, SOCK_STATE_SYN_RECEIVED, BY_ARRIVAL,
	       f.number);
	CHECK_EV(!now_of(w, SERVER, c->listens)->recvq);
	f = take(w, SERVER);
	deliver(w, CLIENT, &f);
	became(w, CLIENT, c->calls, SOCK_STATE_SYN_SENT, SOCK_STATE_ESTABLISHED, BY_ARRIVAL,
	       f.number);
	CHECK_EV(now_of(w, CLIENT, c->calls)->cwnd == 10 && now_of(w, CLIENT, c->calls)->mss > 500);
	f = take(w, CLIENT);
	CHECK_EV(now_of(w, SERVER, c->answers)->state == SOCK_STATE_SYN_RECEIVED);
	deliver(w, SERVER, &f);
	became(w, SERVER, c->answers, SOCK_STATE_SYN_RECEIVED, SOCK_STATE_ESTABLISHED, BY_ARRIVAL,
	       f.number);
	became(w, SERVER, c->listens, SOCK_STATE_LISTEN, SOCK_STATE_LISTEN, BY_ARRIVAL, f.number);
	CHECK_EV(now_of(w, SERVER, c->listens)->recvq == 1);

	c->server = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(key_of(c->server).cookie == c->answers);
	called(w, SERVER, c->listener);
	CHECK_EV(!now_of(w, SERVER, c->listens)->recvq);
	called(w, SERVER, c->server);
	CHECK_EV(now_of(w, SERVER, c->answers)->inode == key_of(c->server).inode);
}

static void data(struct world *w, struct connection *c)
{
	char got[16];
	struct frame f;

	CHECK(send(c->client, "hello", 5, 0) == 5);
	called(w, CLIENT, c->client);
	CHECK_EV(now_of(w, CLIENT, c->calls)->sendq == 5 &&
		 now_of(w, CLIENT, c->calls)->unacked == 1);
	f = take(w, CLIENT);
	deliver(w, SERVER, &f);
	became(w, SERVER, c->answers, SOCK_STATE_ESTABLISHED, SOCK_STATE_ESTABLISHED, BY_ARRIVAL,
	       f.number);
	CHECK_EV(now_of(w, SERVER, c->answers)->recvq == 5);
	f = take(w, SERVER);
	deliver(w, CLIENT, &f);
	CHECK_EV(!now_of(w, CLIENT, c->calls)->sendq && !now_of(w, CLIENT, c->calls)->unacked);
	CHECK_EV(now_of(w, CLIENT, c->calls)->timer == SOCK_TIMER_OFF);
	CHECK_EV(now_of(w, CLIENT, c->calls)->rtt_us > 0);
	CHECK(recv(c->server, got, sizeof(got), 0) == 5);
	called(w, SERVER, c->server);
	CHECK_EV(!now_of(w, SERVER, c->answers)->recvq);
}

static void closing(struct world *w, struct connection *c)
{
	struct sock_key key = key_of(c->client);
	struct frame f;

	close(c->client);
	call_returned(w, CLIENT, &key);
	became(w, CLIENT, c->calls, SOCK_STATE_ESTABLISHED, SOCK_STATE_FIN_WAIT_1, BY_CALL,
	       w->calls);
	f = take(w, CLIENT);
	deliver(w, SERVER, &f);
	became(w, SERVER, c->answers, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSE_WAIT, BY_ARRIVAL,
	       f.number);
	f = take(w, SERVER);
	deliver(w, CLIENT, &f);
	became(w, CLIENT, c->calls, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_FIN_WAIT_2, BY_ARRIVAL,
	       f.number);
	key = key_of(c->server);
	close(c->server);
	call_returned(w, SERVER, &key);
	became(w, SERVER, c->answers, SOCK_STATE_CLOSE_WAIT, SOCK_STATE_LAST_ACK, BY_CALL,
	       w->calls);
	f = take(w, SERVER);
	deliver(w, CLIENT, &f);
	became(w, CLIENT, c->calls, SOCK_STATE_FIN_WAIT_2, SOCK_STATE_TIME_WAIT, BY_ARRIVAL,
	       f.number);
	CHECK_EV(now_of(w, CLIENT, c->calls)->timer == SOCK_TIMER_TIME_WAIT);
	CHECK_EV(now_of(w, CLIENT, c->calls)->timer_ms > 50000);
	f = take(w, CLIENT);
	deliver(w, SERVER, &f);
	became(w, SERVER, c->answers, SOCK_STATE_LAST_ACK, SOCK_STATE_CLOSED, BY_ARRIVAL, f.number);
	key = key_of(c->listener);
	close(c->listener);
	call_returned(w, SERVER, &key);
	became(w, SERVER, c->listens, SOCK_STATE_LISTEN, SOCK_STATE_CLOSED, BY_CALL, w->calls);
}

static void all_of_a_connection(int family)
{
	struct world world, *w = &world;
	struct connection c;
	int64_t due;
	size_t before;

	begin(w);
	if (family == AF_INET6 && !w->lab->ip6)
		SKIP("this kernel has no IPv6");
	opening(w, &c, family);
	data(w, &c);
	closing(w, &c);
	/* Only the TIME-WAIT is left, and a tick before its end changes nothing. */
	before = w->events;
	sampler_tick(w->sampler, clock_now_ns() + 10 * NS_PER_S);
	due = sampler_due(w->sampler);
	CHECK(due > clock_now_ns() + 45 * NS_PER_S && due < clock_now_ns() + 65 * NS_PER_S);
	sampler_tick(w->sampler, due);
	CHECK_EV(w->events == before);
	/* What is closed can be forgotten; what is not stays known. */
	sampler_forget_closed(w->sampler);
	CHECK(sampler_due(w->sampler) > clock_now_ns() + 45 * NS_PER_S);
	end(w);
}

static void connection_ip4(void)
{
	all_of_a_connection(AF_INET);
}

static void connection_ip6(void)
{
	all_of_a_connection(AF_INET6);
}

/* A listener on [::] that is reached by IPv4: one socket, whatever the words for its address. */
static void connection_dual(void)
{
	struct world world, *w = &world;
	static const uint8_t any[16];
	struct connection c;
	struct sock_key key;

	begin(w);
	if (!w->lab->ip6)
		SKIP("this kernel has no IPv6");
	listen_at(w, &c, addr_v6(any, 8080), 5);
	connect_to(w, &c, at(w, AF_INET, SERVER, 8080));
	pass(w, CLIENT);
	c.answers = cookie_in(w, SERVER, SOCK_STATE_SYN_RECEIVED, 0);
	pass(w, SERVER);
	pass(w, CLIENT);
	CHECK_EV(now_of(w, SERVER, c.listens)->recvq == 1);
	c.server = accept4(c.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	key = key_of(c.server);
	CHECK(key.cookie == c.answers && key.family == AF_INET6);
	call_returned(w, SERVER, &key);
	close(c.server);
	call_returned(w, SERVER, &key);
	became(w, SERVER, c.answers, SOCK_STATE_ESTABLISHED, SOCK_STATE_FIN_WAIT_1, BY_CALL,
	       w->calls);
	CHECK(setsockopt(c.client, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
			 sizeof(struct linger)) == 0);
	close(c.client);
	pass(w, CLIENT);
	became(w, SERVER, c.answers, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_CLOSED, BY_ARRIVAL,
	       w->packets);
	close(c.listener);
	end(w);
}

static void test_connection(void **state)
{
	(void)state;
	in_child(connection_ip4, AS_SELF);
	in_child(connection_ip4, AS_NOBODY);
	in_child(connection_ip6, AS_NOBODY);
	in_child(connection_dual, AS_NOBODY);
}

/* Both FINs are in the hand at once. */
static void simultaneous_close(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct frame f[2];

	begin(w);
	open_connection(w, &c, AF_INET);
	CHECK(shutdown(c.client, SHUT_WR) == 0 && shutdown(c.server, SHUT_WR) == 0);
	f[CLIENT] = take(w, CLIENT);
	f[SERVER] = take(w, SERVER);
	became(w, CLIENT, c.calls, SOCK_STATE_ESTABLISHED, SOCK_STATE_FIN_WAIT_1, BY_DEPARTURE,
	       f[CLIENT].number);
	deliver(w, SERVER, &f[CLIENT]);
	deliver(w, CLIENT, &f[SERVER]);
	became(w, CLIENT, c.calls, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_CLOSING, BY_ARRIVAL,
	       f[SERVER].number);
	became(w, SERVER, c.answers, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_CLOSING, BY_ARRIVAL,
	       f[CLIENT].number);
	pass(w, CLIENT);
	pass(w, SERVER);
	CHECK_EV(now_of(w, CLIENT, c.calls)->state == SOCK_STATE_TIME_WAIT);
	CHECK_EV(now_of(w, SERVER, c.answers)->state == SOCK_STATE_TIME_WAIT);
	close_connection(&c);
	end(w);
}

static void test_simultaneous_close(void **state)
{
	(void)state;
	in_child(simultaneous_close, AS_SELF);
}

static void refused(void)
{
	struct world world, *w = &world;
	struct connection c;
	size_t before;

	begin(w);
	connect_to(w, &c, at(w, AF_INET, SERVER, 81));
	pass(w, CLIENT);
	CHECK_EV(now_of(w, CLIENT, c.calls)->state == SOCK_STATE_SYN_SENT);
	pass(w, SERVER);
	became(w, CLIENT, c.calls, SOCK_STATE_SYN_SENT, SOCK_STATE_CLOSED, BY_ARRIVAL, w->packets);
	CHECK_EV(addr_port(&now_of(w, CLIENT, c.calls)->remote) == 81);
	CHECK(option(c.client, SO_ERROR) == ECONNREFUSED);
	/* A call on the dead socket is no news. */
	before = w->events;
	sampler_forget_closed(w->sampler);
	called(w, CLIENT, c.client);
	CHECK_EV(w->events == before);
	close(c.client);
	sampler_tick(w->sampler, INT64_MAX - 1);
	CHECK(sampler_due(w->sampler) == INT64_MAX);
	end(w);
}

static void reset(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct sock_key key;

	begin(w);
	open_connection(w, &c, AF_INET);
	CHECK(setsockopt(c.client, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
			 sizeof(struct linger)) == 0);
	key = key_of(c.client);
	close(c.client);
	call_returned(w, CLIENT, &key);
	became(w, CLIENT, c.calls, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	pass(w, CLIENT);
	became(w, SERVER, c.answers, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSED, BY_ARRIVAL,
	       w->packets);
	called(w, SERVER, c.server);
	CHECK_EV(now_of(w, SERVER, c.answers)->state == SOCK_STATE_CLOSED);
	CHECK_EV(now_of(w, SERVER, c.listens)->state == SOCK_STATE_LISTEN);
	close(c.server);
	close(c.listener);
	end(w);
}

static void put_sum(uint8_t *to, const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	to[0] = (uint8_t)(~sum >> 8);
	to[1] = (uint8_t)~sum;
}

/* A router's word on a packet: host unreachable, with the IP header and eight bytes of what it is about. */
static struct frame unreachable(const struct frame *about)
{
	struct frame f = { .len = 14 + 20 + 8 + 28, .number = about->number + 1 };
	uint8_t *ip = f.bytes + 14, *icmp = ip + 20;

	memcpy(f.bytes, about->bytes + 6, 6);
	memcpy(f.bytes + 6, about->bytes, 6);
	f.bytes[12] = 0x08;
	ip[0] = 0x45;
	ip[3] = 20 + 8 + 28;
	ip[8] = 64;
	ip[9] = IPPROTO_ICMP;
	memcpy(ip + 12, about->bytes + 14 + 16, 4);
	memcpy(ip + 16, about->bytes + 14 + 12, 4);
	put_sum(ip + 10, ip, 20);
	icmp[0] = 3;
	icmp[1] = 1;
	memcpy(icmp + 8, about->bytes + 14, 28);
	put_sum(icmp + 2, icmp, 8 + 28);
	packet_parse(&f.packet, LINK_ETHERNET, f.bytes, f.len, f.len);
	return f;
}

static void ended_by_icmp(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct frame f;

	begin(w);
	connect_to(w, &c, at(w, AF_INET, SERVER, 81));
	f = take(w, CLIENT);
	f = unreachable(&f);
	deliver(w, CLIENT, &f);
	became(w, CLIENT, c.calls, SOCK_STATE_SYN_SENT, SOCK_STATE_CLOSED, BY_ARRIVAL, f.number);
	CHECK(option(c.client, SO_ERROR) == EHOSTUNREACH);
	close(c.client);
	end(w);
}

/* The server is in TIME-WAIT when the same pair of addresses opens a new connection: the old one is over. */
static void time_wait_reused(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct addr from, to;
	uint64_t first;
	int fd;

	begin(w);
	open_connection(w, &c, AF_INET);
	first = c.answers;
	from = key_of(c.client).local;
	to = key_of(c.client).remote;
	close(c.server);
	pass(w, SERVER);
	pass(w, CLIENT);
	close(c.client);
	pass(w, CLIENT);
	CHECK_EV(now_of(w, SERVER, first)->state == SOCK_STATE_TIME_WAIT);
	pass(w, SERVER);
	fd = open_socket(w, CLIENT, AF_INET, SOCK_STREAM);
	bind_to(fd, from);
	CHECK(connect(fd, &to.u.sa, to.len) == -1 && errno == EINPROGRESS);
	pass(w, CLIENT);
	became(w, SERVER, first, SOCK_STATE_TIME_WAIT, SOCK_STATE_CLOSED, BY_ARRIVAL, w->packets);
	CHECK_EV(cookie_in(w, SERVER, SOCK_STATE_SYN_RECEIVED, first) != first);
	close(fd);
	close(c.listener);
	end(w);
}

static void test_refused_and_reset(void **state)
{
	(void)state;
	in_child(refused, AS_SELF);
	in_child(reset, AS_SELF);
	in_child(ended_by_icmp, AS_SELF);
	in_child(time_wait_reused, AS_SELF);
}

/* ---- time ---- */

/* As the wire does: sleeps until the sampler is due, then lets it look. */
static void wait_for_state(struct world *w, uint8_t host, uint64_t cookie, enum sock_state state)
{
	int64_t stop = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;

	while (now_of(w, host, cookie)->state != state) {
		int64_t now = clock_now_ns(), due = sampler_due(w->sampler);
		struct timespec until = { .tv_sec = due / NS_PER_S, .tv_nsec = due % NS_PER_S };

		CHECK_EV(clock_monotonic_ns() < stop);
		CHECK_EV(due < now + WAIT_MS * NS_PER_MS);
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
		sampler_tick(w->sampler, clock_now_ns());
	}
}

/* An orphan in FIN-WAIT-2 ends by time alone, and then nothing is due any more. */
static void ends_by_time(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct sock_key key;
	struct err e;

	begin(w);
	CHECK_OK(lab_sysctl(w->lab, CLIENT, "net.ipv4.tcp_fin_timeout", "1", &e) == 0, e);
	open_connection(w, &c, AF_INET);
	key = key_of(c.client);
	close(c.client);
	call_returned(w, CLIENT, &key);
	pass(w, CLIENT);
	pass(w, SERVER);
	became(w, CLIENT, c.calls, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_FIN_WAIT_2, BY_ARRIVAL,
	       w->packets);
	CHECK_EV(now_of(w, CLIENT, c.calls)->timer != SOCK_TIMER_OFF);
	wait_for_state(w, CLIENT, c.calls, SOCK_STATE_CLOSED);
	became(w, CLIENT, c.calls, SOCK_STATE_FIN_WAIT_2, SOCK_STATE_CLOSED, BY_TIME, 0);
	CHECK_EV(sampler_due(w->sampler) == INT64_MAX);
	close(c.server);
	close(c.listener);
	end(w);
}

/* A retransmission timer that nobody answers: each firing shows, without any packet being looked at. */
static void retransmits(void)
{
	struct world world, *w = &world;
	struct connection c;
	int64_t stop;

	begin(w);
	open_connection(w, &c, AF_INET);
	CHECK(send(c.client, "lost", 4, 0) == 4);
	called(w, CLIENT, c.client);
	CHECK_EV(now_of(w, CLIENT, c.calls)->timer == SOCK_TIMER_RETRANSMIT);
	stop = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
	while (now_of(w, CLIENT, c.calls)->retransmits < 2) {
		int64_t due = sampler_due(w->sampler);
		struct timespec until = { .tv_sec = due / NS_PER_S, .tv_nsec = due % NS_PER_S };

		CHECK_EV(clock_monotonic_ns() < stop);
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
		sampler_tick(w->sampler, clock_now_ns());
	}
	CHECK_EV(last_of(w, CLIENT, c.calls)->state.by == BY_TIME);
	CHECK_EV(now_of(w, CLIENT, c.calls)->ca_state == 4 &&
		 now_of(w, CLIENT, c.calls)->cwnd == 1);
	CHECK_EV(now_of(w, CLIENT, c.calls)->total_retrans >= 2);
	close_connection(&c);
	end(w);
}

static void keepalive_timer(void)
{
	struct world world, *w = &world;
	struct connection c;
	int one = 1;

	begin(w);
	open_connection(w, &c, AF_INET);
	sampler_tick(w->sampler, INT64_MAX - 1);
	CHECK_EV(sampler_due(w->sampler) == INT64_MAX);
	CHECK(setsockopt(c.client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) == 0);
	called(w, CLIENT, c.client);
	CHECK_EV(now_of(w, CLIENT, c.calls)->timer == SOCK_TIMER_KEEPALIVE);
	CHECK_EV(now_of(w, CLIENT, c.calls)->timer_ms > 7000000);
	close_connection(&c);
	end(w);
}

static bool client_probes(const struct world *w)
{
	for (size_t i = w->events; i-- > 0;)
		if (w->event[i].host == CLIENT)
			return w->event[i].state.sock.timer == SOCK_TIMER_PROBE;
	return false;
}

static void probe_timer(void)
{
	struct world world, *w = &world;
	static char much[40000];
	struct connection c;
	int small = 2048;

	begin(w);
	listen_at(w, &c, at(w, AF_INET, SERVER, 8080), 5);
	CHECK(setsockopt(c.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	connect_to(w, &c, at(w, AF_INET, SERVER, 8080));
	pass(w, CLIENT);
	pass(w, SERVER);
	pass(w, CLIENT);
	CHECK(send(c.client, much, sizeof(much), 0) > 0);
	pass_until(w, client_probes);
	CHECK_EV(now_of(w, CLIENT, c.calls)->sendq > 0);
	close(c.client);
	close(c.listener);
	end(w);
}

static void test_timers(void **state)
{
	(void)state;
	in_child(ends_by_time, AS_SELF);
	in_child(retransmits, AS_SELF);
	in_child(keepalive_timer, AS_SELF);
	in_child(probe_timer, AS_SELF);
}

/* ---- UDP ---- */

static void udp(int family)
{
	struct world world, *w = &world;
	struct sock_key key;
	struct addr to;
	uint64_t serves, asks, waits;
	int server, client, other;
	char got[16];

	begin(w);
	if (family == AF_INET6 && !w->lab->ip6)
		SKIP("this kernel has no IPv6");
	server = open_socket(w, SERVER, family, SOCK_DGRAM);
	serves = key_of(server).cookie;
	called(w, SERVER, server);
	became(w, SERVER, serves, SOCK_STATE_NONE, SOCK_STATE_UNCONNECTED, BY_CALL, w->calls);
	to = at(w, family, SERVER, 2000);
	bind_to(server, to);
	called(w, SERVER, server);
	became(w, SERVER, serves, SOCK_STATE_UNCONNECTED, SOCK_STATE_UNCONNECTED, BY_CALL,
	       w->calls);
	CHECK_EV(addr_port(&now_of(w, SERVER, serves)->local) == 2000);

	client = open_socket(w, CLIENT, family, SOCK_DGRAM);
	asks = key_of(client).cookie;
	CHECK(connect(client, &to.u.sa, to.len) == 0);
	called(w, CLIENT, client);
	became(w, CLIENT, asks, SOCK_STATE_NONE, SOCK_STATE_CONNECTED, BY_CALL, w->calls);

	CHECK(send(client, "ping", 4, 0) == 4);
	pass(w, CLIENT);
	became(w, SERVER, serves, SOCK_STATE_UNCONNECTED, SOCK_STATE_UNCONNECTED, BY_ARRIVAL,
	       w->packets);
	CHECK_EV(now_of(w, SERVER, serves)->recvq > 0);
	CHECK(recv(server, got, sizeof(got), 0) == 4);
	called(w, SERVER, server);
	CHECK_EV(!now_of(w, SERVER, serves)->recvq);

	/* A second socket of the server's port, connected to the client, gets what comes from there. */
	other = open_socket(w, SERVER, family, SOCK_DGRAM);
	waits = key_of(other).cookie;
	bind_to(other, to);
	key = key_of(client);
	CHECK(connect(other, &key.local.u.sa, key.local.len) == 0);
	called(w, SERVER, other);
	became(w, SERVER, waits, SOCK_STATE_NONE, SOCK_STATE_CONNECTED, BY_CALL, w->calls);
	CHECK(send(client, "pong", 4, 0) == 4);
	pass(w, CLIENT);
	became(w, SERVER, waits, SOCK_STATE_CONNECTED, SOCK_STATE_CONNECTED, BY_ARRIVAL,
	       w->packets);
	CHECK_EV(now_of(w, SERVER, waits)->recvq > 0 && !now_of(w, SERVER, serves)->recvq);

	key = key_of(other);
	close(other);
	call_returned(w, SERVER, &key);
	became(w, SERVER, waits, SOCK_STATE_CONNECTED, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	key = key_of(server);
	close(server);
	call_returned(w, SERVER, &key);
	became(w, SERVER, serves, SOCK_STATE_UNCONNECTED, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	CHECK_EV(sampler_due(w->sampler) == INT64_MAX);
	close(client);
	end(w);
}

static void udp_ip4(void)
{
	udp(AF_INET);
}

static void udp_ip6(void)
{
	udp(AF_INET6);
}

static void udp_drops(void)
{
	struct world world, *w = &world;
	static char much[1400];
	struct addr to;
	uint64_t serves;
	int server, client, small = 2048;

	begin(w);
	server = open_socket(w, SERVER, AF_INET, SOCK_DGRAM);
	serves = key_of(server).cookie;
	to = at(w, AF_INET, SERVER, 2000);
	bind_to(server, to);
	CHECK(setsockopt(server, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	called(w, SERVER, server);
	client = open_socket(w, CLIENT, AF_INET, SOCK_DGRAM);
	for (int i = 0; i < 20; i++) {
		CHECK(sendto(client, much, sizeof(much), 0, &to.u.sa, to.len) == sizeof(much));
		pass(w, CLIENT);
	}
	CHECK_EV(now_of(w, SERVER, serves)->drops > 10);
	close(server);
	close(client);
	end(w);
}

static void test_udp(void **state)
{
	(void)state;
	in_child(udp_ip4, AS_NOBODY);
	in_child(udp_ip6, AS_SELF);
	in_child(udp_drops, AS_SELF);
}

/* ---- Unix ---- */

static struct addr abstract(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	memcpy(un.sun_path + 1, name, len);
	return addr_of((struct sockaddr *)&un,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

static void unix_stream(void)
{
	struct world world, *w = &world;
	struct addr a = abstract("sample");
	uint64_t listens, calls, answers;
	int listener, client, server;
	struct sock_key key;

	begin(w);
	listener = open_socket(w, SERVER, AF_UNIX, SOCK_STREAM);
	listens = key_of(listener).cookie;
	called(w, SERVER, listener);
	became(w, SERVER, listens, SOCK_STATE_NONE, SOCK_STATE_UNCONNECTED, BY_CALL, w->calls);
	CHECK(bind(listener, &a.u.sa, a.len) == 0 && listen(listener, 3) == 0);
	called(w, SERVER, listener);
	became(w, SERVER, listens, SOCK_STATE_UNCONNECTED, SOCK_STATE_LISTEN, BY_CALL, w->calls);
	CHECK_EV(addr_equal(&now_of(w, SERVER, listens)->local, &a));

	/* A call on one socket changes another's queue. */
	client = open_socket(w, SERVER, AF_UNIX, SOCK_STREAM);
	calls = key_of(client).cookie;
	CHECK(connect(client, &a.u.sa, a.len) == 0);
	called(w, SERVER, client);
	became(w, SERVER, calls, SOCK_STATE_NONE, SOCK_STATE_CONNECTED, BY_CALL, w->calls);
	CHECK_EV(addr_equal(&now_of(w, SERVER, calls)->remote, &a));
	became(w, SERVER, listens, SOCK_STATE_LISTEN, SOCK_STATE_LISTEN, BY_CALL, w->calls);
	CHECK_EV(now_of(w, SERVER, listens)->recvq == 1);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	answers = key_of(server).cookie;
	called(w, SERVER, server);
	became(w, SERVER, answers, SOCK_STATE_NONE, SOCK_STATE_CONNECTED, BY_CALL, w->calls);
	CHECK_EV(!now_of(w, SERVER, listens)->recvq);
	CHECK(send(client, "hello", 5, 0) == 5);
	called(w, SERVER, client);
	CHECK_EV(now_of(w, SERVER, answers)->recvq == 5);

	key = key_of(server);
	close(server);
	call_returned(w, SERVER, &key);
	became(w, SERVER, answers, SOCK_STATE_CONNECTED, SOCK_STATE_CLOSED, BY_CALL, w->calls);
	close(client);
	close(listener);
	end(w);
}

static void unix_datagram(void)
{
	struct world world, *w = &world;
	struct addr a = abstract("mail");
	uint64_t gets;
	int to, from;

	begin(w);
	to = open_socket(w, CLIENT, AF_UNIX, SOCK_DGRAM);
	gets = key_of(to).cookie;
	CHECK(bind(to, &a.u.sa, a.len) == 0);
	called(w, CLIENT, to);
	from = open_socket(w, CLIENT, AF_UNIX, SOCK_DGRAM);
	CHECK(sendto(from, "letter", 6, 0, &a.u.sa, a.len) == 6);
	called(w, CLIENT, from);
	CHECK_EV(now_of(w, CLIENT, gets)->recvq == 6);
	CHECK_EV(now_of(w, CLIENT, gets)->type == SOCK_DGRAM);
	close(to);
	close(from);
	end(w);
}

static void test_unix(void **state)
{
	(void)state;
	in_child(unix_stream, AS_NOBODY);
	in_child(unix_datagram, AS_SELF);
}

/* ---- odds ---- */

/* Three connections to one listener that has room for two: a listener's look-up is not taken for theirs. */
static void many_at_once(void)
{
	struct world world, *w = &world;
	struct connection c[3];
	struct frame f;

	begin(w);
	listen_at(w, &c[0], at(w, AF_INET, SERVER, 8080), 1);
	for (int i = 0; i < 3; i++) {
		connect_to(w, &c[i], at(w, AF_INET, SERVER, 8080));
		f = take(w, CLIENT);
		deliver(w, SERVER, &f);
		if (i == 2)
			break; /* the queue is full: this SYN is dropped */
		pass(w, SERVER);
		pass(w, CLIENT);
	}
	CHECK_EV(now_of(w, SERVER, c[0].listens)->recvq == 2);
	CHECK_EV(now_of(w, CLIENT, c[2].calls)->state == SOCK_STATE_SYN_SENT);
	for (int i = 0; i < 2; i++)
		CHECK_EV(now_of(w, CLIENT, c[i].calls)->state == SOCK_STATE_ESTABLISHED);
	for (int i = 0; i < 3; i++)
		close(c[i].client);
	close(c[0].listener);
	end(w);
}

/* The call is looked at before its SYN is: nothing but the cookie leads to the socket. */
static void called_before_its_packet(void)
{
	struct world world, *w = &world;
	struct connection c;

	begin(w);
	connect_to(w, &c, at(w, AF_INET, SERVER, 8080));
	called(w, CLIENT, c.client);
	became(w, CLIENT, c.calls, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT, BY_CALL, w->calls);
	close(c.client);
	end(w);
}

/* What a call before that had told comes late: it had no address then, and has not ended. */
static void told_late(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct sock_key key;
	size_t before;

	begin(w);
	connect_to(w, &c, at(w, AF_INET, SERVER, 8080));
	called(w, CLIENT, c.client);
	became(w, CLIENT, c.calls, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT, BY_CALL, w->calls);
	key = key_of(c.client);
	key.local = key.remote = (struct addr){ 0 };
	before = w->events;
	call_returned(w, CLIENT, &key);
	CHECK_EV(w->events == before);
	close(c.client);
	end(w);
}

/* Hundreds of connections that have ended do not pile up. */
static void forgets(void)
{
	struct world world, *w = &world;
	struct addr to;
	size_t first;

	begin(w);
	to = at(w, AF_INET, SERVER, 81);
	for (int round = 0; round < 300; round++) {
		int fd = open_socket(w, CLIENT, AF_INET, SOCK_STREAM);

		CHECK(connect(fd, &to.u.sa, to.len) == -1 && errno == EINPROGRESS);
		pass(w, CLIENT);
		pass(w, SERVER);
		close(fd);
	}
	first = w->events;
	CHECK_EV(first == 600 && w->event[0].state.old == SOCK_STATE_NONE);
	/* Whether one is forgotten shows in what is said of it when it is looked at again. */
	for (int forgotten = 0; forgotten < 2; forgotten++) {
		struct sock_key key = { .cookie = w->event[0].state.sock.cookie,
					.family = AF_INET,
					.type = SOCK_STREAM,
					.protocol = IPPROTO_TCP };

		if (forgotten)
			sampler_forget_closed(w->sampler);
		call_returned(w, CLIENT, &key);
		CHECK_EV(w->events == first + (size_t)forgotten);
	}
	end(w);
}

/* Two listeners share a port: an address leads to either, so the cookie decides. */
static void shared_port(void)
{
	struct world world, *w = &world;
	struct addr a;
	int fd[2], one = 1;

	begin(w);
	a = at(w, AF_INET, SERVER, 8080);
	for (int i = 0; i < 2; i++) {
		fd[i] = open_socket(w, SERVER, AF_INET, SOCK_STREAM);
		CHECK(setsockopt(fd[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0);
		CHECK(bind(fd[i], &a.u.sa, a.len) == 0 && listen(fd[i], i + 1) == 0);
	}
	for (int i = 0; i < 2; i++) {
		called(w, SERVER, fd[i]);
		became(w, SERVER, key_of(fd[i]).cookie, SOCK_STATE_NONE, SOCK_STATE_LISTEN, BY_CALL,
		       w->calls);
		CHECK_EV(now_of(w, SERVER, key_of(fd[i]).cookie)->sendq == (uint32_t)i + 1);
	}
	close(fd[0]);
	close(fd[1]);
	end(w);
}

static void nonsense_is_ignored(void)
{
	struct world world, *w = &world;
	struct packet p = { 0 };
	struct sock_key key = { 0 };

	begin(w);
	sampler_packet(w->sampler, 0, &p, BY_ARRIVAL, 1);
	sampler_packet(w->sampler, 9, &p, BY_ARRIVAL, 1);
	p = (struct packet){ .ip_version = 4, .protocol = IPPROTO_TCP, .has_ports = true };
	sampler_packet(w->sampler, 0, &p, BY_ARRIVAL, 1);
	p.fragment = true;
	p.has_ports = false;
	sampler_packet(w->sampler, 0, &p, BY_DEPARTURE, 1);
	sampler_call(w->sampler, 0, &key, 1);
	key.cookie = 12345;
	sampler_call(w->sampler, 0, &key, 1);
	sampler_call(w->sampler, 9, &key, 1);
	sampler_tick(w->sampler, INT64_MAX - 1);
	CHECK_EV(w->events == 0);
	end(w);
}

static void test_odds(void **state)
{
	(void)state;
	in_child(many_at_once, AS_SELF);
	in_child(called_before_its_packet, AS_SELF);
	in_child(told_late, AS_SELF);
	in_child(shared_port, AS_SELF);
	in_child(forgets, AS_SELF);
	in_child(nonsense_is_ignored, AS_SELF);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

#define ROUNDS 20000

static double cost(struct world *w, const struct frame *f, enum state_by by)
{
	int64_t start = cpu_ns();

	for (int i = 0; i < ROUNDS; i++)
		sampler_packet(w->sampler, by == BY_ARRIVAL ? SERVER : CLIENT, &f->packet, by,
			       f->number);
	return (double)(cpu_ns() - start) / ROUNDS / 1000;
}

static void says_its_cost(void)
{
	struct world world, *w = &world;
	struct connection c;
	struct frame f;

	begin(w);
	open_connection(w, &c, AF_INET);
	CHECK(send(c.client, "hello", 5, 0) == 5);
	f = take(w, CLIENT);
	deliver(w, SERVER, &f);
	pass(w, SERVER);
	fprintf(stderr,
		"# CPU per packet: %.2f us at departure, %.2f us at an arrival without news\n",
		cost(w, &f, BY_DEPARTURE), cost(w, &f, BY_ARRIVAL));
	close_connection(&c);
	end(w);
}

static void test_cost(void **state)
{
	(void)state;
	in_child(says_its_cost, AS_SELF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_simultaneous_close),
		cmocka_unit_test(test_refused_and_reset),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_odds),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
