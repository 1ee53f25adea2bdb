/*
 * scenes: the traces that the golden screens show, and that the tests of drawing draw at every size.
 */
#ifndef SOCKLENS_TESTS_SCENES_H
#define SOCKLENS_TESTS_SCENES_H

#include "tests/scene.h"

/* What a lab's server and client do before anything is sent. */
static inline void scenes_open(struct scene *s)
{
	int64_t entered_ns;
	uint64_t n;

	scene_quick(s, SERVER, "socket", -1, 3, "domain", "AF_INET", "type", "SOCK_STREAM");
	scene_ms(s, 1);
	scene_quick(s, SERVER, "bind", 3, 0, "sockfd", "3", "addr", "*:8080");
	scene_ms(s, 1);
	entered_ns = s->now_ns;
	n = scene_call(s, SERVER, "listen", 3, "sockfd", "3", "backlog", "5");
	scene_return(s, SERVER, n, "listen", entered_ns, .result = 0);
	scene_turn(s, SERVER, BY_CALL, n, 3, 21, SOCK_STATE_CLOSED, SOCK_STATE_LISTEN);
	scene_ms(s, 1);
}

struct scenes_call { /* a call that sleeps */
	uint64_t number;
	int64_t entered_ns;
};

static inline struct scenes_call scenes_accept(struct scene *s)
{
	int64_t now_ns = s->now_ns;

	return (struct scenes_call){ scene_call(s, SERVER, "accept", 3, "sockfd", "3"), now_ns };
}

static inline struct scenes_call scenes_connect(struct scene *s)
{
	int64_t now_ns;

	scene_ms(s, 30);
	scene_quick(s, CLIENT, "socket", -1, 3, "domain", "AF_INET", "type", "SOCK_STREAM");
	scene_ms(s, 1);
	now_ns = s->now_ns;
	return (struct scenes_call){
		scene_call(s, CLIENT, "connect", 3, "sockfd", "3", "addr", "server:8080"), now_ns
	};
}

/* The handshake with each segment arriving at once. */
static inline void scenes_handshake(struct scene *s)
{
	struct scenes_call accept = scenes_accept(s), connect = scenes_connect(s);
	struct sock_sample listener = scene_sock(s, SERVER, 21, SOCK_STATE_LISTEN);
	uint64_t p = scene_tcp(s, CLIENT, TCP_SYN, 0, 0, "");

	scene_turn(s, CLIENT, BY_DEPARTURE, p, 3, 11, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT);
	scene_turn(s, SERVER, BY_ARRIVAL, p, -1, 22, SOCK_STATE_NONE, SOCK_STATE_SYN_RECEIVED);
	p = scene_tcp(s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_turn(s, CLIENT, BY_ARRIVAL, p, 3, 11, SOCK_STATE_SYN_SENT, SOCK_STATE_ESTABLISHED);
	p = scene_tcp(s, CLIENT, TCP_ACK, 1, 1, "");
	listener.recvq = 1;
	scene_state(s, SERVER, BY_ARRIVAL, p, 3, SOCK_STATE_LISTEN, &listener);
	scene_turn(s, SERVER, BY_ARRIVAL, p, -1, 22, SOCK_STATE_SYN_RECEIVED,
		   SOCK_STATE_ESTABLISHED);
	scene_us(s, 40);
	scene_return(s, CLIENT, connect.number, "connect", connect.entered_ns, .result = 0,
		     .blocked = true);
	scene_us(s, 60);
	scene_return(s, SERVER, accept.number, "accept", accept.entered_ns, .result = 4,
		     .blocked = true, .out = { "from", "client:45012" });
	listener.recvq = 0;
	scene_state(s, SERVER, BY_CALL, accept.number, 3, SOCK_STATE_LISTEN, &listener);
	scene_turn(s, SERVER, BY_CALL, accept.number, 4, 22, SOCK_STATE_ESTABLISHED,
		   SOCK_STATE_ESTABLISHED);
	scene_ms(s, 2);
}

/* send(3, "hello", 5), its segment and the ACK. */
static inline void scenes_hello(struct scene *s)
{
	struct sock_sample k = scene_sock(s, SERVER, 22, SOCK_STATE_ESTABLISHED);
	int64_t entered_ns = s->now_ns;
	uint64_t n = scene_call(s, CLIENT, "send", 3, "sockfd", "3", "buf", "\"hello\", 5", "flags",
				"0"),
		 p;

	p = scene_tcp(s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	k.recvq = 5;
	scene_state(s, SERVER, BY_ARRIVAL, p, 4, SOCK_STATE_ESTABLISHED, &k);
	scene_return(s, CLIENT, n, "send", entered_ns, .result = 5);
	scene_tcp(s, SERVER, TCP_ACK, 1, 6, "");
	scene_ms(s, 1);
	entered_ns = s->now_ns;
	n = scene_call(s, SERVER, "recv", 4, "sockfd", "4", "len", "1024", "flags", "0");
	scene_return(s, SERVER, n, "recv", entered_ns, .result = 5, .out = { "data", "\"hello\"" });
	k.recvq = 0;
	scene_state(s, SERVER, BY_CALL, n, 4, SOCK_STATE_ESTABLISHED, &k);
}

static inline void scenes_close(struct scene *s)
{
	int64_t entered_ns;
	uint64_t n, p;

	scene_ms(s, 350);
	entered_ns = s->now_ns;
	n = scene_call(s, CLIENT, "close", 3, "sockfd", "3");
	p = scene_tcp(s, CLIENT, TCP_FIN | TCP_ACK, 6, 1, "");
	scene_turn(s, CLIENT, BY_DEPARTURE, p, -1, 11, SOCK_STATE_ESTABLISHED,
		   SOCK_STATE_FIN_WAIT_1);
	scene_turn(s, SERVER, BY_ARRIVAL, p, 4, 22, SOCK_STATE_ESTABLISHED, SOCK_STATE_CLOSE_WAIT);
	scene_return(s, CLIENT, n, "close", entered_ns, .result = 0);
	p = scene_tcp(s, SERVER, TCP_ACK, 1, 7, "");
	scene_turn(s, CLIENT, BY_ARRIVAL, p, -1, 11, SOCK_STATE_FIN_WAIT_1, SOCK_STATE_FIN_WAIT_2);
	scene_ms(s, 1);
	scene_quick(s, SERVER, "recv", 4, 0, "sockfd", "4", "len", "1024", "flags", "0");
	scene_ms(s, 1);
	entered_ns = s->now_ns;
	n = scene_call(s, SERVER, "close", 4, "sockfd", "4");
	p = scene_tcp(s, SERVER, TCP_FIN | TCP_ACK, 1, 7, "");
	scene_turn(s, SERVER, BY_DEPARTURE, p, -1, 22, SOCK_STATE_CLOSE_WAIT, SOCK_STATE_LAST_ACK);
	scene_turn(s, CLIENT, BY_ARRIVAL, p, -1, 11, SOCK_STATE_FIN_WAIT_2, SOCK_STATE_TIME_WAIT);
	scene_return(s, SERVER, n, "close", entered_ns, .result = 0);
	p = scene_tcp(s, CLIENT, TCP_ACK, 7, 2, "");
	scene_turn(s, SERVER, BY_ARRIVAL, p, -1, 22, SOCK_STATE_LAST_ACK, SOCK_STATE_CLOSED);
	scene_ms(s, 60000);
	scene_turn(s, CLIENT, BY_TIME, 0, -1, 11, SOCK_STATE_TIME_WAIT, SOCK_STATE_CLOSED);
}

static inline struct scene scenes_plain(void)
{
	struct scene s = scene_new();

	scene_program(&s, SERVER, PROGRAM_STARTED, 0);
	scene_program(&s, CLIENT, PROGRAM_STARTED, 0);
	scene_note(&s, NOTE_TITLE, "The three-way handshake");
	scenes_open(&s);
	scenes_handshake(&s);
	scenes_hello(&s);
	scenes_close(&s);
	return s;
}

/* Every packet takes 20 ms; the words of a lesson between. */
static inline struct scene scenes_delay(void)
{
	struct scene s = scene_new();
	struct scenes_call accept, connect;
	uint64_t p;

	scene_note(&s, NOTE_TITLE, "Time on the wire");
	scenes_open(&s);
	accept = scenes_accept(&s);
	scene_command(&s, "wire", "delay 20ms", "20 ms");
	scene_note(&s, NOTE_SAY,
		   "The client asks its kernel to connect. Each segment now takes 20 ms from one "
		   "host to the other, so the handshake takes 40 ms, and connect() sleeps "
		   "all that time.");
	connect = scenes_connect(&s);
	p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_wire(&s, SERVER, p, WIRE_DELAYED, "delay");
	scene_turn(&s, CLIENT, BY_DEPARTURE, p, 3, 11, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT);
	scene_ms(&s, 20);
	scene_wire(&s, SERVER, p, WIRE_DELIVERED, "");
	scene_turn(&s, SERVER, BY_ARRIVAL, p, -1, 22, SOCK_STATE_NONE, SOCK_STATE_SYN_RECEIVED);
	p = scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_wire(&s, CLIENT, p, WIRE_DELAYED, "delay");
	scene_ms(&s, 20);
	scene_wire(&s, CLIENT, p, WIRE_DELIVERED, "");
	scene_turn(&s, CLIENT, BY_ARRIVAL, p, 3, 11, SOCK_STATE_SYN_SENT, SOCK_STATE_ESTABLISHED);
	p = scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_wire(&s, SERVER, p, WIRE_DELAYED, "delay");
	scene_us(&s, 50);
	scene_return(&s, CLIENT, connect.number, "connect", connect.entered_ns, .result = 0,
		     .blocked = true);
	scene_ms(&s, 20);
	scene_wire(&s, SERVER, p, WIRE_DELIVERED, "");
	scene_turn(&s, SERVER, BY_ARRIVAL, p, -1, 22, SOCK_STATE_SYN_RECEIVED,
		   SOCK_STATE_ESTABLISHED);
	scene_us(&s, 50);
	scene_return(&s, SERVER, accept.number, "accept", accept.entered_ns, .result = 4,
		     .blocked = true, .out = { "from", "client:45012" });
	scene_turn(&s, SERVER, BY_CALL, accept.number, 4, 22, SOCK_STATE_ESTABLISHED,
		   SOCK_STATE_ESTABLISHED);
	return s;
}

/* A SYN is held and goes on; the next segment is held and lost; one waits at the end. */
static inline struct scene scenes_hold(void)
{
	struct scene s = scene_new();
	struct scenes_call connect;
	struct sock_sample k;
	uint64_t p;

	scenes_open(&s);
	scenes_accept(&s);
	scene_command(&s, "wire", "hold", "#1 hold");
	connect = scenes_connect(&s);
	p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_wire(&s, SERVER, p, WIRE_HELD, "rule 1");
	scene_turn(&s, CLIENT, BY_DEPARTURE, p, 3, 11, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT);
	scene_ms(&s, 700);
	scene_command(&s, "wire", "release", "#1 hold");
	scene_wire(&s, SERVER, p, WIRE_RELEASED, "hand");
	scene_wire(&s, SERVER, p, WIRE_DELIVERED, "");
	scene_turn(&s, SERVER, BY_ARRIVAL, p, -1, 22, SOCK_STATE_NONE, SOCK_STATE_SYN_RECEIVED);
	p = scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_wire(&s, CLIENT, p, WIRE_HELD, "rule 1");
	scene_ms(&s, 300);
	scene_command(&s, "wire", "drop", "#1 hold");
	scene_wire(&s, CLIENT, p, WIRE_DROPPED, "hand");
	scene_ms(&s, 720);
	p = scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_wire(&s, CLIENT, p, WIRE_HELD, "rule 1");
	k = scene_sock(&s, SERVER, 22, SOCK_STATE_SYN_RECEIVED);
	k.timer = SOCK_TIMER_RETRANSMIT;
	k.timer_ms = 2000;
	k.retransmits = 1;
	scene_state(&s, SERVER, BY_DEPARTURE, p, -1, SOCK_STATE_SYN_RECEIVED, &k);
	(void)connect;
	return s;
}

/* Of a packet that takes a while: for all of `takes_ms`. */
static inline void scenes_on_way(struct scene *s, uint8_t to, uint64_t packet, enum wire_fate fate, int takes_ms)
{
	struct event ev = {
		.kind = EVENT_WIRE,
		.host = !to,
		.wire = { .packet = packet, .fate = fate, .to = to, .by = "delay",
			  .due_ns = s->now_ns + takes_ms * INT64_C(1000000) }
	};

	scene_add(s, &ev);
}

/* Two segments are held, one was changed and is on its way with others, and the sender will not wait for ever. */
static inline struct scene scenes_wire(void)
{
	struct scene s = scene_new();
	struct sock_sample k;
	uint64_t p;

	scenes_open(&s);
	scenes_handshake(&s);
	scene_command(&s, "wire", "delay 1s", "1 s");
	scene_command(&s, "wire", "hold from client if tcp[tcpflags] & tcp-push != 0",
		      "1 s · #1 hold from client tcp[tcpflags] & tcp-push != 0 · #2 drop every 3 udp · patient");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "one");
	scene_wire(&s, SERVER, p, WIRE_HELD, "rule 1");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 4, 1, "two");
	scene_wire(&s, SERVER, p, WIRE_HELD, "rule 1");
	k = scene_sock(&s, CLIENT, 11, SOCK_STATE_ESTABLISHED);
	k.timer = SOCK_TIMER_RETRANSMIT;
	k.timer_ms = 5000;
	k.unacked = 2;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	scene_ms(&s, 1300);
	scene_command(&s, "wire", "release 4 with data \"ONE\"",
		      "1 s · #1 hold from client tcp[tcpflags] & tcp-push != 0 · #2 drop every 3 udp · patient");
	scene_wire(&s, SERVER, p - 1, WIRE_EDITED, "hand, data of 3 → 3 bytes; as packet 6");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "ONE");
	scene_wire(&s, SERVER, p, WIRE_INJECTED, "hand, packet 4: data of 3 → 3 bytes");
	scene_ms(&s, 100);
	p = scene_tcp(&s, SERVER, TCP_ACK, 1, 4, "");
	scenes_on_way(&s, CLIENT, p, WIRE_DELAYED, 1000);
	scene_ms(&s, 350);
	p = scene_tcp(&s, SERVER, TCP_PSH | TCP_ACK, 1, 4, "an answer");
	scenes_on_way(&s, CLIENT, p, WIRE_REORDERED, 1500);
	scene_ms(&s, 300);
	scene_note(&s, NOTE_SAY, "Which of them arrives next?");
	return s;
}

/* A lost segment comes again after the time-out, is duplicated on the way, and the cable is cut. */
static inline struct scene scenes_loss(void)
{
	struct scene s = scene_new();
	struct sock_sample k;
	int64_t entered_ns;
	uint64_t n, p;

	scenes_open(&s);
	scenes_handshake(&s);
	scene_command(&s, "wire", "drop next", "");
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "send", 3, "sockfd", "3", "buf", "\"hello\", 5", "flags", "0");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_wire(&s, SERVER, p, WIRE_DROPPED, "hand");
	k = scene_sock(&s, CLIENT, 11, SOCK_STATE_ESTABLISHED);
	k.sendq = 5;
	k.unacked = 1;
	k.timer = SOCK_TIMER_RETRANSMIT;
	k.timer_ms = 240;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 5);
	scene_ms(&s, 204);
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_wire(&s, SERVER, p, WIRE_DUPLICATED, "hand");
	k.cwnd = 1;
	k.ssthresh = 7;
	k.rto_us = 480000;
	k.timer_ms = 480;
	k.retransmits = 1;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	scene_wire_copy(&s, SERVER, p, WIRE_DELIVERED, "", 1);
	scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	scene_command(&s, "wire", "cut", "cut");
	p = scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");
	scene_wire(&s, CLIENT, p, WIRE_DROPPED, "cut");
	return s;
}

static inline struct scene scenes_refused(void)
{
	struct scene s = scene_new();
	struct scenes_call connect = scenes_connect(&s);
	uint64_t p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");

	scene_turn(&s, CLIENT, BY_DEPARTURE, p, 3, 11, SOCK_STATE_CLOSED, SOCK_STATE_SYN_SENT);
	p = scene_tcp(&s, SERVER, TCP_RST | TCP_ACK, 0, 1, "");
	scene_turn(&s, CLIENT, BY_ARRIVAL, p, 3, 11, SOCK_STATE_SYN_SENT, SOCK_STATE_CLOSED);
	scene_us(&s, 80);
	scene_return(&s, CLIENT, connect.number, "connect", connect.entered_ns, .result = -1,
		     .error = 111, .blocked = true);
	scene_ms(&s, 3);
	scene_program(&s, CLIENT, PROGRAM_EXITED, 1);
	scene_program(&s, SERVER, PROGRAM_KILLED, 9);
	return s;
}

/* Programs of the user: what they print, a child, a program that becomes another one. */
static inline struct scene scenes_own(void)
{
	struct scene s = scene_new();
	struct scenes_call connect;

	scene_change(&s, SERVER, 0, .change = PROGRAM_STARTED, .pid = 4001, .command = "sh server.sh");
	scene_change(&s, SERVER, 0, .change = PROGRAM_EXECUTED, .pid = 4001, .command = "python3 server.py 8080");
	scene_output(&s, SERVER, 0, .stream = 1, .text = "listening on 8080");
	scene_output(&s, SERVER, 0, .stream = 2, .text = "server.py:12: DeprecationWarning: this way of \\x1b[1mdoing"
			 " it will go away in a later version of everything");
	scene_change(&s, SERVER, 2, .change = PROGRAM_STARTED, .pid = 4002);
	scene_ms(&s, 300);
	scene_change(&s, CLIENT, 0, .change = PROGRAM_STARTED, .pid = 4000, .command = "./client");
	scene_output(&s, CLIENT, 0, .stream = 1, .text = "your name? ", .unended = true);
	connect = scenes_connect(&s);
	scene_return(&s, CLIENT, connect.number, "connect", connect.entered_ns, .result = -1, .error = 111);
	scene_output(&s, CLIENT, 0, .stream = 2, .text = "connect: Connection refused");
	scene_change(&s, CLIENT, 0, .change = PROGRAM_EXITED, .pid = 4000, .status = 1);
	scene_output(&s, SERVER, 2, .stream = 1, .text = "child: bye");
	scene_change(&s, SERVER, 2, .change = PROGRAM_EXITED, .pid = 4002);
	scene_change(&s, SERVER, 0, .change = PROGRAM_KILLED, .pid = 4001, .status = 15);
	return s;
}

static inline struct scene scenes_udp(void)
{
	struct scene s = scene_new();
	struct sock_sample k;
	int64_t entered_ns, asked_ns;
	uint64_t n, ask, p;

	scene_note(&s, NOTE_TITLE, "An echo over UDP");
	s.port[CLIENT] = 49152;
	s.port[SERVER] = 7;
	scene_quick(&s, SERVER, "socket", -1, 3, "domain", "AF_INET", "type", "SOCK_DGRAM");
	entered_ns = s.now_ns;
	n = scene_call(&s, SERVER, "bind", 3, "sockfd", "3", "addr", "*:7");
	scene_return(&s, SERVER, n, "bind", entered_ns, .result = 0);
	k = scene_sock(&s, SERVER, 31, SOCK_STATE_UNCONNECTED);
	k.type = SOCK_DGRAM;
	k.protocol = IPPROTO_UDP;
	scene_state(&s, SERVER, BY_CALL, n, 3, SOCK_STATE_NONE, &k);
	entered_ns = s.now_ns;
	n = scene_call(&s, SERVER, "recvfrom", 3, "sockfd", "3", "len", "512", "flags", "0");
	scene_ms(&s, 40);
	scene_quick(&s, CLIENT, "socket", -1, 3, "domain", "AF_INET", "type", "SOCK_DGRAM");
	asked_ns = s.now_ns;
	ask = scene_call(&s, CLIENT, "sendto", 3, "sockfd", "3", "buf", "\"one\", 3", "flags", "0",
			 "dest_addr", "server:7");
	p = scene_udp(&s, CLIENT, "one");
	k.recvq = 3;
	scene_state(&s, SERVER, BY_ARRIVAL, p, 3, SOCK_STATE_UNCONNECTED, &k);
	scene_return(&s, CLIENT, ask, "sendto", asked_ns, .result = 3);
	scene_us(&s, 30);
	scene_return(&s, SERVER, n, "recvfrom", entered_ns, .result = 3, .blocked = true,
		     .out = { "data", "\"one\"", "from", "client:49152" });
	entered_ns = s.now_ns;
	n = scene_call(&s, SERVER, "sendto", 3, "sockfd", "3", "buf", "\"one\", 3", "flags", "0",
		       "dest_addr", "client:49152");
	scene_udp(&s, SERVER, "one");
	scene_return(&s, SERVER, n, "sendto", entered_ns, .result = 3);
	return s;
}

/* Three threads of the server sleep at once, and a second program of the client's host joins. */
static inline struct scene scenes_threads(void)
{
	struct scene s = scene_new();
	int64_t entered_ns[3];
	uint64_t n[3];

	scenes_open(&s);
	for (uint32_t i = 0; i < 3; i++) {
		const char *const args[] = { "sockfd", "3", NULL };

		scene_ms(&s, 5);
		entered_ns[i] = s.now_ns;
		n[i] = scene_call_by(&s, SERVER, "server", i, "accept", 3, args);
	}
	scene_quick(&s, CLIENT, "socket", -1, 3, "domain", "AF_INET", "type", "SOCK_STREAM");
	for (uint32_t i = 0; i < 2; i++) {
		const char *const args[] = { "sockfd", "3", "addr", "server:8080", NULL };

		scene_ms(&s, 5);
		scene_call_by(&s, CLIENT, i ? "second" : "client", 0, "connect", 3, args);
		scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
		s.port[CLIENT]++;
	}
	scene_return_by(&s, SERVER, "server", 1, n[1], "accept", entered_ns[1],
			(struct scene_result){
				.result = 4, .blocked = true, .out = { "from", "client:45012" } });
	scene_ms(&s, 5);
	scene_return_by(&s, SERVER, "server", 0, n[0], "accept", entered_ns[0],
			(struct scene_result){
				.result = 5, .blocked = true, .out = { "from", "client:45013" } });
	scene_program(&s, CLIENT, PROGRAM_KILLED, 9);
	scene_note(&s, NOTE_SAY, "The third accept() still sleeps.");
	return s;
}

/* Text that would like to drive the terminal, in every place where text from outside can stand. */
static inline struct scene scenes_hostile(void)
{
	static const char bad[] = "\x1b[2J\x1b]0;x\a\r\n\t\xff\xfe\xe2\x80\xae reversed "
				  "\xcc\x81\xcc\x81 wide \xe6\xbc\xa2\xe5\xad\x97";
	const char *const args[] = { "sockfd", "3", "buf", bad, bad, bad, NULL };
	struct scene s = scene_new();
	int64_t entered_ns;
	uint64_t n, p;

	scene_note(&s, NOTE_TITLE, bad);
	scene_command(&s, bad, bad, bad);
	scene_note(&s, NOTE_SAY, bad);
	entered_ns = s.now_ns;
	n = scene_call_by(&s, CLIENT, "evil\x1b[31m", 0, bad, 3, args);
	p = scene_udp(&s, CLIENT, bad);
	scene_wire(&s, SERVER, p, WIRE_DROPPED, bad);
	scene_return_by(&s, CLIENT, "evil\x1b[31m", 0, n, bad, entered_ns,
			(struct scene_result){
				.result = -1, .error = 4242, .out = { "data", bad, bad, bad } });
	p = scene_udp(&s, SERVER, "\x1b[2J");
	scene_wire(&s, CLIENT, p, WIRE_HELD, bad);
	scene_frame(&s, SERVER, (const uint8_t *)bad, sizeof(bad) - 1);
	scene_frame(&s, CLIENT, (const uint8_t *)"", 0);
	scene_note(&s, NOTE_ERROR, bad);
	return s;
}

/*
 * Bytes everywhere between two programs: of 4000 that one wrote the first segment is acknowledged, the second arrived,
 * the third is on its way, the rest waits; the other program has read some.
 */
static inline struct scene scenes_bytes(void)
{
	struct scene s = scene_new();
	struct sock_sample client, server;
	int64_t entered_ns;
	char text[1001];
	uint64_t n, p;

	memset(text, 'x', 1000);
	text[1000] = '\0';
	scenes_open(&s);
	scenes_handshake(&s);
	client = scene_sock(&s, CLIENT, 11, SOCK_STATE_ESTABLISHED);
	server = scene_sock(&s, SERVER, 22, SOCK_STATE_ESTABLISHED);
	scene_command(&s, "wire", "delay 20ms", "20 ms");
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "send", 3, "sockfd", "3", "buf", "pattern(4000)", "flags", "0");
	for (uint32_t i = 0; i < 3; i++) {
		p = scene_tcp(&s, CLIENT, TCP_ACK, 1 + i * 1000, 1, text);
		scene_wire(&s, SERVER, p, WIRE_DELAYED, "delay");
	}
	client.sendq = 4000;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &client);
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 4000);
	scene_ms(&s, 20);
	scene_wire(&s, SERVER, p - 2, WIRE_DELIVERED, "");
	server.recvq = 1000;
	scene_state(&s, SERVER, BY_ARRIVAL, p - 2, 4, SOCK_STATE_ESTABLISHED, &server);
	scene_tcp(&s, SERVER, TCP_ACK, 1, 1001, "");
	client.sendq = 3000;
	scene_state(&s, CLIENT, BY_ARRIVAL, s.packets, 3, SOCK_STATE_ESTABLISHED, &client);
	entered_ns = s.now_ns;
	n = scene_call(&s, SERVER, "recv", 4, "sockfd", "4", "len", "500", "flags", "0");
	scene_return(&s, SERVER, n, "recv", entered_ns, .result = 500, .out = { "data", "\"xxxx…\"" });
	server.recvq = 500;
	scene_state(&s, SERVER, BY_CALL, n, 4, SOCK_STATE_ESTABLISHED, &server);
	scene_wire(&s, SERVER, p - 1, WIRE_DELIVERED, "");
	server.recvq = 1500;
	scene_state(&s, SERVER, BY_ARRIVAL, p - 1, 4, SOCK_STATE_ESTABLISHED, &server);
	return s;
}

/* A capture from elsewhere: two connections, of which the ladder shows the one under the cursor. */
static inline struct scene scenes_capture(void)
{
	struct scene s = scene_capture();

	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_ms(&s, 12);
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "GET / HTTP/1.0\r\n\r\n");
	s.port[CLIENT] = 45999;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_ms(&s, 1500);
	scene_tcp(&s, SERVER, TCP_RST | TCP_ACK, 0, 1, "");
	s.port[CLIENT] = 45012;
	scene_tcp(&s, SERVER, TCP_FIN | TCP_PSH | TCP_ACK, 1, 19, "HTTP/1.0 200 OK\r\n\r\n");
	return s;
}

static inline void scenes_block(struct scene *s, uint8_t host, uint32_t block, uint32_t ack)
{
	static const char text[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123";

	scene_tcp(s, host, TCP_ACK, 1 + block * (uint32_t)(sizeof(text) - 1), ack, text);
	scene_us(s, 60);
}

/* A segment behind a gap, one that is lost and asked for, an ACK that its listener ignored, and a RST: all with causes. */
static inline struct scene scenes_causes(void)
{
	struct scene s = scene_new();
	struct sock_sample k;
	uint64_t p;

	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	p = scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_counters(&s, SERVER, BY_ARRIVAL, p, "TcpExtListenOverflows+1 TcpExtListenDrops+1");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_wire(&s, SERVER, p, WIRE_DROPPED, "hand");
	k = scene_sock(&s, CLIENT, 11, SOCK_STATE_ESTABLISHED);
	k.timer = SOCK_TIMER_RETRANSMIT;
	k.timer_ms = 204;
	k.rto_us = 204000;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	scene_ms(&s, 2);
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 6, 1, "again");
	p = scene_tcp(&s, SERVER, TCP_ACK, 1, 1, "");
	scene_counters(&s, SERVER, BY_DEPARTURE, p, "TcpExtTCPOFOQueue+1");
	scene_ms(&s, 204);
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_counters(&s, CLIENT, BY_DEPARTURE, p, "TcpExtTCPTimeouts+1 TcpRetransSegs+1");
	k.ca_state = 4;
	k.retransmits = k.total_retrans = 1;
	k.cwnd = 1;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	scene_ms(&s, 40);
	p = scene_tcp(&s, SERVER, TCP_ACK, 1, 11, "");
	scene_counters(&s, SERVER, BY_DEPARTURE, p, "TcpExtDelayedACKs+1");
	scene_ms(&s, 1);
	p = scene_tcp(&s, SERVER, TCP_RST | TCP_ACK, 1, 11, "");
	scene_counters(&s, SERVER, BY_DEPARTURE, p, "TcpExtTCPAbortOnClose+1 TcpEstabResets+1 TcpOutRsts+1");
	return s;
}

/*
 * A capture from elsewhere with what can go wrong: a segment that is lost before it and comes again after three
 * duplicate ACKs, one that the capture missed, a repetition after a time-out, one too many, and an orderly end.
 */
static inline struct scene scenes_losses(void)
{
	struct scene s = scene_capture();
	const uint32_t len = 68;

	s.port[SERVER] = 80;
	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_ms(&s, 30);
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	scene_ms(&s, 1);
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "GET /\r\n");
	scene_ms(&s, 30);
	for (uint32_t i = 0; i < 2; i++)
		scenes_block(&s, SERVER, i, 8);
	scene_tcp(&s, CLIENT, TCP_ACK, 8, 1 + 2 * len, "");
	for (uint32_t i = 3; i < 6; i++) {
		scenes_block(&s, SERVER, i, 8);
		scene_tcp(&s, CLIENT, TCP_ACK, 8, 1 + 2 * len, "");
	}
	scene_ms(&s, 4);
	scenes_block(&s, SERVER, 2, 8);
	scene_tcp(&s, CLIENT, TCP_ACK, 8, 1 + 6 * len, "");
	scenes_block(&s, SERVER, 6, 8);
	scene_ms(&s, 240);
	scenes_block(&s, SERVER, 6, 8);
	scene_tcp(&s, CLIENT, TCP_ACK, 8, 1 + 7 * len, "");
	scenes_block(&s, SERVER, 6, 8);
	scene_ms(&s, 30);
	scene_tcp(&s, CLIENT, TCP_ACK, 8, 1 + 9 * len, "");
	scene_tcp(&s, SERVER, TCP_FIN | TCP_ACK, 1 + 9 * len, 8, "");
	scene_tcp(&s, CLIENT, TCP_FIN | TCP_ACK, 8, 2 + 9 * len, "");
	scene_ms(&s, 30);
	scene_tcp(&s, SERVER, TCP_ACK, 2 + 9 * len, 9, "");
	return s;
}

/* A capture that began when the connection was there already, and sees one of its directions only. */
static inline struct scene scenes_midway(void)
{
	struct scene s = scene_capture();

	s.port[SERVER] = 443;
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 5000, 7000, "some of it");
	scene_ms(&s, 20);
	scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 5010, 7200, "and more");
	scene_ms(&s, 20);
	scene_tcp(&s, CLIENT, TCP_FIN | TCP_ACK, 5018, 7200, "");
	scene_ms(&s, 200);
	scene_tcp(&s, CLIENT, TCP_ACK, 5019, 7201, "");
	return s;
}

static inline struct scene scenes_empty(void)
{
	return scene_new();
}

/* One program alone on one host: what it asks of its own host, and nobody at the other side. */
static inline struct scene scenes_alone(void)
{
	const uint8_t own[4] = { 127, 0, 0, 1 };
	struct err e = { 0 };
	struct scene s = { .t = trace_new_spool(&e), .now_ns = SCENE_START_NS, .port = { 45012, 8080 } };
	const char *const sides[] = { "client", "server" };
	struct scenes_call connect;
	struct sock_sample k;
	uint64_t p;

	scene_must(!s.t, &e);
	for (uint8_t i = 0; i < 2; i++) {
		struct trace_host h = { .link = LINK_ETHERNET, .has_mac = true, .has_ip4 = true, .ip4 = { 192, 0, 2, (uint8_t)(i + 1) } };

		(void)str_copy(h.name, sizeof(h.name), sides[i]);
		scene_must(trace_add_host(s.t, &h, &e), &e);
	}
	scene_change(&s, CLIENT, 0, .change = PROGRAM_STARTED, .pid = 4000, .command = "./look up and connect");
	connect = scenes_connect(&s);
	p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	k = scene_sock(&s, CLIENT, 11, SOCK_STATE_SYN_SENT);
	k.remote = addr_v4(own, 8080);
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_CLOSED, &k);
	p = scene_tcp(&s, SERVER, TCP_RST | TCP_ACK, 0, 1, "");
	k.state = SOCK_STATE_CLOSED;
	scene_state(&s, CLIENT, BY_ARRIVAL, p, 3, SOCK_STATE_SYN_SENT, &k);
	scene_return(&s, CLIENT, connect.number, "connect", connect.entered_ns, .result = -1, .error = 111);
	scene_quick(&s, CLIENT, "setsockopt", 3, 0, "sockfd", "3", "level", "SOL_SOCKET", "optname", "SO_REUSEADDR", "optval",
		    "1");
	scene_output(&s, CLIENT, 0, .stream = 2, .text = "look: nobody listens at 127.0.0.1 port 8080: Connection refused");
	scene_change(&s, CLIENT, 0, .change = PROGRAM_EXITED, .pid = 4000, .status = 1);
	return s;
}

/* Two programs of the server's host, a Unix socket between them; and the client, which asks its kernel for routes. */
static inline struct scene scenes_local(void)
{
	static const char route[] =
		"{RTM_NEWROUTE, NLM_F_MULTI, seq 1: AF_INET, /24, RT_TABLE_MAIN, RTPROT_KERNEL, RT_SCOPE_LINK, "
		"RTN_UNICAST; RTA_DST 192.0.2.0, RTA_OIF 2}, {RTM_NEWROUTE, NLM_F_MULTI, seq 1: AF_INET, /32, …}";
	struct scene s = scene_new();
	int64_t entered_ns;
	uint64_t n;

	scene_program(&s, SERVER, PROGRAM_STARTED, 0);
	scene_program(&s, CLIENT, PROGRAM_STARTED, 0);
	scene_note(&s, NOTE_TITLE, "What passes inside one kernel");
	scene_quick(&s, SERVER, "bind", 3, 0, "sockfd", "3", "addr", "unix:@box");
	entered_ns = s.now_ns;
	n = scene_call_by(&s, SERVER, "peer", 0, "sendto", 3,
			  (const char *const[]){ "sockfd", "3", "buf", "\"one\", 3", "flags", "0", "dest_addr",
						 "unix:@box", NULL });
	scene_return_by(&s, SERVER, "peer", 0, n, "sendto", entered_ns,
			(struct scene_result){ .result = 3,
					       .local = { LOCAL_GIVEN, SERVER, "server", 3, "", 0 } });
	scene_ms(&s, 12);
	entered_ns = s.now_ns;
	n = scene_call(&s, SERVER, "recvfrom", 3, "sockfd", "3", "len", "100");
	scene_return(&s, SERVER, n, "recvfrom", entered_ns, .result = 3, .out = { "data", "\"one\"" },
		     .local = { LOCAL_TAKEN, SERVER, "peer", 3, "", 12 * NS_PER_MS });
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "sendto", 3, "sockfd", "3", "buf",
		       "{RTM_GETROUTE, NLM_F_REQUEST|NLM_F_DUMP, seq 1: AF_INET}, 28", "flags", "0", "dest_addr",
		       "netlink:0");
	scene_return(&s, CLIENT, n, "sendto", entered_ns, .result = 28,
		     .local = { LOCAL_GIVEN, HOST_NONE, "kernel", 28, "RTM_GETROUTE dump", 0 });
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "recv", 3, "sockfd", "3", "len", "16384");
	scene_return(&s, CLIENT, n, "recv", entered_ns, .result = 360, .out = { "data", route },
		     .local = { LOCAL_TAKEN, HOST_NONE, "kernel", 360, "RTM_NEWROUTE ×6", 0 });
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "send", 4, "sockfd", "4", "buf", "\"across\", 6");
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 6,
		     .local = { LOCAL_GIVEN, SERVER, "server", 6, "", 0 });
	entered_ns = s.now_ns;
	n = scene_call(&s, CLIENT, "send", 5, "sockfd", "5", "buf", "\"to whom?\", 8");
	scene_return(&s, CLIENT, n, "send", entered_ns, .result = 8, .local = { LOCAL_GIVEN, HOST_NONE, "", 8, "", 0 });
	return s;
}

static const struct scenes {
	const char *name;
	struct scene (*make)(void);
} scenes[] = {
	{ "plain", scenes_plain },     { "delay", scenes_delay },     { "hold", scenes_hold },
	{ "bytes", scenes_bytes },     { "loss", scenes_loss },       { "refused", scenes_refused }, { "udp", scenes_udp }, { "own", scenes_own }, { "alone", scenes_alone },
	{ "threads", scenes_threads }, { "hostile", scenes_hostile }, { "capture", scenes_capture },
	{ "losses", scenes_losses },   { "midway", scenes_midway },   { "empty", scenes_empty },
	{ "local", scenes_local },
	{ "wire", scenes_wire },
	{ "causes", scenes_causes },
};
#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

#endif
