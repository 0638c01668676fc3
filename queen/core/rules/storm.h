/* storm.h - R14: many sessions are lost at once. An edge broker has stopped, its bridge is cut, or a node of a cluster
 * has died, perhaps without publishing a will; or they all died. Nobody can tell before those who live had the time to
 * connect anew.
 *
 * Above the limit (storm_watch.h) whoever is lost is held: silently suspect, for --return-grace, and then verified
 * (loss.h). */
#ifndef SKEP_STORM_H
#define SKEP_STORM_H

#include "queen_state.h"

/* The record has become suspect lately, and nothing that goes before R14 is to be waited for: it is a loss. */
void storm_count(struct queen *queen, struct record *record);

/* When it will not have been lately any more, monotonic; MS_NEVER: it does not count. And: then it does not. */
ms_t storm_counts_until(const struct queen *queen, const struct record *record);
void storm_forget_old(struct queen *queen, struct record *record);

/* It is held, if it is lost now; whoever is lost of that share is. */
bool storm_is_on(struct queen *queen, struct record *record);
bool storm_is_on_of(struct queen *queen, struct share *share);

/* One more is held; and one less, since it was heard of or not. */
void storm_holds(struct queen *queen);
void storm_releases(struct queen *queen, bool has_returned);

/* A hive is suspect by now. One alone is R10's matter, with its workers; a second one within 10 s, and all of them are
 * losses like all others. One that was suspect in the last 10 min stands beside such only: else a hive that is lost all
 * the time would make a storm of each host's end. */
void storm_hive_suspected(struct queen *queen, struct record *hive);

/* They are, until it is back. */
static inline bool storm_has_hive(const struct queen *queen, const struct record *hive)
{
    return hive->watch->storm_epoch != 0 && hive->watch->storm_epoch == queen->epoch;
}

#endif
