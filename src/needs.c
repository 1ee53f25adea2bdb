#include "src/needs.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "src/lab/traceable.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

const struct need needs[] = {
	{ "ipv6", "IPv6 sockets", AF_INET6, SOCK_STREAM, 0, NULL },
	{ "unix", "Unix sockets", AF_UNIX, SOCK_STREAM, 0, NULL },
	{ "vsock", "sockets between virtual machines", AF_VSOCK, SOCK_STREAM, 0, NULL },
	{ "mptcp", "Multipath TCP", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, NULL },
	{ "udplite", "UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, NULL },
	{ "sctp", "SCTP", AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL },
	{ "ptrace", "calls of programs of yours", 0, 0, 0, traceable },
};
const size_t needs_count = sizeof(needs) / sizeof(needs[0]);

/* "6.5" as 6005; 0: no version. */
static long version_of(const char *text)
{
	char *end;
	long major = strtol(text, &end, 10), minor = 0;

	if (end == text || major < 1 || major > 999)
		return 0;
	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	return major * 1000 + (minor >= 0 && minor < 1000 ? minor : 999);
}

static const char *version_text(const char *need)
{
	return strncmp(need, "linux ", 6) ? NULL : need + 6;
}

static const struct need *find(const char *text)
{
	for (size_t i = 0; i < needs_count; i++)
		if (!strcmp(needs[i].name, text))
			return &needs[i];
	return NULL;
}

bool need_known(const char *text)
{
	const char *version = version_text(text);

	if (version)
		return version_of(version) && strspn(version, "0123456789.") == strlen(version);
	return find(text);
}

static bool version_met(const char *version, struct str *why)
{
	struct utsname u;

	if (uname(&u) == 0 && version_of(u.release) >= version_of(version))
		return true;
	str_addf(why, "it needs Linux %s or later; this is %s", version, u.release);
	return false;
}

static bool probe_met(const struct need *n, struct str *why)
{
	struct err e = { .code = 0 };

	if (!n->probe(&e))
		return true;
	str_addf(why, "it needs %s, and ", n->help);
	err_text(&e, why);
	return false;
}

bool need_met(const char *text, struct str *why)
{
	const char *version = version_text(text);
	const struct need *n = find(text);
	char reason[128];
	int fd;

	if (version)
		return version_met(version, why);
	if (!n)
		return false;
	if (n->probe)
		return probe_met(n, why);
	fd = socket(n->family, n->type | SOCK_CLOEXEC, n->protocol);
	if (fd >= 0) {
		close(fd);
		return true;
	}
	str_addf(why, "it needs %s, and this kernel has none: %s", n->help,
		 strerror_r(errno, reason, sizeof(reason)));
	return false;
}
