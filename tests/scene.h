/*
 * scene: traces made by hand, for tests of what is shown.  Header only, because a unit test is one file.
 *
 * A scene has a clock that stands still unless it is moved, and two hosts, "client" (0) and "server" (1).
 * Everything goes through trace_append(), as in a session.  A failure ends the process: it is no result.
 */
#ifndef SOCKLENS_TESTS_SCENE_H
#define SOCKLENS_TESTS_SCENE_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"
#include "src/core/clock.h"

#define CLIENT	       0
#define SERVER	       1
#define SCENE_START_NS (INT64_C(1700000000) * NS_PER_S)

struct scene {
	struct trace *t;
	int64_t now_ns;
	uint64_t packets, calls;
	uint16_t port[2]; /* of client and server in the packets made */
	bool capture; /* not of a lab: one interface sees the packets of both directions */
};

static inline void scene_must(int failed, const struct err *e)
{
	if (failed) {
		fprintf(stderr, "scene: %s\n", e->what);
		exit(2);
	}
}

static inline void scene_host(struct scene *s, const char *name, uint8_t last)
{
	struct trace_host h = { .link = LINK_ETHERNET,
				.has_mac = true,
				.has_ip4 = true,
				.has_ip6 = true,
				.mac = { 2, 0, 0, 0, 0, last },
				.ip4 = { 192, 0, 2, last },
				.ip6 = { 0x20, 0x01, 0x0d, 0xb8, [15] = last } };
	struct err e = { 0 };

	(void)str_copy(h.name, sizeof(h.name), name);
	scene_must(trace_add_host(s->t, &h, &e), &e);
}

static inline struct scene scene_new(void)
{
	struct err e = { 0 };
	struct scene s = { .t = trace_new_spool(&e),
			   .now_ns = SCENE_START_NS,
			   .port = { 45012, 8080 } };

	scene_must(!s.t, &e);
	scene_host(&s, "client", 1);
	scene_host(&s, "server", 2);
	return s;
}

/* A capture of some interface, of which nothing but its packets is known. */
static inline struct scene scene_capture(void)
{
	const struct trace_host h = { .name = "eth0", .link = LINK_ETHERNET };
	struct err e = { 0 };
	struct scene s = { .t = trace_new_spool(&e),
			   .now_ns = SCENE_START_NS,
			   .port = { 45012, 8080 },
			   .capture = true };

	scene_must(!s.t, &e);
	scene_must(trace_add_host(s.t, &h, &e), &e);
	return s;
}

static inline void scene_us(struct scene *s, int64_t us)
{
	s->now_ns += us * NS_PER_US;
}

static inline void scene_ms(struct scene *s, int64_t ms)
{
	s->now_ns += ms * NS_PER_MS;
}

static inline uint64_t scene_add(struct scene *s, struct event *ev)
{
	struct err e = { 0 };

	ev->ts_ns = s->now_ns;
	scene_must(trace_append(s->t, ev, ev->kind == EVENT_PACKET ? NULL : "scene", &e), &e);
	scene_us(s, 2);
	return ev->id;
}

/* ---- programs and calls ---- */

static inline void scene_who(struct event *ev, uint8_t host, const char *program, uint32_t thread)
{
	ev->host = host;
	ev->thread = thread;
	(void)str_copy(ev->program, sizeof(ev->program), program);
}

static inline const char *scene_program_name(uint8_t host)
{
	return host == CLIENT ? "client" : "server";
}

static inline void scene_program(struct scene *s, uint8_t host, enum program_change change,
				 int status)
{
	struct event ev = { .kind = EVENT_PROGRAM, .prog = { .change = change, .pid = 4000 + host, .status = status } };

	scene_who(&ev, host, scene_program_name(host), 0);
	scene_add(s, &ev);
}

static inline void scene_change_as(struct scene *s, uint8_t host, uint32_t thread, struct event_program p)
{
	struct event ev = { .kind = EVENT_PROGRAM, .prog = p };

	scene_who(&ev, host, scene_program_name(host), thread);
	scene_add(s, &ev);
}
#define scene_change(s, host, thread, ...) scene_change_as(s, host, thread, (struct event_program){ __VA_ARGS__ })

static inline void scene_output_as(struct scene *s, uint8_t host, uint32_t thread, struct event_output o)
{
	struct event ev = { .kind = EVENT_OUTPUT, .output = o };

	scene_who(&ev, host, scene_program_name(host), thread);
	scene_add(s, &ev);
}
#define scene_output(s, host, thread, ...) scene_output_as(s, host, thread, (struct event_output){ __VA_ARGS__ })

/* args: "sockfd", "3", "addr", "server:8080", NULL.  Returns the call's number. */
static inline uint64_t scene_call_by(struct scene *s, uint8_t host, const char *program,
				     uint32_t thread, const char *name, int32_t fd,
				     const char *const *args)
{
	struct event ev = { .kind = EVENT_CALL,
			    .call = { .number = ++s->calls, .name = name, .fd = fd } };

	for (; *args; args += 2)
		ev.call.arg[ev.call.args++] = (struct event_arg){ args[0], args[1] };
	scene_who(&ev, host, program, thread);
	scene_add(s, &ev);
	return s->calls;
}
#define scene_call(s, host, name, fd, ...)                                                         \
	scene_call_by(s, host, scene_program_name(host), 0, name, fd,                              \
		      (const char *const[]){ __VA_ARGS__, NULL })

struct scene_result {
	int64_t result;
	int32_t error;
	bool blocked;
	const char *out[5]; /* name, text, … */
	struct event_local local;
};

static inline void scene_return_by(struct scene *s, uint8_t host, const char *program,
				   uint32_t thread, uint64_t number, const char *name,
				   int64_t entered_ns, struct scene_result r)
{
	struct event ev = { .kind = EVENT_RETURN,
			    .ret = { .number = number,
				     .name = name,
				     .fd = 3,
				     .result = r.result,
				     .error = r.error,
				     .blocked = r.blocked,
				     .entered_ns = entered_ns } };

	ev.ret.local = r.local;
	for (size_t i = 0; i < 4 && r.out[i]; i += 2)
		ev.ret.out[ev.ret.outs++] = (struct event_arg){ r.out[i], r.out[i + 1] };
	scene_who(&ev, host, program, thread);
	scene_add(s, &ev);
}
#define scene_return(s, host, number, name, entered_ns, ...)                                       \
	scene_return_by(s, host, scene_program_name(host), 0, number, name, entered_ns,            \
			(struct scene_result){ __VA_ARGS__ })

/* A call that comes back at once. */
#define scene_quick(s, host, name, fd, value, ...)                                                 \
	do {                                                                                       \
		int64_t entered_ns_ = (s)->now_ns;                                                 \
		uint64_t number_ = scene_call(s, host, name, fd, __VA_ARGS__);                     \
		scene_return(s, host, number_, name, entered_ns_, .result = value);                \
	} while (0)

/* ---- packets ---- */

static inline void scene_be16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void scene_be32(uint8_t *at, uint32_t v)
{
	scene_be16(at, v >> 16);
	scene_be16(at + 2, v);
}

static inline uint32_t scene_sum(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)at[i] << (i & 1 ? 0 : 8);
	return sum;
}

static inline uint16_t scene_checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Puts Ethernet and IPv4 headers before `len` bytes of transport at frame + 34. */
static inline void scene_headers(uint8_t *frame, uint8_t host, uint8_t protocol, size_t len)
{
	uint8_t *ip = frame + 14;

	frame[0] = frame[6] = 2;
	frame[5] = host == CLIENT ? 2 : 1;
	frame[11] = host == CLIENT ? 1 : 2;
	scene_be16(frame + 12, 0x0800);
	ip[0] = 0x45;
	scene_be16(ip + 2, (uint32_t)(20 + len));
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, (uint8_t[]){ 192, 0, 2, (uint8_t)(host + 1) }, 4);
	memcpy(ip + 16, (uint8_t[]){ 192, 0, 2, (uint8_t)(2 - host) }, 4);
	scene_be16(ip + 10, scene_checksum(scene_sum(ip, 20, 0)));
}

static inline uint64_t scene_frame(struct scene *s, uint8_t host, const uint8_t *frame, size_t len)
{
	uint8_t iface = s->capture ? 0 : host;
	struct event ev = { .kind = EVENT_PACKET,
			    .host = iface,
			    .packet = { .number = ++s->packets,
					.caplen = (uint32_t)len,
					.len = (uint32_t)len,
					.iface = iface,
					.data = frame } };

	scene_add(s, &ev);
	return s->packets;
}

/* seq and ack count from 0 as on the screen.  A SYN has the options mss and window scale.  Returns the packet's number. */
static inline uint64_t scene_tcp(struct scene *s, uint8_t host, uint16_t flags, uint32_t seq,
				 uint32_t ack, const char *data)
{
	static const uint8_t options[8] = { 2, 4, 0x05, 0xb4, 1, 3, 3, 7 };
	uint8_t frame[1600] = { 0 }, *tcp = frame + 34;
	size_t header = flags & TCP_SYN ? 28 : 20, len = header + strlen(data);
	uint32_t base[2] = { 1000000, 77000000 }, sum;

	scene_be16(tcp, s->port[host]);
	scene_be16(tcp + 2, s->port[!host]);
	scene_be32(tcp + 4, base[host] + seq);
	scene_be32(tcp + 8, flags & TCP_ACK ? base[!host] + ack : 0);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = (uint8_t)flags;
	scene_be16(tcp + 14, 64240);
	if (flags & TCP_SYN)
		memcpy(tcp + 20, options, 8);
	memcpy(tcp + header, data, strlen(data));
	scene_headers(frame, host, 6, len);
	sum = scene_sum(frame + 26, 8, 6 + (uint32_t)len);
	scene_be16(tcp + 16, scene_checksum(scene_sum(tcp, len, sum)));
	return scene_frame(s, host, frame, 34 + len);
}

static inline uint64_t scene_udp(struct scene *s, uint8_t host, const char *data)
{
	uint8_t frame[1600] = { 0 }, *udp = frame + 34;
	size_t len = 8 + strlen(data);
	uint32_t sum;

	scene_be16(udp, s->port[host]);
	scene_be16(udp + 2, s->port[!host]);
	scene_be16(udp + 4, (uint32_t)len);
	memcpy(udp + 8, data, strlen(data));
	scene_headers(frame, host, 17, len);
	sum = scene_sum(frame + 26, 8, 17 + (uint32_t)len);
	scene_be16(udp + 6, scene_checksum(scene_sum(udp, len, sum)));
	return scene_frame(s, host, frame, 34 + len);
}

static inline void scene_wire_copy(struct scene *s, uint8_t to, uint64_t packet,
				   enum wire_fate fate, const char *by, uint64_t copy)
{
	struct event ev = {
		.kind = EVENT_WIRE,
		.host = !to,
		.wire = { .packet = packet, .fate = fate, .to = to, .copy = copy, .by = by }
	};

	scene_add(s, &ev);
}

static inline void scene_wire(struct scene *s, uint8_t to, uint64_t packet, enum wire_fate fate,
			      const char *by)
{
	scene_wire_copy(s, to, packet, fate, by, 0);
}

/* ---- sockets ---- */

static inline struct sock_sample scene_sock(const struct scene *s, uint8_t host, uint64_t cookie,
					    enum sock_state state)
{
	struct sock_sample k = { .cookie = cookie,
				 .inode = (uint32_t)cookie + 900,
				 .family = AF_INET,
				 .type = SOCK_STREAM,
				 .protocol = IPPROTO_TCP,
				 .state = state };
	const uint8_t own[4] = { 192, 0, 2, (uint8_t)(host + 1) },
		      peer[4] = { 192, 0, 2, (uint8_t)(2 - host) };

	k.local = addr_v4(own, s->port[host]);
	if (state == SOCK_STATE_LISTEN || state == SOCK_STATE_UNCONNECTED)
		k.local = addr_v4((uint8_t[4]){ 0 }, s->port[host]);
	else
		k.remote = addr_v4(peer, s->port[!host]);
	if (state == SOCK_STATE_LISTEN)
		k.sendq = 5;
	if (state == SOCK_STATE_ESTABLISHED) {
		k.cwnd = 10;
		k.ssthresh = 0x7fffffff;
		k.rtt_us = 40100;
		k.rto_us = 240000;
		k.mss = 1460;
	}
	return k;
}

static inline void scene_state(struct scene *s, uint8_t host, enum state_by by, uint64_t number,
			       int32_t fd, enum sock_state old, const struct sock_sample *k)
{
	struct event ev = {
		.kind = EVENT_STATE,
		.state = { .by = by, .by_number = number, .fd = fd, .old = old, .sock = *k }
	};

	scene_who(&ev, host, fd >= 0 ? scene_program_name(host) : "", 0);
	scene_add(s, &ev);
}

/* The same where nothing but the state matters. */
static inline void scene_turn(struct scene *s, uint8_t host, enum state_by by, uint64_t number,
			      int32_t fd, uint64_t cookie, enum sock_state old,
			      enum sock_state state)
{
	struct sock_sample k = scene_sock(s, host, cookie, state);

	scene_state(s, host, by, number, fd, old, &k);
}

/* ---- words ---- */

/* What a host counted: "TcpExtTCPTimeouts+1 TcpRetransSegs+1". */
static inline void scene_counters(struct scene *s, uint8_t host, enum state_by by, uint64_t number, const char *changes)
{
	struct event ev = { .kind = EVENT_COUNTERS,
			    .host = host,
			    .counters = { .by = by, .by_number = number, .changes = changes } };

	scene_add(s, &ev);
}

static inline void scene_command(struct scene *s, const char *target, const char *text,
				 const char *status)
{
	struct event ev = { .kind = EVENT_COMMAND,
			    .host = HOST_NONE,
			    .command = { target, text, status } };

	scene_add(s, &ev);
}

static inline void scene_note(struct scene *s, enum note_kind kind, const char *text)
{
	struct event ev = { .kind = EVENT_NOTE, .host = HOST_NONE, .note = { kind, text } };

	scene_add(s, &ev);
}

#endif
