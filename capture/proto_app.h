/*
 * proto_app: what the files of the application protocols share.  Internal to capture/.
 *
 * A segment is all there is to see: a message that began in another one is not recognized, and one that goes
 * on in the next is shown as far as it is here.
 */
#ifndef SOCKLENS_CAPTURE_PROTO_APP_H
#define SOCKLENS_CAPTURE_PROTO_APP_H

#include "capture/proto.h"

/*
 * Whether a payload looks like the protocol.  payload: what was captured of it; len: its whole length; on_port:
 * one end has a port of the protocol's (so that less needs to be seen).
 */
typedef bool app_matches(struct rd payload, size_t len, bool on_port);

app_matches dns_matches, dns_tcp_matches, http_matches, tls_matches, dhcp_matches;

/* The payload that a summary is about, as far as it was captured. */
struct rd app_payload(const struct summary *s);

/* Consumes n bytes, or what there is of them. */
void app_take(struct scan *s, size_t n);

/* Appends foreign text, harmless, shortened to what the ladder has room for. */
void app_short_text(struct str *out, const void *bytes, size_t len);

/* A row whose text is foreign. */
void app_text_row(struct walk *w, unsigned step, size_t at, const char *name, struct rd text,
		  const char *about);

#endif
