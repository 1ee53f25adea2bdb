#include "src/lab/watched.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/core/str.h"

#define TEXT_MAX (48 << 10) /* lines of WATCHED_MAX descriptors, and some */

/* The number behind a word of the line. */
static uint64_t number_behind(const char *line, const char *word, int base)
{
	const char *at = strstr(line, word);

	return at ? strtoull(at + strlen(word), NULL, base) : 0;
}

/* "tfd:        4 events:       19 data:     7f5f0000000d  pos:0 ino:1 sdev:8" */
static void take_line(struct watched *w, const char *line)
{
	if (strncmp(line, "tfd:", 4) != 0 || w->rows == WATCHED_MAX)
		return;
	w->row[w->rows].fd = (int)number_behind(line, "tfd:", 10);
	w->row[w->rows].data = number_behind(line, "data:", 16);
	w->rows++;
}

static size_t read_all(const char *path, char *text, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = 1;

	while (fd >= 0 && got > 0 && len < cap) {
		got = read(fd, text + len, cap - len);
		len += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	return len;
}

void watched_read(struct watched *w, pid_t tid, int epfd)
{
	char *text = malloc(TEXT_MAX), *line = text, *end;
	STR_ON_STACK(path, 64);
	size_t len;

	w->rows = 0;
	if (!text)
		return;
	str_addf(&path, "/proc/%d/fdinfo/%d", (int)tid, epfd);
	len = read_all(path.buf, text, TEXT_MAX - 1);
	text[len] = '\0';
	while ((end = strchr(line, '\n'))) { /* a line that was cut is left out */
		*end = '\0';
		take_line(w, line);
		line = end + 1;
	}
	free(text);
}

int watched_fd(const struct watched *w, uint64_t data)
{
	int found = -1;

	for (size_t i = 0; i < w->rows; i++) {
		if (w->row[i].data != data)
			continue;
		if (found >= 0)
			return -1;
		found = w->row[i].fd;
	}
	return found;
}
