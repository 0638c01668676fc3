/* unacked.h - R17: events that earlier processes have stored and that the broker has not acknowledged. They are
 * published once the view is live, and before anything is announced, so that ids go on ascending. */
#ifndef SKEP_UNACKED_H
#define SKEP_UNACKED_H

#include "queen_state.h"

/* Also among the events that are kept. ERR_RANGE: no queen has stored that; ERR_NOMEM. */
enum err unacked_restore(struct queen *queen, const struct store_row *row);

/* At most `limit` of them. True: none is left. */
bool unacked_publish(struct queen *queen, unsigned limit);

#endif
