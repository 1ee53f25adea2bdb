/*
 * How it works: the walk makes the same scans as packet_parse(), one layer at a time.  After each
 * scan it knows where the header began and ended, adds a row for the layer and one for each field
 * of the protocol's table, and lets the protocol add what no table can say.  What remains is
 * payload; what lies behind the end that the length fields give is padding.
 */
#include "capture/dissect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/proto.h"
#include "src/core/safe.h"

/* ---- rows ---- */

static struct dissect_row *row_new(struct walk *w)
{
	struct dissection *d = w->out;
	size_t cap = d->cap ? d->cap * 2 : 64;
	struct dissect_row *grown;

	if (d->rows == d->cap) {
		grown = realloc(d->row, cap * sizeof(*grown));
		if (!grown) {
			w->failed = true;
			return &w->spare;
		}
		d->row = grown;
		d->cap = cap;
	}
	return &d->row[d->rows++];
}

struct str walk_row(struct walk *w, unsigned step, size_t at, size_t len, const char *name,
		    const char *about)
{
	struct dissect_row *row = row_new(w);
	size_t start = at < w->caplen ? at : w->caplen;
	size_t most = w->caplen - start;

	row->depth = (uint8_t)(w->depth + step);
	row->at = (uint32_t)start;
	row->len = (uint32_t)(len < most ? len : most);
	row->about = about;
	str_copy(row->name, sizeof(row->name), name);
	return str_on(row->text, sizeof(row->text));
}

struct rd walk_rd(const struct walk *w, size_t at, size_t len)
{
	struct rd all = rd_on(w->bytes, w->caplen);

	rd_skip(&all, at);
	return rd_sub(&all, len);
}

/* ---- fields ---- */

static uint64_t field_value(struct rd r, const struct proto_field *f)
{
	unsigned last = (f->at + f->bits - 1u) / 8u;
	uint64_t value = 0;

	rd_skip(&r, f->at / 8u);
	for (unsigned i = f->at / 8u; i <= last; i++)
		value = value << 8 | rd_u8(&r);
	value >>= 7u - (f->at + f->bits - 1u) % 8u;
	return f->bits >= 64 ? value : value & ((UINT64_C(1) << f->bits) - 1);
}

static void mac_text(struct str *out, struct rd r)
{
	uint8_t mac[6];
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	rd_copy(&r, mac, sizeof(mac));
	proto_mac_text(out, mac);
	if (memcmp(mac, all, sizeof(mac)) == 0)
		str_add(out, " (broadcast)");
	else if (mac[0] & 1)
		str_add(out, " (multicast)");
}

static void address_text(const struct walk *w, struct str *out, struct rd r, int ip_version)
{
	uint8_t ip[16];

	rd_copy(&r, ip, ip_version == 6 ? 16 : 4);
	proto_ip_text(out, ip_version, ip, w->names);
}

static void name_text(struct str *out, const struct name_table *names, uint64_t value, bool hex)
{
	const struct name *n = name_of(names, (int64_t)value);

	str_addf(out, hex ? "%s (0x%04llx)" : "%s (%llu)", n ? n->name : "unknown",
		 (unsigned long long)value);
}

static void port_text(struct str *out, uint64_t value)
{
	const struct name *n = name_of(&names_service, (int64_t)value);

	str_addf(out, n ? "%llu (%s)" : "%llu", (unsigned long long)value, n ? n->name : "");
}

static void number_text(struct str *out, const struct proto_field *f, uint64_t value)
{
	str_addf(out, "%llu", (unsigned long long)value);
	if (f->unit)
		str_addf(out, " %s", f->unit);
}

static void value_text(const struct walk *w, struct str *out, const struct proto_field *f,
		       struct rd r)
{
	uint64_t value = f->bits && f->bits <= 64 ? field_value(r, f) : 0;
	struct rd at_field = r;

	rd_skip(&at_field, f->at / 8u);
	switch (f->show) {
	case SHOW_DEC:
		number_text(out, f, value);
		break;
	case SHOW_HEX:
		str_addf(out, "0x%0*llx", (f->bits + 3) / 4, (unsigned long long)value);
		break;
	case SHOW_NAME:
	case SHOW_NAME_HEX:
		name_text(out, f->names, value, f->show == SHOW_NAME_HEX);
		break;
	case SHOW_FLAG:
		str_add(out, value ? "set" : "not set");
		break;
	case SHOW_WORDS:
		str_addf(out, "%llu bytes (%llu words)", (unsigned long long)value * 4,
			 (unsigned long long)value);
		break;
	case SHOW_PORT:
		port_text(out, value);
		break;
	case SHOW_MAC:
		mac_text(out, at_field);
		break;
	case SHOW_IPV4:
		address_text(w, out, at_field, 4);
		break;
	case SHOW_IPV6:
		address_text(w, out, at_field, 6);
		break;
	case SHOW_BYTES:
		proto_bytes_text(out, f->bits ? rd_sub(&at_field, f->bits / 8u) : at_field);
		break;
	case SHOW_OWN:
		f->text(w, out, value);
		break;
	}
}

void walk_field_text(const struct walk *w, struct str *out, const struct proto_field *f, size_t at,
		     size_t len)
{
	value_text(w, out, f, walk_rd(w, at, len));
}

bool walk_fields(struct walk *w, unsigned step, const struct proto_field *field, size_t fields,
		 size_t at, size_t len)
{
	struct rd r = walk_rd(w, at, len);
	bool all = true;

	for (size_t i = 0; i < fields; i++) {
		const struct proto_field *f = &field[i];
		size_t first = f->at / 8u;
		size_t end = f->bits ? (f->at + f->bits + 7u) / 8u : r.len;
		struct str text;

		if (end > r.len || first > r.len) {
			all = false;
			continue;
		}
		text = walk_row(w, step + f->part, at + first, end - first, f->name, f->about);
		value_text(w, &text, f, r);
	}
	return all;
}

/* ---- option lists ---- */

static const struct proto_option *option_find(const struct proto_options *list, uint8_t kind)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->row[i].kind == kind)
			return &list->row[i];
	return NULL;
}

static void option_text(struct walk *w, struct str *out, const struct proto_option *o, size_t at,
			size_t len, size_t head)
{
	struct rd body = walk_rd(w, at + head, len - head);

	if (o && o->len && o->len != len)
		str_addf(out, "wrong length: %zu bytes instead of %u", len, o->len);
	else if (o && o->text)
		o->text(w, out, body);
	else if (o && o->fields == 1)
		walk_field_text(w, out, o->field, at, len);
	else if (!o && len > head)
		proto_bytes_text(out, body);
}

static void option_rows(struct walk *w, unsigned step, const struct proto_options *list,
			uint8_t kind, size_t at, size_t len, size_t head)
{
	const struct proto_option *o = option_find(list, kind);
	STR_ON_STACK(name, sizeof(w->spare.name));
	struct str text;

	if (o)
		str_add(&name, o->name);
	else
		str_addf(&name, "Unknown %s %u", list->what, kind);
	text = walk_row(w, step, at, len, name.buf, o ? o->about : NULL);
	option_text(w, &text, o, at, len, head);
	if (!o || (o->len && o->len != len))
		return;
	if (o->fields > 1)
		walk_fields(w, step + 1, o->field, o->fields, at, len);
	if (o->more)
		o->more(w, step + 1, at, len);
}

/* Also where the list says that it ends; false. */
static bool single(struct walk *w, unsigned step, const struct proto_options *list, uint8_t kind,
		   size_t at)
{
	option_rows(w, step, list, kind, at, 1, 1);
	return !(kind == 0 && list->zero_ends) && !(list->end && kind == list->end);
}

static void options_bad(struct walk *w, unsigned step, const struct proto_options *list,
			uint8_t kind, size_t at, size_t len, size_t says)
{
	struct str text = walk_row(w, step, at, len, "Malformed option", NULL);

	str_addf(&text, "%s %u says %zu bytes, there are %zu", list->what, kind, says, len);
}

void walk_options(struct walk *w, unsigned step, const struct proto_options *list, size_t at,
		  size_t len)
{
	struct rd r = walk_rd(w, at, len);

	while (rd_left(&r)) {
		size_t from = at + r.at, left = rd_left(&r), says;
		uint8_t kind = rd_u8(&r);

		if (kind < list->singles || (list->end && kind == list->end)) {
			if (!single(w, step, list, kind, from))
				return;
			continue;
		}
		says = (size_t)rd_u8(&r) * list->unit + list->beside;
		if (left < 2 || says < 2 || says > left) {
			options_bad(w, step, list, kind, from, left, left < 2 ? 2 : says);
			return;
		}
		rd_skip(&r, says - 2);
		option_rows(w, step, list, kind, from, says, 2);
	}
}

/* ---- payload ---- */

void walk_hex(struct walk *w, unsigned step, size_t at, size_t end)
{
	struct rd r = walk_rd(w, at, end - at);

	for (size_t offset = 0; rd_left(&r); offset += 16) {
		struct rd line = rd_sub(&r, rd_left(&r) < 16 ? rd_left(&r) : 16);
		struct rd chars = line;
		STR_ON_STACK(name, 16);
		struct str text;

		str_addf(&name, "%04zx", offset);
		text = walk_row(w, step, at + offset, line.len, name.buf, NULL);
		for (size_t i = 0; i < 16; i++) {
			if (rd_left(&line))
				str_addf(&text, "%02x ", rd_u8(&line));
			else
				str_add(&text, "   ");
		}
		str_add(&text, " ");
		while (rd_left(&chars)) {
			uint8_t c = rd_u8(&chars);

			str_char(&text, c >= 0x20 && c < 0x7f ? (char)c : '.');
		}
	}
}

static void payload_rows(struct walk *w)
{
	size_t at = w->scan.r.at, have = rd_left(&w->scan.r), all = scan_left(&w->scan);
	struct str text;

	if (!all && !have)
		return;
	text = walk_row(w, 0, at, have, "Data",
			"What the layers above carry, for the program that receives it.");
	if (have >= all)
		str_addf(&text, "%zu %s", have, have == 1 ? "byte" : "bytes");
	else if (w->quotes)
		str_addf(&text, "%zu bytes quoted", have);
	else
		str_addf(&text, "%zu of %zu bytes captured", have, all);
	walk_hex(w, 1, at, at + have);
}

static void padding_rows(struct walk *w, size_t at)
{
	struct str text;

	if (at >= w->caplen)
		return;
	text = walk_row(w, 0, at, w->caplen - at, "Padding",
			"Bytes behind the end that the lengths give: Ethernet fills short frames "
			"up to 60 bytes.");
	str_addf(&text, "%zu %s", w->caplen - at, w->caplen - at == 1 ? "byte" : "bytes");
	walk_hex(w, 1, at, w->caplen);
}

/* ---- layers ---- */

static void layer_rows(struct walk *w)
{
	const struct proto *proto = w->proto;
	struct str text = walk_row(w, 0, w->head_at, w->head_len, proto->name, NULL);

	if (proto->heading)
		proto->heading(w, &text);
	if (!walk_fields(w, 1, proto->field, proto->fields, w->head_at, w->head_len)) {
		text = walk_row(w, 1, w->head_at + w->head_len, 0, "Cut", NULL);
		str_addf(&text, "the header ends after %zu bytes", w->head_len);
	}
	if (proto->more)
		proto->more(w);
}

/* The scan of `first` and what follows it; its position is set. */
static void walk_layers(struct walk *w, const struct proto *first)
{
	const struct proto *proto = first;

	for (unsigned n = 0; proto && n < PROTO_LAYERS_MAX; n++) {
		const struct proto *next;

		w->head_at = w->scan.r.at;
		next = proto->scan(&w->scan);
		w->head_len = w->scan.r.at - w->head_at;
		w->proto = proto;
		if (proto->fields || proto->more)
			layer_rows(w);
		proto = next ? next : proto_app_after(w);
	}
	payload_rows(w);
}

void walk_quote(struct walk *w, const struct proto *first)
{
	struct walk inner = *w;

	if (w->quotes >= PROTO_QUOTES_MAX || !rd_left(&w->scan.r))
		return;
	inner.packet = (struct packet){ .wscale = -1 };
	inner.scan.p = &inner.packet;
	inner.scan.end = UINT32_MAX;
	inner.scan.rerouted = inner.scan.inside = false;
	inner.scan.body = 0;
	inner.conn = NULL;
	inner.depth++;
	inner.quotes++;
	walk_layers(&inner, first);
	w->failed |= inner.failed;
	rd_skip(&w->scan.r, rd_left(&w->scan.r));
	w->scan.end = w->scan.r.at;
}

static void unknown_link(struct walk *w, uint32_t link)
{
	struct str text = walk_row(w, 0, 0, 0, "Unknown link type", NULL);

	str_addf(&text, "%u", link);
}

int dissect(struct dissection *d, uint32_t link, const void *bytes, size_t caplen, size_t len,
	    const struct dissect_context *context, struct err *e)
{
	const struct proto *first = proto_of_link(link);
	struct walk w = {
		.out = d,
		.bytes = bytes,
		.caplen = caplen,
		.conn = context ? context->conn : NULL,
		.dir = context ? context->dir : 0,
		.names = context ? context->names : NULL,
		.packet.wscale = -1,
		.scan = { .r = rd_on(bytes, caplen), .end = len > caplen ? len : caplen },
	};

	w.scan.p = &w.packet;
	d->rows = 0;
	if (!first)
		unknown_link(&w, link);
	walk_layers(&w, first);
	padding_rows(&w, w.scan.r.len);
	if (w.failed)
		return err_errno(e, ENOMEM, NULL, "cannot show the packet's fields");
	return 0;
}

void dissection_fini(struct dissection *d)
{
	free(d->row);
	*d = (struct dissection){ 0 };
}
