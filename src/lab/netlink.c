/*
 * The kernel handles a request while it is being sent, so the answer waits when send() has returned: a
 * receive that would block means that there is no answer, and none of these functions ever sleeps.
 */
#include "src/lab/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/core/rd.h"

int netlink_open(struct netlink *n, int bus, struct err *e)
{
	n->seq = 0;
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
	if (n->fd < 0)
		return err_errno(e, errno, NULL, "open netlink socket (bus %d)", bus);
	return 0;
}

void netlink_close(struct netlink *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

struct nlmsghdr *netlink_request(struct netlink *n, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(n->request.bytes);

	m->nlmsg_type = type;
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m->nlmsg_seq = ++n->seq;
	return m;
}

long netlink_more(struct netlink *n, void *answer, size_t cap)
{
	ssize_t got;

	do {
		got = recv(n->fd, answer, cap, MSG_DONTWAIT | MSG_TRUNC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got > cap ? -EMSGSIZE : (long)got;
}

long netlink_ask(struct netlink *n, void *answer, size_t cap)
{
	ssize_t sent;

	do {
		sent = send(n->fd, n->request.bytes, n->request.head.nlmsg_len, 0);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : netlink_more(n, answer, cap);
}

/* The errno in the acknowledgement of request seq: 0 or positive. */
static int ack_error(const void *answer, size_t len, uint32_t seq)
{
	struct rd r = rd_on(answer, len);
	struct nlmsghdr head;
	int32_t error;

	rd_copy(&r, &head, sizeof(head));
	rd_copy(&r, &error, sizeof(error));
	if (r.short_read || head.nlmsg_type != NLMSG_ERROR || head.nlmsg_seq != seq)
		return EPROTO;
	return error < 0 ? -error : 0;
}

int netlink_do(struct netlink *n, struct err *e, const char *what, ...)
{
	char answer[NETLINK_REQUEST + 512]; /* an error quotes the request */
	STR_ON_STACK(text, 128);
	va_list ap;
	long got;
	int error;

	n->request.head.nlmsg_flags |= NLM_F_ACK;
	got = netlink_ask(n, answer, sizeof(answer));
	error = got < 0 ? (int)-got : ack_error(answer, (size_t)got, n->seq);
	if (!error)
		return 0;
	va_start(ap, what);
	str_addv(&text, what, ap);
	va_end(ap);
	return err_errno(e, error, NULL, "%s", text.buf);
}
