/*
 * Messages: what is to be sent lies where the request has it; what is not written out, and all that
 * the kernel is to fill, is memory of the marshal's.
 */
#include "src/lab/marshal_impl.h"

#include <string.h>
#include <sys/uio.h>

#include "src/core/control.h"

#define CONTROL_ROOM 2048 /* bytes for control messages to receive; descriptors need at most 1028 */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- pieces of memory ---- */

static const struct value *pieces(const struct value *v, size_t *count)
{
	*count = v->kind == VALUE_LIST ? v->items : 1;
	return v->kind == VALUE_LIST ? v->item : v;
}

/* The data of a list as iovecs; what else stands there is left alone.  NULL: no memory. */
static struct iovec *gather(struct marshal *m, const struct value *v, size_t *count)
{
	size_t items, n = 0;
	const struct value *piece = pieces(v, &items);
	struct iovec *iov = marshal_grab(m, items * sizeof(*iov));

	for (size_t i = 0; iov && i < items; i++) {
		const void *bytes;

		if (piece[i].kind != VALUE_DATA)
			continue;
		bytes = marshal_bytes(m, &piece[i]);
		if (!bytes && piece[i].len)
			return NULL;
		iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)bytes,
					   .iov_len = piece[i].len };
	}
	*count = n;
	return iov;
}

int put_iov(struct marshal *m, size_t i)
{
	size_t count;
	struct iovec *iov = gather(m, marshal_given(m, i), &count);

	if (!iov)
		return -1;
	marshal_push_memory(m, iov, count);
	return 0;
}

int put_iov_out(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	struct iovec *iov = marshal_make(m, i, v->items * sizeof(*iov));

	for (size_t n = 0; iov && n < v->items; n++) {
		size_t size = (size_t)v->item[n].number;

		iov[n] = (struct iovec){ .iov_base = marshal_grab(m, size), .iov_len = size };
		if (!iov[n].iov_base)
			return -1;
	}
	if (!iov)
		return -1;
	m->arg[i].count = v->items;
	marshal_push_memory(m, iov, v->items);
	return 0;
}

void take_iov(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct iovec *iov = m->arg[i].memory;
	size_t left = (size_t)o->result;

	for (size_t n = 0; n < m->arg[i].count && left; n++) {
		size_t len = least(left, iov[n].iov_len);

		marshal_keep(o, iov[n].iov_base, len);
		left -= len;
	}
}

/* ---- one message to send ---- */

static int put_control(struct marshal *m, const struct value *v, struct msghdr *msg)
{
	uint8_t none[1];
	size_t len = control_write(v, none, 0);
	void *memory;

	if (len == 0)
		return 0;
	memory = marshal_grab(m, len);
	if (!memory)
		return -1;
	msg->msg_control = memory;
	msg->msg_controllen = control_write(v, memory, len);
	return 0;
}

static int lay_out(struct marshal *m, const struct value *v, struct msghdr *msg)
{
	size_t count, iovs = 0;
	const struct value *piece = pieces(v, &count);

	msg->msg_iov = gather(m, v, &iovs);
	msg->msg_iovlen = iovs;
	for (size_t i = 0; i < count; i++)
		if (piece[i].kind == VALUE_ADDR) {
			msg->msg_name = (void *)(uintptr_t)&piece[i].addr.u;
			msg->msg_namelen = piece[i].addr.len;
		}
	return msg->msg_iov ? put_control(m, v, msg) : -1;
}

int put_msg(struct marshal *m, size_t i)
{
	struct msghdr *msg = marshal_make(m, i, sizeof(*msg));

	if (!msg || lay_out(m, marshal_given(m, i), msg))
		return -1;
	marshal_push(m, (long)msg);
	return 0;
}

/* ---- one message to receive ---- */

static int lay_room(struct marshal *m, int64_t size, struct msghdr *msg)
{
	struct iovec *iov = marshal_grab(m, sizeof(*iov));
	size_t room = size < 0 ? 0 : least((size_t)size, CALL_SIZE_MAX);

	if (!iov)
		return -1;
	iov->iov_base = marshal_grab(m, room);
	iov->iov_len = room;
	*msg = (struct msghdr){ .msg_name = marshal_grab(m, sizeof(struct sockaddr_storage)),
				.msg_namelen = sizeof(struct sockaddr_storage),
				.msg_iov = iov,
				.msg_iovlen = 1,
				.msg_control = marshal_grab(m, CONTROL_ROOM),
				.msg_controllen = CONTROL_ROOM };
	return iov->iov_base && msg->msg_name && msg->msg_control ? 0 : -1;
}

int put_msg_out(struct marshal *m, size_t i)
{
	struct msghdr *msg = marshal_make(m, i, sizeof(*msg));

	if (!msg || lay_room(m, marshal_given(m, i)->number, msg))
		return -1;
	marshal_push(m, (long)msg);
	return 0;
}

static void read_control(const struct msghdr *msg, struct value *list)
{
	size_t items = CONTROL_ROOM;

	control_read(list, msg->msg_control, least(msg->msg_controllen, CONTROL_ROOM), sizeof(long),
		     &items);
}

void take_msg(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct msghdr *msg = m->arg[i].memory;

	marshal_keep(o, msg->msg_iov->iov_base, least((size_t)o->result, msg->msg_iov->iov_len));
	if (msg->msg_namelen)
		o->addr = addr_of(msg->msg_name, msg->msg_namelen);
	o->msg_flags = msg->msg_flags;
	read_control(msg, &o->control);
}

/* ---- several ---- */

int put_msgs(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	struct mmsghdr *msgs = marshal_make(m, i, v->items * sizeof(*msgs));

	for (size_t n = 0; msgs && n < v->items; n++)
		if (lay_out(m, &v->item[n], &msgs[n].msg_hdr))
			return -1;
	if (!msgs)
		return -1;
	marshal_push_memory(m, msgs, v->items);
	return 0;
}

void take_msgs_sent(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct mmsghdr *msgs = m->arg[i].memory;

	for (int64_t n = 0; n < o->result; n++)
		value_list_add(&o->messages, value_int(msgs[n].msg_len));
}

int put_msgs_out(struct marshal *m, size_t i)
{
	const struct value *v = marshal_given(m, i);
	struct mmsghdr *msgs = marshal_make(m, i, v->items * sizeof(*msgs));

	for (size_t n = 0; msgs && n < v->items; n++)
		if (lay_room(m, v->item[n].number, &msgs[n].msg_hdr))
			return -1;
	if (!msgs)
		return -1;
	marshal_push_memory(m, msgs, v->items);
	return 0;
}

/* [ADDR,] data, [flags,] control …; *room: bytes of data that may still be kept. */
static struct value message_of(const struct mmsghdr *got, size_t *room)
{
	const struct msghdr *msg = &got->msg_hdr;
	size_t kept = least(least(got->msg_len, msg->msg_iov->iov_len), *room);
	struct value message = { .kind = VALUE_LIST };
	struct addr from = addr_of(msg->msg_name, msg->msg_namelen);

	*room -= kept;
	if (from.len)
		value_list_add(&message, value_addr(&from));
	value_list_add(&message, value_cut(msg->msg_iov->iov_base, kept, got->msg_len));
	if (msg->msg_flags)
		value_list_add(&message, value_int(msg->msg_flags));
	read_control(msg, &message);
	return message;
}

void take_msgs(const struct marshal *m, size_t i, struct call_outcome *o)
{
	const struct mmsghdr *msgs = m->arg[i].memory;
	size_t room = CALL_DATA_KEPT;

	for (int64_t n = 0; n < o->result; n++)
		value_list_add(&o->messages, message_of(&msgs[n], &room));
}
