/*
 * draw SCENE WIDTHxHEIGHT [MOVES]: prints a screen as text.  draw SCENE show WIDTH: the text of `socklens show`.
 *
 * Moves, one character each: j k down and up, d u half a page, g G first and last row, n next row that has
 * "SYN", v next packet with a verdict, [ ] along cause and effect, m marks, p picks the next thing on the wire, 1 to 9 the
 * panel, e the explanation, + scrolls the panel, z hides it, a in ASCII, P as in front of a class, O hides what is behind
 * the cursor, L the spotlight.  Without any the cursor follows the newest event.  Then the screen is printed as text, or
 * as a saved one: behind E with its colours, behind D those of the theme for light rooms, behind S as a picture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/replay.h"
#include "src/graph.h"
#include "src/links.h"
#include "src/ruler.h"
#include "tests/scenes.h"
#include "ui/find.h"
#include "ui/glyph.h"
#include "ui/marks.h"
#include "ui/shot.h"
#include "ui/show.h"
#include "ui/view.h"
#include "ui/wire_items.h"

static const struct scenes *find(const char *name)
{
	for (size_t i = 0; i < SCENES; i++) {
		if (strcmp(scenes[i].name, name) == 0)
			return &scenes[i];
	}
	return NULL;
}

static void next_verdict(struct view *v)
{
	struct find *f = find_new(v, NULL);

	if (!f)
		exit(2);
	find_verdict(f, UINT16_MAX, true);
	find_work(f, 0);
	find_free(f);
}

/* How it is printed. */
struct print {
	bool ascii;
	const char *saved; /* the name of a file with its ending; NULL: text */
	const char *theme;
};

/* False: it is none of these. */
static bool choose(struct view *v, char c, struct print *p)
{
	switch (c) {
	case 'a':
		return p->ascii = true;
	case 'E':
		p->saved = "x.ans";
		return true;
	case 'S':
		p->saved = "x.svg";
		return true;
	case 'D':
		p->theme = "light";
		return true;
	case 'P':
		return v->present = true;
	case 'O':
		v->follow = false;
		return v->reveal = true;
	case 'L':
		return v->spotlight = true;
	case 'z':
		return v->panel_hidden = true;
	}
	return false;
}

static void follow_link(struct view *v, bool on)
{
	struct links l;

	links_of(v->trace, view_event(v), &l);
	if (!(on ? l.effects : l.causes) || !view_go_event(v, on ? l.effect[0] : l.cause[0]))
		exit(2);
}

static void move(struct view *v, char c, struct print *p)
{
	struct wire_items items;
	struct ladder_row at;

	if (choose(v, c, p))
		return;
	(void)str_copy(v->search, sizeof(v->search), c == 'n' ? "SYN" : "");
	switch (c) {
	case 'j':
		view_move(v, 1);
		break;
	case 'k':
		view_move(v, -1);
		break;
	case 'd':
		view_move(v, 8);
		break;
	case 'u':
		view_move(v, -8);
		break;
	case 'g':
		view_first(v);
		break;
	case 'G':
		view_last(v);
		break;
	case 'n':
		view_search(v, true);
		break;
	case 'v':
		next_verdict(v);
		break;
	case 'm':
		if (view_cursor(v, &at))
			marks_toggle(v->marks, trace_entry(v->trace, at.head)->offset, NULL);
		break;
	case '[':
	case ']':
		follow_link(v, c == ']');
		break;
	case 'e':
		for (v->panel = 0; strcmp(panels[v->panel].name, "explain") != 0;)
			v->panel++;
		break;
	case 'p':
		wire_items_find(v, &items);
		wire_items_move(v, &items, 1);
		break;
	case '+':
		v->panel_scroll++;
		break;
	default:
		v->panel = (size_t)(c - '1') % panels_count;
	}
}

static void print_saved(const struct grid *g, const struct view *v, const struct print *p)
{
	const struct theme *t = theme_find(p->theme);

	shot_format_of(p->saved)->write(g, v->present ? theme_stage(t) : t, stdout);
}

static int draw(struct scene *s, int width, int height, const char *moves)
{
	struct view v = { .trace = s->t,
			  .follow = true,
			  .replay = replay_new(s->t, NULL),
			  .ruler = ruler_new(s->t, NULL),
			  .graph = graph_new(s->t, NULL),
			  .marks = marks_new(NULL) };
	size_t size = (size_t)(width * height) * 8 + (size_t)height + 1;
	char *text = malloc(size);
	struct print p = { .theme = "dark" };
	struct grid g;
	struct str out;

	if (!text || !v.replay || !v.ruler || !v.graph || !v.marks ||
	    grid_init(&g, width, height, NULL))
		return 2;
	for (; *moves; moves++)
		move(&v, *moves, &p);
	while (view_work(&v, height, 0))
		;
	view_draw(&v, &g);
	if (p.ascii)
		glyph_to_ascii(&g);
	out = str_on(text, size);
	if (p.saved)
		print_saved(&g, &v, &p);
	else
		grid_text(&g, &out);
	fputs(text, stdout);
	grid_fini(&g);
	free(text);
	replay_free(v.replay);
	ruler_free(v.ruler);
	graph_free(v.graph);
	marks_free(v.marks);
	return 0;
}

int main(int argc, char **argv)
{
	const struct scenes *which = argc >= 3 ? find(argv[1]) : NULL;
	struct scene s;
	int width, height, status;

	if (!which) {
		fprintf(stderr, "usage: draw SCENE WIDTHxHEIGHT [MOVES] | draw SCENE show WIDTH\n");
		return 2;
	}
	s = which->make();
	if (strcmp(argv[2], "show") == 0 && argc > 3)
		status =
			show_text(s.t, (int)strtol(argv[3], NULL, 10), stdout, false, NULL) ? 1 : 0;
	else if (sscanf(argv[2], "%dx%d", &width, &height) == 2)
		status = draw(&s, width, height, argc > 3 ? argv[3] : "");
	else
		status = 2;
	trace_free(s.t);
	return status;
}
