/*
 * BSD loopback and raw IP.  The loopback header is the number of the address family: of the
 * capturing host in its own byte order (LINK_NULL), or in network order (LINK_LOOP).  AF_INET is 2
 * everywhere, AF_INET6 differs from system to system.
 */
#include "capture/proto.h"

static const struct name family_rows[] = {
	{ 2, "AF_INET", NULL },
	{ 10, "AF_INET6 of Linux", NULL },
	{ 24, "AF_INET6 of NetBSD and OpenBSD", NULL },
	{ 28, "AF_INET6 of FreeBSD", NULL },
	{ 30, "AF_INET6 of macOS", NULL },
};
static NAME_TABLE(family_names, family_rows, "address family");

static const struct proto *of_family(uint32_t family)
{
	if (family == 2)
		return &proto_ipv4;
	return name_of(&family_names, family) ? &proto_ipv6 : NULL;
}

/* Families are small numbers, so the order that gives a small one is the right one. */
static uint32_t either_order(struct rd h)
{
	struct rd again = h;
	uint32_t little = rd_le32(&h);

	return little <= 0xffff ? little : rd_be32(&again);
}

static const struct proto *null_scan(struct scan *s)
{
	struct rd h;

	return scan_head(s, 4, &h) ? of_family(either_order(h)) : NULL;
}

static const struct proto *loop_scan(struct scan *s)
{
	struct rd h;

	return scan_head(s, 4, &h) ? of_family(rd_be32(&h)) : NULL;
}

/* No header at all: the IP version is the first thing there is. */
static const struct proto *raw_scan(struct scan *s)
{
	struct rd peek = s->r;
	uint8_t version = rd_u8(&peek) >> 4;

	if (version == 4)
		return &proto_ipv4;
	if (version == 6)
		return &proto_ipv6;
	s->p->cut = true;
	return NULL;
}

static void family_text(const struct walk *w, struct str *out, uint64_t value)
{
	uint32_t family = either_order(walk_rd(w, w->head_at, 4));
	const struct name *n = name_of(&family_names, family);

	(void)value;
	str_addf(out, "%s (%u)", n ? n->name : "unknown", family);
}

static const struct proto_field null_fields[] = {
	FIELD("Family", 0, 32, SHOW_OWN, .text = family_text,
	      .about = "The address family, in the byte order of the host that captured."),
};

static const struct proto_field loop_fields[] = {
	FIELD("Family", 0, 32, SHOW_NAME, .names = &family_names,
	      .about = "The address family of the packet."),
};

const struct proto proto_null = {
	.name = "BSD loopback (host order)",
	PROTO_FIELDS(null_fields),
	.scan = null_scan,
};

const struct proto proto_loop = {
	.name = "BSD loopback",
	PROTO_FIELDS(loop_fields),
	.scan = loop_scan,
};

const struct proto proto_raw = { .name = "Raw IP", .scan = raw_scan };
