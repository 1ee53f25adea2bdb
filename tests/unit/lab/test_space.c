/*
 * The program that is started in the hosts is this test itself, which then says over a pipe what it finds
 * itself to be: a line "name value" for each thing.
 */
#include "tests/unit/lab/child.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "src/lab/lab.h"
#include "src/lab/space.h"

#define REPORT_FD 100

/* ---- inside ---- */

static const char *errno_of(int result)
{
	return result < 0 ? strerrorname_np(errno) : "ok";
}

static void tell_bind(FILE *out, const char *what, int family, uint16_t port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(family, SOCK_STREAM, 0), result;

	result = fd < 0		      ? -1
		 : family == AF_INET6 ? bind(fd, (struct sockaddr *)&a6, sizeof(a6))
				      : bind(fd, (struct sockaddr *)&a4, sizeof(a4));
	fprintf(out, "%s %s\n", what, errno_of(result));
	close(fd);
}

static void tell_socket(FILE *out, const char *what, int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	fprintf(out, "%s %s\n", what, errno_of(fd));
	if (fd >= 0)
		close(fd);
}

static void tell_name(FILE *out, const char *name, int family)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char text[64] = "none";

	if (getaddrinfo(name, "1", &hints, &found) == 0) {
		getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
			    NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	fprintf(out, "%s.%s %s\n", name, family == AF_INET6 ? "ip6" : "ip4", text);
}

static void tell_fds(FILE *out)
{
	fprintf(out, "fds");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			fprintf(out, ",%d", fd);
	fprintf(out, "\n");
}

static void tell_stdio(FILE *out)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		bool is_null =
			fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);

		fprintf(out, "stdio%d %s\n", fd,
			is_null		       ? "null"
			: S_ISSOCK(st.st_mode) ? "socket"
					       : "other");
	}
}

static void tell_groups(FILE *out)
{
	gid_t group[64];
	int count = getgroups(64, group);

	fprintf(out, "groups");
	for (int i = 0; i < count; i++)
		fprintf(out, ",%u", (unsigned)group[i]);
	fprintf(out, "\n");
}

static int child_main(const char *how)
{
	struct sigaction pipe_action;
	FILE *out = fdopen(REPORT_FD, "w");
	char name[64] = "";
	sigset_t blocked;

	tell_fds(out);
	if (strcmp(how, "sleep") == 0) {
		fprintf(out, "pid %d\n", getpid());
		fflush(out);
		for (;;)
			pause();
	}
	tell_stdio(out);
	fprintf(out, "uid %u\ngid %u\n", (unsigned)getuid(), (unsigned)getgid());
	tell_groups(out);
	gethostname(name, sizeof(name) - 1);
	fprintf(out, "hostname %s\n", name);
	fprintf(out, "session %s\n", getsid(0) == getpid() ? "own" : "shared");
	fprintf(out, "terminal %s\n", errno_of(open("/dev/tty", O_RDWR)));
	tell_bind(out, "bind80", AF_INET, 80);
	tell_bind(out, "bind80-6", AF_INET6, 80);
	tell_bind(out, "bind8080", AF_INET, 8080);
	tell_socket(out, "raw", AF_INET, SOCK_RAW, IPPROTO_ICMP);
	tell_socket(out, "packet", AF_PACKET, SOCK_RAW, 0);
	tell_socket(out, "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	fprintf(out, "sysctl %s\n", errno_of(open("/proc/sys/net/ipv4/tcp_sack", O_WRONLY)));
	tell_name(out, "server", AF_INET);
	tell_name(out, "server", AF_INET6);
	tell_name(out, "localhost", AF_INET);
	sigaction(SIGPIPE, NULL, &pipe_action);
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	fprintf(out, "sigpipe %s\n", pipe_action.sa_handler == SIG_DFL ? "default" : "ignored");
	fprintf(out, "usr1 %s\n", sigismember(&blocked, SIGUSR1) ? "blocked" : "open");
	fprintf(out, "arg %s\nenv %s\n", how, getenv("SPACE_TEST") ? getenv("SPACE_TEST") : "none");
	fclose(out);
	return 0;
}

/* ---- outside ---- */

struct told {
	char text[4096];
	size_t len;
};

/* Whether the child said "name value". */
static bool says(const struct told *t, const char *line)
{
	const char *at = t->text;
	size_t len = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == t->text || at[-1] == '\n') && at[len] == '\n')
			return true;
		at += len;
	}
	return false;
}

#define CHECK_SAYS(t, line)                                                                        \
	do {                                                                                       \
		if (!says(t, line)) {                                                              \
			fprintf(stderr, "# no \"%s\" in:\n%s", line, (t)->text);                   \
			CHECK(!"says");                                                            \
		}                                                                                  \
	} while (0)

static struct lab *build(void)
{
	static const char *const two[] = { "client", "server" };
	struct err e = { .what = "" };
	struct lab *l = lab_new(two, 2, NULL, NULL, &e);

	if (!l && (e.code == EPERM || e.code == ENOSPC))
		SKIP(e.what);
	CHECK_OK(l, e);
	return l;
}

/* Names inside stand in a file that is laid over /etc/hosts; a bare machine has none to lay it over. */
static bool has_hosts_file(void)
{
	return access("/etc/hosts", F_OK) == 0;
}

/* After all else was tested. */
static void skip_names(void)
{
	if (has_hosts_file())
		return;
	fprintf(stderr, "# skipped: this machine has no /etc/hosts, so no names inside\n");
	skip();
}

static void check_names(const struct told *t, const struct lab *l)
{
	if (!has_hosts_file())
		return;
	CHECK_SAYS(t, "server.ip4 192.0.2.2");
	CHECK(!l->ip6 || says(t, "server.ip6 2001:db8::2"));
	CHECK_SAYS(t, "localhost.ip4 127.0.0.1");
}

/* report: what the child writes to; closed here. */
static pid_t spawn(const struct lab *l, const char *how, bool as_root, int stdio, int report)
{
	static const int keep[] = { REPORT_FD };
	char *const argv[] = { (char *)"test_space", (char *)"child", (char *)how, NULL };
	struct space_child c = {
		.dir_fd = -1,
		.netns_fd = l->host[0].netns_fd,
		.hostname = l->host[0].name,
		.hosts = l->hosts_file,
		.as_root = as_root,
		.path = "/proc/self/exe",
		.argv = argv,
		.keep = keep,
		.keeps = 1,
		.stdio = stdio,
	};
	struct err e = { .what = "" };
	pid_t pid;

	CHECK(dup3(report, REPORT_FD, O_CLOEXEC) == REPORT_FD);
	close(report);
	pid = space_spawn(&c, &e);
	CHECK_OK(pid > 0, e);
	close(REPORT_FD);
	return pid;
}

static void hear(int fd, struct told *t, const char *until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t got = 1;

	t->len = 0;
	t->text[0] = '\0';
	while (got > 0 && !(until && strstr(t->text, until))) {
		CHECK(poll(&p, 1, 20000) == 1);
		got = read(fd, t->text + t->len, sizeof(t->text) - 1 - t->len);
		CHECK(got >= 0);
		t->len += (size_t)got;
		t->text[t->len] = '\0';
	}
}

static void run(const struct lab *l, bool as_root, int stdio, struct told *t)
{
	int ends[2], status;
	pid_t pid;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid = spawn(l, "tell", as_root, stdio, ends[1]);
	hear(ends[0], t, NULL);
	close(ends[0]);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void an_ordinary_program(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct lab *l = build();
	struct told t;
	char line[64];

	signal(SIGPIPE, SIG_IGN);
	setenv("SPACE_TEST", "kept", 1);
	CHECK(open("/dev/null", O_RDONLY) >= 0); /* not close-on-exec: must not get through */
	run(l, false, -1, &t);
	CHECK_SAYS(&t, "fds,0,1,2,100");
	CHECK_SAYS(&t, "stdio0 null");
	CHECK_SAYS(&t, "stdio2 null");
	snprintf(line, sizeof(line), "uid %u", (unsigned)uid);
	CHECK_SAYS(&t, line);
	snprintf(line, sizeof(line), "gid %u", (unsigned)gid);
	CHECK_SAYS(&t, line);
	CHECK_SAYS(&t, "hostname client");
	CHECK_SAYS(&t, "session own");
	CHECK_SAYS(&t, "terminal ENXIO");
	CHECK_SAYS(&t, "bind80 EACCES");
	CHECK(!l->ip6 || says(&t, "bind80-6 EACCES"));
	CHECK_SAYS(&t, "bind8080 ok");
	CHECK_SAYS(&t, "raw EPERM");
	CHECK_SAYS(&t, "packet EPERM");
	CHECK_SAYS(&t, "ping ok");
	CHECK(uid == 0 || says(&t, "sysctl EACCES")); /* these files go by the uid alone */
	check_names(&t, l);
	CHECK_SAYS(&t, "sigpipe default");
	CHECK_SAYS(&t, "usr1 open");
	CHECK_SAYS(&t, "arg tell");
	CHECK_SAYS(&t, "env kept");
	lab_free(l);
}

static void test_ordinary_program(void **state)
{
	(void)state;
	in_child(an_ordinary_program, AS_SELF);
	in_child(an_ordinary_program, AS_NOBODY);
	skip_names();
}

static void a_privileged_program(void)
{
	struct lab *l = build();
	struct told t;

	run(l, true, -1, &t);
	CHECK_SAYS(&t, "uid 0");
	CHECK_SAYS(&t, "bind80 ok");
	CHECK_SAYS(&t, "raw ok");
	CHECK_SAYS(&t, "packet ok");
	CHECK_SAYS(&t, "sysctl ok");
	CHECK_SAYS(&t, "hostname client");
	CHECK_SAYS(&t, "fds,0,1,2,100");
	lab_free(l);
}

static void test_privileged_program(void **state)
{
	(void)state;
	in_child(a_privileged_program, AS_SELF);
	in_child(a_privileged_program, AS_NOBODY);
}

/* Root where no user namespace is to be had: the program loses its capabilities instead. */
static void without_user_namespaces(void)
{
	struct lab *l;
	struct told t;

	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_user_namespaces", "0"));
	l = build();
	CHECK(!l->nested);
	run(l, false, -1, &t);
	CHECK_SAYS(&t, "bind80 EACCES");
	CHECK_SAYS(&t, "raw EPERM");
	CHECK_SAYS(&t, "packet EPERM");
	check_names(&t, l);
	CHECK_SAYS(&t, "hostname client");
	run(l, true, -1, &t);
	CHECK_SAYS(&t, "bind80 ok");
	lab_free(l);
}

static void test_without_user_namespaces(void **state)
{
	(void)state;
	in_child(without_user_namespaces, AS_SELF);
	in_child(without_user_namespaces, AS_NOBODY);
	skip_names();
}

static void stdio_is_given(void)
{
	struct lab *l = build();
	struct told t;
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	run(l, false, ends[1], &t);
	CHECK_SAYS(&t, "stdio0 socket");
	CHECK_SAYS(&t, "stdio1 socket");
	CHECK_SAYS(&t, "stdio2 socket");
	CHECK_SAYS(&t, "fds,0,1,2,100");
	lab_free(l);
}

static void test_stdio(void **state)
{
	(void)state;
	in_child(stdio_is_given, AS_SELF);
}

static void names_stay_inside(void)
{
	char before[64] = "", after[64] = "";
	struct lab *l = build();
	struct told t;
	bool has_file = has_hosts_file();
	struct stat a, b;

	gethostname(before, sizeof(before) - 1);
	CHECK(!has_file || stat("/etc/hosts", &a) == 0);
	run(l, false, -1, &t);
	gethostname(after, sizeof(after) - 1);
	CHECK(strcmp(before, after) == 0);
	CHECK(has_hosts_file() == has_file);
	CHECK(!has_file ||
	      (stat("/etc/hosts", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino));
	CHECK(access("/tmp/hosts", F_OK) != 0);
	lab_free(l);
}

static void test_names_stay_inside(void **state)
{
	(void)state;
	in_child(names_stay_inside, AS_SELF);
	in_child(names_stay_inside, AS_NOBODY);
	skip_names();
}

static void errors_come_back(void)
{
	struct lab *l = build();
	char *const argv[] = { (char *)"x", NULL };
	struct space_child c = {
		.dir_fd = -1,
		.netns_fd = l->host[0].netns_fd,
		.hostname = "h",
		.hosts = l->hosts_file,
		.path = "/nonexistent/program",
		.argv = argv,
		.stdio = -1,
	};
	const int bad_keep[] = { 700 };
	struct err e = { .what = "" };

	CHECK(space_spawn(&c, &e) == -1 && e.code == ENOENT);
	CHECK(strstr(e.what, "start /nonexistent/program: execute it: "));
	c.path = "/bin/sh";
	c.netns_fd = 0;
	CHECK(space_spawn(&c, &e) == -1 && strstr(e.what, "enter the host's network namespace"));
	c.netns_fd = l->host[0].netns_fd;
	c.keep = bad_keep;
	c.keeps = 1;
	CHECK(space_spawn(&c, &e) == -1 && e.code == EBADF);
	c.keeps = 0;
	c.stdio = 701;
	CHECK(space_spawn(&c, &e) == -1 && strstr(e.what, "standard input"));
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no zombie is left */
	lab_free(l);
}

static void test_errors_come_back(void **state)
{
	(void)state;
	in_child(errors_come_back, AS_SELF);
}

/* A lab process is killed without a chance to clean up: its program dies too, and so its end of the pipe closes. */
static void dies_with_its_parent(void)
{
	int life[2], status;
	struct told t;
	pid_t parent;

	CHECK(pipe2(life, O_CLOEXEC) == 0);
	parent = fork();
	CHECK(parent >= 0);
	if (parent == 0) {
		close(life[0]);
		spawn(build(), "sleep", false, -1, life[1]);
		for (;;)
			pause();
	}
	close(life[1]);
	hear(life[0], &t, "pid ");
	if (!t.len) {
		CHECK(waitpid(parent, &status, 0) == parent);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	CHECK(kill(parent, SIGKILL) == 0 && waitpid(parent, &status, 0) == parent);
	hear(life[0], &t, NULL);
}

static void *churn(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED))
		free(malloc(100 + (size_t)rand() % 5000));
	return NULL;
}

/* Between fork and exec nothing may wait for a lock that another thread held. */
static void spawns_beside_threads(void)
{
	struct lab *l = build();
	bool stop = false;
	pthread_t thread;
	struct told t;

	CHECK(pthread_create(&thread, NULL, churn, &stop) == 0);
	for (int i = 0; i < 20; i++) {
		run(l, false, -1, &t);
		CHECK_SAYS(&t, "bind80 EACCES");
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	lab_free(l);
}

static void test_beside_threads(void **state)
{
	(void)state;
	in_child(spawns_beside_threads, AS_SELF);
}

static void test_dies_with_parent(void **state)
{
	(void)state;
	in_child(dies_with_its_parent, AS_SELF);
	in_child(dies_with_its_parent, AS_NOBODY);
}

/* Root keeps its right to other people's files, an ordinary user gets no new one. */
static void foreign_files(void)
{
	char path[] = "/tmp/socklens-space-XXXXXX";
	int fd = mkstemp(path);
	struct lab *l;

	CHECK(fd >= 0);
	if (geteuid() != 0) {
		unlink(path);
		SKIP("only root has files of others");
	}
	CHECK(fchown(fd, 12345, 12345) == 0 && fchmod(fd, 0600) == 0);
	l = build();
	close(fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	unlink(path);
	CHECK(fd >= 0);
	close(fd);
	lab_free(l);
}

static void test_foreign_files(void **state)
{
	(void)state;
	in_child(foreign_files, AS_SELF);
}

/* What an ordinary user has forbidden itself stays forbidden; root is not asked. */
static void own_files(void)
{
	char dir[] = "/tmp/socklens-space-XXXXXX", made[64], closed[64];
	bool root = geteuid() == 0;
	struct lab *l;
	int fd;

	CHECK(mkdtemp(dir));
	snprintf(made, sizeof(made), "%s/made", dir);
	snprintf(closed, sizeof(closed), "%s/closed", dir);
	fd = open(closed, O_WRONLY | O_CREAT | O_CLOEXEC, 0);
	CHECK(fd >= 0 && close(fd) == 0 && chmod(dir, 0555) == 0);
	l = build();
	fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(root ? fd >= 0 : fd < 0 && errno == EACCES);
	fd = open(closed, O_RDONLY | O_CLOEXEC);
	CHECK(root ? fd >= 0 : fd < 0 && errno == EACCES);
	/* Its owner can change that, as always. */
	CHECK(chmod(dir, 0755) == 0 && chmod(closed, 0600) == 0);
	fd = open(closed, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	unlink(made);
	CHECK(unlink(closed) == 0 && rmdir(dir) == 0);
	lab_free(l);
}

static void test_own_files(void **state)
{
	(void)state;
	in_child(own_files, AS_SELF);
	in_child(own_files, AS_NOBODY);
}

static void run_behind_sudo(const struct lab *l, const char *uid, const char *gid, struct told *t)
{
	setenv("SUDO_UID", uid, 1);
	if (gid)
		setenv("SUDO_GID", gid, 1);
	else
		unsetenv("SUDO_GID");
	run(l, false, -1, t);
}

/* Root by sudo: programs are of the user who called it. */
static void behind_sudo(void)
{
	static const char *const wrong[][2] = {
		{ "0", "23456" },  { "12345", NULL },	   { "-1", "23456" },
		{ "12345x", "2" }, { "4294967295", "2" },  { "99999999999999999999", "2" },
		{ "", "" },	   { " 12345", " 23456" },
	};
	bool root = geteuid() == 0;
	struct lab *l;
	struct told t;
	char own[64];

	snprintf(own, sizeof(own), "uid %u", (unsigned)geteuid());
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "23456", 1);
	l = build();
	run(l, false, -1, &t);
	CHECK_SAYS(&t, root ? "uid 12345" : own);
	CHECK(!root || (says(&t, "gid 23456") && says(&t, "groups,23456")));
	CHECK_SAYS(&t, "bind80 EACCES");
	CHECK_SAYS(&t, "bind8080 ok");
	CHECK_SAYS(&t, "raw EPERM");
	CHECK_SAYS(&t, "packet EPERM");
	CHECK_SAYS(&t, "ping ok");
	CHECK_SAYS(&t, "sysctl EACCES");
	CHECK_SAYS(&t, "hostname client");
	check_names(&t, l);
	run(l, true, -1, &t); /* what needs privileges has them, as without sudo */
	CHECK_SAYS(&t, "uid 0");
	CHECK_SAYS(&t, "bind80 ok");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		run_behind_sudo(l, wrong[i][0], wrong[i][1], &t);
		CHECK_SAYS(&t, own);
		CHECK_SAYS(&t, "bind80 EACCES");
	}
	lab_free(l);
}

static void test_behind_sudo(void **state)
{
	(void)state;
	in_child(behind_sudo, AS_SELF);
	in_child(behind_sudo, AS_NOBODY);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary_program),
		cmocka_unit_test(test_privileged_program),
		cmocka_unit_test(test_without_user_namespaces),
		cmocka_unit_test(test_stdio),
		cmocka_unit_test(test_names_stay_inside),
		cmocka_unit_test(test_errors_come_back),
		cmocka_unit_test(test_dies_with_parent),
		cmocka_unit_test(test_beside_threads),
		cmocka_unit_test(test_foreign_files),
		cmocka_unit_test(test_own_files),
		cmocka_unit_test(test_behind_sudo),
	};

	if (argc == 3 && strcmp(argv[1], "child") == 0)
		return child_main(argv[2]);
	/* The tests themselves may have been started with sudo. */
	unsetenv("SUDO_UID");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
