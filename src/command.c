#include "src/command.h"

#include <inttypes.h>
#include <string.h>

#include "src/lex.h"
#include "src/parse_command.h"
#include "src/session_names.h"
#include "src/wire_numbers.h"
#include "src/session_set.h"

/* ---- the wire ---- */

/* The command as it was written, without "wire>" and comment. */
static void command_text(struct str *out, const struct line *l)
{
	const char *from = l->target[0] ? strchr(l->source, '>') + 1 : l->source;
	struct lex lex = lex_on(from, strlen(from));
	struct token t = lex_rest(&lex, true);

	str_addn(out, from + t.at, t.len);
}

static int run_wire(struct session *s, const struct line *l, struct err *e)
{
	STR_ON_STACK(text, 1024);
	struct wire_order order = l->order;

	command_text(&text, l);
	if (order.edit.given)
		wire_numbers_fill(session_trace(s), &order);
	return session_wire(s, &order, text.buf, e);
}

/* ---- programs ---- */

static int need_lab(const struct session *s, struct err *e)
{
	if (session_is_live(s))
		return 0;
	return err_set(e, "start a lab with: socklens",
		       "this is a recording: it has no programs to command");
}

/* The program (and thread) that a line names; -1 if it is not there. */
static int find_program(struct session *s, const char *name, uint32_t *thread, struct err *e)
{
	int program;

	if (need_lab(s, e))
		return -1;
	program = session_program_find(s, name, strlen(name), thread);
	return program >= 0 ? program : err_set(e, NULL, "there is no program %s", name);
}

static int run_interrupt(struct session *s, const struct line *l, struct err *e)
{
	uint32_t thread;
	int program = find_program(s, l->name, &thread, e);

	return program < 0 ? -1 : session_interrupt(s, (size_t)program, thread, e);
}

static int run_kill(struct session *s, const struct line *l, struct err *e)
{
	uint32_t thread;
	int program = find_program(s, l->name, &thread, e);

	return program < 0 ? -1 : session_kill(s, (size_t)program, e);
}

static int run_thread(struct session *s, const struct line *l, struct err *e)
{
	uint32_t thread;
	int program = find_program(s, l->other, &thread, e);

	return program < 0 ? -1 : session_thread(s, (size_t)program, l->name, e);
}

static int run_run(struct session *s, const struct line *l, struct err *e)
{
	return session_run(s, l->name, l->other, l->text, e);
}

static int run_input(struct session *s, const struct line *l, struct err *e)
{
	uint32_t thread;
	int program = find_program(s, l->name, &thread, e);

	return program < 0 ? -1 : session_input(s, (size_t)program, l->text, e);
}

static int run_program(struct session *s, const struct line *l, struct err *e)
{
	return l->as_root ? session_program_as_root(s, l->name, l->other, e)
			  : session_program(s, l->name, l->other, e);
}

/* ---- the hosts ---- */

static int run_set(struct session *s, const struct line *l, struct err *e)
{
	return session_set(s, l->name, &l->setting, l->text, e);
}

/* ---- the session ---- */

static int run_save(struct session *s, const struct line *l, struct err *e)
{
	return session_save(s, l->text, e);
}

static int run_say(struct session *s, const struct line *l, struct err *e)
{
	return session_note(s, NOTE_SAY, l->text, e);
}

static int run_title(struct session *s, const struct line *l, struct err *e)
{
	return session_note(s, NOTE_TITLE, l->text, e);
}

static int run_about(struct session *s, const struct line *l, struct err *e)
{
	return session_note(s, NOTE_ABOUT, l->text, e);
}

/* ---- the table ---- */

/* clang-format off */
#define EVERYWHERE	.in_file = true, .at_prompt = true
#define FILE_ONLY	.in_file = true

const struct command commands[] = {
	{ "delay", "delay TIME [jitter TIME] [from HOST]",
	  "every packet takes this long; 0 ends it",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_delay, .run = run_wire },
	{ "hold", "hold [next N] [from HOST] [if FILTER] [once] [every N] | hold off [RULE]",
	  "packets wait on the wire until they are released",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_hold, .run = run_wire },
	{ "release", "release [N [first]|all] [with FIELD VALUE …]",
	  "a held packet travels on; before the others; as another one: with flags RST seq +1",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_release, .run = run_wire },
	{ "drop", "drop [N|all] | drop [next N] [from HOST] [if FILTER] [every N]",
	  "a held packet is lost; if none is held, the next one to come",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_drop, .run = run_wire },
	{ "dup", "dup [N|all] | dup [next N] [from HOST] [if FILTER] [every N]",
	  "a held packet travels on twice; if none is held, the next one to come",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_dup, .run = run_wire },
	{ "cut", "cut [from HOST]",
	  "everything is lost from now on",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_cut, .run = run_wire },
	{ "mend", "mend [from HOST]",
	  "ends cut, and all faults by rules",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_mend, .run = run_wire },
	{ "loss", "loss 10% [burst N] [from HOST] [if FILTER] [seed N]",
	  "packets are lost by chance; in bursts of N, on average",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_loss, .run = run_wire },
	{ "duplicate", "duplicate 5% [from HOST] [if FILTER] [seed N]",
	  "packets arrive twice by chance",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_duplicate, .run = run_wire },
	{ "reorder", "reorder [10%] [by TIME] [next N] [from HOST] [if FILTER] [seed N]",
	  "packets take longer (5ms) than those behind them, which overtake",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_reorder, .run = run_wire },
	{ "corrupt", "corrupt [5%] [mended] [next N] [from HOST] [if FILTER] [seed N]",
	  "one bit arrives wrong; mended: of the data, and the checksum fits",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_corrupt, .run = run_wire },
	{ "mark", "mark ce [next N] [from HOST] [if FILTER]",
	  "a busy router: packets of ECN senders are marked CE",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_mark, .run = run_wire },
	{ "rate", "rate 10mbit [queue N] [from HOST]",
	  "packets take the time of their bits, queue, and are lost if it is full; 0 ends it",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_rate, .run = run_wire },
	{ "mtu", "mtu N [silent] [from HOST]",
	  "longer packets are lost, and ICMP says so unless silent; 0 ends it",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_mtu, .run = run_wire },
	{ "inject", "inject rst|syn|fin|ack|data from HOST [seq +N] … | inject icmp ERROR to HOST",
	  "a packet that the host never sent, into its newest connection",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_inject, .run = run_wire },
	{ "seed", "seed [N]",
	  "all that chance decides starts anew; the same seed decides the same",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_seed, .run = run_wire },
	{ "patient", "patient on|off|auto",
	  "the hosts' timers run 5 s at least, of connections to come; auto: while packets are held",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_patient, .run = run_wire },
	{ "arp", "arp on|off",
	  "the hosts forget each other's addresses and must ask: ARP, neighbour discovery",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_arp, .run = run_wire },
	{ "rules", "rules",
	  "what the wire does now, with the numbers of its rules",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_rules, .run = run_wire },
	{ "off", "off [RULE]",
	  "ends one rule, or all that the wire does",
	  COMMAND_WIRE, STEP_RUN, EVERYWHERE, .parse = parse_off, .run = run_wire },

	{ "interrupt", "interrupt [PROGRAM]", "a signal ends its blocked call: EINTR",
	  COMMAND_PROGRAM, STEP_CHANGE, EVERYWHERE, .parse = parse_interrupt, .run = run_interrupt },
	{ "kill", "kill [PROGRAM]", "the program crashes (SIGKILL); its kernel closes its sockets",
	  COMMAND_PROGRAM, STEP_CHANGE, EVERYWHERE, .parse = parse_kill, .run = run_kill },
	{ "thread", "thread NAME of PROGRAM", "a further thread, which shares the program's descriptors",
	  COMMAND_SESSION, STEP_RUN, EVERYWHERE, .parse = parse_thread, .run = run_thread },
	{ "program", "program NAME on HOST [as root]", "a further program; one that is gone starts again",
	  COMMAND_SESSION, STEP_RUN, EVERYWHERE, .parse = parse_program, .run = run_program },
	{ "run", "run NAME [on HOST]: COMMAND", "starts a program of yours; all that it asks of its sockets is seen",
	  COMMAND_SESSION, STEP_RUN, EVERYWHERE, .parse = parse_run, .run = run_run },
	{ "input", "input NAME: TEXT | input NAME eof", "types a line to a program of yours; at the prompt also NAME< TEXT",
	  COMMAND_SESSION, STEP_RUN, EVERYWHERE, .parse = parse_input, .run = run_input },
	{ "set", "set HOST|both SYSCTL VALUE | set HOST|both route METRIC VALUE", "how a host's kernel behaves: set server net.ipv4.tcp_sack 0",
	  COMMAND_SESSION, STEP_SET, EVERYWHERE, .parse = parse_set, .run = run_set },
	{ "save", "save FILE", "saves the recording, and goes on recording there",
	  COMMAND_SESSION, STEP_RUN, .at_prompt = true, .parse = parse_file_name, .run = run_save },

	{ "title", "title TEXT", "the name of the lab",
	  COMMAND_LESSON, STEP_RUN, FILE_ONLY, .parse = parse_free_text, .run = run_title },
	{ "about", "about TEXT", "what it is about",
	  COMMAND_LESSON, STEP_RUN, FILE_ONLY, .run_on = true, .parse = parse_free_text, .run = run_about },
	{ "loopback", "loopback", "both programs are on one host, as on your own machine; its wire is lo and takes no orders",
	  COMMAND_LESSON, STEP_LAB, FILE_ONLY, .parse = parse_loopback },
	{ "needs", "needs ipv6|unix|… | needs linux VERSION", "what the machine must have",
	  COMMAND_LESSON, STEP_NEEDS, FILE_ONLY, .parse = parse_needs },
	{ "say", "say TEXT", "a remark on the timeline; a lesson waits here to be read",
	  COMMAND_LESSON, STEP_SAY, EVERYWHERE, .run_on = true, .parse = parse_free_text, .run = run_say },
	{ "ask", "ask QUESTION | *RIGHT | WRONG … [<- WHERE]", "a question; the trace tells the answer, if it says where",
	  COMMAND_LESSON, STEP_ASK, FILE_ONLY, .parse = parse_ask },
	{ "pause", "pause", "a lesson waits here",
	  COMMAND_LESSON, STEP_PAUSE, FILE_ONLY },
	{ "wait", "wait TIME | wait [within TIME] CONDITION", "goes on after a time, or when something is so",
	  COMMAND_LESSON, STEP_WAIT, FILE_ONLY, .parse = parse_wait },
	{ "expect", "expect [within TIME] [no] CONDITION", "fails if something does not become so",
	  COMMAND_LESSON, STEP_EXPECT, FILE_ONLY, .parse = parse_expect },
};
/* clang-format on */
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name, size_t len)
{
	for (size_t i = 0; i < commands_count; i++)
		if (scope_is(commands[i].name, name, len))
			return &commands[i];
	return NULL;
}

int command_do(struct session *s, const struct line *l, struct err *e)
{
	return l->command->run(s, l, e);
}

/* ---- calls ---- */

bool command_call_waits(const struct session *s, const struct line *l)
{
	uint32_t thread;
	int program = session_program_find(s, l->target, strlen(l->target), &thread);
	bool known, pending;

	for (size_t i = 0; program >= 0 && i < l->holes; i++) {
		session_variable(s, (size_t)program, l->hole[i].name, strlen(l->hole[i].name),
				 &known, &pending);
		if (pending)
			return true;
	}
	return false;
}

int command_fill(const struct session *s, size_t program, struct line *l, struct err *e)
{
	for (size_t i = 0; i < l->holes; i++) {
		const struct hole *h = &l->hole[i];
		struct value *v = h->arg == HOLE_RESULT ? &l->want.ready : &l->request.arg[h->arg];
		bool known, pending;
		int64_t fd =
			session_variable(s, program, h->name, strlen(h->name), &known, &pending);

		if (!known || pending) {
			err_set(e, pending ? "interrupt that call, or let it finish" : NULL,
				pending ? "%s has no value yet: the call that gives it has not "
					  "returned"
					: "%s has no value: the call that should give it never "
					  "returned",
				h->name);
			if (e)
				e->column = h->column;
			return -1;
		}
		if (h->item >= 0)
			v = &v->item[h->item];
		if (h->sub >= 0)
			v = &v->item[h->sub];
		*v = value_int(fd);
	}
	return 0;
}

uint64_t command_call(struct session *s, struct line *l, struct err *e)
{
	uint32_t thread;
	int program = find_program(s, l->target, &thread, e);
	uint64_t number;

	if (program < 0 || command_fill(s, (size_t)program, l, e))
		return 0;
	number = session_call(s, (size_t)program, thread, &l->request, l->assign, e);
	if (number && l->assign_second[0])
		session_call_second(s, number, l->assign_second);
	return number;
}

/* ---- the prompt ---- */

/* What something listens on or is bound to, as another program would write it. */
static void add_places(struct scope *sc, struct session *s)
{
	struct trace *t = session_trace(s);

	for (size_t i = trace_sockets(t); i-- > 0 && sc->places < SCOPE_PLACES;) {
		const struct trace_socket *k = trace_socket(t, i);
		const struct event *ev = trace_event(t, k->last, NULL);
		const struct trace_host *h = trace_host(t, k->host);
		STR_ON_STACK(text, 64);

		if (!ev || !h ||
		    (ev->state.sock.state != SOCK_STATE_LISTEN &&
		     ev->state.sock.state != SOCK_STATE_UNCONNECTED))
			continue;
		if (addr_family(&ev->state.sock.local) == AF_UNIX)
			addr_text(&text, &ev->state.sock.local, NULL);
		else
			str_addf(&text, "%s:%u", h->name, addr_port(&ev->state.sock.local));
		if (!text.cut)
			scope_add_place(sc, text.buf);
	}
}

static void add_variables(struct scope *sc, const struct session *s, size_t program)
{
	for (size_t v = 0; v < session_variables(s, program); v++) {
		const char *name = session_variable_name(s, program, v);
		bool known, pending;
		int64_t fd = session_variable(s, program, name, strlen(name), &known, &pending);

		scope_set_variable(sc, name, program,
				   known && !pending ? session_fd_family(s, program, (int)fd)
						     : AF_UNSPEC);
	}
}

void command_scope(struct scope *sc, struct session *s)
{
	struct trace *t = session_trace(s);

	if (!session_is_live(s)) {
		scope_init_lab(sc);
		return;
	}
	scope_init(sc, *trace_names(t));
	for (size_t i = 0; i < trace_hosts(t); i++)
		scope_add_host(sc, trace_host(t, i)->name);
	for (size_t i = 0; i < session_programs(s); i++)
		if (session_is_own(s, i))
			scope_add_own(sc, session_program_name(s, i));
		else
			scope_add_program(sc, session_program_name(s, i));
	for (size_t i = 0; i < session_programs(s); i++) {
		for (uint32_t n = 1; n < session_threads(s, i); n++)
			scope_add_thread(sc, session_thread_name(s, i, n), i);
		add_variables(sc, s, i);
	}
	add_places(sc, s);
}

const char *command_focus_name(struct session *s, const struct command_focus *focus)
{
	if (focus->wire)
		return "wire";
	if (focus->program >= session_programs(s) ||
	    focus->thread >= session_threads(s, focus->program))
		return "client";
	return session_thread_name(s, focus->program, focus->thread);
}

bool command_types(struct session *s, const struct command_focus *focus)
{
	return !focus->wire && session_is_own(s, focus->program) && session_runs(s, focus->program);
}

struct parse_where command_where(struct session *s, const struct command_focus *focus,
				 struct scope *sc)
{
	return (struct parse_where){
		.scope = sc,
		.focus = command_focus_name(s, focus),
		.types = command_types(s, focus),
	};
}

static int move_focus(struct session *s, struct command_focus *focus, const struct line *l,
		      struct err *e)
{
	uint32_t thread;
	int program;

	if (!strcmp(l->target, "wire")) {
		if (need_lab(s, e))
			return -1;
		focus->wire = true;
		return 0;
	}
	program = find_program(s, l->target, &thread, e);
	if (program < 0)
		return -1;
	focus->program = (size_t)program;
	focus->thread = thread;
	focus->wire = false;
	return 0;
}

static int give_call(struct session *s, struct command_focus *focus, struct line *l, struct err *e)
{
	uint32_t thread;
	int program = find_program(s, l->target, &thread, e);
	uint64_t number = program < 0 ? 0 : command_call(s, l, e);

	if (!number)
		return -1;
	focus->last_call = number;
	focus->last_program = (size_t)program;
	focus->last_thread = thread;
	return 0;
}

static int run_line(struct session *s, struct command_focus *focus, struct line *l, struct err *e)
{
	switch (l->kind) {
	case LINE_EMPTY:
		return 0;
	case LINE_TARGET:
		return move_focus(s, focus, l, e);
	case LINE_CALL:
		return give_call(s, focus, l, e);
	case LINE_COMMAND:
		return command_do(s, l, e);
	}
	return 0;
}

int command_run(struct session *s, struct command_focus *focus, const char *text, struct err *e)
{
	struct scope sc;
	const struct parse_where where = command_where(s, focus, &sc);
	struct line l;
	int rc;

	focus->last_call = 0;
	command_scope(&sc, s);
	if (parse_line(&l, text, strlen(text), &where, e))
		return -1;
	rc = run_line(s, focus, &l, e);
	line_fini(&l);
	return rc;
}

void command_complete(struct session *s, const struct command_focus *focus, const char *text,
		      size_t cursor, parse_offer_fn *fn, void *context)
{
	struct scope sc;
	const struct parse_where where = command_where(s, focus, &sc);

	command_scope(&sc, s);
	parse_offers(text, cursor, &where, fn, context);
}
