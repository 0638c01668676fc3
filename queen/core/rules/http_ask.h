/* http_ask.h - asking a worker or a hive for its health over HTTP, at the endpoint that its heartbeat names. Only where
 * --verify-http allows it: which addresses are allowed the driver decides. */
#ifndef SKEP_HTTP_ASK_H
#define SKEP_HTTP_ASK_H

#include "health.h"
#include "queen_state.h"

/* False: nobody is asked over HTTP, or it named no endpoint. Cheap. */
bool http_ask_may(const struct queen *queen, const struct record *record);

/* One GET /health; the answer comes with the token, after `patience` ms at the latest. False: there will be none. */
bool http_ask(struct queen *queen, const struct record *record, uint64_t token, ms_t patience);

/* What the answer says. False: it is none, or not of the one that was asked. */
bool http_ask_read(struct queen *queen, const struct record *record, const struct http_answer *http,
                   enum health_status *ret);

#endif
