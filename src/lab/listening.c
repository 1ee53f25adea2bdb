#include "src/lab/listening.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "src/lab/diag.h"
#include "src/lab/space.h"

struct listening {
	struct diag *diag[HOSTS_MAX];
};

/* Each asks about the network namespace in which it was opened. */
static int open_diags(struct listening *w, const struct lab *l, struct err *e)
{
	for (size_t i = 0; i < l->hosts; i++) {
		if (space_join_net(l->host[i].netns_fd, e))
			return -1;
		w->diag[i] = diag_open(e);
		if (!w->diag[i])
			return -1;
	}
	return 0;
}

struct listening *listening_new(const struct lab *l, struct err *e)
{
	struct listening *w = calloc(1, sizeof(*w));
	int failed;

	if (!w) {
		err_errno(e, ENOMEM, NULL, "look for sockets that listen");
		return NULL;
	}
	failed = open_diags(w, l, e);
	if (space_join_net(l->wire_fd, failed ? NULL : e))
		failed = -1;
	if (!failed)
		return w;
	listening_free(w);
	return NULL;
}

void listening_free(struct listening *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < HOSTS_MAX; i++)
		diag_close(w->diag[i]);
	free(w);
}

size_t listening_at(struct listening *w, uint8_t host, struct sock_sample *out, size_t max)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	size_t n = 0;

	for (size_t i = 0; i < 4 && n < max; i++) {
		int got = diag_waiting(w->diag[host], families[i / 2], protocols[i % 2], out + n,
				       max - n);

		n += got > 0 ? (size_t)got : 0;
	}
	return n;
}

struct diag *listening_diag(struct listening *w, uint8_t host)
{
	return w->diag[host];
}
