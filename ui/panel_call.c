#include <stdlib.h>
#include <string.h>

#include "src/core/call.h"
#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/describe.h"
#include "ui/page.h"
#include "ui/panels.h"

#define VALUE_X 18 /* where values stand, behind their names */

/* The CALL and the RETURN of the cursor's row; either may be ROW_NONE. */
static bool call_rows(const struct view *v, uint32_t *call, uint32_t *ret)
{
	const struct trace_entry *e;
	struct ladder_row row;

	if (!view_cursor(v, &row) || row.call == ROW_NONE)
		return false;
	e = trace_entry(v->trace, row.call);
	*call = e->kind == EVENT_CALL ? row.call : e->link;
	*ret = e->kind == EVENT_CALL ? e->link : row.call;
	return true;
}

/*
 * The text of an event that is needed beside another one would not outlive it for ever, so both are asked
 * for together: trace_event() keeps the last 64.
 */
struct pair {
	const struct event *call, *ret; /* either may be NULL */
	const struct event *later; /* the return, where the cursor is before it */
};

static const struct call *row_of_table(const struct pair *p)
{
	const char *name = p->call ? p->call->call.name : p->ret ? p->ret->ret.name : NULL;

	return name ? call_find(name, strlen(name)) : NULL;
}

static void draw_title(struct page *page, const struct pair *p, const struct call *c)
{
	struct area a = page_line(page);
	STR_ON_STACK(s, 512);
	STR_ON_STACK(right, 96);
	const struct event *ev = p->call ? p->call : p->ret;
	int width;

	if (p->call)
		describe_call(&s, p->call);
	else
		str_add(&s, p->ret->ret.name ? p->ret->ret.name : "?");
	if (p->ret) {
		str_char(&s, ' ');
		describe_return(&s, p->ret);
	}
	event_add_actor(&right, ev);
	if (ev->thread_name[0])
		str_addf(&right, ", a thread of %s", ev->program);
	if (c)
		str_addf(&right, " · man %s", c->man);
	width = text_width(right.buf);
	area_text(area_sub(a, 0, 0, a.width - width - 3, 1), 1, 0, STYLE_CALL, s.buf);
	area_text_right(a, a.width - 1, 0, STYLE_DIM, right.buf);
}

static void draw_args(struct page *page, const struct pair *p)
{
	if (!p->call)
		return;
	for (uint32_t i = 0; i < p->call->call.args && i < EVENT_ARGS; i++) {
		const struct event_arg *arg = &p->call->call.arg[i];

		page_field(page, VALUE_X, arg->name ? arg->name : "", STYLE_PLAIN,
			   arg->text ? arg->text : "");
	}
}

static void draw_outs(struct page *page, const struct event_return *r)
{
	for (uint32_t i = 0; i < r->outs && i < EVENT_ARGS; i++) {
		const struct event_arg *out = &r->out[i];

		page_field(page, VALUE_X, out->name ? out->name : "", STYLE_PLAIN,
			   out->text ? out->text : "");
	}
}

static void draw_result(struct page *page, const struct pair *p)
{
	const struct event_return *r = &p->ret->ret;
	const struct name *n = r->error ? name_of(&names_errno, r->error) : NULL;
	enum style style = r->error ? STYLE_ERRNO : STYLE_RESULT;
	STR_ON_STACK(s, 160);
	STR_ON_STACK(time, 80);

	str_addf(&s, "%lld", (long long)r->result);
	if (r->error) {
		str_char(&s, ' ');
		name_add(&s, &names_errno, r->error);
		str_addf(&s, " (errno %d%s%s)", (int)r->error, n && n->text ? ": " : "",
			 n && n->text ? n->text : "");
	}
	page_field(page, VALUE_X, "result", style, s.buf);
	draw_outs(page, r);
	describe_duration(&time, p->ret->ts_ns - r->entered_ns);
	str_add(&time, r->blocked ? ", asleep in the kernel until there was an answer"
				  : ", without sleeping");
	page_field(page, VALUE_X, "took", STYLE_PLAIN, time.buf);
}

/* The cursor is before the return: what is known at that moment, and what came of it later. */
static void draw_waiting(struct page *page, const struct pair *p)
{
	STR_ON_STACK(s, 512);

	page_field(page, VALUE_X, "result", STYLE_BLOCKED,
		   "none yet at this moment: the call is running");
	if (!p->later)
		return;
	describe_return(&s, p->later);
	page_field(page, VALUE_X, "later", STYLE_PLAIN, s.buf);
}

/* First what matters now: of a call that came back what the result means, else what it asks for. */
static void draw_words(struct page *page, const struct pair *p, const struct call *c)
{
	STR_ON_STACK(meaning, 512);

	if (p->ret)
		describe_outcome(&meaning, p->call, p->ret);
	if (meaning.len > 0)
		page_wrap(page, 3, STYLE_NOTE, meaning.buf);
	else if (c)
		page_wrap(page, 3, STYLE_NOTE, c->about);
	draw_args(page, p);
	if (p->ret)
		draw_result(page, p);
	else
		draw_waiting(page, p);
	if (meaning.len > 0 && c)
		page_field(page, VALUE_X, "the call", STYLE_NOTE, c->about);
}

void panel_call_draw(const struct view *v, struct area a)
{
	struct page page = page_on(a, v->panel_scroll);
	uint32_t call, ret, now = view_now(v);
	struct pair p = { 0 };
	const struct call *c;

	if (!call_rows(v, &call, &ret)) {
		page_empty(a, "No call on this line.",
			   "Move with Up and Down to a line with a call at the left or at the "
			   "right: here "
			   "stands what it asks of the kernel, each argument, and what the result "
			   "means.");
		return;
	}
	if (call != ROW_NONE)
		p.call = trace_event(v->trace, call, NULL);
	if (ret != ROW_NONE)
		p.ret = trace_event(v->trace, ret, NULL);
	if (!p.call && !p.ret)
		return;
	if (p.call && p.ret && ret > now && trace_entry(v->trace, ret)->blocked) {
		p.later = p.ret;
		p.ret = NULL;
	}
	c = row_of_table(&p);
	draw_title(&page, &p, c);
	draw_words(&page, &p, c);
}
