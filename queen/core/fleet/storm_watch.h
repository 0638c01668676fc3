/* storm_watch.h - R14: are so many lost at once that these are no single deaths? Pure.
 *
 * A loss is a worker, or a hive, that became suspect lately and still is; each counts once. The limit is exceeded by
 * more than 3, and more than 15 % of the workers that were online 10 s ago. No hive can do that to others: then it is a
 * storm for a hive that has lost more than one, and more than 15 %, itself (with its workers); and for all, if the
 * limit is exceeded also where the hive with most losses is left out of both. All times are watch time. */
#ifndef SKEP_STORM_WATCH_H
#define SKEP_STORM_WATCH_H

#include "record.h"
#include "share.h"

#define STORM_LOSSES_MIN 3
#define STORM_PERCENT 15
#define STORM_AGO_S 10
#define STORM_AFTER_MS 10000 /* whoever is lost so long after the limit was exceeded last, is part of the same */

/* Zero-initialised nobody is lost, and nobody was online. */
struct storm_watch {
    uint32_t online[STORM_AGO_S + 1]; /* at each full second, a ring */
    int64_t second;                   /* the last of them */
    uint32_t online_now;
    uint32_t link; /* its number (queen.epoch); 0: the view is not live */
    ms_t until;    /* whoever is lost before is held */
};

/* How many are online at that time; call at least once a second. */
void storm_watch_online(struct storm_watch *watch, ms_t time, size_t online);

/* How many were, 10 s ago; 0: it has not watched for so long. How many losses exceed nothing. */
size_t storm_watch_online_before(const struct storm_watch *watch);
size_t storm_watch_limit(const struct storm_watch *watch);

/* The view is live, on the link of that number, and nobody is lost; 0: it is not any more. */
void storm_watch_begin(struct storm_watch *watch, struct shares *shares, uint32_t link);

/* The record is a loss of that share from now on, if the view is live; and is none any more. Twice is fine. */
void storm_watch_count(struct storm_watch *watch, struct shares *shares, struct share *share, struct record *record,
                       ms_t time);
void storm_watch_uncount(struct storm_watch *watch, struct shares *shares, struct share *share, struct record *record,
                         ms_t time);

/* It is one now. */
bool storm_watch_counts(const struct storm_watch *watch, const struct record *record);

bool storm_watch_is_exceeded(const struct storm_watch *watch, const struct shares *shares);

/* It is a storm for those of that share, or was within STORM_AFTER_MS. */
bool storm_watch_is_on(struct storm_watch *watch, const struct shares *shares, struct share *share, ms_t time);

/* It goes on until now, if it is one for all. */
void storm_watch_turn(struct storm_watch *watch, const struct shares *shares, ms_t time);

#endif
