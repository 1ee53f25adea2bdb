/*
 * The bytes of the cursor's connection as rulers: of each direction what its sender has, and what its receiver has, on
 * one scale.  The scale is all that the trace has of that direction; of a long one a stretch around what is on its
 * way, so that a few segments can be seen among gigabytes.
 */
#include "src/core/clock.h"
#include "src/ruler.h"
#include "ui/ends.h"
#include "ui/page.h"
#include "ui/panels.h"

#define BAR_X	   10
#define WORDS	   48 /* cells of the words beside a bar */
#define BAR_MIN	   18
#define WHOLE_MAX  (64u << 10) /* bytes of a direction that are shown as a whole */
#define PARTS	   3
#define FIRST_NS   (4 * NS_PER_MS)
#define NAME_ROOM  28
#define GLYPH_FULL 0x2588 /* █ */
#define GLYPH_MUCH 0x2593 /* ▓ */
#define GLYPH_HALF 0x2592 /* ▒ */
#define GLYPH_FEW  0x2591 /* ░ */
#define GLYPH_NONE 0x00b7 /* · */

struct part { /* of a bar, and its words */
	const char *name;
	uint32_t glyph;
	enum style style;
	uint64_t upto; /* where it ends in the stream */
	uint64_t count;
	bool known;
};

struct scale {
	uint64_t from, to;
};

/* ---- numbers ---- */

static void add_count(struct str *out, uint64_t n)
{
	if (n < 100000)
		str_addf(out, "%llu", (unsigned long long)n);
	else if (n < 10000000)
		str_addf(out, "%lluk", (unsigned long long)(n / 1000));
	else if (n < UINT64_C(10000000000))
		str_addf(out, "%lluM", (unsigned long long)(n / 1000000));
	else
		str_addf(out, "%lluG", (unsigned long long)(n / 1000000000));
}

static uint64_t greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The length of the stretch is a power of two, and it moves by quarters: the ruler does not run under the eye. */
static struct scale scale_of(const struct ruler_side *s, uint64_t total)
{
	uint64_t high = greatest(s->written, greatest(s->received, total));
	uint64_t low = s->acked, length = WHOLE_MAX;

	if (high <= WHOLE_MAX)
		return (struct scale){ 0, high };
	if (s->receiver_known && s->read < low)
		low = s->read;
	while (length < 2 * (s->written - low) + length / 4)
		length *= 2;
	high = low + length * 3 / 4;
	high -= high % (length / 4);
	return (struct scale){ high > length ? high - length : 0, high > length ? high : length };
}

/* ---- bars ---- */

static int cell_of(const struct scale *s, uint64_t at, int width)
{
	uint64_t length = s->to - s->from;

	if (at <= s->from || length == 0)
		return 0;
	if (at >= s->to)
		return width;
	return (int)(((at - s->from) * (uint64_t)width + length / 2) / length);
}

/* Where parts end; one that has a byte has a cell. */
static void place_parts(const struct part *part, const struct scale *s, int width, int *end)
{
	for (int i = 0, before = 0; i < PARTS; before = end[i++]) {
		end[i] = cell_of(s, part[i].upto, width);
		if (part[i].count > 0 && part[i].upto > s->from && end[i] <= before)
			end[i] = before + 1;
		if (end[i] < before)
			end[i] = before;
	}
	for (int i = PARTS - 1, behind = width + 1; i >= 0; behind = end[i--]) {
		if (end[i] > width)
			end[i] = width;
		if (i < PARTS - 1 && part[i + 1].count > 0 && end[i] >= behind)
			end[i] = behind - 1;
	}
}

static void draw_bar(struct area a, int x, int width, const struct part *part,
		     const struct scale *s)
{
	int end[PARTS], from = 0;

	place_parts(part, s, width, end);
	area_fill(a, x, 0, width, STYLE_RULE, GLYPH_NONE);
	for (int i = 0; i < PARTS; i++) {
		if (part[i].name && end[i] > from)
			area_fill(a, x + from, 0, end[i] - from, part[i].style, part[i].glyph);
		from = end[i] > from ? end[i] : from;
	}
}

/* "█ acked 1460  ▒ in flight 1460  ░ unsent 1080" */
static void draw_words(struct area a, int x, const struct part *part)
{
	static const int room[PARTS] = { 15, 18, 15 };

	for (int i = 0; i < PARTS; x += room[i++]) {
		struct area box = area_sub(a, x, 0, room[i] - 1, 1);
		STR_ON_STACK(s, 32);

		if (!part[i].name)
			continue;
		if (part[i].known)
			add_count(&s, part[i].count);
		else
			str_char(&s, '?');
		area_fill(box, 0, 0, 1, part[i].style, part[i].glyph);
		area_text(box, 2, 0, STYLE_DIM, part[i].name);
		area_text_right(box, box.width, 0, part[i].known ? STYLE_PLAIN : STYLE_DIM, s.buf);
	}
}

/* A bar with its words beside it, or below it where it is narrow. */
static void draw_line(struct page *page, const char *name, const struct part *part,
		      const struct scale *s)
{
	struct area a = page_line(page);
	int width = page->area.width, bar = width - BAR_X - WORDS - 2;
	bool beside = bar >= BAR_MIN;

	if (!beside)
		bar = width - BAR_X - 1;
	area_text(area_sub(a, 1, 0, BAR_X - 2, 1), 0, 0, STYLE_DIM, name);
	draw_bar(a, BAR_X, bar, part, s);
	if (beside)
		draw_words(a, BAR_X + bar + 1, part);
	else
		draw_words(page_line(page), width - WORDS - 1 > 1 ? width - WORDS - 1 : 1, part);
}

/* ---- directions ---- */

static void add_name(struct str *out, const struct ladder_frame *f, int side)
{
	if (f->sides.by_host)
		str_add(out, trace_host(f->view->trace, f->sides.host[side])->name);
	else
		ladder_side_text(out, f, side, NAME_ROOM);
}

static void draw_title(const struct ladder_frame *f, struct area a, int from,
		       const struct ruler_side *d, const struct scale *scale)
{
	STR_ON_STACK(s, 160);
	int x = 3;

	add_name(&s, f, from);
	str_add(&s, " → ");
	add_name(&s, f, !from);
	area_fill(a, 1, 0, 1, ends_style(from), ends_mark(from));
	x += area_text(a, x, 0, STYLE_TITLE, s.buf) + 2;
	str_clear(&s);
	if (d->sender_known) {
		str_add(&s, "wrote ");
		add_count(&s, d->written);
	} else {
		str_add(&s, "sent ");
		add_count(&s, d->sent);
	}
	if (d->receiver_known) {
		str_add(&s, ", read ");
		add_count(&s, d->read);
	}
	str_add(&s, d->ended ? " bytes, then FIN" : " bytes");
	x += area_text(a, x, 0, STYLE_PLAIN, s.buf) + 2;
	if (scale->to == 0)
		return;
	str_clear(&s);
	str_add(&s, "scale ");
	add_count(&s, scale->from);
	str_add(&s, " – ");
	add_count(&s, scale->to);
	if (x + text_width(s.buf) < a.width)
		area_text_right(a, a.width - 1, 0, STYLE_DIM, s.buf);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void draw_direction(const struct ladder_frame *f, struct page *page, int from,
			   const struct ruler_side *d, uint64_t total)
{
	struct scale scale = scale_of(d, total);
	const enum style own = ends_style(from), other = ends_style(!from);
	const struct part sender[PARTS] = {
		{ "acked", GLYPH_FULL, own, d->acked, d->acked, true },
		{ "in flight", GLYPH_HALF, STYLE_HELD, d->sent, minus(d->sent, d->acked), true },
		{ "unsent", GLYPH_FEW, STYLE_BLOCKED, d->written, minus(d->written, d->sent),
		  d->sender_known },
	};
	const struct part seen[PARTS] = {
		{ "read", GLYPH_FULL, other, d->read, d->read, true },
		{ "unread", GLYPH_MUCH, STYLE_BLOCKED, d->received, minus(d->received, d->read),
		  true },
		{ d->beyond ? "beyond" : NULL, GLYPH_NONE, STYLE_RULE, 0, d->beyond, true },
	};
	const struct part unseen[PARTS] = {
		{ "received", GLYPH_MUCH, other, d->received, d->received, true },
		{ "read", GLYPH_FULL, other, d->received, 0, false },
		{ NULL, GLYPH_NONE, STYLE_RULE, 0, 0, false },
	};

	draw_title(f, page_line(page), from, d, &scale);
	draw_line(page, "sender", sender, &scale);
	draw_line(page, "receiver", d->receiver_known ? seen : unseen, &scale);
}

/* ---- the panel ---- */

bool panel_ruler_work(const struct view *v, int64_t budget_ns)
{
	struct ladder_frame f;

	if (!v->ruler)
		return false;
	f = ladder_frame(v, VIEW_MIN_WIDTH, false);
	ruler_ask(v->ruler, f.has_cursor && ends_are_tcp(&f) ? f.sides.conn : CONN_NONE,
		  view_now(v));
	return ruler_work(v->ruler, budget_ns);
}

static void draw_counting(const struct view *v, struct area a)
{
	if (v->ruler && ruler_busy(v->ruler))
		area_textf(a, 2, 1, STYLE_DIM, "counting … %u %%", ruler_percent(v->ruler));
}

void panel_ruler_draw(const struct view *v, struct area a)
{
	struct ladder_frame f = ladder_frame(v, a.width, false);
	struct page page = page_on(a, v->panel_scroll);
	struct ruler_count count;
	int left;

	if (!f.has_cursor || !ends_are_tcp(&f)) {
		page_empty(a, "No TCP connection at this moment.",
			   "Here stand the bytes of both directions of a TCP connection: written "
			   "by a program, "
			   "unsent, in flight, acknowledged, received, read by the other program. "
			   "Connect, or move "
			   "to a packet of TCP.");
		return;
	}
	panel_ruler_work(v, FIRST_NS); /* what takes no longer is there at once */
	if (!v->ruler || !ruler_at(v->ruler, f.sides.conn, view_now(v), &count)) {
		draw_counting(v, a);
		return;
	}
	left = ends_left(&f);
	for (int side = 0; side < 2; side++) {
		int dir = side ? !left : left;

		draw_direction(&f, &page, side, &count.dir[dir], count.total[dir]);
		if (a.height > 8)
			page_line(&page);
	}
}
