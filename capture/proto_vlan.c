/* VLAN tags: IEEE 802.1Q and, around it, the provider's tag of 802.1ad. */
#include "capture/proto.h"

static const struct proto *vlan_scan(struct scan *s)
{
	struct rd h;

	if (!scan_head(s, 4, &h))
		return NULL;
	rd_skip(&h, 2);
	return proto_enter_ethertype(s, rd_be16(&h));
}

static void vlan_heading(const struct walk *w, struct str *out)
{
	struct rd h = walk_rd(w, w->head_at, w->head_len);
	uint16_t tag = rd_be16(&h);

	if (!h.short_read)
		str_addf(out, "VLAN %u", tag & 0xfff);
}

static const struct proto_field fields[] = {
	FIELD("Priority", 0, 3, SHOW_DEC,
	      .about = "0 (best effort) to 7: which frames a switch sends first."),
	FIELD("Drop eligible", 3, 1, SHOW_FLAG,
	      .about = "A switch that is short of room drops marked frames first."),
	FIELD("VLAN", 4, 12, SHOW_DEC, .about = "The virtual network that the frame belongs to."),
	FIELD("Type", 16, 16, SHOW_NAME_HEX, .names = &proto_ethertype_names,
	      .about = "Which protocol is inside the tagged frame."),
};

const struct proto proto_vlan = {
	.name = "IEEE 802.1Q tag",
	PROTO_FIELDS(fields),
	.scan = vlan_scan,
	.heading = vlan_heading,
};

const struct proto proto_service_vlan = {
	.name = "IEEE 802.1ad service tag",
	PROTO_FIELDS(fields),
	.scan = vlan_scan,
	.heading = vlan_heading,
};
