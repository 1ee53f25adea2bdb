/*
 * Columns are taken by rank until the width is used up with the least that each wants; what is left over
 * is given to the addresses first, so that whole ones stand there, then to how it ended, then to all others.
 */
#include "ui/conns_table.h"

#include "src/conn_end.h"
#include "ui/glyph.h"

#define LEFT	      1 /* the cursor's mark */
#define HELPFUL	      6 /* columns of a higher rank come only where others have … */
#define SPARE	      30 /* … so many cells more than the least */
#define ADDRESS_USUAL 21 /* "192.168.100.200:65535" */

static int rank_of(enum conn_column column, enum conn_column always)
{
	return column == always && column != CONN_NUMBER ? 0 : conn_columns[column].rank;
}

/* Gives a column more room, up to `most`; returns what is left. */
static int widen(struct conns_table *c, enum conn_column column, int most, int left)
{
	for (size_t i = 0; i < c->count; i++) {
		int more = most - c->part[i].width;

		if (c->part[i].column != column || more <= 0)
			continue;
		more = more < left ? more : left;
		c->part[i].width += more;
		left -= more;
	}
	return left;
}

struct conns_table conns_table_fit(int width, enum conn_column always)
{
	bool in[CONN_COLUMNS] = { false };
	struct conns_table c = { .count = 0 };
	int left = width - LEFT, highest = 0, x = LEFT;

	for (int i = 0; i < CONN_COLUMNS; i++)
		highest = conn_columns[i].rank > highest ? conn_columns[i].rank : highest;
	for (int rank = 0; rank <= highest; rank++) {
		for (int i = 0; i < CONN_COLUMNS; i++) {
			int spare = rank > HELPFUL ? SPARE : 0;

			if (rank_of((enum conn_column)i, always) != rank ||
			    conn_columns[i].least + 1 > left - spare)
				continue;
			in[i] = true;
			left -= conn_columns[i].least + 1;
		}
	}
	for (int i = 0; i < CONN_COLUMNS; i++)
		if (in[i]) {
			c.part[c.count].column = (enum conn_column)i;
			c.part[c.count++].width = conn_columns[i].least;
		}
	for (int most = conn_columns[CONN_FROM].least; most <= ADDRESS_USUAL; most++) {
		left = widen(&c, CONN_FROM, most, left);
		left = widen(&c, CONN_TO, most, left);
	}
	left = widen(&c, CONN_END, conn_columns[CONN_END].most, left);
	for (int i = 0; i < CONN_COLUMNS; i++)
		if (i != CONN_FROM && i != CONN_TO)
			left = widen(&c, (enum conn_column)i, conn_columns[i].most, left);
	left = widen(&c, CONN_FROM, conn_columns[CONN_FROM].least + left / 2 + 6, left);
	widen(&c, CONN_TO, conn_columns[CONN_TO].most, left);
	for (size_t i = 0; i < c.count; i++) {
		c.part[i].x = x;
		x += c.part[i].width + 1;
	}
	return c;
}

static struct area cell_of(const struct conns_table *c, struct area line, size_t i)
{
	return area_sub(line, c->part[i].x, 0, c->part[i].width, 1);
}

static void put(const struct conns_table *c, struct area line, size_t i, enum style s,
		const char *text)
{
	struct area cell = cell_of(c, line, i);

	if (conn_columns[c->part[i].column].right && text_width(text) <= cell.width)
		area_text_right(cell, cell.width, 0, s, text);
	else
		area_text(cell, 0, 0, s, text);
}

void conns_table_head(const struct conns_table *c, struct area line, int sorted, bool falling)
{
	for (size_t i = 0; i < c->count; i++) {
		bool marked = (int)c->part[i].column == sorted;
		STR_ON_STACK(title, 40);

		str_addf(&title, "%s%s", conn_columns[c->part[i].column].title,
			 !marked   ? ""
			 : falling ? "↓"
				   : "↑");
		put(c, line, i, marked ? STYLE_TITLE : STYLE_DIM, title.buf);
		if (marked)
			area_accent(line, c->part[i].x, 0, c->part[i].width);
	}
}

/* Red for what failed; the hue of the connection for who they are. */
static enum style style_of(const struct conn *conn, uint32_t number, enum conn_column column)
{
	enum conn_end end;

	switch (column) {
	case CONN_PROTOCOL:
	case CONN_FROM:
	case CONN_TO:
		return (enum style)(STYLE_CONN0 + number % CONN_HUES);
	case CONN_STATE:
		return STYLE_INFERRED;
	case CONN_END:
		end = conn_ending(conn).end;
		return end == CONN_END_RESET || end == CONN_END_REFUSED ? STYLE_LOSS : STYLE_PLAIN;
	case CONN_AGAIN:
		return conn->retransmissions[0] || conn->retransmissions[1] ? STYLE_LOSS
									    : STYLE_DIM;
	case CONN_NUMBER:
	case CONN_START:
		return STYLE_DIM;
	case CONN_TIME:
	case CONN_PACKETS_0:
	case CONN_PACKETS_1:
	case CONN_BYTES_0:
	case CONN_BYTES_1:
	case CONN_HANDSHAKE:
	case CONN_RTT:
		break;
	}
	return STYLE_PLAIN;
}

void conns_table_row(const struct conns_table *c, struct area line, struct trace *t,
		     uint32_t number, bool here)
{
	for (size_t i = 0; i < c->count; i++) {
		enum conn_column column = c->part[i].column;
		const struct conn *conn = conns_get(trace_conns(t), number);
		STR_ON_STACK(text, 160);

		if (!conn)
			return;
		conn_cell(&text, t, number, column, c->part[i].width);
		put(c, line, i,
		    column == CONN_STATE && text.len && text.buf[0] != '~'
			    ? STYLE_STATE
			    : style_of(conn, number, column),
		    text.buf);
	}
	if (!here)
		return;
	area_fill(line, 0, 0, 1, STYLE_TITLE, glyph_code(GLYPH_CURSOR, false));
	area_accent(line, 0, 0, line.width);
}
