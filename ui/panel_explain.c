/*
 * The event under the cursor in a few sentences: above them what caused it, below what it caused, as lines that one can
 * jump along.
 */
#include "src/explain.h"
#include "ui/page.h"
#include "ui/panels.h"

#define LINK_X 4 /* cell of a link's text, behind its key */

/* What it is that a line leads to, and when that was. */
static void draw_link(struct page *page, const struct view *v, uint32_t row, const char *key,
		      const char *before)
{
	struct area a = page_line(page);
	int x = LINK_X;
	STR_ON_STACK(name, 400);
	STR_ON_STACK(time, 24);
	int width;

	explain_name(&name, v->trace, row);
	view_time(&time, v->trace, trace_entry(v->trace, row)->ts_ns);
	width = text_width(time.buf);
	area_text(a, 1, 0, STYLE_KEY, key);
	x += area_text(a, x, 0, STYLE_DIM, before);
	area_text(area_sub(a, 0, 0, a.width - width - 3, 1), x, 0, STYLE_PLAIN, name.buf);
	area_text_right(a, a.width - 1, 0, STYLE_DIM, time.buf);
}

/* The main cause has its own key, as the first effect; all of them have a number. */
static void draw_causes(struct page *page, const struct view *v, const struct links *l)
{
	if (l->causes)
		draw_link(page, v, l->cause[0], "[", "");
	else
		area_text(page_line(page), LINK_X, 0, STYLE_DIM,
			  "nothing before it caused it, as far as the recording tells");
}

static void draw_effects(struct page *page, const struct view *v, const struct links *l)
{
	for (size_t i = 0; i < l->effects; i++) {
		STR_ON_STACK(key, 8);

		str_addf(&key, "%zu", l->causes + i + 1);
		draw_link(page, v, l->effect[i], i ? key.buf : "]", "");
	}
	for (size_t i = 1; i < l->causes; i++) {
		STR_ON_STACK(key, 8);

		str_addf(&key, "%zu", i + 1);
		draw_link(page, v, l->cause[i], key.buf, "also from  ");
	}
}

/* Where rows behind the cursor are hidden, what comes of an event is not told, either. */
static void hide_effects(const struct view *v, struct links *l)
{
	struct ladder_row at;
	size_t kept = 0;

	if (!view_cursor(v, &at))
		return;
	for (size_t i = 0; i < l->effects; i++)
		if (ladder_head(v->trace, l->effect[i]) <= at.head)
			l->effect[kept++] = l->effect[i];
	l->effects = kept;
}

static void draw_title(struct page *page, const struct explanation *e)
{
	struct area a = page_line(page);
	int width = text_width(e->reference);

	area_text(area_sub(a, 0, 0, a.width - width - 3, 1), 1, 0, STYLE_TITLE, e->title);
	area_text_right(a, a.width - 1, 0, STYLE_DIM, e->reference);
}

void panel_explain_draw(const struct view *v, struct area a)
{
	struct page page = page_on(a, v->panel_scroll);
	uint32_t row = view_event(v);
	struct explanation e;
	struct links l;

	if (row == ROW_NONE) {
		page_empty(a, "Nothing has happened yet.",
			   "Here stands what the event under the cursor means, what caused it, and "
			   "what it caused.");
		return;
	}
	links_of(v->trace, row, &l);
	if (view_ends_at_cursor(v))
		hide_effects(v, &l);
	explain_event(v->trace, row, &l, &e);
	draw_causes(&page, v, &l);
	draw_title(&page, &e);
	page_wrap(&page, 1, STYLE_NOTE, e.text);
	draw_effects(&page, v, &l);
}
