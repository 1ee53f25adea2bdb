/*
 * localhost: which calls of a program are worth a word, what it says, and that it says it once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/localhost.h"
#include "src/parse.h"

/*
 * A call as the language writes it, and what came of it: "send(3, \"x\") = 1", "connect(3, 127.0.0.1:9) = ECONNREFUSED",
 * "getsockopt(3, SOL_SOCKET, SO_ERROR) = ECONNREFUSED" for the value of the option.
 */
static struct call_outcome outcome(const char *text, bool option)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = { { "ECONNREFUSED", ECONNREFUSED },
		       { "EINPROGRESS", EINPROGRESS },
		       { "EACCES", EACCES } };
	struct call_outcome o = { .result = strtol(text, NULL, 10) };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(errors[i].name, text))
			o.error = errors[i].number;
	if (option) {
		o.option = value_int(o.error);
		o.error = 0;
	} else if (o.error) {
		o.result = -1;
	}
	return o;
}

static bool step(struct localhost *l, const char *text, struct str *note)
{
	static struct scope scope;
	const struct parse_where where = { .scope = &scope };
	const char *end = strstr(text, " = ");
	struct call_outcome o = outcome(end + 3, !strncmp(text, "getsockopt", 10));
	struct err e = { .what = "" };
	STR_ON_STACK(call, 256);
	struct line line;
	bool news;

	scope_init_lab(&scope);
	str_addf(&call, "server> %.*s", (int)(end - text), text);
	if (parse_line(&line, call.buf, call.len, &where, &e))
		fail_msg("%s: %s", text, e.what);
	news = localhost_returned(l, "server", 0, &line.request, &o, note);
	line_fini(&line);
	return news;
}

/* Steps of which only the last is worth a word, or (NULL) none. */
static void check(const char *const *steps, size_t count, const char *expected)
{
	struct localhost l = { 0 };

	for (size_t i = 0; i < count; i++) {
		STR_ON_STACK(note, 256);
		bool news = step(&l, steps[i], &note);

		if (news != (expected && i + 1 == count))
			fail_msg("%s: %s", steps[i], news ? note.buf : "no word");
		if (news)
			assert_string_equal(note.buf, expected);
		else
			assert_int_equal(note.len, 0);
	}
}
#define CHECK(expected, ...)                                                                       \
	check((const char *const[]){ __VA_ARGS__ },                                                \
	      sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), expected)

static void who_binds_it_is_out_of_reach(void **state)
{
	(void)state;
	CHECK("server is bound to 127.0.0.1:8080, which no other host can reach",
	      "socket(AF_INET, SOCK_STREAM) = 3", "bind(3, 127.0.0.1:8080) = 0");
	CHECK("server is bound to [::1]:8080, which no other host can reach",
	      "bind(3, [::1]:8080) = 0");
	CHECK("server is bound to [::ffff:127.0.0.1]:8080, which no other host can reach",
	      "bind(3, [::ffff:127.0.0.1]:8080) = 0");
	CHECK("server is bound to 127.9.9.9:1, which no other host can reach",
	      "bind(3, 127.9.9.9:1) = 0");
}

static void who_is_refused_there_looks_in_the_wrong_place(void **state)
{
	static const char refused[] =
		"server was refused by 127.0.0.1:8080, which is its own host, where nobody "
		"listens";

	(void)state;
	CHECK(refused, "connect(3, 127.0.0.1:8080) = ECONNREFUSED");
	/* Without waiting: the error comes later, by itself or asked for. */
	CHECK(refused, "connect(3, 127.0.0.1:8080) = EINPROGRESS",
	      "getsockopt(3, SOL_SOCKET, SO_ERROR) = ECONNREFUSED");
	CHECK(refused, "connect(3, 127.0.0.1:8080) = EINPROGRESS", "send(4, \"x\") = ECONNREFUSED",
	      "send(3, \"x\") = ECONNREFUSED");
	/* UDP: it is the answer to a datagram. */
	CHECK(refused, "connect(3, 127.0.0.1:8080) = 0", "send(3, \"x\") = 1",
	      "recv(3, 10) = ECONNREFUSED");
	CHECK("server sends to 127.0.0.1:9000, which is its own host",
	      "sendto(3, \"x\", 0, 127.0.0.1:9000) = 1");
	CHECK("server sends to 127.0.0.1:9000, which is its own host",
	      "sendmsg(3, {127.0.0.1:9000, \"x\"}) = 1");
}

static void what_programs_do_by_themselves_is_no_news(void **state)
{
	(void)state;
	CHECK(NULL, "bind(3, *:8080) = 0", "bind(3, server:8080) = 0", "bind(3, [::]:8080) = 0",
	      "bind(3, unix:/tmp/x) = 0");
	CHECK(NULL, "bind(3, 127.0.0.1:0) = 0", "bind(3, 127.0.0.1:80) = EACCES");
	/* It connects to itself. */
	CHECK(NULL, "connect(3, 127.0.0.1:8080) = 0", "send(3, \"x\") = 1", "recv(3, 10) = 1");
	CHECK(NULL, "connect(3, 127.0.0.1:8080) = EINPROGRESS",
	      "getsockopt(3, SOL_SOCKET, SO_ERROR) = 0");
	/* Another host refuses. */
	CHECK(NULL, "connect(3, client:8080) = ECONNREFUSED");
	/* A resolver of the system's own. */
	CHECK(NULL, "connect(3, 127.0.0.53:53) = 0", "send(3, \"x\") = 1",
	      "recv(3, 10) = ECONNREFUSED");
	CHECK(NULL, "sendto(3, \"x\", 0, 127.0.0.53:53) = 1");
	/* The descriptor is another socket by then. */
	CHECK(NULL, "connect(3, 127.0.0.1:8080) = 0", "close(3) = 0", "recv(3, 10) = ECONNREFUSED");
	CHECK(NULL, "connect(3, 127.0.0.1:8080) = 0", "connect(3, client:8080) = ECONNREFUSED",
	      "recv(3, 10) = ECONNREFUSED");
}

static void it_says_so_once(void **state)
{
	struct localhost l = { 0 };
	STR_ON_STACK(note, 256);

	(void)state;
	assert_true(step(&l, "bind(3, 127.0.0.1:8080) = 0", &note));
	str_clear(&note);
	assert_false(step(&l, "bind(4, 127.0.0.1:8081) = 0", &note));
	assert_false(step(&l, "connect(5, 127.0.0.1:8082) = ECONNREFUSED", &note));
	assert_int_equal(note.len, 0);
}

/* More sockets than are remembered: the newest are. */
static void many_sockets(void **state)
{
	struct localhost l = { 0 };
	STR_ON_STACK(note, 256);

	(void)state;
	for (int fd = 3; fd < 3 + 2 * LOCALHOST_SOCKETS; fd++) {
		STR_ON_STACK(call, 64);

		str_addf(&call, "connect(%d, 127.0.0.1:%d) = EINPROGRESS", fd, 8000 + fd);
		assert_false(step(&l, call.buf, &note));
	}
	assert_false(step(&l, "recv(3, 10) = ECONNREFUSED", &note));
	assert_true(step(&l, "recv(18, 10) = ECONNREFUSED", &note));
	assert_non_null(strstr(note.buf, "127.0.0.1:8018"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_binds_it_is_out_of_reach),
		cmocka_unit_test(who_is_refused_there_looks_in_the_wrong_place),
		cmocka_unit_test(what_programs_do_by_themselves_is_no_news),
		cmocka_unit_test(it_says_so_once),
		cmocka_unit_test(many_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
