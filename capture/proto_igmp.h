/* proto_igmp: the records of groups that IGMPv3 and MLDv2 share.  Internal to capture/. */
#ifndef SOCKLENS_CAPTURE_PROTO_IGMP_H
#define SOCKLENS_CAPTURE_PROTO_IGMP_H

#include "capture/proto.h"

/* Appends "join 239.1.2.3", of a report's first record; message: from its first byte on. */
void igmp_records_words(struct str *out, struct rd message, int ip_version);

/* A row for each record, which begin where the scan is; consumes them. */
void igmp_records_rows(struct walk *w, int ip_version);

#endif
