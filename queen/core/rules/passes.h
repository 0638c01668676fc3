/* passes.h - R19: which of what the broker has stored is read next, and how much of it together.
 *
 * A pass is one filter. Those of a stage are put into the list of the snapshot as far as what they are expected to
 * bring goes through the broker's queue in one piece (`burst`): what is not known, a hive that may have any number of
 * workers, is read alone. */
#ifndef SKEP_PASSES_H
#define SKEP_PASSES_H

#include "queen_state.h"

/* The next ones of the stage in place of those before; none: the stage is over. */
void passes_fill(struct queen *queen);

/* It brings what this queen has published itself. */
bool passes_is_own(enum topic_kind kind);

/* As it is subscribed to. A checked root fits. */
enum err passes_filter(const struct queen *queen, const struct snapshot_filter *filter, char ret[TOPIC_SIZE]);

#endif
