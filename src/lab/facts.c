#include "src/lab/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "src/core/str.h"

/* The first bytes of a small file as text; false if it cannot be read. */
static bool read_text(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, cap - 1);

	if (fd >= 0)
		close(fd);
	buf[got > 0 ? got : 0] = '\0';
	return got >= 0;
}

static long read_number(const char *path)
{
	char text[32];

	return read_text(path, text, sizeof(text)) ? strtol(text, NULL, 10) : FACT_UNKNOWN;
}

/* The value of "Name:\tvalue" in a text like /proc/self/status. */
static uint64_t status_value(const char *text, const char *name, int base)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

static void read_status(struct facts *f)
{
	char text[4096];

	if (!read_text("/proc/self/status", text, sizeof(text)))
		return;
	f->caps = status_value(text, "\nCapEff:", 16);
	f->threads = (long)status_value(text, "\nThreads:", 10);
	f->seccomp = status_value(text, "\nSeccomp:", 10) != 0;
	f->no_new_privs = status_value(text, "\nNoNewPrivs:", 10) != 0;
	f->admin = (f->caps >> CAP_SYS_ADMIN & 1) && (f->caps >> CAP_NET_ADMIN & 1);
}

/* Signs that container engines leave.  A word in the file's text, or the file's being there. */
static const struct sign {
	const char *path, *word, *engine;
} signs[] = {
	{ "/.dockerenv", NULL, "docker" },
	{ "/run/.containerenv", NULL, "podman" },
	{ "/proc/self/cgroup", "kubepods", "kubernetes" },
	{ "/proc/self/cgroup", "docker", "docker" },
	{ "/proc/self/cgroup", "/lxc", "lxc" },
	{ "/run/systemd/container", "docker", "docker" },
	{ "/run/systemd/container", "podman", "podman" },
	{ "/run/systemd/container", "lxc", "lxc" },
	{ "/run/systemd/container", "nspawn", "systemd-nspawn" },
};

static void find_container(struct facts *f)
{
	char text[2048];

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!read_text(signs[i].path, text, sizeof(text)))
			continue;
		if (signs[i].word && !strstr(text, signs[i].word))
			continue;
		str_copy(f->container, sizeof(f->container), signs[i].engine);
		return;
	}
}

void facts_read(struct facts *f)
{
	struct utsname name;

	*f = (struct facts){ .uid = geteuid() };
	f->max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
	f->max_net_namespaces = read_number("/proc/sys/user/max_net_namespaces");
	f->userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
	f->apparmor_userns = read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	read_status(f);
	find_container(f);
	if (!uname(&name))
		str_copy(f->kernel, sizeof(f->kernel), name.release);
}

const char *facts_userns_hint(const struct facts *f, int errnum)
{
	if (errnum == ENOSPC && f->max_user_namespaces == 0)
		return "user.max_user_namespaces is 0: "
		       "sudo sysctl user.max_user_namespaces=15000, or run with sudo";
	if (errnum == ENOSPC || errnum == EUSERS)
		return "the limit of user namespaces is reached "
		       "(user.max_user_namespaces, or 32 inside each other)";
	if (errnum == EINVAL && f->threads > 1)
		return "this process has threads already: a lab must be built before they start";
	if (errnum == EINVAL)
		return "this kernel has no user namespaces (CONFIG_USER_NS): run with sudo";
	if (f->userns_clone == 0)
		return "kernel.unprivileged_userns_clone is 0: "
		       "sudo sysctl kernel.unprivileged_userns_clone=1, or run with sudo";
	if (f->container[0])
		return "this is a container: start it with --security-opt seccomp=unconfined "
		       "--security-opt systempaths=unconfined, or with --privileged";
	if (f->apparmor_userns == 1)
		return "kernel.apparmor_restrict_unprivileged_userns is 1: "
		       "allow userns in an AppArmor profile for socklens, or run with sudo";
	if (f->seccomp)
		return "a system call filter is in force on this process: "
		       "start it outside of its sandbox, or run with sudo";
	return "run with sudo; in a chroot, leave it";
}
