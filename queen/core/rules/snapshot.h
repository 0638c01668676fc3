/* snapshot.h - R19: what the broker has stored, read anew on every connection, behind the live subscriptions. It is
 * read in passes of one SUBSCRIBE each; a marker, a message to oneself behind their SUBACKs, ends one or several of
 * them.
 *
 * A broker lets so much wait for one subscriber (mosquitto: 1,000 messages) and drops the rest without a word. So
 * workers are read hive by hive, as many hives with one marker as together are expected to bring less; then those of
 * all hives, which shows names that were not known. Where all that is known is so little, it is read over all at once;
 * what was read completely in one piece may be next time (`burst`). The availability of other systems' devices
 * (devices.h) is read last, filter by filter. After 2 s in which nothing of it came a pass begins anew, and from then
 * on one at a time; it is given up after three attempts.
 *
 * Then the view is live. While it is not known to be complete (completeness.h), all is read again behind that. */
#ifndef SKEP_SNAPSHOT_H
#define SKEP_SNAPSHOT_H

#include "queen_state.h"

void snapshot_begin(struct queen *queen); /* the queen's birth is under way */
void snapshot_end(struct queen *queen);   /* the link is lost */

/* The queen has another table of devices, and not the one before any more: what is left of that is unsubscribed from,
 * and all is read once more. True: the view is live from now on. */
bool snapshot_set_devices(struct queen *queen, const struct devices *devices);

/* SUBACK of a filter; a stored copy; what was received on the queen's reply topic; and the time. True: the view is live
 * from now on. */
void snapshot_subscribed(struct queen *queen, uint64_t token, uint8_t reason);
void snapshot_copy(struct queen *queen, enum topic_kind kind);
bool snapshot_marker(struct queen *queen, struct text correlation);
bool snapshot_tick(struct queen *queen);
ms_t snapshot_deadline(const struct queen *queen);

#endif
