/* Constants of epoll, ioctl() and splice(), and of control messages. */
#include "src/core/names_table.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Newer than the C libraries of some systems that we build on. */
#ifndef EPOLL_URING_WAKE
#define EPOLL_URING_WAKE (1u << 27)
#endif
#ifndef SCM_SECURITY
#define SCM_SECURITY 3
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

/* clang-format off */
static const struct name epolls[] = {
	NAME(EPOLLIN, "something can be read, or a connection waits, or the stream has ended"),
	NAME(EPOLLPRI, "urgent data"),
	NAME(EPOLLOUT, "something can be written; of a connecting socket: it is decided"),
	NAME(EPOLLERR, "an error waits: read SO_ERROR"),
	NAME(EPOLLHUP, "both directions are ended"),
	NAME(EPOLLRDNORM, "the same as EPOLLIN"),
	PLAIN(EPOLLRDBAND),
	NAME(EPOLLWRNORM, "the same as EPOLLOUT"),
	PLAIN(EPOLLWRBAND), PLAIN(EPOLLMSG),
	NAME(EPOLLRDHUP, "the other side will send nothing more"),
	NAME(EPOLLEXCLUSIVE, "wakes one of those that wait, not all"),
	NAME(EPOLLWAKEUP, "keeps the machine awake meanwhile"),
	NAME(EPOLLONESHOT, "once, then it is silent until it is set again"),
	{ EPOLLET, "EPOLLET", "edge-triggered: told only when something new comes" },
	PLAIN(EPOLL_URING_WAKE),
};
const struct name_table names_epoll = TABLE(epolls, "epoll event");

static const struct name epoll_ops[] = {
	NAME(EPOLL_CTL_ADD, "put on the list"),
	NAME(EPOLL_CTL_MOD, "watch for something else"),
	NAME(EPOLL_CTL_DEL, "take off the list"),
};
const struct name_table names_epoll_op = TABLE(epoll_ops, "epoll operation");

static const struct name epoll_flags[] = {
	NAME(EPOLL_CLOEXEC, "closed when the program executes another"),
};
const struct name_table names_epoll_flag = TABLE(epoll_flags, "epoll flag");

static const struct name splices[] = {
	NAME(SPLICE_F_MOVE, "move pages instead of copying them"),
	NAME(SPLICE_F_NONBLOCK, "do not wait for the pipe"),
	NAME(SPLICE_F_MORE, "more follows: do not send a part-filled segment yet"),
	PLAIN(SPLICE_F_GIFT),
};
const struct name_table names_splice = TABLE(splices, "splice flag");

static const struct name ioctls[] = {
	NAME(FIONREAD, "how many bytes wait to be read"),
	{ SIOCINQ, "SIOCINQ", "the same as FIONREAD" },
	NAME(SIOCOUTQ, "how many bytes the other side has not acknowledged yet"),
	NAME(SIOCOUTQNSD, "how many bytes are not sent yet"),
	NAME(SIOCATMARK, "whether the next byte is the urgent one"),
	NAME(FIONBIO, "whether calls that would have to wait fail with EAGAIN instead"),
	NAME(FIOASYNC, "a signal when something arrives"),
	NAME(FIOCLEX, "closed when the program executes another"),
	NAME(FIONCLEX, "not closed when the program executes another"),
	NAME(FIOSETOWN, "who receives SIGIO and SIGURG"),
	NAME(SIOCSPGRP, "who receives SIGIO and SIGURG"),
	NAME(FIOGETOWN, "read who receives SIGIO and SIGURG"),
	NAME(SIOCGPGRP, "read who receives SIGIO and SIGURG"),
	NAME(SIOCGIFNAME, "the name of the interface of a number"),
	NAME(SIOCGIFINDEX, "the number of an interface"),
	NAME(SIOCGIFFLAGS, "whether an interface is up, and more"),
	NAME(SIOCGIFADDR, "an interface's IPv4 address"),
	NAME(SIOCGIFDSTADDR, "the address at the other end of an interface"),
	NAME(SIOCGIFBRDADDR, "an interface's broadcast address"),
	NAME(SIOCGIFNETMASK, "an interface's netmask"),
	NAME(SIOCGIFMETRIC, "an interface's metric"),
	NAME(SIOCGIFMTU, "the largest packet that an interface takes"),
	NAME(SIOCGIFHWADDR, "an interface's hardware address"),
	NAME(SIOCGIFTXQLEN, "how many packets wait at most in front of an interface"),
	NAME(SIOCGIFCONF, "all interfaces and their IPv4 addresses"),
	PLAIN(SIOCGIFMAP), PLAIN(SIOCGIFMEM), PLAIN(SIOCGIFENCAP), PLAIN(SIOCGIFSLAVE), PLAIN(SIOCGIFPFLAGS),
	PLAIN(SIOCGIFCOUNT), PLAIN(SIOCGIFBR), PLAIN(SIOCGIFVLAN), PLAIN(SIOCSIFLINK), PLAIN(SIOCSIFFLAGS),
	PLAIN(SIOCSIFADDR), PLAIN(SIOCSIFDSTADDR), PLAIN(SIOCSIFBRDADDR), PLAIN(SIOCSIFNETMASK),
	PLAIN(SIOCSIFMETRIC), PLAIN(SIOCSIFMEM), PLAIN(SIOCSIFMTU), PLAIN(SIOCSIFNAME), PLAIN(SIOCSIFHWADDR),
	PLAIN(SIOCSIFENCAP), PLAIN(SIOCSIFSLAVE), PLAIN(SIOCSIFTXQLEN), PLAIN(SIOCSIFPFLAGS),
	PLAIN(SIOCSIFHWBROADCAST), PLAIN(SIOCSIFBR), PLAIN(SIOCSIFVLAN), PLAIN(SIOCSIFMAP), PLAIN(SIOCDIFADDR),
	PLAIN(SIOCADDMULTI), PLAIN(SIOCDELMULTI), PLAIN(SIOCADDRT), PLAIN(SIOCDELRT), PLAIN(SIOCRTMSG),
	PLAIN(SIOCDARP), PLAIN(SIOCGARP), PLAIN(SIOCSARP), PLAIN(SIOCDRARP), PLAIN(SIOCGRARP), PLAIN(SIOCSRARP),
	PLAIN(SIOCADDDLCI), PLAIN(SIOCDELDLCI), PLAIN(SIOCETHTOOL), PLAIN(SIOCGMIIPHY), PLAIN(SIOCGMIIREG),
	PLAIN(SIOCSMIIREG), PLAIN(SIOCWANDEV), PLAIN(SIOCBONDENSLAVE), PLAIN(SIOCBONDRELEASE),
	PLAIN(SIOCBRADDBR), PLAIN(SIOCBRDELBR), PLAIN(SIOCBRADDIF), PLAIN(SIOCBRDELIF), PLAIN(SIOCSHWTSTAMP),
	PLAIN(SIOCGHWTSTAMP),
	NAME(TCGETS, "a terminal's settings: how isatty() asks"),
	NAME(TIOCGWINSZ, "a terminal's size"),
};
const struct name_table names_ioctl = TABLE(ioctls, "ioctl request");

static const struct name ifflags[] = {
	PLAIN(IFF_UP), PLAIN(IFF_BROADCAST), PLAIN(IFF_DEBUG), PLAIN(IFF_LOOPBACK), PLAIN(IFF_POINTOPOINT),
	PLAIN(IFF_NOTRAILERS), PLAIN(IFF_RUNNING), PLAIN(IFF_NOARP), PLAIN(IFF_PROMISC), PLAIN(IFF_ALLMULTI),
	PLAIN(IFF_MASTER), PLAIN(IFF_SLAVE), PLAIN(IFF_MULTICAST), PLAIN(IFF_PORTSEL), PLAIN(IFF_AUTOMEDIA),
	PLAIN(IFF_DYNAMIC),
};
const struct name_table names_ifflag = TABLE(ifflags, "interface flag");

/* Types that have a name of their own; the others are called as the option that asks for them. */
static const struct name scms[] = {
	NAME(SCM_RIGHTS, "descriptors: the receiver gets its own numbers for the same sockets and files"),
	NAME(SCM_CREDENTIALS, "who sent it: process, user and group"),
	NAME(SCM_SECURITY, "the sender's security label"),
	NAME(SCM_PIDFD, "a descriptor of the sending process"),
};
const struct name_table names_scm = TABLE(scms, "control message");
/* clang-format on */
