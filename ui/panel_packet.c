/*
 * The packet under the cursor: its fields as a tree, its bytes beside them where there is room, else below.
 *
 * What one looks for is mostly in the transport header, and the panel may be low: so the layers before it
 * are one line each at first, and their fields come behind the payload.
 */
#include <stdio.h>

#include "capture/dissect.h"
#include "src/describe.h"
#include "ui/analysis_rows.h"
#include "ui/page.h"
#include "ui/panels.h"

#define HEX_BESIDE 100 /* columns from which the bytes stand beside the fields */
#define NAME_WIDTH 24

/* whose: who counts the frames so. */
static void title_text(const struct view *v, const struct view_packet *p, const char *whose,
		       struct str *s)
{
	const struct addr_names *names = trace_names(v->trace);
	struct addr src, dst;

	str_addf(s, "packet %llu · frame %llu%s", (unsigned long long)p->ev->packet.number,
		 (unsigned long long)view_frame_number(v->trace, p->row), whose);
	if (packet_endpoints(&p->packet, &src, &dst)) {
		str_add(s, " · ");
		addr_text(s, &src, names);
		str_add(s, " → ");
		addr_text(s, &dst, names);
	}
	str_addf(s, " · %u bytes", p->ev->packet.len);
	if (p->ev->packet.caplen < p->ev->packet.len)
		str_addf(s, ", %u captured", p->ev->packet.caplen);
}

static void draw_title(const struct view *v, const struct view_packet *p, struct area a)
{
	STR_ON_STACK(s, 256);

	title_text(v, p, " in Wireshark", &s);
	if (1 + text_width(s.buf) > a.width) {
		str_clear(&s);
		title_text(v, p, "", &s);
	}
	area_text(a, 1, 0, STYLE_TITLE, s.buf);
}

/* The title, and the one thing that is remarkable about the packet, if there is one. */
static void draw_head(const struct view *v, const struct view_packet *p, struct page *page)
{
	STR_ON_STACK(s, 240);
	enum style style;

	draw_title(v, p, page_line(page));
	if (analysis_line(&s, v, p, &style))
		area_text(page_line(page), 1, 0, style, s.buf);
}

/* ---- fields ---- */

static void draw_field(struct area a, const struct dissect_row *r)
{
	int x = 1 + 2 * r->depth, value = NAME_WIDTH + 5;

	if (r->depth == 0) {
		int used = area_text(a, x, 0, STYLE_TITLE, r->name);

		area_text(a, x + used + 2, 0, STYLE_PLAIN, r->text);
		return;
	}
	if (value > a.width / 2)
		value = a.width / 2;
	area_text(area_sub(a, x, 0, value - x - 1, 1), 0, 0, STYLE_DIM, r->name);
	area_text(a, value, 0, STYLE_PLAIN, r->text);
}

/* The layer that is opened first: the last one that is no payload. */
static size_t main_layer(const struct dissection *d, const struct packet *p)
{
	size_t found = 0;

	for (size_t i = 0; i < d->rows; i++) {
		if (d->row[i].depth == 0 && (p->payload_at == 0 || d->row[i].at < p->payload_at))
			found = i;
	}
	return found;
}

static void draw_rows(struct page *page, const struct dissection *d, size_t from, size_t to,
		      bool headings)
{
	for (size_t i = from; i < to && !page_full(page); i++) {
		if (!headings || d->row[i].depth == 0)
			draw_field(page_line(page), &d->row[i]);
	}
}

/* The first row of the layer behind the one that begins at `from`. */
static size_t next_layer(const struct dissection *d, size_t from)
{
	do
		from++;
	while (from < d->rows && d->row[from].depth > 0);
	return from < d->rows ? from : d->rows;
}

static void draw_analysis(struct page *page, const struct view *v, const struct view_packet *p)
{
	struct analysis_row rows[ANALYSIS_ROWS];
	size_t count = analysis_rows(v, p, rows);
	struct area a;
	int value;

	if (count == 0)
		return;
	a = page_line(page);
	value = 1 + area_text(a, 1, 0, STYLE_TITLE, "Analysis") + 2;
	area_textf(a, value, 0, STYLE_PLAIN, "tcp.analysis by the rules of Wireshark %s",
		   conns_rules(trace_conns(v->trace))->name);
	value = NAME_WIDTH + 5 < page->area.width / 2 ? NAME_WIDTH + 5 : page->area.width / 2;
	for (size_t i = 0; i < count && !page_full(page); i++) {
		int y = page->y;

		if (y >= 0)
			area_text(area_sub(page->area, 3, y, value - 4, 1), 0, 0, STYLE_DIM,
				  rows[i].name);
		page_wrap(page, value, rows[i].style, rows[i].text);
	}
}

/* The layers before the opened one by their names, the opened one, the analysis, the rest. */
static void draw_fields(struct page *page, const struct view *v, const struct dissection *d,
			const struct view_packet *p)
{
	size_t first = main_layer(d, &p->packet), next = next_layer(d, first);

	draw_rows(page, d, 0, first, true);
	draw_rows(page, d, first, next, false);
	draw_analysis(page, v, p);
	draw_rows(page, d, next, d->rows, false);
	draw_rows(page, d, 0, first, false);
}

/* ---- bytes ---- */

static int hex_width(int per_line)
{
	return 6 + 3 * per_line + (per_line > 8) + 1 + per_line;
}

static void draw_hex_line(struct area a, const uint8_t *bytes, size_t at, size_t left,
			  size_t per_line)
{
	int x = 6;

	area_textf(a, 0, 0, STYLE_DIM, "%04zx", at);
	for (size_t i = 0; i < per_line && i < left; i++) {
		area_textf(a, x, 0, STYLE_PLAIN, "%02x", bytes[at + i]);
		x += i == 7 && per_line > 8 ? 4 : 3;
	}
	x = 6 + (int)(3 * per_line + (per_line > 8)) + 1;
	for (size_t i = 0; i < per_line && i < left; i++) {
		uint8_t byte = bytes[at + i];
		bool shown = byte >= 0x20 && byte < 0x7f;

		area_fill(a, x + (int)i, 0, 1, shown ? STYLE_PLAIN : STYLE_DIM, shown ? byte : '.');
	}
}

static void draw_hex(struct page *page, const struct event_packet *p, int x, size_t per_line)
{
	for (size_t at = 0; at < p->caplen && !page_full(page); at += per_line) {
		struct area line = page_line(page);

		draw_hex_line(area_sub(line, x, 0, line.width - x, 1), p->data, at, p->caplen - at,
			      per_line);
	}
}

/* The tree at the left, the bytes at the right: both scroll together. */
static void draw_beside(const struct view *v, struct area a, const struct view_packet *p,
			const struct dissection *d)
{
	int per_line = a.width - hex_width(16) >= 64 ? 16 : 8;
	int hex_x = a.width - hex_width(per_line) - 1;
	struct page fields = page_on(area_sub(a, 0, 0, hex_x - 1, a.height), v->panel_scroll);
	struct page hex = page_on(a, v->panel_scroll);

	draw_head(v, p, &hex);
	fields.y = hex.y;
	draw_fields(&fields, v, d, p);
	draw_hex(&hex, &p->ev->packet, hex_x, (size_t)per_line);
}

static void draw_below(const struct view *v, struct area a, const struct view_packet *p,
		       const struct dissection *d)
{
	struct page page = page_on(a, v->panel_scroll);

	draw_head(v, p, &page);
	draw_fields(&page, v, d, p);
	page_line(&page);
	draw_hex(&page, &p->ev->packet, 3, a.width - 4 >= hex_width(16) ? 16 : 8);
}

void panel_packet_draw(const struct view *v, struct area a)
{
	struct dissection d = { 0 };
	struct ladder_row row;
	struct view_packet p;
	struct err e;

	if (!view_cursor(v, &row) || !view_packet(v, row.packet, &p)) {
		page_empty(a, "No packet on this line.",
			   "Move with Up and Down to a line with an arrow: here stands every field "
			   "of every "
			   "layer of the packet, and its bytes.");
		return;
	}
	struct dissect_context context = { .conn = p.conn,
					   .dir = p.dir,
					   .names = trace_names(v->trace) };

	if (dissect(&d, p.link, p.ev->packet.data, p.ev->packet.caplen, p.ev->packet.len, &context,
		    &e))
		page_empty(a, "This packet cannot be shown.", e.what);
	else if (a.width >= HEX_BESIDE)
		draw_beside(v, a, &p, &d);
	else
		draw_below(v, a, &p, &d);
	dissection_fini(&d);
}
