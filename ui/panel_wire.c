/*
 * The wire at the cursor: what is on it, as little packets between the hosts, at the place where they are; and what it
 * was told to do.
 *
 *	   client                                              server
 *	▌ 7      │────────◆ SYN  seq 0  mss 1460 ╌╌╌╌╌╌╌╌╌╌╌▶│  held 3.2 s, resent in 0.4 s
 *	  8      │◀╌╌╌╌╌╌╌╌╌╌╌╌╌╌ ACK  ack 6 ────────────────│  on its way
 *	 #1      hold tcp[tcpflags] & tcp-fin != 0
 */
#include <string.h>

#include "src/core/clock.h"
#include "src/describe.h"
#include "ui/arrow.h"
#include "ui/glyph.h"
#include "ui/ladder_view.h"
#include "ui/page.h"
#include "ui/panels.h"
#include "ui/wire_items.h"

#define NUMBER_END  6 /* a packet's number ends before this cell */
#define RAIL_X	    7
#define WORDS	    28 /* cells beside the right rail */
#define WORDS_FEW   13 /* … where the panel is narrow */
#define FEW_BELOW   76
#define LABEL_LEAST 3 /* cells of the line at either side of a packet */
#define HALF	    500 /* of a way, in thousandths */

struct frame {
	const struct view *v;
	struct ladder_frame sides;
	int rail[2]; /* their cells */
	int words; /* room beside them */
};

/* ---- times ---- */

static void held_words(const struct frame *f, const struct wire_item *item, int64_t since_ns,
		       struct str *out)
{
	int64_t left;

	str_add(out, "held ");
	wire_items_seconds(out, wire_items_clock(f->v) - since_ns);
	if (f->words < WORDS || !wire_items_timer(f->v, item, &left))
		return;
	str_add(out, ", resent in ");
	wire_items_seconds(out, left);
}

static void way_words(const struct frame *f, const struct event_wire *w, struct str *out)
{
	int64_t left = w->due_ns - wire_items_clock(f->v);

	if (!w->due_ns || left <= 0) {
		str_add(out, "on its way");
		return;
	}
	if (f->words >= WORDS)
		str_add(out, w->fate == WIRE_REORDERED ? "falls behind, " : "on its way, ");
	str_add(out, "in ");
	wire_items_seconds(out, left);
}

/* ---- one packet ---- */

/* How far it has come, in thousandths of its way. */
static int way_of(const struct frame *f, const struct event *wire)
{
	int64_t all = wire->wire.due_ns - wire->ts_ns;
	int64_t gone = wire_items_clock(f->v) - wire->ts_ns;

	if (wire->wire.fate == WIRE_HELD || all <= 0)
		return HALF;
	return gone <= 0 ? 0 : gone >= all ? 1000 : (int)(gone * 1000 / all);
}

static void packet_label(const struct view_packet *p, int room, struct str *out)
{
	STR_ON_STACK(whole, 512);

	packet_summary(&whole, &p->packet, p->conn, p->dir, p->ev->packet.data,
		       p->ev->packet.caplen);
	if (!whole.len)
		str_add(&whole, "a packet");
	arrow_text(out, whole.buf, room);
}

/* What lies behind it is a line, what lies before it is dashed; it points to where it goes. */
static void draw_way(struct area lane, bool leftward, bool held, int way, const char *label,
		     enum style style)
{
	int size = text_width(label) + 2 + held; /* with blanks around it */
	int room = lane.width - size - LABEL_LEAST;
	int from = leftward ? 1 + (room - 1) * (1000 - way) / 1000 : 1 + (room - 1) * way / 1000;
	uint32_t line = glyph_code(GLYPH_LINE, false), dash = glyph_code(GLYPH_DASH, false);

	if (leftward)
		from++;
	area_fill(lane, 0, 0, from, STYLE_RULE, leftward ? dash : line);
	area_fill(lane, from + size, 0, lane.width - from - size, STYLE_RULE,
		  leftward ? line : dash);
	area_fill(lane, leftward ? 0 : lane.width - 1, 0, 1, STYLE_RULE,
		  glyph_code(leftward ? GLYPH_LEFT : GLYPH_RIGHT, false));
	area_fill(lane, from, 0, size, style, ' ');
	if (held)
		area_fill(lane, from, 0, 1, STYLE_HELD, glyph_code(GLYPH_HELD, false));
	area_text(lane, from + 1 + held, 0, style, label);
}

static void draw_packet(const struct frame *f, const struct wire_item *item, struct area a)
{
	const struct event *wire = trace_event(f->v->trace, item->wire, NULL);
	bool held = item->fate == WIRE_HELD;
	struct event moment;
	struct area lane;
	STR_ON_STACK(words, 64);
	STR_ON_STACK(label, 256);
	struct view_packet p;
	int side;

	if (!wire || !view_packet(f->v, item->packet, &p))
		return;
	moment = *wire; /* others are read below */
	lane = area_sub(a, f->rail[0] + 1, 0, f->rail[1] - f->rail[0] - 1, 1);
	side = ladder_packet_side(&f->sides, trace_entry(f->v->trace, item->packet));
	packet_label(&p, lane.width - 3 * LABEL_LEAST, &label);
	draw_way(lane, side == 1, held, way_of(f, &moment), label.buf,
		 held ? STYLE_HELD : STYLE_PLAIN);
	if (held)
		held_words(f, item, moment.ts_ns, &words);
	else
		way_words(f, &moment.wire, &words);
	area_text(a, f->rail[1] + 2, 0, held ? STYLE_HELD : STYLE_DIM, words.buf);
	for (int i = 0; i < 2; i++)
		area_fill(a, f->rail[i], 0, 1, STYLE_RULE, glyph_code(GLYPH_RAIL, false));
}

/* ---- the panel ---- */

static void draw_item(const struct frame *f, const struct wire_item *item, bool picked,
		      struct area a)
{
	STR_ON_STACK(number, 32);

	if (a.height <= 0)
		return;
	str_addf(&number, item->is_rule ? "#%llu" : "%llu", (unsigned long long)item->number);
	area_text_right(a, NUMBER_END, 0, item->is_rule ? STYLE_HELD : STYLE_DIM, number.buf);
	if (item->is_rule)
		area_text(area_sub(a, RAIL_X, 0, a.width - RAIL_X - 1, 1), 0, 0, STYLE_HELD,
			  item->text);
	else
		draw_packet(f, item, a);
	if (picked) {
		area_fill(a, 0, 0, 1, STYLE_PLAIN, glyph_code(GLYPH_CURSOR, false));
		area_accent(a, 0, 0, a.width);
	}
}

static struct frame frame_of(const struct view *v, int width)
{
	struct frame f = { .v = v, .sides = ladder_frame(v, width, false) };

	f.words = width < FEW_BELOW ? WORDS_FEW : WORDS;
	f.rail[0] = RAIL_X;
	f.rail[1] = width - f.words - 4;
	return f;
}

static void draw_ends(const struct frame *f, struct area a)
{
	if (a.height <= 0)
		return;
	for (int side = 0; side < 2; side++) {
		STR_ON_STACK(name, 64);

		ladder_side_text(&name, &f->sides, side, (f->rail[1] - f->rail[0]) / 2 - 2);
		if (side)
			area_text_right(a, f->rail[1] + 1, 0, STYLE_DIM, name.buf);
		else
			area_text(a, f->rail[0], 0, STYLE_DIM, name.buf);
	}
}

/* What a student can make of a part of the status that is no rule. */
static void add_part(struct str *out, const char *part)
{
	static const struct {
		const char *part, *help;
	} parts[] = {
		{ "patient",
		  "patient: new connections repeat data and FINs after 5 s, not 0.2 s; a "
		  "SYN after 1 s all the same" },
		{ "arp", "arp: the hosts ask for each other's addresses" },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].part, part) == 0) {
			str_add(out, parts[i].help);
			return;
		}
	str_addf(out, "the wire: %s", part);
}

static bool draw_parts(const struct wire_items *items, struct page *page)
{
	bool some = false;

	for (const char *part = NULL; (part = wire_items_part(items, part));) {
		STR_ON_STACK(text, 200);

		some = true;
		if (*part == '#')
			continue;
		add_part(&text, part);
		page_wrap(page, RAIL_X, STYLE_DIM, text.buf);
	}
	return some;
}

static void draw_nothing(struct page *page, bool does_something)
{
	page_line(page);
	page_wrap(page, 2, STYLE_PLAIN,
		  "Nothing is on the wire at this moment: what was sent has arrived or is lost.");
	page_wrap(
		page, 2, STYLE_DIM,
		does_something
			? "hold off N ends rule N, delay 0 a delay, mend a cut and the rules that "
			  "drop or duplicate."
			: "h holds the next packets, a delay (delay 200ms at the wire's prompt) "
			  "keeps them on their way long enough to be seen here.");
}

/* In a narrow panel there is no room for it beside the packet. */
static void draw_timers(const struct frame *f, const struct wire_items *items, struct page *page)
{
	for (size_t i = 0; f->words < WORDS && i < items->packets; i++) {
		STR_ON_STACK(text, 64);
		int64_t left;

		if (!wire_items_timer(f->v, &items->item[i], &left))
			continue;
		str_addf(&text, "%llu is resent in ", (unsigned long long)items->item[i].number);
		wire_items_seconds(&text, left);
		page_wrap(page, RAIL_X, STYLE_HELD, text.buf);
	}
}

/* So far down that the picked one is in sight, and what is scrolled away besides. */
static int skip_of(const struct view *v, const struct wire_items *items, int height)
{
	int least = 1 + (int)items->picked - height + 1;

	return v->panel_scroll > least ? v->panel_scroll : least > 0 ? least : 0;
}

void panel_wire_draw(const struct view *v, struct area a)
{
	struct wire_items items;
	struct frame f = frame_of(v, a.width);
	struct page page;
	bool some;

	wire_items_find(v, &items);
	page = page_on(a, items.count ? skip_of(v, &items, a.height) : v->panel_scroll);
	if (items.packets)
		draw_ends(&f, page_line(&page));
	for (size_t i = 0; i < items.count && !page_full(&page); i++)
		draw_item(&f, &items.item[i], i == items.picked, page_line(&page));
	draw_timers(&f, &items, &page);
	some = draw_parts(&items, &page);
	if (!items.packets)
		draw_nothing(&page, some || items.count);
}

size_t panel_wire_item_at(const struct view *v, struct area a, int y)
{
	struct wire_items items;
	long i;

	wire_items_find(v, &items);
	if (!items.count)
		return SIZE_MAX;
	i = (long)y + skip_of(v, &items, a.height) - (items.packets ? 1 : 0);
	return i >= 0 && (size_t)i < items.count ? (size_t)i : SIZE_MAX;
}
