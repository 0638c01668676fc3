/* ask.h - requests to a worker or a hive: over MQTT, and for its health over HTTP at the endpoint that its heartbeat
 * names. Over HTTP only where --verify-http allows it: which addresses are allowed the driver decides. */
#ifndef SKEP_ASK_H
#define SKEP_ASK_H

#include "health.h"
#include "queen_state.h"

void ask_init(struct queen *queen);
void ask_clear(struct queen *queen);

/* The clock of such requests: monotonic for verifications and start-up polls, watch time for the others. */
ms_t ask_time(const struct queen *queen, enum asking asking);

/* One request over MQTT; the topic of `question` is set here. False: no memory for it. */
bool ask(struct queen *queen, enum asking asking, struct pending *pending, const struct record *record,
         const char *method, struct question question);

/* False: nobody is asked over HTTP, or it named no endpoint. Cheap. */
bool ask_may_http(const struct queen *queen, const struct record *record);

/* One GET /health; the answer comes with the token, after `timeout` ms at the latest. False: there will be none. */
bool ask_http(struct queen *queen, struct http_ask *ask, enum token_kind kind, const struct record *record,
              ms_t timeout);

/* Nobody waits for the answer any more; one that is not out is fine. */
void ask_http_end(struct queen *queen, struct http_ask *ask);

/* The one that the token is of, which has ended; NULL = none. */
struct http_ask *ask_http_take(struct queen *queen, uint64_t token);

/* What the answer says. False: it is none, or not of the one that was asked. */
bool ask_http_read(struct queen *queen, const struct record *record, const struct http_answer *http,
                   enum health_status *ret);

#endif
