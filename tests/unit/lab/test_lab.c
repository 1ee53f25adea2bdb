#include "tests/unit/lab/child.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_ether.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "src/core/clock.h"
#include "src/lab/doctor.h"
#include "src/lab/facts.h"
#include "src/lab/iface.h"
#include "src/lab/lab.h"
#include "src/lab/profile.h"
#include "src/lab/route.h"
#include "src/lab/space.h"

static const char *const two[] = { "client", "server" };

static struct lab *build(void)
{
	struct err e = { .what = "" };
	struct lab *l = lab_new(two, 2, NULL, NULL, &e);

	if (!l && (e.code == EPERM || e.code == ENOSPC)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(l, e);
	return l;
}

static void enter(const struct lab *l, size_t host)
{
	struct err e;

	CHECK_OK(space_join_net(host < l->hosts ? l->host[host].netns_fd : l->wire_fd, &e) == 0, e);
}
#define WIRE SIZE_MAX

/* ---- building ---- */

static void builds(void)
{
	struct lab_step steps[LAB_STEPS];
	struct err e = { .what = "" };
	size_t count = 0;
	int64_t begin = clock_monotonic_ns();
	struct lab *l;
	double ms;

	lab_free(NULL);
	l = lab_new(two, 2, steps, &count, &e);
	ms = (double)(clock_monotonic_ns() - begin) / 1e6;
	if (!l)
		SKIP(e.what);
	fprintf(stderr, "# lab of two hosts built in %.1f ms as uid %u, %zu steps\n", ms,
		(unsigned)geteuid(), count);
	CHECK(count >= 8 && count <= LAB_STEPS);
	for (size_t i = 0; i < count; i++)
		CHECK(steps[i].done && steps[i].name[0]);
	CHECK(l->hosts == 2 && strcmp(l->host[1].name, "server") == 0);
	CHECK(lab_host_find(l, "server", 6) == 1 && lab_host_find(l, "serve", 5) == HOST_NONE);
	CHECK(l->names.count == (l->ip6 ? 4 : 2));
	CHECK(strstr(l->hosts_file, "192.0.2.2 server\n"));
	CHECK(!l->ip6 || strstr(l->hosts_file, "2001:db8::1 client\n"));
	lab_free(l);
}

static void test_builds_as_we_are(void **state)
{
	(void)state;
	in_child(builds, AS_SELF);
}

static void test_builds_as_nobody(void **state)
{
	(void)state;
	in_child(builds, AS_NOBODY);
}

static void builds_fourteen(void)
{
	static const char *const names[HOSTS_MAX] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "fifteen-letters"
	};
	struct err e = { .what = "" };
	struct lab *l = lab_new(names, HOSTS_MAX, NULL, NULL, &e);

	if (!l)
		SKIP(e.what);
	CHECK(l->names.count == (l->ip6 ? 28 : 14));
	CHECK(strstr(l->hosts_file, "192.0.2.14 fifteen-letters\n"));
	enter(l, 13);
	CHECK(iface_index("eth0") != 0);
	lab_free(l);
}

static void test_builds_fourteen(void **state)
{
	(void)state;
	in_child(builds_fourteen, AS_SELF);
}

static void test_refuses_bad_names(void **state)
{
	static const char *const bad[] = { "", "sixteen-letters-", "a b", "a/b", "a:b", ".", ".." };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(lab_new(&bad[i], 1, NULL, NULL, &e));
		assert_non_null(strstr(e.what, "not a host's name"));
	}
	assert_null(lab_new(two, 0, NULL, NULL, &e));
	assert_null(lab_new(two, HOSTS_MAX + 1, NULL, NULL, &e));
}

/* ---- what a host is like ---- */

/* A sysctl as words with one blank between them. */
static void read_sysctl(const char *name, char *out, size_t cap)
{
	char path[160] = "/proc/sys/";
	size_t at = strlen(path), got = 0;
	FILE *f;
	int c;

	for (; *name; name++)
		path[at++] = *name == '.' ? '/' : *name;
	path[at] = '\0';
	f = fopen(path, "re");
	out[0] = '\0';
	if (!f)
		return;
	while ((c = fgetc(f)) != EOF && got < cap - 1)
		out[got++] = c == '\t' ? ' ' : (char)c;
	while (got && (out[got - 1] == '\n' || out[got - 1] == ' '))
		got--;
	out[got] = '\0';
	fclose(f);
}

static void has_profile(void)
{
	struct lab *l = build();
	char value[256];
	size_t same = 0;

	for (size_t host = 0; host < 2; host++) {
		enter(l, host);
		for (size_t i = 0; i < profile_host_count; i++) {
			const struct profile_row *row = &profile_host[i];

			read_sysctl(row->name, value, sizeof(value));
			if (!value[0] && !row->needed)
				continue;
			if (!l->ip6 && strncmp(row->name, "net.ipv6", 8) == 0)
				continue;
			if (strcmp(value, row->value) != 0)
				fprintf(stderr, "# %s is \"%s\"\n", row->name, value);
			CHECK(strcmp(value, row->value) == 0);
			same++;
		}
	}
	CHECK(same > profile_host_count);
	if (l->ip6) {
		read_sysctl("net.ipv6.conf.eth0.addr_gen_mode", value, sizeof(value));
		CHECK(strcmp(value, "1") == 0);
		read_sysctl("net.ipv6.conf.eth0.disable_ipv6", value, sizeof(value));
		CHECK(strcmp(value, "0") == 0);
		read_sysctl("net.ipv6.conf.eth0.force_mld_version", value, sizeof(value));
		CHECK(!value[0] || strcmp(value, "0") == 0);
	}
	lab_free(l);
}

static void test_profile(void **state)
{
	(void)state;
	in_child(has_profile, AS_SELF);
	in_child(has_profile, AS_NOBODY);
}

static int mtu_of(const char *name)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	result = ioctl(fd, SIOCGIFMTU, &r);
	close(fd);
	return result ? -1 : r.ifr_mtu;
}

static void sets_sysctls_of_one_host(void)
{
	struct lab *l = build();
	char value[64];
	struct err e;

	CHECK_OK(lab_sysctl(l, 1, "net.ipv4.tcp_sack", "0", &e) == 0, e);
	enter(l, 0);
	read_sysctl("net.ipv4.tcp_sack", value, sizeof(value));
	CHECK(strcmp(value, "1") == 0);
	CHECK(mtu_of("eth0") == 1500);
	enter(l, 1);
	read_sysctl("net.ipv4.tcp_sack", value, sizeof(value));
	CHECK(strcmp(value, "0") == 0);
	enter(l, WIRE);
	CHECK(mtu_of("client") == 1500);
	CHECK(lab_sysctl(l, 1, "kernel.hostname", "x", &e) == -1 &&
	      strstr(e.what, "not a sysctl of a host"));
	CHECK(lab_sysctl(l, 1, "net.//.//.kernel.hostname", "x", &e) == -1);
	CHECK(lab_sysctl(l, 1, "net.ipv4.no_such_thing", "1", &e) == -1 && e.code == ENOENT);
	CHECK(lab_sysctl(l, 1, "net.ipv4.tcp_sack", "many", &e) == -1 && e.code == EINVAL);
	CHECK(lab_sysctl(l, 7, "net.ipv4.tcp_sack", "1", &e) == -1);
	lab_free(l);
}

static void test_sysctl(void **state)
{
	(void)state;
	in_child(sets_sysctls_of_one_host, AS_NOBODY);
}

static void reads_sysctls_of_one_host(void)
{
	struct lab *l = build();
	STR_ON_STACK(value, 64);
	struct err e;

	CHECK_OK(lab_sysctl(l, 1, "net.ipv4.ip_local_port_range", "40000 40001", &e) == 0, e);
	CHECK_OK(lab_sysctl_read(l, 1, "net.ipv4.ip_local_port_range", &value, &e) == 0, e);
	CHECK(strcmp(value.buf, "40000 40001") == 0);
	str_clear(&value);
	CHECK_OK(lab_sysctl_read(l, 0, "net.ipv4.ip_local_port_range", &value, &e) == 0, e);
	CHECK(strcmp(value.buf, "32768 60999") == 0);
	CHECK(lab_sysctl_read(l, 1, "net.ipv4.no_such_thing", &value, &e) == -1 && e.code == ENOENT);
	CHECK(lab_sysctl_read(l, 7, "net.ipv4.tcp_sack", &value, &e) == -1);
	CHECK(mtu_of("client") == 1500);
	lab_free(l);
}

static void test_sysctl_read(void **state)
{
	(void)state;
	in_child(reads_sysctls_of_one_host, AS_NOBODY);
}

/* What a program makes there is in the directory of its host, and nowhere else. */
static void has_directories(void)
{
	struct lab *l = build();
	int fd = openat(l->host[0].dir_fd, "door", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(faccessat(l->host[0].dir_fd, "door", F_OK, 0) == 0);
	CHECK(faccessat(l->host[1].dir_fd, "door", F_OK, 0) == -1 && errno == ENOENT);
	CHECK(access("/tmp/client", F_OK) == -1 && access("door", F_OK) == -1);
	lab_free(l);
}

static void test_directories(void **state)
{
	(void)state;
	in_child(has_directories, AS_SELF);
	in_child(has_directories, AS_NOBODY);
}

static void sets_routes_of_one_host(void)
{
	struct lab *l = build();
	uint32_t was = 1;
	struct err e;

	CHECK_OK(lab_route_metric(l, 0, "rto_min", 5000, &was, &e) == 0, e);
	CHECK(was == 0);
	/* The other one stays, and so does the other host. */
	CHECK_OK(lab_route_metric(l, 0, "quickack", 1, &was, &e) == 0, e);
	CHECK(was == 0);
	CHECK_OK(lab_route_metric(l, 0, "rto_min", 0, &was, &e) == 0, e);
	CHECK(was == 5000);
	CHECK_OK(lab_route_metric(l, 0, "rto_min", 200, &was, &e) == 0, e);
	CHECK(was == 0);
	CHECK_OK(lab_route_metric(l, 0, "quickack", 0, &was, &e) == 0, e);
	CHECK(was == 1);
	CHECK_OK(lab_route_metric(l, 1, "quickack", 1, &was, &e) == 0, e);
	CHECK(was == 0);
	CHECK(lab_route_metric(l, 0, "quickack", 2, &was, &e) == -1 && strstr(e.what, "at most 1"));
	CHECK(lab_route_metric(l, 0, "speed", 2, &was, &e) == -1);
	CHECK(lab_route_metric(l, 7, "quickack", 1, &was, &e) == -1);
	CHECK(mtu_of("client") == 1500);
	lab_free(l);
}

static void test_route(void **state)
{
	(void)state;
	in_child(sets_routes_of_one_host, AS_SELF);
	in_child(sets_routes_of_one_host, AS_NOBODY);
}

/* ---- what is on the cable ---- */

static int listen_on(const char *port)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)iface_index(port) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && at.sll_ifindex > 0);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static void is_silent(void)
{
	struct lab *l = build();
	struct pollfd ports[2];
	uint8_t frame[2048];

	ports[0] = (struct pollfd){ .fd = listen_on("client"), .events = POLLIN };
	ports[1] = (struct pollfd){ .fd = listen_on("server"), .events = POLLIN };
	/* Nothing happens, so there is no event to wait for: the time in which a kernel would have spoken. */
	for (int left = 3; left && poll(ports, 2, 500) > 0; left--) {
		ssize_t got =
			read(ports[0].revents ? ports[0].fd : ports[1].fd, frame, sizeof(frame));

		for (ssize_t i = 0; i < got && i < 60; i++)
			fprintf(stderr, "%s%02x", i ? " " : "# on the wire: ", frame[i]);
		fprintf(stderr, "\n");
		CHECK(!"silent");
	}
	lab_free(l);
}

static void test_silent(void **state)
{
	(void)state;
	in_child(is_silent, AS_SELF);
}

static uint16_t sum16(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	if (len & 1)
		sum += (uint32_t)at[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static ssize_t frame_from(int fd, uint8_t *frame, size_t cap)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK(poll(&p, 1, 10000) == 1);
	return read(fd, frame, cap);
}

/* A datagram leaves at once: no ARP before it, the other host's address on it, its checksum finished. */
static void datagram_leaves(void)
{
	struct lab *l = build();
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	uint8_t frame[2048];
	int port = listen_on("client"), fd;
	ssize_t got;

	memcpy(&to.sin_addr, l->host[1].ip4, 4);
	enter(l, 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)) == 5);
	got = frame_from(port, frame, sizeof(frame));
	CHECK(got >= 14 + 20 + 8 + 5);
	CHECK(memcmp(frame, l->host[1].mac, 6) == 0 && memcmp(frame + 6, l->host[0].mac, 6) == 0);
	CHECK(frame[12] == 0x08 && frame[13] == 0x00 && frame[23] == IPPROTO_UDP);
	CHECK(memcmp(frame + 26, l->host[0].ip4, 4) == 0 &&
	      memcmp(frame + 30, l->host[1].ip4, 4) == 0);
	CHECK(sum16(0, frame + 14, 20) == 0xffff);
	/* The pseudo header: addresses, protocol 17, length 13. */
	CHECK(sum16(17 + 13 + sum16(0, frame + 26, 8), frame + 34, 13) == 0xffff);
	lab_free(l);
}

static void datagram_leaves_ip6(void)
{
	struct lab *l = build();
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	uint8_t frame[2048];
	int port = listen_on("server"), fd;
	ssize_t got;

	if (!l->ip6)
		SKIP("this kernel has no IPv6");
	memcpy(&to.sin6_addr, l->host[0].ip6, 16);
	enter(l, 1);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)) == 5);
	got = frame_from(port, frame, sizeof(frame));
	CHECK(got >= 14 + 40 + 8 + 5);
	CHECK(memcmp(frame, l->host[0].mac, 6) == 0);
	CHECK(frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == IPPROTO_UDP);
	CHECK(sum16(17 + 13 + sum16(0, frame + 22, 32), frame + 54, 13) == 0xffff);
	lab_free(l);
}

static void test_datagram(void **state)
{
	(void)state;
	in_child(datagram_leaves, AS_NOBODY);
	in_child(datagram_leaves_ip6, AS_NOBODY);
}

static void joins_plainly(void)
{
	struct lab *l = build();
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(7000) };
	struct pollfd p = { .events = POLLIN };
	char got[8];
	struct err e;
	int from;

	CHECK_OK(lab_join_plain(l, 0, 1, &e) == 0, e);
	CHECK(lab_join_plain(l, 0, 0, &e) == -1 && lab_join_plain(l, 0, 9, &e) == -1);
	at.sin_addr.s_addr = inet_addr("198.51.100.2");
	enter(l, 1);
	p.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(bind(p.fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	enter(l, 0);
	from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(mtu_of("eth1") == 1500);
	CHECK(sendto(from, "plain", 5, 0, (struct sockaddr *)&at, sizeof(at)) == 5);
	CHECK(poll(&p, 1, 10000) == 1 && recv(p.fd, got, sizeof(got), 0) == 5);
	lab_free(l);
}

static void test_joins_plainly(void **state)
{
	(void)state;
	in_child(joins_plainly, AS_SELF);
	in_child(joins_plainly, AS_NOBODY);
}

/* ---- the machine ---- */

static uint64_t digest; /* nftw() has no argument for its callback */

static void digest_add(const char *text)
{
	for (; *text; text++)
		digest = (digest ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
}

static int digest_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char text[4096];
	ssize_t got;
	int fd;

	(void)st;
	(void)at;
	/* Numbers that the kernel counts by itself. */
	if (type != FTW_F || strstr(path, "count") || strstr(path, "/flush") ||
	    strstr(path, "rss_key"))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	digest_add(path);
	digest_add(text);
	return 0;
}

/* Interfaces, routes, namespaces' limits and every sysctl of the network, as one number. */
static uint64_t machine_digest(void)
{
	struct if_nameindex *all = if_nameindex();
	char hostname[256] = "";

	digest = 1;
	for (struct if_nameindex *i = all; i && i->if_index; i++)
		digest_add(i->if_name);
	if_freenameindex(all);
	gethostname(hostname, sizeof(hostname) - 1);
	digest_add(hostname);
	digest_file("/proc/net/route", NULL, FTW_F, NULL);
	digest_file("/proc/net/ipv6_route", NULL, FTW_F, NULL);
	digest_file("/etc/hosts", NULL, FTW_F, NULL);
	digest_file("/proc/mounts", NULL, FTW_F, NULL);
	nftw("/proc/sys/net", digest_file, 16, FTW_PHYS);
	nftw("/proc/sys/user", digest_file, 16, FTW_PHYS);
	return digest;
}

static void busy_lab(void)
{
	struct lab *l = build();
	struct err e;

	CHECK_OK(lab_join_plain(l, 0, 1, &e) == 0, e);
	CHECK_OK(lab_sysctl(l, 0, "net.ipv4.tcp_ecn", "1", &e) == 0, e);
	lab_free(l);
}

static void plain_root_lab(void);

static void test_machine_untouched(void **state)
{
	uint64_t before = machine_digest();

	(void)state;
	assert_int_equal(before, machine_digest());
	in_child(busy_lab, AS_SELF);
	in_child(plain_root_lab, AS_SELF);
	assert_int_equal(before, machine_digest());
}

/* ---- when the machine refuses ---- */

/* Root without user namespaces: built all the same. */
static void plain_root_lab(void)
{
	struct err e;
	struct lab *l;

	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_user_namespaces", "0"));
	l = lab_new(two, 2, NULL, NULL, &e);
	CHECK_OK(l, e);
	CHECK(!l->nested);
	CHECK_OK(lab_sysctl(l, 0, "net.ipv4.tcp_ecn", "1", &e) == 0, e);
	lab_free(l);
}

static void test_plain_root(void **state)
{
	(void)state;
	in_child(plain_root_lab, AS_SELF);
	in_child(plain_root_lab, AS_NOBODY);
}

/* The last step that was tried, which failed. */
static void build_fails(const char *step, int code, const char *hint)
{
	struct lab_step steps[LAB_STEPS];
	struct err e = { .what = "" };
	size_t count = 0;
	struct lab *l = lab_new(two, 2, steps, &count, &e);

	CHECK(!l && count > 0);
	fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
	CHECK(e.code == code);
	CHECK(strstr(e.hint, hint));
	CHECK(strncmp(e.what, step, strlen(step)) == 0);
	CHECK(!steps[count - 1].done && strcmp(steps[count - 1].name, step) == 0);
	CHECK(strcmp(steps[count - 1].err.what, e.what) == 0);
	for (size_t i = 0; i + 1 < count; i++)
		CHECK(steps[i].done);
}

static void no_user_namespaces(void)
{
	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_user_namespaces", "0"));
	drop_capabilities();
	build_fails("user namespace", ENOSPC, "sudo sysctl user.max_user_namespaces=");
}

static void no_net_namespaces(void)
{
	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_net_namespaces", "1"));
	build_fails("hosts' network namespaces", ENOSPC, "max_net_namespaces");
}

/* A filter that answers `error` to one system call, as a container's does. */
static void refuse(long call, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		SKIP("this kernel has no system call filters");
}

static void refused_by_filter(void)
{
	refuse(SYS_unshare, EPERM);
	drop_capabilities();
	build_fails("user namespace", EPERM, "");
	{
		struct facts f;

		facts_read(&f);
		CHECK(f.seccomp && f.no_new_privs && !f.admin);
		f.container[0] = '\0';
		f.apparmor_userns = f.userns_clone = FACT_UNKNOWN;
		CHECK(strstr(facts_userns_hint(&f, EPERM), "system call filter"));
	}
}

static void no_sockets(void)
{
	refuse(SYS_socket, EAFNOSUPPORT);
	build_fails("profile", EAFNOSUPPORT, "");
}

static void *wait_for_ever(void *unused)
{
	pause();
	return unused;
}

static void has_threads(void)
{
	pthread_t thread;

	drop_capabilities();
	CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	build_fails("user namespace", EINVAL, "before they start");
}

static void no_new_privileges(void)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	lab_free(build());
}

static void test_refusals(void **state)
{
	(void)state;
	in_child(no_user_namespaces, AS_SELF);
	in_child(no_user_namespaces, AS_NOBODY);
	in_child(no_net_namespaces, AS_NOBODY);
	in_child(refused_by_filter, AS_NOBODY);
	in_child(no_sockets, AS_NOBODY);
	in_child(no_new_privileges, AS_NOBODY);
}

static void test_threads(void **state)
{
	(void)state;
	in_child(has_threads, AS_SELF);
}

static void test_hints_by_fact(void **state)
{
	struct facts f = { .max_user_namespaces = 100,
			   .userns_clone = FACT_UNKNOWN,
			   .apparmor_userns = FACT_UNKNOWN };

	(void)state;
	assert_non_null(strstr(facts_userns_hint(&f, EPERM), "run with sudo"));
	f.apparmor_userns = 1;
	assert_non_null(strstr(facts_userns_hint(&f, EACCES), "AppArmor"));
	str_copy(f.container, sizeof(f.container), "docker");
	assert_non_null(strstr(facts_userns_hint(&f, EPERM), "--security-opt"));
	f.userns_clone = 0;
	assert_non_null(strstr(facts_userns_hint(&f, EPERM), "kernel.unprivileged_userns_clone=1"));
	assert_non_null(strstr(facts_userns_hint(&f, ENOSPC), "limit"));
	f.max_user_namespaces = 0;
	assert_non_null(strstr(facts_userns_hint(&f, ENOSPC), "user.max_user_namespaces=15000"));
	assert_non_null(strstr(facts_userns_hint(&f, EINVAL), "CONFIG_USER_NS"));
}

/* ---- doctor ---- */

static const struct doctor_row *way(const struct doctor *d, int number)
{
	for (size_t i = 0; i < d->rows; i++)
		if (d->row[i].part == DOCTOR_WAY && --number == 0)
			return &d->row[i];
	CHECK(!"five ways");
	return NULL;
}

static void show(const struct doctor *d)
{
	for (size_t i = 0; i < d->rows; i++)
		fprintf(stderr, "# %d %-5s %-44s %s%s%s\n", d->row[i].part,
			d->row[i].works ? "works" : "-", d->row[i].name, d->row[i].text,
			d->row[i].fix[0] ? " | " : "", d->row[i].fix);
	fprintf(stderr, "# best way: %d\n", d->way);
}

static void examines(void)
{
	static struct doctor d;
	struct err e = { .what = "" };
	struct lab *l;

	CHECK_OK(doctor_examine(&d, &e) == 0, e);
	show(&d);
	CHECK(d.way >= 1 && way(&d, d.way)->works && way(&d, DOCTOR_WAYS)->works);
	for (int i = 1; i <= DOCTOR_WAYS; i++)
		CHECK(way(&d, i)->works || (way(&d, i)->text[0] && way(&d, i)->fix[0]));
	/* What it says is so. */
	l = lab_new(two, 2, NULL, NULL, &e);
	CHECK((l != NULL) == (d.way <= 2));
	lab_free(l);
}

static void examines_where_little_works(void)
{
	static struct doctor d;
	struct err e;

	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_user_namespaces", "0"));
	drop_capabilities();
	CHECK_OK(doctor_examine(&d, &e) == 0, e);
	show(&d);
	CHECK(!way(&d, 1)->works &&
	      strstr(way(&d, 1)->fix, "sudo sysctl user.max_user_namespaces="));
	CHECK(!way(&d, 2)->works && strstr(way(&d, 2)->fix, "sudo"));
	CHECK(!way(&d, 3)->works);
	CHECK(d.way == 4);
}

static void examines_plain_root(void)
{
	static struct doctor d;
	struct err e;

	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_user_namespaces", "0"));
	CHECK_OK(doctor_examine(&d, &e) == 0, e);
	CHECK(!way(&d, 1)->works && strstr(way(&d, 1)->fix, "user.max_user_namespaces"));
	CHECK(way(&d, 2)->works && d.way == 2);
}

static void test_doctor(void **state)
{
	(void)state;
	in_child(examines, AS_SELF);
	in_child(examines, AS_NOBODY);
	in_child(examines_where_little_works, AS_NOBODY);
	in_child(examines_plain_root, AS_NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses_bad_names),
		cmocka_unit_test(test_hints_by_fact),
		cmocka_unit_test(test_builds_as_we_are),
		cmocka_unit_test(test_builds_as_nobody),
		cmocka_unit_test(test_builds_fourteen),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_sysctl),
		cmocka_unit_test(test_sysctl_read),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_joins_plainly),
		cmocka_unit_test(test_plain_root),
		cmocka_unit_test(test_machine_untouched),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_doctor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
