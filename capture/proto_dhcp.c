/* DHCP, RFC 2131; its options, RFC 2132 and later ones. */
#include "capture/proto_app.h"

#include "src/core/safe.h"

enum { HEADER = 240, COOKIE = 0x63825363, MESSAGE_TYPE = 53, REQUESTED = 50, PAD = 0, END = 255 };
enum { YOUR_ADDRESS = 16, CLIENT_ADDRESS = 12 };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5 };

static const struct name message_rows[] = {
	{ DISCOVER, "Discover", NULL }, { OFFER, "Offer", NULL },     { REQUEST, "Request", NULL },
	{ 4, "Decline", NULL },		{ ACK, "Ack", NULL },	      { 6, "Nak", NULL },
	{ 7, "Release", NULL },		{ 8, "Inform", NULL },	      { 9, "Force renew", NULL },
	{ 10, "Lease query", NULL },	{ 13, "Lease active", NULL },
};
static NAME_TABLE(message_names, message_rows, "DHCP message type");

static const struct name op_rows[] = { { 1, "request", NULL }, { 2, "reply", NULL } };
static NAME_TABLE(op_names, op_rows, "BOOTP operation");

bool dhcp_matches(struct rd payload, size_t len, bool on_port)
{
	uint8_t op = rd_u8(&payload);

	rd_skip(&payload, HEADER - 5);
	return on_port && len >= HEADER && name_of(&op_names, op) && rd_be32(&payload) == COOKIE;
}

static const struct proto *dhcp_scan(struct scan *s)
{
	app_take(s, scan_left(s));
	return NULL;
}

/* ---- the ladder's words ---- */

/* The content of an option; empty if there is none. */
static struct rd option_find(struct rd message, uint8_t wanted)
{
	rd_skip(&message, HEADER);
	while (rd_left(&message)) {
		uint8_t kind = rd_u8(&message);
		struct rd body;

		if (kind == END)
			break;
		if (kind == PAD)
			continue;
		body = rd_sub(&message, rd_u8(&message));
		if (kind == wanted)
			return body;
	}
	return rd_sub(&message, 0);
}

static void address_add(struct str *out, struct rd r)
{
	static const uint8_t none[4];
	uint8_t ip[4];

	rd_copy(&r, ip, sizeof(ip));
	if (r.short_read || memcmp(ip, none, sizeof(ip)) == 0)
		return;
	str_char(out, ' ');
	proto_ip_text(out, 4, ip, NULL);
}

/* The address that the message is about. */
static struct rd address_of(struct rd message, uint8_t type)
{
	struct rd requested = option_find(message, REQUESTED);

	if ((type == DISCOVER || type == REQUEST) && requested.len == 4)
		return requested;
	rd_skip(&message, type == OFFER || type == ACK ? YOUR_ADDRESS : CLIENT_ADDRESS);
	return message;
}

static void message_words(struct str *out, struct rd message)
{
	struct rd kind = option_find(message, MESSAGE_TYPE), peek = message;
	uint8_t type = rd_u8(&kind);

	if (kind.short_read) {
		name_add(out, &op_names, rd_u8(&peek));
		str_add(out, " without a message type");
	} else if (name_of(&message_names, type)) {
		str_add(out, name_of(&message_names, type)->name);
	} else {
		str_addf(out, "message type %u", type);
	}
	address_add(out, address_of(message, type));
}

static void dhcp_summary(struct str *out, const struct summary *s)
{
	str_add(out, "DHCP ");
	message_words(out, app_payload(s));
}

/* ---- options ---- */

static void addresses_text(const struct walk *w, struct str *out, struct rd body)
{
	uint8_t ip[4];

	for (const char *gap = ""; rd_left(&body) >= sizeof(ip); gap = ", ") {
		str_add(out, gap);
		rd_copy(&body, ip, sizeof(ip));
		proto_ip_text(out, 4, ip, w->names);
	}
}

static void quoted_text(const struct walk *w, struct str *out, struct rd body)
{
	(void)w;
	safe_add_quoted(out, body.base, body.len, 100);
}

static void bytes_text(const struct walk *w, struct str *out, struct rd body)
{
	(void)w;
	proto_bytes_text(out, body);
}

/* Each: the prefix's length, as many bytes of it as matter, the router.  RFC 3442. */
static void routes_text(const struct walk *w, struct str *out, struct rd body)
{
	for (const char *gap = ""; rd_left(&body); gap = ", ") {
		uint8_t bits = rd_u8(&body), ip[4] = { 0 };

		if (bits > 32 || rd_left(&body) < (bits + 7u) / 8u + 4u) {
			str_addf(out, "%smalformed", gap);
			return;
		}
		str_add(out, gap);
		rd_copy(&body, ip, (bits + 7u) / 8u);
		proto_ip_text(out, 4, ip, NULL);
		str_addf(out, "/%u via ", bits);
		rd_copy(&body, ip, sizeof(ip));
		proto_ip_text(out, 4, ip, w->names);
	}
}

static void parameters_text(const struct walk *w, struct str *out, struct rd body);

static const struct proto_field type_field[] = {
	FIELD("Type", 16, 8, SHOW_NAME, .names = &message_names),
};
static const struct proto_field seconds_field[] = {
	FIELD("Time", 16, 32, SHOW_DEC, .unit = "seconds"),
};
static const struct proto_field size_field[] = {
	FIELD("Size", 16, 16, SHOW_DEC, .unit = "bytes"),
};
static const struct proto_field number_field[] = {
	FIELD("Value", 16, 8, SHOW_DEC),
};

#define ADDRESSES .text = addresses_text
#define TEXT	  .text = quoted_text
#define BYTES	  .text = bytes_text
#define SECONDS	  PROTO_FIELDS(seconds_field)

static const struct proto_option option_rows[] = {
	OPTION(PAD, 0, "Padding"),
	OPTION(1, 6, "Subnet mask", ADDRESSES, .about = "Which addresses are on the same link."),
	OPTION(2, 6, "Time offset", SECONDS),
	OPTION(3, 0, "Router", ADDRESSES, .about = "The way out of the subnet."),
	OPTION(4, 0, "Time server", ADDRESSES),
	OPTION(6, 0, "DNS server", ADDRESSES, .about = "Whom to ask for names."),
	OPTION(7, 0, "Log server", ADDRESSES),
	OPTION(12, 0, "Host name", TEXT, .about = "How the client calls itself."),
	OPTION(15, 0, "Domain name", TEXT),
	OPTION(17, 0, "Root path", TEXT),
	OPTION(26, 4, "Interface MTU", PROTO_FIELDS(size_field)),
	OPTION(28, 6, "Broadcast address", ADDRESSES),
	OPTION(31, 3, "Router discovery", PROTO_FIELDS(number_field)),
	OPTION(33, 0, "Static routes", BYTES),
	OPTION(42, 0, "NTP server", ADDRESSES),
	OPTION(43, 0, "Vendor information", BYTES),
	OPTION(44, 0, "NetBIOS name server", ADDRESSES),
	OPTION(46, 3, "NetBIOS node type", PROTO_FIELDS(number_field)),
	OPTION(47, 0, "NetBIOS scope", BYTES),
	OPTION(REQUESTED, 6, "Requested address", ADDRESSES,
	       .about = "The address that the client would like to have."),
	OPTION(51, 6, "Lease time", SECONDS, .about = "How long the client may keep the address."),
	OPTION(52, 3, "Overload", PROTO_FIELDS(number_field),
	       .about = "Options go on in the server name or boot file field."),
	OPTION(MESSAGE_TYPE, 3, "Message type", PROTO_FIELDS(type_field),
	       .about = "Discover, Offer, Request, Ack: the usual way to an address."),
	OPTION(54, 6, "Server identifier", ADDRESSES, .about = "Which server's offer is meant."),
	OPTION(55, 0, "Parameter request list", .text = parameters_text,
	       .about = "Which options the client would like to get."),
	OPTION(56, 0, "Message", TEXT),
	OPTION(57, 4, "Maximum message size", PROTO_FIELDS(size_field)),
	OPTION(58, 6, "Renewal time", SECONDS,
	       .about = "When the client asks its server to go on."),
	OPTION(59, 6, "Rebinding time", SECONDS, .about = "When the client asks any server."),
	OPTION(60, 0, "Vendor class", TEXT),
	OPTION(61, 0, "Client identifier", BYTES),
	OPTION(66, 0, "TFTP server", TEXT),
	OPTION(67, 0, "Boot file", TEXT),
	OPTION(77, 0, "User class", BYTES),
	OPTION(80, 2, "Rapid commit"),
	OPTION(81, 0, "Full host name", BYTES),
	OPTION(82, 0, "Relay agent information", BYTES),
	OPTION(93, 0, "Client architecture", BYTES),
	OPTION(97, 0, "Machine identifier", BYTES),
	OPTION(100, 0, "POSIX time zone", TEXT),
	OPTION(101, 0, "Time zone name", TEXT),
	OPTION(108, 6, "IPv6-only preferred", SECONDS),
	OPTION(114, 0, "Captive portal", TEXT),
	OPTION(119, 0, "Domain search", BYTES),
	OPTION(120, 0, "SIP server", BYTES),
	OPTION(121, 0, "Classless routes", .text = routes_text),
	OPTION(125, 0, "Vendor options", BYTES),
	OPTION(150, 0, "TFTP server address", ADDRESSES),
	OPTION(252, 0, "Proxy configuration", TEXT),
	OPTION(END, 0, "End of options"),
};

static const struct proto_options options = {
	.row = option_rows,
	.count = sizeof(option_rows) / sizeof(option_rows[0]),
	.what = "DHCP option",
	.singles = 1,
	.end = END,
	.unit = 1,
	.beside = 2,
};

static void parameters_text(const struct walk *w, struct str *out, struct rd body)
{
	(void)w;
	for (const char *gap = ""; rd_left(&body); gap = ", ") {
		uint8_t kind = rd_u8(&body);
		const char *name = NULL;

		for (size_t i = 0; i < options.count && !name; i++)
			name = option_rows[i].kind == kind ? option_rows[i].name : NULL;
		str_add(out, gap);
		if (name)
			str_add(out, name);
		else
			str_addf(out, "%u", kind);
	}
}

/* ---- rows ---- */

static void dhcp_more(struct walk *w)
{
	if (w->head_len > HEADER)
		walk_options(w, 1, &options, w->head_at + HEADER, w->head_len - HEADER);
}

static void dhcp_heading(const struct walk *w, struct str *out)
{
	message_words(out, walk_rd(w, w->head_at, w->head_len));
}

/* A text in a field of fixed length, up to its first zero. */
static void field_text(const struct walk *w, struct str *out, size_t at, size_t len)
{
	struct rd r = walk_rd(w, w->head_at + at, len);

	safe_add_line(out, r.base, strnlen((const char *)r.base, r.len));
}

static void server_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)value;
	field_text(w, out, 44, 64);
}

static void file_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)value;
	field_text(w, out, 108, 128);
}

static const struct proto_field fields[] = {
	FIELD("Operation", 0, 8, SHOW_NAME, .names = &op_names),
	FIELD("Hardware type", 8, 8, SHOW_NAME, .names = &proto_arphrd_names),
	FIELD("Hardware address length", 16, 8, SHOW_DEC, .unit = "bytes"),
	FIELD("Hops", 24, 8, SHOW_DEC, .about = "Relays that it has passed."),
	FIELD("Transaction", 32, 32, SHOW_HEX, .about = "The same in a request and its answers."),
	FIELD("Seconds", 64, 16, SHOW_DEC, .about = "Since the client began."),
	FIELD("Broadcast", 80, 1, SHOW_FLAG,
	      .about = "The answer must go to all: the client has no address yet."),
	FIELD("Client address", CLIENT_ADDRESS * 8, 32, SHOW_IPV4,
	      .about = "The client's address, if it already has one."),
	FIELD("Your address", YOUR_ADDRESS * 8, 32, SHOW_IPV4,
	      .about = "The address that the server gives."),
	FIELD("Next server", 160, 32, SHOW_IPV4),
	FIELD("Relay", 192, 32, SHOW_IPV4),
	FIELD("Client hardware address", 224, 48, SHOW_MAC),
	FIELD("Server name", 352, 512, SHOW_OWN, .text = server_text),
	FIELD("Boot file", 864, 1024, SHOW_OWN, .text = file_text),
	FIELD("Magic cookie", 1888, 32, SHOW_HEX, .about = "Says that options follow."),
};

const struct proto proto_dhcp = {
	.name = "Dynamic Host Configuration Protocol",
	PROTO_FIELDS(fields),
	.scan = dhcp_scan,
	.heading = dhcp_heading,
	.more = dhcp_more,
	.summary = dhcp_summary,
};
