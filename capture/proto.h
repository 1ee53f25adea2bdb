/*
 * proto: what a protocol's file (proto_*.c) gives to the rest of this floor, and the tools it works
 *with. Internal to capture/.
 *
 * A protocol is one `struct proto`:
 *
 *	scan	reads the header into struct packet, consumes it, and says which protocol comes
 *next. It is the one place that knows how long the header is.  packet_parse() is a loop of scans.
 *	field	a table of the header's fields, which dissect() shows as rows.
 *	more	adds the rows that no table can say (options, quoted packets).
 *	summary	the words on the ladder's arrow.
 *
 * To add one: its file, a row in the table of what carries it (proto.c), a packet in
 * tests/packets/mkpackets.c and its golden text.
 */
#ifndef SOCKLENS_CAPTURE_PROTO_H
#define SOCKLENS_CAPTURE_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/dissect.h"
#include "capture/packet.h"
#include "src/core/names.h"
#include "src/core/rd.h"
#include "src/core/str.h"

#define PROTO_LAYERS_MAX 24 /* headers in one packet that are followed */
#define PROTO_QUOTES_MAX 4 /* packets quoted inside each other */

enum {
	ETHERTYPE_NONE = 0,
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_RESOLVE = 0x0806,
	ETHERTYPE_V6 = 0x86dd
};
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };
enum { VXLAN_PORT = 4789 };

/*
 * One reading of one packet.  r.base is the packet's first byte throughout, so r.at is an offset in
 * the packet; r.len shrinks to where the innermost layer ends, or to what was captured.
 */
struct scan {
	struct packet *p;
	struct rd r;
	size_t end; /* offset at which the layer ends by the length fields, captured or not */
	size_t body; /* offset of the payload by the header's length, where that was not captured;
			else 0 */
	bool rerouted; /* routed by its sender: the destination address may not be the final one */
	bool inside; /* of a tunnel, whose own headers have been read */
};

/*
 * In parts that the compiler turns into plain stores: for the whole it takes a string instruction,
 * whose start alone costs as much as the rest of the parsing.
 */
static inline void packet_clear(struct packet *p)
{
	uint8_t *bytes = (uint8_t *)p;

	_Static_assert(sizeof(*p) > 128 && sizeof(*p) <= 192, "three parts");
	memset(bytes, 0, 64);
	memset(bytes + 64, 0, 64);
	memset(bytes + 128, 0, sizeof(*p) - 128);
	p->wscale = -1;
}

struct walk;
struct proto;
struct summary;

/* Bytes that the layer still has by its length fields. */
static inline size_t scan_left(const struct scan *s)
{
	return s->end > s->r.at ? s->end - s->r.at : 0;
}

/* The layer has no more than n bytes from here. */
static inline void scan_limit(struct scan *s, size_t n)
{
	if (n < scan_left(s))
		s->end = s->r.at + n;
	if (n < rd_left(&s->r))
		s->r.len = s->r.at + n;
}

/*
 * Consumes n bytes and gives a reader on them.  False, and the packet marked as cut, if they are
 * not all there.  With a constant n the compiler drops the checks of the reads that follow.
 */
static inline bool scan_head(struct scan *s, size_t n, struct rd *head)
{
	const uint8_t *bytes = rd_bytes(&s->r, n);

	if (!bytes) {
		s->p->cut = true;
		return false;
	}
	*head = rd_on(bytes, n);
	return true;
}

/* A reader on what there is from offset `start` on: for the part of a header that scan_head() did
 * not give. */
static inline struct rd scan_again(const struct scan *s, size_t start)
{
	return (struct rd){ .base = s->r.base, .len = s->r.len, .at = start };
}

/* ---- the tables of fields ---- */

enum proto_show {
	SHOW_DEC, /* 20, with the unit behind */
	SHOW_HEX, /* 0x1c2e, as many digits as the field has */
	SHOW_NAME, /* TCP (6) */
	SHOW_NAME_HEX, /* IPv4 (0x0800) */
	SHOW_FLAG, /* set, not set */
	SHOW_WORDS, /* a number of 32-bit words, as bytes: 20 bytes (5 words) */
	SHOW_PORT, /* 80 (HTTP) */
	SHOW_MAC,
	SHOW_IPV4,
	SHOW_IPV6,
	SHOW_BYTES, /* hex */
	SHOW_OWN, /* the field's own function */
};

struct proto_field {
	const char *name;
	uint16_t at, bits; /* offset and width in bits; bits 0: to the end of the header */
	enum proto_show show;
	bool part; /* a part of the field above: shown one step deeper */
	const char *unit; /* SHOW_DEC: "bytes" */
	const struct name_table *names; /* SHOW_NAME … */
	void (*text)(const struct walk *w, struct str *out, uint64_t value); /* SHOW_OWN */
	const char *about; /* one sentence for a student */
};

/* A row of a table of fields; behind `show`: more members, as .about = "…". */
#define FIELD(field_name, bit, width, how, ...)                                                    \
	{                                                                                          \
		.name = field_name, .at = bit, .bits = width, .show = how, __VA_ARGS__             \
	}

struct proto {
	const char *name; /* "Transmission Control Protocol" */
	const struct proto_field *field;
	size_t fields;
	const struct proto *(*scan)(
		struct scan *s); /* the next protocol; NULL: the rest is payload */
	void (*heading)(const struct walk *w,
			struct str *out); /* text of the heading; may be NULL */
	void (*more)(struct walk *w); /* may be NULL */
	void (*summary)(struct str *out, const struct summary *s); /* may be NULL */
};

#define PROTO_FIELDS(table) .field = (table), .fields = sizeof(table) / sizeof((table)[0])
#define NAME_TABLE(id, rows, of)                                                                   \
	const struct name_table id = { .row = (rows),                                              \
				       .count = sizeof(rows) / sizeof((rows)[0]),                  \
				       .what = (of) }

extern const struct proto proto_ethernet, proto_vlan, proto_service_vlan, proto_sll, proto_sll2;
extern const struct proto proto_null, proto_loop, proto_raw;
extern const struct proto proto_ppp, proto_ppp_hdlc, proto_ppp_control, proto_pppoe, proto_c_hdlc;
extern const struct proto proto_gre, proto_vxlan;
extern const struct proto proto_arp, proto_ipv4, proto_ipv6;
extern const struct proto proto_hop_by_hop, proto_routing, proto_fragment, proto_destination,
	proto_auth;
extern const struct proto proto_tcp, proto_udp, proto_udplite, proto_icmp, proto_icmpv6, proto_igmp;

/* What comes behind a header; NULL if we do not know it. */
const struct proto *proto_of_link(uint32_t link);
const struct proto *proto_of_ethertype(uint16_t type);
const struct proto *proto_of_ip(uint8_t ip_version, uint8_t protocol);

/* Consumes a protocol number of Ethernet's kind and goes on: notes it in the packet, and gives its
 * protocol. */
const struct proto *proto_enter_ethertype(struct scan *s, uint16_t type);

/*
 * What IP carries, from here on.  A tunnel is not followed in a fragment: what is inside is known
 * when the datagram is whole.
 */
const struct proto *proto_enter_ip(struct scan *s, uint8_t protocol);

/*
 * A tunnel's content begins here.  Until an IP header (or ARP) is found inside, the packet stays
 * what its outer headers say; then proto_leave_tunnel() clears what they said.
 */
const struct proto *proto_enter_tunnel(struct scan *s, const struct proto *content);
void proto_leave_tunnel(struct scan *s);

extern const struct name_table proto_ethertype_names, proto_ip_names, proto_arphrd_names;
extern const struct name_table proto_ecn_names, proto_dscp_names;

/* Reads on from a protocol whose header starts at s->r.at, to the end.  Fills s->p. */
void proto_scan_all(struct scan *s, const struct proto *first);

/* The packet quoted at offset `at` of an ICMP error (version 4 or 6).  What lies behind caplen is
 * not there. */
void proto_parse_quote(struct packet *p, int ip_version, const void *bytes, size_t at,
		       size_t caplen);

/* ---- the walk of dissect() over one packet ---- */

struct walk {
	struct dissection *out;
	const uint8_t *bytes;
	size_t caplen;
	const struct conn *conn; /* NULL: none, or in a quoted packet */
	int dir;
	const struct addr_names *names;
	struct packet packet; /* what has been read so far, this layer included */
	struct scan scan; /* behind this layer's header; more() may consume on */
	const struct proto *proto; /* this layer */
	size_t head_at, head_len; /* this layer's header, as far as it is there */
	uint8_t depth; /* of the layers' headings: 0, more in a quoted packet */
	uint8_t quotes; /* how many packets it is quoted in */
	bool failed; /* memory ran out */
	struct dissect_row spare; /* receives what has no row then */
};

/*
 * Adds a row, `step` below the layer's heading, and gives a writer for its text (good until the
 * next row). Foreign bytes in it must be made harmless by whoever writes them.
 */
struct str walk_row(struct walk *w, unsigned step, size_t at, size_t len, const char *name,
		    const char *about);

/* Adds the rows of a table for the header (or part of one) at `at`; a field that is not all there
 * is left out.  True if all were. */
bool walk_fields(struct walk *w, unsigned step, const struct proto_field *field, size_t fields,
		 size_t at, size_t len);

/* The text of one field's value. */
void walk_field_text(const struct walk *w, struct str *out, const struct proto_field *f, size_t at,
		     size_t len);

/* A reader on len bytes of the packet from `at`; fewer, if they are not there. */
struct rd walk_rd(const struct walk *w, size_t at, size_t len);

/* Rows for the packet quoted at the scan's position, a step deeper; consumes all. */
void walk_quote(struct walk *w, const struct proto *first);

/* Rows of 16 bytes, hex and text, from `at` to `end`. */
void walk_hex(struct walk *w, unsigned step, size_t at, size_t end);

/* Option lists: of IPv4, TCP, IPv6 and neighbour discovery, which differ in details only. */
struct proto_option {
	uint8_t kind;
	uint8_t len; /* the only right length of the whole option; 0: any */
	const char *name;
	const struct proto_field
		*field; /* offsets from the option's first byte; one: shown in the option's row */
	size_t fields;
	void (*text)(const struct walk *w, struct str *out,
		     struct rd body); /* of the row; body: behind kind and length */
	void (*more)(struct walk *w, unsigned step, size_t at,
		     size_t len); /* rows below it; the whole option */
	const char *about;
};

#define OPTION(number, length, option_name, ...)                                                   \
	{                                                                                          \
		.kind = number, .len = length, .name = option_name, __VA_ARGS__                    \
	}

struct proto_options {
	const struct proto_option *row;
	size_t count;
	const char *what; /* "TCP option", before the number of an unknown one */
	uint8_t singles; /* kinds below this one are a single byte */
	bool zero_ends; /* kind 0 ends the list; the rest is padding */
	uint8_t end; /* a kind that ends the list, too, and is a single byte; 0: none */
	uint8_t unit; /* bytes that a length of 1 means */
	uint8_t beside; /* bytes of an option that its length does not count */
};

void walk_options(struct walk *w, unsigned step, const struct proto_options *list, size_t at,
		  size_t len);

/* ---- text ---- */

/* Appends an address, and its name in parentheses where names has it. */
void proto_ip_text(struct str *out, int ip_version, const uint8_t *ip,
		   const struct addr_names *names);
void proto_mac_text(struct str *out, const uint8_t mac[6]);
void proto_bytes_text(struct str *out, struct rd bytes); /* "0a 1b 2c", "..." where it gets long */

/* "TCP", "SCTP", "protocol 200". */
void proto_ip_name(struct str *out, uint8_t protocol);

/* ---- checksums, RFC 1071 ---- */

uint32_t proto_sum(uint32_t sum, struct rd bytes); /* adds 16-bit words */
uint16_t proto_fold(uint32_t sum);

/* Appends "0x1c2e correct" or what is wrong.  sum: over all that it covers, itself included. */
void proto_checksum_text(struct str *out, uint16_t stored, uint32_t sum);

/* The same for the transport header of this layer, with the pseudo-header of its IP version
 * (pseudo: false for ICMP over IPv4). */
void walk_checksum_text(const struct walk *w, struct str *out, uint16_t stored, bool pseudo);

/* The same of a checksum that covers only the first bytes of the layer: UDP-Lite. */
void walk_checksum_part(const struct walk *w, struct str *out, uint16_t stored, size_t cover);

#define CHECKSUM_ABOUT                                                                             \
	" A capture on the sending host can show one that is only begun, with the addresses, "     \
	"because its network card does the rest; on lo nobody does."

/* ---- the ladder's words ---- */

struct summary {
	const struct packet *p;
	const struct conn *conn; /* may be NULL */
	int dir;
	const uint8_t *bytes;
	size_t caplen;
};

/* ---- what TCP and UDP carry (proto_app.c) ---- */

/*
 * Chosen by port and by what the content looks like, and read within one segment.  An application's
 * scan() is called by dissect() only: the fast reading ends with the transport header.
 */
extern const struct proto proto_dns, proto_dns_tcp, proto_http, proto_tls, proto_dhcp;

/* What the layer that was just read carries, if it is TCP or UDP; NULL. */
const struct proto *proto_app_after(const struct walk *w);

/* Appends "  DNS query A example.org", or nothing. */
void proto_app_summary(struct str *out, const struct summary *s);

#endif
