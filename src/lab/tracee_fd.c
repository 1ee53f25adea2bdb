/*
 * What is behind the descriptors of a process.  It is looked at once, when the descriptor is first used, and
 * kept until something may have changed it: whatever closes or replaces a descriptor stops the program, and
 * nothing else can give an open one another meaning.  So opening need not stop: a number that was looked at while
 * nothing was open there is looked at again.
 *
 * Where threads share a table, one can use a number while the other's close(2) of it is under way; until that
 * has returned nothing is kept.
 *
 * A socket's key costs a copy of its descriptor, pidfd_getfd(2), which is closed at once; its addresses are read
 * again after what may change them, and while it has none.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "src/core/str.h"
#include "src/lab/key.h"

#define KEPT 65536 /* descriptors of a table that are; higher ones are looked at each time */

struct files *files_new(void)
{
	struct files *f = calloc(1, sizeof(*f));

	if (!f)
		_exit(EX_OSERR);
	f->users = 1;
	return f;
}

struct files *files_share(struct files *f)
{
	f->users++;
	return f;
}

static void forget(struct descriptor *d)
{
	free(d->key);
	*d = (struct descriptor){ .is = BEHIND_UNKNOWN };
}

void files_flush(struct files *f)
{
	for (size_t i = 0; i < f->count; i++)
		forget(&f->at[i]);
}

void files_release(struct files *f)
{
	if (!f || --f->users)
		return;
	files_flush(f);
	free(f->at);
	free(f);
}

void files_forget(struct files *f, int64_t fd)
{
	if (fd >= 0 && (size_t)fd < f->count)
		forget(&f->at[fd]);
}

/* Its place in the table; NULL if it cannot have one. */
static struct descriptor *place(struct files *f, int64_t fd)
{
	size_t count = f->count ? f->count : 64;
	struct descriptor *more;

	if (fd < 0 || fd >= KEPT)
		return NULL;
	if ((size_t)fd < f->count)
		return &f->at[fd];
	while (count <= (size_t)fd)
		count *= 2;
	more = realloc(f->at, count * sizeof(*more));
	if (!more)
		return NULL;
	memset(more + f->count, 0, (count - f->count) * sizeof(*more));
	f->at = more;
	f->count = count;
	return &f->at[fd];
}

/* ---- looking ---- */

static struct str fd_path(char *buf, size_t cap, const struct task *t, const char *dir, int64_t fd)
{
	struct str path = str_on(buf, cap);

	str_addf(&path, "/proc/%d/%s/%lld", t->tid, dir, (long long)fd);
	return path;
}

static bool is_epoll(const char *path)
{
	char link[64];
	ssize_t len = readlink(path, link, sizeof(link) - 1);

	link[len > 0 ? len : 0] = '\0';
	return strcmp(link, "anon_inode:[eventpoll]") == 0;
}

/* Files that are none in a directory have no type in their mode: epoll is one of them. */
static enum behind look(struct watch *w, struct task *t, int64_t fd)
{
	char buf[64];
	struct str path = fd_path(buf, sizeof(buf), t, "fd", fd);
	struct stat st;

	if (stat(path.buf, &st)) {
		if (errno == EACCES || errno == EPERM)
			tracee_note(w, t, NOTE_HIDDEN,
				    "%s hides its memory and its descriptors (PR_SET_DUMPABLE, "
				    "prctl(2)): what it does on them is shown in part",
				    t->process->comm);
		return BEHIND_UNKNOWN;
	}
	if (S_ISSOCK(st.st_mode))
		return BEHIND_SOCKET;
	if (!(st.st_mode & S_IFMT))
		return is_epoll(path.buf) ? BEHIND_EPOLL : BEHIND_OTHER;
	switch (ttys_stream(&w->ttys, &st)) {
	case 1:
		return BEHIND_OUT;
	case 2:
		return BEHIND_ERR;
	}
	return BEHIND_OTHER;
}

/* Sockets have a file system of their own, which proc(5) names for each file that an epoll descriptor watches. */
static bool look_watches(const struct task *t, int64_t fd)
{
	char buf[64], line[256], *at;
	struct str path = fd_path(buf, sizeof(buf), t, "fdinfo", fd);
	FILE *info = fopen(path.buf, "re");
	bool found = false;

	while (info && !found && fgets(line, sizeof(line), info)) {
		at = strstr(line, "tfd:");
		if (!at)
			continue;
		path = fd_path(buf, sizeof(buf), t, "fd", strtol(at + 4, NULL, 10));
		struct stat st;
		found = stat(path.buf, &st) == 0 && S_ISSOCK(st.st_mode);
	}
	if (info)
		fclose(info);
	return found;
}

enum behind fd_behind(struct watch *w, struct task *t, int64_t fd)
{
	struct descriptor *d = place(t->files, fd);
	enum behind is;

	if (d && d->is != BEHIND_UNKNOWN)
		return d->is;
	if (fd < 0 || fd > INT32_MAX)
		return BEHIND_UNKNOWN;
	is = look(w, t, fd);
	if (!d || t->files->closing || is == BEHIND_UNKNOWN)
		return is;
	*d = (struct descriptor){ .is = is };
	if (is == BEHIND_EPOLL)
		d->watches = look_watches(t, fd);
	return is;
}

bool fd_is_socket(struct watch *w, struct task *t, int64_t fd)
{
	return fd_behind(w, t, fd) == BEHIND_SOCKET;
}

bool fd_watches_socket(struct watch *w, struct task *t, int64_t fd)
{
	struct descriptor *d;

	if (fd_behind(w, t, fd) != BEHIND_EPOLL)
		return false;
	d = place(t->files, fd);
	return d && d->is == BEHIND_EPOLL ? d->watches : look_watches(t, fd);
}

void fd_now_watches(struct watch *w, struct task *t, int64_t epfd)
{
	struct descriptor *d;

	if (fd_behind(w, t, epfd) != BEHIND_EPOLL)
		return;
	d = place(t->files, epfd);
	if (d)
		d->watches = true;
}

void fd_is_stale(struct task *t, int64_t fd)
{
	if (fd >= 0 && (size_t)fd < t->files->count)
		t->files->at[fd].stale = true;
}

/* ---- keys ---- */

static int copy_fd(struct process *p, int64_t fd)
{
	if (p->pidfd < 0)
		p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0)
		return -1;
	return (int)syscall(SYS_pidfd_getfd, p->pidfd, (int)fd, 0);
}

static struct sock_key read_key(struct task *t, int64_t fd)
{
	int copy = copy_fd(t->process, fd);
	struct sock_key key = key_of_fd(copy);

	if (copy >= 0)
		close(copy);
	return key;
}

/* Whether its addresses can still become known without a call that says so. */
static bool is_growing(const struct sock_key *k)
{
	if (k->family != AF_INET && k->family != AF_INET6)
		return false;
	return addr_port(&k->local) == 0 || (k->type == SOCK_STREAM && k->remote.len == 0);
}

/* A connection that has ended has no remote address any more; what it had still names it. */
static void renew(struct sock_key *k, const struct sock_key *now)
{
	struct addr local = k->local, remote = k->remote;
	bool same = k->cookie == now->cookie && addr_equal(&k->local, &now->local);

	*k = *now;
	if (same && now->remote.len == 0)
		k->remote = remote;
	if (now->cookie && now->local.len == 0)
		k->local = local;
}

struct sock_key fd_key(struct watch *w, struct task *t, int64_t fd)
{
	struct sock_key none = { .cookie = 0 }, now;
	struct descriptor *d;

	if (fd_behind(w, t, fd) != BEHIND_SOCKET)
		return none;
	d = place(t->files, fd);
	if (!d || d->is != BEHIND_SOCKET)
		return read_key(t, fd);
	if (d->key && !d->stale && !is_growing(d->key))
		return *d->key;
	now = read_key(t, fd);
	if (!d->key && now.cookie) {
		d->key = calloc(1, sizeof(*d->key));
		if (!d->key)
			return now;
		*d->key = now;
	} else if (d->key && now.cookie) {
		renew(d->key, &now);
	}
	d->stale = false;
	return d->key ? *d->key : now;
}
