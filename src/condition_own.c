/*
 * What programs of the user do is nobody's step: it happens while a script looks elsewhere.  So their calls, their output
 * and the states of their sockets are looked for among all that came behind the last match, in whatever process
 * or thread.  How far the condition at hand has looked in vain is remembered.
 */
#include "src/condition_impl.h"

#include <string.h>

#include "capture/trace.h"
#include "src/core/safe.h"
#include "src/describe.h"

#define BACK 1024 /* rows that an event may come late by */

/* ---- going on ---- */

struct search {
	struct trace *t;
	const char *program;
	uint64_t after; /* id: what is not behind it was looked at */
	uint32_t row, rows;
};

static struct search search_on(const struct condition *c, struct places *p, struct session *s,
			       size_t program, uint64_t matched)
{
	struct search x = { .t = session_trace(s), .program = session_program_name(s, program) };
	uint32_t row;

	x.after = p->own_looking == c && p->own_looked > matched ? p->own_looked : matched;
	x.rows = trace_rows(x.t);
	row = x.after ? trace_row_of(x.t, x.after) : 0;
	x.row = row == ROW_NONE || row < BACK ? 0 : row - BACK;
	return x;
}

/* The next event of the program of this kind; NULL: there is none. */
static const struct event *search_next(struct search *x, enum event_kind kind)
{
	while (x->row < x->rows) {
		const struct trace_entry *e = trace_entry(x->t, x->row++);
		const struct event *ev;

		if (e->kind != kind || e->offset <= x->after)
			continue;
		ev = trace_event(x->t, x->row - 1, NULL);
		if (ev && !strcmp(ev->program, x->program))
			return ev;
	}
	return NULL;
}

/* Nothing was found up to here. */
static void search_end(const struct search *x, const struct condition *c, struct places *p)
{
	uint64_t newest = x->after;

	for (uint32_t row = x->rows > BACK ? x->rows - BACK : 0; row < x->rows; row++)
		if (trace_entry(x->t, row)->offset > newest)
			newest = trace_entry(x->t, row)->offset;
	p->own_looking = c;
	p->own_looked = newest;
}

/* It will not do it any more. */
static enum condition_answer in_vain(const struct condition *c, struct session *s, size_t program,
				     struct str *seen)
{
	if (session_runs(s, program))
		return CONDITION_NOT_YET;
	str_addf(seen, "%s%s has ended", seen->len ? "; " : "", c->actor);
	return CONDITION_NEVER;
}

/* ---- calls ---- */

/* Whether one of A|B|C is the word. */
static bool is_among(const char *text, const char *word)
{
	size_t len = strlen(word), n;

	for (;; text += n + 1) {
		n = strcspn(text, "|");
		if (n == len && !memcmp(text, word, n))
			return true;
		if (!text[n])
			return false;
	}
}

/* As the ladder writes it; data may stand without their length, one flag for several. */
static bool arg_is(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (!strncmp(text, word, len) && (!text[len] || !strncmp(text + len, ", ", 2)))
		return true;
	return word[0] != '"' && is_among(text, word);
}

static bool has_words(const struct condition *c, const struct event_call *call)
{
	for (size_t w = 0; w < c->words; w++) {
		bool found = false;

		for (uint32_t i = 0; i < call->args && !found; i++)
			found = call->arg[i].text && arg_is(call->arg[i].text, c->word[w]);
		if (!found)
			return false;
	}
	return true;
}

static const char *out_of(const struct event_return *r, const char *name)
{
	for (uint32_t i = 0; i < r->outs && i < EVENT_ARGS; i++)
		if (r->out[i].name && r->out[i].text && !strcmp(r->out[i].name, name))
			return r->out[i].text;
	return NULL;
}

/* The bytes between the quotes of a text of safe_add_quoted(), as many as it shows. */
static size_t unquote(const char *text, uint8_t *bytes, size_t cap)
{
	const char *end = text ? strrchr(text, '"') : NULL;
	long n = -1;

	if (end && end > text)
		n = safe_unescape(text + 1, (size_t)(end - text - 1), bytes, cap);
	return n > 0 ? (size_t)n : 0;
}

/* What a call gave, as far as its RETURN tells. */
static bool holds_by_event(const struct result *want, const struct event *ret,
			   const struct addr_names *names)
{
	const char *from = out_of(&ret->ret, "from");
	struct call_outcome o = { .result = ret->ret.result, .error = ret->ret.error };
	uint8_t bytes[256];

	o.data = bytes;
	o.data_kept = unquote(out_of(&ret->ret, "data"), bytes, sizeof(bytes));
	if (!from)
		from = out_of(&ret->ret, "address");
	if (from)
		(void)addr_parse(&o.addr, from, strlen(from), AF_UNSPEC, names, NULL);
	return result_holds(want, &o);
}

static bool result_is(const struct condition *c, const struct result *want, struct session *s,
		      const struct event *ret)
{
	const struct call_outcome *o;

	(void)c;
	if (!want->stated)
		return true;
	o = session_call_outcome(s, ret->ret.number);
	return o ? result_holds(want, o) : holds_by_event(want, ret, trace_names(session_trace(s)));
}

/* What a library calls where the program says the other: libraries differ in that, exercises should not. */
static const char *const same_calls[][2] = {
	{ "accept", "accept4" }, { "send", "sendto" },	   { "recv", "recvfrom" },
	{ "poll", "ppoll" },	 { "select", "pselect6" }, { "epoll_wait", "epoll_pwait" },
};

static bool is_one_of(const char *name, const char *const pair[2])
{
	return !strcmp(name, pair[0]) || !strcmp(name, pair[1]);
}

static bool is_call(const struct condition *c, const char *name)
{
	if (!c->call || !name || !strcmp(name, c->call->name))
		return !c->call || name;
	for (size_t i = 0; i < CONDITION_COUNT(same_calls); i++)
		if (is_one_of(c->call->name, same_calls[i]) && is_one_of(name, same_calls[i]))
			return true;
	return false;
}

/* Of a RETURN: whether its CALL was with these words. */
static bool was_called_so(const struct condition *c, struct trace *t, uint32_t ret)
{
	uint32_t row = trace_entry(t, ret)->link;
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);

	return !c->words || (ev && ev->kind == EVENT_CALL && has_words(c, &ev->call));
}

/* Whether the event that was found last fits; *again is it, if looking at its CALL may have displaced it. */
static bool call_fits(const struct condition *c, const struct result *want, struct session *s,
		      const struct search *x, const struct event *ev)
{
	uint32_t row = x->row - 1;

	if (ev->kind == EVENT_CALL)
		return is_call(c, ev->call.name) && has_words(c, &ev->call);
	if (!is_call(c, ev->ret.name) || !was_called_so(c, x->t, row))
		return false;
	ev = trace_event(x->t, row, NULL);
	return ev && result_is(c, want, s, ev);
}

static void say_nearest(struct str *seen, const struct condition *c, const struct event *ev)
{
	bool call = ev->kind == EVENT_CALL;

	if (!is_call(c, call ? ev->call.name : ev->ret.name))
		return;
	str_clear(seen);
	if (call) {
		describe_call(seen, ev);
		return;
	}
	str_addf(seen, "%s ", ev->ret.name);
	describe_return(seen, ev);
}

enum condition_answer condition_call(const struct condition *c, const struct result *want,
				     struct places *p, struct session *s, struct str *seen)
{
	enum event_kind kind = want->stated ? EVENT_RETURN : EVENT_CALL;
	uint32_t thread;
	int program = condition_program(c, s, &thread, seen);
	const struct event *ev;
	struct search x;

	if (program < 0)
		return CONDITION_NEVER;
	x = search_on(c, p, s, (size_t)program, p->call[program]);
	while ((ev = search_next(&x, kind))) {
		if (call_fits(c, want, s, &x, ev)) {
			p->call[program] = trace_entry(x.t, x.row - 1)->offset;
			if (!c->none)
				return CONDITION_MET;
			str_add(seen, "there was one");
			return CONDITION_NEVER;
		}
		ev = trace_event(x.t, x.row - 1, NULL);
		if (ev)
			say_nearest(seen, c, ev);
	}
	if (c->none)
		return CONDITION_MET;
	search_end(&x, c, p);
	if (!seen->len)
		str_addf(seen, "%s made no such call", c->actor);
	return in_vain(c, s, (size_t)program, seen);
}

/* ---- output ---- */

enum condition_answer condition_output(const struct condition *c, struct places *p,
				       struct session *s, struct str *seen)
{
	uint32_t thread;
	int program = condition_program(c, s, &thread, seen);
	const struct event *ev;
	struct search x;

	if (program < 0)
		return CONDITION_NEVER;
	/* From the last match each time, so that what it printed instead can be told. */
	p->own_looking = NULL;
	x = search_on(c, p, s, (size_t)program, p->output[program]);
	while ((ev = search_next(&x, EVENT_OUTPUT))) {
		if (strstr(ev->output.text, c->word[0])) {
			p->output[program] = trace_entry(x.t, x.row - 1)->offset;
			if (!c->none)
				return CONDITION_MET;
			str_add(seen, ev->output.text);
			return CONDITION_NEVER;
		}
		str_clear(seen);
		str_addf(seen, "%s printed: %s", c->actor, ev->output.text);
	}
	if (c->none)
		return CONDITION_MET;
	if (!seen->len)
		str_addf(seen, "%s printed nothing more", c->actor);
	return in_vain(c, s, (size_t)program, seen);
}

/* ---- states ---- */

static struct own_place *place_of_fd(struct places *p, size_t program, int fd)
{
	for (size_t i = 0; i < p->own_places; i++)
		if (p->own_place[i].program == program && p->own_place[i].fd == fd)
			return &p->own_place[i];
	if (p->own_places == CONDITION_COUNT(p->own_place))
		return &p->own_place[0];
	p->own_place[p->own_places] = (struct own_place){ .program = program, .fd = fd };
	return &p->own_place[p->own_places++];
}

/* Whether a program has ever had this descriptor for a socket. */
static bool had_fd(struct trace *t, uint32_t row, const char *program, int fd)
{
	for (; row != ROW_NONE; row = trace_entry(t, row)->link) {
		const struct event *ev = trace_event(t, row, NULL);

		if (ev && ev->state.fd == fd && !strcmp(ev->program, program))
			return true;
	}
	return false;
}

/* The oldest STATE of a socket in a state that is not before id `from`; ROW_NONE. */
static uint32_t oldest_in(struct trace *t, uint32_t row, uint64_t from, enum sock_state state)
{
	uint32_t found = ROW_NONE;

	for (; row != ROW_NONE; row = trace_entry(t, row)->link) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->state == state && e->offset >= from)
			found = row;
	}
	return found;
}

static void say_state(struct str *seen, struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event(t, row, NULL);

	str_clear(seen);
	str_add(seen, "it is now: ");
	if (ev)
		describe_state(seen, ev, trace_names(t));
}

/*
 * A socket that is or was this descriptor, at any time of its life: what the kernel did with a connection before accept()
 * gave it a number may be told later than that.
 */
enum condition_answer condition_fd_state(const struct condition *c, struct places *p,
					 struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread, found = ROW_NONE;
	int program = condition_program(c, s, &thread, seen);
	struct own_place *place;

	if (program < 0)
		return CONDITION_NEVER;
	place = place_of_fd(p, (size_t)program, c->fd);
	str_addf(seen, "descriptor %d of %s was no socket that the kernel shows", c->fd, c->actor);
	for (size_t i = 0; i < trace_sockets(t); i++) {
		uint32_t last = trace_socket(t, i)->last, row;

		if (!had_fd(t, last, session_program_name(s, (size_t)program), c->fd))
			continue;
		say_state(seen, t, last);
		row = oldest_in(t, last, place->matched, c->state);
		if (row < found)
			found = row;
	}
	if (found == ROW_NONE)
		return CONDITION_NOT_YET;
	place->matched = trace_entry(t, found)->offset;
	return CONDITION_MET;
}
