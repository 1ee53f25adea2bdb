/*
 * An event becomes a kind and a list of facts; the kind's template, filled with the facts, is the explanation.
 */
#include "src/explain.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>

#include "src/command.h"
#include "src/core/call.h"
#include "src/core/names.h"
#include "src/describe.h"
#include "src/explain_impl.h"

/* Kinds stand in the order of what they are about. */
_Static_assert(EXPLAIN_FRAGMENTED - EXPLAIN_DELIVERED + 1 == WIRE_FATES,
	       "a fate without an explanation");
_Static_assert(EXPLAIN_CONNECTED - EXPLAIN_STATE_NONE + 1 == SOCK_STATES,
	       "a state without an explanation");
_Static_assert(EXPLAIN_ANSWER - EXPLAIN_SAY == NOTE_ANSWER, "a note without an explanation");
_Static_assert(EXPLAIN_EXECUTED - EXPLAIN_STARTED == PROGRAM_EXECUTED,
	       "a change without an explanation");

/* ---- facts ---- */

struct str facts_add(struct facts *f, const char *name)
{
	size_t i = f->count < FACTS ? f->count++ : FACTS - 1;

	f->fact[i].name = name;
	return str_on(f->fact[i].text, sizeof(f->fact[i].text));
}

void facts_set(struct facts *f, const char *name, const char *fmt, ...)
{
	struct str s = facts_add(f, name);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&s, fmt, ap);
	va_end(ap);
}

const char *facts_get(const struct facts *f, const char *name)
{
	for (size_t i = f->count; i > 0; i--)
		if (!strcmp(f->fact[i - 1].name, name))
			return f->fact[i - 1].text;
	return "";
}

/* ---- templates ---- */

/* Fills the holes of one sentence.  False: something is not known. */
static bool fill_sentence(struct str *out, const struct facts *f, const char *text, size_t len)
{
	bool whole = true;
	const char *end = text + len;

	while (text < end) {
		const char *hole = memchr(text, '{', (size_t)(end - text));
		const char *close = hole ? memchr(hole, '}', (size_t)(end - hole)) : NULL;
		char name[24];
		const char *fact;

		if (!close || close - hole > (long)sizeof(name) ||
		    !isalpha((unsigned char)hole[1])) {
			const char *to = hole ? hole + 1 : end;

			str_addn(out, text, (size_t)(to - text));
			text = to;
			continue;
		}
		str_addn(out, text, (size_t)(hole - text));
		memcpy(name, hole + 1, (size_t)(close - hole - 1));
		name[close - hole - 1] = '\0';
		fact = facts_get(f, name);
		whole &= *fact != '\0';
		str_add(out, *fact ? fact : "…");
		text = close + 1;
	}
	return whole;
}

/* Sentences of which something is not known are left out, but never the first. */
static void fill(struct str *out, const struct facts *f, const char *text)
{
	for (bool first = true; *text; first = false) {
		size_t len = strcspn(text, "|");
		STR_ON_STACK(s, 600);

		if (fill_sentence(&s, f, text, len) || first) {
			while (s.len && s.buf[s.len - 1] == ' ')
				s.buf[--s.len] = '\0';
			if (out->len)
				str_char(out, ' ');
			str_add(out, s.buf);
		}
		text += len + (text[len] == '|');
	}
}

static void explain_by(struct explaining *x, enum explain_kind kind, struct explanation *out)
{
	const struct explain_row *row = &explain_rows[kind];
	struct str title = str_on(out->title, sizeof(out->title)),
		   text = str_on(out->text, sizeof(out->text));

	fill(&title, &x->facts, row->title);
	fill(&text, &x->facts, row->text);
	if (*facts_get(&x->facts, "Arrived"))
		fill(&text, &x->facts, "{Arrived}.");
	(void)str_copy(out->reference, sizeof(out->reference), row->reference);
}

/* ---- small questions ---- */

uint32_t explaining_cause(const struct explaining *x, enum event_kind kind)
{
	for (size_t i = 0; i < x->links->causes; i++)
		if (trace_entry(x->t, x->links->cause[i])->kind == kind)
			return x->links->cause[i];
	return ROW_NONE;
}

/* The RETURN of a call's row, if it has come back; NULL. */
static const struct event *return_of(struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);

	if (e->kind == EVENT_RETURN)
		return trace_event(t, row, NULL);
	return e->kind == EVENT_CALL && e->link != ROW_NONE ? trace_event(t, e->link, NULL) : NULL;
}

void explain_failure(struct str *out, struct trace *t, uint32_t row)
{
	const struct event *ev = return_of(t, row);

	if (!ev || !ev->ret.error || ev->ret.error == EAGAIN)
		return;
	str_addf(out, "%s's %s() failed with ", ev->program, ev->ret.name ? ev->ret.name : "call");
	name_add(out, &names_errno, ev->ret.error);
}

static const char *host_of(const struct trace *t, uint8_t host)
{
	const struct trace_host *h = host < trace_hosts(t) ? trace_host(t, host) : NULL;

	return h && h->name[0] ? h->name : "the host";
}

/* ---- calls ---- */

/* What it waited for in the kernel. */
static void add_until(struct str *out, const struct explaining *x)
{
	uint32_t packet = explaining_cause(x, EVENT_PACKET);
	const struct trace_entry *e = packet == ROW_NONE ? NULL : trace_entry(x->t, packet);

	if (e)
		str_addf(out, ", until packet %u came", e->number);
}

static bool ends_program(const struct explaining *x)
{
	for (size_t i = 0; i < x->links->effects; i++)
		if (trace_entry(x->t, x->links->effect[i])->kind == EVENT_PROGRAM)
			return true;
	return false;
}

static void add_slept(struct str *out, const struct explaining *x, const struct event *ret)
{
	const struct trace_entry *e = trace_entry(x->t, x->row);

	if (e->kind == EVENT_CALL && e->link == ROW_NONE) {
		str_add(out, ends_program(x) ? " It never came back: the program ended in it."
					     : " It has not come back in this recording.");
		return;
	}
	if (!ret || !ret->ret.blocked)
		return;
	str_add(out, " The program slept in it for ");
	describe_duration(out, ret->ts_ns - ret->ret.entered_ns);
	if (!ret->ret.error)
		add_until(out, x);
	str_char(out, '.');
}

/* Where RFC 9293 speaks of it, if it is a call on a socket of TCP. */
static const char *section_of(struct explaining *x, const struct event *call)
{
	static const char *const sections[] = {
		[ROLE_OPEN] = "RFC 9293 section 3.9.1.1",
		[ROLE_SEND] = "RFC 9293 section 3.9.1.2",
		[ROLE_RECEIVE] = "RFC 9293 section 3.9.1.3",
		[ROLE_CLOSE] = "RFC 9293 section 3.9.1.4",
		[ROLE_ACCEPT] = NULL,
		[ROLE_WAIT] = NULL,
	};
	enum call_role role = call_role(call->call.name);
	struct event copy = *call;
	uint32_t row =
		x->row == 0 ? ROW_NONE
			    : links_socket(x->t, copy.host, copy.program, copy.call.fd, x->row - 1);
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(x->t, row, NULL);

	if (role >= sizeof(sections) / sizeof(sections[0]) || !ev)
		return NULL;
	return ev->state.sock.protocol == IPPROTO_TCP ? sections[role] : NULL;
}

static void call_reference(struct explaining *x, const struct call *c, const struct event *call,
			   struct explanation *out)
{
	struct str s = str_on(out->reference, sizeof(out->reference));
	const char *section = call ? section_of(x, call) : NULL;

	if (section)
		str_add(&s, section);
	str_addf(&s, "%s%s", section ? " · " : "", c ? c->man : "syscalls(2)");
}

/* What the error came with. */
static void add_bringer(struct str *out, const struct explaining *x)
{
	uint32_t packet = explaining_cause(x, EVENT_PACKET);
	const struct trace_entry *e = packet == ROW_NONE ? NULL : trace_entry(x->t, packet);

	if (e && out->len)
		str_addf(out, " That came with packet %u, from %s.", e->number,
			 host_of(x->t, (uint8_t)e->host));
}

static void add_took(struct str *out, const struct event *ret)
{
	str_add(out, " It came back at once, after ");
	describe_duration(out, ret->ts_ns - ret->ret.entered_ns);
	str_char(out, '.');
}

static int sentences(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += *text == '.' && (text[1] == ' ' || !text[1]);
	return count;
}

/* First what its result means, else what it asks for; and what the program did meanwhile. */
static void explain_call(struct explaining *x, struct explanation *out)
{
	const struct trace_entry *e = trace_entry(x->t, x->row);
	uint32_t row = e->kind == EVENT_RETURN && e->link != ROW_NONE ? e->link : x->row;
	const struct event *call = trace_event(x->t, row, NULL), *ret = return_of(x->t, x->row);
	bool later = e->kind == EVENT_CALL && e->blocked, slept = ret && !later && ret->ret.blocked;
	struct str title = str_on(out->title, sizeof(out->title)),
		   text = str_on(out->text, sizeof(out->text));
	const char *name = call && call->kind == EVENT_CALL ? call->call.name
			   : ret			    ? ret->ret.name
							    : NULL;
	const struct call *c = name ? call_find(name, strlen(name)) : NULL;

	if (call && call->kind == EVENT_CALL)
		describe_call(&title, call);
	else
		str_add(&title, name ? name : "?");
	if (ret && !later) {
		str_char(&title, ' ');
		describe_return(&title, ret);
		describe_outcome(&text, call && call->kind == EVENT_CALL ? call : NULL, ret);
	}
	if (ret && !later && ret->ret.error)
		add_bringer(&text, x);
	if (c && sentences(text.buf) + slept < 2)
		str_addf(&text, "%s%s", text.len ? " " : "", c->about);
	if (!text.len)
		str_add(&text, "A call of this program to its kernel.");
	if (ret && !later && sentences(text.buf) + slept < 2)
		add_took(&text, ret);
	add_slept(&text, x, ret);
	call_reference(x, c, call && call->kind == EVENT_CALL ? call : NULL, out);
}

/* ---- states ---- */

static void add_reason(struct str *out, struct explaining *x, const struct event_state *s)
{
	switch (s->by) {
	case BY_DEPARTURE:
		str_addf(out, " when packet %llu left", (unsigned long long)s->by_number);
		return;
	case BY_ARRIVAL:
		str_addf(out, " when packet %llu arrived", (unsigned long long)s->by_number);
		return;
	case BY_CALL: {
		uint32_t row = explaining_cause(x, EVENT_CALL);
		const struct event *ev;

		if (row == ROW_NONE)
			row = explaining_cause(x, EVENT_RETURN);
		ev = row == ROW_NONE ? NULL : trace_event(x->t, row, NULL);
		if (ev)
			str_addf(out, " by %s()",
				 ev->kind == EVENT_CALL ? ev->call.name : ev->ret.name);
		else if (!s->by_number)
			str_add(out, " with the end of its program");
		return;
	}
	case BY_TIME: {
		uint32_t row = explaining_cause(x, EVENT_STATE);

		str_add(out, " by a timer of the kernel");
		if (row == ROW_NONE)
			return;
		str_add(out, ", after ");
		describe_duration(out,
				  trace_entry(x->t, x->row)->ts_ns - trace_entry(x->t, row)->ts_ns);
		return;
	}
	}
}

static enum explain_kind explain_state(struct explaining *x, const struct event *ev)
{
	const struct event_state state = ev->state;
	struct str s = facts_add(&x->facts, "Change");

	if (ev->program[0] && state.fd >= 0)
		str_addf(&s, "%s's socket %d", ev->program, state.fd);
	else
		str_addf(&s, "A socket of %s's kernel", host_of(x->t, ev->host));
	if (state.old == SOCK_STATE_NONE)
		str_addf(&s, " came into being as %s", sock_state_name(state.sock.state));
	else
		str_addf(&s, " went from %s to %s", sock_state_name(state.old),
			 sock_state_name(state.sock.state));
	add_reason(&s, x, &state);
	facts_set(&x->facts, "port", "%u", addr_port(&state.sock.local));
	facts_set(&x->facts, "backlog", "%u", state.sock.sendq);
	if ((unsigned)state.sock.state >= SOCK_STATES)
		return EXPLAIN_STATE_NONE;
	return EXPLAIN_STATE_NONE + state.sock.state;
}

/* ---- the wire ---- */

const char *explain_by_whom(const struct event_wire *w)
{
	if (!w->by || !w->by[0])
		return "by chance";
	return strcmp(w->by, "hand") ? w->by : "by hand";
}

static enum explain_kind explain_wire(struct explaining *x, const struct event *ev)
{
	const struct trace_entry *e = trace_entry(x->t, x->row);
	struct event_wire w = ev->wire;
	uint8_t to = w.to;
	struct str s;

	facts_set(&x->facts, "n", "%llu", (unsigned long long)w.packet);
	facts_set(&x->facts, "to", "%s", host_of(x->t, to));
	facts_set(&x->facts, "from", "%s",
		  host_of(x->t, e->link == ROW_NONE ? ev->host
						    : (uint8_t)trace_entry(x->t, e->link)->host));
	facts_set(&x->facts, "by", "%s", explain_by_whom(&w));
	if (e->link != ROW_NONE) {
		s = facts_add(&x->facts, "waited");
		describe_duration(&s, e->ts_ns - trace_entry(x->t, e->link)->ts_ns);
	}
	return (unsigned)w.fate < WIRE_FATES ? EXPLAIN_DELIVERED + w.fate : EXPLAIN_FAILED;
}

/* ---- programs, words ---- */

static void add_who(struct explaining *x, const struct event *ev)
{
	struct str s = facts_add(&x->facts, "who");

	event_add_actor(&s, ev);
	if (!s.len)
		str_add(&s, "a program");
}

static enum explain_kind explain_program(struct explaining *x, const struct event *ev)
{
	const struct event_program *p = &ev->prog;
	struct str s = facts_add(&x->facts, "signal");

	name_add(&s, &names_signal, p->status);
	add_who(x, ev);
	facts_set(&x->facts, "pid", "%d", p->pid);
	facts_set(&x->facts, "status", "%d", p->status);
	facts_set(&x->facts, "command", "%s",
		  p->command && p->command[0] ? p->command : "it makes the calls that it is told");
	if (p->change == PROGRAM_KILLED && p->status == SIGPIPE)
		return EXPLAIN_SIGPIPE;
	if (p->change == PROGRAM_EXITED && p->status > 0)
		return EXPLAIN_EXITED_BADLY;
	return EXPLAIN_STARTED + p->change;
}

/* Its first statement; examples and further ones stand behind. */
static size_t first_part(const char *help)
{
	size_t len = strcspn(help, ";");
	const char *colon = strstr(help, ": ");

	return colon && colon < help + len ? (size_t)(colon - help) : len;
}

/* What the command's row of the table says of it, as a sentence. */
static enum explain_kind explain_command(struct explaining *x, const struct event_command *c)
{
	size_t len = c->text ? strcspn(c->text, " ") : 0;
	const struct command *known = len ? command_find(c->text, len) : NULL;
	struct str s;

	facts_set(&x->facts, "status", "%s", c->status && c->status[0] ? c->status : "plain");
	if (!len)
		return EXPLAIN_COMMAND_ENDED;
	facts_set(&x->facts, "target", "%s%s",
		  c->target && !strcmp(c->target, "wire") ? "the " : "",
		  c->target && c->target[0] ? c->target : "the session");
	facts_set(&x->facts, "command", "%s", c->text);
	s = facts_add(&x->facts, "Help");
	if (known && known->help && known->help[0])
		str_addf(&s, "That means: %.*s", (int)first_part(known->help), known->help);
	else
		str_add(&s, "It is none of the commands that this program knows");
	return EXPLAIN_COMMAND;
}

static enum explain_kind kind_of(struct explaining *x, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_PACKET:
		return explain_packet(x);
	case EVENT_WIRE:
		return explain_wire(x, ev);
	case EVENT_STATE:
		return explain_state(x, ev);
	case EVENT_PROGRAM:
		return explain_program(x, ev);
	case EVENT_OUTPUT:
		add_who(x, ev);
		return ev->output.stream == 2 ? EXPLAIN_OUTPUT_ERROR : EXPLAIN_OUTPUT;
	case EVENT_NOTE:
		return (unsigned)ev->note.kind <= NOTE_ANSWER ? EXPLAIN_SAY + ev->note.kind
							      : EXPLAIN_SAY;
	case EVENT_COMMAND:
		return explain_command(x, &ev->command);
	case EVENT_COUNTERS:
		facts_set(&x->facts, "who", "%s", host_of(x->t, ev->host));
		facts_set(&x->facts, "changes", "%s",
			  ev->counters.changes ? ev->counters.changes : "");
		return EXPLAIN_COUNTERS;
	case EVENT_CALL:
	case EVENT_RETURN:
		break;
	}
	return EXPLAIN_SAY;
}

void explain_event(struct trace *t, uint32_t row, const struct links *links,
		   struct explanation *out)
{
	struct explaining x = { .t = t, .row = links_event(t, row), .links = links };
	const struct event *ev = row < trace_rows(t) ? trace_event(t, x.row, NULL) : NULL;

	*out = (struct explanation){ 0 };
	if (!ev)
		(void)str_copy(out->text, sizeof(out->text), "This event cannot be read any more.");
	else if (ev->kind == EVENT_CALL || ev->kind == EVENT_RETURN)
		explain_call(&x, out);
	else
		explain_by(&x, kind_of(&x, ev), out);
}

/* ---- names ---- */

static void name_packet(struct str *out, struct trace *t, uint32_t row, const struct event *ev)
{
	struct links none = { 0 };
	struct explaining x = { .t = t, .row = row, .links = &none };
	const char *from, *to;

	(void)explain_packet(&x);
	from = facts_get(&x.facts, "from");
	to = facts_get(&x.facts, "to");
	str_addf(out, "packet %u  %s → %s  ", trace_entry(t, row)->number, from, to);
	describe_event(out, t, ev);
}

static void name_call(struct str *out, struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);
	const struct event *ret = e->kind == EVENT_CALL && e->blocked ? NULL : return_of(t, row);
	const struct event *call = trace_event(
		t, e->kind == EVENT_RETURN && e->link != ROW_NONE ? e->link : row, NULL);

	if (!call)
		return;
	event_add_actor(out, call);
	str_add(out, ": ");
	if (call->kind == EVENT_CALL)
		describe_call(out, call);
	else
		str_add(out, call->ret.name ? call->ret.name : "?");
	if (!ret)
		return;
	str_char(out, ' ');
	describe_return(out, ret);
}

static void name_state(struct str *out, const struct trace *t, const struct event *ev)
{
	str_add(out, ev->program[0] ? ev->program : host_of(t, ev->host));
	if (ev->state.fd >= 0)
		str_addf(out, " %d", ev->state.fd);
	if (ev->state.old != SOCK_STATE_NONE)
		str_addf(out, ": %s → %s", sock_state_name(ev->state.old),
			 sock_state_name(ev->state.sock.state));
	else
		str_addf(out, ": %s", sock_state_name(ev->state.sock.state));
}

void explain_name(struct str *out, struct trace *t, uint32_t row)
{
	const struct event *ev = row < trace_rows(t) ? trace_event(t, row, NULL) : NULL;

	if (!ev)
		return;
	switch (ev->kind) {
	case EVENT_PACKET:
		name_packet(out, t, row, ev);
		return;
	case EVENT_CALL:
	case EVENT_RETURN:
		name_call(out, t, row);
		return;
	case EVENT_STATE:
		name_state(out, t, ev);
		return;
	case EVENT_WIRE:
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		describe_event(out, t, ev);
		return;
	}
}
