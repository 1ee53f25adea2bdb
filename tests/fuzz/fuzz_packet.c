/*
 * Any bytes of any link type are parsed, tracked, summed up and dissected: nothing is read beyond them, offsets lie
 * inside, and all text is one harmless line.  The first byte chooses the link type.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/dissect.h"
#include "capture/packet.h"
#include "src/core/safe.h"
#include "tests/packets/links.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void harmless(const char *text)
{
	STR_ON_STACK(line, 1024);

	safe_add_line(&line, text, strlen(text));
	require(!line.cut && strcmp(line.buf, text) == 0);
}

static void check_packet(const struct packet *p, size_t caplen)
{
	size_t at, len = packet_payload(p, caplen, &at);

	require(at <= caplen && len <= caplen - at);
	require(p->network_at <= caplen && p->transport_at <= caplen);
	require(p->ip_version == 0 || p->ip_version == 4 || p->ip_version == 6);
	require(p->sack_blocks <= 4);
	require(!p->has_transport || p->ip_version);
	require(!p->has_segment || p->has_ports);
}

static void check_rows(const struct dissection *d, size_t caplen)
{
	for (size_t i = 0; i < d->rows; i++) {
		const struct dissect_row *r = &d->row[i];

		require(r->at <= caplen && r->len <= caplen - r->at);
		require(r->name[0] != '\0');
		harmless(r->name);
		harmless(r->text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conns *conns = conns_new(NULL);
	struct dissection d = { .rows = 0 };
	struct dissect_context context = { .dir = 0 };
	STR_ON_STACK(summary, 512);
	struct packet p;
	uint32_t link, number;

	require(conns != NULL);
	if (size == 0)
		goto out;
	link = links[data[0] % LINKS];
	data++;
	size--;
	packet_parse(&p, link, data, size, size + size % 7);
	check_packet(&p, size);
	number = conns_packet(conns, &p, 0, &context.dir);
	require((number == CONN_NONE) == (p.ip_version == 0));
	context.conn = number == CONN_NONE ? NULL : conns_get(conns, number);
	packet_summary(&summary, &p, context.conn, context.dir, data, size);
	require(!summary.cut && summary.len > 0);
	harmless(summary.buf);
	require(dissect(&d, link, data, size, size + size % 7, &context, NULL) == 0);
	check_rows(&d, size);
out:
	dissection_fini(&d);
	conns_free(conns);
	return 0;
}
