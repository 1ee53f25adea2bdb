#include "src/cmd_stdin.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A terminal is not ours to read, and of /dev/null nothing is meant. */
void stdin_init(struct stdin_lines *in)
{
	struct stat st;

	*in = (struct stdin_lines){ .over = true };
	if (!fstat(STDIN_FILENO, &st))
		in->over = !S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISSOCK(st.st_mode);
}

int stdin_fd(const struct stdin_lines *in)
{
	return in->over || in->ended || in->len == sizeof(in->buf) - 1 ? -1 : STDIN_FILENO;
}

static void read_on(struct stdin_lines *in)
{
	ssize_t n = read(STDIN_FILENO, in->buf + in->len, sizeof(in->buf) - 1 - in->len);

	if (n > 0)
		in->len += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		in->ended = true;
}

/* The length of the first line without its end, and of both; false: it is not all there. */
static bool first_line(const struct stdin_lines *in, size_t *line, size_t *both)
{
	const char *end = memchr(in->buf, '\n', in->len);

	*line = end ? (size_t)(end - in->buf) : in->len;
	*both = end ? *line + 1 : *line;
	return end || (in->len && (in->ended || in->len == sizeof(in->buf) - 1));
}

/* What a program does not take now (its terminal is full) is tried again. */
void stdin_work(struct stdin_lines *in, struct session *s, size_t program, bool readable)
{
	size_t line, both;
	char text[sizeof(in->buf)];

	if (in->over)
		return;
	if (readable && stdin_fd(in) >= 0)
		read_on(in);
	while (first_line(in, &line, &both)) {
		memcpy(text, in->buf, line);
		text[line] = '\0';
		if (session_input(s, program, text, NULL))
			return;
		in->len -= both;
		memmove(in->buf, in->buf + both, in->len);
	}
	if (in->ended && !session_input(s, program, NULL, NULL))
		in->over = true;
}
