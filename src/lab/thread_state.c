#include "src/lab/thread_state.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/core/str.h"

char thread_state(pid_t tid)
{
	STR_ON_STACK(path, 64);
	char text[256], *bracket;
	ssize_t len;
	int fd;

	str_addf(&path, "/proc/%d/stat", tid);
	fd = open(path.buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	bracket = strrchr(text, ')');
	return bracket && bracket[1] == ' ' ? bracket[2] : 0;
}
