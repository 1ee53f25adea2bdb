/*
 * thread_state: the state letter of a thread, which proc(5)'s stat has behind the name in brackets.
 */
#ifndef SOCKLENS_LAB_THREAD_STATE_H
#define SOCKLENS_LAB_THREAD_STATE_H

#include <sys/types.h>

char thread_state(pid_t tid);	/* 'S' asleep, 'R' running …; 0 if there is no such thread */

#endif
