/* routes.h - the queen's HTTP interface: a request in, a response (and effects) out. No I/O. */
#ifndef SKEP_ROUTES_H
#define SKEP_ROUTES_H

#include "problem.h"
#include "queen.h"

#define ROUTES_BODY_MAX (16 * 1024)

/* Fills *ret and returns 0; or returns how many ms the request may wait: call again when there is news of
 * ret->wakes_on, which is all that is set then, or after that time with timed_out set. */
ms_t queen_http(struct queen *queen, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                struct outbox *outbox);

/* It is answered with what queen_set_process has been given. */
bool queen_http_needs_process(const struct http_request *request);

/* Appends the next slice of an answer that comes with a listing: 64 KiB or a few ms of work, whichever is less; it may
 * append nothing. False: that was the last one, or `body` has failed and the answer cannot be completed. A listing
 * refers to no record, so the registry may change between two slices; free it before the queen. */
bool queen_listing_next(struct queen *queen, struct listing *listing, ms_t now, ms_t wall, struct buf *body);

/* Monotonic time until which the listing waits for QUEEN_CHANGED_VERIFIED, and has no slice before; 0 = it does not. */
ms_t queen_listing_wait(const struct listing *listing);
size_t queen_listing_bytes(const struct listing *listing); /* of memory that it holds at present */
void queen_listing_free(struct listing *listing);          /* NULL is fine */

#endif
