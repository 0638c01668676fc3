/* device_intake.h - messages of other systems' devices (devices.h), as those of a worker that has no session, answers
 * no requests and has a last will: its online word is a birth, its offline word a will, a beat a heartbeat. A stored
 * word is a stored copy (R15). Nothing is ever published on their topics.
 *
 * What they are received through, their parent, is their hive, which is ready when its own word says that it is online,
 * or something comes through it. */
#ifndef SKEP_DEVICE_INTAKE_H
#define SKEP_DEVICE_INTAKE_H

#include "queen_state.h"

/* ERR_TOPIC: on no topic of theirs. ERR_ID: its name has no id. ERR_UNKNOWN: its payload is none of the words.
 * ERR_TOO_LARGE, ERR_RATIONED, ERR_FULL, ERR_NOMEM as for a worker's message. */
enum err device_intake_message(struct queen *queen, const struct message *message, struct errbuf *e);

#endif
