/* Ethernet II and IEEE 802.3. */
#include "capture/proto.h"

static const struct proto *ethernet_scan(struct scan *s)
{
	struct rd h;

	if (!scan_head(s, 14, &h))
		return NULL;
	rd_skip(&h, 12);
	return proto_enter_ethertype(s, rd_be16(&h));
}

static void ethernet_heading(const struct walk *w, struct str *out)
{
	struct rd h = walk_rd(w, w->head_at, w->head_len);
	uint8_t dst[6], src[6];

	rd_copy(&h, dst, sizeof(dst));
	rd_copy(&h, src, sizeof(src));
	if (h.short_read)
		return;
	proto_mac_text(out, src);
	str_add(out, " → ");
	proto_mac_text(out, dst);
}

static void type_text(const struct walk *w, struct str *out, uint64_t value)
{
	const struct name *n = name_of(&proto_ethertype_names, (int64_t)value);

	(void)w;
	if (value <= 1500)
		str_addf(out, "%u bytes (a length: IEEE 802.3)", (unsigned)value);
	else
		str_addf(out, "%s (0x%04x)", n ? n->name : "unknown", (unsigned)value);
}

static const struct proto_field fields[] = {
	FIELD("Destination", 0, 48, SHOW_MAC,
	      .about = "The network card on this link that the frame is for."),
	FIELD("Source", 48, 48, SHOW_MAC,
	      .about = "The network card on this link that sent the frame."),
	FIELD("Type", 96, 16, SHOW_OWN, .text = type_text,
	      .about = "Which protocol is inside; up to 1500 it is the length of the frame "
		       "instead."),
};

const struct proto proto_ethernet = {
	.name = "Ethernet",
	PROTO_FIELDS(fields),
	.scan = ethernet_scan,
	.heading = ethernet_heading,
};
