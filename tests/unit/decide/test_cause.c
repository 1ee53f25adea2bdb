/*
 * cause: what the kernel counted and the wire did, and nothing where they said nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "src/cause.h"
#include "tests/scenes.h"

/* An open connection with a segment "hello" of the client, which the wire lost or not; the client's sample then. */
static struct scene sent(bool lost, struct sock_sample *k)
{
	struct scene s = scene_new();
	uint64_t p;

	scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	scene_tcp(&s, SERVER, TCP_SYN | TCP_ACK, 0, 1, "");
	scene_tcp(&s, CLIENT, TCP_ACK, 1, 1, "");
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	if (lost)
		scene_wire(&s, SERVER, p, WIRE_DROPPED, "rule 3");
	*k = scene_sock(&s, CLIENT, 11, SOCK_STATE_ESTABLISHED);
	k->sendq = 5;
	k->unacked = 1;
	k->timer = SOCK_TIMER_RETRANSMIT;
	k->timer_ms = 240;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, k);
	return s;
}

/* The same segment again after so long, and the sample behind it. */
static uint32_t again(struct scene *s, int64_t ms, const struct sock_sample *k)
{
	uint64_t p;

	scene_ms(s, ms);
	p = scene_tcp(s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_state(s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, k);
	return trace_row_of_packet(s->t, (uint32_t)p);
}

static void each_way_of_the_kernel_has_its_name(void **state)
{
	static const struct {
		uint8_t ca_state, retransmits;
		int64_t ms;
		enum cause_kind want;
	} rows[] = {
		{ 4, 1, 240, CAUSE_TIMEOUT }, { 0, 1, 240, CAUSE_TIMEOUT },
		{ 3, 0, 30, CAUSE_FAST },     { 0, 0, 240, CAUSE_TAIL_PROBE },
		{ 0, 0, 30, CAUSE_UNKNOWN }, /* no timer can have fired */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sock_sample k;
		struct scene s = sent(false, &k);
		struct cause c;
		uint32_t row;

		k.ca_state = rows[i].ca_state;
		k.retransmits = rows[i].retransmits;
		k.total_retrans = 1;
		row = again(&s, rows[i].ms, &k);
		assert_true(trace_entry(s.t, row)->verdict & VERDICT_RETRANSMISSION);
		assert_int_equal(cause_of_packet(s.t, row, &c), rows[i].want != CAUSE_UNKNOWN);
		assert_int_equal(c.kind, rows[i].want);
		assert_int_equal(c.lost_by, ROW_NONE);
		trace_free(s.t);
	}
}

static void what_the_wire_lost_is_named(void **state)
{
	struct sock_sample k;
	struct scene s = sent(true, &k);
	STR_ON_STACK(text, 300);
	struct cause c;
	uint32_t row;

	(void)state;
	k.ca_state = 4;
	k.retransmits = k.total_retrans = 1;
	k.cwnd = 1;
	row = again(&s, 240, &k);
	assert_true(cause_of_packet(s.t, row, &c));
	assert_int_equal(trace_entry(s.t, c.original)->number, 4);
	cause_text(&text, s.t, &c);
	assert_string_equal(text.buf, "the wire lost packet 4 (rule 3); RTO: the timer of 240 ms "
				      "fired; retransmissions 0 → 1, cwnd 10 → 1");
	trace_free(s.t);
}

/* Once a repetition has arrived, the loss before it is not the cause of a further one. */
static void a_loss_that_was_made_good_is_no_cause(void **state)
{
	struct sock_sample k;
	struct scene s = sent(true, &k);
	struct cause c;
	uint32_t row;

	(void)state;
	again(&s, 240, &k);
	row = again(&s, 480, &k);
	assert_false(cause_of_packet(s.t, row, &c));
	assert_int_equal(c.lost_by, ROW_NONE);
	trace_free(s.t);
}

static void without_samples_the_loss_alone_is_told(void **state)
{
	struct sock_sample k;
	struct scene s = sent(true, &k);
	STR_ON_STACK(text, 300);
	struct cause c;
	uint32_t row;

	(void)state;
	row = again(&s, 240, &k); /* nothing was counted */
	assert_true(cause_of_packet(s.t, row, &c));
	assert_int_equal(c.kind, CAUSE_UNKNOWN);
	cause_text(&text, s.t, &c);
	assert_string_equal(text.buf, "the wire lost packet 4 (rule 3)");
	trace_free(s.t);
}

static void a_syn_waits_for_its_own_timer(void **state)
{
	struct scene s = scene_new();
	struct sock_sample k;
	struct cause c;
	uint64_t p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");

	(void)state;
	scene_wire(&s, SERVER, p, WIRE_DROPPED, "hand");
	k = scene_sock(&s, CLIENT, 11, SOCK_STATE_SYN_SENT);
	k.timer = SOCK_TIMER_RETRANSMIT;
	k.timer_ms = 1000;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_CLOSED, &k);
	scene_ms(&s, 1000);
	p = scene_tcp(&s, CLIENT, TCP_SYN, 0, 0, "");
	k.retransmits = 1;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_SYN_SENT, &k);
	assert_true(cause_of_packet(s.t, trace_row_of_packet(s.t, (uint32_t)p), &c));
	assert_int_equal(c.kind, CAUSE_SYN_TIMEOUT);
	assert_int_equal(c.timer_ns, 1000 * NS_PER_MS);
	assert_true(c.lost_by != ROW_NONE);
	trace_free(s.t);
}

/* On the wire a window probe of Linux looks like a keepalive; the kernel's timer says which it is. */
static void the_timer_tells_probes_apart(void **state)
{
	static const struct {
		enum sock_timer timer;
		enum cause_kind want;
	} rows[] = {
		{ SOCK_TIMER_PROBE, CAUSE_WINDOW_PROBE },
		{ SOCK_TIMER_KEEPALIVE, CAUSE_KEEPALIVE },
		{ SOCK_TIMER_RETRANSMIT, CAUSE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sock_sample k;
		struct scene s = sent(false, &k);
		struct cause c;
		uint64_t p = scene_tcp(&s, SERVER, TCP_ACK, 1, 6, "");

		k.timer = rows[i].timer;
		k.timer_ms = 200;
		scene_state(&s, CLIENT, BY_ARRIVAL, p, 3, SOCK_STATE_ESTABLISHED, &k);
		scene_ms(&s, 200);
		p = scene_tcp(&s, CLIENT, TCP_ACK, 5, 1, "");
		cause_of_packet(s.t, trace_row_of_packet(s.t, (uint32_t)p), &c);
		assert_true(trace_entry(s.t, trace_row_of_packet(s.t, (uint32_t)p))->verdict &
			    VERDICT_KEEP_ALIVE);
		assert_int_equal(c.kind, rows[i].want);
		trace_free(s.t);
	}
}

/* An open connection, and the sample without which there is no kernel to ask. */
static struct scene opened(void)
{
	struct sock_sample k;

	return sent(false, &k);
}

static void each_counter_names_a_cause(void **state)
{
	static const struct {
		uint16_t flags;
		uint32_t seq;
		const char *changes;
		enum cause_kind left, arrived;
	} rows[] = {
		{ TCP_ACK, 1, "TcpExtTCPTimeouts+1 TcpRetransSegs+1", CAUSE_TIMEOUT, 0 },
		{ TCP_SYN, 0, "TcpExtTCPTimeouts+1 TcpExtTCPSynRetrans+1", CAUSE_SYN_TIMEOUT, 0 },
		{ TCP_ACK, 1, "TcpExtTCPFastRetrans+1 TcpRetransSegs+1", CAUSE_FAST, 0 },
		{ TCP_ACK, 1, "TcpExtTCPSlowStartRetrans+1", CAUSE_SLOW_START, 0 },
		{ TCP_ACK, 1, "TcpExtTCPLossProbes+1 TcpRetransSegs+1", CAUSE_TAIL_PROBE, 0 },
		{ TCP_ACK, 5, "TcpExtTCPKeepAlive+1", CAUSE_KEEPALIVE, 0 },
		{ TCP_ACK, 5, "TcpExtTCPWinProbe+1", CAUSE_WINDOW_PROBE, 0 },
		{ TCP_ACK, 6, "TcpExtDelayedACKs+1", CAUSE_DELAYED_ACK, 0 },
		{ TCP_ACK, 6, "TcpExtTCPOFOQueue+1", CAUSE_DUP_ACK, 0 },
		{ TCP_ACK, 6, "TcpExtTCPDSACKOldSent+1", CAUSE_DSACK, 0 },
		{ TCP_ACK, 6, "TcpExtTCPDSACKOfoSent+1 TcpExtTCPOFOQueue+1", CAUSE_DSACK, 0 },
		{ TCP_ACK, 6, "TcpExtTCPChallengeACK+1", CAUSE_CHALLENGE, 0 },
		{ TCP_ACK, 6, "TcpExtTCPSYNChallenge+1", CAUSE_CHALLENGE, 0 },
		{ TCP_ACK, 6, "TcpExtDelayedACKs+1 TcpExtTCPToZeroWindowAdv+1", CAUSE_ZERO_WINDOW,
		  0 },
		{ TCP_ACK, 6, "TcpExtTCPFromZeroWindowAdv+1", CAUSE_WINDOW_OPENS, 0 },
		{ TCP_SYN | TCP_ACK, 0, "TcpExtSyncookiesSent+1", CAUSE_SYN_COOKIE, 0 },
		{ TCP_RST | TCP_ACK, 6, "TcpExtTCPAbortOnClose+1 TcpOutRsts+1", CAUSE_UNREAD, 0 },
		{ TCP_RST | TCP_ACK, 6, "TcpExtTCPAbortOnTimeout+1 TcpOutRsts+1", CAUSE_GAVE_UP,
		  0 },
		{ TCP_RST | TCP_ACK, 6, "TcpExtTCPAbortOnLinger+1 TcpOutRsts+1", CAUSE_LINGER2, 0 },
		{ TCP_RST | TCP_ACK, 6, "TcpExtTCPAbortOnData+1 TcpOutRsts+1", CAUSE_LINGER, 0 },
		{ TCP_RST, 6, "TcpExtTCPAbortOnData+1 TcpOutRsts+1", CAUSE_AFTER_CLOSE, 0 },
		{ TCP_RST | TCP_ACK, 6, "TcpOutRsts+1", CAUSE_LISTENER_CLOSED, 0 },
		{ TCP_RST, 6, "TcpOutRsts+1", CAUSE_NO_CONNECTION, 0 },
		{ TCP_RST, 6, "TcpExtEmbryonicRsts+1 TcpOutRsts+1", CAUSE_QUEUE_RESET, 0 },
		{ TCP_SYN, 0, "TcpExtListenOverflows+1 TcpExtListenDrops+1", 0, CAUSE_OVERFLOW },
		{ TCP_ACK, 1, "TcpExtTCPDeferAcceptDrop+1", 0, CAUSE_IGNORED },
		{ TCP_ACK, 1, "TcpExtSyncookiesRecv+1", 0, CAUSE_COOKIE_BACK },
		{ TCP_ACK, 6, "TcpExtTCPLossUndo+1", 0, CAUSE_UNDO },
		{ TCP_ACK, 6, "TcpInErrs+1 TcpInCsumErrors+1", 0, CAUSE_CHECKSUM },
		{ TCP_ACK, 6, "TcpExtTCPZeroWindowDrop+1", 0, CAUSE_NO_ROOM },
		{ TCP_ACK, 6, "UdpRcvbufErrors+1", 0, CAUSE_BUFFER_FULL },
		{ TCP_ACK, 6, "TcpExtSomethingNew+1", 0, 0 }, /* by its own name */
	};
	bool have[CAUSE_KINDS] = { [CAUSE_UNKNOWN] = true,
				   [CAUSE_PATH_MTU] = true, /* needs an ICMP error */
				   [CAUSE_NOBODY] =
					   true }; /* has the number 0, as it stands there */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s = opened();
		enum state_by by = rows[i].arrived ? BY_ARRIVAL : BY_DEPARTURE;
		STR_ON_STACK(text, 400);
		struct cause c;
		uint64_t p;

		scene_ms(&s, 300);
		p = scene_tcp(&s, CLIENT, rows[i].flags, rows[i].seq, 1, "");
		scene_counters(&s, rows[i].arrived ? SERVER : CLIENT, by, p, rows[i].changes);
		assert_true(cause_of_packet(s.t, trace_row_of_packet(s.t, (uint32_t)p), &c));
		if (c.kind != rows[i].left || c.arrival != rows[i].arrived)
			fail_msg("%s: %s, %s", rows[i].changes, cause_name(c.kind),
				 cause_name(c.arrival));
		assert_int_equal(c.receiver, rows[i].arrived ? SERVER : HOST_NONE);
		cause_text(&text, s.t, &c);
		assert_non_null(strstr(text.buf, " +1"));
		have[c.kind] = have[c.arrival] = true;
		trace_free(s.t);
	}
	for (int k = 0; k < CAUSE_KINDS; k++)
		if (!have[k])
			fail_msg("no test of %s", cause_name((enum cause_kind)k));
}

static void each_name_is_found_again(void **state)
{
	(void)state;
	for (int k = CAUSE_UNKNOWN + 1; k < CAUSE_KINDS; k++) {
		const struct cause_row *row = &cause_table[k];

		assert_true(row->name[0] && row->text[0] && row->counter[0]);
		assert_int_equal(cause_find(row->name, strlen(row->name)), k);
	}
	assert_int_equal(cause_find("tail-loss-PROBE", 15), CAUSE_TAIL_PROBE);
	assert_int_equal(cause_find("tail", 4), CAUSE_UNKNOWN);
}

static void counters_and_samples_make_one_sentence(void **state)
{
	struct sock_sample k;
	struct scene s = sent(true, &k);
	STR_ON_STACK(text, 300);
	STR_ON_STACK(mark, 60);
	struct cause c;
	uint64_t p;

	(void)state;
	scene_ms(&s, 240);
	p = scene_tcp(&s, CLIENT, TCP_PSH | TCP_ACK, 1, 1, "hello");
	scene_counters(&s, CLIENT, BY_DEPARTURE, p, "TcpExtTCPTimeouts+1 TcpRetransSegs+1");
	k.ca_state = 4;
	k.retransmits = k.total_retrans = 1;
	k.cwnd = 1;
	scene_state(&s, CLIENT, BY_DEPARTURE, p, 3, SOCK_STATE_ESTABLISHED, &k);
	assert_true(cause_of_packet(s.t, trace_row_of_packet(s.t, (uint32_t)p), &c));
	cause_text(&text, s.t, &c);
	assert_string_equal(
		text.buf,
		"the wire lost packet 4 (rule 3); RTO: the timer of 240 ms fired; TCPTimeouts +1, "
		"RetransSegs +1; retransmissions 0 → 1, cwnd 10 → 1");
	assert_true(cause_mark(&mark, c.kind) && cause_table[c.kind].warns);
	assert_string_equal(mark.buf, "↻ RTO");
	trace_free(s.t);
}

static void a_capture_from_elsewhere_has_no_causes(void **state)
{
	struct scene s = scenes_losses();
	struct cause c;

	(void)state;
	for (uint32_t row = 0; row < trace_rows(s.t); row++)
		assert_false(cause_of_packet(s.t, row, &c));
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_of_the_kernel_has_its_name),
		cmocka_unit_test(what_the_wire_lost_is_named),
		cmocka_unit_test(a_loss_that_was_made_good_is_no_cause),
		cmocka_unit_test(without_samples_the_loss_alone_is_told),
		cmocka_unit_test(a_syn_waits_for_its_own_timer),
		cmocka_unit_test(the_timer_tells_probes_apart),
		cmocka_unit_test(each_counter_names_a_cause),
		cmocka_unit_test(each_name_is_found_again),
		cmocka_unit_test(counters_and_samples_make_one_sentence),
		cmocka_unit_test(a_capture_from_elsewhere_has_no_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
