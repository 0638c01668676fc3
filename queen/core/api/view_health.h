/* view_health.h - the queen's health document: `fail` until the snapshot of its present connection is read, and while
 * it has none. */
#ifndef SKEP_VIEW_HEALTH_H
#define SKEP_VIEW_HEALTH_H

#include "queen_state.h"

/* Returns its HTTP status. */
int view_health(const struct queen *queen, struct buf *ret);

#endif
