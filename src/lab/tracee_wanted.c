/*
 * Whether a call is about a socket.  An epoll descriptor that watches one counts as one where it is watched itself, by
 * poll(), select() or another epoll descriptor: who waits for it waits for the socket.
 */
#include "src/lab/tracee.h"

#include <poll.h>
#include <sys/epoll.h>

#define AT_ONCE	  256 /* descriptors of a poll() that are read */
#define WATCHED	  65536 /* that are looked at; the kernel takes no more than the program may open */
#define SET_BYTES 128 /* of a select() that are read */

static bool any_fd(struct watch *w, struct task *t, uint8_t fds)
{
	for (size_t i = 0; i < 6; i++)
		if (fds & 1u << i && fd_is_socket(w, t, (int32_t)t->reg[i]))
			return true;
	return false;
}

static bool leads_to_socket(struct watch *w, struct task *t, int64_t fd)
{
	enum behind is = fd_behind(w, t, fd);

	return is == BEHIND_SOCKET || (is == BEHIND_EPOLL && fd_watches_socket(w, t, fd));
}

static bool polls_socket(struct watch *w, struct task *t)
{
	const struct peek m = task_memory(t);
	size_t count = t->reg[1] < WATCHED ? (size_t)t->reg[1] : WATCHED;
	struct pollfd fds[AT_ONCE];

	for (size_t done = 0; done < count; done += AT_ONCE) {
		size_t want = count - done < AT_ONCE ? count - done : AT_ONCE;
		size_t got = peek_bytes(&m, t->reg[0] + done * sizeof(fds[0]), fds,
					want * sizeof(fds[0])) /
			     sizeof(fds[0]);

		for (size_t i = 0; i < got; i++)
			if (leads_to_socket(w, t, fds[i].fd))
				return true;
		if (got < want)
			break;
	}
	return false;
}

static bool set_has_socket(struct watch *w, struct task *t, uint64_t at, size_t count)
{
	const struct peek m = task_memory(t);
	size_t bytes = (count + 7) / 8;
	unsigned char set[SET_BYTES];

	for (size_t done = 0; done < bytes; done += SET_BYTES) {
		size_t want = bytes - done < SET_BYTES ? bytes - done : SET_BYTES;
		size_t got = peek_bytes(&m, at + done, set, want);

		for (size_t bit = 0; bit < got * 8 && done * 8 + bit < count; bit++)
			if (set[bit / 8] & 1u << bit % 8 &&
			    leads_to_socket(w, t, (int64_t)(done * 8 + bit)))
				return true;
		if (got < want)
			break;
	}
	return false;
}

static bool selects_socket(struct watch *w, struct task *t)
{
	int32_t count = (int32_t)t->reg[0];

	if (count > WATCHED)
		count = WATCHED;
	for (size_t which = 1; count > 0 && which <= 3; which++)
		if (t->reg[which] && set_has_socket(w, t, t->reg[which], (size_t)count))
			return true;
	return false;
}

/* Adding a socket makes the descriptor one that watches sockets. */
static bool watches_socket(struct watch *w, struct task *t)
{
	if (!leads_to_socket(w, t, (int32_t)t->reg[2]))
		return false;
	if ((int32_t)t->reg[1] == EPOLL_CTL_ADD)
		fd_now_watches(w, t, (int32_t)t->reg[0]);
	return true;
}

bool call_is_wanted(struct watch *w, struct task *t)
{
	switch (t->plan->when) {
	case WHEN_NEVER:
		return false;
	case WHEN_ALWAYS:
		return true;
	case WHEN_SOCKET:
		return any_fd(w, t, t->plan->fds);
	case WHEN_POLL:
		return polls_socket(w, t);
	case WHEN_SELECT:
		return selects_socket(w, t);
	case WHEN_EPOLL_CTL:
		return watches_socket(w, t);
	case WHEN_EPOLL:
		return fd_watches_socket(w, t, (int32_t)t->reg[0]);
	}
	return false;
}
