/* A column is a row of the table: its name, and what writes its value. */
#include "src/export_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/core/safe.h"
#include "src/describe.h"
#include "src/export_row.h"

#define VALUE_MAX 8192 /* characters of a value; a longer text is cut */

struct column {
	const char *name;
	void (*put)(struct str *out, const struct export_row *r);
};

static bool is_packet(const struct export_row *r)
{
	return r->ev->kind == EVENT_PACKET;
}

static void put_time(struct str *out, const struct export_row *r)
{
	int64_t ns = r->ev->ts_ns;
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	str_addf(out, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", magnitude / (uint64_t)NS_PER_S,
		 magnitude % (uint64_t)NS_PER_S);
}

static void put_kind(struct str *out, const struct export_row *r)
{
	str_add(out, event_kind_name(r->ev->kind));
}

static void put_host(struct str *out, const struct export_row *r)
{
	if (export_row_host(r))
		safe_add_text(out, export_row_host(r));
}

static void put_program(struct str *out, const struct export_row *r)
{
	safe_add_text(out, r->ev->program);
}

static void put_packet(struct str *out, const struct export_row *r)
{
	if (is_packet(r))
		str_addf(out, "%" PRIu64, r->ev->packet.number);
	else if (r->ev->kind == EVENT_WIRE)
		str_addf(out, "%" PRIu64, r->ev->wire.packet);
}

static void put_frame(struct str *out, const struct export_row *r)
{
	if (r->known)
		str_addf(out, "%" PRIu64, r->numbers.frame);
}

static void put_conn(struct str *out, const struct export_row *r)
{
	if (r->entry && r->entry->conn != CONN_NONE)
		str_addf(out, "%u", r->entry->conn);
}

static void put_stream(struct str *out, const struct export_row *r)
{
	if (r->known && r->numbers.stream)
		str_addf(out, "%" PRIu64, r->numbers.stream - 1);
}

static void put_src(struct str *out, const struct export_row *r)
{
	if (r->has_ends)
		addr_text(out, &r->src, NULL);
}

static void put_dst(struct str *out, const struct export_row *r)
{
	if (r->has_ends)
		addr_text(out, &r->dst, NULL);
}

static void put_protocol(struct str *out, const struct export_row *r)
{
	if (is_packet(r) && r->packet.ip_version)
		str_addf(out, "%u", r->packet.protocol);
}

static void put_flags(struct str *out, const struct export_row *r)
{
	if (r->tcp)
		packet_flags_text(out, r->packet.flags);
}

static void put_seq(struct str *out, const struct export_row *r)
{
	if (r->tcp && r->conn)
		str_addf(out, "%u", conn_seq(r->conn, r->entry->dir, r->packet.seq));
}

static void put_ack(struct str *out, const struct export_row *r)
{
	if (r->tcp && r->conn && (r->packet.flags & TCP_ACK))
		str_addf(out, "%u", conn_seq(r->conn, !r->entry->dir, r->packet.ack));
}

static void put_len(struct str *out, const struct export_row *r)
{
	if (is_packet(r) && r->packet.has_transport)
		str_addf(out, "%u", r->packet.payload_len);
}

static void put_window(struct str *out, const struct export_row *r)
{
	if (r->known && r->numbers.window)
		str_addf(out, "%" PRIu64, r->numbers.window);
	else if (r->tcp)
		str_addf(out, "%u", r->packet.window);
}

static void put_frame_len(struct str *out, const struct export_row *r)
{
	if (is_packet(r))
		str_addf(out, "%u", r->ev->packet.len);
}

static void put_verdicts(struct str *out, const struct export_row *r)
{
	export_row_verdicts(out, r, " ");
}

static void put_ack_rtt(struct str *out, const struct export_row *r)
{
	if (r->known && r->numbers.ack_rtt_ns)
		str_addf(out, "%" PRIu64, r->numbers.ack_rtt_ns);
}

static void put_in_flight(struct str *out, const struct export_row *r)
{
	if (r->known && r->numbers.in_flight)
		str_addf(out, "%" PRIu64, r->numbers.in_flight);
}

static void put_state(struct str *out, const struct export_row *r)
{
	if (r->ev->kind == EVENT_STATE)
		str_add(out, sock_state_name(r->ev->state.sock.state));
}

static void put_inferred_src(struct str *out, const struct export_row *r)
{
	export_row_inferred(out, r, false);
}

static void put_inferred_dst(struct str *out, const struct export_row *r)
{
	export_row_inferred(out, r, true);
}

static void put_fate(struct str *out, const struct export_row *r)
{
	if (is_packet(r) && r->entry)
		str_add(out, wire_fate_name((enum wire_fate)r->entry->fate));
	else if (r->ev->kind == EVENT_WIRE)
		str_add(out, wire_fate_name(r->ev->wire.fate));
}

static void put_call(struct str *out, const struct export_row *r)
{
	if (r->ev->kind == EVENT_CALL)
		str_add(out, r->ev->call.name);
	else if (r->ev->kind == EVENT_RETURN)
		str_add(out, r->ev->ret.name);
}

static void put_result(struct str *out, const struct export_row *r)
{
	if (r->ev->kind == EVENT_RETURN)
		str_addf(out, "%" PRId64, r->ev->ret.result);
}

static void put_errno(struct str *out, const struct export_row *r)
{
	if (r->ev->kind == EVENT_RETURN && r->ev->ret.error)
		name_add(out, &names_errno, r->ev->ret.error);
}

static void put_cause(struct str *out, const struct export_row *r)
{
	if (r->caused)
		str_add(out, cause_name(r->cause.kind));
}

static void put_arrival(struct str *out, const struct export_row *r)
{
	if (r->caused)
		str_add(out, cause_name(r->cause.arrival));
}

static void put_text(struct str *out, const struct export_row *r)
{
	describe_event(out, r->t, r->ev);
}

static const struct column columns[] = {
	{ "time", put_time },
	{ "kind", put_kind },
	{ "host", put_host },
	{ "program", put_program },
	{ "packet", put_packet },
	{ "frame", put_frame },
	{ "conn", put_conn },
	{ "stream", put_stream },
	{ "src", put_src },
	{ "dst", put_dst },
	{ "protocol", put_protocol },
	{ "flags", put_flags },
	{ "seq", put_seq },
	{ "ack", put_ack },
	{ "len", put_len },
	{ "window", put_window },
	{ "frame_len", put_frame_len },
	{ "verdicts", put_verdicts },
	{ "ack_rtt_ns", put_ack_rtt },
	{ "bytes_in_flight", put_in_flight },
	{ "state", put_state },
	{ "inferred_src", put_inferred_src },
	{ "inferred_dst", put_inferred_dst },
	{ "fate", put_fate },
	{ "call", put_call },
	{ "result", put_result },
	{ "errno", put_errno },
	{ "cause", put_cause },
	{ "arrival", put_arrival },
	{ "text", put_text },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

const char *export_csv_column(size_t i)
{
	return i < COLUMNS ? columns[i].name : NULL;
}

/* Quoted where it has to be: section 2 of the RFC, and what a reader may take for something else. */
static void put_quoted(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")] && text[0] != ' ') {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static int finish(FILE *out, struct err *e)
{
	fputs("\r\n", out);
	return ferror(out) ? err_errno(e, errno, NULL, "writing CSV") : 0;
}

int export_csv_head(FILE *out, struct err *e)
{
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	return finish(out, e);
}

int export_csv_event(struct trace *t, const struct event *ev, const struct numbers *numbers,
		     FILE *out, struct err *e)
{
	STR_ON_STACK(value, VALUE_MAX);
	struct export_row r;

	export_row_read(&r, t, ev, numbers);
	for (size_t i = 0; i < COLUMNS; i++) {
		str_clear(&value);
		columns[i].put(&value, &r);
		if (i)
			fputc(',', out);
		put_quoted(out, value.buf);
	}
	return finish(out, e);
}
