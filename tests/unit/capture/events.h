/*
 * events: random but plausible events, for tests: hosts that send packets whose fate is told later, programs
 * that enter calls and return from them, sockets that change.  The same seed gives the same events.
 *
 * Include build.h's packets only where frames have to make sense to other tools: these are random bytes
 * behind a true Ethernet, IPv4 and TCP header.
 */
#ifndef SOCKLENS_TESTS_EVENTS_H
#define SOCKLENS_TESTS_EVENTS_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/trace.h"
#include "src/core/event.h"
#include "tests/unit/capture/build.h"

#define EVENTS_START	INT64_C(1700000000000000000)
#define EVENTS_LANES	5
#define EVENTS_SOCKETS	7
#define EVENTS_OPEN	16

struct events {
	uint64_t random;
	int64_t now_ns;
	int64_t late_ns;		/* events are stamped up to so much before now, a few of them a thousand times that */
	uint64_t packets, calls, returned;
	bool open[EVENTS_LANES];	/* the lane's call has not returned */
	uint64_t open_number[EVENTS_LANES];
	int64_t open_ns[EVENTS_LANES];
	struct build packet;
	char text[EVENT_ARGS * 2][6000];
	size_t texts;
};

static inline uint64_t events_random(struct events *g, uint64_t below)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return g->random % below;
}

static inline struct events *events_new(uint64_t seed, int64_t late_ns)
{
	struct events *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	g->now_ns = EVENTS_START;
	g->late_ns = late_ns;
	return g;
}

/* Harmless text of many kinds: escapes, quotes, what looks like a field, other alphabets, long. */
static inline const char *events_text(struct events *g)
{
	static const char *const piece[] = {
		"hello", "\\n", "\\x00\\\\", "\"", " ", "=", "ü→✗ 漢字", "SOCKLENS_EV=note", "192.0.2.1:80", "é",
	};
	char *out = g->text[g->texts++ % (EVENT_ARGS * 2)];
	size_t len = 0, pieces = events_random(g, 50) == 0 ? 600 : events_random(g, 6);

	out[0] = '\0';
	while (pieces-- > 0) {
		const char *p = piece[events_random(g, sizeof(piece) / sizeof(piece[0]))];
		size_t n = strlen(p);

		if (len + n >= sizeof(g->text[0]))
			break;
		memcpy(out + len, p, n + 1);
		len += n;
	}
	return out;
}

static inline void events_packet(struct events *g, struct event *ev)
{
	struct build b = build_on();
	bool back = events_random(g, 2) == 1;
	size_t payload = events_random(g, 20) == 0 ? 1400 : events_random(g, 40);

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 6, back ? "192.0.2.2" : "192.0.2.1", back ? "192.0.2.1" : "192.0.2.2");
	build_tcp(&b, back ? 8080 : 45000 + (unsigned)events_random(g, 3), back ? 45000 : 8080,
		  (uint32_t)events_random(g, 1000), 7, events_random(g, 10) ? 0x18 : 0x02, 64240, "");
	while (payload-- > 0)
		build_u8(&b, (unsigned)events_random(g, 256));
	build_finish(&b);
	g->packet = b;
	ev->packet.number = ++g->packets;
	ev->packet.iface = back;
	ev->host = back;
	ev->packet.data = g->packet.byte;
	ev->packet.caplen = (uint32_t)g->packet.len;
	ev->packet.len = ev->packet.caplen + (events_random(g, 9) == 0 ? 100 : 0);
	ev->packet.drops = events_random(g, 30) == 0 ? 17 : 0;
}

static inline void events_wire(struct events *g, struct event *ev)
{
	uint64_t back = events_random(g, events_random(g, 4) ? 4 : 40);

	ev->wire.packet = g->packets > back ? g->packets - back : 1;
	ev->wire.fate = (enum wire_fate)events_random(g, WIRE_FAILED + 1);
	ev->wire.to = (uint8_t)events_random(g, 2);
	ev->wire.copy = events_random(g, 4) == 0 ? 1 : 0;
	ev->wire.by = events_text(g);
	ev->host = HOST_NONE;
}

static inline void events_lane(struct event *ev, size_t lane)
{
	static const char *const program[] = { "client", "client", "server", "server", "ünïcode" };
	static const uint32_t thread[] = { 0, 1, 0, 7, 0 };

	snprintf(ev->program, sizeof(ev->program), "%s", program[lane]);
	ev->thread = thread[lane];
	ev->host = (uint8_t)(lane >= 2);
}

static inline uint32_t events_args(struct events *g, struct event_arg *arg)
{
	static const char *const name[] = { "sockfd", "addr", "data", "from" };
	uint32_t count = (uint32_t)events_random(g, events_random(g, 9) ? 4 : EVENT_ARGS + 1);

	for (uint32_t i = 0; i < count; i++) {
		arg[i].name = name[i % 4];
		arg[i].text = events_text(g);
	}
	return count;
}

static inline void events_call(struct events *g, struct event *ev, size_t lane)
{
	events_lane(ev, lane);
	ev->call.number = ++g->calls;
	ev->call.name = "connect";
	ev->call.fd = (int32_t)events_random(g, 5) - 1;
	ev->call.args = events_args(g, ev->call.arg);
	g->open[lane] = true;
	g->open_number[lane] = ev->call.number;
	g->open_ns[lane] = ev->ts_ns;
}

static inline void events_return(struct events *g, struct event *ev, size_t lane)
{
	events_lane(ev, lane);
	ev->ret.number = g->open_number[lane];
	ev->ret.name = "connect";
	ev->ret.fd = 3;
	ev->ret.result = events_random(g, 3) ? (int64_t)events_random(g, 100000) : -1;
	ev->ret.error = ev->ret.result < 0 ? 111 : 0;
	ev->ret.blocked = events_random(g, 2) == 1;
	ev->ret.entered_ns = g->open_ns[lane];
	ev->ret.outs = events_args(g, ev->ret.out);
	g->open[lane] = false;
}

static inline struct addr events_addr(struct events *g)
{
	const uint8_t ip4[4] = { 192, 0, 2, (uint8_t)(1 + events_random(g, 2)) };
	const uint8_t ip6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
	struct addr a = { 0 };

	switch (events_random(g, 6)) {
	case 0:
		return addr_v6(ip6, 8080);
	case 1:		/* an abstract name with bytes of all kinds */
		a.u.un.sun_family = AF_UNIX;
		memcpy(a.u.un.sun_path, "\0ab\0\n\xff\\", 7);
		a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 7);
		return a;
	case 2:		/* a scope */
		a = addr_v6(ip6, 1);
		a.u.in6.sin6_scope_id = 3;
		return a;
	case 3:
		return a;
	}
	return addr_v4(ip4, (uint16_t)(8080 + events_random(g, 2)));
}

static inline void events_state(struct events *g, struct event *ev)
{
	struct sock_sample *s = &ev->state.sock;

	s->cookie = 1 + events_random(g, EVENTS_SOCKETS);
	ev->host = (uint8_t)(s->cookie & 1);
	ev->state.by = (enum state_by)events_random(g, BY_CALL + 1);
	ev->state.by_number = events_random(g, 100);
	ev->state.fd = (int32_t)events_random(g, 6) - 1;
	ev->state.old = (enum sock_state)events_random(g, SOCK_STATES);
	s->state = (enum sock_state)events_random(g, SOCK_STATES);
	s->inode = (uint32_t)events_random(g, 100000);
	s->family = AF_INET;
	s->type = SOCK_STREAM;
	s->protocol = IPPROTO_TCP;
	s->local = events_addr(g);
	s->remote = events_addr(g);
	s->recvq = (uint32_t)events_random(g, 3);
	s->timer = (enum sock_timer)events_random(g, SOCK_TIMER_PROBE + 1);
	s->timer_ms = 204;
	s->cwnd = 10;
	s->ssthresh = UINT32_MAX;
	s->rtt_us = (uint32_t)events_random(g, 100000);
	s->ca_state = 4;
	s->drops = 3;
}

static inline void events_program(struct events *g, struct event *ev)
{
	events_lane(ev, events_random(g, EVENTS_LANES));
	ev->prog.change = (enum program_change)events_random(g, PROGRAM_EXECUTED + 1);
	ev->prog.pid = 1000 + (int32_t)events_random(g, 10);
	ev->prog.status = (int32_t)events_random(g, 10) - 1;
	ev->prog.others = (uint32_t)events_random(g, 2);
	ev->prog.command = events_text(g);
}

static inline void events_output(struct events *g, struct event *ev)
{
	events_lane(ev, events_random(g, EVENTS_LANES));
	ev->output.stream = 1 + (int32_t)events_random(g, 2);
	ev->output.text = events_text(g);
	ev->output.cut = events_random(g, 2);
	ev->output.unended = events_random(g, 2);
}

static inline int64_t events_time(struct events *g)
{
	uint64_t late = g->late_ns ? events_random(g, (uint64_t)g->late_ns) : 0;

	g->now_ns += (int64_t)events_random(g, 2000);	/* and now and then the same twice */
	if (g->late_ns && events_random(g, 100) == 0)
		late *= 1000;
	return events_random(g, 3) ? g->now_ns : g->now_ns - (int64_t)late;
}

/* The next event; its texts and its packet are good until the next one. */
static inline void events_next(struct events *g, struct event *ev)
{
	size_t lane = events_random(g, EVENTS_LANES);
	uint64_t lot = events_random(g, 100);

	memset(ev, 0, sizeof(*ev));
	ev->ts_ns = events_time(g);
	ev->host = HOST_NONE;
	if (lot < 30 || g->packets == 0) {
		ev->kind = EVENT_PACKET;
		events_packet(g, ev);
	} else if (lot < 50) {
		ev->kind = EVENT_WIRE;
		events_wire(g, ev);
	} else if (lot < 70) {
		ev->kind = g->open[lane] ? EVENT_RETURN : EVENT_CALL;
		if (g->open[lane])
			events_return(g, ev, lane);
		else
			events_call(g, ev, lane);
	} else if (lot < 90) {
		ev->kind = EVENT_STATE;
		events_state(g, ev);
	} else if (lot < 94) {
		ev->kind = EVENT_COMMAND;
		ev->command.target = "wire";
		ev->command.text = events_text(g);
		ev->command.status = events_random(g, 3) ? events_text(g) : NULL;
	} else if (lot < 96) {
		ev->kind = EVENT_OUTPUT;
		events_output(g, ev);
	} else if (lot < 97) {
		ev->kind = EVENT_COUNTERS;
		ev->counters.by = (enum state_by)events_random(g, BY_CALL + 1);
		ev->counters.by_number = 1 + events_random(g, g->packets);
		ev->counters.changes = events_text(g);
	} else if (lot < 98) {
		ev->kind = EVENT_NOTE;
		ev->note.kind = (enum note_kind)events_random(g, NOTE_ANSWER + 1);
		ev->note.text = events_text(g);
	} else {
		ev->kind = EVENT_PROGRAM;
		events_program(g, ev);
	}
}

/* The two hosts that these events are of. */
static inline struct trace_host events_host(size_t number)
{
	struct trace_host h = { .link = LINK_ETHERNET, .has_mac = true, .has_ip4 = true, .has_ip6 = true };

	snprintf(h.name, sizeof(h.name), "%s", number ? "server" : "client");
	memcpy(h.mac, "\x02\0\0\0\0\1", 6);
	memcpy(h.ip4, "\xc0\0\2\1", 4);
	memcpy(h.ip6, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	h.mac[5] = h.ip4[3] = h.ip6[15] = (uint8_t)(number + 1);
	return h;
}

/* The name of the first field in which two events differ; NULL if they are equal.  Identities are not compared. */
static inline const char *events_differ(const struct event *a, const struct event *b)
{
	if (a->kind != b->kind)
		return "kind";
	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *f = &event_fields[i];
		const char *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;
		static const size_t size[] = { [FIELD_U8] = 1,	[FIELD_U32] = 4,  [FIELD_U64] = 8, [FIELD_I32] = 4,
					       [FIELD_I64] = 8, [FIELD_BOOL] = 1, [FIELD_ENUM] = 4 };
		const struct event_arg *p = (const void *)x, *q = (const void *)y;
		uint32_t count;
		const char *s, *t;

		if (!(f->kinds & 1u << a->kind))
			continue;
		switch (f->type) {
		case FIELD_U8:
		case FIELD_U32:
		case FIELD_U64:
		case FIELD_I32:
		case FIELD_I64:
		case FIELD_BOOL:
		case FIELD_ENUM:
			if (memcmp(x, y, size[f->type]) != 0)
				return f->name;
			break;
		case FIELD_NAME:
			if (strcmp(x, y) != 0)
				return f->name;
			break;
		case FIELD_TEXT:
			memcpy(&s, x, sizeof(s));
			memcpy(&t, y, sizeof(t));
			if (f->may_be_null && !s != !t)
				return f->name;
			if (strcmp(s ? s : "", t ? t : "") != 0)
				return f->name;
			break;
		case FIELD_ADDR:
			if (((const struct addr *)x)->len != ((const struct addr *)y)->len ||
			    memcmp(&((const struct addr *)x)->u, &((const struct addr *)y)->u,
				   ((const struct addr *)x)->len) != 0)
				return f->name;
			break;
		case FIELD_ARGS:
			memcpy(&count, (const char *)a + f->count, sizeof(count));
			if (memcmp(&count, (const char *)b + f->count, sizeof(count)) != 0)
				return f->name;
			for (uint32_t k = 0; k < count; k++) {
				if (strcmp(p[k].name, q[k].name) != 0 || strcmp(p[k].text, q[k].text) != 0)
					return f->name;
			}
			break;
		}
	}
	if (a->kind == EVENT_PACKET && memcmp(a->packet.data, b->packet.data, a->packet.caplen) != 0)
		return "the packet's bytes";
	return NULL;
}

#endif
