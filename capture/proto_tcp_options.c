/* TCP's options, by the names of IANA's registry. */
#include "capture/proto_tcp.h"

enum {
	END = 0,
	NOP = 1,
	MSS = 2,
	WINDOW_SCALE = 3,
	SACK_PERMITTED = 4,
	SACK = 5,
	TIMESTAMPS = 8,
	MPTCP = 30,
	FAST_OPEN = 34,
};

/* ---- what tracking needs ---- */

/* The blocks that are whole.  Of several such options the last counts. */
static inline __attribute__((always_inline)) void sack_read(struct packet *p, struct rd body)
{
	p->sack_blocks = 0;
	while (rd_left(&body) >= 8 && p->sack_blocks < 4) {
		p->sack[p->sack_blocks][0] = rd_be32(&body);
		p->sack[p->sack_blocks][1] = rd_be32(&body);
		p->sack_blocks++;
	}
}

static void option_read(struct packet *p, uint8_t kind, struct rd body)
{
	if (kind == MSS && body.len == 2) {
		p->mss = rd_be16(&body);
	} else if (kind == WINDOW_SCALE && body.len == 1) {
		uint8_t shift = rd_u8(&body);

		/* Above 14 counts as 14 (RFC 7323 section 2.3), but is shown as it is, as far as
		 * the type goes. */
		p->wscale = (int8_t)(shift > INT8_MAX ? INT8_MAX : shift);
	} else if (kind == SACK_PERMITTED && body.len == 0) {
		p->sack_permitted = true;
	} else if (kind == TIMESTAMPS && body.len == 8) {
		p->has_ts = true;
		p->tsval = rd_be32(&body);
		p->tsecr = rd_be32(&body);
	} else if (kind == SACK) {
		sack_read(p, body);
	} else if (kind == MPTCP && body.len) {
		p->mptcp |= (uint16_t)(1u << (rd_u8(&body) >> 4));
	}
}

/* Nearly every segment has these bytes and nothing else: NOP, NOP, timestamps (RFC 7323 appendix
 * A). */
static bool only_timestamps(struct packet *p, const uint8_t *bytes, size_t len)
{
	struct rd list = rd_on(bytes, 12);

	if (len != 12 || rd_be32(&list) != 0x0101080a)
		return false;
	p->has_ts = true;
	p->tsval = rd_be32(&list);
	p->tsecr = rd_be32(&list);
	return true;
}

void tcp_options_read(struct packet *p, const uint8_t *bytes, size_t len)
{
	struct rd list = rd_on(bytes, len);

	if (only_timestamps(p, bytes, len))
		return;
	while (rd_left(&list)) {
		uint8_t kind = rd_u8(&list), says;

		if (kind == END)
			return;
		if (kind == NOP)
			continue;
		says = rd_u8(&list);
		if (says < 2 || says - 2u > rd_left(&list)) {
			p->cut = true;
			return;
		}
		option_read(p, kind, rd_sub(&list, says - 2u));
	}
}

/*
 * As Wireshark reads it: of a SACK that was cut the whole blocks count; and nothing of MPTCP, unless the list
 * ended before.
 */
__attribute__((cold)) void tcp_options_read_cut(struct packet *p, const uint8_t *bytes, size_t have,
						size_t len)
{
	struct rd list = rd_on(bytes, have);

	tcp_options_read(p, bytes, have);
	p->cut = true;
	while (rd_left(&list)) {
		uint8_t kind = rd_u8(&list), says;

		if (kind == END)
			return;
		if (kind == NOP)
			continue;
		says = rd_u8(&list);
		if (list.short_read)
			break;
		if (says < 2 || says - 2u > len - list.at)
			return;
		if (kind == SACK && says - 2u > rd_left(&list))
			sack_read(p, rd_rest(&list));
		rd_skip(&list, says - 2u);
	}
	p->mptcp = 0;
}

/* ---- rows ---- */

static void scale_text(const struct walk *w, struct str *out, struct rd body)
{
	uint8_t shift = rd_u8(&body);

	(void)w;
	if (shift > 14)
		str_addf(out, "%u (counts as 14: multiply by 16384)", shift);
	else
		str_addf(out, "%u (multiply by %u)", shift, 1u << shift);
}

static void timestamps_text(const struct walk *w, struct str *out, struct rd body)
{
	uint32_t value = rd_be32(&body);

	(void)w;
	str_addf(out, "value %u, echo reply %u", value, rd_be32(&body));
}

static void cookie_text(const struct walk *w, struct str *out, struct rd body)
{
	(void)w;
	if (!rd_left(&body)) {
		str_add(out, "cookie request");
		return;
	}
	str_add(out, "cookie ");
	proto_bytes_text(out, body);
}

static void blocks_text(const struct walk *w, struct str *out, struct rd body)
{
	size_t blocks = rd_left(&body) / 8;

	(void)w;
	if (rd_left(&body) % 8)
		str_add(out, "malformed: ");
	str_addf(out, "%zu %s", blocks, blocks == 1 ? "block" : "blocks");
}

static void blocks_more(struct walk *w, unsigned step, size_t at, size_t len)
{
	struct rd r = walk_rd(w, at, len);

	rd_skip(&r, 2);
	for (unsigned n = 1; rd_left(&r) >= 8; n++) {
		uint32_t left = rd_be32(&r), right = rd_be32(&r);
		STR_ON_STACK(name, 16);
		struct str text;

		str_addf(&name, "Block %u", n);
		text = walk_row(w, step, at + r.at - 8, 8, name.buf,
				"From this byte up to, not including, that one.");
		str_addf(&text, "%u-%u", tcp_acked(w->conn, w->dir, left),
			 tcp_acked(w->conn, w->dir, right));
		if (tcp_acked(w->conn, w->dir, left) != left)
			str_addf(&text, " (raw %u-%u)", left, right);
	}
}

static void user_timeout_text(const struct walk *w, struct str *out, struct rd body)
{
	uint16_t value = rd_be16(&body);

	(void)w;
	str_addf(out, "%u %s", value & 0x7fff, value & 0x8000 ? "minutes" : "seconds");
}

/* RFC 6994: experiments share two kinds and carry a number of their own. */
static const struct name experiment_rows[] = {
	{ 0xacce, "Accurate ECN", NULL },
	{ 0xe2d4, "shared memory communication", NULL },
	{ 0xf989, "Fast Open", NULL },
};
static NAME_TABLE(experiment_names, experiment_rows, "experiment");

static void experiment_text(const struct walk *w, struct str *out, struct rd body)
{
	uint16_t id = rd_be16(&body);
	const struct name *n = name_of(&experiment_names, id);

	(void)w;
	str_addf(out, "%s (0x%04x) ", n ? n->name : "unknown", id);
	proto_bytes_text(out, body);
}

static const struct name mptcp_rows[] = {
	{ 0, "MP_CAPABLE", NULL },	 { 1, "MP_JOIN", NULL },      { 2, "DSS", NULL },
	{ 3, "ADD_ADDR", NULL },	 { 4, "REMOVE_ADDR", NULL },  { 5, "MP_PRIO", NULL },
	{ 6, "MP_FAIL", NULL },		 { 7, "MP_FASTCLOSE", NULL }, { 8, "MP_TCPRST", NULL },
	{ 15, "MP_EXPERIMENTAL", NULL },
};
static NAME_TABLE(mptcp_names, mptcp_rows, "MPTCP subtype");

static void mptcp_text(const struct walk *w, struct str *out, struct rd body)
{
	uint8_t subtype = rd_u8(&body) >> 4;

	(void)w;
	if (name_of(&mptcp_names, subtype))
		name_add(out, &mptcp_names, subtype);
	else
		str_addf(out, "subtype %u", subtype);
}

static const struct proto_field mss_field[] = {
	FIELD("MSS", 16, 16, SHOW_DEC, .unit = "bytes"),
};
static const struct proto_field timestamp_fields[] = {
	FIELD("Value", 16, 32, SHOW_DEC, .about = "The sender's clock, in ticks of its own."),
	FIELD("Echo reply", 48, 32, SHOW_DEC,
	      .about = "The other side's clock as last seen: now minus this is the round trip."),
};
static const struct proto_field mptcp_fields[] = {
	FIELD("Subtype", 16, 4, SHOW_NAME, .names = &mptcp_names),
	FIELD("Version or flags", 20, 4, SHOW_HEX),
	FIELD("Data", 24, 0, SHOW_BYTES),
};
static const struct proto_field ao_fields[] = {
	FIELD("Key", 16, 8, SHOW_DEC, .about = "Which of the shared keys signed the segment."),
	FIELD("Next key", 24, 8, SHOW_DEC, .about = "Which key the sender would like to receive."),
	FIELD("Authentication code", 32, 0, SHOW_BYTES),
};
static const struct proto_field bytes_field[] = {
	FIELD("Data", 16, 0, SHOW_BYTES),
};
static const struct proto_field number_field[] = {
	FIELD("Value", 16, 32, SHOW_DEC),
};

static const struct proto_option option_rows[] = {
	OPTION(END, 0, "End of options", .about = "The rest of the header is padding."),
	OPTION(NOP, 0, "No operation", .about = "A byte that aligns the next option."),
	OPTION(MSS, 4, "Maximum segment size", PROTO_FIELDS(mss_field),
	       .about = "The most data that the sender wants in one segment; only in a SYN."),
	OPTION(WINDOW_SCALE, 3, "Window scale", .text = scale_text,
	       .about = "Later windows are multiplied by it; only in a SYN, only if both send it."),
	OPTION(SACK_PERMITTED, 2, "SACK permitted",
	       .about = "The sender understands selective acknowledgments; only in a SYN."),
	OPTION(SACK, 0, "SACK", .text = blocks_text, .more = blocks_more,
	       .about = "What has arrived beyond a gap, so that only the gap is sent again (RFC "
			"2018)."),
	OPTION(6, 6, "Echo (obsolete)", PROTO_FIELDS(number_field)),
	OPTION(7, 6, "Echo reply (obsolete)", PROTO_FIELDS(number_field)),
	OPTION(TIMESTAMPS, 10, "Timestamps", .text = timestamps_text,
	       PROTO_FIELDS(timestamp_fields),
	       .about = "To measure the round trip, and against old duplicates (RFC 7323)."),
	OPTION(9, 2, "Partial order permitted (obsolete)"),
	OPTION(10, 3, "Partial order profile (obsolete)", PROTO_FIELDS(bytes_field)),
	OPTION(11, 6, "CC (obsolete)", PROTO_FIELDS(number_field)),
	OPTION(12, 6, "CC.NEW (obsolete)", PROTO_FIELDS(number_field)),
	OPTION(13, 6, "CC.ECHO (obsolete)", PROTO_FIELDS(number_field)),
	OPTION(14, 3, "Alternate checksum request", PROTO_FIELDS(bytes_field)),
	OPTION(15, 0, "Alternate checksum data", PROTO_FIELDS(bytes_field)),
	OPTION(19, 18, "MD5 signature", PROTO_FIELDS(bytes_field),
	       .about = "Signs the segment with a shared key; used between routers (RFC 2385)."),
	OPTION(27, 8, "Quick-Start response", PROTO_FIELDS(bytes_field)),
	OPTION(28, 4, "User timeout", .text = user_timeout_text,
	       .about = "How long the sender lets data go unacknowledged before it gives up (RFC "
			"5482)."),
	OPTION(29, 0, "Authentication (TCP-AO)", PROTO_FIELDS(ao_fields),
	       .about = "Signs the segment with a shared key; successor of the MD5 signature (RFC "
			"5925)."),
	OPTION(MPTCP, 0, "Multipath TCP", .text = mptcp_text, PROTO_FIELDS(mptcp_fields),
	       .about = "Several TCP connections that carry one stream (RFC 8684)."),
	OPTION(FAST_OPEN, 0, "Fast Open", .text = cookie_text,
	       .about = "Lets a known client send data in its SYN (RFC 7413)."),
	OPTION(69, 0, "Encryption negotiation (TCP-ENO)", PROTO_FIELDS(bytes_field),
	       .about = "Offers encryption below the program (RFC 8547)."),
	OPTION(172, 0, "Accurate ECN order 0", PROTO_FIELDS(bytes_field),
	       .about = "Counts the bytes that arrived with each congestion mark (RFC 9768)."),
	OPTION(174, 0, "Accurate ECN order 1", PROTO_FIELDS(bytes_field),
	       .about = "Counts the bytes that arrived with each congestion mark (RFC 9768)."),
	OPTION(253, 0, "Experiment 1", .text = experiment_text),
	OPTION(254, 0, "Experiment 2", .text = experiment_text),
};

static const struct proto_options options = {
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.what = "TCP option",
	.singles = 2,
	.zero_ends = true,
	.unit = 1,
};

void tcp_options_rows(struct walk *w, size_t at, size_t len)
{
	walk_options(w, 1, &options, at, len);
}
