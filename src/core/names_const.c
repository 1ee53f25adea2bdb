/* Constants of calls: families, types, flags, signals. */
#include "src/core/names_table.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

/* Newer than the C libraries of some systems that we build on. */
#ifndef AF_MCTP
#define AF_MCTP 45
#endif
#ifndef IPPROTO_L2TP
#define IPPROTO_L2TP 115
#endif
#ifndef IPPROTO_ETHERNET
#define IPPROTO_ETHERNET 143
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

/* clang-format off */
static const struct name families[] = {
	NAME(AF_UNSPEC, "no family; connect() with it undoes a connection of a datagram socket"),
	NAME(AF_UNIX, "sockets of one machine, named by paths; unix(7)"),
	NAME(AF_LOCAL, "another name of AF_UNIX"),
	NAME(AF_INET, "IPv4; ip(7)"),
	NAME(AF_INET6, "IPv6; ipv6(7)"),
	NAME(AF_NETLINK, "messages to and from the kernel; netlink(7)"),
	NAME(AF_PACKET, "whole frames of an interface; packet(7)"),
	NAME(AF_VSOCK, "between a virtual machine and its host; vsock(7)"),
	NAME(AF_BLUETOOTH, "between devices near each other: RFCOMM, L2CAP"),
	PLAIN(AF_AX25), PLAIN(AF_IPX), PLAIN(AF_APPLETALK), PLAIN(AF_NETROM), PLAIN(AF_BRIDGE), PLAIN(AF_ATMPVC),
	PLAIN(AF_X25), PLAIN(AF_ROSE), PLAIN(AF_DECnet), PLAIN(AF_NETBEUI), PLAIN(AF_SECURITY), PLAIN(AF_KEY),
	PLAIN(AF_ASH), PLAIN(AF_ECONET), PLAIN(AF_ATMSVC), PLAIN(AF_RDS), PLAIN(AF_SNA), PLAIN(AF_IRDA),
	PLAIN(AF_PPPOX), PLAIN(AF_WANPIPE), PLAIN(AF_LLC), PLAIN(AF_IB), PLAIN(AF_MPLS), PLAIN(AF_CAN),
	PLAIN(AF_TIPC), PLAIN(AF_IUCV), PLAIN(AF_RXRPC), PLAIN(AF_ISDN), PLAIN(AF_PHONET),
	PLAIN(AF_IEEE802154), PLAIN(AF_CAIF), PLAIN(AF_ALG), PLAIN(AF_NFC), PLAIN(AF_KCM), PLAIN(AF_QIPCRTR),
	PLAIN(AF_SMC), PLAIN(AF_XDP), PLAIN(AF_MCTP),
};
const struct name_table names_family = TABLE(families, "address family");

static const struct name socktypes[] = {
	NAME(SOCK_STREAM, "a stream of bytes, in order, without boundaries: TCP"),
	NAME(SOCK_DGRAM, "single messages, each on its own: UDP"),
	NAME(SOCK_RAW, "below the transport protocols; needs privilege"),
	NAME(SOCK_RDM, "messages that arrive, perhaps not in order"),
	NAME(SOCK_SEQPACKET, "messages with boundaries, in order, on a connection"),
	NAME(SOCK_DCCP, "datagrams with congestion control"),
	NAME(SOCK_PACKET, "obsolete: AF_PACKET replaced it"),
};
const struct name_table names_socktype = TABLE(socktypes, "socket type");

static const struct name sockflags[] = {
	NAME(SOCK_NONBLOCK, "calls that would have to wait fail with EAGAIN instead"),
	NAME(SOCK_CLOEXEC, "closed when the program executes another"),
};
const struct name_table names_sockflag = TABLE(sockflags, "socket flag");

static const struct name protocols[] = {
	NAME(IPPROTO_IP, "0: the default protocol of the socket's type"),
	NAME(IPPROTO_ICMP, "error and control messages of IPv4"),
	NAME(IPPROTO_IGMP, "membership of multicast groups"),
	NAME(IPPROTO_IPIP, "IPv4 inside IP"),
	NAME(IPPROTO_TCP, "reliable stream"),
	PLAIN(IPPROTO_EGP), PLAIN(IPPROTO_PUP),
	NAME(IPPROTO_UDP, "datagrams"),
	PLAIN(IPPROTO_IDP), PLAIN(IPPROTO_TP),
	NAME(IPPROTO_DCCP, "datagrams with congestion control"),
	NAME(IPPROTO_IPV6, "IPv6 inside IP"),
	NAME(IPPROTO_ROUTING, "IPv6 routing header"),
	NAME(IPPROTO_FRAGMENT, "IPv6 fragment header"),
	PLAIN(IPPROTO_RSVP),
	NAME(IPPROTO_GRE, "a tunnel"),
	NAME(IPPROTO_ESP, "IPsec, encrypted"),
	NAME(IPPROTO_AH, "IPsec, authenticated"),
	NAME(IPPROTO_ICMPV6, "error and control messages of IPv6"),
	NAME(IPPROTO_NONE, "IPv6: no next header"),
	NAME(IPPROTO_DSTOPTS, "IPv6 destination options"),
	PLAIN(IPPROTO_MTP), PLAIN(IPPROTO_BEETPH), PLAIN(IPPROTO_ENCAP),
	NAME(IPPROTO_PIM, "multicast routing"),
	PLAIN(IPPROTO_COMP),
	NAME(IPPROTO_L2TP, "a tunnel"),
	NAME(IPPROTO_SCTP, "messages in several streams"),
	NAME(IPPROTO_MH, "IPv6 mobility header"),
	NAME(IPPROTO_UDPLITE, "UDP with a partial checksum"),
	PLAIN(IPPROTO_MPLS), PLAIN(IPPROTO_ETHERNET),
	NAME(IPPROTO_RAW, "IP packets with a header of the program's own"),
	PLAIN(IPPROTO_SMC),
	NAME(IPPROTO_MPTCP, "TCP over several paths"),
};
const struct name_table names_protocol = TABLE(protocols, "protocol");

static const struct name levels[] = {
	NAME(SOL_SOCKET, "options of every socket; socket(7)"),
	NAME(IPPROTO_IP, "options of IPv4; ip(7)"),
	NAME(IPPROTO_TCP, "options of TCP; tcp(7)"),
	NAME(IPPROTO_UDP, "options of UDP; udp(7)"),
	NAME(IPPROTO_IPV6, "options of IPv6; ipv6(7)"),
	NAME(IPPROTO_ICMPV6, "options of ICMPv6"),
	PLAIN(IPPROTO_ICMP), PLAIN(IPPROTO_SCTP), PLAIN(IPPROTO_DCCP), PLAIN(IPPROTO_UDPLITE),
	PLAIN(IPPROTO_RAW),
	PLAIN(SOL_PACKET), PLAIN(SOL_NETLINK), PLAIN(SOL_TLS), PLAIN(SOL_MPTCP), PLAIN(SOL_XDP),
	PLAIN(SOL_TIPC), PLAIN(SOL_RDS), PLAIN(SOL_ALG), PLAIN(SOL_KCM),
	{ IPPROTO_IP, "SOL_IP", NULL }, { IPPROTO_TCP, "SOL_TCP", NULL }, { IPPROTO_UDP, "SOL_UDP", NULL },
	{ IPPROTO_IPV6, "SOL_IPV6", NULL }, { IPPROTO_ICMPV6, "SOL_ICMPV6", NULL },
	{ IPPROTO_RAW, "SOL_RAW", NULL }, { IPPROTO_UDPLITE, "SOL_UDPLITE", NULL },
	{ AF_VSOCK, "AF_VSOCK", "options of vsock; vsock(7)" },
};
const struct name_table names_level = TABLE(levels, "option level");

static const struct name msgs[] = {
	NAME(MSG_OOB, "urgent data"),
	NAME(MSG_PEEK, "look at the data and leave it in the queue"),
	NAME(MSG_DONTROUTE, "only to hosts on the same network"),
	NAME(MSG_CTRUNC, "some control data did not fit"),
	NAME(MSG_PROXY, "supply or ask for a second address"),
	NAME(MSG_TRUNC, "the datagram was longer than the buffer; given: return its real length"),
	NAME(MSG_DONTWAIT, "do not block, whatever the socket's mode"),
	NAME(MSG_EOR, "ends a record"),
	NAME(MSG_WAITALL, "wait until the buffer is full"),
	PLAIN(MSG_FIN), PLAIN(MSG_SYN),
	NAME(MSG_CONFIRM, "the peer is alive: do not ask ARP again"),
	PLAIN(MSG_RST),
	NAME(MSG_ERRQUEUE, "take an error from the socket's error queue"),
	NAME(MSG_NOSIGNAL, "no SIGPIPE, only EPIPE"),
	NAME(MSG_MORE, "more follows: do not send a part-filled segment yet"),
	NAME(MSG_WAITFORONE, "block only for the first message"),
	NAME(MSG_BATCH, "more messages follow"),
	NAME(MSG_ZEROCOPY, "send from the program's memory without a copy"),
	NAME(MSG_FASTOPEN, "data goes with the SYN"),
	NAME(MSG_CMSG_CLOEXEC, "received descriptors are closed on exec"),
};
const struct name_table names_msg = TABLE(msgs, "message flag");

static const struct name shuts[] = {
	NAME(SHUT_RD, "nothing will be received any more"),
	NAME(SHUT_WR, "nothing will be sent any more: TCP sends its FIN"),
	NAME(SHUT_RDWR, "both"),
};
const struct name_table names_shut = TABLE(shuts, "direction of shutdown");

static const struct name fcntls[] = {
	NAME(F_DUPFD, "a copy of the descriptor"),
	NAME(F_GETFD, "read the descriptor's flags"),
	NAME(F_SETFD, "set the descriptor's flags"),
	NAME(F_GETFL, "read the file's flags"),
	NAME(F_SETFL, "set the file's flags, for example O_NONBLOCK"),
	PLAIN(F_GETLK), PLAIN(F_SETLK), PLAIN(F_SETLKW),
	NAME(F_SETOWN, "who receives SIGIO and SIGURG"),
	NAME(F_GETOWN, "read who receives SIGIO and SIGURG"),
	NAME(F_SETSIG, "the signal to send instead of SIGIO"),
	NAME(F_GETSIG, "read the signal that is sent instead of SIGIO"),
	PLAIN(F_SETOWN_EX), PLAIN(F_GETOWN_EX), PLAIN(F_OFD_GETLK), PLAIN(F_OFD_SETLK), PLAIN(F_OFD_SETLKW),
	PLAIN(F_SETLEASE), PLAIN(F_GETLEASE), PLAIN(F_NOTIFY),
	NAME(F_DUPFD_CLOEXEC, "a copy that is closed on exec"),
	PLAIN(F_SETPIPE_SZ), PLAIN(F_GETPIPE_SZ), PLAIN(F_ADD_SEALS), PLAIN(F_GET_SEALS),
};
const struct name_table names_fcntl = TABLE(fcntls, "fcntl command");

static const struct name fileflags[] = {
	NAME(O_NONBLOCK, "calls that would have to wait fail with EAGAIN instead"),
	{ O_NONBLOCK, "O_NDELAY", "another name of O_NONBLOCK" },
	NAME(O_RDWR, "for reading and writing"),
	NAME(O_WRONLY, "for writing"),
	NAME(O_RDONLY, "for reading"),
	NAME(O_APPEND, "each write goes to the end"),
	NAME(O_ASYNC, "a signal when something arrives"),
	PLAIN(O_CREAT), PLAIN(O_EXCL), PLAIN(O_NOCTTY), PLAIN(O_TRUNC), PLAIN(O_SYNC), PLAIN(O_DSYNC),
	PLAIN(O_DIRECT), PLAIN(O_DIRECTORY), PLAIN(O_NOFOLLOW), PLAIN(O_NOATIME), PLAIN(O_CLOEXEC), PLAIN(O_PATH),
};
const struct name_table names_fileflag = TABLE(fileflags, "file flag");

static const struct name polls[] = {
	NAME(POLLIN, "something can be read, or a connection waits, or the stream has ended"),
	NAME(POLLPRI, "urgent data"),
	NAME(POLLOUT, "something can be written; of a connecting socket: it is decided"),
	NAME(POLLERR, "an error waits: read SO_ERROR"),
	NAME(POLLHUP, "both directions are ended"),
	NAME(POLLNVAL, "this number is no open descriptor"),
	NAME(POLLRDNORM, "the same as POLLIN"),
	PLAIN(POLLRDBAND),
	NAME(POLLWRNORM, "the same as POLLOUT"),
	PLAIN(POLLWRBAND), PLAIN(POLLMSG), PLAIN(POLLREMOVE),
	NAME(POLLRDHUP, "the other side will send nothing more"),
};
const struct name_table names_poll = TABLE(polls, "poll event");

static const struct name signals[] = {
	NAME(SIGHUP, "the terminal is gone"),
	NAME(SIGINT, "Ctrl-C"),
	NAME(SIGQUIT, "Ctrl-\\"),
	NAME(SIGILL, "an instruction that does not exist"),
	NAME(SIGTRAP, "a debugger's stop"),
	NAME(SIGABRT, "the program gave up: abort(3)"),
	PLAIN(SIGIOT),
	NAME(SIGBUS, "a broken memory access"),
	NAME(SIGFPE, "a division by zero or the like"),
	NAME(SIGKILL, "killed; it cannot be caught"),
	PLAIN(SIGUSR1),
	NAME(SIGSEGV, "memory that is not the program's"),
	PLAIN(SIGUSR2),
	NAME(SIGPIPE, "it wrote to a connection that takes nothing any more"),
	NAME(SIGALRM, "a timer ran out"),
	NAME(SIGTERM, "asked to end"),
	PLAIN(SIGSTKFLT),
	NAME(SIGCHLD, "a child ended"),
	NAME(SIGCONT, "go on after a stop"),
	NAME(SIGSTOP, "stopped; it cannot be caught"),
	NAME(SIGTSTP, "Ctrl-Z"),
	NAME(SIGTTIN, "a background program wants to read from the terminal"),
	NAME(SIGTTOU, "a background program wants to write to the terminal"),
	NAME(SIGURG, "urgent data arrived"),
	NAME(SIGXCPU, "out of processor time"),
	NAME(SIGXFSZ, "the file would become too large"),
	PLAIN(SIGVTALRM), PLAIN(SIGPROF),
	NAME(SIGWINCH, "the terminal has another size"),
	NAME(SIGIO, "something can be read or written"),
	PLAIN(SIGPOLL), PLAIN(SIGPWR),
	NAME(SIGSYS, "a system call that is forbidden"),
};
const struct name_table names_signal = TABLE(signals, "signal");
/* clang-format on */
