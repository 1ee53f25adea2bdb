#include "src/lab/key.h"

#include <asm/socket.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define COOKIE_OF_INODE (UINT64_C(1) << 63) /* beyond all that the kernel counts to */

/* What does not fit into the key is not known to it. */
static uint16_t small_option(int fd, int name, int most)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, name, &value, &len) || value < 0 || value > most)
		return 0;
	return (uint16_t)value;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) ? 0 : cookie;
}

static struct addr address_of(int fd, typeof(getsockname) *ask)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (ask(fd, (struct sockaddr *)&ss, &len))
		return (struct addr){ .len = 0 };
	return addr_of((struct sockaddr *)&ss, len);
}

struct sock_key key_of_fd(int fd)
{
	struct sock_key key = { .cookie = 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISSOCK(st.st_mode))
		return key;
	key.cookie = cookie_of(fd);
	key.inode = (uint32_t)st.st_ino;
	key.family = (uint8_t)small_option(fd, SO_DOMAIN, UINT8_MAX);
	key.type = (uint8_t)small_option(fd, SO_TYPE, UINT8_MAX);
	key.protocol = small_option(fd, SO_PROTOCOL, UINT16_MAX);
	/* One that accept() gave has its listener's cookie: the kernel copies it.  No table has either. */
	if (key.protocol == IPPROTO_MPTCP)
		key.cookie = COOKIE_OF_INODE | key.inode;
	key.local = address_of(fd, getsockname);
	key.remote = address_of(fd, getpeername);
	return key;
}
