/* loss.h - a worker or a hive that is being judged lost: by a last will (R4), by silence (R5) or since nobody
 * subscribes to its requests (R6). While it waits it is suspect, and who was not announced as that is so silently.
 *
 *   REQUESTED a `beat` request is out (requester.h): lost without a subscriber, twice with the confirmation wait in
 *             between, and without a reply 1 s after the broker has taken it; refused -> RETURN
 *   RETURN    it answers no requests: lost if it has not come back when the confirmation wait is over and the
 *             broker has acknowledged a probe after that
 *   HIVE      it is lost; its hive is asked, or is suspect (R10): what is found out about that is waited for, 30 s from
 *             the loss at most; and where the hive was silent and is back, whether the worker comes back, too
 *   HELD      a stored will, or one whose request died with the link (R12): asked one grace after the snapshot
 *
 * The hive is asked at once, beside the worker, so that a verdict mostly waits for nothing more. A birth, a heartbeat
 * or a reply ends it: the worker stands as it stood before, and nothing was announced. */
#ifndef SKEP_LOSS_H
#define SKEP_LOSS_H

#include "change.h"

/* A will that counts arrived live: suspect, and asked at once. A HELD one is asked now. */
void loss_begin(struct queen *queen, struct record *record);

/* A stored will: suspect, and asked when the grace is over. */
void loss_hold(struct queen *queen, struct record *record);

/* The gate: it is lost by will or silence, now, or when its hive's answer has come or is missing (R10). One that waits
 * there already goes on waiting. */
void loss_verdict(struct queen *queen, struct record *record, enum cause cause, struct evidence evidence);

/* It gave a sign of life: it stands as it stood before the will, unless the suspicion was announced meanwhile: then it
 * stays suspect, and the caller says what it is. No loss: nothing happens. */
void loss_returned(struct queen *queen, struct record *record);

/* Another verdict was reached in the meantime: forget the loss, and the wait for a proof; leave the state. */
void loss_drop(struct queen *queen, struct record *record);

/* What came of a request. */
void loss_answered(struct queen *queen, const struct answer *answer);

/* Its deadline; on which clock (watch time, or loop time); and what happens when it has passed. */
ms_t loss_deadline(const struct queen *queen, const struct record *record);
bool loss_is_on_watch(const struct record *record);
void loss_due(struct queen *queen, struct record *record);

/* The probe that loss_due asked for (RETURN) was acknowledged. */
void loss_barrier_passed(struct queen *queen, struct record *record);

/* The link is gone: all that are under way are held, in slices, and begun anew when that is over; those by silence end,
 * for silence judges anew. */
void loss_link_lost(struct queen *queen, unsigned *left); /* `left` counts down what may be done now */
void loss_hold_all(struct queen *queen, unsigned *left);  /* goes on with that */

/* Its wait for its hive may be over (inquiry.h). */
void loss_hive_judged(struct queen *queen, struct record *record);

#endif
