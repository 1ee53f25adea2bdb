/*
 * How it works: a table of application protocols, each with its ports and with a function that looks at the
 * content.  HTTP and TLS begin so distinctly that they are recognized on every port; the others need theirs.
 */
#include "capture/proto_app.h"

#include "src/core/safe.h"

enum { PORTS = 8, SHORT_TEXT = 64 };

static const struct app {
	const struct proto *proto;
	app_matches *matches;
	uint8_t protocol; /* of IP */
	bool anywhere; /* on other ports, too */
	uint16_t port[PORTS];
} apps[] = {
	{ &proto_dns, dns_matches, PROTOCOL_UDP, false, { 53, 5353, 5355 } },
	{ &proto_dhcp, dhcp_matches, PROTOCOL_UDP, false, { 67, 68 } },
	{ &proto_http, http_matches, PROTOCOL_TCP, true, { 80, 8080, 8000, 3128, 8008, 8888 } },
	{ &proto_tls, tls_matches, PROTOCOL_TCP, true, { 443, 8443, 993, 995, 853 } },
	{ &proto_dns_tcp, dns_tcp_matches, PROTOCOL_TCP, false, { 53 } },
};

static bool has_port(const struct app *a, const struct packet *p)
{
	for (size_t i = 0; i < PORTS && a->port[i]; i++)
		if (p->src_port == a->port[i] || p->dst_port == a->port[i])
			return true;
	return false;
}

static const struct proto *choose(const struct packet *p, struct rd payload, size_t len)
{
	if (!p->has_transport || !p->has_ports || p->fragment || !rd_left(&payload))
		return NULL;
	for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
		const struct app *a = &apps[i];
		bool on_port = a->protocol == p->protocol && has_port(a, p);

		if (a->protocol != p->protocol || (!on_port && !a->anywhere))
			continue;
		if (a->matches(payload, len, on_port))
			return a->proto;
	}
	return NULL;
}

const struct proto *proto_app_after(const struct walk *w)
{
	struct rd rest = w->scan.r;

	if (w->proto != &proto_tcp && w->proto != &proto_udp)
		return NULL;
	return choose(&w->packet, rd_rest(&rest), scan_left(&w->scan));
}

struct rd app_payload(const struct summary *s)
{
	size_t at, len = packet_payload(s->p, s->caplen, &at);

	return rd_on(s->bytes + at, len);
}

void proto_app_summary(struct str *out, const struct summary *s)
{
	const struct proto *proto = choose(s->p, app_payload(s), s->p->payload_len);

	if (!proto)
		return;
	str_add(out, "  ");
	proto->summary(out, s);
}

void app_take(struct scan *s, size_t n)
{
	size_t have = rd_left(&s->r);

	rd_skip(&s->r, n < have ? n : have);
}

void app_short_text(struct str *out, const void *bytes, size_t len)
{
	STR_ON_STACK(text, SHORT_TEXT);

	safe_add_line(&text, bytes, len < SHORT_TEXT ? len : SHORT_TEXT);
	str_add(out, text.buf);
	if (text.cut || len > SHORT_TEXT)
		str_add(out, "...");
}

void app_text_row(struct walk *w, unsigned step, size_t at, const char *name, struct rd text,
		  const char *about)
{
	struct str row = walk_row(w, step, at, rd_left(&text), name, about);

	safe_add_line(&row, text.base + text.at, rd_left(&text));
}
