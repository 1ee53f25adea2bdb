/*
 * Any row of packets is tracked: fragments put together, quoted packets noticed, segments analysed, states
 * inferred.  What comes out hangs together, under each set of rules; memory is bounded by the number of packets;
 * and a second tracker, which gets none of the hints that only make it faster, says the same.
 *
 * The first byte chooses the rules, whether there is a second tracker, and how the rest is read: as IP packets,
 * each with its length in front, or as fields of segments of one connection, which gets further into the rules.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "src/core/rd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FIRST_BYTES = 16 << 20, /* the first chunks of connections */
	PACKET_BYTES = 1024, /* two connections, or what waits for an acknowledgment */
};

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_state(struct inferred s)
{
	STR_ON_STACK(text, 256);
	struct inferred back = infer_decode(infer_code(s));

	require(s.set < 1u << (SOCK_STATE_TIME_WAIT + 1) && !(s.set & 1));
	require((s.set != 0) == (s.sure != INFER_UNKNOWN));
	require(!s.set || (s.set & 1u << s.state));
	require(((s.set & (s.set - 1)) != 0) == (s.sure == INFER_RANGE));
	require(back.state == s.state && back.sure == s.sure && !(s.set & ~back.set));
	infer_text(&text, s);
	require(!text.cut && text.len);
}

static void check_note(const struct conns *c, const struct packet *p, const struct conn_note *n, uint32_t frame)
{
	const struct verdict *v = &n->verdict;
	STR_ON_STACK(text, 512);

	require(n->conn == CONN_NONE || n->conn < conns_count(c));
	require(v->analysed || (v->bits & ~VERDICT_REUSED_PORTS) == 0);
	require(!v->analysed || p->fragment || p->protocol == 6); /* the first fragment says what a datagram carries */
	require(((v->bits & VERDICT_DUPLICATE_ACK) != 0) == (v->dup_ack != 0));
	require(v->acked_frame <= frame && v->rto_frame <= frame && v->dup_ack_frame <= frame);
	require(!(v->bits & (VERDICT_FAST_RETRANSMISSION | VERDICT_SPURIOUS_RETRANSMISSION)) ||
		(v->bits & VERDICT_RETRANSMISSION));
	verdict_text(&text, v->bits);
	require(!text.cut && (text.len > 0) == (v->bits != 0));
	for (int i = 0; i < 2; i++)
		check_state(n->state[i]);
	require(n->conn == CONN_NONE || conns_get(c, n->conn)->packets[n->dir] > 0);
}

static bool same_state(struct inferred a, struct inferred b)
{
	return a.set == b.set && a.state == b.state && a.sure == b.sure;
}

static void check_same(const struct conn_note *a, const struct conn_note *b)
{
	const struct verdict *v = &a->verdict, *w = &b->verdict;

	require(a->conn == b->conn && a->dir == b->dir && a->stream == b->stream &&
		a->stream_protocol == b->stream_protocol);
	require(same_state(a->state[0], b->state[0]) && same_state(a->state[1], b->state[1]));
	require(v->bits == w->bits && v->analysed == w->analysed && v->dup_ack == w->dup_ack &&
		v->dup_ack_frame == w->dup_ack_frame);
	require(v->acked_frame == w->acked_frame && v->ack_rtt_ns == w->ack_rtt_ns && v->rto_frame == w->rto_frame &&
		v->rto_ns == w->rto_ns);
	require(v->window == w->window && v->in_flight == w->in_flight && v->initial_rtt_ns == w->initial_rtt_ns);
}

/* Each packet counts once, for the connection that its note names. */
static void check_counts(const struct conns *c, uint64_t packets, uint32_t frames)
{
	size_t count = conns_count(c);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct conn *conn = conns_get(c, i);

		sum += conn->packets[0] + conn->packets[1];
		require(conn->first_fin < 0 || conn->fin[conn->first_fin]);
	}
	require(sum == packets);
	require(count <= 2 * (uint64_t)frames); /* an error may open a second one by what it quotes */
}

/* False: no more. */
static bool packet_read(struct rd *r, struct packet *p, struct rd *bytes)
{
	if (!rd_left(r))
		return false;
	*bytes = rd_sub(r, rd_u8(r));
	packet_parse(p, LINK_RAW, bytes->base, bytes->len, bytes->len + bytes->len % 5 * 100);
	return true;
}

static bool fields_read(struct rd *r, struct packet *p, struct rd *bytes)
{
	static const uint16_t options[] = { 0, 0, 0, 1 << 2, 1 << 5 };
	uint8_t dir = rd_u8(r), more = rd_u8(r);

	*p = (struct packet){ .ip_version = 4, .protocol = 6, .has_ports = true, .has_transport = true,
			      .has_segment = true, .payload_known = (more & 3) != 0, .wscale = -1,
			      .src_port = 1 + (dir & 1), .dst_port = 2 - (dir & 1), .flags = rd_u8(r) & 0x3f };
	*bytes = rd_on(NULL, 0);
	/* Near each other, or half of all numbers apart. */
	p->seq = (uint32_t)rd_u8(r) + (dir & 2 ? 0x80000000u : 0) + (dir & 4 ? UINT32_MAX - 99 : 0);
	p->ack = (uint32_t)rd_u8(r) + (dir & 8 ? 0x80000000u : 0) + (dir & 16 ? UINT32_MAX - 99 : 0);
	p->payload_len = more >> 2 & 7;
	p->window = dir >> 5 & 3;
	p->wscale = (int8_t)(more & 32 ? more >> 6 : -1);
	p->mptcp = options[more % 5];
	p->sack_blocks = dir & 128 ? 1 : 0;
	p->sack[0][0] = p->ack + 1;
	p->sack[0][1] = p->ack + 3;
	return !r->short_read;
}

static struct conns *tracker(uint8_t how)
{
	struct conns *c = conns_new(NULL);

	require(c != NULL);
	conns_set_rules(c, &tcp_rule_sets[how % TCP_RULE_SETS]);
	conns_set_complete(c, how & 64);
	return c;
}

/* The packet at an address of its own, so that the sanitizer sees any read beyond it. */
static void track_both(struct conns *const both[2], struct packet p, struct rd bytes, uint32_t frame, int64_t now,
		       struct conn_note note[2])
{
	uint8_t *copy = bytes.base ? malloc(bytes.len ? bytes.len : 1) : NULL;

	require(copy || !bytes.base);
	if (bytes.len)
		memcpy(copy, bytes.base, bytes.len);
	if (both[1])
		conns_track(both[1], &p, copy, bytes.len, frame, now, &note[1]);
	conns_look(both[0], &p);
	conns_near(both[0], &p);
	conns_nearer(both[0], &p);
	conns_track(both[0], &p, copy, bytes.len, frame, now, &note[0]);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_on(data, size), bytes;
	uint8_t how = rd_u8(&r);
	struct conns *both[2] = { tracker(how), how & 32 ? NULL : tracker(how) };
	size_t empty = conns_bytes(both[0]);
	int64_t now = 1000000000;
	struct conn_note note[2];
	uint64_t packets = 0;
	uint32_t frame = 1;
	struct packet p;

	for (; how & 128 ? fields_read(&r, &p, &bytes) : packet_read(&r, &p, &bytes); frame++) {
		now += (int64_t)(frame % 7) * 4000000 - (frame % 11 == 0 ? 9000000 : 0);
		track_both(both, p, bytes, frame, now, note);
		check_note(both[0], &p, &note[0], frame);
		if (both[1])
			check_same(&note[0], &note[1]);
		packets += note[0].conn != CONN_NONE;
	}
	check_counts(both[0], packets, frame - 1);
	require(conns_bytes(both[0]) <= empty + FIRST_BYTES + frame * PACKET_BYTES);
	conns_free(both[0]);
	conns_free(both[1]);
	return 0;
}
