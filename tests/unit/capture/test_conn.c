/* conn: which packets belong together, and the numbers that are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture/conn.h"
#include "tests/unit/capture/build.h"

/* A packet as packet_parse() would give it, without the bytes. */
static struct packet segment(uint32_t src, unsigned sport, uint32_t dst, unsigned dport, uint16_t flags,
			     uint32_t seq, uint32_t ack, uint32_t len)
{
	struct packet p = { .ip_version = 4, .protocol = 6, .has_ports = true, .has_transport = true,
			    .has_segment = true, .payload_known = true, .wscale = -1,
			    .src_port = (uint16_t)sport, .dst_port = (uint16_t)dport, .flags = flags,
			    .seq = seq, .ack = ack, .payload_len = len };

	memcpy(p.src, &src, 4);
	memcpy(p.dst, &dst, 4);
	return p;
}

static struct packet datagram(uint32_t src, unsigned sport, uint32_t dst, unsigned dport)
{
	struct packet p = segment(src, sport, dst, dport, 0, 0, 0, 1);

	p.protocol = 17;
	p.has_segment = false;
	return p;
}

static int new_conns(void **state)
{
	*state = conns_new(NULL);
	return *state ? 0 : -1;
}

/* The rules under which a SYN+ACK never opens a connection. */
static int new_conns_40(void **state)
{
	if (new_conns(state))
		return -1;
	conns_set_rules(*state, tcp_rules_find("4.0"));
	return 0;
}

static int free_conns(void **state)
{
	conns_free(*state);
	return 0;
}

static uint32_t note(struct conns *c, struct packet p, int *dir)
{
	return conns_packet(c, &p, 5, dir);
}

static void both_directions_are_one_connection(void **state)
{
	struct conns *c = *state;
	const struct conn *conn;
	int dir;

	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 0);
	assert_int_equal(dir, 0);
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_SYN | TCP_ACK, 5000, 1001, 0), &dir), 0);
	assert_int_equal(dir, 1);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_ACK, 1001, 5001, 7), &dir), 0);
	conn = conns_get(c, 0);
	assert_true(conn->base_known[0] && conn->base_known[1]);
	assert_int_equal(conn_seq(conn, 0, 1001), 1);
	assert_int_equal(conn_seq(conn, 1, 5001), 1);
	assert_int_equal(conn->packets[0], 2);
	assert_int_equal(conn->bytes[0], 7);
	assert_int_equal(conn->packets[1], 1);
	assert_int_equal(addr_port(&conn->end[0]), 10);
	assert_int_equal(addr_port(&conn->end[1]), 20);
	assert_int_equal(conns_count(c), 1);
}

static void in_mid_stream_bases_are_one_below(void **state)
{
	struct conns *c = *state;
	const struct conn *conn;
	int dir;

	note(c, segment(1, 10, 2, 20, TCP_ACK, 1000, 0, 9), &dir);
	conn = conns_get(c, 0);
	assert_int_equal(conn_seq(conn, 0, 1000), 1);
	assert_int_equal(conn_seq(conn, 1, 0), 1);
	assert_int_equal(conn->base[1], UINT32_MAX);
}

static void without_ack_the_other_base_stays_unknown(void **state)
{
	int dir;

	note(*state, segment(1, 10, 2, 20, TCP_SYN, 1000, 77, 0), &dir);
	assert_false(conns_get(*state, 0)->base_known[1]);
	assert_int_equal(conn_seq(conns_get(*state, 0), 1, 12345), 12345);
}

/* Rules 2.2 and 2.3. */
static void a_new_number_is_a_new_connection(void **state)
{
	struct conns *c = *state;
	int dir;

	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 0);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 0);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1001, 0, 0), &dir), 1);
	assert_int_equal(dir, 0);
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_SYN | TCP_ACK, 7000, 1002, 0), &dir), 1);
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_SYN | TCP_ACK, 8000, 1002, 0), &dir), 1);
	assert_int_equal(conns_get(c, 1)->base[1], 8000);
	/* The other side opens anew: it is end[0] of that one. */
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_SYN, 1, 0, 0), &dir), 2);
	assert_int_equal(dir, 0);
	assert_int_equal(addr_port(&conns_get(c, 2)->end[0]), 20);
	assert_int_equal(conns_get(c, 0)->packets[0], 2);
}

/* Rule 8.1: a SYN+ACK with a new number opens one too, and after its end the same SYN does. */
static void newer_rules_open_more(void **state)
{
	struct conns *c = *state;
	int dir;

	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 0);
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_SYN | TCP_ACK, 7000, 1001, 0), &dir), 0);
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_SYN | TCP_ACK, 8000, 1001, 0), &dir), 1);
	assert_int_equal(dir, 0);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_FIN | TCP_ACK, 1001, 8001, 0), &dir), 1);
	assert_int_equal(dir, 1);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 2);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 2);
	assert_int_equal(note(c, segment(2, 20, 1, 10, TCP_RST | TCP_ACK, 0, 1001, 0), &dir), 2);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir), 3);
}

static void streams_are_counted_by_protocol(void **state)
{
	struct conns *c = *state;
	struct packet first = datagram(1, 10, 2, 30), p = segment(1, 10, 2, 20, 0, 0, 0, 0);
	int dir;

	first.fragment = first.more_fragments = true;
	p.has_segment = false;		/* not enough of it for Wireshark to count it */
	note(c, p, &dir);
	note(c, first, &dir);
	note(c, segment(1, 11, 2, 20, TCP_SYN, 1, 0, 0), &dir);
	note(c, datagram(1, 11, 2, 20), &dir);
	note(c, segment(1, 12, 2, 20, TCP_SYN, 1, 0, 0), &dir);
	note(c, segment(1, 10, 2, 20, TCP_SYN, 1, 0, 0), &dir);
	assert_true(conns_get(c, 1)->stream == CONN_NONE);
	assert_int_equal(conns_get(c, 2)->stream, 0);
	assert_int_equal(conns_get(c, 3)->stream, 0);
	assert_int_equal(conns_get(c, 4)->stream, 1);
	assert_int_equal(conns_get(c, 0)->stream, 2);
	assert_null(conns_tcp(c, 3));
	assert_non_null(conns_tcp(c, 4));
	assert_null(conns_tcp(c, 5));
}

static void how_it_ended_is_known(void **state)
{
	struct conns *c = *state;
	const struct conn *conn;
	int dir;

	note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir);
	assert_int_equal(conns_get(c, 0)->first_fin, -1);
	note(c, segment(2, 20, 1, 10, TCP_SYN | TCP_ACK, 5000, 1001, 0), &dir);
	note(c, segment(2, 20, 1, 10, TCP_FIN | TCP_ACK, 5001, 1001, 9), &dir);
	note(c, segment(1, 10, 2, 20, TCP_FIN | TCP_ACK, 1001, 5011, 0), &dir);
	note(c, segment(1, 10, 2, 20, TCP_RST, 1002, 0, 0), &dir);
	conn = conns_get(c, 0);
	assert_true(conn->fin[0] && conn->fin[1] && conn->rst[0] && !conn->rst[1]);
	assert_int_equal(conn->first_fin, 1);
	assert_int_equal(conn->seen, TCP_SEEN_SYN | TCP_SEEN_SYN_ACK | TCP_SEEN_ACK | TCP_SEEN_DATA |
				     TCP_SEEN_FIN | TCP_SEEN_RST);
	assert_int_equal(conn->state[0].state, SOCK_STATE_CLOSED);
}

/* Rule 2.6: it opens connections, but sets no number. */
static void what_is_not_known_in_full_changes_no_number(void **state)
{
	struct conns *c = *state;
	struct packet p = segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0);
	int dir;

	p.payload_known = false;
	assert_int_equal(note(c, p, &dir), 0);
	assert_false(conns_get(c, 0)->base_known[0]);
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 2000, 0, 0), &dir), 0);
	assert_int_equal(conns_get(c, 0)->base[0], 2000);
	assert_int_equal(note(c, p, &dir), 1);
	assert_false(conns_get(c, 1)->base_known[0]);
}

static void protocols_and_versions_are_apart(void **state)
{
	struct conns *c = *state;
	struct packet six = datagram(1, 10, 2, 20);
	int dir;

	six.ip_version = 6;
	assert_int_equal(note(c, segment(1, 10, 2, 20, TCP_SYN, 1, 0, 0), &dir), 0);
	assert_int_equal(note(c, datagram(1, 10, 2, 20), &dir), 1);
	assert_int_equal(note(c, six, &dir), 2);
	assert_int_equal(note(c, datagram(2, 20, 1, 10), &dir), 1);
	/* The same ports at exchanged addresses are another pair. */
	assert_int_equal(note(c, datagram(1, 20, 2, 10), &dir), 3);
}

static void alike_ends_have_one_direction(void **state)
{
	int dir;

	note(*state, datagram(1, 10, 1, 10), &dir);
	assert_int_equal(dir, 0);
	assert_int_equal(note(*state, datagram(1, 10, 1, 10), &dir), 0);
	assert_int_equal(dir, 0);
}

static void what_has_no_addresses_has_no_connection(void **state)
{
	struct packet p = { .ethertype = 0x0806, .arp_op = 1 };
	int dir = 7;

	assert_true(note(*state, p, &dir) == CONN_NONE);
	assert_int_equal(dir, 0);
	assert_int_equal(conns_count(*state), 0);
	assert_null(conns_get(*state, 0));
}

static void fragments_follow_their_first(void **state)
{
	struct conns *c = *state;
	struct packet first = datagram(1, 10, 2, 20), later = datagram(1, 0, 2, 0);
	int dir;

	first.fragment = first.more_fragments = later.fragment = true;
	first.fragment_id = later.fragment_id = 77;
	later.has_ports = false;
	later.fragment_at = 1480;
	assert_int_equal(note(c, datagram(2, 20, 1, 10), &dir), 0);
	assert_int_equal(note(c, first, &dir), 0);
	assert_int_equal(dir, 1);
	assert_int_equal(note(c, later, &dir), 0);
	assert_int_equal(dir, 1);
	later.fragment_id = 78;		/* its first was not seen: the addresses alone */
	assert_int_equal(note(c, later, &dir), 1);
	assert_int_equal(addr_port(&conns_get(c, 1)->end[0]), 0);
}

static void a_pair_is_found_in_either_order(void **state)
{
	struct conns *c = *state;
	const uint8_t one[4] = { 1 }, two[4] = { 2 };
	struct addr a = addr_v4(one, 10), b = addr_v4(two, 20), other = addr_v4(two, 21);
	int dir;

	note(c, segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0), &dir);
	note(c, segment(1, 10, 2, 20, TCP_SYN, 2000, 0, 0), &dir);
	assert_int_equal(conns_find(c, 6, &a, &b), 1);
	assert_int_equal(conns_find(c, 6, &b, &a), 1);
	assert_true(conns_find(c, 17, &a, &b) == CONN_NONE);
	assert_true(conns_find(c, 6, &a, &other) == CONN_NONE);
}

static void several_views_live_together(void **state)
{
	const struct conn *view[64];
	int dir;

	for (unsigned i = 0; i < 64; i++)
		note(*state, datagram(1, i, 2, 20), &dir);
	for (uint32_t i = 0; i < 64; i++)
		view[i] = conns_get(*state, i);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(addr_port(&view[i]->end[0]), i);
}

/* ---- beside a naive model: a list that is searched from its end ---- */

struct model {
	uint32_t ip[2];
	unsigned port[2];
	bool known[2];
	uint32_t base[2];
};

static int model_order(const struct model *m, const struct packet *p)
{
	uint32_t src, dst;

	memcpy(&src, p->src, 4);
	memcpy(&dst, p->dst, 4);
	if (m->ip[0] == src && m->port[0] == p->src_port && m->ip[1] == dst && m->port[1] == p->dst_port)
		return 0;
	if (m->ip[1] == src && m->port[1] == p->src_port && m->ip[0] == dst && m->port[0] == p->dst_port)
		return 1;
	return -1;
}

static size_t model_note(struct model *list, size_t *count, const struct packet *p, int *dir)
{
	size_t i = *count;
	struct model *m;

	while (i > 0 && model_order(&list[i - 1], p) < 0)
		i--;
	*dir = i ? model_order(&list[i - 1], p) : 0;
	if (!i || ((p->flags & TCP_SYN) && !(p->flags & TCP_ACK) && list[i - 1].known[*dir] &&
		   list[i - 1].base[*dir] != p->seq)) {
		i = ++*count;
		*dir = 0;
		list[i - 1] = (struct model){ .port = { p->src_port, p->dst_port } };
		memcpy(&list[i - 1].ip[0], p->src, 4);
		memcpy(&list[i - 1].ip[1], p->dst, 4);
	}
	m = &list[i - 1];
	if ((p->flags & TCP_SYN) && (p->flags & TCP_ACK))
		m->known[*dir] = false;
	if (!m->known[*dir])
		m->base[*dir] = p->seq - !(p->flags & TCP_SYN);
	m->known[*dir] = true;
	if (!m->known[!*dir] && (p->flags & TCP_ACK)) {
		m->base[!*dir] = p->ack - 1;
		m->known[!*dir] = true;
	}
	return i - 1;
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static void the_table_agrees_with_a_list(void **state)
{
	static struct model list[20000];
	size_t count = 0;
	uint64_t seed = 20261121;

	for (int n = 0; n < 20000; n++) {
		static const uint16_t flags[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_RST, TCP_FIN | TCP_ACK };
		struct packet p = segment(next_random(&seed) % 3, next_random(&seed) % 8,
					  next_random(&seed) % 3, next_random(&seed) % 8,
					  flags[next_random(&seed) % 5], next_random(&seed) % 4,
					  next_random(&seed) % 4, 0);
		int dir, want_dir;
		size_t want = model_note(list, &count, &p, &want_dir);
		uint32_t number = conns_packet(*state, &p, n, &dir);
		const struct conn *conn = conns_get(*state, number);

		assert_int_equal(number, want);
		assert_int_equal(dir, want_dir);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(conn->base_known[i], list[want].known[i]);
			if (list[want].known[i])
				assert_int_equal(conn->base[i], list[want].base[i]);
		}
	}
	assert_int_equal(conns_count(*state), count);
	assert_true(count > 1000);
}

static void a_million_connections(void **state)
{
	const uint32_t million = 1000000;
	int dir;

	for (uint32_t i = 0; i < million; i++) {
		struct packet p = segment(i >> 12, 1 + (i & 0xfff), 0x020000c0, 80, TCP_SYN, i, 0, 0);

		if (conns_packet(*state, &p, i, &dir) != i)
			fail();
	}
	for (uint32_t i = 0; i < million; i++) {
		struct packet p = segment(0x020000c0, 80, i >> 12, 1 + (i & 0xfff), TCP_SYN | TCP_ACK, 5, i + 1, 0);

		if (conns_packet(*state, &p, i, &dir) != i || dir != 1)
			fail();
	}
	assert_int_equal(conns_count(*state), million);
	assert_int_equal(conns_get(*state, 999999)->base[0], 999999);
	assert_int_equal(conns_get(*state, 7)->packets[1], 1);
}

/* ---- the ladder's words ---- */

static void whole_conversations_read_as_in_books(void **state)
{
	static const struct {
		bool server;
		uint32_t seq, ack;
		unsigned flags, window;
		const char *options, *text, *words;
	} rows[] = {
		{ false, 1000, 0, TCP_SYN, 64240, "020405b4 01 030307", "", "SYN  seq 0  mss 1460  ws 7" },
		{ true, 9000, 1001, TCP_SYN | TCP_ACK, 65160, "020405b4", "", "SYN ACK  seq 0  ack 1  mss 1460" },
		{ false, 1001, 9001, TCP_ACK, 502, "", "", "ACK  ack 1" },
		{ false, 1001, 9001, TCP_PSH | TCP_ACK, 502, "", "hello", "PSH ACK  seq 1  ack 1  len 5" },
		{ true, 9001, 1006, TCP_ACK, 0, "", "", "ACK  ack 6  win 0" },
		{ true, 9001, 1006, TCP_ACK, 9, "0101 050a 00000fa1 00001771", "", "ACK  ack 6  sack 3001-5001" },
		{ false, 1006, 9001, TCP_FIN | TCP_ACK, 502, "", "", "FIN ACK  seq 6  ack 1" },
		{ true, 9001, 1007, TCP_RST | TCP_ACK, 0, "", "", "RST ACK  seq 1  ack 7" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build b = build_on();
		STR_ON_STACK(text, 128);
		struct packet p;
		uint32_t conn;
		int dir;

		build_ipv4(&b, 6, rows[i].server ? "192.0.2.2" : "192.0.2.1", rows[i].server ? "192.0.2.1" : "192.0.2.2");
		build_tcp(&b, rows[i].server ? 80 : 4000, rows[i].server ? 4000 : 80, rows[i].seq, rows[i].ack,
			  rows[i].flags, rows[i].window, rows[i].options);
		build_text(&b, rows[i].text);
		build_finish(&b);
		packet_parse(&p, LINK_RAW, b.byte, b.len, b.len);
		conn = conns_packet(*state, &p, 0, &dir);
		packet_summary(&text, &p, conns_get(*state, conn), dir, b.byte, b.len);
		assert_string_equal(text.buf, rows[i].words);
	}
}

static void a_refusal_has_the_number_zero(void **state)
{
	struct packet syn = segment(1, 10, 2, 20, TCP_SYN, 1000, 0, 0);
	struct packet rst = segment(2, 20, 1, 10, TCP_RST | TCP_ACK, 0, 1001, 0);
	STR_ON_STACK(text, 128);
	uint32_t conn;
	int dir;

	rst.transport_at = 34;
	note(*state, syn, &dir);
	conn = note(*state, rst, &dir);
	packet_summary(&text, &rst, conns_get(*state, conn), dir, NULL, 0);
	assert_string_equal(text.buf, "RST ACK  seq 0  ack 1");
}

/* A packet of bytes, with which quotes are seen and fragments put together. */
static struct conn_note track(struct conns *c, struct build *b, uint32_t frame)
{
	struct conn_note note;
	struct packet p;

	build_finish(b);
	packet_parse(&p, LINK_RAW, b->byte, b->len, b->len);
	conns_look(c, &p);
	conns_near(c, &p);
	conns_track(c, &p, b->byte, b->len, frame, frame * 1000, &note);
	return note;
}

static struct build syn_of(unsigned port)
{
	struct build b = build_on();

	build_ipv4(&b, 6, "192.0.2.1", "192.0.2.2");
	build_tcp(&b, port, 80, 1000, 0, TCP_SYN, 64240, "020405b4");
	return b;
}

static void a_quoted_segment_counts(void **state)
{
	struct build syn = syn_of(4000), b = build_on();
	struct conn_note note;

	build_ipv4(&b, 1, "192.0.2.9", "192.0.2.1");
	build_icmp(&b, 3, 1, 0);
	build_ipv4(&b, 6, "192.0.2.1", "192.0.2.2");
	build_tcp(&b, 4001, 80, 1000, 0, TCP_SYN, 64240, "020405b4");
	note = track(*state, &b, 1);
	assert_int_equal(note.stream, 0);
	assert_int_equal(note.stream_protocol, 6);
	assert_false(note.verdict.analysed);
	assert_int_equal(conns_get(*state, note.conn)->protocol, 1);
	assert_int_equal(track(*state, &syn, 2).stream, 1);
	syn = syn_of(4001);
	assert_int_equal(track(*state, &syn, 3).stream, 0);
}

static void a_quote_of_eight_bytes_does_not(void **state)
{
	struct build b = build_on();

	build_ipv4(&b, 1, "192.0.2.9", "192.0.2.1");
	build_icmp(&b, 3, 1, 0);
	build_ipv4(&b, 6, "192.0.2.1", "192.0.2.2");
	build_hex(&b, "0fa0 0050 000003e8");
	assert_int_equal(track(*state, &b, 1).stream, CONN_NONE);
}

/* type 8 or 128: a request of 192.0.2.1 (2001:db8::1), else what comes back. */
static struct build echo_of(unsigned type, unsigned id, unsigned seq)
{
	bool there = type == 8 || type == 128;
	struct build b = build_on();

	if (type < 128) {
		build_ipv4(&b, 1, there ? "192.0.2.1" : "192.0.2.2", there ? "192.0.2.2" : "192.0.2.1");
		build_icmp(&b, type, 0, id << 16 | seq);
	} else {
		build_ipv6(&b, 58, there ? "2001:db8::1" : "2001:db8::2",
			   there ? "2001:db8::2" : "2001:db8::1");
		build_icmpv6(&b, type, 0, id << 16 | seq);
	}
	return b;
}

static void an_echo_is_an_exchange_for_each_identifier(void **state)
{
	static const struct {
		unsigned type, id;
		uint32_t conn;
		uint8_t dir;
	} sent[] = { { 8, 7, 0, 0 },   { 8, 9, 1, 0 },	 { 0, 9, 1, 1 },   { 0, 7, 0, 1 },
		     { 8, 7, 0, 0 },   { 128, 7, 2, 0 }, { 129, 7, 2, 1 }, { 129, 8, 3, 0 },
		     { 13, 7, 4, 0 },  { 14, 9, 4, 0 },	 { 8, 0, 4, 1 } };
	const struct addr a = addr_v4((const uint8_t[]){ 192, 0, 2, 1 }, 0);
	const struct addr b = addr_v4((const uint8_t[]){ 192, 0, 2, 2 }, 0);
	struct addr socket = a;

	for (unsigned i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct build p = echo_of(sent[i].type, sent[i].id, i);
		struct conn_note note = track(*state, &p, i + 1);

		assert_int_equal(note.conn, sent[i].conn);
		assert_int_equal(note.dir, sent[i].dir);
		assert_int_equal(note.stream, CONN_NONE);
	}
	assert_int_equal(conns_get(*state, 1)->echo_id, 9);
	assert_int_equal(addr_port(&conns_get(*state, 1)->end[0]), 0);
	assert_int_equal(conns_get(*state, 2)->echo_id, 7);
	assert_int_equal(conns_get(*state, 4)->echo_id, 0);
	/* As the kernel shows a socket that sends them: the identifier is its port. */
	addr_set_port(&socket, 9);
	assert_int_equal(conns_find(*state, 1, &socket, &b), 1);
	assert_int_equal(conns_find(*state, 1, &b, &socket), 1);
	assert_int_equal(conns_find(*state, 1, &a, &b), 4);
}

/* An error belongs to the addresses, whatever stands where an echo has its identifier. */
static void errors_stay_with_the_addresses(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		struct build b = build_on();

		build_ipv4(&b, 1, "192.0.2.2", "192.0.2.1");
		build_icmp(&b, 3 + 8 * (i == 1), i == 1 ? 0 : 3, 7u << 16 | i);
		build_ipv4(&b, 1, "192.0.2.1", "192.0.2.2");
		build_icmp(&b, 8, 0, 7u << 16 | i);
		assert_int_equal(track(*state, &b, i + 1).conn, 0);
	}
	assert_int_equal(conns_get(*state, 0)->echo_id, 0);
}

/* A SYN with 40 bytes of data in three fragments, the first of which does not even have the whole header. */
static void a_fragmented_segment_is_analysed_with_its_last(void **state)
{
	static const size_t cut[] = { 0, 16, 32, 60 };
	static const int order[] = { 2, 0, 1 };
	struct build b = syn_of(4000);
	struct conn_note note;
	uint8_t whole[64];

	build_finish(&b);
	build_zeros(&b, 36);
	assert_int_equal(b.len, 20 + 24 + 36);
	memcpy(whole, b.byte + 20, 60);
	for (unsigned i = 0; i < 3; i++) {
		size_t from = cut[order[i]], to = cut[order[i] + 1];

		b = build_on();
		build_ipv4_full(&b, 6, "192.0.2.1", "192.0.2.2", (to < 60 ? 0x2000 : 0) | (unsigned)from / 8, "");
		build_bytes(&b, whole + from, to - from);
		note = track(*state, &b, i + 1);
		assert_int_equal(note.verdict.analysed, i == 2);
		assert_true((note.stream == 0) == (i == 2));
	}
	assert_int_equal(conns_get(*state, note.conn)->base[0], 1000);
	assert_int_equal(conns_get(*state, note.conn)->packets[0], 2);	/* the one without ports is by itself */
	assert_int_equal(conns_tcp(*state, note.conn)->side[0].high, 1000 + 36 + 1);
}

static void ipv6_addresses_are_kept(void **state)
{
	struct conns *c = *state;
	struct packet p = datagram(0, 10, 0, 20);
	struct addr a, b;
	int dir;

	p.ip_version = 6;
	for (uint32_t i = 0; i < 5000; i++) {
		memcpy(p.src + 12, &i, 4);
		p.dst[0] = 0x20;
		assert_int_equal(note(c, p, &dir), i);
	}
	a = addr_v6(p.src, 10);
	b = addr_v6(p.dst, 20);
	assert_int_equal(conns_find(c, 17, &b, &a), 4999);
	assert_memory_equal(&conns_get(c, 4999)->end[0].u.in6.sin6_addr, p.src, 16);
	p.src[0] = 0xff;
	a = addr_v6(p.src, 10);
	assert_true(conns_find(c, 17, &b, &a) == CONN_NONE);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, new_conns, free_conns)
#define WITH_40(test) cmocka_unit_test_setup_teardown(test, new_conns_40, free_conns)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(both_directions_are_one_connection),
		WITH(in_mid_stream_bases_are_one_below),
		WITH(without_ack_the_other_base_stays_unknown),
		WITH_40(a_new_number_is_a_new_connection),
		WITH_40(what_is_not_known_in_full_changes_no_number),
		WITH(newer_rules_open_more),
		WITH(streams_are_counted_by_protocol),
		WITH(how_it_ended_is_known),
		WITH(a_quoted_segment_counts),
		WITH(a_quote_of_eight_bytes_does_not),
		WITH(an_echo_is_an_exchange_for_each_identifier),
		WITH(errors_stay_with_the_addresses),
		WITH(a_fragmented_segment_is_analysed_with_its_last),
		WITH(ipv6_addresses_are_kept),
		WITH(protocols_and_versions_are_apart),
		WITH(alike_ends_have_one_direction),
		WITH(what_has_no_addresses_has_no_connection),
		WITH(fragments_follow_their_first),
		WITH(a_pair_is_found_in_either_order),
		WITH(several_views_live_together),
		WITH_40(the_table_agrees_with_a_list),
		WITH(a_million_connections),
		WITH(whole_conversations_read_as_in_books),
		WITH(a_refusal_has_the_number_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
