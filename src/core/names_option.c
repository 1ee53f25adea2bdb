/* Options of setsockopt(2). */
#include "src/core/names_table.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

/* Newer than the C libraries of some systems that we build on; numbers from the kernel's headers.
 */
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif
#ifndef SO_BUSY_POLL_BUDGET
#define SO_BUSY_POLL_BUDGET 70
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM 73
#endif
#ifndef SO_TXREHASH
#define SO_TXREHASH 74
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif
#ifndef TCP_TX_DELAY
#define TCP_TX_DELAY 37
#endif
#ifndef TCP_AO_ADD_KEY
#define TCP_AO_ADD_KEY 38
#endif
#ifndef TCP_AO_DEL_KEY
#define TCP_AO_DEL_KEY 39
#endif
#ifndef TCP_AO_INFO
#define TCP_AO_INFO 40
#endif
#ifndef TCP_AO_GET_KEYS
#define TCP_AO_GET_KEYS 41
#endif
#ifndef TCP_AO_REPAIR
#define TCP_AO_REPAIR 42
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif
#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif
#ifndef IPV6_FLOWLABEL_MGR
#define IPV6_FLOWLABEL_MGR 32
#endif
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND 33
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* clang-format off */
static const struct name so[] = {
	PLAIN(SO_DEBUG),
	NAME(SO_REUSEADDR, "bind although an old connection of this port is still in TIME-WAIT"),
	NAME(SO_TYPE, "stream, datagram …; can be read only"),
	NAME(SO_ERROR, "the error that waits; reading it clears it"),
	NAME(SO_DONTROUTE, "only to hosts on the same network"),
	NAME(SO_BROADCAST, "datagrams to broadcast addresses are allowed"),
	NAME(SO_SNDBUF, "bytes of the send buffer; the kernel doubles the number"),
	NAME(SO_RCVBUF, "bytes of the receive buffer; the kernel doubles the number"),
	NAME(SO_SNDBUFFORCE, "SO_SNDBUF above the limit; needs privilege"),
	NAME(SO_RCVBUFFORCE, "SO_RCVBUF above the limit; needs privilege"),
	NAME(SO_KEEPALIVE, "probe a silent connection"),
	NAME(SO_OOBINLINE, "urgent data stays in the stream"),
	PLAIN(SO_NO_CHECK),
	NAME(SO_PRIORITY, "class of the packets it sends"),
	NAME(SO_LINGER, "what close() does with unsent data: wait, or with 0 seconds reset the connection"),
	PLAIN(SO_BSDCOMPAT),
	NAME(SO_REUSEPORT, "several sockets share a port; the kernel spreads the connections"),
	NAME(SO_PASSCRED, "receive the sender's identity (Unix sockets)"),
	NAME(SO_PEERCRED, "process, user and group of the peer (Unix sockets)"),
	NAME(SO_RCVLOWAT, "bytes that must be there before a read wakes up"),
	NAME(SO_SNDLOWAT, "always 1 on Linux"),
	NAME(SO_RCVTIMEO, "time limit of receiving calls"),
	NAME(SO_SNDTIMEO, "time limit of sending calls and of connect()"),
	PLAIN(SO_SECURITY_AUTHENTICATION), PLAIN(SO_SECURITY_ENCRYPTION_TRANSPORT),
	PLAIN(SO_SECURITY_ENCRYPTION_NETWORK),
	NAME(SO_BINDTODEVICE, "only this interface"),
	NAME(SO_ATTACH_FILTER, "a filter program before the socket"),
	PLAIN(SO_DETACH_FILTER),
	PLAIN(SO_PEERNAME),
	NAME(SO_TIMESTAMP, "receive the time of arrival, microseconds"),
	NAME(SO_ACCEPTCONN, "whether it listens; can be read only"),
	PLAIN(SO_PEERSEC), PLAIN(SO_PASSSEC),
	NAME(SO_TIMESTAMPNS, "receive the time of arrival, nanoseconds"),
	NAME(SO_MARK, "a mark on the packets for routing and firewall"),
	NAME(SO_TIMESTAMPING, "times of sending and arrival, by software or hardware"),
	NAME(SO_PROTOCOL, "its protocol; can be read only"),
	NAME(SO_DOMAIN, "its family; can be read only"),
	NAME(SO_RXQ_OVFL, "receive the count of datagrams that were dropped"),
	PLAIN(SO_WIFI_STATUS),
	NAME(SO_PEEK_OFF, "where MSG_PEEK looks"),
	PLAIN(SO_NOFCS),
	NAME(SO_LOCK_FILTER, "the filter can no longer be changed"),
	PLAIN(SO_SELECT_ERR_QUEUE),
	NAME(SO_BUSY_POLL, "microseconds to spin before sleeping"),
	NAME(SO_MAX_PACING_RATE, "bytes per second at most"),
	PLAIN(SO_BPF_EXTENSIONS),
	NAME(SO_INCOMING_CPU, "the processor that handles its packets"),
	PLAIN(SO_ATTACH_BPF), PLAIN(SO_ATTACH_REUSEPORT_CBPF), PLAIN(SO_ATTACH_REUSEPORT_EBPF),
	PLAIN(SO_CNX_ADVICE), { 54, "SCM_TIMESTAMPING_OPT_STATS", NULL },
	NAME(SO_MEMINFO, "its memory counters"),
	PLAIN(SO_INCOMING_NAPI_ID),
	NAME(SO_COOKIE, "a number that no other socket of this boot has"),
	PLAIN(SO_PEERGROUPS),
	NAME(SO_ZEROCOPY, "MSG_ZEROCOPY is allowed"),
	PLAIN(SO_TXTIME),
	NAME(SO_BINDTOIFINDEX, "only the interface of this number"),
	{ 63, "SO_TIMESTAMP_NEW", NULL }, { 64, "SO_TIMESTAMPNS_NEW", NULL },
	{ 65, "SO_TIMESTAMPING_NEW", NULL }, { 66, "SO_RCVTIMEO_NEW", NULL },
	{ 67, "SO_SNDTIMEO_NEW", NULL },
	PLAIN(SO_DETACH_REUSEPORT_BPF), PLAIN(SO_PREFER_BUSY_POLL), PLAIN(SO_BUSY_POLL_BUDGET),
	PLAIN(SO_NETNS_COOKIE),
	NAME(SO_BUF_LOCK, "the kernel does not resize the buffers by itself"),
	PLAIN(SO_RESERVE_MEM), PLAIN(SO_TXREHASH), PLAIN(SO_RCVMARK), PLAIN(SO_PASSPIDFD),
	PLAIN(SO_PEERPIDFD),
};
const struct name_table names_so = TABLE(so, "socket option");

static const struct name tcp_opts[] = {
	NAME(TCP_NODELAY, "send at once: Nagle's algorithm off"),
	NAME(TCP_MAXSEG, "largest segment, in bytes"),
	NAME(TCP_CORK, "send only full segments, until it is taken off"),
	NAME(TCP_KEEPIDLE, "seconds of silence before the first keepalive probe"),
	NAME(TCP_KEEPINTVL, "seconds between keepalive probes"),
	NAME(TCP_KEEPCNT, "keepalive probes without answer before giving up"),
	NAME(TCP_SYNCNT, "SYN retransmissions before connect() gives up"),
	NAME(TCP_LINGER2, "seconds that an orphan stays in FIN-WAIT-2"),
	NAME(TCP_DEFER_ACCEPT, "accept() only when data has come"),
	NAME(TCP_WINDOW_CLAMP, "the window offered is at most this"),
	NAME(TCP_INFO, "what the kernel knows about the connection; can be read only"),
	NAME(TCP_QUICKACK, "acknowledge at once, for now"),
	NAME(TCP_CONGESTION, "name of the congestion control: reno, cubic …"),
	NAME(TCP_MD5SIG, "sign segments: RFC 2385"),
	{ 15, "TCP_COOKIE_TRANSACTIONS", NULL },
	PLAIN(TCP_THIN_LINEAR_TIMEOUTS), PLAIN(TCP_THIN_DUPACK),
	NAME(TCP_USER_TIMEOUT, "milliseconds that sent data may stay unacknowledged"),
	NAME(TCP_REPAIR, "a connection is taken out and put back by hand; needs privilege"),
	PLAIN(TCP_REPAIR_QUEUE), PLAIN(TCP_QUEUE_SEQ), PLAIN(TCP_REPAIR_OPTIONS),
	NAME(TCP_FASTOPEN, "accept data with the SYN; the number is the queue's length"),
	PLAIN(TCP_TIMESTAMP),
	NAME(TCP_NOTSENT_LOWAT, "unsent bytes above which it is not writable"),
	PLAIN(TCP_CC_INFO),
	NAME(TCP_SAVE_SYN, "keep the headers of the SYN"),
	NAME(TCP_SAVED_SYN, "the headers of the SYN; can be read only"),
	PLAIN(TCP_REPAIR_WINDOW),
	NAME(TCP_FASTOPEN_CONNECT, "connect() waits for the first data, to send it with the SYN"),
	NAME(TCP_ULP, "a layer on top, for example tls"),
	PLAIN(TCP_MD5SIG_EXT), PLAIN(TCP_FASTOPEN_KEY), PLAIN(TCP_FASTOPEN_NO_COOKIE),
	PLAIN(TCP_ZEROCOPY_RECEIVE),
	NAME(TCP_INQ, "receive the number of bytes that wait"),
	NAME(TCP_TX_DELAY, "microseconds by which segments are delayed"),
	PLAIN(TCP_AO_ADD_KEY), PLAIN(TCP_AO_DEL_KEY), PLAIN(TCP_AO_INFO), PLAIN(TCP_AO_GET_KEYS),
	PLAIN(TCP_AO_REPAIR), PLAIN(TCP_IS_MPTCP),
};
const struct name_table names_tcp_opt = TABLE(tcp_opts, "TCP option");

static const struct name ip_opts[] = {
	NAME(IP_TOS, "type of service: the DSCP and ECN bits"),
	NAME(IP_TTL, "time to live of the packets it sends"),
	NAME(IP_HDRINCL, "the program writes the IP header itself"),
	NAME(IP_OPTIONS, "options in each packet's header"),
	PLAIN(IP_ROUTER_ALERT), PLAIN(IP_RECVOPTS), PLAIN(IP_RETOPTS),
	NAME(IP_PKTINFO, "receive the interface and the address that a datagram was for"),
	PLAIN(IP_PKTOPTIONS),
	NAME(IP_MTU_DISCOVER, "whether packets may be fragmented (path MTU discovery)"),
	NAME(IP_RECVERR, "errors are queued in detail, for MSG_ERRQUEUE"),
	NAME(IP_RECVTTL, "receive the time to live"),
	NAME(IP_RECVTOS, "receive the type of service"),
	NAME(IP_MTU, "the path's MTU as known; connected sockets only"),
	NAME(IP_FREEBIND, "bind to an address that is not there yet"),
	PLAIN(IP_IPSEC_POLICY), PLAIN(IP_XFRM_POLICY), PLAIN(IP_PASSSEC),
	NAME(IP_TRANSPARENT, "act for addresses of others; needs privilege"),
	NAME(IP_ORIGDSTADDR, "receive the address before it was redirected"),
	NAME(IP_MINTTL, "drop packets with a lower time to live"),
	PLAIN(IP_NODEFRAG), PLAIN(IP_CHECKSUM),
	NAME(IP_BIND_ADDRESS_NO_PORT, "bind() without a port leaves the choice to connect()"),
	PLAIN(IP_RECVFRAGSIZE), PLAIN(IP_RECVERR_RFC4884),
	NAME(IP_MULTICAST_IF, "the interface for multicast"),
	NAME(IP_MULTICAST_TTL, "time to live of multicast"),
	NAME(IP_MULTICAST_LOOP, "whether its own multicast comes back"),
	NAME(IP_ADD_MEMBERSHIP, "join a multicast group"),
	NAME(IP_DROP_MEMBERSHIP, "leave a multicast group"),
	PLAIN(IP_UNBLOCK_SOURCE), PLAIN(IP_BLOCK_SOURCE), PLAIN(IP_ADD_SOURCE_MEMBERSHIP),
	PLAIN(IP_DROP_SOURCE_MEMBERSHIP), PLAIN(IP_MSFILTER),
	PLAIN(MCAST_JOIN_GROUP), PLAIN(MCAST_BLOCK_SOURCE), PLAIN(MCAST_UNBLOCK_SOURCE),
	PLAIN(MCAST_LEAVE_GROUP), PLAIN(MCAST_JOIN_SOURCE_GROUP), PLAIN(MCAST_LEAVE_SOURCE_GROUP),
	PLAIN(MCAST_MSFILTER),
	PLAIN(IP_MULTICAST_ALL), PLAIN(IP_UNICAST_IF),
	NAME(IP_LOCAL_PORT_RANGE, "the ports from which one is chosen"),
	PLAIN(IP_PROTOCOL),
	{ IP_MTU_DISCOVER, "IP_PMTUDISC", NULL }, { IP_ORIGDSTADDR, "IP_RECVORIGDSTADDR", NULL },
	{ IP_RETOPTS, "IP_RECVRETOPTS", NULL },
};
const struct name_table names_ip_opt = TABLE(ip_opts, "IP option");

static const struct name ipv6_opts[] = {
	PLAIN(IPV6_ADDRFORM), PLAIN(IPV6_2292PKTINFO), PLAIN(IPV6_2292HOPOPTS), PLAIN(IPV6_2292DSTOPTS),
	PLAIN(IPV6_2292RTHDR), PLAIN(IPV6_2292PKTOPTIONS), PLAIN(IPV6_CHECKSUM), PLAIN(IPV6_2292HOPLIMIT),
	PLAIN(IPV6_NEXTHOP), PLAIN(IPV6_AUTHHDR), PLAIN(IPV6_FLOWINFO),
	NAME(IPV6_UNICAST_HOPS, "hop limit of the packets it sends"),
	NAME(IPV6_MULTICAST_IF, "the interface for multicast"),
	NAME(IPV6_MULTICAST_HOPS, "hop limit of multicast"),
	NAME(IPV6_MULTICAST_LOOP, "whether its own multicast comes back"),
	NAME(IPV6_JOIN_GROUP, "join a multicast group"),
	NAME(IPV6_LEAVE_GROUP, "leave a multicast group"),
	PLAIN(IPV6_ROUTER_ALERT),
	NAME(IPV6_MTU_DISCOVER, "path MTU discovery"),
	NAME(IPV6_MTU, "the path's MTU"),
	NAME(IPV6_RECVERR, "errors are queued in detail, for MSG_ERRQUEUE"),
	NAME(IPV6_V6ONLY, "no IPv4 on this socket: off, [::] also takes IPv4 connections"),
	PLAIN(IPV6_JOIN_ANYCAST), PLAIN(IPV6_LEAVE_ANYCAST), PLAIN(IPV6_MULTICAST_ALL),
	PLAIN(IPV6_ROUTER_ALERT_ISOLATE), PLAIN(IPV6_RECVERR_RFC4884), PLAIN(IPV6_FLOWLABEL_MGR),
	PLAIN(IPV6_FLOWINFO_SEND), PLAIN(IPV6_IPSEC_POLICY), PLAIN(IPV6_XFRM_POLICY),
	NAME(IPV6_HDRINCL, "the program writes the IP header itself"),
	NAME(IPV6_RECVPKTINFO, "receive the interface and the address that a datagram was for"),
	PLAIN(IPV6_PKTINFO),
	NAME(IPV6_RECVHOPLIMIT, "receive the hop limit"),
	PLAIN(IPV6_HOPLIMIT), PLAIN(IPV6_RECVHOPOPTS), PLAIN(IPV6_HOPOPTS), PLAIN(IPV6_RTHDRDSTOPTS),
	PLAIN(IPV6_RECVRTHDR), PLAIN(IPV6_RTHDR), PLAIN(IPV6_RECVDSTOPTS), PLAIN(IPV6_DSTOPTS),
	PLAIN(IPV6_RECVPATHMTU), PLAIN(IPV6_PATHMTU),
	NAME(IPV6_DONTFRAG, "datagrams that do not fit fail with EMSGSIZE"),
	NAME(IPV6_RECVTCLASS, "receive the traffic class"),
	NAME(IPV6_TCLASS, "the DSCP and ECN bits"),
	NAME(IPV6_AUTOFLOWLABEL, "flow labels are chosen by the kernel"),
	PLAIN(IPV6_ADDR_PREFERENCES),
	NAME(IPV6_MINHOPCOUNT, "drop packets with a lower hop limit"),
	PLAIN(IPV6_ORIGDSTADDR),
	NAME(IPV6_TRANSPARENT, "act for addresses of others; needs privilege"),
	PLAIN(IPV6_UNICAST_IF), PLAIN(IPV6_RECVFRAGSIZE),
	NAME(IPV6_FREEBIND, "bind to an address that is not there yet"),
	{ IPV6_JOIN_GROUP, "IPV6_ADD_MEMBERSHIP", NULL }, { IPV6_LEAVE_GROUP, "IPV6_DROP_MEMBERSHIP", NULL },
	{ IPV6_ORIGDSTADDR, "IPV6_RECVORIGDSTADDR", NULL },
};
const struct name_table names_ipv6_opt = TABLE(ipv6_opts, "IPv6 option");

static const struct name udp_opts[] = {
	NAME(UDP_CORK, "gather what is sent into one datagram, until it is taken off"),
	NAME(UDP_ENCAP, "carries another protocol, for example IPsec"),
	NAME(UDP_NO_CHECK6_TX, "send without checksum on IPv6"),
	NAME(UDP_NO_CHECK6_RX, "take datagrams without checksum on IPv6"),
	NAME(UDP_SEGMENT, "one send becomes many datagrams of this size"),
	NAME(UDP_GRO, "one receive takes many datagrams"),
};
const struct name_table names_udp_opt = TABLE(udp_opts, "UDP option");
/* clang-format on */
