/*
 * The tracer: threads and processes, who sleeps, how they end, and those that run already.
 */
#include "tests/unit/lab/acts.h"

/* ---- threads and processes ---- */

static void threads_are_followed(void)
{
	struct seen_all s = run_act("threads");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 9 &&
	      count_reports(&s, TRACED_TASK_END, NULL) == 9);
	for (const struct traced *r = s.r; r < s.r + s.count; r++)
		CHECK(r->kind == TRACED_NOTE || r->process == 0);
	CHECK(count_reports(&s, TRACED_LEAVE, "socket") == 160 &&
	      count_reports(&s, TRACED_LEAVE, "close") >= 160);
	for (size_t i = 0; i < 160; i++) {
		CHECK(find_report(&s, TRACED_LEAVE, "socket", i)->made.cookie);
		CHECK(find_report(&s, TRACED_LEAVE, "shutdown", i)->sock.cookie);
	}
	forget_reports(&s);
}

static void children_are_followed(void)
{
	struct seen_all s = run_act("children");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 9 &&
	      count_reports(&s, TRACED_TASK_END, NULL) == 9);
	for (int status = 1; status <= 5; status++) {
		size_t found = 0;

		for (size_t i = 0; i < s.count; i++)
			if (s.r[i].kind == TRACED_TASK_END && s.r[i].task)
				found += s.r[i].status == status || s.r[i].status == 10 + status;
		CHECK(found == (status % 2 ? 2 : 1));
	}
	CHECK(count_reports(&s, TRACED_LEAVE, "socket") == 3);
	forget_reports(&s);
}

static void exec_changes_the_program(void)
{
	struct seen_all s = run_act("exec");

	check_ended(&s, false, 9);
	CHECK(count_reports(&s, TRACED_EXEC, NULL) == 2);
	CHECK(strstr(find_report(&s, TRACED_EXEC, NULL, 1)->text, "act after_exec"));
	CHECK(count_reports(&s, TRACED_ENTER, "write") == 1);
	forget_reports(&s);
}

static void exec_by_another_thread(void)
{
	struct seen_all s = run_act("thread_exec");

	check_ended(&s, false, 11);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 3 &&
	      count_reports(&s, TRACED_TASK_END, NULL) == 3);
	CHECK(find_report(&s, TRACED_LEAVE, "socket", 0)->task == 0);
	forget_reports(&s);
}

static void a_fork_bomb_is_limited(void)
{
	struct seen_all s = run_act("bomb");
	long made;

	check_ended(&s, true, SIGKILL);
	made = strtol(all_text(&s, 1) + strlen("made="), NULL, 10);
	CHECK(made == TRACER_TASKS - 1);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == TRACER_TASKS);
	CHECK(count_reports(&s, TRACED_NOTE, NULL) == 1 && strstr(all_text(&s, 0), "limit"));
	forget_reports(&s);
}

static void shells_and_their_children(void)
{
	struct seen_all s = run((const char *const[]){
		"sh", "-c", "echo a | cat; (exit 3); echo $? >&2; sh -c 'exit 4' & wait $!; exit 5",
		NULL });

	check_ended(&s, false, 5);
	CHECK(!strcmp(all_text(&s, 1), "a\n") && !strcmp(all_text(&s, 2), "3\n"));
	forget_reports(&s);
}

/* ---- signals ---- */

static void signals_are_delivered(void)
{
	struct seen_all s = run_act("signals");

	check_ended(&s, true, SIGSEGV);
	CHECK(!strcmp(all_text(&s, 1), "handled\n"));
	forget_reports(&s);
}

static void a_restarted_call_is_one(void)
{
	struct seen_all s = run_act("restarted");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "recv") == 1 &&
	      count_reports(&s, TRACED_LEAVE, "recv") == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.result == 4);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.blocked);
	forget_reports(&s);
}

static void an_interrupted_call_fails(void)
{
	struct seen_all s = run_act("interrupted");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "recv") == 2 &&
	      count_reports(&s, TRACED_LEAVE, "recv") == 2);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.error == EINTR);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.blocked);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 1)->outcome.result == 4);
	forget_reports(&s);
}

static void stopping_is_no_interruption(void)
{
	struct seen_all s = run_act("ignored");

	check_ended(&s, false, 0);
	CHECK(count_reports(&s, TRACED_ENTER, "recv") == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.result == 4);
	forget_reports(&s);
}

/* ---- sleeping ---- */

static void check_blocked(struct seen_all *s)
{
	size_t slept = 0, left = 0;

	check_ended(s, false, 0);
	for (const struct traced *r = s->r; r < s->r + s->count; r++) {
		if (r->kind != TRACED_LEAVE)
			continue;
		left++;
		slept += r->outcome.blocked;
		if (r->outcome.data_kept == 4)
			CHECK(r->outcome.blocked);
		if (r->outcome.data_kept == 3)
			CHECK(!r->outcome.blocked);
	}
	CHECK(left > 1000);
	CHECK(slept < 10); /* a lock that somebody holds at that moment may be slept for */
	forget_reports(s);
}

static void who_slept_is_known(void)
{
	struct seen_all s = run_act("blocked");

	check_blocked(&s);
}

static void who_slept_is_known_among_threads(void)
{
	struct seen_all s = run_act("blocked_thread");

	check_blocked(&s);
}

static void who_slept_is_known_among_busy_threads(void)
{
	struct seen_all s = run_act("blocked_busy");

	check_blocked(&s);
}

/* With fewer descriptors than the threads have files: all their sockets are known. */
static void many_sleep(void)
{
	struct rlimit limit = { .rlim_cur = 800, .rlim_max = 800 };
	struct seen_all s;

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	s = run_act("sleepers");
	check_ended(&s, false, 0);
	for (size_t i = 0; i < SLEEPERS; i++) {
		const struct traced *r = find_report(&s, TRACED_LEAVE, "socket", i);

		CHECK(r && r->made.cookie);
	}
	forget_reports(&s);
}

static void who_sleeps_is_known(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("accepts");
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct traced r;

	read_until(t, &s, TRACED_ENTER, "accept");
	while (!tracer_sleeps(t, 0)) {
		CHECK(clock_monotonic_ns() < until);
		if (tracer_next(t, &r, NULL) == 1)
			keep_report(&s, &r);
	}
	CHECK(!tracer_sleeps(t, 1)); /* it sleeps, but in no call that is reported */
	CHECK(!tracer_sleeps(t, 77));
	CHECK(tracer_pid(t) == find_report(&s, TRACED_TASK, NULL, 0)->tid);
	tracer_free(t);
	forget_reports(&s);
}

/* ---- much ---- */

static void a_flood_is_whole(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("flood");
	struct traced r;
	uint64_t number = 0, left = 0;
	int n;

	while ((n = report_within(t, &r, 1000)) >= 0) {
		if (n && r.kind == TRACED_ENTER)
			CHECK(r.number == ++number);
		left += n && r.kind == TRACED_LEAVE;
		CHECK(!n || r.kind != TRACED_NOTE);
		if (n)
			traced_fini(&r);
	}
	CHECK(number == left && number >= 40000);
	tracer_free(t);
	forget_reports(&s);
}

/* A reader that sleeps for long stops nobody for ever: calls are left out, and it is said how many. */
static void a_slow_reader_is_told(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("flood");
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	long shown = 0, hidden = 0;

	while (thread_state(tracer_pid(t)) && thread_state(tracer_pid(t)) != 'Z') {
		CHECK(clock_monotonic_ns() < until);
		usleep(10000);
	}
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, 0);
	for (const struct traced *r = s.r; r < s.r + s.count; r++) {
		shown += r->kind == TRACED_LEAVE;
		if (r->kind == TRACED_NOTE && strstr(r->text, "recorded: "))
			hidden += strtol(strstr(r->text, "recorded: ") + 10, NULL, 10);
	}
	CHECK(hidden > 0);
	CHECK(shown + hidden >= 40000 && shown + hidden < 40020);
	tracer_free(t);
	forget_reports(&s);
}

/* ---- ends ---- */

static void nothing_is_left(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("stubborn");
	struct err e = { .what = "" };

	while (count_reports(&s, TRACED_TASK, NULL) < 3)
		read_until(t, &s, TRACED_TASK, NULL);
	while (!strstr(all_text(&s, 1), "ready"))
		read_until(t, &s, TRACED_OUTPUT, NULL);
	CHECK_OK(tracer_signal(t, SIGTERM, &e) == 0, e);
	tracer_free(t);
	for (size_t i = 0; i < 3; i++)
		until_gone(find_report(&s, TRACED_TASK, NULL, i)->tid);
	forget_reports(&s);
}

/* Whatever happens to the tracing process, what it traces ends with it, and that is told. */
static void the_tracing_process_is_killed(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("stubborn");
	char text[4096] = "", path[64];
	pid_t pids[3];
	int fd;

	while (count_reports(&s, TRACED_TASK, NULL) < 3)
		read_until(t, &s, TRACED_TASK, NULL);
	for (size_t i = 0; i < 3; i++)
		pids[i] = find_report(&s, TRACED_TASK, NULL, i)->tid;
	snprintf(path, sizeof(path), "/proc/%d/status", tracer_pid(t));
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "TracerPid:"));
	close(fd);
	CHECK(kill((pid_t)strtol(strstr(text, "TracerPid:") + 10, NULL, 10), SIGKILL) == 0);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, -1);
	for (size_t i = 0; i < 3; i++)
		until_gone(pids[i]);
	tracer_free(t);
	forget_reports(&s);
}

static void signals_end_it(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("accepts");
	struct err e = { .what = "" };

	read_until(t, &s, TRACED_ENTER, "accept");
	CHECK_OK(tracer_signal(t, SIGTERM, &e) == 0, e);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, true, SIGTERM);
	CHECK(tracer_signal(t, SIGTERM, &e) == -1);
	tracer_free(t);
	forget_reports(&s);
}

/* The first process ends, what it left runs on; the last report comes after that. */
static void what_is_left_behind(void)
{
	struct seen_all s = { .count = 0 };
	struct tracer *t = start_act("left_behind");
	struct traced r;
	pid_t left;

	while (count_reports(&s, TRACED_TASK, NULL) < 2)
		read_until(t, &s, TRACED_TASK, NULL);
	read_until(t, &s, TRACED_TASK_END, NULL);
	left = find_report(&s, TRACED_TASK, NULL, 1)->tid;
	until_asleep(left);
	CHECK(tracer_next(t, &r, NULL) == 0);
	CHECK(kill(left, SIGKILL) == 0);
	read_until(t, &s, TRACED_END, NULL);
	check_ended(&s, false, 0);
	tracer_free(t);
	forget_reports(&s);
}

static void commands_that_cannot_be(void)
{
	const char *const none[] = { "/nonexistent/x", NULL }, *const unknown[] = {
		"no-such-command-here", NULL
	};
	const char *const forbidden[] = { "/etc/passwd", NULL }, *const empty[] = { NULL };
	const char *const directory[] = { "/etc", NULL };
	struct tracer_command c = { .name = "x", .argv = none };
	struct err e = { .what = "" };

	CHECK(!tracer_start(NULL, &c, &e) && e.code == ENOENT && strstr(e.what, "/nonexistent/x"));
	c.argv = unknown;
	CHECK(!tracer_start(NULL, &c, &e) && e.code == ENOENT && e.hint[0]);
	c.argv = directory;
	CHECK(!tracer_start(NULL, &c, &e) && strstr(e.hint, "directory"));
	c.argv = forbidden;
	CHECK(!tracer_start(NULL, &c, &e) && e.code == EACCES);
	c.argv = empty;
	CHECK(!tracer_start(NULL, &c, &e));
	c.argv = (const char *const[]){ "true", NULL };
	c.directory = "/nonexistent";
	CHECK(!tracer_start(NULL, &c, &e) && strstr(e.what, "directory"));
}

/* In a container that forbids filters. */
static void without_filters(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct seen_all s = { .count = 0 };
	struct tracer *t;

	CHECK(ctx && !seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0));
	CHECK(!seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1,
				SCMP_A0_64(SCMP_CMP_EQ, PR_SET_SECCOMP)));
	CHECK(!seccomp_load(ctx));
	seccomp_release(ctx);
	t = start_act("one_socket");
	read_until(t, &s, TRACED_END, NULL);
	CHECK(strstr(all_text(&s, 0), "seccomp"));
	CHECK(count_reports(&s, TRACED_LEAVE, "socket") == 1);
	CHECK(!strcmp(all_text(&s, 1), "done\n"));
	check_reports(&s);
	forget_reports(&s);
	tracer_free(t);
}

static void it_runs_where_it_should(void)
{
	const struct tracer_command c = { .name = "x",
					  .argv = (const char *const[]){ "pwd", NULL },
					  .directory = "/usr" };
	struct seen_all s = { .count = 0 };
	struct err e = { .what = "" };
	struct tracer *t = tracer_start(NULL, &c, &e);

	CHECK_OK(t, e);
	read_until(t, &s, TRACED_END, NULL);
	CHECK(!strcmp(all_text(&s, 1), "/usr\n"));
	tracer_free(t);
	forget_reports(&s);
}

/* ---- attaching ---- */

/* A process that runs already; its port. */
static pid_t running(const char *act, int *port)
{
	char text[64] = "";
	int ends[2];
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		become(act);
	}
	close(ends[1]);
	CHECK(read(ends[0], text, sizeof(text) - 1) > 0);
	close(ends[0]);
	*port = (int)strtol(text + strlen("port="), NULL, 10);
	until_asleep(pid);
	return pid;
}

static void one_echo(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char c = 0;

	CHECK(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(send(fd, "e", 1, 0) == 1 && recv(fd, &c, 1, 0) == 1 && c == 'e');
	close(fd);
}

static void attach_and_let_go(void)
{
	struct seen_all s = { .count = 0 };
	struct err e = { .what = "" }, again = { .what = "" };
	const struct traced *accepted;
	int port;
	pid_t pid = running("accepts", &port);
	struct tracer *t = tracer_attach(pid, "running", &e);

	if (!t && e.code == EPERM) {
		kill(pid, SIGKILL);
		SKIP(e.what);
	}
	CHECK_OK(t, e);
	CHECK(tracer_pid(t) == pid);
	/* What comes before it sleeps does not make it sleep. */
	read_until(t, &s, TRACED_ENTER, "accept");
	until_asleep(pid);
	one_echo(port);
	while (count_reports(&s, TRACED_ENTER, "accept") < 2)
		read_until(t, &s, TRACED_ENTER, "accept");
	check_reports(&s);
	CHECK(count_reports(&s, TRACED_TASK, NULL) == 2);
	accepted = find_report(&s, TRACED_LEAVE, "accept", 0);
	CHECK(accepted && addr_port(&accepted->made.local) == port && accepted->outcome.blocked);
	CHECK(find_report(&s, TRACED_LEAVE, "recv", 0)->outcome.data_kept == 1);
	CHECK(find_report(&s, TRACED_LEAVE, "send", 0)->outcome.result == 1);
	CHECK(!tracer_attach(pid, "twice", &again) && strstr(again.hint, "traces it already"));
	CHECK(tracer_input(t, "x\n", 2, &e) == -1);
	tracer_free(t);
	one_echo(port);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	forget_reports(&s);
}

/* Its threads come and go while they are looked for, and while they are let go. */
static void attach_to_coming_and_going(void)
{
	int port;
	pid_t pid = running("churns", &port);

	for (int i = 0; i < 8; i++) {
		struct err e = { .what = "" };
		struct seen_all s = { .count = 0 };
		struct tracer *t = tracer_attach(pid, "churns", &e);

		if (!t && e.code == EPERM && !i && strstr(e.what, "attach to process")) {
			kill(pid, SIGKILL);
			SKIP(e.what);
		}
		CHECK_OK(t, e);
		while (count_reports(&s, TRACED_TASK_END, NULL) < 10)
			read_until(t, &s, TRACED_TASK_END, NULL);
		tracer_free(t);
		CHECK(kill(pid, 0) == 0);
		forget_reports(&s);
	}
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

static void attach_errors(void)
{
	struct err e = { .what = "" };
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(!tracer_attach(pid, "gone", &e) && e.code == ESRCH &&
	      strstr(e.hint, "no such process"));
	CHECK(!tracer_attach(-1, "none", &e) && e.what[0]);
	if (geteuid() == 0)
		return;
	CHECK(!tracer_attach(1, "init", &e) && e.code == EPERM && strstr(e.hint, "user"));
}

/* ---- the table ---- */

/* clang-format off */
#define BODIES(X) \
	X(who_slept_is_known_among_busy_threads) X(threads_are_followed) \
	X(children_are_followed) X(exec_changes_the_program) X(exec_by_another_thread) \
	X(a_fork_bomb_is_limited) X(shells_and_their_children) X(signals_are_delivered) \
	X(a_restarted_call_is_one) X(an_interrupted_call_fails) \
	X(stopping_is_no_interruption) X(who_slept_is_known) \
	X(who_slept_is_known_among_threads) X(who_sleeps_is_known) X(many_sleep) \
	X(a_flood_is_whole) X(a_slow_reader_is_told) X(nothing_is_left) X(signals_end_it) \
	X(the_tracing_process_is_killed) X(what_is_left_behind) X(commands_that_cannot_be) \
	X(without_filters) X(it_runs_where_it_should) X(attach_and_let_go) \
	X(attach_to_coming_and_going) X(attach_errors)
/* clang-format on */

BODIES(TEST)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { BODIES(ROWS) };

	be_who_you_are(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
