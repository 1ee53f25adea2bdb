#include "src/stop.h"

#include <sys/signalfd.h>
#include <unistd.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

void stop_init(struct stop *stop)
{
	struct sigaction now;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (!sigaction(ending[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(&set, ending[i]);
	stop->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (stop->fd < 0)
		sigemptyset(&set);
	sigprocmask(SIG_BLOCK, &set, &stop->before);
}

void stop_fini(struct stop *stop)
{
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
	if (stop->fd >= 0)
		close(stop->fd);
}

/* The number of the signal that has come; 0: none. */
int stop_signal(const struct stop *stop)
{
	struct signalfd_siginfo info;

	return stop->fd >= 0 && read(stop->fd, &info, sizeof(info)) == sizeof(info)
		       ? (int)info.ssi_signo
		       : 0;
}
