/*
 * counters: what this machine's kernel counts, on its loopback; the table of what has to do with which packets.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/lab/counters.h"

static struct counters *open_here(void)
{
	struct err e = { .what = "" };
	struct counters *c = counters_open(&e);

	if (!c)
		fail_msg("%s", e.what);
	return c;
}

static long find(const struct counters *c, const char *name)
{
	for (size_t i = 0; i < counters_count(c); i++)
		if (!strcmp(counters_name(c, i), name))
			return (long)i;
	return -1;
}

static void names_are_those_of_nstat(void **state)
{
	static const char *const told[] = { "TcpExtTCPTimeouts", "TcpRetransSegs", "TcpOutRsts", "TcpExtListenOverflows",
					    "UdpRcvbufErrors", "IcmpInDestUnreachs", "IpReasmFails" };
	static const char *const plain[] = { "TcpInSegs", "TcpCurrEstab", "TcpMaxConn", "IpExtInOctets", "IpInReceives",
					     "UdpOutDatagrams", "TcpExtTCPHPHits", "TcpExtTCPDelivered", "Ip6OutOctets",
					     "Icmp6OutMsgs", "Icmp6InNeighborSolicits", "IcmpOutMsgs" };
	struct counters *c = open_here();

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (find(c, told[i]) < 0)
			fail_msg("%s is not told", told[i]);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (find(c, plain[i]) >= 0)
			fail_msg("%s is told", plain[i]);
	assert_true(counters_shapes(c, (size_t)find(c, "TcpExtTCPTimeouts")) & SHAPE_RESEND);
	assert_int_equal(counters_shapes(c, (size_t)find(c, "IpReasmFails")), 0);
	counters_close(c);
}

/* A port of the loopback on which nobody listens, because it is bound and no more. */
static void be_refused(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(bound >= 0 && c >= 0);
	assert_int_equal(bind(bound, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(bound, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(c, (struct sockaddr *)&a, sizeof(a)), -1);
	close(bound);
	close(c);
}

static void what_happens_is_counted(void **state)
{
	struct counters *c = open_here();
	long at = find(c, "TcpOutRsts");
	uint64_t before;

	(void)state;
	assert_true(at >= 0);
	before = counters_value(c, (size_t)at);
	be_refused();
	assert_int_equal(counters_value(c, (size_t)at), before);	/* not before it is read */
	assert_int_equal(counters_read(c, false), 0);
	assert_true(counters_value(c, (size_t)at) > before);
	before = counters_value(c, (size_t)at);
	be_refused();
	assert_int_equal(counters_read(c, true), 0);
	assert_true(counters_value(c, (size_t)at) > before);
	counters_close(c);
}

static void the_table_has_each_name_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < counter_table_count; i++) {
		const struct counter_row *row = &counter_table[i];

		assert_true(strlen(row->name) < COUNTER_NAME);
		assert_true(row->shapes && row->help[0]);
		assert_ptr_equal(counter_find(row->name, strlen(row->name)), row);
	}
	assert_string_equal(counter_find("ListenOverflows", 15)->name, "TcpExtListenOverflows");
	assert_string_equal(counter_find("RetransSegs", 11)->name, "TcpRetransSegs");
	assert_null(counter_find("ListenOverflow", 14));
	assert_null(counter_find("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_nstat),
		cmocka_unit_test(what_happens_is_counted),
		cmocka_unit_test(the_table_has_each_name_once),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
