/* verify_wait.h - those who asked over MQTT for a verification, until they are answered (worker.verify). */
#ifndef SKEP_VERIFY_WAIT_H
#define SKEP_VERIFY_WAIT_H

#include "queen_state.h"
#include "responder.h"
#include "verify_result.h"

#define VERIFY_WAIT_EXTRA_MS 5000 /* on top of the deadline of a verification: for its turn, and for asking twice */
#define VERIFY_WAIT_PER_WORKER 16
#define VERIFY_WAIT_PER_ASKER 256
#define VERIFY_WAIT_MAX 1024 /* of all workers */

/* What is said when that time is over. */
#define VERIFY_NOT_READY "the verification could not be made in time: the queen is busy, or has no broker"

bool verify_wait_has_room(const struct queen *queen, const struct record *record, const struct asker *asker);

/* Keeps a copy of `asker`, who is answered once, later. False: no memory. */
bool verify_wait_add(struct queen *queen, const struct record *record, const struct asker *asker);

/* Answers those who wait for the record: its verification has finished, or (NULL) it is about to be removed. */
void verify_wait_over(struct queen *queen, const struct record *record, const struct verified *verified);

/* Answers those who have waited for too long. */
void verify_wait_expire(struct queen *queen);
ms_t verify_wait_deadline(const struct queen *queen); /* monotonic */

void verify_wait_clear(struct queen *queen);

#endif
