#include "src/lab/owner.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An id of the environment: a plain decimal number, and not root's. */
static bool id_in(const char *name, uint32_t *id)
{
	const char *text = getenv(name);
	unsigned long long value;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	value = strtoull(text, &end, 10);
	if (*end || value == 0 || value >= UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

static bool is_mapped(const char *map, uint32_t id)
{
	FILE *f = fopen(map, "re");
	unsigned long inside, outside, count;
	bool mapped = false;

	while (f && fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
		mapped |= id >= inside && id - inside < count;
	if (f)
		fclose(f);
	return mapped;
}

/* A user whom nobody knows by name has the one group. */
static void find_groups(struct owner *o)
{
	const struct passwd *user = getpwuid(o->uid);
	int count = OWNER_GROUPS;

	o->group[0] = o->gid;
	o->groups = 1;
	if (user && getgrouplist(user->pw_name, o->gid, o->group, &count) > 0)
		o->groups = (size_t)count;
	else if (user && count > OWNER_GROUPS)
		o->groups = OWNER_GROUPS; /* as many as there is room for */
}

void owner_find(struct owner *o)
{
	uint32_t uid, gid;

	memset(o, 0, sizeof(*o));
	o->uid = geteuid();
	o->gid = getegid();
	if (o->uid != 0 || !id_in("SUDO_UID", &uid) || !id_in("SUDO_GID", &gid) ||
	    !is_mapped("/proc/self/uid_map", uid) || !is_mapped("/proc/self/gid_map", gid))
		return;
	o->other = true;
	o->uid = uid;
	o->gid = gid;
	find_groups(o);
}

/* System calls of our own: those of glibc would change the ids of all threads, of which fork() left none. */
int owner_become(const struct owner *o)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* Before Linux 4.3 this fails, and there are none to clear. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_setgroups, o->groups, o->group) ||
	    syscall(SYS_setresgid, o->gid, o->gid, o->gid) ||
	    syscall(SYS_setresuid, o->uid, o->uid, o->uid))
		return -1;
	return (int)syscall(SYS_capset, &head, none);
}
