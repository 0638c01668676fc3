/* completeness.h - R19: whether all that the broker has stored was shown. It may have dropped some of it, without a
 * word: a subscriber that has too much waiting gets nothing more.
 *
 * A marker proves nothing: it is dropped with the rest, or comes all the same. Evidence that something is missing is
 *
 *   a pass whose SUBACK or marker did not come, or that brought exactly as many copies as brokers are limited to;
 *   the passes of each hive and those over all, which bring different numbers of copies;
 *   the broker's own count of messages that it has dropped (`$SYS`), where it has one;
 *   a worker that is known, whose copy must exist, and was not shown; or more workers that its hive says it has;
 *   a live heartbeat of a worker that nobody knows, though it was born before the snapshot. */
#ifndef SKEP_COMPLETENESS_H
#define SKEP_COMPLETENESS_H

#include "queen_state.h"

/* Topics on which mosquitto counts, `dropped` before `sent`, every 10 s; and the filter of all. */
#define SYS_MESSAGES "$SYS/broker/publish/messages/"

/* A stored copy on that topic is about the record, which is about to take it. */
void completeness_saw(struct queen *queen, struct record *record, const struct topic *topic);

/* The same of a topic of another system's device, which no other pass brings, too. */
void completeness_saw_device(struct queen *queen, struct record *record);

/* A live heartbeat of a worker that is not known, with its session, as it is declared. */
void completeness_missed(struct queen *queen, const struct incarnation_claim *claim, int64_t retain_s);

/* A heartbeat of the record is kept so long (INT_ABSENT = for ever, or not), as it is declared. And: so long its broker
 * keeps it, which may be less; 0 = it need not. */
void completeness_note_retention(struct queen *queen, struct record *record, int64_t retain_s);
uint32_t completeness_kept_s(const struct record *record);

/* A message of that name below SYS_MESSAGES. */
void completeness_sys(struct queen *queen, struct text name, const struct message *message);

/* All is read once more: what was found the last time does not count. */
void completeness_begin(struct queen *queen);

/* A marker has ended so many passes, which have brought so many copies. */
void completeness_note_passes(struct completeness *completeness, size_t copies, unsigned passes);

/* All is read. Counts who is missing, in slices; true: that was the last one. */
bool completeness_count(struct queen *queen);

/* They are counted: concludes, at once or when the broker has said how many messages it has dropped. The time has come
 * for that (check_until). */
void completeness_check(struct queen *queen);
void completeness_conclude(struct queen *queen);

/* Workers that stored copies have shown, or that were received live; and how many at least are stored. */
struct completeness_numbers {
    size_t shown, stored;
};
struct completeness_numbers completeness_numbers(const struct queen *queen);

#endif
