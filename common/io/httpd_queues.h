/* httpd_queues.h - the requests to a server that are to be served, in line by what is to be done for them (enum
 * exchange_queue). The queues get equal parts of the time, so that what an event completes waits for no new requests,
 * and these wait for no slices, however many there are. */
#ifndef SKEP_HTTPD_QUEUES_H
#define SKEP_HTTPD_QUEUES_H

#include "httpd_state.h"

/* Until it is removed or its turn begins nothing of it may change. */
void queue_add(struct exchange *exchange);
void queue_remove(struct exchange *exchange);

struct exchange *queue_next(const struct httpd *httpd); /* whose turn it is; NULL: none */

/* It leaves its queue, which then pays for the turn. */
enum exchange_queue queue_begin_turn(struct exchange *exchange);
void queue_pay(struct httpd *httpd, enum exchange_queue kind, int64_t took_us);

#endif
