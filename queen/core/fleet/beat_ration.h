/* beat_ration.h - the ration of heartbeats while more arrives than is read: so that what one hive sends delays nothing
 * of others. Heartbeats come again; births, deaths and what a hive saw do not, and are always read. */
#ifndef SKEP_BEAT_RATION_H
#define SKEP_BEAT_RATION_H

#include "registry.h"

/* Whether a live heartbeat of so many bytes of the hive or one of its workers is to be read, where the queen has been
 * behind for so long. False: it is not, which is counted as pressure; and from then on the hive's are rationed until
 * its ration is whole again or RATION_BEATS_MS is over, also when the queen has caught up: it did so since they were
 * not read, and would be behind again at once. */
bool beat_ration_allows(struct registry *registry, struct text hive, size_t bytes, ms_t behind, ms_t now);

#endif
