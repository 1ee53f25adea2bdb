#include "ui/analysis_rows.h"

#include <netinet/in.h>
#include <stdarg.h>

#include "capture/replay.h"
#include "src/cause.h"
#include "src/describe.h"

#define FRAME_NEAR 4096 /* how far events can be from their place in the file */

uint64_t view_frame_number(const struct trace *t, uint32_t row)
{
	uint64_t offset = trace_entry(t, row)->offset, frame = (uint64_t)row + 1;
	uint32_t rows = trace_rows(t);

	for (uint32_t i = 1; i <= FRAME_NEAR; i++) {
		if (i <= row && trace_entry(t, row - i)->offset > offset)
			frame--;
		if (i < rows - row && trace_entry(t, row + i)->offset < offset)
			frame++;
	}
	return frame;
}

/* What each verdict means; the names are Wireshark's. */
static const char *const meanings[VERDICTS] = {
	"these numbers were sent before",
	"… right after the second duplicate ACK or a later one",
	"… though the other end has acknowledged them",
	"these numbers belong before what was sent last, and come too soon for a repetition",
	"the same ACK again: a segment arrived that was not the next one",
	"there is a gap before it: what it follows is not in the capture",
	"it acknowledges what is not in the capture",
	"the receiver has room again",
	"it fills all the room that the receiver has offered",
	"the receiver has no room: the sender has to wait",
	"a single byte asks whether there is room again",
	"the answer to that: still no room",
	"it asks whether the other end is still there",
	"the answer to that",
	"these ports had another connection before",
	"it acknowledges a part of a segment",
};

struct filling {
	struct analysis_row *row;
	size_t count;
};

static void add(struct filling *f, enum style style, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void add(struct filling *f, enum style style, const char *name, const char *fmt, ...)
{
	struct analysis_row *r = &f->row[f->count];
	struct str s = str_on(r->text, sizeof(r->text));
	va_list ap;

	if (f->count == ANALYSIS_ROWS)
		return;
	f->count++;
	r->style = style;
	(void)str_copy(r->name, sizeof(r->name), name);
	va_start(ap, fmt);
	str_addv(&s, fmt, ap);
	va_end(ap);
}

/* A packet by Wireshark's number, and by ours where that is another. */
static void add_frame(struct str *out, const struct trace *t, uint32_t number)
{
	uint32_t row = trace_row_of_packet(t, number);
	uint64_t frame = row == ROW_NONE ? number : view_frame_number(t, row);

	str_addf(out, "frame %llu", (unsigned long long)frame);
	if (frame != number)
		str_addf(out, " (packet %u)", number);
}

static void frame_row(struct filling *f, const struct trace *t, const char *name, uint32_t number)
{
	STR_ON_STACK(s, 80);

	if (!number)
		return;
	add_frame(&s, t, number);
	add(f, STYLE_PLAIN, name, "%s", s.buf);
}

static void time_row(struct filling *f, const char *name, int64_t ns)
{
	STR_ON_STACK(s, 40);

	describe_duration(&s, ns);
	add(f, STYLE_PLAIN, name, "%s", s.buf);
}

static void verdict_rows(struct filling *f, uint16_t bits)
{
	for (size_t i = 0; i < VERDICTS; i++)
		if (bits & verdict_names[i].bit)
			add(f,
			    verdict_names[i].bit & VERDICT_WARNINGS ? STYLE_WARNING : STYLE_PLAIN,
			    verdict_names[i].field, "%s", meanings[i]);
}

static void number_rows(struct filling *f, const struct trace *t, const struct verdict *n)
{
	frame_row(f, t, "acks_frame", n->acked_frame);
	if (n->acked_frame)
		time_row(f, "ack_rtt", n->ack_rtt_ns);
	if (n->initial_rtt_ns)
		time_row(f, "initial_rtt", n->initial_rtt_ns);
	if (n->in_flight)
		add(f, STYLE_PLAIN, "bytes_in_flight", "%u", n->in_flight);
	if (n->dup_ack)
		add(f, STYLE_PLAIN, "duplicate_ack_num", "%u", n->dup_ack);
	frame_row(f, t, "duplicate_ack_frame", n->dup_ack_frame);
	if (n->rto_frame)
		time_row(f, "rto", n->rto_ns);
	frame_row(f, t, "rto_frame", n->rto_frame);
}

static void numbers(struct filling *f, const struct view *v, uint32_t row)
{
	const struct verdict *n = v->replay ? replay_verdict(v->replay, row) : NULL;

	if (n)
		number_rows(f, v->trace, n);
	else if (v->replay && replay_busy(v->replay))
		add(f, STYLE_DIM, "numbers", "working out … %u %%", replay_percent(v->replay));
}

/* ---- the connection ---- */

static void completeness_row(struct filling *f, uint8_t seen)
{
	static const char *const parts[] = { "SYN", "SYN ACK", "ACK", "data", "FIN", "RST" };
	STR_ON_STACK(s, 80);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (seen & 1 << i)
			str_addf(&s, "%s%s", s.len ? ", " : "", parts[i]);
	add(f, STYLE_PLAIN, "tcp.completeness", "%u: %s", seen, s.len ? s.buf : "nothing of it");
}

static const char *sure_text(struct inferred state)
{
	switch ((enum infer_sure)state.sure) {
	case INFER_UNKNOWN:
		return "";
	case INFER_CERTAIN:
		return "certain: its own segments show it";
	case INFER_PRESUMED:
		return "presumed: it follows if this arrived";
	case INFER_RANGE:
		return "one of these: packets do not tell which";
	}
	return "";
}

/* The state that the kernel of an end was in, if it was sampled; SOCK_STATE_NONE. */
static enum sock_state kernel_state(const struct view *v, const struct conn *c, int end)
{
	uint32_t now = view_now(v);

	for (size_t i = 0; now != ROW_NONE && i < trace_sockets(v->trace); i++) {
		uint32_t at = trace_state_at(v->trace, i, now);
		const struct event *ev = at == ROW_NONE ? NULL : trace_event(v->trace, at, NULL);

		if (ev && addr_equal(&ev->state.sock.local, &c->end[end]) &&
		    addr_equal(&ev->state.sock.remote, &c->end[!end]))
			return ev->state.sock.state;
	}
	return SOCK_STATE_NONE;
}

static void state_rows(struct filling *f, const struct view *v, const struct view_packet *p)
{
	const struct trace_entry *e = trace_entry(v->trace, p->row);

	for (int end = 0; end < 2; end++) {
		struct inferred state = trace_entry_inferred(e, end);
		enum sock_state kernel = kernel_state(v, p->conn, end);
		STR_ON_STACK(name, 64);
		STR_ON_STACK(s, 160);

		str_addf(&name, "state of ");
		addr_text(&name, &p->conn->end[end], trace_names(v->trace));
		if (name.len >= sizeof(f->row->name)) {
			str_clear(&name);
			str_addf(&name, "state of port %u", addr_port(&p->conn->end[end]));
		}
		if (kernel != SOCK_STATE_NONE) {
			add(f, STYLE_STATE, name.buf, "%s", sock_state_name(kernel));
			continue;
		}
		str_char(&s, '~');
		infer_text(&s, state);
		if (sure_text(state)[0])
			str_addf(&s, "  %s", sure_text(state));
		add(f, STYLE_INFERRED, name.buf, "%s", s.buf);
	}
}

/* ---- all of it ---- */

static bool is_analysed(const struct view_packet *p)
{
	return p->conn && p->conn->protocol == IPPROTO_TCP && p->packet.has_segment;
}

size_t analysis_rows(const struct view *v, const struct view_packet *p,
		     struct analysis_row rows[ANALYSIS_ROWS])
{
	struct filling f = { .row = rows };
	STR_ON_STACK(s, sizeof(rows->text));
	struct cause cause;

	if (!is_analysed(p))
		return 0;
	if (cause_of_packet(v->trace, p->row, &cause)) {
		cause_text(&s, v->trace, &cause);
		add(&f, STYLE_WARNING, "cause", "%s", s.buf);
	}
	verdict_rows(&f, trace_entry(v->trace, p->row)->verdict);
	numbers(&f, v, p->row);
	if (p->conn->stream != CONN_NONE)
		add(&f, STYLE_PLAIN, "tcp.stream", "%u", p->conn->stream);
	completeness_row(&f, p->conn->completeness);
	state_rows(&f, v, p);
	return f.count;
}

static void add_part(struct str *out, const char *text)
{
	str_addf(out, "%s%s", out->len ? " · " : "", text);
}

static void add_late(struct str *out, const struct trace *t, const struct verdict *n)
{
	STR_ON_STACK(s, 100);

	if (!n->rto_frame)
		return;
	describe_duration(&s, n->rto_ns);
	str_add(&s, " after ");
	add_frame(&s, t, n->rto_frame);
	add_part(out, s.buf);
}

static void add_repeated(struct str *out, const struct trace *t, const struct verdict *n)
{
	STR_ON_STACK(s, 100);

	if (!n->dup_ack_frame)
		return;
	str_add(&s, "the ACK of ");
	add_frame(&s, t, n->dup_ack_frame);
	add_part(out, s.buf);
}

static void add_numbers(struct str *out, const struct trace *t, const struct verdict *n)
{
	STR_ON_STACK(s, 100);

	if (n->acked_frame) {
		str_add(&s, "acknowledges ");
		add_frame(&s, t, n->acked_frame);
		str_add(&s, " after ");
		describe_duration(&s, n->ack_rtt_ns);
		add_part(out, s.buf);
	}
	str_clear(&s);
	str_addf(&s, "%u bytes in flight", n->in_flight);
	if (n->in_flight)
		add_part(out, s.buf);
}

bool analysis_line(struct str *out, const struct view *v, const struct view_packet *p,
		   enum style *style)
{
	uint16_t bits = trace_entry(v->trace, p->row)->verdict;
	const struct verdict *n = v->replay ? replay_verdict(v->replay, p->row) : NULL;
	struct cause cause;

	*style = bits & VERDICT_WARNINGS ? STYLE_WARNING : STYLE_DIM;
	if (cause_of_packet(v->trace, p->row, &cause)) {
		*style = cause_table[cause.kind].warns || cause_table[cause.arrival].warns ||
					 cause.lost_by != ROW_NONE
				 ? STYLE_WARNING
				 : STYLE_DIM;
		if (cause.lost_by != ROW_NONE && cause.kind == CAUSE_UNKNOWN)
			str_add(out, "! retransmission: ");
		str_add(out, cause_table[cause.kind ? cause.kind : cause.arrival].mark);
		cause_text(out, v->trace, &cause);
		return true;
	}
	if (!is_analysed(p))
		return false;
	if (bits & VERDICT_WARNINGS)
		str_add(out, "! ");
	describe_verdict(out, bits, n, 200);
	if (n) {
		add_late(out, v->trace, n);
		add_repeated(out, v->trace, n);
		add_numbers(out, v->trace, n);
	} else if (v->replay && replay_busy(v->replay)) {
		add_part(out, "working out the numbers …");
	}
	if (!out->len)
		str_add(out, "nothing remarkable");
	return true;
}
