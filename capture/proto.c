#include "capture/proto.h"

#include <arpa/inet.h>
#include <string.h>

#include "src/core/safe.h"

/* ---- what carries what ---- */

struct carried {
	uint32_t number;
	uint8_t versions; /* of IP, as bits 1 << version; 0: no matter */
	const struct proto *proto;
};

#define V4 (1 << 4)
#define V6 (1 << 6)

static const struct carried by_link[] = {
	{ LINK_ETHERNET, 0, &proto_ethernet }, { LINK_SLL2, 0, &proto_sll2 },
	{ LINK_SLL, 0, &proto_sll },	       { LINK_RAW, 0, &proto_raw },
	{ LINK_NULL, 0, &proto_null },	       { LINK_LOOP, 0, &proto_loop },
	{ LINK_IPV4, 0, &proto_ipv4 },	       { LINK_IPV6, 0, &proto_ipv6 },
	{ LINK_PPP, 0, &proto_ppp },	       { LINK_PPP_HDLC, 0, &proto_ppp_hdlc },
	{ LINK_PPP_ETHER, 0, &proto_pppoe },   { LINK_C_HDLC, 0, &proto_c_hdlc },
};

/* The most frequent ones first: the tables are searched from the top. */
static const struct carried by_ethertype[] = {
	{ ETHERTYPE_V4, 0, &proto_ipv4 },     { ETHERTYPE_V6, 0, &proto_ipv6 },
	{ ETHERTYPE_RESOLVE, 0, &proto_arp }, { 0x8100, 0, &proto_vlan },
	{ 0x88a8, 0, &proto_service_vlan },   { 0x9100, 0, &proto_service_vlan },
	{ 0x8864, 0, &proto_pppoe },
};

static const struct carried by_ip[] = {
	{ PROTOCOL_TCP, V4 | V6, &proto_tcp },
	{ PROTOCOL_UDP, V4 | V6, &proto_udp },
	{ PROTOCOL_ICMP, V4, &proto_icmp },
	{ PROTOCOL_ICMPV6, V6, &proto_icmpv6 },
	{ 0, V6, &proto_hop_by_hop },
	{ 43, V6, &proto_routing },
	{ 44, V6, &proto_fragment },
	{ 60, V6, &proto_destination },
	{ 51, V4 | V6, &proto_auth },
	{ 4, V4 | V6, &proto_ipv4 },
	{ 41, V4 | V6, &proto_ipv6 },
	{ 47, V4 | V6, &proto_gre },
	{ 2, V4, &proto_igmp },
	{ 136, V4 | V6, &proto_udplite },
};

static const struct proto *find(const struct carried *table, size_t count, uint32_t number,
				unsigned ip_version)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].versions && !(table[i].versions & 1u << ip_version)
				       ? NULL
				       : table[i].proto;
	return NULL;
}

#define FIND(table, number, ip_version)                                                            \
	find(table, sizeof(table) / sizeof((table)[0]), number, ip_version)

const struct proto *proto_of_link(uint32_t link)
{
	return FIND(by_link, link, 0);
}

const struct proto *proto_of_ethertype(uint16_t type)
{
	return FIND(by_ethertype, type, 0);
}

const struct proto *proto_of_ip(uint8_t ip_version, uint8_t protocol)
{
	return FIND(by_ip, protocol, ip_version);
}

/* IEEE 802.3 section 3.2.6: up to 1500 it is not a type but the length of what follows. */
const struct proto *proto_enter_ethertype(struct scan *s, uint16_t type)
{
	if (type <= 1500) {
		scan_limit(s, type);
		return NULL;
	}
	s->p->ethertype = type;
	return proto_of_ethertype(type);
}

const struct proto *proto_enter_ip(struct scan *s, uint8_t protocol)
{
	const struct proto *next = proto_of_ip(s->p->ip_version, protocol);

	if (next != &proto_ipv4 && next != &proto_ipv6 && next != &proto_gre)
		return next;
	return s->p->fragment ? NULL : proto_enter_tunnel(s, next);
}

const struct proto *proto_enter_tunnel(struct scan *s, const struct proto *content)
{
	if (!s->body)
		s->body = s->r.at;
	s->inside = true;
	return content;
}

void proto_leave_tunnel(struct scan *s)
{
	struct packet *p = s->p;

	s->inside = s->rerouted = false;
	s->body = 0;
	p->ip_version = p->protocol = p->ttl = p->ecn = 0;
	p->ip_id = p->src_port = p->dst_port = p->ppp_protocol = 0;
	p->has_ports = p->has_transport = p->payload_known = false;
	p->transport_at = 0;
	memset(p->src, 0, sizeof(p->src));
	memset(p->dst, 0, sizeof(p->dst));
}

static const struct name ethertype_rows[] = {
	{ 0x0800, "IPv4", NULL },
	{ 0x0806, "ARP", NULL },
	{ 0x0842, "Wake-on-LAN", NULL },
	{ 0x22f0, "AVTP", NULL },
	{ 0x8035, "RARP", NULL },
	{ 0x809b, "AppleTalk", NULL },
	{ 0x8100, "802.1Q", NULL },
	{ 0x8137, "IPX", NULL },
	{ 0x86dd, "IPv6", NULL },
	{ 0x8808, "Ethernet flow control", NULL },
	{ 0x8809, "LACP", NULL },
	{ 0x8847, "MPLS", NULL },
	{ 0x8848, "MPLS multicast", NULL },
	{ 0x8863, "PPPoE discovery", NULL },
	{ 0x8864, "PPPoE session", NULL },
	{ 0x888e, "802.1X", NULL },
	{ 0x88a8, "802.1ad", NULL },
	{ 0x88cc, "LLDP", NULL },
	{ 0x88e5, "MACsec", NULL },
	{ 0x88f7, "PTP", NULL },
	{ 0x8906, "FCoE", NULL },
	{ 0x9000, "Ethernet loopback", NULL },
	{ 0x9100, "802.1Q double tag", NULL },
};
NAME_TABLE(proto_ethertype_names, ethertype_rows, "EtherType");

static const struct name ip_rows[] = {
	{ 0, "hop-by-hop options", NULL },
	{ 1, "ICMP", NULL },
	{ 2, "IGMP", NULL },
	{ 4, "IPv4", NULL },
	{ 6, "TCP", NULL },
	{ 8, "EGP", NULL },
	{ 17, "UDP", NULL },
	{ 33, "DCCP", NULL },
	{ 41, "IPv6", NULL },
	{ 43, "routing header", NULL },
	{ 44, "fragment header", NULL },
	{ 46, "RSVP", NULL },
	{ 47, "GRE", NULL },
	{ 50, "ESP", NULL },
	{ 51, "AH", NULL },
	{ 58, "ICMPv6", NULL },
	{ 59, "no next header", NULL },
	{ 60, "destination options", NULL },
	{ 88, "EIGRP", NULL },
	{ 89, "OSPF", NULL },
	{ 94, "IPIP", NULL },
	{ 103, "PIM", NULL },
	{ 112, "VRRP", NULL },
	{ 115, "L2TP", NULL },
	{ 132, "SCTP", NULL },
	{ 135, "mobility header", NULL },
	{ 136, "UDP-Lite", NULL },
	{ 137, "MPLS", NULL },
	{ 139, "HIP", NULL },
	{ 140, "Shim6", NULL },
	{ 255, "reserved", NULL },
};
NAME_TABLE(proto_ip_names, ip_rows, "IP protocol");

static const struct name ecn_rows[] = {
	{ 0, "Not-ECT", NULL },
	{ 1, "ECT(1)", NULL },
	{ 2, "ECT(0)", NULL },
	{ 3, "CE", NULL },
};
NAME_TABLE(proto_ecn_names, ecn_rows, "ECN codepoint");

static const struct name dscp_rows[] = {
	{ 0, "default", NULL }, { 1, "LE", NULL },	     { 8, "CS1", NULL },
	{ 10, "AF11", NULL },	{ 12, "AF12", NULL },	     { 14, "AF13", NULL },
	{ 16, "CS2", NULL },	{ 18, "AF21", NULL },	     { 20, "AF22", NULL },
	{ 22, "AF23", NULL },	{ 24, "CS3", NULL },	     { 26, "AF31", NULL },
	{ 28, "AF32", NULL },	{ 30, "AF33", NULL },	     { 32, "CS4", NULL },
	{ 34, "AF41", NULL },	{ 36, "AF42", NULL },	     { 38, "AF43", NULL },
	{ 40, "CS5", NULL },	{ 44, "VOICE-ADMIT", NULL }, { 46, "EF", NULL },
	{ 48, "CS6", NULL },	{ 56, "CS7", NULL },
};
NAME_TABLE(proto_dscp_names, dscp_rows, "DSCP");

static const struct name arphrd_rows[] = {
	{ 1, "Ethernet", NULL },
	{ 6, "IEEE 802", NULL },
	{ 512, "PPP", NULL },
	{ 768, "IP in IP tunnel", NULL },
	{ 772, "loopback", NULL },
	{ 776, "IPv6 in IPv4 tunnel", NULL },
	{ 778, "GRE tunnel", NULL },
	{ 801, "IEEE 802.11", NULL },
	{ 803, "IEEE 802.11 radiotap", NULL },
	{ 824, "netlink", NULL },
	{ 65534, "none", NULL },
};
NAME_TABLE(proto_arphrd_names, arphrd_rows, "hardware type");

/* ---- text ---- */

void proto_ip_name(struct str *out, uint8_t protocol)
{
	if (!name_of(&proto_ip_names, protocol))
		str_add(out, "protocol ");
	name_add(out, &proto_ip_names, protocol);
}

void proto_ip_text(struct str *out, int ip_version, const uint8_t *ip,
		   const struct addr_names *names)
{
	int family = ip_version == 6 ? AF_INET6 : AF_INET;
	size_t len = ip_version == 6 ? 16 : 4;
	char text[INET6_ADDRSTRLEN];

	str_add(out, inet_ntop(family, ip, text, sizeof(text)));
	for (size_t i = 0; names && i < names->count; i++) {
		const struct addr_name *n = &names->row[i];

		if (n->family != family || memcmp(n->ip, ip, len) != 0)
			continue;
		str_add(out, " (");
		safe_add(out, n->name, strnlen(n->name, sizeof(n->name)));
		str_add(out, ")");
		return;
	}
}

void proto_mac_text(struct str *out, const uint8_t mac[6])
{
	str_addf(out, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

void proto_bytes_text(struct str *out, struct rd bytes)
{
	const size_t most = 40;

	for (size_t i = 0; i < most && rd_left(&bytes); i++)
		str_addf(out, "%s%02x", i ? " " : "", rd_u8(&bytes));
	if (rd_left(&bytes))
		str_add(out, " ...");
}

/* ---- checksums ---- */

uint32_t proto_sum(uint32_t sum, struct rd bytes)
{
	while (rd_left(&bytes) >= 2) {
		sum += rd_be16(&bytes);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (rd_left(&bytes))
		sum += (uint32_t)rd_u8(&bytes) << 8;
	return sum;
}

uint16_t proto_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* What it is, of bytes whose sum with a stored one is this. */
static uint16_t checksum_of(uint16_t stored, uint32_t sum)
{
	return (uint16_t)~proto_fold(proto_fold(sum) + (uint32_t)(uint16_t)~stored);
}

void proto_checksum_text(struct str *out, uint16_t stored, uint32_t sum)
{
	uint16_t should_be = checksum_of(stored, sum);

	str_addf(out, "0x%04x ", stored);
	if (proto_fold(sum) == 0xffff)
		str_add(out, "correct");
	else
		str_addf(out, "incorrect, should be 0x%04x", should_be);
}

static uint32_t pseudo_header(const struct packet *p, size_t len)
{
	size_t ip_len = p->ip_version == 6 ? 16 : 4;
	uint32_t sum = proto_sum(0, rd_on(p->src, ip_len));

	sum = proto_sum(sum, rd_on(p->dst, ip_len));
	return sum + (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff) + p->protocol;
}

static size_t layer_len(const struct walk *w)
{
	return w->scan.end > w->head_at ? w->scan.end - w->head_at : 0;
}

/* cover: bytes of the layer that it is over. */
static void checksum_over(const struct walk *w, struct str *out, uint16_t stored, bool pseudo,
			  size_t cover)
{
	struct rd covered = walk_rd(w, w->head_at, cover);
	const char *obstacle = w->packet.fragment	    ? "a fragment"
			       : covered.short_read	    ? "not all of it is here"
			       : pseudo && w->scan.rerouted ? "its route changes the destination"
							    : NULL;
	uint32_t begun = pseudo ? pseudo_header(&w->packet, layer_len(w)) : 0;
	uint32_t sum = proto_sum(begun, covered);

	if (obstacle)
		str_addf(out, "0x%04x not checked: %s", stored, obstacle);
	else if (pseudo && stored == proto_fold(begun) && proto_fold(sum) != 0xffff)
		str_addf(out, "0x%04x unfinished, would be 0x%04x", stored,
			 checksum_of(stored, sum));
	else
		proto_checksum_text(out, stored, sum);
}

void walk_checksum_text(const struct walk *w, struct str *out, uint16_t stored, bool pseudo)
{
	checksum_over(w, out, stored, pseudo, layer_len(w));
}

void walk_checksum_part(const struct walk *w, struct str *out, uint16_t stored, size_t cover)
{
	checksum_over(w, out, stored, true, cover);
}
