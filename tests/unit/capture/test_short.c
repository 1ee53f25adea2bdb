/* The short ways through parsing and tracking come to the same as the long ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "capture/conn.h"
#include "tests/unit/capture/build.h"

#define ROUNDS	 400
#define SEGMENTS 400

struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *d, uint32_t n)
{
	d->state = d->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(d->state >> 33) % n;
}

/* ---- tracking ---- */

struct talk { /* of a connection, whose sides send what is mostly in order */
	uint32_t nxt[2], acked[2];
	uint16_t window[2];
	bool open[2];
	bool calm; /* nothing is lost or strange */
	int64_t now_ns;
};

static uint32_t jump(struct dice *d, const struct talk *t)
{
	return t->calm || roll(d, 12) ? 0 : roll(d, 3000) - 1500;
}

/* Opening and closing in order, of which the random flags make little: a script for the first segments. */
static uint16_t flags_in_order(struct talk *t, int dir)
{
	uint16_t flags = TCP_ACK;

	if (!t->open[dir])
		flags = t->open[!dir] ? TCP_SYN | TCP_ACK : TCP_SYN;
	t->open[dir] = true;
	return flags;
}

static struct packet segment(struct dice *d, struct talk *t, int dir)
{
	static const uint16_t odd[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST,
					TCP_PSH };
	static const uint32_t lengths[] = { 0, 0, 1, 100, 1448, 65000 };
	struct packet p = { .ip_version = 4,
			    .protocol = 6,
			    .has_ports = true,
			    .has_transport = true,
			    .has_segment = true,
			    .payload_known = roll(d, 50),
			    .wscale = -1,
			    .flags = TCP_ACK };

	p.src[0] = (uint8_t)(dir + 1);
	p.dst[0] = (uint8_t)(2 - dir);
	p.src_port = dir ? 80 : 4000;
	p.dst_port = dir ? 4000 : 80;
	if (t->calm)
		p.flags = flags_in_order(t, dir);
	if (t->calm && !roll(d, 30))
		p.flags = roll(d, 3) ? TCP_FIN | TCP_ACK : TCP_RST | TCP_ACK;
	if (t->calm && !roll(d, 60))
		t->open[0] = t->open[1] = false; /* the next is another connection of the pair */
	if (!t->calm && !roll(d, 25))
		p.flags = odd[roll(d, sizeof(odd) / sizeof(odd[0]))];
	if (p.flags & TCP_SYN && roll(d, 3))
		p.wscale = (int8_t)roll(d, 16);
	p.payload_len = p.flags & TCP_SYN && t->calm ? 0 : lengths[roll(d, 6)];
	p.seq = t->nxt[dir] + jump(d, t);
	if (0u - p.seq < 3000 && roll(d, 2))
		p.payload_len = 0u - p.seq; /* it ends at the number 0 */
	p.ack = roll(d, 3) ? t->nxt[!dir] + jump(d, t) : t->acked[dir];
	if (!roll(d, 20))
		t->window[dir] = (uint16_t)(roll(d, 3) ? roll(d, 65536) : 0);
	p.window = t->window[dir];
	if (!roll(d, 40)) {
		p.sack_blocks = 1;
		p.sack[0][0] = p.ack + 100;
		p.sack[0][1] = p.ack + 200;
	}
	p.mptcp = roll(d, 200) ? 0 : 4;
	t->nxt[dir] = p.seq + p.payload_len + (p.flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	t->acked[dir] = p.ack;
	t->now_ns += roll(d, 4) ? roll(d, 100000) : roll(d, 50000000);
	return p;
}

static void same_note(const struct conn_note *a, const struct conn_note *b)
{
	assert_int_equal(a->conn, b->conn);
	assert_int_equal(a->dir, b->dir);
	assert_int_equal(a->moved, b->moved);
	assert_int_equal(a->stream, b->stream);
	assert_int_equal(a->stream_protocol, b->stream_protocol);
	assert_int_equal(a->verdict.bits, b->verdict.bits);
	assert_int_equal(a->verdict.analysed, b->verdict.analysed);
	assert_int_equal(a->verdict.item, b->verdict.item);
	assert_int_equal(a->verdict.dup_ack, b->verdict.dup_ack);
	assert_int_equal(a->verdict.acked_frame, b->verdict.acked_frame);
	assert_int_equal(a->verdict.ack_rtt_ns, b->verdict.ack_rtt_ns);
	assert_int_equal(a->verdict.rto_frame, b->verdict.rto_frame);
	assert_int_equal(a->verdict.window, b->verdict.window);
	assert_int_equal(a->verdict.in_flight, b->verdict.in_flight);
	assert_int_equal(a->verdict.initial_rtt_ns, b->verdict.initial_rtt_ns);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(a->state[i].set, b->state[i].set);
		assert_int_equal(a->state[i].state, b->state[i].state);
		assert_int_equal(a->state[i].sure, b->state[i].sure);
	}
}

/* Numbers begin near 0 from below: that 0 means "not known" is a trap of its own. */
static void one_connection(const struct tcp_rules *rules, struct dice *d)
{
	struct conns *shortly = conns_new(NULL), *long_way = conns_new(NULL);
	struct talk t = { .nxt = { 0u - roll(d, 20000), roll(d, 2) ? 5000 : 0u - roll(d, 3000) },
			  .window = { 60000, 30000 },
			  .calm = roll(d, 2),
			  .now_ns = 1 };

	conns_set_rules(shortly, rules);
	conns_set_rules(long_way, rules);
	for (uint32_t i = 1; i <= SEGMENTS; i++) {
		struct packet p = segment(d, &t, (int)roll(d, 2)), hinted = p;
		struct conn_note a, b;

		conns_track(long_way, &p, NULL, 0, i, t.now_ns, &a);
		conns_look(shortly, &hinted);
		conns_track(shortly, &hinted, NULL, 0, i, t.now_ns, &b);
		same_note(&a, &b);
		assert_memory_equal(conns_get(long_way, a.conn), conns_get(shortly, a.conn),
				    sizeof(struct conn));
	}
	conns_free(shortly);
	conns_free(long_way);
}

static void tracking_comes_to_the_same(void **state)
{
	struct dice d = { 7 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		one_connection(&tcp_rule_sets[i % TCP_RULE_SETS], &d);
}

/* ---- parsing ---- */

static size_t frame(struct dice *d, uint8_t *bytes)
{
	static const uint8_t eth[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0 };
	static const uint8_t tag[4] = { 0x81, 0, 0, 7 };
	static const uint8_t v4[20] = { 0x45, 0, 0,   60, 0, 1, 0x40, 0, 64, 6,
					0,    0, 192, 0,  2, 1, 192,  0, 2,  2 };
	static const uint8_t v6[40] = {
		0x60, 0,    0,	  0,	    0,		 40, 6,	   64,	 0x20,
		1,    0x0d, 0xb8, [23] = 1, [24] = 0x20, 1,  0x0d, 0xb8, [39] = 2
	};
	static const uint8_t tcp[40] = { 0, 80, 0, 81, 0, 0, 0, 9, 0, 0,    0, 8, 0xa0, 0x12,
					 1, 0,	0, 0,  0, 0, 2, 4, 5, 0xb4, 4, 2, 8,	10,
					 0, 0,	0, 1,  0, 0, 0, 2, 1, 3,    3, 7 };
	static const uint8_t udp[8] = { 0x30, 0x38, 0x30, 0x39, 0, 40 };
	bool six = roll(d, 2), datagram = !roll(d, 3);
	size_t at = 14;

	memset(bytes, 0, 200);
	memcpy(bytes, eth, sizeof(eth));
	if (!roll(d, 4)) {
		memcpy(bytes + 12, tag, sizeof(tag));
		at += sizeof(tag);
	}
	bytes[at - 2] = six ? 0x86 : 0x08;
	bytes[at - 1] = six ? 0xdd : 0;
	memcpy(bytes + at, six ? v6 : v4, six ? sizeof(v6) : sizeof(v4));
	bytes[at + (six ? 6 : 9)] = datagram ? 17 : 6;
	at += six ? sizeof(v6) : sizeof(v4);
	memcpy(bytes + at, datagram ? udp : tcp, datagram ? sizeof(udp) : sizeof(tcp));
	if (datagram && !roll(d, 8)) { /* as a tunnel would be */
		bytes[at] = 0x12;
		bytes[at + 1] = 0xb5;
	}
	return at + sizeof(tcp) + roll(d, 30);
}

/* A good frame with a byte or two changed, cut somewhere or not. */
static void parsing_comes_to_the_same(void **state)
{
	struct dice d = { 11 };
	unsigned segments = 0, datagrams = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint8_t bytes[200];
		size_t len = frame(&d, bytes),
		       caplen = roll(&d, 8) ? len : roll(&d, (uint32_t)len + 1);
		struct packet one, other;

		for (uint32_t k = roll(&d, 4); k > 0; k--)
			bytes[roll(&d, (uint32_t)len)] = (uint8_t)roll(&d, 256);
		packet_parse(&one, LINK_ETHERNET, bytes, caplen, len);
		packet_parse_chain(&other, LINK_ETHERNET, bytes, caplen, len);
		assert_memory_equal(&one, &other, sizeof(one));
		segments += one.has_segment;
		datagrams += one.protocol == 17 && one.payload_known;
	}
	assert_true(segments > 100000 && datagrams > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracking_comes_to_the_same),
		cmocka_unit_test(parsing_comes_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
