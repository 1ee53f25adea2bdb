#include <string.h>

#include "src/core/safe.h"
#include "src/describe.h"
#include "ui/follow_impl.h"
#include "ui/glyph.h"
#include "ui/page.h"

static enum style style_of(int dir)
{
	return dir ? STYLE_CONN1 : STYLE_CONN0;
}

/* ---- a line of text ---- */

static void put_char(struct area a, int x, enum style s, const uint8_t *bytes,
		     const struct safe_char *c)
{
	char text[5] = { 0 };

	memcpy(text, bytes, c->bytes < 4 ? c->bytes : 4);
	area_text(a, x, 0, s, text);
}

/* What is no printable character is a dot, as hex dumps have it; a mark that combines is left out. */
static void draw_text(const struct follow_line *l, struct area a)
{
	enum style s = style_of(l->run.dir);
	int x = 0;

	for (size_t i = 0; i < l->len;) {
		struct safe_char c = safe_next(l->bytes + i, l->len - i);
		bool ends = l->bytes[i] == '\n' ||
			    (l->bytes[i] == '\r' && i + 1 < l->len && l->bytes[i + 1] == '\n');

		if (l->bytes[i] == '\t') {
			x += FOLLOW_TAB - x % FOLLOW_TAB;
		} else if (c.harmless && c.width > 0) {
			put_char(a, x, s, l->bytes + i, &c);
			x += c.width;
		} else if (!ends && !c.harmless) {
			area_text(a, x++, 0, STYLE_DIM, ".");
		}
		i += c.bytes;
	}
}

/* ---- a line in hex ---- */

static void draw_hex(const struct follow *f, const struct follow_line *l, struct area a)
{
	int room = follow_room(f, l->run.dir);
	STR_ON_STACK(offset, 24);
	STR_ON_STACK(hex, 80);
	STR_ON_STACK(text, 40);

	str_addf(&offset, "%08llx", (unsigned long long)(l->run.offset + (l->pos - l->run.pos)));
	for (size_t i = 0; i < l->len; i++) {
		str_addf(&hex, "%s%02x", i == 0 ? "" : i == 8 ? "  " : " ", l->bytes[i]);
		str_char(&text, l->bytes[i] >= ' ' && l->bytes[i] < 0x7f ? (char)l->bytes[i] : '.');
	}
	area_text(a, 0, 0, STYLE_DIM, offset.buf);
	area_text(a, 10, 0, style_of(l->run.dir), hex.buf);
	area_text(a, 10 + room * 3 + 1, 0, style_of(l->run.dir), text.buf);
}

/* ---- lines ---- */

static void draw_missing(const struct follow_line *l, struct area a)
{
	STR_ON_STACK(s, 60);

	str_addf(&s, "[%llu byte%s not captured]", (unsigned long long)l->run.missing,
		 l->run.missing == 1 ? "" : "s");
	area_text(a, 0, 0, STYLE_LOSS, s.buf);
}

static void draw_line(const struct follow *f, const struct follow_line *l, struct area row)
{
	int x = 1 + (l->run.dir ? FOLLOW_INDENT : 0);
	struct area body = area_sub(row, x + FOLLOW_GUTTER, 0, row.width - x - FOLLOW_GUTTER, 1);

	if (l->pos == l->run.pos)
		area_fill(row, x, 0, 1, style_of(l->run.dir),
			  glyph_code(l->run.dir ? GLYPH_LEFT : GLYPH_RIGHT, false));
	if (l->run.missing)
		draw_missing(l, body);
	else if (l->len == 0)
		area_text(body, 0, 0, STYLE_LOSS, "[cannot be read any more]");
	else if (f->hex)
		draw_hex(f, l, body);
	else
		draw_text(l, body);
	if (f->found != UINT64_MAX && f->found >= l->pos && f->found < l->end)
		area_accent(row, 0, 0, row.width);
}

/* ---- what was looked for ---- */

static uint32_t lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static void mark_matches(const struct follow *f, struct area row)
{
	int len = (int)strlen(f->text);
	struct cell *line;

	if (len == 0 || row.width <= 0 || row.height <= 0)
		return;
	line = row.grid->cell + (size_t)row.y * (size_t)row.grid->width + row.x;
	for (int x = 0; x + len <= row.width; x++) {
		int same = 0;

		while (same < len &&
		       lower(line[x + same].code) == lower((unsigned char)f->text[same]))
			same++;
		for (int i = 0; same == len && i < len; i++)
			line[x + i].style = STYLE_MATCH;
	}
}

/* ---- the screen ---- */

static void bytes_text(struct str *out, uint64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)n;
	size_t unit = 0;

	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	str_addf(out, "%.*f %s",
		 unit == 0 || value >= 99.95 ? 0
		 : value >= 9.995	     ? 1
					     : 2,
		 value, units[unit]);
}

static void title_text(const struct follow *f, struct str *out)
{
	const struct conn *c = conns_get(trace_conns(f->t), follow_conn(f));
	const struct addr_names *names = trace_names(f->t);
	struct stream_total total = stream_total(f->s);

	str_addf(out, "socklens · stream %u  ▶ ", follow_conn(f));
	bytes_text(out, total.bytes[0]);
	str_add(out, "  ◀ ");
	bytes_text(out, total.bytes[1]);
	if (!c)
		return;
	str_add(out, " · ");
	addr_text(out, &c->end[0], names);
	str_add(out, " ⇄ ");
	addr_text(out, &c->end[1], names);
}

static void state_text(const struct follow *f, struct str *out)
{
	uint64_t size = stream_size(f->s);

	if (f->only >= 0)
		str_addf(out, "only %s  ", f->only ? "◀" : "▶");
	if (f->save_fd >= 0)
		str_addf(out, "saving %u %%  ",
			 size ? (unsigned)((double)f->save_at * 100 / (double)size) : 100);
	else if (f->searching)
		str_addf(out, "searching %u %%  ",
			 size ? (unsigned)((double)f->at * 100 / (double)size) : 100);
	else if (stream_busy(f->s))
		str_addf(out, "reading %u %%  ", stream_percent(f->s));
	str_addf(out, "%s  %u %% ", f->hex ? "hex" : "text",
		 size ? (unsigned)((double)f->top * 100 / (double)size) : 100);
}

static void draw_title(const struct follow *f, struct area a)
{
	STR_ON_STACK(left, 300);
	STR_ON_STACK(right, 80);
	int width;

	area_fill(a, 0, 0, a.width, STYLE_BAR, ' ');
	title_text(f, &left);
	state_text(f, &right);
	width = text_width(right.buf);
	area_text(area_sub(a, 0, 0, a.width - width - 1, 1), 1, 0, STYLE_BAR, left.buf);
	area_text_right(a, a.width, 0, STYLE_BAR, right.buf);
}

static void draw_nothing(const struct follow *f, struct area a)
{
	struct stream_total total = stream_total(f->s);

	if (stream_busy(f->s))
		page_empty(a, "Nothing found so far; still reading.", "");
	else if (f->only >= 0 && stream_size(f->s) > 0)
		page_empty(a, "This direction carried nothing.", "d shows both directions.");
	else
		page_empty(a, "This connection carried no data.",
			   total.missing[0] || total.missing[1] ? "None of it was captured."
								: "Esc goes back to its packets.");
}

/* The last page is full, where there is enough for one. */
static void settle(struct follow *f)
{
	uint64_t at = f->top;
	int lines = 1;

	if (f->top >= stream_size(f->s) && stream_size(f->s) > 0)
		f->top = stream_size(f->s) - 1;
	f->top = follow_line_start(f, f->top);
	if (!follow_shown_from(f, &f->top) && follow_shown_before(f, &f->top))
		f->top = follow_line_start(f, f->top);
	at = f->top;
	while (lines < f->height && follow_line_next(f, &at))
		lines++;
	while (lines < f->height && follow_line_prev(f, &f->top))
		lines++;
}

void follow_draw(struct follow *f, struct area a)
{
	struct area body = area_sub(a, 0, 1, a.width, a.height - 1);
	struct follow_line line;
	uint64_t pos;

	f->width = a.width;
	f->height = body.height;
	settle(f);
	draw_title(f, a);
	pos = f->top;
	if (!follow_shown_from(f, &pos)) {
		draw_nothing(f, body);
		return;
	}
	for (int y = 0; y < body.height && follow_line_at(f, pos, &line); y++) {
		struct area row = area_sub(body, 0, y, body.width, 1);

		draw_line(f, &line, row);
		mark_matches(f, row);
		pos = line.end;
		if (!follow_shown_from(f, &pos))
			break;
	}
}
