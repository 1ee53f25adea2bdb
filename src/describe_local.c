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

static void thing_text(struct str *out, const struct event_local *l)
{
	if (!has(l->what))
		bytes_text(out, l->bytes);
	else if (l->bytes == 0)
		str_addf(out, "A %s", l->what);
	else
		str_addf(out, "%s, %" PRIu64 " bytes,", l->what, l->bytes);
}

static void given_text(struct str *out, const struct event_local *l)
{
	bool one = l->bytes < 2;

	thing_text(out, l);
	if (l->host == HOST_NONE && has(l->who))
		str_addf(out, " went to the %s itself.", l->who);
	else if (has(l->who))
		str_addf(out, " %s in the queue of %s now.", one ? "lies" : "lie", l->who);
	else
		str_addf(out, " %s in a queue of this kernel now.", one ? "lies" : "lie");
}

static void taken_text(struct str *out, const struct event_local *l)
{
	thing_text(out, l);
	if (l->host == HOST_NONE && has(l->who))
		str_addf(out, " came from the %s itself.", l->who);
	else
		str_addf(out, " from %s waited in this socket's queue",
			 has(l->who) ? l->who : "somebody");
	if (l->waited_ns > 0) {
		str_add(out, " for ");
		describe_duration(out, l->waited_ns);
	}
	if (l->host != HOST_NONE || !has(l->who))
		str_char(out, '.');
}

void describe_local(struct str *out, const struct event_local *l)
{
	if (l->way == LOCAL_NONE)
		return;
	if (l->way == LOCAL_GIVEN)
		given_text(out, l);
	else
		taken_text(out, l);
	str_add(out, " Nothing of it is on the wire: it stays inside this machine.");
}
