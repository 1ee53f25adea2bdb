/*
 * A probe is a function that runs in a child process and sends rows back through a pipe; whatever it
 * enters, breaks or leaves behind ends with it.  A child that dies without a word is a failure too.
 */
#include "src/lab/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/live.h"
#include "src/core/clock.h"
#include "src/core/str.h"
#include "src/lab/diag.h"
#include "src/lab/facts.h"
#include "src/lab/iface.h"
#include "src/lab/lab.h"
#include "src/lab/profile.h"
#include "src/lab/space.h"

/* ---- rows ---- */

static void row_text(struct doctor_row *r, const char *text, const char *fix)
{
	str_copy(r->text, sizeof(r->text), text ? text : "");
	str_copy(r->fix, sizeof(r->fix), fix ? fix : "");
}

static struct doctor_row row_make(enum doctor_part part, const char *name, bool works,
				  const struct err *why)
{
	struct doctor_row r;

	memset(&r, 0, sizeof(r));
	r.part = part;
	r.works = works;
	str_copy(r.name, sizeof(r.name), name);
	row_text(&r, why ? why->what : "", why ? why->hint : "");
	return r;
}

static void add(struct doctor *d, struct doctor_row row)
{
	if (d->rows < DOCTOR_ROWS)
		d->row[d->rows++] = row;
}

/* ---- the machine ---- */

static void add_switch(struct doctor *d, const char *name, long value)
{
	STR_ON_STACK(text, 32);
	struct doctor_row r = row_make(DOCTOR_MACHINE, name, true, NULL);

	if (value == FACT_UNKNOWN)
		str_add(&text, "not on this kernel");
	else
		str_addf(&text, "%ld", value);
	row_text(&r, text.buf, NULL);
	add(d, r);
}

static void add_fact(struct doctor *d, const char *name, const char *text)
{
	struct doctor_row r = row_make(DOCTOR_MACHINE, name, true, NULL);

	row_text(&r, text, NULL);
	add(d, r);
}

static void add_machine(struct doctor *d, const struct facts *f)
{
	STR_ON_STACK(user, 64);

	str_addf(&user, "uid %u%s%s%s", (unsigned)f->uid,
		 f->admin ? ", with the capabilities of root" : "",
		 f->seccomp ? ", under a system call filter" : "",
		 f->no_new_privs ? ", no new privileges" : "");
	add_fact(d, "kernel", f->kernel);
	add_fact(d, "user", user.buf);
	add_fact(d, "container", f->container[0] ? f->container : "no sign of one");
	add_switch(d, "user.max_user_namespaces", f->max_user_namespaces);
	add_switch(d, "user.max_net_namespaces", f->max_net_namespaces);
	add_switch(d, "kernel.unprivileged_userns_clone", f->userns_clone);
	add_switch(d, "kernel.apparmor_restrict_unprivileged_userns", f->apparmor_userns);
}

/* ---- probes: run in a child, `out` is the pipe ---- */

static void send_row(int out, struct doctor_row row)
{
	(void)!write(out, &row, sizeof(row)); /* shorter than PIPE_BUF: whole or not at all */
}
_Static_assert(sizeof(struct doctor_row) <= 4096, "a row is one write to a pipe");

static bool send_result(int out, const char *name, int result, const struct err *why)
{
	send_row(out, row_make(DOCTOR_STEP, name, result == 0, result ? why : NULL));
	return result == 0;
}

static bool probe_states(int out, const struct lab *l)
{
	static const struct {
		int family, protocol;
		const char *name;
	} kinds[] = {
		{ AF_INET, IPPROTO_TCP, "states of TCP sockets" },
		{ AF_INET, IPPROTO_UDP, "states of UDP sockets" },
		{ AF_UNIX, 0, "states of Unix sockets" },
	};
	struct err why = { .what = "" };
	struct diag *diag = NULL;
	bool works = true;

	if (!space_join_net(l->host[0].netns_fd, &why))
		diag = diag_open(&why);
	if (!diag)
		return send_result(out, "states of sockets", -1, &why);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		works &= send_result(out, kinds[i].name,
				     diag_probe(diag, kinds[i].family, kinds[i].protocol, &why),
				     &why);
	diag_close(diag);
	return works;
}

/* A program of the lab: anything that starts and ends. */
static bool probe_program(int out, const struct lab *l)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)":", NULL };
	const struct space_child child = {
		.netns_fd = l->host[0].netns_fd,
		.hostname = l->host[0].name,
		.hosts = l->hosts_file,
		.dir_fd = -1,
		.path = "/bin/sh",
		.argv = argv,
		.stdio = -1,
	};
	struct err why = { .what = "" };
	pid_t pid = space_spawn(&child, &why);
	int status = 0;

	if (pid < 0)
		return send_result(out, "programs", -1, &why);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return send_result(out, "programs",
				   err_set(&why, NULL, "a shell in the lab ended badly"), &why);
	return send_result(out, "programs", 0, NULL);
}

static void send_way(int out, const char *name, bool works, const char *text, const char *fix)
{
	struct doctor_row r = row_make(DOCTOR_WAY, name, works, NULL);

	row_text(&r, text, fix);
	send_row(out, r);
}

static void send_steps(int out, const struct lab_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		send_row(out, row_make(DOCTOR_STEP, steps[i].name, steps[i].done, &steps[i].err));
}

static const char private_lab[] = "private lab in a user namespace";

/* We are root, so the lab was built all the same: that is the second way. */
static void send_refused(int out)
{
	struct facts facts;

	facts_read(&facts);
	send_way(out, private_lab, false, "user namespaces are refused; built as root instead",
		 facts_userns_hint(&facts, facts.max_user_namespaces == 0 ? ENOSPC : EPERM));
}

static void probe_lab(int out)
{
	static const char *const names[] = { "client", "server" };
	struct lab_step steps[LAB_STEPS];
	struct err why = { .what = "" };
	int64_t begin = clock_monotonic_ns();
	STR_ON_STACK(text, 64);
	size_t count;
	struct lab *l = lab_new(names, 2, steps, &count, &why);
	double ms = (double)(clock_monotonic_ns() - begin) / (double)NS_PER_MS;
	bool works;

	send_steps(out, steps, count);
	if (!l) {
		send_way(out, private_lab, false, why.what, why.hint);
		return;
	}
	works = probe_program(out, l);
	works &= probe_states(out, l);
	str_addf(&text, "built in %.1f ms", ms);
	if (!works)
		send_way(out, private_lab, false, "built, but not all in it works (see the steps)",
			 "");
	else if (l->nested)
		send_way(out, private_lab, true, text.buf, "");
	else
		send_refused(out);
	lab_free(l);
}

/* What the lab needs beyond a user namespace, tried without one. */
static int use_as_root(struct err *e)
{
	struct netlink n;
	int fd = space_new_net(e), result;

	if (fd < 0)
		return -1;
	result = profile_apply(profile_host, profile_host_count, e);
	if (!result) {
		result = netlink_open(&n, NETLINK_ROUTE, e);
		if (!result)
			result = iface_up(&n, "lo", e);
		netlink_close(&n);
	}
	close(fd);
	return result;
}

static void probe_root(int out)
{
	static const char name[] = "private lab as root";
	struct err why = { .what = "" };
	struct facts facts;

	facts_read(&facts);
	if (!facts.admin)
		send_way(out, name, false, "this is not root", "sudo socklens");
	else if (use_as_root(&why))
		send_way(out, name, false, why.what, why.hint);
	else
		send_way(out, name, true, "", "");
}

static void probe_loopback(int out)
{
	static const char name[] = "the machine's own loopback";
	const struct live_options options = {
		.snaplen = 65535, .buffer_bytes = 1 << 20, .timeout_ms = 1, .incoming_only = true
	};
	struct err why = { .what = "" };
	struct live *live = live_open("lo", &options, &why);

	if (!live) {
		send_way(out, name, false, why.what, why.hint[0] ? why.hint : "sudo socklens");
		return;
	}
	live_close(live);
	send_way(out, name, true, "", "");
}

static void probe_no_packets(int out)
{
	static const char name[] = "no packets: calls and kernel states";
	struct err why = { .what = "" };
	struct diag *diag = diag_open(&why);

	if (!diag || diag_probe(diag, AF_INET, IPPROTO_TCP, &why))
		send_way(out, name, false, why.what, why.hint);
	else
		send_way(out, name, true, "", "");
	diag_close(diag);
}

/* Reading needs nothing; a session also writes, to a spool file without a name. */
static void probe_files(int out)
{
	static const char name[] = "files only";
	const char *dir = secure_getenv("TMPDIR");
	struct err why = { .what = "" };
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR) {
		err_errno(&why, errno, NULL, "opening works, recording does not: %s", dir);
		send_way(out, name, true, why.what,
			 "set TMPDIR to a directory that can be written");
		return;
	}
	if (fd >= 0)
		close(fd);
	send_way(out, name, true, "", "");
}

/* In the order of the ways. */
static const struct probe {
	const char *name;
	void (*run)(int out);
} probes[] = {
	{ private_lab, probe_lab },
	{ "private lab as root", probe_root },
	{ "the machine's own loopback", probe_loopback },
	{ "no packets: calls and kernel states", probe_no_packets },
	{ "files only", probe_files },
};
_Static_assert(sizeof(probes) / sizeof(probes[0]) == DOCTOR_WAYS, "a probe for every way");

/* ---- running them ---- */

/* Reads rows until the child's end; true if its way was among them. */
static bool collect(struct doctor *d, int in)
{
	struct doctor_row row;
	bool way = false;
	ssize_t got;

	for (;;) {
		got = read(in, &row, sizeof(row));
		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(row))
			return way;
		add(d, row);
		way |= row.part == DOCTOR_WAY;
	}
}

static int run_probe(struct doctor *d, const struct probe *p, struct err *e)
{
	struct doctor_row silent = row_make(DOCTOR_WAY, p->name, false, NULL);
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return err_errno(e, errno, NULL, "examine: create a pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		p->run(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (pid > 0 && !collect(d, ends[0])) {
		row_text(&silent, "the probe ended without a word", "");
		add(d, silent);
	}
	close(ends[0]);
	if (pid < 0)
		return err_errno(e, errno, NULL, "examine: fork");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static int best_way(const struct doctor *d)
{
	int way = 0;

	for (size_t i = 0; i < d->rows; i++) {
		if (d->row[i].part != DOCTOR_WAY)
			continue;
		way++;
		if (d->row[i].works)
			return way;
	}
	return 0;
}

int doctor_examine(struct doctor *d, struct err *e)
{
	struct facts facts;

	memset(d, 0, sizeof(*d));
	facts_read(&facts);
	add_machine(d, &facts);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (run_probe(d, &probes[i], e))
			return -1;
	d->way = best_way(d);
	return 0;
}
