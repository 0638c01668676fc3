/* httpd_waits.h - the requests to a server that wait. Those that wait for different things, by the lowest bit of
 * wakes_on, have limits of their own, in all and for each peer (httpd_rations.h). */
#ifndef SKEP_HTTPD_WAITS_H
#define SKEP_HTTPD_WAITS_H

#include "httpd_state.h"

/* False: it may not wait. Else it may when *ret_yields (NULL = none) has ended early, as if its time were over. Where
 * the kind is used up, that is the oldest of the peer with most of them, or of its own where that has all it may have.
 * It has waited for HTTPD_WAIT_TURN_MS, unless its peer has at least two more. */
bool wait_may_begin(const struct exchange *exchange, struct exchange **ret_yields);
void wait_begin(struct exchange *exchange, ms_t until); /* a monotonic time */
void wait_end(struct exchange *exchange);

#endif
