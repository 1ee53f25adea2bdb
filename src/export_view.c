/*
 * How it works: rows are in the order of time, arrivals (WIRE) among them, so one pass writes everything in
 * order.  A packet without a WIRE of its own arrived as it left.  As such a WIRE comes behind its packet, a first
 * pass over the index notes which packets have one.
 */
#include "src/export_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cause.h"
#include "src/core/safe.h"

#define COMMENT 1024 /* bytes of a packet's */

/* ---- whose ---- */

static bool has_addr(const struct trace_host *h, const struct addr *a)
{
	if (addr_family(a) == AF_INET)
		return h->has_ip4 && !memcmp(h->ip4, &a->u.in.sin_addr, 4);
	if (addr_family(a) == AF_INET6)
		return h->has_ip6 && !memcmp(h->ip6, &a->u.in6.sin6_addr, 16);
	return false;
}

/* Our own recordings have several hosts, whose addresses they name; others hardly ever do. */
static bool is_lab(const struct trace *t)
{
	size_t hosts = trace_hosts(t);

	for (size_t i = 0; i < hosts; i++) {
		const struct trace_host *h = trace_host(t, i);

		if (!h->has_mac || !(h->has_ip4 || h->has_ip6))
			return false;
	}
	return hosts >= 2 && hosts <= HOSTS_MAX;
}

static bool find_host(struct export_view *v, const struct trace *t, const char *text)
{
	for (size_t i = 0; is_lab(t) && i < trace_hosts(t); i++) {
		const struct trace_host *h = trace_host(t, i);

		if (strcmp(h->name, text) && !has_addr(h, &v->addr))
			continue;
		v->kind = EXPORT_VIEW_HOST;
		v->host = (uint8_t)i;
		return true;
	}
	return false;
}

static int unknown(const struct trace *t, const char *text, struct err *e)
{
	STR_ON_STACK(hint, 200);
	STR_ON_STACK(name, 100);

	safe_add_quoted(&name, text, strlen(text), 40);
	str_add(&hint, "give an address");
	for (size_t i = 0; is_lab(t) && i < trace_hosts(t); i++)
		str_addf(&hint, ", or %s", trace_host(t, i)->name);
	return err_set(e, hint.buf, "no host of this trace is called %s", name.buf);
}

/* An address without a port, as people write it: "192.0.2.1", "2001:db8::1", or a name. */
static bool read_addr(struct addr *a, const struct trace *t, const char *text)
{
	STR_ON_STACK(whole, 200);

	str_addf(&whole, strchr(text, ':') ? "[%s]:0" : "%s:0", text);
	return !addr_parse(a, whole.buf, whole.len, AF_UNSPEC, trace_names(t), NULL) &&
	       (addr_family(a) == AF_INET || addr_family(a) == AF_INET6);
}

int export_view_find(struct export_view *v, const struct trace *t, const char *text, struct err *e)
{
	bool address;

	*v = (struct export_view){ .kind = EXPORT_VIEW_ALL };
	address = strcmp(text, "*") != 0 && read_addr(&v->addr, t, text);
	if (find_host(v, t, text))
		return 0;
	v->kind = EXPORT_VIEW_ADDRESS;
	return address ? 0 : unknown(t, text, e);
}

/* ---- which packets ---- */

/* What a WIRE of a packet itself says about its way: whether it did not arrive as it left. */
static bool is_late(enum wire_fate fate)
{
	switch (fate) {
	case WIRE_DELIVERED:
	case WIRE_DELAYED:
	case WIRE_HELD:
	case WIRE_RELEASED:
	case WIRE_DROPPED:
	case WIRE_FAILED:
	case WIRE_REORDERED:
	case WIRE_INJECTED:
	case WIRE_EDITED:
	case WIRE_FRAGMENTED:
		return true;
	case WIRE_DUPLICATED:
	case WIRE_CORRUPTED:
	case WIRE_MARKED:
		return false;
	}
	return false;
}

/* A bit a row: of the packets that did not arrive as they left.  NULL: memory ran out. */
static uint8_t *late_packets(const struct trace *t)
{
	uint32_t rows = trace_rows(t);
	uint8_t *late = calloc(rows / 8u + 1u, 1);

	for (uint32_t row = 0; late && row < rows; row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_WIRE && e->link != ROW_NONE && !(e->flags & TRACE_FLAG_COPY) &&
		    is_late((enum wire_fate)e->fate))
			late[e->link / 8] |= (uint8_t)(1 << e->link % 8);
	}
	return late;
}

static struct packet parsed(const struct trace *t, const struct event *ev)
{
	const struct trace_host *h = trace_host(t, ev->packet.iface);
	struct packet p;

	packet_parse(&p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	return p;
}

static bool same_ip(const struct addr *a, const struct addr *b)
{
	struct addr left = *a, right = *b;

	addr_set_port(&left, 0);
	addr_set_port(&right, 0);
	return addr_equal(&left, &right);
}

static bool of_address(const struct export_view *v, const struct trace *t, const struct event *ev)
{
	const struct packet p = parsed(t, ev);
	struct addr src, dst;

	return packet_endpoints(&p, &src, &dst) &&
	       (same_ip(&src, &v->addr) || same_ip(&dst, &v->addr));
}

/* Between two hosts the wire leads to the other; among more the destination decides. */
static bool is_for(const struct export_view *v, const struct trace *t, const struct event *ev)
{
	const struct trace_host *h = trace_host(t, v->host);
	const uint8_t *to = ev->packet.data;
	struct addr src, dst;
	struct packet p;

	if (trace_hosts(t) == 2)
		return true;
	if (ev->packet.caplen >= 6 && (to[0] & 1))
		return true;
	p = parsed(t, ev);
	return packet_endpoints(&p, &src, &dst) && has_addr(h, &dst);
}

/* How a PACKET's row shows at the view; 0: not at all. */
enum seen { UNSEEN, SEEN, SENT, RECEIVED };

static enum seen seen_at(const struct export_view *v, const struct trace *t, const struct event *ev,
			 bool late)
{
	switch (v->kind) {
	case EXPORT_VIEW_ALL:
		return SEEN;
	case EXPORT_VIEW_ADDRESS:
		return of_address(v, t, ev) ? SEEN : UNSEEN;
	case EXPORT_VIEW_HOST:
		if (ev->host == v->host)
			return SENT;
		return !late && is_for(v, t, ev) ? RECEIVED : UNSEEN;
	}
	return UNSEEN;
}

/* ---- writing ---- */

static int put(const struct export_view *v, const struct event *packet, int64_t ts_ns,
	       enum seen seen, const char *comment, struct export_capture *out, struct err *e)
{
	static const uint32_t flags[] = { [SENT] = EPB_OUTBOUND, [RECEIVED] = EPB_INBOUND };
	const struct export_packet p = {
		.ts_ns = ts_ns,
		.iface = v->kind == EXPORT_VIEW_HOST ? v->host : packet->packet.iface,
		.flags = flags[seen],
		.caplen = packet->packet.caplen,
		.len = packet->packet.len,
		.data = packet->packet.data,
		.comment = comment,
	};

	return export_capture_put(out, &p, e);
}

/* What is known of its cause.  Before the packet itself is read: this reads others. */
static void say_cause(struct str *out, struct trace *t, uint32_t row)
{
	struct cause cause;

	if (cause_of_packet(t, row, &cause))
		cause_text(out, t, &cause);
}

static int write_packet(const struct export_view *v, struct trace *t, uint32_t row, bool late,
			struct export_capture *out, struct err *e)
{
	STR_ON_STACK(comment, COMMENT);
	const struct event *ev;
	enum seen seen;

	say_cause(&comment, t, row);
	ev = trace_event(t, row, e);
	if (!ev)
		return -1;
	seen = seen_at(v, t, ev, late);
	return seen == UNSEEN ? 0 : put(v, ev, ev->ts_ns, seen, comment.buf, out, e);
}

/* An arrival, of the packet or of a copy. */
static int write_arrival(const struct export_view *v, struct trace *t, uint32_t row,
			 struct export_capture *out, struct err *e)
{
	const struct event *wire = trace_event(t, row, e), *packet;
	int64_t ts_ns = trace_entry(t, row)->ts_ns;
	STR_ON_STACK(comment, COMMENT);

	if (!wire)
		return -1;
	if (wire->wire.to != v->host)
		return 0;
	row = trace_entry(t, row)->link;
	say_cause(&comment, t, row);
	packet = trace_event(t, row, e);
	return packet ? put(v, packet, ts_ns, RECEIVED, comment.buf, out, e) : -1;
}

static int write_row(const struct export_view *v, struct trace *t, uint32_t row,
		     const uint8_t *late, struct export_capture *out, struct err *e)
{
	const struct trace_entry *entry = trace_entry(t, row);

	if (entry->kind == EVENT_PACKET)
		return write_packet(v, t, row, late[row / 8] >> row % 8 & 1, out, e);
	if (v->kind == EXPORT_VIEW_HOST && entry->kind == EVENT_WIRE && entry->link != ROW_NONE &&
	    entry->fate == WIRE_DELIVERED)
		return write_arrival(v, t, row, out, e);
	return 0;
}

static bool concerns_packets(const struct trace_entry *entry)
{
	return entry->kind == EVENT_PACKET || entry->kind == EVENT_WIRE;
}

int export_view_write(const struct export_view *v, struct trace *t, const struct select *s,
		      struct export_capture *out, struct err *e)
{
	uint8_t *late = late_packets(t);
	int failed = late ? 0 : err_errno(e, ENOMEM, NULL, "looking for the packets");

	for (uint32_t row = 0; !failed && row < trace_rows(t); row++)
		if (concerns_packets(trace_entry(t, row)) && select_row(s, t, row))
			failed = write_row(v, t, row, late, out, e);
	free(late);
	return failed ? -1 : export_capture_end(out, e);
}
