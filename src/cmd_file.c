#include "src/cmd_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/analysis.h"
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

static int unknown_rules(const char *command, const char *version)
{
	STR_ON_STACK(names, 64);

	for (size_t i = 0; i < TCP_RULE_SETS; i++)
		str_addf(&names, "%s%s",
			 !i			 ? ""
			 : i + 1 < TCP_RULE_SETS ? ", "
						 : " or ",
			 tcp_rule_sets[i].name);
	cmd_usage(command, "--analysis takes a version of Wireshark: %s, not %s", names.buf,
		  version);
	return -1;
}

int file_options(const char *command, const struct file_args *args, struct trace_options *o)
{
	*o = (struct trace_options){ .rules = tcp_rules_newest };
	if (args->unpack && !(o->unpacked_max = size_of(args->unpack))) {
		cmd_usage(command, "--unpack takes a size, for example 20G, not %s", args->unpack);
		return -1;
	}
	if (args->analysis && !(o->rules = tcp_rules_find(args->analysis)))
		return unknown_rules(command, args->analysis);
	return 0;
}
