/* hive_review.h - R10: what the state of a hive means for its workers. */
#ifndef SKEP_HIVE_REVIEW_H
#define SKEP_HIVE_REVIEW_H

#include "queen_state.h"

/* Call when a step has been handled: judges those who waited for hives whose state has changed, at most `limit` of
 * them; the next step goes on. */
void hive_review_step(struct queen *queen, size_t limit);

/* Call with each tick: reviews all workers of such hives. In ticks only, for otherwise each message of anybody would be
 * read after a review of that size. */
void hive_review_tick(struct queen *queen, unsigned *left); /* `left` counts down what may be done now */

/* R10: a worker that is received only through its hive (behind_hive) is lost with it, whatever it said before. Others:
 * nothing happens. */
void hive_review_behind(struct queen *queen, struct record *worker);

/* The hive is about to be removed: its workers are judged by themselves, in the same way. */
void hive_review_forgotten(struct queen *queen, struct record *hive);

#endif
