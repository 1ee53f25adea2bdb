/*
 * clock: the only place where the time is read.  Every event carries CLOCK_REALTIME, which is the clock
 * that packet stamps use (packet(7), SO_TIMESTAMPNS).
 */
#ifndef SOCKLENS_CORE_CLOCK_H
#define SOCKLENS_CORE_CLOCK_H

#include <stdint.h>

#define NS_PER_US	INT64_C(1000)
#define NS_PER_MS	INT64_C(1000000)
#define NS_PER_S	INT64_C(1000000000)

/* Nanoseconds since the epoch, CLOCK_REALTIME. */
int64_t clock_now_ns(void);

/* Nanoseconds of CLOCK_MONOTONIC: for waiting, never for events. */
int64_t clock_monotonic_ns(void);

#endif
