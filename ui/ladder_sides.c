#include "ui/ladder_sides.h"

#include <arpa/inet.h>
#include <string.h>

#define NEAR 512 /* how far around the cursor a connection is looked for */

/* The connection of the cursor's event, or of the packet that is nearest to it. */
static uint32_t conn_near(const struct trace *t, uint32_t row)
{
	uint32_t rows = trace_rows(t);

	for (uint32_t i = 0; row != ROW_NONE && i < NEAR; i++) {
		if (i <= row && trace_entry(t, row - i)->conn != CONN_NONE)
			return trace_entry(t, row - i)->conn;
		if (i < rows - row && trace_entry(t, row + i)->conn != CONN_NONE)
			return trace_entry(t, row + i)->conn;
	}
	return conns_count(trace_conns(t)) > 0 ? 0 : CONN_NONE;
}

static bool same_ip(const struct addr *a, const struct addr *b)
{
	struct addr x = *a, y = *b;

	if (x.len == 0 || y.len == 0)
		return false;
	addr_set_port(&x, 0);
	addr_set_port(&y, 0);
	return addr_equal(&x, &y);
}

static bool has_ip(const struct trace_host *h, const struct addr *a)
{
	if (addr_family(a) == AF_INET)
		return h->has_ip4 && memcmp(h->ip4, &a->u.in.sin_addr, 4) == 0;
	if (addr_family(a) == AF_INET6)
		return h->has_ip6 && memcmp(h->ip6, &a->u.in6.sin6_addr, 16) == 0;
	return false;
}

/* Our own recordings name each host's addresses; a capture from elsewhere hardly ever does. */
static bool is_lab(const struct trace *t)
{
	if (trace_hosts(t) < 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const struct trace_host *h = trace_host(t, i);

		if (!trace_host_is_side(h) && (!h->has_mac || !(h->has_ip4 || h->has_ip6)))
			return false;
	}
	return true;
}

static int host_of(const struct trace *t, const struct addr *a)
{
	for (size_t i = 0; i < trace_hosts(t); i++) {
		if (has_ip(trace_host(t, i), a))
			return (int)i;
	}
	return -1;
}

/* With more than two hosts, the two that the cursor's connection is between. */
static void choose_hosts(const struct trace *t, struct ladder_sides *s)
{
	int a, b;

	s->host[0] = 0;
	s->host[1] = 1;
	if (trace_hosts(t) == 2 || s->conn == CONN_NONE)
		return;
	a = host_of(t, &s->end[0]);
	b = host_of(t, &s->end[1]);
	if (a < 0 || b < 0 || a == b)
		return;
	s->host[0] = (uint8_t)(a < b ? a : b);
	s->host[1] = (uint8_t)(a < b ? b : a);
}

static bool many_programs(const struct ladder_frame *f, int side)
{
	const struct trace *t = f->view->trace;
	const char *first = NULL;

	for (size_t i = 0; i < trace_lanes(t); i++) {
		const struct trace_lane *lane = trace_lane(t, i);

		if (ladder_lane_side(f, lane->host, (uint16_t)i) != side)
			continue;
		if (first && strcmp(first, lane->program) != 0)
			return true;
		first = lane->program;
	}
	return false;
}

struct ladder_sides ladder_sides(const struct view *v, uint32_t row)
{
	const struct trace *t = v->trace;
	struct ladder_frame f = { .view = v };
	struct ladder_sides *s = &f.sides;

	s->conn = conn_near(t, row);
	s->by_host = is_lab(t);
	if (s->conn != CONN_NONE) {
		s->end[0] = conns_get(trace_conns(t), s->conn)->end[0];
		s->end[1] = conns_get(trace_conns(t), s->conn)->end[1];
	}
	if (s->by_host)
		choose_hosts(t, s);
	for (int side = 0; side < 2; side++)
		s->many[side] = many_programs(&f, side);
	return *s;
}

int ladder_lane_side(const struct ladder_frame *f, uint8_t host, uint16_t lane)
{
	const struct trace *t = f->view->trace;

	if (f->sides.by_host)
		return host == f->sides.host[0] ? 0 : host == f->sides.host[1] ? 1 : -1;
	if (lane == LANE_NONE || lane >= trace_lanes(t))
		return -1;
	return strcmp(trace_lane(t, lane)->program, trace_lane(t, 0)->program) != 0;
}

/* By the hosts of a lab: the sender's, if the connection's other end is at the other side. */
static int side_by_host(const struct ladder_frame *f, const struct trace_entry *e)
{
	const struct trace *t = f->view->trace;
	int side = ladder_lane_side(f, (uint8_t)e->host, LANE_NONE);
	const struct conn *c;

	if (side < 0 || trace_hosts(t) == 2 || e->conn == CONN_NONE)
		return side;
	c = conns_get(trace_conns(t), e->conn);
	return has_ip(trace_host(t, f->sides.host[!side]), &c->end[!(e->dir)]) ? side : -1;
}

int ladder_packet_side(const struct ladder_frame *f, const struct trace_entry *e)
{
	const struct ladder_sides *s = &f->sides;
	int from = e->dir;
	const struct conn *c;

	if (s->by_host)
		return side_by_host(f, e);
	if (e->conn == CONN_NONE || s->conn == CONN_NONE)
		return -1;
	c = conns_get(trace_conns(f->view->trace), e->conn);
	if (same_ip(&s->end[0], &s->end[1]))
		return same_ip(&c->end[0], &s->end[0]) && same_ip(&c->end[1], &s->end[0]) ? from
											  : -1;
	if (same_ip(&c->end[from], &s->end[0]) && same_ip(&c->end[!from], &s->end[1]))
		return 0;
	if (same_ip(&c->end[from], &s->end[1]) && same_ip(&c->end[!from], &s->end[0]))
		return 1;
	return -1;
}

/* The address of the family that the cursor's connection has. */
static void add_host_address(struct str *out, const struct ladder_sides *s,
			     const struct trace_host *h)
{
	char text[INET6_ADDRSTRLEN] = "";

	/* Both sides of one host have all of its addresses. */
	if (trace_host_is_side(h)) {
		str_add(out, h->name);
		return;
	}
	if (h->has_ip6 && (!h->has_ip4 || addr_family(&s->end[0]) == AF_INET6))
		(void)inet_ntop(AF_INET6, h->ip6, text, sizeof(text));
	else if (h->has_ip4)
		(void)inet_ntop(AF_INET, h->ip4, text, sizeof(text));
	str_addf(out, "%s %s", h->name, text);
}

/* "2001:db8:0:1…:8080": what is cut is the host, from its end. */
static void add_shortened(struct str *out, const char *text, int room)
{
	const char *port = strrchr(text, ':');
	int keep, width = port ? text_width(port) : 0;

	if (!port || text_width(text) <= room || width + 1 >= room) {
		str_add(out, text);
		return;
	}
	keep = room - width - 1;
	for (const char *at = text; at < port && keep > 0; keep--) {
		do
			str_char(out, *at++);
		while (at < port && ((unsigned char)*at & 0xc0) == 0x80);
	}
	str_addf(out, "…%s", port);
}

void ladder_side_text(struct str *out, const struct ladder_frame *f, int side, int room)
{
	const struct ladder_sides *s = &f->sides;
	STR_ON_STACK(text, 96);

	if (s->by_host) {
		add_host_address(out, s, trace_host(f->view->trace, s->host[side]));
	} else if (s->end[side].len > 0) {
		addr_text(&text, &s->end[side], trace_names(f->view->trace));
		add_shortened(out, text.buf, room);
	}
}
