/* The list is rows of three kinds: a group's heading, a lesson, a blank line between groups. */
#include "ui/menu.h"

#include <poll.h>
#include <string.h>

#include "ui/view.h"

#define WHEEL_ROWS 3
#define NAME_X	   5
#define TITLE_X	   20

struct row {
	const struct lesson_group *group; /* its heading; NULL */
	const struct lesson *lesson;
	size_t number; /* of the lesson */
};

/* ---- rows ---- */

/* The row'th row of the list; false: there are no more. */
static bool row_at(int row, struct row *out)
{
	size_t number = 0;

	for (size_t g = 0; g < lesson_groups_count; g++) {
		*out = (struct row){ .group = &lesson_groups[g] };
		if (row-- == 0)
			return true;
		for (const char *const *name = lesson_groups[g].name; *name; name++, number++) {
			*out = (struct row){ .lesson = lesson_find(*name), .number = number };
			if (row-- == 0)
				return true;
		}
		*out = (struct row){ .number = number };
		if (row-- == 0)
			return true;
	}
	return false;
}

static int rows_all(void)
{
	struct row r;
	int n = 0;

	while (row_at(n, &r))
		n++;
	return n;
}

/* The row of a lesson by its number; -1. */
static int row_of(size_t number)
{
	struct row r;

	for (int row = 0; row_at(row, &r); row++)
		if (r.lesson && r.number == number)
			return row;
	return -1;
}

static const struct lesson *lesson_at(size_t number)
{
	struct row r;
	int row = row_of(number);

	return row >= 0 && row_at(row, &r) ? r.lesson : NULL;
}

void menu_init(struct menu *m, const struct progress *p, const char *lesson)
{
	struct row r;
	bool found = false;

	*m = (struct menu){ .progress = p };
	for (int row = 0; !found && row_at(row, &r); row++) {
		if (!r.lesson)
			continue;
		found = lesson ? !strcmp(r.lesson->name, lesson) : !progress_of(p, r.lesson->name);
		if (found)
			m->at = r.number;
	}
}

/* ---- keys ---- */

static void move(struct menu *m, int by)
{
	for (; by < 0 && m->at > 0; by++)
		m->at--;
	for (; by > 0 && lesson_at(m->at + 1); by--)
		m->at++;
}

void menu_key(struct menu *m, uint32_t key)
{
	int page = m->height > 2 ? m->height - 2 : 1, all = rows_all();
	const struct {
		uint32_t key;
		int by;
	} moves[] = {
		{ TERM_UP, -1 },
		{ 'k', -1 },
		{ TERM_DOWN, 1 },
		{ 'j', 1 },
		{ TERM_PAGE_UP, -page },
		{ TERM_PAGE_DOWN, page },
		{ TERM_HOME, -all },
		{ 'g', -all },
		{ TERM_END, all },
		{ 'G', all },
		{ TERM_MOUSE_UP, -WHEEL_ROWS },
		{ TERM_MOUSE_DOWN, WHEEL_ROWS },
	};

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i].key == key)
			move(m, moves[i].by);
	if (key == TERM_ENTER || key == ' ')
		m->chosen = lesson_at(m->at);
	if (key == 'q' || key == TERM_ESCAPE || key == TERM_CTRL_C || key == TERM_ASKED_TO_END)
		m->done = true;
}

static void click(struct menu *m, int y)
{
	size_t before = m->at;
	struct row r;

	if (y < 0 || y >= m->height || !row_at(m->skip + y, &r) || !r.lesson)
		return;
	m->at = r.number;
	if (m->at == before)
		m->chosen = r.lesson;
}

/* ---- drawing ---- */

static void count_done(const struct menu *m, const struct lesson_group *only, size_t *done,
		       size_t *all)
{
	*done = *all = 0;
	for (size_t g = 0; g < lesson_groups_count; g++)
		for (const char *const *name = lesson_groups[g].name;
		     (!only || only == &lesson_groups[g]) && *name; name++) {
			++*all;
			*done += progress_of(m->progress, *name) != NULL;
		}
}

static void draw_group(const struct menu *m, const struct lesson_group *g, struct area line)
{
	size_t done, all;

	count_done(m, g, &done, &all);
	area_text(line, 1, 0, STYLE_TITLE, g->title);
	area_textf(line, 3 + text_width(g->title), 0, done == all ? STYLE_STATE : STYLE_DIM,
		   "%zu of %zu", done, all);
}

static void draw_lesson(const struct menu *m, const struct row *r, struct area line)
{
	const struct progress_row *done = progress_of(m->progress, r->lesson->name);
	bool here = r->number == m->at;
	STR_ON_STACK(title, 128);
	STR_ON_STACK(marks, 24);

	if (here)
		area_text(line, 0, 0, STYLE_KEY, "▌");
	lesson_title(r->lesson, &title);
	if (done)
		area_text(line, 3, 0, STYLE_STATE, "✓");
	area_text(line, NAME_X, 0, here ? STYLE_TITLE : STYLE_CALL, r->lesson->name);
	if (done && done->given)
		str_addf(&marks, "  %u/%u", done->right, done->given);
	area_text(area_sub(line, TITLE_X, 0, line.width - TITLE_X - 1 - (int)marks.len, 1), 0, 0,
		  here || !done ? STYLE_PLAIN : STYLE_DIM, title.buf);
	area_text_right(line, line.width - 1, 0, STYLE_DIM, marks.buf);
	if (here)
		area_accent(line, 0, 0, line.width);
}

/* So that the cursor is seen, with the heading above it where that is near. */
static void scroll(struct menu *m)
{
	int row = row_of(m->at), all = rows_all();

	if (row - 1 < m->skip)
		m->skip = row > 1 ? row - 1 : 0;
	if (row >= m->skip + m->height)
		m->skip = row - m->height + 1;
	if (m->skip > all - m->height)
		m->skip = all > m->height ? all - m->height : 0;
}

static void draw_bar(const struct menu *m, struct area all)
{
	STR_ON_STACK(said, 60);
	size_t done, count;

	count_done(m, NULL, &done, &count);
	area_fill(all, 0, 0, all.width, STYLE_BAR, ' ');
	area_text(all, 1, 0, STYLE_BAR, "socklens · lessons");
	str_addf(&said, "%zu of %zu done", done, count);
	area_text_right(all, all.width - 1, 0, STYLE_BAR, said.buf);
}

static void draw_keys(struct area line)
{
	static const char *const keys[][2] = { { "Enter", "open" },
					       { "Up Down", "choose" },
					       { "PageDown", "further" },
					       { "q", "end" } };
	int x = 1;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		area_text(line, x, 0, STYLE_KEY, keys[i][0]);
		x += text_width(keys[i][0]) + 1;
		area_text(line, x, 0, STYLE_DIM, keys[i][1]);
		x += text_width(keys[i][1]) + 2;
	}
}

void menu_draw(struct menu *m, struct grid *g)
{
	struct area all = grid_area(g), list = area_sub(all, 0, 1, all.width, all.height - 2);
	struct row r;

	grid_clear(g);
	draw_bar(m, all);
	m->height = list.height;
	scroll(m);
	for (int y = 0; y < list.height && row_at(m->skip + y, &r); y++) {
		struct area line = area_sub(list, 0, y, list.width, 1);

		if (r.group)
			draw_group(m, r.group, line);
		else if (r.lesson)
			draw_lesson(m, &r, line);
	}
	draw_keys(area_sub(all, 0, all.height - 1, all.width, 1));
}

/* ---- on a terminal ---- */

static int show(struct menu *m, struct term *t, struct grid *g, struct err *e)
{
	int width, height;

	term_size(t, &width, &height);
	if (!g->cell || g->width != width || g->height != height) {
		grid_fini(g);
		if (grid_init(g, width, height, e))
			return -1;
	}
	menu_draw(m, g);
	term_show(t, g);
	return 0;
}

static void take_keys(struct menu *m, struct term *t)
{
	struct term_input in;

	while (!m->done && !m->chosen && term_read(t, &in)) {
		if (in.key == TERM_MOUSE_CLICK)
			click(m, in.y - 1);
		else
			menu_key(m, in.key);
		if (in.key == TERM_CTRL_Z)
			term_suspend(t);
		if (in.key == TERM_CTRL_Z || in.key == TERM_CTRL_L || in.key == TERM_RESIZE)
			term_forget(t);
	}
}

int menu_run(const struct progress *p, const char *lesson, const struct term_options *o,
	     const struct lesson **chosen, struct err *e)
{
	struct term *t = term_open(o, e);
	struct grid g = { 0 };
	struct menu m;
	int rc = 0;

	if (!t)
		return -1;
	menu_init(&m, p, lesson);
	while (!m.done && !m.chosen && !(rc = show(&m, t, &g, e))) {
		struct pollfd fd = { .fd = term_fd(t), .events = POLLIN };

		poll(&fd, 1, -1);
		take_keys(&m, t);
	}
	term_close(t);
	grid_fini(&g);
	*chosen = m.chosen;
	return rc;
}
