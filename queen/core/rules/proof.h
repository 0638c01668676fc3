/* proof.h - silence counts only against a broker that has acknowledged something after the limit (R5, R12).
 *
 * Records whose limit has passed wait here. One probe at a time goes to the queen's own reply topic at QoS 1; its
 * PUBACK comes behind everything that the broker had for the queen before, so whoever was asked for and is still silent
 * then has been silent. One probe serves everybody who waited when it was sent. */
#ifndef SKEP_PROOF_H
#define SKEP_PROOF_H

#include "queen_state.h"

/* The record waits for the next probe. Already waiting: nothing happens. */
void proof_ask(struct queen *queen, struct record *record);

/* It waits no more. */
void proof_withdraw(struct queen *queen, struct record *record);

/* PUBACK of a probe. Returns the next record that it proves, NULL when there is none left: call until then. */
struct record *proof_next(struct queen *queen, uint64_t token);

/* The link is gone. Returns the next record that waited in vain, NULL when there is none left. */
struct record *proof_lost(struct queen *queen);

#endif
