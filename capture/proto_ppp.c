/*
 * PPP, RFC 1661: with the address and control bytes of RFC 1662 or without, its protocol in two bytes or
 * in one; Cisco's HDLC; and PPP over Ethernet, RFC 2516.
 */
#include "capture/proto.h"

enum { ALL_STATIONS = 0xff, UNNUMBERED = 0x03, CISCO_UNICAST = 0x0f, CISCO_BROADCAST = 0x8f };
enum { PPP_V4 = 0x0021, PPP_V6 = 0x0057, SESSION = 0 };

static const struct name protocol_rows[] = {
	{ 0x0021, "IPv4", NULL },
	{ 0x0023, "OSI network layer", NULL },
	{ 0x0029, "AppleTalk", NULL },
	{ 0x002b, "IPX", NULL },
	{ 0x002d, "compressed TCP", NULL },
	{ 0x002f, "uncompressed TCP", NULL },
	{ 0x0031, "bridging", NULL },
	{ 0x003d, "multilink", NULL },
	{ 0x0057, "IPv6", NULL },
	{ 0x00fd, "compressed datagram", NULL },
	{ 0x0281, "MPLS", NULL },
	{ 0x8021, "IPCP", NULL },
	{ 0x8057, "IPV6CP", NULL },
	{ 0x80fd, "CCP", NULL },
	{ 0x8281, "MPLSCP", NULL },
	{ 0xc021, "LCP", NULL },
	{ 0xc023, "PAP", NULL },
	{ 0xc025, "link quality report", NULL },
	{ 0xc223, "CHAP", NULL },
	{ 0xc227, "EAP", NULL },
};
static NAME_TABLE(protocol_names, protocol_rows, "PPP protocol");

/* The codes that LCP and all network control protocols share: RFC 1661 section 5. */
static const struct name code_rows[] = {
	{ 1, "Configure-Request", NULL }, { 2, "Configure-Ack", NULL },
	{ 3, "Configure-Nak", NULL },	  { 4, "Configure-Reject", NULL },
	{ 5, "Terminate-Request", NULL }, { 6, "Terminate-Ack", NULL },
	{ 7, "Code-Reject", NULL },	  { 8, "Protocol-Reject", NULL },
	{ 9, "Echo-Request", NULL },	  { 10, "Echo-Reply", NULL },
	{ 11, "Discard-Request", NULL },  { 12, "Identification", NULL },
};
static NAME_TABLE(code_names, code_rows, "PPP code");

static bool is_negotiation(uint16_t protocol)
{
	return protocol == 0xc021 || (protocol & 0xc000) == 0x8000;
}

/* An odd first byte is the whole protocol number, the zero before it left out: RFC 1661 section 6.5. */
static const struct proto *enter(struct scan *s)
{
	struct rd peek = s->r, h;
	bool one_byte = rd_u8(&peek) & 1;
	uint16_t protocol;

	if (!scan_head(s, one_byte ? 1 : 2, &h))
		return NULL;
	protocol = one_byte ? rd_u8(&h) : rd_be16(&h);
	if (protocol == PPP_V4)
		return &proto_ipv4;
	if (protocol == PPP_V6)
		return &proto_ipv6;
	s->p->ppp_protocol = protocol;
	return is_negotiation(protocol) ? &proto_ppp_control : NULL;
}

static const struct proto *ppp_scan(struct scan *s)
{
	struct rd peek = s->r;
	uint8_t address = rd_u8(&peek);

	if (address == ALL_STATIONS && rd_u8(&peek) == UNNUMBERED)
		rd_skip(&s->r, 2);
	return enter(s);
}

static const struct proto *c_hdlc_scan(struct scan *s)
{
	struct rd h;

	if (!scan_head(s, 4, &h))
		return NULL;
	rd_skip(&h, 2);
	return proto_enter_ethertype(s, rd_be16(&h));
}

/* Either of the two has this link type; the first byte tells them apart. */
static bool is_cisco(struct rd r)
{
	uint8_t address = rd_u8(&r);

	return address == CISCO_UNICAST || address == CISCO_BROADCAST;
}

static const struct proto *hdlc_scan(struct scan *s)
{
	return is_cisco(s->r) ? &proto_c_hdlc : &proto_ppp;
}

static const struct proto *pppoe_scan(struct scan *s)
{
	uint8_t code;
	struct rd h;

	if (!scan_head(s, 6, &h))
		return NULL;
	rd_skip(&h, 1);
	code = rd_u8(&h);
	rd_skip(&h, 2);
	scan_limit(s, rd_be16(&h));
	return code == SESSION ? &proto_ppp : NULL;
}

static const struct proto *control_scan(struct scan *s)
{
	uint16_t len;
	struct rd h;

	if (!scan_head(s, 4, &h))
		return NULL;
	rd_skip(&h, 2);
	len = rd_be16(&h);
	if (len >= 4)
		scan_limit(s, len - 4u);
	else
		s->p->cut = true;
	return NULL;
}

/* ---- the ladder's words ---- */

static void control_summary(struct str *out, const struct summary *s)
{
	uint16_t protocol = s->p->ppp_protocol;
	const struct name *n = name_of(&protocol_names, protocol);

	str_add(out, "PPP ");
	if (n)
		str_add(out, n->name);
	else
		str_addf(out, "protocol 0x%04x", protocol);
	str_addf(out, "  len %u", s->p->payload_len);
}

/* ---- rows ---- */

static void ppp_heading(const struct walk *w, struct str *out)
{
	const struct name *n = name_of(&protocol_names, w->packet.ppp_protocol);

	if (w->packet.ppp_protocol)
		str_add(out, n ? n->name : "unknown");
}

static void ppp_more(struct walk *w)
{
	static const struct proto_field framing[] = {
		FIELD("Address", 0, 8, SHOW_HEX, .about = "Always 0xff: there is one other end."),
		FIELD("Control", 8, 8, SHOW_HEX),
	};
	static const struct proto_field whole =
		FIELD("Protocol", 0, 16, SHOW_NAME_HEX, .names = &protocol_names,
		      .about = "What is inside.");
	static const struct proto_field half =
		FIELD("Protocol", 0, 8, SHOW_NAME_HEX, .names = &protocol_names,
		      .about = "What is inside, in one byte.");
	size_t len = w->head_len, at = w->head_at;

	if (len > 2) {
		walk_fields(w, 1, framing, 2, at, 2);
		at += 2;
		len -= 2;
	}
	walk_fields(w, 1, len == 1 ? &half : &whole, 1, at, len);
}

static const struct proto_field control_fields[] = {
	FIELD("Code", 0, 8, SHOW_NAME, .names = &code_names,
	      .about = "What this message of the negotiation does."),
	FIELD("Identifier", 8, 8, SHOW_DEC, .about = "The same in a request and its answer."),
	FIELD("Length", 16, 16, SHOW_DEC, .unit = "bytes", .about = "Of the whole message."),
};

static const struct proto_field c_hdlc_fields[] = {
	FIELD("Address", 0, 8, SHOW_HEX, .about = "0x0f for one receiver, 0x8f for all."),
	FIELD("Control", 8, 8, SHOW_HEX),
	FIELD("Protocol", 16, 16, SHOW_NAME_HEX, .names = &proto_ethertype_names,
	      .about = "Which protocol is inside."),
};

static const struct name pppoe_rows[] = {
	{ 0x00, "session", NULL }, { 0x07, "offer", NULL },	   { 0x09, "initiation", NULL },
	{ 0x19, "request", NULL }, { 0x65, "confirmation", NULL }, { 0xa7, "termination", NULL },
};
static NAME_TABLE(pppoe_names, pppoe_rows, "PPPoE code");

static const struct proto_field pppoe_fields[] = {
	FIELD("Version", 0, 4, SHOW_DEC),
	FIELD("Type", 4, 4, SHOW_DEC),
	FIELD("Code", 8, 8, SHOW_NAME, .names = &pppoe_names),
	FIELD("Session", 16, 16, SHOW_HEX,
	      .about = "Tells the connections of one subscriber apart."),
	FIELD("Length", 32, 16, SHOW_DEC, .unit = "bytes", .about = "Of what follows."),
};

const struct proto proto_ppp = {
	.name = "Point-to-Point Protocol",
	.scan = ppp_scan,
	.heading = ppp_heading,
	.more = ppp_more,
};

const struct proto proto_ppp_hdlc = { .name = "PPP or Cisco HDLC", .scan = hdlc_scan };

const struct proto proto_ppp_control = {
	.name = "PPP negotiation",
	PROTO_FIELDS(control_fields),
	.scan = control_scan,
	.summary = control_summary,
};

const struct proto proto_c_hdlc = {
	.name = "Cisco HDLC",
	PROTO_FIELDS(c_hdlc_fields),
	.scan = c_hdlc_scan,
};

const struct proto proto_pppoe = {
	.name = "PPP over Ethernet",
	PROTO_FIELDS(pppoe_fields),
	.scan = pppoe_scan,
};
