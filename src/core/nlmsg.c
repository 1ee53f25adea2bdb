/*
 * What follows a header depends on the type: a small struct, then attributes.  A kind of message is a row: the
 * struct's fields, and the attributes by number.  Numbers are in the machine's order; padding is to four bytes.
 */
#include "src/core/nlmsg.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "src/core/names_table.h"
#include "src/core/safe.h"

#define SUMMARY_TYPES 4 /* different types in a summary; then … */

/* ---- names ---- */

/* clang-format off */
static const struct name table_rows[] = {
	PLAIN(RT_TABLE_UNSPEC), PLAIN(RT_TABLE_DEFAULT), PLAIN(RT_TABLE_MAIN), PLAIN(RT_TABLE_LOCAL),
};
static const struct name_table tables = TABLE(table_rows, "routing table");

static const struct name origin_rows[] = {
	PLAIN(RTPROT_UNSPEC), PLAIN(RTPROT_REDIRECT), PLAIN(RTPROT_KERNEL), PLAIN(RTPROT_BOOT),
	PLAIN(RTPROT_STATIC), PLAIN(RTPROT_RA), PLAIN(RTPROT_DHCP),
};
static const struct name_table origins = TABLE(origin_rows, "origin of a route");

static const struct name scope_rows[] = {
	PLAIN(RT_SCOPE_UNIVERSE), PLAIN(RT_SCOPE_SITE), PLAIN(RT_SCOPE_LINK), PLAIN(RT_SCOPE_HOST),
	PLAIN(RT_SCOPE_NOWHERE),
};
static const struct name_table scopes = TABLE(scope_rows, "scope");

static const struct name route_rows[] = {
	PLAIN(RTN_UNSPEC), PLAIN(RTN_UNICAST), PLAIN(RTN_LOCAL), PLAIN(RTN_BROADCAST), PLAIN(RTN_ANYCAST),
	PLAIN(RTN_MULTICAST), PLAIN(RTN_BLACKHOLE), PLAIN(RTN_UNREACHABLE), PLAIN(RTN_PROHIBIT), PLAIN(RTN_THROW),
};
static const struct name_table routes = TABLE(route_rows, "kind of route");

static const struct name neighbour_rows[] = {
	PLAIN(NUD_INCOMPLETE), PLAIN(NUD_REACHABLE), PLAIN(NUD_STALE), PLAIN(NUD_DELAY), PLAIN(NUD_PROBE),
	PLAIN(NUD_FAILED), PLAIN(NUD_NOARP), PLAIN(NUD_PERMANENT),
};
static const struct name_table neighbours = TABLE(neighbour_rows, "state of a neighbour");

/* ---- what the kinds of messages are made of ---- */

enum show { AS_NUMBER, AS_NAME, AS_FLAGS, AS_PREFIX };

struct part {			/* of the struct behind the header */
	uint8_t at, size;
	enum show show;
	const struct name_table *names;
	const char *word;	/* before a number; 0 is not shown then */
};

enum attr_kind { ATTR_BYTES, ATTR_NUMBER, ATTR_IP, ATTR_HARDWARE, ATTR_TEXT };

struct attr {
	uint16_t type;
	const char *name;
	enum attr_kind kind;
};
#define ATTR(constant, how) { constant, #constant, how }

struct kind {
	uint16_t first, last;	/* types */
	uint8_t size;		/* of the struct */
	struct part part[7];
	const struct attr *attr;
	size_t attrs;
};
#define ATTRS(list) list, sizeof(list) / sizeof((list)[0])

static const struct attr route_attrs[] = {
	ATTR(RTA_DST, ATTR_IP), ATTR(RTA_SRC, ATTR_IP), ATTR(RTA_IIF, ATTR_NUMBER), ATTR(RTA_OIF, ATTR_NUMBER),
	ATTR(RTA_GATEWAY, ATTR_IP), ATTR(RTA_PRIORITY, ATTR_NUMBER), ATTR(RTA_PREFSRC, ATTR_IP),
	ATTR(RTA_METRICS, ATTR_BYTES), ATTR(RTA_MULTIPATH, ATTR_BYTES), ATTR(RTA_FLOW, ATTR_NUMBER),
	ATTR(RTA_CACHEINFO, ATTR_BYTES), ATTR(RTA_TABLE, ATTR_NUMBER), ATTR(RTA_MARK, ATTR_NUMBER),
	ATTR(RTA_VIA, ATTR_BYTES), ATTR(RTA_PREF, ATTR_NUMBER), ATTR(RTA_EXPIRES, ATTR_NUMBER),
};

static const struct attr link_attrs[] = {
	ATTR(IFLA_ADDRESS, ATTR_HARDWARE), ATTR(IFLA_BROADCAST, ATTR_HARDWARE), ATTR(IFLA_IFNAME, ATTR_TEXT),
	ATTR(IFLA_MTU, ATTR_NUMBER), ATTR(IFLA_LINK, ATTR_NUMBER), ATTR(IFLA_QDISC, ATTR_TEXT),
	ATTR(IFLA_STATS, ATTR_BYTES), ATTR(IFLA_MASTER, ATTR_NUMBER), ATTR(IFLA_TXQLEN, ATTR_NUMBER),
	ATTR(IFLA_MAP, ATTR_BYTES), ATTR(IFLA_OPERSTATE, ATTR_NUMBER), ATTR(IFLA_LINKMODE, ATTR_NUMBER),
	ATTR(IFLA_LINKINFO, ATTR_BYTES), ATTR(IFLA_NET_NS_PID, ATTR_NUMBER), ATTR(IFLA_NUM_VF, ATTR_NUMBER),
	ATTR(IFLA_STATS64, ATTR_BYTES), ATTR(IFLA_AF_SPEC, ATTR_BYTES), ATTR(IFLA_GROUP, ATTR_NUMBER),
	ATTR(IFLA_PROMISCUITY, ATTR_NUMBER), ATTR(IFLA_NUM_TX_QUEUES, ATTR_NUMBER),
	ATTR(IFLA_NUM_RX_QUEUES, ATTR_NUMBER), ATTR(IFLA_CARRIER, ATTR_NUMBER),
	ATTR(IFLA_LINK_NETNSID, ATTR_NUMBER), ATTR(IFLA_GSO_MAX_SEGS, ATTR_NUMBER),
	ATTR(IFLA_GSO_MAX_SIZE, ATTR_NUMBER), ATTR(IFLA_XDP, ATTR_BYTES), ATTR(IFLA_MIN_MTU, ATTR_NUMBER),
	ATTR(IFLA_MAX_MTU, ATTR_NUMBER), ATTR(IFLA_PERM_ADDRESS, ATTR_HARDWARE),
};

static const struct attr addr_attrs[] = {
	ATTR(IFA_ADDRESS, ATTR_IP), ATTR(IFA_LOCAL, ATTR_IP), ATTR(IFA_LABEL, ATTR_TEXT),
	ATTR(IFA_BROADCAST, ATTR_IP), ATTR(IFA_ANYCAST, ATTR_IP), ATTR(IFA_CACHEINFO, ATTR_BYTES),
	ATTR(IFA_MULTICAST, ATTR_IP), ATTR(IFA_FLAGS, ATTR_NUMBER), ATTR(IFA_RT_PRIORITY, ATTR_NUMBER),
};

static const struct attr neighbour_attrs[] = {
	ATTR(NDA_DST, ATTR_IP), ATTR(NDA_LLADDR, ATTR_HARDWARE), ATTR(NDA_CACHEINFO, ATTR_BYTES),
	ATTR(NDA_PROBES, ATTR_NUMBER),
};

#define FAMILY { 0, 1, AS_NAME, &names_family, NULL }
static const struct kind kinds[] = {
	{ RTM_NEWROUTE, RTM_GETROUTE, sizeof(struct rtmsg),
	  { FAMILY, { 1, 1, AS_PREFIX, NULL, NULL }, { 4, 1, AS_NAME, &tables, NULL },
	    { 5, 1, AS_NAME, &origins, NULL }, { 6, 1, AS_NAME, &scopes, NULL },
	    { 7, 1, AS_NAME, &routes, NULL } },
	  ATTRS(route_attrs) },
	{ RTM_NEWLINK, RTM_SETLINK, sizeof(struct ifinfomsg),
	  { FAMILY, { 4, 4, AS_NUMBER, NULL, "interface " }, { 8, 4, AS_FLAGS, &names_ifflag, NULL } },
	  ATTRS(link_attrs) },
	{ RTM_NEWADDR, RTM_GETADDR, sizeof(struct ifaddrmsg),
	  { FAMILY, { 1, 1, AS_PREFIX, NULL, NULL }, { 3, 1, AS_NAME, &scopes, NULL },
	    { 4, 4, AS_NUMBER, NULL, "interface " } },
	  ATTRS(addr_attrs) },
	{ RTM_NEWNEIGH, RTM_GETNEIGH, sizeof(struct ndmsg),
	  { FAMILY, { 4, 4, AS_NUMBER, NULL, "interface " }, { 8, 2, AS_FLAGS, &neighbours, NULL } },
	  ATTRS(neighbour_attrs) },
};
/* clang-format on */

static const struct kind *kind_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (type >= kinds[i].first && type <= kinds[i].last)
			return &kinds[i];
	return NULL;
}

/* ---- reading ---- */

/* A number of 1, 2, 4 or 8 bytes in the machine's order; less is taken as 0. */
static uint64_t number(struct rd *r, size_t size)
{
	uint64_t wide = 0;
	uint32_t normal = 0;
	uint16_t half = 0;

	switch (size) {
	case 1:
		return rd_u8(r);
	case sizeof(half):
		rd_copy(r, &half, sizeof(half));
		return half;
	case sizeof(normal):
		rd_copy(r, &normal, sizeof(normal));
		return normal;
	case sizeof(wide):
		rd_copy(r, &wide, sizeof(wide));
		return wide;
	default:
		rd_skip(r, size);
		return 0;
	}
}

static void skip_padding(struct rd *r, size_t len)
{
	size_t padding = (4 - len % 4) % 4;

	rd_skip(r, padding < rd_left(r) ? padding : rd_left(r));
}

bool nlmsg_next(struct rd *r, struct nlmsg *m)
{
	*m = (struct nlmsg){ .len = (uint32_t)number(r, 4) };
	m->type = (uint16_t)number(r, 2);
	m->flags = (uint16_t)number(r, 2);
	m->seq = (uint32_t)number(r, 4);
	m->pid = (uint32_t)number(r, 4);
	if (r->short_read || m->len < sizeof(struct nlmsghdr))
		return false;
	m->body = rd_sub(r, m->len - sizeof(struct nlmsghdr));
	skip_padding(r, m->len);
	return true;
}

bool nlmsg_attr(struct rd *r, uint16_t *type, struct rd *value)
{
	size_t len = (size_t)number(r, 2);

	*type = (uint16_t)number(r, 2) & NLA_TYPE_MASK;
	if (r->short_read || len < sizeof(struct nlattr))
		return false;
	*value = rd_sub(r, len - sizeof(struct nlattr));
	skip_padding(r, len);
	return !value->short_read;
}

/* ---- as text ---- */

/* Adds a comma where something stands before. */
static void separate(struct str *out, const char **comma)
{
	str_add(out, *comma);
	*comma = ", ";
}

static void part_text(struct str *out, const char **comma, const struct part *p, struct rd body)
{
	uint64_t n;

	rd_skip(&body, p->at);
	n = number(&body, p->size);
	if (body.short_read || ((p->word || p->show == AS_FLAGS) && n == 0))
		return;
	separate(out, comma);
	switch (p->show) {
	case AS_NUMBER:
		str_addf(out, "%s%llu", p->word ? p->word : "", (unsigned long long)n);
		break;
	case AS_PREFIX:
		str_addf(out, "/%llu", (unsigned long long)n);
		break;
	case AS_NAME:
		name_add(out, p->names, (int64_t)n);
		break;
	case AS_FLAGS:
		name_add_flags(out, p->names, (int64_t)n);
		break;
	}
}

static void hardware_text(struct str *out, struct rd value)
{
	for (size_t i = 0; rd_left(&value); i++)
		str_addf(out, "%s%02x", i ? ":" : "", rd_u8(&value));
}

static void ip_text(struct str *out, struct rd value)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = rd_left(&value);
	const uint8_t *ip = rd_bytes(&value, len);

	if (ip && (len == 4 || len == 16))
		str_add(out, inet_ntop(len == 4 ? AF_INET : AF_INET6, ip, text, sizeof(text)));
	else
		str_addf(out, "%zu bytes", len);
}

static void text_text(struct str *out, struct rd value)
{
	size_t len = rd_left(&value);
	const char *text = (const char *)rd_bytes(&value, len);

	safe_add_quoted(out, text ? text : "", text ? strnlen(text, len) : 0, 64);
}

static void value_text(struct str *out, enum attr_kind kind, struct rd value)
{
	size_t len = rd_left(&value);
	bool is_number = len == 1 || len == 2 || len == 4 || len == 8;

	if (kind == ATTR_NUMBER && is_number)
		str_addf(out, "%llu", (unsigned long long)number(&value, len));
	else if (kind == ATTR_IP)
		ip_text(out, value);
	else if (kind == ATTR_HARDWARE && len <= 20)
		hardware_text(out, value);
	else if (kind == ATTR_TEXT)
		text_text(out, value);
	else
		str_addf(out, "%zu bytes", len);
}

static void attr_text(struct str *out, const struct kind *k, uint16_t type, struct rd value)
{
	for (size_t i = 0; i < k->attrs; i++) {
		if (k->attr[i].type != type)
			continue;
		str_addf(out, "%s ", k->attr[i].name);
		value_text(out, k->attr[i].kind, value);
		return;
	}
	str_addf(out, "attribute %u %zu bytes", type, rd_left(&value));
}

static void body_text(struct str *out, const struct nlmsg *m)
{
	const struct kind *k = kind_of(m->type);
	struct rd attrs = m->body, value;
	const char *comma = ": ";
	uint16_t type;

	if (!k)
		return;
	for (size_t i = 0; i < sizeof(k->part) / sizeof(k->part[0]) && k->part[i].size; i++)
		part_text(out, &comma, &k->part[i], m->body);
	rd_skip(&attrs, k->size);
	comma = "; ";
	while (rd_left(&attrs) && nlmsg_attr(&attrs, &type, &value)) {
		separate(out, &comma);
		attr_text(out, k, type, value);
	}
	if (m->body.short_read || attrs.short_read)
		str_add(out, ", …");
}

static void error_text(struct str *out, struct rd body)
{
	int32_t error = (int32_t)number(&body, sizeof(error));

	str_add(out, ": ");
	if (body.short_read)
		str_add(out, "…");
	else if (error == 0)
		str_add(out, "0, it is done");
	else
		name_add(out, &names_errno, -(int64_t)error);
}

/* Those that make something use some bits for other flags than those that ask. */
static const struct name_table *flags_of(const struct nlmsg *m)
{
	bool asks = m->type % 4 == 2 || m->type < RTM_BASE;

	return (m->flags & NLM_F_REQUEST) && !asks ? &names_nlm_new_flag : &names_nlm_flag;
}

static bool is_control(uint16_t type)
{
	return type < NLMSG_MIN_TYPE;
}

static void type_text(struct str *out, uint16_t type, int protocol)
{
	if (is_control(type) || protocol == NETLINK_ROUTE)
		name_add(out, &names_nlmsg, type);
	else
		str_addf(out, "type %u", type);
}

void nlmsg_text(struct str *out, const struct nlmsg *m, int protocol)
{
	str_char(out, '{');
	type_text(out, m->type, protocol);
	if (m->flags) {
		str_add(out, ", ");
		name_add_flags(out, flags_of(m), m->flags);
	}
	str_addf(out, ", seq %u", m->seq);
	if (m->type == NLMSG_ERROR)
		error_text(out, m->body);
	else if (protocol == NETLINK_ROUTE)
		body_text(out, m);
	else if (!is_control(m->type))
		str_addf(out, ": %zu bytes", rd_left(&m->body));
	str_char(out, '}');
}

/* ---- a datagram in a few words ---- */

struct counted {
	uint16_t type, flags;
	unsigned count;
};

static void counted_text(struct str *out, const struct counted *c, int protocol)
{
	bool dumps = (c->flags & NLM_F_REQUEST) && (c->flags & NLM_F_DUMP) == NLM_F_DUMP &&
		     c->type % 4 == 2;

	type_text(out, c->type, protocol);
	str_add(out, dumps ? " dump" : "");
	if (c->count > 1)
		str_addf(out, " ×%u", c->count);
}

void nlmsg_summary(struct str *out, const void *bytes, size_t len, int protocol)
{
	struct counted seen[SUMMARY_TYPES];
	struct rd r = rd_on(bytes, len);
	size_t count = 0;
	bool more = false;
	struct nlmsg m;

	while (rd_left(&r) && nlmsg_next(&r, &m)) {
		if (count && seen[count - 1].type == m.type)
			seen[count - 1].count++;
		else if (count < SUMMARY_TYPES)
			seen[count++] = (struct counted){ m.type, m.flags, 1 };
		else
			more = true;
	}
	for (size_t i = 0; i < count; i++) {
		str_add(out, i ? ", " : "");
		counted_text(out, &seen[i], protocol);
	}
	str_add(out, more ? ", …" : "");
}

/* ---- making ---- */

size_t nlmsg_request(uint16_t type, uint16_t flags, uint32_t seq, uint8_t family, void *dst,
		     size_t cap)
{
	const struct kind *k = kind_of(type);
	struct nlmsghdr head = { .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq };
	size_t len = sizeof(head) + (k ? k->size : 0);

	if (len > cap)
		return 0;
	head.nlmsg_len = (uint32_t)len;
	memset(dst, 0, len);
	memcpy(dst, &head, sizeof(head));
	if (k)
		memcpy((uint8_t *)dst + sizeof(head), &family, sizeof(family));
	return len;
}
