#include "src/lesson.h"

#include <string.h>

#include "src/core/names.h"

/* clang-format off */
const struct lesson_group lesson_groups[] = {
	{ "Opening a connection",
	  { "handshake", "refused", "silence", "unreachable", "early", "backlog", "blocking", "nonblocking",
	    "ports", "lost-ack", "ignored", "overflow", "cookies", "defer", "fast-open", "both-open", "self",
	    "shared", "signal" } },
	{ "Data",
	  { "stream", "framing", "http", "full", "window", "nagle", "delayed-ack", "quickack", "cork", "edge",
	    "repeat", "give-up", "reorder", "fast", "no-sack", "tail", "spurious", "slow-start", "ecn", "path-mtu",
	    "black-hole", "urgent" } },
	{ "Closing",
	  { "half-close", "broken-pipe", "copies", "unread", "restart", "time-wait", "tw-reuse", "linger", "leak",
	    "keepalive", "crash", "reboot", "abort", "forged", "both-close" } },
	{ "Datagrams",
	  { "udp-echo", "strangers", "datagrams", "broadcast", "multicast", "udplite" } },
	{ "Local sockets",
	  { "unix", "paths", "unix-mail", "rights", "pair", "netlink" } },
	{ "Families and layers",
	  { "layers", "names", "anywhere", "dual", "mptcp", "raw", "packet", "vsock", "bluetooth" } },
};
/* clang-format on */
const size_t lesson_groups_count = sizeof(lesson_groups) / sizeof(lesson_groups[0]);

const struct lesson *lesson_find(const char *name)
{
	for (size_t i = 0; i < lessons_count; i++)
		if (!strcmp(lessons[i].name, name))
			return &lessons[i];
	return NULL;
}

const char *lesson_nearest(const char *name)
{
	struct nearest n = nearest_to(name, strlen(name));

	for (size_t i = 0; i < lessons_count; i++)
		nearest_try(&n, lessons[i].name);
	return n.best;
}

/* The rest of the line that begins with "title". */
void lesson_title(const struct lesson *l, struct str *out)
{
	for (const char *line = l->text; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *from = line + strlen("title");

		if (strncmp(line, "title", strlen("title")) != 0 || (*from != ' ' && *from != '\t'))
			continue;
		from += strspn(from, " \t");
		str_addn(out, from, strcspn(from, "\n"));
		return;
	}
}
