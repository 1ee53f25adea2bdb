#include "tests/unit/lab/child.h"
#include "tests/unit/lab/peer.h"

#include <inttypes.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "capture/live.h"
#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/lab/wire.h"

#define CLIENT	0
#define SERVER	1
#define PORT	8080
#define WAIT_NS	(20 * NS_PER_S)

/* ---- a lab, its wire, and what happened ---- */

struct happened {
	struct event ev;
	uint8_t *bytes;		/* of a packet */
	struct packet packet;
	char by[300];
};

struct scene {
	struct lab *lab;
	struct wire *wire;
	struct peer peer[3];
	struct happened *row;
	size_t rows, cap;
};

static struct lab *build(const char *const *names, size_t count)
{
	struct err e = { .what = "" };
	struct lab *l = lab_new(names, count, NULL, NULL, &e);

	if (!l && (e.code == EPERM || e.code == ENOSPC)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(l, e);
	return l;
}

static struct scene set_up_hosts(const struct wire_config *config, const char *const *names, size_t hosts)
{
	struct scene s = { .lab = build(names, hosts) };
	struct err e;

	for (size_t i = 0; i < hosts; i++)
		s.peer[i] = peer_start(s.lab, (uint8_t)i);
	s.wire = wire_start(s.lab, config, &e);
	CHECK_OK(s.wire, e);
	return s;
}

static const struct wire_config watching = { .sample = true, .record = true };
static const struct wire_config packets_only = { .record = true };

static struct scene set_up(const struct wire_config *config)
{
	static const char *const names[] = { "client", "server" };

	return set_up_hosts(config, names, 2);
}

static void tear_down(struct scene *s)
{
	wire_stop(s->wire);
	for (size_t i = 0; i < s->lab->hosts; i++)
		peer_stop(&s->peer[i]);
	lab_free(s->lab);
	for (size_t i = 0; i < s->rows; i++)
		free(s->row[i].bytes);
	free(s->row);
}

static void keep(struct scene *s, const struct event *ev)
{
	struct happened *h;

	if (s->rows == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->row = realloc(s->row, s->cap * sizeof(s->row[0]));
		CHECK(s->row);
	}
	h = &s->row[s->rows++];
	*h = (struct happened){ .ev = *ev };
	if (ev->kind == EVENT_PACKET) {
		h->bytes = malloc(ev->packet.caplen);
		CHECK(h->bytes);
		memcpy(h->bytes, ev->packet.data, ev->packet.caplen);
		packet_parse(&h->packet, LINK_ETHERNET, h->bytes, ev->packet.caplen, ev->packet.len);
	}
	if (ev->kind == EVENT_WIRE)
		snprintf(h->by, sizeof(h->by), "%s", ev->wire.by);
	if (ev->kind == EVENT_NOTE)
		snprintf(h->by, sizeof(h->by), "%s", ev->note.text);
}

static void collect(struct scene *s)
{
	struct event *ev;

	wire_clear_fd(s->wire);
	while ((ev = wire_next(s->wire)))
		keep(s, ev);
}

/* What the kernel says of its own (group reports of IPv6) is not what the tests are about. */
static bool is_packet(const struct happened *h, uint8_t host, uint16_t flags)
{
	return h->ev.kind == EVENT_PACKET && h->ev.host == host && h->packet.ip_version == 4 &&
	       (h->packet.protocol == IPPROTO_UDP || (h->packet.flags & ~TCP_PSH) == flags);
}

static void show(const struct scene *s)
{
	for (size_t i = 0; i < s->rows; i++) {
		const struct happened *h = &s->row[i];
		const struct event *ev = &h->ev;

		if (ev->kind == EVENT_PACKET)
			fprintf(stderr, "#   %u packet %llu flags %x len %u\n", ev->host,
				(unsigned long long)ev->packet.number, h->packet.flags, ev->packet.len);
		if (ev->kind == EVENT_WIRE)
			fprintf(stderr, "#   %u wire %llu %s copy %llu by %s\n", ev->host,
				(unsigned long long)ev->wire.packet, wire_fate_name(ev->wire.fate),
				(unsigned long long)ev->wire.copy, h->by);
		if (ev->kind == EVENT_STATE)
			fprintf(stderr, "#   %u state %s by %d %llu\n", ev->host,
				sock_state_name(ev->state.sock.state), (int)ev->state.by,
				(unsigned long long)ev->state.by_number);
		if (ev->kind == EVENT_NOTE)
			fprintf(stderr, "#   note %s\n", h->by);
	}
}

/* Waits until `find` gives an event; fails after a long time. */
static const struct happened *await(struct scene *s, const struct happened *(*find)(const struct scene *, const void *),
				    const void *what, const char *name)
{
	int64_t end_ns = clock_monotonic_ns() + WAIT_NS;
	const struct happened *found;

	for (;;) {
		struct pollfd p = { .fd = wire_fd(s->wire), .events = POLLIN };

		collect(s);
		found = find(s, what);
		if (found)
			return found;
		if (clock_monotonic_ns() > end_ns) {
			fprintf(stderr, "# never came: %s\n", name);
			show(s);
			CHECK(found);
		}
		poll(&p, 1, 100);
	}
}

struct state_wish {
	uint8_t host;
	enum sock_state state;
	enum state_by by;
	uint8_t packet_host;
	uint16_t flags;		/* of the packet that it is attributed to */
};

static const struct happened *packet_numbered(const struct scene *s, uint64_t number)
{
	for (size_t i = 0; i < s->rows; i++)
		if (s->row[i].ev.kind == EVENT_PACKET && s->row[i].ev.packet.number == number)
			return &s->row[i];
	return NULL;
}

static const struct happened *find_state(const struct scene *s, const void *what)
{
	const struct state_wish *w = what;

	for (size_t i = 0; i < s->rows; i++) {
		const struct event *ev = &s->row[i].ev;

		if (ev->kind == EVENT_STATE && ev->host == w->host && ev->state.sock.state == w->state)
			return &s->row[i];
	}
	return NULL;
}

/* A state is entered, on the packet that it should be attributed to, which was told of before. */
static void expect_state(struct scene *s, struct state_wish w)
{
	const struct happened *h = await(s, find_state, &w, sock_state_name(w.state));
	const struct happened *p = packet_numbered(s, h->ev.state.by_number);

	if (h->ev.state.by != w.by || !p || p > h || !is_packet(p, w.packet_host, w.flags)) {
		fprintf(stderr, "# %s of host %u by %d %llu\n", sock_state_name(w.state), w.host,
			(int)h->ev.state.by, (unsigned long long)h->ev.state.by_number);
		show(s);
	}
	CHECK(h->ev.state.by == w.by);
	CHECK(p && p < h);
	CHECK(is_packet(p, w.packet_host, w.flags));
	CHECK(p->ev.ts_ns <= h->ev.ts_ns);
}

struct fate_wish {
	enum wire_fate fate;
	uint64_t packet;	/* 0: any */
	uint64_t copy;
};

static const struct happened *find_fate(const struct scene *s, const void *what)
{
	const struct fate_wish *w = what;

	for (size_t i = 0; i < s->rows; i++) {
		const struct event_wire *wire = &s->row[i].ev.wire;

		if (s->row[i].ev.kind == EVENT_WIRE && wire->fate == w->fate && wire->copy == w->copy &&
		    (!w->packet || wire->packet == w->packet))
			return &s->row[i];
	}
	return NULL;
}

static const struct happened *expect_fate(struct scene *s, enum wire_fate fate, uint64_t packet, uint64_t copy)
{
	const struct fate_wish w = { .fate = fate, .packet = packet, .copy = copy };

	return await(s, find_fate, &w, wire_fate_name(fate));
}

static size_t count_fates(struct scene *s, enum wire_fate fate)
{
	size_t count = 0;

	wire_settle(s->wire);
	collect(s);
	for (size_t i = 0; i < s->rows; i++)
		count += s->row[i].ev.kind == EVENT_WIRE && s->row[i].ev.wire.fate == fate;
	return count;
}

/* The n-th UDP packet, n = 1, 2, …; it must have left already. */
static const struct happened *datagram(struct scene *s, size_t n)
{
	wire_settle(s->wire);
	collect(s);
	for (size_t i = 0; i < s->rows; i++)
		if (s->row[i].ev.kind == EVENT_PACKET && s->row[i].packet.protocol == IPPROTO_UDP && --n == 0)
			return &s->row[i];
	show(s);
	CHECK(!"a datagram that left its host is recorded");
	return NULL;
}

/* ---- what the tests say to the peers and the wire ---- */

static void order(struct scene *s, struct wire_order o, const char *status)
{
	STR_ON_STACK(now, 512);
	struct err e = { .what = "" };

	CHECK_OK(wire_order(s->wire, &o, &now, &e) == 0, e);
	if (status && strcmp(now.buf, status) != 0)
		fprintf(stderr, "# status is \"%s\", not \"%s\"\n", now.buf, status);
	CHECK(!status || strcmp(now.buf, status) == 0);
}

#define ANY(verb_)	(struct wire_order){ .verb = verb_, .from = HOST_NONE }

static struct peer_order to_server(enum peer_op op, int slot)
{
	return (struct peer_order){ .op = op, .slot = slot, .ip = { 192, 0, 2, 2 }, .port = PORT };
}

/* A UDP socket on each host; the client's is connected to the server's. */
static void open_datagrams(struct scene *s)
{
	CHECK(peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_DATAGRAM, .port = PORT }).result >= 0);
	CHECK(peer_do(&s->peer[CLIENT], (struct peer_order){ .op = PEER_DATAGRAM }).result >= 0);
	CHECK(peer_do(&s->peer[CLIENT], to_server(PEER_CONNECT, 0)).result == 0);
}

static void send_byte(struct scene *s, uint8_t byte)
{
	CHECK(peer_do(&s->peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .value = 1, .byte = byte }).result == 1);
}

static void receive_byte(struct scene *s, uint8_t byte)
{
	struct peer_answer a = peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_RECV, .value = 100 });

	CHECK(a.result == 1);
	CHECK(a.byte == byte);
}

static bool server_has_something(struct scene *s)
{
	wire_settle(s->wire);
	return peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_WAITS }).result == 1;
}

static void open_listener(struct scene *s)
{
	CHECK(peer_do(&s->peer[SERVER], to_server(PEER_STREAM, 0)).result >= 0);
	CHECK(peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_LISTEN }).result == 0);
	CHECK(peer_do(&s->peer[CLIENT], (struct peer_order){ .op = PEER_STREAM }).result >= 0);
}

/* ---- states ---- */

static void states_of_a_connection(void)
{
	struct scene s = set_up(&watching);

	open_listener(&s);
	CHECK(peer_do(&s.peer[CLIENT], to_server(PEER_CONNECT, 0)).result == 0);
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_SYN_SENT, BY_DEPARTURE, CLIENT, TCP_SYN });
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_SYN_RECEIVED, BY_ARRIVAL, CLIENT, TCP_SYN });
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_ESTABLISHED, BY_ARRIVAL, SERVER, TCP_SYN | TCP_ACK });
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_ESTABLISHED, BY_ARRIVAL, CLIENT, TCP_ACK });
	CHECK(peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_ACCEPT, .value = 1 }).result >= 0);
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_CLOSE }).result == 0);
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_FIN_WAIT_1, BY_DEPARTURE, CLIENT, TCP_FIN | TCP_ACK });
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_CLOSE_WAIT, BY_ARRIVAL, CLIENT, TCP_FIN | TCP_ACK });
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_FIN_WAIT_2, BY_ARRIVAL, SERVER, TCP_ACK });
	CHECK(peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_CLOSE, .slot = 1 }).result == 0);
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_LAST_ACK, BY_DEPARTURE, SERVER, TCP_FIN | TCP_ACK });
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_TIME_WAIT, BY_ARRIVAL, SERVER, TCP_FIN | TCP_ACK });
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_CLOSED, BY_ARRIVAL, CLIENT, TCP_ACK });
	tear_down(&s);
}

/* While the SYN is held the client is in SYN-SENT, and the server knows nothing. */
static void states_while_held(void)
{
	struct scene s = set_up(&watching);
	const struct state_wish server_syn = { .host = SERVER, .state = SOCK_STATE_SYN_RECEIVED };
	const struct happened *syn;

	open_listener(&s);
	order(&s, ANY(WIRE_HOLD), "#1 hold · patient");
	peer_begin(&s.peer[CLIENT], to_server(PEER_CONNECT, 0));
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_SYN_SENT, BY_DEPARTURE, CLIENT, TCP_SYN });
	syn = expect_fate(&s, WIRE_HELD, 0, 0);
	CHECK(strcmp(syn->by, "rule 1: all") == 0);
	wire_settle(s.wire);
	collect(&s);
	CHECK(!find_state(&s, &server_syn));
	/* The client's kernel sends its SYN again after a second; the one that is held stands for both. */
	CHECK(strcmp(expect_fate(&s, WIRE_DROPPED, 0, 0)->by, "held already") == 0);
	order(&s, ANY(WIRE_RELEASE), "#1 hold · patient");
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_SYN_RECEIVED, BY_ARRIVAL, CLIENT, TCP_SYN });
	order(&s, ANY(WIRE_HOLD_OFF), NULL);
	order(&s, (struct wire_order){ .verb = WIRE_RELEASE, .from = HOST_NONE, .which = WHICH_ALL }, "");
	CHECK(peer_end(&s.peer[CLIENT]).result == 0);
	tear_down(&s);
}

static const struct happened *find_call_state(const struct scene *s, const void *what)
{
	for (size_t i = 0; i < s->rows; i++) {
		const struct event *ev = &s->row[i].ev;

		if (ev->kind == EVENT_STATE && ev->state.by == BY_CALL &&
		    ev->state.by_number == *(const uint64_t *)what)
			return &s->row[i];
	}
	return NULL;
}

/* listen() puts nothing on the wire; its state is found because its return is told of. */
static void state_of_a_call(void)
{
	struct scene s = set_up(&watching);
	struct peer_answer a;
	uint64_t call = 77;
	const struct happened *h;

	CHECK(peer_do(&s.peer[SERVER], to_server(PEER_STREAM, 0)).result >= 0);
	a = peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_LISTEN });
	CHECK(a.result == 0 && a.key.cookie);
	a.key.type = SOCK_STREAM;
	a.key.local = addr_v4((const uint8_t[]){ 0, 0, 0, 0 }, PORT);
	wire_sample_call(s.wire, SERVER, &a.key, call);
	h = await(&s, find_call_state, &call, "a state by a call");
	CHECK(h->ev.host == SERVER && h->ev.state.sock.state == SOCK_STATE_LISTEN);
	tear_down(&s);
}

/* ---- faults ---- */

/* What a process sent before wire_settle() is an event after it, with no waiting for anything else. */
static void settles(void)
{
	struct scene s = set_up(&packets_only);

	open_datagrams(&s);
	for (size_t i = 1; i <= 200; i++) {
		const struct happened *h;

		send_byte(&s, (uint8_t)i);
		h = datagram(&s, i);
		CHECK(h->bytes[h->packet.payload_at] == (uint8_t)i);
		receive_byte(&s, (uint8_t)i);
	}
	CHECK(count_fates(&s, WIRE_DELIVERED) == 0);	/* delivered at once: nothing to tell */
	tear_down(&s);
}

static void delays(void)
{
	const int64_t delay_ns = 30 * NS_PER_MS;
	struct scene s = set_up(&watching);

	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_DELAY, .from = CLIENT, .delay_ns = delay_ns }, "30 ms from client");
	order(&s, (struct wire_order){ .verb = WIRE_DELAY, .from = HOST_NONE, .delay_ns = delay_ns }, "30 ms");
	for (uint8_t i = 1; i <= 5; i++)
		send_byte(&s, i);
	for (uint8_t i = 1; i <= 5; i++) {
		const struct happened *p = datagram(&s, i);
		uint64_t number = p->ev.packet.number;
		int64_t left_ns = p->ev.ts_ns;

		receive_byte(&s, i);
		CHECK(expect_fate(&s, WIRE_DELAYED, number, 0)->ev.wire.to == SERVER);
		CHECK(expect_fate(&s, WIRE_DELIVERED, number, 0)->ev.ts_ns - left_ns >= delay_ns);
	}
	order(&s, ANY(WIRE_DELAY), "");
	send_byte(&s, 6);
	receive_byte(&s, 6);
	CHECK(count_fates(&s, WIRE_DELAYED) == 5);
	tear_down(&s);
}

/* A shorter delay does not let later packets overtake. */
static void delay_keeps_order(void)
{
	struct scene s = set_up(&packets_only);

	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_DELAY, .from = HOST_NONE, .delay_ns = 300 * NS_PER_MS }, "300 ms");
	send_byte(&s, 1);
	datagram(&s, 1);
	order(&s, ANY(WIRE_DELAY), "");
	send_byte(&s, 2);
	receive_byte(&s, 1);
	receive_byte(&s, 2);
	tear_down(&s);
}

static void holds_and_releases(void)
{
	struct scene s = set_up(&packets_only);
	struct wire_counts counts;
	struct err e;
	uint64_t third;

	open_datagrams(&s);
	CHECK(wire_order(s.wire, &ANY(WIRE_RELEASE), NULL, &e) < 0);
	CHECK(strstr(e.what, "no packet is held"));
	order(&s, ANY(WIRE_HOLD), "#1 hold · patient");
	for (uint8_t i = 1; i <= 4; i++)
		send_byte(&s, i);
	CHECK(count_fates(&s, WIRE_HELD) == 4);
	wire_counts(s.wire, &counts);
	CHECK(counts.held_now == 4);
	CHECK(!server_has_something(&s));
	order(&s, ANY(WIRE_RELEASE), NULL);
	receive_byte(&s, 1);
	CHECK(!server_has_something(&s));
	third = datagram(&s, 3)->ev.packet.number;
	order(&s, (struct wire_order){ .verb = WIRE_RELEASE, .from = HOST_NONE, .which = WHICH_NUMBER, .number = third }, NULL);
	receive_byte(&s, 3);
	CHECK(wire_order(s.wire, &(struct wire_order){ .verb = WIRE_RELEASE, .from = HOST_NONE, .which = WHICH_NUMBER, .number = third }, NULL, &e) < 0);
	order(&s, ANY(WIRE_HOLD_OFF), "2 held · patient");
	CHECK(!server_has_something(&s));	/* what is held stays held */
	order(&s, (struct wire_order){ .verb = WIRE_RELEASE, .from = HOST_NONE, .which = WHICH_ALL }, "");
	receive_byte(&s, 2);
	receive_byte(&s, 4);
	expect_fate(&s, WIRE_RELEASED, third, 0);
	expect_fate(&s, WIRE_DELIVERED, third, 0);
	CHECK(count_fates(&s, WIRE_DELIVERED) == 4);
	tear_down(&s);
}

static void drops(void)
{
	struct scene s = set_up(&packets_only);
	const struct happened *h;

	open_datagrams(&s);
	order(&s, ANY(WIRE_DROP), "drop next");
	send_byte(&s, 1);
	send_byte(&s, 2);
	receive_byte(&s, 2);
	h = expect_fate(&s, WIRE_DROPPED, datagram(&s, 1)->ev.packet.number, 0);
	CHECK(strcmp(h->by, "hand") == 0);
	order(&s, ANY(WIRE_HOLD), NULL);
	send_byte(&s, 3);
	datagram(&s, 3);
	order(&s, ANY(WIRE_DROP), NULL);
	CHECK(count_fates(&s, WIRE_DROPPED) == 2);
	order(&s, ANY(WIRE_HOLD_OFF), "");
	order(&s, (struct wire_order){ .verb = WIRE_DROP, .from = HOST_NONE, .every = 2, .filter = "udp port 8080" }, "#2 drop every 2 udp port 8080");
	for (uint8_t i = 4; i <= 7; i++)
		send_byte(&s, i);
	receive_byte(&s, 4);
	receive_byte(&s, 6);
	CHECK(!server_has_something(&s));
	CHECK(count_fates(&s, WIRE_DROPPED) == 4);
	order(&s, ANY(WIRE_MEND), "");
	send_byte(&s, 8);
	send_byte(&s, 9);
	receive_byte(&s, 8);
	receive_byte(&s, 9);
	tear_down(&s);
}

static void duplicates(void)
{
	struct scene s = set_up(&packets_only);
	uint64_t number;

	open_datagrams(&s);
	order(&s, ANY(WIRE_DUP), "dup next");
	send_byte(&s, 1);
	receive_byte(&s, 1);
	receive_byte(&s, 1);
	number = datagram(&s, 1)->ev.packet.number;
	expect_fate(&s, WIRE_DUPLICATED, number, 1);
	expect_fate(&s, WIRE_DELIVERED, number, 1);
	send_byte(&s, 2);
	receive_byte(&s, 2);
	CHECK(!server_has_something(&s));
	order(&s, ANY(WIRE_HOLD), NULL);
	send_byte(&s, 3);
	number = datagram(&s, 3)->ev.packet.number;
	order(&s, ANY(WIRE_DUP), NULL);
	receive_byte(&s, 3);
	receive_byte(&s, 3);
	expect_fate(&s, WIRE_DELIVERED, number, 0);
	expect_fate(&s, WIRE_DELIVERED, number, 1);
	tear_down(&s);
}

static void cuts_and_mends(void)
{
	struct scene s = set_up(&packets_only);
	uint64_t first;

	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_DELAY, .from = HOST_NONE, .delay_ns = 60 * NS_PER_S }, "60 s");
	send_byte(&s, 1);
	first = datagram(&s, 1)->ev.packet.number;
	order(&s, ANY(WIRE_CUT), "60 s · cut");
	CHECK(strcmp(expect_fate(&s, WIRE_DROPPED, first, 0)->by, "cut") == 0);
	send_byte(&s, 2);
	CHECK(count_fates(&s, WIRE_DROPPED) == 2);
	order(&s, ANY(WIRE_DELAY), "cut");
	order(&s, ANY(WIRE_MEND), "");
	send_byte(&s, 3);
	receive_byte(&s, 3);
	order(&s, (struct wire_order){ .verb = WIRE_CUT, .from = SERVER }, "cut from server");
	send_byte(&s, 4);
	receive_byte(&s, 4);
	CHECK(count_fates(&s, WIRE_DROPPED) == 2);
	tear_down(&s);
}

static void holds_what_a_filter_says(void)
{
	struct scene s = set_up(&packets_only);
	struct err e = { .what = "" };
	struct wire_order bad = { .verb = WIRE_HOLD, .from = HOST_NONE, .filter = "tcp prot 80" };

	CHECK(wire_order(s.wire, &bad, NULL, &e) < 0);
	CHECK(strstr(e.what, "tcp prot 80"));
	CHECK(e.hint[0]);
	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_HOLD, .from = HOST_NONE, .filter = "udp[8] = 2" }, "#1 hold udp[8] = 2 · patient");
	order(&s, (struct wire_order){ .verb = WIRE_HOLD, .from = HOST_NONE, .filter = "udp[8] = 4", .once = true },
	      "#1 hold udp[8] = 2 · #2 hold next udp[8] = 4 · patient");
	send_byte(&s, 2);
	send_byte(&s, 4);
	send_byte(&s, 4);
	send_byte(&s, 5);
	receive_byte(&s, 4);	/* the second: the rule was for one packet */
	receive_byte(&s, 5);
	CHECK(count_fates(&s, WIRE_HELD) == 2);
	CHECK(strcmp(expect_fate(&s, WIRE_HELD, datagram(&s, 1)->ev.packet.number, 0)->by, "rule 1: udp[8] = 2") == 0);
	CHECK(strcmp(expect_fate(&s, WIRE_HELD, datagram(&s, 2)->ev.packet.number, 0)->by, "rule 2: udp[8] = 4") == 0);
	CHECK(wire_order(s.wire, &(struct wire_order){ .verb = WIRE_HOLD_OFF, .from = HOST_NONE, .number = 9 }, NULL, &e) < 0);
	CHECK(strcmp(e.what, "the wire has no rule 9: its rules are 1") == 0);
	order(&s, (struct wire_order){ .verb = WIRE_HOLD_OFF, .from = HOST_NONE, .number = 1 }, "2 held · patient");
	CHECK(wire_order(s.wire, &(struct wire_order){ .verb = WIRE_HOLD_OFF, .from = HOST_NONE, .number = 1 }, NULL, &e) < 0);
	CHECK(strcmp(e.what, "the wire has no rule 1, nor any other") == 0);
	send_byte(&s, 2);
	receive_byte(&s, 2);
	tear_down(&s);
}

/* ---- chance, and other faults ---- */

/* Which of so many datagrams were lost, as the events tell. */
static uint64_t lost_of(struct scene *s, unsigned count)
{
	uint64_t lost = 0;
	size_t first = s->rows;

	for (unsigned i = 0; i < count; i++)
		send_byte(s, (uint8_t)i);
	wire_settle(s->wire);
	collect(s);
	for (size_t i = first, n = 0; i < s->rows; i++) {
		if (s->row[i].ev.kind == EVENT_PACKET && s->row[i].packet.protocol == IPPROTO_UDP)
			n++;
		if (s->row[i].ev.kind == EVENT_WIRE && s->row[i].ev.wire.fate == WIRE_DROPPED)
			lost |= UINT64_C(1) << n;
	}
	return lost;
}

static void loses_by_chance(void)
{
	struct scene s = set_up(&(struct wire_config){ .record = true, .seed = 11 });
	uint64_t first;

	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_DROP, .from = CLIENT, .millionths = 400000 },
	      "#1 loss 40% from client · seed 11");
	first = lost_of(&s, 40);
	CHECK(first != 0);
	order(&s, (struct wire_order){ .verb = WIRE_SEED, .from = HOST_NONE, .seed = 11 }, NULL);
	CHECK(lost_of(&s, 40) == first);
	order(&s, (struct wire_order){ .verb = WIRE_SEED, .from = HOST_NONE, .seed = 12 },
	      "#1 loss 40% from client · seed 12");
	CHECK(lost_of(&s, 40) != first);
	CHECK(strcmp(expect_fate(&s, WIRE_DROPPED, 0, 0)->by, "rule 1: loss 40%") == 0);
	order(&s, ANY(WIRE_OFF), "");
	tear_down(&s);
}

static void corrupts(void)
{
	struct scene s = set_up(&packets_only);
	struct wire_order next = { .verb = WIRE_CORRUPT, .from = CLIENT, .next = 1 };
	struct peer_answer a;

	open_datagrams(&s);
	order(&s, next, NULL);
	send_byte(&s, 1);
	send_byte(&s, 2);
	receive_byte(&s, 2);	/* the kernel threw the first one away */
	CHECK(strstr(expect_fate(&s, WIRE_CORRUPTED, 0, 0)->by, "checksum now wrong"));
	next.mended = true;
	order(&s, next, NULL);
	send_byte(&s, 0xf0);
	a = peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_RECV, .value = 100 });
	CHECK(a.result == 1);
	CHECK(__builtin_popcount(a.byte ^ 0xf0) == 1);
	tear_down(&s);
}

static void reorders(void)
{
	struct scene s = set_up(&packets_only);
	uint64_t first;

	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_REORDER, .from = CLIENT, .next = 1, .by_ns = 2 * NS_PER_S },
	      "reorder by 2 s next from client");
	send_byte(&s, 1);
	send_byte(&s, 2);
	send_byte(&s, 3);
	receive_byte(&s, 2);
	receive_byte(&s, 3);
	receive_byte(&s, 1);
	first = datagram(&s, 1)->ev.packet.number;
	expect_fate(&s, WIRE_REORDERED, first, 0);
	expect_fate(&s, WIRE_DELIVERED, first, 0);
	tear_down(&s);
}

static void has_a_rate(void)
{
	struct scene s = set_up(&packets_only);
	STR_ON_STACK(now, WIRE_STATUS);
	struct err e;

	open_datagrams(&s);
	order(&s, (struct wire_order){ .verb = WIRE_RATE, .from = CLIENT, .bits_per_s = 1000, .queue = 2 },
	      "1kbit queue 2 from client");
	for (uint8_t i = 1; i <= 5; i++)	/* 142 bytes: each takes 1.1 s */
		CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .value = 100, .byte = i }).result == 100);
	CHECK(count_fates(&s, WIRE_DROPPED) == 2);
	CHECK(strcmp(expect_fate(&s, WIRE_DROPPED, datagram(&s, 4)->ev.packet.number, 0)->by, "queue of 2 is full") == 0);
	CHECK(wire_order(s.wire, &(struct wire_order){ .verb = WIRE_SEED, .from = HOST_NONE, .seed = 1 }, &now, &e) == 0);
	CHECK(strstr(now.buf, "1kbit queue ") && strstr(now.buf, "from client"));
	for (uint8_t i = 1; i <= 3; i++)
		CHECK(peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_RECV, .value = 100 }).byte == i);
	order(&s, ANY(WIRE_OFF), "");
	send_byte(&s, 6);
	receive_byte(&s, 6);
	tear_down(&s);
}

/* TCP over ECN: the mark comes back as ECE, and nothing is lost. */
static const struct happened *find_echo(const struct scene *s, const void *what)
{
	(void)what;
	for (size_t i = 0; i < s->rows; i++) {
		const struct happened *h = &s->row[i];

		if (h->ev.kind == EVENT_PACKET && h->ev.host == SERVER && h->packet.protocol == IPPROTO_TCP &&
		    h->packet.flags & TCP_ECE && !(h->packet.flags & TCP_SYN))
			return h;
	}
	return NULL;
}

static void connect_and_accept(struct scene *s)
{
	open_listener(s);
	CHECK(peer_do(&s->peer[CLIENT], to_server(PEER_CONNECT, 0)).result == 0);
	CHECK(peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_ACCEPT, .value = 1 }).result >= 0);
}

static void marks(void)
{
	struct scene s = set_up(&packets_only);
	struct err e;

	CHECK_OK(lab_sysctl(s.lab, CLIENT, "net.ipv4.tcp_ecn", "1", &e) == 0, e);
	CHECK_OK(lab_sysctl(s.lab, SERVER, "net.ipv4.tcp_ecn", "1", &e) == 0, e);
	order(&s, (struct wire_order){ .verb = WIRE_MARK, .from = CLIENT, .next = 1 }, "mark ce next from client");
	connect_and_accept(&s);
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .value = 100 }).result == 100);
	await(&s, find_echo, NULL, "ECE");
	expect_fate(&s, WIRE_MARKED, 0, 0);
	CHECK(count_fates(&s, WIRE_DROPPED) == 0);
	tear_down(&s);
}

/* ---- packets of the wire's own ---- */

static void injects_a_reset(void)
{
	struct scene s = set_up(&watching);
	struct err e;
	struct wire_order rst = { .verb = WIRE_INJECT, .from = SERVER, .inject = { .flags = TCP_RST | TCP_ACK } };

	CHECK(wire_order(s.wire, &rst, NULL, &e) < 0);
	CHECK(strstr(e.what, "no connection"));
	connect_and_accept(&s);
	CHECK(peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_SEND, .slot = 1, .value = 10, .byte = 7 }).result == 10);
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_RECV, .value = 10 }).result == 10);
	wire_settle(s.wire);
	order(&s, rst, "");
	expect_fate(&s, WIRE_INJECTED, 0, 0);
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_CLOSED, BY_ARRIVAL, SERVER, TCP_RST | TCP_ACK });
	tear_down(&s);
}

static void says_what_is_too_long(void)
{
	struct scene s = set_up(&packets_only);

	connect_and_accept(&s);
	order(&s, (struct wire_order){ .verb = WIRE_MTU, .from = CLIENT, .mtu = 600 }, "mtu 600 from client");
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .value = 1000, .byte = 9 }).result == 1000);
	CHECK(strcmp(expect_fate(&s, WIRE_DROPPED, 0, 0)->by, "mtu 600") == 0);
	expect_fate(&s, WIRE_INJECTED, 0, 0);
	/* The kernel cut it anew. */
	for (size_t got = 0; got < 1000;) {
		struct peer_answer a = peer_do(&s.peer[SERVER], (struct peer_order){ .op = PEER_RECV, .slot = 1, .value = 1000 });

		CHECK(a.result > 0 && a.byte == 9);
		got += (size_t)a.result;
	}
	order(&s, (struct wire_order){ .verb = WIRE_MTU, .from = HOST_NONE }, "");
	tear_down(&s);
}

/* ---- what a failure says ---- */

static void set_port(const char *name, bool up)
{
	struct ifreq req = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	CHECK(ioctl(fd, SIOCGIFFLAGS, &req) == 0);
	req.ifr_flags = (short)(up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP);
	CHECK(ioctl(fd, SIOCSIFFLAGS, &req) == 0);
	close(fd);
}

static void says_that_a_port_is_down(void)
{
	struct scene s = set_up(&packets_only);

	open_datagrams(&s);
	set_port("server", false);
	send_byte(&s, 1);
	CHECK(expect_fate(&s, WIRE_FAILED, datagram(&s, 1)->ev.packet.number, 0)->by[0]);
	set_port("server", true);
	send_byte(&s, 2);
	receive_byte(&s, 2);
	tear_down(&s);
}

/* ---- many packets ---- */

struct stream {
	uint64_t bytes;
	pid_t sender, receiver;
};

static struct stream begin_stream(struct scene *s, int64_t bytes)
{
	open_listener(s);
	CHECK(peer_do(&s->peer[CLIENT], to_server(PEER_CONNECT, 0)).result == 0);
	CHECK(peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_ACCEPT, .value = 1 }).result >= 0);
	peer_begin(&s->peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .value = bytes, .byte = 'x' });
	return (struct stream){ .bytes = (uint64_t)bytes };
}

static void receive_stream(struct scene *s, uint64_t bytes, void (*meanwhile)(struct scene *))
{
	uint64_t got = 0;

	while (got < bytes) {
		struct peer_answer a = peer_do(&s->peer[SERVER], (struct peer_order){ .op = PEER_RECV, .slot = 1, .value = 65536 });

		CHECK(a.result > 0);
		got += (uint64_t)a.result;
		meanwhile(s);
	}
	CHECK(got == bytes);
	CHECK(peer_end(&s->peer[CLIENT]).result == (int64_t)bytes);
	wire_settle(s->wire);
	meanwhile(s);
}

static struct live *listen_inside(const struct lab *l, uint8_t host)
{
	const struct live_options o = { .buffer_bytes = 64 << 20, .incoming_only = true };
	struct live *live;
	struct err e;

	CHECK_OK(space_join_net(l->host[host].netns_fd, &e) == 0, e);
	live = live_open("eth0", &o, &e);
	CHECK_OK(live, e);
	CHECK_OK(space_join_net(l->wire_fd, &e) == 0, e);
	return live;
}

/*
 * What reaches the server is what left the client: the same packets, with the same bytes, in the same
 * order, none twice; although many of them are given to the kernel as one.
 */
static void delivers_every_byte_as_it_was(void)
{
	struct scene s = set_up(&packets_only);
	struct live *inside = listen_inside(s.lab, SERVER);
	struct wire_counts counts;
	struct live_packet got;
	size_t compared = 0;

	receive_stream(&s, begin_stream(&s, 12000000).bytes, collect);
	for (size_t i = 0; i < s.rows; i++) {
		const struct event *ev = &s.row[i].ev;

		if (ev->kind != EVENT_PACKET || ev->host != CLIENT)
			continue;
		CHECK(live_next(inside, &got, NULL) == 1);
		CHECK(got.len == ev->packet.len && got.caplen == got.len);
		CHECK(memcmp(got.data, s.row[i].bytes, got.len) == 0);
		compared++;
	}
	CHECK(compared > 12000000 / 1500);
	CHECK(live_next(inside, &got, NULL) == 0);
	CHECK(live_drops(inside) == 0);
	wire_counts(s.wire, &counts);
	CHECK(counts.lost_in_buffers == 0 && counts.events_lost == 0 && counts.dropped == 0);
	CHECK(counts.delivered == counts.packets);
	live_close(inside);
	tear_down(&s);
}

static size_t count_notes(const struct scene *s, enum note_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < s->rows; i++)
		count += s->row[i].ev.kind == EVENT_NOTE && s->row[i].ev.note.kind == kind;
	return count;
}

/* With many packets a second sockets are looked at less often, and a note says so; the close is still seen. */
static void samples_less_when_busy(void)
{
	struct scene s = set_up(&watching);
	size_t states = 0, packets = 0;
	int64_t began_ns = clock_now_ns(), took_ns;

	receive_stream(&s, begin_stream(&s, 20000000).bytes, collect);
	took_ns = clock_now_ns() - began_ns;
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_CLOSE }).result == 0);
	expect_state(&s, (struct state_wish){ CLIENT, SOCK_STATE_FIN_WAIT_1, BY_DEPARTURE, CLIENT, TCP_FIN | TCP_ACK });
	expect_state(&s, (struct state_wish){ SERVER, SOCK_STATE_CLOSE_WAIT, BY_ARRIVAL, CLIENT, TCP_FIN | TCP_ACK });
	for (size_t i = 0; i < s.rows; i++) {
		states += s.row[i].ev.kind == EVENT_STATE;
		packets += s.row[i].ev.kind == EVENT_PACKET;
	}
	/* A machine that is slow itself (sanitizers, load) never has many packets a second: then there is no limit to reach. */
	if ((int64_t)packets * NS_PER_S / took_ns > 10000) {
		CHECK(count_notes(&s, NOTE_LIMIT) >= 1);
		CHECK(states < packets / 2);
	} else {
		fprintf(stderr, "# only %zu packets in %lld ms: too few to be too many\n", packets,
			(long long)(took_ns / NS_PER_MS));
	}
	tear_down(&s);
}

static void nothing(struct scene *s)
{
	(void)s;
}

/* Nobody reads the events: packets go on, and how many events are missing is said in the end. */
static void does_not_wait_for_its_reader(void)
{
	struct scene s = set_up(&packets_only);
	struct wire_counts counts;
	size_t packets = 0;

	receive_stream(&s, begin_stream(&s, 150000000).bytes, nothing);
	wire_counts(s.wire, &counts);
	CHECK(counts.dropped == 0);
	collect(&s);
	send_byte(&s, 1);	/* the note comes with the next event */
	wire_settle(s.wire);
	collect(&s);
	wire_counts(s.wire, &counts);
	for (size_t i = 0; i < s.rows; i++)
		packets += s.row[i].ev.kind == EVENT_PACKET;
	CHECK(packets + counts.events_lost == counts.packets);
	CHECK(count_notes(&s, NOTE_LIMIT) >= 1);
	tear_down(&s);
}

/* ---- quiet ---- */

/* How often the wire's thread went to sleep, and what it computed. */
static void thread_effort(uint64_t *sleeps, uint64_t *ticks)
{
	char path[64], line[512], name[64];

	*sleeps = *ticks = 0;
	for (pid_t tid = getpid() + 1; tid < getpid() + 1000; tid++) {
		unsigned long long user, kernel;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
		f = fopen(path, "re");
		if (!f)
			continue;
		CHECK(fscanf(f, "%*d %63s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", name, &user, &kernel) == 3);
		fclose(f);
		if (strcmp(name, "(wire)") != 0)
			continue;
		*ticks = user + kernel;
		snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
		f = fopen(path, "re");
		CHECK(f);
		while (fgets(line, sizeof(line), f))
			sscanf(line, "voluntary_ctxt_switches: %" SCNu64, sleeps);
		fclose(f);
		return;
	}
	CHECK(!"the wire has a thread");
}

/* With a connection open and nothing going on, the wire's thread does not wake up. */
static void sleeps_when_nothing_happens(void)
{
	struct scene s = set_up(&watching);
	const struct state_wish established = { .host = SERVER, .state = SOCK_STATE_ESTABLISHED };
	uint64_t sleeps[2], ticks[2];
	int quiet_periods = 0;

	open_listener(&s);
	CHECK(peer_do(&s.peer[CLIENT], to_server(PEER_CONNECT, 0)).result == 0);
	await(&s, find_state, &established, "ESTABLISHED");
	/* The handshake's own timers may end first, so a few periods are tried. */
	for (int i = 0; i < 20 && !quiet_periods; i++) {
		thread_effort(&sleeps[0], &ticks[0]);
		poll(NULL, 0, 500);
		thread_effort(&sleeps[1], &ticks[1]);
		quiet_periods += sleeps[1] == sleeps[0] && ticks[1] == ticks[0];
	}
	CHECK(quiet_periods);
	tear_down(&s);
}

/* ---- three hosts ---- */

static void three_hosts(void)
{
	static const char *const names[] = { "client", "server", "third" };
	struct scene s = set_up_hosts(&packets_only, names, 3);
	struct peer_order to_third = { .op = PEER_CONNECT, .slot = 1, .ip = { 192, 0, 2, 3 }, .port = PORT };
	struct wire_counts counts;
	struct peer_answer a;

	open_datagrams(&s);
	CHECK(peer_do(&s.peer[2], (struct peer_order){ .op = PEER_DATAGRAM, .port = PORT }).result >= 0);
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_DATAGRAM, .slot = 1 }).result >= 0);
	CHECK(peer_do(&s.peer[CLIENT], to_third).result == 0);
	CHECK(peer_do(&s.peer[CLIENT], (struct peer_order){ .op = PEER_SEND, .slot = 1, .value = 1, .byte = 3 }).result == 1);
	a = peer_do(&s.peer[2], (struct peer_order){ .op = PEER_RECV, .value = 10 });
	CHECK(a.result == 1 && a.byte == 3);
	CHECK(!server_has_something(&s));
	send_byte(&s, 2);
	receive_byte(&s, 2);
	wire_counts(s.wire, &counts);
	CHECK(counts.packets >= 2 && counts.delivered >= 2);
	tear_down(&s);
}

/* Each as who we are; tests/run repeats the whole program as an ordinary user. */
#define IN_CHILD(body)                                                                             \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(body, AS_SELF);                                                           \
	}
IN_CHILD(states_of_a_connection)
IN_CHILD(states_while_held)
IN_CHILD(state_of_a_call)
IN_CHILD(settles)
IN_CHILD(delays)
IN_CHILD(delay_keeps_order)
IN_CHILD(holds_and_releases)
IN_CHILD(drops)
IN_CHILD(duplicates)
IN_CHILD(cuts_and_mends)
IN_CHILD(holds_what_a_filter_says)
IN_CHILD(loses_by_chance)
IN_CHILD(corrupts)
IN_CHILD(reorders)
IN_CHILD(has_a_rate)
IN_CHILD(marks)
IN_CHILD(injects_a_reset)
IN_CHILD(says_what_is_too_long)
IN_CHILD(says_that_a_port_is_down)
IN_CHILD(delivers_every_byte_as_it_was)
IN_CHILD(samples_less_when_busy)
IN_CHILD(does_not_wait_for_its_reader)
IN_CHILD(sleeps_when_nothing_happens)
IN_CHILD(three_hosts)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_of_a_connection),
		cmocka_unit_test(test_states_while_held),
		cmocka_unit_test(test_state_of_a_call),
		cmocka_unit_test(test_settles),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_delay_keeps_order),
		cmocka_unit_test(test_holds_and_releases),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_cuts_and_mends),
		cmocka_unit_test(test_holds_what_a_filter_says),
		cmocka_unit_test(test_loses_by_chance),
		cmocka_unit_test(test_corrupts),
		cmocka_unit_test(test_reorders),
		cmocka_unit_test(test_has_a_rate),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_injects_a_reset),
		cmocka_unit_test(test_says_what_is_too_long),
		cmocka_unit_test(test_says_that_a_port_is_down),
		cmocka_unit_test(test_delivers_every_byte_as_it_was),
		cmocka_unit_test(test_samples_less_when_busy),
		cmocka_unit_test(test_does_not_wait_for_its_reader),
		cmocka_unit_test(test_sleeps_when_nothing_happens),
		cmocka_unit_test(test_three_hosts),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
