/* await.h - waits for a condition instead of sleeping. Limits are for tests that are about to fail: choose generous
 * ones. */
#ifndef TEST_AWAIT_H
#define TEST_AWAIT_H

#include "loop.h"

#define AWAIT_LIMIT 20000 /* ms; for whoever has no better idea */

/* Asks every few milliseconds, on the calling thread, until the condition holds. False: it did not within `limit` ms.
 */
bool await(bool (*condition)(void *user), void *user, ms_t limit);

/* Runs the loop until the condition holds; it is asked once per turn and every few milliseconds. False: it did not
 * within `limit` ms. The loop can be run again afterwards. */
bool await_loop(struct loop *loop, bool (*condition)(void *user), void *user, ms_t limit);

/* Runs the loop for `span` ms, to see that something does not happen. */
void await_span(struct loop *loop, ms_t span);

#endif
