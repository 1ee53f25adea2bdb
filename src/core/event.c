#include "src/core/event.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const kind_names[] = {
	[EVENT_PACKET] = "packet",
	[EVENT_WIRE] = "wire",
	[EVENT_CALL] = "call",
	[EVENT_RETURN] = "return",
	[EVENT_STATE] = "state",
	[EVENT_COMMAND] = "command",
	[EVENT_NOTE] = "note",
	[EVENT_PROGRAM] = "program",
	[EVENT_OUTPUT] = "output",
	[EVENT_COUNTERS] = "counters",
	NULL,
};
static_assert(COUNT(kind_names) == EVENT_KINDS + 1, "a name for each kind");

static const char *const fate_names[] = {
	[WIRE_DELIVERED] = "delivered",
	[WIRE_DELAYED] = "delayed",
	[WIRE_HELD] = "held",
	[WIRE_RELEASED] = "released",
	[WIRE_DROPPED] = "dropped",
	[WIRE_DUPLICATED] = "duplicated",
	[WIRE_FAILED] = "failed",
	[WIRE_CORRUPTED] = "corrupted",
	[WIRE_REORDERED] = "reordered",
	[WIRE_MARKED] = "marked",
	[WIRE_INJECTED] = "injected",
	[WIRE_EDITED] = "edited",
	[WIRE_FRAGMENTED] = "fragmented",
	NULL,
};
static_assert(COUNT(fate_names) == WIRE_FATES + 1, "a name for each fate");

/* RFC 9293 section 3.3.2; the last two have no state machine. */
static const char *const state_names[] = {
	[SOCK_STATE_NONE] = "",
	[SOCK_STATE_CLOSED] = "CLOSED",
	[SOCK_STATE_LISTEN] = "LISTEN",
	[SOCK_STATE_SYN_SENT] = "SYN-SENT",
	[SOCK_STATE_SYN_RECEIVED] = "SYN-RECEIVED",
	[SOCK_STATE_ESTABLISHED] = "ESTABLISHED",
	[SOCK_STATE_FIN_WAIT_1] = "FIN-WAIT-1",
	[SOCK_STATE_FIN_WAIT_2] = "FIN-WAIT-2",
	[SOCK_STATE_CLOSE_WAIT] = "CLOSE-WAIT",
	[SOCK_STATE_CLOSING] = "CLOSING",
	[SOCK_STATE_LAST_ACK] = "LAST-ACK",
	[SOCK_STATE_TIME_WAIT] = "TIME-WAIT",
	[SOCK_STATE_UNCONNECTED] = "UNCONNECTED",
	[SOCK_STATE_CONNECTED] = "CONNECTED",
	NULL,
};
static_assert(COUNT(state_names) == SOCK_STATES + 1, "a name for each state");

static const char *const timer_names[] = {
	[SOCK_TIMER_OFF] = "off",
	[SOCK_TIMER_RETRANSMIT] = "retransmit",
	[SOCK_TIMER_KEEPALIVE] = "keepalive",
	[SOCK_TIMER_TIME_WAIT] = "time-wait",
	[SOCK_TIMER_PROBE] = "probe",
	NULL,
};
static_assert(COUNT(timer_names) == SOCK_TIMER_PROBE + 2, "a name for each timer");

static const char *const way_names[] = {
	[LOCAL_NONE] = "none",
	[LOCAL_GIVEN] = "given",
	[LOCAL_TAKEN] = "taken",
	NULL,
};
static_assert(COUNT(way_names) == LOCAL_WAYS + 1, "a name for each way");

static const char *const by_names[] = {
	[BY_TIME] = "time",
	[BY_DEPARTURE] = "departure",
	[BY_ARRIVAL] = "arrival",
	[BY_CALL] = "call",
	NULL,
};
static_assert(COUNT(by_names) == BY_CALL + 2, "a name for each cause of a sample");

static const char *const note_names[] = {
	[NOTE_SAY] = "say",	  [NOTE_TITLE] = "title",
	[NOTE_ABOUT] = "about",	  [NOTE_LIMIT] = "limit",
	[NOTE_LOST] = "lost",	  [NOTE_ERROR] = "error",
	[NOTE_EXPECT] = "expect", [NOTE_ASK] = "ask",
	[NOTE_ANSWER] = "answer", NULL,
};
static_assert(COUNT(note_names) == NOTE_ANSWER + 2, "a name for each kind of note");

static const char *const change_names[] = {
	[PROGRAM_STARTED] = "started",
	[PROGRAM_EXITED] = "exited",
	[PROGRAM_KILLED] = "killed",
	[PROGRAM_EXECUTED] = "executed",
	NULL,
};
static_assert(COUNT(change_names) == PROGRAM_EXECUTED + 2, "a name for each change of a program");

/* ---- the fields ---- */

#define ALL	 ((1u << EVENT_KINDS) - 1)
#define IN(kind) (1u << EVENT_##kind)

#define AT(member)	    .offset = offsetof(struct event, member)
#define ENUM(member, table) .type = FIELD_ENUM, AT(member), .names = (table)
#define ARGS(member, counter)                                                                      \
	.type = FIELD_ARGS, AT(member), .count = offsetof(struct event, counter)
#define SOCK(n, t, member)                                                                         \
	{                                                                                          \
		.name = (n), .type = (t), AT(state.sock.member), .kinds = IN(STATE)                \
	}

const struct event_field event_fields[] = {
	{ .name = "NS", .type = FIELD_I64, AT(ts_ns), .kinds = ALL },
	{ .name = "HOST", .type = FIELD_U8, AT(host), .kinds = ALL },
	{ .name = "PROGRAM", .type = FIELD_NAME, AT(program), .kinds = ALL },
	{ .name = "THREAD", .type = FIELD_U32, AT(thread), .kinds = ALL },
	{ .name = "THREAD_NAME",
	  .type = FIELD_NAME,
	  AT(thread_name),
	  .kinds = IN(CALL) | IN(RETURN) | IN(PROGRAM) | IN(OUTPUT) },

	{ .name = "PACKET", .type = FIELD_U64, AT(packet.number), .kinds = IN(PACKET) },
	{ .name = "CAPLEN", .type = FIELD_U32, AT(packet.caplen), .kinds = IN(PACKET) },
	{ .name = "LEN", .type = FIELD_U32, AT(packet.len), .kinds = IN(PACKET) },
	{ .name = "IFACE", .type = FIELD_U32, AT(packet.iface), .kinds = IN(PACKET) },
	{ .name = "DROPS", .type = FIELD_U32, AT(packet.drops), .kinds = IN(PACKET) },

	{ .name = "PACKET", .type = FIELD_U64, AT(wire.packet), .kinds = IN(WIRE) },
	{ .name = "FATE", ENUM(wire.fate, fate_names), .kinds = IN(WIRE) },
	{ .name = "TO", .type = FIELD_U8, AT(wire.to), .kinds = IN(WIRE) },
	{ .name = "COPY", .type = FIELD_U64, AT(wire.copy), .kinds = IN(WIRE) },
	{ .name = "BY", .type = FIELD_TEXT, AT(wire.by), .kinds = IN(WIRE) },
	{ .name = "DUE",
	  .type = FIELD_I64,
	  AT(wire.due_ns),
	  .kinds = IN(WIRE),
	  .may_be_null = true },

	{ .name = "CALL", .type = FIELD_U64, AT(call.number), .kinds = IN(CALL) },
	{ .name = "NAME", .type = FIELD_TEXT, AT(call.name), .kinds = IN(CALL) },
	{ .name = "FD", .type = FIELD_I32, AT(call.fd), .kinds = IN(CALL) },
	{ .name = "ARG", ARGS(call.arg, call.args), .kinds = IN(CALL) },

	{ .name = "CALL", .type = FIELD_U64, AT(ret.number), .kinds = IN(RETURN) },
	{ .name = "NAME", .type = FIELD_TEXT, AT(ret.name), .kinds = IN(RETURN) },
	{ .name = "FD", .type = FIELD_I32, AT(ret.fd), .kinds = IN(RETURN) },
	{ .name = "RESULT", .type = FIELD_I64, AT(ret.result), .kinds = IN(RETURN) },
	{ .name = "ERRNO", .type = FIELD_I32, AT(ret.error), .kinds = IN(RETURN) },
	{ .name = "BLOCKED", .type = FIELD_BOOL, AT(ret.blocked), .kinds = IN(RETURN) },
	{ .name = "ENTERED_NS", .type = FIELD_I64, AT(ret.entered_ns), .kinds = IN(RETURN) },
	{ .name = "OUT", ARGS(ret.out, ret.outs), .kinds = IN(RETURN) },
	{ .name = "LOCAL", ENUM(ret.local.way, way_names), .kinds = IN(RETURN), .rare = true },
	{ .name = "LOCAL_HOST",
	  .type = FIELD_U8,
	  AT(ret.local.host),
	  .kinds = IN(RETURN),
	  .rare = true },
	{ .name = "LOCAL_WHO",
	  .type = FIELD_TEXT,
	  AT(ret.local.who),
	  .kinds = IN(RETURN),
	  .rare = true },
	{ .name = "LOCAL_BYTES",
	  .type = FIELD_U64,
	  AT(ret.local.bytes),
	  .kinds = IN(RETURN),
	  .rare = true },
	{ .name = "LOCAL_WHAT",
	  .type = FIELD_TEXT,
	  AT(ret.local.what),
	  .kinds = IN(RETURN),
	  .rare = true },
	{ .name = "LOCAL_WAITED_NS",
	  .type = FIELD_I64,
	  AT(ret.local.waited_ns),
	  .kinds = IN(RETURN),
	  .rare = true },

	{ .name = "BY", ENUM(state.by, by_names), .kinds = IN(STATE) },
	{ .name = "BY_NUMBER", .type = FIELD_U64, AT(state.by_number), .kinds = IN(STATE) },
	{ .name = "FD", .type = FIELD_I32, AT(state.fd), .kinds = IN(STATE) },
	{ .name = "OLD", ENUM(state.old, state_names), .kinds = IN(STATE) },
	{ .name = "STATE", ENUM(state.sock.state, state_names), .kinds = IN(STATE) },
	SOCK("COOKIE", FIELD_U64, cookie),
	SOCK("INODE", FIELD_U32, inode),
	SOCK("FAMILY", FIELD_U8, family),
	SOCK("TYPE", FIELD_U8, type),
	SOCK("PROTOCOL", FIELD_U8, protocol),
	SOCK("LOCAL", FIELD_ADDR, local),
	SOCK("REMOTE", FIELD_ADDR, remote),
	SOCK("RECVQ", FIELD_U32, recvq),
	SOCK("SENDQ", FIELD_U32, sendq),
	{ .name = "TIMER", ENUM(state.sock.timer, timer_names), .kinds = IN(STATE) },
	SOCK("TIMER_MS", FIELD_U32, timer_ms),
	SOCK("RETRANSMITS", FIELD_U32, retransmits),
	SOCK("CWND", FIELD_U32, cwnd),
	SOCK("SSTHRESH", FIELD_U32, ssthresh),
	SOCK("RTT_US", FIELD_U32, rtt_us),
	SOCK("RTTVAR_US", FIELD_U32, rttvar_us),
	SOCK("RTO_US", FIELD_U32, rto_us),
	SOCK("MSS", FIELD_U32, mss),
	SOCK("UNACKED", FIELD_U32, unacked),
	SOCK("SACKED", FIELD_U32, sacked),
	SOCK("LOST", FIELD_U32, lost),
	SOCK("TOTAL_RETRANS", FIELD_U32, total_retrans),
	SOCK("SND_WND", FIELD_U32, snd_wnd),
	SOCK("PMTU", FIELD_U32, pmtu),
	SOCK("CA_STATE", FIELD_U8, ca_state),
	SOCK("SOCK_DROPS", FIELD_U32, drops),
	{ .name = "PEER",
	  .type = FIELD_U32,
	  AT(state.sock.peer),
	  .kinds = IN(STATE),
	  .rare = true },

	{ .name = "TARGET", .type = FIELD_TEXT, AT(command.target), .kinds = IN(COMMAND) },
	{ .name = "TEXT", .type = FIELD_TEXT, AT(command.text), .kinds = IN(COMMAND) },
	{ .name = "STATUS",
	  .type = FIELD_TEXT,
	  AT(command.status),
	  .kinds = IN(COMMAND),
	  .may_be_null = true },

	{ .name = "NOTE", ENUM(note.kind, note_names), .kinds = IN(NOTE) },
	{ .name = "TEXT", .type = FIELD_TEXT, AT(note.text), .kinds = IN(NOTE) },

	{ .name = "CHANGE", ENUM(prog.change, change_names), .kinds = IN(PROGRAM) },
	{ .name = "PID", .type = FIELD_I32, AT(prog.pid), .kinds = IN(PROGRAM) },
	{ .name = "STATUS", .type = FIELD_I32, AT(prog.status), .kinds = IN(PROGRAM) },
	{ .name = "OTHERS", .type = FIELD_U32, AT(prog.others), .kinds = IN(PROGRAM) },
	{ .name = "COMMAND", .type = FIELD_TEXT, AT(prog.command), .kinds = IN(PROGRAM) },

	{ .name = "FD", .type = FIELD_I32, AT(output.stream), .kinds = IN(OUTPUT) },
	{ .name = "TEXT", .type = FIELD_TEXT, AT(output.text), .kinds = IN(OUTPUT) },
	{ .name = "CUT", .type = FIELD_BOOL, AT(output.cut), .kinds = IN(OUTPUT) },
	{ .name = "UNENDED", .type = FIELD_BOOL, AT(output.unended), .kinds = IN(OUTPUT) },

	{ .name = "BY", ENUM(counters.by, by_names), .kinds = IN(COUNTERS) },
	{ .name = "BY_NUMBER", .type = FIELD_U64, AT(counters.by_number), .kinds = IN(COUNTERS) },
	{ .name = "CHANGES", .type = FIELD_TEXT, AT(counters.changes), .kinds = IN(COUNTERS) },
};
const size_t event_fields_count = COUNT(event_fields);

static_assert(sizeof(enum sock_state) == sizeof(int), "FIELD_ENUM reads an int");

/* ---- names ---- */

static const char *name_at(const char *const *table, size_t count, size_t i)
{
	return i < count ? table[i] : "?";
}

const char *event_kind_name(enum event_kind kind)
{
	return name_at(kind_names, EVENT_KINDS, kind);
}

const char *wire_fate_name(enum wire_fate fate)
{
	return name_at(fate_names, COUNT(fate_names) - 1, fate);
}

const char *sock_state_name(enum sock_state state)
{
	return name_at(state_names, SOCK_STATES, state);
}

const char *sock_timer_name(enum sock_timer timer)
{
	return name_at(timer_names, COUNT(timer_names) - 1, timer);
}

bool event_ends_thread(const struct event *ev)
{
	return ev->kind == EVENT_PROGRAM &&
	       (ev->prog.change == PROGRAM_EXITED || ev->prog.change == PROGRAM_KILLED);
}

bool event_ends_program(const struct event *ev)
{
	return event_ends_thread(ev) && !ev->thread && !ev->prog.others;
}

void event_add_actor(struct str *out, const struct event *ev)
{
	str_add(out, ev->thread_name[0] ? ev->thread_name : ev->program);
	if (ev->thread && !ev->thread_name[0])
		str_addf(out, "/%u", ev->thread);
}

/* Whether len characters are the name: case ignored, "_" as "-". */
static bool is_state_name(const char *text, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '_' ? '-' : text[i];

		if (c == '\0' || strncasecmp(&c, &name[i], 1) != 0)
			return false;
	}
	return name[len] == '\0';
}

enum sock_state sock_state_find(const char *name, size_t len)
{
	for (enum sock_state s = SOCK_STATE_CLOSED; s < SOCK_STATES; s++) {
		if (is_state_name(name, len, state_names[s]))
			return s;
	}
	return SOCK_STATE_NONE;
}

/* ---- samples ---- */

static bool same_field(const struct event_field *f, const void *a, const void *b)
{
	switch (f->type) {
	case FIELD_U8:
	case FIELD_BOOL:
		return memcmp(a, b, 1) == 0;
	case FIELD_U32:
	case FIELD_I32:
	case FIELD_ENUM:
		return memcmp(a, b, 4) == 0;
	case FIELD_U64:
	case FIELD_I64:
		return memcmp(a, b, 8) == 0;
	case FIELD_ADDR:
		return addr_equal(a, b);
	case FIELD_NAME:
	case FIELD_TEXT:
	case FIELD_ARGS:
		break; /* a sample has none */
	}
	return true;
}

/* What a sample is, or what runs by itself: no reason for an event. */
static bool is_news(const struct event_field *f)
{
	const size_t first = offsetof(struct event, state.sock);

	return f->kinds == IN(STATE) && f->offset >= first &&
	       f->offset != offsetof(struct event, state.sock.cookie) &&
	       f->offset != offsetof(struct event, state.sock.timer_ms);
}

bool sock_sample_differs(const struct sock_sample *a, const struct sock_sample *b)
{
	const size_t first = offsetof(struct event, state.sock);

	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *f = &event_fields[i];

		if (is_news(f) && !same_field(f, (const char *)a + f->offset - first,
					      (const char *)b + f->offset - first))
			return true;
	}
	return false;
}
