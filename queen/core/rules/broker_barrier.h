/* broker_barrier.h - silence counts only against a broker that has acknowledged something after the limit (R5, R12).
 *
 * Records whose limit has passed wait here. One probe at a time goes to the queen's own reply topic at QoS 1; its
 * PUBACK comes behind everything that the broker had for the queen before, so a record that it was sent for and that is
 * still silent then has been silent. One probe serves all that waited when it was sent; the next one is sent when it is
 * acknowledged. They are taken in slices and in turns of hives, so that one with many holds up nobody else's. */
#ifndef SKEP_BROKER_BARRIER_H
#define SKEP_BROKER_BARRIER_H

#include "queen_state.h"

/* The record waits for the next probe. Already waiting: nothing happens. */
void barrier_request(struct queen *queen, struct record *record);

/* It waits no more. */
void barrier_withdraw(struct queen *queen, struct record *record);

/* PUBACK of a probe; the link is gone. Take the records then. */
void barrier_acked(struct queen *queen, uint64_t token);
void barrier_link_lost(struct queen *queen);

/* The next record whose wait is over, NULL when there is none (left); whether it was passed, or waited in vain. */
struct record *barrier_take(struct queen *queen, bool *ret_passed);

/* Some may still be taken. */
bool barrier_is_due(const struct queen *queen);

#endif
