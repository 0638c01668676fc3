/* neighbour_inquiry.h - R14: a worker of no hive is lost: is it alone? An edge broker that stops, or a bridge that is
 * closing, lets a few wills through, too few for a storm, and all who are behind it are gone. So a few that are beside
 * it (neighbours.h) are asked for a heartbeat before the verdict. If nobody answers, more are asked, until somebody
 * does or a storm (storm.h) is on. */
#ifndef SKEP_NEIGHBOUR_INQUIRY_H
#define SKEP_NEIGHBOUR_INQUIRY_H

#include "queen_state.h"

/* What came of a request: NULL, or the worker that did not answer, and why: the caller doubts it (loss_doubt). */
struct record *neighbour_inquiry_answered(struct queen *queen, const struct answer *answer,
                                          enum evidence_result *ret_result);

/* The next lost worker that does not wait for its neighbours any more; sends the next questions. NULL: there is none.
 */
struct record *neighbour_inquiry_take(struct queen *queen);

/* The record is about to be removed. */
void neighbour_inquiry_forget(struct queen *queen, struct record *record);

/* Who waited is held (loss_link_lost). */
void neighbour_inquiry_link_lost(struct queen *queen);

#endif
