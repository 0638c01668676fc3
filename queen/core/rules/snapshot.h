/* snapshot.h - R19: what the broker has stored, read anew on every connection: behind the live subscriptions, in passes
 * that each end with a marker, a message to oneself. */
#ifndef SKEP_SNAPSHOT_H
#define SKEP_SNAPSHOT_H

#include "queen_state.h"

void snapshot_begin(struct queen *queen); /* the queen's birth is under way */

/* SUBACK of a filter; what was received on the queen's reply topic, and the time. True: the last pass has ended. */
void snapshot_subscribed(struct queen *queen, uint64_t token, uint8_t reason);
bool snapshot_marker(struct queen *queen, struct text correlation);
bool snapshot_tick(struct queen *queen);
ms_t snapshot_deadline(const struct queen *queen);

#endif
