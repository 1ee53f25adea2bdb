/*
 * cover SCENE WIDTHxHEIGHT [MOVES]: prints a screen of what covers the ladder, or hides rows of it.
 *
 * Moves, one character each: C the connections, < > sort by the column before and the next, r the other way round,
 * w those with "reset" in their line; j k down and up; o only the connection under the cursor, on the ladder; f only
 * packets with SYN or FIN; t its stream, x in hex, / searches "ok", d one direction; a in ASCII.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "tests/scenes.h"
#include "ui/conns_view.h"
#include "ui/follow.h"
#include "ui/glyph.h"
#include "ui/view.h"

struct stage {
	struct view view;
	struct shown *shown;
	struct conns_view conns;
	struct follow *follow;
	bool in_conns, in_follow, ascii;
};

static void work(struct stage *s)
{
	struct err said = { 0 };
	bool bad;

	while (shown_busy(s->shown))
		shown_work(s->shown, NS_PER_MS);
	while (conn_list_busy(s->conns.list))
		conn_list_work(s->conns.list, NS_PER_MS);
	while (s->follow && follow_busy(s->follow))
		follow_work(s->follow, NS_PER_MS, &said, &bad);
}

static void step(struct stage *s, int by)
{
	if (s->in_follow)
		follow_move(s->follow, by);
	else if (s->in_conns)
		conns_view_move(&s->conns, by);
	else
		view_move(&s->view, by);
}

static void move(struct stage *s, char c)
{
	switch (c) {
	case 'C':
		s->in_conns = true;
		break;
	case '<':
	case '>':
		conns_view_column(&s->conns, c == '<' ? -1 : 1);
		break;
	case 'r':
		conns_view_reverse(&s->conns);
		break;
	case 'w':
		conn_list_find(s->conns.list, "reset");
		break;
	case 'j':
	case 'k':
		step(s, c == 'j' ? 1 : -1);
		break;
	case 'o':
		shown_only(s->shown, conns_view_conn(&s->conns));
		s->in_conns = false;
		work(s);
		view_first(&s->view);
		break;
	case 'f':
		shown_filter(s->shown, "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", NULL);
		conn_list_of(s->conns.list, s->shown);
		work(s);
		break;
	case 't':
		s->follow = follow_new(s->view.trace, conns_view_conn(&s->conns), NULL);
		s->in_follow = s->follow;
		break;
	case 'x':
		follow_hex(s->follow);
		break;
	case '/':
		follow_search(s->follow, "ok", true, NULL);
		break;
	case 'd':
		follow_side(s->follow);
		break;
	case 'a':
		s->ascii = true;
		break;
	}
	work(s);
}

static void draw(struct stage *s, struct grid *g)
{
	struct area page = area_sub(grid_area(g), 0, 0, g->width, g->height - 1);

	if (s->in_follow)
		follow_draw(s->follow, page);
	else if (s->in_conns)
		conns_view_draw(&s->conns, page);
	else
		view_draw(&s->view, g);
	if (s->ascii)
		glyph_to_ascii(g);
}

static int print(struct scene *scene, int width, int height, const char *moves)
{
	struct stage s = { .view = { .trace = scene->t, .follow = true } };
	size_t size = (size_t)(width * height) * 8 + (size_t)height + 1;
	char *text = malloc(size);
	struct grid g;
	struct str out;

	s.shown = shown_new(scene->t, NULL);
	s.view.shown = s.shown;
	if (!text || !s.shown || conns_view_init(&s.conns, scene->t, s.shown, NULL) ||
	    grid_init(&g, width, height, NULL))
		return 2;
	for (; *moves; moves++)
		move(&s, *moves);
	draw(&s, &g);
	out = str_on(text, size);
	grid_text(&g, &out);
	fputs(text, stdout);
	grid_fini(&g);
	free(text);
	follow_free(s.follow);
	conns_view_fini(&s.conns);
	shown_free(s.shown);
	return 0;
}

int main(int argc, char **argv)
{
	int width, height, status = 2;

	if (argc < 3 || sscanf(argv[2], "%dx%d", &width, &height) != 2) {
		fprintf(stderr, "usage: cover SCENE WIDTHxHEIGHT [MOVES]\n");
		return 2;
	}
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s;

		if (strcmp(scenes[i].name, argv[1]) != 0)
			continue;
		s = scenes[i].make();
		status = print(&s, width, height, argc > 3 ? argv[3] : "");
		trace_free(s.t);
	}
	return status;
}
