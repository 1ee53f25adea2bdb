/* Linux "cooked" captures, versions 1 and 2: what a capture on the interface "any" has instead of
 * Ethernet. */
#include "capture/proto.h"

enum { ARPHRD_NETLINK_ = 824 };

/* On netlink interfaces the protocol field holds a netlink family, not a type of Ethernet's. */
static const struct proto *enter(struct scan *s, uint16_t hardware, uint16_t type)
{
	if (hardware == ARPHRD_NETLINK_ || type <= 1500)
		return NULL;
	return proto_enter_ethertype(s, type);
}

static const struct proto *sll_scan(struct scan *s)
{
	uint16_t hardware;
	struct rd h;

	if (!scan_head(s, 16, &h))
		return NULL;
	rd_skip(&h, 2);
	hardware = rd_be16(&h);
	rd_skip(&h, 10);
	return enter(s, hardware, rd_be16(&h));
}

static const struct proto *sll2_scan(struct scan *s)
{
	uint16_t type;
	struct rd h;

	if (!scan_head(s, 20, &h))
		return NULL;
	type = rd_be16(&h);
	rd_skip(&h, 6);
	return enter(s, rd_be16(&h), type);
}

static const struct name direction_rows[] = {
	{ 0, "to us", NULL },		{ 1, "broadcast", NULL },  { 2, "multicast", NULL },
	{ 3, "to another host", NULL }, { 4, "sent by us", NULL },
};
static NAME_TABLE(direction_names, direction_rows, "packet type");

#define ABOUT_DIRECTION "Whether the capturing host sent the packet, or to whom it came."
#define ABOUT_HARDWARE	"The kind of the interface (ARPHRD_* of the kernel)."
#define ABOUT_LENGTH	"How many bytes of the address field are used."
#define ABOUT_ADDRESS	"The link-layer address of the sender."
#define ABOUT_PROTOCOL	"Which protocol is inside."
#define ABOUT_IFACE	"The number of the interface on the capturing host."

static const struct proto_field sll_fields[] = {
	FIELD("Packet type", 0, 16, SHOW_NAME, .names = &direction_names, .about = ABOUT_DIRECTION),
	FIELD("Hardware type", 16, 16, SHOW_NAME, .names = &proto_arphrd_names,
	      .about = ABOUT_HARDWARE),
	FIELD("Address length", 32, 16, SHOW_DEC, .unit = "bytes", .about = ABOUT_LENGTH),
	FIELD("Source", 48, 64, SHOW_BYTES, .about = ABOUT_ADDRESS),
	FIELD("Protocol", 112, 16, SHOW_NAME_HEX, .names = &proto_ethertype_names,
	      .about = ABOUT_PROTOCOL),
};

static const struct proto_field sll2_fields[] = {
	FIELD("Protocol", 0, 16, SHOW_NAME_HEX, .names = &proto_ethertype_names,
	      .about = ABOUT_PROTOCOL),
	FIELD("Reserved", 16, 16, SHOW_HEX),
	FIELD("Interface", 32, 32, SHOW_DEC, .about = ABOUT_IFACE),
	FIELD("Hardware type", 64, 16, SHOW_NAME, .names = &proto_arphrd_names,
	      .about = ABOUT_HARDWARE),
	FIELD("Packet type", 80, 8, SHOW_NAME, .names = &direction_names, .about = ABOUT_DIRECTION),
	FIELD("Address length", 88, 8, SHOW_DEC, .unit = "bytes", .about = ABOUT_LENGTH),
	FIELD("Source", 96, 64, SHOW_BYTES, .about = ABOUT_ADDRESS),
};

const struct proto proto_sll = {
	.name = "Linux cooked capture",
	PROTO_FIELDS(sll_fields),
	.scan = sll_scan,
};

const struct proto proto_sll2 = {
	.name = "Linux cooked capture v2",
	PROTO_FIELDS(sll2_fields),
	.scan = sll2_scan,
};
