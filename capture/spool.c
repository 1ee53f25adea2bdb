#include "capture/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* Where the file system cannot make one without a name, it is made with one that is removed at once. */
static int open_in(const char *dir)
{
	STR_ON_STACK(name, 4096);
	uint64_t lot = 0;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 || getrandom(&lot, sizeof(lot), GRND_NONBLOCK) < 0)
		return fd;
	str_addf(&name, "%s/socklens-%016" PRIx64, dir, lot);
	if (name.cut)
		return -1;
	fd = open(name.buf, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(name.buf);
	return fd;
}

int spool_open(struct err *e)
{
	const char *dir = secure_getenv("TMPDIR");
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open_in(dir);
	if (fd < 0)
		err_errno(e, errno, "set TMPDIR to a directory that you may write to",
			  "making a temporary file in %s", dir);
	return fd;
}
