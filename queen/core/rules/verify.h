/* verify.h - R6: asking one worker whether its work goes on. By hand, before work is routed to it, or on suspicion:
 * over MQTT, and at the same time over HTTP where that is allowed (ask.h).
 *
 *   QUEUED    waits for its turn: VERIFY_PER_SECOND at most (after a burst of as many), VERIFY_RUNNING at once.
 *             One by hand (of a single worker) goes ahead of those for lists and of those on suspicion, which share
 *             what is left; each of these keeps a part of the budget. Within a class hives take turns, and each may
 *             have RATION_VERIFICATIONS waiting and a part of those that run (rations.h): a hive of 10,000 suspects
 *             holds nobody else's up. Those of a storm (storm.h) are of no hive and in their own order; they go out
 *             evenly, and while there are many of them more a second may
 *   RUNNING   a `verify` request is out, or one over HTTP. Without a subscriber it is sent once more after the
 *             confirmation wait; an answer that comes after the deadline is taken for a minute (requester.h)
 *   IDLE      nothing is going on; the latest result stands
 *
 * A worker that cannot be asked is judged by its hive's word alone, at once. */
#ifndef SKEP_VERIFY_H
#define SKEP_VERIFY_H

#include "queen_state.h"
#include "verify_result.h"

#define VERIFY_PER_SECOND 50 /* but in a storm */

/* Somebody could answer: over MQTT, or over HTTP. */
bool verify_is_possible(const struct queen *queen, const struct record *record);

/* Asks for one, or joins the one that is going on; a class that goes ahead moves it ahead. ERR_NOMEM; ERR_FULL: too
 * many of its hive wait. */
enum err verify_begin(struct queen *queen, struct record *record, enum verify_class class);

/* It was received live meanwhile: one on suspicion that is still queued is dropped, so that others have its turn. */
void verify_withdraw(struct queen *queen, struct record *record);

bool verify_is_going_on(const struct record *record);

/* NULL when there was none yet. */
const struct verified *verify_latest(const struct record *record);

/* Stops one that is going on, without a result, and forgets the latest: the record is about to be removed. */
void verify_drop(struct queen *queen, struct record *record);

/* What is said of ERR_FULL. */
#define VERIFY_FULL "too many verifications of this hive's workers are waiting"

/* What came of a request. NULL, or the record whose verification is finished: the caller applies the result
 * (verify_outcome.h). */
struct verification;
struct record *verify_answered(struct queen *queen, const struct answer *answer);
struct record *verify_http_answered(struct queen *queen, struct verification *verification,
                                    const struct http_answer *http);

/* Starts what may start: call until it returns NULL; each record is finished as above. */
struct record *verify_next(struct queen *queen);
ms_t verify_deadline(const struct queen *queen); /* monotonic */

void verify_link_lost(struct queen *queen); /* what was asked is asked again on the next link, but for a storm's */

#endif
