/* The rows of the ladder that are shown, one after the other. */
#include "ui/view.h"

bool view_hides(const struct view *v)
{
	return v->shown && !shown_all(v->shown);
}

void view_chosen_text(const struct view *v, struct str *out)
{
	const char *filter = v->shown ? shown_filter_text(v->shown) : NULL;
	struct shown_count count;

	if (v->shown && shown_conn(v->shown) != CONN_NONE)
		str_addf(out, " · connection %u only", shown_conn(v->shown));
	if (!filter)
		return;
	count = shown_count(v->shown);
	if (shown_busy(v->shown))
		str_addf(out, " · %llu so far (%u %%): %s", (unsigned long long)count.matched,
			 count.percent, filter);
	else
		str_addf(out, " · %llu of %llu packets: %s", (unsigned long long)count.matched,
			 (unsigned long long)count.of, filter);
}

/* The gap is that between shown rows. */
static bool give(const struct view *v, uint32_t head, struct ladder_row *out)
{
	uint32_t before;
	int64_t gap;

	if (head == ROW_NONE || !ladder_at(v->trace, head, out))
		return false;
	before = shown_prev(v->shown, out->head);
	gap = before == ROW_NONE ? 0
				 : trace_entry(v->trace, out->head)->ts_ns -
					   trace_entry(v->trace, before)->ts_ns;
	out->gap_ns = gap >= LADDER_GAP_NS ? gap : 0;
	return true;
}

bool view_row_at(const struct view *v, uint32_t trace_row, struct ladder_row *out)
{
	uint32_t head, near;

	if (!view_hides(v))
		return ladder_at(v->trace, trace_row, out);
	head = ladder_head(v->trace, trace_row);
	near = shown_prev(v->shown, head == ROW_NONE ? ROW_NONE : head + 1);
	return give(v, near != ROW_NONE ? near : shown_next(v->shown, head), out);
}

bool view_row_first(const struct view *v, struct ladder_row *out)
{
	if (!view_hides(v))
		return ladder_first(v->trace, out);
	return give(v, shown_next(v->shown, ROW_NONE), out);
}

bool view_row_last(const struct view *v, struct ladder_row *out)
{
	if (!view_hides(v))
		return ladder_last(v->trace, out);
	return give(v, shown_prev(v->shown, ROW_NONE), out);
}

/* A row that was shown by itself may have become part of another one since: that one is passed over, too. */
bool view_row_next(const struct view *v, const struct ladder_row *from, struct ladder_row *out)
{
	uint32_t head = from->head, at = head;
	struct ladder_row row;

	if (!view_hides(v))
		return ladder_next(v->trace, from, out);
	while (give(v, at = shown_next(v->shown, at), &row)) {
		if (row.head > head) {
			*out = row;
			return true;
		}
	}
	return false;
}

bool view_row_prev(const struct view *v, const struct ladder_row *from, struct ladder_row *out)
{
	uint32_t head = from->head, at = head;
	struct ladder_row row;

	if (!view_hides(v))
		return ladder_prev(v->trace, from, out);
	while (give(v, at = shown_prev(v->shown, at), &row)) {
		if (row.head < head) {
			*out = row;
			return true;
		}
	}
	return false;
}
