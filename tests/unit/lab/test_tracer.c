/*
 * The tracer, on this machine as it is: the calls of a program, and what it prints.  Beside the acts it traces whatever
 * shells and interpreters are there.
 */
#include "tests/unit/lab/acts.h"

/* ---- calls ---- */

static void calls_with_their_sockets(void)
{
	struct seen_all s = run_act("tcp");
	const struct traced *bound = find_report(&s, TRACED_LEAVE, "bind", 0);
	const struct traced *connected = find_report(&s, TRACED_LEAVE, "connect", 0);
	const struct traced *accepted = find_report(&s, TRACED_LEAVE, "accept", 0);
	const struct traced *sent = find_report(&s, TRACED_ENTER, "send", 0);
	const struct traced *received = find_report(&s, TRACED_LEAVE, "recv", 0);
	const struct traced *closed = find_report(&s, TRACED_LEAVE, "close", 0);

	check_ended(&s, false, 7);
	CHECK(bound && connected && accepted && sent && received && closed);
	CHECK(bound->sock.cookie && addr_port(&bound->sock.local));
	CHECK(addr_equal(&connected->sock.remote, &bound->sock.local));
	CHECK(accepted->sock.cookie == bound->sock.cookie && accepted->made.cookie);
	CHECK(addr_equal(&accepted->made.remote, &connected->sock.local));
	CHECK(sent->request.arg[1].len == 5 && !memcmp(sent->request.arg[1].bytes, "hello", 5));
	CHECK(received->sock.cookie == accepted->made.cookie);
	CHECK(received->outcome.result == 5 && received->outcome.data_kept == 5);
	CHECK(!memcmp(received->outcome.data, "hello", 5));
	CHECK(find_report(&s, TRACED_LEAVE, "write", 0) &&
	      find_report(&s, TRACED_LEAVE, "read", 0));
	CHECK(count_reports(&s, TRACED_ENTER, "read") == 1 &&
	      count_reports(&s, TRACED_ENTER, "write") == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 1)->outcome.error == EBADF);
	CHECK(closed->sock.cookie == accepted->made.cookie);
	CHECK(count_reports(&s, TRACED_LEAVE, NULL) == count_reports(&s, TRACED_ENTER, NULL));
	forget_reports(&s);
}

static void descriptors_are_known(void)
{
	struct seen_all s = run_act("descriptors");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "write") == 2);
	CHECK(find_report(&s, TRACED_LEAVE, "write", 1)->outcome.error == EPIPE ||
	      find_report(&s, TRACED_LEAVE, "write", 1)->outcome.result == -1);
	forget_reports(&s);
}

static void passed_descriptors_are_known(void)
{
	struct seen_all s = run_act("passed");

	check_ended(&s, false, 0);
	CHECK(find_report(&s, TRACED_LEAVE, "write", 0)->sock.family == AF_INET);
	forget_reports(&s);
}

static void waiting_for_sockets(void)
{
	static const struct {
		const char *name;
		size_t times;
	} expected[] = {
		{ "poll", 1 },	    { "select", 1 },	 { "epoll_create1", 2 },
		{ "epoll_ctl", 1 }, { "epoll_wait", 2 },
	};
	struct seen_all s = run_act("waits");

	check_ended(&s, false, 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		/* Newer machines and libraries have calls of longer names only. */
		size_t seen = count_reports(&s, TRACED_ENTER, expected[i].name);

		seen += !strcmp(expected[i].name, "poll") ? count_reports(&s, TRACED_ENTER, "ppoll")
							  : 0;
		seen += !strcmp(expected[i].name, "select")
				? count_reports(&s, TRACED_ENTER, "pselect6")
				: 0;
		seen += !strcmp(expected[i].name, "epoll_wait")
				? count_reports(&s, TRACED_ENTER, "epoll_pwait")
				: 0;
		if (seen != expected[i].times)
			fprintf(stderr, "# %s: %zu\n", expected[i].name, seen);
		CHECK(seen == expected[i].times);
	}
	forget_reports(&s);
}

/* Of newer machines and libraries some calls have longer names only. */
static size_t count_either(const struct seen_all *s, const char *name, const char *other)
{
	return count_reports(s, TRACED_ENTER, name) + count_reports(s, TRACED_ENTER, other);
}

static void waiting_far_behind(void)
{
	struct seen_all s = run_act("waits_far");

	check_ended(&s, false, 0);
	CHECK(count_either(&s, "poll", "ppoll") == 2);
	CHECK(count_reports(&s, TRACED_ENTER, "epoll_ctl") == 2);
	CHECK(count_either(&s, "epoll_wait", "epoll_pwait") == 1);
	forget_reports(&s);
}

static void rights_have_sockets(void)
{
	struct seen_all s = run_act("rights");
	const struct traced *pair = find_report(&s, TRACED_LEAVE, "socketpair", 0);
	const struct traced *got = find_report(&s, TRACED_LEAVE, "recvmsg", 0);
	int fd[3];

	check_ended(&s, false, 0);
	CHECK(pair && got && pair->made.cookie && pair->made_second.cookie);
	CHECK(got->made.cookie == pair->made.cookie);
	CHECK(got->made_second.cookie == pair->made_second.cookie);
	CHECK(call_fds_made(&find_report(&s, TRACED_ENTER, "recvmsg", 0)->request, &got->outcome,
			    fd, 3) == 2);
	CHECK(got->second == fd[1]);
	forget_reports(&s);
}

static void messages_are_waited_for(void)
{
	struct seen_all s = run_act("messages");
	const struct traced *got = find_report(&s, TRACED_LEAVE, "recvmmsg", 0);

	check_ended(&s, false, 0);
	CHECK(got && got->outcome.result == 1 && got->outcome.blocked);
	forget_reports(&s);
}

static void nobody_goes_untraced(void)
{
	struct seen_all s = run_act("untraced_child");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "socket") >= 1 &&
	      count_reports(&s, TRACED_TASK, NULL) ==
		      count_reports(&s, TRACED_ENTER, "socket") + 2);
	forget_reports(&s);
}

static void what_is_refused_is_named(void)
{
	struct seen_all s = run_act("wants_more");

	check_ended(&s, false, 0);
	CHECK(strstr(all_text(&s, 0), "ptrace(2)"));
	CHECK(geteuid() == 0 || strstr(all_text(&s, 0), "setuid(2)"));
	forget_reports(&s);
}

static void pairs_have_two_sockets(void)
{
	struct seen_all s = run_act("waits");
	const struct traced *r = find_report(&s, TRACED_LEAVE, "socketpair", 0);

	CHECK(r && r->made.cookie && r->made_second.cookie &&
	      r->made.cookie != r->made_second.cookie);
	CHECK(r->second > 0);
	forget_reports(&s);
}

static void bad_pointers(void)
{
	struct seen_all s = run_act("efault");

	check_ended(&s, false, 3);
	CHECK(find_report(&s, TRACED_LEAVE, "bind", 0)->outcome.error == EFAULT);
	CHECK(find_report(&s, TRACED_LEAVE, "setsockopt", 0)->outcome.result == -1);
	CHECK(find_report(&s, TRACED_LEAVE, "bind", 1)->outcome.error == EBADF);
	forget_reports(&s);
}

/* ---- what it prints ---- */

static void output_stands_where_it_was_written(void)
{
	struct seen_all s = run_act("order");
	const char *expected[] = { "out", "send", "err", "recv" };
	size_t step = 0;

	check_ended(&s, false, 0);
	for (size_t i = 0; i < s.count; i++) {
		const struct traced *r = &s.r[i];
		const char *what = expected[step % 4];

		if (r->kind == TRACED_OUTPUT && step < 80) {
			CHECK(!strncmp(r->text, what, 3) &&
			      strtol(r->text + 4, NULL, 10) == (long)(step / 4));
			CHECK(r->stream == (what[0] == 'o' ? 1 : 2));
			step++;
		} else if (r->kind == TRACED_ENTER && (!strcmp(r->request.call->name, "send") ||
						       !strcmp(r->request.call->name, "recv"))) {
			CHECK(!strcmp(r->request.call->name, what));
			step++;
		}
	}
	CHECK(step == 80);
	CHECK(strstr(all_text(&s, 1), "vector\n"));
	CHECK(strstr(all_text(&s, 2), "012345670123456789\n"));
	forget_reports(&s);
}

static void typed_lines_arrive(void)
{
	struct tracer *t = start_act("echo");
	struct seen_all s = { .count = 0 };
	struct err e = { .what = "" };
	char much[5000];

	CHECK_OK(tracer_input(t, "one\n", 4, &e) == 0, e);
	CHECK_OK(tracer_input(t, "two\n", 4, &e) == 0, e);
	memset(much, 'x', sizeof(much));
	CHECK(tracer_input(t, much, sizeof(much), &e) == -1 && e.what[0]);
	CHECK_OK(tracer_input(t, "", 0, &e) == 0, e);
	read_until(t, &s, TRACED_END, NULL);
	CHECK(!strcmp(all_text(&s, 1), "got one\ngot two\nend\n"));
	CHECK(tracer_input(t, "late\n", 5, &e) == -1);
	tracer_free(t);
	forget_reports(&s);
}

/* A program that reads nothing must not stop us, and what cannot be taken is refused. */
static void input_that_nobody_reads(void)
{
	struct tracer *t = start_act("stubborn");
	struct err e = { .what = "" };
	char line[1000];
	int taken = 0;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	while (taken < 100000 && tracer_input(t, line, sizeof(line), &e) == 0)
		taken++;
	CHECK(taken > 0 && taken < 100000);
	CHECK(strstr(e.what, "does not read"));
	tracer_free(t);
}

/* ---- without calls ---- */

static void untraced_output(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t =
		start((const char *const[]){ "sh", "-c",
					     "read x; echo got $x; echo bad >&2; exit 6", NULL },
		      true);
	struct err e = { .what = "" };

	CHECK_OK(tracer_input(t, "this\n", 5, &e) == 0, e);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, 6);
	CHECK(!strcmp(all_text(&s, 1), "got this\n") && !strcmp(all_text(&s, 2), "bad\n"));
	CHECK(count_reports(&s, TRACED_ENTER, NULL) == 0);
	tracer_free(t);
	forget_reports(&s);
}

static void untraced_ends(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t =
		start((const char *const[]){ self_path(), "act", "stubborn", NULL }, true);
	pid_t pid = tracer_pid(t);

	while (!strstr(all_text(&s, 1), "ready"))
		read_until(t, &s, TRACED_OUTPUT, NULL);
	tracer_free(t);
	until_gone(pid);
	forget_reports(&s);
}

/* ---- notes ---- */

static void uring_is_named(void)
{
	struct seen_all s = run_act("uring");

	CHECK(count_reports(&s, TRACED_NOTE, NULL) == 1 && strstr(all_text(&s, 0), "io_uring"));
	forget_reports(&s);
}

static void privilege_is_not_given(void)
{
	struct seen_all s;

	if (geteuid() == 0 || access("/bin/su", X_OK))
		SKIP("needs an ordinary user and /bin/su");
	s = run((const char *const[]){ "/bin/su", "--version", NULL });
	CHECK(strstr(all_text(&s, 0), "without that privilege"));
	forget_reports(&s);
}

static void a_program_that_hides(void)
{
	struct seen_all s = run_act("hides");

	check_ended(&s, false, 5);
	CHECK(geteuid() == 0 || strstr(all_text(&s, 0), "hides"));
	CHECK(find_report(&s, TRACED_LEAVE, "send", 0)->outcome.result == 6);
	forget_reports(&s);
}

static void narrow_programs_are_named(void)
{
	/* An i386 executable that does nothing but exit(0). */
	static const unsigned char elf[] = {
		0x7f, 'E',  'L',  'F', 1, 1,	1, 0,	 0,    0,    0,	   0,	 0,    0,
		0,    0,    2,	  0,   3, 0,	1, 0,	 0,    0,    0x54, 0x80, 4,    8,
		0x34, 0,    0,	  0,   0, 0,	0, 0,	 0,    0,    0,	   0,	 0x34, 0,
		0x20, 0,    1,	  0,   0, 0,	0, 0,	 0,    0,    1,	   0,	 0,    0,
		0,    0,    0,	  0,   0, 0x80, 4, 8,	 0,    0x80, 4,	   8,	 0x60, 0,
		0,    0,    0x60, 0,   0, 0,	5, 0,	 0,    0,    0,	   0x10, 0,    0,
		0x31, 0xdb, 0xb8, 1,   0, 0,	0, 0xcd, 0x80, 0x90, 0x90, 0x90,
	};
	char path[] = "/tmp/socklens-test-XXXXXX";
	int fd = mkstemp(path);
	struct seen_all s;
	pid_t pid;
	int status;

	CHECK(fd >= 0 && write(fd, elf, sizeof(elf)) == sizeof(elf) && fchmod(fd, 0755) == 0);
	close(fd);
	pid = fork();
	if (pid == 0) {
		execl(path, path, NULL);
		_exit(77);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		unlink(path);
		SKIP("this machine runs no 32-bit programs");
	}
	s = run((const char *const[]){ path, NULL });
	unlink(path);
	check_ended(&s, false, 0);
	CHECK(strstr(all_text(&s, 0), "32-bit"));
	forget_reports(&s);
}

static void static_programs_too(void)
{
	static const char source[] =
		"#include <sys/socket.h>\n#include <unistd.h>\n"
		"int main(void) { int s[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, s);"
		" write(s[0], \"x\", 1); write(1, \"static\\n\", 7); return 8; }\n";
	char dir[] = "/tmp/socklens-test-XXXXXX", command[256];
	struct seen_all s;
	FILE *cc;

	CHECK(mkdtemp(dir));
	snprintf(command, sizeof(command), "cc -static -o %s/p -xc - 2>/dev/null", dir);
	cc = popen(command, "w");
	CHECK(cc);
	fputs(source, cc);
	snprintf(command, sizeof(command), "%s/p", dir);
	if (pclose(cc) || access(command, X_OK)) {
		rmdir(dir);
		SKIP("no compiler with a static C library");
	}
	s = run((const char *const[]){ command, NULL });
	unlink(command);
	rmdir(dir);
	check_ended(&s, false, 8);
	CHECK(count_reports(&s, TRACED_ENTER, "write") == 1 &&
	      !strcmp(all_text(&s, 1), "static\n"));
	forget_reports(&s);
}

/* ---- the table ---- */

/* clang-format off */
#define BODIES(X) \
	X(calls_with_their_sockets) X(descriptors_are_known) X(passed_descriptors_are_known) \
	X(bad_pointers) X(waiting_for_sockets) X(waiting_far_behind) X(rights_have_sockets) \
	X(messages_are_waited_for) X(what_is_refused_is_named) X(nobody_goes_untraced) \
	X(pairs_have_two_sockets) X(output_stands_where_it_was_written) \
	X(typed_lines_arrive) X(input_that_nobody_reads) X(untraced_output) X(untraced_ends) \
	X(uring_is_named) X(privilege_is_not_given) X(a_program_that_hides) \
	X(narrow_programs_are_named) X(static_programs_too)
/* clang-format on */

BODIES(TEST)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { BODIES(ROWS) };

	be_who_you_are(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
