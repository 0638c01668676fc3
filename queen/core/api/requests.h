/* requests.h - what the queen answers over MQTT: health, worker.get, worker.list, worker.verify. */
#ifndef SKEP_REQUESTS_H
#define SKEP_REQUESTS_H

#include "queen_state.h"

#define REQUESTS_LIST_DEFAULT 100 /* workers in one reply to worker.list */
#define REQUESTS_LIST_MAX 1000

/* `message` is a request for `method`. ERR_REFUSED with a sentence when it may not be answered. */
enum err requests_answer(struct queen *queen, struct text method, const struct message *message, struct errbuf *e);

/* Goes on with a list that takes more than one step: call with every tick, while queen->lists has one. */
void requests_tick(struct queen *queen);
void requests_clear(struct queen *queen);

#endif
