/* work.h - R7 and R8: whether a worker's work goes on, by what its heartbeats say. Silence is another matter
 * (silence.c). */
#ifndef SKEP_WORK_H
#define SKEP_WORK_H

#include "change.h"

#define WORK_STALL_MS 60000 /* for senders that declare no stall_ms */

/* A live heartbeat was accepted: keeps what it says of the work. True: it is a reason for a verification. */
bool work_note(struct queen *queen, struct record *record, const struct heartbeat *heartbeat);

/* A new session begins with a clean slate. */
void work_reset(struct record *record);

/* The work loop answered, or at least the process did: the limit starts anew. */
void work_excuse(struct queen *queen, struct record *record);

/* R8: the record is a zombie, or is suspected of standing still, and its last heartbeat does not end that: beats alone
 * do not make it `online`. */
bool work_holds(const struct record *record);

/* R7: the record is online, but its last heartbeat says that work stands still: suspect. True while it is suspected of
 * that: to be verified, unless that goes on already. */
bool work_judge(struct queen *queen, struct record *record);

#endif
