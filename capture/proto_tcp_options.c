/* TCP's options, by the names of IANA's registry. */
#include "capture/proto_tcp.h"

enum {
	END = 0, NOP = 1, MSS = 2, WINDOW_SCALE = 3, SACK_PERMITTED = 4, SACK = 5, TIMESTAMPS = 8,
	MPTCP = 30, FAST_OPEN = 34,
};

/* ---- what tracking needs ---- */

static void sack_read(struct packet *p, struct rd body)
{
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

		/* Above 14 counts as 14 (RFC 7323 section 2.3), but is shown as it is, as far as the type goes. */
		p->wscale = (int8_t)(shift > INT8_MAX ? INT8_MAX : shift);
	} else if (kind == SACK_PERMITTED && body.len == 0) {
		p->sack_permitted = true;
	} else if (kind == TIMESTAMPS && body.len == 8) {
		p->has_ts = true;
		p->tsval = rd_be32(&body);
		p->tsecr = rd_be32(&body);
	} else if (kind == SACK && body.len % 8 == 0) {
		sack_read(p, body);
	}
}

/* Nearly every segment has these bytes and nothing else: NOP, NOP, timestamps (RFC 7323 appendix A). */
static bool only_timestamps(struct packet *p, struct rd list)
{
	if (list.len != 12 || rd_be32(&list) != 0x0101080a)
		return false;
	p->has_ts = true;
	p->tsval = rd_be32(&list);
	p->tsecr = rd_be32(&list);
	return true;
}

void tcp_options_read(struct packet *p, struct rd list)
{
	if (only_timestamps(p, list))
		return;
	while (rd_left(&list)) {
		uint8_t kind = rd_u8(&list), len;

		if (kind == END)
			return;
		if (kind == NOP)
			continue;
		len = rd_u8(&list);
		if (len < 2 || len - 2u > rd_left(&list)) {
			p->cut = true;
			return;
		}
		option_read(p, kind, rd_sub(&list, len - 2u));
	}
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
		text = walk_row(w, step, at + r.at - 8, 8, name.buf, "From this byte up to, not including, that one.");
		str_addf(&text, "%u-%u", tcp_acked(w->conn, w->dir, left), tcp_acked(w->conn, w->dir, right));
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
	{ 0xacce, "Accurate ECN", NULL }, { 0xe2d4, "shared memory communication", NULL },
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
	{ 0, "MP_CAPABLE", NULL }, { 1, "MP_JOIN", NULL }, { 2, "DSS", NULL },
	{ 3, "ADD_ADDR", NULL }, { 4, "REMOVE_ADDR", NULL }, { 5, "MP_PRIO", NULL },
	{ 6, "MP_FAIL", NULL }, { 7, "MP_FASTCLOSE", NULL }, { 8, "MP_TCPRST", NULL },
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
	{ .name = "MSS", .at = 16, .bits = 16, .show = SHOW_DEC, .unit = "bytes" },
};
static const struct proto_field timestamp_fields[] = {
	{ .name = "Value", .at = 16, .bits = 32, .show = SHOW_DEC,
	  .about = "The sender's clock, in ticks of its own." },
	{ .name = "Echo reply", .at = 48, .bits = 32, .show = SHOW_DEC,
	  .about = "The other side's clock as last seen: the difference to now is the round-trip time." },
};
static const struct proto_field mptcp_fields[] = {
	{ .name = "Subtype", .at = 16, .bits = 4, .show = SHOW_NAME, .names = &mptcp_names },
	{ .name = "Version or flags", .at = 20, .bits = 4, .show = SHOW_HEX },
	{ .name = "Data", .at = 24, .bits = 0, .show = SHOW_BYTES },
};
static const struct proto_field ao_fields[] = {
	{ .name = "Key", .at = 16, .bits = 8, .show = SHOW_DEC,
	  .about = "Which of the shared keys signed the segment." },
	{ .name = "Next key", .at = 24, .bits = 8, .show = SHOW_DEC,
	  .about = "Which key the sender would like to receive." },
	{ .name = "Authentication code", .at = 32, .bits = 0, .show = SHOW_BYTES },
};
static const struct proto_field bytes_field[] = {
	{ .name = "Data", .at = 16, .bits = 0, .show = SHOW_BYTES },
};
static const struct proto_field number_field[] = {
	{ .name = "Value", .at = 16, .bits = 32, .show = SHOW_DEC },
};

static const struct proto_option option_rows[] = {
	{ .kind = END, .name = "End of options", .about = "The rest of the header is padding." },
	{ .kind = NOP, .name = "No operation", .about = "A byte that aligns the next option." },
	{ .kind = MSS, .len = 4, .name = "Maximum segment size", PROTO_FIELDS(mss_field),
	  .about = "The most data that the sender wants in one segment; only in a SYN." },
	{ .kind = WINDOW_SCALE, .len = 3, .name = "Window scale", .text = scale_text,
	  .about = "By how much the sender's later windows are to be multiplied; only in a SYN, and only if both send it." },
	{ .kind = SACK_PERMITTED, .len = 2, .name = "SACK permitted",
	  .about = "The sender understands selective acknowledgments; only in a SYN." },
	{ .kind = SACK, .name = "SACK", .text = blocks_text, .more = blocks_more,
	  .about = "What has arrived beyond a gap, so that only the gap is sent again (RFC 2018)." },
	{ .kind = 6, .len = 6, .name = "Echo (obsolete)", PROTO_FIELDS(number_field) },
	{ .kind = 7, .len = 6, .name = "Echo reply (obsolete)", PROTO_FIELDS(number_field) },
	{ .kind = TIMESTAMPS, .len = 10, .name = "Timestamps", .text = timestamps_text,
	  PROTO_FIELDS(timestamp_fields),
	  .about = "For measuring the round-trip time, and against old duplicates (RFC 7323)." },
	{ .kind = 9, .len = 2, .name = "Partial order permitted (obsolete)" },
	{ .kind = 10, .len = 3, .name = "Partial order profile (obsolete)", PROTO_FIELDS(bytes_field) },
	{ .kind = 11, .len = 6, .name = "CC (obsolete)", PROTO_FIELDS(number_field) },
	{ .kind = 12, .len = 6, .name = "CC.NEW (obsolete)", PROTO_FIELDS(number_field) },
	{ .kind = 13, .len = 6, .name = "CC.ECHO (obsolete)", PROTO_FIELDS(number_field) },
	{ .kind = 14, .len = 3, .name = "Alternate checksum request", PROTO_FIELDS(bytes_field) },
	{ .kind = 15, .name = "Alternate checksum data", PROTO_FIELDS(bytes_field) },
	{ .kind = 19, .len = 18, .name = "MD5 signature", PROTO_FIELDS(bytes_field),
	  .about = "Signs the segment with a shared key; used between routers (RFC 2385)." },
	{ .kind = 27, .len = 8, .name = "Quick-Start response", PROTO_FIELDS(bytes_field) },
	{ .kind = 28, .len = 4, .name = "User timeout", .text = user_timeout_text,
	  .about = "How long the sender lets data go unacknowledged before it gives up (RFC 5482)." },
	{ .kind = 29, .name = "Authentication (TCP-AO)", PROTO_FIELDS(ao_fields),
	  .about = "Signs the segment with a shared key; successor of the MD5 signature (RFC 5925)." },
	{ .kind = MPTCP, .name = "Multipath TCP", .text = mptcp_text, PROTO_FIELDS(mptcp_fields),
	  .about = "Several TCP connections that carry one stream (RFC 8684)." },
	{ .kind = FAST_OPEN, .name = "Fast Open", .text = cookie_text,
	  .about = "Lets a known client send data in its SYN (RFC 7413)." },
	{ .kind = 69, .name = "Encryption negotiation (TCP-ENO)", PROTO_FIELDS(bytes_field),
	  .about = "Offers encryption below the program (RFC 8547)." },
	{ .kind = 172, .name = "Accurate ECN order 0", PROTO_FIELDS(bytes_field),
	  .about = "Counts the bytes that arrived with each congestion mark (RFC 9768)." },
	{ .kind = 174, .name = "Accurate ECN order 1", PROTO_FIELDS(bytes_field),
	  .about = "Counts the bytes that arrived with each congestion mark (RFC 9768)." },
	{ .kind = 253, .name = "Experiment 1", .text = experiment_text },
	{ .kind = 254, .name = "Experiment 2", .text = experiment_text },
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
