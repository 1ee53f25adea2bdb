#include "src/export_row.h"

#include <netinet/in.h>

static void read_packet(struct export_row *r, const struct numbers *numbers)
{
	const struct event_packet *p = &r->ev->packet;
	const struct trace_host *host = trace_host(r->t, p->iface);

	packet_parse(&r->packet, host ? host->link : LINK_ETHERNET, p->data, p->caplen, p->len);
	r->tcp = r->packet.protocol == IPPROTO_TCP && r->packet.has_segment;
	r->has_ends = packet_endpoints(&r->packet, &r->src, &r->dst);
	if (r->entry && r->entry->conn != CONN_NONE)
		r->conn = conns_get(trace_conns(r->t), r->entry->conn);
	r->known = numbers && numbers_find(numbers, r->ev->id, &r->numbers);
}

void export_row_read(struct export_row *r, struct trace *t, const struct event *ev,
		     const struct numbers *numbers)
{
	uint32_t row = trace_row_of(t, ev->id);

	*r = (struct export_row){ .t = t, .ev = ev };
	if (row != ROW_NONE)
		r->entry = trace_entry(t, row);
	if (ev->kind == EVENT_PACKET)
		read_packet(r, numbers);
	if (r->entry && ev->kind == EVENT_PACKET)
		r->caused = cause_of_packet(t, row, &r->cause);
}

const char *export_row_host(const struct export_row *r)
{
	if (r->ev->host == HOST_NONE || r->ev->host >= trace_hosts(r->t))
		return NULL;
	return trace_host(r->t, r->ev->host)->name;
}

void export_row_verdicts(struct str *out, const struct export_row *r, const char *gap)
{
	const char *between = "";

	if (!r->entry || r->ev->kind != EVENT_PACKET)
		return;
	for (size_t i = 0; i < VERDICTS; i++) {
		if (!(r->entry->verdict & verdict_names[i].bit))
			continue;
		str_addf(out, "%s%s", between, verdict_names[i].field);
		between = gap;
	}
}

void export_row_inferred(struct str *out, const struct export_row *r, bool receiver)
{
	if (!r->conn || r->conn->protocol != IPPROTO_TCP || !r->tcp)
		return;
	infer_text(out, trace_entry_inferred(r->entry, r->entry->dir ^ receiver));
}
