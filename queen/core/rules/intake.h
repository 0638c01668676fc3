/* intake.h - messages from the broker: the payload checked, then handed to the rule that they are for. */
#ifndef SKEP_INTAKE_H
#define SKEP_INTAKE_H

#include "queen_state.h"

/* One on a topic that is no request. Errors: those of the codec, ERR_MISMATCH, ERR_FULL, ERR_NOMEM, ERR_TOPIC for one
 * that is not read. */
enum err intake_message(struct queen *queen, const struct topic *topic, const struct message *message,
                        struct errbuf *e);

/* Counts a message by what came of it. */
void intake_count(struct queen *queen, enum err err);

/* A heartbeat document that came by POST, which is counted. Errors: those of the codec, ERR_MISSING without worker_id,
 * ERR_CONFLICT as in judge_heartbeat, ERR_FULL, ERR_NOMEM. */
enum err intake_posted(struct queen *queen, struct text document, struct errbuf *e);

#endif
