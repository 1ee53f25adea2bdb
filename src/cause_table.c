/*
 * The causes, and their words.
 */
#include "src/cause.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "src/describe.h"

#define AGAIN "↻ "
#define LOST  "✗ "

const struct cause_row cause_table[CAUSE_KINDS] = {
	[CAUSE_UNKNOWN] = { "", "", false, { NULL }, "" },
	[CAUSE_TAIL_PROBE] = { "tail loss probe",
			       AGAIN,
			       true,
			       { "TcpExtTCPLossProbes" },
			       "nothing was acknowledged for two round trips, so the kernel asks "
			       "before the timeout",
			       "nothing was acknowledged for %" },
	[CAUSE_SYN_TIMEOUT] = { "SYN retransmit",
				AGAIN,
				true,
				{ "TcpExtTCPSynRetrans" },
				"no answer to the SYN before the timer fired",
				"no answer for %" },
	[CAUSE_TIMEOUT] = { "RTO",
			    AGAIN,
			    true,
			    { "TcpExtTCPTimeouts" },
			    "the retransmission timer fired",
			    "the timer of % fired" },
	[CAUSE_PATH_MTU] = { "path MTU",
			     AGAIN,
			     true,
			     { "TcpExtTCPSlowStartRetrans", "TcpExtTCPFastRetrans" },
			     "an ICMP error said that it was too long for the path" },
	[CAUSE_FAST] = { "fast retransmit",
			 AGAIN,
			 true,
			 { "TcpExtTCPFastRetrans" },
			 "duplicate ACKs told of a loss, and the kernel is in Recovery" },
	[CAUSE_SLOW_START] = { "slow-start retransmit",
			       AGAIN,
			       true,
			       { "TcpExtTCPSlowStartRetrans" },
			       "behind a timeout what was lost is sent again, in slow start" },
	[CAUSE_KEEPALIVE] = { "keepalive",
			      AGAIN,
			      false,
			      { "TcpExtTCPKeepAlive" },
			      "nothing came for so long: is the peer still there?",
			      "nothing came for %: is the peer still there?" },
	[CAUSE_WINDOW_PROBE] = { "window probe",
				 AGAIN,
				 false,
				 { "TcpExtTCPWinProbe" },
				 "the peer's window is closed: is it still?",
				 "the peer's window is closed: is it still, after %?" },
	[CAUSE_QUEUE_RESET] = { "overflow reset",
				"",
				true,
				{ "TcpExtEmbryonicRsts" },
				"the accept queue was full, and tcp_abort_on_overflow is on" },
	[CAUSE_UNREAD] = { "close with unread data",
			   "",
			   true,
			   { "TcpExtTCPAbortOnClose" },
			   "the program closed while data waited to be read" },
	[CAUSE_GAVE_UP] = { "gave up",
			    "",
			    true,
			    { "TcpExtTCPAbortOnTimeout" },
			    "nothing came back for too long" },
	[CAUSE_LINGER2] = { "abort on linger",
			    "",
			    true,
			    { "TcpExtTCPAbortOnLinger" },
			    "TCP_LINGER2 is below 0: no waiting in FIN-WAIT-2" },
	[CAUSE_LINGER] = { "linger 0",
			   "",
			   true,
			   { "TcpExtTCPAbortOnData" },
			   "SO_LINGER with 0 seconds: close() aborts" },
	[CAUSE_AFTER_CLOSE] = { "data after close",
				"",
				true,
				{ "TcpExtTCPAbortOnData", "TcpOutRsts" },
				"data came for a socket that its program has closed" },
	[CAUSE_LISTENER_CLOSED] = { "listener closed",
				    "",
				    true,
				    { "TcpOutRsts" },
				    "no program had accepted the connection, and none will" },
	[CAUSE_NOBODY] = { "nobody listens",
			   "",
			   true,
			   { "TcpOutRsts", "IcmpOutDestUnreachs", "Icmp6OutDestUnreachs" },
			   "no socket waits on this port" },
	[CAUSE_NO_CONNECTION] = { "no such connection",
				  "",
				  true,
				  { "TcpOutRsts" },
				  "the segment belongs to no connection that is open here" },
	[CAUSE_SYN_COOKIE] = { "SYN cookie",
			       "",
			       false,
			       { "TcpExtSyncookiesSent" },
			       "nothing is remembered of the SYN: its data are in the sequence "
			       "number" },
	[CAUSE_CHALLENGE] = { "challenge ACK",
			      "",
			      true,
			      { "TcpExtTCPChallengeACK", "TcpExtTCPSYNChallenge" },
			      "a SYN or RST came that may be forged: who sent it must show that "
			      "it knows the numbers (RFC 5961)" },
	[CAUSE_DSACK] = { "DSACK",
			  "",
			  true,
			  { "TcpExtTCPDSACKOldSent", "TcpExtTCPDSACKOfoSent" },
			  "these data came twice, and the sender is told" },
	[CAUSE_ZERO_WINDOW] = { "zero window",
				"",
				true,
				{ "TcpExtTCPToZeroWindowAdv" },
				"the receive buffer is full" },
	[CAUSE_WINDOW_OPENS] = { "window opens",
				 "",
				 false,
				 { "TcpExtTCPFromZeroWindowAdv" },
				 "there is room in the receive buffer again" },
	[CAUSE_DUP_ACK] = { "duplicate ACK",
			    "",
			    true,
			    { "TcpExtTCPOFOQueue" },
			    "data came behind a gap: the one before it is missing" },
	[CAUSE_DELAYED_ACK] = { "delayed ACK",
				"",
				false,
				{ "TcpExtDelayedACKs" },
				"no data came with which to send it, and the delay is over" },
	[CAUSE_OVERFLOW] = { "accept queue full",
			     LOST,
			     true,
			     { "TcpExtListenOverflows" },
			     "ignored: as many connections as listen() allows wait for accept()" },
	[CAUSE_IGNORED] = { "ignored by the listener",
			    LOST,
			    true,
			    { "TcpExtListenDrops", "TcpExtTCPReqQFullDrop",
			      "TcpExtTCPDeferAcceptDrop" },
			    "the listener did not take it" },
	[CAUSE_COOKIE_BACK] = { "SYN cookie accepted",
				"",
				false,
				{ "TcpExtSyncookiesRecv" },
				"the ACK brought the cookie back, and the connection was made from "
				"it" },
	[CAUSE_UNDO] = { "undo",
			 "",
			 true,
			 { "TcpExtTCPLossUndo", "TcpExtTCPSpuriousRTOs", "TcpExtTCPFullUndo",
			   "TcpExtTCPDSACKUndo" },
			 "the retransmission was for nothing: the congestion window is what it "
			 "was before" },
	[CAUSE_BUFFER_FULL] = { "receive buffer full",
				LOST,
				true,
				{ "UdpRcvbufErrors", "Udp6RcvbufErrors" },
				"the datagram was lost in its receiver's kernel" },
	[CAUSE_CHECKSUM] = { "bad checksum",
			     LOST,
			     true,
			     { "TcpInCsumErrors", "UdpInCsumErrors", "Udp6InCsumErrors",
			       "IpExtInCsumErrors" },
			     "its receiver's kernel threw it away" },
	[CAUSE_NO_ROOM] = { "no room",
			    LOST,
			    true,
			    { "TcpExtTCPZeroWindowDrop", "TcpExtBeyondWindow" },
			    "the window has no room for it, and the data were thrown away" },
};

const char *cause_name(enum cause_kind kind)
{
	return cause_table[kind].name;
}

static bool is_name(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '-' ? ' ' : text[i], n = name[i] == '-' ? ' ' : name[i];

		if (!n || strncasecmp(&c, &n, 1) != 0)
			return false;
	}
	return !name[len];
}

enum cause_kind cause_find(const char *name, size_t len)
{
	for (int k = CAUSE_UNKNOWN + 1; k < CAUSE_KINDS; k++)
		if (is_name(cause_table[k].name, name, len))
			return (enum cause_kind)k;
	return CAUSE_UNKNOWN;
}

bool cause_mark(struct str *out, enum cause_kind kind)
{
	str_addf(out, "%s%s", cause_table[kind].mark, cause_table[kind].name);
	return kind != CAUSE_UNKNOWN;
}

/* ---- sentences ---- */

/* "TCPTimeouts +1, RetransSegs +1": without the protocols, which go without saying. */
static void add_changes(struct str *out, const char *changes)
{
	const char *at = changes ? changes : "";

	for (const char *gap = "; "; *at; gap = ", ") {
		size_t name = strcspn(at, "+ "), whole = strcspn(at, " ");
		size_t skip = !strncmp(at, "TcpExt", 6) ? 6 : !strncmp(at, "Tcp", 3) ? 3 : 0;

		str_add(out, gap);
		str_addn(out, at + skip, name - skip);
		str_char(out, ' ');
		str_addn(out, at + name, whole - name);
		at += whole + strspn(at + whole, " ");
	}
}

static void add_kind(struct str *out, enum cause_kind kind, int64_t timer_ns)
{
	const struct cause_row *row = &cause_table[kind];
	size_t n = row->timed ? strcspn(row->timed, "%") : 0;

	str_addf(out, "%s: ", row->name);
	if (!row->timed || timer_ns <= 0) {
		str_add(out, row->text);
		return;
	}
	str_addn(out, row->timed, n);
	describe_duration(out, timer_ns);
	str_add(out, row->timed + n + 1);
}

/* How a sample of the sender's socket differs from the one before. */
static void add_samples(struct str *out, struct trace *t, const struct cause *c)
{
	const struct event *ev = c->before == ROW_NONE ? NULL : trace_event(t, c->before, NULL);
	struct sock_sample was, is;

	if (!ev || c->after == ROW_NONE)
		return;
	was = ev->state.sock;
	ev = trace_event(t, c->after, NULL);
	if (!ev)
		return;
	is = ev->state.sock;
	str_addf(out, "; retransmissions %u → %u", was.total_retrans, is.total_retrans);
	if (was.cwnd != is.cwnd)
		str_addf(out, ", cwnd %u → %u", was.cwnd, is.cwnd);
}

/* All that was counted: a kernel may count some of it a little later. */
static void add_counted(struct str *out, struct trace *t, uint32_t first)
{
	const struct event *ev = first == ROW_NONE ? NULL : trace_event(t, first, NULL);

	if (ev)
		add_changes(out, ev->counters.changes);
}

static bool add_loss(struct str *out, struct trace *t, const struct cause *c)
{
	const struct event *wire = c->lost_by == ROW_NONE ? NULL : trace_event(t, c->lost_by, NULL);

	if (!wire || wire->kind != EVENT_WIRE)
		return false;
	str_addf(out, "the wire lost packet %" PRIu64, wire->wire.packet);
	if (wire->wire.by && wire->wire.by[0])
		str_addf(out, " (%s)", wire->wire.by);
	return true;
}

void cause_text_left(struct str *out, struct trace *t, const struct cause *c)
{
	bool lost = add_loss(out, t, c);

	if (lost && (c->kind != CAUSE_UNKNOWN || c->left != ROW_NONE))
		str_add(out, "; ");
	if (c->kind != CAUSE_UNKNOWN)
		add_kind(out, c->kind, c->timer_ns);
	else if (c->left != ROW_NONE)
		str_add(out, "its sender counted");
	add_counted(out, t, c->left);
	if (c->kind != CAUSE_UNKNOWN)
		add_samples(out, t, c);
}

void cause_text_arrived(struct str *out, struct trace *t, const struct cause *c)
{
	if (c->arrival != CAUSE_UNKNOWN)
		add_kind(out, c->arrival, 0);
	else if (c->arrived != ROW_NONE)
		str_add(out, "its receiver counted");
	add_counted(out, t, c->arrived);
}

void cause_text(struct str *out, struct trace *t, const struct cause *c)
{
	size_t start = out->len;

	cause_text_left(out, t, c);
	if (c->arrival == CAUSE_UNKNOWN && c->arrived == ROW_NONE)
		return;
	if (out->len > start)
		str_add(out, "; ");
	cause_text_arrived(out, t, c);
}

void cause_comment(struct str *out, const struct cause *c, const struct event_counters *counted)
{
	if (c->kind != CAUSE_UNKNOWN)
		add_kind(out, c->kind, c->timer_ns);
	else
		str_add(out, "its sender counted");
	add_changes(out, counted->changes);
}
