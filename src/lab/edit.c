/*
 * The data first, since they move nothing in front of them; then the fields of the headers, single bytes, and the
 * checksums over all of it.
 */
#include "src/lab/edit.h"

#include <netinet/in.h>
#include <string.h>

#include "capture/packet.h"
#include "src/core/rd.h"
#include "src/lab/bend.h"

#define TCP_SEQ_AT    4
#define TCP_ACK_AT    8
#define TCP_FLAGS_AT  13
#define TCP_WINDOW_AT 14
#define UDP_LENGTH_AT 4
#define IP4_LENGTH_AT 2
#define IP4_TTL_AT    8
#define IP6_LENGTH_AT 4
#define IP6_LIMIT_AT  7
#define IP6_HEADER    40
#define FLAGS_LOW     0xff /* those of the byte at TCP_FLAGS_AT */

/* A frame that is being changed. */
struct work {
	uint8_t *out;
	uint32_t len;
	struct packet p; /* as it was */
	const struct edit *edit;
	struct str *what;
	struct err *e;
};

static void put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void put32(uint8_t *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to + 2, v);
}

static int lacks(const struct work *w, const char *what, const char *field)
{
	return err_set(w->e, NULL, "the packet is no %s: it has no %s", what, field);
}

static void begin(const struct work *w)
{
	if (w->what->len)
		str_add(w->what, ", ");
}

/* ---- data ---- */

/* What the headers say about how long the packet is. */
static void put_lengths(const struct work *w)
{
	uint8_t *ip = w->out + w->p.network_at;
	uint32_t total = w->len - w->p.network_at;

	if (w->p.ip_version == 4)
		put16(ip + IP4_LENGTH_AT, total);
	else
		put16(ip + IP6_LENGTH_AT, total - IP6_HEADER);
	if (w->p.protocol == IPPROTO_UDP)
		put16(w->out + w->p.transport_at + UDP_LENGTH_AT, w->len - w->p.transport_at);
}

static int edit_data(struct work *w)
{
	if (!w->edit->has_data)
		return 0;
	if (!w->p.payload_known || !w->p.has_transport || w->p.fragment)
		return lacks(w, "whole datagram or segment", "data");
	begin(w);
	str_addf(w->what, "data of %u → %u bytes", w->p.payload_len, w->edit->data_len);
	memcpy(w->out + w->p.payload_at, w->edit->data, w->edit->data_len);
	w->len = w->p.payload_at + w->edit->data_len;
	put_lengths(w);
	return 0;
}

/* ---- headers ---- */

static uint32_t changed(const struct edit_number *n, uint32_t was, uint32_t base)
{
	return (uint32_t)n->n + (n->relative ? was : base);
}

static void tell_number(const struct work *w, const char *name, uint32_t was, uint32_t now)
{
	begin(w);
	str_addf(w->what, "%s %u → %u", name, was, now);
}

static int edit_ttl(struct work *w)
{
	uint8_t *at = w->out + w->p.network_at + (w->p.ip_version == 4 ? IP4_TTL_AT : IP6_LIMIT_AT);
	uint32_t now = changed(&w->edit->ttl, w->p.ttl, 0);

	if (!w->edit->ttl.given)
		return 0;
	if (!w->p.ip_version)
		return lacks(w, "IP packet", "ttl");
	if (now > UINT8_MAX)
		return err_set(w->e, NULL, "a ttl is from 0 to %d", UINT8_MAX);
	tell_number(w, "ttl", w->p.ttl, now);
	*at = (uint8_t)now;
	return 0;
}

static void edit_sequence(struct work *w, const struct edit_number *n, const char *name,
			  uint32_t at, uint32_t was, uint32_t base)
{
	uint32_t now = changed(n, was, base);

	if (!n->given)
		return;
	tell_number(w, name, was - base, now - base);
	put32(w->out + w->p.transport_at + at, now);
}

static int edit_window(struct work *w)
{
	uint32_t now = changed(&w->edit->window, w->p.window, 0);

	if (!w->edit->window.given)
		return 0;
	if (now > UINT16_MAX)
		return err_set(w->e, NULL, "a window is from 0 to %d", UINT16_MAX);
	tell_number(w, "window", w->p.window, now);
	put16(w->out + w->p.transport_at + TCP_WINDOW_AT, now);
	return 0;
}

static void edit_flags(struct work *w)
{
	if (!w->edit->has_flags)
		return;
	begin(w);
	str_add(w->what, "flags ");
	packet_flags_text(w->what, w->p.flags & FLAGS_LOW);
	str_add(w->what, " → ");
	packet_flags_text(w->what, w->edit->flags);
	w->out[w->p.transport_at + TCP_FLAGS_AT] = (uint8_t)w->edit->flags;
}

static int edit_segment(struct work *w)
{
	const struct edit *d = w->edit;

	if (!d->has_flags && !d->seq.given && !d->ack.given && !d->window.given)
		return 0;
	if (w->p.protocol != IPPROTO_TCP || !w->p.has_transport)
		return lacks(w, "TCP segment", "flags, seq, ack or window");
	edit_flags(w);
	edit_sequence(w, &d->seq, "seq", TCP_SEQ_AT, w->p.seq, d->seq_base);
	edit_sequence(w, &d->ack, "ack", TCP_ACK_AT, w->p.ack, d->ack_base);
	return edit_window(w);
}

/* ---- bytes ---- */

static int edit_bytes(struct work *w)
{
	const struct edit *d = w->edit;

	if (!d->bytes_len)
		return 0;
	if (d->bytes_at > w->len || d->bytes_len > w->len - d->bytes_at)
		return err_set(w->e, NULL, "the packet has only %u bytes", w->len);
	begin(w);
	str_addf(w->what, "byte %u", d->bytes_at);
	if (d->bytes_len > 1)
		str_addf(w->what, " to %u", d->bytes_at + d->bytes_len - 1);
	memcpy(w->out + d->bytes_at, d->bytes, d->bytes_len);
	return 0;
}

size_t edit_frame(uint8_t *out, const uint8_t *frame, uint32_t len, const struct edit *edit,
		  struct str *what, struct err *e)
{
	struct work w = { .out = out, .len = len, .edit = edit, .what = what, .e = e };

	memcpy(out, frame, len);
	packet_parse(&w.p, LINK_ETHERNET, frame, len, len);
	if (edit_data(&w) || edit_ttl(&w) || edit_segment(&w) || edit_bytes(&w))
		return 0;
	if (edit->unmended) {
		begin(&w);
		str_add(what, "checksums as they were");
	} else {
		bend_mend(out, w.len);
	}
	return w.len;
}
