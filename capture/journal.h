/*
 * journal: an event as the body of a systemd Journal Export block, and back.
 *
 * An entry is lines NAME=value.  __REALTIME_TIMESTAMP, MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, _COMM, _PID,
 * TID, ERRNO and CODE_FUNC are for people and tools (Wireshark shows and filters them); SOCKLENS_V,
 * SOCKLENS_EV and SOCKLENS_<field> of event_fields[] are the event itself, and are all that is read back.
 * A field that is not there is zero or empty.
 */
#ifndef SOCKLENS_CAPTURE_JOURNAL_H
#define SOCKLENS_CAPTURE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/pcapng.h"
#include "src/core/event.h"
#include "src/core/rd.h"

#define JOURNAL_PREFIX	"SOCKLENS_"
#define JOURNAL_VERSION "1"
#define JOURNAL_RAW	"raw:"	/* before an address in hex, where its text form would not give it back */
#define JOURNAL_MESSAGE 2048 /* bytes of MESSAGE at most */

/*
 * Composes the block of an event.  message: for people, NULL: the kind's name.  pid: of its program, 0 if
 * not known.  Texts of more than 64 KiB are cut.  False if it does not fit.
 */
bool journal_put(struct pcapng_out *o, const struct event *ev, const char *message, int32_t pid);

/* Bytes of memory that journal_read() may need for the texts of a body of this length. */
size_t journal_text_size(size_t body_len);

enum journal_entry {
	JOURNAL_OURS,
	JOURNAL_FOREIGN,	/* somebody else's: the event is a NOTE with its message */
	JOURNAL_UNTIMED,	/* … and has no time of its own: ts_ns is 0 */
};

/*
 * Reads a body.  All texts of the event are harmless, whatever the file holds, and lie in text[size].
 * An event of ours that names a host that cannot be has HOST_NONE.
 */
enum journal_entry journal_read(struct rd body, struct event *ev, char *text, size_t size);

#endif
