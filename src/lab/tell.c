#include "src/lab/tell.h"

#include "src/core/clock.h"

void tell_packet(struct batch *b, const struct seen *s, uint32_t drops)
{
	struct event ev;

	if (!b)
		return;
	ev = (struct event){
		.kind = EVENT_PACKET,
		.host = s->from,
		.ts_ns = s->ts_ns,
		.packet = {
			.number = s->number,
			.caplen = s->caplen,
			.len = s->len,
			.iface = s->from == HOST_NONE ? 0 : s->from,
			.drops = drops,
			.data = s->data,
		},
	};
	batch_put(b, &ev);
}

void tell_fate(struct batch *b, const struct flight *p, enum wire_fate fate, const char *by,
	       int64_t ts_ns)
{
	bool waits = fate == WIRE_DELAYED || fate == WIRE_REORDERED;
	const struct event ev = {
		.kind = EVENT_WIRE,
		.host = p->from,
		.ts_ns = ts_ns,
		.wire = {
			.packet = p->number, .fate = fate, .to = p->to, .copy = p->copy, .by = by,
			.due_ns = waits ? ts_ns + p->due_ns - clock_monotonic_ns() : 0,
		},
	};

	if (b)
		batch_put(b, &ev);
}

void tell_status(struct batch *b, const char *status)
{
	const struct event ev = {
		.kind = EVENT_COMMAND,
		.host = HOST_NONE,
		.ts_ns = clock_now_ns(),
		.command = { .target = "wire", .text = "", .status = status },
	};

	if (b)
		batch_put(b, &ev);
}

void tell_note(struct batch *b, uint8_t host, enum note_kind kind, const char *text)
{
	const struct event ev = {
		.kind = EVENT_NOTE,
		.host = host,
		.ts_ns = clock_now_ns(),
		.note = { .kind = kind, .text = text },
	};

	if (b)
		batch_put(b, &ev);
}
