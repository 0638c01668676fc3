/* loss.h - a worker or a hive that is being judged lost: by a last will (R4), by silence (R5) or since nobody
 * subscribes to its requests (R6). While it waits it is suspect, and who was not announced as that is so silently.
 *
 *   REQUESTED a `beat` request is out (requester.h): lost without a subscriber, twice with the confirmation wait in
 *             between, and without a reply 1 s after the broker has taken it; refused -> RETURN
 *   RETURN    it answers no requests: lost if it has not come back when the confirmation wait is over and the
 *             broker has acknowledged a probe after that
 *   HIVE      it is lost; its hive is asked, or is suspect (R10): what is found out about that is waited for, 30 s from
 *             the loss at most; and where the hive was silent and is back, whether the worker comes back, too
 *             Where there is no hive, a few of its neighbours are asked (neighbour_inquiry.h)
 *   DOUBT     one of those, and it did not answer
 *   HELD      a stored will, or one whose request died with the link (R12): asked one grace after the snapshot; where
 *             that is over in an earlier process, and it is one of many that were lost lately: STORM
 *   STORM     lost together with many others (storm.h, R14): verified --return-grace after the loss, twice if the first
 *             time is not answered. If 10 min bring no evidence, R4 or R5 goes on, and no storm holds it again.
 *             It is part of the storm until it is judged, in whatever phase that is
 *   SILENCE   ... which silence.h does, as if there was no loss
 *
 * The hive is asked at once, beside the worker, so that a verdict mostly waits for nothing more. A birth, a heartbeat
 * or a reply ends it: the worker stands as it stood before, and nothing was announced. */
#ifndef SKEP_LOSS_H
#define SKEP_LOSS_H

#include "change.h"

/* A will that counts arrived live: suspect, and asked at once. A HELD one is asked now. */
void loss_begin(struct queen *queen, struct record *record);

/* R14: it did not answer when others beside it were lost: a loss, and suspect: silently for 5 s, then by silence. */
void loss_doubt(struct queen *queen, struct record *record, enum evidence_result result);

/* A stored will: suspect, and asked when the grace is over. */
void loss_hold(struct queen *queen, struct record *record);

/* By silence, a record without a loss: it counts as one; and a storm holds it, if there is one. */
void loss_count_silent(struct queen *queen, struct record *record);
bool loss_hold_silent(struct queen *queen, struct record *record, struct evidence evidence, ms_t over_at);

/* R14, in STORM: it is not to be verified yet, so that what a verification finds says nothing; it is from now on; and
 * who does that has begun it (loss_undecided: cannot). */
bool loss_is_held(const struct record *record);
bool loss_has_turn(const struct queen *queen, const struct record *record);
void loss_verifying(struct queen *queen, struct record *record);

/* ... A verification was not answered: true: it is to be verified again. It came to nothing to judge by: R4 or R5 goes
 * on. Others: nothing happens. */
bool loss_unanswered(struct queen *queen, struct record *record);
void loss_undecided(struct queen *queen, struct record *record);

/* In SILENCE. */
bool loss_is_left_to_silence(const struct record *record);

/* What came of a request. */
void loss_answered(struct queen *queen, const struct answer *answer);

/* Its deadline, on its clock (loss_is_on_watch); and what happens when that has passed. */
ms_t loss_deadline(const struct queen *queen, const struct record *record);
void loss_due(struct queen *queen, struct record *record);

/* The probe that loss_due asked for (RETURN) was acknowledged. */
void loss_barrier_passed(struct queen *queen, struct record *record);

/* The link is gone: all that are under way are held, in slices, and begun anew when that is over; those by silence end,
 * for silence judges anew. So does a storm. */
void loss_link_lost(struct queen *queen, unsigned *left); /* `left` counts down what may be done now */
void loss_hold_all(struct queen *queen, unsigned *left);  /* goes on with that */

/* The gate: it is lost by will or silence, now, or when its hive's answer has come or is missing (R10). One that waits
 * there already goes on waiting. */
void loss_verdict(struct queen *queen, struct record *record, enum cause cause, struct evidence evidence);

/* Its wait for its hive may be over (inquiry.h). */
void loss_hive_judged(struct queen *queen, struct record *record);

/* It gave a sign of life: it stands as it stood before the will, unless the suspicion was announced meanwhile: then it
 * stays suspect, and the caller says what it is. No loss: nothing happens. */
void loss_returned(struct queen *queen, struct record *record);

/* Another verdict was reached in the meantime: forget the loss, and the wait for a proof; leave the state. */
void loss_drop(struct queen *queen, struct record *record);

/* It is judged by watch time, or else by loop time. It has a loss. */
bool loss_is_on_watch(const struct record *record);

#endif
