/* VXLAN, RFC 7348: Ethernet frames in UDP. */
#include "capture/proto.h"

static const struct proto *vxlan_scan(struct scan *s)
{
	struct rd h;

	if (!scan_head(s, 8, &h))
		return NULL;
	return proto_enter_tunnel(s, &proto_ethernet);
}

static void vxlan_heading(const struct walk *w, struct str *out)
{
	struct rd h = walk_rd(w, w->head_at, w->head_len);

	rd_skip(&h, 4);
	if (rd_left(&h) == 4)
		str_addf(out, "network %u", rd_be32(&h) >> 8);
}

static const struct proto_field fields[] = {
	FIELD("Flags", 0, 8, SHOW_HEX),
	FIELD("Network valid", 4, 1, SHOW_FLAG, .part = true,
	      .about = "Always set: the network identifier is in use."),
	FIELD("Reserved", 8, 24, SHOW_HEX),
	FIELD("Network identifier", 32, 24, SHOW_DEC,
	      .about = "The virtual network (VNI) that the frame inside belongs to."),
	FIELD("Reserved", 56, 8, SHOW_HEX),
};

const struct proto proto_vxlan = {
	.name = "VXLAN",
	PROTO_FIELDS(fields),
	.scan = vxlan_scan,
	.heading = vxlan_heading,
};
