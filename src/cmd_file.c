#include "src/cmd_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cmd.h"

/* "500M", "20G": powers of 1024; 0: no size. */
static uint64_t size_of(const char *text)
{
	static const char units[] = "KMGT";
	unsigned long long n;
	const char *unit;
	unsigned shift = 0;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || errno)
		return 0;
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	return *end || n > UINT64_MAX >> shift ? 0 : (uint64_t)n << shift;
}

int file_options(const char *command, const char *unpack, struct trace_options *o)
{
	*o = (struct trace_options){ .unpacked_max = unpack ? size_of(unpack) : 0 };
	if (!unpack || o->unpacked_max)
		return 0;
	cmd_usage(command, "--unpack takes a size, for example 20G, not %s", unpack);
	return -1;
}
