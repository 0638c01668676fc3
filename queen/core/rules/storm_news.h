/* storm_news.h - R14: a storm (storm.h) begins and ends. One event says that it goes on, when the limit was exceeded
 * for a second, and one that nobody is held any more. A loss of the link ends it, and the first live view of a process
 * that of an earlier one. */
#ifndef SKEP_STORM_NEWS_H
#define SKEP_STORM_NEWS_H

#include "queen_state.h"

/* Call when a step has been handled; and when the next one is due, on watch time. */
void storm_step(struct queen *queen);
ms_t storm_deadline(const struct queen *queen);

void storm_begin(struct queen *queen);     /* the view is live */
void storm_link_lost(struct queen *queen); /* ... and is not any more; whoever is held: loss_link_lost */

#endif
