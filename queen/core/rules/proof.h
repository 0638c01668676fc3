/* proof.h - silence counts only against a broker that has acknowledged something after the limit (R5, R12).
 *
 * Records whose limit has passed wait here. One probe at a time goes to the queen's own reply topic at QoS 1; its
 * PUBACK comes behind everything that the broker had for the queen before, so a record that it was sent for and that is
 * still silent then has been silent. One probe serves all that waited when it was sent; they are taken in slices, and
 * the next probe is sent when the last of them is taken. */
#ifndef SKEP_PROOF_H
#define SKEP_PROOF_H

#include "queen_state.h"

/* The record waits for the next probe. Already waiting: nothing happens. */
void proof_ask(struct queen *queen, struct record *record);

/* It waits no more. */
void proof_withdraw(struct queen *queen, struct record *record);

/* PUBACK of a probe; the link is gone. Take the records then. */
void proof_acked(struct queen *queen, uint64_t token);
void proof_link_lost(struct queen *queen);

/* The next record whose wait is over, NULL when there is none (left); whether it was proved, or waited in vain. */
struct record *proof_take(struct queen *queen, bool *ret_proved);

/* Some may still be taken. */
bool proof_is_due(const struct queen *queen);

#endif
