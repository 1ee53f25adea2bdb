/* Sockets that wait for peers on real hosts, opened by this process from inside their network namespaces. */
#include "tests/unit/lab/child.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "src/lab/lab.h"
#include "src/lab/listening.h"
#include "src/lab/space.h"

enum { CLIENT, SERVER };

/* A socket of a host; port 0: not bound. */
static int open_socket(const struct lab *l, uint8_t host, int family, int type, uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in at4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr *a = (const struct sockaddr *)&at4;
	socklen_t len = sizeof(at4);
	int fd;

	if (family == AF_INET6) {
		a = (const struct sockaddr *)&at;
		len = sizeof(at);
	}
	CHECK(space_join_net(l->host[host].netns_fd, NULL) == 0);
	fd = socket(family, type | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	CHECK(port == 0 || bind(fd, a, len) == 0);
	CHECK(space_join_net(l->wire_fd, NULL) == 0);
	return fd;
}

static void only(struct listening *w, uint8_t host, int protocol, uint16_t port)
{
	struct sock_sample found[4];

	CHECK(listening_at(w, host, found, 4) == 1);
	CHECK(found[0].protocol == protocol && addr_port(&found[0].local) == port);
	CHECK(found[0].cookie != 0);
}

static void those_that_wait_are_found(void)
{
	static const char *const two[] = { "client", "server" };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct err e = { .what = "" };
	struct lab *l = lab_new(two, 2, NULL, NULL, &e);
	struct sock_sample found[8];
	struct listening *w;
	int tcp, tcp6, udp;

	if (!l && (e.code == EPERM || e.code == ENOSPC))
		SKIP(e.what);
	CHECK_OK(l, e);
	w = listening_new(l, &e);
	CHECK_OK(w, e);
	CHECK(listening_at(w, SERVER, found, 8) == 0);

	/* Bound alone is not enough for TCP, and each host has its own. */
	tcp = open_socket(l, SERVER, AF_INET, SOCK_STREAM, 8080);
	CHECK(listening_at(w, SERVER, found, 8) == 0);
	CHECK(listen(tcp, 5) == 0);
	only(w, SERVER, IPPROTO_TCP, 8080);
	CHECK(listening_at(w, CLIENT, found, 8) == 0);
	close(tcp);
	CHECK(listening_at(w, SERVER, found, 8) == 0);

	/* UDP waits when it is bound, and no longer when it has a peer. */
	udp = open_socket(l, CLIENT, AF_INET, SOCK_DGRAM, 9090);
	only(w, CLIENT, IPPROTO_UDP, 9090);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(connect(udp, (const struct sockaddr *)&to, sizeof(to)) == 0);
	CHECK(listening_at(w, CLIENT, found, 8) == 0);
	close(udp);

	if (l->ip6) {
		tcp6 = open_socket(l, SERVER, AF_INET6, SOCK_STREAM, 8081);
		CHECK(listen(tcp6, 5) == 0);
		only(w, SERVER, IPPROTO_TCP, 8081);
		/* No more than there is room for. */
		tcp = open_socket(l, SERVER, AF_INET, SOCK_STREAM, 8080);
		CHECK(listen(tcp, 5) == 0);
		CHECK(listening_at(w, SERVER, found, 8) == 2);
		CHECK(listening_at(w, SERVER, found, 1) == 1);
		close(tcp);
		close(tcp6);
	}
	listening_free(w);
	lab_free(l);
}

static void as_who_we_are(void **state)
{
	(void)state;
	in_child(those_that_wait_are_found, AS_SELF);
}

static void as_an_ordinary_user(void **state)
{
	(void)state;
	in_child(those_that_wait_are_found, AS_NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_who_we_are),
		cmocka_unit_test(as_an_ordinary_user),
	};

	return cmocka_run_group_tests_name("listening", tests, NULL, NULL);
}
