#include "src/session_names.h"

#include "src/session_impl.h"

uint32_t session_threads(const struct session *s, size_t program)
{
	return program < s->actors ? s->actor[program].threads : 0;
}

const char *session_thread_name(const struct session *s, size_t program, uint32_t thread)
{
	return s->actor[program].thread[thread].name;
}

int session_fd_family(const struct session *s, size_t program, int fd)
{
	const struct actor *a = &s->actor[program];
	const struct descriptor *d = files_at(a, 0, fd);

	if (!d || !d->cookie)
		return AF_UNSPEC;
	for (size_t i = 0; i < s->sockets; i++)
		if (s->socket[i].host == a->host && s->socket[i].cookie == d->cookie)
			return s->socket[i].key.family;
	return AF_UNSPEC;
}
