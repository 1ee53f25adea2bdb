/* Constants of the families beside IP: netlink, packet, vsock, Bluetooth; and options of MPTCP and UDP-Lite. */
#include "src/core/names_table.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <sys/socket.h>

/* Newer than the C libraries of some systems that we build on, or of headers that are not everywhere. */
#ifndef UDPLITE_SEND_CSCOV
#define UDPLITE_SEND_CSCOV 10
#endif
#ifndef UDPLITE_RECV_CSCOV
#define UDPLITE_RECV_CSCOV 11
#endif
#ifndef MPTCP_INFO
#define MPTCP_INFO 1
#endif
#ifndef MPTCP_TCPINFO
#define MPTCP_TCPINFO 2
#endif
#ifndef MPTCP_SUBFLOW_ADDRS
#define MPTCP_SUBFLOW_ADDRS 3
#endif
#ifndef MPTCP_FULL_INFO
#define MPTCP_FULL_INFO 4
#endif
#define BTPROTO_L2CAP  0
#define BTPROTO_HCI    1
#define BTPROTO_SCO    2
#define BTPROTO_RFCOMM 3
#define BTPROTO_BNEP   4
#define BTPROTO_HIDP   6
#define BTPROTO_ISO    8
#define ICMP_FILTER    1

/* clang-format off */
static const struct name netlinks[] = {
	NAME(NETLINK_ROUTE, "routes, addresses, interfaces, neighbours; rtnetlink(7)"),
	NAME(NETLINK_SOCK_DIAG, "what ss(8) shows; sock_diag(7)"),
	NAME(NETLINK_GENERIC, "families that are named, not numbered"),
	NAME(NETLINK_NETFILTER, "the firewall"),
	NAME(NETLINK_KOBJECT_UEVENT, "devices that come and go"),
	NAME(NETLINK_AUDIT, "the audit log"),
	PLAIN(NETLINK_USERSOCK), PLAIN(NETLINK_XFRM), PLAIN(NETLINK_SELINUX), PLAIN(NETLINK_ISCSI),
	PLAIN(NETLINK_CONNECTOR), PLAIN(NETLINK_SCSITRANSPORT), PLAIN(NETLINK_RDMA), PLAIN(NETLINK_CRYPTO),
};
const struct name_table names_netlink = TABLE(netlinks, "netlink protocol");

static const struct name bluetooths[] = {
	NAME(BTPROTO_L2CAP, "messages between devices: the layer below the others"),
	NAME(BTPROTO_RFCOMM, "a stream, made for serial cables"),
	NAME(BTPROTO_SCO, "voice"),
	NAME(BTPROTO_HCI, "the adapter itself; needs privilege"),
	PLAIN(BTPROTO_BNEP), PLAIN(BTPROTO_HIDP), PLAIN(BTPROTO_ISO),
};
const struct name_table names_bluetooth = TABLE(bluetooths, "Bluetooth protocol");

static const struct name ethertypes[] = {
	NAME(ETH_P_ALL, "every frame"),
	NAME(ETH_P_IP, "IPv4"),
	NAME(ETH_P_ARP, "address resolution"),
	NAME(ETH_P_IPV6, "IPv6"),
	PLAIN(ETH_P_LOOP), PLAIN(ETH_P_RARP), PLAIN(ETH_P_8021Q), PLAIN(ETH_P_PPP_SES), PLAIN(ETH_P_LLDP),
};
const struct name_table names_ethertype = TABLE(ethertypes, "Ethernet protocol");

static const struct name pkttypes[] = {
	NAME(PACKET_HOST, "for this host"),
	NAME(PACKET_BROADCAST, "for all hosts"),
	NAME(PACKET_MULTICAST, "for a group"),
	NAME(PACKET_OTHERHOST, "for another host"),
	NAME(PACKET_OUTGOING, "it leaves this host"),
};
const struct name_table names_pkttype = TABLE(pkttypes, "kind of packet");

static const struct name netlink_opts[] = {
	NAME(NETLINK_ADD_MEMBERSHIP, "hear what is told to a group"),
	NAME(NETLINK_DROP_MEMBERSHIP, "leave a group"),
	NAME(NETLINK_PKTINFO, "receive the group that a message was for"),
	NAME(NETLINK_BROADCAST_ERROR, "say that messages were lost"),
	NAME(NETLINK_NO_ENOBUFS, "do not say that messages were lost"),
	NAME(NETLINK_CAP_ACK, "errors do not bring the request back"),
	NAME(NETLINK_EXT_ACK, "errors are explained"),
	NAME(NETLINK_GET_STRICT_CHK, "requests are checked, and what they ask for is kept to"),
	PLAIN(NETLINK_LISTEN_ALL_NSID), PLAIN(NETLINK_LIST_MEMBERSHIPS),
};
const struct name_table names_netlink_opt = TABLE(netlink_opts, "netlink option");

static const struct name packet_opts[] = {
	NAME(PACKET_ADD_MEMBERSHIP, "take frames for a group, or all (promiscuous mode)"),
	NAME(PACKET_DROP_MEMBERSHIP, "undo that"),
	NAME(PACKET_STATISTICS, "how many packets came, and how many were lost"),
	NAME(PACKET_AUXDATA, "receive what the hardware said of a frame"),
	NAME(PACKET_IGNORE_OUTGOING, "only what arrives"),
	PLAIN(PACKET_RX_RING), PLAIN(PACKET_TX_RING), PLAIN(PACKET_VERSION), PLAIN(PACKET_HDRLEN),
	PLAIN(PACKET_RESERVE), PLAIN(PACKET_LOSS), PLAIN(PACKET_VNET_HDR), PLAIN(PACKET_TIMESTAMP),
	PLAIN(PACKET_FANOUT), PLAIN(PACKET_QDISC_BYPASS), PLAIN(PACKET_ORIGDEV),
};
const struct name_table names_packet_opt = TABLE(packet_opts, "packet option");

static const struct name vsock_opts[] = {
	NAME(SO_VM_SOCKETS_BUFFER_SIZE, "bytes of the buffer"),
	NAME(SO_VM_SOCKETS_BUFFER_MIN_SIZE, "… at least"),
	NAME(SO_VM_SOCKETS_BUFFER_MAX_SIZE, "… at most"),
	PLAIN(SO_VM_SOCKETS_PEER_HOST_VM_ID), PLAIN(SO_VM_SOCKETS_TRUSTED),
	PLAIN(SO_VM_SOCKETS_CONNECT_TIMEOUT),
};
const struct name_table names_vsock_opt = TABLE(vsock_opts, "vsock option");

static const struct name udplite_opts[] = {
	NAME(UDPLITE_SEND_CSCOV, "bytes that the checksum covers, header included; 0: all"),
	NAME(UDPLITE_RECV_CSCOV, "bytes that must be covered, or the datagram is thrown away"),
};
const struct name_table names_udplite_opt = TABLE(udplite_opts, "UDP-Lite option");

static const struct name mptcp_opts[] = {
	NAME(MPTCP_INFO, "what the kernel knows about the connection; can be read only"),
	NAME(MPTCP_TCPINFO, "TCP_INFO of each subflow"),
	NAME(MPTCP_SUBFLOW_ADDRS, "the addresses of each subflow"),
	PLAIN(MPTCP_FULL_INFO),
};
const struct name_table names_mptcp_opt = TABLE(mptcp_opts, "MPTCP option");

static const struct name raw_opts[] = {
	NAME(ICMP_FILTER, "types of ICMP messages that are not wanted, a bit each"),
};
const struct name_table names_raw_opt = TABLE(raw_opts, "option of raw sockets");

/* ---- messages of netlink ---- */

static const struct name nlmsgs[] = {
	NAME(NLMSG_NOOP, "nothing"),
	NAME(NLMSG_ERROR, "an error, or with 0 the acknowledgement"),
	NAME(NLMSG_DONE, "the end of a dump"),
	NAME(NLMSG_OVERRUN, "data lost"),
	NAME(RTM_NEWLINK, "an interface"), NAME(RTM_DELLINK, "an interface has gone"),
	NAME(RTM_GETLINK, "asks for interfaces"), NAME(RTM_SETLINK, "changes an interface"),
	NAME(RTM_NEWADDR, "an address"), NAME(RTM_DELADDR, "an address has gone"),
	NAME(RTM_GETADDR, "asks for addresses"),
	NAME(RTM_NEWROUTE, "a route"), NAME(RTM_DELROUTE, "a route has gone"),
	NAME(RTM_GETROUTE, "asks for routes"),
	NAME(RTM_NEWNEIGH, "a neighbour"), NAME(RTM_DELNEIGH, "a neighbour has gone"),
	NAME(RTM_GETNEIGH, "asks for neighbours"),
	NAME(RTM_NEWRULE, "a rule"), NAME(RTM_DELRULE, "a rule has gone"), NAME(RTM_GETRULE, "asks for rules"),
	PLAIN(RTM_NEWQDISC), PLAIN(RTM_DELQDISC), PLAIN(RTM_GETQDISC),
};
const struct name_table names_nlmsg = TABLE(nlmsgs, "netlink message");

/* Of requests that ask: those that change something use the same bits for something else. */
static const struct name nlm_flags[] = {
	NAME(NLM_F_REQUEST, "a request"),
	NAME(NLM_F_MULTI, "one of several, up to NLMSG_DONE"),
	NAME(NLM_F_ACK, "an acknowledgement is wanted"),
	NAME(NLM_F_ECHO, "the result is wanted back"),
	NAME(NLM_F_DUMP_INTR, "the table changed while it was read"),
	NAME(NLM_F_DUMP_FILTERED, "only what was asked for"),
	NAME(NLM_F_DUMP, "all there is"),
	NAME(NLM_F_ROOT, "the whole table"),
	NAME(NLM_F_MATCH, "all that match"),
	NAME(NLM_F_ATOMIC, "all at one instant"),
};
const struct name_table names_nlm_flag = TABLE(nlm_flags, "netlink flag");

static const struct name nlm_new_flags[] = {
	NAME(NLM_F_REQUEST, "a request"),
	NAME(NLM_F_MULTI, "one of several, up to NLMSG_DONE"),
	NAME(NLM_F_ACK, "an acknowledgement is wanted"),
	NAME(NLM_F_ECHO, "the result is wanted back"),
	PLAIN(NLM_F_DUMP_INTR), PLAIN(NLM_F_DUMP_FILTERED),
	NAME(NLM_F_REPLACE, "what there is is replaced"),
	NAME(NLM_F_EXCL, "not if it is there"),
	NAME(NLM_F_CREATE, "it is made"),
	NAME(NLM_F_APPEND, "at the end of the list"),
};
const struct name_table names_nlm_new_flag = TABLE(nlm_new_flags, "netlink flag");
/* clang-format on */
