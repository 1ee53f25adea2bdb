/*
 * libpcap opens a packet(7) socket with a ring that the kernel fills.  In immediate mode that is
 * TPACKET_V2: each packet has a slot of its own and wakes the reader; slots are as large as the largest
 * packet, so the snaplen decides how many packets the ring holds.  With a timeout it is TPACKET_V3: packets
 * lie close together in blocks, and the reader is woken once a block or once a timeout.
 *
 * Segments to be cut by the kernel go out by a packet socket of their own, which receives nothing
 * (protocol 0): the virtio-net header that they need would also stand before everything received.
 */
#include "capture/live.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/packet.h"
#include "src/core/clock.h"
#include "src/core/str.h"

#define RING_BYTES_MIN	(64 * 1024)
#define LINK_HEADER_MAX (14 + 4 + 4) /* Ethernet with two VLAN tags */
#define SNAPLEN_MAX	262144
#define INJECT_TRIES	20
#define INJECT_WAIT_MS	1

struct live {
	pcap_t *pcap;
	char iface[IF_NAMESIZE];
	uint32_t link;
	int fd;
	int segment_fd; /* -1: none */
	uint64_t drops;
	uint32_t drops_seen; /* libpcap's count, which wraps at 32 bits */
};

/* What libpcap calls a link type where that differs from the number in files. */
static const struct {
	int dlt;
	uint32_t link;
} links[] = {
	{ DLT_RAW, LINK_RAW },
};

static uint32_t link_of_dlt(int dlt)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return links[i].link;
	return (uint32_t)dlt;
}

static int dlt_of_link(uint32_t link)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].link == link)
			return links[i].dlt;
	return (int)link;
}

/* ---- opening ---- */

static int mtu_of(const char *iface)
{
	struct ifreq req = { .ifr_mtu = 0 };
	int fd, mtu = 0;

	if (!str_copy(req.ifr_name, sizeof(req.ifr_name), iface))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (ioctl(fd, SIOCGIFMTU, &req) == 0)
		mtu = req.ifr_mtu;
	close(fd);
	return mtu;
}

static int snaplen_of(const char *iface, const struct live_options *o)
{
	int mtu;

	if (o->snaplen > 0)
		return o->snaplen;
	mtu = mtu_of(iface);
	if (mtu <= 0 || mtu > SNAPLEN_MAX - LINK_HEADER_MAX)
		return SNAPLEN_MAX;
	return mtu + LINK_HEADER_MAX;
}

static const char *hint_of(int status)
{
	if (status == PCAP_ERROR_PERM_DENIED)
		return "capturing needs CAP_NET_RAW: run as root, or use the lab, which needs "
		       "nothing";
	if (status == PCAP_ERROR_NO_SUCH_DEVICE)
		return "\"ip link\" lists the interfaces";
	return NULL;
}

static int fail(struct err *e, const char *iface, int status, const char *text)
{
	if (!text || !text[0])
		text = pcap_statustostr(status);
	return err_set(e, hint_of(status), "capturing on %s: %s", iface, text);
}

/* pcap_activate() says only in words that the ring was too large, so smaller ones are tried on any error of the kernel's. */
static pcap_t *activate(const char *iface, const struct live_options *o, int ring, int *status,
			struct err *e)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(iface, text);

	*status = PCAP_ERROR;
	if (!p) {
		fail(e, iface, *status, text);
		return NULL;
	}
	pcap_set_snaplen(p, snaplen_of(iface, o));
	pcap_set_promisc(p, 0);
	pcap_set_timeout(p, o->timeout_ms);
	pcap_set_immediate_mode(p, o->timeout_ms == 0);
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	if (ring > 0)
		pcap_set_buffer_size(p, ring);
	*status = pcap_activate(p);
	if (*status >= 0)
		return p;
	fail(e, iface, *status, pcap_geterr(p));
	pcap_close(p);
	return NULL;
}

static pcap_t *open_pcap(const char *iface, const struct live_options *o, struct err *e)
{
	int status = 0;
	int ring = o->buffer_bytes;
	pcap_t *p = activate(iface, o, ring, &status, e);

	while (!p && status == PCAP_ERROR && ring / 2 >= RING_BYTES_MIN) {
		ring /= 2;
		p = activate(iface, o, ring, &status, e);
	}
	return p;
}

static int ignore_outgoing(const struct live *l, struct err *e)
{
	int one = 1;

	if (setsockopt(l->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) == 0)
		return 0;
	return err_errno(e, errno, "this needs Linux 4.20 or newer",
			 "telling the capture on %s to ignore what we send", l->iface);
}

/* Packets are cut to the snaplen in the kernel only where there is a filter; else they fill the ring whole. */
static int cut_in_kernel(const struct live *l, struct err *e)
{
	struct bpf_program everything;
	int result = 0;

	if (pcap_compile(l->pcap, &everything, "", 1, PCAP_NETMASK_UNKNOWN) < 0)
		return fail(e, l->iface, PCAP_ERROR, pcap_geterr(l->pcap));
	if (pcap_setfilter(l->pcap, &everything) < 0)
		result = fail(e, l->iface, PCAP_ERROR, pcap_geterr(l->pcap));
	pcap_freecode(&everything);
	return result;
}

/* Whether an interface takes large segments as they are: then nobody would cut them. */
static bool takes_large(int fd, const char *iface)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GTSO, .data = 1 };
	struct ifreq req = { .ifr_data = (char *)&value };

	return !str_copy(req.ifr_name, sizeof(req.ifr_name), iface) ||
	       ioctl(fd, SIOCETHTOOL, &req) < 0 || value.data;
}

static bool bind_segments(int fd, const char *iface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = (int)if_nametoindex(iface) };
	int one = 1;

	return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) == 0 &&
	       bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

/* Only a faster way: where it is not to be had, packets go one by one. */
static void open_segments(struct live *l)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (takes_large(fd, l->iface) || !bind_segments(fd, l->iface)) {
		close(fd);
		return;
	}
	l->segment_fd = fd;
}

static int set_up(struct live *l, const struct live_options *o, struct err *e)
{
	char text[PCAP_ERRBUF_SIZE] = "";

	l->link = link_of_dlt(pcap_datalink(l->pcap));
	l->fd = pcap_get_selectable_fd(l->pcap);
	if (l->fd < 0)
		return fail(e, l->iface, PCAP_ERROR, "it cannot be polled");
	if (pcap_setnonblock(l->pcap, 1, text) < 0)
		return fail(e, l->iface, PCAP_ERROR, text);
	if (pcap_get_tstamp_precision(l->pcap) != PCAP_TSTAMP_PRECISION_NANO)
		return fail(e, l->iface, PCAP_ERROR, "it has no nanosecond stamps");
	if (o->snaplen > 0 && cut_in_kernel(l, e) < 0)
		return -1;
	if (o->segments)
		open_segments(l);
	return o->incoming_only ? ignore_outgoing(l, e) : 0;
}

struct live *live_open(const char *iface, const struct live_options *o, struct err *e)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l) {
		err_errno(e, errno, NULL, "capturing on %s", iface);
		return NULL;
	}
	l->segment_fd = -1;
	str_copy(l->iface, sizeof(l->iface), iface);
	l->pcap = open_pcap(iface, o, e);
	if (!l->pcap || set_up(l, o, e) < 0) {
		live_close(l);
		return NULL;
	}
	return l;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	if (l->pcap)
		pcap_close(l->pcap);
	if (l->segment_fd >= 0)
		close(l->segment_fd);
	free(l);
}

int live_fd(const struct live *l)
{
	return l->fd;
}

uint32_t live_link(const struct live *l)
{
	return l->link;
}

/* ---- reading ---- */

static struct live_packet packet_of(const struct pcap_pkthdr *h, const uint8_t *data)
{
	return (struct live_packet){
		.ts_ns = h->ts.tv_sec * NS_PER_S + h->ts.tv_usec, /* nanoseconds, as asked for */
		.caplen = h->caplen,
		.len = h->len,
		.data = data,
	};
}

int live_next(struct live *l, struct live_packet *p, struct err *e)
{
	struct pcap_pkthdr *h = NULL;
	const u_char *data = NULL;
	int got = pcap_next_ex(l->pcap, &h, &data);

	if (got < 0)
		return fail(e, l->iface, got, pcap_geterr(l->pcap));
	if (got == 1)
		*p = packet_of(h, data);
	return got;
}

struct reader {
	live_sink *sink;
	void *context;
};

static void read_one(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	const struct reader *r = (const void *)user;
	struct live_packet p = packet_of(h, data);

	r->sink(r->context, &p);
}

int live_read(struct live *l, int max, live_sink *sink, void *context, struct err *e)
{
	struct reader r = { .sink = sink, .context = context };
	int got = pcap_dispatch(l->pcap, max, read_one, (u_char *)&r);

	if (got < 0)
		return fail(e, l->iface, got, pcap_geterr(l->pcap));
	return got;
}

uint64_t live_drops(struct live *l)
{
	struct pcap_stat s;

	if (pcap_stats(l->pcap, &s) == 0) {
		l->drops += s.ps_drop - l->drops_seen;
		l->drops_seen = s.ps_drop;
	}
	return l->drops;
}

/* ---- sending ---- */

static bool passes(int errnum)
{
	return errnum == EAGAIN || errnum == ENOBUFS || errnum == EINTR;
}

/* ENOBUFS is a queue beyond our socket, which poll() knows nothing of: then this is a short sleep. */
static void wait_for_room(int fd, int errnum)
{
	struct pollfd p = { .fd = fd, .events = errnum == EAGAIN ? POLLOUT : 0 };

	(void)poll(&p, 1, INJECT_WAIT_MS);
}

int live_inject(struct live *l, const void *bytes, size_t len, struct err *e)
{
	int errnum = 0;

	for (int i = 0; i < INJECT_TRIES; i++) {
		if (pcap_inject(l->pcap, bytes, len) >= 0)
			return 0;
		errnum = errno;
		if (!passes(errnum))
			break;
		wait_for_room(l->fd, errnum);
	}
	return err_errno(e, errnum, NULL, "sending %zu bytes to %s", len, l->iface);
}

bool live_can_segment(const struct live *l)
{
	return l->segment_fd >= 0;
}

#define TCP_CHECKSUM_AT 16

int live_inject_segments(struct live *l, const struct live_segments *s, struct err *e)
{
	struct virtio_net_hdr cut = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type =
			s->ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
		.hdr_len = (uint16_t)s->header_len,
		.gso_size = (uint16_t)s->segment_len,
		.csum_start = (uint16_t)s->network_len,
		.csum_offset = TCP_CHECKSUM_AT,
	};
	struct iovec part[2 + LIVE_SEGMENTS] = {
		{ .iov_base = &cut, .iov_len = sizeof(cut) },
		{ .iov_base = (void *)(uintptr_t)s->header, .iov_len = s->header_len },
	};
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2 + s->payloads };
	int errnum = EINVAL;

	memcpy(part + 2, s->payload, s->payloads * sizeof(part[0]));
	for (int i = 0; i < INJECT_TRIES; i++) {
		if (sendmsg(l->segment_fd, &m, 0) >= 0)
			return 0;
		errnum = errno;
		if (!passes(errnum))
			break;
		wait_for_room(l->segment_fd, errnum);
	}
	return err_errno(e, errnum, NULL, "sending %u segments to %s", s->payloads, l->iface);
}

/* ---- filters ---- */

struct live_filter {
	struct bpf_program program;
};

static int compile(struct live_filter *f, const char *text, uint32_t link, struct err *e)
{
	pcap_t *p = pcap_open_dead(dlt_of_link(link), SNAPLEN_MAX);
	int result = 0;

	if (!p)
		return err_errno(e, ENOMEM, NULL, "filter \"%s\"", text);
	if (pcap_compile(p, &f->program, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		result = err_set(e, "pcap-filter(7) has the syntax, for example: tcp port 8080",
				 "filter \"%s\": %s", text, pcap_geterr(p));
	pcap_close(p);
	return result;
}

struct live_filter *live_filter_new(const char *text, uint32_t link, struct err *e)
{
	struct live_filter *f = calloc(1, sizeof(*f));

	if (!f) {
		err_errno(e, errno, NULL, "filter \"%s\"", text);
		return NULL;
	}
	if (compile(f, text, link, e) < 0) {
		free(f);
		return NULL;
	}
	return f;
}

void live_filter_free(struct live_filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->program);
	free(f);
}

bool live_filter_match(const struct live_filter *f, const void *bytes, uint32_t caplen,
		       uint32_t len)
{
	const struct pcap_pkthdr h = { .caplen = caplen, .len = len };

	return pcap_offline_filter(&f->program, &h, bytes) != 0;
}
