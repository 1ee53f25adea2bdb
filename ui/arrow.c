/*
 * An arrow is laid out once, as if it went to the right: a lead of line, the text, a middle of line, and
 * its end.  One that goes to the left is laid out from the other side with the same numbers; only the texts
 * of whole arrows begin in the same column in both directions, so that they can be read as a list.
 */
#include "ui/arrow.h"

#include <string.h>

#include "src/core/str.h"
#include "ui/glyph.h"

#define FADE 4 /* cells of a line that ends on the wire */

/* Positions count from the sender's side. */
struct plan {
	int lead; /* where the line begins */
	int text, text_w; /* where the text begins in the direction of travel, and its cells */
	int end; /* first cell that the line does not reach */
	int fade_from, fade_to; /* this part of the line is dashed */
};

/* ---- the text ---- */

/*
 * A summary is made of parts with two blanks between: "PSH ACK  seq 1  ack 1  len 5".  Where it does not
 * fit, first the blanks go, then the acknowledgement of what is sent for the data's sake, then parts from the end.
 */
#define PARTS 12

struct parts {
	struct {
		const char *at;
		int len;
	} part[PARTS];
	size_t count;
	bool cut; /* there were more, or one was left out */
};

static struct parts split(const char *s)
{
	struct parts p = { .count = 0 };

	while (*s && p.count < PARTS) {
		const char *end = strstr(s, "  ");
		size_t len = end ? (size_t)(end - s) : strlen(s);

		p.part[p.count].at = s;
		p.part[p.count++].len = (int)len;
		s += len + strspn(s + len, " ");
	}
	p.cut = *s != '\0';
	return p;
}

static void join(struct str *out, const struct parts *p, const char *between)
{
	str_clear(out);
	for (size_t i = 0; i < p->count; i++)
		str_addf(out, "%s%.*s", i ? between : "", p->part[i].len, p->part[i].at);
	if (p->cut)
		str_add(out, "…");
}

static size_t find_part(const struct parts *p, const char *begin)
{
	for (size_t i = 1; i < p->count; i++) {
		if (strncmp(p->part[i].at, begin, strlen(begin)) == 0)
			return i;
	}
	return 0;
}

static void leave_out(struct parts *p, size_t i)
{
	p->count--;
	for (; i < p->count; i++)
		p->part[i] = p->part[i + 1];
}

/* Shortens by one step; false if nothing is left to do without. */
static bool shorten(struct parts *p)
{
	size_t ack = find_part(p, "ack ");

	if (ack && find_part(p, "len ")) {
		leave_out(p, ack);
		return true;
	}
	p->cut = true;
	if (p->count <= 1)
		return false;
	p->count--;
	return true;
}

/* The last resort, for one long part: its last words go, then its last characters. */
static void cut_text(struct str *out, struct str *s, int room)
{
	size_t len = s->len;

	while (len > 0 && text_width(s->buf) + 1 > room) {
		char *blank = strrchr(s->buf, ' ');

		len = blank ? (size_t)(blank - s->buf) : len - 1;
		while (len > 0 && ((unsigned char)s->buf[len] & 0xc0) == 0x80)
			len--;
		s->buf[len] = '\0';
	}
	if (room > 0)
		str_addf(out, "%s…", s->buf);
}

void arrow_text(struct str *out, const char *summary, int room)
{
	STR_ON_STACK(s, 512);
	struct parts p = split(summary);

	join(&s, &p, "  ");
	if (text_width(s.buf) > room)
		join(&s, &p, " ");
	while (text_width(s.buf) > room) {
		bool shorter = shorten(&p);

		p.cut = p.cut && shorter;
		join(&s, &p, " ");
		if (!shorter) {
			cut_text(out, &s, room);
			return;
		}
	}
	str_add(out, s.buf);
}

/* ---- the line ---- */

/* The cell of the area that is `at` cells away from the sender's side. */
static int cell_x(struct area a, const struct arrow *r, int at)
{
	return r->leftward ? a.width - 1 - at : at;
}

static void put_line(struct area a, const struct arrow *r, const struct plan *p)
{
	uint32_t line = glyph_code(GLYPH_LINE, false), dash = glyph_code(GLYPH_DASH, false);

	for (int at = p->lead; at < p->end; at++) {
		bool faded = at >= p->fade_from && at < p->fade_to;

		area_fill(a, cell_x(a, r, at), 0, 1, r->style, faded ? dash : line);
	}
}

/* A summary as it will be drawn, with the note behind it, or what is left of that before it. */
struct caption {
	struct str text;
	const char *before, *behind; /* of the note; "" */
	char text_bytes[512], sign[8];
};

static int caption_width(const struct caption *c)
{
	return text_width(c->text.buf) + (c->before[0] ? text_width(c->before) + 1 : 0) +
	       (c->behind[0] ? text_width(c->behind) + 2 : 0);
}

static bool fits_whole(const char *summary, int room)
{
	STR_ON_STACK(s, 512);
	struct parts p = split(summary);

	join(&s, &p, " ");
	return !p.cut && text_width(s.buf) <= room;
}

static void make_caption(struct caption *c, const struct arrow *r, int room)
{
	int note = r->note ? text_width(r->note) + 2 : 0;
	size_t sign = r->note ? strcspn(r->note, " ") : 0;

	c->text = str_on(c->text_bytes, sizeof(c->text_bytes));
	c->before = c->behind = "";
	if (note && fits_whole(r->text, room - note)) {
		c->behind = r->note;
		room -= note;
	} else if (note && sign < sizeof(c->sign) && r->note[sign]) {
		memcpy(c->sign, r->note, sign);
		c->sign[sign] = '\0';
		if (text_width(c->sign) == 1) {
			c->before = c->sign;
			room -= 2;
		}
	}
	arrow_text(&c->text, r->text, room);
}

/* The text with a blank on each side, over the line. */
static void put_text(struct area a, const struct arrow *r, const struct plan *p,
		     const struct caption *c)
{
	int x = r->leftward ? a.width - p->text - p->text_w : p->text;

	if (p->text_w == 0)
		return;
	area_fill(a, x - 1, 0, p->text_w + 2, r->style, ' ');
	if (c->before[0])
		x += area_text(a, x, 0, r->note_style, c->before) + 1;
	x += area_text(a, x, 0, r->style, c->text.buf) + 2;
	if (c->behind[0])
		area_text(a, x, 0, r->note_style, c->behind);
}

static void put_head(struct area a, const struct arrow *r)
{
	enum glyph g = r->leftward ? GLYPH_LEFT : GLYPH_RIGHT;

	area_fill(a, cell_x(a, r, a.width - 1), 0, 1, r->style, glyph_code(g, false));
}

/* The glyph and the words at the end of a packet that rests or is lost, from `at` on. */
static void put_mark(struct area a, const struct arrow *r, int at, int room)
{
	uint32_t g = glyph_code(r->shape == ARROW_RESTS ? GLYPH_HELD : GLYPH_LOST, false);
	int width = text_width(r->mark), x;

	area_fill(a, cell_x(a, r, at), 0, 1, r->mark_style, g);
	if (width > room - 2)
		width = room - 2;
	if (width <= 0)
		return;
	x = r->leftward ? a.width - at - 2 - width : at + 2;
	area_text(area_sub(a, x, 0, width, 1), 0, 0, r->mark_style, r->mark);
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

/* Cells that the mark gets: as many as its words need, but never more than leaves the text its flags. */
static int mark_room(const struct arrow *r, int width)
{
	if (r->shape != ARROW_RESTS && r->shape != ARROW_LOST && r->shape != ARROW_LOST_LATER)
		return 0;
	return min_int(2 + text_width(r->mark), max_int(1, width - 18));
}

/* Where the line ends, for the arrows that do not reach the other side. */
static int line_end(const struct arrow *r, const struct plan *p, int width, int mark)
{
	int text_end = p->text + p->text_w + 1;

	switch (r->shape) {
	case ARROW_WHOLE:
	case ARROW_ARRIVES:
		break;
	case ARROW_LEAVES:
		return max_int(min_int(max_int(text_end + FADE, width * 2 / 3), width - 2),
			       text_end);
	case ARROW_RESTS:
		return min_int(max_int(text_end + 2, width / 2), width - mark - 1);
	case ARROW_LOST:
	case ARROW_LOST_LATER:
		return width - mark - 2;
	}
	return width - 1;
}

/* Where what faces the open wire is dashed. */
static void set_fade(const struct arrow *r, struct plan *p)
{
	switch (r->shape) {
	case ARROW_WHOLE:
	case ARROW_RESTS:
		break;
	case ARROW_ARRIVES:
		p->fade_from = p->lead;
		p->fade_to = min_int(p->lead + FADE, p->text - 2);
		break;
	case ARROW_LOST_LATER:
		p->fade_from = p->lead;
		p->fade_to = p->end;
		break;
	case ARROW_LEAVES:
	case ARROW_LOST:
		p->fade_from = p->end - (r->shape == ARROW_LOST ? 2 : FADE);
		p->fade_to = p->end;
		break;
	}
}

/* A text that comes in from the wire hugs the receiver; what stays on the wire hugs the sender. */
static void set_text(const struct arrow *r, struct plan *p, int width, int lead, int mark)
{
	if (r->shape == ARROW_ARRIVES) {
		p->text = width - lead - 2 - p->text_w;
		p->lead = max_int(1, min_int(p->text - 1 - FADE, width / 3));
	} else if (r->shape == ARROW_LOST_LATER) {
		p->text = max_int(FADE, width - mark - p->text_w - 5);
		p->lead = max_int(1, p->text - 1 - FADE);
	} else if (r->shape == ARROW_WHOLE && r->leftward) {
		p->text = width - lead - 1 - p->text_w;
	} else {
		p->text = lead + 1;
	}
}

/* Cells beside the text that each shape needs at least: lines, dashes, blanks at the open end, the head. */
static int text_room(const struct arrow *r, int width, int lead, int mark)
{
	switch (r->shape) {
	case ARROW_WHOLE:
		break;
	case ARROW_LEAVES:
	case ARROW_ARRIVES:
		return width - lead - 7;
	case ARROW_RESTS:
		return width - lead - 4 - mark;
	case ARROW_LOST:
		return width - lead - 6 - mark;
	case ARROW_LOST_LATER:
		return width - 7 - mark;
	}
	return width - lead - 4;
}

/* Whole arrows all have the same lead, so that their texts line up; others give it up for words. */
static int choose_lead(const struct arrow *r, int width, int mark)
{
	if (width < 36)
		return 2;
	if (r->shape != ARROW_WHOLE && text_width(r->text) > text_room(r, width, 4, mark))
		return 2;
	return 4;
}

void arrow_draw(struct area a, const struct arrow *r)
{
	int mark = mark_room(r, a.width), lead = choose_lead(r, a.width, mark);
	struct caption caption;
	struct plan p = { 0 };

	if (a.width < 4 || a.height < 1)
		return;
	make_caption(&caption, r, text_room(r, a.width, lead, mark));
	p.text_w = caption_width(&caption);
	set_text(r, &p, a.width, lead, mark);
	p.end = line_end(r, &p, a.width, mark);
	set_fade(r, &p);
	put_line(a, r, &p);
	put_text(a, r, &p, &caption);
	if (r->shape == ARROW_WHOLE || r->shape == ARROW_ARRIVES)
		put_head(a, r);
	if (mark)
		put_mark(a, r, r->shape == ARROW_RESTS ? p.end : p.end + 1, mark);
}
