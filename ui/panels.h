/*
 * panels: the drawing functions that the table of panels (panels.c) is made of; one file each.
 */
#ifndef SOCKLENS_UI_PANELS_H
#define SOCKLENS_UI_PANELS_H

#include "ui/view.h"

void panel_sockets_draw(const struct view *v, struct area a);	/* every socket at the cursor */
void panel_packet_draw(const struct view *v, struct area a);	/* layers, fields, bytes */
void panel_call_draw(const struct view *v, struct area a);	/* arguments, result, what they mean */
void panel_wire_draw(const struct view *v, struct area a);	/* in flight and held at the cursor */
/* The item (of wire_items.h) that the wire's panel shows in line y of its area, below the heading; SIZE_MAX. */
size_t panel_wire_item_at(const struct view *v, struct area a, int y);
void panel_conns_draw(const struct view *v, struct area a);	/* all connections of the trace */
void panel_diagram_draw(const struct view *v, struct area a);	/* both ends in the state diagram */
void panel_ruler_draw(const struct view *v, struct area a);	/* bytes on their way from program to program */
bool panel_ruler_work(const struct view *v, int64_t budget_ns);
void panel_graphs_draw(const struct view *v, struct area a);	/* a connection over time */
bool panel_graphs_work(const struct view *v, int64_t budget_ns);
void panel_explain_draw(const struct view *v, struct area a);	/* the event in words, its cause, its effects */

#endif
