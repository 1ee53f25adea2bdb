/* What passed inside one kernel, in words. */
#include "src/describe.h"

#include <inttypes.h>

static void bytes_text(struct str *out, uint64_t bytes)
{
	str_addf(out, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
}

static bool has(const char *text)
{
	return text && text[0];
}

void describe_local_brief(struct str *out, const struct event_local *l)
{
	if (has(l->what))
		str_add(out, l->what);
	if (has(l->what) && l->bytes == 0)
		return;
	str_add(out, has(l->what) ? "  " : "");
	bytes_text(out, l->bytes);
}

void describe_local(struct str *out, const struct event_local *l)
{
	bool given = l->way == LOCAL_GIVEN, connection = has(l->what) && l->bytes == 0;

	if (l->way == LOCAL_NONE)
		return;
	if (has(l->what))
		str_addf(out, "%s%s", l->what, connection ? "" : ", ");
	if (!connection)
		bytes_text(out, l->bytes);
	if (given && has(l->who))
		str_addf(out, " to %s", l->who);
	else if (given)
		str_add(out, " into a queue of the kernel");
	else if (has(l->who))
		str_addf(out, " from %s", l->who);
	else
		str_add(out, " out of the receive queue");
	if (l->waited_ns > 0) {
		str_add(out, ", there since ");
		describe_duration(out, l->waited_ns);
	}
	str_add(out, "; inside this machine's kernel, no packet leaves");
}
