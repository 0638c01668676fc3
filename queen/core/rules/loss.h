/* loss.h - R4: a last will makes a worker (or a hive) suspect silently; then it is asked.
 *
 *   ASKING    a `beat` request is out (requester.h): lost without a subscriber, twice with the confirmation wait in
 *             between, and without a reply 1 s after the broker has taken it; refused -> RETURN
 *   RETURN    it answers no requests: lost if it has not come back when the confirmation wait is over and the
 *             broker has acknowledged a probe after that
 *   HIVE      lost, but its hive is suspect: whose verdict is waited for, 1.5 s at most (R10)
 *   HELD      a stored will, or one whose request died with the link (R12): asked one grace after the snapshot
 *
 * A birth, a heartbeat or a reply ends it: the worker stands as it stood before, and nothing was announced. */
#ifndef SKEP_LOSS_H
#define SKEP_LOSS_H

#include "change.h"

/* A will that counts arrived live: suspect, and asked at once. A HELD one is asked now. */
void loss_begin(struct queen *queen, struct record *record);

/* A stored will: suspect, and asked when the grace is over. */
void loss_hold(struct queen *queen, struct record *record);

/* It gave a sign of life: it stands as it stood before the will, unless the suspicion was announced meanwhile: then it
 * stays suspect, and the caller says what it is. No confirmation: nothing happens. */
void loss_returned(struct queen *queen, struct record *record);

/* Another verdict was reached in the meantime: forget the confirmation, and the wait for a proof; leave the state. */
void loss_drop(struct queen *queen, struct record *record);

/* What came of a request. */
void loss_answered(struct queen *queen, const struct answer *answer);

/* Its deadline, in watch time; and what happens when it has passed. */
ms_t loss_deadline(const struct queen *queen, const struct record *record);
void loss_due(struct queen *queen, struct record *record);

/* The probe that loss_due asked for (RETURN) was acknowledged. */
void loss_barrier_passed(struct queen *queen, struct record *record);

/* The link is gone: all that are under way are held, in slices, and begun anew when that is over. */
void loss_link_lost(struct queen *queen, unsigned *left); /* `left` counts down what may be done now */
void loss_hold_all(struct queen *queen, unsigned *left);  /* goes on with that */

/* The hive of this worker was judged: no more waiting for that. */
void loss_hive_judged(struct queen *queen, struct record *record);

#endif
