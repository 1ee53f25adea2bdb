/*
 * Programs of the user's own in a lab: each on its host, with its names, as an ordinary user, over the wire.
 */
#include "tests/unit/lab/tracing.h"

#include <netdb.h>
#include <sys/socket.h>

#include "src/lab/wire.h"

#define PORT "8080"

static const char *const two[] = { "client", "server" };

/* ---- the programs ---- */

static int resolved(const char *host, bool passive, struct addrinfo **info)
{
	const struct addrinfo hints = { .ai_family = AF_INET,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = passive ? AI_PASSIVE : 0 };

	CHECK(getaddrinfo(host, PORT, &hints, info) == 0);
	return socket(AF_INET, SOCK_STREAM, 0);
}

/* Both end without what a sanitizer would do then: it traces, which a traced program cannot. */
static void __attribute__((noreturn)) act_server(void)
{
	struct addrinfo *info;
	int l = resolved(NULL, true, &info), s;
	char name[64] = "", buf[16];

	CHECK(gethostname(name, sizeof(name)) == 0 && !strcmp(name, "server"));
	CHECK(bind(l, info->ai_addr, info->ai_addrlen) == 0 && listen(l, 5) == 0);
	CHECK(write(1, "listening\n", 10) == 10);
	s = accept(l, NULL, NULL);
	CHECK(recv(s, buf, sizeof(buf), 0) == 5 && send(s, "world", 5, 0) == 5);
	CHECK(recv(s, buf, sizeof(buf), 0) == 0);
	_exit(3);
}

static void __attribute__((noreturn)) act_client(void)
{
	struct addrinfo *info;
	int c = resolved("server", false, &info);
	char buf[16];

	CHECK(connect(c, info->ai_addr, info->ai_addrlen) == 0);
	CHECK(send(c, "hello", 5, 0) == 5 && recv(c, buf, sizeof(buf), 0) == 5);
	CHECK(close(c) == 0);
	_exit(4);
}

/* ---- the test ---- */

static struct lab *build(void)
{
	struct err e = { .what = "" };
	struct lab *l;

#ifdef __SANITIZE_THREAD__
	SKIP("the thread sanitizer has a thread of its own, and a lab is built by a process with "
	     "one");
#endif
	l = lab_new(two, 2, NULL, NULL, &e);
	if (!l && (e.code == EPERM || e.code == ENOSPC)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(l, e);
	return l;
}

static struct tracer *start(const struct lab *l, uint8_t host)
{
	char self[4096] = "";
	const char *const argv[] = { self, "act", two[host], NULL };
	const struct tracer_command c = { .host = host, .name = two[host], .argv = argv };
	struct err e = { .what = "" };
	struct tracer *t;

	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	t = tracer_start(l, &c, &e);
	CHECK_OK(t, e);
	return t;
}

static void programs_talk_over_the_wire(void)
{
	const struct wire_config config = { .sample = false };
	struct seen_all s = { .count = 0 }, c = { .count = 0 };
	struct err e = { .what = "" };
	struct lab *l = build();
	struct wire *w = wire_start(l, &config, &e);
	struct tracer *server, *client;
	const struct traced *accepted, *connected;

	CHECK_OK(w, e);
	server = start(l, 1);
	while (!strstr(all_text(&s, 1), "listening"))
		read_until(server, &s, TRACED_OUTPUT, NULL);
	client = start(l, 0);
	read_until(client, &c, TRACED_END, NULL);
	read_until(server, &s, TRACED_END, NULL);
	fprintf(stderr, "%s%s", all_text(&s, 2), all_text(&c, 2));
	CHECK(s.r[s.count - 1].status == 3 && c.r[c.count - 1].status == 4);
	accepted = find_report(&s, TRACED_LEAVE, "accept", 0);
	/* Those before are the resolver's. */
	connected = find_report(&c, TRACED_LEAVE, "connect",
				count_reports(&c, TRACED_LEAVE, "connect") - 1);
	CHECK(accepted && connected && accepted->made.cookie && connected->sock.cookie);
	CHECK(addr_equal(&accepted->made.remote, &connected->sock.local));
	CHECK(!memcmp(&connected->sock.remote.u.in.sin_addr, l->host[1].ip4, 4));
	check_reports(&s);
	check_reports(&c);
	tracer_free(server);
	tracer_free(client);
	forget_reports(&s);
	forget_reports(&c);
	wire_stop(w);
	lab_free(l);
}

static void as_we_are(void **state)
{
	(void)state;
	in_child(programs_talk_over_the_wire, AS_SELF);
}

static void as_nobody(void **state)
{
	(void)state;
	in_child(programs_talk_over_the_wire, AS_NOBODY);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_we_are),
		cmocka_unit_test(as_nobody),
	};

	if (argc > 1 && !strcmp(argv[1], "tracer"))
		tracer_main(argc, argv);
	if (argc == 3 && !strcmp(argv[1], "act") && !strcmp(argv[2], "server"))
		act_server();
	if (argc == 3 && !strcmp(argv[1], "act"))
		act_client();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
