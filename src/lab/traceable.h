/*
 * traceable: whether programs can be traced here as the lab traces them (src/lab/tracer.h), found out by doing it to a
 * process of ours.
 */
#ifndef SOCKLENS_LAB_TRACEABLE_H
#define SOCKLENS_LAB_TRACEABLE_H

#include "src/core/err.h"

/* 0; or -1, why not, and what would change it. */
int traceable(struct err *e);

#endif
