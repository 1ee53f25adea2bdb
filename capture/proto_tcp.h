/* proto_tcp: what the files of TCP share.  Internal to capture/. */
#ifndef SOCKLENS_CAPTURE_PROTO_TCP_H
#define SOCKLENS_CAPTURE_PROTO_TCP_H

#include "capture/proto.h"

enum { TCP_HEADER = 20 };

/* The options that tracking and the ladder need.  Marks the packet as cut where the list is broken. */
void tcp_options_read(struct packet *p, const uint8_t *list, size_t len);

/* The same of a list of which `have` of its len bytes were captured. */
void tcp_options_read_cut(struct packet *p, const uint8_t *list, size_t have, size_t len);

/* All options, as rows. */
void tcp_options_rows(struct walk *w, size_t at, size_t len);

/* A sequence number of the other side, as this segment acknowledges it: relative where the base is
 * known. */
uint32_t tcp_acked(const struct conn *c, int dir, uint32_t seq);

#endif
