/*
 * conns_table: the table of connections as cells: which columns fit, their heads, and a connection's line.
 */
#ifndef SOCKLENS_UI_CONNS_TABLE_H
#define SOCKLENS_UI_CONNS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/trace.h"
#include "src/conn_list.h"
#include "ui/grid.h"

struct conns_table {
	size_t count;
	struct {
		enum conn_column column;
		int x, width;
	} part[CONN_COLUMNS];
};

/*
 * The columns for a width, in their order; `always` is one of them, however little room there is (but for the
 * number, which says least).
 */
struct conns_table conns_table_fit(int width, enum conn_column always);

/* sorted: the column whose head is marked, with the direction; -1: none. */
void conns_table_head(const struct conns_table *c, struct area line, int sorted, bool falling);

void conns_table_row(const struct conns_table *c, struct area line, struct trace *t, uint32_t conn, bool here);

#endif
